#include "json/json_reader.h"

#include <algorithm>

#include "base/text.h"
#include "json/json_position.h"

namespace larder::json {

namespace {

std::string_view kind_of(simdjson::dom::element element) {
  switch (element.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "an array";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE:
      return "a number";
    case simdjson::dom::element_type::STRING:
      return "a text";
    case simdjson::dom::element_type::BOOL:
      return "true or false";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
  }
  return "something else";
}

void refuse_kind(const Place& place, std::string_view wanted, Faults& faults) {
  faults.emplace_back(place.path, concat({"This must be ", wanted, ", not ", kind_of(place.element), "."}));
}

}  // namespace

Members::Members(const Place& place, const std::vector<std::string_view>& known, Faults& faults)
    : path_(place.path) {
  simdjson::dom::object object;
  if (place.element.get(object) != simdjson::SUCCESS) {
    refuse_kind(place, "an object", faults);
    return;
  }
  is_object_ = true;
  for (const auto& field : object) {
    if (std::find(known.begin(), known.end(), field.key) == known.end()) {
      faults.emplace_back(path_of(field.key),
                          concat({"There is no member ", in_quotes(field.key), " here; there is ",
                                  any_of(known), ".", did_you_mean(field.key, known)}));
    } else if (find(field.key)) {
      faults.emplace_back(path_of(field.key), "This member is given twice; keep one.");
    } else {
      members_.emplace_back(field.key, field.value);
    }
  }
}

std::optional<Place> Members::find(std::string_view name) const {
  for (const auto& [key, value] : members_) {
    if (key == name) {
      return Place(value, path_of(name));
    }
  }
  return std::nullopt;
}

std::optional<Place> Members::require(std::string_view name, Faults& faults) const {
  auto found = find(name);
  if (!found && is_object_) {
    faults.emplace_back(path_of(name), "This member is missing.");
  }
  return found;
}

std::string Members::path_of(std::string_view name) const {
  const std::string_view shown = name.size() > 64 || !is_utf8(name) ? std::string_view("?") : name;
  return path_.empty() ? std::string(shown) : concat({path_, ".", shown});
}

std::optional<std::string> read_text(const Place& place, Faults& faults) {
  std::string_view text;
  if (place.element.get(text) != simdjson::SUCCESS) {
    refuse_kind(place, "a text", faults);
    return std::nullopt;
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    faults.emplace_back(place.path, "This text has a control character; remove it.");
    return std::nullopt;
  }
  return std::string(text);
}

std::optional<bool> read_boolean(const Place& place, Faults& faults) {
  bool value = false;
  if (place.element.get(value) != simdjson::SUCCESS) {
    refuse_kind(place, "true or false", faults);
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint64_t> read_integer(const Place& place, std::uint64_t least, std::uint64_t most,
                                          Faults& faults) {
  std::uint64_t number = 0;
  if (!place.element.is_number()) {
    refuse_kind(place, "a number", faults);
    return std::nullopt;
  }
  if (place.element.get(number) != simdjson::SUCCESS || number < least || number > most) {
    faults.emplace_back(place.path, concat({"This must be a whole number from ", to_text(least), " to ",
                                            to_text(most), "."}));
    return std::nullopt;
  }
  return number;
}

std::vector<Place> read_items(const Place& place, std::size_t count_max, Faults& faults) {
  std::vector<Place> items;
  simdjson::dom::array array;
  if (place.element.get(array) != simdjson::SUCCESS) {
    refuse_kind(place, "an array", faults);
    return items;
  }
  for (const simdjson::dom::element element : array) {
    if (items.size() == count_max) {
      faults.emplace_back(place.path, concat({"There are more than ", to_text(std::uint64_t{count_max}),
                                              " items here, which is the most."}));
      break;
    }
    items.emplace_back(element, concat({place.path, "[", to_text(std::uint64_t{items.size()}), "]"}));
  }
  return items;
}

std::vector<std::pair<std::string, Place>> read_free_members(const Place& place, std::size_t count_max,
                                                             Faults& faults) {
  std::vector<std::pair<std::string, Place>> members;
  simdjson::dom::object object;
  if (place.element.get(object) != simdjson::SUCCESS) {
    refuse_kind(place, "an object", faults);
    return members;
  }
  for (const auto& field : object) {
    if (members.size() == count_max) {
      faults.emplace_back(place.path, concat({"There are more than ", to_text(std::uint64_t{count_max}),
                                              " members here, which is the most."}));
      break;
    }
    members.emplace_back(std::string(field.key),
                         Place(field.value, concat({place.path, "[", in_quotes(field.key), "]"})));
  }
  return members;
}

Faults shortened(Faults faults, std::size_t count_max) {
  if (faults.size() > count_max) {
    const std::uint64_t more = faults.size() - count_max + 1;
    faults.erase(faults.begin() + static_cast<std::ptrdiff_t>(count_max) - 1, faults.end());
    faults.emplace_back("", concat({"There are ", to_text(more), " more faults."}));
  }
  return faults;
}

Faults syntax_faults(std::string_view json, simdjson::error_code error, std::size_t depth_max) {
  Faults faults;
  if (const auto fault = find_syntax_fault(json, depth_max)) {
    faults.emplace_back("", concat({"Line ", to_text(std::uint64_t{fault->line}), ", column ",
                                    to_text(std::uint64_t{fault->column}), ": ", fault->message}));
  } else {
    faults.emplace_back("",
                        concat({"This is no JSON that can be read: ", simdjson::error_message(error), "."}));
  }
  return faults;
}

}  // namespace larder::json
