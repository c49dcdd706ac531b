// Writes the audit log (records/audit.h): who called what from where, and what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/requests.h"
#include "host/task.h"
#include "observe/counters.h"
#include "operators/call.h"
#include "records/fields.h"
#include "records/outbox.h"

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

  AuditRow() {}
};

class AuditBook {
 public:
  // The counters outlive it.
  explicit AuditBook(observe::Counters& counters);
  AuditBook(const AuditBook&) = delete;
  AuditBook& operator=(const AuditBook&) = delete;

  // A call's row at once; a refusal with all that come within limit::audit_refusals_gathered. What cannot be
  // written is logged as an error, and tried again with the next row; what there is no room for is
  // counted. To be done behind the response.
  host::Task<void> write(host::Context here, AuditRow row);

 private:
  void count_refusal(records::AuditEntry entry);
  void add(host::Host& host, records::AuditEntry entry);
  host::Task<std::optional<Error>> send(host::Context here, std::string batch,
                                        std::vector<records::AuditEntry> entries);

  observe::Counters& counters_;
  std::vector<records::AuditEntry> refusals_;
  records::Outbox<records::AuditEntry> outbox_;
  // The batch whose rows are in the log already.
  std::string logged_batch_;
};

}  // namespace larder::operators
