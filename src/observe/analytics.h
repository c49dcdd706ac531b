// Data points for Analytics Engine: one for each kind of request that an isolate answered, one for each
// author that warming has accounted for, and, where Analytics Engine counts reads for the archiver, one for
// each key that was read (key_reads.h). Gathered in the isolate, written together behind responses, and never
// waited for: what is not written is counted. Their columns are rows of analytics.def.
//
// Limits of the platform: one index of 96 bytes, 20 blobs of 16,000 bytes together, 20 doubles, 250 points an
// invocation (https://developers.cloudflare.com/analytics/analytics-engine/limits/, read 2026-11).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "config/declaration.h"
#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "http/message.h"
#include "observe/counters.h"
#include "observe/key_reads.h"

namespace larder::observe {

// An author that warming has accounted for. Names are the job's business, and stay out of it.
struct ProcessedAuthor {
  std::string job;
  std::string_view source;
  std::string_view outcome;
  std::uint64_t works = 0;
  std::uint32_t depth = 0;
  Millis waited{0};

  ProcessedAuthor() {}
};

class Analytics {
 public:
  // Both outlive it.
  Analytics(const config::Settings& settings, Counters& counters)
      : settings_(settings), counters_(counters) {}

  // `times`: so many requests alike.
  void answered(const config::Resource& resource, AnswerOutcome outcome, http::Method method, Millis duration,
                std::uint64_t times = 1);
  void processed(const ProcessedAuthor& author);
  // A key was asked for so many times. Nothing, where reads are counted elsewhere.
  void accessed(const config::Resource& resource, std::string_view storage_name, Instant now,
                std::uint64_t times = 1);

  // Writes what has come together, as much of it as one invocation may; the rest waits. A dataset that is not
  // bound is asked for once and then left alone.
  host::Task<void> write(host::Context here);

 private:
  // Resource (by its number), outcome, method, milliseconds.
  using Kind = std::tuple<std::uint16_t, std::uint8_t, std::uint8_t, std::uint64_t>;
  struct Requests {
    const config::Resource* resource = nullptr;
    std::uint64_t count = 0;
    // Of all of them together.
    std::uint64_t millis = 0;
  };
  std::string point_of(const Kind& kind, const Requests& requests) const;
  host::Task<void> write_keys(host::Context here, std::size_t count_max);
  // False: they were not written.
  host::Task<bool> write_into(host::Context here, std::string dataset, std::vector<std::string> points);

  const config::Settings& settings_;
  Counters& counters_;
  std::map<Kind, Requests> requests_;
  // As they are written.
  std::vector<std::string> authors_;
  KeyReads keys_;
  // By the numbers of resources that were read.
  std::map<std::uint16_t, const config::Resource*> read_resources_;
  // Datasets that are not bound.
  std::vector<std::string> missing_;
};

}  // namespace larder::observe
