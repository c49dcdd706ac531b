// One author: their works, the entries of these, their co-authors, and the mark that they are done.
#include <algorithm>
#include <set>

#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "booklist/author_name.h"
#include "config/limits.h"
#include "host/operations.h"
#include "json/json_text.h"
#include "warm/warming.h"

namespace larder::warm {

using observe::Counter;

namespace {

std::string_view binding_of(Priority priority) {
  switch (priority) {
    case Priority::normal:
      return "AUTHOR_WARMING_QUEUE";
    case Priority::high:
      return "AUTHOR_WARMING_PRIORITY";
  }
  LARDER_UNREACHABLE();
}

// Whose answer it was; books_reply() writes it before the works, and a quote within a text is escaped.
std::string source_in(std::string_view body) {
  constexpr std::string_view member = "\"source\":\"";
  const std::size_t at = body.find(member);
  if (at == std::string_view::npos) {
    return "";
  }
  const std::string_view rest = body.substr(at + member.size());
  return std::string(rest.substr(0, rest.find('"')));
}

// The co-authors. Works that do not name the author were found by a similar name alone.
std::vector<Person> co_authors_of(const AuthorMessage& author, const FoundWorks& found_works,
                                  const NormalText& normal_text) {
  std::vector<Person> others;
  std::set<std::string> seen = {author.key};
  for (const origin::Work& work : found_works.works) {
    std::vector<Person> people = people_of(work, normal_text);
    const bool names_author = std::any_of(people.begin(), people.end(),
                                          [&](const Person& person) { return person.key == author.key; });
    for (Person& person : people) {
      if (names_author && seen.insert(person.key).second) {
        others.push_back(std::move(person));
      }
    }
  }
  return others;
}

// "2 parent": the author who led to another one, so that a repetition sends the same message.
std::string parent_of(const AuthorMessage& author) {
  return concat({to_text(std::uint64_t{author.remaining()}), " ", author.key});
}

}  // namespace

std::string Warming::marker_key(host::Host& host, std::string_view author) const {
  constexpr std::size_t readable_bytes_max = 300;
  const std::string name = percent_encode(author);
  const std::string part = name.size() <= readable_bytes_max ? name : "sha256-" + to_hex(host.sha256(author));
  return concat({settings_.cache_prefix, ":warming:processed:", part});
}

// Whether an earlier walk left nothing to do: it went as deep, and what it put is still there. The author's
// own entry and one entry each of the first and last of what was made of it stand for all: a purge reaches
// them by name here, and what is evicted is evicted in order of age.
host::Task<Result<bool>> Warming::is_warm(host::Context here, const Slot& slot, Budget& budget,
                                          FoundWorks& found_works) const {
  const AuthorMessage& author = slot.message.author;
  const auto marker = json::JsonText::parse(slot.marker);
  if (slot.marker.empty() || !marker || marker->number("remaining") < author.remaining()) {
    co_return false;
  }
  if (author.by_subject && author.remaining() > 0 && !marker->flag("bySubject")) {
    co_return false;
  }
  // This very walk left it, and was cut off before it was accounted for: it goes over what is there and is
  // counted as what it was.
  if (marker->text("job") == author.job && marker->number("remaining") == author.remaining()) {
    co_return false;
  }
  const config::Resource* const resource = writer_.resource_for(config::ProviderQuery::author);
  if (resource == nullptr) {
    co_return false;
  }
  auto query = writer_.query_of(here.host(), *resource, author.name);
  if (!query || !budget.take(3)) {
    co_return false;
  }
  std::vector<engine::Query> asked;
  asked.push_back(std::move(*query));
  const auto found = co_await engine_.find_many(here, asked);
  if (!found) {
    co_return tl::make_unexpected(found.error());
  }
  tiers::EntryPtr entry = found->front();
  if (is_servable(entry, here.host().now()) && entry->body.empty()) {
    // Packed: it comes by itself alone.
    tiers::EntryPtr whole = co_await engine_.find_whole(here, asked.front());
    entry = std::move(whole);
  }
  if (!is_servable(entry, here.host().now())) {
    co_return false;
  }
  auto works = read_works(here.host(), entry->body);
  if (!works) {
    co_return false;
  }
  found_works.works = std::move(*works);
  const std::vector<PlannedEntry> planned_entries = writer_.plan(here.host(), found_works.works);
  if (planned_entries.empty()) {
    co_return true;
  }
  std::vector<engine::Query> queries;
  // Bodies of all of them would be read for nothing.
  queries.push_back(planned_entries.front().query);
  queries.push_back(planned_entries.back().query);
  co_return co_await writer_.has_all(here, std::move(queries));
}

host::Task<Warming::Step> Warming::look_up(host::Context here, config::ProviderQuery asked, std::string text,
                                           FoundWorks& found_works) const {
  Step step;
  const config::Resource* const resource = writer_.resource_for(asked);
  if (resource == nullptr) {
    step.state = StepState::rejected;
    step.reason = "undeclared";
    step.message = concat({"larder.json declares no resource that looks books up by ", to_text(asked), "."});
    co_return step;
  }
  auto query = writer_.query_of(here.host(), *resource, text);
  if (!query) {
    step.state = StepState::rejected;
    step.reason = "invalid";
    step.message = query.error().message;
    co_return step;
  }
  engine::Reading reading = co_await engine_.read_fresh(here, *query, config::limit::warming_turn_patience);
  if (reading.refusal() != nullptr) {
    const origin::Refusal& refusal = *reading.refusal();
    const bool passing = refusal.not_asked || refusal.error.retryable || refusal.origin_status == 429 ||
                         refusal.origin_status >= 500;
    const bool unreadable = refusal.error.kind == ErrorKind::corrupt;
    step.state = passing && !unreadable ? StepState::later : StepState::fault;
    step.reason = to_text(refusal.error.kind);
    step.message = refusal.error.message;
    step.delay = Millis(static_cast<std::int64_t>(refusal.retry_after_seconds) * 1000);
    co_await engine_.settle(here, *query, std::move(reading));
    co_return step;
  }
  const tiers::EntryPtr entry = reading.entry();
  const bool positive = entry != nullptr ? entry->header.kind == entry::Kind::positive
                                         : reading.passed()->kind == entry::Kind::positive;
  if (positive) {
    const host::Body& body = entry != nullptr ? entry->body : reading.passed()->content;
    const std::string content = here.host().read_body(body.handle(), body.size(), 0);
    auto works = read_works(here.host(), body);
    if (works) {
      found_works.works = std::move(*works);
      found_works.source = source_in(content);
      found_works.asked = entry != nullptr ? entry->header.asked : reading.passed()->requested_at;
      found_works.log_seen = entry != nullptr ? entry->header.log_seen : reading.passed()->log_seen;
    } else {
      step.state = StepState::fault;
      step.reason = to_text(works.error().kind);
      step.message = works.error().message;
    }
  }
  co_await engine_.settle(here, *query, std::move(reading));
  co_return step;
}

host::Task<Warming::Step> Warming::queue_others(host::Context here, const AuthorMessage& author,
                                                std::vector<Person> people) const {
  Step step;
  if (people.empty()) {
    co_return step;
  }
  std::vector<Item> others;
  for (Person& person : people) {
    Item item;
    item.key = std::move(person.key);
    item.name = std::move(person.name);
    item.depth = author.depth + 1;
    item.depth_max = author.depth_max;
    item.source = Source::discovery;
    others.push_back(std::move(item));
  }
  const auto send = co_await book_.discover(here, author.job, parent_of(author), others);
  if (!send) {
    step.state = StepState::later;
    step.reason = "jobs";
    step.message = send.error().message;
    co_return step;
  }
  QueueBatch queue_batch;
  queue_batch.binding = std::string(binding_of(author.priority));
  for (const std::size_t at : *send) {
    AuthorMessage other;
    other.job = author.job;
    other.key = others[at].key;
    other.name = others[at].name;
    other.source = Source::discovery;
    other.priority = author.priority;
    other.by_subject = author.by_subject;
    other.depth = others[at].depth;
    other.depth_max = others[at].depth_max;
    other.queued = here.host().now();
    queue_batch.messages.push_back(to_json(other));
  }
  const auto sent = co_await send_queue_batch(here, std::move(queue_batch));
  if (!sent) {
    // They are in the job; a repetition sends them again.
    step.state = StepState::later;
    step.reason = "queue";
    step.message = sent.error().message;
  }
  co_return step;
}

// The choice depends on nothing but the two answers, which are kept: not on whom the job knows, nor on what
// other messages are doing. So a redelivery names the same people, and the job knows them for its own.
//
// A failed subject look-up does not fail the author: it waits as any other, an hour, and then the author is
// done without. The author's own trouble, if there was any, is over.
host::Task<Warming::Step> Warming::queue_related(host::Context here, AuthorMessage& author,
                                                 const FoundWorks& found_works, Related& related) const {
  const NormalText normal_text = host::normal_text_of(here.host());
  const std::string subject = telling_subject(found_works.works, normal_text);
  if (subject.empty()) {
    counters_.add(Counter::warming_subjects_total, "none");
    co_return Step();
  }
  FoundWorks on_subject;
  Step step = co_await look_up(here, config::ProviderQuery::subject, subject, on_subject);
  if (step.state == StepState::later) {
    const Instant now = here.host().now();
    if (author.subject_trouble_since == Instant()) {
      author.subject_trouble_since = now;
      author.tries = 0;
      author.faults = 0;
    }
    if (now - author.subject_trouble_since < config::limit::warming_subject_patience) {
      co_return step;
    }
  }
  if (step.state != StepState::done) {
    related = Related::missed;
    counters_.add(Counter::warming_subjects_total, "skipped", step.reason);
    co_return Step();
  }
  std::set<std::string> known = {author.key};
  for (const Person& other : co_authors_of(author, found_works, normal_text)) {
    known.insert(other.key);
  }
  std::vector<Person> others =
      most_named(on_subject.works, known, config::limit::related_authors_max, normal_text);
  const std::string_view outcome = others.empty() ? "none" : "found";
  Step queued = co_await queue_others(here, author, std::move(others));
  if (queued.state == StepState::done) {
    counters_.add(Counter::warming_subjects_total, outcome);
  }
  co_return queued;
}

host::Task<Warming::Step> Warming::queue_found(host::Context here, AuthorMessage& author,
                                               const FoundWorks& found_works, Related& related) const {
  Step step;
  if (author.remaining() == 0) {
    co_return step;
  }
  if (author.subject_trouble_since == Instant()) {
    std::vector<Person> others = co_authors_of(author, found_works, host::normal_text_of(here.host()));
    step = co_await queue_others(here, author, std::move(others));
    if (step.state != StepState::done && !LARDER_MUTATED(co_authors_dropped)) {
      co_return step;
    }
  }
  if (!author.by_subject) {
    co_return Step();
  }
  co_return co_await queue_related(here, author, found_works, related);
}

host::Task<Warming::Step> Warming::mark(host::Context here, const AuthorMessage& author, std::uint64_t works,
                                        Related related) const {
  Step step;
  JsonWriter json;
  json.begin_object().key("worksCount").value(works);
  json.key("lastWarmed").value(millis_since_epoch(here.host().now()));
  json.key("depth").value(author.depth).key("remaining").value(author.remaining());
  json.key("bySubject").value(author.by_subject && related != Related::missed);
  json.key("job").value(author.job).end_object();
  const host::Body body = host::Body::from_bytes(here.host(), json.text());
  const auto kept_seconds = static_cast<std::uint64_t>(whole_seconds(config::limit::warming_marker_kept));
  const auto put =
      co_await host::kv_put(here, marker_key(here.host(), author.key), "warming", body, kept_seconds);
  if (!put) {
    step.state = StepState::later;
    step.reason = "store";
    step.message = put.error().message;
  }
  co_return step;
}

host::Task<Warming::Step> Warming::warm_author(host::Context here, Slot& slot, Budget& budget) const {
  // What is read and put beside the entries: the author's own entry and the subject's in three places each,
  // two marks, a look whether all is there.
  constexpr std::size_t operations_beside = 9;
  AuthorMessage& author = slot.message.author;
  Step step;
  if (!budget.take(operations_beside)) {
    step.state = StepState::more;
    co_return step;
  }
  FoundWorks found_works;
  Related related = Related::looked_up;
  const auto warm = co_await is_warm(here, slot, budget, found_works);
  if (warm && *warm) {
    // Authors that the earlier walk found may have been cancelled, have failed, or have been evicted since.
    step = co_await queue_found(here, author, found_works, related);
    if (step.state == StepState::done) {
      // Renewed as it is.
      co_await remember(here, marker_key(here.host(), author.key), slot.marker,
                        config::limit::warming_marker_kept);
      step.outcome = Outcome::skipped;
    }
    co_return step;
  }
  found_works = FoundWorks();
  step = co_await look_up(here, config::ProviderQuery::author, author.name, found_works);
  if (step.state != StepState::done) {
    co_return step;
  }
  const std::vector<PlannedEntry> planned_entries = writer_.plan(here.host(), found_works.works);
  const Written written =
      co_await writer_.put(here, found_works, planned_entries, author.entries_done, budget);
  author.entries_done = static_cast<std::uint32_t>(written.done_entries);
  if (written.state == WriteState::more) {
    step.state = StepState::more;
    co_return step;
  }
  if (written.state == WriteState::failed) {
    step.state = StepState::later;
    step.reason = "store";
    step.message = "The entries could not be stored.";
    co_return step;
  }
  step = co_await queue_found(here, author, found_works, related);
  if (step.state != StepState::done) {
    co_return step;
  }
  step = co_await mark(here, author, found_works.works.size(), related);
  step.works = found_works.works.size();
  co_return step;
}

}  // namespace larder::warm
