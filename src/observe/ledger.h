// Writes the ledger (shim/objects/ledger.js, binding LEDGER): a row for each narrative that was asked for.
// Rows of a short while are written together, by the request that was there first, so that none stays behind
// in an isolate that falls idle.
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

namespace larder::observe {

enum class NarrativeOutcome : std::uint8_t {
  hit,        // an entry within its fresh time
  stale,      // an entry past it
  miss,       // the model was asked
  template_,  // the template stood in for the model
  refused,    // there was no narrative
};
std::string_view to_text(NarrativeOutcome outcome);

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

// What stands for a user in the ledger: the id itself is kept nowhere. "" of an empty id.
std::string user_digest(host::Host& host, std::string_view cache_prefix, std::string_view user_id);

class Ledger {
 public:
  // Both outlive it.
  explicit Ledger(const config::Settings& settings) : settings_(settings) {}

  // To be done behind the response. A batch that cannot be written stays for the next one, up to
  // limit::ledger_rows_max rows; what is beyond is dropped, and said so in the log.
  host::Task<void> write(host::Context here, NarrativeRow row);

  // The object's own words (shim/objects/ledger.js): JSON text.
  host::Task<Result<std::string>> narratives(host::Context here, Instant since);
  // Forgets what is known of a user, here, in the object, and on the way there. The number of rows.
  host::Task<Result<std::uint64_t>> forget(host::Context here, std::string user);

  std::size_t rows_waiting() const { return rows_.size() + batch_.size(); }

 private:
  host::Task<void> flush(host::Context here);
  // False: it was not acknowledged, and stays.
  host::Task<bool> write_batch(host::Context here);
  std::string batch_text() const;
  void keep_room(host::Context here);

  const config::Settings& settings_;
  std::vector<NarrativeRow> rows_;
  // Under way, or not yet acknowledged: the same rows under the same name until they are.
  std::vector<NarrativeRow> batch_;
  std::string batch_name_;
  // A request gathers rows until then.
  Instant gathering_until_;
};

}  // namespace larder::observe
