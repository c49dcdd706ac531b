#include "sim/origins.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/duration.h"
#include "entry/header.h"
#include "sim/books.h"

namespace larder::sim {

namespace {

std::string id_text(std::size_t id) { return concat({"k", to_text(std::uint64_t{id})}); }

// What an http origin says about its replies, by id.
enum class Policy : std::uint8_t { all_times, varies, is_private, silent, shared_cache, must_revalidate };
constexpr std::size_t policies = 6;
Policy policy_of(const Subject& subject) { return static_cast<Policy>(subject.id % policies); }

// As entry/key.cpp writes a field.
std::string escaped(std::string_view text) {
  std::string key;
  for (const char c : to_lower(std::string(text))) {
    key += c == ' ' ? std::string("%20") : std::string(1, c);
  }
  return key;
}

std::string times_of(const ResourceRow& row) {
  return concat({R"(, "timeoutSoft": ")", config::format_duration(row.soft), R"(", "timeoutHard": ")",
                 config::format_duration(row.hard), R"("}, "ttl": ")", config::format_duration(row.fresh),
                 R"(", "stale": ")", config::format_duration(row.stale), R"(", "staleIfError": ")",
                 config::format_duration(row.error), R"(", )"});
}

std::string book_declaration(const ResourceRow& row) {
  return concat({R"({"name": ")", row.name, R"(", "match": {"path": "/search/)", row.name,
                 R"("}, "origin": {"provider": "openlibrary", "query": ")", row.query, R"(")", times_of(row),
                 R"("negativeTtl": ")", config::format_duration(row.negative),
                 R"(", "key": [{"query": "q", )",
                 row.query == by_isbn ? R"("normalise": ["isbn"])" : R"("normalise": ["collapse", "lower"])",
                 R"(, "required": true}], "tags": [")", row.name, R"(", "books"]})"});
}

}  // namespace

// https://{tenant}.example/{resource}/k{id}[?lang={language}], or
// https://{tenant}.example/books/search.json?{query}={text}&…
Subject subject_asked(const std::string& url) {
  const auto parts = split(url, '/');
  LARDER_ASSERT(parts.size() == 5);
  Subject subject;
  subject.tenant = parts[2].starts_with(tenant_names[0]) ? 0 : 1;
  const auto row = std::find_if(resource_rows.begin(), resource_rows.end(), [&](const ResourceRow& one) {
    return one.is_of_books() ? parts[3] == "books" && !query_parameter(url, one.query).empty()
                             : one.name == parts[3];
  });
  LARDER_ASSERT(row != resource_rows.end());
  subject.resource = static_cast<std::size_t>(row - resource_rows.begin());
  if (row->is_of_books()) {
    const auto number = book_number(row->query, query_parameter(url, row->query));
    LARDER_ASSERT(number.has_value());
    subject.id = *number;
    return subject;
  }
  const auto query = split(parts[4], '?');
  subject.id = static_cast<std::size_t>(parse_unsigned(query[0].substr(1)).value_or(0));
  if (query.size() == 2) {
    const auto language = std::find(languages.begin(), languages.end(), query[1].substr(5));
    LARDER_ASSERT(language != languages.end());
    subject.language = static_cast<std::size_t>(language - languages.begin());
  }
  return subject;
}

std::string declarations_of(std::size_t tenant) {
  std::string text = R"({"resources": [)";
  for (const ResourceRow& row : resource_rows) {
    text += &row == resource_rows.data() ? "" : ",";
    if (row.is_of_books()) {
      text += book_declaration(row);
      continue;
    }
    text += concat({R"({"name": ")", row.name, R"(", "match": {"path": "/)", row.name,
                    R"(/{id}"}, "origin": {"url": "https://)", tenant_names[tenant], R"(.example/)", row.name,
                    R"(/{id})", row.name == "item" ? "?lang={lang}" : "", R"(")", times_of(row)});
    if (row.http) {
      text += R"("mode": "http", )";
    } else {
      text +=
          concat({R"("negativeTtl": ")", config::format_duration(row.negative),
                  R"(", "key": [{"path": "id"})", row.name == "item" ? R"(, {"query": "lang"})" : "", "], "});
    }
    text += concat({R"("tags": [")", row.name, R"(", ")", row.name, R"(-{id}"]})"});
  }
  return text + "]}";
}

std::string library_url(std::size_t tenant) {
  return concat({"https://", tenant_names[tenant], ".example/books"});
}

bool is_ailing(const Subject& subject) {
  if (subject.row().is_of_books()) {
    return false;
  }
  return subject.id == failing_id || (subject.resource == 0 && subject.id == told_id);
}

