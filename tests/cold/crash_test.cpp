// Isolates that archive, bring back and clean up are lost between any two of their operations, with and
// without the effect of the one they were at: no entry is ever unreadable, older than it was, or back after a
// purge; a rerun finishes; no object stays without a stub. Each mutant breaks that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mutation.h"
#include "base/text.h"
#include "cold/archiver.h"
#include "config/limits.h"
#include "engine/support.h"
#include "records/calls.h"
#include "records/control_log.h"

namespace larder::cold::crash_test {
namespace {

using host::OperationKind;
using sim::Isolate;
using sim::OriginRequest;

constexpr Millis day = std::chrono::hours(24);
constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "30d", "stale": "30d", "tags": ["item:{id}"]}]})";

using Wrong = std::optional<std::string>;

// Whether the operation that the isolate was lost at has had its effect.
enum class Effect : std::uint8_t { none, had };

std::string key_of(std::string_view id) { return concat({"larder:item:v3:", id}); }

TextPairs bindings() { return {{"LEDGER_SHARDS", "1"}}; }

class Place {
 public:
  Place() {
    world.origin = [this](const OriginRequest& asked) {
      sim::OriginReply reply;
      reply.headers = {{"content-type", "application/octet-stream"}};
      if (is_origin_down) {
        reply.failure = 2;
        return reply;
      }
      reply.content = content_of(asked.url.substr(asked.url.rfind('/') + 1));
      return reply;
    };
    isolate = std::make_unique<Isolate>(world, bindings(), declared, "dc");
    for (const char* id : {"a", "b"}) {
      isolate->get(concat({"/items/", id}));
    }
    trigger();
    world.now += 9 * day;
    start();
  }

