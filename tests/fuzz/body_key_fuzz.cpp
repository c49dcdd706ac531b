// Any bytes as the JSON body of a request: what is accepted has one form, which is its own, and numbers at
// the quantised path stand in whole steps; what is refused says why in plain text.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/text.h"
#include "config/declaration.h"
#include "entry/canonical_json.h"
#include "entry/decimal.h"
#include "entry/normalise.h"

namespace {

using namespace larder;

const NormalText lower_text = [](std::string_view text) { return to_lower(text); };

const config::Resource& resource() {
  static const auto declarations = config::parse_declarations(R"({"resources": [{
    "name": "narr", "match": {"method": "POST", "path": "/n"}, "origin": {"url": "https://api.example.com/n"},
    "key": [{"setting": "PROMPT_HASH"}, {"body": "q", "normalise": ["collapse", "lower"]},
            {"body": "profile", "normalise": ["json"], "digest": true,
             "quantise": {"paths": ["systems[].percentage", "share"], "step": 0.5}}],
    "ttl": "1h"}]})");
  LARDER_ASSERT(declarations.has_value());
  return declarations->resources.front();
}

void check_refusal(const Error& error) {
  LARDER_ASSERT(error.kind == ErrorKind::invalid && !error.message.empty() && is_utf8(error.message));
}

void check_canonical(std::string_view json) {
  const config::JsonQuantise& quantise = resource().key.back().quantise;
  const auto once = entry::canonical_json(json, quantise);
  if (!once) {
    check_refusal(once.error());
    return;
  }
  LARDER_ASSERT(is_utf8(*once));
  const auto twice = entry::canonical_json(*once, quantise);
  LARDER_ASSERT(twice.has_value() && *twice == *once);
  // What has its one form with buckets has it without them too.
  const auto plain = entry::canonical_json(*once);
  LARDER_ASSERT(plain.has_value() && *plain == *once);
}

void check_number(std::string_view token) {
  const auto number = entry::parse_json_number(token);
  if (!number) {
    return;
  }
  const auto plain = entry::plain_decimal(*number, 100);
  LARDER_ASSERT(!plain || entry::plain_decimal(*entry::parse_json_number(*plain), 100) == plain);
  const auto bucket = entry::quantised(*number, 500'000'000);
  LARDER_ASSERT(!bucket || entry::quantised(*entry::parse_json_number(*bucket), 500'000'000) == bucket);
}

void check_body(std::string_view body) {
  const auto parts = entry::body_parts(resource(), body);
  if (!parts) {
    check_refusal(parts.error());
    return;
  }
  const TextPairs none;
  const http::Fields no_fields;
  const TextPairs settings = {{"PROMPT_HASH", "0123456789"}};
  const auto values = entry::normalise_fields(
      resource(), entry::Parameters{none, none, no_fields, *parts, settings}, lower_text);
  if (!values) {
    check_refusal(values.error());
    return;
  }
  // What is sent on asks the same question again.
  const std::string sent = entry::origin_body(resource(), *values);
  const auto again = entry::body_parts(resource(), sent);
  LARDER_ASSERT(again.has_value());
  const auto same = entry::normalise_fields(
      resource(), entry::Parameters{none, none, no_fields, *again, settings}, lower_text);
  LARDER_ASSERT(same.has_value() && *same == *values);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_canonical(text);
  check_number(text);
  check_body(text);
  return 0;
}
