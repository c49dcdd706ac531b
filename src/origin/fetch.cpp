#include "origin/fetch.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "base/version.h"
#include "config/limits.h"
#include "entry/normalise.h"
#include "http/problem.h"
#include "http/retry_after.h"
#include "origin/contradiction.h"
#include "origin/exchange.h"
#include "origin/kind.h"
#include "origin/narrative.h"
#include "origin/narrative_prompt.h"
#include "origin/provider.h"
#include "origin/reply_head.h"

namespace larder::origin {

namespace {

LookupKind lookup_kind(config::ProviderQuery query) {
  switch (query) {
    case config::ProviderQuery::title:
      return LookupKind::title;
    case config::ProviderQuery::isbn:
      return LookupKind::isbn;
    case config::ProviderQuery::author:
      return LookupKind::author;
    case config::ProviderQuery::subject:
      return LookupKind::subject;
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
    case LookupKind::subject:
      return "subject";
  }
  LARDER_UNREACHABLE();
}

Access access_to(config::Provider provider, const config::Settings& settings) {
  const std::string_view url = reach_of(provider, settings).url;
  return Access(std::string(url.empty() ? provider_row(provider).base_url : url), std::string(version),
                settings.contact);
}

bool is_set_up(config::Provider provider, const config::Settings& settings) {
  const ProviderRow& row = provider_row(provider);
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
  const ProviderRow* const row = &provider_row(resource.origin.providers[wanted.provider]);
  const Lookup lookup = lookup_of(resource, wanted);
  const Bytes size = reply.content.size();
  const std::string text = host.read_body(reply.content.handle(), size, padding_bytes);
  auto read = row->provider.read(lookup, reply.status, reply.header("content-type"),
                                 PaddedText(text, static_cast<std::size_t>(size.count)));
  if (!read) {
    return tl::make_unexpected(refusal_of(read.error(), reply, host.now()));
  }
  Fetched fetched = books_answer(host, lookup, row->name, read->works);
  fetched.doubtful = read->works.empty() && read->authority == Authority::doubtful;
  fetched.claims_some = read->works.empty() && read->claims_some;
  fetched.contradicts = contradicts(lookup, read->works, host::normal_text_of(host));
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
    return Error(ErrorKind::rejected, "origin", Retry::later, message);
  }
  return status >= 500 ? Error(ErrorKind::unavailable, "origin", Retry::later, message)
                       : Error(ErrorKind::rejected, "origin", Retry::never, message);
}

// The copy at hand, or else the client's: whose validators the origin was given.
bool asks_about_own_copy(const Wanted& wanted) {
  return !wanted.etag.empty() || !wanted.last_modified.empty();
}

OriginResult<Fetched> read_url(const config::Resource& resource, const Wanted& wanted, const Request& asked,
                               Instant now, WireReply reply) {
  const bool http_mode = resource.mode == config::Mode::http;
  Fetched fetched;
  fetched.not_modified = is_conditional(asked) && reply.status == 304 && asks_about_own_copy(wanted);
  if (reply.status == 304 && !is_conditional(asked)) {
    // There is no copy that it could be about, neither here nor with the client.
    return tl::make_unexpected(refusal_of(Error(ErrorKind::corrupt, "origin", Retry::never,
                                                "The origin answered 304 to a request without conditions."),
                                          reply, now));
  }
  const Meaning meaning = http_mode || fetched.not_modified ? Meaning::success : meaning_of(reply.status);
  if (meaning == Meaning::failure) {
    return tl::make_unexpected(refusal_of(status_error(reply.status), reply, now));
  }
  fetched.without_body = asked.method == http::to_text(http::Method::head);
  fetched.status = reply.status;
  fetched.kind = meaning == Meaning::none ? entry::Kind::negative : entry::Kind::positive;
  fetched.content_type = reply.header("content-type");
  fetched.streamed = reply.streamed;
  fetched.content = std::move(reply.content);
  fetched.origin_status = reply.status;
  fetched.origin_fields = http::Fields(std::move(reply.headers));
  return fetched;
}

OriginResult<Request> plan_books(const config::Resource& resource, const config::Settings& settings,
                                 const Wanted& wanted) {
  const config::Provider provider = resource.origin.providers[wanted.provider];
  const ProviderRow* const row = &provider_row(provider);
  auto plan = row->provider.plan(lookup_of(resource, wanted), access_to(provider, settings));
  if (!plan) {
    return tl::make_unexpected(Refusal(plan.error()));
  }
  Plan complete = add_secret(*row, std::move(*plan), settings.secret(row->secret_setting).value_or(""));
  Request request;
  request.source = row->name;
  request.url = std::move(complete.url);
  request.headers = std::move(complete.headers);
  request.body_bytes_max = Bytes(reply_bytes_max);
  if (row->secret_place == SecretPlace::header) {
    request.secret_headers.push_back(to_lower(row->secret_name));
  }
  return request;
}

bool has_header(const TextPairs& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return equals_ignoring_case(header.first, name); });
}

