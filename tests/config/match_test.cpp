#include <gtest/gtest.h>

#include "base/text.h"
#include "config/declaration.h"

namespace larder::config::match_test {
namespace {

Declarations declare() {
  const auto resource = [](std::string_view name, std::string_view path, std::string_view key) {
    return concat({R"({"name":")", name, R"(","mode":"http","ttl":"1h","match":{"path":")", path,
                   R"("},"origin":{"url":"https://example.com/)", key, R"("}})"});
  };
  const std::string json = concat(
      {R"({"resources":[)", resource("rest", "/a/{rest...}", "{rest}"), ",", resource("one", "/a/{x}", "{x}"),
       ",", resource("two", "/a/{x}/{y}", "{x}{y}"), ",", resource("literal", "/a/b", ""), ",",
       resource("left", "/a/{x}/c", "{x}"), ",", resource("right", "/a/b/{y}", "{y}"), ",",
       resource("root", "/", ""), ",", resource("accent", "/café", ""), "]}"});
  auto declarations = parse_declarations(json);
  EXPECT_TRUE(declarations) << to_text(declarations.error());
  return *declarations;
}

// "name x=1 y=2", or "-".
std::string found(std::string_view path, http::Method method = http::Method::get) {
  static const Declarations declarations = declare();
  const auto matched = match(declarations, method, path);
  if (!matched) {
    return "-";
  }
  std::string text = matched->resource->name;
  for (const auto& [name, value] : matched->path_parameters) {
    text.append(" ").append(name).append("=").append(value);
  }
  return text;
}

TEST(Match, LiteralsWinFromTheLeft) {
  EXPECT_EQ(found("/a/b"), "literal");
  EXPECT_EQ(found("/a/x"), "one x=x");
  EXPECT_EQ(found("/a/x/y"), "two x=x y=y");
  EXPECT_EQ(found("/a/x/c"), "left x=x");
  EXPECT_EQ(found("/a/b/c"), "right y=c");
  EXPECT_EQ(found("/a/x/y/z"), "rest rest=x/y/z");
}

TEST(Match, ARestMayBeEmptyAndMayEndWithASlash) {
  EXPECT_EQ(found("/a/"), "rest rest=");
  EXPECT_EQ(found("/a/b/"), "rest rest=b/");
  EXPECT_EQ(found("/a"), "-");
}

TEST(Match, ComparesBytes) {
  EXPECT_EQ(found("/café"), "accent");
  EXPECT_EQ(found("/CAFÉ"), "-");
  EXPECT_EQ(found("/A/b"), "-");
}

TEST(Match, KnowsTheRoot) {
  EXPECT_EQ(found("/"), "root");
  EXPECT_EQ(found(""), "-");
  EXPECT_EQ(found("a/b"), "-");
  EXPECT_EQ(found("//"), "-");
}

TEST(Match, HeadFindsWhatGetFinds) {
  EXPECT_EQ(found("/a/b", http::Method::head), "literal");
  EXPECT_EQ(found("/a/b", http::Method::post), "-");
  EXPECT_EQ(found("/a/b", http::Method::options), "-");
}

TEST(Match, TellsTheMethodsOfAPath) {
  const Declarations declarations = declare();
  EXPECT_EQ(methods_of(declarations, "/a/b"),
            (std::vector<http::Method>{http::Method::get, http::Method::head}));
  EXPECT_TRUE(methods_of(declarations, "/nowhere").empty());
}

TEST(Match, APathIsAtOrBelowAnother) {
  for (const std::string_view path : {"/a", "/a/b", "/a/b/c"}) {
    EXPECT_TRUE(is_at_or_below(path, "/a")) << path;
  }
  for (const std::string_view path : {"/", "/ab", "/b/a", ""}) {
    EXPECT_FALSE(is_at_or_below(path, "/a")) << path;
  }
}

}  // namespace
}  // namespace larder::config::match_test
