#include "records/jobs.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::records {

namespace {

namespace limit = config::limit;

constexpr std::uint8_t number_of(JobState state) { return static_cast<std::uint8_t>(state); }
constexpr std::uint8_t number_of(ItemState state) { return static_cast<std::uint8_t>(state); }
constexpr std::uint8_t number_of(OpenOutcome outcome) { return static_cast<std::uint8_t>(outcome); }

// A column of a key that tells any text apart: a long one by its digest. The row has the text itself.
std::string text_column(std::string_view text) {
  constexpr std::size_t bytes_max = 512;
  if (percent_encode(text).size() <= bytes_max) {
    return std::string(text);
  }
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  const std::string_view digest(reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest));
  return concat({"\n", to_hex(digest)});
}

Key job_key(std::uint64_t number) {
  Key key("job");
  key.number(number);
  return key;
}

Key job_id_key(std::string_view id) {
  Key key("id");
  key.text(id);
  return key;
}

Key digest_key(std::string_view digest) {
  Key key("digest");
  key.text(digest);
  return key;
}

Key item_prefix(std::uint64_t job, std::string_view item) {
  Key key("item");
  key.number(job).text(text_column(item));
  return key;
}

Key item_key(std::uint64_t job, std::string_view item, std::uint32_t remaining) {
  Key key = item_prefix(job, item);
  key.number(remaining);
  return key;
}

Key open_key(std::uint64_t job, std::uint64_t place) {
  Key key("open");
  key.number(job).number(place);
  return key;
}

Key time_key(std::string_view table, std::uint64_t at, std::uint64_t number) {
  Key key(table);
  key.number(at).number(number);
  return key;
}

Key of_job(std::string_view table, std::uint64_t job) {
  Key key(table);
  key.number(job);
  return key;
}

Key letter_key(std::uint64_t number) {
  Key key("letter");
  key.number(number);
  return key;
}

Key unread_key(std::string_view key_of_letter) {
  Key key("unread");
  key.text(key_of_letter);
  return key;
}

JobLevel& level_of(JobRow& job, std::uint32_t depth) {
  const auto at =
      std::lower_bound(job.levels.begin(), job.levels.end(), depth,
                       [](const JobLevel& level, std::uint32_t one) { return level.depth < one; });
  if (at != job.levels.end() && at->depth == depth) {
    return *at;
  }
  JobLevel level;
  level.depth = depth;
  return *job.levels.insert(at, level);
}

JobLevel sum_of(const JobRow& job) {
  JobLevel sum;
  for (const JobLevel& level : job.levels) {
    sum.queued += level.queued;
    sum.processed += level.processed;
    sum.failed += level.failed;
    sum.skipped += level.skipped;
  }
  return sum;
}

std::uint64_t open_in(const JobLevel& level) {
  const std::uint64_t accounted = level.processed + level.failed + level.skipped;
  return level.queued - std::min(level.queued, accounted);
}

bool is_active(const JobRow& job) { return is_at_work(job) || job.state == number_of(JobState::opening); }

std::uint32_t remaining_of(const JobItem& item) { return item.depth_max - item.depth; }

bool is_item(const JobItem& item) {
  return !item.key.empty() && item.key.size() <= jobs::item_name_bytes_max &&
         item.name.size() <= jobs::item_name_bytes_max && item.depth >= 1 && item.depth <= item.depth_max &&
         item.depth_max <= jobs::levels_max;
}

Failure no_such_job() { return fail(ErrorKind::not_found, "jobs", "There is no such job."); }
Failure malformed(std::string message) { return fail(ErrorKind::invalid, "jobs", std::move(message)); }

bool are_items(const JobItems& items) {
  return items.size() <= limit::job_items_at_once && std::all_of(items.begin(), items.end(), is_item);
}

}  // namespace

std::string_view to_text(JobState state) {
  switch (state) {
    case JobState::opening:
      return "opening";
    case JobState::queued:
      return "queued";
    case JobState::running:
      return "running";
    case JobState::complete:
      return "complete";
    case JobState::failed:
      return "failed";
    case JobState::cancelled:
      return "cancelled";
  }
  LARDER_UNREACHABLE();
}

bool is_at_work(const JobRow& job) {
  return job.state == number_of(JobState::queued) || job.state == number_of(JobState::running);
}

