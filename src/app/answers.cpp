#include "app/answers.h"

#include <algorithm>
#include <iterator>

#include "base/assert.h"
#include "base/text.h"
#include "http/cache_control.h"
#include "http/date.h"
#include "http/freshness.h"
#include "http/range.h"

namespace larder::app {

namespace {

constexpr std::string_view no_store = "no-store";

void add(host::Answer& answer, std::string_view name, std::string_view value) {
  answer.headers.emplace_back(name, value);
}

http::Seconds seconds(Millis duration) { return http::Seconds(whole_seconds(duration)); }

// What caches nearer to the client may do. Age is sent beside it, so the times are the whole lifetimes.
std::string outgoing_cache_control(const entry::Header& header) {
  if (header.kind == entry::Kind::negative) {
    return std::string(no_store);
  }
  http::ResponseDirectives directives;
  directives.public_ = true;
  directives.max_age = seconds(header.fresh_for);
  if (header.stale_for > Millis(0)) {
    directives.stale_while_revalidate = seconds(header.stale_for);
  }
  if (header.error_for > Millis(0)) {
    directives.stale_if_error = seconds(header.error_for);
  }
  return http::format_cache_control(directives);
}

bool has(const TextPairs& fields, std::string_view name) {
  for (const auto& [field, value] : fields) {
    if (equals_ignoring_case(field, name)) {
      return true;
    }
  }
  return false;
}

// In mode http an answer that says how long it lives keeps its own words.
bool says_its_lifetime(const TextPairs& fields) {
  return has(fields, "cache-control") || has(fields, "expires") || has(fields, "cdn-cache-control");
}

TextPairs representation_fields(const engine::Reading& reading, config::Mode mode) {
  const entry::Header& header = reading.hit()->entry->header;
  TextPairs fields;
  if (!header.content_type.empty()) {
    fields.emplace_back("content-type", header.content_type);
  }
  const bool packed = header.encoding != entry::Encoding::identity;
  if (!header.etag.empty()) {
    // A strong validator is of the bytes as they are sent (RFC 9110 §8.8.3.3); packed, they are others.
    const bool strong = !header.etag.starts_with("W/");
    fields.emplace_back("etag", packed && strong ? concat({"W/", header.etag}) : header.etag);
  }
  if (packed) {
    fields.emplace_back("content-encoding", entry::to_text(header.encoding));
  }
  if (!header.last_modified.empty()) {
    fields.emplace_back("last-modified", header.last_modified);
  }
  for (const auto& field : header.fields) {
    fields.push_back(field);
  }
  if (packed) {
    fields.emplace_back("vary", "accept-encoding");
  }
  const bool is_told = mode == config::Mode::http ? says_its_lifetime(fields) : has(fields, "cache-control");
  if (!is_told) {
    fields.emplace_back("cache-control", outgoing_cache_control(header));
  }
  fields.emplace_back("age", to_text(whole_seconds(reading.hit()->age)));
  fields.emplace_back("cache-status", http::format_cache_status(reading.status));
  return fields;
}

http::Representation representation_of(const entry::Header& header) {
  http::Representation representation;
  representation.status = header.status;
  representation.etag = http::parse_entity_tag(header.etag);
  if (!header.last_modified.empty()) {
    const http::Fields fields(TextPairs{{"last-modified", header.last_modified}});
    representation.last_modified =
        http::representation_of(header.status, fields, header.created).last_modified;
  }
  return representation;
}

// What a 304 has of the fields that a 200 would have had.
TextPairs not_modified_fields(TextPairs fields) {
  TextPairs kept;
  for (auto& field : fields) {
    if (http::belongs_in_not_modified(field.first) || field.first == "age" || field.first == "cache-status") {
      kept.push_back(std::move(field));
    }
  }
  return kept;
}

// RFC 9110 §8.6: HEAD is told the length that GET would have had.
void add_length(Outgoing& outgoing, http::Method method, Bytes size) {
  TextPairs& headers = outgoing.answer.headers;
  if (method == http::Method::head) {
    headers.emplace(headers.begin(), "content-length", to_text(size.count));
  }
}

// A part of the body, and what Content-Range says of it.
struct Part {
  // Of the body's bytes; unsatisfiable where there is none.
  std::optional<http::ByteRange> of_body;
  std::string content_range;