std::string url_of(const Subject& subject) {
  if (subject.row().is_of_books()) {
    return concat({"https://larder.test/search/", subject.row().name,
                   "?q=", percent_encode(book_text(subject.row().query, subject.id))});
  }
  std::string url = concat({"https://larder.test/", subject.row().name, "/", id_text(subject.id)});
  if (subject.language != 0) {
    url += concat({"?lang=", languages[subject.language]});
  }
  return url;
}

std::string storage_name_of(const Subject& subject) {
  const std::string_view query = subject.row().query;
  const std::string_view tenant = subject.tenant < tenants_max ? tenant_names[subject.tenant] : "several";
  std::string name =
      concat({tenant, ":", subject.row().name, ":v", to_text(std::uint64_t{entry::schema_version}), ":",
              query.empty() ? id_text(subject.id) : escaped(book_text(query, subject.id))});
  if (subject.row().name == "item") {
    name += concat({":", subject.language == 0 ? "~" : languages[subject.language]});
  }
  return name;
}

std::vector<std::string> tags_of(const Subject& subject) {
  if (subject.row().is_of_books()) {
    return {std::string(subject.row().name), "books"};
  }
  return {std::string(subject.row().name), concat({subject.row().name, "-", id_text(subject.id)})};
}

std::string body_of(const Said& said) {
  std::string body = concat(
      {tenant_names[said.subject.tenant], "|", said.subject.row().name, "|", id_text(said.subject.id), "|",
       languages[said.subject.language], "|", to_text(std::uint64_t{said.version}), "|", to_text(said.serial),
       "|", to_text(millis_since_epoch(said.made)), "|", to_text(std::uint64_t{said.status}), "|"});
  if (body.size() < said.subject.row().bytes) {
    body.append(said.subject.row().bytes - body.size(), '.');
  }
  return body;
}

Origins::Origins(Random& random, Journal& journal) : random_(random), journal_(journal) {}

Said* Origins::said(std::uint64_t serial) {
  return serial == 0 || serial > said_.size() ? nullptr : &said_[serial - 1];
}

const Said* Origins::read(std::string_view body) {
  if (body.starts_with('{')) {
    return read_books(body);
  }
  const auto parts = split(body.substr(0, 200), '|');
  if (parts.size() != 9) {
    return nullptr;
  }
  const Said* const found = said(parse_unsigned(parts[5]).value_or(0));
  return found != nullptr && body_of(*found) == body ? found : nullptr;
}

void Origins::afflict(std::size_t tenant, Condition condition, Instant until) {
  conditions_[tenant] = {condition, until};
}

Condition Origins::condition_of(Instant now, std::size_t tenant) const {
  const auto& [condition, until] = conditions_[tenant];
  return now < until ? condition : Condition::healthy;
}

void Origins::change(const Subject& subject) {
  if (!healed_ && !subject.row().is_of_books()) {
    ++contents_[storage_name_of(subject)].version;
  }
}

void Origins::heal() {
  healed_ = true;
  misfortune = 0;
  conditions_ = {};
}

std::optional<std::uint32_t> Origins::current(Instant now, const Subject& subject) const {
  if (subject.row().is_of_books()) {
    return works_about(subject.row().query, subject.id).empty() ? std::nullopt : std::optional(1U);
  }
  const auto found = contents_.find(storage_name_of(subject));
  if (found == contents_.end()) {
    return 1;
  }
  return now < found->second.gone_until ? std::nullopt : std::optional(found->second.version);
}

void Origins::note_trouble(std::size_t tenant, Instant at) {
  trouble_at_[tenant] = std::max(trouble_at_[tenant], at);
}

OriginReply Origins::refuse(Instant now, const Subject& subject, Condition condition) {
  OriginReply reply;
  const ResourceRow& row = subject.row();
  reply.delay = random_.between(Millis(5), Millis(300));
  switch (condition) {
    case Condition::healthy:
      LARDER_UNREACHABLE();
    case Condition::errors:
      journal_.count(FaultKind::origin_error);
      reply.status = random_.percent(50) ? 503 : 500;
      break;
    case Condition::rate_limit:
      journal_.count(FaultKind::origin_rate_limit);
      reply.status = 429;
      reply.headers.emplace_back("retry-after", "7");
      break;
    case Condition::silent:
      journal_.count(FaultKind::origin_silent);
      reply.silent = true;
      break;
    case Condition::slow:
    case Condition::too_slow:
      LARDER_UNREACHABLE();
    case Condition::down:
      journal_.count(FaultKind::origin_down);
      reply.failure = 2;
      reply.delay = random_.between(Millis(1), Millis(30));
      break;
  }
  note_trouble(subject.tenant, now + std::min(reply.silent ? row.hard : reply.delay, row.hard));
  return reply;
}

