#include "http/cache_status.h"

#include <gtest/gtest.h>

namespace larder::http::cache_status_test {
namespace {

using namespace std::string_view_literals;

CacheStatus hit(Seconds ttl, std::string detail) {
  CacheStatus status;
  status.ttl = ttl;
  status.detail = std::move(detail);
  return status;
}

CacheStatus forward(ForwardReason reason) {
  CacheStatus status;
  status.forward = reason;
  return status;
}

TEST(CacheStatus, SaysAHit) {
  EXPECT_EQ(format_cache_status(hit(Seconds(86300), "memory")), "larder; hit; ttl=86300; detail=memory");
  EXPECT_EQ(format_cache_status(hit(Seconds(-412), "kv")), "larder; hit; ttl=-412; detail=kv");
  EXPECT_EQ(format_cache_status(CacheStatus()), "larder; hit");
}

TEST(CacheStatus, SaysAForward) {
  CacheStatus status = forward(ForwardReason::miss);
  status.forward_status = 200;
  status.stored = true;
  status.detail = "cold";
  EXPECT_EQ(format_cache_status(status), "larder; fwd=miss; fwd-status=200; stored; detail=cold");
  status = forward(ForwardReason::stale);
  status.forward_status = 304;
  status.ttl = Seconds(376);
  status.collapsed = true;
  status.key = "book \"x\"";
  status.variant = "b";
  EXPECT_EQ(format_cache_status(status),
            "larder; fwd=stale; fwd-status=304; ttl=376; collapsed; key=\"book \\\"x\\\"\"; variant=b");
}

TEST(CacheStatus, NamesEveryReason) {
  const std::pair<ForwardReason, std::string_view> reasons[] = {
      {ForwardReason::bypass, "bypass"},     {ForwardReason::method, "method"},
      {ForwardReason::uri_miss, "uri-miss"}, {ForwardReason::vary_miss, "vary-miss"},
      {ForwardReason::miss, "miss"},         {ForwardReason::request, "request"},
      {ForwardReason::stale, "stale"},       {ForwardReason::partial, "partial"},
  };
  for (const auto& [reason, text] : reasons) {
    EXPECT_EQ(format_cache_status(forward(reason)), "larder; fwd=" + std::string(text));
    EXPECT_EQ(parse_cache_status("larder; fwd=" + std::string(text)), forward(reason));
  }
}

TEST(CacheStatus, AHitHasNothingOfAForward) {
  CacheStatus status = hit(Seconds(1), "edge");
  status.stored = status.collapsed = true;
  status.forward_status = 200;
  EXPECT_EQ(format_cache_status(status), "larder; hit; ttl=1; detail=edge");
}

TEST(CacheStatus, QuotesWhatIsNoToken) {
  CacheStatus status = hit(Seconds(1), "two words");
  status.cache = "Larder of Jos\xc3\xa9";
  status.key = "a\r\nSet-Cookie: b";
  status.variant = "1st";
  EXPECT_EQ(format_cache_status(status),
            "\"Larder of Jos%C3%A9\"; hit; ttl=1; key=\"a%0D%0ASet-Cookie: b\"; detail=\"two words\"; "
            "variant=\"1st\"");
}

TEST(CacheStatus, IsReadBackAsItWas) {
  CacheStatus status = forward(ForwardReason::vary_miss);
  status.forward_status = 503;
  status.ttl = Seconds(-5);
  status.stored = status.collapsed = true;
  status.key = "k\\";
  status.detail = "origin error";
  status.variant = "control";
  EXPECT_EQ(parse_cache_status(format_cache_status(status)), status);
  EXPECT_EQ(parse_cache_status(format_cache_status(hit(Seconds(0), "r2"))), hit(Seconds(0), "r2"));
}

TEST(CacheStatus, ReadsTheExamplesOfTheStandard) {
  for (const std::string_view member :
       {"ExampleCache; hit", "ExampleCache; hit; ttl=376", "ExampleCache; hit; ttl=-412",
        "ExampleCache; fwd=uri-miss; stored", "ExampleCache; fwd=stale; fwd-status=304",
        "ExampleCache; fwd=uri-miss; collapsed", "ExampleCache; fwd=vary-miss; stored; detail=foo"}) {
    EXPECT_EQ(format_cache_status(parse_cache_status(member).value()), member);
  }
  const auto status = parse_cache_status("\"CDN Company Here\"; hit; ttl=545; unknown=3; stored=?0");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->cache, "CDN Company Here");
  EXPECT_EQ(status->ttl, Seconds(545));
  EXPECT_FALSE(status->stored);
}

TEST(CacheStatus, RefusesWhatIsNoMember) {
  for (const std::string_view member : {""sv,
                                        "larder"sv,
                                        "larder; hit=?0"sv,
                                        "larder; hit; fwd=miss"sv,
                                        "larder; fwd"sv,
                                        "larder; fwd=other"sv,
                                        "larder; fwd=\"miss\""sv,
                                        "larder; fwd=MISS"sv,
                                        "larder; hit=1"sv,
                                        "larder; hit; ttl=1.5"sv,
                                        "larder; hit; ttl=\"1\""sv,
                                        "larder; fwd=miss; fwd-status=99"sv,
                                        "larder; fwd=miss; fwd-status=1000"sv,
                                        "larder; fwd=miss; fwd-status=ok"sv,
                                        "larder; fwd=miss; stored=yes"sv,
                                        "larder; hit; key=k"sv,
                                        "larder; hit; detail=1"sv,
                                        "larder; hit, edge; hit"sv,
                                        "(larder); hit"sv,
                                        "1; hit"sv,
                                        "larder hit"sv,
                                        "larder; hit\0"sv,
                                        "larder; HIT"sv}) {
    EXPECT_EQ(parse_cache_status(member), std::nullopt) << member;
  }
}

TEST(CacheStatus, StandsAfterTheCachesNearerTheOrigin) {
  const CacheStatus ours = hit(Seconds(5), "edge");
  EXPECT_EQ(append_cache_status(std::nullopt, ours), "larder; hit; ttl=5; detail=edge");
  EXPECT_EQ(append_cache_status("Origin; hit; ttl=1, CDN;fwd=miss ", ours),
            "Origin; hit; ttl=1, CDN;fwd=miss, larder; hit; ttl=5; detail=edge");
  for (const std::string_view broken : {"", " ", "Origin hit", "MISS from cache", "a,", "\"open"}) {
    EXPECT_EQ(append_cache_status(broken, ours), "larder; hit; ttl=5; detail=edge") << broken;
  }
}

}  // namespace
}  // namespace larder::http::cache_status_test
