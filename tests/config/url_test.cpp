#include "config/url.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/text.h"

namespace larder::config::url_test {
namespace {

TEST(HttpUrl, IsTakenApart) {
  const auto url = parse_http_url("HTTPS://API.Example.com:8443/v1/{id}?Q=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin, "https://api.example.com:8443");
  EXPECT_EQ(url->rest, "/v1/{id}?Q=1");
  EXPECT_EQ(parse_http_url("http://localhost")->rest, "");
  EXPECT_EQ(parse_http_url("http://localhost?a")->rest, "?a");
  EXPECT_EQ(parse_http_url("http://[::1]:80/")->origin, "http://[::1]:80");
}

struct Refusal {
  std::string_view url;
  std::string_view message;
};

TEST(HttpUrl, RefusesWhatCouldLeadElsewhere) {
  constexpr std::string_view scheme = "The URL must start with https:// or http://.";
  constexpr std::string_view host = "The URL has no valid host name.";
  constexpr std::string_view port = "The URL's port must be a number from 1 to 65535.";
  constexpr std::string_view character =
      "The URL has a character that must be percent-encoded (white space, quotes, <, >, \\, non-ASCII).";
  const std::vector<Refusal> refusals = {
      {"", scheme},
      {"/path", scheme},
      {"ftp://example.com", scheme},
      {"javascript:alert(1)", scheme},
      {"https:/example.com", scheme},
      {"https://", host},
      {"https:///path", host},
      {"https://exa$mple.com", host},
      {"https://.example.com", host},
      {"https://[::1/", host},
      {"https://user:secret@example.com",
       "The URL carries credentials; remove them and send a secret in a header."},
      {"https://{host}/", "The URL's host must be written out: no part of a request may choose the server."},
      {"https://api.{tenant}.example.com/",
       "The URL's host must be written out: no part of a request may choose the server."},
      {"https://example.com:", port},
      {"https://example.com:0", port},
      {"https://example.com:65536", port},
      {"https://example.com:80:80", port},
      {"https://example.com/#part", "The URL has a fragment (#…), which no server sees; remove it."},
      {"https://example.com/a b", character},
      {"https://example.com\\@evil.example/", character},
      {"https://éxample.com/", character},
      {"https://example.com/\r\nx: y", character},
  };
  for (const auto& [url, message] : refusals) {
    const auto parsed = parse_http_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().message, message) << url;
  }
  EXPECT_EQ(parse_http_url("https://a/" + std::string(8183, 'x')).error().message,
            "The URL is longer than 8192 bytes.");
}

}  // namespace
}  // namespace larder::config::url_test
