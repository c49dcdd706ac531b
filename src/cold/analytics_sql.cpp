#include "cold/analytics_sql.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "http/date.h"
#include "json/json_text.h"
#include "metrics/ghost_cache.h"

namespace larder::cold {

namespace {

namespace limit = config::limit;

// Reads of so many half-lives count, those of each half as much as those of the one after it.
constexpr std::size_t half_lives = 4;
// Beyond this numbers are not exact, and no isolate counts so far.
constexpr double number_max = 9'007'199'254'740'992.0;
constexpr std::int64_t seconds_max = 253'402'300'799;  // the year 9999

std::string seconds_text(Instant at) {
  const std::int64_t seconds = std::max<std::int64_t>(whole_seconds(at.time_since_epoch()), 0);
  return larder::to_text(static_cast<std::uint64_t>(seconds));
}

// The two dialects' words for the same.
class Words {
 public:
  Words(SqlDialect dialect, std::string_view dataset, Instant now)
      : dialect_(dialect), dataset_(dataset), from_(now - limit::analytics_kept) {}

  std::string table() const {
    return dialect_ == SqlDialect::sql_api ? dataset_ : concat({"events.analyticsEngine.\"", dataset_, "\""});
  }
  std::string reads() const {
    return dialect_ == SqlDialect::sql_api ? "_sample_interval * double1" : "double1";
  }
  std::string first(std::string_view column) const {
    return concat({dialect_ == SqlDialect::sql_api ? "MIN(" : "APPROX_MIN(", column, ")"});
  }
  std::string last(std::string_view column) const {
    return concat({dialect_ == SqlDialect::sql_api ? "MAX(" : "APPROX_MAX(", column, ")"});
  }
  // A text: `name` is its parameter's. What is written into the text itself needs no escapes (asserted).
  std::string text(SqlQuery& query, std::string name, std::string_view value) const {
    if (dialect_ == SqlDialect::binding) {
      std::string placeholder = concat({"$", name});
      query.params.emplace_back(std::move(name), value);
      return placeholder;
    }
    LARDER_ASSERT(std::all_of(value.begin(), value.end(),
                              [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; }));
    return concat({"'", value, "'"});
  }
  std::string is_kept(SqlQuery& query) const {
    if (dialect_ == SqlDialect::sql_api) {
      return concat({"timestamp >= toDateTime(", seconds_text(from_), ")"});
    }
    query.params.emplace_back("since", http::format_timestamp(from_));
    return "timestamp >= $since";
  }
  std::string limited(std::size_t rows_max) const {
    return concat({" LIMIT ", larder::to_text(std::uint64_t{rows_max}),
                   dialect_ == SqlDialect::sql_api ? " FORMAT JSON" : ""});
  }

