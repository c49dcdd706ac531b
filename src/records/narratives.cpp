#include "records/narratives.h"

#include <algorithm>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::records {

namespace {

namespace limit = config::limit;

// Outcomes are numbers below this.
constexpr std::uint8_t outcomes = 5;

// The columns that tell an entry from all others.
Key& add_place(Key& key, std::uint64_t at, std::string_view batch, std::uint64_t number) {
  return key.number(at).text(batch).number(number);
}

Key entry_key(std::uint64_t at, std::string_view batch, std::uint64_t number) {
  Key key("entry");
  return add_place(key, at, batch, number);
}

Key user_key(std::string_view user) {
  Key key("user");
  return key.text(user);
}

Key forgotten_key(std::string_view user) {
  Key key("forgotten");
  return key.text(user);
}

bool is_narrative(const NarrativeEntry& entry) {
  return entry.at <= INT64_MAX && entry.outcome < outcomes && entry.duration_millis <= INT64_MAX &&
         entry.user.size() <= narratives::text_bytes_max && entry.system.size() <= narratives::text_bytes_max;
}

}  // namespace

Result<narratives::add_results> Narratives::add(const narratives::add_arguments& asked) {
  if (asked.batch.empty() || asked.batch.size() > limit::batch_name_bytes_max) {
    return fail(ErrorKind::invalid, "narratives", "A batch has a name.");
  }
  if (asked.entries.size() > narratives::batch_entries_max) {
    return fail(ErrorKind::invalid, "narratives", "A batch has too many entries.");
  }
  if (!std::all_of(asked.entries.begin(), asked.entries.end(), is_narrative)) {
    return fail(ErrorKind::invalid, "narratives", "An entry of the batch is malformed.");
  }
  std::uint64_t number = 0;
  for (const NarrativeEntry& entry : asked.entries) {
    const std::uint64_t place = number++;
    if (is_forgotten(entry)) {
      continue;
    }
    put_row(entry_key(entry.at, asked.batch, place), entry);
    if (!entry.user.empty()) {
      Key of_user = user_key(entry.user);
      store_.put(add_place(of_user, entry.at, asked.batch, place).str(), "");
    }
  }
  wake_by(now_ + narratives::pruned_every);
  return narratives::add_results();
}

bool Narratives::is_forgotten(const NarrativeEntry& entry) {
  if (entry.user.empty() || LARDER_MUTATED(forgotten_users_return)) {
    return false;
  }
  const auto forgotten = row<ForgottenUser>(forgotten_key(entry.user));
  return forgotten && entry.at <= forgotten->at + static_cast<std::uint64_t>(limit::clock_skew.count());
}

Result<narratives::forget_results> Narratives::forget(const narratives::forget_arguments& asked) {
  if (asked.user.empty() || asked.user.size() > narratives::text_bytes_max) {
    return fail(ErrorKind::invalid, "narratives", "A user's digest is a text.");
  }
  ForgottenUser forgotten;
  forgotten.at = static_cast<std::uint64_t>(millis_since_epoch(now_));
  put_row(forgotten_key(asked.user), forgotten);
  Key when("mark");
  when.number(forgotten.at).text(asked.user);
  store_.put(when.str(), "");
  const Key index = user_key(asked.user);
  const std::vector<Row> rows = store_.range(Range(index.str(), index.end(), limit::rows_at_once));
  for (const Row& found : rows) {
    const std::string_view place = std::string_view(found.key).substr(index.str().size());
    store_.erase(concat({Key("entry").str(), place}));
    store_.erase(found.key);
  }
  narratives::forget_results results;
  results.count = rows.size();
  results.more = rows.size() == limit::rows_at_once ? 1 : 0;
  wake_by(now_ + narratives::pruned_every);
  return results;
}

Result<narratives::list_results> Narratives::list(const narratives::list_arguments& asked) {
  const std::size_t count_max =
      std::clamp<std::size_t>(asked.count_max, 1, limit::narrative_page_entries_max);
  const Key table("entry");
  Key start("entry");
  start.number(asked.since);
  std::string end = asked.before.empty() ? table.end() : std::min(asked.before, table.end());
  const std::vector<Row> rows =
      store_.range(Range(start.str(), std::move(end), count_max, Order::descending));
  narratives::list_results results;
  for (const Row& found : rows) {
    if (auto entry = decode<NarrativeEntry>(found.value)) {
      results.entries.push_back(std::move(*entry));
    }
  }
  results.next = rows.size() == count_max ? rows.back().key : "";
  return results;
}

void Narratives::alarm() {
  const auto now = static_cast<std::uint64_t>(millis_since_epoch(now_));
  const auto before = [&](Millis kept) {
    const auto millis = static_cast<std::uint64_t>(kept.count());
    return now > millis ? now - millis : 0;
  };
  const Key table("entry");
  Key old("entry");
  old.number(before(narratives::kept));
  const std::vector<Row> rows = store_.range(Range(table.str(), old.str(), limit::rows_at_once));
  for (const Row& found : rows) {
    const auto entry = decode<NarrativeEntry>(found.value);
    if (entry && !entry->user.empty()) {
      const std::string_view place = std::string_view(found.key).substr(table.str().size());
      store_.erase(concat({user_key(entry->user).str(), place}));
    }
    store_.erase(found.key);
  }
  // What was on its way when a user was forgotten has come by now, or never will.
  const Key marks("mark");
  Key old_marks("mark");
  old_marks.number(before(narratives::forgotten_kept));
  const std::vector<Row> marked = store_.range(Range(marks.str(), old_marks.str(), limit::rows_at_once));
  for (const Row& found : marked) {
    KeyReader key(found.key, "mark");
    const std::uint64_t at = key.number();
    const std::string user = key.text();
    const auto forgotten = row<ForgottenUser>(forgotten_key(user));
    if (forgotten && forgotten->at == at) {
      store_.erase(forgotten_key(user).str());
    }
    store_.erase(found.key);
  }
  if (rows.size() == limit::rows_at_once || marked.size() == limit::rows_at_once) {
    wake_by(now_ + limit::rows_pause);
  } else if (!store_.range(Range(table.str(), table.end(), 1)).empty() ||
             !store_.range(Range(marks.str(), marks.end(), 1)).empty()) {
    wake_by(now_ + narratives::pruned_every);
  } else {
    give_back();
  }
}

}  // namespace larder::records
