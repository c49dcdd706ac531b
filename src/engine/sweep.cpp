#include "engine/sweep.h"

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "entry/header.h"
#include "tiers/notes.h"

namespace larder::engine {

using observe::Counter;

namespace {

constexpr Millis progress_kept = std::chrono::hours(400 * 24);

// No key of an entry: those go on with a resource's name and a schema.
std::string progress_key(const config::Settings& settings) {
  return concat({settings.cache_prefix, "::sweep"});
}

bool is_dropped(const policy::PurgeBook& purges, const std::string& key, std::string_view header) {
  auto decoded = entry::decode(header);
  return decoded && purges.judge(key, *decoded) == policy::PurgeVerdict::dropped;
}

}  // namespace

std::string to_text(const SweepProgress& progress) {
  return concat(
      {larder::to_text(progress.swept), " ", larder::to_text(progress.sequence), " ", progress.cursor});
}

SweepProgress parse_sweep_progress(std::string_view text) {
  const auto parts = split(text, ' ');
  SweepProgress progress;
  if (parts.size() != 3) {
    return progress;
  }
  const auto swept = parse_unsigned(parts[0]);
  const auto sequence = parse_unsigned(parts[1]);
  if (swept && sequence && *swept <= *sequence) {
    progress.swept = *swept;
    progress.sequence = *sequence;
    progress.cursor = std::string(parts[2]);
  }
  return progress;
}

host::Task<void> sweep(host::Context here, const config::Settings& settings, tiers::TieredCache& tiered,
                       Control& control, observe::Counters& counters) {
  tiers::GuardedTier* const shared = tiered.shared_tier();
  if (shared == nullptr) {
    co_return;
  }
  co_await control.make_current(here);
  const std::string key = progress_key(settings);
  const std::string prefix = settings.cache_prefix + ":";
  const std::string no_entries = prefix + ":";
  const auto kept = co_await tiers::read_note(here, key);
  if (!kept) {
    co_return;
  }
  SweepProgress progress = parse_sweep_progress(kept->value_or(""));
  if (progress.cursor.empty()) {
    if (control.purges().size() == 0 || control.sequence() <= progress.swept) {
      co_return;
    }
    progress.sequence = control.sequence();
  }
  std::size_t left = config::limit::sweep_deletes_max;
  for (std::size_t page = 0; page < config::limit::sweep_pages_max && left > 0; ++page) {
    const auto listed = co_await shared->list(here, prefix, progress.cursor,
                                              static_cast<std::uint32_t>(config::limit::sweep_page_keys));
    if (!listed) {
      break;
    }
    std::vector<std::string> dropped;
    std::vector<std::string> cold;
    for (const tiers::ListedKey& one : listed->keys) {
      // Notes, locks and what holders left in them are not entries, and expire by themselves.
      const bool is_entry = !one.storage_name.starts_with(no_entries);
      const entry::KeptText text = entry::parse_kept(one.header);
      if (is_entry && dropped.size() < left && is_dropped(control.purges(), one.storage_name, text.header)) {
        dropped.push_back(one.storage_name);
        if (text.place == entry::BodyPlace::cold && !LARDER_MUTATED(purge_spares_cold)) {
          cold.push_back(one.storage_name);
        }
      }
    }
    // A fresh entry may have replaced it meanwhile: then one look-up misses.
    const auto removal = co_await shared->remove_many(here, std::move(dropped));
    if (tiers::GuardedTier* const store = tiered.cold_tier(); store != nullptr && !cold.empty()) {
      // Where this fails, the archiver's walk finds objects without a stub.
      const auto from_cold = co_await store->remove_many(here, std::move(cold));
      static_cast<void>(from_cold);
    }
    left -= removal.count;
    counters.add(Counter::swept_entries_total, {}, {}, removal.count);
    if (removal.failure || left == 0) {
      // The rest of the page is looked at again.
      break;
    }
    progress.cursor = listed->next_cursor;
    if (progress.cursor.empty()) {
      progress.swept = progress.sequence;
      break;
    }
  }
  const auto put = co_await tiers::write_note(here, key, to_text(progress), progress_kept);
  if (!put) {
    counters.add(Counter::cache_errors_total, "sweep", observe::Label(put.error().kind));
  }
}

}  // namespace larder::engine
