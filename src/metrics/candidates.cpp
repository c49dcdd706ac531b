#include "metrics/candidates.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/text.h"
#include "http/date.h"

namespace larder::metrics {

namespace {

// A longer time to live is worth it for so many points of hit rate.
constexpr double gain_min = 0.02;
// Below this hit rate nothing is gained by caching.
constexpr double hit_ratio_min = 0.1;
constexpr Millis minute = std::chrono::minutes(1);

double hit_ratio_of(const GhostEstimate& estimate, std::size_t ttl) {
  if (estimate.accesses == 0) {
    return 0;
  }
  return 1 - static_cast<double>(estimate.ttls[ttl].misses) / static_cast<double>(estimate.accesses);
}

double error_of(const GhostEstimate& estimate, std::size_t ttl) {
  return estimate.accesses == 0
             ? 0
             : static_cast<double>(estimate.ttls[ttl].misses_error) / static_cast<double>(estimate.accesses);
}

std::size_t shortest_that_pays(const GhostEstimate& estimate) {
  const double best = hit_ratio_of(estimate, ghost_ttl_count - 1);
  std::size_t ttl = 0;
  while (ttl + 1 < ghost_ttl_count && best - hit_ratio_of(estimate, ttl) >= gain_min) {
    ++ttl;
  }
  return ttl;
}

// Whole numbers and one digit behind the point.
std::string percent(double share) {
  const auto tenths = static_cast<std::int64_t>(std::llround(share * 1000));
  return concat({larder::to_text(tenths / 10), ".", larder::to_text(std::abs(tenths % 10)), " %"});
}

Priority priority_of(const Candidate& candidate) {
  if (candidate.hit_ratio < hit_ratio_min) {
    return Priority::low;
  }
  // In whole numbers, so that the thresholds are exact.
  const auto window_millis = static_cast<std::uint64_t>(candidate.window.count());
  const bool is_busy = candidate.requests * 3'600'000 > requests_per_hour_high * window_millis ||
                       candidate.requests * 60'000 > accesses_per_minute_high * window_millis;
  const bool is_slow = candidate.origin_millis_mean.value_or(0) > origin_millis_high;
  if (is_busy || is_slow) {
    return Priority::high;
  }
  return candidate.hit_ratio >= 0.5 ? Priority::medium : Priority::low;
}

std::string reason_of(const Candidate& candidate) {
  const std::string ratio = percent(candidate.hit_ratio);
  if (candidate.hit_ratio < hit_ratio_min) {
    return concat({"Requests hardly repeat: even for seven days only ", ratio, " would be hits."});
  }
  const std::string ttl = ttl_text(ghost_ttls()[candidate.ttl]);
  std::string why = concat({"Kept for ", ttl, ", ", ratio, " of requests would be hits"});
  if (candidate.ttl + 1 < ghost_ttl_count) {
    // Nothing came twice with more time between than it was looked at.
    const bool can_tell = candidate.window > ghost_ttls()[candidate.ttl];
    why += can_tell ? "; longer gains less than two points" : "; what longer would bring cannot be told yet";
  }
  if (candidate.origin_millis_mean.value_or(0) > origin_millis_high) {
    why += concat({"; its origin takes ",
                   larder::to_text(std::int64_t{std::llround(*candidate.origin_millis_mean)}),
                   " ms on average"});
  }
  return why + ".";
}

// Seconds of waiting for the origin that hits would have saved.
double saved_seconds(const Candidate& candidate, std::size_t ttl) {
  return hit_ratio_of(candidate.estimate, ttl) * static_cast<double>(candidate.requests) *
         candidate.origin_millis_mean.value_or(0) / 1000;
}

// What undeclared paths are counted as that have nothing in common.
bool is_of_many_paths(std::string_view pattern) { return pattern.ends_with("/other"); }

// Of "/api/v1/weather_maps": "weather-maps". As larder.json takes it: [a-z][a-z0-9-]*, 32 bytes at most.
std::string resource_name_of(std::string_view path) {
  constexpr std::size_t bytes_max = 32;
  std::string name;
  for (const char c : path.substr(path.rfind('/') + 1)) {
    const char lower = to_lower(c);
    name.push_back(is_alpha(lower) || is_digit(lower) ? lower : '-');
  }
  if (name.empty() || !is_alpha(name.front())) {
    name.insert(0, "r");
  }
  return name.substr(0, bytes_max);
}

void write_declaration(JsonWriter& json, const Candidate& candidate) {
  const std::string ttl = ttl_text(ghost_ttls()[candidate.ttl]);
  if (candidate.declared == Declared::no && is_of_many_paths(candidate.pattern)) {
    json.key("declaration").null();
    return;
  }
  if (!candidate.member.empty()) {
    json.key("declaration").raw(candidate.member);
    return;
  }
  json.key("declaration").begin_object();
  json.key("name").value(candidate.declared == Declared::no ? resource_name_of(candidate.pattern)
                                                            : candidate.pattern);
  if (candidate.declared == Declared::no) {
    json.key("match").begin_object().key("path").value(concat({candidate.pattern, "/{rest...}"}));
    json.end_object();
    json.key("origin").begin_object().key("url").value(
        concat({"https://origin.example", candidate.pattern, "/{rest}?{*}"}));
    json.end_object().key("mode").value("http");
  }
  json.key("ttl").value(ttl).end_object();
}

std::string_view to_text(Declared declared) {
  switch (declared) {
    case Declared::cached:
      return "cached";
    case Declared::observed:
      return "observed";
    case Declared::no:
      return "undeclared";
  }
  LARDER_UNREACHABLE();
}

}  // namespace

std::string_view to_text(Priority priority) {
  switch (priority) {
    case Priority::high:
      return "high";
    case Priority::medium:
      return "medium";
    case Priority::low:
      return "low";
  }
  LARDER_UNREACHABLE();
}

std::string ttl_text(Millis ttl) {
  constexpr std::int64_t minutes_a_day{1'440};
  const std::int64_t minutes = ttl / minute;
  if (minutes % minutes_a_day == 0 && minutes > minutes_a_day) {
    return concat({larder::to_text(minutes / minutes_a_day), "d"});
  }
  if (minutes % 60 == 0) {
    return concat({larder::to_text(minutes / 60), "h"});
  }
  return concat({larder::to_text(minutes), "m"});
}

Candidate recommend(const CandidateFacts& facts) {
  Candidate candidate;
  candidate.pattern = facts.estimate.pattern;
  candidate.requests = facts.estimate.accesses;
  const Millis observed = std::max(facts.window, minute);
  candidate.window = observed;
  candidate.per_minute = static_cast<double>(candidate.requests) * static_cast<double>(minute.count()) /
                         static_cast<double>(observed.count());
  candidate.origin_millis_mean = facts.origin_millis_mean;
  candidate.declared = facts.declared;
  candidate.estimate = facts.estimate;
  candidate.ttl = shortest_that_pays(facts.estimate);
  candidate.hit_ratio = hit_ratio_of(facts.estimate, candidate.ttl);
  candidate.hit_ratio_error = error_of(facts.estimate, candidate.ttl);
  candidate.priority = priority_of(candidate);
  candidate.why = reason_of(candidate);
  return candidate;
}

void write(JsonWriter& json, const CandidateWindow& window, std::vector<Candidate> candidates) {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    const double saved_a = saved_seconds(a, a.ttl);
    const double saved_b = saved_seconds(b, b.ttl);
    return saved_a != saved_b ? saved_a > saved_b : a.requests > b.requests;
  });
  json.begin_object().key("window").begin_object();
  json.key("since").value(http::format_timestamp(window.since));
  json.key("until").value(http::format_timestamp(window.until));
  json.key("hours").value(window.hours).key("hoursWithTraffic").value(window.hours_covered);
  json.key("final").value(window.is_final()).end_object();
  json.key("candidates").begin_array();
  for (const Candidate& candidate : candidates) {
    json.begin_object()
        .key("pattern")
        .value(candidate.pattern)
        .key("state")
        .value(to_text(candidate.declared));
    json.key("requests").value(candidate.requests).key("requestsPerMinute").value(candidate.per_minute);
    json.key("meanOriginMillis");
    if (candidate.origin_millis_mean) {
      json.value(*candidate.origin_millis_mean);
    } else {
      json.null();
    }
    json.key("priority").value(to_text(candidate.priority));
    json.key("recommendedTtl").value(ttl_text(ghost_ttls()[candidate.ttl]));
    json.key("hitRate").value(candidate.hit_ratio).key("hitRateError").value(candidate.hit_ratio_error);
    json.key("sampledKeys").value(candidate.estimate.keys);
    json.key("isRouteCandidate")
        .value(candidate.requests * 60'000 >
               requests_per_minute_candidate * static_cast<std::uint64_t>(candidate.window.count()));
    json.key("why").value(candidate.why).key("byTtl").begin_array();
    for (std::size_t i = 0; i < ghost_ttl_count; ++i) {
      const GhostTtl& ttl = candidate.estimate.ttls[i];
      json.begin_object().key("ttl").value(ttl_text(ghost_ttls()[i]));
      json.key("hitRate").value(hit_ratio_of(candidate.estimate, i));
      json.key("hitRateError").value(error_of(candidate.estimate, i));
      json.key("entries").value(ttl.entries).key("memoryBytes").value(ttl.memory.count);
      json.key("savedOriginSeconds").value(saved_seconds(candidate, i)).end_object();
    }
    json.end_array();
    write_declaration(json, candidate);
    json.end_object();
  }
  json.end_array().end_object();
}

}  // namespace larder::metrics
