// A JSON value whose shape is known: the answer of a Durable Object, a queue message, an operator's request.
// Reads one member at a time; what is absent or of another type is the default.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/faults.h"
#include "base/result.h"
#include "simdjson.h"

namespace larder::json {

// Copies share the parsed document.
class JsonText {
 public:
  // Errors: invalid, when it is no JSON; unavailable, when there is no memory to read it.
  static Result<JsonText> parse(std::string_view json);

  bool is_object() const { return element_.is_object(); }
  bool is_array() const { return element_.is_array(); }
  bool is_null() const { return element_.is_null(); }
  bool has(std::string_view name) const { return find(name).has_value(); }
  std::optional<JsonText> find(std::string_view name) const;
  std::string text(std::string_view name) const;
  std::uint64_t number(std::string_view name, std::uint64_t otherwise = 0) const;
  bool flag(std::string_view name) const;
  // The elements of a member that is an array.
  std::vector<JsonText> items(std::string_view name) const;

  // Of this value itself.
  std::optional<std::string> as_text() const;
  std::optional<std::uint64_t> as_number() const;
  std::vector<JsonText> as_items() const;
  // A text, number or flag, as text.
  std::optional<std::string> as_scalar() const;
  // The members of an object, in their order.
  std::vector<std::pair<std::string, JsonText>> as_members() const;
  // The members of an object whose values are texts, numbers or flags, as text.
  std::vector<std::pair<std::string, std::string>> as_pairs() const;
  // As compact JSON.
  std::string json() const;
  // What is wrong with an object of an operator's: no object, members that are not `known`, members given
  // twice, and of those in `scalars` any that is no text, number or flag. `path` is where it stands; "" for
  // all of it.
  Faults faults_of_members(std::string_view path, const std::vector<std::string_view>& known,
                           const std::vector<std::string_view>& scalars = {}) const;

 private:
  JsonText(std::shared_ptr<simdjson::dom::parser> parser, simdjson::dom::element element)
      : parser_(std::move(parser)), element_(element) {}

  std::shared_ptr<simdjson::dom::parser> parser_;
  simdjson::dom::element element_;
};

}  // namespace larder::json
