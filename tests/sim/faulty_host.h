// One isolate of a simulated run: the real app over a host where everything can go wrong.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "app/app.h"
#include "sim/origins.h"
#include "support/world.h"

namespace larder::sim {

// A client's request under way, and what befell it.
struct ClientRequest {
  host::RequestId id{};
  Subject subject;
  std::string key;
  std::string accept_language;
  std::string url;
  bool takes_gzip = false;
  bool authorized = false;
  // HEAD in mode http, whose answer is for nobody else.
  bool wants_no_body = false;
  // Of a read after all has healed: it has to bring what the origin says now.
  bool final_read = false;
  Instant began;
  // The control log's sequence that its isolate knew then.
  std::uint64_t sequence_known = 0;
  // By how much the simulator held up its operations.
  Millis held_up{0};
  // A request of its isolate for its key was ended by the platform.
  bool neighbour_ended = false;
  // Of a read of what was warmed: it has to be a hit, with this work.
  std::optional<std::size_t> warmed_work;
  bool answered = false;
  std::string cache_status;
  // The platform will never complete one of its operations.
  bool hangs = false;
  // A stored body could not be unpacked: the origin is asked past the lock.
  bool unpack_failed = false;
  // It is looking the key up in the stores.
  std::optional<Instant> looks_up_since;
  // What the lock said.
  bool granted = false;
  bool lock_failed = false;
  bool told_alone = false;
  bool handed_value = false;
  // Its word was long on the way: what it handed over may be over.
  bool lock_late = false;
  bool told_to_retry = false;
  // It asked the origin for what nobody else could be given.
  bool asked_alone = false;
  // The lock it asked last, and since when.
  std::string lock_name;
  Instant lock_asked_at;
  std::uint64_t last_serial = 0;
  std::optional<Instant> unpacks_since;
  // It was answered with what had been stored well before it came.
  bool got_stored = false;
};

class FaultyHost;

// A lock that is handed back: with what, and whether the lock took it from this token.
struct Release {
  std::uint8_t verdict = 0;
  Stored value;
  bool held = false;
};

// What watches and disturbs the hosts of a run.
class Overseer {
 public:
  virtual ~Overseer() = default;
  // Before an operation starts: what becomes of it.
  virtual std::optional<Fault> starting(FaultyHost& host, host::RequestId request, host::OperationKind kind,
                                        std::string_view arguments) = 0;
  // After it has started: its effect on what is shared is there.
  virtual void started(host::OperationKind kind, std::string_view arguments) = 0;
  virtual void completing(FaultyHost& host, host::RequestId request, host::OperationKind kind,
                          const host::Completion& completion) = 0;
  virtual void answered(FaultyHost& host, ClientRequest& client) = 0;
  // The stores, whose ways are the run's.
  virtual std::optional<Stored> kv_read(FaultyHost& host, const std::string& key) = 0;
  virtual void kv_write(FaultyHost& host, const std::string& key, Stored stored) = 0;
  virtual void kv_remove(FaultyHost& host, const std::string& key) = 0;
  // A request that is no client's, a batch of a queue say, is over; what it answered is there.
  virtual void errand_finished(FaultyHost& host, host::RequestId request) = 0;
  virtual void queue_sent(host::RequestId request, const std::string& binding,
                          const std::vector<std::string>& messages, Millis delay) = 0;
  // Somebody handed a lock back.
  virtual void lock_released(const FaultyHost& host, const std::string& lock, const std::string& token,
                             const Release& release) = 0;
};

class FaultyHost final : public SimulatedHost {
 public:
  FaultyHost(World& world, Overseer& overseer, std::uint32_t number_, std::size_t tenant_,
             std::size_t data_centre_number_)
      : SimulatedHost(world, data_centre_name(data_centre_number_)),
        number(number_),
        tenant(tenant_),
        data_centre_number(data_centre_number_),
        overseer_(overseer) {}

  static std::string data_centre_name(std::size_t number) {
    return std::string(1, static_cast<char>('a' + number));
  }