std::uint64_t pending_of(const JobRow& job) { return open_in(sum_of(job)) + job.awaited; }

// The rows of a call ---------------------------------------------------------------------------------------

JobRow* Jobs::job_of_number(std::uint64_t number) {
  const auto held = jobs_.find(number);
  if (held != jobs_.end()) {
    return held->second.removed ? nullptr : &held->second.row;
  }
  const auto bytes = store_.get(job_key(number).str());
  auto read = bytes ? decode<JobRow>(*bytes) : std::nullopt;
  if (!read) {
    return nullptr;
  }
  HeldJob& made = jobs_[number];
  made.row = std::move(*read);
  made.before = *bytes;
  return &made.row;
}

JobRow* Jobs::job_of_id(const std::string& id) {
  const auto number = row<NumberRow>(job_id_key(id));
  return number ? job_of_number(number->number) : nullptr;
}

JobCounts& Jobs::counts() {
  if (!counts_) {
    counts_before_ = store_.get(Key("counts").str()).value_or("");
    counts_ = decode<JobCounts>(counts_before_).value_or(JobCounts());
  }
  return *counts_;
}

void Jobs::save() {
  for (const auto& [number, held] : jobs_) {
    const std::string after = encode(held.row);
    if (held.removed) {
      store_.erase(job_key(number).str());
    } else if (after != held.before) {
      store_.put(job_key(number).str(), after);
    }
  }
  if (counts_ && encode(*counts_) != counts_before_) {
    put_row(Key("counts"), *counts_);
  }
}

// The life of a job ----------------------------------------------------------------------------------------

void Jobs::touch(JobRow& job) {
  if (job.touched == now()) {
    return;
  }
  store_.erase(time_key("touched", job.touched, job.number).str());
  job.touched = now();
  store_.put(time_key("touched", job.touched, job.number).str(), "");
}

void Jobs::start(JobRow& job) {
  job.state = number_of(JobState::running);
  job.started = job.started == 0 ? now() : job.started;
  JobTotals& totals = counts().totals;
  totals.started = totals.started == 0 ? now() : totals.started;
  touch(job);
}

void Jobs::end(JobRow& job, JobState state) {
  counts().pending -= std::min(counts().pending, pending_of(job));
  job.awaited = 0;
  job.state = number_of(state);
  job.completed = now();
  store_.erase(time_key("touched", job.touched, job.number).str());
  store_.put(time_key("ended", job.completed, job.number).str(), "");
  const auto of_digest = row<NumberRow>(digest_key(job.digest));
  if (of_digest && of_digest->number == job.number) {
    store_.erase(digest_key(job.digest).str());
  }
}

bool Jobs::end_if_over(JobRow& job) {
  const JobLevel sum = sum_of(job);
  const bool list_is_over = !job.levels.empty() && open_in(job.levels.front()) == 0;
  const bool is_over = open_in(sum) == 0 || (LARDER_MUTATED(jobs_end_early) && list_is_over);
  if (!is_at_work(job) || !is_over) {
    return false;
  }
  end(job, sum.failed > 0 && sum.processed + sum.skipped == 0 ? JobState::failed : JobState::complete);
  counts().totals.completed = now();
  // A list is not kept beyond its job. As long as a part of it may be replayed, it is not over.
  if (sum.failed == 0) {
    forget(job);
  }
  return true;
}

void Jobs::forget(JobRow& job) {
  counts().letters -= std::min(counts().letters, job.letters);
  job.letters = 0;
  store_.put(of_job("gone", job.number).str(), "");
  wake_by(now_ + limit::rows_pause);
}

void Jobs::remove(JobRow& job) {
  forget(job);
  store_.erase(job_id_key(job.id).str());
  store_.erase(time_key("ended", job.completed, job.number).str());
  jobs_[job.number].removed = true;
}

bool Jobs::is_gone(std::uint64_t job_number) {
  return job_of_number(job_number) == nullptr || store_.get(of_job("gone", job_number).str()).has_value();
}

// Items ----------------------------------------------------------------------------------------------------

std::optional<ItemRow> Jobs::item(const JobRow& job, std::string_view key, std::uint32_t remaining) {
  auto found = row<ItemRow>(item_key(job.number, key, remaining));
  return found && found->item.key == key ? std::move(found) : std::nullopt;
}

