// The only way to the origins: a circuit breaker for each, a budget of retries, a polite rate for what can
// wait, each client's rate limit, the day's bound of spending where a model is asked, and one time limit over
// all attempts. A resource's providers are asked in turn, until one knows a book.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/settings.h"
#include "engine/reading.h"
#include "http/request_fields.h"
#include "observe/counters.h"
#include "origin/fetch.h"
#include "policy/backoff.h"
#include "policy/origin_breaker.h"

namespace larder::engine {

// How an origin is to be asked.
struct Asking {
  // HEAD: the answer is for the client that asked by HEAD alone. A query of another method is asked by its
  // own.
  http::Method read_by = http::Method::get;
  // The copy at hand, whose validators may spare a body; nullptr: none.
  tiers::EntryPtr former;
  // For all attempts together, from now on.
  Millis timeout{};
  // For each attempt.
  Millis attempt_timeout{};
  // After this ask() returns a ticket if there is no answer yet; 0: never.
  Millis soft{0};
  std::size_t attempts_max = 1;
  // The client whose rate limit the request counts against; empty: none, as for refreshes.
  std::string client;
  // Which of the resource's providers is asked; ask() goes through them all.
  std::size_t provider = 0;
  // The control log's sequence that this isolate knows.
  std::uint64_t log_seen = 0;
  // For resume(): what the ticket stands for.
  std::shared_ptr<const origin::Late> late;
  // The fields of the client's request that are sent to the origin beside those that always are.
  http::Forwarding forwarding;
  // The body of the client's request, which can be sent once.
  std::shared_ptr<const host::Body> stream;
  // The origin whose turn was taken already (origin::origin_name); empty: none.
  std::string turn;

  Asking() {}
};

class OriginGate {
 public:
  OriginGate(const config::Settings& settings, observe::Counters& counters)
      : settings_(settings), counters_(counters) {}

  // Refusals are the origin's, or the gate's own: the breaker's while the origin is down (not_asked), the
  // client's rate limit (limited), or the day's bound of spending (spent).
  host::Task<origin::OriginResult<origin::Fetched>> ask(host::Context here, const Query& query,
                                                        Asking asking);
  // The rest of an ask() of the same request that came back with a ticket, once.
  host::Task<origin::OriginResult<origin::Fetched>> resume(host::Context here, const Query& query,
                                                           Asking asking, std::uint32_t ticket,
                                                           Instant requested_at);
  // One question to the deployment's model, apart from any resource: behind the same breaker and the same
  // bound of spending as narratives, in one attempt. `purpose` is what logs and counters call it.
  host::Task<origin::OriginResult<origin::ModelAnswer>> ask_model(host::Context here, std::string purpose,
                                                                  origin::ModelPrompt prompt, Millis timeout);
  // Waits, `patience` at most, until a request that can wait may go to the first provider that is not down:
  // its name, for Asking::turn. Where its turn does not come so soon the refusal says when to come again.
  host::Task<origin::OriginResult<std::string>> take_turn(host::Context here, const Query& query,
                                                          Millis patience);
  // Whether the breakers of all of the resource's providers hold requests back at this time.
  bool is_down(const Query& query, Instant now);

 private:
  struct Origin {
    policy::OriginBreaker breaker;
    policy::RetryBudget retries;

    Origin();
  };
  Origin& origin_of(const Query& query, std::size_t provider);
  host::Task<origin::OriginResult<origin::Fetched>> ask_one(host::Context here, const Query& query,
                                                            Asking asking);
  // Asks the providers after `asking.provider`, until the best answer so far is final.
  host::Task<origin::OriginResult<origin::Fetched>> ask_others(host::Context here, const Query& query,
                                                               Asking asking, Instant end,
                                                               origin::OriginResult<origin::Fetched> so_far);
  host::Task<std::optional<origin::Refusal>> wait_for_turn(host::Context here, const Query& query,
                                                           std::size_t provider, Millis patience);
  origin::Wanted wanted(const Query& query, const Asking& asking) const;
  // The same with the forwarded fields and the body of the client's request.
  origin::Wanted question(const Query& query, const Asking& asking) const;
  // The refusal by a rate limit or a bound of spending, where the breaker admits the request.
  host::Task<std::optional<origin::Refusal>> held_back(host::Context here, const Query& query,
                                                       std::string client);
  // Counts what a call of a model cost.
  host::Task<void> settle_call(host::Context here, const Query& query, Instant began,
                               const origin::OriginResult<origin::Fetched>& fetched);
  // The refusal while an origin's breaker holds the call back.
  origin::Refusal resting(const Origin& origin, const policy::OriginCall& call, Instant now);
  // Counts the outcome and tells the breaker.
  void report(const Query& query, std::size_t provider, const origin::OriginResult<origin::Fetched>& fetched,
              Instant began, Instant now);

  const config::Settings& settings_;
  observe::Counters& counters_;
  std::map<std::string, Origin> origins_;
};

}  // namespace larder::engine
