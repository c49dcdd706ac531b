// A simulated world: one virtual clock, KV, edge caches and origins, shared by any number of isolates.
// Nothing runs by itself: a test submits requests and then runs the world until it is quiet. Same calls, same
// outcome.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/operations.h"
#include "support/durable_objects.h"
#include "support/redis_server.h"

namespace larder::sim {

struct Stored {
  std::string header;
  std::string content;
  Instant expires;
};

struct OriginRequest {
  std::string method;
  std::string url;
  TextPairs headers;
  std::string content;
};

// What an origin does with a request: an answer after a delay, or a failure of the operation.
struct OriginReply {
  std::uint32_t status = 200;
  TextPairs headers;
  std::string content;
  Millis delay{50};
  std::uint32_t failure = host::status_ok;
  // Never answers: the operation's time limit ends it.
  bool silent = false;
};

// The lock of one key: the shipped decision, and those who wait as shim/objects/lock.js has them.
class SimulatedLock {
 public:
  // No outcome of the lock: the call itself fails.
  static constexpr std::uint8_t lock_failed = 255;
  using Settle = std::function<void(std::uint8_t outcome, const Stored& value)>;
  // `settle` is called once: at once, on release, or when `wait` is over (the world calls expire()).
  void acquire(Instant now, const std::string& token, Millis keep, Millis wait, std::uint64_t ticket,
               Settle settle);
  bool release(Instant now, const std::string& token, std::uint8_t verdict, const Stored& value,
               Millis keep_value);
  void expire(std::uint64_t ticket);
  // The object is evicted: it forgets everything, and who waits fails (outcome lock_failed).
  void reset();
  std::string holder() const { return state().token; }
  Instant held_until() const { return instant_from_millis(static_cast<std::int64_t>(state().until)); }

 private:
  records::LockState state() const;
  void tell(std::uint8_t outcome);

  MapStore store_;
  Stored value_;
  std::map<std::uint64_t, Settle> waiters_;
};

// What becomes of an operation instead of what it was asked for.
struct Fault {
  std::uint32_t status = host::status_ok;
  Millis delay{0};
  // The completion never comes.
  bool lost = false;
};

// What token_verify says of a token.
struct TokenVerdict {
  // "" for a valid one.
  std::string reason;
  std::string claims;
  Instant expires = Instant::max();
};

// The request's body, where it has one; or a form.
struct SentBody {
  std::string content;
  std::optional<TextPairs> form_fields;
  std::string file_name;
  // The client sends no body, however long one waits.
  bool silent = false;
  // It went on as a stream already.
  bool taken = false;
};

struct SentMail {
  std::string binding;
  std::string from;
  std::vector<std::string> to;
  std::string subject;
  std::string text;
  std::string html;
};

class SimulatedHost;

class World {
 public:
  Instant now = instant_from_millis(1'790'000'000'000);
  std::map<std::string, Stored> kv;
  // By data centre.
  std::map<std::string, std::map<std::string, Stored>> edge;
  std::function<OriginReply(const OriginRequest&)> origin;
  std::vector<OriginRequest> origin_requests;
  std::map<std::string, SimulatedLock> locks;
  Millis lock_delay{2};
  // By data centre: the copy of the log in its cache, and until when it is used.
  std::map<std::string, std::pair<std::string, Instant>> control_copies;
  // By binding. Their alarms go off with the first event after they are due.
  std::map<std::string, DurableObjects> durable = all_objects();
  Millis object_delay{5};
  // By token; one that is not here is malformed.
  std::map<std::string, TokenVerdict> tokens;
  // By binding: what rate_limit says of a key. Unset: always allowed.
  std::function<bool(const std::string& binding, const std::string& key)> rate_limit;
  // By producer binding: what was sent and nobody has taken yet, and from when on it may be taken.
  std::map<std::string, std::deque<std::pair<Instant, std::string>>> queues;
  // By dataset of Analytics Engine: what was written, as JSON texts. A dataset that is not here is not bound.
  std::map<std::string, std::vector<std::string>> data_points;
  // What Analytics SQL answers, as JSON; nullopt: it refuses, and may be asked again. Unset: the binding is
  // not there.
  std::function<std::optional<std::string>(const std::string& query, const TextPairs& params)> analytics_sql;
  // What mail_send sends, and what the platform says to it ("" sent). Unset: the binding is not there.
  std::vector<SentMail> mails;
  std::function<std::string(const SentMail&)> mail;
  // Told what becomes of a batch's messages.
  std::function<void(host::RequestId, const std::vector<std::string>& acknowledged,
                     const std::vector<std::string>& retried, Millis delay)>
      settled;
  // Asked before every operation; nullopt lets it go through.
  std::function<std::optional<Fault>(host::OperationKind)> fault;
  // From now on every operation of this kind fails as one that is out of order.
  void fail(host::OperationKind failing) {
    fault = [failing](host::OperationKind kind) {
      Fault out_of_order;
      out_of_order.status = 2;  // unavailable, as statuses.def has it
      return kind == failing ? std::optional<Fault>(out_of_order) : std::nullopt;
    };
  }
  // How long each kind of store takes.
  Millis edge_delay{1};
  Millis kv_delay{8};
  // R2: objects by name.
  struct Object {
    std::string header;
    std::string content;
    std::string etag;
    Instant uploaded;
  };
  std::map<std::string, Object> r2;
  Millis r2_delay{30};
  std::uint64_t r2_puts = 0;
  // It acknowledges puts and keeps nothing.
  bool r2_forgets_puts = false;
  SimulatedRedis redis;
  Millis redis_delay{3};
  std::uint64_t operations = 0;
  std::uint64_t hosts = 0;
  // What was packed by body_gzip, by its packed form.
  std::map<std::string, std::string> packed;

