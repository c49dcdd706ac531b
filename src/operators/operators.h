// The operators' routes (routes.def), behind the gate.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "host/outgoing.h"
#include "host/requests.h"
#include "host/task.h"
#include "operators/audit_book.h"
#include "operators/call.h"
#include "operators/desk.h"
#include "operators/gate.h"

namespace larder::operators {

// Whether an instance answers operators.
enum class Duty : std::uint8_t {
  serves,     // as it should
  stands_in,  // for one that was lost: it keeps nothing, so there is nothing to administer (503)
};

// An answer, and what is left to do behind it.
struct Served {
  host::Outgoing outgoing;
  AuditRow row;
  // Call::afterwards.
  std::function<host::Task<void>(host::Context)> afterwards;

  Served() {}
};

class Operators {
 public:
  Operators(const Desk& desk, Duty duty)
      : desk_(desk), gate_(desk.settings), duty_(duty), book_(desk.counters) {}

  // Whether a route has this path (http::Target::path), whatever the method.
  bool has(std::string_view path) const;

  // `call` has its method, target, request id and time. Ends when there is an answer.
  host::Task<Served> serve(host::Context here, Call call);

  // To be done behind the response: the audit log.
  host::Task<void> settle(host::Context here, AuditRow row);

 private:
  Desk desk_;
  Gate gate_;
  Duty duty_;
  AuditBook book_;
};

}  // namespace larder::operators
