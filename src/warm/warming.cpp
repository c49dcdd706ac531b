#include "warm/warming.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"
#include "http/date.h"
#include "origin/fetch.h"
#include "policy/decision.h"
#include "warm/times.h"

namespace larder::warm {

using observe::Counter;

namespace {

constexpr std::uint32_t page_size = 50;

std::string_view queue_binding(bool is_high) {
  return is_high ? "AUTHOR_WARMING_PRIORITY" : "AUTHOR_WARMING_QUEUE";
}

void write_time(JsonWriter& json, std::string_view name, std::uint64_t millis) {
  json.key(name);
  if (millis == 0) {
    json.null();
  } else {
    json.value(http::format_timestamp(instant_from_millis(static_cast<std::int64_t>(millis))));
  }
}

struct Sums {
  std::uint64_t queued = 0;
  std::uint64_t processed = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t works = 0;

  std::uint64_t accounted() const { return processed + failed + skipped; }
};

Sums sums_of(const records::JobLevel& level) {
  Sums sums;
  sums.queued = level.queued;
  sums.processed = level.processed;
  sums.failed = level.failed;
  sums.skipped = level.skipped;
  sums.works = level.works;
  return sums;
}

void write_sums(JsonWriter& json, const Sums& sums) {
  json.key("queued").value(sums.queued).key("processed").value(sums.processed);
  json.key("failed").value(sums.failed).key("skipped").value(sums.skipped);
}

// Requests for a list: one for each author (or entry), and one more for the subject of each author with
// levels left. Authors who share a subject need fewer.
std::uint64_t requests_of(const JobPlan& plan) {
  std::uint64_t requests = plan.items.size();
  for (const Item& item : plan.items) {
    requests += plan.options.by_subject && item.depth_max > item.depth ? 1U : 0U;
  }
  return requests;
}

// How long the rest takes at the rate so far, or, before there is one, at the allowed one.
Millis time_left(const Sums& sums, std::uint64_t started, Instant now, std::uint32_t allowed_per_second,
                 std::uint32_t requests_each) {
  const std::uint64_t open = sums.queued - sums.accounted();
  const std::int64_t worked = millis_since_epoch(now) - static_cast<std::int64_t>(started);
  if (started > 0 && worked > 0 && sums.accounted() > 0) {
    return Millis(static_cast<std::int64_t>(open) * worked / static_cast<std::int64_t>(sums.accounted()));
  }
  return Millis(static_cast<std::int64_t>(open) * 1000 * requests_each / allowed_per_second);
}

}  // namespace

std::uint32_t Warming::requests_per_second(const records::JobTerms& terms) const {
  const bool is_walk = !terms.resource.empty();
  const config::Resource* const authors = writer_.resource_for(config::ProviderQuery::author);
  const std::uint32_t polite = authors == nullptr ? 1 : origin::polite_rate(*authors, 0, settings_);
  const std::uint32_t wanted = terms.requests_per_second;
  return std::max<std::uint32_t>(1, is_walk ? std::min<std::uint32_t>(wanted, 1000) : polite);
}

std::string Warming::shown(const records::JobRow& job, Instant now) const {
  const records::JobTerms& terms = job.terms;
  Sums sums;
  for (const records::JobLevel& level : job.levels) {
    const Sums more = sums_of(level);
    sums.queued += more.queued;
    sums.processed += more.processed;
    sums.failed += more.failed;
    sums.skipped += more.skipped;
    sums.works += more.works;
  }
  const bool is_walk = !terms.resource.empty();
  JsonWriter json;
  json.begin_object().key("jobId").value(job.id).key("kind").value(is_walk ? "entries" : "authors");
  json.key("state").value(records::to_text(static_cast<records::JobState>(job.state)));
  if (is_walk) {
    json.key("resource").value(terms.resource);
    json.key("concurrency").value(terms.requests_at_once).key("qps").value(terms.requests_per_second);
  } else {
    json.key("maxDepth").value(terms.depth_max);
    json.key("aggressiveness").value(terms.aggressiveness);
    json.key("subjects").value(terms.by_subject == 1);
  }
  json.key("priority").value(to_text(terms.is_high == 1 ? Priority::high : Priority::normal));
  json.key("authors").begin_object();
  write_sums(json, sums);
  json.end_object().key("works").value(sums.works).key("byDepth").begin_array();
  for (const records::JobLevel& level : job.levels) {
    json.begin_object().key("depth").value(level.depth);
    write_sums(json, sums_of(level));
    json.key("works").value(level.works).end_object();
  }
  json.end_array().key("beyondLimit").value(job.beyond);
  write_time(json, "createdAt", job.created);
  write_time(json, "startedAt", job.started);
  write_time(json, "completedAt", job.completed);
  const bool is_over = job.completed > 0;
  const bool asks_subjects = terms.by_subject == 1 && terms.depth_max > 1;
  const Millis left = time_left(sums, job.started, now, requests_per_second(terms), asks_subjects ? 2 : 1);
  json.key("estimatedDuration").value(to_interval(is_over ? Millis(0) : left));
  return json.end_object().text();
}

bool Warming::is_kept(std::string_view resource) const {
  return policy::admit(settings_, engine_.plan().settled(resource), resource).participation ==
         policy::Participation::full;
}

host::Task<Result<Opened>> Warming::open(host::Context here, JobPlan plan) const {
  const config::Resource* const authors = writer_.resource_for(config::ProviderQuery::author);
  if (plan.options.resource.empty() && authors == nullptr) {
    co_return fail(ErrorKind::unsupported, "warming",
                   "larder.json declares no resource that looks books up by author; add one.");
  }
  const config::Resource* const subjects = writer_.resource_for(config::ProviderQuery::subject);
  if (plan.options.by_subject && subjects == nullptr) {
    co_return fail(ErrorKind::unsupported, "warming",
                   "larder.json declares no resource that looks books up by subject; add one.");
  }
  const std::string_view pattern = plan.options.resource.empty() ? std::string_view(authors->name)
                                                                 : std::string_view(plan.options.resource);
  if (!is_kept(pattern) || (plan.options.by_subject && !is_kept(subjects->name))) {
    co_return fail(ErrorKind::unsupported, "warming",
                   "The cache does not keep what would be warmed: see FEATURE_CACHE, CACHE_IMPL and "
                   "CACHE_PATTERN_WHITELIST.");
  }
  const std::string id =
      concat({std::string_view(plan.digest).substr(0, 12), "-", to_hex(here.host().random_bytes(6))});
  const std::uint64_t pending_max =
      LARDER_MUTATED(pending_limit_ignored) ? UINT32_MAX : settings_.warming_pending_max;
  const auto said = co_await book_.open(here, id, plan, pending_max);
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  Opened opened;
  opened.pending = said->pending;
  const auto outcome = static_cast<records::OpenOutcome>(said->outcome);
  if (outcome == records::OpenOutcome::full) {
    opened.state = OpenState::full;
    co_return opened;
  }
  opened.state = outcome == records::OpenOutcome::created ? OpenState::created : OpenState::at_work;
  opened.job_id = said->job.id;
  opened.job = shown(said->job, here.host().now());
  const bool is_walk = !plan.options.resource.empty();
  const std::uint64_t measured = said->totals.authors;
  const std::uint64_t works_each =
      measured == 0 ? config::limit::warming_works_guess : (said->totals.works + measured - 1) / measured;
  opened.works_estimated = plan.items.size() * (is_walk ? 1 : works_each);
  opened.time_estimated =
      Millis(static_cast<std::int64_t>(requests_of(plan)) * 1000 / requests_per_second(said->job.terms));
  co_return opened;
}

host::Task<Result<bool>> Warming::send_queue_batch(host::Context here, QueueBatch queue_batch) const {
  if (queue_batch.messages.empty()) {
    co_return true;
  }
  const auto sent =
      co_await host::queue_send(here, queue_batch.binding, queue_batch.messages, queue_batch.delay_seconds);
  if (!sent) {
    counters_.add(Counter::cache_errors_total, "queue", to_text(sent.error().kind));
    co_return tl::make_unexpected(sent.error());
  }
  co_return true;
}

host::Task<void> Warming::send(host::Context here, std::string job_id, JobPlan plan) const {
  QueueBatch queue_batch;
  const bool is_high = plan.options.priority == Priority::high;
  queue_batch.binding = std::string(queue_binding(is_high));
  if (plan.options.resource.empty()) {
    for (const Item& item : plan.items) {
      AuthorMessage message;
      message.job = job_id;
      message.key = item.key;
      message.name = item.name;
      message.source = item.source;
      message.priority = plan.options.priority;
      message.by_subject = plan.options.by_subject;
      message.depth = item.depth;
      message.depth_max = item.depth_max;
      message.queued = here.host().now();
      queue_batch.messages.push_back(to_json(message));
    }
  } else {
    for (std::uint32_t from = 0; from < plan.options.requests_at_once && from < plan.items.size(); ++from) {
      WalkMessage message;
      message.job = job_id;
      message.from = from;
      message.step = plan.options.requests_at_once;
      message.priority = plan.options.priority;
      message.resource = plan.options.resource;
      message.requests_per_second = plan.options.requests_per_second;
      queue_batch.messages.push_back(to_json(message));
    }
  }
  // A failure is counted; the job goes quiet, and maintain() sends again.
  const auto sent = co_await send_queue_batch(here, std::move(queue_batch));
  if (sent) {
    const auto settled = co_await book_.settle(here, {});
    if (settled) {
      co_await tell(here, *settled);
    }
  }
}

host::Task<Result<std::string>> Warming::job(host::Context here, std::string job_id) const {
  const auto said = co_await book_.show(here, std::move(job_id));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  co_return shown(*said, here.host().now());
}

host::Task<Result<std::string>> Warming::jobs(host::Context here, std::uint64_t cursor) const {
  const auto said = co_await book_.list(here, cursor, page_size);
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  JsonWriter json;
  json.begin_object().key("jobs").begin_array();
  for (const records::JobRow& one : said->jobs) {
    json.raw(shown(one, here.host().now()));
  }
  json.end_array().key("next").value(said->next).key("pending").value(said->pending);
  json.key("deadLetters").value(said->letters);
  json.key("totals").begin_object().key("authors").value(said->totals.authors);
  json.key("works").value(said->totals.works).end_object();
  co_return json.end_object().text();
}

host::Task<Result<std::string>> Warming::cancel(host::Context here, std::string job_id) const {
  const auto said = co_await book_.cancel(here, std::move(job_id));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  JsonWriter json;
  json.begin_object().key("removed").value(said->removed == 1).key("job");
  json.raw(shown(said->job, here.host().now()));
  co_return json.end_object().text();
}

host::Task<Result<std::string>> Warming::dead_letters(host::Context here, std::uint64_t cursor) const {
  const auto said = co_await book_.dead_letters(here, cursor, page_size);
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  JsonWriter json;
  json.begin_object().key("letters").begin_array();
  for (const records::LetterRow& letter : said->letters) {
    json.begin_object().key("id").value(letter.number).key("jobId").value(letter.job);
    json.key("author").value(letter.name).key("depth").value(letter.depth);
    json.key("reason").value(letter.reason).key("message").value(letter.message);
    write_time(json, "at", letter.at);
    json.end_object();
  }
  json.end_array().key("next").value(said->next).key("depth").value(said->depth);
  co_return json.end_object().text();
}

// Items as the book gives them back: their messages again.
host::Task<Result<std::uint64_t>> Warming::send_items(host::Context here,
                                                      const records::SentItems& items) const {
  QueueBatch normal;
  QueueBatch high;
  normal.binding = std::string(queue_binding(false));
  high.binding = std::string(queue_binding(true));
  std::vector<std::string> walked;
  for (const records::SentItem& sent : items) {
    const records::JobTerms& terms = sent.terms;
    const Priority priority = terms.is_high == 1 ? Priority::high : Priority::normal;
    QueueBatch& queue_batch = terms.is_high == 1 ? high : normal;
    if (terms.resource.empty()) {
      AuthorMessage message;
      message.job = sent.job;
      message.key = sent.item.key;
      message.name = sent.item.name;
      message.source =
          sent.item.source == static_cast<std::uint8_t>(Source::discovery) ? Source::discovery : Source::csv;
      message.priority = priority;
      message.by_subject = terms.by_subject == 1;
      message.depth = sent.item.depth;
      message.depth_max = sent.item.depth_max;
      message.queued = here.host().now();
      queue_batch.messages.push_back(to_json(message));
    } else if (std::find(walked.begin(), walked.end(), sent.job) == walked.end()) {
      walked.push_back(sent.job);
      WalkMessage message;
      message.job = sent.job;
      message.priority = priority;
      message.resource = terms.resource;
      message.step = std::max<std::uint32_t>(1, terms.requests_at_once);
      message.requests_per_second = std::max<std::uint32_t>(1, terms.requests_per_second);
      for (message.from = 0; message.from < message.step; ++message.from) {
        queue_batch.messages.push_back(to_json(message));
      }
    }
  }
  const std::uint64_t count = normal.messages.size() + high.messages.size();
  const auto first = co_await send_queue_batch(here, std::move(high));
  const auto second = co_await send_queue_batch(here, std::move(normal));
  if (!first) {
    co_return tl::make_unexpected(first.error());
  }
  if (!second) {
    co_return tl::make_unexpected(second.error());
  }
  co_return count;
}

host::Task<Result<std::string>> Warming::replay(host::Context here, std::vector<std::uint64_t> ids) const {
  const auto said = co_await book_.replay(here, std::move(ids));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  // What fails from here on is made good by maintain(): the items are open again.
  const auto sent = co_await send_items(here, said->items);
  QueueBatch unread;
  unread.binding = std::string(queue_binding(false));
  records::LetterNumbers gone;
  for (const records::UnreadLetter& letter : said->unread) {
    unread.messages.push_back(letter.body);
    records::LetterNumber number;
    number.number = letter.number;
    gone.push_back(number);
  }
  const std::uint64_t count = said->items.size() + unread.messages.size();
  std::uint64_t left = said->left;
  if (!unread.messages.empty()) {
    // These are nowhere else: their letters go once they are in the queue, and not before.
    const auto sent_unread = co_await send_queue_batch(here, std::move(unread));
    if (!sent_unread) {
      co_return tl::make_unexpected(sent_unread.error());
    }
    const auto forgotten = co_await book_.resent(here, std::move(gone));
    left = forgotten ? forgotten->left : left;
  }
  JsonWriter json;
  json.begin_object().key("replayed").value(count).key("left").value(left);
  json.key("sent").value(sent.has_value());
  co_return json.end_object().text();
}

host::Task<void> Warming::remember(host::Context here, std::string key, std::string json, Millis kept) const {
  const host::Body body = host::Body::from_bytes(here.host(), json);
  const auto put =
      co_await host::kv_put(here, key, "warming", body, static_cast<std::uint64_t>(whole_seconds(kept)));
  if (!put) {
    counters_.add(Counter::cache_errors_total, "warming", to_text(put.error().kind));
  }
}

// The state that people and scripts look for in KV. What counts is with the jobs; a copy that is not written
// is the next one's to make good.
host::Task<void> Warming::tell(host::Context here, const records::jobs::settle_results& settled) const {
  const Instant now = here.host().now();
  JsonWriter pending;
  pending.begin_object().key("pending").value(settled.pending);
  pending.key("at").value(http::format_timestamp(now)).end_object();
  co_await remember(here, settings_.cache_prefix + ":warming:queue:pending", std::move(pending).take(),
                    config::limit::warming_snapshot_kept);
  JsonWriter stats;
  stats.begin_object().key("totalAuthors").value(settled.totals.authors);
  stats.key("totalWorks").value(settled.totals.works);
  write_time(stats, "startedAt", settled.totals.started);
  write_time(stats, "completedAt", settled.totals.completed);
  stats.end_object();
  co_await remember(here, settings_.cache_prefix + ":warming:stats", std::move(stats).take(), Millis(0));
}

host::Task<void> Warming::maintain(host::Context here) const {
  const auto silent = co_await book_.quiet(here);
  if (!silent) {
    // No jobs' object in this deployment, or none that answers: the next time.
    co_return;
  }
  const auto sent = co_await send_items(here, silent->items);
  if (!sent) {
    co_return;
  }
  const auto pruned = co_await book_.prune(here);
  const auto settled = co_await book_.settle(here, {});
  // A deployment that does not warm has nothing to tell.
  if (pruned && settled && settled->pending > 0) {
    co_await tell(here, *settled);
  }
}

}  // namespace larder::warm
