// What is done for a request for a narrative beyond what is done for any other: a template answers where no
// model does, and the narratives' log is told who asked for what.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/declaration.h"
#include "config/settings.h"
#include "engine/query.h"
#include "engine/reading.h"
#include "host/outgoing.h"
#include "observe/counters.h"
#include "observe/narrative_log.h"

namespace larder::narrative {

// Whether the resource's answers are narratives.
bool is_narrative(const config::Resource& resource);

class Narratives {
 public:
  // All of them outlive it.
  Narratives(host::Host& host, const config::Settings& settings, observe::Counters& counters)
      : host_(host), settings_(settings), counters_(counters) {}

  // The answer that is made without a model, marked and never kept; none where the reading has an answer, or
  // where the client is to be told that it is refused (its rate limit, SPENDING_OVER).
  std::optional<host::Outgoing> fallback(const engine::Query& query, const engine::Reading& reading) const;

  // For the narratives' log: who asked, and what came of it by the answer's status. To be made before the
  // reading is settled.
  observe::NarrativeRow row_of(const engine::Query& query, const engine::Reading& reading, Instant began,
                               std::uint32_t status, std::string user) const;
  // The digest of the user for whom a narrative is asked, by the request's body: JSON that was read before.
  std::string user_of(std::string_view body) const;

 private:
  host::Host& host_;
  const config::Settings& settings_;
  observe::Counters& counters_;
};

}  // namespace larder::narrative
