// What the core needs from the world. The Worker implements it over its imports (wasm/imports_host.cpp), the
// tests over a simulation. Every effect that takes time is an operation; the rest is synchronous and cheap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/comparison.h"
#include "base/log_level.h"
#include "base/units.h"
#include "base/wire.h"

namespace larder::host {

// A request (or a queue batch, or a scheduled event) in the shim. Never reused within an instance.
enum class RequestId : std::uint32_t {};

// A slot of the operation table: the generation tells a late completion from one for the slot's next tenant.
struct OperationId {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
};

enum class OperationKind : std::uint32_t {
#define LARDER_OPERATION(name, number, arguments, results) name = number,
#include "host/ops.def"
#undef LARDER_OPERATION
};

inline constexpr std::uint32_t abi_version = LARDER_ABI_VERSION;

// A body in the host's table: an ArrayBuffer or a stream. 0 is no body.
enum class BodyHandle : std::uint32_t { none = 0 };

// Leave for the host to give the answer again without asking: to a GET of the same URL that carries none of
// its head's `guards`, until the instant, as often as `hits_max` says, and for as long as the head is kept
// and revoke_lanes() is not called. Age is then the whole seconds since `age_since`, and the ttl in
// Cache-Status those until `ttl_until`. The host counts what it answers so, for take_lane_hits().
struct Lane {
  std::uint32_t id;
  Instant until;
  std::uint32_t hits_max;
  Instant age_since;
  Instant ttl_until;

  Lane(std::uint32_t id_, Instant until_, std::uint32_t hits_max_, Instant age_since_, Instant ttl_until_)
      : id(id_), until(until_), hits_max(hits_max_), age_since(age_since_), ttl_until(ttl_until_) {}
};

// How often an answer was given again since this was last asked.
struct LaneHits {
  std::uint32_t lane;
  std::uint32_t count;

  LaneHits(std::uint32_t lane_, std::uint32_t count_) : lane(lane_), count(count_) {}
};

// What of an answer stays the same for as long as its entry does: all but Age, and the ttl in Cache-Status.
struct HeadParts {
  std::uint32_t status = 0;
  // Neither Age nor Cache-Status is among them.
  TextPairs headers;
  // Cache-Status around the number of its ttl.
  std::string before_ttl;
  std::string after_ttl;
  // Lent for as long as the host keeps the head. It has bytes, and is no stream.
  BodyHandle body = BodyHandle::none;
  // The request fields for which none of its lanes is taken.
  std::vector<std::string> guards;

  HeadParts() {}
};

// A head that the host keeps (heads.h). 0 is none.
enum class HeadHandle : std::uint32_t { none = 0 };

// An answer in numbers: a head that the host keeps, with these times in it.
struct KeptAnswer {
  HeadHandle head = HeadHandle::none;
  std::int64_t age_seconds = 0;
  std::int64_t ttl_seconds = 0;
  std::optional<Lane> lane;

  KeptAnswer() {}
};

// The head of an answer. The body is lent: the host takes its own reference.
struct Answer {
  std::uint32_t status = 0;
  TextPairs headers;
  BodyHandle body = BodyHandle::none;
  // Then this is all of it, and beside the status nothing else is set.
  std::optional<KeptAnswer> kept;

  Answer() {}
};

// The record in which an answer crosses to the shim (shim/instance.js reads it).
std::string encode(const Answer& answer);
std::string encode(const HeadParts& parts);

class Host {
 public:
  virtual ~Host() = default;

  // Starts an operation; the completion comes later through Requests::complete, never from inside this call.
  virtual void submit(RequestId request, OperationId operation, OperationKind kind,
                      std::string_view arguments) = 0;
  // Gives the answer to a request. Once per request; the request goes on (stores) until finished().
  virtual void respond(RequestId request, const Answer& answer) = 0;
  // Keeps a head until release_head(). none: it is none that the platform sends.
  virtual HeadHandle create_head(const HeadParts& parts) = 0;
  virtual void release_head(HeadHandle head) = 0;
  // Ends the park operation of another request, in that request's own context. Nothing if it is not parked.
  virtual void wake(RequestId request) = 0;
  // The request has nothing left to do.
  virtual void finished(RequestId request) = 0;
  virtual void revoke_lanes() = 0;
  // The hits of lanes, open or gone, that were not taken yet; one item for each lane that has any.
  virtual std::vector<LaneHits> take_lane_hits() = 0;