  Part(std::optional<http::ByteRange> of_body_, std::string content_range_)
      : of_body(of_body_), content_range(std::move(content_range_)) {}
};

// Of an entry that is a part itself: the part of it that is wanted, or, as the origin chose, all of it.
Part part_of_part(const tiers::Entry& entry, const http::Conditions& conditions) {
  const http::Fields fields(entry.header.fields);
  const std::string own(fields.find("content-range").value_or(""));
  const auto given = http::parse_content_range(own);
  const http::RequestedRange wanted =
      given && conditions.range ? http::parse_range(*conditions.range, given->whole) : http::RequestedRange();
  if (!wanted.part || !http::is_within(*wanted.part, given->part)) {
    return Part(http::ByteRange(Bytes(0), entry.body.size()), own);
  }
  const http::ByteRange inside(Bytes(wanted.part->from.count - given->part.from.count), wanted.part->size);
  return Part(inside, http::content_range(*wanted.part, given->whole));
}

// What part the client gets; nullopt: the whole.
std::optional<Part> range_of(const engine::Reading& reading, const http::Representation& representation,
                             http::Method method, const http::Conditions& conditions, Instant now) {
  const tiers::Entry& entry = *reading.hit()->entry;
  if (entry.header.status == 206) {
    return part_of_part(entry, conditions);
  }
  // RFC 9110 §14.2: of a GET that would be answered with 200.
  if (!conditions.range || method != http::Method::get || entry.header.status != 200 ||
      entry.header.encoding != entry::Encoding::identity) {
    return std::nullopt;
  }
  if (conditions.if_range && !http::holds_if_range(*conditions.if_range, representation, now)) {
    return std::nullopt;
  }
  const http::RequestedRange range = http::parse_range(*conditions.range, entry.body.size());
  switch (range.state) {
    case http::RangeState::whole:
      return std::nullopt;
    case http::RangeState::part:
      return Part(range.part, http::content_range(*range.part, entry.body.size()));
    case http::RangeState::unsatisfiable:
      return Part(std::nullopt, http::content_range_of_none(entry.body.size()));
  }
  LARDER_UNREACHABLE();
}

// 206 with the part, or 416. `whole` is the answer without its body.
Outgoing part_answer(host::Host& host, Outgoing whole, const Part& part, const host::Body& body) {
  if (!part.of_body) {
    Outgoing refused = problem_answer(host, http::Problem(416, "The range begins behind the end."));
    add(refused.answer, "content-range", part.content_range);
    for (const auto& [name, value] : whole.answer.headers) {
      if (name == "cache-status") {
        add(refused.answer, name, value);
      }
    }
    return refused;
  }
  TextPairs& headers = whole.answer.headers;
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [](const auto& field) { return field.first == "content-range"; }),
                headers.end());
  whole.answer.status = 206;
  add(whole.answer, "content-range", part.content_range);
  const http::ByteRange& bytes = *part.of_body;
  whole.body = host::Body(host, host.slice_body(body.handle(), bytes.from, bytes.size), bytes.size);
  whole.answer.body = whole.body.handle();
  return whole;
}

Outgoing entry_answer(host::Host& host, const engine::Reading& reading, config::Mode mode,
                      http::Method method, const http::Conditions& conditions) {
  const engine::Hit& hit = *reading.hit();
  Outgoing outgoing;
  outgoing.answer.headers = representation_fields(reading, mode);
  if (precondition_of(host, hit, method, conditions) == http::Precondition::proceed) {
    outgoing.answer.status = hit.entry->header.status;
    const host::Body& body = hit.entry->body;
    if (const auto range =
            range_of(reading, representation_of(hit.entry->header), method, conditions, host.now())) {
      return part_answer(host, std::move(outgoing), *range, body);
    }
    outgoing.answer.body = body.handle();
    add_length(outgoing, method, body.size());
    return outgoing;
  }
  outgoing.answer.status = 304;
  outgoing.answer.headers = not_modified_fields(std::move(outgoing.answer.headers));
  return outgoing;
}

