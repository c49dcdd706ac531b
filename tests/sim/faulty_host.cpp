#include "sim/faulty_host.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <utility>

#include "base/assert.h"

namespace larder::sim {

using host::BodyHandle;
using host::OperationKind;

namespace {

std::uint64_t slot_of(host::OperationId operation) {
  return (std::uint64_t{operation.index} << 32) | operation.generation;
}

}  // namespace

ClientRequest* FaultyHost::client(host::RequestId request) {
  const auto found = clients.find(static_cast<std::uint32_t>(request));
  return found == clients.end() ? nullptr : &found->second;
}

void FaultyHost::submit(host::RequestId request, host::OperationId operation, OperationKind kind,
                        std::string_view arguments) {
  open_[slot_of(operation)] = Open{kind, request};
  // The fault is handed on to the world, which asks for it once.
  std::optional<Fault> fault = overseer_.starting(*this, request, kind, arguments);
  world_.fault = [&fault](OperationKind) { return fault; };
  SimulatedHost::submit(request, operation, kind, arguments);
  world_.fault = nullptr;
  overseer_.started(kind, arguments);
}

bool FaultyHost::complete_operation(app::App& app, host::RequestId request, host::OperationId operation,
                                    host::Completion completion) {
  const auto open = open_.find(slot_of(operation));
  if (open != open_.end()) {
    const Open ending = open->second;
    open_.erase(open);
    overseer_.completing(*this, ending.request, ending.kind, completion);
  }
  return app.complete(request, operation, std::move(completion));
}

void FaultyHost::respond(host::RequestId request, const host::Answer& answer) {
  SimulatedHost::respond(request, answer);
  if (ClientRequest* const known = client(request)) {
    known->answered = true;
    if (exchange(request).lane) {
      RepeatedAnswer& repeated = lanes_[known->url];
      settle(repeated);
      repeated = RepeatedAnswer();
      repeated.exchange = exchange(request);
    }
    overseer_.answered(*this, *known);
  }
}

void FaultyHost::revoke_lanes() {
  SimulatedHost::revoke_lanes();
  for (auto& [url, lane] : lanes_) {
    settle(lane);
  }
  lanes_.clear();
}

const SimulatedHost::Exchange* FaultyHost::repeated(const std::string& url) {
  const auto found = lanes_.find(url);
  if (found == lanes_.end()) {
    return nullptr;
  }
  RepeatedAnswer& repeated = found->second;
  const host::Lane& lane = *repeated.exchange.lane;
  std::optional<host::Answer> answer = repeated_by_lane(repeated.exchange);
  if (!answer || world_.now >= lane.until || repeated.hits >= lane.hits_max) {
    settle(repeated);
    lanes_.erase(found);
    return nullptr;
  }
  repeated.exchange.headers = std::move(answer->headers);
  repeated.exchange.answered_at = world_.now;
  ++repeated.hits;
  ++repeated.untold;
  return &repeated.exchange;
}

std::vector<host::LaneHits> FaultyHost::take_lane_hits() {
  for (auto& [url, lane] : lanes_) {
    settle(lane);
  }
  return std::exchange(untold_hits_, {});
}

// Its hits are told from here on.
void FaultyHost::settle(RepeatedAnswer& repeated) {
  if (repeated.untold > 0) {
    untold_hits_.emplace_back(repeated.exchange.lane->id, repeated.untold);
    repeated.untold = 0;
  }
}

void FaultyHost::finished(host::RequestId request) {
  if (client(request) == nullptr) {
    overseer_.errand_finished(*this, request);
  }
  clients.erase(static_cast<std::uint32_t>(request));
  forget(request);
}

std::string FaultyHost::body_sha256(BodyHandle body) {
  const std::string bytes = content(body);
  std::string digest;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    XXH64_canonical_t canonical;
    XXH64_canonicalFromHash(&canonical, XXH64(bytes.data(), bytes.size(), seed));
    for (const unsigned char byte : canonical.digest) {
      digest.push_back(static_cast<char>(byte));
    }
  }
  return digest;
}

