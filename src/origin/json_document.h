// Reading a reply with simdjson's On-Demand parser (3.9.4): one pass forward, nothing built but what is asked
// for. For the readers of this room.
//
// A value of another type than expected is passed over; only what breaks the document as a whole ends the
// reading, as a Fault. Members that are not read are skipped by their brackets, not validated.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "origin/padded_text.h"
#include "simdjson.h"

namespace larder::origin {

static_assert(padding_bytes >= simdjson::SIMDJSON_PADDING);

using JsonValue = simdjson::ondemand::value;

// SUCCESS: go on. Anything else: stop, and let to_error() explain it.
using Fault = simdjson::error_code;

// `on_field(std::string_view key, JsonValue value) -> Fault` for every member of an object.
template <typename OnField>
Fault each_field(simdjson::ondemand::object object, OnField&& on_field) {
  for (auto entry : object) {
    simdjson::ondemand::field field;
    if (const Fault fault = std::move(entry).get(field)) {
      return fault;
    }
    // Few keys have escapes, and the others are read where they lie.
    std::string_view key = field.escaped_key();
    if (key.find('\\') != std::string_view::npos) {
      if (const Fault fault = field.unescaped_key(true).get(key)) {
        return fault;
      }
    }
    if (const Fault fault = on_field(key, field.value())) {
      return fault;
    }
  }
  return simdjson::SUCCESS;
}

// The same for a value that may be an object.
template <typename OnField>
Fault each_field(JsonValue value, OnField&& on_field) {
  simdjson::ondemand::json_type type;
  if (const Fault fault = value.type().get(type)) {
    return fault;
  }
  if (type != simdjson::ondemand::json_type::object) {
    return simdjson::SUCCESS;
  }
  simdjson::ondemand::object object;
  if (const Fault fault = value.get_object().get(object)) {
    return fault;
  }
  return each_field(object, std::forward<OnField>(on_field));
}

// `on_element(JsonValue element) -> Fault` for every element of a value that may be an array, as long as
// `goes_on()`: what is behind is passed over by its brackets.
template <typename GoesOn, typename OnElement>
Fault each_element_while(JsonValue value, GoesOn&& goes_on, OnElement&& on_element) {
  simdjson::ondemand::json_type type;
  if (const Fault fault = value.type().get(type)) {
    return fault;
  }
  if (type != simdjson::ondemand::json_type::array) {
    return simdjson::SUCCESS;
  }
  simdjson::ondemand::array array;
  if (const Fault fault = value.get_array().get(array)) {
    return fault;
  }
  for (auto entry : array) {
    if (!goes_on()) {
      break;
    }
    JsonValue element;
    if (const Fault fault = std::move(entry).get(element)) {
      return fault;
    }
    if (const Fault fault = on_element(element)) {
      return fault;
    }
  }
  return simdjson::SUCCESS;
}

// The same for every element.
template <typename OnElement>
Fault each_element(JsonValue value, OnElement&& on_element) {
  return each_element_while(value, [] { return true; }, std::forward<OnElement>(on_element));
}

Fault is_array(JsonValue value, bool& result);

// Unescaped text that lives as long as the document; nullopt for a value that is no string. A lone surrogate
// becomes U+FFFD.
Fault read_text(JsonValue value, std::optional<std::string_view>& text);

// nullopt for a value that is no integer of 64 bits.
Fault read_integer(JsonValue value, std::optional<std::int64_t>& number);

// `on_text(std::string_view)` if the value is a string.
template <typename OnText>
Fault with_text(JsonValue value, OnText&& on_text) {
  std::optional<std::string_view> text;
  if (const Fault fault = read_text(value, text)) {
    return fault;
  }
  if (text) {
    on_text(*text);
  }
  return simdjson::SUCCESS;
}

// `on_text(std::string_view)` for every string in an array, as long as `goes_on()`.
template <typename GoesOn, typename OnText>
Fault with_texts_while(JsonValue value, GoesOn&& goes_on, OnText&& on_text) {
  return each_element_while(value, std::forward<GoesOn>(goes_on),
                            [&](JsonValue element) { return with_text(element, on_text); });
}

// `on_text(std::string_view)` for every string in an array.
template <typename OnText>
Fault with_texts(JsonValue value, OnText&& on_text) {
  return each_element(value, [&](JsonValue element) { return with_text(element, on_text); });
}

// `on_number(std::int64_t)` if the value is an integer.
template <typename OnNumber>
Fault with_integer(JsonValue value, OnNumber&& on_number) {
  std::optional<std::int64_t> number;
  if (const Fault fault = read_integer(value, number)) {
    return fault;
  }
  if (number) {
    on_number(*number);
  }
  return simdjson::SUCCESS;
}

// One reply being read. The text outlives it.
class JsonDocument {
 public:
  JsonDocument() = default;
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  Fault open(PaddedText text);
  // Every member of the root, which has to be an object with nothing after it.
  template <typename OnField>
  Fault each_root_field(OnField&& on_field) {
    simdjson::ondemand::object root;
    if (const Fault fault = open_root(root)) {
      return fault;
    }
    if (const Fault fault = each_field(root, std::forward<OnField>(on_field))) {
      return fault;
    }
    return document_.at_end() ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
  }

 private:
  Fault open_root(simdjson::ondemand::object& root);

  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
};

// `fault` is not SUCCESS.
Error to_error(std::string_view source, Fault fault);
// The JSON is sound, but `expected` is not what it holds.
Failure wrong_shape(std::string_view source, std::string_view expected);

}  // namespace larder::origin