Outgoing posted_answer(const engine::Reading& reading) {
  static constexpr std::string_view left_out[] = {"etag", "last-modified", "cache-control"};
  Outgoing outgoing;
  outgoing.answer.status = reading.hit()->entry->header.status;
  outgoing.answer.body = reading.hit()->entry->body.handle();
  for (auto& field : representation_fields(reading, config::Mode::keyed)) {
    if (std::find(std::begin(left_out), std::end(left_out), field.first) == std::end(left_out)) {
      outgoing.answer.headers.push_back(std::move(field));
    }
  }
  add(outgoing.answer, "cache-control", no_store);
  return outgoing;
}

// All that the origin says to its client, and what this cache did.
TextPairs passed_fields(const origin::Fetched& fetched, const http::CacheStatus& status) {
  static constexpr std::string_view left_out[] = {"cache-status", "content-length", "alt-svc",
                                                  "proxy-authenticate", "proxy-authentication-info"};
  TextPairs fields;
  const http::Fields end_to_end = http::without_hop_by_hop(fetched.origin_fields);
  for (const auto& [name, value] : end_to_end.all()) {
    std::string lower = to_lower(name);
    if (std::find(std::begin(left_out), std::end(left_out), lower) == std::end(left_out)) {
      fields.emplace_back(std::move(lower), value);
    }
  }
  // RFC 9110 §6.6.1.
  if (!has(fields, "date")) {
    fields.emplace_back("date", http::format_date(fetched.received_at));
  }
  fields.emplace_back("cache-status",
                      http::append_cache_status(fetched.origin_fields.combined("cache-status"), status));
  return fields;
}

// Whether the client has it already, as the origin's own validators say: it was asked without the client's
// conditions.
bool is_known_to_client(const origin::Fetched& fetched, http::Method method,
                        const http::Conditions& conditions, Instant now) {
  http::Representation representation;
  representation.status = static_cast<int>(fetched.status);
  representation.etag = http::parse_entity_tag(fetched.origin_fields.find("etag").value_or(""));
  representation.last_modified =
      http::parse_date(fetched.origin_fields.find("last-modified").value_or(""), now);
  return http::evaluate_preconditions(method, conditions, representation, now) ==
         http::Precondition::not_modified;
}

// Mode http: the origin's answer as it is.
Outgoing passed_as_sent(const engine::Reading& reading, http::Method method,
                        const http::Conditions& conditions, Instant now) {
  const origin::Fetched& fetched = *reading.passed();
  Outgoing outgoing;
  outgoing.answer.status = fetched.status;
  outgoing.answer.headers = passed_fields(fetched, reading.status);
  if (is_known_to_client(fetched, method, conditions, now)) {
    outgoing.answer.status = 304;
    outgoing.answer.headers = not_modified_fields(std::move(outgoing.answer.headers));
    return outgoing;
  }
  outgoing.answer.body = fetched.content.handle();
  if (!fetched.streamed && !fetched.without_body) {
    add_length(outgoing, method, fetched.content.size());
  } else if (const auto length = fetched.origin_fields.find("content-length");
             length && method == http::Method::head) {
    add(outgoing.answer, "content-length", *length);
  }
  return outgoing;
}

// Mode keyed: a body that goes through without being kept.
Outgoing passed_answer(const engine::Reading& reading) {
  const origin::Fetched& fetched = *reading.passed();
  Outgoing outgoing;
  outgoing.answer.status = fetched.status;
  outgoing.answer.body = fetched.content.handle();
  for (const std::string_view name :
       {"content-type", "content-encoding", "content-language", "etag", "last-modified", "vary", "location",
        "cache-control", "retry-after", "www-authenticate"}) {
    if (const auto value = fetched.origin_fields.combined(name)) {
      add(outgoing.answer, name, *value);
    }
  }
  if (!has(outgoing.answer.headers, "content-type") && !fetched.content_type.empty()) {
    add(outgoing.answer, "content-type", fetched.content_type);
  }
  const bool success = fetched.status >= 200 && fetched.status < 300;
  if (!has(outgoing.answer.headers, "cache-control") || !success) {
    TextPairs kept;
    for (auto& field : outgoing.answer.headers) {
      if (field.first != "cache-control") {
        kept.push_back(std::move(field));
      }
    }
    outgoing.answer.headers = std::move(kept);
    add(outgoing.answer, "cache-control", no_store);
  }
  add(outgoing.answer, "cache-status", http::format_cache_status(reading.status));
  return outgoing;
}

