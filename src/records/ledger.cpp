#include "records/ledger.h"

#include <algorithm>
#include <set>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::records {

namespace {

namespace limit = config::limit;
using metrics::Tally;

constexpr std::uint64_t minutes_of_hour = 60;
constexpr std::uint64_t hours_of_day = 24;
// A history's rows are read in so many, so that no more than these lie beside its answer.
constexpr std::size_t history_rows_at_once = 50;

// Batches of reads that are not in the sketch yet, by the time at which they came.
constexpr std::string_view reads_waiting = "reads-waiting";
// So many of them are put in before a minute is over.
constexpr std::uint64_t reads_waiting_max = 200;

std::uint64_t millis_of(Instant at) { return static_cast<std::uint64_t>(millis_since_epoch(at)); }
std::uint64_t millis_of(Millis duration) { return static_cast<std::uint64_t>(duration.count()); }
std::uint64_t minutes_of(Millis duration) { return millis_of(duration) / 60'000; }

std::string_view table_of(BucketWidth width) {
  switch (width) {
    case BucketWidth::minute:
      return "minute";
    case BucketWidth::hour:
      return "hour";
    case BucketWidth::day:
      return "day";
  }
  LARDER_UNREACHABLE();
}

std::uint64_t millis_of(BucketWidth width) {
  switch (width) {
    case BucketWidth::minute:
      return 60'000;
    case BucketWidth::hour:
      return 3'600'000;
    case BucketWidth::day:
      return 86'400'000;
  }
  LARDER_UNREACHABLE();
}

// Below it are the buckets that have a row of their own, if they have anything.
std::uint64_t rows_end(BucketWidth width, const LedgerTotals& sums) {
  switch (width) {
    case BucketWidth::minute:
      return UINT64_MAX;
    case BucketWidth::hour:
      return sums.hours_rolled;
    case BucketWidth::day:
      return sums.days_rolled;
  }
  LARDER_UNREACHABLE();
}

Key bucket_key(BucketWidth width, std::uint64_t number) {
  Key key(table_of(width));
  return key.number(number);
}

Key isolate_key(std::string_view isolate) {
  Key key("isolate");
  return key.text(isolate);
}

Key message_key(std::uint64_t id) {
  Key key("message");
  return key.number(id);
}

// What does not decode counts as nothing: it was written by a version that is gone.
Tally tally_of(std::string_view bytes) {
  auto tally = Tally::decode(bytes);
  return tally ? std::move(*tally) : Tally();
}

void fold(metrics::GhostCache& ghost, GhostPending pending, Instant now) {
  for (const PatternCount& one : pending.accesses) {
    ghost.count(one.pattern, one.count, now);
  }
  // In order of time, whichever isolate was first to tell.
  std::sort(pending.samples.begin(), pending.samples.end(), [](const GhostSample& a, const GhostSample& b) {
    return a.at != b.at ? a.at < b.at : a.hash < b.hash;
  });
  for (const GhostSample& sample : pending.samples) {
    metrics::GhostAccess access;
    access.hash = sample.hash;
    access.at = instant_from_millis(static_cast<std::int64_t>(sample.at));
    access.count = sample.count;
    access.size = Bytes(sample.size);
    ghost.observe(sample.pattern, access);
  }
}

bool is_sane(const GhostSample& sample) {
  return sample.at <= INT64_MAX && sample.count > 0 && sample.pattern.size() <= limit::pattern_bytes_max;
}

}  // namespace

LedgerTotals Ledger::read_totals() {
  auto totals = row<LedgerTotals>(Key("totals"));
  if (totals) {
    return std::move(*totals);
  }
  LedgerTotals first;
  first.since = millis_of(now_);
  first.last_minute = first.since / 60'000;
  first.hours_rolled = first.last_minute / minutes_of_hour;
  first.days_rolled = first.hours_rolled / hours_of_day;
  first.counted = Tally().encode();
  return first;
}

Result<ledger::flush_results> Ledger::flush(const ledger::flush_arguments& batch) {
  if (batch.isolate.empty() || batch.isolate.size() > limit::batch_name_bytes_max || batch.sequence == 0) {
    return fail(ErrorKind::invalid, "ledger", "A batch names its isolate and its number.");
  }
  auto counted = Tally::decode(batch.counted);
  if (!counted) {
    return fail(ErrorKind::invalid, "ledger", counted.error().message);
  }
  if (!batch.gauges.empty() && !Tally::decode(batch.gauges)) {
    return fail(ErrorKind::invalid, "ledger", "The gauges do not decode.");
  }
  const bool is_bounded = batch.samples.size() <= limit::ledger_batch_samples_max &&
                          batch.accesses.size() <= limit::ledger_patterns_max &&
                          batch.reads.size() <= limit::reads_batch_max &&
                          std::all_of(batch.samples.begin(), batch.samples.end(), is_sane);
  if (!is_bounded) {
    return fail(ErrorKind::invalid, "ledger", "The accesses of a batch are malformed, or too many.");
  }
  const Key key = isolate_key(batch.isolate);
  LedgerIsolate isolate = row<LedgerIsolate>(key).value_or(LedgerIsolate());
  const bool is_new = batch.sequence > isolate.sequence || LARDER_MUTATED(flush_number_ignored);
  if (is_new) {
    isolate.sequence = batch.sequence;
    isolate.seen_at = millis_of(now_);
    isolate.gauges = batch.gauges;
    put_row(key, isolate);
    LedgerTotals sums = read_totals();
    // A clock that was set back opens no minute again.
    sums.last_minute =
        std::max({sums.last_minute, millis_of(now_) / 60'000, sums.hours_rolled * minutes_of_hour});
    Tally all = tally_of(sums.counted);
    all.add(*counted);
    sums.counted = all.encode();
    put_row(Key("totals"), sums);
    Tally minute = bucket(BucketWidth::minute, sums.last_minute);
    minute.add(*counted);
    store_.put(bucket_key(BucketWidth::minute, sums.last_minute).str(), minute.encode());
    gather_ghost(batch);
    gather_reads(batch);
    // A minute after the hour, when it is over by every clock.
    const std::uint64_t hour = (sums.last_minute / minutes_of_hour + 1) * 3'600'000 + 60'000;
    wake_by(instant_from_millis(static_cast<std::int64_t>(hour)));
  }
  ledger::flush_results results;
  const auto threshold = store_.get(Key("threshold").str());
  results.threshold = metrics::GhostCache::positions;
  if (threshold) {
    RecordReader reader(*threshold);
    const std::uint32_t told = reader.u32();
    results.threshold = reader.complete() ? told : results.threshold;
  }
  return results;
}

metrics::ReadSketch Ledger::read_sketch() {
  const auto bytes = store_.get(Key("reads").str());
  auto sketch =
      metrics::ReadSketch::decode(bytes.value_or(""), ledger::reads_sketch_width, limit::reads_half_life);
  // What was written by another version says nothing any more.
  return sketch ? std::move(*sketch)
                : metrics::ReadSketch(ledger::reads_sketch_width, limit::reads_half_life);
}

void Ledger::add_waiting_reads(metrics::ReadSketch& sketch, const std::vector<Row>& waiting) {
  for (const Row& found : waiting) {
    KeyReader key(found.key, reads_waiting);
    const Instant at = instant_from_millis(static_cast<std::int64_t>(key.number()));
    RecordReader batch(found.value);
    while (batch.ok() && !batch.complete()) {
      const std::uint64_t hash = batch.u64();
      const std::uint32_t count = batch.u32();
      if (batch.ok()) {
        sketch.add(hash, count, at);
      }
    }
  }
}

// The sketch is 200 KB: it is written once for the batches of a minute, each of which waits as a row of its
// own.
void Ledger::gather_reads(const ledger::flush_arguments& batch) {
  if (batch.reads.empty()) {
    return;
  }
  RecordWriter reads;
  for (const KeyRead& one : batch.reads) {
    reads.u64(one.hash);
    reads.u32(one.count);
  }
  const Key table(reads_waiting);
  Key key(reads_waiting);
  store_.put(key.time(now_).text(batch.isolate).number(batch.sequence).str(), reads.bytes());
  if (!row<NumberRow>(Key("reads-since"))) {
    NumberRow since;
    since.number = millis_of(now_);
    put_row(Key("reads-since"), since);
  }
  // How many wait is known in memory alone: where that was lost, they are put in at once.
  const auto memory = store_.recall();
  const auto known = memory ? decode<NumberRow>(*memory) : std::nullopt;
  NumberRow count;
  count.number = known ? known->number + 1 : reads_waiting_max;
  const std::vector<Row> first = store_.range(Range(table.str(), table.end(), 1));
  KeyReader oldest(first.front().key, reads_waiting);
  const std::uint64_t since = oldest.number();
  const std::uint64_t now = millis_of(now_);
  if (count.number >= reads_waiting_max || now >= since + millis_of(ledger::ghost_folded) || now < since) {
    const std::vector<Row> waiting = store_.range(Range(table.str(), table.end(), limit::rows_at_once));
    metrics::ReadSketch sketch = read_sketch();
    add_waiting_reads(sketch, waiting);
    store_.put(Key("reads").str(), sketch.encode());
    for (const Row& found : waiting) {
      store_.erase(found.key);
    }
    count.number = 0;
  }
  store_.remember(encode(count));
}

Result<ledger::reads_results> Ledger::reads(const ledger::reads_arguments& asked) {
  if (asked.keys.size() > limit::cold_page_keys) {
    return fail(ErrorKind::invalid, "ledger", "So many keys are not asked about at once.");
  }
  ledger::reads_results results;
  results.since = row<NumberRow>(Key("reads-since")).value_or(NumberRow()).number;
  metrics::ReadSketch sketch = read_sketch();
  const Key waiting(reads_waiting);
  add_waiting_reads(sketch, store_.range(Range(waiting.str(), waiting.end(), limit::rows_at_once)));
  for (const KeyHash& key : asked.keys) {
    const metrics::ReadUse use = sketch.use(key.hash, now_);
    KeyUse one;
    one.reads = use.reads;
    one.last_read = millis_of(use.last_read);
    results.uses.push_back(one);
  }
  return results;
}

void Ledger::gather_ghost(const ledger::flush_arguments& batch) {
  if (batch.samples.empty() && batch.accesses.empty()) {
    return;
  }
  const std::uint64_t now = millis_of(now_);
  GhostPending pending = row<GhostPending>(Key("pending")).value_or(GhostPending());
  if (pending.samples.empty() && pending.accesses.empty()) {
    pending.since = now;
  }
  pending.samples.insert(pending.samples.end(), batch.samples.begin(), batch.samples.end());
  for (const PatternCount& more : batch.accesses) {
    const auto known = std::find_if(pending.accesses.begin(), pending.accesses.end(),
                                    [&](const PatternCount& one) { return one.pattern == more.pattern; });
    if (known == pending.accesses.end()) {
      pending.accesses.push_back(more);
    } else {
      known->count += more.count;
    }
  }
  const bool is_due = now >= pending.since + millis_of(ledger::ghost_folded) || now < pending.since ||
                      pending.samples.size() >= limit::ledger_batch_samples_max ||
                      pending.accesses.size() >= limit::ledger_patterns_max;
  if (!is_due) {
    put_row(Key("pending"), pending);
    return;
  }
  metrics::GhostCache ghost = read_ghost();
  fold(ghost, std::move(pending), now_);
  store_.put(Key("ghost").str(), ghost.encode());
  RecordWriter threshold;
  threshold.u32(ghost.threshold());
  store_.put(Key("threshold").str(), threshold.bytes());
  store_.erase(Key("pending").str());
}

metrics::GhostCache Ledger::read_ghost() {
  const auto bytes = store_.get(Key("ghost").str());
  if (bytes) {
    auto ghost = metrics::GhostCache::decode(*bytes);
    if (ghost) {
      return std::move(*ghost);
    }
  }
  return metrics::GhostCache();
}

Result<ledger::totals_results> Ledger::totals(const ledger::totals_arguments&) {
  LedgerTotals sums = read_totals();
  ledger::totals_results results;
  results.since = sums.since;
  results.counted = std::move(sums.counted);
  results.gauges = read_gauges().encode();
  return results;
}

metrics::Tally Ledger::read_gauges() {
  Tally gauges;
  const Key isolates("isolate");
  // Those that began last come first: among many, most of the others are gone.
  std::string end = isolates.end();
  for (std::size_t read = 0; read < ledger::isolates_read_max;) {
    const std::size_t wanted = std::min(limit::rows_at_once, ledger::isolates_read_max - read);
    const std::vector<Row> rows = store_.range(Range(isolates.str(), end, wanted, Order::descending));
    for (const Row& found : rows) {
      const auto isolate = decode<LedgerIsolate>(found.value);
      if (isolate && isolate->seen_at + millis_of(limit::ledger_isolate_heard) >= millis_of(now_)) {
        gauges.add(tally_of(isolate->gauges));
      }
    }
    if (rows.size() < wanted) {
      break;
    }
    read += rows.size();
    end = rows.back().key;
  }
  return gauges;
}

metrics::Tally Ledger::bucket(BucketWidth width, std::uint64_t number) {
  const auto bytes = store_.get(bucket_key(width, number).str());
  return bytes ? tally_of(*bytes) : Tally();
}

metrics::Tally Ledger::sum_of(BucketWidth width, std::uint64_t from, std::uint64_t until) {
  Tally sum;
  while (from < until) {
    const std::vector<Row> rows = store_.range(
        Range(bucket_key(width, from).str(), bucket_key(width, until).str(), limit::rows_at_once));
    for (const Row& found : rows) {
      sum.add(tally_of(found.value));
    }
    if (rows.size() < limit::rows_at_once) {
      break;
    }
    KeyReader last(rows.back().key, table_of(width));
    from = last.number() + 1;
  }
  return sum;
}

metrics::Tally Ledger::counted_in(std::uint64_t from, std::uint64_t until, const LedgerTotals& sums) {
  const std::uint64_t first_hour = (from + minutes_of_hour - 1) / minutes_of_hour;
  const std::uint64_t last_hour = std::min(until / minutes_of_hour, sums.hours_rolled);
  if (first_hour >= last_hour) {
    return sum_of(BucketWidth::minute, from, until);
  }
  Tally sum = sum_of(BucketWidth::minute, from, first_hour * minutes_of_hour);
  sum.add(counted_in_hours(first_hour, last_hour, sums));
  sum.add(sum_of(BucketWidth::minute, last_hour * minutes_of_hour, until));
  return sum;
}

metrics::Tally Ledger::counted_in_bucket(BucketWidth width, std::uint64_t number, const LedgerTotals& sums) {
  const std::uint64_t minutes = millis_of(width) / 60'000;
  return counted_in(number * minutes, (number + 1) * minutes, sums);
}

metrics::Tally Ledger::counted_in_hours(std::uint64_t from, std::uint64_t until, const LedgerTotals& sums) {
  const std::uint64_t first_day = (from + hours_of_day - 1) / hours_of_day;
  const std::uint64_t last_day = std::min(until / hours_of_day, sums.days_rolled);
  if (first_day >= last_day) {
    return sum_of(BucketWidth::hour, from, until);
  }
  Tally sum = sum_of(BucketWidth::hour, from, first_day * hours_of_day);
  sum.add(sum_of(BucketWidth::day, first_day, last_day));
  sum.add(sum_of(BucketWidth::hour, last_day * hours_of_day, until));
  return sum;
}

Result<ledger::windows_results> Ledger::windows(const ledger::windows_arguments& asked) {
  if (asked.windows.size() > ledger::windows_max) {
    return fail(ErrorKind::invalid, "ledger", "Too many windows are asked for at once.");
  }
  const LedgerTotals sums = read_totals();
  const std::uint64_t now = millis_of(now_) / 60'000;
  ledger::windows_results results;
  results.since = sums.since;
  for (const LedgerWindow& wanted : asked.windows) {
    const std::uint64_t minutes =
        std::min<std::uint64_t>(wanted.minutes, minutes_of(limit::ledger_hours_kept));
    std::uint64_t from = now >= minutes ? now - minutes : 0;
    if (minutes > minutes_of(limit::ledger_minutes_kept)) {
      // Its first minutes are gone: it begins with a whole hour.
      from -= from % minutes_of_hour;
    }
    LedgerWindow window;
    window.minutes = wanted.minutes;
    // The minute that is under way counts, so that an alert is not a minute late.
    window.counted = counted_in(from, now + 1, sums).encode();
    results.windows.push_back(std::move(window));
  }
  return results;
}

Result<ledger::history_results> Ledger::history(const ledger::history_arguments& asked) {
  if (asked.width > static_cast<std::uint8_t>(BucketWidth::day) || asked.from > INT64_MAX ||
      asked.until > INT64_MAX) {
    return fail(ErrorKind::invalid, "ledger",
                "A history has a width of minutes, hours or days, and two times.");
  }
  const auto width = static_cast<BucketWidth>(asked.width);
  const std::uint64_t step = millis_of(width);
  const std::size_t count_max = std::clamp<std::size_t>(asked.count_max, 1, limit::ledger_page_buckets_max);
  const LedgerTotals sums = read_totals();
  std::uint64_t number = asked.from / step;
  // Nothing lies behind the last minute that has counts.
  const std::uint64_t until = std::min((asked.until + step - 1) / step, sums.last_minute * 60'000 / step + 1);
  const std::uint64_t rows_until = std::min(until, rows_end(width, sums));
  ledger::history_results results;
  std::size_t bytes = 0;
  const auto is_full = [&] { return results.buckets.size() >= count_max || bytes >= ledger::page_bytes; };
  const auto put = [&](std::uint64_t bucket, std::string counted) {
    bytes += counted.size();
    LedgerBucket one;
    one.at = bucket * step;
    one.counted = std::move(counted);
    results.buckets.push_back(std::move(one));
  };
  while (number < rows_until && !is_full()) {
    const std::size_t wanted =
        std::min<std::size_t>(count_max - results.buckets.size(), history_rows_at_once);
    std::vector<Row> rows =
        store_.range(Range(bucket_key(width, number).str(), bucket_key(width, rows_until).str(), wanted));
    if (rows.size() < wanted) {
      number = rows_until;
    }
    for (Row& found : rows) {
      KeyReader key(found.key, table_of(width));
      const std::uint64_t bucket = key.number();
      if (is_full()) {
        number = bucket;
        break;
      }
      put(bucket, std::move(found.value));
      number = std::max(number, bucket + 1);
    }
  }
  for (; number < until && !is_full(); ++number) {
    const Tally counted = counted_in_bucket(width, number, sums);
    if (!counted.empty()) {
      put(number, counted.encode());
    }
  }
  results.next = number < until ? number * step : 0;
  return results;
}

Result<ledger::ghost_results> Ledger::ghost(const ledger::ghost_arguments&) {
  ledger::ghost_results results;
  metrics::GhostCache ghost = read_ghost();
  // What waits counts for who asks now; it is put in for good with a later batch.
  if (auto pending = row<GhostPending>(Key("pending"))) {
    fold(ghost, std::move(*pending), now_);
  }
  results.state = ghost.encode();
  const LedgerTotals sums = read_totals();
  results.since = sums.since;
  const std::uint64_t hour = millis_of(now_) / 3'600'000;
  const std::uint64_t first = sums.since / 3'600'000;
  // Hours that are rolled up, and the one or two that are not yet.
  const Key hours("hour");
  std::string start = bucket_key(BucketWidth::hour, first).str();
  for (;;) {
    const std::vector<Row> rows = store_.range(Range(start, hours.end(), limit::rows_at_once));
    results.hours += rows.size();
    if (rows.size() < limit::rows_at_once) {
      break;
    }
    start = rows.back().key + "\x01";
  }
  for (std::uint64_t one = sums.hours_rolled; one <= hour; ++one) {
    const bool has_any =
        !store_
             .range(Range(bucket_key(BucketWidth::minute, one * minutes_of_hour).str(),
                          bucket_key(BucketWidth::minute, (one + 1) * minutes_of_hour).str(), 1))
             .empty();
    results.hours += has_any ? 1 : 0;
  }
  return results;
}

// Alerts ----------------------------------------------------------------------------------------------------

metrics::AlertStates Ledger::read_alerts() {
  const auto bytes = store_.get(Key("alerts").str());
  if (bytes) {
    auto states = metrics::decode_alert_states(*bytes);
    if (states) {
      return std::move(*states);
    }
  }
  return metrics::AlertStates(metrics::alert_rows().size());
}

Result<ledger::evaluate_results> Ledger::evaluate(const ledger::evaluate_arguments& asked) {
  const auto measured = metrics::decode_measurements(asked.measured);
  if (!measured) {
    return fail(ErrorKind::invalid, "ledger", measured.error().message);
  }
  metrics::AlertStates states = read_alerts();
  std::vector<metrics::Notice> notices;
  for (const metrics::AlertRow& alert : metrics::alert_rows()) {
    metrics::AlertState& state = states[static_cast<std::size_t>(alert.alert)];
    metrics::Notice notice;
    notice.news = metrics::evaluate(alert, state, (*measured)[static_cast<std::size_t>(alert.signal)], now_);
    if (notice.news != metrics::AlertNews::none) {
      notice.alert = alert.alert;
      notice.fired_at = state.fired_at;
      notice.resolved_at = state.resolved_at;
      notice.value = state.value.value_or(0);
      notice.worst = state.worst;
      notices.push_back(notice);
    }
  }
  store_.put(Key("alerts").str(), metrics::encode(states));
  if (!notices.empty()) {
    for (const std::string& transport : asked.transports) {
      put_message(transport, notices);
    }
  }
  ledger::evaluate_results results;
  results.news = static_cast<std::uint32_t>(notices.size());
  return results;
}

Result<ledger::announce_results> Ledger::announce(const ledger::announce_arguments& asked) {
  const auto is_sane = [](const Announcement& one) {
    return !one.topic.empty() && one.topic.size() <= limit::experiment_name_bytes_max && one.serial > 0 &&
           one.at <= INT64_MAX && one.headline.size() <= limit::experiment_text_bytes_max;
  };
  if (asked.announcements.size() > limit::experiments_max ||
      !std::all_of(asked.announcements.begin(), asked.announcements.end(), is_sane)) {
    return fail(ErrorKind::invalid, "ledger", "An announcement is malformed, or there are too many.");
  }
  std::vector<metrics::Notice> notices;
  for (const Announcement& one : asked.announcements) {
    const Key key = Key("announced").text(one.topic);
    AnnouncedTopic topic = row<AnnouncedTopic>(key).value_or(AnnouncedTopic());
    // An experiment that was forgotten and declared anew begins with 1 again.
    if (one.serial <= topic.serial && one.at <= topic.at && !LARDER_MUTATED(decision_told_twice)) {
      continue;
    }
    topic.serial = one.serial;
    topic.at = one.at;
    put_row(key, topic);
    metrics::Notice notice;
    notice.news = metrics::AlertNews::none;
    notice.fired_at = notice.resolved_at = instant_from_millis(static_cast<std::int64_t>(one.at));
    notice.topic = one.topic;
    notice.headline = one.headline;
    notice.reason = utf8_prefix(one.reason, limit::experiment_text_bytes_max);
    notices.push_back(std::move(notice));
  }
  if (!notices.empty()) {
    for (const std::string& transport : asked.transports) {
      put_message(transport, notices);
    }
  }
  ledger::announce_results results;
  results.news = static_cast<std::uint32_t>(notices.size());
  return results;
}

void Ledger::put_message(std::string_view transport, const std::vector<metrics::Notice>& notices) {
  MessageNumber number = row<MessageNumber>(Key("number")).value_or(MessageNumber());
  number.number += 1;
  put_row(Key("number"), number);
  AlertMessage message;
  message.id = number.number;
  message.transport = transport;
  message.notices = metrics::encode(notices);
  message.created = millis_of(now_);
  message.next_at = message.created;
  const Key messages("message");
  const std::vector<Row> waiting =
      store_.range(Range(messages.str(), messages.end(), ledger::alert_messages_max));
  if (waiting.size() == ledger::alert_messages_max) {
    // Its transport has been down for long; what is newest matters most.
    if (auto oldest = decode<AlertMessage>(waiting.front().value)) {
      oldest->fault = concat({"So many messages wait that the oldest was given up. ", oldest->fault});
      give_up(*oldest);
    }
    store_.erase(waiting.front().key);
  }
  put_row(message_key(message.id), message);
}

Result<ledger::take_messages_results> Ledger::take_messages(const ledger::take_messages_arguments& asked) {
  const Key messages("message");
  ledger::take_messages_results results;
  std::set<std::string> held_up;
  for (const Row& found : store_.range(Range(messages.str(), messages.end(), ledger::alert_messages_max))) {
    auto message = decode<AlertMessage>(found.value);
    if (!message || results.messages.size() >= asked.count_max) {
      continue;
    }
    // Nothing overtakes what goes before it, so that nobody reads "resolved" before "firing".
    if (!held_up.insert(message->transport).second || message->next_at > millis_of(now_)) {
      continue;
    }
    message->next_at = millis_of(now_) + millis_of(ledger::alert_message_lease);
    put_row(message_key(message->id), *message);
    results.messages.push_back(std::move(*message));
  }
  return results;
}

Result<ledger::settle_message_results> Ledger::settle_message(const ledger::settle_message_arguments& asked) {
  if (asked.outcome > static_cast<std::uint8_t>(Delivery::refused)) {
    return fail(ErrorKind::invalid, "ledger", "A message is delivered, to be tried again, or refused.");
  }
  auto message = row<AlertMessage>(message_key(asked.id));
  if (!message) {
    return ledger::settle_message_results();
  }
  const auto outcome = static_cast<Delivery>(asked.outcome);
  message->fault = utf8_prefix(asked.fault, ledger::alert_fault_bytes_max);
  const bool is_old = millis_of(now_) >= message->created + millis_of(ledger::alert_message_kept);
  if (outcome == Delivery::retry && !is_old) {
    message->tries += 1;
    const std::uint32_t doublings = std::min(message->tries - 1, 10U);
    const Millis pause =
        std::min(ledger::alert_message_retry_first * (1U << doublings), limit::alert_message_retry_max);
    // A transport may have used up what it sends in a day.
    const std::uint64_t asked_for = std::min(asked.retry_after_millis, millis_of(BucketWidth::day));
    message->next_at = millis_of(now_) + std::max(millis_of(pause), asked_for);
    message->recipients = asked.recipients;
    put_row(message_key(asked.id), *message);
    return ledger::settle_message_results();
  }
  store_.erase(message_key(asked.id).str());
  if (outcome != Delivery::delivered) {
    give_up(*message);
  }
  return ledger::settle_message_results();
}

void Ledger::give_up(const AlertMessage& message) {
  Key kept("undelivered");
  put_row(kept.number(message.id), message);
  const Key table("undelivered");
  const std::vector<Row> all =
      store_.range(Range(table.str(), table.end(), ledger::alert_undelivered_max + 1));
  if (all.size() > ledger::alert_undelivered_max) {
    store_.erase(all.front().key);
  }
}

Result<ledger::alerts_results> Ledger::alerts(const ledger::alerts_arguments&) {
  ledger::alerts_results results;
  results.states = metrics::encode(read_alerts());
  const auto read = [&](std::string_view name, std::size_t count_max, AlertMessages& into) {
    const Key table(name);
    for (const Row& found : store_.range(Range(table.str(), table.end(), count_max, Order::descending))) {
      if (auto message = decode<AlertMessage>(found.value)) {
        into.push_back(std::move(*message));
      }
    }
  };
  read("message", ledger::alert_messages_max, results.waiting);
  read("undelivered", ledger::alert_undelivered_max, results.undelivered);
  return results;
}

Result<ledger::silence_results> Ledger::silence(const ledger::silence_arguments& asked) {
  const metrics::AlertRow* alert = metrics::find_alert(asked.alert);
  if (alert == nullptr) {
    return fail(ErrorKind::not_found, "ledger", "There is no such alert.");
  }
  if (asked.until > millis_of(now_) + millis_of(limit::alert_silence_max)) {
    return fail(ErrorKind::invalid, "ledger", "An alert is silenced for 30 days at most.");
  }
  metrics::AlertStates states = read_alerts();
  states[static_cast<std::size_t>(alert->alert)].silenced_until =
      instant_from_millis(static_cast<std::int64_t>(asked.until));
  store_.put(Key("alerts").str(), metrics::encode(states));
  return ledger::silence_results();
}

// Rolling up ------------------------------------------------------------------------------------------------

void Ledger::alarm() {
  LedgerTotals sums = read_totals();
  const bool is_rolled = roll_up(sums);
  put_row(Key("totals"), sums);
  const bool is_pruned = prune(sums);
  const Key minutes("minute");
  const bool has_more = !store_.range(Range(minutes.str(), minutes.end(), 1)).empty();
  if (!is_rolled || !is_pruned) {
    wake_by(now_ + ledger::alarm_soon);
  } else if (has_more) {
    wake_by(now_ + std::chrono::hours(1));
  }
}

// False: there is more to roll up.
bool Ledger::roll_up(LedgerTotals& sums) {
  const std::uint64_t hour = millis_of(now_) / 3'600'000;
  const std::uint64_t hours_until = std::min(hour, sums.hours_rolled + ledger::hours_at_once);
  for (; sums.hours_rolled < hours_until; ++sums.hours_rolled) {
    const std::uint64_t first = sums.hours_rolled * minutes_of_hour;
    std::uint64_t end = first + minutes_of_hour;
    if (LARDER_MUTATED(roll_up_loses_minutes)) {
      end = std::min(end, sums.last_minute);
    }
    const Tally all = sum_of(BucketWidth::minute, first, end);
    if (!all.empty()) {
      store_.put(bucket_key(BucketWidth::hour, sums.hours_rolled).str(), all.encode());
    }
  }
  const std::uint64_t days_until = sums.hours_rolled / hours_of_day;
  for (; sums.days_rolled < days_until; ++sums.days_rolled) {
    const std::uint64_t first = sums.days_rolled * hours_of_day;
    const Tally all = sum_of(BucketWidth::hour, first, first + hours_of_day);
    if (!all.empty()) {
      store_.put(bucket_key(BucketWidth::day, sums.days_rolled).str(), all.encode());
    }
  }
  return sums.hours_rolled == hour;
}

// False: there is more to forget. What is not rolled up yet stays, however old it is.
bool Ledger::prune(const LedgerTotals& sums) {
  const std::uint64_t now = millis_of(now_);
  const auto forget = [&](BucketWidth width, Millis kept, std::uint64_t rolled) {
    const std::uint64_t old = now > millis_of(kept) ? (now - millis_of(kept)) / millis_of(width) : 0;
    return erase_range(Key(table_of(width)).str(), bucket_key(width, std::min(old, rolled)).str(),
                       limit::rows_at_once);
  };
  std::size_t most =
      forget(BucketWidth::minute, limit::ledger_minutes_kept, sums.hours_rolled * minutes_of_hour);
  most = std::max(most, forget(BucketWidth::hour, limit::ledger_hours_kept, sums.days_rolled * hours_of_day));
  most = std::max(most, forget(BucketWidth::day, limit::ledger_hours_kept, sums.days_rolled));
  const bool is_through = forget_isolates();
  const Key announced("announced");
  for (const Row& found : store_.range(Range(announced.str(), announced.end(), limit::rows_at_once))) {
    const auto topic = decode<AnnouncedTopic>(found.value);
    if (!topic || topic->at + millis_of(limit::ledger_hours_kept) < now) {
      store_.erase(found.key);
    }
  }
  return most < limit::rows_at_once && is_through;
}

// A page of them: those that are still heard of stay, so the next page begins behind this one.
bool Ledger::forget_isolates() {
  const Key isolates("isolate");
  const std::string place = Key("isolates-seen").str();
  const std::string from = store_.get(place).value_or(isolates.str());
  const std::vector<Row> rows = store_.range(Range(from, isolates.end(), limit::rows_at_once));
  for (const Row& found : rows) {
    const auto isolate = decode<LedgerIsolate>(found.value);
    if (!isolate || isolate->seen_at + millis_of(limit::ledger_isolate_kept) < millis_of(now_)) {
      store_.erase(found.key);
    }
  }
  if (rows.size() < limit::rows_at_once) {
    store_.erase(place);
    return true;
  }
  store_.put(place, rows.back().key);
  return false;
}

}  // namespace larder::records
