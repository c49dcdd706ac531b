// One author: their works, the entries of these, their co-authors, and the mark that they are done.
#include <algorithm>
#include <set>

#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "booklist/author_name.h"
#include "config/limits.h"
#include "host/operations.h"
#include "warm/warming.h"

namespace larder::warm {

namespace {

booklist::NormalText normaliser_of(host::Host& host) {
  return [&host](std::string_view text) { return host.normal_text(text); };
}

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

// "2 parent": who found somebody, for whom they are found again in the same words.
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
host::Task<Result<bool>> Warming::is_warm(host::Context here, const Slot& slot, Budget& budget) const {
  const AuthorMessage& author = slot.message.author;
  const auto marker = config::JsonText::parse(slot.marker);
  if (slot.marker.empty() || !marker || marker->number("remaining") < author.remaining()) {
    co_return false;
  }
  // This very walk left it, and was cut off before it was accounted for: it goes over what is there and is
  // counted as what it was.
  if (marker->text("job") == author.job && marker->number("remaining") == author.remaining()) {
    co_return false;
  }
  const config::Resource* const resource = stock_.resource_for(config::ProviderQuery::author);
  auto query = stock_.query_of(here.host(), *resource, author.name);
  if (!query || !budget.take(2)) {
    co_return false;
  }
  std::vector<engine::Query> asked;
  asked.push_back(std::move(*query));
  const auto found = co_await engine_.find_many(here, asked);
  if (!found) {
    co_return tl::make_unexpected(found.error());
  }
  const tiers::EntryPtr& entry = found->front();
  if (!is_servable(entry, here.host().now()) || entry->body.empty()) {
    co_return false;
  }
  const auto works = read_works(here.host(), entry->body);
  if (!works) {
    co_return false;
  }
  const std::vector<Planting> plantings = stock_.plan(here.host(), *works);
  if (plantings.empty()) {
    co_return true;
  }
  std::vector<engine::Query> queries;
  // Bodies of all of them would be read for nothing.
  queries.push_back(plantings.front().query);
  queries.push_back(plantings.back().query);
  co_return co_await stock_.has_all(here, std::move(queries));
}

host::Task<Warming::Step> Warming::find_works(host::Context here, const AuthorMessage& author,
                                              Harvest& harvest) const {
  Step step;
  const config::Resource* const resource = stock_.resource_for(config::ProviderQuery::author);
  auto query = stock_.query_of(here.host(), *resource, author.name);
  if (!query) {
    step.state = StepState::hopeless;
    step.reason = "invalid";
    step.message = query.error().message;
    co_return step;
  }
  engine::Reading reading = co_await engine_.read_fresh(here, *query, config::limit::warming_turn_patience);
  if (reading.refusal != nullptr) {
    const origin::Refusal& refusal = *reading.refusal;
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
  const tiers::EntryPtr entry = reading.entry;
  const bool positive = entry != nullptr ? entry->header.kind == entry::Kind::positive
                                         : reading.fetched->kind == entry::Kind::positive;
  if (positive) {
    const host::Body& body = entry != nullptr ? entry->body : reading.fetched->content;
    const std::string text = here.host().read_body(body.handle(), body.size(), 0);
    auto works = read_works(here.host(), body);
    if (works) {
      harvest.works = std::move(*works);
      harvest.source = source_in(text);
      harvest.asked = entry != nullptr ? entry->header.asked : reading.fetched->requested_at;
      harvest.log_seen = entry != nullptr ? entry->header.log_seen : reading.fetched->log_seen;
    } else {
      step.state = StepState::fault;
      step.reason = to_text(works.error().kind);
      step.message = works.error().message;
    }
  }
  co_await engine_.settle(here, *query, std::move(reading));
  co_return step;
}

// Who wrote with this author. Works that do not name the author were found by a likeness of names alone.
std::vector<Item> Warming::others_of(host::Host& host, const AuthorMessage& author,
                                     const Harvest& harvest) const {
  const booklist::NormalText normal_text = normaliser_of(host);
  std::vector<Item> others;
  std::set<std::string> seen = {author.key};
  for (const origin::Work& work : harvest.works) {
    std::vector<Item> named;
    bool names_author = false;
    for (const std::string& text : work.authors) {
      for (const booklist::AuthorName& name :
           booklist::read_authors(text, booklist::NameStyle::one, normal_text)) {
        Item item;
        item.key = booklist::normal_name(name.display, normal_text);
        item.name = name.display;
        names_author = names_author || item.key == author.key;
        named.push_back(std::move(item));
      }
    }
    for (Item& item : named) {
      if (names_author && !item.key.empty() && seen.insert(item.key).second) {
        item.depth = author.depth + 1;
        item.depth_max = author.depth_max;
        item.source = Source::discovery;
        others.push_back(std::move(item));
      }
    }
  }
  return others;
}

host::Task<Warming::Step> Warming::queue_others(host::Context here, const AuthorMessage& author,
                                                const Harvest& harvest) const {
  Step step;
  const std::vector<Item> others = others_of(here.host(), author, harvest);
  if (others.empty()) {
    co_return step;
  }
  const auto send = co_await book_.discover(here, author.job, parent_of(author), others);
  if (!send) {
    step.state = StepState::later;
    step.reason = "jobs";
    step.message = send.error().message;
    co_return step;
  }
  Parcel parcel;
  parcel.binding = std::string(binding_of(author.priority));
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
    parcel.messages.push_back(to_json(other));
  }
  const auto sent = co_await send_parcel(here, std::move(parcel));
  if (!sent) {
    // They are in the job; who comes again sends them again.
    step.state = StepState::later;
    step.reason = "queue";
    step.message = sent.error().message;
  }
  co_return step;
}

host::Task<Warming::Step> Warming::mark(host::Context here, const AuthorMessage& author,
                                        std::uint64_t works) const {
  Step step;
  JsonWriter json;
  json.begin_object().key("worksCount").value(works);
  json.key("lastWarmed").value(millis_since_epoch(here.host().now()));
  json.key("depth").value(author.depth).key("remaining").value(author.remaining());
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
  // What is read and put beside the entries: the author's own entry in three places, two marks, a look
  // whether all is there.
  constexpr std::size_t operations_beside = 6;
  AuthorMessage& author = slot.message.author;
  Step step;
  if (stock_.resource_for(config::ProviderQuery::author) == nullptr) {
    step.state = StepState::hopeless;
    step.reason = "undeclared";
    step.message = "larder.json declares no resource that looks books up by author.";
    co_return step;
  }
  if (!budget.take(operations_beside)) {
    step.state = StepState::more;
    co_return step;
  }
  const auto warm = co_await is_warm(here, slot, budget);
  if (warm && *warm) {
    // Renewed as it is.
    co_await remember(here, marker_key(here.host(), author.key), slot.marker,
                      config::limit::warming_marker_kept);
    step.outcome = Outcome::skipped;
    co_return step;
  }
  Harvest harvest;
  step = co_await find_works(here, author, harvest);
  if (step.state != StepState::done) {
    co_return step;
  }
  const std::vector<Planting> plantings = stock_.plan(here.host(), harvest.works);
  const Stocked stocked = co_await stock_.put(here, harvest, plantings, author.entries_done, budget);
  author.entries_done = static_cast<std::uint32_t>(stocked.done_entries);
  if (stocked.state == StockState::more) {
    step.state = StepState::more;
    co_return step;
  }
  if (stocked.state == StockState::failed) {
    step.state = StepState::later;
    step.reason = "store";
    step.message = "The entries could not be stored.";
    co_return step;
  }
  if (author.remaining() > 0) {
    step = co_await queue_others(here, author, harvest);
    if (step.state != StepState::done && !LARDER_MUTATED(co_authors_dropped)) {
      co_return step;
    }
  }
  step = co_await mark(here, author, harvest.works.size());
  step.works = harvest.works.size();
  co_return step;
}

}  // namespace larder::warm