// The request's own fields, but for those that the declaration sets.
void add_fields(const TextPairs& fields, TextPairs& headers) {
  const TextPairs declared = headers;
  for (const auto& [name, value] : fields) {
    if (!has_header(declared, name)) {
      headers.emplace_back(name, value);
    }
  }
}

OriginResult<Request> plan_url(const config::Resource& resource, const config::Settings& settings,
                               const Wanted& wanted) {
  auto url = config::expand_url(resource.origin.url, wanted.values, wanted.sent);
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
  const bool post = resource.match.method == http::Method::post;
  if (post) {
    request.method = "POST";
    request.content = entry::origin_body(resource, wanted.values);
    if (!has_header(request.headers, "content-type")) {
      request.headers.emplace_back("content-type", "application/json");
    }
  }
  // RFC 9110 §13.1.2: to a POST it would be a precondition.
  if (!wanted.etag.empty() && !post) {
    request.headers.emplace_back("if-none-match", wanted.etag);
  }
  if (!wanted.last_modified.empty() && !post) {
    request.headers.emplace_back("if-modified-since", wanted.last_modified);
  }
  // What only R2 can keep goes through as a stream, from here to the client and to R2 (engine/large.h).
  const Bytes held_max = std::max(settings.value_bytes_max, Bytes(config::limit::streamed_body_bytes_min));
  request.body_bytes_max = std::min(resource.bytes_max, held_max);
  request.oversize = Oversize::streamed;
  request.codings = resource.mode == config::Mode::http ? Codings::may_stay : Codings::are_undone;
  if (resource.mode == config::Mode::http) {
    request.redirects = Redirects::are_answers;
    add_fields(wanted.fields, request.headers);
    request.stream = wanted.stream;
    if (has_header(request.headers, "range")) {
      // The part is one of the bytes that clients get (RFC 9110 §14.2).
      request.headers.emplace_back("accept-encoding", "identity");
    }
    request.method = http::to_text(wanted.method);
    if (wanted.method != http::Method::get && wanted.method != http::Method::head) {
      // Nothing of it is kept.
      request.body_bytes_max = Bytes(0);
    }
  }
  request.redirect_origins = resource.origin.redirects;
  for (const config::HeaderTemplate& header : resource.origin.headers) {
    const auto is_secret = [](const config::Part& part) { return part.kind == config::PartKind::secret; };
    if (std::any_of(header.value.begin(), header.value.end(), is_secret)) {
      request.secret_headers.push_back(header.name);
    }
  }
  return request;
}

// The one value that a model is asked about, and what it is called.
std::pair<std::string, std::string_view> profile_of(const config::Resource& resource,
                                                    const config::FieldValues& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (config::is_of_body(resource.key[i].source)) {
      const bool whole = resource.key[i].source == config::FieldSource::whole_body;
      return {values[i].value_or(""), whole ? std::string_view("profile") : resource.key[i].name};
    }
  }
  LARDER_UNREACHABLE();
}

