// Experiments from their declaration to their end, over simulated days: the app, its operators and its
// triggers, real requests, the shipped objects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "config/limits.h"
#include "experiments/analysis.h"
#include "experiments/assignment.h"
#include "experiments/sample_ratio.h"
#include "json/json_text.h"
#include "operators/support.h"
#include "records/experiments.h"
#include "support/isolate.h"

namespace larder::trials::experiments_test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr Millis hour{3'600'000};
constexpr Millis day{86'400'000};
constexpr std::string_view nightly = "0 3 * * *";
constexpr std::string_view often = "*/5 * * * *";

constexpr auto longer_lives = R"({
  "name": "title-ttl", "hypothesis": "Titles hardly change.", "resources": ["title"],
  "variants": [{"name": "hour", "share": 50}, {"name": "week", "share": 50, "overrides": {"ttl": "7d"}}],
  "primary": {"metric": "hit_rate", "smallestEffect": 5},
  "guardrails": [{"metric": "error_rate", "tolerance": 5}], "watch": "2d"})";

std::string declarations() {
  return R"({"resources": [
    {"name": "title", "match": {"path": "/search/title"}, "origin": {"provider": "openlibrary", "query": "title"},
     "key": [{"query": "q", "normalise": ["collapse", "lower"], "required": true}], "ttl": "1h"},
    {"name": "isbn", "match": {"path": "/search/isbn"}, "origin": {"provider": "openlibrary", "query": "isbn"},
     "key": [{"query": "isbn", "normalise": ["isbn"], "required": true}], "ttl": "1h"}]})";
}

struct ExperimentsTest : ::testing::Test {
  ExperimentsTest() {
    operators::add_tokens(world);
    world.origin = [this](const sim::OriginRequest& asked) {
      if (asked.url.starts_with(webhook)) {
        messages.push_back(asked.content);
        sim::OriginReply taken;
        taken.status = 200;
        return taken;
      }
      // The book of the title that is asked for.
      const std::size_t at = asked.url.find("title=");
      const std::string title = asked.url.substr(at + 6, asked.url.find('&', at) - at - 6);
      sim::OriginReply reply = sim::open_library_reply(title, "Terry Pratchett", "9780060853976");
      reply.status = origin_status;
      return reply;
    };
    // At midnight.
    world.now = instant_from_millis(1'789'948'800'000);
    start();
  }

  // An isolate that knows nothing yet.
  void start(TextPairs more = {}) {
    isolate =
        std::make_unique<sim::Isolate>(world, operators::operator_bindings(std::move(more)), declarations());
    // What a cold isolate is asked first takes no part: it learns meanwhile what goes on.
    EXPECT_EQ(variant(first_key++), "");
  }
  std::string title(std::uint64_t key) const {
    return "https://larder.test/search/title?q=title" + to_text(key);
  }
  sim::SimulatedHost::Exchange& ask(const std::string& method, const std::string& path,
                                    std::string body = "") {
    return isolate->run(method, "https://larder.test" + path, operators::shown_json("ann"),
                        operators::sent(std::move(body)));
  }
  void cron(std::string_view expression) {
    const auto request = host::RequestId{next_cron++};
    RecordWriter record;
    record.text(expression);
    record.u64(static_cast<std::uint64_t>(millis_since_epoch(world.now)));
    isolate->app->scheduled(request, record.bytes());
    world.run();
  }
  std::string state(const std::string& name = "title-ttl") {
    const auto& shown = ask("GET", "/api/experiments/" + name);
    const std::size_t at = shown.body.find("\"state\":\"");
    return at == std::string::npos ? shown.body
                                   : shown.body.substr(at + 9, shown.body.find('"', at + 9) - at - 9);
  }
  // The variant of a key, as Cache-Status says it.
  std::string variant(std::uint64_t key) {
    const std::string status = isolate->get(title(key)).header("cache-status");
    const std::size_t at = status.find("variant=");
    return at == std::string::npos ? "" : status.substr(at + 8);
  }
  // Keys that are asked for three times a day, six hours apart: the hour's are misses, the week's are hits.
  void live_a_day(std::uint64_t keys) {
    for (int visit = 0; visit < 3; ++visit) {
      world.now += 6 * hour;
      for (std::uint64_t key = 0; key < keys; ++key) {
        isolate->get(title(key));
      }
    }
    // What was gathered is sent before the night's look.
    world.now += 9 * hour;
    isolate->get(title(0));
    world.run();
  }
  // One of each variant.
  std::uint64_t key_of(const std::string& wanted) {
    for (std::uint64_t key = 0;; ++key) {
      if (variant(key) == wanted) {
        return key;
      }
    }
  }
  std::vector<std::string> calls(const std::string& name = "title-ttl") {
    records::experiments::show_arguments asked;
    asked.name = name;
    const auto shown = sim::ask<records::experiments::show_results>(
        world.durable.at("EXPERIMENTS"), world.now, "experiments", records::experiments::show_number, asked);
    std::vector<std::string> found;
    for (const auto& decision : shown->decisions) {
      found.insert(found.begin(), decision.call);
    }
    return found;
  }

