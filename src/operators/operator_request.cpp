#include "operators/operator_request.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "config/settings.h"
#include "json/json_reader.h"

namespace larder::operators {

namespace {

using config::PurgeMode;
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
std::optional<PurgeMode> read_mode(const json::Members& members, Faults& faults) {
  const auto place = members.require("mode", faults);
  const auto text = place ? json::read_text(*place, faults) : std::nullopt;
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

void read_purges(const json::Members& members, std::string_view name, config::PurgeKind kind,
                 std::vector<config::Purge>& purges, Faults& faults) {
  const auto place = members.find(name);
  if (!place) {
    return;
  }
  for (const json::Place& item : json::read_items(*place, config::limit::operator_keys_max, faults)) {
    auto text = json::read_text(item, faults);
    if (!text) {
      continue;
    }
    if (text->empty() || text->size() > config::limit::purge_text_bytes_max) {
      faults.emplace_back(item.path, concat({"This must have 1 to ",
                                             to_text(std::uint64_t{config::limit::purge_text_bytes_max}),
                                             " bytes; everything is the pattern \"*\"."}));
      continue;
    }
    purges.emplace_back(kind, std::move(*text), PurgeMode::hard);
  }
}

// The value as the text of a binding; nullopt after a fault.
std::optional<std::string> read_value(const json::Place& place, Faults& faults) {
  bool flag = false;
  std::uint64_t number = 0;
  if (place.element.is_null()) {
    return std::string();
  }
  if (place.element.get(flag) == simdjson::SUCCESS) {
    return std::string(flag ? "true" : "false");
  }
  if (place.element.get(number) == simdjson::SUCCESS) {
    return to_text(number);
  }
  if (!place.element.is_string()) {
    faults.emplace_back(place.path,
                        "This must be a text, a whole number, true or false, or null to go back to what "
                        "was deployed.");
    return std::nullopt;
  }
  auto text = json::read_text(place, faults);
  if (text && trim(*text).empty()) {
    faults.emplace_back(place.path, "This is empty; null goes back to what was deployed.");
    return std::nullopt;
  }
  if (text && text->size() > config::limit::purge_text_bytes_max) {
    faults.emplace_back(place.path, "The value is too long.");
    return std::nullopt;
  }
  return text;
}

void refuse_name(const std::string& name, Faults& faults) {
  const bool exists = config::find_setting(name) != nullptr;
  const std::vector<std::string_view> offered = config::runtime_settings();
  const std::string shown = in_quotes(name);
  faults.emplace_back(
      shown.substr(1, shown.size() - 2),
      exists ? std::string("This setting is changed by a deployment only.")
             : concat({"There is no such setting; use ", any_of(offered), ".", did_you_mean(name, offered)}));
}

// Parses a document and reads it with `read`, which adds faults.
template <typename Value, typename Read>
Checked<Value> read_request(std::string_view text, Read read) {
  Faults faults;
  if (text.size() > config::limit::operator_body_bytes_max) {
    faults.emplace_back("", "The text is too long.");
    return tl::make_unexpected(std::move(faults));
  }
  const simdjson::padded_string padded(text);
  simdjson::dom::parser parser(config::limit::operator_body_bytes_max + simdjson::SIMDJSON_PADDING);
  simdjson::dom::element document;
  if (const auto error = parser.parse(padded).get(document); error != simdjson::SUCCESS) {
    return tl::make_unexpected(json::syntax_faults(text, error, config::limit::declaration_depth_max));
  }
  Value value = read(json::Place(document, ""), faults);
  if (!faults.empty()) {
    return tl::make_unexpected(json::shortened(std::move(faults), config::limit::declaration_faults_max));
  }
  return value;
}

std::vector<config::Purge> read_purge_request(const json::Place& place, Faults& faults) {
  const json::Members members(place, {"keys", "tags", "prefixes", "patterns", "mode"}, faults);
  std::vector<config::Purge> purges;
  if (!members.is_object()) {
    return purges;
  }
  const auto mode = read_mode(members, faults);
  read_purges(members, "keys", config::PurgeKind::key, purges, faults);
  read_purges(members, "tags", config::PurgeKind::tag, purges, faults);
  read_purges(members, "prefixes", config::PurgeKind::prefix, purges, faults);
  read_purges(members, "patterns", config::PurgeKind::pattern, purges, faults);
  for (config::Purge& purge : purges) {
    purge.mode = mode.value_or(PurgeMode::hard);
  }
  if (purges.empty() && faults.empty()) {
    faults.emplace_back("", "There is nothing to purge here; name keys, tags, prefixes or patterns.");
  }
  if (purges.size() > config::limit::operator_keys_max) {
    faults.emplace_back(
        "", concat({"There are more than ", to_text(std::uint64_t{config::limit::operator_keys_max}),
                    " things to purge; send them in several requests."}));
  }
  return purges;
}

TextPairs read_settings_request(const json::Place& place, Faults& faults) {
  TextPairs changes;
  for (const auto& member : json::read_free_members(place, config::limit::operator_keys_max, faults)) {
    const std::string& name = member.first;
    if (!config::is_runtime_setting(name)) {
      refuse_name(name, faults);
      continue;
    }
    const bool twice =
        std::any_of(changes.begin(), changes.end(), [&](const auto& change) { return change.first == name; });
    if (twice) {
      faults.emplace_back(name, "This setting is given twice; keep one.");
      continue;
    }
    if (auto text = read_value(json::Place(member.second.element, name), faults)) {
      changes.emplace_back(name, std::move(*text));
    }
  }
  if (changes.empty() && faults.empty()) {
    faults.emplace_back("", "There is nothing to change here; name a setting and its value.");
  }
  return changes;
}

}  // namespace

Checked<std::vector<config::Purge>> parse_purge_request(std::string_view text) {
  return read_request<std::vector<config::Purge>>(text, read_purge_request);
}

Checked<TextPairs> parse_settings_request(std::string_view text) {
  return read_request<TextPairs>(text, read_settings_request);
}

}  // namespace larder::operators
