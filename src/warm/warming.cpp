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

constexpr std::uint64_t page_size = 50;

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

void write_options(JsonWriter& json, const JobOptions& options) {
  json.begin_object().key("maxDepth").value(options.depth_max);
  json.key("priority").value(to_text(options.priority));
  json.key("aggressiveness").value(options.aggressiveness).key("bySubject").value(options.by_subject);
  json.key("resource").value(options.resource).key("concurrency").value(options.requests_at_once);
  json.key("qps").value(options.requests_per_second).end_object();
}

struct Sums {
  std::uint64_t queued = 0;
  std::uint64_t processed = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t works = 0;

  std::uint64_t accounted() const { return processed + failed + skipped; }
};

Sums sums_of(const config::JsonText& level) {
  Sums sums;
  sums.queued = level.number("queued");
  sums.processed = level.number("processed");
  sums.failed = level.number("failed");
  sums.skipped = level.number("skipped");
  sums.works = level.number("works");
  return sums;
}

void write_sums(JsonWriter& json, const Sums& sums) {
  json.key("queued").value(sums.queued).key("processed").value(sums.processed);
  json.key("failed").value(sums.failed).key("skipped").value(sums.skipped);
}

// Requests for a list: one an author (or entry), and one more for the subject of each who has levels left to
// walk. Authors who share one need fewer.
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

std::uint32_t Warming::requests_per_second(bool is_walk, const config::JsonText& options) const {
  const config::Resource* const authors = stock_.resource_for(config::ProviderQuery::author);
  const std::uint32_t polite = authors == nullptr ? 1 : origin::polite_rate(*authors, 0, settings_);
  const std::uint64_t wanted = options.number("qps", 1);
  return std::max<std::uint32_t>(
      1, is_walk ? static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, 1000)) : polite);
}

std::string Warming::shown(const config::JsonText& job, Instant now) const {
  const auto options = job.find("options");
  Sums sums;
  std::uint64_t deepest = 0;
  for (const config::JsonText& level : job.items("levels")) {
    const Sums more = sums_of(level);
    sums.queued += more.queued;
    sums.processed += more.processed;
    sums.failed += more.failed;
    sums.skipped += more.skipped;
    sums.works += more.works;
    deepest = std::max(deepest, level.number("depth"));
  }
  const bool is_walk = options && !options->text("resource").empty();
  JsonWriter json;
  json.begin_object().key("jobId").value(job.text("id")).key("kind").value(is_walk ? "entries" : "authors");
  json.key("state").value(job.text("state"));
  if (options && is_walk) {
    json.key("resource").value(options->text("resource"));
    json.key("concurrency").value(options->number("concurrency")).key("qps").value(options->number("qps"));
  } else if (options) {
    json.key("maxDepth").value(options->number("maxDepth"));
    json.key("aggressiveness").value(options->text("aggressiveness"));
    json.key("subjects").value(options->flag("bySubject"));
  }
  json.key("priority").value(options ? options->text("priority") : "normal");
  json.key("authors").begin_object();
  write_sums(json, sums);
  json.end_object().key("works").value(sums.works).key("byDepth").begin_array();
  for (const config::JsonText& level : job.items("levels")) {
    json.begin_object().key("depth").value(level.number("depth"));
    write_sums(json, sums_of(level));
    json.key("works").value(level.number("works")).end_object();
  }
  json.end_array().key("beyondLimit").value(job.number("beyond"));
  write_time(json, "createdAt", job.number("created"));
  write_time(json, "startedAt", job.number("started"));
  write_time(json, "completedAt", job.number("completed"));
  const bool is_over = job.number("completed") > 0;
  const std::uint32_t rate = options ? requests_per_second(is_walk, *options) : 1;
  const bool asks_subjects = options && options->flag("bySubject") && options->number("maxDepth") > 1;
  const Millis left = time_left(sums, job.number("started"), now, rate, asks_subjects ? 2 : 1);
  json.key("estimatedDuration").value(to_interval(is_over ? Millis(0) : left));
  return json.end_object().text();
}

