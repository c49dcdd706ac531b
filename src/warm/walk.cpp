// A list of entries, one request after the other: what is there is passed over, what fails is a dead letter,
// and the walk goes on.
#include <algorithm>

#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/pause.h"
#include "host/operations.h"
#include "warm/warming.h"

namespace larder::warm {

using observe::Counter;

host::Task<Warming::Step> Warming::warm_entry(host::Context here, const WalkMessage& walk,
                                              const std::string& fields) const {
  Step step;
  const auto parsed = config::JsonText::parse(fields);
  const config::Resource* const resource = stock_.find_resource(walk.resource);
  if (resource == nullptr || !parsed) {
    step.state = StepState::hopeless;
    step.reason = "undeclared";
    step.message = concat({"larder.json no longer declares the resource ", walk.resource, "."});
    co_return step;
  }
  auto query = stock_.query_of(here.host(), *resource, parsed->as_pairs());
  if (!query) {
    step.state = StepState::hopeless;
    step.reason = "invalid";
    step.message = query.error().message;
    co_return step;
  }
  std::vector<engine::Query> asked = {*query};
  const auto there = co_await stock_.has_all(here, std::move(asked));
  if (there && *there) {
    step.outcome = Outcome::skipped;
    co_return step;
  }
  // The list's own rate, all its messages together; a deployment without buckets goes one by one.
  JsonWriter json;
  json.begin_object().key("rate_per_second").value(walk.requests_per_second);
  json.key("burst").value(1).key("count").value(1).end_object();
  const std::string bucket = concat({settings_.cache_prefix, ":list:", walk.job});
  for (;;) {
    const auto answer =
        co_await host::object_call(here, "BUCKETS", bucket, "take", json.text(),
                                   static_cast<std::uint64_t>(config::limit::object_patience.count()));
    const auto said = config::JsonText::parse(answer ? answer->result : "{}");
    if (!answer || !said || said->flag("allowed")) {
      break;
    }
    co_await engine::pause_for(here, Millis(static_cast<std::int64_t>(std::clamp<std::uint64_t>(
                                         said->number("retry_after_millis"), 1, 5000))));
  }
  engine::Reading reading = co_await engine_.read_fresh(here, *query, config::limit::warming_turn_patience);
  if (reading.refusal != nullptr) {
    const origin::Refusal& refusal = *reading.refusal;
    const bool passing = refusal.not_asked || refusal.error.retryable || refusal.origin_status >= 500;
    step.state = passing ? StepState::later : StepState::hopeless;
    step.reason = to_text(refusal.error.kind);
    step.message = refusal.error.message;
    step.delay = Millis(static_cast<std::int64_t>(refusal.retry_after_seconds) * 1000);
  } else if (reading.entry == nullptr) {
    step.state = StepState::hopeless;
    step.reason = "not_kept";
    step.message = "The origin's answer may not be kept: it is too large, or the origin forbids it.";
  } else {
    step.works = 1;
  }
  const bool is_kept = step.state == StepState::done;
  const auto stored = co_await engine_.settle_for_all(here, *query, std::move(reading));
  if (is_kept && !stored && !LARDER_MUTATED(failed_entries_passed_over)) {
    step.state = StepState::later;
    step.reason = "store";
    step.message = "The entry could not be stored.";
  }
  co_return step;
}

host::Task<Warming::Step> Warming::walk(host::Context here, WalkMessage& walk, Batch& batch) const {
  // A look at the entry, its reading and its storing.
  constexpr std::size_t operations_each = 5;
  constexpr std::uint32_t items_at_once = 20;
  Step step;
  JsonWriter json;
  json.begin_object().key("now").value(millis_since_epoch(here.host().now()));
  json.key("job").value(walk.job).key("from").value(walk.from).key("step").value(walk.step);
  json.key("limit").value(items_at_once);
  std::string argument = json.end_object().text();
  const auto said = co_await book_.call(here, "walk", std::move(argument));
  if (!said) {
    step.state = StepState::later;
    step.reason = "jobs";
    co_return step;
  }
  const std::vector<config::JsonText> items = said->items("items");
  if (items.empty()) {
    step.state = StepState::over;
    co_return step;
  }
  for (const config::JsonText& item : items) {
    if (here.host().now() >= batch.end || !batch.budget.take(operations_each)) {
      break;
    }
    step = co_await warm_entry(here, walk, item.text("name"));
    if (step.state == StepState::later) {
      co_return step;
    }
    Account account;
    account.job = walk.job;
    account.key = item.text("key");
    account.remaining = static_cast<std::uint32_t>(item.number("maxDepth") - item.number("depth"));
    account.outcome = step.state == StepState::done ? step.outcome : Outcome::failed;
    account.works = step.works;
    account.reason = std::string(step.reason);
    account.message = step.message;
    counters_.add(Counter::warmed_authors_total, to_text(account.outcome));
    std::vector<Account> accounts;
    accounts.push_back(std::move(account));
    const auto settled = co_await book_.settle(here, accounts);
    if (!settled) {
      step.state = StepState::later;
      step.reason = "jobs";
      co_return step;
    }
    walk.from = static_cast<std::uint32_t>(item.number("place")) + walk.step;
    walk.tries = 0;
    walk.faults = 0;
  }
  step = Step();
  step.state = StepState::more;
  co_return step;
}

}  // namespace larder::warm
