#include "config/control_log.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/json_writer.h"
#include "simdjson.h"

namespace larder::config {

namespace {

namespace dom = simdjson::dom;

constexpr std::array kinds = {PurgeKind::key, PurgeKind::tag, PurgeKind::prefix, PurgeKind::pattern,
                              PurgeKind::all};

Failure corrupt(std::string_view what) {
  return fail(ErrorKind::corrupt, "control", std::string("The control log is not readable: ").append(what));
}

// False: of a kind that is not known, or incomplete.
bool read_purge(dom::element element, Purge& purge) {
  std::string_view kind;
  std::string_view text;
  std::uint64_t sequence = 0;
  std::int64_t at = 0;
  if (element["kind"].get(kind) != simdjson::SUCCESS || element["text"].get(text) != simdjson::SUCCESS ||
      element["soft"].get(purge.soft) != simdjson::SUCCESS ||
      element["sequence"].get(sequence) != simdjson::SUCCESS || element["at"].get(at) != simdjson::SUCCESS) {
    return false;
  }
  const auto known = std::find_if(kinds.begin(), kinds.end(),
                                  [&](PurgeKind candidate) { return to_text(candidate) == kind; });
  if (known == kinds.end()) {
    return false;
  }
  purge.kind = *known;
  purge.text = std::string(text);
  purge.sequence = sequence;
  purge.at = instant_from_millis(at);
  return true;
}

}  // namespace

std::string_view to_text(PurgeKind kind) {
  switch (kind) {
    case PurgeKind::key:
      return "key";
    case PurgeKind::tag:
      return "tag";
    case PurgeKind::prefix:
      return "prefix";
    case PurgeKind::pattern:
      return "pattern";
    case PurgeKind::all:
      return "all";
  }
  LARDER_UNREACHABLE();
}

Result<ControlLog> parse_control_log(std::string_view json) {
  dom::parser parser;
  const simdjson::padded_string padded(json);
  dom::element root;
  if (parser.parse(padded).get(root) != simdjson::SUCCESS) {
    return corrupt("it is no JSON.");
  }
  ControlLog log;
  dom::object settings;
  dom::array purges;
  if (root["sequence"].get(log.sequence) != simdjson::SUCCESS ||
      root["settings"].get(settings) != simdjson::SUCCESS ||
      root["purges"].get(purges) != simdjson::SUCCESS) {
    return corrupt("it has no sequence, settings or purges.");
  }
  for (const auto& [name, value] : settings) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      log.settings.emplace_back(name, text);
    }
  }
  for (const dom::element element : purges) {
    Purge purge;
    if (read_purge(element, purge)) {
      log.purges.push_back(std::move(purge));
    }
  }
  return log;
}

std::string changes_text(const std::vector<Purge>& purges) {
  JsonWriter json;
  json.begin_array();
  for (const Purge& purge : purges) {
    json.begin_object().key("kind").value(to_text(purge.kind)).key("text").value(purge.text);
    json.key("soft").value(purge.soft).end_object();
  }
  return json.end_array().text();
}

std::string changes_text(const TextPairs& settings) {
  JsonWriter json;
  json.begin_array();
  for (const auto& [name, value] : settings) {
    json.begin_object().key("setting").value(name).key("value");
    if (value.empty()) {
      json.null();
    } else {
      json.value(value);
    }
    json.end_object();
  }
  return json.end_array().text();
}

}  // namespace larder::config