Fetched invalid_profile(host::Host& host, const Error& error) {
  Fetched fetched;
  fetched.kind = entry::Kind::negative;
  fetched.status = 400;
  fetched.content_type = std::string(http::problem_content_type);
  fetched.content = host::Body::from_bytes(host, http::problem_body(http::Problem(400, error.message)));
  fetched.requested_at = host.now();
  fetched.received_at = fetched.requested_at;
  return fetched;
}

Request model_wire_request(const Model& model, const ModelPrompt& prompt) {
  ModelRequest asked = model_request(model, prompt);
  Request request;
  request.source = config::model_word;
  request.method = "POST";
  request.url = std::move(asked.url);
  request.headers = std::move(asked.headers);
  request.content = std::move(asked.content);
  request.body_bytes_max = Bytes(reply_bytes_max);
  // A redirect would take the key to another address.
  request.redirects = Redirects::are_answers;
  return request;
}

Refusal no_model() {
  Refusal refusal(Error(ErrorKind::unavailable, "llm", Retry::never,
                        "No model is configured: set GEMINI_API_KEY or LLM_URL."));
  refusal.unsent = true;
  return refusal;
}

OriginResult<Prepared> plan_model(host::Host& host, const config::Resource& resource,
                                  const config::Settings& settings, const Wanted& wanted) {
  const auto [profile, name] = profile_of(resource, wanted.values);
  const auto systems = read_profile(profile, name);
  Prepared prepared;
  if (!systems) {
    prepared.answer = invalid_profile(host, systems.error());
    return prepared;
  }
  const auto model = model_of(settings);
  if (!model) {
    return tl::make_unexpected(no_model());
  }
  ModelPrompt prompt;
  prompt.instructions = std::string(narrative_prompt);
  prompt.content = profile;
  prepared.request = model_wire_request(*model, prompt);
  return prepared;
}

OriginResult<ModelAnswer> read_model_answer(host::Host& host, ModelShape shape, const WireReply& reply) {
  if (auto refused = refuse_status(reply.status)) {
    return tl::make_unexpected(refusal_of(std::move(*refused), reply, host.now()));
  }
  const Bytes size = reply.content.size();
  const std::string text = host.read_body(reply.content.handle(), size, padding_bytes);
  ModelReply read = read_model_reply(shape, reply.status, reply.header("content-type"),
                                     PaddedText(text, static_cast<std::size_t>(size.count)));
  if (read.error) {
    Refusal refused = refusal_of(std::move(*read.error), reply, host.now());
    refused.usage = read.usage;
    return tl::make_unexpected(std::move(refused));
  }
  ModelAnswer answer;
  answer.text = std::move(read.text);
  answer.usage = read.usage;
  return answer;
}

OriginResult<Fetched> read_model(host::Host& host, ModelShape shape, WireReply reply) {
  auto answer = read_model_answer(host, shape, reply);
  if (!answer) {
    return tl::make_unexpected(std::move(answer.error()));
  }
  Fetched fetched;
  fetched.content_type = "application/json";
  fetched.content =
      host::Body::from_bytes(host, narrative_answer(answer->text, host.now(), NarrativeSource::model));
  fetched.origin_status = reply.status;
  fetched.usage = answer->usage;
  return fetched;
}

OriginResult<Prepared> prepared(OriginResult<Request> request) {
  if (!request) {
    return tl::make_unexpected(std::move(request.error()));
  }
  Prepared prepared;
  prepared.request = std::move(*request);
  return prepared;
}

class Url final : public Kind {
 public:
  std::string name(const config::Resource& resource, std::size_t) const override {
    return resource.origin.url.origin;
  }
  std::string_view source(const config::Resource&, std::size_t) const override { return "origin"; }
  OriginResult<Prepared> prepare(host::Host&, const config::Resource& resource,
                                 const config::Settings& settings, const Wanted& wanted) const override {
    return prepared(plan_url(resource, settings, wanted));
  }
  OriginResult<Fetched> read(host::Host& host, const config::Resource& resource, const config::Settings&,
                             const Wanted& wanted, const Request& asked, WireReply reply) const override {
    return read_url(resource, wanted, asked, host.now(), std::move(reply));
  }
};

