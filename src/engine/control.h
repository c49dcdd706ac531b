// This isolate's view of the control log: what was purged, and which settings are not as deployed. An entry
// is served under a view no older than limit::control_fresh; where the log cannot be read, the last view goes
// on, so that a failing log takes no answer down.
#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "config/control_log.h"
#include "config/limits.h"
#include "host/requests.h"
#include "host/task.h"
#include "observe/counters.h"
#include "policy/purge.h"
#include "tiers/tier.h"

namespace larder::engine {

class Control {
 public:
  // `on_change` is called with every view that differs from the one before.
  Control(host::Host& host, observe::Counters& counters, std::function<void()> on_change)
      : host_(host), counters_(counters), on_change_(std::move(on_change)) {}

  // Whether entries may be served under the view at hand.
  bool is_current(Instant now) const { return unavailable_ || now < read_at_ + config::limit::control_fresh; }
  // When the view at hand is too old to serve entries under.
  Instant current_until() const {
    return unavailable_ ? Instant::max() : read_at_ + config::limit::control_fresh;
  }
  // Until when answers may be given without asking here: then it is time to read the log again, behind a
  // response, or where that has begun, the view is too old.
  Instant asked_until(Instant now) const {
    return is_due_ahead(now) || now < reading_until_ || unavailable_
               ? current_until()
               : std::min(current_until(), read_at_ + config::limit::control_ahead);
  }
  // Reads the log if the view is older. No request waits for another request's read.
  host::Task<void> make_current(host::Context here);
  // Whether read_ahead() would read now.
  bool is_due_ahead(Instant now) const;
  // To be called behind a response: reads ahead of time where the isolate is busy.
  host::Task<void> read_ahead(host::Context here);
  // Adds changes to the log (records::control_changes) and takes them up at once. Errors: as the operation
  // says; then nothing has changed as far as is known.
  host::Task<Result<std::uint64_t>> append(host::Context here, std::string changes);

  std::uint64_t sequence() const { return log_.sequence; }
  const TextPairs& settings() const { return log_.settings; }
  const policy::PurgeBook& purges() const { return purges_; }
  // The same, one by one.
  const std::vector<config::Purge>& purge_list() const { return log_.purges; }
  // Of them, those that the view before this one did not have.
  const policy::PurgeBook& news() const { return news_; }
  Instant read_at() const { return read_at_; }

 private:
  host::Task<void> read(host::Context here);
  // False: not readable.
  bool take_up(std::string_view document);

  host::Host& host_;
  observe::Counters& counters_;
  std::function<void()> on_change_;
  config::ControlLog log_;
  policy::PurgeBook purges_;
  policy::PurgeBook news_;
  std::string document_;
  Instant read_at_;
  // There is no log in this deployment.
  bool unavailable_ = false;
  // A request is reading the log, and has until then.
  Instant reading_until_;
};

}  // namespace larder::engine
