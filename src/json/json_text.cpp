#include "json/json_text.h"

#include "json/json_memory.h"
#include "json/json_reader.h"

namespace larder::json {

namespace dom = simdjson::dom;

Result<JsonText> JsonText::parse(std::string_view json) {
  auto parser = std::make_shared<dom::parser>();
  const simdjson::padded_string padded(json);
  dom::element root;
  if (const auto error = parser->parse(padded).get(root); error != simdjson::SUCCESS) {
    if (lacks_memory(json, padded, error)) {
      return fail(ErrorKind::unavailable, "json", "There is no memory to read this now.");
    }
    return fail(ErrorKind::invalid, "json", "This is no JSON.");
  }
  return JsonText(std::move(parser), root);
}

std::optional<JsonText> JsonText::find(std::string_view name) const {
  dom::object object;
  dom::element found;
  if (element_.get(object) != simdjson::SUCCESS || object.at_key(name).get(found) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return JsonText(parser_, found);
}

std::string JsonText::text(std::string_view name) const {
  const auto found = find(name);
  return found ? found->as_text().value_or("") : "";
}

std::uint64_t JsonText::number(std::string_view name, std::uint64_t otherwise) const {
  const auto found = find(name);
  return found ? found->as_number().value_or(otherwise) : otherwise;
}

bool JsonText::flag(std::string_view name) const {
  const auto found = find(name);
  bool value = false;
  return found && found->element_.get(value) == simdjson::SUCCESS && value;
}

std::vector<JsonText> JsonText::items(std::string_view name) const {
  const auto found = find(name);
  return found ? found->as_items() : std::vector<JsonText>();
}

std::optional<std::string> JsonText::as_text() const {
  std::string_view value;
  if (element_.get(value) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return std::string(value);
}

std::optional<std::uint64_t> JsonText::as_number() const {
  std::uint64_t value = 0;
  if (element_.get(value) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return value;
}

std::vector<JsonText> JsonText::as_items() const {
  std::vector<JsonText> items;
  dom::array array;
  if (element_.get(array) == simdjson::SUCCESS) {
    for (const dom::element element : array) {
      items.push_back(JsonText(parser_, element));
    }
  }
  return items;
}

std::optional<std::string> JsonText::as_scalar() const {
  if (element_.is_number() || element_.is_bool()) {
    return json();
  }
  return as_text();
}

std::vector<std::pair<std::string, JsonText>> JsonText::as_members() const {
  std::vector<std::pair<std::string, JsonText>> members;
  dom::object object;
  if (element_.get(object) == simdjson::SUCCESS) {
    for (const auto& field : object) {
      members.emplace_back(std::string(field.key), JsonText(parser_, field.value));
    }
  }
  return members;
}

std::vector<std::pair<std::string, std::string>> JsonText::as_pairs() const {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (auto& [name, member] : as_members()) {
    if (auto text = member.as_scalar()) {
      pairs.emplace_back(std::move(name), std::move(*text));
    }
  }
  return pairs;
}

Faults JsonText::faults_of_members(std::string_view path, const std::vector<std::string_view>& known,
                                   const std::vector<std::string_view>& scalars) const {
  Faults faults;
  const Members members(Place(element_, std::string(path)), known, faults);
  for (const std::string_view name : scalars) {
    const auto member = members.find(name);
    if (member && (member->element.is_object() || member->element.is_array())) {
      faults.emplace_back(member->path, "This must be a text, a number, true or false.");
    }
  }
  return faults;
}

std::string JsonText::json() const { return simdjson::minify(element_); }

}  // namespace larder::json
