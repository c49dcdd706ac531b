#include "operators/gate.h"

#include <algorithm>

#include "base/text.h"
#include "config/limits.h"
#include "host/client.h"
#include "host/operations.h"
#include "http/client.h"
#include "operators/caller.h"
#include "records/calls.h"
#include "records/token_bucket.h"

namespace larder::operators {

namespace {

using host::Outgoing;
namespace limit = config::limit;

constexpr std::string_view token_secret_name = "ADMIN_JWT_SECRET";

Outgoing refused(host::Context here, const http::Problem& problem, std::string_view field,
                 std::string_view value) {
  Outgoing outgoing = host::problem_answer(here.host(), problem);
  outgoing.answer.headers.emplace_back(field, value);
  return outgoing;
}

// RFC 6750 §3: no error code where no token was shown.
Outgoing unauthorized(host::Context here, std::string detail) {
  return refused(here, http::Problem(401, std::move(detail)), "www-authenticate", "Bearer realm=\"larder\"");
}

Outgoing invalid_token(host::Context here, std::string_view reason) {
  const http::Problem problem(
      401, concat({reason, " Show a valid one: Authorization: Bearer … (npm run --silent token)."}));
  return refused(
      here, problem, "www-authenticate",
      concat({"Bearer realm=\"larder\", error=\"invalid_token\", error_description=\"", reason, "\""}));
}

Outgoing not_permitted(host::Context here, Role least) {
  const std::string_view needs = host::service_role_of(here)
                                     ? "This call needs a service binding whose props have the role "
                                     : "This call needs a token with the role ";
  const http::Problem problem(403, concat({needs, to_text(least), "."}));
  return refused(
      here, problem, "www-authenticate",
      concat({"Bearer realm=\"larder\", error=\"insufficient_scope\", scope=\"", to_text(least), "\""}));
}

Outgoing too_many(host::Context here, Millis retry_after) {
  const std::string seconds = to_text(whole_seconds(std::max(retry_after, Millis(1)) + Millis(999)));
  const http::Problem problem(429,
                              concat({"More than ", to_text(std::uint64_t{limit::operator_calls_per_second}),
                                      " operators' calls a second; go on in ", seconds, " s."}));
  return refused(here, problem, "retry-after", seconds);
}

Outgoing shut(host::Context here, std::string detail) {
  return refused(here, http::Problem(503, std::move(detail)), "retry-after", "5");
}

// What is wrong with a token, in words that fit a quoted string.
std::string_view words_of_reason(std::string_view reason) {
  if (reason == "expired") {
    return "The token has expired.";
  }
  if (reason == "not_yet_valid") {
    return "The token is not valid yet.";
  }
  if (reason == "claims") {
    return "The token is for another issuer or audience, or lacks a claim.";
  }
  if (reason == "signature") {
    return "The token is not signed with a key that counts here.";
  }
  if (reason == "algorithm") {
    return "The token is signed by an algorithm that does not count here.";
  }
  return "The token is malformed.";
}

}  // namespace

bool Gate::is_set_up() const {
  return settings_.secret(token_secret_name).has_value() || !settings_.admin_key_set_url.empty();
}

host::Task<std::optional<Outgoing>> Gate::admit(host::Context here, Role least, Call& call) const {
  call.address = host::address_of(here);
  call.service = host::service_of(here).value_or("");
  std::string client_bucket = concat({"ip:", http::client_of(call.address)});
  auto throttled = co_await take_one(here, std::move(client_bucket));
  if (throttled) {
    co_return std::move(throttled);
  }
  auto unknown = co_await authenticate(here, call);
  if (unknown) {
    co_return std::move(unknown);
  }
  if (call.role < least) {
    co_return not_permitted(here, least);
  }
  std::string subject_bucket = concat({"sub:", call.subject});
  auto exhausted = co_await take_one(here, std::move(subject_bucket));
  co_return std::move(exhausted);
}

host::Task<std::optional<Outgoing>> Gate::take_one(host::Context here, std::string bucket) const {
  const records::BucketTerms terms(limit::operator_calls_per_second, limit::operator_calls_burst, 1);
  const auto taken = co_await records::take_from_bucket(here, bucket, terms, limit::object_wait);
  if (!taken) {
    co_return shut(
        here, concat({"The calls of operators cannot be counted at the moment, so none is let in; try again. "
                      "If it stays so, see the Durable Object binding ",
                      records::buckets::binding_name, "."}));
  }
  if (!taken->allowed) {
    co_return too_many(here, taken->retry_after);
  }
  co_return std::nullopt;
}

host::Task<std::optional<Outgoing>> Gate::authenticate(host::Context here, Call& call) const {
  if (const auto role = host::service_role_of(here)) {
    call.subject = call.service;
    call.role = role_named(*role);
    co_return std::nullopt;
  }
  std::optional<std::string> token = shown_token(here);
  if (token && is_metrics_reader(call, *token)) {
    call.subject = "metrics";
    call.role = Role::viewer;
    co_return std::nullopt;
  }
  if (!is_set_up()) {
    co_return unauthorized(
        here,
        "The operators' routes are not set up: set the secret ADMIN_JWT_SECRET (npx wrangler "
        "secret put ADMIN_JWT_SECRET), or ADMIN_JWKS_URL for an identity provider.");
  }
  if (!token) {
    co_return unauthorized(here,
                           "This call needs a token: Authorization: Bearer … (npm run --silent token).");
  }
  if (token->empty()) {
    co_return invalid_token(here, words_of_reason("malformed"));
  }
  const auto verified = co_await verify(here, std::move(*token));
  if (!verified) {
    co_return shut(
        here,
        "The keys that tokens are checked with cannot be read at the moment; try again. If it stays "
        "so, see ADMIN_JWKS_URL.");
  }
  if (!verified->valid) {
    co_return invalid_token(here, words_of_reason(verified->reason));
  }
  const Claims claims = read_claims(verified->claims, settings_);
  call.subject = claims.subject;
  call.role = claims.role;
  co_return std::nullopt;
}

bool Gate::is_metrics_reader(const Call& call, std::string_view token) const {
  const std::string_view path = call.target.path;
  const auto wanted = settings_.secret("METRICS_TOKEN");
  if (!(path == "/metrics" || path.starts_with("/metrics/")) || !wanted ||
      wanted->size() < limit::metrics_token_bytes_min || wanted->size() != token.size()) {
    return false;
  }
  // In the same time whatever differs.
  unsigned char differs = 0;
  for (std::size_t i = 0; i < token.size(); ++i) {
    differs = static_cast<unsigned char>(
        differs | (static_cast<unsigned char>(token[i]) ^ static_cast<unsigned char>((*wanted)[i])));
  }
  return differs == 0;
}

// Cloudflare Access puts its token into a field of its own.
std::optional<std::string> Gate::shown_token(host::Context here) const {
  const auto authorization =
      here.host().request_header(here.request(), "authorization", limit::header_value_bytes_max);
  if (authorization) {
    if (const auto token = bearer_token(*authorization)) {
      return std::string(*token);
    }
  }
  if (settings_.admin_key_set_url.empty()) {
    return std::nullopt;
  }
  auto asserted =
      here.host().request_header(here.request(), "cf-access-jwt-assertion", limit::token_bytes_max);
  if (asserted && !is_token_text(*asserted)) {
    asserted->clear();
  }
  return asserted;
}

// Each key counts for its own algorithms alone: what is signed with a public key as if it were a secret is
// refused.
host::Task<Result<Gate::Verified>> Gate::verify(host::Context here, std::string token) const {
  const std::vector<std::string> secret_algorithms = {"HS256"};
  const std::vector<std::string> key_set_algorithms = {"RS256", "ES256"};
  const auto now_seconds = static_cast<std::uint64_t>(whole_seconds(here.host().now().time_since_epoch()));
  Verified outcome;
  outcome.reason = "algorithm";
  const std::string secret(settings_.secret(token_secret_name).value_or(""));
  if (!secret.empty()) {
    auto by_secret =
        co_await host::token_verify(here, token, secret_algorithms, secret, "", settings_.admin_issuer,
                                    settings_.admin_audience, now_seconds);
    if (!by_secret) {
      co_return tl::make_unexpected(std::move(by_secret.error()));
    }
    outcome.valid = by_secret->valid == 1;
    outcome.reason = std::move(by_secret->reason);
    outcome.claims = std::move(by_secret->claims);
  }
  if (outcome.reason == "algorithm" && !settings_.admin_key_set_url.empty()) {
    auto by_key_set =
        co_await host::token_verify(here, token, key_set_algorithms, "", settings_.admin_key_set_url,
                                    settings_.admin_issuer, settings_.admin_audience, now_seconds);
    if (!by_key_set) {
      co_return tl::make_unexpected(std::move(by_key_set.error()));
    }
    outcome.valid = by_key_set->valid == 1;
    outcome.reason = std::move(by_key_set->reason);
    outcome.claims = std::move(by_key_set->claims);
  }
  co_return std::move(outcome);
}

}  // namespace larder::operators
