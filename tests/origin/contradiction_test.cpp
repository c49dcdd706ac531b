#include "origin/contradiction.h"

#include <gtest/gtest.h>

#include "support/normal_text.h"

namespace larder::origin::contradiction_test {
namespace {

const NormalText normal_text = sim::normal_text;

Work work(std::string title, std::vector<std::string> authors, std::vector<std::string> isbns = {}) {
  Work made;
  made.title = std::move(title);
  made.authors = std::move(authors);
  made.isbn13 = std::move(isbns);
  return made;
}

bool is_contradicted(LookupKind kind, std::string text, std::vector<Work> works) {
  return contradicts(Lookup(kind, std::move(text)), works, normal_text);
}

TEST(Contradiction, OfATitle) {
  const auto title = [](std::string asked, std::string found) {
    return is_contradicted(LookupKind::title, std::move(asked), {work(std::move(found), {})});
  };
  EXPECT_FALSE(title("the glass orchard", "The Glass Orchard"));
  EXPECT_FALSE(title("glass orchards", "The Glass Orchard: A Novel"));
  EXPECT_FALSE(title("\u00c9MILE \u00c9T\u00c9", "E\u0301mile e\u0301te\u0301"));
  EXPECT_FALSE(title("spider man", "Spiderman"));
  EXPECT_FALSE(title("\u6d77\u8fb9", "\u6d77\u8fb9\u7684\u5361"));
  EXPECT_FALSE(title("???", "Anything"));
  EXPECT_TRUE(title("the glass orchard", "The Tin Harbour"));
  EXPECT_TRUE(title("dune", "Brine"));
  // One of several is enough.
  EXPECT_FALSE(is_contradicted(LookupKind::title, "dune", {work("Brine", {}), work("Dune", {})}));
  EXPECT_FALSE(is_contradicted(LookupKind::title, "dune", {}));
}

TEST(Contradiction, OfAName) {
  const auto name = [](std::string asked, std::vector<std::string> found) {
    return is_contradicted(LookupKind::author, std::move(asked), {work("A", std::move(found))});
  };
  EXPECT_FALSE(name("j.r.r. quillon", {"John R. R. Quillon"}));
  EXPECT_FALSE(name("garc\u00eda m\u00e1rquez", {"Ann Other", "Gabriel Garcia Marquez"}));
  EXPECT_FALSE(name("Li Bo", {"Bo Li", "LiBo"}));
  EXPECT_TRUE(name("ada quill", {"Ben Reed"}));
  EXPECT_TRUE(name("ada j. quill", {"Ben J. Reed"}));
  EXPECT_TRUE(name("ada quill", {}));
}

TEST(Contradiction, OfANumber) {
  const std::string asked = "0-306-40615-2";
  EXPECT_FALSE(is_contradicted(LookupKind::isbn, asked, {work("A", {}, {"9780306406157"})}));
  EXPECT_TRUE(is_contradicted(LookupKind::isbn, asked, {work("A", {})}));
}

TEST(Contradiction, NeverOfASubject) {
  EXPECT_FALSE(is_contradicted(LookupKind::subject, "sea stories", {work("A", {"B"})}));
}

}  // namespace
}  // namespace larder::origin::contradiction_test