FaultyHost::Put FaultyHost::put_of(std::string_view arguments) const {
  RecordReader reader(arguments);
  Put put;
  put.key = reader.text();
  put.stored.header = reader.text();
  put.stored.content = content(static_cast<BodyHandle>(reader.u32()));
  reader.u64();
  put.stored.expires = world_.now + Millis(static_cast<std::int64_t>(reader.u64()) * 1000);
  return put;
}

void FaultyHost::have_effect(host::RequestId request, OperationKind kind, std::string_view arguments) {
  RecordReader reader(arguments);
  if (kind == OperationKind::lock_acquire) {
    const std::string key = reader.text();
    const std::string token = reader.text();
    const Millis keep(static_cast<std::int64_t>(reader.u64()));
    // Whoever asked is not told; a place in the queue would be of no use to it.
    SimulatedLock& lock = world_.locks[key];
    if (world_.now >= lock.held_until()) {
      lock.acquire(world_.now, token, keep, Millis(0), world_.operations, [](std::uint8_t, const Stored&) {});
    }
    return;
  }
  const Outcome outcome = run_operation(request, kind, reader);
  for (const BodyHandle body : outcome.owned) {
    release_body(body);
  }
}

SimulatedHost::Outcome FaultyHost::run_operation(host::RequestId request, OperationKind kind,
                                                 RecordReader& arguments) {
  if (kind == OperationKind::kv_get) {
    const auto found = overseer_.kv_read(*this, arguments.text());
    Outcome outcome;
    outcome.delay = world_.kv_delay;
    const BodyHandle body = found ? create_body(found->content) : BodyHandle::none;
    if (found) {
      outcome.owned.push_back(body);
    }
    outcome.results = [found, body] {
      RecordWriter results;
      results.u8(found ? 1 : 0);
      results.text(found ? found->header : "");
      results.u32(static_cast<std::uint32_t>(body));
      results.u64(found ? found->content.size() : 0);
      return std::move(results).take();
    };
    return outcome;
  }
  if (kind == OperationKind::kv_get_many) {
    std::vector<std::string> headers;
    std::vector<std::string> contents;
    for (const std::string& key : arguments.texts()) {
      const auto found = overseer_.kv_read(*this, key);
      headers.push_back(found ? found->header : "");
      contents.push_back(found ? found->content : "");
    }
    return record_result(world_.kv_delay, [headers, contents](RecordWriter& results) {
      results.texts(headers);
      results.texts(contents);
    });
  }
  if (kind == OperationKind::queue_send) {
    const std::string binding = arguments.text();
    const std::vector<std::string> messages = arguments.texts();
    const Millis delay(static_cast<std::int64_t>(arguments.u64()) * 1000);
    overseer_.queue_sent(request, binding, messages, delay);
    return record_result(world_.object_delay, [](RecordWriter&) {});
  }
  if (kind == OperationKind::kv_delete) {
    overseer_.kv_remove(*this, arguments.text());
    Outcome outcome;
    outcome.delay = world_.kv_delay;
    return outcome;
  }
  if (kind == OperationKind::kv_put) {
    // The bounds are the host's; what it takes goes into the run's store instead of its own.
    Outcome outcome = SimulatedHost::run_operation(request, kind, arguments);
    for (auto& [key, stored] : world_.kv) {
      overseer_.kv_write(*this, key, std::move(stored));
    }
    world_.kv.clear();
    return outcome;
  }
  if (kind == OperationKind::lock_release) {
    RecordReader reader = arguments;
    const std::string key = reader.text();
    const std::string token = reader.text();
    Release release;
    release.verdict = reader.u8();
    release.value.header = reader.text();
    release.value.content = content(static_cast<BodyHandle>(reader.u32()));
    Outcome outcome = SimulatedHost::run_operation(request, kind, arguments);
    release.held = RecordReader(outcome.results()).u8() == 1;
    overseer_.lock_released(*this, key, token, release);
    return outcome;
  }
  return SimulatedHost::run_operation(request, kind, arguments);
}

}  // namespace larder::sim
