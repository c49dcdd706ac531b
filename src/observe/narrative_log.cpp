#include "observe/narrative_log.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/log_line.h"
#include "records/calls.h"

namespace larder::observe {

namespace {

constexpr std::size_t digest_bytes = 16;
constexpr std::size_t outcomes = 5;
constexpr std::size_t systems_shown_max = 20;

// The smallest of sorted durations that the share of them does not exceed.
std::uint64_t duration_at(const std::vector<std::uint64_t>& sorted, std::size_t percent) {
  if (sorted.empty()) {
    return 0;
  }
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

class Figures {
 public:
  void add(const records::NarrativeEntry& entry) {
    ++counts_[std::min<std::size_t>(entry.outcome, outcomes - 1)];
    durations_.push_back(entry.duration_millis);
    if (!entry.user.empty()) {
      users_.insert(entry.user);
    }
    if (!entry.system.empty()) {
      ++systems_[entry.system];
    }
  }

  std::string text(bool complete) {
    std::sort(durations_.begin(), durations_.end());
    std::uint64_t sum = 0;
    for (const std::uint64_t duration : durations_) {
      sum += duration;
    }
    const std::uint64_t requests = durations_.size();
    const double served = static_cast<double>(counts_[0] + counts_[1]);
    const double all = static_cast<double>(std::max<std::uint64_t>(requests, 1));
    constexpr double decimals = 10'000;
    JsonWriter json;
    json.begin_object().key("requests").value(requests);
    constexpr std::array<std::string_view, outcomes> names = {"hits", "stale", "misses", "templates",
                                                              "refused"};
    for (std::size_t i = 0; i < outcomes; ++i) {
      json.key(names[i]).value(counts_[i]);
    }
    json.key("hitRate").value(std::round(served / all * decimals) / decimals);
    json.key("durationMillis").begin_object();
    json.key("mean").value(static_cast<std::uint64_t>(std::round(static_cast<double>(sum) / all)));
    json.key("p50").value(duration_at(durations_, 50)).key("p95").value(duration_at(durations_, 95));
    json.end_object();
    write_systems(json);
    json.key("users").value(users_.size()).key("complete").value(complete).end_object();
    return std::move(json).take();
  }

 private:
  void write_systems(JsonWriter& json) const {
    std::vector<std::pair<std::string, std::uint64_t>> systems(systems_.begin(), systems_.end());
    std::sort(systems.begin(), systems.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    systems.resize(std::min(systems.size(), systems_shown_max));
    json.key("topSystems").begin_array();
    for (const auto& [name, count] : systems) {
      json.begin_object().key("name").value(name).key("count").value(count).end_object();
    }
    json.end_array();
  }

  std::array<std::uint64_t, outcomes> counts_{};
  std::vector<std::uint64_t> durations_;
  std::set<std::string> users_;
  std::map<std::string, std::uint64_t> systems_;
};

}  // namespace

std::string user_digest(host::Host& host, std::string_view cache_prefix, std::string_view user_id) {
  if (user_id.empty()) {
    return "";
  }
  return to_hex(host.sha256(concat({"user\n", cache_prefix, "\n", user_id})).substr(0, digest_bytes));
}

NarrativeLog::NarrativeLog(const config::Settings& settings, Counters& counters)
    : settings_(settings),
      counters_(counters),
      outbox_(
          records::OutboxTerms(config::limit::narratives_gathered, 2 * config::limit::narratives_gathered,
                               config::limit::narrative_rows_max, config::limit::narrative_batch_rows_max),
          [this](host::Context here, std::string batch, std::vector<records::NarrativeEntry> entries) {
            return send(here, std::move(batch), std::move(entries));
          }) {}

host::Task<std::optional<Error>> NarrativeLog::send(host::Context here, std::string batch,
                                                    std::vector<records::NarrativeEntry> entries) const {
  records::narratives::add_arguments asked;
  asked.batch = std::move(batch);
  asked.entries = std::move(entries);
  const auto added =
      co_await records::narratives::add(here, settings_.cache_prefix, asked, config::limit::object_wait);
  std::optional<Error> failed;
  if (!added) {
    failed.emplace(added.error());
  }
  co_return failed;
}

host::Task<void> NarrativeLog::write(host::Context here, NarrativeRow row) {
  records::NarrativeEntry entry;
  entry.at = static_cast<std::uint64_t>(std::max<std::int64_t>(millis_since_epoch(row.at), 0));
  entry.user = std::move(row.user);
  entry.outcome = static_cast<std::uint8_t>(row.outcome);
  entry.duration_millis = static_cast<std::uint64_t>(std::max<std::int64_t>(row.duration.count(), 0));
  entry.system = std::string(utf8_prefix(row.system, config::limit::narrative_system_bytes_max));
  outbox_.add(std::move(entry));
  const bool is_mine = co_await outbox_.gather(here);
  if (!is_mine) {
    co_return;
  }
  const auto failed = co_await outbox_.flush(here);
  const std::uint64_t dropped = outbox_.take_dropped();
  if (dropped > 0) {
    counters_.add(Counter::outbox_dropped_total, "narratives", {}, dropped);
  }
  if (failed) {
    host::LogLine line(here.host(), LogLevel::error, "narratives_not_written");
    line.add("reason", to_text(failed->kind)).add("waiting", outbox_.waiting());
    line.add("dropped", dropped).write();
  }
}

host::Task<Result<std::string>> NarrativeLog::figures(host::Context here, Instant since) const {
  Figures figures;
  records::narratives::list_arguments asked;
  asked.since = static_cast<std::uint64_t>(std::max<std::int64_t>(millis_since_epoch(since), 0));
  asked.count_max = static_cast<std::uint32_t>(config::limit::narrative_page_entries_max);
  std::size_t read = 0;
  do {
    const auto page =
        co_await records::narratives::list(here, settings_.cache_prefix, asked, config::limit::object_wait);
    if (!page) {
      co_return tl::make_unexpected(page.error());
    }
    for (const records::NarrativeEntry& entry : page->entries) {
      figures.add(entry);
    }
    read += page->entries.size();
    asked.before = page->next;
  } while (!asked.before.empty() && read < config::limit::narrative_rows_read);
  co_return figures.text(asked.before.empty());
}

host::Task<Result<std::uint64_t>> NarrativeLog::forget(host::Context here, std::string user) {
  // The log first: what it does not confirm is not deleted, and may be asked for again.
  records::narratives::forget_arguments asked;
  asked.user = user;
  std::uint64_t count = 0;
  for (std::size_t calls = 0;; ++calls) {
    const auto told =
        co_await records::narratives::forget(here, settings_.cache_prefix, asked, config::limit::object_wait);
    if (!told) {
      co_return tl::make_unexpected(told.error());
    }
    count += told->count;
    if (told->more == 0) {
      break;
    }
    if (calls == config::limit::forget_calls_max) {
      co_return fail_for_now(ErrorKind::unavailable, "narratives",
                             "The user has more rows than one request deletes; ask again.");
    }
  }
  // A batch under way keeps its rows under its name; the log leaves out what was forgotten.
  const std::uint64_t waiting =
      outbox_.erase_if([&](const records::NarrativeEntry& entry) { return entry.user == user; });
  co_return count + waiting;
}

}  // namespace larder::observe
