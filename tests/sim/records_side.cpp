#include "sim/records_side.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/spending.h"
#include "monitor/meter.h"
#include "records/token_bucket.h"

namespace larder::sim {

namespace {

constexpr std::size_t clerks_at_work = 3;
constexpr std::uint64_t users = 4;
constexpr std::uint64_t bucket_rate = 1;
constexpr std::uint64_t bucket_burst = 2;
// Who wants tokens at once, at most: more than there are.
constexpr std::uint64_t takers_max = 5;
constexpr std::uint64_t calls_a_day = 5;
constexpr std::string_view prefix = "clerks";
constexpr std::string_view bucket_prefix = "clerks:";

std::string name_of_clerk(std::size_t number) { return concat({"clerk ", to_text(std::uint64_t{number})}); }

host::Task<void> forget(host::Context here, observe::NarrativeLog& log, std::string user, Instant since,
                        std::map<std::string, Instant>& forgotten) {
  const auto told = co_await log.forget(here, user);
  if (told) {
    forgotten[user] = std::max(forgotten[user], since);
  }
}

host::Task<void> take_token(host::Context here, std::string bucket) {
  const records::BucketTerms terms(bucket_rate, bucket_burst, 1);
  const auto verdict = co_await records::wait_for_bucket(here, std::move(bucket), terms, Millis(2'000));
  static_cast<void>(verdict);
}

host::Task<void> take_call(host::Context here, const config::Settings& settings,
                           observe::Counters& counters) {
  std::string nobody;
  const auto refusal = co_await engine::take_model_call(here, settings, counters, std::move(nobody));
  static_cast<void>(refusal);
}

}  // namespace

class RecordsSide::ClerkHost final : public SimulatedHost {
 public:
  ClerkHost(World& world, RecordsSide& side) : SimulatedHost(world), side_(side) {}

  void submit(host::RequestId request, host::OperationId operation, host::OperationKind kind,
              std::string_view arguments) override {
    std::optional<Fault> fault;
    if (kind == host::OperationKind::object_run) {
      fault = side_.draw_fault(arguments);
      if (is_flush(arguments) && side_.arrives_late()) {
        side_.journal_.count(FaultKind::flush_late);
        // In place of the call, or after it.
        world_.after(side_.lateness(), [this, request, kind, copy = std::string(arguments)] {
          RecordReader reader(copy);
          run_operation(request, kind, reader);
        });
      }
      if (!fault && side_.fails_late()) {
        RecordReader reader(arguments);
        run_operation(request, kind, reader);
        fault.emplace();
        fault->status = 2;
      }
    }
    world_.fault = [&fault](host::OperationKind) { return fault; };
    SimulatedHost::submit(request, operation, kind, arguments);
    world_.fault = nullptr;
  }

 private:
  static bool is_flush(std::string_view arguments) {
    RecordReader reader(arguments);
    const bool is_ledger = reader.text() == "LEDGER";
    reader.text();
    return is_ledger && reader.u32() == records::ledger::flush_number;
  }

  RecordsSide& side_;
};

struct RecordsSide::Clerk {
  Clerk(World& world, RecordsSide& side, std::size_t number_)
      : number(number_),
        host(world, side),
        log(side.settings_, counters),
        book(counters),
        meter(side.settings_, counters, [] {}),
        requests(host) {
    host.complete = [this](host::RequestId request, host::OperationId operation,
                           host::Completion completion) {
      return requests.complete(request, operation, std::move(completion));
    };
  }
  host::Context context() { return requests.context(host::RequestId{next_request++}); }
  void start(host::Context here, host::Task<void> task) { requests.start(here.request(), std::move(task)); }

  std::size_t number;
  ClerkHost host;
  observe::Counters counters;
  observe::NarrativeLog log;
  operators::AuditBook book;
  monitor::Meter meter;
  host::Requests requests;
  std::uint32_t next_request = 1;
};

RecordsSide::RecordsSide(World& world, Random& random, Journal& journal)
    : world_(world),
      random_(random),
      journal_(journal),
      settings_(*config::parse_settings(
          {{"CACHE_PREFIX", std::string(prefix)}, {"LLM_DAILY_CALLS_MAX", to_text(calls_a_day)}})),
      ledger_(world, journal, std::string(prefix)) {
  listen();
  clerks_.resize(clerks_at_work);
  for (std::size_t place = 0; place < clerks_.size(); ++place) {
    hire(place);
  }
}

RecordsSide::~RecordsSide() {
  for (const auto& clerk : clerks_) {
    clerk->host.stop();
  }
}

void RecordsSide::listen() {
  world_.durable.at("BUCKETS").called.push_back([this](const std::string& name, std::uint32_t,
                                                       std::string_view, std::string_view reply) {
    const auto taken = results_of<records::buckets::take_results>(reply);
    if (!name.starts_with(bucket_prefix) || !taken) {
      return;
    }
    Given& given = given_.try_emplace(name, Given{world_.now, 0}).first->second;
    given.tokens += taken->allowed;
    const auto elapsed = static_cast<std::uint64_t>((world_.now - given.since).count());
    if (given.tokens * 1'000 > bucket_burst * 1'000 + bucket_rate * elapsed) {
      journal_.violate(
          Invariant::bucket_overdrawn, "",
          concat({"bucket ", name, " gave ", to_text(given.tokens), " tokens in ", to_text(elapsed), " ms"}));
    }
  });
  world_.durable.at("SPENDING")
      .called.push_back([this](const std::string&, std::uint32_t method, std::string_view argument,
                               std::string_view reply) {
        if (method != records::spending::take_number) {
          return;
        }
        const auto asked = records::decode<records::spending::take_arguments>(argument);
        const auto taken = results_of<records::spending::take_results>(reply);
        std::uint64_t& calls = model_calls_[asked.value().day];
        calls += taken && taken->allowed == 1 ? 1U : 0U;
        if (calls > calls_a_day) {
          journal_.violate(Invariant::spending_exceeded, "",
                           concat({to_text(calls), " calls of models were let through on one day"}));
        }
      });
}

void RecordsSide::hire(std::size_t place) {
  clerks_[place] = std::make_unique<Clerk>(world_, *this, ++clerks_hired_);
}

bool RecordsSide::lives(std::size_t clerk) const {
  return std::any_of(clerks_.begin(), clerks_.end(), [&](const auto& one) { return one->number == clerk; });
}

std::optional<Fault> RecordsSide::draw_fault(std::string_view arguments) {
  if (random_.chance(rates_.fails)) {
    Fault fault;
    fault.status = 2;
    return fault;
  }
  if (random_.chance(rates_.lost)) {
    Fault fault;
    fault.lost = true;
    return fault;
  }
  if (random_.chance(rates_.traps)) {
    RecordReader reader(arguments);
    const std::string binding = reader.text();
    world_.durable.at(binding).store(reader.text()).writes_until_trap = random_.below(8);
    journal_.count(FaultKind::object_trap);
  }
  return std::nullopt;
}

void RecordsSide::begin(Rates rates) {
  rates_ = rates;
  world_.after(random_.between(Millis(0), Millis(1'000)), [this] { work(); });
}

void RecordsSide::work() {
  if (healed_) {
    return;
  }
  const std::size_t place = random_.index(clerks_.size());
  count(place);
  switch (random_.below(8)) {
    case 0:
    case 1:
      write_narrative(place);
      break;
    case 2:
      write_call(place);
      break;
    case 3:
      write_refusal(place);
      break;
    case 4:
      forget_user(place);
      break;
    case 5: {
      Clerk& clerk = *clerks_[place];
      const host::Context here = clerk.context();
      clerk.start(here, take_call(here, settings_, clerk.counters));
      break;
    }
    default: {
      Clerk& clerk = *clerks_[place];
      for (std::uint64_t takers = 1 + random_.below(takers_max); takers > 0; --takers) {
        const host::Context here = clerk.context();
        clerk.start(here, take_token(here, concat({bucket_prefix, to_text(random_.below(2))})));
      }
      break;
    }
  }
  if (random_.chance(rates_.crash)) {
    journal_.count(FaultKind::isolate_crash);
    clerks_[place]->host.stop();
    refusals_lost_ = true;
    lost_.push_back(std::move(clerks_[place]));
    hire(place);
  }
  if (random_.percent(2)) {
    // The platform puts objects aside that nobody has asked for a while; others it may move at any time.
    journal_.count(FaultKind::object_reset);
    world_.durable.at("AUDIT").reset("audit");
    world_.durable.at("NARRATIVES").reset(std::string(prefix));
    world_.durable.at("SPENDING").reset("models");
  }
  world_.after(random_.between(Millis(20), Millis(1'500)), [this] { work(); });
}

void RecordsSide::write_narrative(std::size_t place) {
  Clerk& clerk = *clerks_[place];
  observe::NarrativeRow row;
  row.at = world_.now;
  row.user = random_.percent(70) ? concat({"user ", to_text(random_.below(users))}) : "";
  row.system = concat({"row ", to_text(next_row_++)});
  narratives_[row.system] = Told{clerk.number, row.user, world_.now};
  const host::Context here = clerk.context();
  clerk.start(here, clerk.log.write(here, std::move(row)));
}

void RecordsSide::write_call(std::size_t place) {
  Clerk& clerk = *clerks_[place];
  operators::AuditRow row;
  row.kind = operators::AuditKind::call;
  row.at = world_.now;
  row.request_id = concat({"clerk ", to_text(next_row_++)});
  calls_[row.request_id] = Told{clerk.number, "", world_.now};
  const host::Context here = clerk.context();
  clerk.start(here, clerk.book.write(here, std::move(row)));
}

void RecordsSide::write_refusal(std::size_t place) {
  Clerk& clerk = *clerks_[place];
  operators::AuditRow row;
  row.kind = operators::AuditKind::refusal;
  row.at = world_.now;
  row.address = concat({"198.51.100.", to_text(random_.below(3))});
  row.status = 401;
  ++refusals_[row.address];
  const host::Context here = clerk.context();
  clerk.start(here, clerk.book.write(here, std::move(row)));
}

void RecordsSide::forget_user(std::size_t place) {
  Clerk& clerk = *clerks_[place];
  const host::Context here = clerk.context();
  clerk.start(here, forget(here, clerk.log, concat({"user ", to_text(random_.below(users))}), world_.now,
                           forgotten_));
}

// As App does it behind a response.
void RecordsSide::count(std::size_t place) {
  Clerk& clerk = *clerks_[place];
  const std::string name = name_of_clerk(clerk.number);
  const std::uint64_t count = 1 + random_.below(400);
  clerk.counters.add(observe::Counter::warming_letters_total, name, {}, count);
  ledger_.counted(name, count);
  clerk.meter.accessed("title", concat({"title ", to_text(random_.below(50))}), Bytes(100), world_.now);
  clerk.meter.hurry(clerk.host);
  const host::Context here = clerk.context();
  if (clerk.meter.needs_gatherer(world_.now)) {
    clerk.start(here, clerk.meter.gather(here));
  } else if (random_.percent(10)) {
    clerk.start(here, clerk.meter.flush(here));
  }
}

void RecordsSide::heal() {
  healed_ = true;
  rates_ = Rates();
  // Past the time after which a gatherer counts as lost.
  world_.after(Millis(20'000), [this] {
    for (std::size_t place = 0; place < clerks_.size(); ++place) {
      write_narrative(place);
      write_call(place);
      write_refusal(place);
      count(place);
    }
  });
  // What a batch that was under way has kept back is in the next.
  for (const Millis later : {Millis(40'000), Millis(80'000)}) {
    world_.after(later, [this] {
      for (const auto& clerk : clerks_) {
        const host::Context here = clerk->context();
        clerk->start(here, clerk->meter.flush(here));
      }
    });
  }
}

void RecordsSide::judge() {
  judge_narratives();
  judge_audit();
  ledger_.judge([this](const std::string& isolate) {
    return std::any_of(clerks_.begin(), clerks_.end(),
                       [&](const auto& clerk) { return name_of_clerk(clerk->number) == isolate; });
  });
}

void RecordsSide::judge_narratives() {
  std::map<std::string, std::uint64_t> found;
  const MapStore& store = world_.durable.at("NARRATIVES").store(std::string(prefix));
  for (const auto& row : rows_of<records::NarrativeEntry>(store, "entry")) {
    const Told& told = narratives_.at(row.system);
    if (++found[row.system] > 1) {
      journal_.violate(Invariant::row_twice, "", concat({"the narrative ", row.system, " is there twice"}));
    }
    const auto forgotten = forgotten_.find(row.user);
    if (forgotten != forgotten_.end() && told.at <= forgotten->second) {
      journal_.violate(Invariant::forgotten_kept, "", concat({row.user, " is there, who was forgotten"}));
    }
  }
  for (const auto& [system, told] : narratives_) {
    const bool may_be_gone = !lives(told.clerk) || !told.user.empty();
    if (!may_be_gone && found[system] == 0) {
      journal_.violate(Invariant::row_lost, "", concat({"the narrative ", system, " is nowhere"}));
    }
  }
}

void RecordsSide::judge_audit() {
  std::map<std::string, std::uint64_t> found;
  std::map<std::string, std::uint64_t> counted;
  for (const auto& row : rows_of<records::AuditEntry>(world_.durable.at("AUDIT").store("audit"), "entry")) {
    if (calls_.contains(row.request_id) && ++found[row.request_id] > 1) {
      journal_.violate(Invariant::row_twice, "", concat({"the call ", row.request_id, " is there twice"}));
    }
    counted[row.address] += refusals_.contains(row.address) ? row.count : 0;
  }
  for (const auto& [request, told] : calls_) {
    if (lives(told.clerk) && found[request] == 0) {
      journal_.violate(Invariant::row_lost, "", concat({"the call ", request, " is nowhere"}));
    }
  }
  for (const auto& [address, made] : refusals_) {
    if (counted[address] > made) {
      journal_.violate(Invariant::row_twice, "",
                       concat({address, " was refused ", to_text(made), " times, and ",
                               to_text(counted[address]), " are counted"}));
    }
    if (!refusals_lost_ && counted[address] < made) {
      journal_.violate(Invariant::row_lost, "",
                       concat({address, " was refused ", to_text(made), " times, and ",
                               to_text(counted[address]), " are counted"}));
    }
  }
}

}  // namespace larder::sim
