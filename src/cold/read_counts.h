// How often keys were read, and when last, for the plan: one question with two answers. The ledger counts in
// a sketch (metrics/read_sketch.h); Analytics Engine, where it is configured, key by key
// (observe/key_reads.h, analytics_sql.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "cold/analytics_sql.h"
#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"

namespace larder::cold {

struct ReadCounts {
  // Since when all reads were counted; Instant::max(): they never were.
  Instant since = Instant::max();
  // In the order of the keys that were asked about.
  std::vector<KeyUse> uses;
  // What the asking took.
  std::uint64_t operations = 0;

  ReadCounts() {}
};

class ReadCounter {
 public:
  virtual ~ReadCounter() = default;
  // By the keys' hashes (metrics::ghost_hash), at most limit::cold_page_keys, none twice. Errors: those of
  // whom it asks; corrupt, for what is no answer to that.
  virtual host::Task<Result<ReadCounts>> count(host::Context here, std::vector<std::uint64_t> hashes) = 0;
};

class LedgerCounter final : public ReadCounter {
 public:
  // Outlives it.
  explicit LedgerCounter(const config::Settings& settings) : settings_(settings) {}
  host::Task<Result<ReadCounts>> count(host::Context here, std::vector<std::uint64_t> hashes) override;

 private:
  const config::Settings& settings_;
};

// For where config::counts_reads_by_analytics() says so. Errors besides: unsupported, where the binding or
// the token is missing; rejected, for what the account or its API refuses.
class AnalyticsCounter final : public ReadCounter {
 public:
  // Outlives it.
  explicit AnalyticsCounter(const config::Settings& settings) : settings_(settings) {}
  host::Task<Result<ReadCounts>> count(host::Context here, std::vector<std::uint64_t> hashes) override;

 private:
  SqlDialect dialect() const;
  host::Task<Result<std::string>> ask(host::Context here, SqlQuery query);
  host::Task<Result<std::string>> ask_account(host::Context here, std::string text);

  const config::Settings& settings_;
  // The same for all pages of a step.
  Instant span_asked_{};
  Instant since_ = Instant::max();
};

}  // namespace larder::cold
