#include "origin/json_document.h"

#include "base/assert.h"
#include "base/text.h"

namespace larder::origin {

namespace {

using simdjson::ondemand::json_type;

}  // namespace

Fault is_array(JsonValue value, bool& result) {
  json_type type;
  if (const Fault fault = value.type().get(type)) {
    return fault;
  }
  result = type == json_type::array;
  return simdjson::SUCCESS;
}

Fault read_text(JsonValue value, std::optional<std::string_view>& text) {
  json_type type;
  if (const Fault fault = value.type().get(type)) {
    return fault;
  }
  if (type != json_type::string) {
    return simdjson::SUCCESS;
  }
  std::string_view unescaped;
  if (const Fault fault = value.get_string(true).get(unescaped)) {
    return fault;
  }
  text = unescaped;
  return simdjson::SUCCESS;
}

Fault read_integer(JsonValue value, std::optional<std::int64_t>& number) {
  json_type type;
  if (const Fault fault = value.type().get(type)) {
    return fault;
  }
  std::int64_t integer = 0;
  // A number that does not parse as one of 64 bits (a fraction, a greater one) stays where it is, to be
  // passed over.
  if (type == json_type::number && value.get_int64().get(integer) == simdjson::SUCCESS) {
    number = integer;
  }
  return simdjson::SUCCESS;
}

Fault JsonDocument::open(PaddedText text) {
  const std::string_view bytes = text.text();
  return parser_.iterate(bytes.data(), bytes.size(), bytes.size() + padding_bytes).get(document_);
}

Fault JsonDocument::open_root(simdjson::ondemand::object& root) {
  json_type type;
  if (const Fault fault = document_.type().get(type)) {
    return fault;
  }
  return type == json_type::object ? document_.get_object().get(root) : simdjson::INCORRECT_TYPE;
}

Error to_error(std::string_view source, Fault fault) {
  LARDER_ASSERT(fault != simdjson::SUCCESS);
  if (fault == simdjson::INCORRECT_TYPE) {
    return wrong_shape(source, "a JSON object").value();
  }
  return Error(ErrorKind::corrupt, source, Retry::later,
               concat({source, " sent JSON that does not decode or breaks off (",
                       simdjson::error_message(fault), "); ask later"}));
}

Failure wrong_shape(std::string_view source, std::string_view expected) {
  return fail(ErrorKind::corrupt, source,
              concat({source, " sent JSON without ", expected, "; its interface may have changed"}));
}

}  // namespace larder::origin
