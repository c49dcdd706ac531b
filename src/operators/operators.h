// The operators' routes (routes.def), behind the gate.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/parts.h"
#include "host/outgoing.h"
#include "host/requests.h"
#include "host/task.h"
#include "operators/audit_book.h"
#include "operators/call.h"
#include "operators/gate.h"
#include "operators/operator_context.h"

namespace larder::operators {

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
  Operators(const OperatorContext& context, engine::InstanceRole role)
      : context_(context), gate_(context.settings), role_(role), book_(context.counters) {}

  // Whether a route has this path (http::Target::path), whatever the method.
  bool has(std::string_view path) const;

  // `call` has its method, target, request id and time. Ends when there is an answer.
  host::Task<Served> serve(host::Context here, Call call);

  // To be done behind the response: the audit log.
  host::Task<void> settle(host::Context here, AuditRow row);

 private:
  OperatorContext context_;
  Gate gate_;
  engine::InstanceRole role_;
  AuditBook book_;
};

}  // namespace larder::operators