void Jobs::put_item(const JobRow& job, const ItemRow& row) {
  put_row(item_key(job.number, row.item.key, remaining_of(row.item)), row);
  const Key place = open_key(job.number, row.place);
  if (row.state == number_of(ItemState::open)) {
    ItemPlace of_item;
    of_item.key = row.item.key;
    of_item.remaining = remaining_of(row.item);
    put_row(place, of_item);
  } else {
    store_.erase(place.str());
  }
}

std::optional<ItemRow> Jobs::known_item(const JobRow& job, std::string_view key, std::uint32_t remaining) {
  const std::vector<Row> rows =
      store_.range(Range(item_key(job.number, key, remaining).str(), item_prefix(job.number, key).end(), 1));
  auto found = rows.empty() ? std::nullopt : decode<ItemRow>(rows.front().value);
  return found && found->item.key == key ? std::move(found) : std::nullopt;
}

void Jobs::add_item(JobRow& job, const JobItem& item, const std::string& parent) {
  ItemRow made;
  made.place = job.places++;
  made.item = item;
  made.parent = parent;
  put_item(job, made);
  ++level_of(job, item.depth).queued;
  ++counts().pending;
}

void Jobs::add_given(JobRow& job, const JobItems& items) {
  for (const JobItem& one : items) {
    if (job.awaited == 0) {
      break;
    }
    ++job.given;
    --job.awaited;
    --counts().pending;
    if (!item(job, one.key, remaining_of(one))) {
      add_item(job, one, "");
    }
  }
  job.state = number_of(job.awaited == 0 ? JobState::queued : JobState::opening);
}

bool Jobs::account(JobRow& job, const ItemAccount& account) {
  if (!is_at_work(job)) {
    return false;
  }
  touch(job);
  auto known = item(job, account.key, account.remaining);
  if (!known || (known->state != number_of(ItemState::open) && !LARDER_MUTATED(jobs_count_twice))) {
    return false;
  }
  JobLevel& level = level_of(job, known->item.depth);
  counts().pending -= std::min<std::uint64_t>(counts().pending, 1);
  level.works += account.works;
  known->state = account.outcome;
  put_item(job, *known);
  switch (static_cast<ItemState>(account.outcome)) {
    case ItemState::open:
      break;
    case ItemState::processed:
      ++level.processed;
      ++counts().totals.authors;
      counts().totals.works += account.works;
      break;
    case ItemState::skipped:
      ++level.skipped;
      break;
    case ItemState::failed: {
      ++level.failed;
      ++job.letters;
      LetterRow letter;
      letter.job_number = job.number;
      letter.job = job.id;
      letter.key = account.key;
      letter.remaining = account.remaining;
      letter.name = known->item.name;
      letter.depth = known->item.depth;
      letter.reason = account.reason;
      letter.message = account.message;
      add_letter(std::move(letter));
      break;
    }
  }
  return true;
}

// Letters --------------------------------------------------------------------------------------------------

void Jobs::add_letter(LetterRow letter) {
  letter.number = ++counts().letters_numbered;
  letter.at = now();
  letter.reason = std::string(utf8_prefix(letter.reason, jobs::letter_text_bytes_max));
  letter.message = std::string(utf8_prefix(letter.message, jobs::letter_text_bytes_max));
  ++counts().letters;
  if (letter.job_number == 0) {
    NumberRow number;
    number.number = letter.number;
    put_row(unread_key(letter.key), number);
    store_.put(time_key("since", letter.at, letter.number).str(), "");
  } else {
    store_.put(time_key("of", letter.job_number, letter.number).str(), "");
  }
  put_row(letter_key(letter.number), letter);
}

void Jobs::erase_letter(const LetterRow& letter) {
  store_.erase(letter_key(letter.number).str());
  if (letter.job_number == 0) {
    store_.erase(unread_key(letter.key).str());
    store_.erase(time_key("since", letter.at, letter.number).str());
  } else {
    store_.erase(time_key("of", letter.job_number, letter.number).str());
  }
  counts().letters -= std::min<std::uint64_t>(counts().letters, 1);
}