host::Task<Result<Opened>> Warming::open(host::Context here, JobPlan plan) const {
  const config::Resource* const authors = stock_.resource_for(config::ProviderQuery::author);
  if (plan.options.resource.empty() && authors == nullptr) {
    co_return fail(ErrorKind::unsupported, "warming",
                   "larder.json declares no resource that looks books up by author; add one.");
  }
  const config::Resource* const subjects = stock_.resource_for(config::ProviderQuery::subject);
  if (plan.options.by_subject && subjects == nullptr) {
    co_return fail(ErrorKind::unsupported, "warming",
                   "larder.json declares no resource that looks books up by subject; add one.");
  }
  const auto is_kept = [&](std::string_view pattern) {
    return policy::admit(settings_, pattern).participation == policy::Participation::full;
  };
  const std::string_view pattern = plan.options.resource.empty() ? std::string_view(authors->name)
                                                                 : std::string_view(plan.options.resource);
  if (!is_kept(pattern) || (plan.options.by_subject && !is_kept(subjects->name))) {
    co_return fail(ErrorKind::unsupported, "warming",
                   "The cache does not keep what would be warmed: see FEATURE_CACHE, CACHE_IMPL and "
                   "CACHE_PATTERN_WHITELIST.");
  }
  const std::string id =
      concat({std::string_view(plan.digest).substr(0, 12), "-", to_hex(here.host().random_bytes(6))});
  JsonWriter json;
  json.begin_object().key("id").value(id).key("digest").value(plan.digest).key("options");
  write_options(json, plan.options);
  json.key("now").value(millis_since_epoch(here.host().now()));
  json.key("pendingMax");
  json.value(LARDER_MUTATED(pending_limit_ignored) ? UINT32_MAX : settings_.warming_pending_max);
  write_items(json, plan.items);
  std::string argument = json.end_object().text();
  const auto said = co_await book_.call(here, "open", std::move(argument));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  Opened opened;
  opened.pending = said->number("pending");
  if (said->flag("refused")) {
    opened.state = OpenState::full;
    co_return opened;
  }
  const auto job = said->find("job");
  if (!job) {
    co_return fail(ErrorKind::corrupt, "jobs", "The jobs' answer is not complete.");
  }
  opened.state = said->flag("created") ? OpenState::created : OpenState::at_work;
  opened.job_id = job->text("id");
  opened.job = shown(*job, here.host().now());
  const auto options = job->find("options");
  const bool is_walk = !plan.options.resource.empty();
  const std::uint32_t rate = options ? requests_per_second(is_walk, *options) : 1;
  const auto totals = said->find("totals");
  const std::uint64_t measured = totals ? totals->number("authors") : 0;
  const std::uint64_t works_each = measured == 0 ? config::limit::warming_works_guess
                                                 : (totals->number("works") + measured - 1) / measured;
  opened.works_estimated = plan.items.size() * (is_walk ? 1 : works_each);
  opened.time_estimated = Millis(static_cast<std::int64_t>(requests_of(plan)) * 1000 / rate);
  co_return opened;
}

host::Task<Result<bool>> Warming::send_parcel(host::Context here, Parcel parcel) const {
  if (parcel.messages.empty()) {
    co_return true;
  }
  const auto sent = co_await host::queue_send(here, parcel.binding, parcel.messages, parcel.delay_seconds);
  if (!sent) {
    counters_.add(Counter::cache_errors_total, "queue", to_text(sent.error().kind));
    co_return tl::make_unexpected(sent.error());
  }
  co_return true;
}

host::Task<void> Warming::send(host::Context here, std::string job_id, JobPlan plan) const {
  Parcel parcel;
  const bool is_high = plan.options.priority == Priority::high;
  parcel.binding = std::string(queue_binding(is_high));
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
      parcel.messages.push_back(to_json(message));
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
      parcel.messages.push_back(to_json(message));
    }
  }
  // A failure is counted; the job goes quiet, and tend() sends again.
  const auto sent = co_await send_parcel(here, std::move(parcel));
  if (sent) {
    const auto settled = co_await book_.settle(here, {});
    if (settled) {
      co_await tell(here, *settled);
    }
  }
}

host::Task<Result<std::string>> Warming::job(host::Context here, std::string job_id) const {
  JsonWriter json;
  json.begin_object().key("job").value(job_id);
  std::string argument = json.end_object().text();
  const auto said = co_await book_.call(here, "show", std::move(argument));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  co_return shown(*said, here.host().now());
}