  // Runs `event` at now + delay.
  void after(Millis delay, std::function<void()> event);
  // Runs events in order of time until none is left, or until `limit` of virtual time has passed.
  void run();
  void run_for(Millis limit);
  // Runs the next event, if there is one until `limit`.
  bool step(Instant limit);

 private:
  struct Event {
    Instant at;
    std::uint64_t order;
    std::function<void()> run;
  };

  std::vector<Event> events_;
  std::uint64_t next_order_ = 0;
};

// One isolate's host. The app is attached after it is made, since it needs the host.
class SimulatedHost : public host::Host {
 public:
  explicit SimulatedHost(World& world, std::string data_centre = "one")
      : world_(world),
        data_centre_(std::move(data_centre)),
        random_state_(++world.hosts * 0x9e3779b97f4a7c15) {}

  // Given to every completion: what the app does with it.
  std::function<bool(host::RequestId, host::OperationId, host::Completion)> complete;

  struct Exchange {
    TextPairs request_headers;
    SentBody sent;
    bool answered = false;
    bool finished = false;
    std::uint32_t status = 0;
    TextPairs headers;
    std::string body;
    // With the head whose answers it repeats.
    std::optional<host::Lane> lane;
    host::HeadHandle head = host::HeadHandle::none;
    Instant answered_at;

    // The header's value, or "" if there is none.
    std::string header(std::string_view name) const;
  };
  Exchange& exchange(host::RequestId request) { return exchanges_[static_cast<std::uint32_t>(request)]; }
  std::size_t bodies_alive() const { return bodies_.size(); }
  std::size_t heads_alive() const { return heads_.size(); }
  // The head of an answer that was given in numbers; nullptr: it is kept no longer.
  const host::HeadParts* head_of(const Exchange& exchange) const;
  std::uint64_t body_bytes_alive() const;
  const std::vector<std::string>& log_lines() const { return log_lines_; }
  // What the app is told that lanes have answered, once.
  std::vector<host::LaneHits> lane_hits;
  std::uint64_t lanes_revoked() const { return lanes_revoked_; }
  // Completions of operations nobody waited for any more.
  std::uint64_t late_completions() const { return late_completions_; }
  // The isolate ends: nothing completes any more.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  const std::string& data_centre() const { return data_centre_; }
  // What is known of a request that is over.
  void forget(host::RequestId request) { exchanges_.erase(static_cast<std::uint32_t>(request)); }

  void submit(host::RequestId request, host::OperationId operation, host::OperationKind kind,
              std::string_view arguments) override;
  void respond(host::RequestId request, const host::Answer& answer) override;
  host::HeadHandle create_head(const host::HeadParts& parts) override;
  void release_head(host::HeadHandle head) override;
  void wake(host::RequestId request) override;
  void finished(host::RequestId request) override;
  void revoke_lanes() override { ++lanes_revoked_; }
  std::vector<host::LaneHits> take_lane_hits() override { return std::exchange(lane_hits, {}); }
  Instant now() override { return world_.now; }
  std::string random_bytes(std::size_t count) override;
  std::string sha256(std::string_view bytes) override;
  std::string body_sha256(host::BodyHandle body) override;
  std::string normal_text(std::string_view text) override;
  std::string lower_text(std::string_view text) override;
  std::optional<std::string> request_header(host::RequestId request, std::string_view name,
                                            std::size_t bytes_max) override;
  TextPairs request_fields(host::RequestId request) override;
  host::BodyHandle request_stream(host::RequestId request) override;
  host::BodyHandle create_body(std::string_view bytes) override;
  std::string read_body(host::BodyHandle body, Bytes size, std::size_t padding) override;
  host::BodyHandle slice_body(host::BodyHandle body, Bytes from, Bytes size) override;
  void release_body(host::BodyHandle body) override;
  void log(LogLevel level, std::string_view line) override;