std::optional<SentItem> Jobs::reopen(const LetterRow& letter) {
  JobRow* const job = job_of_number(letter.job_number);
  auto known = job == nullptr ? std::nullopt : item(*job, letter.key, letter.remaining);
  if (!known || known->state != number_of(ItemState::failed)) {
    return std::nullopt;
  }
  job->letters -= std::min<std::uint64_t>(job->letters, 1);
  if (!is_at_work(*job)) {
    store_.erase(time_key("ended", job->completed, job->number).str());
    job->completed = 0;
    job->touched = 0;
    if (!row<NumberRow>(digest_key(job->digest))) {
      NumberRow number;
      number.number = job->number;
      put_row(digest_key(job->digest), number);
    }
  }
  job->state = number_of(JobState::running);
  touch(*job);
  known->state = number_of(ItemState::open);
  put_item(*job, *known);
  --level_of(*job, known->item.depth).failed;
  ++counts().pending;
  SentItem sent;
  sent.job = job->id;
  sent.terms = job->terms;
  sent.item = known->item;
  return sent;
}

// Calls ----------------------------------------------------------------------------------------------------

Result<jobs::open_results> Jobs::open(const jobs::open_arguments& asked) {
  constexpr std::size_t name_bytes_max = 256;
  if (asked.id.empty() || asked.id.size() > name_bytes_max || asked.digest.empty() ||
      asked.digest.size() > name_bytes_max || asked.terms.resource.size() > name_bytes_max ||
      asked.terms.aggressiveness.size() > name_bytes_max) {
    return malformed("A job needs an id and a digest, and terms of some bytes.");
  }
  if (!are_items(asked.items) || asked.items.empty() || asked.items.size() > asked.item_count ||
      asked.item_count > limit::warming_job_items_max) {
    return malformed("The items of the list are malformed, too many, or none.");
  }
  jobs::open_results results;
  const auto same = row<NumberRow>(digest_key(asked.digest));
  JobRow* const at_work = same ? job_of_number(same->number) : nullptr;
  if (at_work != nullptr && (is_at_work(*at_work) || at_work->given + at_work->awaited == asked.item_count)) {
    results.outcome = number_of(is_at_work(*at_work) ? OpenOutcome::at_work : OpenOutcome::opening);
    results.job = *at_work;
    results.pending = counts().pending;
    results.totals = counts().totals;
    return results;
  }
  if (counts().pending + asked.item_count > asked.pending_max) {
    results.outcome = number_of(OpenOutcome::full);
    results.pending = counts().pending;
    return results;
  }
  if (at_work != nullptr) {
    // Somebody began to give this list, and it was another one by its count.
    end(*at_work, JobState::cancelled);
    remove(*at_work);
  }
  const std::uint64_t number = ++counts().jobs;
  HeldJob& made = jobs_[number];
  JobRow& job = made.row;
  job.number = number;
  job.id = asked.id;
  job.digest = asked.digest;
  job.terms = asked.terms;
  job.awaited = asked.item_count;
  job.created = now();
  counts().pending += asked.item_count;
  NumberRow named;
  named.number = number;
  put_row(job_id_key(job.id), named);
  put_row(digest_key(job.digest), named);
  touch(job);
  add_given(job, asked.items);
  results.outcome = number_of(job.awaited == 0 ? OpenOutcome::created : OpenOutcome::opening);
  results.job = job;
  results.pending = counts().pending;
  results.totals = counts().totals;
  save();
  return results;
}

Result<jobs::give_results> Jobs::give(const jobs::give_arguments& asked) {
  if (!are_items(asked.items)) {
    return malformed("The items of the list are malformed, or too many.");
  }
  JobRow* const job = job_of_id(asked.job);
  if (job == nullptr || job->state == number_of(JobState::cancelled)) {
    return no_such_job();
  }
  jobs::give_results results;
  const bool is_opening = job->state == number_of(JobState::opening);
  // Somebody else gives the same list, or this call comes again: the caller goes on from what there is.
  if (is_opening && asked.from == job->given) {
    touch(*job);
    add_given(*job, asked.items);
    save();
  }
  results.outcome = number_of(job->awaited > 0 ? OpenOutcome::opening
                              : is_opening     ? OpenOutcome::created
                                               : OpenOutcome::at_work);
  results.job = *job;
  results.pending = counts().pending;
  results.totals = counts().totals;
  return results;
}

