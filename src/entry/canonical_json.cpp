#include "entry/canonical_json.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/json_writer.h"
#include "base/text.h"
#include "entry/decimal.h"
#include "json/json_memory.h"
#include "simdjson.h"

namespace larder::entry {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t depth_max = 32;
// A double is told exactly by far fewer.
constexpr std::size_t number_digits_max = 40;

Failure refuse_json(std::string message) { return fail(ErrorKind::invalid, "json", std::move(message)); }

Failure refuse_syntax() { return refuse_json("It is no JSON; check its quotes, commas and brackets."); }

Failure refuse_for_memory() {
  return fail(ErrorKind::unavailable, "json", "There is no memory to read it at the moment.");
}

// RFC 8259 §2: what may stand around a token.
std::string_view bare(std::string_view token) {
  constexpr std::string_view white = " \t\n\r";
  const std::size_t first = std::min(token.find_first_not_of(white), token.size());
  token.remove_prefix(first);
  return token.substr(0, token.find_last_not_of(white) + 1);
}

Failure refuse_twice(std::string_view name) {
  return refuse_json(concat({"The member \"", name, "\" is given twice; keep one."}));
}

// Writes values in their one form. Paths are followed as the value is walked: one step of a path is one
// level.
class CanonicalWriter {
 public:
  explicit CanonicalWriter(const config::JsonQuantise& quantise) : step_(quantise.step_billionths) {
    for (const config::JsonPath& path : quantise.paths) {
      paths_.push_back(&path);
    }
  }

  Result<std::string> document(ondemand::document& document, std::string_view json) {
    ondemand::json_type type;
    if (document.type().get(type) != simdjson::SUCCESS) {
      return refuse_syntax();
    }
    if (type == ondemand::json_type::object || type == ondemand::json_type::array) {
      ondemand::value root;
      if (document.get_value().get(root) != simdjson::SUCCESS) {
        return refuse_syntax();
      }
      return value(root, paths_, 0);
    }
    return scalar_root(document, json, type);
  }

 private:
  using Paths = std::vector<const config::JsonPath*>;

  // simdjson reads a document that is one scalar by other means.
  Result<std::string> scalar_root(ondemand::document& document, std::string_view json,
                                  ondemand::json_type type) {
    switch (type) {
      case ondemand::json_type::number:
        // The whole text, so that nothing can come after it.
        return number(bare(json), paths_, 0);
      case ondemand::json_type::string: {
        std::string_view text;
        if (document.get_string().get(text) != simdjson::SUCCESS) {
          return refuse_syntax();
        }
        return quoted(text);
      }
      case ondemand::json_type::boolean: {
        bool truth = false;
        if (document.get_bool().get(truth) != simdjson::SUCCESS) {
          return refuse_syntax();
        }
        return std::string(truth ? "true" : "false");
      }
      case ondemand::json_type::null: {
        bool null = false;
        if (document.is_null().get(null) != simdjson::SUCCESS || !null) {
          return refuse_syntax();
        }
        return std::string("null");
      }
      case ondemand::json_type::object:
      case ondemand::json_type::array:
        break;
    }
    return refuse_syntax();
  }

  Result<std::string> value(ondemand::value element, const Paths& paths, std::size_t depth) {
    if (depth > depth_max) {
      return refuse_json("It is nested deeper than 32; flatten it.");
    }
    ondemand::json_type type;
    if (element.type().get(type) != simdjson::SUCCESS) {
      return refuse_syntax();
    }
    switch (type) {
      case ondemand::json_type::object:
        return object(element, paths, depth);
      case ondemand::json_type::array:
        return array(element, paths, depth);
      case ondemand::json_type::number:
        return number(bare(element.raw_json_token()), paths, depth);
      case ondemand::json_type::string: {
        std::string_view text;
        if (element.get_string().get(text) != simdjson::SUCCESS) {
          return refuse_syntax();
        }
        return quoted(text);
      }
      case ondemand::json_type::boolean: {
        bool truth = false;
        if (element.get_bool().get(truth) != simdjson::SUCCESS) {
          return refuse_syntax();
        }
        return std::string(truth ? "true" : "false");
      }
      case ondemand::json_type::null: {
        bool null = false;
        if (element.is_null().get(null) != simdjson::SUCCESS || !null) {
          return refuse_syntax();
        }
        return std::string("null");
      }
    }
    return refuse_syntax();
  }

  static Result<std::string> quoted(std::string_view text) {
    JsonWriter json;
    json.value(text);
    return std::move(json).take();
  }

  Result<std::string> number(std::string_view token, const Paths& paths, std::size_t depth) const {
    const auto decimal = parse_json_number(token);
    if (!decimal) {
      return refuse_syntax();
    }
    const bool quantises = std::any_of(paths.begin(), paths.end(),
                                       [&](const config::JsonPath* path) { return path->size() == depth; });
    const auto bucket = quantises ? quantised(*decimal, step_) : std::nullopt;
    const auto plain = bucket ? bucket : plain_decimal(*decimal, number_digits_max);
    if (!plain) {
      return refuse_json("It has a number of too many digits; round it, or write it as a text.");
    }
    return *plain;
  }

