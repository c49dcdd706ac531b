// The narratives' log (records/narratives.h): a row for each narrative that was asked for, and what the rows
// come to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "observe/counters.h"
#include "records/fields.h"
#include "records/outbox.h"

namespace larder::observe {

// As the log numbers them.
enum class NarrativeOutcome : std::uint8_t {
  hit = 0,        // an entry within its fresh time
  stale = 1,      // an entry past it
  miss = 2,       // the model was asked
  template_ = 3,  // the template stood in for the model
  refused = 4,    // there was no narrative
};

struct NarrativeRow {
  Instant at;
  // user_digest() of the user's id; "" where none was given.
  std::string user;
  NarrativeOutcome outcome = NarrativeOutcome::miss;
  Millis duration{0};
  // The first-ranked system of the profile; "" where there is none.
  std::string system;
  NarrativeRow() {}
};

// What stands for a user in the log: the id itself is kept nowhere. "" of an empty id.
std::string user_digest(host::Host& host, std::string_view cache_prefix, std::string_view user_id);

class NarrativeLog {
 public:
  // Both outlive it.
  NarrativeLog(const config::Settings& settings, Counters& counters);
  NarrativeLog(const NarrativeLog&) = delete;
  NarrativeLog& operator=(const NarrativeLog&) = delete;

  // To be done behind the response. What cannot be written stays for the next batch, up to
  // limit::narrative_rows_max rows; what is beyond is dropped and counted.
  host::Task<void> write(host::Context here, NarrativeRow row);

  // What the rows since then come to, the newest limit::narrative_rows_read of them: JSON text {requests,
  // hits, stale, misses, templates, refused, hitRate, durationMillis: {mean, p50, p95}, topSystems: [{name,
  // count}], users, complete}.
  host::Task<Result<std::string>> figures(host::Context here, Instant since) const;
  // Forgets what is known of a user, here, in the log, and on the way there. The number of rows.
  host::Task<Result<std::uint64_t>> forget(host::Context here, std::string user);

  std::size_t rows_waiting() const { return outbox_.waiting(); }

 private:
  host::Task<std::optional<Error>> send(host::Context here, std::string batch,
                                        std::vector<records::NarrativeEntry> entries) const;

  const config::Settings& settings_;
  Counters& counters_;
  records::Outbox<records::NarrativeEntry> outbox_;
};

}  // namespace larder::observe
