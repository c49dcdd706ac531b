#include "warm/job_book.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "warm/warming.h"

namespace larder::warm {

namespace {

constexpr Millis patience = config::limit::object_patience;

records::JobTerms terms_of(const JobOptions& options) {
  records::JobTerms terms;
  terms.depth_max = options.depth_max;
  terms.is_high = options.priority == Priority::high ? 1 : 0;
  terms.aggressiveness = options.aggressiveness;
  terms.by_subject = options.by_subject ? 1 : 0;
  terms.resource = options.resource;
  terms.requests_at_once = options.requests_at_once;
  terms.requests_per_second = options.requests_per_second;
  return terms;
}

// As many as one call takes, from `from` on.
records::JobItems items_from(const std::vector<Item>& items, std::size_t from) {
  records::JobItems some;
  std::size_t bytes = 0;
  for (std::size_t i = from; i < items.size() && some.size() < config::limit::job_items_at_once; ++i) {
    bytes += items[i].key.size() + items[i].name.size();
    if (bytes > config::limit::job_item_bytes_at_once && !some.empty()) {
      break;
    }
    records::JobItem item;
    item.key = items[i].key;
    item.name = items[i].name;
    item.depth = items[i].depth;
    item.depth_max = items[i].depth_max;
    item.source = static_cast<std::uint8_t>(items[i].source);
    some.push_back(std::move(item));
  }
  return some;
}

}  // namespace

std::string_view to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::processed:
      return "processed";
    case Outcome::skipped:
      return "skipped";
    case Outcome::failed:
      return "failed";
  }
  LARDER_UNREACHABLE();
}

host::Task<Result<records::jobs::open_results>> JobBook::open(host::Context here, std::string id,
                                                              const JobPlan& plan,
                                                              std::uint64_t pending_max) const {
  constexpr auto opening = static_cast<std::uint8_t>(records::OpenOutcome::opening);
  records::jobs::open_arguments asked;
  asked.id = std::move(id);
  asked.digest = plan.digest;
  asked.terms = terms_of(plan.options);
  asked.pending_max = pending_max;
  asked.item_count = plan.items.size();
  asked.items = items_from(plan.items, 0);
  auto opened = co_await records::jobs::open(here, settings_.cache_prefix, asked, patience);
  if (!opened) {
    co_return tl::make_unexpected(opened.error());
  }
  records::jobs::open_results results = std::move(*opened);
  while (results.outcome == opening) {
    records::jobs::give_arguments more;
    more.job = results.job.id;
    more.from = results.job.given;
    more.items = items_from(plan.items, static_cast<std::size_t>(more.from));
    auto given = co_await records::jobs::give(here, settings_.cache_prefix, more, patience);
    if (!given) {
      co_return tl::make_unexpected(given.error());
    }
    if (given->outcome == opening && given->job.given <= more.from) {
      co_return fail_for_now(ErrorKind::unavailable, "jobs", "The job does not take its list; try again.");
    }
    results.outcome = given->outcome;
    results.pending = given->pending;
    results.job = std::move(given->job);
    results.totals = given->totals;
  }
  co_return std::move(results);
}

host::Task<Result<std::vector<bool>>> JobBook::begin(host::Context here,
                                                     std::vector<Account> references) const {
  records::jobs::begin_arguments asked;
  for (Account& account : references) {
    records::ItemReference reference;
    reference.job = std::move(account.job);
    reference.key = std::move(account.key);
    reference.remaining = account.remaining;
    asked.items.push_back(std::move(reference));
  }
  const auto said = co_await records::jobs::begin(here, settings_.cache_prefix, asked, patience);
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  if (said->open.size() != asked.items.size()) {
    co_return fail(ErrorKind::corrupt, "jobs", "The jobs' answer is not complete.");
  }
  std::vector<bool> open;
  for (const char flag : said->open) {
    open.push_back(flag == '\1');
  }
  co_return open;
}

host::Task<Result<records::jobs::settle_results>> JobBook::settle(host::Context here,
                                                                  std::vector<Account> accounts) const {
  records::jobs::settle_arguments asked;
  for (Account& account : accounts) {
    records::ItemAccount one;
    one.job = std::move(account.job);
    one.key = std::move(account.key);
    one.remaining = account.remaining;
    one.outcome = static_cast<std::uint8_t>(account.outcome);
    one.works = account.works;
    one.reason = std::move(account.reason);
    one.message = std::move(account.message);
    asked.items.push_back(std::move(one));
  }
  auto said = co_await records::jobs::settle(here, settings_.cache_prefix, asked, patience);
  if (said && said->counted.size() != asked.items.size()) {
    co_return fail(ErrorKind::corrupt, "jobs", "The jobs' answer is not complete.");
  }
  co_return said;
}

