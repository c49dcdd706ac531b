#include "origin/redirect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace larder::origin::redirect_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Request asked(std::string url = "https://api.example/v1/items/7?lang=de") {
  Request request;
  request.url = std::move(url);
  request.headers = {{"accept", "text/plain"},        {"x-api-key", "s3cret"},
                     {"authorization", "Basic dTpw"}, {"cookie", "a=b"},
                     {"if-none-match", "\"one\""},    {"if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  request.secret_headers = {"x-api-key"};
  request.redirect_origins = {"https://files.example", "https://other.example:8443"};
  return request;
}

// Where it leads, or why not; "" for an answer.
std::string leads(const Request& request, std::string_view location, std::uint32_t status = 302) {
  const auto next = follow_redirect(request, status, location);
  if (!next) {
    EXPECT_EQ(next.error().kind, ErrorKind::rejected);
    EXPECT_FALSE(next.error().retryable);
    return next.error().message;
  }
  return *next ? (*next)->url : "";
}

constexpr std::string_view elsewhere =
    "The origin redirects to another one. If that is meant, name it in origin.redirects.";
constexpr std::string_view no_url = "The origin redirects to what is no URL of http or https.";
constexpr std::string_view downgrade = "The origin redirects from https to http, which is never followed.";

TEST(Redirects, AreTheseStatusesWithALocation) {
  for (std::uint32_t status = 100; status < 600; ++status) {
    const bool is_one = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    EXPECT_EQ(leads(asked(), "/x", status), is_one ? "https://api.example/x" : "") << status;
  }
  EXPECT_EQ(leads(asked(), ""), "");
  EXPECT_EQ(leads(asked(), " \t"), "");
  Request passes = asked();
  passes.redirects = Redirects::are_answers;
  EXPECT_EQ(leads(passes, "/x"), "");
}

TEST(Redirects, StayOnTheirOriginOrGoWhereItIsDeclared) {
  EXPECT_EQ(leads(asked(), "https://api.example/x"), "https://api.example/x");
  EXPECT_EQ(leads(asked(), "HTTPS://API.example:443/x"), "https://api.example/x");
  EXPECT_EQ(leads(asked(), "//api.example/x"), "https://api.example/x");
  EXPECT_EQ(leads(asked(), "https://files.example/x"), "https://files.example/x");
  EXPECT_EQ(leads(asked(), "https://other.example:8443/"), "https://other.example:8443/");
  for (const std::string_view location :
       {"https://evil.example/x", "//evil.example/x", "https://api.example:8443/x",
        "https://api.example.evil.example", "https://files.example:444/", "https://other.example/",
        "https://sub.api.example/"}) {
    EXPECT_EQ(leads(asked(), location), elsewhere) << location;
  }
}

TEST(Redirects, NeverLeadFromHttpsToHttp) {
  EXPECT_EQ(leads(asked(), "http://api.example/x"), downgrade);
  EXPECT_EQ(leads(asked(), "http://files.example/x"), downgrade);
  EXPECT_EQ(leads(asked(), "http://evil.example/x"), downgrade);
  // The other way round the host stays, and the secrets do not go along: it is another origin.
  EXPECT_EQ(leads(asked("http://api.example/x"), "https://api.example/x"), "https://api.example/x");
  EXPECT_EQ(leads(asked("http://api.example:8080/x"), "https://api.example/x"), elsewhere);
  EXPECT_EQ(leads(asked("http://api.example/x"), "http://api.example:80/y"), "http://api.example/y");
}

TEST(Redirects, LeadToNothingThatCouldBeReadInTwoWays) {
  for (const std::string_view location :
       {"javascript:alert(1)", "data:,x", "ftp://api.example/", "https:/x", "https:x",
        "https:\\\\evil.example/x", "\\\\evil.example", "/\\evil.example",
        "https://api.example@evil.example/", "https://u:p@api.example/",
        "https://api.example\\@evil.example/", "https://", "https:///x", "https://api.example:99999/", "/a b",
        "/\x01", "/caf\xc3\xa9", "/a\r\nx: y", "https://[::1/"}) {
    EXPECT_EQ(leads(asked(), location), no_url) << location;
  }
  EXPECT_EQ(leads(asked(), "/" + std::string(9000, 'x')), no_url);
}

// RFC 3986 §5.4, as far as it is of http.
TEST(Redirects, AreResolvedAgainstWhereTheyCameFrom) {
  const auto resolved = [](std::string_view reference) {
    return resolve_reference("http://a/b/c/d;p?q", reference).value_or("error");
  };
  EXPECT_EQ(resolved("g"), "http://a/b/c/g");
  EXPECT_EQ(resolved("./g"), "http://a/b/c/g");
  EXPECT_EQ(resolved("g/"), "http://a/b/c/g/");
  EXPECT_EQ(resolved("/g"), "http://a/g");
  EXPECT_EQ(resolved("//g"), "http://g/");
  EXPECT_EQ(resolved("?y"), "http://a/b/c/d;p?y");
  EXPECT_EQ(resolved("g?y"), "http://a/b/c/g?y");
  EXPECT_EQ(resolved("#s"), "http://a/b/c/d;p?q");
  EXPECT_EQ(resolved("g#s"), "http://a/b/c/g");
  EXPECT_EQ(resolved("g?y#s"), "http://a/b/c/g?y");
  EXPECT_EQ(resolved(";x"), "http://a/b/c/;x");
  EXPECT_EQ(resolved(""), "http://a/b/c/d;p?q");
  EXPECT_EQ(resolved("."), "http://a/b/c/");
  EXPECT_EQ(resolved(".."), "http://a/b/");
  EXPECT_EQ(resolved("../g"), "http://a/b/g");
  EXPECT_EQ(resolved("../.."), "http://a/");
  EXPECT_EQ(resolved("../../../g"), "http://a/g");
  EXPECT_EQ(resolved("/./g"), "http://a/g");
  EXPECT_EQ(resolved("/../g"), "http://a/g");
  EXPECT_EQ(resolved("g.."), "http://a/b/c/g..");
  EXPECT_EQ(resolved("./g/."), "http://a/b/c/g/");
  EXPECT_EQ(resolved("g;x=1/../y"), "http://a/b/c/y");
  EXPECT_EQ(resolved("g?y/../x"), "http://a/b/c/g?y/../x");
  EXPECT_EQ(resolve_reference("http://a", "g").value(), "http://a/g");
  EXPECT_EQ(resolve_reference("http://a?x", "?y").value(), "http://a/?y");
}

TEST(Redirects, TakeNoSecretsToAnotherOrigin) {
  const auto same = follow_redirect(asked(), 302, "/x");
  EXPECT_THAT((*same)->headers, ElementsAre(Pair("accept", "text/plain"), Pair("x-api-key", "s3cret"),
                                            Pair("authorization", "Basic dTpw"), Pair("cookie", "a=b")));
  for (const std::uint32_t status : {301U, 302U, 303U, 307U, 308U}) {
    const auto other = follow_redirect(asked(), status, "https://files.example/x");
    EXPECT_THAT((*other)->headers, ElementsAre(Pair("accept", "text/plain")));
    // Nor do they come back.
    Request there = **other;
    there.redirect_origins = {"https://api.example"};
    EXPECT_THAT((*follow_redirect(there, 302, "https://api.example/y"))->headers,
                ElementsAre(Pair("accept", "text/plain")));
  }
  const auto upgraded = follow_redirect(asked("http://api.example/x"), 301, "https://api.example/x");
  EXPECT_THAT((*upgraded)->headers, ElementsAre(Pair("accept", "text/plain")));
}

TEST(Redirects, ChangeTheMethodAsTheirStatusSays) {
  Request post = asked();
  post.method = "POST";
  post.content = "{}";
  post.headers = {{"content-type", "application/json"}, {"accept", "text/plain"}};
  for (const std::uint32_t status : {301U, 302U, 303U}) {
    const auto next = follow_redirect(post, status, "/x");
    EXPECT_EQ((*next)->method, "GET") << status;
    EXPECT_EQ((*next)->content, "") << status;
    EXPECT_THAT((*next)->headers, ElementsAre(Pair("accept", "text/plain"))) << status;
  }
  for (const std::uint32_t status : {307U, 308U}) {
    const auto next = follow_redirect(post, status, "/x");
    EXPECT_EQ((*next)->method, "POST") << status;
    EXPECT_EQ((*next)->content, "{}") << status;
    EXPECT_EQ((*next)->headers.size(), 2U) << status;
  }
}

TEST(Redirects, AreBoundedAndNeverWalkedTwice) {
  Request request = asked("https://api.example/0");
  for (int i = 1; i <= 5; ++i) {
    request = **follow_redirect(request, 302, std::to_string(i));
  }
  EXPECT_EQ(request.url, "https://api.example/5");
  EXPECT_EQ(leads(request, "6"), "The origin redirects too often.");
  const Request start = asked("https://api.example/a");
  EXPECT_EQ(leads(start, "/a"), "The origin redirects in a circle.");
  const Request next = **follow_redirect(start, 302, "/b");
  EXPECT_EQ(leads(next, "/a"), "The origin redirects in a circle.");
  EXPECT_EQ(leads(next, "https://API.example:443/a#x"), "The origin redirects in a circle.");
  EXPECT_EQ(leads(next, "/c"), "https://api.example/c");
  // POST and then GET of one URL is the usual way, and no circle.
  Request post = start;
  post.method = "POST";
  EXPECT_EQ(leads(post, "/a", 303), "https://api.example/a");
  EXPECT_EQ(leads(post, "/a", 307), "The origin redirects in a circle.");
}

}  // namespace
}  // namespace larder::origin::redirect_test
