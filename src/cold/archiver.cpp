#include "cold/archiver.h"

#include <algorithm>
#include <set>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/copy.h"
#include "engine/rehydrating.h"
#include "host/log_line.h"
#include "host/operations.h"
#include "json/json_text.h"
#include "metrics/ghost_cache.h"
#include "policy/freshness.h"
#include "records/calls.h"
#include "tiers/cold_place.h"

namespace larder::cold {

namespace limit = config::limit;
using observe::Counter;
using observe::Label;
using records::StepOutcome;

namespace {

constexpr std::string_view queue_binding = "ARCHIVE_QUEUE";
constexpr std::uint64_t retry_seconds = 60;
// A step that fails so often ends its run: the next night begins again.
constexpr std::uint32_t attempts_max = 4;
constexpr std::uint32_t objects_at_once = 1000;

// Kinds of entries that stay where they are: they are short-lived, or not whole by themselves.
bool is_of_a_kind_that_moves(const entry::Header& header) {
  // From R2 it would come as a stream, which nobody can unpack.
  const bool is_packed_stream = header.encoding != entry::Encoding::identity &&
                                header.stored_size > Bytes(limit::streamed_body_bytes_min);
  return !is_packed_stream && header.kind == entry::Kind::positive && header.status != 206 &&
         header.vary.empty() && !header.partial;
}

std::optional<tiers::Key> key_of(host::Context here, const std::string& name) {
  auto key = entry::key_named(name, [here](std::string_view bytes) { return here.host().sha256(bytes); });
  return key ? std::optional<tiers::Key>(tiers::Key(std::move(*key), tiers::TierSet::all())) : std::nullopt;
}

bool has_counted_since(Instant since, Instant now, Millis age_min) {
  return since != Instant::max() && now - since >= age_min;
}

bool is_same(const entry::Header& one, const entry::Header& other) {
  const auto text = [](const entry::Header& header) {
    return entry::encode(header, Bytes(limit::header_value_bytes_max)).value_or("");
  };
  return text(one) == text(other);
}

}  // namespace

std::string to_json(const Message& message) {
  JsonWriter json;
  json.begin_object();
  if (message.kind == Message::Kind::step) {
    json.key("kind").value("step").key("run").value(message.run);
  } else {
    json.key("kind").value("look-again");
    json.key("seen").value(static_cast<std::uint64_t>(millis_since_epoch(message.seen)));
    json.key("names").begin_array();
    for (const std::string& name : message.names) {
      json.value(name);
    }
    json.end_array();
  }
  json.end_object();
  return std::move(json).take();
}

Result<Message> parse_message(std::string_view json) {
  const auto parsed = json::JsonText::parse(json);
  if (!parsed) {
    return tl::make_unexpected(parsed.error());
  }
  Message message;
  const std::string kind = parsed->text("kind");
  if (kind == "step") {
    message.run = parsed->number("run");
  } else if (kind == "look-again") {
    message.kind = Message::Kind::look_again;
    message.seen = instant_from_millis(static_cast<std::int64_t>(parsed->number("seen")));
    for (const json::JsonText& item : parsed->items("names")) {
      message.names.push_back(item.as_text().value_or(""));
    }
  }
  const bool is_whole = message.kind == Message::Kind::step
                            ? message.run > 0
                            : message.seen > Instant() && !message.names.empty() &&
                                  message.names.size() <= limit::cold_forget_names_max;
  if (!is_whole) {
    return fail(ErrorKind::invalid, "cold", "This is no message of the archiver.");
  }
  return message;
}

// The walk of one step.
struct Archiver::Walk {
  std::uint64_t number = 0;
  std::string token;
  RunKind kind = RunKind::moves;
  std::string cursor;
  std::string passed;
  bool is_through = false;
  std::uint64_t moved_before = 0;
  std::size_t moves = 0;
  ArchivePrices prices = archive_prices();
  // Analytics Engine has failed, or not counted for long enough.
  bool is_analytics_down = false;
  std::string analytics_fault;
  // Of the page at hand.
  tiers::KeyPage page;
  Instant page_seen;
  std::vector<std::string> objects;
  std::set<std::string, std::less<>> stubs;
  std::vector<PlannedMove> planned;
  std::vector<Candidate> candidates;
  std::vector<const config::ArchiveRules*> rules;
  // What has not been settled yet.
  records::ArchiveSums sums;
  Instant began;