struct RefusalText {
  int status;
  std::string_view advice;
};

RefusalText refusal_text(const origin::Refusal& refusal) {
  if (refusal.limited || refusal.spent) {
    return {429, " Try again after the time in Retry-After."};
  }
  if (refusal.not_stored) {
    return {504, ""};
  }
  if (refusal.not_asked) {
    return {503, " Try again after the time in Retry-After."};
  }
  switch (refusal.error.kind) {
    case ErrorKind::timeout:
      return {504, " Try again in a moment."};
    case ErrorKind::rejected:
      return refusal.error.retryable ? RefusalText{503, " Try again after the time in Retry-After."}
                                     : RefusalText{502, ""};
    case ErrorKind::unavailable:
      // It said itself when to come again: that is for the client to know.
      return refusal.retry_after_seconds > 0 ? RefusalText{503, " Try again after the time in Retry-After."}
                                             : RefusalText{502, " Try again in a moment."};
    case ErrorKind::invalid:
      return {400, ""};
    case ErrorKind::not_found:
    case ErrorKind::too_large:
    case ErrorKind::corrupt:
    case ErrorKind::unsupported:
      return {502, ""};
    case ErrorKind::internal:
      return {500, ""};
  }
  LARDER_UNREACHABLE();
}

Outgoing refusal_answer(host::Host& host, const engine::Reading& reading, const std::string& request_id) {
  const origin::Refusal& refusal = *reading.refusal();
  const RefusalText text = refusal_text(refusal);
  std::string detail = refusal.error.message;
  if (detail.empty() || (detail.back() != '.' && detail.back() != '!' && detail.back() != '?')) {
    detail.push_back('.');
  }
  http::Problem problem(text.status, concat({detail, text.advice}));
  problem.extensions.emplace_back("origin", std::string(refusal.error.source));
  problem.extensions.emplace_back("reason", std::string(to_text(refusal.error.kind)));
  problem.extensions.emplace_back("requestId", request_id);
  Outgoing outgoing = problem_answer(host, problem);
  if (text.status == 503 || text.status == 429) {
    const std::uint64_t wait = refusal.retry_after_seconds == 0 ? 1 : refusal.retry_after_seconds;
    add(outgoing.answer, "retry-after", to_text(wait));
  }
  add(outgoing.answer, "cache-status", http::format_cache_status(reading.status));
  return outgoing;
}

}  // namespace

http::Precondition precondition_of(host::Host& host, const engine::Hit& hit, http::Method method,
                                   const http::Conditions& conditions) {
  if (!conditions.if_none_match && !conditions.if_modified_since) {
    return http::Precondition::proceed;
  }
  return http::evaluate_preconditions(method, conditions, representation_of(hit.entry->header), host.now());
}

Outgoing reading_answer(host::Host& host, const engine::Reading& reading, config::Mode mode,
                        http::Method method, const http::Conditions& conditions,
                        const std::string& request_id) {
  const bool is_http = mode == config::Mode::http;
  if (reading.hit() != nullptr && method == http::Method::post) {
    return posted_answer(reading);
  }
  if (reading.hit() != nullptr) {
    return entry_answer(host, reading, mode, method, conditions);
  }
  if (reading.passed() != nullptr && is_http) {
    return passed_as_sent(reading, method, conditions, host.now());
  }
  return reading.passed() != nullptr ? passed_answer(reading) : refusal_answer(host, reading, request_id);
}

}  // namespace larder::app