  static Paths below(const Paths& paths, std::size_t depth, std::string_view step) {
    Paths left;
    for (const config::JsonPath* path : paths) {
      if (depth < path->size() && (*path)[depth] == step) {
        left.push_back(path);
      }
    }
    return left;
  }

  Result<std::string> array(ondemand::value element, const Paths& paths, std::size_t depth) {
    ondemand::array items;
    if (element.get_array().get(items) != simdjson::SUCCESS) {
      return refuse_syntax();
    }
    const Paths left = below(paths, depth, "[]");
    std::string text = "[";
    for (auto each : items) {
      ondemand::value item;
      if (each.get(item) != simdjson::SUCCESS) {
        return refuse_syntax();
      }
      auto written = value(item, left, depth + 1);
      if (!written) {
        return written;
      }
      text.append(text.size() > 1 ? "," : "").append(*written);
    }
    return text.append("]");
  }

  Result<std::string> object(ondemand::value element, const Paths& paths, std::size_t depth) {
    ondemand::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) {
      return refuse_syntax();
    }
    std::map<std::string, std::string> members;
    for (auto each : object) {
      ondemand::field field;
      std::string_view name;
      if (std::move(each).get(field) != simdjson::SUCCESS ||
          field.unescaped_key(false).get(name) != simdjson::SUCCESS) {
        return refuse_syntax();
      }
      std::string key(name);
      // A member that is called [] is no step of a path.
      const Paths left = key == "[]" ? Paths() : below(paths, depth, key);
      auto written = value(field.value(), left, depth + 1);
      if (!written) {
        return written;
      }
      if (!members.emplace(key, std::move(*written)).second) {
        return refuse_twice(key);
      }
    }
    JsonWriter json;
    json.begin_object();
    for (const auto& [name, text] : members) {
      if (text != "null") {
        json.key(name).raw(text);
      }
    }
    json.end_object();
    return std::move(json).take();
  }

  std::int64_t step_;
  Paths paths_;
};

}  // namespace

Result<std::string> canonical_json(std::string_view json, const config::JsonQuantise& quantise) {
  ondemand::parser parser;
  const simdjson::padded_string padded(json);
  ondemand::document document;
  if (const auto error = parser.iterate(padded).get(document); error != simdjson::SUCCESS) {
    return json::lacks_memory(json, padded, error) ? refuse_for_memory() : refuse_syntax();
  }
  CanonicalWriter writer(quantise);
  auto written = writer.document(document, json);
  const std::string_view text = bare(json);
  const bool number = !text.empty() && (text.front() == '-' || is_digit(text.front()));
  if (written && !number && !document.at_end()) {
    return refuse_syntax();
  }
  return written;
}

Result<TextPairs> json_members(std::string_view json, const std::vector<std::string_view>& names) {
  ondemand::parser parser;
  const simdjson::padded_string padded(json);
  ondemand::document document;
  ondemand::object root;
  const auto error = parser.iterate(padded).get(document);
  if (json::lacks_memory(json, padded, error)) {
    return refuse_for_memory();
  }
  if (error != simdjson::SUCCESS || document.get_object().get(root) != simdjson::SUCCESS) {
    return refuse_json("It is no JSON object; send one, with content-type: application/json.");
  }
  TextPairs members;
  std::vector<std::string> seen;
  for (auto each : root) {
    ondemand::field field;
    std::string_view name;
    if (std::move(each).get(field) != simdjson::SUCCESS ||
        field.unescaped_key(false).get(name) != simdjson::SUCCESS) {
      return refuse_syntax();
    }
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      continue;
    }
    std::string key(name);
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      return refuse_twice(key);
    }
    seen.push_back(key);
    std::string_view text;
    if (field.value().raw_json().get(text) != simdjson::SUCCESS) {
      return refuse_syntax();
    }
    if (bare(text) != "null") {
      members.emplace_back(std::move(key), bare(text));
    }
  }
  if (!document.at_end()) {
    return refuse_syntax();
  }
  return members;
}

Result<std::string> json_text(std::string_view json) {
  ondemand::parser parser;
  const simdjson::padded_string padded(json);
  ondemand::document document;
  std::string_view text;
  const auto error = parser.iterate(padded).get(document);
  if (json::lacks_memory(json, padded, error)) {
    return refuse_for_memory();
  }
  if (error != simdjson::SUCCESS || document.get_string().get(text) != simdjson::SUCCESS ||
      !document.at_end()) {
    return refuse_json("It is no text; write it in quotes.");
  }
  return std::string(text);
}

}  // namespace larder::entry
