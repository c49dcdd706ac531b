#include "records/audit.h"

#include <algorithm>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::records {

namespace {

namespace limit = config::limit;

// For the refusals of a minute that has had as many kinds as it may: who has no token must not be able to
// fill the log.
constexpr std::string_view other_clients = "others";

Key entry_key(std::uint64_t id) {
  Key key("entry");
  key.number(id);
  return key;
}

// Where the entry of a counted refusal is found.
Key refusal_key(const AuditEntry& entry) {
  Key key("refusal");
  key.number(entry.at).number(entry.status).text(entry.address).text(entry.subject);
  return key;
}

Key kinds_key(std::uint64_t at) {
  Key key("kinds");
  key.number(at);
  return key;
}

bool is_audit_entry(const AuditEntry& entry) {
  const bool is_kind = entry.kind == static_cast<std::uint8_t>(AuditEntryKind::call) ||
                       entry.kind == static_cast<std::uint8_t>(AuditEntryKind::refusal);
  // The subject and the address are a part of keys.
  return is_kind && entry.count > 0 && entry.at <= INT64_MAX &&
         entry.subject.size() <= limit::subject_bytes_max &&
         entry.address.size() <= limit::audit_address_bytes_max &&
         std::max({entry.role.size(), entry.method.size(), entry.path.size(), entry.note.size(),
                   entry.request_id.size()}) <= limit::audit_text_bytes_max;
}

}  // namespace

std::uint64_t Audit::number(const Key& key) { return row<NumberRow>(key).value_or(NumberRow()).number; }

void Audit::put_number(const Key& key, std::uint64_t number) {
  NumberRow record;
  record.number = number;
  put_row(key, record);
}

Result<audit::add_results> Audit::add(const audit::add_arguments& asked) {
  if (asked.batch.empty() || asked.batch.size() > limit::batch_name_bytes_max) {
    return fail(ErrorKind::invalid, "audit", "A batch has a name.");
  }
  if (asked.entries.size() > limit::audit_batch_entries_max) {
    return fail(ErrorKind::invalid, "audit", "A batch has too many entries.");
  }
  if (!std::all_of(asked.entries.begin(), asked.entries.end(), is_audit_entry)) {
    return fail(ErrorKind::invalid, "audit", "An entry of the batch is malformed.");
  }
  Key batch("batch");
  batch.text(asked.batch);
  if (number(batch) > 0 && !LARDER_MUTATED(audit_batch_counts_twice)) {
    return audit::add_results();
  }
  put_number(batch, static_cast<std::uint64_t>(std::max<std::int64_t>(millis_since_epoch(now_), 1)));
  Key batch_time("taken");
  batch_time.time(now_).text(asked.batch);
  store_.put(batch_time.str(), "");
  for (const AuditEntry& entry : asked.entries) {
    if (entry.kind == static_cast<std::uint8_t>(AuditEntryKind::call)) {
      insert(entry);
    } else {
      count(entry);
    }
  }
  wake_by(now_ + audit::pruned_every);
  return audit::add_results();
}

void Audit::insert(AuditEntry entry) {
  const Key counter("entries");
  entry.id = number(counter) + 1;
  put_number(counter, entry.id);
  put_row(entry_key(entry.id), entry);
}

void Audit::count(AuditEntry entry) {
  std::uint64_t id = number(refusal_key(entry));
  if (id == 0) {
    const std::uint64_t kinds = number(kinds_key(entry.at));
    if (kinds >= audit::refusals_per_minute_max) {
      entry.address = other_clients;
      entry.subject.clear();
      entry.role.clear();
      id = number(refusal_key(entry));
    }
    if (id == 0) {
      put_number(kinds_key(entry.at), kinds + 1);
      insert(entry);
      put_number(refusal_key(entry), number(Key("entries")));
      return;
    }
  }
  AuditEntry known = row<AuditEntry>(entry_key(id)).value_or(entry);
  known.id = id;
  known.count += entry.count;
  put_row(entry_key(id), known);
}

Result<audit::list_results> Audit::list(const audit::list_arguments& asked) {
  const std::size_t count_max = std::clamp<std::size_t>(asked.count_max, 1, limit::audit_page_entries_max);
  const Key table("entry");
  std::string end = asked.before == 0 ? table.end() : entry_key(asked.before).str();
  audit::list_results results;
  // Ids are in the order in which entries came, which is nearly that of their times.
  const auto disorder = static_cast<std::uint64_t>(audit::disorder.count());
  std::size_t looks = 0;
  for (;;) {
    const std::vector<Row> rows = store_.range(Range(table.str(), end, count_max + 1, Order::descending));
    for (const Row& found : rows) {
      const auto entry = decode<AuditEntry>(found.value);
      if (entry && entry->at + disorder < asked.since) {
        results.next = 0;
        return results;
      }
      if (entry && entry->at >= asked.since) {
        if (results.entries.size() == count_max) {
          return results;
        }
        results.entries.push_back(*entry);
      }
      results.next = KeyReader(found.key, "entry").number();
    }
    looks += rows.size();
    if (rows.size() <= count_max) {
      results.next = 0;
      return results;
    }
    if (looks >= limit::rows_at_once) {
      return results;
    }
    end = entry_key(results.next).str();
  }
}

void Audit::alarm() {
  const auto now = static_cast<std::uint64_t>(millis_since_epoch(now_));
  const auto kept = static_cast<std::uint64_t>(audit::kept.count());
  const auto recent = static_cast<std::uint64_t>(audit::batches_kept.count());
  const std::uint64_t oldest = now > kept ? now - kept : 0;
  const std::uint64_t newest_forgotten = now > recent ? now - recent : 0;
  std::size_t erased = 0;
  const Key entries("entry");
  for (const Row& found : store_.range(Range(entries.str(), entries.end(), limit::rows_at_once))) {
    const auto entry = decode<AuditEntry>(found.value);
    if (entry && entry->at >= oldest) {
      break;
    }
    store_.erase(found.key);
    ++erased;
  }
  // A batch does not come again after so long, nor does a refusal of such a minute.
  const Key taken("taken");
  Key taken_end("taken");
  taken_end.number(newest_forgotten);
  for (const Row& found : store_.range(Range(taken.str(), taken_end.str(), limit::rows_at_once))) {
    KeyReader key(found.key, "taken");
    key.number();
    Key batch("batch");
    batch.text(key.text());
    store_.erase(batch.str());
    store_.erase(found.key);
    ++erased;
  }
  Key refusals_end("refusal");
  refusals_end.number(newest_forgotten);
  erased += erase_range(Key("refusal").str(), refusals_end.str(), limit::rows_at_once);
  erased += erase_range(Key("kinds").str(), kinds_key(newest_forgotten).str(), limit::rows_at_once);
  if (erased >= limit::rows_at_once) {
    wake_by(now_ + limit::rows_pause);
  } else if (!store_.range(Range(entries.str(), entries.end(), 1)).empty() ||
             !store_.range(Range(taken.str(), taken.end(), 1)).empty()) {
    wake_by(now_ + audit::pruned_every);
  }
}

}  // namespace larder::records
