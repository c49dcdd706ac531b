// An isolate that promotes a variant is lost between any two of its steps, and so is one that takes it back:
// what was decided is true in the end, once, and what was not decided never. Each mutant breaks that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/mutation.h"
#include "base/text.h"
#include "config/control_log.h"
#include "operators/support.h"
#include "records/control_log.h"
#include "records/experiments.h"
#include "support/isolate.h"

namespace larder::trials::crash_test {
namespace {

using records::ExperimentState;

constexpr auto declaration = R"({
  "name": "x", "hypothesis": "y", "resources": ["title"],
  "variants": [{"name": "a", "share": 50}, {"name": "b", "share": 50, "overrides": {"ttl": "7d"}}],
  "primary": {"metric": "hit_rate", "smallestEffect": 1}, "watch": "90d"})";

class Place {
 public:
  Place() {
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
      return sim::open_library_reply(title, "Terry Pratchett", "9780060853976");
    };
  }

  // A fresh isolate, which knows what the control log says. The former is lost, with all that it had under
  // way.
  void start() {
    world.fault = nullptr;
    if (isolate) {
      isolate->host.stop();
      lost.push_back(std::move(isolate));
    }
    // Copies of the log in caches are over by then.
    world.now += Millis(60'000);
    isolate = std::make_unique<sim::Isolate>(
        world, operators::operator_bindings({{"LEDGER_SHARDS", "1"}, {"ALERT_WEBHOOK_URL", webhook}}));
    // What a cold isolate is asked first takes no part: it learns meanwhile what goes on.
    isolate->get("https://larder.test/search/title?q=first" + std::to_string(next_title++));
  }
  // From the operation of that number on, nothing of this isolate completes any more; 0: it lives. An
  // operation that is lost has had no effect, or has had it.
  void lose_after(std::uint64_t operations) {
    if (operations == 0) {
      return;
    }
    auto left = std::make_shared<std::uint64_t>(operations);
    world.fault = [left](host::OperationKind) -> std::optional<sim::Fault> {
      if (*left > 1) {
        --*left;
        return std::nullopt;
      }
      sim::Fault fault;
      fault.lost = true;
      return fault;
    };
  }
  std::uint32_t ask(const std::string& path, std::string body = "") {
    const auto& exchange = isolate->run("POST", "https://larder.test" + path, operators::shown_json("ann"),
                                        operators::sent(std::move(body)));
    return exchange.answered ? exchange.status : 0;
  }
  void tend() {
    RecordWriter record;
    record.text("*/5 * * * *");
    record.u64(0);
    isolate->app->scheduled(host::RequestId{next_cron++}, record.bytes());
    world.run();
  }
  records::experiments::show_results shown() {
    records::experiments::show_arguments asked;
    asked.name = "x";
    return sim::ask<records::experiments::show_results>(world.durable.at("EXPERIMENTS"), world.now,
                                                        "experiments", records::experiments::show_number,
                                                        asked)
        .value();
  }
  std::size_t decided(std::string_view call) {
    std::size_t count = 0;
    const auto known = shown();
    for (const auto& decision : known.decisions) {
      count += decision.call == call ? 1U : 0U;
    }
    return count;
  }
  ExperimentState state() { return static_cast<ExperimentState>(shown().experiment.state); }
  // Whether those who take part in nothing have what was promoted.
  bool is_applied() {
    for (int i = 0; i < 20; ++i) {
      const auto& answer =
          isolate->get("https://larder.test/search/title?q=fresh" + std::to_string(next_title++));
      if (answer.header("cache-status").find("variant=") == std::string::npos) {
        return answer.header("cache-control").find("max-age=604800") != std::string::npos;
      }
    }
    return false;
  }
  // What the control log says of the experiment.
  std::string published() {
    const auto log =
        records::read_control_log(sim::append_control(world, records::control_changes(TextPairs())));
    for (const auto& [name, value] : log->settings) {
      if (name == "experiment:x") {
        return value;
      }
    }
    return "";
  }

  // How often people were told so.
  std::size_t told(std::string_view what) const {
    return static_cast<std::size_t>(
        std::count_if(messages.begin(), messages.end(),
                      [what](const std::string& message) { return contains(message, what); }));
  }

  static constexpr auto webhook = "https://hooks.example/larder";

  sim::World world;
  // What the webhook was sent.
  std::vector<std::string> messages;
  std::unique_ptr<sim::Isolate> isolate;
  std::vector<std::unique_ptr<sim::Isolate>> lost;
  std::uint32_t next_cron = 1'000'000;
  int next_title = 0;
};