  virtual Instant now() = 0;
  virtual std::string random_bytes(std::size_t count) = 0;
  // The 32 bytes of SHA-256.
  virtual std::string sha256(std::string_view bytes) = 0;
  virtual std::string body_sha256(BodyHandle body) = 0;
  // For comparing texts: compatibility decomposition (NFKD, UAX #15), then lower case by Unicode's default
  // mapping (no locale) with every final sigma as sigma, then NFKD again. `text` is UTF-8, and so is the
  // result, which may be eleven times as long. ASCII becomes lower case and nothing else.
  // tests/host/normal_text.def has examples that every host is held to; what a newer Unicode adds may come
  // later in some.
  virtual std::string normal_text(std::string_view text) = 0;
  // For asking, and for keys: normal_text, composed again (NFC). So two texts have one form here exactly if
  // they have one there, and it is written as people write it.
  virtual std::string lower_text(std::string_view text) = 0;

  // A field of the request as the client sent it, at most `bytes_max` long; a longer one counts as absent.
  virtual std::optional<std::string> request_header(RequestId request, std::string_view name,
                                                    std::size_t bytes_max) = 0;

  // All fields of the request as the client sent it, several of one name as one, names in lower case.
  virtual TextPairs request_fields(RequestId request) = 0;
  // The request's body as a stream that one operation may take; none where it has no body, or gave it away
  // already. The handle is the caller's to release.
  virtual BodyHandle request_stream(RequestId request) = 0;

  // The new body's handle is the caller's to release.
  virtual BodyHandle create_body(std::string_view bytes) = 0;
  // The bytes of a body, followed by `padding` zero bytes within the string's size.
  virtual std::string read_body(BodyHandle body, Bytes size, std::size_t padding) = 0;
  // A body of these bytes of another, which has them and is no stream. The handle is the caller's to release.
  virtual BodyHandle slice_body(BodyHandle body, Bytes from, Bytes size) = 0;
  virtual void release_body(BodyHandle body) = 0;

  // One line of JSON, whatever its level: LogLine makes it and obeys LOG_LEVEL.
  virtual void log(LogLevel level, std::string_view line) = 0;
  // The least important level that logs() lets through from now on; at first all.
  void log_from(LogLevel least) { log_least_ = least; }
  bool logs(LogLevel level) const { return level >= log_least_; }

 private:
  LogLevel log_least_ = LogLevel::debug;
};

// Host::normal_text and Host::lower_text as functions; the host outlives them.
inline NormalText normal_text_of(Host& host) {
  return [&host](std::string_view text) { return host.normal_text(text); };
}
inline NormalText lower_text_of(Host& host) {
  return [&host](std::string_view text) { return host.lower_text(text); };
}

// Owns a body handle.
class Body {
 public:
  Body() {}
  Body(Host& host, BodyHandle handle, Bytes size) : host_(&host), handle_(handle), size_(size) {}
  Body(Body&& other) noexcept
      : host_(other.host_), handle_(std::exchange(other.handle_, BodyHandle::none)), size_(other.size_) {}
  Body& operator=(Body&& other) noexcept {
    if (this != &other) {
      release();
      host_ = other.host_;
      handle_ = std::exchange(other.handle_, BodyHandle::none);
      size_ = other.size_;
    }
    return *this;
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  ~Body() { release(); }

  static Body from_bytes(Host& host, std::string_view bytes) {
    return Body(host, host.create_body(bytes), Bytes(bytes.size()));
  }

  BodyHandle handle() const { return handle_; }
  Bytes size() const { return size_; }
  bool empty() const { return handle_ == BodyHandle::none; }
#ifdef LARDER_MUTATIONS
  // Never releases it: a defect that the simulator has to find.
  void forget() { handle_ = BodyHandle::none; }
#endif

 private:
  void release() {
    if (handle_ != BodyHandle::none) {
      host_->release_body(handle_);
      handle_ = BodyHandle::none;
    }
  }

  Host* host_ = nullptr;
  BodyHandle handle_ = BodyHandle::none;
  Bytes size_;
};

}  // namespace larder::host