Result<jobs::begin_results> Jobs::begin(const jobs::begin_arguments& asked) {
  if (asked.items.size() > limit::rows_at_once) {
    return malformed("There are too many items at once.");
  }
  jobs::begin_results results;
  for (const ItemReference& reference : asked.items) {
    JobRow* const job = job_of_id(reference.job);
    bool is_open = false;
    if (job != nullptr && is_at_work(*job)) {
      start(*job);
      const auto known = item(*job, reference.key, reference.remaining);
      is_open = known && known->state == number_of(ItemState::open);
    }
    results.open.push_back(is_open ? '\1' : '\0');
  }
  save();
  return results;
}

Result<jobs::discover_results> Jobs::discover(const jobs::discover_arguments& asked) {
  if (!are_items(asked.items) || asked.parent.size() > jobs::item_name_bytes_max) {
    return malformed("What was found is malformed, or too much at once.");
  }
  jobs::discover_results results;
  results.send.assign(asked.items.size(), '\0');
  JobRow* const job = job_of_id(asked.job);
  if (job == nullptr || !is_at_work(*job)) {
    return results;
  }
  touch(*job);
  for (std::size_t i = 0; i < asked.items.size(); ++i) {
    const JobItem& found = asked.items[i];
    const auto known = known_item(*job, found.key, remaining_of(found));
    if (known) {
      const bool is_same = known->parent == asked.parent && known->state == number_of(ItemState::open) &&
                           remaining_of(known->item) == remaining_of(found);
      results.send[i] = is_same ? '\1' : '\0';
    } else if (sum_of(*job).queued >= asked.items_max) {
      ++job->beyond;
    } else {
      add_item(*job, found, asked.parent);
      results.send[i] = '\1';
    }
  }
  save();
  return results;
}

Result<jobs::settle_results> Jobs::settle(const jobs::settle_arguments& asked) {
  const bool are_accounts =
      asked.items.size() <= limit::rows_at_once &&
      std::all_of(asked.items.begin(), asked.items.end(), [](const ItemAccount& one) {
        return one.outcome >= number_of(ItemState::processed) && one.outcome <= number_of(ItemState::failed);
      });
  if (!are_accounts) {
    return malformed("The accounts are malformed, or too many.");
  }
  jobs::settle_results results;
  for (const ItemAccount& one : asked.items) {
    JobRow* const job = job_of_id(one.job);
    results.counted.push_back(job != nullptr && account(*job, one) ? '\1' : '\0');
  }
  for (auto& [number, held] : jobs_) {
    end_if_over(held.row);
  }
  results.pending = counts().pending;
  results.totals = counts().totals;
  save();
  return results;
}

Result<jobs::show_results> Jobs::show(const jobs::show_arguments& asked) {
  const JobRow* const job = job_of_id(asked.job);
  if (job == nullptr) {
    return no_such_job();
  }
  jobs::show_results results;
  results.job = *job;
  return results;
}

Result<jobs::list_results> Jobs::list(const jobs::list_arguments& asked) {
  const std::size_t count_max = std::clamp<std::size_t>(asked.count_max, 1, jobs::at_once);
  const Key table("job");
  std::string end = asked.cursor == 0 ? table.end() : job_key(asked.cursor).str();
  jobs::list_results results;
  const std::vector<Row> rows =
      store_.range(Range(table.str(), std::move(end), count_max, Order::descending));
  for (const Row& found : rows) {
    if (auto job = decode<JobRow>(found.value)) {
      results.next = job->number;
      results.jobs.push_back(std::move(*job));
    }
  }
  results.next = rows.size() == count_max ? results.next : 0;
  results.pending = counts().pending;
  results.letters = counts().letters;
  results.totals = counts().totals;
  return results;
}

Result<jobs::cancel_results> Jobs::cancel(const jobs::cancel_arguments& asked) {
  JobRow* const job = job_of_id(asked.job);
  if (job == nullptr) {
    return no_such_job();
  }
  jobs::cancel_results results;
  results.removed = is_active(*job) ? 0 : 1;
  if (results.removed == 1) {
    remove(*job);
  } else {
    end(*job, JobState::cancelled);
    forget(*job);
  }
  results.job = *job;
  save();
  return results;
}