// nullopt: all is as it has to be; else what is not.
std::optional<std::string> promote_and_take_back(std::uint64_t lost_at, bool by_promotion) {
  Place place;
  place.start();
  if (place.ask("/api/experiments", declaration) != 201) {
    return "it was not declared";
  }
  const std::string running = place.published();
  place.start();
  place.lose_after(by_promotion ? lost_at : 0);
  place.ask("/api/experiments/x/promote?variant=b");
  const std::string meanwhile = place.published();
  place.start();
  place.tend();
  const bool was_decided = place.state() == ExperimentState::watching;
  if (place.decided("promote") != (was_decided ? 1U : 0U)) {
    return "it was decided " + std::to_string(place.decided("promote")) + " times";
  }
  if (place.is_applied() != was_decided) {
    return was_decided ? "what was decided is not applied" : "what was not decided is applied";
  }
  if (!was_decided) {
    return by_promotion ? std::nullopt : std::optional<std::string>("it was not promoted");
  }
  // Once more by somebody who does not know: nothing changes.
  place.ask("/api/experiments/x/promote?variant=b");
  place.tend();
  if (place.decided("promote") != 1 || place.shown().experiment.serial != 2) {
    return "it was promoted twice";
  }
  if (place.told("The experiment x is promoted.") != 1) {
    return "people were told " + std::to_string(place.told("The experiment x is promoted.")) +
           " times that it is promoted";
  }
  const std::string promoted = place.published();
  place.start();
  place.lose_after(by_promotion ? 0 : lost_at);
  place.ask("/api/experiments/x/rollback");
  place.start();
  place.tend();
  const bool was_taken_back = place.state() == ExperimentState::rolled_back;
  if (place.is_applied() == was_taken_back) {
    return was_taken_back ? "what was taken back is still applied" : "what was not taken back is gone";
  }
  if (place.told("The experiment x is rolled back.") != (was_taken_back ? 1U : 0U)) {
    return "people were not told once that it is rolled back";
  }
  if (was_taken_back) {
    // Whoever was slow publishes now what was true before.
    for (const std::string& late : {running, meanwhile, promoted}) {
      const TextPairs settings = {{"experiment:x", late}};
      sim::append_control(place.world, records::control_changes(settings));
    }
    place.start();
    if (place.is_applied()) {
      return "what was taken back came again";
    }
  }
  return std::nullopt;
}

// More than any of the calls takes.
constexpr std::uint64_t operations_max = 24;

std::optional<std::string> lose_everywhere() {
  for (const bool by_promotion : {true, false}) {
    for (std::uint64_t lost_at = 0; lost_at <= operations_max; ++lost_at) {
      if (auto wrong = promote_and_take_back(lost_at, by_promotion)) {
        return "lost at " + std::to_string(lost_at) +
               (by_promotion ? " of the promotion: " : " of the rollback: ") + *wrong;
      }
    }
  }
  return std::nullopt;
}

// Two who decide on the same look: one of them is told that it has changed. And a batch of sums comes twice.
std::optional<std::string> decide_twice() {
  Place place;
  place.start();
  place.ask("/api/experiments", declaration);
  const auto seen = place.shown().experiment;
  const auto change = [&](ExperimentState state) {
    records::experiments::move_arguments asked;
    asked.name = "x";
    asked.serial = seen.serial;
    asked.state = static_cast<std::uint8_t>(state);
    return sim::ask<records::experiments::move_results>(place.world.durable.at("EXPERIMENTS"),
                                                        place.world.now, "experiments",
                                                        records::experiments::move_number, asked)
        .has_value();
  };
  if (!change(ExperimentState::stopped) || change(ExperimentState::watching)) {
    return "two decisions were taken on one look";
  }
  return std::nullopt;
}

std::optional<std::string> send_twice() {
  Place place;
  place.start();
  place.ask("/api/experiments", declaration);
  // The first answer of the object does not arrive, so the batch comes again.
  for (int i = 0; i < 8; ++i) {
    place.isolate->get("https://larder.test/search/title?q=t" + std::to_string(i));
  }
  records::experiments::add_arguments batch;
  batch.batch = "one";
  records::VariantSum sum;
  sum.salt = "x/1";
  sum.epoch = 1;
  records::GroupSum group;
  group.requests = 5;
  sum.groups.push_back(group);
  batch.sums.push_back(sum);
  const auto before = place.shown().sums.at(0).groups.at(0).requests;
  for (int i = 0; i < 2; ++i) {
    sim::ask<records::experiments::add_results>(place.world.durable.at("EXPERIMENTS"), place.world.now,
                                                "experiments", records::experiments::add_number, batch);
  }
  return place.shown().sums.at(0).groups.at(0).requests == before + 5
             ? std::nullopt
             : std::optional<std::string>("a batch was added twice");
}

std::optional<std::string> what_is_wrong() {
  if (auto wrong = lose_everywhere()) {
    return wrong;
  }
  if (auto wrong = decide_twice()) {
    return wrong;
  }
  return send_twice();
}

TEST(Crashes, BetweenAnyTwoStepsLeaveAPromotionMadeOnceOrNotAtAll) {
  EXPECT_EQ(what_is_wrong().value_or(""), "");
}

struct Defect {
  const char* name;
  Mutation mutation;
};
void PrintTo(const Defect& defect, std::ostream* out) { *out << defect.name; }

class StepDefects : public ::testing::TestWithParam<Defect> {};

TEST_P(StepDefects, AreFound) {
  active_mutation = GetParam().mutation;
  const auto wrong = what_is_wrong();
  active_mutation = Mutation::none;
  EXPECT_TRUE(wrong.has_value());
}

constexpr Defect defects[] = {
#define LARDER_MUTATION(name, what) Defect{#name, Mutation::name},
#include "base/step_mutations.def"
#undef LARDER_MUTATION
};
INSTANTIATE_TEST_SUITE_P(All, StepDefects, ::testing::ValuesIn(defects),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace larder::trials::crash_test
