#include "sim/warming_judge.h"
#include "json/json_text.h"

#include <algorithm>

#include "base/text.h"
#include "sim/books.h"
#include "warm/message.h"

namespace larder::sim {

namespace {

std::vector<std::size_t> works_of_author(const std::string& name) {
  const auto number = book_number(by_author, name);
  return number ? works_about(by_author, *number) : std::vector<std::size_t>();
}

std::set<std::string> co_authors_of(const std::string& name) {
  std::set<std::string> others;
  for (const std::size_t work : works_of_author(name)) {
    const auto& authors = the_library().works[work].authors;
    others.insert(authors.begin(), authors.end());
  }
  others.erase(name);
  return others;
}

}  // namespace

void WarmingJudge::violate(Invariant invariant, const std::string& job, std::string_view explanation) {
  journal_.violate(invariant, concat({"job ", job}), concat({"job ", job, ": ", explanation}));
}

WarmingJudge::Item* WarmingJudge::find(const std::string& job, const std::string& key,
                                       std::uint64_t remaining) {
  const auto known = known_.find(job);
  if (known == known_.end()) {
    return nullptr;
  }
  const auto item = known->second.items.find({key, remaining});
  return item == known->second.items.end() ? nullptr : &item->second;
}

// Words to the jobs' object
// -----------------------------------------------------------------------------------

void WarmingJudge::called(std::uint32_t method, std::string_view argument, std::string_view reply) {
  namespace jobs = records::jobs;
  if (method == jobs::open_number) {
    const auto asked = records::decode<jobs::open_arguments>(argument);
    const auto said = results_of<jobs::open_results>(reply);
    if (asked && said) {
      opened(*asked, *said);
    }
  } else if (method == jobs::discover_number) {
    const auto asked = records::decode<jobs::discover_arguments>(argument);
    const auto said = results_of<jobs::discover_results>(reply);
    if (asked && said) {
      discovered(*asked, *said);
    }
  } else if (method == jobs::settle_number) {
    const auto asked = records::decode<jobs::settle_arguments>(argument);
    const auto said = results_of<jobs::settle_results>(reply);
    if (asked && said) {
      settled(*asked, *said);
    }
  } else if (method == jobs::replay_number) {
    if (const auto said = results_of<jobs::replay_results>(reply)) {
      replayed(said->items);
    }
  } else if (method == jobs::cancel_number) {
    const auto asked = records::decode<jobs::cancel_arguments>(argument);
    const auto said = results_of<jobs::cancel_results>(reply);
    if (asked && said) {
      cancelled(asked->job, said->removed == 1);
    }
  } else if (method == jobs::quiet_number) {
    const auto said = results_of<jobs::quiet_results>(reply);
    if (said && !said->items.empty()) {
      journal_.reach(Probe::job_sent_again);
    }
  } else if (method == jobs::begin_number) {
    const auto said = results_of<jobs::begin_results>(reply);
    if (said && contains(said->open, std::string_view("\0", 1))) {
      journal_.reach(Probe::message_in_vain);
    }
  }
  read_letters();
  pending_before_ = jobs_.pending();
}

void WarmingJudge::add_item(const std::string& job, const records::JobItem& item) {
  Item known;
  known.name = item.name;
  known.depth = item.depth;
  known.since = world_.now;
  const bool is_new =
      known_[job].items.emplace(ItemKey{item.key, item.depth_max - item.depth}, std::move(known)).second;
  if (!is_new) {
    return;
  }
  journal_.note(world_.now, concat({"job ", job}), "has an item more, at depth", 0, 0,
                static_cast<std::int64_t>(item.depth));
  if (item.depth > 1) {
    journal_.reach(Probe::co_author_found);
  }
}

void WarmingJudge::opened(const records::jobs::open_arguments& asked,
                          const records::jobs::open_results& said) {
  switch (static_cast<records::OpenOutcome>(said.outcome)) {
    case records::OpenOutcome::full:
      journal_.reach(Probe::upload_refused);
      if (jobs_.job(asked.id)) {
        violate(Invariant::refused_upload_queued, asked.id, "it was refused, and is there");
      }
      return;
    case records::OpenOutcome::at_work:
      journal_.reach(Probe::upload_again);
      return;
    case records::OpenOutcome::created:
    case records::OpenOutcome::opening:
      break;
  }
  if (pending_before_ + asked.items.size() > pending_max) {
    violate(Invariant::refused_upload_queued, asked.id,
            concat({"was taken with ", to_text(std::uint64_t{asked.items.size()}), " items, where ",
                    to_text(pending_before_), " of ", to_text(pending_max), " waited"}));
  }
  known_[asked.id].is_walk = !asked.terms.resource.empty();
  for (const records::JobItem& item : asked.items) {
    add_item(asked.id, item);
  }
}

void WarmingJudge::discovered(const records::jobs::discover_arguments& asked,
                              const records::jobs::discover_results& said) {
  for (std::size_t i = 0; i < asked.items.size(); ++i) {
    if (said.send[i] == '\1') {
      add_item(asked.job, asked.items[i]);
    }
  }
}

void WarmingJudge::settled(const records::jobs::settle_arguments& asked,
                           const records::jobs::settle_results& said) {
  std::set<std::string> jobs;
  for (std::size_t i = 0; i < asked.items.size(); ++i) {
    const records::ItemAccount& account = asked.items[i];
    jobs.insert(account.job);
    if (said.counted[i] != '\1') {
      continue;
    }
    Item* const item = find(account.job, account.key, account.remaining);
    if (item == nullptr || item->state != State::open) {
      violate(Invariant::counts_wrong, account.job, concat({account.key, " is counted, and is not open"}));
      return;
    }
    item->works = account.works;
    switch (static_cast<records::ItemState>(account.outcome)) {
      case records::ItemState::processed:
        item->state = State::processed;
        break;
      case records::ItemState::skipped:
        item->state = State::skipped;
        break;
      case records::ItemState::open:
      case records::ItemState::failed:
        item->state = State::failed;
        break;
    }
    const bool is_walk = known_[account.job].is_walk;
    journal_.note(world_.now, concat({"job ", account.job}), "has an item accounted for", 0, 0,
                  static_cast<std::int64_t>(item->state));
    if (item->state == State::processed) {
      Warmed warmed;
      warmed.name = item->name;
      warmed.is_entry = is_walk;
      warmed.since = item->since;
      warmed_.push_back(std::move(warmed));
      if (!is_walk) {
        look_for_works(account.job, *item);
      }
      if (is_walk) {
        journal_.reach(Probe::list_walked);
      } else if (works_of_author(item->name).empty()) {
        journal_.reach(Probe::author_unknown);
      }
    } else {
      const Probe other = item->state == State::skipped ? Probe::author_skipped : Probe::letter_kept;
      journal_.reach(other);
    }
  }
  for (const std::string& id : jobs) {
    const auto job = jobs_.job(id);
    const auto known = known_.find(id);
    if (job && !job->is_active() && known != known_.end() && known->second.is_active) {
      job_ended(id);
    }
  }
}

// What was put before the account is there when it is given.
void WarmingJudge::look_for_works(const std::string& id, const Item& item) {
  for (const std::size_t work : works_of_author(item.name)) {
    const LibraryWork& one = the_library().works[work];
    const auto title = book_number(by_title, one.title);
    const auto isbn = book_number(by_isbn, one.isbn);
    if (!is_kept(by_title, title.value()) || !is_kept(by_isbn, isbn.value())) {
      violate(Invariant::not_warm, id,
              concat({item.name, " is processed, and ", one.title, ", ", one.isbn, ", is not in KV"}));
      return;
    }
  }
}

void WarmingJudge::replayed(const records::SentItems& items) {
  for (const records::SentItem& sent : items) {
    Job& job = known_[sent.job];
    Item* const known = find(sent.job, sent.item.key, sent.item.depth_max - sent.item.depth);
    if (known == nullptr || known->state != State::failed) {
      violate(Invariant::counts_wrong, sent.job, concat({sent.item.key, " is replayed, and was no letter"}));
      return;
    }
    journal_.reach(Probe::letter_replayed);
    job.is_active = true;
    known->state = State::open;
    known->carried = false;
    known->since = world_.now;
  }
}

void WarmingJudge::cancelled(const std::string& id, bool removed) {
  journal_.reach(Probe::job_cancelled);
  if (removed) {
    known_.erase(id);
    removed_.insert(id);
  } else {
    known_[id].is_active = false;
    known_[id].cancelled = true;
  }
}

// A job's end
// -------------------------------------------------------------------------------------------------

void WarmingJudge::job_ended(const std::string& id) {
  Job& job = known_[id];
  journal_.note(world_.now, concat({"job ", id}), "is over");
  for (const auto& [key, item] : job.items) {
    if (item.state == State::open) {
      violate(Invariant::ended_early, id, concat({"is over, and ", key.first, " is open"}));
      return;
    }
  }
  job.is_active = false;
  count(id, job);
  if (!job.is_walk) {
    follow(id, job);
  }
}

// What it says of itself is what it was told, and what the library has.
void WarmingJudge::count(const std::string& id, const Job& job) {
  std::map<std::uint64_t, JobsView::Level> levels;
  for (const auto& [key, item] : job.items) {
    JobsView::Level& level = levels[item.depth];
    level.queued += 1;
    level.processed += item.state == State::processed ? 1 : 0;
    level.skipped += item.state == State::skipped ? 1 : 0;
    level.failed += item.state == State::failed ? 1 : 0;
    level.works += item.works;
    const std::size_t works = job.is_walk ? 1 : works_of_author(item.name).size();
    if (item.state == State::processed && item.works != works) {
      violate(Invariant::counts_wrong, id,
              concat({item.name, " was processed with ", to_text(item.works), " works, and has ",
                      to_text(std::uint64_t{works})}));
      return;
    }
  }
  const auto found = jobs_.job(id);
  const auto differs = [](const JobsView::Level& a, const JobsView::Level& b) {
    return a.queued != b.queued || a.processed != b.processed || a.skipped != b.skipped ||
           a.failed != b.failed || a.works != b.works;
  };
  if (!found || found->levels.size() != levels.size()) {
    violate(Invariant::counts_wrong, id, "it counts a depth that nothing is at, or not one of its own");
    return;
  }
  std::size_t at = 0;
  for (const auto& [depth, level] : levels) {
    const JobsView::Level one(found->levels[at++]);
    if (one.depth != depth || differs(one, level) || one.open() != 0) {
      violate(Invariant::counts_wrong, id,
              concat({"at depth ", to_text(depth), " it counts otherwise than it was told"}));
      return;
    }
  }
}

// Whoever was gone through with levels left has named others, and these are in the job.
void WarmingJudge::follow(const std::string& id, const Job& job) {
  for (const auto& [key, item] : job.items) {
    if (item.state != State::processed || key.second == 0) {
      continue;
    }
    for (const std::string& other : co_authors_of(item.name)) {
      const bool is_there = std::any_of(job.items.begin(), job.items.end(), [&](const auto& one) {
        return one.second.name == other && one.first.second + 1 >= key.second;
      });
      if (!is_there) {
        violate(Invariant::ended_early, id,
                concat({"is over without ", other, ", who wrote with ", item.name}));
        return;
      }
    }
  }
}

void WarmingJudge::read_letters() {
  for (const records::LetterRow& letter : jobs_.letters()) {
    const Item* const item = find(letter.job, letter.key, letter.remaining);
    const bool is_of_item = item != nullptr && item->state == State::failed;
    if (letter.reason.empty() || letter.message.empty() || (!letter.job.empty() && !is_of_item)) {
      violate(Invariant::letter_unexplained, letter.job,
              concat({"the letter of ", letter.key, " says \"", letter.reason, "\": \"", letter.message, "\"",
                      is_of_item ? "" : ", and it is no letter's"}));
      return;
    }
  }
}

// Messages
// ----------------------------------------------------------------------------------------------------

void WarmingJudge::sent(const std::string& body) {
  const auto message = warm::parse_message(body);
  if (!message || message->kind != warm::MessageKind::author) {
    return;
  }
  if (Item* const item = find(message->author.job, message->author.key, message->author.remaining())) {
    item->carried = true;
  }
}

void WarmingJudge::acknowledging(const std::string& id) {
  const auto message = warm::parse_message(queues_.body_of(id));
  if (!message || message->kind != warm::MessageKind::author) {
    return;
  }
  const warm::AuthorMessage& author = message->author;
  const Item* const item = find(author.job, author.key, author.remaining());
  const auto job = known_.find(author.job);
  if (item == nullptr || !job->second.is_active || item->state != State::open || !item->carried) {
    return;
  }
  const bool has_other = queues_.has_other(id, [&](const std::string& body) {
    const auto other = warm::parse_message(body);
    return other && other->kind == warm::MessageKind::author && other->author.job == author.job &&
           other->author.key == author.key && other->author.remaining() == author.remaining();
  });
  if (!has_other) {
    violate(Invariant::message_dropped, author.job,
            concat({"the last message about ", author.name, " is acknowledged, who is open"}));
  }
}

// Uploads and origins
// -----------------------------------------------------------------------------------------

void WarmingJudge::upload_answered(std::uint32_t status, const std::string& retry_after,
                                   const std::string& body, std::uint64_t queued) {
  if (status == 429 && (queued > 0 || parse_unsigned(retry_after).value_or(0) == 0)) {
    journal_.violate(Invariant::refused_upload_queued, "",
                     concat({"an upload was refused with Retry-After \"", retry_after, "\" and queued ",
                             to_text(queued)}));
  }
  const auto json = json::JsonText::parse(body);
  const bool created = status == 202;
  // One that was made may be over and removed before its upload hears of it.
  const auto was_made = [this](const std::string& id) {
    return known_.contains(id) || removed_.contains(id);
  };
  if (created && (!json || !was_made(json->text("jobId")))) {
    journal_.violate(Invariant::refused_upload_queued, "", concat({"an upload made no job: ", body}));
  }
}

void WarmingJudge::asked_origin(std::string_view about, std::uint64_t asks, std::uint64_t turns) {
  if (asks > turns) {
    journal_.violate(Invariant::polite_rate, about,
                     concat({"a batch asks the origin for the ", to_text(asks), ". time and had ",
                             to_text(turns), " turns"}));
  }
}

// The end
// ------------------------------------------------------------------------------------------------------

bool WarmingJudge::has_active_job() const {
  return std::any_of(known_.begin(), known_.end(), [](const auto& job) { return job.second.is_active; });
}

std::string WarmingJudge::any_job(Random& random) const {
  if (known_.empty()) {
    return "";
  }
  return std::next(known_.begin(), static_cast<std::ptrdiff_t>(random.index(known_.size())))->first;
}

void WarmingJudge::stranger(const std::string& body) {
  const auto letters = jobs_.letters();
  const bool is_there = std::any_of(letters.begin(), letters.end(),
                                    [&](const records::LetterRow& letter) { return letter.body == body; }) ||
                        queues_.has_other("", [&](const std::string& other) { return other == body; });
  if (!is_there) {
    violate(Invariant::letter_lost, "",
            concat({"the message ", body, " is neither a letter nor in a queue"}));
  }
}

void WarmingJudge::ended() {
  for (const auto& [id, job] : known_) {
    if (job.cancelled) {
      continue;
    }
    if (job.is_active) {
      violate(Invariant::never_ended, id, "is at work, although nothing waits any more");
      return;
    }
    for (const auto& [key, item] : job.items) {
      if (item.state == State::failed && !is_refused_author(item.name)) {
        violate(Invariant::never_ended, id, concat({item.name, " failed again, although all is well"}));
        return;
      }
    }
  }
}

}  // namespace larder::sim
