#include "http/request_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace larder::http::request_fields_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(RequestFields, WhatIsNoRowGoesOn) {
  for (const std::string_view name :
       {"accept", "accept-language", "user-agent", "origin", "referer", "x-foo", "prefer", "cache-control",
        "pragma", "traceparent", "idempotency-key"}) {
    EXPECT_EQ(fate_of(name), RequestFieldFate::end_to_end) << name;
    EXPECT_TRUE(is_forwarded(name, {})) << name;
  }
}

TEST(RequestFields, RowsWithAStarStandForAllThatBeginSo) {
  EXPECT_EQ(fate_of("cf-connecting-ip"), RequestFieldFate::platform);
  EXPECT_EQ(fate_of("x-forwarded-host"), RequestFieldFate::platform);
  EXPECT_EQ(fate_of("x-original-url"), RequestFieldFate::rewriting);
  EXPECT_EQ(fate_of("x-http-method-override"), RequestFieldFate::rewriting);
  EXPECT_EQ(fate_of("x-original"), RequestFieldFate::end_to_end);
  // A whole name says more.
  EXPECT_EQ(fate_of("cf-access-jwt-assertion"), RequestFieldFate::credential);
}

TEST(RequestFields, WhatIsDeclaredGoesOnUnlessItIsOfTheConnection) {
  const TextPairs request = {{"authorization", "Bearer a"}, {"connection", "keep-alive"}, {"cookie", "a=b"},
                             {"host", "larder.example"},    {"x-forwarded-for", "::1"},   {"x-foo", "1"}};
  Forwarding forwarding;
  EXPECT_THAT(forwarded_fields(request, forwarding), ElementsAre(Pair("x-foo", "1")));
  forwarding.declared = {"authorization", "x-forwarded-for", "host"};
  EXPECT_THAT(
      forwarded_fields(request, forwarding),
      ElementsAre(Pair("authorization", "Bearer a"), Pair("x-forwarded-for", "::1"), Pair("x-foo", "1")));
}

TEST(RequestFields, WhatConnectionNamesStaysBehind) {
  const TextPairs request = {
      {"accept", "*/*"}, {"connection", "close, X-Hop , x-other"}, {"x-hop", "1"}, {"x-other", "2"}};
  EXPECT_THAT(forwarded_fields(request, Forwarding()), ElementsAre(Pair("accept", "*/*")));
}

TEST(RequestFields, BodiesConditionsAndRangesGoWithWhatTheyBelongTo) {
  const TextPairs request = {{"content-type", "text/plain"},
                             {"if-match", "\"a\""},
                             {"if-none-match", "\"a\""},
                             {"if-range", "\"a\""},
                             {"range", "bytes=0-"}};
  Forwarding forwarding;
  EXPECT_THAT(forwarded_fields(request, forwarding), IsEmpty());
  forwarding.with_body = true;
  EXPECT_THAT(forwarded_fields(request, forwarding), ElementsAre(Pair("content-type", "text/plain")));
  forwarding.with_body = false;
  forwarding.with_conditions = true;
  EXPECT_THAT(forwarded_fields(request, forwarding),
              ElementsAre(Pair("if-match", "\"a\""), Pair("if-none-match", "\"a\"")));
  forwarding.with_conditions = false;
  forwarding.with_range = true;
  EXPECT_THAT(forwarded_fields(request, forwarding),
              ElementsAre(Pair("if-range", "\"a\""), Pair("range", "bytes=0-")));
}

TEST(RequestFields, EachRowIsOneOfItsFateAndNoneTwice) {
  std::set<std::string> names;
#define LARDER_REQUEST_FIELD(name, fate, why)                                            \
  EXPECT_TRUE(names.insert(name).second) << name;                                        \
  EXPECT_EQ(fate_of(std::string_view(name).substr(0, std::string_view(name).find('*'))), \
            RequestFieldFate::fate)                                                      \
      << name;                                                                           \
  EXPECT_FALSE(std::string_view(why).empty());
#include "http/request_fields.def"
#undef LARDER_REQUEST_FIELD
  EXPECT_GT(names.size(), 90U);
}

}  // namespace
}  // namespace larder::http::request_fields_test
