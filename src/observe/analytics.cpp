#include "observe/analytics.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"
#include "metrics/ghost_cache.h"

namespace larder::observe {

namespace {

namespace limit = config::limit;

constexpr std::string_view cache_dataset = "CACHE_ANALYTICS";
constexpr std::string_view warming_dataset = "WARMING_ANALYTICS";
constexpr std::string_view key_dataset = "KEY_ANALYTICS";
constexpr std::size_t index_bytes_max = 96;

// What writeDataPoint takes.
class PointWriter {
 public:
  explicit PointWriter(std::string_view index) {
    json_.begin_object().key("indexes").begin_array().value(utf8_prefix(index, index_bytes_max)).end_array();
    json_.key("blobs").begin_array();
  }
  PointWriter& blob(std::string_view text) {
    json_.value(text);
    return *this;
  }
  PointWriter& numbers() {
    json_.end_array().key("doubles").begin_array();
    return *this;
  }
  PointWriter& number(double value) {
    json_.value(value);
    return *this;
  }
  std::string take() && {
    json_.end_array().end_object();
    return std::move(json_).take();
  }

 private:
  JsonWriter json_;
};

double number_of(std::uint64_t value) { return static_cast<double>(value); }

double seconds_of(Instant at) { return static_cast<double>(whole_seconds(at.time_since_epoch())); }

}  // namespace

void Analytics::answered(const config::Resource& resource, AnswerOutcome outcome, http::Method method,
                         Millis duration, std::uint64_t times) {
  const auto millis = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  Kind kind(resource.number, static_cast<std::uint8_t>(outcome), static_cast<std::uint8_t>(method), millis);
  auto found = requests_.find(kind);
  if (found == requests_.end() && requests_.size() >= limit::analytics_points_max) {
    // Put together with the nearest of its kind, or with whatever there is of it.
    found = requests_.lower_bound(kind);
    const auto is_alike = [&](const auto& at) {
      return at != requests_.end() && std::get<0>(at->first) == std::get<0>(kind) &&
             std::get<1>(at->first) == std::get<1>(kind) && std::get<2>(at->first) == std::get<2>(kind);
    };
    if (!is_alike(found) && found != requests_.begin()) {
      --found;
    }
    if (!is_alike(found)) {
      counters_.add(Counter::analytics_points_total, "failed", {}, times);
      return;
    }
    counters_.add(Counter::analytics_points_total, "merged", {}, times);
  }
  Requests& requests = found == requests_.end() ? requests_[kind] : found->second;
  requests.resource = &resource;
  requests.count += times;
  requests.millis += millis * times;
}

void Analytics::processed(const ProcessedAuthor& author) {
  if (authors_.size() >= limit::analytics_points_max) {
    counters_.add(Counter::analytics_points_total, "failed");
    return;
  }
  PointWriter point(author.outcome);
  point.blob("author_processed").blob(author.job).blob(author.source).blob(author.outcome);
  point.blob(settings_.cache_prefix).numbers().number(1).number(number_of(author.works));
  point.number(author.depth).number(number_of(static_cast<std::uint64_t>(author.waited.count())));
  authors_.push_back(std::move(point).take());
}

void Analytics::accessed(const config::Resource& resource, std::string_view storage_name, Instant now,
                         std::uint64_t times) {
  if (!config::counts_reads_by_analytics(settings_)) {
    return;
  }
  read_resources_[resource.number] = &resource;
  keys_.add(metrics::ghost_hash(settings_.cache_prefix, storage_name), resource.number, times, now);
}

host::Task<void> Analytics::write_keys(host::Context here, std::size_t count_max) {
  const Instant now = here.host().now();
  if (count_max == 0 || !keys_.is_due(now)) {
    co_return;
  }
  std::vector<std::string> points;
  std::uint64_t told = keys_.take_lost();
  if (told > 0) {
    PointWriter point("lost");
    point.blob("reads_lost").blob("").blob(settings_.cache_prefix).numbers().number(number_of(told));
    points.push_back(std::move(point.number(seconds_of(now))).take());
    counters_.add(Counter::analytics_points_total, "failed", {}, told);
  }
  for (const KeyRead& one : keys_.take(count_max - points.size(), now)) {
    PointWriter point(metrics::hash_text(one.hash));
    point.blob("key_read").blob(read_resources_.find(one.resource_number)->second->name);
    point.blob(settings_.cache_prefix).numbers().number(number_of(one.reads));
    points.push_back(std::move(point.number(seconds_of(one.last_read))).take());
    told += one.reads;
  }
  std::string dataset(key_dataset);
  const bool is_written = co_await write_into(here, std::move(dataset), std::move(points));
  if (!is_written) {
    keys_.lose(told);
  }
}

std::string Analytics::point_of(const Kind& kind, const Requests& requests) const {
  const auto outcome = static_cast<AnswerOutcome>(std::get<1>(kind));
  const auto method = static_cast<http::Method>(std::get<2>(kind));
  const bool is_hit = outcome == AnswerOutcome::hit || outcome == AnswerOutcome::stale;
  const double count = number_of(requests.count);
  PointWriter point(requests.resource->name);
  point.blob("request").blob(requests.resource->name).blob(answer_outcomes[std::get<1>(kind)]);
  point.blob(http::to_text(method)).blob(settings_.cache_prefix).numbers().number(count);
  point.number(is_hit ? count : 0).number(outcome == AnswerOutcome::miss ? count : 0);
  point.number(number_of(requests.millis) / count);
  return std::move(point).take();
}

host::Task<void> Analytics::write(host::Context here) {
  std::size_t left = limit::analytics_invocation_points_max;
  std::vector<std::string> points;
  for (const auto& [kind, requests] : requests_) {
    points.push_back(point_of(kind, requests));
  }
  requests_.clear();
  left -= points.size();
  const std::size_t author_count = std::min(left, authors_.size());
  const auto authors_end = authors_.begin() + static_cast<std::ptrdiff_t>(author_count);
  std::vector<std::string> authors(std::make_move_iterator(authors_.begin()),
                                   std::make_move_iterator(authors_end));
  authors_.erase(authors_.begin(), authors_end);
  left -= author_count;
  std::string dataset(cache_dataset);
  const bool are_requests = co_await write_into(here, std::move(dataset), std::move(points));
  dataset = warming_dataset;
  const bool are_authors = co_await write_into(here, std::move(dataset), std::move(authors));
  co_await write_keys(here, left);
  // What was not written of these is counted, and that is all.
  static_cast<void>(are_requests);
  static_cast<void>(are_authors);
}

host::Task<bool> Analytics::write_into(host::Context here, std::string dataset,
                                       std::vector<std::string> points) {
  if (std::find(missing_.begin(), missing_.end(), dataset) != missing_.end()) {
    co_return false;
  }
  if (points.empty()) {
    co_return true;
  }
  const auto written = co_await host::analytics_write(here, dataset, points);
  if (written) {
    counters_.add(Counter::analytics_points_total, "written", {}, points.size());
    counters_.add(Counter::billed_operations_total, Label(metrics::BilledItem::analytics_points), {},
                  points.size());
  } else if (written.error().kind == ErrorKind::unsupported) {
    missing_.push_back(std::move(dataset));
  } else {
    counters_.add(Counter::analytics_points_total, "failed", {}, points.size());
  }
  co_return written.has_value();
}

}  // namespace larder::observe
