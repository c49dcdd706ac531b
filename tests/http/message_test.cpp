#include "http/message.h"

#include <gtest/gtest.h>

namespace larder::http::message_test {
namespace {

TEST(Method, ReadsTokensWithTheirCase) {
  for (const Method method : {Method::get, Method::head, Method::options, Method::post, Method::put,
                              Method::patch, Method::delete_}) {
    EXPECT_EQ(parse_method(to_text(method)), method);
  }
  EXPECT_EQ(parse_method("DELETE"), Method::delete_);
  for (const std::string_view token : {"get", "Get", "", "PURGE", "OTHER", "GET ", "GETS"}) {
    EXPECT_EQ(parse_method(token), Method::other) << token;
  }
  EXPECT_EQ(to_text(Method::other), "OTHER");
}

TEST(Fields, FindsTheFirstWithoutRegardToCase) {
  const Fields fields = Fields().add("ETag", "\"a\"").add("etag", "\"b\"").add("X", "");
  EXPECT_EQ(fields.find("ETAG"), "\"a\"");
  EXPECT_EQ(fields.find("x"), "");
  EXPECT_EQ(fields.find("ETa"), std::nullopt);
  EXPECT_EQ(Fields().find("etag"), std::nullopt);
}

TEST(Fields, CombinesAllOfOneName) {
  const Fields fields(TextPairs{{"Vary", "a"}, {"Age", "1"}, {"VARY", ""}, {"vary", "b"}});
  EXPECT_EQ(fields.combined("Vary"), "a, , b");
  EXPECT_EQ(fields.combined("age"), "1");
  EXPECT_EQ(fields.combined("Date"), std::nullopt);
  EXPECT_EQ(fields.all().size(), 4U);
}

struct PathCase {
  std::string_view url;
  std::string_view path;
};

TEST(Target, NormalisesThePath) {
  const PathCase cases[] = {
      {"", "/"},
      {"/", "/"},
      {"//", "/"},
      {"/a", "/a"},
      {"/a/", "/a/"},
      {"/a//b", "/a/b"},
      {"//a//b//", "/a/b/"},
      {"/./a/./b", "/a/b"},
      {"/a/.", "/a/"},
      {"/a/b/..", "/a/"},
      {"/a/../b", "/b"},
      {"/..", "/"},
      {"/../../a", "/a"},
      {"/a/%2e%2E/b", "/b"},
      {"/a/...", "/a/..."},
      {"/%61b", "/ab"},
      {"/a%20b", "/a b"},
      {"/a+b", "/a+b"},
      {"/caf%C3%A9", "/caf\xc3\xa9"},
      {"/caf\xc3\xa9", "/caf\xc3\xa9"},
      {"/100%25", "/100%"},
      {"/%253a", "/%3a"},
      {"https://larder.test", "/"},
      {"https://larder.test?x=1", "/"},
      {"https://larder.test#x", "/"},
      {"https://larder.test:8787/a/b?x#y", "/a/b"},
      {"HTTP://user@larder.test/a", "/a"},
      {"svn+ssh.2-x://h/a", "/a"},
      {"/a#?b", "/a"},
      {"/go/http://b/c", "/go/http:/b/c"},
      {"?next=http://other.test/c", "/"},
      {"#http://other.test/c", "/"},
  };
  for (const PathCase& one : cases) {
    const auto target = parse_target(one.url);
    ASSERT_TRUE(target) << one.url;
    EXPECT_EQ(target->path, one.path) << one.url;
  }
}

TEST(Target, RefusesPathsThatHaveTwoSpellings) {
  using namespace std::string_view_literals;
  for (const std::string_view url :
       {"/a%2Fb"sv,      "/a%2fb"sv,     "/a\\b"sv, "/a%5Cb"sv, "/a%00"sv,
        "/a\0b"sv,       "/a%0d%0ab"sv,  "/a%7f"sv, "/a%"sv,    "/a%4"sv,
        "/a%zz"sv,       "/a%+1"sv,      "/%ff"sv,  "/\xc3"sv,  "/%c0%af"sv,
        "/%ed%a0%80"sv,  "a"sv,          "a/b"sv,   "://a"sv,   "x?next=http://other.test/c"sv,
        "1http://h/a"sv, "ht_tp://h/a"sv}) {
    const auto target = parse_target(url);
    ASSERT_FALSE(target) << url;
    EXPECT_EQ(target.error().kind, ErrorKind::invalid) << url;
    EXPECT_FALSE(target.error().message.empty()) << url;
    EXPECT_FALSE(target.error().retryable) << url;
  }
}

TEST(Target, DecodesTheQueryInOrder) {
  const auto target = parse_target("/s?q=Good+Omens&a=%26%3D&&b&=c&q=2&d=e=f#q=3");
  ASSERT_TRUE(target);
  const TextPairs expected = {{"q", "Good Omens"}, {"a", "&="}, {"b", ""},
                              {"", "c"},           {"q", "2"},  {"d", "e=f"}};
  EXPECT_EQ(target->query, expected);
  EXPECT_EQ(target->parameter("q"), "Good Omens");
  EXPECT_EQ(target->parameter("b"), "");
  EXPECT_EQ(target->parameter("Q"), std::nullopt);
}

TEST(Target, TakesASecondQuestionMarkAsText) {
  const auto target = parse_target("/s?q=what?");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->parameter("q"), "what?");
  EXPECT_TRUE(parse_target("/s?")->query.empty());
  EXPECT_TRUE(parse_target("/s?&&")->query.empty());
}

TEST(Target, RefusesBrokenQueries) {
  for (const std::string_view url :
       {"/s?q=%", "/s?q=%g0", "/s?%f=1", "/s?q=%ff", "/s?\xff=1", "/s?q=%ed%a0%80"}) {
    const auto target = parse_target(url);
    ASSERT_FALSE(target) << url;
    EXPECT_EQ(target.error().kind, ErrorKind::invalid) << url;
  }
}

}  // namespace
}  // namespace larder::http::message_test