class Books final : public Kind {
 public:
  std::string name(const config::Resource& resource, std::size_t provider) const override {
    return std::string(source(resource, provider));
  }
  std::string_view source(const config::Resource& resource, std::size_t provider) const override {
    return to_text(resource.origin.providers[provider]);
  }
  std::vector<std::size_t> providers_asked(const config::Resource& resource,
                                           const config::Settings& settings) const override {
    const std::vector<config::Provider>& providers = resource.origin.providers;
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < providers.size(); ++i) {
      if (is_set_up(providers[i], settings)) {
        asked.push_back(i);
      }
    }
    if (asked.empty()) {
      asked.push_back(0);
    }
    return asked;
  }
  std::uint32_t polite_rate(const config::Resource& resource, std::size_t provider,
                            const config::Settings& settings) const override {
    const config::Provider asked = resource.origin.providers[provider];
    const std::uint32_t rate = reach_of(asked, settings).rate;
    return rate > 0 ? rate : provider_row(asked).provider.requests_per_second_max(access_to(asked, settings));
  }
  OriginResult<Prepared> prepare(host::Host&, const config::Resource& resource,
                                 const config::Settings& settings, const Wanted& wanted) const override {
    return prepared(plan_books(resource, settings, wanted));
  }
  OriginResult<Fetched> read(host::Host& host, const config::Resource& resource, const config::Settings&,
                             const Wanted& wanted, const Request&, WireReply reply) const override {
    return read_books(host, resource, wanted, std::move(reply));
  }
};

class LanguageModel final : public Kind {
 public:
  std::string name(const config::Resource&, std::size_t) const override {
    return std::string(config::model_word);
  }
  std::string_view source(const config::Resource&, std::size_t) const override { return config::model_word; }
  OriginResult<Prepared> prepare(host::Host& host, const config::Resource& resource,
                                 const config::Settings& settings, const Wanted& wanted) const override {
    return plan_model(host, resource, settings, wanted);
  }
  OriginResult<Fetched> read(host::Host& host, const config::Resource&, const config::Settings& settings,
                             const Wanted&, const Request&, WireReply reply) const override {
    const auto model = model_of(settings);
    LARDER_ASSERT(model.has_value());
    return read_model(host, model->shape, std::move(reply));
  }
  bool is_unwell(const Refusal& refusal) const override {
    return Kind::is_unwell(refusal) || refusal.error.kind == ErrorKind::corrupt;
  }
  Price price() const override { return Price::counted; }
};

// What came of a request.
OriginResult<Fetched> read_whatever_came(host::Host& host, const config::Resource& resource,
                                         const config::Settings& settings, const Wanted& wanted,
                                         OriginResult<Exchanged> exchanged) {
  if (!exchanged) {
    return tl::make_unexpected(std::move(exchanged.error()));
  }
  if (exchanged->ticket != 0) {
    Fetched pending;
    pending.ticket = exchanged->ticket;
    pending.late = std::move(exchanged->late);
    return pending;
  }
  if (auto refused = refuse_status(exchanged->reply.status)) {
    return tl::make_unexpected(refusal_of(std::move(*refused), exchanged->reply, host.now()));
  }
  return kind_of(resource).read(host, resource, settings, wanted, exchanged->asked,
                                std::move(exchanged->reply));
}

// The same with the times around it.
OriginResult<Fetched> read_exchanged(host::Host& host, const config::Resource& resource,
                                     const config::Settings& settings, const Wanted& wanted,
                                     Instant requested_at, OriginResult<Exchanged> exchanged) {
  auto fetched = read_whatever_came(host, resource, settings, wanted, std::move(exchanged));
  if (fetched) {
    fetched->provider = wanted.provider;
    fetched->requested_at = requested_at;
    fetched->received_at = host.now();
  }
  return fetched;
}

}  // namespace