Result<jobs::walk_results> Jobs::walk(const jobs::walk_arguments& asked) {
  JobRow* const job = job_of_id(asked.job);
  jobs::walk_results results;
  results.next = asked.from;
  if (job == nullptr || !is_at_work(*job)) {
    results.over = 1;
    return results;
  }
  if (asked.step == 0 || asked.step > limit::warming_job_items_max) {
    return malformed("A list is walked in steps of 1 or more.");
  }
  start(*job);
  const std::size_t count_max = std::clamp<std::size_t>(asked.count_max, 1, limit::rows_at_once);
  for (std::size_t looks = 0; looks < limit::rows_at_once && results.items.size() < count_max; ++looks) {
    if (results.next >= job->places) {
      results.over = 1;
      break;
    }
    const auto place = row<ItemPlace>(open_key(job->number, results.next));
    const auto known = place ? item(*job, place->key, place->remaining) : std::nullopt;
    if (known) {
      WalkedItem walked;
      walked.place = known->place;
      walked.item = known->item;
      results.items.push_back(std::move(walked));
    }
    results.next += asked.step;
  }
  save();
  return results;
}

Result<jobs::keep_results> Jobs::keep(const jobs::keep_arguments& asked) {
  constexpr std::size_t name_bytes_max = 256;
  if (asked.key.empty() || asked.key.size() > name_bytes_max ||
      asked.body.size() > jobs::letter_body_bytes_max) {
    return malformed("A letter has the digest of its message, and the message.");
  }
  const auto former = row<NumberRow>(unread_key(asked.key));
  if (former) {
    if (const auto letter = row<LetterRow>(letter_key(former->number))) {
      erase_letter(*letter);
    }
  }
  LetterRow letter;
  letter.key = asked.key;
  letter.name = asked.key;
  letter.body = asked.body;
  letter.reason = asked.reason;
  letter.message = asked.message;
  add_letter(std::move(letter));
  save();
  return jobs::keep_results();
}

Result<jobs::letters_results> Jobs::letters(const jobs::letters_arguments& asked) {
  const std::size_t count_max = std::clamp<std::size_t>(asked.count_max, 1, jobs::at_once);
  if (asked.cursor == UINT64_MAX) {
    return malformed("There is no such letter.");
  }
  jobs::letters_results results;
  const std::vector<Row> rows =
      store_.range(Range(letter_key(asked.cursor + 1).str(), Key("letter").end(), count_max));
  for (const Row& found : rows) {
    auto letter = decode<LetterRow>(found.value);
    if (!letter) {
      continue;
    }
    results.next = letter->number;
    if (letter->job_number == 0 || !is_gone(letter->job_number)) {
      // A page is for people.
      letter->body.clear();
      results.letters.push_back(std::move(*letter));
    }
  }
  results.next = rows.size() == count_max ? results.next : 0;
  results.depth = counts().letters;
  return results;
}

Result<jobs::replay_results> Jobs::replay(const jobs::replay_arguments& asked) {
  const std::size_t count_max = std::clamp<std::size_t>(asked.count_max, 1, limit::rows_at_once);
  LetterRows letters;
  if (asked.letters.empty()) {
    const Key table("letter");
    for (const Row& found : store_.range(Range(table.str(), table.end(), count_max))) {
      if (auto letter = decode<LetterRow>(found.value)) {
        letters.push_back(std::move(*letter));
      }
    }
  }
  for (std::size_t i = 0; i < asked.letters.size() && letters.size() < count_max; ++i) {
    if (auto letter = row<LetterRow>(letter_key(asked.letters[i].number))) {
      letters.push_back(std::move(*letter));
    }
  }
  jobs::replay_results results;
  std::size_t bytes = 0;
  for (const LetterRow& letter : letters) {
    bytes += letter.body.size();
    if (bytes > limit::job_item_bytes_at_once) {
      break;
    }
    if (letter.job_number == 0) {
      UnreadLetter unread;
      unread.number = letter.number;
      unread.body = letter.body;
      results.unread.push_back(std::move(unread));
    } else if (!is_gone(letter.job_number)) {
      erase_letter(letter);
      auto sent = reopen(letter);
      if (sent) {
        bytes += sent->item.name.size();
        results.items.push_back(std::move(*sent));
      }
    }
  }
  results.left = counts().letters;
  save();
  return results;
}

