#include "base/faults.h"

#include <gtest/gtest.h>

namespace larder::faults_test {
namespace {

using namespace std::string_view_literals;

TEST(Faults, AreOneLineEach) {
  EXPECT_EQ(to_text(Faults{{"a.b", "Wrong."}, {"", "Broken."}}), "a.b: Wrong.\nBroken.\n");
}

TEST(Faults, ListWhatIsOffered) {
  EXPECT_EQ(any_of({"a"}), "\"a\"");
  EXPECT_EQ(any_of({"a", "b", "c"}), "\"a\", \"b\" or \"c\"");
}

TEST(Faults, SuggestTheWordASlipAway) {
  const std::vector<std::string_view> known = {"normalise", "tags", "tiers", "ttl", "query"};
  EXPECT_EQ(did_you_mean("normalize", known), " Did you mean \"normalise\"?");
  EXPECT_EQ(did_you_mean("tagz", known), " Did you mean \"tags\"?");
  EXPECT_EQ(did_you_mean("TTL", known), " Did you mean \"ttl\"?");
  EXPECT_EQ(did_you_mean("tll", known), " Did you mean \"ttl\"?");
  EXPECT_EQ(did_you_mean("qurey", known), " Did you mean \"query\"?");
  EXPECT_EQ(did_you_mean("xx", known), "");
  EXPECT_EQ(did_you_mean("", known), "");
  EXPECT_EQ(did_you_mean("lifetime", known), "");
  EXPECT_EQ(did_you_mean(std::string(65, 't'), known), "");
}

TEST(Faults, QuoteWhatTheyWereGivenWithoutHarm) {
  EXPECT_EQ(in_quotes("é"), "\"é\"");
  EXPECT_EQ(in_quotes("a\n\xff"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(in_quotes(std::string(64, 'a')), "\"" + std::string(64, 'a') + "\"");
  EXPECT_EQ(in_quotes(std::string(65, 'a')), "\"" + std::string(64, 'a') + "…\"");
}

}  // namespace
}  // namespace larder::faults_test
