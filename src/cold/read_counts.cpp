#include "cold/read_counts.h"

#include <algorithm>

#include "base/text.h"
#include "cold/analytics_sql.h"
#include "config/limits.h"
#include "host/operations.h"
#include "monitor/meter.h"
#include "records/calls.h"

namespace larder::cold {

namespace limit = config::limit;

namespace {

constexpr Millis day = std::chrono::hours(24);

}  // namespace

// Over all shards.
host::Task<Result<ReadCounts>> LedgerCounter::count(host::Context here, std::vector<std::uint64_t> hashes) {
  records::ledger::reads_arguments asked;
  for (const std::uint64_t hash : hashes) {
    records::KeyHash key;
    key.hash = hash;
    asked.keys.push_back(key);
  }
  ReadCounts counts;
  counts.uses.resize(hashes.size());
  for (std::uint32_t shard = 0; shard < settings_.ledger_shards; ++shard) {
    ++counts.operations;
    const std::string name = monitor::ledger_name(settings_, shard);
    const auto told = co_await records::ledger::reads(here, name, asked, limit::object_wait);
    if (!told) {
      co_return tl::make_unexpected(told.error());
    }
    if (told->uses.size() != hashes.size()) {
      co_return fail(ErrorKind::corrupt, "cold", "The ledger's answer is about other keys.");
    }
    if (told->since > 0) {
      counts.since = std::min(counts.since, instant_from_millis(static_cast<std::int64_t>(told->since)));
    }
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      KeyUse& use = counts.uses[i];
      use.reads += told->uses[i].reads;
      if (told->uses[i].last_read > 0) {
        // The day is known, and the read may have been at its end.
        const auto last_day = static_cast<std::int64_t>(told->uses[i].last_read);
        use.read_by = std::max(use.read_by, instant_from_millis(last_day) + day);
      }
    }
  }
  co_return counts;
}

host::Task<Result<ReadCounts>> AnalyticsCounter::count(host::Context here,
                                                       std::vector<std::uint64_t> hashes) {
  const Instant now = here.host().now();
  const std::string& dataset = settings_.analytics_reads_dataset;
  ReadCounts counts;
  // An archiver's step asks about many pages, and the span is the same for all of them.
  if (now < span_asked_ || now - span_asked_ >= limit::cold_step_time_max) {
    ++counts.operations;
    SqlQuery query = span_query(dialect(), dataset, settings_.cache_prefix, now);
    const auto reply = co_await ask(here, std::move(query));
    if (!reply) {
      co_return tl::make_unexpected(reply.error());
    }
    const auto since = parse_span(*reply);
    if (!since) {
      co_return tl::make_unexpected(since.error());
    }
    since_ = *since;
    span_asked_ = now;
  }
  counts.since = since_;
  ++counts.operations;
  SqlQuery query = uses_query(dialect(), dataset, hashes, now);
  const auto reply = co_await ask(here, std::move(query));
  if (!reply) {
    co_return tl::make_unexpected(reply.error());
  }
  auto uses = parse_uses(*reply, hashes);
  if (!uses) {
    co_return tl::make_unexpected(uses.error());
  }
  counts.uses = std::move(*uses);
  co_return counts;
}

SqlDialect AnalyticsCounter::dialect() const {
  return settings_.analytics_binding.empty() ? SqlDialect::sql_api : SqlDialect::binding;
}

host::Task<Result<std::string>> AnalyticsCounter::ask(host::Context here, SqlQuery query) {
  if (dialect() == SqlDialect::sql_api) {
    auto reply = co_await ask_account(here, std::move(query.text));
    co_return reply;
  }
  auto answered = co_await host::analytics_query(here, settings_.analytics_binding, query.text, query.params,
                                                 config::millis_of(limit::analytics_query_wait));
  if (!answered) {
    co_return tl::make_unexpected(std::move(answered.error()));
  }
  if (answered->reply.size() > limit::analytics_reply_bytes_max) {
    co_return fail(ErrorKind::too_large, "cold", "Analytics SQL's answer is longer than any to this.");
  }
  co_return std::move(answered->reply);
}

host::Task<Result<std::string>> AnalyticsCounter::ask_account(host::Context here, std::string text) {
  const auto token = settings_.secret("ANALYTICS_TOKEN");
  if (!token) {
    co_return fail(ErrorKind::unsupported, "cold", "The secret ANALYTICS_TOKEN is not set.");
  }
  TextPairs headers;
  headers.emplace_back("authorization", concat({"Bearer ", *token}));
  headers.emplace_back("content-type", "text/plain; charset=utf-8");
  const std::string url = concat({settings_.analytics_url, "/client/v4/accounts/",
                                  settings_.analytics_account, "/analytics_engine/sql"});
  const host::Body body = host::Body::from_bytes(here.host(), text);
  auto answered =
      co_await host::origin_fetch(here, "POST", url, headers, config::millis_of(limit::analytics_query_wait),
                                  0, limit::analytics_reply_bytes_max, 0, body);
  if (!answered) {
    co_return tl::make_unexpected(std::move(answered.error()));
  }
  if (answered->status != 200) {
    const std::string status = larder::to_text(std::uint64_t{answered->status});
    co_return fail(ErrorKind::rejected, "cold", concat({"Analytics Engine answers with ", status, "."}));
  }
  const host::Body& content = answered->content;
  co_return here.host().read_body(content.handle(), content.size(), 0);
}

}  // namespace larder::cold