  void submit(host::RequestId request, host::OperationId operation, host::OperationKind kind,
              std::string_view arguments) override;
  void respond(host::RequestId request, const host::Answer& answer) override;
  void finished(host::RequestId request) override;
  // A digest of no cryptographic worth: large bodies would take most of a run's time.
  std::string body_sha256(host::BodyHandle body) override;

  void revoke_lanes() override;
  std::vector<host::LaneHits> take_lane_hits() override;
  // The answer that the app left to be repeated for the URL, as a response of its own; nullptr: it has to be
  // asked.
  const Exchange* repeated(const std::string& url);

  // Given to the app in place of SimulatedHost::complete's.
  bool complete_operation(app::App& app, host::RequestId request, host::OperationId operation,
                          host::Completion completion);
  // The operation has its effect, and nobody will hear of it.
  void have_effect(host::RequestId request, host::OperationKind kind, std::string_view arguments);
  // The stored pair that a put's arguments describe.
  struct Put {
    std::string key;
    Stored stored;
  };
  Put put_of(std::string_view arguments) const;
  void evict(const std::string& key) { world_.edge[data_centre()].erase(key); }

  ClientRequest* client(host::RequestId request);

  const std::uint32_t number;
  const std::size_t tenant;
  const std::size_t data_centre_number;
  std::unordered_map<std::uint32_t, ClientRequest> clients;
  // The control log's sequence that this isolate has read, and when reading it last went wrong.
  std::uint64_t sequence_known = 0;
  Instant control_trouble_at;
  // Failures of the lock in a row, as far as the isolate noticed.
  std::uint32_t lock_failures = 0;
  // What it noticed of an origin's answers about a subject; about what warming asks for, only the resource is
  // known. A circuit breaker stands before each key, resource and origin (books have an origin of their own):
  // a failure may leave the key's half-open until it is asked for again, and the other two until a few
  // answers were good.
  void heard(std::size_t resource, const Subject* subject, bool failed) {
    constexpr std::uint32_t good_answers_enough = 3;
    for (std::uint32_t* const doubts : {&doubts_[resource], &doubts_of_all_[origin_of(resource)]}) {
      *doubts = failed ? good_answers_enough : *doubts - (*doubts > 0 ? 1 : 0);
    }
    if (subject != nullptr && failed) {
      failed_last_.insert(name_of(*subject));
    } else if (subject != nullptr) {
      failed_last_.erase(name_of(*subject));
    }
  }
  bool origin_failed(const Subject& subject) const {
    return doubts_[subject.resource] > 0 || doubts_of_all_[origin_of(subject.resource)] > 0 ||
           failed_last_.count(name_of(subject)) > 0;
  }

 private:
  Outcome run_operation(host::RequestId request, host::OperationKind kind, RecordReader& arguments) override;

  struct Open {
    host::OperationKind kind;
    host::RequestId request;
  };
  struct RepeatedAnswer {
    Exchange exchange;
    // All, and those that the app was not told yet.
    std::uint32_t hits = 0;
    std::uint32_t untold = 0;
  };
  void settle(RepeatedAnswer& repeated);
  using SubjectName = std::array<std::size_t, 4>;
  static std::size_t origin_of(std::size_t resource) { return resource < plain_resources ? 0 : 1; }
  static SubjectName name_of(const Subject& subject) {
    return {subject.tenant, subject.resource, subject.id, subject.language};
  }

  Overseer& overseer_;
  std::array<std::uint32_t, resource_rows.size()> doubts_{};
  std::array<std::uint32_t, 2> doubts_of_all_{};
  std::set<SubjectName> failed_last_;
  std::unordered_map<std::uint64_t, Open> open_;
  // By URL, as shim/lanes.js has them.
  std::map<std::string, RepeatedAnswer> lanes_;
  // Of lanes that are gone.
  std::vector<host::LaneHits> untold_hits_;
};

}  // namespace larder::sim
