#include "engine/make_entry.h"

#include <algorithm>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/invalidation.h"
#include "host/random.h"
#include "http/date.h"
#include "http/freshness.h"
#include "http/range.h"
#include "http/validators.h"

namespace larder::engine {

namespace {

// Strong: the same bytes and nothing else. 16 bytes of SHA-256 are plenty.
std::string etag_of(host::Host& host, const host::Body& body) {
  return http::to_text(http::EntityTag::strong(to_base64url(host.body_sha256(body.handle()).substr(0, 16))));
}

// RFC 9110 §14.4: a part has the bytes that Content-Range says, or it broke off.
bool is_broken_part(const origin::Fetched& fetched) {
  if (fetched.origin_status != 206 || fetched.streamed) {
    return false;
  }
  const auto given = http::parse_content_range(fetched.origin_fields.find("content-range").value_or(""));
  return given && given->part.size != fetched.content.size();
}

bool may_be_kept(const config::Settings& settings, const Query& query, const origin::Fetched& fetched) {
  if (fetched.streamed || fetched.without_body || fetched.doubtful || fetched.content.empty() ||
      query.authorized) {
    return false;
  }
  if (fetched.content.size() > query.resource->bytes_max) {
    return false;
  }
  return fetched.kind == entry::Kind::positive || policy::keeps_negatives(settings, query.overrides());
}

// Somewhat less than the declared time, so that what was stored together is not asked for together again.
Millis jittered(host::Host& host, const config::Settings& settings, Millis lifetime) {
  const std::int64_t most = lifetime.count() / 100 * settings.jitter_percent;
  if (most == 0) {
    return lifetime;
  }
  const auto random = static_cast<std::int64_t>(host::random_number(host, 6));
  return lifetime - Millis(random % (most + 1));
}

void declare_keyed(host::Host& host, const config::Settings& settings, const Query& query,
                   const origin::Fetched& fetched, entry::Header& header) {
  const config::Resource& resource = *query.resource;
  // Counted from the request on: the answer may have been made at once and been on its way for long.
  header.created = fetched.requested_at;
  if (fetched.kind == entry::Kind::negative) {
    header.fresh_for = resource.negative_ttl;
    return;
  }
  if (fetched.contradicts) {
    header.fresh_for = std::min(resource.ttl, config::limit::contradicting_answer_kept);
    return;
  }
  header.fresh_for = jittered(host, settings, resource.ttl);
  header.stale_for = resource.stale;
  header.error_for = resource.stale_if_error;
}

// Origins do say "ten years"; a store takes no lifetime above its bound, and asking once a year costs little.
Millis bounded(http::Seconds lifetime) {
  return std::min(Millis(lifetime), config::limit::duration_declared_max);
}

// What RFC 9111 and the declaration say of an answer.
struct Judgement {
  http::Storability storability = http::Storability::storable;
  http::ResponseDirectives directives;
  // Of the response, or as declared.
  Millis lifetime{0};

