// A batch of the queue, from its messages to its settlement. Order is what makes a crash between any two
// steps harmless: an author's entries, then the co-authors' messages, then the mark, then the account, then
// the acknowledgement. Each is done again without harm.
#include <algorithm>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/pause.h"
#include "host/log_line.h"
#include "host/operations.h"
#include "host/together.h"
#include "warm/warming.h"

namespace larder::warm {

using observe::Counter;

namespace {

constexpr std::uint64_t hand_back_seconds = 30;

std::string_view queue_of(Priority priority) {
  switch (priority) {
    case Priority::normal:
      return "AUTHOR_WARMING_QUEUE";
    case Priority::high:
      return "AUTHOR_WARMING_PRIORITY";
  }
  LARDER_UNREACHABLE();
}

Priority priority_of(const Message& message) {
  return message.kind == MessageKind::author ? message.author.priority : message.walk.priority;
}

Account account_of(const AuthorMessage& author) {
  Account account;
  account.job = author.job;
  account.key = author.key;
  account.remaining = author.remaining();
  return account;
}

}  // namespace

host::Task<void> Warming::consume(host::Context here, std::string queue,
                                  std::vector<Delivery> deliveries) const {
  Batch batch;
  batch.budget = Budget(config::limit::warming_operations_max);
  batch.end = here.host().now() + config::limit::warming_time_max;
  std::size_t unknown = 0;
  for (Delivery& delivery : deliveries) {
    Slot slot;
    slot.id = std::move(delivery.id);
    auto message = parse_message(delivery.body);
    if (message) {
      slot.message = std::move(*message);
    } else {
      // Of another version, perhaps, that is being rolled out: handed back, so that it may take it, or so
      // that it ends as a dead letter rather than nowhere.
      slot.handed_back = true;
      ++unknown;
    }
    batch.slots.push_back(std::move(slot));
  }
  if (unknown > 0) {
    host::LogLine line(here.host(), LogLevel::warn, "unknown_messages");
    line.add("queue", queue).add("count", unknown).write();
  }
  const bool begun = co_await begin(here, batch);
  if (!begun) {
    for (Slot& slot : batch.slots) {
      slot.handed_back = true;
    }
  } else {
    std::vector<host::Task<void>> working;
    for (std::size_t i = 0; i < config::limit::warming_at_once; ++i) {
      working.push_back(work_on(here, batch));
    }
    co_await host::together(std::move(working));
  }
  co_await end(here, batch);
}

host::Task<bool> Warming::begin(host::Context here, Batch& batch) const {
  std::vector<Account> references;
  std::vector<std::string> markers;
  std::vector<std::size_t> slots;
  for (std::size_t i = 0; i < batch.slots.size(); ++i) {
    const Slot& slot = batch.slots[i];
    if (!slot.handed_back && slot.message.kind == MessageKind::author) {
      references.push_back(account_of(slot.message.author));
      markers.push_back(marker_key(here.host(), slot.message.author.key));
      slots.push_back(i);
    }
  }
  if (references.empty()) {
    co_return true;
  }
  const auto open = co_await book_.begin(here, references);
  if (!open) {
    co_return false;
  }
  batch.budget.take(1);
  const auto found = co_await host::kv_get_many(here, markers);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Slot& slot = batch.slots[slots[i]];
    slot.step.state = (*open)[i] ? StepState::done : StepState::over;
    // Without the marks everything is gone over again, which does no harm.
    slot.marker = found ? found->contents[i] : "";
  }
  co_return true;
}

std::string_view Warming::resource_of(const Message& message) const {
  if (message.kind == MessageKind::walk) {
    return message.walk.resource;
  }
  const config::Resource* const authors = writer_.resource_for(config::ProviderQuery::author);
  return authors == nullptr ? std::string_view() : std::string_view(authors->name);
}

host::Task<void> Warming::work_on(host::Context here, Batch& batch) const {
  while (batch.next < batch.slots.size()) {
    Slot& slot = batch.slots[batch.next++];
    if (slot.handed_back || slot.step.state == StepState::over) {
      continue;
    }
    if (here.host().now() >= batch.end) {
      slot.step.state = StepState::more;
      continue;
    }
    const Instant began = here.host().now();
    const std::string_view resource = resource_of(slot.message);
    if (!resource.empty() && !is_kept(resource)) {
      // It may have been switched off since the upload: an origin's answer would be kept nowhere.
      slot.step.state = StepState::later;
      slot.step.reason = "not_kept";
      slot.step.message =
          "The cache does not keep what would be warmed: see FEATURE_CACHE, CACHE_IMPL and "
          "CACHE_PATTERN_WHITELIST.";
    } else if (slot.message.kind == MessageKind::author) {
      slot.step = co_await warm_author(here, slot, batch.budget);
    } else {
      slot.step = co_await walk(here, slot.message.walk, batch);
    }
    if (slot.step.state == StepState::later || slot.step.state == StepState::fault) {
      const bool is_author = slot.message.kind == MessageKind::author;
      std::uint32_t& tries = is_author ? slot.message.author.tries : slot.message.walk.tries;
      std::uint32_t& faults = is_author ? slot.message.author.faults : slot.message.walk.faults;
      Instant& since = is_author ? slot.message.author.trouble_since : slot.message.walk.trouble_since;
      since = tries + faults == 0 ? began : since;
      ++(slot.step.state == StepState::later ? tries : faults);
      const bool out_of_patience = here.host().now() - since >= config::limit::warming_patience;
      if (out_of_patience || faults >= config::limit::warming_faults_max) {
        slot.step.state = StepState::rejected;
      }
      slot.step.delay = std::max(
          slot.step.delay, policy::backoff(tries + faults + 1, config::limit::warming_delay_first,
                                           config::limit::warming_delay_max, engine::random_of(here.host())));
    }
  }
}

