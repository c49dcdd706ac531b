#include "config/operator_request.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/json_reader.h"
#include "config/limits.h"
#include "config/settings.h"

namespace larder::config {

namespace {

enum class PurgeMode : std::uint8_t { soft, hard };
constexpr std::array all_purge_modes = {PurgeMode::soft, PurgeMode::hard};

std::string_view mode_text(PurgeMode mode) {
  switch (mode) {
    case PurgeMode::soft:
      return "soft";
    case PurgeMode::hard:
      return "hard";
  }
  LARDER_UNREACHABLE();
}

// The words of the modes, which this file alone knows.
std::optional<PurgeMode> read_mode(const Members& members, Faults& faults) {
  const auto place = members.require("mode", faults);
  const auto text = place ? read_text(*place, faults) : std::nullopt;
  if (!text) {
    return std::nullopt;
  }
  for (const PurgeMode mode : all_purge_modes) {
    if (mode_text(mode) == *text) {
      return mode;
    }
  }
  faults.emplace_back(place->path, concat({in_quotes(*text),
                                           " is not offered; use \"soft\" (stale from now on) or "
                                           "\"hard\" (gone)."}));
  return std::nullopt;
}

void read_purges(const Members& members, std::string_view name, PurgeKind kind, std::vector<Purge>& purges,
                 Faults& faults) {
  const auto place = members.find(name);
  if (!place) {
    return;
  }
  for (const Place& item : read_items(*place, limit::operator_keys_max, faults)) {
    auto text = read_text(item, faults);
    if (!text) {
      continue;
    }
    if (text->empty() || text->size() > limit::purge_text_bytes_max) {
      faults.emplace_back(item.path, concat({"This must have 1 to ",
                                             larder::to_text(std::uint64_t{limit::purge_text_bytes_max}),
                                             " bytes; everything is the pattern \"*\"."}));
      continue;
    }
    purges.emplace_back(kind, std::move(*text), false);
  }
}

// The value as the text of a binding; nullopt after a fault.
std::optional<std::string> read_value(const Place& place, Faults& faults) {
  bool flag = false;
  std::uint64_t number = 0;
  if (place.element.is_null()) {
    return std::string();
  }
  if (place.element.get(flag) == simdjson::SUCCESS) {
    return std::string(flag ? "true" : "false");
  }
  if (place.element.get(number) == simdjson::SUCCESS) {
    return larder::to_text(number);
  }
  if (!place.element.is_string()) {
    faults.emplace_back(place.path,
                        "This must be a text, a whole number, true or false, or null to go back to what "
                        "was deployed.");
    return std::nullopt;
  }
  auto text = read_text(place, faults);
  if (text && trim(*text).empty()) {
    faults.emplace_back(place.path, "This is empty; null goes back to what was deployed.");
    return std::nullopt;
  }
  if (text && text->size() > limit::purge_text_bytes_max) {
    faults.emplace_back(place.path, "The value is too long.");
    return std::nullopt;
  }
  return text;
}

void refuse_name(const std::string& name, Faults& faults) {
  const bool exists = find_setting(name) != nullptr;
  const std::vector<std::string_view> offered = runtime_settings();
  const std::string shown = in_quotes(name);
  faults.emplace_back(
      shown.substr(1, shown.size() - 2),
      exists ? std::string("This setting is changed by a deployment only.")
             : concat({"There is no such setting; use ", any_of(offered), ".", did_you_mean(name, offered)}));
}

// Parses a document and reads it with `read`, which adds faults.
template <typename Value, typename Read>
Checked<Value> read_request(std::string_view json, Read read) {
  Faults faults;
  if (json.size() > limit::operator_body_bytes_max) {
    faults.emplace_back("", "The text is too long.");
    return tl::make_unexpected(std::move(faults));
  }
  const simdjson::padded_string padded(json);
  simdjson::dom::parser parser(limit::operator_body_bytes_max + simdjson::SIMDJSON_PADDING);
  simdjson::dom::element document;
  if (const auto error = parser.parse(padded).get(document); error != simdjson::SUCCESS) {
    return tl::make_unexpected(syntax_faults(json, error));
  }
  Value value = read(Place(document, ""), faults);
  if (!faults.empty()) {
    return tl::make_unexpected(shortened(std::move(faults)));
  }
  return value;
}

std::vector<Purge> read_purge_request(const Place& place, Faults& faults) {
  const Members members(place, {"keys", "tags", "prefixes", "patterns", "mode"}, faults);
  std::vector<Purge> purges;
  if (!members.is_object()) {
    return purges;
  }
  const auto mode = read_mode(members, faults);
  read_purges(members, "keys", PurgeKind::key, purges, faults);
  read_purges(members, "tags", PurgeKind::tag, purges, faults);
  read_purges(members, "prefixes", PurgeKind::prefix, purges, faults);
  read_purges(members, "patterns", PurgeKind::pattern, purges, faults);
  for (Purge& purge : purges) {
    purge.soft = mode == PurgeMode::soft;
  }
  if (purges.empty() && faults.empty()) {
    faults.emplace_back("", "There is nothing to purge here; name keys, tags, prefixes or patterns.");
  }
  if (purges.size() > limit::operator_keys_max) {
    faults.emplace_back(
        "", concat({"There are more than ", larder::to_text(std::uint64_t{limit::operator_keys_max}),
                    " things to purge; send them in several requests."}));
  }
  return purges;
}

TextPairs read_settings_request(const Place& place, Faults& faults) {
  TextPairs changes;
  for (const auto& member : read_free_members(place, limit::operator_keys_max, faults)) {
    const std::string& name = member.first;
    if (!is_runtime_setting(name)) {
      refuse_name(name, faults);
      continue;
    }
    const bool twice =
        std::any_of(changes.begin(), changes.end(), [&](const auto& change) { return change.first == name; });
    if (twice) {
      faults.emplace_back(name, "This setting is given twice; keep one.");
      continue;
    }
    if (auto text = read_value(Place(member.second.element, name), faults)) {
      changes.emplace_back(name, std::move(*text));
    }
  }
  if (changes.empty() && faults.empty()) {
    faults.emplace_back("", "There is nothing to change here; name a setting and its value.");
  }
  return changes;
}

}  // namespace

Checked<std::vector<Purge>> parse_purge_request(std::string_view json) {
  return read_request<std::vector<Purge>>(json, read_purge_request);
}

Checked<TextPairs> parse_settings_request(std::string_view json) {
  return read_request<TextPairs>(json, read_settings_request);
}

}  // namespace larder::config
