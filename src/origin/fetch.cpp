#include "origin/fetch.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "base/version.h"
#include "config/limits.h"
#include "host/operations.h"
#include "http/problem.h"
#include "origin/provider.h"

namespace larder::origin {

namespace {

constexpr std::uint64_t retry_after_seconds_max = 86'400;

// What came over the wire, whichever operation brought it.
struct WireReply {
  std::uint32_t status = 0;
  TextPairs headers;
  bool streamed = false;
  host::Body content;

  WireReply(std::uint32_t status_, TextPairs headers_, bool streamed_, host::Body content_)
      : status(status_), headers(std::move(headers_)), streamed(streamed_), content(std::move(content_)) {}

  std::string header(std::string_view name) const {
    for (const auto& [field, value] : headers) {
      if (equals_ignoring_case(field, name)) {
        return value;
      }
    }
    return "";
  }
};

template <typename Results>
WireReply wire_reply(Results results) {
  return WireReply(results.status, std::move(results.headers), results.streamed == 1,
                   std::move(results.content));
}

// What an origin's failure is, when there was an HTTP answer.
Refusal refusal(Error error, const WireReply& reply) {
  Refusal refusal(std::move(error));
  refusal.origin_status = reply.status;
  const std::string value = reply.header("retry-after");
  refusal.retry_after_seconds = std::min(parse_unsigned(trim(value)).value_or(0), retry_after_seconds_max);
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

// What of a deployment's settings concerns a provider.
struct Reach {
  std::string_view url;
  std::uint32_t rate;
};

Reach reach_of(config::Provider provider, const config::Settings& settings) {
  switch (provider) {
    case config::Provider::openlibrary:
      return Reach{settings.openlibrary_url, settings.openlibrary_rate};
    case config::Provider::googlebooks:
      return Reach{settings.google_books_url, settings.google_books_rate};
    case config::Provider::isbndb:
      return Reach{settings.isbndb_url, settings.isbndb_rate};
  }
  LARDER_UNREACHABLE();
}

const ProviderRow& row_of(config::Provider provider) {
  const ProviderRow* const row = find_provider(to_text(provider));
  LARDER_ASSERT(row != nullptr);
  return *row;
}

Access access_to(config::Provider provider, const config::Settings& settings) {
  const std::string_view url = reach_of(provider, settings).url;
  return Access(std::string(url.empty() ? row_of(provider).base_url_default : url), std::string(version),
                settings.contact);
}

bool is_set_up(config::Provider provider, const config::Settings& settings) {
  const ProviderRow& row = row_of(provider);
  const bool has_key = !row.secret_setting.empty() && settings.secret(row.secret_setting).has_value();
  switch (row.secret_need) {
    case SecretNeed::none:
      return true;
    case SecretNeed::optional:
      return has_key || !reach_of(provider, settings).url.empty();
    case SecretNeed::required:
      return has_key;
  }
  LARDER_UNREACHABLE();
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

Lookup lookup_of(const config::Resource& resource, const Wanted& wanted) {
  LARDER_ASSERT(!wanted.values.empty());
  return Lookup(lookup_kind(resource.origin.query), wanted.values.front().value_or(""));
}

OriginResult<Fetched> read_books(host::Host& host, const config::Resource& resource, const Wanted& wanted,
                                 WireReply reply) {
  const ProviderRow* const row = &row_of(resource.origin.providers[wanted.provider]);
  const Lookup lookup = lookup_of(resource, wanted);
  const Bytes size = reply.content.size();
  const std::string text = host.read_body(reply.content.handle(), size, padding_bytes);
  auto read = row->provider.read(lookup, reply.status, reply.header("content-type"),
                                 PaddedText(text, static_cast<std::size_t>(size.count)));
  if (!read) {
    return tl::make_unexpected(refusal(read.error(), reply));
  }
  Fetched fetched = books_answer(host, lookup, row->name, read->works);
  fetched.doubtful = read->works.empty() && read->authority == Authority::doubtful;
  fetched.origin_status = reply.status;
  return fetched;
}

// In mode keyed an origin's answer is taken for what it means to everybody: success, "there is none", or a
// failure that nobody should remember.
enum class Meaning : std::uint8_t { success, none, failure };

Meaning meaning_of(std::uint32_t status) {
  if (status >= 200 && status < 300 && status != 206) {
    return Meaning::success;
  }
  if (LARDER_MUTATED(rate_limit_is_negative) && status == 429) {
    return Meaning::none;
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

OriginResult<Fetched> read_url(const config::Resource& resource, const Wanted& wanted, WireReply reply) {
  const bool http_mode = resource.mode == config::Mode::http;
  const bool conditional = !wanted.etag.empty() || !wanted.last_modified.empty();
  Fetched fetched;
  fetched.not_modified = conditional && reply.status == 304;
  const Meaning meaning = http_mode || fetched.not_modified ? Meaning::success : meaning_of(reply.status);
  if (meaning == Meaning::failure) {
    return tl::make_unexpected(refusal(status_error(reply.status), reply));
  }
  fetched.status = reply.status;
  fetched.kind = meaning == Meaning::none ? entry::Kind::negative : entry::Kind::positive;
  fetched.content_type = reply.header("content-type");
  fetched.streamed = reply.streamed;
  fetched.content = std::move(reply.content);
  fetched.origin_status = reply.status;
  fetched.origin_fields = http::Fields(std::move(reply.headers));
  return fetched;
}

struct Request {
  std::string source = "origin";
  std::string url;
  TextPairs headers;
  Bytes body_bytes_max;
  bool follow_redirects = true;
  bool oversize = false;

  Request() {}
};

OriginResult<Request> plan_books(const config::Resource& resource, const config::Settings& settings,
                                 const Wanted& wanted) {
  const config::Provider provider = resource.origin.providers[wanted.provider];
  const ProviderRow* const row = &row_of(provider);
  auto plan = row->provider.plan(lookup_of(resource, wanted), access_to(provider, settings));
  if (!plan) {
    return tl::make_unexpected(Refusal(plan.error()));
  }
  Plan complete = add_secret(*row, std::move(*plan), settings.secret(row->secret_setting).value_or(""));
  Request request;
  request.source = std::string(row->name);
  request.url = std::move(complete.url);
  request.headers = std::move(complete.headers);
  request.body_bytes_max = Bytes(reply_bytes_max);
  return request;
}

OriginResult<Request> plan_url(const config::Resource& resource, const config::Settings& settings,
                               const Wanted& wanted) {
  auto url = config::expand_url(resource.origin.url, wanted.values);
  if (!url) {
    return tl::make_unexpected(Refusal(url.error()));
  }
  auto headers = config::expand_headers(resource.origin.headers, wanted.values, settings);
  if (!headers) {
    return tl::make_unexpected(Refusal(headers.error()));
  }
  Request request;
  request.url = std::move(*url);
  request.headers = std::move(*headers);
  if (!wanted.etag.empty()) {
    request.headers.emplace_back("if-none-match", wanted.etag);
  }
  if (!wanted.last_modified.empty()) {
    request.headers.emplace_back("if-modified-since", wanted.last_modified);
  }
  request.body_bytes_max = resource.bytes_max;
  request.follow_redirects = resource.mode != config::Mode::http;
  request.oversize = true;
  return request;
}

// What an answer means, with the times around it.
OriginResult<Fetched> read_reply(host::Host& host, const config::Resource& resource, const Wanted& wanted,
                                 Instant requested_at, WireReply reply) {
  auto fetched = resource.origin.kind == config::OriginKind::provider
                     ? read_books(host, resource, wanted, std::move(reply))
                     : read_url(resource, wanted, std::move(reply));
  if (fetched) {
    fetched->provider = wanted.provider;
    fetched->requested_at = requested_at;
    fetched->received_at = host.now();
  }
  return fetched;
}

std::string_view source_of(const config::Resource& resource, const Wanted& wanted) {
  return resource.origin.kind == config::OriginKind::provider
             ? to_text(resource.origin.providers[wanted.provider])
             : "origin";
}

Refusal refusal_of(const Error& error, const config::Resource& resource, const Wanted& wanted) {
  return Refusal(Error(error.kind, source_of(resource, wanted), error.retryable, error.message));
}

}  // namespace

std::string origin_name(const config::Resource& resource, std::size_t provider) {
  return resource.origin.kind == config::OriginKind::provider
             ? std::string(to_text(resource.origin.providers[provider]))
             : resource.origin.url.origin;
}

std::vector<std::size_t> providers_asked(const config::Resource& resource, const config::Settings& settings) {
  std::vector<std::size_t> asked;
  const std::vector<config::Provider>& providers = resource.origin.providers;
  if (resource.origin.kind == config::OriginKind::provider) {
    for (std::size_t i = 0; i < providers.size(); ++i) {
      if (is_set_up(providers[i], settings)) {
        asked.push_back(i);
      }
    }
  }
  if (asked.empty()) {
    asked.push_back(0);
  }
  return asked;
}

std::uint32_t polite_rate(const config::Resource& resource, std::size_t provider,
                          const config::Settings& settings) {
  constexpr std::uint32_t any_api = 1;
  if (resource.origin.kind != config::OriginKind::provider) {
    return any_api;
  }
  const config::Provider asked = resource.origin.providers[provider];
  const std::uint32_t rate = reach_of(asked, settings).rate;
  return rate > 0 ? rate : row_of(asked).provider.requests_per_second_max(access_to(asked, settings));
}

host::Task<OriginResult<Fetched>> fetch(host::Context here, const config::Resource& resource,
                                        const config::Settings& settings, Wanted wanted) {
  auto request = resource.origin.kind == config::OriginKind::provider ? plan_books(resource, settings, wanted)
                                                                      : plan_url(resource, settings, wanted);
  if (!request) {
    request.error().unsent = true;
    co_return tl::make_unexpected(std::move(request.error()));
  }
  const Instant requested_at = here.host().now();
  // HEAD is answered from what GET brings.
  auto reply = co_await host::origin_fetch(
      here, "GET", request->url, request->headers, static_cast<std::uint64_t>(wanted.timeout.count()),
      static_cast<std::uint64_t>(wanted.soft.count()), request->body_bytes_max.count,
      request->follow_redirects ? 1 : 0, request->oversize ? 1 : 0);
  if (!reply) {
    co_return tl::make_unexpected(refusal_of(reply.error(), resource, wanted));
  }
  if (reply->ticket != 0) {
    Fetched pending;
    pending.provider = wanted.provider;
    pending.ticket = reply->ticket;
    pending.requested_at = requested_at;
    co_return pending;
  }
  co_return read_reply(here.host(), resource, wanted, requested_at, wire_reply(std::move(*reply)));
}

host::Task<OriginResult<Fetched>> resume(host::Context here, const config::Resource& resource, Wanted wanted,
                                         std::uint32_t ticket, Instant requested_at) {
  auto reply = co_await host::origin_resume(here, ticket);
  if (!reply) {
    co_return tl::make_unexpected(refusal_of(reply.error(), resource, wanted));
  }
  co_return read_reply(here.host(), resource, wanted, requested_at, wire_reply(std::move(*reply)));
}

}  // namespace larder::origin
