#include "origin/fetch.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "base/version.h"
#include "config/limits.h"
#include "host/operations.h"
#include "http/problem.h"
#include "origin/provider.h"

namespace larder::origin {

namespace {

constexpr std::uint64_t retry_after_seconds_max = 86'400;

// What a look-up's failure is, when there was an HTTP answer.
Refusal refusal(Error error, const host::origin_fetch_results& reply) {
  Refusal refusal(std::move(error));
  refusal.origin_status = reply.status;
  const http::Fields fields{TextPairs(reply.headers)};
  if (const auto value = fields.find("retry-after")) {
    refusal.retry_after_seconds = std::min(parse_unsigned(trim(*value)).value_or(0), retry_after_seconds_max);
  }
  return refusal;
}

LookupKind lookup_kind(config::ProviderQuery query) {
  switch (query) {
    case config::ProviderQuery::title:
      return LookupKind::title;
    case config::ProviderQuery::isbn:
      return LookupKind::isbn;
    case config::ProviderQuery::author:
      return LookupKind::author;
  }
  LARDER_UNREACHABLE();
}

std::string_view what_of(LookupKind kind) {
  switch (kind) {
    case LookupKind::title:
      return "title";
    case LookupKind::isbn:
      return "ISBN";
    case LookupKind::author:
      return "author";
  }
  LARDER_UNREACHABLE();
}

std::string base_url(const ProviderRow& row, const config::Settings& settings) {
  if (row.name == "openlibrary") {
    return settings.openlibrary_url;
  }
  return std::string(settings.secret(row.base_url_setting).value_or(row.base_url_default));
}

std::string header_of(const host::origin_fetch_results& reply, std::string_view name) {
  for (const auto& [field, value] : reply.headers) {
    if (equals_ignoring_case(field, name)) {
      return value;
    }
  }
  return "";
}

// The client's answer to a book look-up, made from the works that were found.
Fetched books_answer(host::Host& host, const Lookup& lookup, std::string_view source,
                     const std::vector<Work>& works) {
  Fetched fetched;
  std::string body;
  if (works.empty()) {
    fetched.kind = entry::Kind::negative;
    fetched.status = 404;
    fetched.content_type = std::string(http::problem_content_type);
    http::Problem problem(404, concat({"No book is known for this ", what_of(lookup.kind), "."}));
    problem.extensions.emplace_back("query", lookup.text);
    problem.extensions.emplace_back("source", std::string(source));
    body = http::problem_body(problem);
  } else {
    fetched.content_type = "application/json";
    body = books_reply(lookup.text, source, works);
  }
  fetched.content = host::Body::from_bytes(host, body);
  return fetched;
}

host::Task<OriginResult<Fetched>> fetch_books(host::Context here, const config::Resource& resource,
                                              const config::Settings& settings, Wanted wanted) {
  const ProviderRow* const row = find_provider(to_text(resource.origin.provider));
  LARDER_ASSERT(row != nullptr && !wanted.values.empty());
  const Lookup lookup(lookup_kind(resource.origin.query), wanted.values.front().value_or(""));
  const Access access(base_url(*row, settings), std::string(version), settings.contact);
  auto plan = row->provider.plan(lookup, access);
  if (!plan) {
    co_return tl::make_unexpected(Refusal(plan.error()));
  }
  const Plan request = add_secret(*row, std::move(*plan), settings.secret(row->secret_setting).value_or(""));
  const Instant requested_at = here.host().now();
  const auto timeout = static_cast<std::uint64_t>(resource.origin.timeout_hard.count());
  auto reply =
      co_await host::origin_fetch(here, "GET", request.url, request.headers, timeout, reply_bytes_max, 1, 0);
  if (!reply) {
    co_return tl::make_unexpected(
        Refusal(Error(reply.error().kind, row->name, reply.error().retryable, reply.error().message)));
  }
  const Bytes size = reply->content.size();
  const std::string text = here.host().read_body(reply->content.handle(), size, padding_bytes);
  auto read = row->provider.read(lookup, reply->status, header_of(*reply, "content-type"),
                                 PaddedText(text, static_cast<std::size_t>(size.count)));
  if (!read) {
    co_return tl::make_unexpected(refusal(read.error(), *reply));
  }
  Fetched fetched = books_answer(here.host(), lookup, row->name, read->works);
  fetched.doubtful = read->works.empty() && read->authority == Authority::doubtful;
  fetched.origin_status = reply->status;
  fetched.requested_at = requested_at;
  fetched.received_at = here.host().now();
  co_return fetched;
}

// In mode keyed an origin's answer is taken for what it means to everybody: success, "there is none", or a
// failure that nobody should remember.
enum class Meaning : std::uint8_t { success, none, failure };

Meaning meaning_of(std::uint32_t status) {
  if (status >= 200 && status < 300 && status != 206) {
    return Meaning::success;
  }
  const bool none = status == 400 || status == 404 || status == 410 || status == 422;
  return none ? Meaning::none : Meaning::failure;
}

Error status_error(std::uint32_t status) {
  const std::string message = concat({"The origin answered ", to_text(std::uint64_t{status}), "."});
  if (status == 429) {
    return Error(ErrorKind::rejected, "origin", true, message);
  }
  return status >= 500 ? Error(ErrorKind::unavailable, "origin", true, message)
                       : Error(ErrorKind::rejected, "origin", false, message);
}

host::Task<OriginResult<Fetched>> fetch_url(host::Context here, const config::Resource& resource,
                                            const config::Settings& settings, Wanted wanted) {
  const auto url = config::expand_url(resource.origin.url, wanted.values);
  if (!url) {
    co_return tl::make_unexpected(Refusal(url.error()));
  }
  auto headers = config::expand_headers(resource.origin.headers, wanted.values, settings);
  if (!headers) {
    co_return tl::make_unexpected(Refusal(headers.error()));
  }
  const bool http_mode = resource.mode == config::Mode::http;
  const Instant requested_at = here.host().now();
  const auto timeout = static_cast<std::uint64_t>(resource.origin.timeout_hard.count());
  // HEAD is answered from what GET brings.
  auto reply = co_await host::origin_fetch(here, "GET", *url, *headers, timeout, resource.bytes_max.count,
                                           http_mode ? 0 : 1, 1);
  if (!reply) {
    co_return tl::make_unexpected(Refusal(reply.error()));
  }
  const Meaning meaning = http_mode ? Meaning::success : meaning_of(reply->status);
  if (meaning == Meaning::failure) {
    co_return tl::make_unexpected(refusal(status_error(reply->status), *reply));
  }
  Fetched fetched;
  fetched.status = reply->status;
  fetched.kind = meaning == Meaning::none ? entry::Kind::negative : entry::Kind::positive;
  fetched.content_type = header_of(*reply, "content-type");
  fetched.streamed = reply->streamed == 1;
  fetched.content = std::move(reply->content);
  fetched.origin_status = reply->status;
  fetched.origin_fields = http::Fields(std::move(reply->headers));
  fetched.requested_at = requested_at;
  fetched.received_at = here.host().now();
  co_return fetched;
}

}  // namespace

host::Task<OriginResult<Fetched>> fetch(host::Context here, const config::Resource& resource,
                                        const config::Settings& settings, Wanted wanted) {
  switch (resource.origin.kind) {
    case config::OriginKind::provider:
      co_return co_await fetch_books(here, resource, settings, std::move(wanted));
    case config::OriginKind::url:
      co_return co_await fetch_url(here, resource, settings, std::move(wanted));
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::origin