  std::string content_of(std::string_view id) const {
    return concat({id, version}) + std::string(100'000, '.');
  }
  // A fresh isolate. The former is lost with all that it had under way, and its locks have ended.
  void start() {
    world.fault = nullptr;
    if (isolate) {
      isolate->host.stop();
      lost.push_back(std::move(isolate));
    }
    world.now += Millis(100'000);
    isolate = std::make_unique<Isolate>(world, bindings(), declared,
                                        concat({"dc", larder::to_text(std::uint64_t{lost.size()})}));
  }
  // At the operation of that number the isolate is lost; 0: it lives. `meanwhile` happens at that moment.
  void at_operation(std::uint64_t number, std::function<std::optional<sim::Fault>(OperationKind)> act) {
    auto left = std::make_shared<std::uint64_t>(number);
    world.fault = [left, act = std::move(act)](OperationKind kind) -> std::optional<sim::Fault> {
      if (*left == 0 || --*left > 0) {
        return std::nullopt;
      }
      return act(kind);
    };
  }
  void lose_at(std::uint64_t number, Effect effect) {
    Isolate* const losing = isolate.get();
    at_operation(number, [losing, effect](OperationKind) -> std::optional<sim::Fault> {
      losing->host.stop();
      sim::Fault fault;
      fault.status = 2;
      return effect == Effect::none ? std::optional<sim::Fault>(fault) : std::nullopt;
    });
  }
  void trigger(std::string cron = "*/5 * * * *") {
    RecordWriter record;
    record.text(std::move(cron));
    record.u64(0);
    isolate->app->scheduled(static_cast<host::RequestId>(1'000'000 + triggers++), record.bytes());
    world.run();
  }
  // The queue gives messages that are due, and again those of an isolate that is lost.
  void consume() {
    for (std::size_t i = 0; i < 20; ++i) {
      auto& queue = world.queues["ARCHIVE_QUEUE"];
      for (std::size_t left = queue.size(); left > 0; --left) {
        const auto message = queue.front();
        queue.pop_front();
        if (message.first > world.now) {
          queue.push_back(message);
          continue;
        }
        const std::size_t before = lost.size();
        isolate->batch(
            "archive-queue",
            {Isolate::Sent(concat({"m", larder::to_text(std::uint64_t{++messages})}), 1, message.second)});
        world.run();
        if (isolate->host.stopped() && lost.size() == before) {
          queue.push_back(message);
          return;
        }
      }
    }
  }
  // Until nothing is under way: messages come again, and a run that is quiet goes on.
  void finish() {
    for (int i = 0; i < 4; ++i) {
      consume();
      world.now += config::limit::cold_quiet + Millis(1);
      trigger();
    }
    consume();
  }
  // The queue has the second look at what the first, at `seen`, has found without a stub.
  void look_again(std::string_view id, Instant seen) {
    Message message;
    message.kind = Message::Kind::look_again;
    message.seen = seen;
    message.names.push_back(key_of(id));
    world.queues["ARCHIVE_QUEUE"].emplace_back(seen + config::limit::cold_forget_delay, to_json(message));
  }
  void purge(const std::string& tag) {
    const std::vector<config::Purge> purges = {
        config::Purge(config::PurgeKind::tag, tag, config::PurgeMode::hard)};
    sim::append_control(world, records::control_changes(purges));
  }
  bool is_stub(std::string_view id) const {
    const auto found = world.kv.find(key_of(id));
    return found != world.kv.end() && found->second.header.ends_with(entry::stub_mark);
  }
  // Whether a reader of this moment gets it without the origin.
  bool is_readable(std::string_view id) const {
    const auto found = world.kv.find(key_of(id));
    if (found == world.kv.end()) {
      return false;
    }
    if (!is_stub(id)) {
      return found->second.content == content_of(id);
    }
    const auto object = world.r2.find(key_of(id));
    return object != world.r2.end() && object->second.content == content_of(id);
  }
  Wrong unreadable() const {
    for (const char* id : {"a", "b"}) {
      if (!is_readable(id)) {
        return concat({id, " cannot be read"});
      }
    }
    return std::nullopt;
  }
  Wrong orphaned() const {
    for (const auto& [name, object] : world.r2) {
      const auto found = world.kv.find(name);
      if (found == world.kv.end() || !found->second.header.ends_with(entry::stub_mark)) {
        return concat({name, " is in R2 without a stub"});
      }
    }
    return std::nullopt;
  }
  // Another walk, and the second look at what it found.
  Wrong sweep() {
    world.now += Millis(100'000);
    trigger("0 2 * * *");
    finish();
    return orphaned();
  }

  sim::World world;
  std::unique_ptr<Isolate> isolate;
  std::vector<std::unique_ptr<Isolate>> lost;
  std::string version;
  bool is_origin_down = false;
  std::uint32_t triggers = 0;
  std::uint64_t messages = 0;
};

Wrong archive_and_lose(std::uint64_t lost_at, Effect effect) {
  Place place;
  place.trigger("0 2 * * *");
  place.lose_at(lost_at, effect);
  place.consume();
  if (auto wrong = place.unreadable()) {
    return wrong;
  }
  place.start();
  place.finish();
  if (auto wrong = place.unreadable()) {
    return "after a rerun " + *wrong;
  }
  if (!place.is_stub("a") || !place.is_stub("b")) {
    return "the rerun has not finished";
  }
  if (auto wrong = place.sweep()) {
    return wrong;
  }
  // Nobody needs the origin.
  place.is_origin_down = true;
  place.start();
  for (const char* id : {"a", "b"}) {
    const auto& answer = place.isolate->get(concat({"/items/", id}));
    if (answer.status != 200 || answer.body != place.content_of(id)) {
      return concat({id, " is not answered from R2"});
    }
  }
  return std::nullopt;
}

Wrong bring_back_and_lose(std::uint64_t lost_at, Effect effect) {
  Place place;
  place.trigger("0 2 * * *");
  place.consume();
  if (!place.is_stub("a")) {
    return "it was not archived";
  }
  place.start();
  place.is_origin_down = true;
  place.lose_at(lost_at, effect);
  place.isolate->get("/items/a");
  if (auto wrong = place.unreadable()) {
    return "while it came back " + *wrong;
  }
  place.start();
  if (place.isolate->get("/items/a").body != place.content_of("a")) {
    return "it is not answered";
  }
  if (place.is_stub("a")) {
    return "it did not come back";
  }
  place.is_origin_down = false;
  if (auto wrong = place.sweep()) {
    return wrong;
  }
  return place.unreadable();
}

// Everywhere but between the last look at KV and the stub, which KV cannot do in one.
Wrong change_while_it_is_copied(std::uint64_t at) {
  Place place;
  place.trigger("0 2 * * *");
  place.at_operation(at, [&place](OperationKind kind) -> std::optional<sim::Fault> {
    if (kind == OperationKind::r2_put || kind == OperationKind::r2_head) {
      // Somebody else stores the origin's answer of this moment.
      place.version = " of now";
      place.lost.push_back(std::make_unique<Isolate>(place.world, bindings(), declared, "other"));
      for (const char* id : {"a", "b"}) {
        auto found = place.world.kv.find(key_of(id));
        const entry::KeptText text = entry::parse_kept(found->second.header);
        entry::Header header = entry::decode(text.header).value();
        header.created = place.world.now;
        header.asked = place.world.now;
        header.body_asked = place.world.now;
        header.stored_size = Bytes(place.content_of(id).size());
        header.body_size = header.stored_size;
        found->second.header = entry::encode(header, Bytes(1024)).value();
        found->second.content = place.content_of(id);
      }
    }
    return std::nullopt;
  });
  place.consume();
  place.start();
  place.finish();
  return place.unreadable();
}

Wrong put_that_is_forgotten() {
  Place place;
  place.world.r2_forgets_puts = true;
  place.trigger("0 2 * * *");
  place.consume();
  return place.unreadable();
}

Wrong purge_after_archiving() {
  Place place;
  place.trigger("0 2 * * *");
  place.consume();
  place.purge("item:a");
  place.start();
  place.trigger();
  if (place.world.kv.contains(key_of("a"))) {
    return "the stub is still there";
  }
  if (place.world.r2.contains(key_of("a"))) {
    return "the value is still in R2";
  }
  return std::nullopt;
}

Wrong purge_while_it_comes_back(std::uint64_t at) {
  Place place;
  place.trigger("0 2 * * *");
  place.consume();
  place.start();
  bool is_purged = false;
  place.at_operation(at, [&](OperationKind) -> std::optional<sim::Fault> {
    place.purge("item:a");
    place.world.kv.erase(key_of("a"));
    place.world.r2.erase(key_of("a"));
    // From the purge on the origin says something else.
    place.version = " of now";
    is_purged = true;
    return std::nullopt;
  });
  const std::string before = place.content_of("a");
  place.isolate->get("/items/a");
  if (!is_purged) {
    return std::nullopt;
  }
  place.start();
  if (place.isolate->get("/items/a").body == before) {
    return "what was purged is back";
  }
  return std::nullopt;
}

// An entry that has come back, and is unread since; its object is without a stub.
void leave_orphan(Place& place) {
  place.trigger("0 2 * * *");
  place.consume();
  place.start();
  place.isolate->get("/items/a");
  place.trigger();
  place.world.now += 9 * day;
  place.start();
}

// Its deletion reaches R2 when nobody waits for it any more; meanwhile another run takes the entry up, which
// no lock keeps from it.
Wrong deletion_that_is_late() {
  Place place;
  leave_orphan(place);
  place.look_again("a", place.world.now);
  place.world.now += config::limit::cold_forget_delay;
  bool is_under_way = false;
  place.world.fault = [&is_under_way](OperationKind kind) -> std::optional<sim::Fault> {
    if (kind != OperationKind::r2_delete) {
      return std::nullopt;
    }
    is_under_way = true;
    sim::Fault fault;
    fault.status = 2;
    return fault;
  };
  place.consume();
  place.world.fault = nullptr;
  if (!is_under_way) {
    return "the orphan stays";
  }
  place.world.locks.clear();
  place.trigger("0 2 * * *");
  place.consume();
  place.world.r2.erase(key_of("a"));
  if (auto wrong = place.unreadable()) {
    return "after a deletion that was late " + *wrong;
  }
  place.world.now += config::limit::cold_mark_kept;
  if (auto wrong = place.sweep()) {
    return wrong;
  }
  return place.is_stub("a") ? place.unreadable() : "the next run has not finished";
}

// Another run moves the entry between both looks, and its stub is not seen yet where the second one is.
Wrong stub_that_is_seen_late() {
  Place place;
  leave_orphan(place);
  place.look_again("a", place.world.now);
  place.world.now += config::limit::cold_forget_delay - Millis(10'000);
  const sim::Stored before = place.world.kv.at(key_of("a"));
  place.trigger("0 2 * * *");
  place.consume();
  if (!place.is_stub("a")) {
    return "what an orphan is there of does not move";
  }
  const sim::Stored stub = place.world.kv.at(key_of("a"));
  place.world.locks.clear();
  place.world.now += Millis(10'000);
  std::size_t looks = 0;
  place.world.fault = [&](OperationKind kind) -> std::optional<sim::Fault> {
    looks += kind == OperationKind::kv_get ? 1 : 0;
    place.world.kv[key_of("a")] = kind == OperationKind::kv_get ? before : stub;
    return std::nullopt;
  };
  place.consume();
  place.world.fault = nullptr;
  place.world.kv[key_of("a")] = stub;
  return looks == 0 ? "nobody has looked again" : place.unreadable();
}

// What was marked for its deletion, and not deleted, goes with the next run.
Wrong deletion_that_is_lost() {
  Place place;
  leave_orphan(place);
  // So that it stays where it is.
  place.isolate->get("/items/a");
  place.trigger();
  place.look_again("a", place.world.now);
  place.world.now += config::limit::cold_forget_delay;
  place.world.fault = [&place](OperationKind kind) -> std::optional<sim::Fault> {
    if (kind != OperationKind::r2_delete) {
      return std::nullopt;
    }
    place.isolate->host.stop();
    sim::Fault fault;
    fault.status = 2;
    return fault;
  };
  place.consume();
  place.start();
  if (!place.world.r2.contains(key_of("a"))) {
    return "nothing was lost";
  }
  if (auto wrong = place.sweep()) {
    return wrong;
  }
  return place.unreadable();
}

// More than any of them takes.
constexpr std::uint64_t archive_operations_max = 40;
constexpr std::uint64_t read_operations_max = 16;

Wrong everything() {
  const auto told = [](std::string_view what, std::uint64_t at, const std::string& wrong) {
    return concat({what, " at operation ", larder::to_text(at), ": ", wrong});
  };
  for (const Effect effect : {Effect::none, Effect::had}) {
    for (std::uint64_t at = 0; at <= archive_operations_max; ++at) {
      if (auto wrong = archive_and_lose(at, effect)) {
        return told("archiving, lost", at, *wrong);
      }
    }
    for (std::uint64_t at = 0; at <= read_operations_max; ++at) {
      if (auto wrong = bring_back_and_lose(at, effect)) {
        return told("coming back, lost", at, *wrong);
      }
    }
  }
  for (std::uint64_t at = 1; at <= archive_operations_max; ++at) {
    if (auto wrong = change_while_it_is_copied(at)) {
      return told("changed", at, *wrong);
    }
  }
  for (std::uint64_t at = 1; at <= read_operations_max; ++at) {
    if (auto wrong = purge_while_it_comes_back(at)) {
      return told("purged", at, *wrong);
    }
  }
  for (const auto scenario :
       {put_that_is_forgotten, deletion_that_is_late, stub_that_is_seen_late, deletion_that_is_lost}) {
    if (auto wrong = scenario()) {
      return wrong;
    }
  }
  return purge_after_archiving();
}

TEST(ColdCrash, NothingIsLostOrOlderOrBackAgain) { EXPECT_EQ(everything(), std::nullopt); }

class ColdMutant : public ::testing::TestWithParam<Mutation> {
 protected:
  void SetUp() override { active_mutation = GetParam(); }
  void TearDown() override { active_mutation = Mutation::none; }
};

TEST_P(ColdMutant, IsFound) { EXPECT_NE(everything(), std::nullopt); }

constexpr Mutation mutants[] = {
#define LARDER_MUTATION(name, what) Mutation::name,
#include "base/cold_mutations.def"
#include "base/orphan_mutations.def"
#undef LARDER_MUTATION
};
constexpr const char* names[] = {
#define LARDER_MUTATION(name, what) #name,
#include "base/cold_mutations.def"
#include "base/orphan_mutations.def"
#undef LARDER_MUTATION
};

INSTANTIATE_TEST_SUITE_P(All, ColdMutant, ::testing::ValuesIn(mutants),
                         [](const auto& tested) { return names[tested.index]; });

}  // namespace
}  // namespace larder::cold::crash_test