  Walk() {}
};

// One move.
struct Archiver::Move {
  tiers::Key key;
  // As the list showed it.
  entry::Header listed;
  tiers::EntryPtr entry;
  Instant began;

  Move() {}
};

std::string_view Archiver::objection() const {
  if (!settings_.cold_storage_enabled) {
    return "ENABLE_COLD_STORAGE is false.";
  }
  if (settings_.cache_implementation != config::CacheImplementation::kv || !settings_.feature_cache) {
    return "Entries are archived where KV is the shared tier (CACHE_IMPL): Redis makes room by itself.";
  }
  if (settings_.ledger_shards == 0) {
    return "Without a ledger (LEDGER_SHARDS) nobody knows what is read.";
  }
  return "";
}

// Runs
// --------------------------------------------------------------------------------------------------------

host::Task<Result<Begun>> Archiver::begin(host::Context here, RunKind kind) {
  if (const std::string_view reason = objection(); !reason.empty()) {
    co_return fail(ErrorKind::unsupported, "cold", std::string(reason));
  }
  records::archive::begin_arguments asked;
  asked.dry_run = kind == RunKind::plans ? 1 : 0;
  auto answer = co_await records::archive::begin(here, settings_.cache_prefix, asked, limit::object_wait);
  if (!answer) {
    co_return tl::make_unexpected(std::move(answer.error()));
  }
  Begun begun;
  begun.was_at_work = answer->began == 0;
  begun.run = std::move(answer->run);
  if (!begun.was_at_work) {
    Message message;
    message.run = begun.run.number;
    const std::vector<std::string> messages(1, to_json(message));
    const auto sent = co_await host::queue_send(here, queue_binding, messages, 0);
    if (!sent) {
      // The run is there: tend() sends its message when it has been quiet for long enough.
      host::LogLine(here.host(), LogLevel::warn, "archive_message_unsent").write();
    }
  }
  co_return begun;
}

host::Task<Result<std::vector<records::ArchiveRun>>> Archiver::runs(host::Context here,
                                                                    std::uint32_t count_max) {
  records::archive::show_arguments asked;
  asked.count_max = count_max;
  auto shown = co_await records::archive::show(here, settings_.cache_prefix, asked, limit::object_wait);
  if (!shown) {
    co_return tl::make_unexpected(std::move(shown.error()));
  }
  co_return std::move(shown->runs);
}

host::Task<void> Archiver::tend(host::Context here) {
  if (!objection().empty()) {
    co_return;
  }
  const auto last = co_await runs(here, 1);
  if (!last || last->empty() ||
      last->front().state != static_cast<std::uint8_t>(records::RunState::running)) {
    co_return;
  }
  const Instant touched = instant_from_millis(static_cast<std::int64_t>(last->front().touched));
  if (here.host().now() - touched < limit::cold_quiet) {
    co_return;
  }
  Message message;
  message.run = last->front().number;
  const std::vector<std::string> messages(1, to_json(message));
  const auto sent = co_await host::queue_send(here, queue_binding, messages, 0);
  if (!sent) {
    host::LogLine(here.host(), LogLevel::warn, "archive_message_unsent").write();
  }
}

host::Task<void> Archiver::consume(host::Context here, std::vector<host::Delivery> deliveries) {
  std::vector<std::string> acknowledged;
  std::vector<std::string> retried;
  for (host::Delivery& delivery : deliveries) {
    auto message = parse_message(delivery.body);
    Settled settled = Settled::again;
    if (message && message->kind == Message::Kind::step) {
      settled = co_await step(here, message->run, delivery.attempts);
    } else if (message) {
      settled = co_await look_again(here, message->seen, std::move(message->names));
    } else {
      // Of another version, perhaps, that is being rolled out.
      host::LogLine(here.host(), LogLevel::warn, "unknown_messages").add("queue", "archive-queue").write();
    }
    (settled == Settled::done ? acknowledged : retried).push_back(std::move(delivery.id));
  }
  const auto settled = co_await host::batch_settle(here, acknowledged, retried, retry_seconds);
  if (!settled) {
    host::LogLine(here.host(), LogLevel::error, "batch_not_settled").write();
  }
}

// Steps
// -------------------------------------------------------------------------------------------------------

host::Task<Result<bool>> Archiver::settle_stretch(host::Context here, Walk& walk, StepOutcome outcome,
                                                  std::string fault) {
  records::archive::settle_arguments done;
  done.number = walk.number;
  done.token = walk.token;
  done.cursor = walk.cursor;
  done.passed = walk.passed;
  done.outcome = static_cast<std::uint8_t>(outcome);
  done.fault = std::move(fault);
  done.analytics_fault = walk.analytics_fault;
  walk.sums.work_millis = static_cast<std::uint64_t>((here.host().now() - walk.began).count());
  walk.began = here.host().now();
  ++walk.sums.operations;
  done.sums = walk.sums;
  walk.sums = records::ArchiveSums();
  const auto settled =
      co_await records::archive::settle(here, settings_.cache_prefix, done, limit::object_wait);
  if (!settled) {
    co_return tl::make_unexpected(settled.error());
  }
  if (outcome == StepOutcome::run_over || outcome == StepOutcome::run_failed) {
    counters_.add(Counter::cold_runs_total, outcome == StepOutcome::run_over ? "complete" : "failed");
  }
  co_return settled->settled == 1;
}

host::Task<Archiver::Settled> Archiver::step(host::Context here, std::uint64_t number,
                                             std::uint32_t attempts) {
  Walk walk;
  walk.number = number;
  walk.token = to_hex(here.host().random_bytes(16));
  walk.began = here.host().now();
  const Instant end = walk.began + limit::cold_step_time_max;
  records::archive::take_arguments asked;
  asked.number = number;
  asked.token = walk.token;
  asked.lease_millis = config::millis_of(limit::cold_lease);
  auto taken = co_await records::archive::take(here, settings_.cache_prefix, asked, limit::object_wait);
  if (!taken) {
    co_return Settled::again;
  }
  if (taken->taken == 0) {
    // Over; or another step is at it, which sends the next message itself.
    co_return Settled::done;
  }
  walk.kind = taken->run.dry_run == 1 ? RunKind::plans : RunKind::moves;
  walk.cursor = std::move(taken->run.cursor);
  walk.passed = std::move(taken->run.passed);
  walk.moved_before = taken->run.sums.moved;
  ++walk.sums.operations;
  if (const std::string_view reason = objection(); !reason.empty()) {
    std::string fault(reason);
    const auto settled = co_await settle_stretch(here, walk, StepOutcome::run_failed, std::move(fault));
    co_return settled ? Settled::done : Settled::again;
  }
  co_await control_.make_current(here);
  std::size_t pages = 0;
  while (!walk.is_through) {
    const auto walked = co_await walk_page(here, walk);
    if (!walked) {
      const bool gives_up = attempts >= attempts_max;
      std::string fault = walked.error().message;
      const auto settled = co_await settle_stretch(
          here, walk, gives_up ? StepOutcome::run_failed : StepOutcome::step_over, std::move(fault));
      co_return settled&& gives_up ? Settled::done : Settled::again;
    }
    ++pages;
    const bool is_last = walk.is_through || pages >= limit::cold_step_pages_max ||
                         walk.moves >= limit::cold_step_moves_max || here.host().now() >= end;
    StepOutcome outcome = is_last ? StepOutcome::step_over : StepOutcome::goes_on;
    outcome = walk.is_through ? StepOutcome::run_over : outcome;
    const auto settled = co_await settle_stretch(here, walk, outcome, "");
    if (!settled) {
      // The object may have taken it or not: what the page had moved is a stub now, and is not moved again.
      co_return Settled::again;
    }
    if (!*settled || walk.is_through) {
      co_return Settled::done;
    }
    if (is_last) {
      break;
    }
  }
  Message next;
  next.run = number;
  const std::vector<std::string> messages(1, to_json(next));
  const auto sent = co_await host::queue_send(here, queue_binding, messages, 0);
  co_return sent ? Settled::done : Settled::again;
}

const config::ArchiveRules* Archiver::rules_of(std::string_view storage_name) const {
  const std::string_view rest = storage_name.substr(settings_.cache_prefix.size() + 1);
  const std::string_view resource_name = rest.substr(0, rest.find(':'));
  for (const config::Resource& resource : declarations_.resources) {
    if (resource.name == resource_name) {
      return &resource.archive;
    }
  }
  return nullptr;
}

// The names of R2 from where the last page ended up to `until`; "": all that are left.
host::Task<Result<void>> Archiver::list_objects(host::Context here, Walk& walk, const std::string& until) {
  const std::string prefix = settings_.cache_prefix + ":";
  std::string after = walk.passed;
  walk.objects.clear();
  for (;;) {
    ++walk.sums.operations;
    auto listed =
        co_await host::r2_list(here, prefix, after, objects_at_once, config::millis_of(limit::r2_wait));
    if (!listed) {
      co_return tl::make_unexpected(std::move(listed.error()));
    }
    const bool more = listed->more == 1 && !listed->keys.empty();
    for (std::string& name : listed->keys) {
      if (!until.empty() && name > until) {
        co_return Result<void>();
      }
      after = name;
      walk.objects.push_back(std::move(name));
    }
    if (!more) {
      co_return Result<void>();
    }
  }
}

host::Task<void> Archiver::judge_listed(host::Context here, Walk& walk, const tiers::ListedKey& listed) {
  const entry::KeptText kept = entry::parse_kept(listed.header);
  auto header = entry::decode(kept.header);
  if (!header) {
    co_return;
  }
  if (kept.place == entry::BodyPlace::cold) {
    walk.stubs.insert(listed.storage_name);
    ++walk.sums.cold_entries;
    walk.sums.cold_bytes += header->stored_size.count;
    co_return;
  }
  ++walk.sums.hot_entries;
  walk.sums.hot_bytes += header->stored_size.count;
  const config::ArchiveRules* const rules = rules_of(listed.storage_name);
  const bool stays = rules == nullptr || !is_of_a_kind_that_moves(*header) ||
                     control_.purges().judge(listed.storage_name, *header) != policy::PurgeVerdict::kept;
  if (stays) {
    co_return;
  }
  const Instant now = here.host().now();
  Candidate candidate;
  candidate.storage_name = listed.storage_name;
  candidate.size = header->stored_size;
  candidate.age = policy::standing(*header, now).age;
  candidate.kept = policy::retention(*header, now, Millis(0));
  walk.candidates.push_back(std::move(candidate));
  walk.rules.push_back(rules);
}

// How often the candidates were read, and what follows.
host::Task<Result<void>> Archiver::plan_page(host::Context here, Walk& walk) {
  walk.planned.clear();
  if (walk.candidates.empty()) {
    co_return Result<void>();
  }
  const auto counts = co_await count_reads(here, walk);
  if (!counts) {
    co_return tl::make_unexpected(counts.error());
  }
  const Instant now = here.host().now();
  for (std::size_t i = 0; i < walk.candidates.size(); ++i) {
    Candidate& candidate = walk.candidates[i];
    const KeyUse& use = counts->uses[i];
    candidate.reads = static_cast<std::uint32_t>(std::min<std::uint64_t>(use.reads, UINT32_MAX));
    if (use.read_by > Instant()) {
      candidate.since_read = std::max<Millis>(now - use.read_by, Millis(0));
    }
    // What nobody has counted for long enough may have been read.
    if (!has_counted_since(counts->since, now, walk.rules[i]->age_min)) {
      candidate.since_read = Millis(0);
    }
    const Judgement judgement = judge(candidate, *walk.rules[i], walk.prices);
    walk.planned.emplace_back(std::move(candidate), judgement);
  }
  const std::uint64_t moved = walk.moved_before + walk.moves;
  const std::size_t left =
      moved < limit::cold_run_moves_max ? static_cast<std::size_t>(limit::cold_run_moves_max - moved) : 0;
  walk.planned = within_budget(std::move(walk.planned), left);
  for (const PlannedMove& one : walk.planned) {
    ++walk.sums.planned;
    walk.sums.planned_bytes += one.candidate.size.count;
    walk.sums.planned_saving += static_cast<std::uint64_t>(one.judgement.saving);
    walk.sums.planned_cost += one.judgement.cost;
  }
  co_return Result<void>();
}

// By Analytics Engine where it is configured and has counted for as long as any of the candidates needs; else
// by the ledger.
host::Task<Result<ReadCounts>> Archiver::count_reads(host::Context here, Walk& walk) {
  std::vector<std::uint64_t> hashes;
  Millis age_min{0};
  for (std::size_t i = 0; i < walk.candidates.size(); ++i) {
    hashes.push_back(metrics::ghost_hash(settings_.cache_prefix, walk.candidates[i].storage_name));
    age_min = std::max(age_min, walk.rules[i]->age_min);
  }
  const std::uint64_t candidates = hashes.size();
  // Who has failed once in a step would hold up each of its pages.
  if (config::counts_reads_by_analytics(settings_) && !walk.is_analytics_down) {
    auto counts = co_await analytics_counter_.count(here, hashes);
    if (counts && has_counted_since(counts->since, here.host().now(), age_min)) {
      walk.sums.operations += counts->operations;
      walk.sums.counted_by_analytics += candidates;
      co_return counts;
    }
    ++walk.sums.operations;
    walk.is_analytics_down = !counts;
    walk.analytics_fault =
        counts ? "Analytics Engine has not counted all reads for as long as minAge." : counts.error().message;
    host::LogLine(here.host(), LogLevel::warn, "reads_counted_by_ledger")
        .add("fault", walk.analytics_fault)
        .write();
  }
  auto counts = co_await ledger_counter_.count(here, std::move(hashes));
  if (counts) {
    walk.sums.operations += counts->operations;
    walk.sums.counted_by_ledger += candidates;
  }
  co_return counts;
}

host::Task<Result<void>> Archiver::walk_page(host::Context here, Walk& walk) {
  tiers::GuardedTier* const shared = tiered_.shared_tier();
  LARDER_ASSERT(shared != nullptr);
  const std::string prefix = settings_.cache_prefix + ":";
  const std::string no_entries = prefix + ":";
  walk.page_seen = here.host().now();
  ++walk.sums.operations;
  auto page =
      co_await shared->list(here, prefix, walk.cursor, static_cast<std::uint32_t>(limit::cold_page_keys));
  if (!page) {
    co_return tl::make_unexpected(std::move(page.error()));
  }
  walk.page = std::move(*page);
  walk.is_through = walk.page.next_cursor.empty();
  walk.stubs.clear();
  walk.candidates.clear();
  walk.rules.clear();
  walk.objects.clear();
  const std::string until =
      walk.is_through || walk.page.keys.empty() ? std::string() : walk.page.keys.back().storage_name;
  if (walk.is_through || !until.empty()) {
    const auto objects = co_await list_objects(here, walk, until);
    if (!objects) {
      walk.is_through = false;
      co_return tl::make_unexpected(objects.error());
    }
  }
  for (const tiers::ListedKey& listed : walk.page.keys) {
    // Notes, locks and what they hand over are no entries.
    if (!listed.storage_name.starts_with(no_entries)) {
      co_await judge_listed(here, walk, listed);
    }
  }
  const auto planned = co_await plan_page(here, walk);
  if (!planned) {
    walk.is_through = false;
    co_return tl::make_unexpected(planned.error());
  }
  if (walk.kind == RunKind::moves) {
    co_await settle_orphans(here, walk);
    for (const PlannedMove& one : walk.planned) {
      const auto listed = std::find_if(
          walk.page.keys.begin(), walk.page.keys.end(),
          [&](const tiers::ListedKey& key) { return key.storage_name == one.candidate.storage_name; });
      const std::string_view outcome = co_await move(here, walk, one.candidate.storage_name, listed->header);
      counters_.add(Counter::cold_moves_total, outcome);
      ++walk.moves;
      if (outcome == "moved") {
        ++walk.sums.moved;
        walk.sums.moved_bytes += one.candidate.size.count;
        counters_.add(Counter::cold_moved_bytes_total, {}, {}, one.candidate.size.count);
      } else if (outcome == "busy" || outcome == "changed" || outcome == "purged") {
        ++walk.sums.skipped;
      } else {
        ++walk.sums.failed;
      }
      if (outcome == "unreachable") {
        // R2 is out of order: what is in KV stays there.
        walk.is_through = false;
        co_return fail_for_now(ErrorKind::unavailable, "cold", "R2 does not answer.");
      }
    }
  }
  walk.cursor = walk.page.next_cursor;
  walk.passed = until.empty() ? walk.passed : until;
  co_return Result<void>();
}

// Moves
// -------------------------------------------------------------------------------------------------------

host::Task<std::string_view> Archiver::move(host::Context here, Walk& walk, const std::string& name,
                                            const std::string& header) {
  Move move;
  auto key = key_of(here, name);
  auto listed = entry::decode(header);
  if (!key || !listed) {
    co_return "changed";
  }
  move.key = std::move(*key);
  move.listed = std::move(*listed);
  move.began = here.host().now();
  walk.sums.operations += 1;
  auto lock =
      co_await locks_.take(here, move.key, engine::cold_lock_name(name), limit::cold_lock_kept, move.began);
  if (lock.state != engine::Locks::State::held) {
    co_return "busy";
  }
  const std::string_view outcome = co_await move_locked(here, walk, move);
  if (outcome == "moved") {
    // Nobody is to bring it back while KV may still show what was there.
    lock.permit.leave_to_its_time();
  } else {
    ++walk.sums.operations;
    co_await locks_.give_up(here, std::move(lock.permit));
  }
  co_return outcome;
}

host::Task<std::string_view> Archiver::move_locked(host::Context here, Walk& walk, Move& move) {
  tiers::GuardedTier* const shared = tiered_.shared_tier();
  ++walk.sums.operations;
  auto found = co_await shared->bare().get(here, move.key);
  if (!found) {
    co_return "unread";
  }
  move.entry = std::move(found->entry);
  if (move.entry == nullptr || tiers::is_stub(*move.entry) || !is_same(move.entry->header, move.listed)) {
    co_return "changed";
  }
  if (LARDER_MUTATED(cold_stub_first)) {
    const std::string_view early = co_await write_stub(here, walk, move);
    static_cast<void>(early);
  }
  const std::string_view copied = co_await copy_to_cold(here, walk, move);
  if (!copied.empty()) {
    co_return copied;
  }
  // What stands there now: the copy may have taken long.
  ++walk.sums.operations;
  const auto now_there = co_await shared->bare().get(here, move.key);
  const bool is_there = now_there && now_there->entry != nullptr && !tiers::is_stub(*now_there->entry) &&
                        is_same(now_there->entry->header, move.entry->header);
  const bool is_overlooked = LARDER_MUTATED(cold_change_overlooked) || LARDER_MUTATED(cold_stub_first);
  if (!is_there && !is_overlooked) {
    co_return "changed";
  }
  co_await control_.make_current(here);
  entry::Header judged = move.entry->header;
  if (control_.purges().judge(move.key.storage_name, judged) != policy::PurgeVerdict::kept) {
    co_return "purged";
  }
  if (here.host().now() - move.began > limit::cold_move_time_max) {
    co_return "slow";
  }
  const std::string_view written = co_await write_stub(here, walk, move);
  co_return written;
}

// "": R2 has it, put after this move began, and was asked whether it does.
host::Task<std::string_view> Archiver::copy_to_cold(host::Context here, Walk& walk, Move& move) {
  const auto header = entry::encode(move.entry->header, Bytes(limit::header_value_bytes_max));
  const std::uint64_t wait = config::millis_of(limit::r2_wait);
  const std::string& name = move.key.storage_name;
  const host::Body& body = move.entry->body;
  if (!header) {
    co_return "unread";
  }
  ++walk.sums.operations;
  const auto put = co_await host::r2_put(here, name, *header, body, body.size().count, "*", wait);
  if (!put && !LARDER_MUTATED(cold_unverified)) {
    counters_.add(Counter::cache_errors_total, Label(config::Tier::cold), Label(put.error().kind));
    co_return put.error().kind == ErrorKind::rejected ? "uncopied" : "unreachable";
  }
  if (LARDER_MUTATED(cold_unverified)) {
    co_return "";
  }
  if (put->stored == 0) {
    // An older version, which some stub may still lead to: the newer one is as good for it. Or the same,
    // whose deletion may be under way.
    ++walk.sums.operations;
    const auto there = co_await tiers::look_at_place(here, name, limit::r2_wait);
    if (!there) {
      counters_.add(Counter::cache_errors_total, Label(config::Tier::cold), Label(there.error().kind));
      co_return "unreachable";
    }
    // It went meanwhile.
    const bool is_gone = there->condition == "*";
    if (is_gone || there->is_being_deleted) {
      co_return "busy";
    }
    if (!LARDER_MUTATED(cold_copy_not_renewed)) {
      ++walk.sums.operations;
      const auto replaced =
          co_await host::r2_put(here, name, *header, body, body.size().count, there->condition, wait);
      if (!replaced || replaced->stored == 0) {
        co_return "uncopied";
      }
    }
  }
  const std::string_view verified = co_await verify_copy(here, walk, move, *header);
  co_return verified;
}

host::Task<std::string_view> Archiver::verify_copy(host::Context here, Walk& walk, Move& move,
                                                   const std::string& header) {
  const host::Body& body = move.entry->body;
  ++walk.sums.operations;
  const auto kept = co_await host::r2_head(here, move.key.storage_name, config::millis_of(limit::r2_wait));
  if (!kept) {
    counters_.add(Counter::cache_errors_total, Label(config::Tier::cold), Label(kept.error().kind));
    co_return "unreachable";
  }
  const bool is_whole = kept->found == 1 && kept->header == header && kept->size == body.size().count &&
                        (kept->sha256.empty() || kept->sha256 == here.host().body_sha256(body.handle()));
  co_return is_whole ? "" : "unverified";
}

host::Task<std::string_view> Archiver::write_stub(host::Context here, Walk& walk, Move& move) {
  entry::Header header = move.entry->header;
  tiers::EntryPtr stub = std::make_shared<const tiers::Entry>(
      std::move(header), host::Body::from_bytes(here.host(), ""), entry::BodyPlace::cold);
  ++walk.sums.operations;
  const auto put = co_await tiered_.shared_tier()->put(here, move.key, std::move(stub));
  if (!put) {
    co_return "unwritten";
  }
  co_return *put == tiers::Stored::stored ? "moved" : "declined";
}

// Orphans
// -----------------------------------------------------------------------------------------------------

host::Task<void> Archiver::settle_orphans(host::Context here, Walk& walk) {
  Message message;
  message.kind = Message::Kind::look_again;
  message.seen = walk.page_seen;
  std::vector<std::string> messages;
  std::set<std::string, std::less<>> objects;
  std::set<std::string_view> moved;
  for (const PlannedMove& one : walk.planned) {
    moved.insert(one.candidate.storage_name);
  }
  for (std::string& name : walk.objects) {
    // What this page is about to move has a stub soon, which the second look may be too early to see.
    if (!walk.stubs.contains(name) && !moved.contains(name)) {
      message.names.push_back(name);
      ++walk.sums.orphans;
    }
    if (message.names.size() == limit::cold_forget_names_max) {
      messages.push_back(to_json(message));
      message.names.clear();
    }
    objects.insert(std::move(name));
  }
  if (!message.names.empty()) {
    messages.push_back(to_json(message));
  }
  if (!messages.empty()) {
    ++walk.sums.operations;
    const auto delay = static_cast<std::uint64_t>(whole_seconds(limit::cold_forget_delay));
    const auto sent = co_await host::queue_send(here, queue_binding, messages, delay);
    if (!sent) {
      // The next run finds them again.
      host::LogLine(here.host(), LogLevel::warn, "archive_message_unsent").write();
    }
  }
  for (const std::string& name : walk.stubs) {
    if (!objects.contains(name)) {
      const bool repaired = co_await repair_stub(here, walk, name);
      walk.sums.dangling += repaired ? 1 : 0;
    }
  }
}

// A stub whose object is not in the list: where it is not there at all, the stub goes, and a reader asks the
// origin without looking into R2 first.
host::Task<bool> Archiver::repair_stub(host::Context here, Walk& walk, const std::string& name) {
  ++walk.sums.operations;
  const auto object = co_await host::r2_head(here, name, config::millis_of(limit::r2_wait));
  const auto key = key_of(here, name);
  if (!object || object->found == 1 || !key) {
    co_return false;
  }
  auto lock = co_await locks_.take(here, *key, engine::cold_lock_name(name), limit::cold_lock_kept,
                                   here.host().now());
  if (lock.state != engine::Locks::State::held) {
    co_return false;
  }
  const auto found = co_await tiered_.shared_tier()->bare().get(here, *key);
  const auto again = co_await host::r2_head(here, name, config::millis_of(limit::r2_wait));
  const bool is_dangling =
      found && found->entry != nullptr && tiers::is_stub(*found->entry) && again && again->found == 0;
  bool is_gone = false;
  if (is_dangling) {
    const auto removed = co_await tiered_.shared_tier()->remove(here, *key);
    is_gone = removed.has_value();
    counters_.add(Counter::cold_orphans_total, "stub");
  }
  walk.sums.operations += 4;
  co_await locks_.give_up(here, std::move(lock.permit));
  co_return is_gone;
}

host::Task<Archiver::Settled> Archiver::look_again(host::Context here, Instant seen,
                                                   std::vector<std::string> names) {
  const std::string prefix = settings_.cache_prefix + ":";
  tiers::GuardedTier* const shared = tiered_.shared_tier();
  Settled settled = Settled::done;
  if (shared == nullptr || tiered_.cold_tier() == nullptr || shared->tier() != config::Tier::kv) {
    co_return settled;
  }
  for (const std::string& name : names) {
    const auto key = key_of(here, name);
    if (!key || !name.starts_with(prefix)) {
      continue;
    }
    auto lock = co_await locks_.take(here, *key, engine::cold_lock_name(name), limit::cold_lock_kept,
                                     here.host().now());
    if (lock.state != engine::Locks::State::held) {
      // It is on its way one way or the other: the next run sees what has become of it.
      continue;
    }
    const Settled one = co_await forget_object(here, seen, *key);
    settled = one == Settled::again ? Settled::again : settled;
    co_await locks_.give_up(here, std::move(lock.permit));
  }
  co_return settled;
}

// Where there is no stub, and the object is the one of the first look: marked, and then deleted.
host::Task<Archiver::Settled> Archiver::forget_object(host::Context here, Instant seen, tiers::Key key) {
  const std::uint64_t wait = config::millis_of(limit::r2_wait);
  const Instant before = seen - limit::clock_skew;
  const auto found = co_await tiered_.shared_tier()->bare().get(here, key);
  const bool is_needed = !found || (found->entry != nullptr && tiers::is_stub(*found->entry));
  if (is_needed) {
    co_return Settled::done;
  }
  const auto object = co_await host::r2_head(here, key.storage_name, wait);
  if (!object) {
    co_return Settled::again;
  }
  const bool is_another = instant_from_millis(static_cast<std::int64_t>(object->uploaded)) >= before;
  if (object->found == 0 || (is_another && !LARDER_MUTATED(cold_orphan_unmarked))) {
    co_return Settled::done;
  }
  if (!LARDER_MUTATED(cold_orphan_unmarked)) {
    const host::Body nothing = host::Body::from_bytes(here.host(), "");
    const std::string condition =
        concat({"@", larder::to_text(static_cast<std::uint64_t>(millis_since_epoch(before)))});
    const std::string mark(tiers::deletion_mark);
    const auto marked = co_await host::r2_put(here, key.storage_name, mark, nothing, 0, condition, wait);
    if (!marked) {
      co_return Settled::again;
    }
    if (marked->stored == 0) {
      co_return Settled::done;
    }
  }
  const auto removed = co_await tiered_.cold_tier()->remove(here, key);
  if (!removed) {
    co_return Settled::again;
  }
  counters_.add(Counter::cold_orphans_total, "object");
  co_return Settled::done;
}

}  // namespace larder::cold
