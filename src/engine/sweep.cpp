#include "engine/sweep.h"

#include "base/text.h"
#include "config/limits.h"
#include "entry/header.h"
#include "host/operations.h"

namespace larder::engine {

using observe::Counter;

namespace {

constexpr std::uint64_t progress_kept_seconds = 400ULL * 86'400;

// No key of an entry: those go on with a resource's name and a schema.
std::string progress_key(const config::Settings& settings) {
  return concat({settings.cache_prefix, "::sweep"});
}

bool is_dropped(const policy::PurgeBook& purges, const std::string& key, const std::string& header) {
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

host::Task<void> sweep(host::Context here, const config::Settings& settings, Control& control,
                       observe::Counters& counters) {
  co_await control.make_current(here);
  const std::string key = progress_key(settings);
  const std::string prefix = settings.cache_prefix + ":";
  const auto kept = co_await host::kv_get(here, key, config::millis_of(config::limit::tier_patience));
  if (!kept) {
    co_return;
  }
  SweepProgress progress = parse_sweep_progress(kept->found == 1 ? kept->header : "");
  if (progress.cursor.empty()) {
    if (control.purges().size() == 0 || control.sequence() <= progress.swept) {
      co_return;
    }
    progress.sequence = control.sequence();
  }
  std::size_t deletes = 0;
  for (std::size_t page = 0; page < config::limit::sweep_pages_max; ++page) {
    const auto listed = co_await host::kv_list(here, prefix, progress.cursor,
                                               static_cast<std::uint32_t>(config::limit::sweep_page_keys));
    if (!listed) {
      break;
    }
    bool whole = true;
    for (std::size_t i = 0; i < listed->keys.size() && whole; ++i) {
      if (!is_dropped(control.purges(), listed->keys[i], listed->headers[i])) {
        continue;
      }
      // A fresh entry may have come in its place meanwhile: then one look-up misses, and nothing worse.
      const auto removed = co_await host::kv_delete(here, listed->keys[i]);
      ++deletes;
      whole = removed.has_value() && deletes < config::limit::sweep_deletes_max;
      if (removed) {
        counters.add(Counter::swept_entries_total);
      }
    }
    if (!whole) {
      // The rest of the page is looked at again.
      break;
    }
    progress.cursor = listed->next_cursor;
    if (progress.cursor.empty()) {
      progress.swept = progress.sequence;
      break;
    }
  }
  const host::Body mark = host::Body::from_bytes(here.host(), "sweep");
  const auto put = co_await host::kv_put(here, key, to_text(progress), mark, progress_kept_seconds);
  if (!put) {
    counters.add(Counter::cache_errors_total, "kv", larder::to_text(put.error().kind));
  }
}

}  // namespace larder::engine