Result<jobs::resent_results> Jobs::resent(const jobs::resent_arguments& asked) {
  if (asked.letters.size() > limit::rows_at_once) {
    return malformed("There are too many letters at once.");
  }
  for (const LetterNumber& one : asked.letters) {
    const auto letter = row<LetterRow>(letter_key(one.number));
    if (letter && letter->job_number == 0) {
      erase_letter(*letter);
    }
  }
  jobs::resent_results results;
  results.left = counts().letters;
  save();
  return results;
}

Result<jobs::quiet_results> Jobs::quiet(const jobs::quiet_arguments& asked) {
  const std::size_t count_max = std::clamp<std::size_t>(asked.count_max, 1, limit::rows_at_once);
  jobs::quiet_results results;
  const std::uint64_t since = now() - std::min(now(), asked.quiet_millis);
  const std::vector<Row> silent =
      store_.range(Range(Key("touched").str(), time_key("touched", since + 1, 0).str(), jobs::at_once));
  std::size_t bytes = 0;
  for (const Row& found : silent) {
    KeyReader key(found.key, "touched");
    key.number();
    JobRow* const job = job_of_number(key.number());
    if (job == nullptr || !is_active(*job)) {
      store_.erase(found.key);
      continue;
    }
    if (!is_at_work(*job)) {
      // Whoever gave the list is lost.
      end(*job, JobState::cancelled);
      remove(*job);
      continue;
    }
    if (results.items.size() >= count_max || bytes >= limit::job_item_bytes_at_once) {
      break;
    }
    const Key open = of_job("open", job->number);
    const std::vector<Row> places =
        store_.range(Range(open.str(), open.end(), count_max - results.items.size()));
    for (const Row& at : places) {
      const auto place = decode<ItemPlace>(at.value);
      const auto known = place ? item(*job, place->key, place->remaining) : std::nullopt;
      if (known && bytes < limit::job_item_bytes_at_once) {
        SentItem sent;
        sent.job = job->id;
        sent.terms = job->terms;
        sent.item = known->item;
        bytes += sent.item.name.size();
        results.items.push_back(std::move(sent));
      }
    }
    touch(*job);
  }
  save();
  return results;
}

Result<jobs::prune_results> Jobs::prune(const jobs::prune_arguments& asked) {
  jobs::prune_results results;
  const std::vector<Row> old =
      store_.range(Range(Key("ended").str(), time_key("ended", asked.before, 0).str(), jobs::at_once));
  for (const Row& found : old) {
    KeyReader key(found.key, "ended");
    key.number();
    JobRow* const job = job_of_number(key.number());
    if (job == nullptr) {
      store_.erase(found.key);
      continue;
    }
    remove(*job);
    ++results.removed;
  }
  for (const Row& found : store_.range(
           Range(Key("since").str(), time_key("since", asked.before, 0).str(), limit::rows_at_once))) {
    KeyReader key(found.key, "since");
    key.number();
    if (const auto letter = row<LetterRow>(letter_key(key.number()))) {
      erase_letter(*letter);
    }
  }
  save();
  return results;
}

// Erasing --------------------------------------------------------------------------------------------------

void Jobs::erase_some(std::uint64_t job_number, std::size_t& left) {
  const Key of = of_job("of", job_number);
  for (const Row& found : store_.range(Range(of.str(), of.end(), left))) {
    KeyReader key(found.key, "of");
    key.number();
    // They are counted no more since the job is gone.
    store_.erase(letter_key(key.number()).str());
    store_.erase(found.key);
    --left;
  }
  for (const std::string_view table : {"open", "item"}) {
    const Key rows = of_job(table, job_number);
    left -= left == 0 ? 0 : erase_range(rows.str(), rows.end(), left);
  }
  if (left > 0) {
    store_.erase(of_job("gone", job_number).str());
  }
}

void Jobs::alarm() {
  std::size_t left = limit::rows_at_once;
  const Key gone("gone");
  for (const Row& found : store_.range(Range(gone.str(), gone.end(), jobs::at_once))) {
    if (left == 0) {
      break;
    }
    KeyReader key(found.key, "gone");
    erase_some(key.number(), left);
  }
  if (!store_.range(Range(gone.str(), gone.end(), 1)).empty()) {
    wake_by(now_ + limit::rows_pause);
  }
}

}  // namespace larder::records