host::Task<Result<std::string>> Warming::jobs(host::Context here, std::uint64_t cursor) const {
  JsonWriter asked;
  asked.begin_object().key("cursor").value(cursor).key("limit").value(page_size);
  std::string argument = asked.end_object().text();
  const auto said = co_await book_.call(here, "list", std::move(argument));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  JsonWriter json;
  json.begin_object().key("jobs").begin_array();
  for (const config::JsonText& one : said->items("jobs")) {
    json.raw(shown(one, here.host().now()));
  }
  json.end_array().key("next").value(said->number("next")).key("pending").value(said->number("pending"));
  json.key("deadLetters").value(said->number("letters"));
  const auto totals = said->find("totals");
  json.key("totals").begin_object().key("authors").value(totals ? totals->number("authors") : 0);
  json.key("works").value(totals ? totals->number("works") : 0).end_object();
  co_return json.end_object().text();
}

host::Task<Result<std::string>> Warming::cancel(host::Context here, std::string job_id) const {
  JsonWriter asked;
  asked.begin_object().key("job").value(job_id);
  asked.key("now").value(millis_since_epoch(here.host().now()));
  std::string argument = asked.end_object().text();
  const auto said = co_await book_.call(here, "cancel", std::move(argument));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  JsonWriter json;
  json.begin_object().key("removed").value(said->flag("removed")).key("job");
  const auto one = said->find("job");
  if (one) {
    json.raw(shown(*one, here.host().now()));
  } else {
    json.null();
  }
  co_return json.end_object().text();
}

host::Task<Result<std::string>> Warming::letters(host::Context here, std::uint64_t cursor) const {
  JsonWriter asked;
  asked.begin_object().key("cursor").value(cursor).key("limit").value(page_size);
  std::string argument = asked.end_object().text();
  const auto said = co_await book_.call(here, "letters", std::move(argument));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  JsonWriter json;
  json.begin_object().key("letters").begin_array();
  for (const config::JsonText& letter : said->items("letters")) {
    json.begin_object().key("id").value(letter.number("id")).key("jobId").value(letter.text("job"));
    json.key("author").value(letter.text("name")).key("depth").value(letter.number("depth"));
    json.key("reason").value(letter.text("reason")).key("message").value(letter.text("message"));
    write_time(json, "at", letter.number("at"));
    json.end_object();
  }
  json.end_array().key("next").value(said->number("next")).key("depth").value(said->number("depth"));
  co_return json.end_object().text();
}

// Items as the book gives them back: their messages again.
host::Task<Result<std::uint64_t>> Warming::send_items(host::Context here,
                                                      const std::vector<config::JsonText>& items) const {
  Parcel normal;
  Parcel high;
  normal.binding = std::string(queue_binding(false));
  high.binding = std::string(queue_binding(true));
  std::vector<std::string> walked;
  for (const config::JsonText& item : items) {
    const auto options = item.find("options");
    if (!options) {
      continue;
    }
    const bool is_high = options->text("priority") == to_text(Priority::high);
    Parcel& parcel = is_high ? high : normal;
    const std::string job_id = item.text("job");
    if (options->text("resource").empty()) {
      AuthorMessage message;
      message.job = job_id;
      message.key = item.text("key");
      message.name = item.text("name");
      message.source = item.text("source") == to_text(Source::discovery) ? Source::discovery : Source::csv;
      message.priority = is_high ? Priority::high : Priority::normal;
      message.by_subject = options->flag("bySubject");
      message.depth = static_cast<std::uint32_t>(item.number("depth"));
      message.depth_max = static_cast<std::uint32_t>(item.number("maxDepth"));
      message.queued = here.host().now();
      parcel.messages.push_back(to_json(message));
    } else if (std::find(walked.begin(), walked.end(), job_id) == walked.end()) {
      walked.push_back(job_id);
      WalkMessage message;
      message.job = job_id;
      message.priority = is_high ? Priority::high : Priority::normal;
      message.resource = options->text("resource");
      message.step = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, options->number("concurrency")));
      message.requests_per_second =
          static_cast<std::uint32_t>(std::max<std::uint64_t>(1, options->number("qps")));
      for (message.from = 0; message.from < message.step; ++message.from) {
        parcel.messages.push_back(to_json(message));
      }
    }
  }
  const std::uint64_t count = normal.messages.size() + high.messages.size();
  const auto first = co_await send_parcel(here, std::move(high));
  const auto second = co_await send_parcel(here, std::move(normal));
  if (!first) {
    co_return tl::make_unexpected(first.error());
  }
  if (!second) {
    co_return tl::make_unexpected(second.error());
  }
  co_return count;
}

