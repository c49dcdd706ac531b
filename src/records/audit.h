// The audit log.
#pragma once

#include "records/machine.h"

namespace larder::records {

// What an entry is about: u8 in AuditEntry.
enum class AuditEntryKind : std::uint8_t {
  call = 1,     // an entry of its own
  refusal = 2,  // counted by minute, address, subject and status
};

class Audit : public Machine {
 public:
  using Machine::Machine;

  Result<audit::add_results> add(const audit::add_arguments& asked);
  Result<audit::list_results> list(const audit::list_arguments& asked);
  // Once a day: what is older than audit::kept goes, some of it at a time.
  void alarm();

 private:
  void insert(AuditEntry entry);
  void count(AuditEntry entry);
  // A number under a key that is counted up; 0 where there is none.
  std::uint64_t number(const Key& key);
  void put_number(const Key& key, std::uint64_t number);
};

}  // namespace larder::records
