#include "sim/judge.h"

#include <algorithm>

#include "base/text.h"
#include "config/limits.h"
#include "sim/books.h"

namespace larder::sim {

namespace {

namespace limit = config::limit;

// How long after an origin's failure an answer may still be owed to it: breakers stay open for a while.
constexpr Millis trouble_lasts{60'000};
// Stores answer in milliseconds; what the simulator holds up is counted apart.
constexpr Millis margin{2'000};

// The control log is known everywhere after so long, if it can be read.
constexpr Millis purge_known_within{12'000};
// How long a failed or hanging read of it may hold a newer view up.
constexpr Millis control_trouble_lasts{20'000};
// Requests that began under the former setting are over after this.
constexpr Millis switched_back_within{60'000};

// `*` is any run of characters.
bool fits(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) {
    return text.empty();
  }
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() && fits(text.substr(1), pattern.substr(1));
  }
  return fits(text, pattern.substr(1)) || (!text.empty() && fits(text.substr(1), pattern));
}

// What Larder keeps for itself beside entries: marks of warming, and how far the sweep has come.
bool is_note(std::string_view key) { return contains(key, ":warming:") || contains(key, "::sweep"); }

bool is_seconds(std::string_view text) { return parse_unsigned(text).has_value(); }

}  // namespace

void Judge::violate(Invariant invariant, const FaultyHost& host, const ClientRequest& client,
                    std::string_view what) {
  journal_.violate(
      invariant, client.key,
      concat({"isolate ", to_text(std::uint64_t{host.number}), " request ",
              to_text(std::uint64_t{static_cast<std::uint32_t>(client.id)}), " for ", client.key, ": ", what,
              client.answered ? "; it says " : "", client.answered ? client.cache_status : ""}));
}

bool Judge::may_be_rescued(const FaultyHost& host, const ClientRequest& client) const {
  if (failing(client.subject.tenant, client.began) || host.origin_failed(client.subject)) {
    return true;
  }
  // Its leader may have been answered, with what it waits for unpacked behind that; or unpacks the answer
  // still.
  const auto waited = waited_.find({host.number, client.key});
  return waited != waited_.end() && waited->second >= client.began;
}

void Judge::decides(const FaultyHost& host, const ClientRequest& client) {
  if (world_.now - client.began >= std::min(client.subject.row().soft, limit::single_flight_wait)) {
    waited_[{host.number, client.key}] = world_.now;
  }
}

bool Judge::failing(std::size_t tenant, Instant since) const {
  return origins_.trouble_at(tenant) >= since - trouble_lasts;
}

std::optional<std::string> Judge::plain(const std::string& body, bool packed) const {
  if (!packed) {
    return body;
  }
  const auto found = world_.packed.find(body);
  return found == world_.packed.end() ? std::nullopt : std::optional(found->second);
}

// Answers
// ------------------------------------------------------------------------------------------------------

void Judge::answer(const FaultyHost& host, ClientRequest& client) {
  const auto& exchange = const_cast<FaultyHost&>(host).exchange(client.id);
  if (world_.now > deadline(host, client)) {
    overdue(host, client);
  }
  decides(host, client);
  if (exchange.status == 304) {
    journal_.reach(Probe::not_modified);
    return;
  }
  if (client.warmed_work) {
    warmed(host, client, exchange);
  }
  if (contains(client.cache_status, "origin-down")) {
    if (is_ailing(client.subject)) {
      journal_.reach(Probe::key_held_back);
    } else if (!may_be_rescued(host, client)) {
      violate(costs_or(Invariant::refused_without_cause, client), host, client,
              "is held back from an origin that is well");
      return;
    }
  }
  // That nobody knows a book is an answer like any other.
  const bool is_answer = client.subject.row().is_of_books() && exchange.status == 404;
  if (exchange.header("content-type") == "application/problem+json" && !is_answer) {
    refused(host, client);
    return;
  }
  const Said* const said = recognise(host, client, exchange);
  if (said == nullptr) {
    return;
  }
  const std::string age = exchange.header("age");
  // What goes through unkept has the origin's own Age.
  const bool is_passed = contains(client.cache_status, "fwd=") && !contains(client.cache_status, "ttl=") &&
                         !contains(client.cache_status, "stored") &&
                         !contains(client.cache_status, "collapsed");
  if (is_seconds(age) && !is_passed) {
    kept(host, client, *said, Millis(static_cast<std::int64_t>(parse_unsigned(age).value_or(0)) * 1000));
  } else {
    direct(host, client, *said);
  }
  if (client.final_read && origins_.current(world_.now, client.subject) !=
                               (said->status == 404 ? std::nullopt : std::optional(said->version))) {
    violate(Invariant::not_recovered, host, client,
            concat({"answered version ", to_text(std::uint64_t{said->version}), " with status ",
                    to_text(std::uint64_t{said->status}), " long after the origin had moved on"}));
  }
}

void Judge::warmed(const FaultyHost& host, const ClientRequest& client,
                   const SimulatedHost::Exchange& exchange) {
  const auto body = plain(exchange.body, exchange.header("content-encoding") == "gzip");
  const auto told = body ? read_told_books(*body) : std::nullopt;
  // Authors of one title who are warmed at the same moment may miss each other: its first read completes it.
  const bool is_shared = is_shared_title(book_text(client.subject.row().query, client.subject.id));
  const bool has_it =
      told && (is_shared || std::any_of(told->works.begin(), told->works.end(), [&](const ToldWork& work) {
                 return work.work == *client.warmed_work;
               }));
  if (exchange.status != 200 || !contains(client.cache_status, "; hit") || !has_it) {
    violate(Invariant::not_warm, host, client,
            concat({"was warmed, and is answered ", to_text(std::uint64_t{exchange.status}),
                    has_it ? "" : " without its work"}));
  }
}

void Judge::refused(const FaultyHost& host, const ClientRequest& client) {
  journal_.reach(Probe::refused);
  const std::uint32_t status = const_cast<FaultyHost&>(host).exchange(client.id).status;
  if (client.final_read) {
    violate(Invariant::not_recovered, host, client,
            concat({"refused with ", to_text(std::uint64_t{status}), " although its origin is well"}));
  } else if ((!failing(client.subject.tenant, client.began) && !host.origin_failed(client.subject) &&
              !is_ailing(client.subject)) ||
             status < 502 || status > 504) {
    violate(costs_or(Invariant::refused_without_cause, client), host, client,
            concat({"refused with ", to_text(std::uint64_t{status}), " while its origin is well"}));
  }
}

Invariant Judge::costs_or(Invariant otherwise, const ClientRequest& client) const {
  const bool is_paid_for = origins_.ailing_asked_at(client.subject.tenant) >= client.began - trouble_lasts;
  return is_paid_for ? Invariant::costs_others : otherwise;
}

const Said* Judge::recognise(const FaultyHost& host, const ClientRequest& client,
                             const SimulatedHost::Exchange& exchange) {
  const bool packed = exchange.header("content-encoding") == "gzip";
  const auto body = plain(exchange.body, packed);
  const Said* said = body ? origins_.read(*body) : nullptr;
  if (client.wants_no_body && exchange.body.empty() && client.last_serial != 0) {
    // The origin's own answer to HEAD: that to its last question.
    said = origins_.said(client.last_serial);
  }
  if (packed && !client.takes_gzip) {
    violate(Invariant::wrong_variant, host, client, "gzip for a client that does not take it");
    return nullptr;
  }
  if (body && body->starts_with("other-schema")) {
    violate(Invariant::wrong_schema, host, client, "an entry of another schema was served");
    return nullptr;
  }
  if (said == nullptr) {
    violate(Invariant::made_up, host, client,
            concat({"no origin said \"", std::string_view(exchange.body).substr(0, 80), "\" (status ",
                    to_text(std::uint64_t{exchange.status}), ")"}));
    return nullptr;
  }
  if (said->subject.tenant != client.subject.tenant) {
    violate(Invariant::wrong_tenant, host, client, "another tenant's content");
    return nullptr;
  }
  if (!(said->subject == client.subject)) {
    violate(Invariant::wrong_key, host, client, concat({"the content of ", storage_name_of(said->subject)}));
    return nullptr;
  }
  if (said->failure() && !client.subject.row().http) {
    violate(Invariant::failure_kept, host, client,
            concat({"the origin's ", to_text(std::uint64_t{said->status}), " was kept"}));
    return nullptr;
  }
  if (exchange.status != said->status) {
    violate(Invariant::made_up, host, client,
            concat({"status ", to_text(std::uint64_t{exchange.status}), " where the origin said ",
                    to_text(std::uint64_t{said->status})}));
    return nullptr;
  }
  return said;
}

// Without Age: the origin's answer to this very moment, which is kept nowhere.
void Judge::direct(const FaultyHost& host, const ClientRequest& client, const Said& said) {
  journal_.reach(Probe::passed_through);
  const bool just_said = std::any_of(said.affirmed.begin(), said.affirmed.end(), [&](const auto& affirmed) {
    return affirmed.arrived >= client.began && affirmed.arrived <= world_.now;
  });
  if (!just_said) {
    violate(Invariant::served_past_bound, host, client,
            "what was said before the request was passed on as new");
  }
}

// With Age: an entry. Its age has to be the truth, and within what the origin's word was worth.
void Judge::kept(const FaultyHost& host, ClientRequest& client, const Said& said, Millis age) {
  if (said.failure()) {
    violate(Invariant::failure_kept, host, client,
            concat({"the origin's ", to_text(std::uint64_t{said.status}), " was kept"}));
    return;
  }
  if (said.status == 404) {
    journal_.reach(Probe::negative_hit);
  }
  // An answer that has to be unpacked is decided upon before.
  const Instant decided = client.unpacks_since.value_or(world_.now);
  const Affirmation* matching = nullptr;
  bool variant_fits = false;
  for (const Affirmation& affirmed : said.affirmed) {
    const Millis longest = world_.now - affirmed.asked + said.age;
    const Millis shortest = decided - affirmed.arrived + said.age;
    if (affirmed.arrived <= world_.now && age <= longest && age + Millis(1'000) > shortest) {
      matching = &affirmed;
      variant_fits = variant_fits || !said.varies || affirmed.language == client.accept_language;
    }
  }
  if (matching == nullptr) {
    violate(Invariant::age_understated, host, client,
            concat({"Age ", to_text(age.count()), " ms; the origin said it ",
                    to_text((world_.now - said.affirmed.back().arrived).count()), " ms ago"}));
    return;
  }
  if (!variant_fits) {
    violate(Invariant::wrong_variant, host, client,
            concat({"made for another Accept-Language than \"", client.accept_language, "\""}));
    return;
  }
  if (said.is_made()) {
    journal_.reach(Probe::partial_served);
  }
  after_purge(host, client, said, matching->asked, decided);
  client.got_stored = matching->asked + limit::single_flight_wait + limit::lock_wait < client.began;
  const bool negative = said.status == 404 && !client.subject.row().http;
  for (const std::string setting : {"FEATURE_CACHE", negative ? "ENABLE_NEGATIVE_CACHE" : "FEATURE_CACHE"}) {
    if (surely_off(host, client, setting)) {
      violate(Invariant::setting_ignored, host, client, concat({setting, " is switched off"}));
      return;
    }
  }
  const Millis over = decided - matching->asked + said.age - said.fresh;
  const bool no_stale = surely_off(host, client, "ENABLE_SWR");
  const bool error_allowed = over < said.error && may_be_rescued(host, client);
  if (over < Millis(0) || error_allowed || (over < said.stale && !no_stale)) {
    return;
  }
  violate(over < said.stale ? Invariant::setting_ignored : Invariant::served_past_bound, host, client,
          concat({"served ", to_text(over.count()), " ms past its fresh time (stale ",
                  to_text(said.stale.count()), no_stale ? ", switched off" : "", ", error ",
                  to_text(said.error.count()), ")"}));
}

// Deadlines
// ----------------------------------------------------------------------------------------------------

// Waiting for a leader, then for the lock, then for the origin; where an answer cannot be shared, the origin
// again.
Instant Judge::deadline(const FaultyHost& host, const ClientRequest& client) const {
  const ResourceRow& row = client.subject.row();
  Millis allowed = limit::single_flight_wait + limit::lock_wait + row.hard + margin + client.held_up;
  if (row.http || client.unpack_failed) {
    allowed += row.hard;
  }
  // An entry is served under no older view of the control log than its time; reading it may hang once.
  if (host.control_trouble_at > client.began - limit::control_fresh) {
    allowed += limit::control_fresh + limit::control_fresh;
  }
  if (client.neighbour_ended) {
    allowed += row.hard + limit::lock_margin;
  }
  return client.began + allowed;
}

void Judge::overdue(const FaultyHost& host, const ClientRequest& client) {
  violate(Invariant::answer_overdue, host, client,
          concat({client.answered ? "answered after " : "not answered after ",
                  to_text((world_.now - client.began).count()), " ms"}));
}

// Stores
// -------------------------------------------------------------------------------------------------------

void Judge::store(const FaultyHost& host, std::string_view key, const Stored& stored) {
  if (is_note(key)) {
    return;
  }
  ClientRequest nobody;
  nobody.key = std::string(key);
  const auto header = entry::decode(stored.header);
  if (!header) {
    violate(Invariant::made_up, host, nobody, "a header that does not decode was stored");
    return;
  }
  if (!key.starts_with(concat({tenant_names[host.tenant], ":"}))) {
    violate(Invariant::wrong_tenant, host, nobody, "stored under a name without the tenant's prefix");
    return;
  }
  const auto body = plain(stored.content, header->encoding == entry::Encoding::gzip);
  const Said* const said = body ? origins_.read(*body) : nullptr;
  if (said == nullptr) {
    const bool foreign = body && body->starts_with("other-schema");
    violate(foreign ? Invariant::wrong_schema : Invariant::made_up, host, nobody,
            "nobody said what was stored");
    return;
  }
  // A variant stands beside its key, and proves it.
  const std::string_view base = said->varies ? entry::base_name(key) : key;
  if (storage_name_of(said->subject) != base || header->key != base) {
    violate(said->subject.tenant == host.tenant ? Invariant::wrong_key : Invariant::wrong_tenant, host,
            nobody, concat({"the content of ", storage_name_of(said->subject), " was stored"}));
    return;
  }
  if (said->failure() || header->status != said->status ||
      (header->kind == entry::Kind::negative) != (said->status == 404 && !said->subject.row().http)) {
    violate(Invariant::failure_kept, host, nobody,
            concat({"the origin's ", to_text(std::uint64_t{said->status}), " was stored as ",
                    to_text(std::uint64_t{header->status})}));
    return;
  }
  if (said->of_several) {
    journal_.reach(Probe::partial_merged);
  }
  if (said->is_made() && !said->whole && !header->partial) {
    violate(Invariant::partial_unmarked, host, nobody,
            "some of a title's works were stored as if they were all");
    return;
  }
  const bool true_age = std::any_of(said->affirmed.begin(), said->affirmed.end(), [&](const auto& affirmed) {
    return header->created >= affirmed.asked - said->age && header->created <= affirmed.arrived - said->age;
  });
  if (!true_age) {
    violate(Invariant::age_understated, host, nobody,
            concat({"stored as made ", to_text((world_.now - header->created).count()),
                    " ms ago; the origin said it ", to_text((world_.now - said->made).count()), " ms ago"}));
  } else if (header->fresh_for > said->fresh || header->stale_for > said->stale ||
             header->error_for > said->error) {
    violate(Invariant::served_past_bound, host, nobody, "stored with longer lifetimes than it was said with");
  }
}

// Locks, flights, origin calls
// ---------------------------------------------------------------------------------

void Judge::look_up(const FaultyHost& host, const ClientRequest& client) {
  const auto looks_up_alone = [&](const ClientRequest& one) {
    return one.wants_no_body || perhaps_off(one, "ENABLE_STAMPEDE_PROTECTION") ||
           perhaps_off(one, "FEATURE_CACHE");
  };
  if (looks_up_alone(client)) {
    return;
  }
  for (const auto& [number, other] : host.clients) {
    // A leader may have read the control log before it looks up: its time runs from then.
    const Millis patience = other.subject.row().hard + limit::lock_wait + limit::lock_margin;
    if (&other != &client && !client.answered && !client.authorized && other.key == client.key &&
        other.looks_up_since && !other.answered && !other.authorized && !looks_up_alone(other) &&
        world_.now - other.began < patience) {
      violate(Invariant::single_flight, host, client,
              concat({"looks up while request ", to_text(std::uint64_t{number}), " of its isolate does"}));
    }
  }
}

// {purpose}{key}[@{generation}]
std::string_view Judge::lock_key(std::string_view lock) {
  std::string_view key = lock.starts_with("refresh:") ? lock.substr(8) : lock;
  if (key.starts_with("after:")) {
    key.remove_prefix(key.find(':', 6) + 1);
  }
  return key.substr(0, key.find('@'));
}

void Judge::lock_asked(const FaultyHost& host, const ClientRequest& client, std::string_view lock) {
  if (!lock.starts_with("refresh:") && surely_off(host, client, "ENABLE_STAMPEDE_PROTECTION")) {
    violate(Invariant::setting_ignored, host, client,
            "asks for the key's lock although stampede protection is switched off");
  }
}

void Judge::lock_granted(const std::string& name, const std::string& token, Instant until) {
  Lock& lock = locks_[name];
  if (lock.holder != token && world_.now < lock.held_until) {
    journal_.violate(
        Invariant::two_holders, std::string(lock_key(name)),
        concat({"the lock ", name, " was given away ", to_text((lock.held_until - world_.now).count()),
                " ms before its holder's time was over"}));
  }
  if (!lock.holder.empty() && lock.holder != token && lock.held_until != Instant()) {
    journal_.reach(Probe::lock_expired);
  }
  lock.holder = token;
  lock.held_until = until;
}

void Judge::lock_released(const std::string& name, const std::string& token, const Release& release) {
  Lock& lock = locks_[name];
  if (!release.held) {
    journal_.reach(Probe::lock_lost_late);
  }
  if (release.held && lock.holder != token) {
    journal_.violate(Invariant::two_holders, lock_key(name),
                     concat({"the lock ", name, " was taken back from one who did not hold it"}));
  }
  if (lock.holder == token) {
    lock.holder.clear();
    lock.held_until = Instant();
  }
  if (!release.held || release.verdict != 2) {
    return;
  }
  const auto header = entry::decode(release.value.header);
  const auto text = plain(release.value.content, header && header->encoding == entry::Encoding::gzip);
  const Said* const said = text ? origins_.read(*text) : nullptr;
  if (said != nullptr && said->shareable && !said->varies) {
    lock.published = said->serial;
    lock.published_at = world_.now;
    // The last tenth of a lifetime is for refreshing.
    lock.published_over = header->created + header->fresh_for * limit::eager_refresh_percent / 100;
    lock.published_until = std::min(world_.now + limit::lock_value_kept, lock.published_over);
  }
}

void Judge::lock_reset(const std::string& name) { locks_.erase(name); }

void Judge::lock_disturbed(const std::string& name) { locks_[name].published = 0; }

void Judge::origin_call(const FaultyHost& host, ClientRequest& client, std::uint64_t serial) {
  client.last_serial = serial;
  const Said* const said = origins_.said(serial);
  const ResourceRow& row = client.subject.row();
  // Each asks for itself where the answer is not for sharing; who has waited its whole time, who was told to
  // by the lock, who could not reach it or could not read what was stored, is past it.
  const bool unheard = row.http && said == nullptr;
  const bool for_one = row.http && !unheard && (!said->shareable || said->varies || said->failure());
  Instant& unshareable_until = unshareable_[client.key];
  if (for_one) {
    unshareable_until = std::max(unshareable_until, said->affirmed.back().arrived);
  }
  // What it asks again, because its connection broke, is for itself too.
  client.asked_alone = client.asked_alone || for_one || world_.now <= unshareable_until;
  if (unheard) {
    return;
  }
  const Millis age = world_.now - client.began;
  const bool waited = age >= limit::single_flight_wait ||
                      (client.told_to_retry && world_.now - client.lock_asked_at >= row.soft);
  const bool past_the_lock = client.authorized || client.wants_no_body || client.told_alone ||
                             client.lock_failed || client.unpack_failed ||
                             host.lock_failures >= limit::breaker_failures_max;
  const bool switched = perhaps_off(client, "ENABLE_STAMPEDE_PROTECTION") ||
                        perhaps_off(client, "FEATURE_CACHE") || perhaps_off(client, "ENABLE_NEGATIVE_CACHE");
  // What others got for it was purged when they had it: they asked before they knew, and waited for the
  // origin.
  const bool purged =
      !client.granted && purged_lately(client.subject, world_.now - purge_known_within - row.hard);
  if (client.asked_alone || waited || past_the_lock || switched || purged) {
    return;
  }
  const auto found = locks_.find(client.lock_name);
  const Lock lock = found == locks_.end() ? Lock() : found->second;
  // What the lock had for it was over, or nearly so, when it was handed out.
  const bool handed_in_vain = client.handed_value && (client.lock_late || world_.now >= lock.published_over);
  if (!client.granted && !handed_in_vain) {
    violate(Invariant::one_origin_call, host, client, "asks the origin without the key's lock");
  } else if (client.granted && !client.lock_late && lock.published != 0 &&
             lock.published_at < client.lock_asked_at && world_.now < lock.published_until) {
    violate(Invariant::one_origin_call, host, client,
            concat({"asks the origin although the lock has its answer number ", to_text(lock.published),
                    " for another ", to_text((lock.published_until - world_.now).count()), " ms"}));
  }
}

// The control log
// ---------------------------------------------------------------------------------------------

void Judge::purged(std::string kind, std::string text, bool soft, std::uint64_t sequence) {
  purges_.push_back(Purge{std::move(kind), std::move(text), soft, sequence, world_.now});
}

bool Judge::reaches(const Purge& purge, const Subject& subject) {
  const std::string key = storage_name_of(subject);
  if (purge.kind == "key") {
    return purge.text == key;
  }
  if (purge.kind == "tag") {
    const auto tags = tags_of(subject);
    return std::find(tags.begin(), tags.end(), purge.text) != tags.end();
  }
  if (purge.kind == "prefix") {
    return key.starts_with(purge.text);
  }
  if (purge.kind == "pattern") {
    return fits(key, purge.text);
  }
  return purge.kind == "all";
}

bool Judge::purged_lately(const Subject& subject, Instant since) const {
  return std::any_of(purges_.rbegin(), purges_.rend(),
                     [&](const Purge& purge) { return purge.at >= since && reaches(purge, subject); });
}

void Judge::after_purge(const FaultyHost& host, const ClientRequest& client, const Said& said, Instant asked,
                        Instant decided) {
  // Who asked itself before the purge gets what it asked for.
  const bool own = client.last_serial == said.serial && asked >= client.began;
  // The origin may have confirmed the body since; the purge is of the body. Books are never confirmed.
  if (!client.subject.row().is_of_books()) {
    asked = said.affirmed.front().asked;
  }
  for (const Purge& purge : purges_) {
    if (purge.soft || asked >= purge.at || own || !reaches(purge, client.subject)) {
      continue;
    }
    const bool had_it = !client.unpacks_since && host.sequence_known >= purge.sequence;
    const bool log_readable = host.control_trouble_at < decided - control_trouble_lasts;
    if (had_it || (log_readable && decided > purge.at + purge_known_within)) {
      violate(Invariant::served_after_purge, host, client,
              concat({"purged ", to_text((decided - purge.at).count()), " ms ago by ", purge.kind, " \"",
                      purge.text, "\", asked for ", to_text((purge.at - asked).count()), " ms before",
                      had_it ? "; the isolate knew" : ""}));
      return;
    }
  }
}

void Judge::switched(const std::string& setting, bool on, std::uint64_t sequence) {
  Switch& state = switches_[setting];
  if (!state.on) {
    state.last_off = world_.now;
  }
  if (state.on != on) {
    state.since = world_.now;
  }
  state.on = on;
  state.sequence = sequence;
}

bool Judge::surely_off(const FaultyHost& host, const ClientRequest& client,
                       const std::string& setting) const {
  const auto found = switches_.find(setting);
  return found != switches_.end() && !found->second.on &&
         found->second.since + purge_known_within < client.began &&
         (client.got_stored || client.sequence_known >= found->second.sequence) &&
         host.control_trouble_at < client.began - control_trouble_lasts;
}

bool Judge::perhaps_off(const ClientRequest& client, const std::string& setting) const {
  const auto found = switches_.find(setting);
  return found != switches_.end() && (!found->second.on || client.sequence_known < found->second.sequence ||
                                      world_.now - found->second.last_off < switched_back_within);
}

}  // namespace larder::sim