host::Task<Result<std::string>> Warming::replay(host::Context here, std::vector<std::uint64_t> ids) const {
  JsonWriter asked;
  asked.begin_object().key("now").value(millis_since_epoch(here.host().now()));
  asked.key("limit").value(config::limit::warming_resent_max).key("ids").begin_array();
  for (const std::uint64_t id : ids) {
    asked.value(id);
  }
  asked.end_array();
  std::string argument = asked.end_object().text();
  const auto said = co_await book_.call(here, "replay", std::move(argument));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  const std::vector<config::JsonText> items = said->items("items");
  // What fails from here on is made good by tend(): the items are open again.
  const auto sent = co_await send_items(here, items);
  Parcel unread;
  unread.binding = std::string(queue_binding(false));
  JsonWriter gone;
  gone.begin_object().key("ids").begin_array();
  for (const config::JsonText& letter : said->items("unread")) {
    unread.messages.push_back(letter.text("body"));
    gone.value(letter.number("id"));
  }
  gone.end_array().end_object();
  const std::uint64_t count = items.size() + unread.messages.size();
  std::uint64_t left = said->number("left");
  if (!unread.messages.empty()) {
    // These are nowhere else: their letters go once they are in the queue, and not before.
    const auto sent_unread = co_await send_parcel(here, std::move(unread));
    if (!sent_unread) {
      co_return tl::make_unexpected(sent_unread.error());
    }
    std::string gone_ids = gone.text();
    const auto forgotten = co_await book_.call(here, "resent", std::move(gone_ids));
    left = forgotten ? forgotten->number("left") : left;
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
host::Task<void> Warming::tell(host::Context here, const config::JsonText& settled) const {
  const Instant now = here.host().now();
  JsonWriter pending;
  pending.begin_object().key("pending").value(settled.number("pending"));
  pending.key("at").value(http::format_timestamp(now)).end_object();
  co_await remember(here, settings_.cache_prefix + ":warming:queue:pending", std::move(pending).take(),
                    config::limit::warming_snapshot_kept);
  const auto totals = settled.find("totals");
  if (!totals) {
    co_return;
  }
  JsonWriter stats;
  stats.begin_object().key("totalAuthors").value(totals->number("authors"));
  stats.key("totalWorks").value(totals->number("works"));
  write_time(stats, "startedAt", totals->number("started"));
  write_time(stats, "completedAt", totals->number("completed"));
  stats.end_object();
  co_await remember(here, settings_.cache_prefix + ":warming:stats", std::move(stats).take(), Millis(0));
}

host::Task<void> Warming::tend(host::Context here) const {
  const std::int64_t now = millis_since_epoch(here.host().now());
  JsonWriter quiet;
  quiet.begin_object().key("now").value(now).key("quietMillis").value(config::limit::warming_quiet.count());
  quiet.key("limit").value(config::limit::warming_resent_max);
  std::string argument = quiet.end_object().text();
  const auto silent = co_await book_.call(here, "quiet", std::move(argument));
  if (!silent) {
    // No jobs' object in this deployment, or none that answers: the next time.
    co_return;
  }
  const auto sent = co_await send_items(here, silent->items("items"));
  if (!sent) {
    co_return;
  }
  JsonWriter prune;
  prune.begin_object().key("before").value(now - config::limit::warming_jobs_kept.count());
  std::string before = prune.end_object().text();
  const auto pruned = co_await book_.call(here, "prune", std::move(before));
  const auto settled = co_await book_.settle(here, {});
  // A deployment that does not warm has nothing to tell.
  if (pruned && settled && settled->number("pending") > 0) {
    co_await tell(here, *settled);
  }
}

}  // namespace larder::warm
