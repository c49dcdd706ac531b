// The gate in front of every operators' route. In this order, and no other:
//
//   1. the client's bucket (its address)    429
//   2. a valid token                        401   (a call by a service binding that is no HTTP request has
//   none:
//                                                  its binding says the role)
//   3. the route's role                     403
//   4. the subject's bucket                 429
//
// So callers without a token are bounded before a signature is checked, and learn nothing about routes; and
// only a subject's own token can empty the subject's bucket. If a bucket or the tokens' keys cannot be asked,
// the gate stays shut (503): an operators' route is worth less than what it guards.
#pragma once

#include <optional>

#include "config/settings.h"
#include "host/outgoing.h"
#include "host/requests.h"
#include "host/task.h"
#include "operators/call.h"

namespace larder::operators {

class Gate {
 public:
  // Borrowed: the settings as they are at every moment.
  explicit Gate(const config::Settings& settings) : settings_(settings) {}

  // Fills in the caller. nullopt: the call may go on; else the answer that it gets. `call` is the caller's
  // frame's.
  host::Task<std::optional<host::Outgoing>> admit(host::Context here, Role least, Call& call) const;

 private:
  // Tries every way that is configured: each verifies the tokens of its own algorithms.
  struct Verified {
    bool valid = false;
    // The words of an error for WWW-Authenticate.
    std::string reason;
    std::string claims;

    Verified() {}
  };
  host::Task<Result<Verified>> verify(host::Context here, std::string token) const;
  host::Task<std::optional<host::Outgoing>> take_one(host::Context here, std::string bucket) const;
  host::Task<std::optional<host::Outgoing>> authenticate(host::Context here, Call& call) const;
  bool is_set_up() const;
  // METRICS_TOKEN lets its holder read /metrics, and nothing else.
  bool is_metrics_reader(const Call& call, std::string_view token) const;
  // nullopt: there is none; "": it is malformed.
  std::optional<std::string> shown_token(host::Context here) const;

  const config::Settings& settings_;
};

}  // namespace larder::operators