const Kind& kind_of(const config::Resource& resource) {
  static const Url url;
  static const Books books;
  static const LanguageModel model;
  switch (resource.origin.kind) {
    case config::OriginKind::url:
      return url;
    case config::OriginKind::provider:
      return books;
    case config::OriginKind::model:
      return model;
  }
  LARDER_UNREACHABLE();
}

std::vector<std::size_t> Kind::providers_asked(const config::Resource&, const config::Settings&) const {
  return {0};
}

std::uint32_t Kind::polite_rate(const config::Resource&, std::size_t, const config::Settings&) const {
  constexpr std::uint32_t any_api = 1;
  return any_api;
}

bool Kind::is_unwell(const Refusal& refusal) const {
  return refusal.error.kind == ErrorKind::timeout || refusal.error.kind == ErrorKind::unavailable ||
         refusal.origin_status >= 500 || refusal.origin_status == 429;
}

bool is_model_unwell(const Refusal& refusal) { return LanguageModel().is_unwell(refusal); }

std::string origin_name(const config::Resource& resource, std::size_t provider) {
  return kind_of(resource).name(resource, provider);
}

std::vector<std::size_t> providers_asked(const config::Resource& resource, const config::Settings& settings) {
  return kind_of(resource).providers_asked(resource, settings);
}

std::uint32_t polite_rate(const config::Resource& resource, std::size_t provider,
                          const config::Settings& settings) {
  return kind_of(resource).polite_rate(resource, provider, settings);
}

OriginResult<Prepared> prepare(host::Host& host, const config::Resource& resource,
                               const config::Settings& settings, const Wanted& wanted) {
  auto planned = kind_of(resource).prepare(host, resource, settings, wanted);
  if (!planned) {
    planned.error().unsent = true;
  }
  return planned;
}

host::Task<OriginResult<Fetched>> fetch(host::Context here, const config::Resource& resource,
                                        const config::Settings& settings, Wanted wanted, Request request) {
  const Instant requested_at = here.host().now();
  const Instant deadline = requested_at + wanted.timeout;
  const Instant soft_end = wanted.soft > Millis(0) ? requested_at + wanted.soft : Instant::max();
  auto exchanged = co_await exchange(here, std::move(request), deadline, soft_end);
  co_return read_exchanged(here.host(), resource, settings, wanted, requested_at, std::move(exchanged));
}

host::Task<OriginResult<ModelAnswer>> ask_model(host::Context here, const config::Settings& settings,
                                                ModelPrompt prompt, Millis timeout) {
  const auto model = model_of(settings);
  if (!model) {
    co_return tl::make_unexpected(no_model());
  }
  Request request = model_wire_request(*model, prompt);
  const Instant deadline = here.host().now() + timeout;
  auto exchanged = co_await exchange(here, std::move(request), deadline, Instant::max());
  if (!exchanged) {
    co_return tl::make_unexpected(std::move(exchanged.error()));
  }
  co_return read_model_answer(here.host(), model->shape, exchanged->reply);
}

host::Task<OriginResult<Fetched>> resume(host::Context here, const config::Resource& resource,
                                         const config::Settings& settings, Wanted wanted,
                                         std::uint32_t ticket, std::shared_ptr<const Late> late,
                                         Instant requested_at) {
  auto exchanged = co_await resume_exchange(here, ticket, std::move(late));
  co_return read_exchanged(here.host(), resource, settings, wanted, requested_at, std::move(exchanged));
}

std::string leading_system_of(const config::Resource& resource, const config::FieldValues& values) {
  const auto [profile, name] = profile_of(resource, values);
  const auto systems = read_profile(profile, name);
  const ProfileSystem* const leading = systems ? leading_system(*systems) : nullptr;
  return leading == nullptr ? "" : leading->name;
}

std::string narrative_stand_in(const config::Resource& resource, const config::FieldValues& values,
                               Instant now) {
  const auto [profile, name] = profile_of(resource, values);
  const auto systems = read_profile(profile, name);
  LARDER_ASSERT(systems.has_value());
  return narrative_answer(narrative_template(*systems), now, NarrativeSource::template_);
}

}  // namespace larder::origin
