// The gate: who is let in, in which order it is asked, and what is told to who is not.
#include "operators/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "operators/router.h"
#include "operators/support.h"

namespace larder::operators::gate_test {
namespace {

using sim::Isolate;
using ::testing::HasSubstr;

constexpr auto settings_url = "/api/settings";

struct GateTest : ::testing::Test {
  GateTest() { add_tokens(world); }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  sim::World world;
  Isolate isolate{world, operator_bindings()};
};

TEST_F(GateTest, EveryRouteTurnsAwayWhoMayNotCallIt) {
  std::size_t addresses = 0;
  for (const Route& route : routes) {
    const auto call = [&](const std::string& token) {
      // Nobody's bucket runs dry here.
      world.now += Millis(1'000);
      const std::string address = "192.0.2." + to_text(std::uint64_t{addresses++ % 250});
      return isolate.run(std::string(http::to_text(route.method)), std::string(route.path),
                         shown(token, address));
    };
    EXPECT_EQ(call("").status, 401U) << route.path;
    EXPECT_EQ(call("").header("www-authenticate"), "Bearer realm=\"larder\"");
    for (const std::string token :
         {"garbage", "algorithm", "signature", "expired", "not_yet_valid", "claims"}) {
      const auto& refused = call(token);
      EXPECT_EQ(refused.status, 401U) << route.path << " " << token;
      EXPECT_THAT(refused.header("www-authenticate"), HasSubstr("error=\"invalid_token\"")) << token;
    }
    EXPECT_EQ(call("nemo").status, 403U) << route.path;
    const auto& viewers = call("vic");
    EXPECT_EQ(viewers.status == 403U, route.role == Role::admin) << route.path;
    const auto& admins = call("ann");
    EXPECT_TRUE(admins.status != 401U && admins.status != 403U) << route.path;
    EXPECT_EQ(admins.header("cache-control"), "no-store");
  }
}

TEST_F(GateTest, FortyCallsOverTwoIsolatesPassTwentyAndASecondLaterTen) {
  Isolate second(world, operator_bindings(), sim::book_declarations(), "two");
  const auto forty = [&] {
    std::vector<std::pair<Isolate*, host::RequestId>> calls;
    for (int i = 0; i < 20; ++i) {
      for (Isolate* one : {&isolate, &second}) {
        calls.emplace_back(one, one->request("GET", settings_url, shown("ann")));
      }
    }
    // The control log is behind the gate; refusals are written a second later.
    world.run_for(Millis(500));
    std::size_t passed = 0;
    for (const auto& [one, id] : calls) {
      const auto& exchange = one->host.exchange(id);
      passed += exchange.status == 200 ? 1U : 0U;
      EXPECT_EQ(exchange.header("retry-after"), exchange.status == 429 ? "1" : "");
    }
    return passed;
  };
  EXPECT_EQ(forty(), 20U);
  world.run_for(Millis(500));
  EXPECT_EQ(forty(), 10U);
  world.run();
  EXPECT_TRUE(second.settled());
}

// Exhausts the bucket of an address or of a subject, from wherever that leaves the other one alone.
struct GateOrderTest : GateTest {
  std::vector<std::uint32_t> statuses(const std::vector<std::pair<std::string, std::string>>& calls) {
    std::vector<host::RequestId> ids;
    for (const auto& [token, address] : calls) {
      ids.push_back(isolate.request("PUT", settings_url, shown(token, address)));
    }
    world.run_for(Millis(500));
    std::vector<std::uint32_t> found;
    for (const host::RequestId id : ids) {
      found.push_back(isolate.host.exchange(id).status);
    }
    return found;
  }
};

TEST_F(GateOrderTest, AnAddressThatIsUsedUpIsToldSoBeforeItsTokenIsRead) {
  const auto first = statuses(std::vector<std::pair<std::string, std::string>>(30, {"garbage", "192.0.2.1"}));
  EXPECT_EQ(std::count(first.begin(), first.end(), 401U), 20);
  EXPECT_EQ(std::count(first.begin(), first.end(), 429U), 10);
  // 500 ms gave back five; then not even a good token is looked at.
  const auto later = statuses({{"garbage", "192.0.2.1"},
                               {"vic", "192.0.2.1"},
                               {"ann", "192.0.2.1"},
                               {"ann", "192.0.2.1"},
                               {"", "192.0.2.1"},
                               {"ann", "192.0.2.1"},
                               {"ann", "192.0.2.2"}});
  EXPECT_EQ(later, (std::vector<std::uint32_t>{401, 403, 415, 415, 401, 429, 415}));
  world.run();
}

TEST_F(GateOrderTest, WhoIsTurnedAwayForHisRoleTakesNothingFromHisBucket) {
  std::vector<std::pair<std::string, std::string>> calls;
  for (int i = 0; i < 30; ++i) {
    calls.emplace_back("vic", "192.0.2." + to_text(std::uint64_t(i / 15)));
  }
  const auto refused = statuses(calls);
  EXPECT_EQ(std::count(refused.begin(), refused.end(), 403U), 30);
  std::vector<host::RequestId> reads;
  for (int i = 0; i < 20; ++i) {
    reads.push_back(isolate.request("GET", settings_url, shown("vic", "192.0.2.9")));
  }
  world.run();
  for (const host::RequestId id : reads) {
    EXPECT_EQ(isolate.host.exchange(id).status, 200U);
  }
}

TEST_F(GateOrderTest, ASubjectIsCountedWhereverItCallsFromAndAnAddressWhoeverCalls) {
  std::vector<std::pair<std::string, std::string>> calls;
  for (int i = 0; i < 40; ++i) {
    calls.emplace_back("ann", "192.0.2." + to_text(std::uint64_t(i)));
  }
  const auto by_subject = statuses(calls);
  EXPECT_EQ(std::count(by_subject.begin(), by_subject.end(), 415U), 20);
  EXPECT_EQ(std::count(by_subject.begin(), by_subject.end(), 429U), 20);
  // One client may use any address of its /64.
  std::vector<std::pair<std::string, std::string>> neighbours;
  for (int i = 0; i < 30; ++i) {
    neighbours.emplace_back("nemo", "2001:db8::" + to_text(std::uint64_t(i)));
  }
  const auto by_address = statuses(neighbours);
  EXPECT_EQ(std::count(by_address.begin(), by_address.end(), 403U), 20);
  EXPECT_EQ(std::count(by_address.begin(), by_address.end(), 429U), 10);
  world.run();
}

TEST_F(GateTest, BucketsThatFailLetNobodyIn) {
  world.fail(host::OperationKind::object_run);
  const auto& exchange = isolate.run("GET", settings_url, shown("ann"));
  EXPECT_EQ(exchange.status, 503U);
  EXPECT_EQ(exchange.header("retry-after"), "5");
  EXPECT_THAT(exchange.body, HasSubstr("BUCKETS"));
  // What the audit log does not take is in the log of the Worker.
  EXPECT_THAT(isolate.host.log_lines().back(), HasSubstr(R"("event":"audit_not_written")"));
}

TEST_F(GateTest, KeysThatCannotBeReadLetNobodyIn) {
  world.fail(host::OperationKind::token_verify);
  const auto& exchange = isolate.run("GET", settings_url, shown("ann"));
  EXPECT_EQ(exchange.status, 503U);
  EXPECT_EQ(exchange.header("retry-after"), "5");
}

TEST_F(GateTest, NothingSetUpSaysSo) {
  Isolate bare(world);
  const auto& exchange = bare.run("GET", settings_url, shown("ann"));
  EXPECT_EQ(exchange.status, 401U);
  EXPECT_THAT(exchange.body,
              HasSubstr("The operators' routes are not set up: set the secret ADMIN_JWT_SECRET"));
  EXPECT_EQ(bare.run("PATCH", settings_url).header("allow"), "GET, HEAD, PUT, OPTIONS");
}

TEST_F(GateTest, AShortSecretIsAFault) {
  Isolate short_secret(world, {{"ADMIN_JWT_SECRET", std::string(31, 'x')}});
  EXPECT_EQ(short_secret.faults, 1U);
  EXPECT_THAT(short_secret.get("/search/title?q=x").body,
              HasSubstr("ADMIN_JWT_SECRET: It must have at least 32 bytes"));
}

TEST_F(GateTest, AStandInServesNoOperator) {
  Isolate recovery(world, operator_bindings(), sim::book_declarations(), "one", true);
  const auto& exchange = recovery.run("GET", settings_url, shown("ann"));
  EXPECT_EQ(exchange.status, 503U);
  EXPECT_EQ(exchange.header("retry-after"), "1");
}

TEST_F(GateTest, TheTokenOfAccessCountsWhereThereIsAKeySet) {
  TextPairs headers = shown("");
  headers.emplace_back("cf-access-jwt-assertion", "ann");
  EXPECT_EQ(isolate.run("GET", settings_url, headers).status, 401U);
  Isolate by_keys(world, {{"ADMIN_JWKS_URL", "https://team.cloudflareaccess.com/cdn-cgi/access/certs"}});
  EXPECT_EQ(by_keys.run("GET", settings_url, headers).status, 200U);
  // What is shown as a bearer's comes first.
  headers.emplace_back("authorization", "Bearer garbage");
  EXPECT_EQ(by_keys.run("GET", settings_url, headers).status, 401U);
}

TEST_F(GateTest, SearchPathsNeedNoToken) {
  world.origin = [](const sim::OriginRequest&) { return sim::open_library_empty(); };
  EXPECT_EQ(isolate.get("/search/title?q=x").status, 404U);
  EXPECT_EQ(isolate.get("/health").status, 200U);
  EXPECT_EQ(isolate.get("/internal/cache").status, 404U);
  EXPECT_EQ(isolate.get("/api/nothing").status, 404U);
}

}  // namespace
}  // namespace larder::operators::gate_test