// The message goes on in a copy with a delay of its own, which costs none of the
// queue's retries; then this one is acknowledged. Between the two there may be both, which does no harm.
host::Task<void> Warming::put_off(host::Context here, Slot& slot) const {
  QueueBatch queue_batch;
  queue_batch.binding = std::string(queue_of(priority_of(slot.message)));
  const bool is_author = slot.message.kind == MessageKind::author;
  if (slot.step.state != StepState::more) {
    queue_batch.delay_seconds = static_cast<std::uint64_t>(whole_seconds(slot.step.delay + Millis(999)));
    counters_.add(Counter::warming_deferred_total, slot.step.reason);
  } else if (is_author) {
    slot.message.author.tries = 0;
    slot.message.author.faults = 0;
  }
  queue_batch.messages.push_back(is_author ? to_json(slot.message.author) : to_json(slot.message.walk));
  const auto sent = co_await send_queue_batch(here, std::move(queue_batch));
  slot.handed_back = !sent && !LARDER_MUTATED(put_off_unsent);
}

host::Task<void> Warming::end(host::Context here, Batch& batch) const {
  std::vector<Account> accounts;
  std::vector<std::size_t> accounted;
  for (std::size_t i = 0; i < batch.slots.size(); ++i) {
    Slot& slot = batch.slots[i];
    if (slot.handed_back) {
      continue;
    }
    switch (slot.step.state) {
      case StepState::over:
        break;
      case StepState::more:
      case StepState::later:
      case StepState::fault:
        co_await put_off(here, slot);
        break;
      case StepState::done:
      case StepState::rejected:
        // A walk has accounted for each of its entries.
        if (slot.message.kind == MessageKind::author) {
          Account account = account_of(slot.message.author);
          account.outcome = slot.step.state == StepState::done ? slot.step.outcome : Outcome::failed;
          account.works = slot.step.works;
          account.reason =
              LARDER_MUTATED(letter_without_reason) ? std::string() : std::string(slot.step.reason);
          account.message = slot.step.message;
          accounts.push_back(std::move(account));
          accounted.push_back(i);
        }
        break;
    }
  }
  if (!accounts.empty()) {
    const auto settled = co_await book_.settle(here, accounts);
    for (std::size_t i = 0; i < accounted.size(); ++i) {
      Slot& slot = batch.slots[accounted[i]];
      slot.handed_back = !settled && !LARDER_MUTATED(acknowledged_unsettled);
      if (settled && settled->counted[i] == '\1') {
        log_author(here.host(), slot.message.author, slot.step);
      }
    }
    if (settled) {
      co_await tell(here, *settled);
    }
  }
  std::vector<std::string> acknowledged;
  std::vector<std::string> retried;
  for (const Slot& slot : batch.slots) {
    (slot.handed_back ? retried : acknowledged).push_back(slot.id);
  }
  const auto settled = co_await host::batch_settle(here, acknowledged, retried, hand_back_seconds);
  if (!settled) {
    host::LogLine(here.host(), LogLevel::error, "batch_not_settled").write();
  }
}

// Without the author's name: what a reader reads is private to the job.
void Warming::log_author(host::Host& host, const AuthorMessage& author, const Step& step) const {
  const Outcome outcome = step.state == StepState::done ? step.outcome : Outcome::failed;
  counters_.add(Counter::warmed_authors_total, to_text(outcome));
  counters_.add(Counter::warmed_works_total, {}, {}, step.works);
  if (outcome == Outcome::failed) {
    counters_.add(Counter::warming_letters_total, step.reason);
  }
  observe::ProcessedAuthor processed;
  processed.job = author.job;
  processed.source = to_text(author.source);
  processed.outcome = to_text(outcome);
  processed.works = step.works;
  processed.depth = author.depth;
  processed.waited = host.now() - author.queued;
  analytics_.processed(processed);
  host::LogLine line(host, LogLevel::info, "author_processed");
  line.add("job", author.job).add("source", to_text(author.source));
  line.add("depth", author.depth).add("outcome", to_text(outcome));
  line.add("works", step.works).add("waitedMillis", (host.now() - author.queued).count());
  if (outcome == Outcome::failed) {
    line.add("reason", step.reason);
  }
  line.write();
}

// What the platform gave up on, because its consumer did not come to an end or handed it back each time.
host::Task<void> Warming::keep_dead_letters(host::Context here, std::vector<Delivery> deliveries) const {
  std::vector<std::string> acknowledged;
  std::vector<std::string> retried;
  for (const Delivery& delivery : deliveries) {
    const auto message = parse_message(delivery.body);
    bool kept = false;
    if (message && message->kind == MessageKind::author) {
      Account account = account_of(message->author);
      account.outcome = Outcome::failed;
      account.reason = "redelivered";
      account.message = "The work on this author did not come to an end, however often it was begun.";
      std::vector<Account> accounts;
      accounts.push_back(std::move(account));
      const auto settled = co_await book_.settle(here, accounts);
      kept = settled.has_value();
      if (settled && settled->counted.front() == '\1') {
        counters_.add(Counter::warming_letters_total, "redelivered");
      }
    } else if (message) {
      // A walk's entries are in their job, which goes quiet and is sent again.
      kept = true;
    } else {
      const auto said = co_await book_.keep(here, delivery.body, message.error().message);
      kept = said.has_value();
      counters_.add(Counter::warming_letters_total, "unknown");
    }
    (kept ? acknowledged : retried).push_back(delivery.id);
  }
  const auto settled = co_await host::batch_settle(here, acknowledged, retried, hand_back_seconds);
  if (!settled) {
    host::LogLine(here.host(), LogLevel::error, "batch_not_settled").write();
  }
}

}  // namespace larder::warm
