#include "app/answers.h"

#include <algorithm>
#include <iterator>

#include "base/assert.h"
#include "base/text.h"
#include "http/cache_control.h"

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

TextPairs representation_fields(const engine::Reading& reading) {
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
  if (!has(fields, "cache-control")) {
    fields.emplace_back("cache-control", outgoing_cache_control(header));
  }
  fields.emplace_back("age", to_text(whole_seconds(reading.hit()->age)));
  fields.emplace_back("cache-status", http::format_cache_status(reading.status));
  return fields;
}

Outgoing entry_answer(host::Host& host, const engine::Reading& reading, http::Method method,
                      const http::Conditions& conditions) {
  const engine::Hit& hit = *reading.hit();
  Outgoing outgoing;
  outgoing.answer.headers = representation_fields(reading);
  if (precondition_of(host, hit, method, conditions) == http::Precondition::proceed) {
    outgoing.answer.status = hit.entry->header.status;
    outgoing.answer.body = hit.entry->body.handle();
    return outgoing;
  }
  outgoing.answer.status = 304;
  TextPairs kept;
  for (auto& field : outgoing.answer.headers) {
    if (http::belongs_in_not_modified(field.first) || field.first == "age" || field.first == "cache-status") {
      kept.push_back(std::move(field));
    }
  }
  outgoing.answer.headers = std::move(kept);
  return outgoing;
}

Outgoing posted_answer(const engine::Reading& reading) {
  static constexpr std::string_view left_out[] = {"etag", "last-modified", "cache-control"};
  Outgoing outgoing;
  outgoing.answer.status = reading.hit()->entry->header.status;
  outgoing.answer.body = reading.hit()->entry->body.handle();
  for (auto& field : representation_fields(reading)) {
    if (std::find(std::begin(left_out), std::end(left_out), field.first) == std::end(left_out)) {
      outgoing.answer.headers.push_back(std::move(field));
    }
  }
  add(outgoing.answer, "cache-control", no_store);
  return outgoing;
}

// A body that goes through without being kept. In mode http the origin's own fields go with it.
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
  const entry::Header& header = hit.entry->header;
  http::Representation representation;
  representation.status = header.status;
  representation.etag = http::parse_entity_tag(header.etag);
  if (!header.last_modified.empty()) {
    const http::Fields fields(TextPairs{{"last-modified", header.last_modified}});
    representation.last_modified =
        http::representation_of(header.status, fields, header.created).last_modified;
  }
  return http::evaluate_preconditions(method, conditions, representation, host.now());
}

Outgoing reading_answer(host::Host& host, const engine::Reading& reading, http::Method method,
                        const http::Conditions& conditions, const std::string& request_id) {
  if (reading.hit() != nullptr && method == http::Method::post) {
    return posted_answer(reading);
  }
  if (reading.hit() != nullptr) {
    return entry_answer(host, reading, method, conditions);
  }
  return reading.passed() != nullptr ? passed_answer(reading) : refusal_answer(host, reading, request_id);
}

}  // namespace larder::app