 private:
  SqlDialect dialect_;
  std::string dataset_;
  Instant from_;
};

Failure corrupt() {
  return fail(ErrorKind::corrupt, "cold", "Analytics Engine's answer is none to what it was asked.");
}

// The rows of an answer. Both dialects have them in `data` and count them in `rows`, a number or its digits.
Result<std::vector<json::JsonText>> rows_of(std::string_view reply) {
  const auto parsed = json::JsonText::parse(reply);
  if (!parsed || !parsed->is_object()) {
    return corrupt();
  }
  const auto data = parsed->find("data");
  const auto counted = parsed->find("rows");
  const auto count_text = counted ? counted->as_scalar() : std::nullopt;
  const auto count = count_text ? parse_unsigned(*count_text) : std::nullopt;
  if (!data || !data->is_array() || !count) {
    return corrupt();
  }
  std::vector<json::JsonText> rows = data->as_items();
  const auto is_row = [](const json::JsonText& row) { return row.is_object(); };
  if (rows.size() != *count || !std::all_of(rows.begin(), rows.end(), is_row)) {
    return corrupt();
  }
  return rows;
}

// Not negative, and exact.
std::optional<double> number_of(const json::JsonText& row, std::string_view name) {
  const auto member = row.find(name);
  const auto text = member ? member->as_scalar() : std::nullopt;
  const auto number = text ? parse_decimal(*text) : std::nullopt;
  const bool fits = number && *number >= 0 && *number <= number_max;
  return fits ? number : std::nullopt;
}

std::optional<Instant> time_of(const json::JsonText& row, std::string_view name) {
  const auto seconds = number_of(row, name);
  if (!seconds || *seconds > static_cast<double>(seconds_max)) {
    return std::nullopt;
  }
  return instant_from_millis(static_cast<std::int64_t>(*seconds) * 1000);
}

std::string window_name(std::size_t age) { return concat({"reads_", larder::to_text(std::uint64_t{age})}); }

}  // namespace

SqlQuery uses_query(SqlDialect dialect, std::string_view dataset, const std::vector<std::uint64_t>& hashes,
                    Instant now) {
  LARDER_ASSERT(!hashes.empty() && hashes.size() <= limit::cold_page_keys);
  const Words words(dialect, dataset, now);
  SqlQuery query;
  query.text = "SELECT index1 AS key_hash, ";
  for (std::size_t age = 0; age < half_lives; ++age) {
    const Instant until = now - static_cast<std::int64_t>(age) * limit::reads_half_life;
    const std::string after = concat({"double2 >= ", seconds_text(until - limit::reads_half_life)});
    const std::string before = age == 0 ? "" : concat({" AND double2 < ", seconds_text(until)});
    query.text += concat({"sumIf(", words.reads(), ", ", after, before, ") AS ", window_name(age), ", "});
  }
  query.text += concat({words.last("double2"), " AS last_read FROM ", words.table(), " WHERE blob1 = "});
  query.text += concat({"'key_read' AND ", words.is_kept(query), " AND index1 IN ("});
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::string name = concat({"k", larder::to_text(std::uint64_t{i})});
    query.text += i == 0 ? "" : ", ";
    query.text += words.text(query, std::move(name), metrics::hash_text(hashes[i]));
  }
  query.text += concat({") GROUP BY key_hash", words.limited(hashes.size())});
  LARDER_ASSERT(query.text.size() <= limit::analytics_query_bytes_max);
  return query;
}

SqlQuery span_query(SqlDialect dialect, std::string_view dataset, std::string_view prefix, Instant now) {
  const Words words(dialect, dataset, now);
  SqlQuery query;
  query.text = concat({"SELECT blob1 AS event, ", words.first("double2"), " AS first_time, ",
                       words.last("double2"), " AS last_time FROM ", words.table(), " WHERE "});
  query.text += concat({words.is_kept(query), " AND blob3 = "});
  query.text += words.text(query, "deployment", prefix);
  query.text += concat({" GROUP BY event", words.limited(10)});
  return query;
}

Result<std::vector<KeyUse>> parse_uses(std::string_view reply, const std::vector<std::uint64_t>& hashes) {
  const auto rows = rows_of(reply);
  if (!rows) {
    return tl::make_unexpected(rows.error());
  }
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    places.emplace(metrics::hash_text(hashes[i]), i);
  }
  std::vector<KeyUse> uses(hashes.size());
  for (const json::JsonText& row : *rows) {
    const auto place = places.find(row.text("key_hash"));
    const auto last_read = time_of(row, "last_read");
    if (place == places.end() || !last_read) {
      return corrupt();
    }
    double reads = 0;
    double weight = 1;
    for (std::size_t age = 0; age < half_lives; ++age) {
      const auto counted = number_of(row, window_name(age));
      if (!counted) {
        return corrupt();
      }
      reads += *counted * weight;
      weight /= 2;
    }
    KeyUse& use = uses[place->second];
    use.reads = static_cast<std::uint64_t>(reads);
    // What was read since waits in isolates, as does what Analytics Engine has not told anybody yet.
    use.read_by = *last_read + limit::analytics_key_quiet;
    // A key that comes twice is one of another answer.
    places.erase(place);
  }
  return uses;
}

Result<Instant> parse_span(std::string_view reply) {
  const auto rows = rows_of(reply);
  if (!rows) {
    return tl::make_unexpected(rows.error());
  }
  Instant since = Instant::max();
  Instant lost_until{};
  for (const json::JsonText& row : *rows) {
    const std::string event = row.text("event");
    const auto first = time_of(row, "first_time");
    const auto last = time_of(row, "last_time");
    if (!first || !last || *first > *last) {
      return corrupt();
    }
    if (event == "key_read") {
      since = *first;
    } else if (event == "reads_lost") {
      lost_until = *last;
    } else {
      return corrupt();
    }
  }
  return since == Instant::max() ? since : std::max(since, lost_until);
}

}  // namespace larder::cold
