#include "narrative/narratives.h"

#include "config/limits.h"
#include "simdjson.h"

namespace larder::narrative {

using observe::NarrativeOutcome;

namespace {

// The body's member `userId`, where it is a text; "" otherwise.
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

NarrativeOutcome outcome_of(const engine::Reading& reading, std::uint32_t status) {
  if (status >= 400) {
    return NarrativeOutcome::refused;
  }
  if (reading.refusal() != nullptr) {
    return NarrativeOutcome::template_;
  }
  if (reading.status.forward && !reading.is_served_stale()) {
    return NarrativeOutcome::miss;
  }
  return reading.is_stale() ? NarrativeOutcome::stale : NarrativeOutcome::hit;
}

}  // namespace

bool is_narrative(const config::Resource& resource) { return config::asks_model(resource); }

std::optional<host::Outgoing> Narratives::fallback(const engine::Query& query,
                                                   const engine::Reading& reading) const {
  const origin::Refusal* const refusal = reading.refusal();
  if (refusal == nullptr || refusal->limited ||
      (refusal->spent && settings_.spending_over == config::SpendingOver::refuse)) {
    return std::nullopt;
  }
  counters_.add(observe::Counter::narrative_templates_total,
                refusal->spent ? std::string_view("spending") : to_text(refusal->error.kind));
  host::Outgoing outgoing =
      host::json_answer(host_, 200, origin::narrative_stand_in(*query.resource, query.values, host_.now()));
  outgoing.answer.headers.emplace_back("cache-status", http::format_cache_status(reading.status));
  return outgoing;
}

observe::NarrativeRow Narratives::row_of(const engine::Query& query, const engine::Reading& reading,
                                         Instant began, std::uint32_t status, std::string user) const {
  observe::NarrativeRow row;
  row.at = began;
  row.user = std::move(user);
  row.outcome = outcome_of(reading, status);
  row.duration = host_.now() - began;
  row.system = origin::leading_system_of(*query.resource, query.values);
  return row;
}

std::string Narratives::user_of(std::string_view body) const {
  return observe::user_digest(host_, settings_.cache_prefix, user_id_of(body));
}

}  // namespace larder::narrative
