// What came of a request for a resource.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "engine/key_lock.h"
#include "engine/query.h"
#include "http/cache_status.h"
#include "origin/fetch.h"
#include "policy/decision.h"
#include "tiers/cache.h"

namespace larder::engine {

// What is left to do with an entry once the client has its answer.
enum class Remaining : std::uint8_t {
  nothing,
  promote,  // into the tiers nearer than the one that had it
  store,    // into the farther tiers: it came from the origin
};

// How an entry answers.
enum class Role : std::uint8_t {
  itself,  // within its times, or as the origin has just said it
  stale,   // past them, in place of an origin that failed, is slow or is not asked
};

// The form of its body.
enum class Form : std::uint8_t {
  as_kept,   // the tier's own, which says when it drops it
  unpacked,  // made for this client, who takes no gzip
};

// An entry answers.
struct Hit {
  tiers::EntryPtr entry;
  // At the time of the decision.
  Millis age{0};
  Role role = Role::itself;
  Form form = Form::as_kept;
  // The tier that had it; none where it came from the origin or from a lock.
  std::optional<config::Tier> found_in;

  explicit Hit(tiers::EntryPtr entry_) : entry(std::move(entry_)) {}
};

// The origin's answer, which is not kept. A server error's is shared by all who waited for it.
struct Passed {
  std::shared_ptr<const origin::Fetched> fetched;

  explicit Passed(std::shared_ptr<const origin::Fetched> fetched_) : fetched(std::move(fetched_)) {}
};

// The origin's failure, or why it was not asked.
struct Refused {
  std::shared_ptr<const origin::Refusal> refusal;

  explicit Refused(std::shared_ptr<const origin::Refusal> refusal_) : refusal(std::move(refusal_)) {}
  explicit Refused(origin::Refusal refusal_)
      : refusal(std::make_shared<const origin::Refusal>(std::move(refusal_))) {}
};

// An origin request that went past its soft time limit: the rest of it is done behind the response.
struct Unfinished {
  std::uint32_t ticket = 0;
  std::shared_ptr<const origin::Late> late;
  // Which of the resource's providers was asked.
  std::size_t provider = 0;
  Instant requested_at;
  std::uint64_t log_seen = 0;

  explicit Unfinished(const origin::Fetched& pending)
      : ticket(pending.ticket),
        late(pending.late),
        provider(pending.provider),
        requested_at(pending.requested_at),
        log_seen(pending.log_seen) {}
};

// Whether an entry is to be asked about behind the response.
enum class Refresh : std::uint8_t { no, due };
// Whom a reading is an answer for.
enum class Sharing : std::uint8_t {
  all,         // whoever waits for the same key
  one_client,  // a client that was held back: what came of it is no answer to others
};

// An answer that is too large to be held, on its way into R2 (engine/large.h).
struct LargeAnswer {
  entry::Header header;
  // A stream.
  host::Body content;

  LargeAnswer() {}
};

// What is left to do: Engine::settle.
struct Afterwards {
  Remaining remaining = Remaining::nothing;
  // On its way to the client, and into R2.
  std::optional<LargeAnswer> large;
  Refresh refresh = Refresh::no;
  // The lock that this request holds, if it holds one.
  Permit permit;
  std::optional<Unfinished> unfinished;

  Afterwards() {}
};

using Outcome = std::variant<Hit, Passed, Refused>;

struct Reading {
  Outcome outcome;
  http::CacheStatus status;
  Sharing sharing = Sharing::all;
  Afterwards afterwards;

  explicit Reading(Hit hit_) : outcome(std::move(hit_)) {}
  explicit Reading(Passed passed_) : outcome(std::move(passed_)) {}
  explicit Reading(Refused refused_) : outcome(std::move(refused_)) {}

  // nullptr: it is none of these.
  const Hit* hit() const { return std::get_if<Hit>(&outcome); }
  Hit* hit() { return std::get_if<Hit>(&outcome); }
  const origin::Fetched* passed() const {
    const auto* const found = std::get_if<Passed>(&outcome);
    return found == nullptr ? nullptr : found->fetched.get();
  }
  const origin::Refusal* refusal() const {
    const auto* const found = std::get_if<Refused>(&outcome);
    return found == nullptr ? nullptr : found->refusal.get();
  }
  tiers::EntryPtr entry() const { return hit() == nullptr ? nullptr : hit()->entry; }
  bool is_served_stale() const { return hit() != nullptr && hit()->role == Role::stale; }
  // Answered from what was kept, with or without a question to the origin.
  bool is_stale() const {
    return is_served_stale() || (hit() != nullptr && status.ttl && *status.ttl < http::Seconds(0));
  }
};

}  // namespace larder::engine
