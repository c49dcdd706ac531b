// The warming of an epoch: operators who upload lists, cancel and replay, queues and their consumers, and the
// cron. Of one tenant, on all of its isolates.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/app.h"
#include "sim/faulty_host.h"
#include "sim/queues.h"
#include "sim/warming_judge.h"
#include "support/jobs_view.h"

namespace larder::sim {

// What an epoch lends to those who work in it.
class Stage {
 public:
  struct Place {
    FaultyHost* host = nullptr;
    app::App* app = nullptr;
  };
  virtual ~Stage() = default;
  // One of those that are alive.
  virtual Place draw_isolate(std::size_t tenant) = 0;
  virtual host::RequestId next_request() = 0;
  // Whether KV has what that look-up of books is answered with, or somebody meddled with it.
  virtual bool is_kept(std::string_view query, std::size_t id) const = 0;
};

class WarmingSide {
 public:
  // The tenant that warms.
  static constexpr std::size_t tenant = 0;

  // In 1,000,000.
  struct Rates {
    std::uint32_t again = 0;  // acknowledged messages that come again
    std::uint32_t lost = 0;   // messages that never come
  };

  WarmingSide(World& world, Random& random, Journal& journal, Stage& stage);

  // What has to be among the bindings of its tenant's isolates.
  TextPairs bindings() const;
  // Operators come by from now on.
  void begin(Rates rates);
  // Nothing goes wrong any more, and nobody uploads.
  void heal();
  // Once nothing is under way: something more was begun. False: all that there was is over.
  bool go_on();

  // What the epoch hears of requests that are no client's.
  bool is_errand(host::RequestId request) const { return find(request) != nullptr; }
  void starting(host::RequestId request);
  void asked_origin(std::string_view about);
  void finished(FaultyHost& host, host::RequestId request);
  void queue_sent(const std::string& binding, const std::vector<std::string>& messages, Millis delay);
  void settled(host::RequestId request, const std::vector<std::string>& acknowledged,
               const std::vector<std::string>& retried, Millis delay);
  // The isolate vanished, or the platform ended the request.
  void lost_isolate(std::uint32_t number);
  bool lost_request(host::RequestId request);

  const WarmingJudge& judge() const { return judge_; }

 private:
  enum class ErrandKind : std::uint8_t { batch, upload, call };
  struct Errand {
    ErrandKind kind = ErrandKind::call;
    std::uint32_t isolate = 0;
    std::vector<std::string> messages;
    std::uint64_t asks = 0;
    std::uint64_t turns = 0;
    std::uint64_t queued = 0;
  };

  const Errand* find(host::RequestId request) const;
  Errand* current();
  Errand& start_errand(ErrandKind kind, const Stage::Place& isolate, host::RequestId request);
  void call(const std::string& method, const std::string& path, ErrandKind kind, SentBody sent,
            TextPairs headers);
  void arrive();
  void upload();
  void prewarm();
  void maintain();
  void pump();
  void plan_pump();
  void deliver(const Queues::Batch& batch);
  void end(std::map<std::uint32_t, Errand>::iterator errand);

  World& world_;
  Random& random_;
  Journal& journal_;
  Stage& stage_;
  JobsView jobs_;
  Queues queues_;
  WarmingJudge judge_;
  Rates rates_;
  bool healed_ = false;
  bool pump_planned_ = false;
  // Some upload it once more.
  SentBody last_list_;
  // Messages of a kind that this version does not know.
  std::vector<std::string> strangers_;
  // After all has healed: how often the cron has come by for what is left, and letters were replayed.
  std::uint32_t tended_ = 0;
  std::uint32_t replayed_ = 0;
  std::map<std::uint32_t, Errand> errands_;
  // The one whose operation is starting.
  std::optional<host::RequestId> calling_;
};

}  // namespace larder::sim
