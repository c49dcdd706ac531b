#include "operators/caller.h"

#include <algorithm>

#include "base/text.h"
#include "config/limits.h"
#include "simdjson.h"

namespace larder::operators {

namespace {

namespace dom = simdjson::dom;

std::string_view text_member(dom::element object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

Role role_claimed(dom::element claims, std::string_view name) {
  dom::element claim;
  if (claims[name].get(claim) != simdjson::SUCCESS) {
    return Role::none;
  }
  std::string_view text;
  if (claim.get(text) == simdjson::SUCCESS) {
    return role_named(text);
  }
  Role highest = Role::none;
  dom::array several;
  if (claim.get(several) == simdjson::SUCCESS) {
    for (const dom::element one : several) {
      if (one.get(text) == simdjson::SUCCESS) {
        highest = std::max(highest, role_named(text));
      }
    }
  }
  return highest;
}

Role role_in(dom::element claims) {
  return std::max(
      {role_claimed(claims, "role"), role_claimed(claims, "roles"), role_claimed(claims, "groups")});
}

Role role_listed(std::string_view subject, std::string_view email, const config::Settings& settings) {
  const auto lists = [&](const config::SubjectList& list) {
    return (!subject.empty() && list.has_subject(subject)) || (!email.empty() && list.has_email(email));
  };
  if (lists(settings.admin_subjects)) {
    return Role::admin;
  }
  return lists(settings.viewer_subjects) ? Role::viewer : Role::none;
}

// The address, unless its issuer does not vouch for it.
std::string_view email_of(dom::element claims) {
  bool verified = true;
  if (claims["email_verified"].get(verified) == simdjson::SUCCESS && !verified) {
    return {};
  }
  return text_member(claims, "email");
}

}  // namespace

Role role_named(std::string_view name) {
  for (const Role role : {Role::admin, Role::viewer}) {
    if (name == to_text(role)) {
      return role;
    }
  }
  return Role::none;
}

bool is_token_text(std::string_view text) {
  const auto fits = [](char c) {
    return is_alpha(c) || is_digit(c) || contains("-._~+/=", std::string_view(&c, 1));
  };
  return !text.empty() && text.size() <= config::limit::token_bytes_max &&
         std::all_of(text.begin(), text.end(), fits);
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer";
  const std::string_view field = trim(authorization);
  if (!equals_ignoring_case(field.substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  const std::string_view rest = field.substr(scheme.size());
  if (!rest.empty() && rest.front() != ' ') {
    return std::nullopt;
  }
  const std::string_view token = trim(rest);
  return is_token_text(token) ? token : std::string_view();
}

Claims read_claims(std::string_view json, const config::Settings& settings) {
  Claims claims;
  claims.subject = "unnamed";
  dom::parser parser;
  const simdjson::padded_string padded(json);
  dom::element root;
  if (parser.parse(padded).get(root) != simdjson::SUCCESS || !root.is_object()) {
    return claims;
  }
  const std::string_view subject = text_member(root, "sub");
  const std::string_view email = email_of(root);
  for (const std::string_view name : {subject, email, text_member(root, "common_name")}) {
    if (!name.empty()) {
      claims.subject = std::string(utf8_prefix(name, config::limit::subject_bytes_max));
      break;
    }
  }
  claims.role =
      std::max(role_in(root),
               role_listed(subject.empty() ? text_member(root, "common_name") : subject, email, settings));
  dom::element custom;
  if (root["custom"].get(custom) == simdjson::SUCCESS && custom.is_object()) {
    claims.role = std::max(claims.role, role_in(custom));
  }
  return claims;
}

}  // namespace larder::operators
