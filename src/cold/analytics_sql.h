// What Analytics Engine is asked about reads of keys, and what it answers. Pure: texts in and out.
//
// Two dialects of SQL. The SQL API of Analytics Engine leaves it to the query to weight each row by
// _sample_interval, and gives numbers of some types as texts; a row that stands for others keeps its own
// time. Analytics SQL weights sums by itself, has approximate extremes alone, needs a lower bound of time, a
// literal LIMIT and at most limit::analytics_query_bytes_max. Of what is not the project's own word nothing
// stands in a text of either: keys are their hashes' digits, names of datasets are identifiers
// (settings.cpp), and the deployment's prefix, letters, digits, - and _.
//
// Sources: https://developers.cloudflare.com/analytics/analytics-engine/sql-reference/,
// https://developers.cloudflare.com/analytics/sql-api/workers-binding/; read 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "base/wire.h"

namespace larder::cold {

// Of one key. A read counts half after limit::reads_half_life.
struct KeyUse {
  std::uint64_t reads = 0;
  // It was read no later than this; the epoch: never, as far as anybody knows.
  Instant read_by{};

  KeyUse() {}
};

enum class SqlDialect : std::uint8_t {
  sql_api,  // POST …/analytics_engine/sql
  binding,  // query() of a binding of Analytics SQL
};

struct SqlQuery {
  std::string text;
  // By name, as the text has them with $; of the SQL API none.
  TextPairs params;

  SqlQuery() {}
};

// How often these keys were read, weighted by how long ago, and when last. At least one key, and at most
// limit::cold_page_keys.
SqlQuery uses_query(SqlDialect dialect, std::string_view dataset, const std::vector<std::uint64_t>& hashes,
                    Instant now);
// Since when this deployment's reads are counted, and until when some of them were lost.
SqlQuery span_query(SqlDialect dialect, std::string_view dataset, std::string_view prefix, Instant now);

// The uses of `hashes`, in their order, from the answer to uses_query(); keys that it does not name were not
// read. Any text in. Errors: corrupt, for what is no such answer, or one about other keys.
Result<std::vector<KeyUse>> parse_uses(std::string_view reply, const std::vector<std::uint64_t>& hashes);
// Since when all reads were counted, from the answer to span_query(); Instant::max(): they never were. Any
// text in. Errors: corrupt.
Result<Instant> parse_span(std::string_view reply);

}  // namespace larder::cold
