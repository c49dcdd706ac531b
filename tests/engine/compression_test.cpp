// Bodies above the threshold: packed behind the response, served as they are stored to who takes gzip.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/support.h"

namespace larder::engine::compression_test {
namespace {

using observe::Counter;
using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto url = "/items/7";
constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "1h", "staleIfError": "3h", "maxBytes": 400000}]})";

struct CompressionTest : ::testing::Test {
  CompressionTest() {
    world.origin = [this](const OriginRequest&) { return origin_reply; };
  }
  // Another data centre's first read: what KV has.
  const sim::SimulatedHost::Exchange& read_stored(TextPairs headers) {
    others.push_back(std::make_unique<Isolate>(world, bindings, declared, "two"));
    return others.back()->run("GET", url, std::move(headers));
  }

  sim::World world;
  TextPairs bindings = {{"CACHE_COMPRESS_THRESHOLD", "1000"}, {"CACHE_MAX_VALUE_BYTES", "131072"}};
  OriginReply origin_reply = reply(200, {}, std::string(2'000, 'a'));
  Isolate isolate{world, bindings, declared};
  std::vector<std::unique_ptr<Isolate>> others;
};

TEST_F(CompressionTest, ALargeBodyIsStoredPackedAndServedAsStored) {
  EXPECT_EQ(isolate.get(url).body, origin_reply.content);
  const sim::Stored& stored = world.kv.begin()->second;
  EXPECT_THAT(stored.content, StartsWith("gzip:"));
  const auto& packed = read_stored({{"accept-encoding", "br, gzip;q=0.5"}});
  EXPECT_EQ(packed.body, stored.content);
  EXPECT_EQ(packed.header("content-encoding"), "gzip");
  EXPECT_EQ(packed.header("vary"), "accept-encoding");
  EXPECT_THAT(packed.header("etag"), StartsWith("W/\""));
  EXPECT_THAT(packed.header("cache-status"), HasSubstr("detail=kv"));
}

TEST_F(CompressionTest, WhoTakesNoGzipGetsItUnpacked) {
  isolate.get(url);
  for (const TextPairs& headers : {TextPairs{}, TextPairs{{"accept-encoding", "gzip;q=0, br"}}}) {
    const auto& plain = read_stored(headers);
    EXPECT_EQ(plain.body, origin_reply.content);
    EXPECT_EQ(plain.header("content-encoding"), "");
    EXPECT_THAT(plain.header("etag"), StartsWith("\""));
    EXPECT_TRUE(others.back()->settled());
  }
}

TEST_F(CompressionTest, TheThresholdIsExact) {
  origin_reply = reply(200, {}, std::string(1'000, 'a'));
  isolate.get("/items/at");
  EXPECT_TRUE(world.packed.empty());
  origin_reply = reply(200, {}, std::string(1'001, 'a'));
  isolate.get("/items/above");
  EXPECT_EQ(world.packed.size(), 1U);
  EXPECT_EQ(isolate.app->counters().total(Counter::compressed_total), 1U);
}

TEST_F(CompressionTest, UnlessSetOtherwise65536BytesStayPlainAndOneMoreIsPacked) {
  Isolate unset(world, {}, declared);
  origin_reply = reply(200, {}, std::string(65'536, 'a'));
  unset.get("/items/at");
  EXPECT_TRUE(world.packed.empty());
  origin_reply = reply(200, {}, std::string(65'537, 'a'));
  unset.get("/items/above");
  EXPECT_EQ(world.packed.size(), 1U);
  EXPECT_TRUE(unset.settled());
}

TEST_F(CompressionTest, WhatIsPackedAlreadyStaysAsItIs) {
  origin_reply.headers = {{"content-type", "image/jpeg"}};
  isolate.get(url);
  EXPECT_EQ(world.kv.begin()->second.content, origin_reply.content);
}

TEST_F(CompressionTest, TheLimitOfAStoreCountsWhatIsStored) {
  // Twice the limit, and just under it once packed.
  origin_reply = reply(200, {}, std::string(262'144, 'a'));
  isolate.get(url);
  ASSERT_EQ(world.kv.size(), 1U);
  EXPECT_EQ(world.kv.begin()->second.content.size(), 131'072U);
  EXPECT_EQ(read_stored({}).body.size(), 262'144U);
  origin_reply = reply(200, {}, std::string(262'146, 'a'));
  isolate.get("/items/larger");
  // Of what is larger KV has no more than a stub.
  ASSERT_EQ(world.kv.size(), 2U);
  EXPECT_EQ(world.kv["larder:item:v3:larger"].content, "");
  EXPECT_EQ(world.r2["larder:item:v3:larger"].content.size(), 131'073U);
}

TEST_F(CompressionTest, WhatCannotBeUnpackedIsFetchedAnew) {
  isolate.get(url);
  world.packed.clear();
  const auto& plain = read_stored({});
  EXPECT_EQ(plain.status, 200U);
  EXPECT_EQ(plain.body, origin_reply.content);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_TRUE(others.back()->settled());
}

TEST_F(CompressionTest, AHostThatCannotUnpackThisTimeIsNoReasonToRemoveWhatOthersRead) {
  isolate.get(url);
  world.fail(host::OperationKind::body_gunzip);
  origin_reply = reply(503, {}, "");
  EXPECT_EQ(read_stored({}).status, 502U);
  EXPECT_TRUE(others.back()->settled());
  world.fault = nullptr;
  const auto& plain = read_stored({});
  EXPECT_EQ(plain.status, 200U);
  EXPECT_EQ(plain.body, std::string(2'000, 'a'));
  EXPECT_THAT(plain.header("cache-status"), HasSubstr("detail=kv"));
}

TEST_F(CompressionTest, APackerThatFailsIsNoReasonNotToStore) {
  world.fail(host::OperationKind::body_gzip);
  isolate.get(url);
  EXPECT_EQ(world.kv.begin()->second.content, origin_reply.content);
}

TEST_F(CompressionTest, APackedEntryIsRevalidatedAsItIs) {
  origin_reply.headers.emplace_back("etag", "\"one\"");
  isolate.get(url);
  const std::string packed = world.kv.begin()->second.content;
  world.now += std::chrono::hours(2);
  Isolate far(world, bindings, declared, "two");
  OriginReply confirmed;
  confirmed.status = 304;
  world.origin = [=](const OriginRequest&) { return confirmed; };
  EXPECT_EQ(far.get(url).body, origin_reply.content);
  EXPECT_EQ(world.kv.begin()->second.content, packed);
  EXPECT_TRUE(far.settled());
}

}  // namespace
}  // namespace larder::engine::compression_test
