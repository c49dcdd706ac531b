// Any text as what operators send: a purge, a change of settings, a bearer field, a token's claims, an
// address. What is accepted keeps its limits; what is refused says why in plain text.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "config/settings.h"
#include "http/client.h"
#include "operators/caller.h"
#include "operators/operator_request.h"

namespace {

using namespace larder;

void check_operator_faults(const Faults& faults) {
  LARDER_ASSERT(!faults.empty() && faults.size() <= config::limit::declaration_faults_max);
  for (const Fault& fault : faults) {
    LARDER_ASSERT(!fault.message.empty() && is_utf8(fault.message) && is_utf8(fault.path));
  }
}

void check_purges(std::string_view json) {
  const auto purges = operators::parse_purge_request(json);
  if (!purges) {
    check_operator_faults(purges.error());
    return;
  }
  LARDER_ASSERT(!purges->empty() && purges->size() <= config::limit::operator_keys_max);
  for (const config::Purge& purge : *purges) {
    LARDER_ASSERT(!purge.text.empty() && purge.text.size() <= config::limit::purge_text_bytes_max);
    LARDER_ASSERT(is_utf8(purge.text) && purge.kind != config::PurgeKind::all);
    LARDER_ASSERT(purge.is_soft() == purges->front().is_soft());
  }
}

void check_changes(std::string_view json) {
  const auto changes = operators::parse_settings_request(json);
  if (!changes) {
    check_operator_faults(changes.error());
    return;
  }
  LARDER_ASSERT(!changes->empty() && changes->size() <= config::runtime_settings().size());
  for (const auto& [name, value] : *changes) {
    LARDER_ASSERT(value.size() <= config::limit::purge_text_bytes_max && is_utf8(value));
  }
  const auto settings = config::parse_settings(config::with_changes({}, *changes));
  LARDER_ASSERT(settings.has_value() || !settings.error().empty());
}

void check_bearer(std::string_view field) {
  const auto token = operators::bearer_token(field);
  if (token) {
    LARDER_ASSERT(token->empty() || operators::is_token_text(*token));
    LARDER_ASSERT(token->size() <= config::limit::token_bytes_max && contains(field, *token));
  }
}

void check_claims(std::string_view json) {
  const operators::Claims claims = operators::read_claims(json, config::Settings());
  LARDER_ASSERT(!claims.subject.empty() && claims.subject.size() <= config::limit::subject_bytes_max);
  LARDER_ASSERT(is_utf8(claims.subject));
  LARDER_ASSERT(claims.role == operators::Role::none || contains(json, to_text(claims.role)) ||
                contains(json, "\\"));
  LARDER_ASSERT(!http::client_of(json).empty() && http::client_of(json).size() <= 64);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string text(data + 1, data + size);
  switch (data[0] % 4) {
    case 0:
      check_purges(text);
      break;
    case 1:
      check_changes(text);
      break;
    case 2:
      check_bearer(text);
      break;
    default:
      check_claims(text);
      break;
  }
  return 0;
}