  // How often people were told so.
  std::ptrdiff_t told(std::string_view what) const {
    return std::count_if(messages.begin(), messages.end(),
                         [what](const std::string& message) { return contains(message, what); });
  }

  static constexpr auto webhook = "https://hooks.example/larder";

  sim::World world;
  // What the webhook was sent.
  std::vector<std::string> messages;
  std::uint32_t origin_status = 200;
  std::unique_ptr<sim::Isolate> isolate;
  std::uint32_t next_cron = 1'000'000;
  std::uint64_t first_key = 900'000'000;
};

TEST_F(ExperimentsTest, AreDeclaredAnalysedPromotedWatchedAndRolledBack) {
  EXPECT_EQ(variant(1), "");
  const auto& begun = ask("POST", "/api/experiments", longer_lives);
  EXPECT_EQ(begun.status, 201U) << begun.body;
  EXPECT_EQ(begun.header("location"), "/api/experiments/title-ttl");
  const std::uint64_t of_hour = key_of("title-ttl:hour");
  const std::uint64_t of_week = key_of("title-ttl:week");
  // Another isolate says the same.
  start();
  EXPECT_EQ(variant(of_hour), "title-ttl:hour");
  EXPECT_EQ(variant(of_week), "title-ttl:week");
  EXPECT_THAT(isolate->get(title(of_week)).header("cache-control"), HasSubstr("max-age=604800"));
  for (int days = 0; days < 5 && state() == "running"; ++days) {
    live_a_day(1'200);
    cron(nightly);
  }
  EXPECT_EQ(state(), "watching");
  EXPECT_THAT(calls(), ::testing::ElementsAre("declare", "promote"));
  const auto& shown = ask("GET", "/api/experiments/title-ttl");
  EXPECT_THAT(shown.body, HasSubstr("\"promoted\":\"week\""));
  EXPECT_THAT(shown.body, HasSubstr("Variant week answers "));
  EXPECT_THAT(shown.body, HasSubstr(" points more from cache, between "));
  EXPECT_THAT(
      ask("GET", "/api/settings").body,
      HasSubstr(
          R"("title-ttl":{"standing":"watching","promoted":"week","resources":["title"],"overrides":{"ttl":"7d"}})"));
  // It counts for those that take part in nothing any more; a tenth is held back.
  std::map<std::string, std::size_t> lives;
  for (std::uint64_t key = 10'000; key < 10'300; ++key) {
    const auto& answer = isolate->get(title(key));
    const std::string status = answer.header("cache-status");
    const std::size_t at = status.find("variant=");
    ++lives[(at == std::string::npos ? "none" : status.substr(at + 8)) + " " +
            answer.header("cache-control").substr(8, 14)];
  }
  EXPECT_EQ(lives.size(), 3U);
  EXPECT_NEAR(static_cast<double>(lives["title-ttl:hour max-age=3600"]), 30, 20);
  EXPECT_NEAR(static_cast<double>(lives["title-ttl:week max-age=604800"]), 150, 40);
  EXPECT_NEAR(static_cast<double>(lives["none max-age=604800"]), 120, 40);
  // Watched to the end.
  for (int days = 0; days < 3; ++days) {
    live_a_day(300);
    cron(nightly);
  }
  EXPECT_EQ(state(), "kept");
  EXPECT_EQ(variant(of_hour), "");
  EXPECT_THAT(isolate->get(title(20'000)).header("cache-control"), HasSubstr("max-age=604800"));
  // Back, by one call.
  EXPECT_EQ(ask("POST", "/api/experiments/title-ttl/rollback").status, 200U);
  EXPECT_EQ(state(), "rolled-back");
  EXPECT_THAT(isolate->get(title(20'001)).header("cache-control"), HasSubstr("max-age=3600"));
  EXPECT_EQ(ask("POST", "/api/experiments/title-ttl/rollback").status, 409U);
}

TEST_F(ExperimentsTest, TellPeopleOnceOfAWinnerThatWaitsForThem) {
  start({{"LEDGER_SHARDS", "1"}, {"ALERT_WEBHOOK_URL", webhook}});
  std::string by_hand = longer_lives;
  by_hand.insert(by_hand.rfind('}'), R"(, "promotion": "manual")");
  EXPECT_EQ(ask("POST", "/api/experiments", by_hand).status, 201U);
  for (int days = 0; days < 6; ++days) {
    live_a_day(200);
    cron(nightly);
    cron(often);
  }
  EXPECT_EQ(state(), "running");
  EXPECT_EQ(told("The experiment title-ttl has a winner, week, which waits to be promoted by you."), 1);
  // What it took, at which quantiles: an answer from memory takes no time here.
  EXPECT_THAT(ask("GET", "/api/experiments/title-ttl").body,
              HasSubstr(R"("latency":[{"quantile":0.5,"millis":)"));
  EXPECT_EQ(ask("POST", "/api/experiments/title-ttl/promote").status, 200U);
  cron(often);
  EXPECT_EQ(told("The experiment title-ttl is promoted."), 1);
}

// Each night is a row, so that the intervals can be seen to narrow; what changes nothing tells nobody.
TEST_F(ExperimentsTest, NoteEveryNightsLook) {
  start({{"LEDGER_SHARDS", "1"}, {"ALERT_WEBHOOK_URL", webhook}});
  std::string patient = longer_lives;
  patient.replace(patient.find("\"smallestEffect\": 5"), 19, "\"smallestEffect\": 99");
  EXPECT_EQ(ask("POST", "/api/experiments", patient).status, 201U);
  std::vector<double> widths;
  for (int days = 0; days < 4; ++days) {
    live_a_day(300);
    cron(nightly);
    cron(often);
  }
  EXPECT_THAT(calls(), ::testing::ElementsAre("declare", "look", "look", "look", "look"));
  const auto shown = json::JsonText::parse(ask("GET", "/api/experiments/title-ttl").body).value();
  for (const json::JsonText& decision : shown.items("decisions")) {
    if (decision.text("call") == "look") {
      const json::JsonText week = decision.find("numbers")->items("variants").at(1);
      EXPECT_EQ(week.text("variant"), "week");
      const json::JsonText primary = week.find("primary").value();
      widths.push_back(std::stod(primary.find("high")->json()) - std::stod(primary.find("low")->json()));
    } else {
      EXPECT_THAT(decision.json(), HasSubstr(R"("numbers":{"declaration":{"name":"title-ttl")"));
    }
  }
  // The newest comes first.
  EXPECT_TRUE(std::is_sorted(widths.begin(), widths.end()));
  EXPECT_LT(widths.front(), widths.back() / 1.5);
  EXPECT_EQ(told("title-ttl"), 0);
}

// More new units than a batch takes, nine of ten with one variant: what is told first has the same shares.
TEST_F(ExperimentsTest, TellOfUnitsInTheOrderInWhichTheyCame) {
  EXPECT_EQ(ask("POST", "/api/experiments", R"({
    "name": "careful", "hypothesis": "y", "kind": "rollout", "resources": ["title"],
    "variants": [{"name": "a"}, {"name": "b", "overrides": {"ttl": "2h"}}],
    "guardrails": [{"metric": "error_rate", "tolerance": 2}]})")
                .status,
            201U);
  const auto units = [&] {
    records::experiments::show_arguments asked;
    asked.name = "careful";
    const auto shown = sim::ask<records::experiments::show_results>(
        world.durable.at("EXPERIMENTS"), world.now, "experiments", records::experiments::show_number, asked);
    return std::pair(shown->sums.at(0).unit_count, shown->sums.at(1).unit_count);
  };
  isolate->get(title(0));
  const auto before = units();
  for (std::uint64_t key = 1; key <= 3'000; ++key) {
    isolate->request("GET", title(key));
  }
  while (units() == before) {
    world.run_for(Millis(1'000));
  }
  const auto after = units();
  EXPECT_LE(after.first + after.second - before.first - before.second,
            config::limit::experiment_batch_units_max);
  EXPECT_NEAR(static_cast<double>(after.second - before.second), 40, 25);
}

TEST_F(ExperimentsTest, RefuseWhatIsWrongWithEveryFault) {
  const auto& refused = ask("POST", "/api/experiments", R"({"name": "x", "variants": []})");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_THAT(refused.body, HasSubstr("hypothesis: This member is missing."));
  EXPECT_THAT(refused.body, HasSubstr("variants: Name two variants at least; the first is the control."));
  EXPECT_THAT(refused.body, HasSubstr("primary: This member is missing."));
  EXPECT_EQ(ask("GET", "/api/experiments/x").status, 404U);
  EXPECT_EQ(ask("POST", "/api/experiments", longer_lives).status, 201U);
  EXPECT_EQ(ask("POST", "/api/experiments", longer_lives).status, 409U);
  EXPECT_EQ(ask("POST", "/api/experiments/title-ttl/promote?variant=month").status, 400U);
}

TEST_F(ExperimentsTest, CompareCachedWithUncachedByATemplate) {
  const auto& begun =
      ask("POST", "/api/experiments", R"({"template": "cached-against-uncached", "resources": ["title"]})");
  EXPECT_EQ(begun.status, 201U) << begun.body;
  const std::uint64_t uncached = key_of("cached-against-uncached:uncached");
  EXPECT_THAT(isolate->get(title(uncached)).header("cache-status"), HasSubstr("fwd=bypass"));
  EXPECT_EQ(ask("POST", "/api/experiments", R"({"template": "cached"})").status, 400U);
}

TEST_F(ExperimentsTest, OverrideByHandWhatIsPromoted) {
  EXPECT_EQ(ask("PUT", "/api/settings", R"({"POLICY_OVERRIDES": "title.ttl=2h, *.swr=false"})").status, 200U);
  EXPECT_THAT(isolate->get(title(1)).header("cache-control"), HasSubstr("max-age=7200"));
  EXPECT_EQ(variant(1), "");
  EXPECT_EQ(ask("PUT", "/api/settings", R"({"POLICY_OVERRIDES": "title.ttl=soon"})").status, 400U);
}

// The head of a hit is kept with the variant it tells of, and is another one once the experiment is over.
TEST_F(ExperimentsTest, HeadsThatAreKeptTellOfTheVariantOfNow) {
  EXPECT_EQ(ask("POST", "/api/experiments", longer_lives).status, 201U);
  const std::uint64_t of_week = key_of("title-ttl:week");
  constexpr auto plain = R"(larder; hit; ttl=[0-9]+; detail=memory)";
  constexpr auto with_variant = R"(larder; hit; ttl=[0-9]+; detail=memory; variant=title-ttl:week)";
  const auto status = [&] { return isolate->get(title(of_week)).header("cache-status"); };
  EXPECT_THAT(status(), MatchesRegex(with_variant));
  const std::size_t kept = isolate->host.heads_alive();
  EXPECT_GE(kept, 1U);
  EXPECT_THAT(status(), MatchesRegex(with_variant));
  EXPECT_EQ(isolate->host.heads_alive(), kept);
  EXPECT_EQ(ask("POST", "/api/experiments/title-ttl/rollback").status, 200U);
  EXPECT_THAT(status(), MatchesRegex(plain));
  EXPECT_EQ(isolate->host.heads_alive(), kept);
}

TEST_F(ExperimentsTest, LanesCountForTheirVariants) {
  ask("POST", "/api/experiments", longer_lives);
  const std::uint64_t key = key_of("title-ttl:week");
  // Within a second, under a view of the control log that is fresh.
  isolate->request("GET", title(key));
  world.run_for(Millis(300));
  isolate->request("GET", title(key));
  const auto& hit = isolate->host.exchange(isolate->request("GET", title(key)));
  ASSERT_TRUE(hit.lane.has_value());
  EXPECT_THAT(hit.header("cache-status"), HasSubstr("variant=title-ttl:week"));
  const auto before =
      isolate->app->counters().value(observe::Counter::experiment_requests_total, "title-ttl:week");
  isolate->host.lane_hits = {host::LaneHits(hit.lane->id, 40)};
  isolate->request("GET", "/health");
  EXPECT_EQ(isolate->app->counters().value(observe::Counter::experiment_requests_total, "title-ttl:week"),
            before + 40);
}

TEST_F(ExperimentsTest, RollAFlagOutAndServeItInOpenFeaturesShape) {
  const auto& begun = ask("POST", "/api/experiments", R"({
    "name": "new-search", "hypothesis": "It fails less.", "kind": "rollout", "unit": "client",
    "variants": [{"name": "off", "value": false}, {"name": "on", "value": true}],
    "guardrails": [{"metric": "error_rate", "tolerance": 2}], "watch": "1d"})");
  EXPECT_EQ(begun.status, 201U) << begun.body;
  const auto evaluate = [&](const std::string& who) {
    return ask("POST", "/ofrep/v1/evaluate/flags/new-search",
               R"({"context": {"targetingKey": ")" + who + "\"}}")
        .body;
  };
  const auto share_of_on = [&] {
    std::size_t on = 0;
    for (int i = 0; i < 200; ++i) {
      world.now += Millis(500);
      on += evaluate("client-" + std::to_string(i)).find("\"value\":true") != std::string::npos ? 1U : 0U;
    }
    return on;
  };
  EXPECT_EQ(evaluate("client-1"),
            R"({"key":"new-search","reason":"SPLIT","variant":"off","value":false,"metadata":{}})");
  EXPECT_NEAR(static_cast<double>(share_of_on()), 20, 15);
  // Who has the new variant while it is watched.
  experiments::Cohorts cohorts;
  cohorts.layer = "new-search";
  cohorts.salt = "new-search/1";
  const experiments::Lottery watched(experiments::rolled_out(cohorts, 90));
  const auto report = [&](std::uint64_t errors_of_on) {
    for (int batch = 0; batch < 24; ++batch) {
      std::string items;
      for (int i = 0; i < 500; ++i) {
        const std::string who = "client-" + std::to_string(batch * 500 + i);
        items += (items.empty() ? "" : ",") + std::string(R"({"unit":")") + who +
                 R"(","requests":10,"errors":)" +
                 (watched.variant_of(experiments::UnitId(who)) == 1U ? to_text(errors_of_on) : "0") + "}";
      }
      world.now += Millis(1'000);
      const auto& taken =
          ask("POST", "/api/experiments/new-search/observations", "{\"observations\":[" + items + "]}");
      ASSERT_EQ(taken.status, 200U) << taken.body;
    }
  };
  report(0);
  world.now += day;
  cron(nightly);
  EXPECT_THAT(calls("new-search"), ::testing::ElementsAre("declare", "next-step"));
  EXPECT_NEAR(static_cast<double>(share_of_on()), 100, 30);
  report(0);
  world.now += day;
  cron(nightly);
  EXPECT_EQ(state("new-search"), "watching");
  EXPECT_NEAR(static_cast<double>(share_of_on()), 180, 15);
  // A guardrail breaks while it is watched: it goes back by itself, within minutes.
  report(3);
  cron(often);
  EXPECT_EQ(state("new-search"), "rolled-back");
  EXPECT_EQ(share_of_on(), 0U);
  EXPECT_EQ(evaluate("client-1"),
            R"({"key":"new-search","reason":"STATIC","variant":"off","value":false,"metadata":{}})");
}

TEST_F(ExperimentsTest, SayWhatIsWrongAsOfrepDoes) {
  EXPECT_EQ(ask("POST", "/ofrep/v1/evaluate/flags/none", R"({"context": {"targetingKey": "x"}})").body,
            R"({"key":"none","errorCode":"FLAG_NOT_FOUND","errorDetails":"There is no flag of this name."})");
  EXPECT_EQ(
      ask("POST", "/ofrep/v1/evaluate/flags/none", R"({"context": {}})").body,
      R"({"key":"none","errorCode":"TARGETING_KEY_MISSING","errorDetails":"The context has no text \"targetingKey\"."})");
  EXPECT_EQ(ask("POST", "/ofrep/v1/evaluate/flags/none", "[]").status, 400U);
  EXPECT_EQ(ask("POST", "/ofrep/v1/evaluate/flags", R"({"context": {"targetingKey": "x"}})").body,
            R"({"flags":[]})");
}

// What the object counts of so many units of two variants, where some of the second's are lost.
std::vector<experiments::SampleRatio> counted_units(std::uint64_t unit_count,
                                                    std::uint64_t lost_of_thousand) {
  sim::DurableObjects objects{records::ObjectKind::experiments};
  const Instant now = instant_from_millis(1'789'948'800'000);
  records::experiments::declare_arguments declared;
  declared.name = "a";
  declared.layer = "a";
  declared.layer_share = 100;
  declared.declaration = "{}";
  sim::ask<records::experiments::declare_results>(objects, now, "experiments",
                                                  records::experiments::declare_number, declared);
  experiments::Cohorts cohorts;
  cohorts.layer = "a";
  cohorts.salt = "a/1";
  cohorts.shares = {50, 50};
  const experiments::Lottery lottery(cohorts);
  // By place, since those that lie close together are quicker to write.
  std::vector<std::tuple<std::uint64_t, std::uint64_t, std::size_t>> units;
  for (std::uint64_t i = 0; i < unit_count; ++i) {
    const experiments::UnitId id("larder:title:v3:title" + to_text(i));
    const std::size_t variant = lottery.variant_of(id).value();
    if (variant != 1 || i % 1'000 >= lost_of_thousand) {
      units.emplace_back(id.hash() % records::experiments::unit_places, id.hash(), variant);
    }
  }
  std::sort(units.begin(), units.end());
  std::array<records::SeenUnits, 2> waiting;
  std::uint64_t batches = 0;
  const auto send = [&] {
    records::experiments::add_arguments batch;
    batch.batch = to_text(++batches);
    // Here all units that want a place come with one batch, whose first variant has it: they take turns.
    for (const std::size_t variant : {batches % 2, (batches + 1) % 2}) {
      records::VariantSum sum;
      sum.salt = cohorts.salt;
      sum.epoch = 1;
      sum.variant = static_cast<std::uint32_t>(variant);
      sum.units = std::exchange(waiting.at(variant), {});
      batch.sums.push_back(std::move(sum));
    }
    sim::ask<records::experiments::add_results>(objects, now, "experiments", records::experiments::add_number,
                                                batch);
  };
  for (const auto& [place, hash, variant] : units) {
    records::SeenUnit unit;
    unit.unit_hash = hash;
    waiting.at(variant).push_back(unit);
    if (waiting.at(variant).size() == config::limit::experiment_batch_units_max) {
      send();
    }
  }
  send();
  records::experiments::show_arguments asked;
  asked.name = "a";
  const auto shown = sim::ask<records::experiments::show_results>(objects, now, "experiments",
                                                                  records::experiments::show_number, asked);
  return {experiments::SampleRatio(shown->sums.at(0).unit_count, 50),
          experiments::SampleRatio(shown->sums.at(1).unit_count, 50)};
}

experiments::Call call_of(const std::vector<experiments::SampleRatio>& counted) {
  auto declared = experiments::parse_experiment(longer_lives, {"title"});
  experiments::Look look;
  look.running = look.at_step = 3 * day;
  look.shares = {50, 50};
  for (const experiments::SampleRatio& one : counted) {
    experiments::Gathered gathered;
    gathered.units = one.units;
    for (std::size_t group = 0; group < config::limit::experiment_groups; ++group) {
      experiments::Sums sums;
      sums.requests = 1'000;
      // The second variant wins by ten points.
      sums.hits = (look.gathered.empty() ? 700 : 800) + group % 5;
      gathered.groups.push_back(sums);
    }
    look.gathered.push_back(std::move(gathered));
  }
  return experiments::analyse(*declared, look).call;
}

TEST(SampleRatio, FindsThatOneUnitInAHundredIsLost) {
  const auto whole = counted_units(200'000, 0);
  EXPECT_LT(experiments::log_evidence_of_mismatch(whole), 0);
  EXPECT_EQ(call_of(whole), experiments::Call::promote);
  const auto lossy = counted_units(1'500'000, 10);
  EXPECT_GT(experiments::log_evidence_of_mismatch(lossy), std::log(100));
  EXPECT_EQ(call_of(lossy), experiments::Call::stop_mismatch);
}

}  // namespace
}  // namespace larder::trials::experiments_test
