#include "app/narrative_row.h"

#include "config/limits.h"
#include "simdjson.h"

namespace larder::app {

std::string user_id_of(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view id;
  const simdjson::padded_string padded(body);
  if (parser.parse(padded).get(document) != simdjson::SUCCESS ||
      document["userId"].get(id) != simdjson::SUCCESS || id.size() > config::limit::user_id_bytes_max) {
    return "";
  }
  return std::string(id);
}

observe::NarrativeOutcome outcome_of(const engine::Reading& reading, std::uint32_t status) {
  if (status >= 400) {
    return observe::NarrativeOutcome::refused;
  }
  if (reading.refusal() != nullptr) {
    return observe::NarrativeOutcome::template_;
  }
  if (reading.status.forward && !reading.stands_in()) {
    return observe::NarrativeOutcome::miss;
  }
  return reading.is_stale() ? observe::NarrativeOutcome::stale : observe::NarrativeOutcome::hit;
}

}  // namespace larder::app
