// simdjson as a module of its own, to hold one of its kernels to another: bytes in, what it makes of them
// out.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "simdjson.h"

#define CHECK_EXPORT(name) __attribute__((export_name(#name))) extern "C"

extern "C" void __wasm_call_ctors();

namespace {

using simdjson::ondemand::json_type;
using simdjson::ondemand::value;

std::string made;

void write_number(std::uint64_t number) {
  char digits[20];
  std::size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  made.append(digits + at, sizeof digits - at);
}

// With its length, so that no text can look like what follows it.
void write_text(char kind, std::string_view text) {
  made.push_back(kind);
  write_number(text.size());
  made.push_back(':');
  made.append(text);
}

simdjson::error_code write_value(value at);

simdjson::error_code write_object(value at) {
  simdjson::ondemand::object object;
  if (const auto error = at.get_object().get(object)) {
    return error;
  }
  made.push_back('{');
  for (auto next : object) {
    simdjson::ondemand::field field;
    std::string_view key;
    if (const auto error = simdjson::simdjson_result<simdjson::ondemand::field>(next).get(field)) {
      return error;
    }
    if (const auto error = field.unescaped_key(false).get(key)) {
      return error;
    }
    write_text('k', key);
    if (const auto error = write_value(field.value())) {
      return error;
    }
  }
  made.push_back('}');
  return simdjson::SUCCESS;
}

simdjson::error_code write_array(value at) {
  simdjson::ondemand::array array;
  if (const auto error = at.get_array().get(array)) {
    return error;
  }
  made.push_back('[');
  for (auto next : array) {
    value element;
    if (const auto error = std::move(next).get(element)) {
      return error;
    }
    if (const auto error = write_value(element)) {
      return error;
    }
  }
  made.push_back(']');
  return simdjson::SUCCESS;
}

simdjson::error_code write_value(value at) {
  json_type type;
  if (const auto error = at.type().get(type)) {
    return error;
  }
  switch (type) {
    case json_type::object:
      return write_object(at);
    case json_type::array:
      return write_array(at);
    case json_type::string: {
      std::string_view text;
      const auto error = at.get_string().get(text);
      write_text('s', error ? std::string_view() : text);
      return error;
    }
    case json_type::number: {
      double number = 0;
      const auto error = at.get_double().get(number);
      std::uint64_t bits = 0;
      std::memcpy(&bits, &number, sizeof bits);
      made.push_back('n');
      write_number(bits);
      return error;
    }
    case json_type::boolean: {
      bool flag = false;
      const auto error = at.get_bool().get(flag);
      made.push_back(flag ? 't' : 'f');
      return error;
    }
    case json_type::null: {
      bool is_null = false;
      const auto error = at.is_null().get(is_null);
      made.push_back(is_null ? '0' : '?');
      return error;
    }
  }
  return simdjson::SUCCESS;
}

simdjson::error_code write_document(const char* text, std::size_t size) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  const simdjson::padded_string_view padded(text, size, size + simdjson::SIMDJSON_PADDING);
  if (const auto error = parser.iterate(padded).get(document)) {
    return error;
  }
  value root;
  if (const auto error = document.get_value().get(root)) {
    return error;
  }
  if (const auto error = write_value(root)) {
    return error;
  }
  made.push_back(document.at_end() ? '.' : '!');
  return simdjson::SUCCESS;
}

void write_error(char kind, simdjson::error_code error) {
  made.push_back(kind);
  write_number(static_cast<std::uint64_t>(error));
}

}  // namespace

CHECK_EXPORT(_initialize) void check_initialize() { __wasm_call_ctors(); }

// With room for the padding that the parser wants.
CHECK_EXPORT(allocate) void* check_allocate(std::uint32_t size) {
  return std::calloc(1, size + simdjson::SIMDJSON_PADDING);
}
CHECK_EXPORT(release) void check_release(void* memory) { std::free(memory); }

// The kernel's name, at made(); returns its length.
CHECK_EXPORT(kernel) std::uint32_t check_kernel() {
  made = simdjson::get_active_implementation()->name();
  return static_cast<std::uint32_t>(made.size());
}

// What is made of the text: whether it is UTF-8, its values one after the other by On-Demand, whether the
// document parser takes it, and the text without white space. Returns the length of made().
CHECK_EXPORT(read) std::uint32_t check_read(const char* text, std::uint32_t size) {
  made.clear();
  made.push_back(simdjson::validate_utf8(text, size) ? 'u' : 'x');
  write_error('o', write_document(text, size));
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  write_error('d', parser.parse(text, size, false).get(element));
  std::string small(size + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t small_size = 0;
  write_error('m', simdjson::minify(text, size, small.data(), small_size));
  write_text('m', std::string_view(small).substr(0, small_size));
  return static_cast<std::uint32_t>(made.size());
}

CHECK_EXPORT(made) const char* check_made() { return made.data(); }