 protected:
  // A completion under way: how long it takes and what it says. The results are encoded when it arrives.
  struct Outcome {
    Millis delay{0};
    std::uint32_t status = host::status_ok;
    std::string message;
    std::function<std::string()> results;
    std::vector<host::BodyHandle> owned;
  };
  virtual Outcome run_operation(host::RequestId request, host::OperationKind kind, RecordReader& arguments);
  static Outcome record_result(Millis delay, std::function<void(RecordWriter&)> write);
  std::string content(host::BodyHandle body) const;
  // What the exchange's lane answers now, its times apart; nullopt: its head is kept no longer.
  std::optional<host::Answer> repeated_by_lane(const Exchange& first) const;

  World& world_;

 private:
  // The answer as the client gets it.
  host::Answer written_out(const host::Answer& answer) const;
  Outcome park(host::RequestId request, host::OperationId operation, RecordReader& arguments);
  Outcome origin_fetch(host::RequestId request, RecordReader& arguments);
  Outcome origin_resume(host::RequestId request, RecordReader& arguments);
  Outcome origin_outcome(const OriginReply& reply, std::uint64_t body_bytes_max, Millis delay,
                         bool with_ticket);
  Outcome control_read(RecordReader& arguments);
  Outcome control_append(RecordReader& arguments);
  Outcome body_gzip(RecordReader& arguments);
  Outcome body_gunzip(RecordReader& arguments);
  Outcome body_result(std::string content, Millis delay);
  static Outcome failed(std::uint32_t status, std::string message);
  Outcome request_body(host::RequestId request, RecordReader& arguments);
  Outcome request_form(host::RequestId request, RecordReader& arguments);
  Outcome object_run(RecordReader& arguments);
  Outcome token_verify(RecordReader& arguments);
  Outcome rate_limit(RecordReader& arguments);
  Outcome queue_send(RecordReader& arguments);
  Outcome queue_backlog(RecordReader& arguments);
  Outcome analytics_write(RecordReader& arguments);
  Outcome analytics_query(RecordReader& arguments);
  Outcome mail_send(RecordReader& arguments);
  Outcome store_get(std::map<std::string, Stored>& store, RecordReader& arguments, Millis delay);
  Outcome store_put(std::map<std::string, Stored>& store, RecordReader& arguments, Millis delay);
  Outcome store_delete(std::map<std::string, Stored>& store, RecordReader& arguments, Millis delay);
  Outcome kv_put(RecordReader& arguments);
  Outcome redis_run(RecordReader& arguments);
  Outcome r2_get(RecordReader& arguments);
  Outcome r2_put(RecordReader& arguments);
  Outcome r2_head(RecordReader& arguments);
  Outcome r2_delete(RecordReader& arguments);
  Outcome r2_list(RecordReader& arguments);
  Outcome body_split(RecordReader& arguments);
  Outcome kv_list(RecordReader& arguments);
  Outcome kv_get_many(RecordReader& arguments);
  // `delay` is how long the answer takes once the lock has settled.
  void lock_acquire(host::RequestId request, host::OperationId operation, RecordReader& arguments,
                    Millis delay);
  Outcome lock_release(RecordReader& arguments);
  void deliver(host::RequestId request, host::OperationId operation, const Outcome& outcome);

  std::string data_centre_;
  bool stopped_ = false;
  std::unordered_map<std::uint32_t, Exchange> exchanges_;
  std::unordered_map<std::uint32_t, std::string> bodies_;
  std::uint32_t next_body_ = 1;
  std::unordered_map<std::uint32_t, host::HeadParts> heads_;
  std::uint32_t next_head_ = 1;
  // Of one request several may wait.
  std::unordered_map<std::uint32_t, std::vector<host::OperationId>> parked_;
  // An answer past its soft time: when it comes, and what it is.
  struct Resumable {
    Instant at;
    OriginReply reply;
    std::uint64_t body_bytes_max = 0;
  };
  std::unordered_map<std::uint32_t, Resumable> resumable_;
  std::uint32_t next_ticket_ = 1;
  std::vector<std::string> log_lines_;
  std::uint64_t lanes_revoked_ = 0;
  std::uint64_t late_completions_ = 0;
  // No two isolates draw the same.
  std::uint64_t random_state_;
};

// Changes of the control log past every host (records::control_changes): the log with them. And how many it
// has had.
std::string append_control(World& world, std::string_view changes);
std::uint64_t control_sequence(World& world);

// SHA-256 for hosts without a platform.
std::string sha256(std::string_view bytes);

}  // namespace larder::sim
