// Writes compact JSON (RFC 8259). Keys and values come in order; commas, quotes and escapes are the writer's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace larder {

// Usage: JsonWriter json; json.begin_object().key("title").value(title).end_object(); std::move(json).take();
// Text that is not UTF-8 is written with U+FFFD in place of each broken byte, so that the result always
// parses.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  // Any integer, and bool as true or false.
  template <typename T, typename = std::enable_if_t<std::is_integral_v<T>>>
  JsonWriter& value(T number) {
    if constexpr (std::is_same_v<T, bool>) {
      return raw(number ? "true" : "false");
    } else if constexpr (std::is_signed_v<T>) {
      return integer(static_cast<std::int64_t>(number));
    } else {
      return integer(static_cast<std::uint64_t>(number));
    }
  }
  // Up to six decimals, trailing zeros dropped; what is not finite is null.
  JsonWriter& value(double number);
  JsonWriter& null() { return raw("null"); }
  JsonWriter& texts(const std::vector<std::string>& list);
  // `json` is already valid JSON.
  JsonWriter& raw(std::string_view json);

  const std::string& text() const { return out_; }
  // The finished text. Every object and array has been ended (asserted).
  std::string take() &&;

 private:
  JsonWriter& integer(std::int64_t number);
  JsonWriter& integer(std::uint64_t number);
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();
  void quote(std::string_view text);

  std::string out_;
  int depth_ = 0;
  bool needs_comma_ = false;
};

}  // namespace larder