host::Task<Result<std::vector<std::size_t>>> JobBook::discover(host::Context here, std::string job,
                                                               std::string parent,
                                                               std::vector<Item> items) const {
  records::jobs::discover_arguments asked;
  asked.job = std::move(job);
  asked.parent = std::move(parent);
  asked.items_max = config::limit::warming_job_items_max;
  std::vector<std::size_t> send;
  for (std::size_t from = 0; from < items.size(); from += asked.items.size()) {
    asked.items = items_from(items, from);
    const auto said = co_await records::jobs::discover(here, settings_.cache_prefix, asked, patience);
    if (!said) {
      co_return tl::make_unexpected(said.error());
    }
    if (said->send.size() != asked.items.size()) {
      co_return fail(ErrorKind::corrupt, "jobs", "The jobs' answer is not complete.");
    }
    for (std::size_t i = 0; i < said->send.size(); ++i) {
      if (said->send[i] == '\1') {
        send.push_back(from + i);
      }
    }
  }
  co_return send;
}

host::Task<Result<records::JobRow>> JobBook::show(host::Context here, std::string job) const {
  records::jobs::show_arguments asked;
  asked.job = std::move(job);
  auto said = co_await records::jobs::show(here, settings_.cache_prefix, asked, patience);
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  co_return std::move(said->job);
}

host::Task<Result<records::jobs::list_results>> JobBook::list(host::Context here, std::uint64_t cursor,
                                                              std::uint32_t count_max) const {
  records::jobs::list_arguments asked;
  asked.cursor = cursor;
  asked.count_max = count_max;
  auto said = co_await records::jobs::list(here, settings_.cache_prefix, asked, patience);
  co_return said;
}

host::Task<Result<records::jobs::cancel_results>> JobBook::cancel(host::Context here, std::string job) const {
  records::jobs::cancel_arguments asked;
  asked.job = std::move(job);
  auto said = co_await records::jobs::cancel(here, settings_.cache_prefix, asked, patience);
  co_return said;
}

host::Task<Result<records::jobs::walk_results>> JobBook::walk(host::Context here, const WalkMessage& walk,
                                                              std::uint32_t count_max) const {
  records::jobs::walk_arguments asked;
  asked.job = walk.job;
  asked.from = walk.from;
  asked.step = walk.step;
  asked.count_max = count_max;
  auto said = co_await records::jobs::walk(here, settings_.cache_prefix, asked, patience);
  co_return said;
}

host::Task<Result<records::jobs::keep_results>> JobBook::keep(host::Context here, std::string body,
                                                              std::string message) const {
  records::jobs::keep_arguments asked;
  asked.key = to_hex(here.host().sha256(body));
  asked.body = std::move(body);
  asked.reason = "unknown";
  asked.message = std::move(message);
  auto said = co_await records::jobs::keep(here, settings_.cache_prefix, asked, patience);
  co_return said;
}

host::Task<Result<records::jobs::letters_results>> JobBook::dead_letters(host::Context here,
                                                                         std::uint64_t cursor,
                                                                         std::uint32_t count_max) const {
  records::jobs::letters_arguments asked;
  asked.cursor = cursor;
  asked.count_max = count_max;
  auto said = co_await records::jobs::letters(here, settings_.cache_prefix, asked, patience);
  co_return said;
}

host::Task<Result<records::jobs::replay_results>> JobBook::replay(host::Context here,
                                                                  std::vector<std::uint64_t> letters) const {
  records::jobs::replay_arguments asked;
  for (const std::uint64_t number : letters) {
    records::LetterNumber letter;
    letter.number = number;
    asked.letters.push_back(letter);
  }
  asked.count_max = static_cast<std::uint32_t>(config::limit::warming_resent_max);
  auto said = co_await records::jobs::replay(here, settings_.cache_prefix, asked, patience);
  co_return said;
}

host::Task<Result<records::jobs::resent_results>> JobBook::resent(host::Context here,
                                                                  records::LetterNumbers letters) const {
  records::jobs::resent_arguments asked;
  asked.letters = std::move(letters);
  auto said = co_await records::jobs::resent(here, settings_.cache_prefix, asked, patience);
  co_return said;
}

host::Task<Result<records::jobs::quiet_results>> JobBook::quiet(host::Context here) const {
  records::jobs::quiet_arguments asked;
  asked.quiet_millis = config::millis_of(config::limit::warming_quiet);
  asked.count_max = static_cast<std::uint32_t>(config::limit::warming_resent_max);
  auto said = co_await records::jobs::quiet(here, settings_.cache_prefix, asked, patience);
  co_return said;
}

host::Task<Result<records::jobs::prune_results>> JobBook::prune(host::Context here) const {
  records::jobs::prune_arguments asked;
  const Instant before = here.host().now() - config::limit::warming_jobs_kept;
  asked.before = static_cast<std::uint64_t>(std::max<std::int64_t>(millis_since_epoch(before), 0));
  auto said = co_await records::jobs::prune(here, settings_.cache_prefix, asked, patience);
  co_return said;
}

}  // namespace larder::warm
