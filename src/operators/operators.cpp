#include "operators/operators.h"

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "operators/router.h"

namespace larder::operators {

namespace {

AuditRow row_of(const Call& call, const Route& route, AuditKind kind, std::uint32_t status) {
  AuditRow row;
  row.kind = kind;
  row.at = call.began;
  row.subject = call.subject;
  row.role = call.subject.empty() ? "" : to_text(call.role);
  row.address = call.address;
  row.method = http::to_text(call.method);
  row.path = route.path;
  row.note = utf8_prefix(call.note, config::limit::audit_note_bytes_max);
  row.status = status;
  row.request_id = call.request_id;
  return row;
}

}  // namespace

bool Operators::has(std::string_view path) const { return is_route(path); }

host::Task<Served> Operators::serve(host::Context here, Call call) {
  auto routed = find_route(call.method, call.target.path);
  LARDER_ASSERT(routed.has_value());
  Served served;
  if (routed->route == nullptr) {
    const std::string allow = allowed_methods(call.target.path);
    served.outgoing = call.method == http::Method::options ? host::options_answer(allow)
                                                           : host::method_not_allowed(here.host(), allow);
    co_return std::move(served);
  }
  if (role_ == engine::InstanceRole::recovery) {
    const http::Problem problem(503,
                                "This request runs on a stand-in for an instance that was lost; try again.");
    served.outgoing = host::problem_answer(here.host(), problem);
    served.outgoing.answer.headers.emplace_back("retry-after", "1");
    co_return std::move(served);
  }
  const Route& route = *routed->route;
  call.parameters = std::move(routed->parameters);
  auto refusal = co_await gate_.admit(here, route.role, call);
  if (refusal) {
    served.row = row_of(call, route, AuditKind::refusal, refusal->answer.status);
    served.outgoing = std::move(*refusal);
    co_return std::move(served);
  }
  served.outgoing = co_await route.handler(here, context_, call);
  const AuditKind kind = route.audit == AuditRule::each ? AuditKind::call : AuditKind::none;
  served.row = row_of(call, route, kind, served.outgoing.answer.status);
  served.afterwards = std::move(call.afterwards);
  co_return std::move(served);
}

host::Task<void> Operators::settle(host::Context here, AuditRow row) {
  co_await book_.write(here, std::move(row));
}

}  // namespace larder::operators
