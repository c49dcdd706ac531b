#include "http/exact_target.h"

#include <gtest/gtest.h>

#include <string>

namespace larder::http::exact_target_test {
namespace {

TEST(ExactTarget, KeepsWhatWasSent) {
  const auto target =
      parse_exact_target("https://larder.example/a//b;v=1/(c)@:d=e,f/%7e%3b/?time&q=a+b%20c&&x=%2f#top");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/a//b;v=1/(c)@:d=e,f/~;/");
  EXPECT_EQ(target->sent_path, "/a//b;v=1/(c)@:d=e,f/%7e%3b/");
  EXPECT_EQ(target->sent_query, "time&q=a+b%20c&&x=%2f");
  EXPECT_EQ(target->plain_path, "/a//b;v=1/(c)@:d=e,f/~%3B/");
  EXPECT_EQ(target->plain_query, "time&q=a+b%20c&&x=%2F");
}

std::string plain(const std::string& url) {
  const auto target = parse_exact_target(url);
  return target ? target->plain_path + "?" + target->plain_query : target.error().message;
}

TEST(ExactTarget, HasOneFormForWhatIsEqual) {
  EXPECT_EQ(plain("/%61%2D?%61=%2d"), plain("/a-?a=-"));
  EXPECT_EQ(plain("/%c3%a9?%c3%a9"), plain("/%C3%A9?%C3%A9"));
  EXPECT_EQ(plain("/\xc3\xa9?\xc3\xa9"), plain("/%C3%A9?%C3%A9"));
  EXPECT_EQ(plain("/a%20b"), "/a b?");
  EXPECT_EQ(plain("/100%25"), "/100%25?");
  EXPECT_EQ(plain("https://larder.example"), "/?");
  EXPECT_EQ(plain("https://larder.example?x"), "/?x");
}

TEST(ExactTarget, KeepsApartWhatIsNot) {
  EXPECT_NE(plain("/x?time"), plain("/x?time="));
  EXPECT_NE(plain("/a//b"), plain("/a/b"));
  EXPECT_NE(plain("/a;b"), plain("/a%3Bb"));
  EXPECT_NE(plain("/x?a+b"), plain("/x?a%20b"));
  EXPECT_NE(plain("/x?a%2Bb"), plain("/x?a+b"));
  EXPECT_NE(plain("/x?a&&b"), plain("/x?a&b"));
  EXPECT_NE(plain("/%253B"), plain("/%3B"));
}

TEST(ExactTarget, RefusesWhatCouldBeReadInTwoWays) {
  for (const std::string url :
       {"/a/../b", "/a/./b", "/..",    "/a/%2e%2e/b", "/a/.%2E",   "/..;/b",   "/a%2Fb",
        "/a%2fb",  "/a%5Cb", "/a\\b",  "/a%00b",      "/a%0d%0ab", "/a%",      "/a%zz",
        "/%ff",    "/x?%",   "/x?%ff", "/x?a b",      "/x?a\tb",   "/x?a\x7f", "x"}) {
    const auto target = parse_exact_target(url);
    ASSERT_FALSE(target.has_value()) << url;
    EXPECT_EQ(target.error().kind, ErrorKind::invalid);
  }
}

}  // namespace
}  // namespace larder::http::exact_target_test
