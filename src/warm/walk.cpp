// A list of entries, one request after the other: what is there is passed over, what fails is a dead letter,
// and the walk goes on.
#include <algorithm>

#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"
#include "json/json_text.h"
#include "records/token_bucket.h"
#include "warm/warming.h"

namespace larder::warm {

using observe::Counter;

host::Task<Warming::Step> Warming::warm_entry(host::Context here, const WalkMessage& walk,
                                              const std::string& fields, Instant end) const {
  Step step;
  const auto parsed = json::JsonText::parse(fields);
  const config::Resource* const resource = writer_.find_resource(walk.resource);
  if (resource == nullptr || !parsed) {
    step.state = StepState::rejected;
    step.reason = "undeclared";
    step.message = concat({"larder.json no longer declares the resource ", walk.resource, "."});
    co_return step;
  }
  auto query = writer_.query_of(here.host(), *resource, parsed->as_pairs());
  if (!query) {
    step.state = StepState::rejected;
    step.reason = "invalid";
    step.message = query.error().message;
    co_return step;
  }
  std::vector<engine::Query> asked = {*query};
  const auto there = co_await writer_.has_all(here, std::move(asked));
  if (there && *there) {
    step.outcome = Outcome::skipped;
    co_return step;
  }
  // The list's own rate, all its messages together; a deployment without buckets goes one by one.
  const std::string bucket = concat({settings_.cache_prefix, ":list:", walk.job});
  const records::BucketTerms terms(walk.requests_per_second, 1, 1);
  const Millis patience = std::min(config::limit::warming_turn_patience, end - here.host().now());
  const auto turn = co_await records::wait_for_bucket(here, bucket, terms, patience);
  if (turn && !turn->allowed) {
    step.state = StepState::later;
    step.reason = "turn";
    step.message = "The list's own rate is used up.";
    step.delay = turn->retry_after;
    co_return step;
  }
  engine::Reading reading = co_await engine_.read_fresh(here, *query, config::limit::warming_turn_patience);
  if (reading.refusal() != nullptr) {
    const origin::Refusal& refusal = *reading.refusal();
    const bool passing = refusal.not_asked || refusal.error.retryable || refusal.origin_status >= 500;
    step.state = passing ? StepState::later : StepState::rejected;
    step.reason = to_text(refusal.error.kind);
    step.message = refusal.error.message;
    step.delay = Millis(static_cast<std::int64_t>(refusal.retry_after_seconds) * 1000);
  } else if (reading.hit() == nullptr) {
    step.state = StepState::rejected;
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
  const auto said = co_await book_.walk(here, walk, items_at_once);
  if (!said) {
    step.state = StepState::later;
    step.reason = "jobs";
    co_return step;
  }
  if (said->items.empty()) {
    // Nothing is open up to there; perhaps there is further on.
    walk.from = static_cast<std::uint32_t>(said->next);
    step.state = said->over == 1 ? StepState::over : StepState::more;
    co_return step;
  }
  for (const records::WalkedItem& walked : said->items) {
    if (here.host().now() >= batch.end || !batch.budget.take(operations_each)) {
      break;
    }
    step = co_await warm_entry(here, walk, walked.item.name, batch.end);
    if (step.state == StepState::later) {
      co_return step;
    }
    Account account;
    account.job = walk.job;
    account.key = walked.item.key;
    account.remaining = walked.item.depth_max - walked.item.depth;
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
    walk.from = static_cast<std::uint32_t>(walked.place) + walk.step;
    walk.tries = 0;
    walk.faults = 0;
  }
  step = Step();
  step.state = StepState::more;
  co_return step;
}

}  // namespace larder::warm
