// Writes the audit log (shim/objects/audit.js, binding AUDIT): who called what from where, and what came of
// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/requests.h"
#include "host/task.h"
#include "operators/call.h"

namespace larder::operators {

enum class AuditKind : std::uint8_t {
  none,     // leaves no trace
  call,     // a call that was let in: a row of its own
  refusal,  // a call that the gate turned away: counted by client, subject, status and minute
};

struct AuditRow {
  AuditKind kind = AuditKind::none;
  Instant at;
  std::string subject;
  std::string role;
  std::string address;
  std::string method;
  // The route's pattern; "" of a refusal, which is counted whatever it was for.
  std::string path;
  std::string note;
  std::uint32_t status = 0;
  std::string request_id;
  std::uint64_t count = 1;

  AuditRow() {}
};

class AuditBook {
 public:
  // A call's row at once; a refusal with all that come within limit::audit_refusals_gathered. What cannot be
  // written is logged as an error. To be done behind the response.
  host::Task<void> write(host::Context here, AuditRow row);

 private:
  void count_refusal(AuditRow row);
  host::Task<void> append(host::Context here, std::vector<AuditRow> rows);

  std::vector<AuditRow> refusals_;
  // A request gathers refusals until then.
  Instant gathering_until_;
};

// Rows as the object takes them: a JSON array.
std::string audit_rows_text(const std::vector<AuditRow>& rows);

}  // namespace larder::operators
