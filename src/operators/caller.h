// The caller: the token that a request carries, and what a verified token says. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "operators/call.h"

namespace larder::operators {

// Role::none for what is no role's name.
Role role_named(std::string_view name);

// RFC 6750 §2.1, b64token; at most limit::token_bytes_max.
bool is_token_text(std::string_view text);

// The token of `Authorization: Bearer …` (RFC 6750 §2.1; the scheme whatever its case). nullopt: the field is
// of another scheme. "": of this one, and no single token.
std::optional<std::string_view> bearer_token(std::string_view authorization);

struct Claims {
  // The subject, else the e-mail address, else the service's name (common_name), else "unnamed". Cut to
  // limit::subject_bytes_max.
  std::string subject;
  Role role = Role::none;

  Claims() {}
};

// `json` is a verified token's payload. The role is the highest of: `role`, `roles` and `groups` (a text or
// an array of texts; also inside `custom`, where Cloudflare Access puts an identity provider's claims), and
// the lists of ADMIN_SUBJECTS and VIEWER_SUBJECTS. An address that the issuer calls unverified counts for
// nothing.
Claims read_claims(std::string_view json, const config::Settings& settings);

}  // namespace larder::operators