  Judgement() {}
};

http::RequestFacts facts_of(const Query& query) {
  http::RequestFacts facts;
  facts.method = query.method == http::Method::head ? http::Method::get : query.method;
  facts.directives = query.directives;
  facts.has_authorization = query.personal;
  facts.strips_cookies = query.resource->set_cookie == config::SetCookie::strip;
  facts.guesses = query.resource->heuristics == config::Heuristics::on;
  return facts;
}

// The declared times stand in where the response is silent.
Judgement judge_http(const Query& query, const origin::Fetched& fetched) {
  const config::Resource& resource = *query.resource;
  const http::Fields& fields = fetched.origin_fields;
  const int status = static_cast<int>(fetched.origin_status);
  const http::RequestFacts facts = facts_of(query);
  const http::Freshness freshness = http::freshness_lifetime(status, fields, fetched.received_at);
  const bool is_guess = freshness.basis == http::FreshnessBasis::heuristic;
  const bool is_silent = is_guess || freshness.basis == http::FreshnessBasis::none;
  const bool is_declared = is_silent && resource.ttl > Millis(0) && status >= 200 && status < 300;
  Judgement judgement;
  judgement.directives = http::select_directives(fields).directives;
  judgement.storability = http::storable(facts, status, fields, fetched.received_at);
  const bool only_wants_freshness = judgement.storability == http::Storability::no_freshness ||
                                    judgement.storability == http::Storability::no_use;
  if (is_declared && only_wants_freshness && !judgement.directives.no_cache) {
    judgement.storability = http::Storability::storable;
  }
  // A no-cache answer is confirmed each time (§5.2.2.4).
  if (judgement.directives.no_cache) {
    judgement.lifetime = Millis(0);
  } else if (is_declared) {
    judgement.lifetime = resource.ttl;
  } else if (!is_guess || facts.guesses) {
    judgement.lifetime = bounded(freshness.lifetime);
  }
  judgement.lifetime = std::min(judgement.lifetime, resource.ttl_max);
  return judgement;
}

void declare_http(const Query& query, const origin::Fetched& fetched, const Judgement& judgement,
                  entry::Header& header) {
  const config::Resource& resource = *query.resource;
  const http::Fields& fields = fetched.origin_fields;
  const http::ResponseDirectives& directives = judgement.directives;
  // `created` is when the response was made: its age on arrival counts.
  header.created = fetched.received_at -
                   http::current_age(fields, fetched.requested_at, fetched.received_at, fetched.received_at);
  header.fresh_for = judgement.lifetime;
  const bool may_be_stale = !directives.must_revalidate && !directives.proxy_revalidate &&
                            !directives.no_cache && !directives.s_maxage.has_value();
  if (may_be_stale) {
    header.stale_for =
        directives.stale_while_revalidate ? bounded(*directives.stale_while_revalidate) : resource.stale;
    header.error_for =
        directives.stale_if_error ? bounded(*directives.stale_if_error) : resource.stale_if_error;
  }
  const http::Vary vary = http::vary_of(fields);
  if (!vary.names.empty()) {
    header.vary = http::secondary_key(vary.names, query.read_header);
  }
}

// In mode http the stored fields are replayed; what has a place of its own in the header, and what is said
// anew with each answer, is left out.
void copy_fields(const origin::Fetched& fetched, entry::Header& header) {
  static constexpr std::string_view own[] = {"content-type",   "etag",         "last-modified", "age",
                                             "content-length", "cache-status", "set-cookie",    "alt-svc"};
  const http::Fields stored = http::fields_to_store(fetched.origin_fields);
  for (const auto& field : stored.all()) {
    std::string name = to_lower(field.first);
    if (std::find(std::begin(own), std::end(own), name) == std::end(own)) {
      header.fields.emplace_back(std::move(name), field.second);
    }
  }
  // RFC 9110 §6.6.1: whoever keeps an answer without one adds it.
  if (!stored.find("date")) {
    header.fields.emplace_back("date", http::format_date(fetched.received_at));
  }
}

// The origin's own validators are kept: it can be asked whether its answer still holds.
void keep_validators(const origin::Fetched& fetched, entry::Header& header) {
  header.etag = std::string(fetched.origin_fields.find("etag").value_or(""));
  header.last_modified = std::string(fetched.origin_fields.find("last-modified").value_or(""));
}

// What the origin marks private or no-store is not kept, whatever is declared. The origin never saw the
// client, so it says this of an answer that it gives to everybody; it is obeyed all the same.
bool is_for_nobody_else(const http::Fields& fields) {
  const http::ResponseDirectives directives = http::select_directives(fields).directives;
  return directives.no_store || directives.private_ || fields.find("set-cookie").has_value();
}

// All of the header that is not the body's. False: not to be kept.
bool describe(host::Host& host, const config::Settings& settings, const Query& query,
              const origin::Fetched& fetched, entry::Header& header) {
  header.kind = fetched.kind;
  header.status = static_cast<std::uint16_t>(fetched.status);
  header.content_type = fetched.content_type;
  header.tags = query.tags;
  header.key = query.key.proof;
  header.asked = LARDER_MUTATED(purge_by_arrival) ? fetched.received_at : fetched.requested_at;
  header.log_seen = fetched.log_seen;
  header.body_asked = header.asked;
  header.body_log_seen = header.log_seen;
  // A copy that contradicts the request is fetched again, not confirmed.
  if (fetched.kind == entry::Kind::positive && !fetched.contradicts) {
    keep_validators(fetched, header);
  }
  if (query.resource->mode == config::Mode::http) {
    if (is_broken_part(fetched)) {
      return false;
    }
    const Judgement judgement = judge_http(query, fetched);
    if (judgement.storability != http::Storability::storable) {
      return false;
    }
    declare_http(query, fetched, judgement, header);
    const entry::Sha256 sha256 = [&host](std::string_view bytes) { return host.sha256(bytes); };
    for (std::string& tag : group_tags(*query.resource, fetched.origin_fields, sha256)) {
      header.tags.push_back(std::move(tag));
    }
    copy_fields(fetched, header);
  } else if (is_for_nobody_else(fetched.origin_fields)) {
    return false;
  } else {
    declare_keyed(host, settings, query, fetched, header);
  }
  return true;
}

// What was stored, brought up to date by what a 304 says (RFC 9111 §3.2).
http::Fields updated_fields(const entry::Header& former, const http::Fields& news) {
  http::Fields merged;
  TextPairs stored = former.fields;
  stored.emplace_back("content-type", former.content_type);
  if (!former.own_etag) {
    stored.emplace_back("etag", former.etag);
  }
  stored.emplace_back("last-modified", former.last_modified);
  for (auto& [name, value] : stored) {
    // A 304 without Date counts as made when it arrived.
    if (!value.empty() && name != "date" && (!news.find(name) || name == "content-type")) {
      merged.add(name, std::move(value));
    }
  }
  for (const auto& [name, value] : news.all()) {
    const std::string lower = to_lower(name);
    if (lower != "content-type" && lower != "content-length" && lower != "content-encoding" &&
        lower != "content-range") {
      merged.add(lower, value);
    }
  }
  return merged;
}

// The part that an entry is; nullopt: it is none, or has other bytes than it says.
std::optional<http::GivenPart> part_of(const tiers::Entry& entry) {
  const http::Fields fields(entry.header.fields);
  const auto given = http::parse_content_range(fields.find("content-range").value_or(""));
  const bool is_part = entry.header.status == 206 && entry.header.encoding == entry::Encoding::identity &&
                       given && given->part.size == entry.body.size();
  return is_part ? given : std::nullopt;
}

// The same bytes stand at the same places in both.
bool are_of_one_representation(const entry::Header& a, const entry::Header& b) {
  const auto coding_of = [](const entry::Header& header) {
    return http::Fields(header.fields).combined("content-encoding").value_or("");
  };
  const auto one = http::parse_entity_tag(a.own_etag ? "" : a.etag);
  const auto other = http::parse_entity_tag(b.own_etag ? "" : b.etag);
  return one && other && http::matches_strongly(*one, *other) && a.vary == b.vary &&
         coding_of(a) == coding_of(b);
}

// The header of `made`, some of whose bytes may be of `kept`: a purge that reaches `kept` reaches the result.
entry::Header header_of_part(const tiers::Entry& made, const tiers::Entry* kept,
                             const http::GivenPart& part) {
  entry::Header header = made.header;
  TextPairs& fields = header.fields;
  fields.erase(std::remove_if(fields.begin(), fields.end(),
                              [](const auto& field) { return field.first == "content-range"; }),
               fields.end());
  if (part.part.size == part.whole) {
    header.status = 200;
  } else {
    fields.emplace_back("content-range", http::content_range(part.part, part.whole));
  }
  if (kept != nullptr) {
    header.body_asked = std::min(header.body_asked, kept->header.body_asked);
    header.body_log_seen = std::min(header.body_log_seen, kept->header.body_log_seen);
  }
  header.stored_size = part.part.size;
  header.body_size = part.part.size;
  return header;
}

}  // namespace

http::Storability storability_of(const Query& query, const origin::Fetched& fetched) {
  if (query.authorized) {
    return http::Storability::unshared;
  }
  if (fetched.without_body) {
    return http::Storability::head;
  }
  if (is_broken_part(fetched)) {
    return http::Storability::partial;
  }
  const http::Storability storability = judge_http(query, fetched).storability;
  const bool is_too_large = fetched.streamed || fetched.content.size() > query.resource->bytes_max;
  return storability == http::Storability::storable && is_too_large ? http::Storability::too_large
                                                                    : storability;
}

bool is_for_all(const Query& query, const origin::Fetched& fetched) {
  const http::Vary vary = http::vary_of(fetched.origin_fields);
  const bool varies = query.resource->mode == config::Mode::http && (vary.any || !vary.names.empty());
  // A 304 and a part are answers to what one request asks.
  const bool is_of_one = fetched.origin_status == 304 || fetched.origin_status == 206;
  return !fetched.streamed && !varies && !is_of_one && !is_for_nobody_else(fetched.origin_fields);
}

bool confirms_copy(const tiers::Entry& kept, const origin::Fetched& fetched) {
  const http::Fields& fields = fetched.origin_fields;
  const std::string etag(fields.find("etag").value_or(""));
  const std::string last_modified(fields.find("last-modified").value_or(""));
  const std::string known = kept.header.own_etag ? "" : kept.header.etag;
  const auto length = fields.find("content-length");
  const bool has_validator = !etag.empty() || !last_modified.empty();
  return fetched.status == 200 && kept.header.status == 200 && has_validator &&
         (etag.empty() || etag == known) &&
         (last_modified.empty() || last_modified == kept.header.last_modified) &&
         (!length || parse_unsigned(*length) == kept.header.body_size.count);
}

tiers::EntryPtr outdated(const tiers::Entry& kept, Instant now) {
  entry::Header header = kept.header;
  header.fresh_for = std::min(header.fresh_for, std::max(now - header.created, Millis(0)));
  return std::make_shared<const tiers::Entry>(std::move(header), kept);
}

tiers::EntryPtr put_together(host::Host& host, const config::Resource& resource, tiers::EntryPtr made,
                             const tiers::Entry* kept) {
  const auto mine = part_of(*made);
  if (!mine) {
    return made;
  }
  const auto theirs = kept == nullptr ? std::nullopt : part_of(*kept);
  if (!theirs || mine->whole != theirs->whole || !are_of_one_representation(made->header, kept->header)) {
    const bool is_whole = mine->part.size == mine->whole;
    return is_whole ? std::make_shared<const tiers::Entry>(header_of_part(*made, nullptr, *mine), *made)
                    : made;
  }
  const std::uint64_t mine_end = mine->part.from.count + mine->part.size.count;
  const std::uint64_t theirs_end = theirs->part.from.count + theirs->part.size.count;
  const std::uint64_t from = std::min(mine->part.from.count, theirs->part.from.count);
  const std::uint64_t end = std::max(mine_end, theirs_end);
  const bool meet =
      std::max(mine->part.from.count, theirs->part.from.count) <= std::min(mine_end, theirs_end);
  const std::uint64_t size_max =
      std::min<std::uint64_t>(resource.bytes_max.count, config::limit::reply_bytes_max);
  if (!meet || end - from > size_max) {
    return made;
  }
  const http::GivenPart both(http::ByteRange(Bytes(from), Bytes(end - from)), mine->whole);
  const std::string around = host.read_body(kept->body.handle(), kept->body.size(), 0);
  std::string joined;
  joined.reserve(static_cast<std::size_t>(end - from));
  if (theirs->part.from.count < mine->part.from.count) {
    joined.append(around, 0, static_cast<std::size_t>(mine->part.from.count - theirs->part.from.count));
  }
  joined.append(host.read_body(made->body.handle(), made->body.size(), 0));
  if (theirs_end > mine_end) {
    joined.append(around, static_cast<std::size_t>(mine_end - theirs->part.from.count), std::string::npos);
  }
  if (joined.size() != end - from) {
    return made;
  }
  return std::make_shared<const tiers::Entry>(header_of_part(*made, kept, both),
                                              host::Body::from_bytes(host, joined));
}

std::optional<entry::Header> describe_stream(host::Host& host, const config::Settings& settings,
                                             const Query& query, const origin::Fetched& fetched, Bytes size) {
  entry::Header header;
  const bool is_whole = fetched.streamed && !fetched.without_body && !fetched.doubtful && !query.authorized &&
                        fetched.origin_status == 200 && fetched.kind == entry::Kind::positive;
  if (!is_whole || size > query.resource->bytes_max || !describe(host, settings, query, fetched, header)) {
    return std::nullopt;
  }
  header.stored_size = size;
  header.body_size = size;
  return header;
}

tiers::EntryPtr make_entry(host::Host& host, const config::Settings& settings, const Query& query,
                           origin::Fetched& fetched) {
  entry::Header header;
  if (!may_be_kept(settings, query, fetched) || !describe(host, settings, query, fetched, header)) {
    return nullptr;
  }
  header.stored_size = fetched.content.size();
  header.body_size = fetched.content.size();
  if (header.etag.empty() && header.kind == entry::Kind::positive) {
    header.etag = etag_of(host, fetched.content);
    header.own_etag = true;
  }
  return std::make_shared<const tiers::Entry>(std::move(header), std::move(fetched.content));
}

tiers::EntryPtr renew_entry(host::Host& host, const config::Settings& settings, const Query& query,
                            const tiers::Entry& former, const origin::Fetched& fetched) {
  // RFC 9111 §4.3.4: a strong validator that is not the stored one's is of another representation.
  const auto news = http::parse_entity_tag(fetched.origin_fields.find("etag").value_or(""));
  const auto known = http::parse_entity_tag(former.header.etag);
  if (news && !news->weak && known && !former.header.own_etag && !http::matches_weakly(*news, *known)) {
    return nullptr;
  }
  origin::Fetched confirmed;
  confirmed.kind = entry::Kind::positive;
  confirmed.status = former.header.status;
  confirmed.content_type = former.header.content_type;
  // RFC 9111 judges the stored response, not the 304.
  confirmed.origin_status = confirmed.status;
  confirmed.origin_fields = updated_fields(former.header, fetched.origin_fields);
  confirmed.requested_at = fetched.requested_at;
  confirmed.received_at = fetched.received_at;
  confirmed.log_seen = fetched.log_seen;
  entry::Header header;
  if (!describe(host, settings, query, confirmed, header)) {
    return nullptr;
  }
  if (header.etag.empty()) {
    header.etag = former.header.etag;
    header.own_etag = former.header.own_etag;
  }
  // A hard purge removes a body however often a 304 has confirmed it.
  header.body_asked = LARDER_MUTATED(purged_body_confirmed) ? header.asked : former.header.body_asked;
  header.body_log_seen =
      LARDER_MUTATED(purged_body_confirmed) ? header.log_seen : former.header.body_log_seen;
  header.encoding = former.header.encoding;
  header.stored_size = former.header.stored_size;
  header.body_size = former.header.body_size;
  return std::make_shared<const tiers::Entry>(std::move(header), former);
}

}  // namespace larder::engine