OriginReply Origins::refuse_ailing(Instant now, const Subject& subject) {
  ailing_asked_at_[subject.tenant] = now;
  OriginReply reply;
  reply.delay = random_.between(Millis(5), Millis(30));
  if (subject.id == told_id) {
    journal_.count(FaultKind::key_told_to_wait);
    reply.status = 429;
    reply.headers.emplace_back("retry-after", "20");
  } else {
    journal_.count(FaultKind::key_fails);
    reply.status = 500;
  }
  return reply;
}

// The header fields of an http origin, and what they are worth.
void Origins::announce(OriginReply& reply, Said& said) const {
  const ResourceRow& row = said.subject.row();
  if (!row.http) {
    said.fresh = said.status == 404 ? row.negative : row.fresh;
    said.stale = said.status == 404 ? Millis(0) : row.stale;
    said.error = said.status == 404 ? Millis(0) : row.error;
    said.shareable = true;
    return;
  }
  if (said.status == 404) {
    return;
  }
  said.shareable = true;
  switch (policy_of(said.subject)) {
    case Policy::all_times:
      reply.headers.emplace_back("cache-control", "max-age=20, stale-while-revalidate=20, stale-if-error=60");
      said.fresh = said.stale = Millis(20'000);
      said.error = Millis(60'000);
      break;
    case Policy::varies:
      reply.headers.emplace_back("cache-control", "max-age=30");
      reply.headers.emplace_back("vary", "accept-language");
      said.fresh = Millis(30'000);
      said.varies = true;
      break;
    case Policy::is_private:
      reply.headers.emplace_back("cache-control", "private, max-age=60");
      said.shareable = false;
      break;
    case Policy::silent:
      said.fresh = row.fresh;
      break;
    case Policy::shared_cache:
      reply.headers.emplace_back("cache-control", "s-maxage=10, max-age=60");
      reply.headers.emplace_back("age", "3");
      said.age = Millis(3'000);
      said.fresh = Millis(10'000);
      break;
    case Policy::must_revalidate:
      reply.headers.emplace_back("cache-control", "max-age=10, must-revalidate");
      said.fresh = Millis(10'000);
      break;
  }
}

OriginReply Origins::answer(Instant now, const OriginRequest& request, std::string accept_language) {
  last_serial_ = 0;
  const Subject subject = subject_asked(request.url);
  if (subject.row().query == by_author && is_refused_author(book_text(by_author, subject.id))) {
    journal_.count(FaultKind::author_refused);
    OriginReply reply;
    reply.status = 400;
    return reply;
  }
  if (is_ailing(subject) && !healed_) {
    OriginReply reply = refuse_ailing(now, subject);
    const Said& said =
        remember(now, subject, reply.status, Affirmation{now, now + reply.delay, std::move(accept_language)});
    reply.content = body_of(said);
    return reply;
  }
  Condition condition = condition_of(now, subject.tenant);
  if (condition == Condition::errors && random_.percent(25)) {
    condition = Condition::healthy;
  }
  if (condition == Condition::healthy && random_.chance(misfortune)) {
    condition = static_cast<Condition>(1 + random_.below(6));
  }
  if (condition != Condition::healthy && condition != Condition::slow && condition != Condition::too_slow) {
    OriginReply reply = refuse(now, subject, condition);
    if (reply.failure == host::status_ok && !reply.silent) {
      const Said& said = remember(now, subject, reply.status,
                                  Affirmation{now, now + reply.delay, std::move(accept_language)});
      reply.content = body_of(said);
    }
    return reply;
  }

  OriginReply reply;
  reply.delay = random_.between(Millis(5), Millis(400));
  if (condition == Condition::slow) {
    journal_.count(FaultKind::origin_slow);
    reply.delay = random_.between(subject.row().soft + Millis(1), subject.row().hard);
    note_trouble(subject.tenant, now + reply.delay);
  }
  if (condition == Condition::too_slow) {
    // For a client; a refresh behind a response has more patience.
    journal_.count(FaultKind::origin_too_slow);
    reply.delay = subject.row().hard + random_.between(Millis(1), Millis(5'000));
    note_trouble(subject.tenant, now + subject.row().hard);
  }
  if (subject.row().is_of_books()) {
    return answer_books(now, request, subject, reply.delay);
  }
  Content& content = contents_[storage_name_of(subject)];
  if (!healed_ && content.gone_until < now && random_.percent(2)) {
    journal_.count(FaultKind::origin_gone);
    content.gone_until = now + random_.between(Millis(1'000), Millis(60'000));
  }
  const bool gone = now < content.gone_until;

  // A right condition is answered with "not modified": the origin stands by what it said.
  for (const auto& [name, value] : request.headers) {
    if (equals_ignoring_case(name, "if-none-match") && value.starts_with("\"s") && !gone) {
      Said* const before =
          said(parse_unsigned(std::string_view(value).substr(2, value.size() - 3)).value_or(0));
      if (before != nullptr && before->subject == subject && before->version == content.version &&
          before->status == 200) {
        before->affirmed.push_back(Affirmation{now, now + reply.delay, std::move(accept_language)});
        reply.status = 304;
        Said repeated = *before;
        announce(reply, repeated);
        reply.headers.emplace_back("etag", value);
        last_serial_ = before->serial;
        return reply;
      }
    }
  }

  Said& said = remember(now, subject, gone ? 404 : 200,
                        Affirmation{now, now + reply.delay, std::move(accept_language)});
  said.version = content.version;
  announce(reply, said);
  reply.status = said.status;
  reply.headers.emplace_back("content-type", "text/plain");
  if (!gone) {
    reply.headers.emplace_back("etag", concat({"\"s", to_text(said.serial), "\""}));
  }
  reply.content = body_of(said);
  return reply;
}

Said& Origins::remember(Instant now, const Subject& subject, std::uint32_t status, Affirmation affirmed) {
  Said said;
  said.serial = said_.size() + 1;
  said.subject = subject;
  said.status = status;
  said.made = now;
  said.affirmed.push_back(std::move(affirmed));
  last_serial_ = said.serial;
  said_.push_back(std::move(said));
  return said_.back();
}

// Books
// -------------------------------------------------------------------------------------------------------

OriginReply Origins::answer_books(Instant now, const OriginRequest& request, const Subject& subject,
                                  Millis delay) {
  const bool is_known = !works_about(subject.row().query, subject.id).empty();
  const Affirmation affirmed{now, now + delay, ""};
  const auto before = unknown_.find(storage_name_of(subject));
  if (before != unknown_.end()) {
    said(before->second)->affirmed.push_back(affirmed);
    last_serial_ = before->second;
  } else {
    Said& made = remember(now, subject, is_known ? 200 : 404, affirmed);
    OriginReply silent;
    made.version = 1;
    announce(silent, made);
    if (!is_known) {
      unknown_[storage_name_of(subject)] = made.serial;
    }
  }
  OriginReply reply = the_library().answer(request.url, last_serial_);
  reply.delay = delay;
  return reply;
}

// Works carry the number of the reply that they come from. Those of one reply are that reply; those of
// several were put together, and are as old as the oldest.
const Said* Origins::read_books(std::string_view body) {
  const auto known = read_.find(body);
  std::optional<Said>& read =
      known == read_.end() ? read_.emplace(std::string(body), make_read(body)).first->second : known->second;
  if (!read || read->serial == put_together) {
    return read ? &*read : nullptr;
  }
  return said(read->serial);
}

std::optional<Said> Origins::make_read(std::string_view body) {
  const auto told = read_told_books(body);
  const auto row = std::find_if(resource_rows.begin(), resource_rows.end(), [&](const ResourceRow& one) {
    return told && one.is_of_books() && book_number(one.query, told->query).has_value();
  });
  if (row == resource_rows.end()) {
    return std::nullopt;
  }
  Subject subject;
  subject.resource = static_cast<std::size_t>(row - resource_rows.begin());
  subject.id = *book_number(row->query, told->query);
  if (told->works.empty()) {
    // Whose it is, it does not say; but only the first tenant's lists name who is not known.
    const auto none = unknown_.find(storage_name_of(subject));
    return none == unknown_.end() ? std::nullopt : std::optional(*said(none->second));
  }
  return put_together_of(*told, subject);
}

// nullopt: a work that is not about it, or that its reply cannot have had.
std::optional<Said> Origins::put_together_of(const ToldBooks& told, Subject subject) {
  const auto has = [](const Subject& of, std::size_t work) {
    const std::vector<std::size_t> about = works_about(of.row().query, of.id);
    return std::find(about.begin(), about.end(), work) != about.end();
  };
  Said merged;
  merged.serial = put_together;
  merged.version = 1;
  const Said* const first = said(told.works.front().serial);
  for (const ToldWork& work : told.works) {
    const Said* const source = said(work.serial);
    if (source == nullptr || !source->subject.row().is_of_books() || !has(subject, work.work) ||
        !has(source->subject, work.work)) {
      return std::nullopt;
    }
    merged.of_several = merged.of_several || source != first;
    const bool is_mixed = source->subject.tenant != first->subject.tenant || subject.tenant == tenants_max;
    subject.tenant = is_mixed ? tenants_max : source->subject.tenant;
    if (source == first || source->affirmed.front().asked < merged.affirmed.front().asked) {
      merged.affirmed = source->affirmed;
    }
  }
  merged.whole = told.works.size() == works_about(subject.row().query, subject.id).size();
  if (!merged.of_several && first->subject == subject) {
    return merged.whole ? std::optional(*first) : std::nullopt;
  }
  OriginReply silent;
  merged.subject = subject;
  announce(silent, merged);
  return merged;
}

}  // namespace larder::sim
