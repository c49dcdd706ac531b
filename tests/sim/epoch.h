// One world of a run, from its first request to the day of judgement: isolates, clients, changing origins,
// operators who warm (warming_side.h), and faults; in the end all faults stop, warming comes to its end,
// lifetimes pass, and everything has to be well again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/eventual_kv.h"
#include "sim/faulty_host.h"
#include "sim/judge.h"
#include "sim/random.h"
#include "sim/records_side.h"
#include "sim/warming_side.h"

namespace larder::sim {

class Epoch final : public Overseer, public Stage {
 public:
  Epoch(Random& random, Journal& journal);
  ~Epoch() override;

  // Until the journal has so many steps, or a violation.
  void run(std::uint64_t steps_end);

 private:
  // How often things go wrong, in 1,000,000 operations or requests.
  struct Rates {
    std::uint32_t fails = 0;
    std::uint32_t fails_late = 0;
    std::uint32_t slow = 0;
    std::uint32_t lost = 0;
    std::uint32_t again = 0;
    std::uint32_t crash = 0;
    std::uint32_t ended = 0;
    std::uint32_t meddling = 0;
    std::uint32_t misfortune = 0;
    std::uint32_t affliction = 0;
    std::uint32_t purges = 0;
    std::uint32_t switches = 0;
  };
  // Rare situations that this epoch has yet to bring about, at its first opportunity: none of them is left to
  // chance.
  struct Owed {
    bool slow_origin = false;
    bool failing_origin = false;
    bool lost_leader = false;
    bool crashed_holder = false;
    bool edge_eviction = false;
  };
  // An isolate. Events may still be under way to its host when it is gone, so hosts stay until the end.
  struct Node {
    std::unique_ptr<FaultyHost> host;
    std::unique_ptr<app::App> app;
  };

  std::optional<Fault> starting(FaultyHost& host, host::RequestId request, host::OperationKind kind,
                                std::string_view arguments) override;
  void started(host::OperationKind kind, std::string_view arguments) override;
  void completing(FaultyHost& host, host::RequestId request, host::OperationKind kind,
                  const host::Completion& completion) override;
  void answered(FaultyHost& host, ClientRequest& client) override;
  std::optional<Stored> kv_read(FaultyHost& host, const std::string& key) override;
  void kv_write(FaultyHost& host, const std::string& key, Stored stored) override;
  void kv_remove(FaultyHost& host, const std::string& key) override;
  void lock_released(const FaultyHost& host, const std::string& lock, const std::string& token,
                     const Release& release) override;
  void errand_finished(FaultyHost& host, host::RequestId request) override;
  void queue_sent(host::RequestId request, const std::string& binding,
                  const std::vector<std::string>& messages, Millis delay) override;
  Place draw_isolate(std::size_t tenant) override;
  host::RequestId next_request() override;
  bool is_kept(std::string_view query, std::size_t id) const override;

  // What is special about a client's request.
  struct Visit {
    // After all has healed: it has to bring what the origin says now.
    bool is_final = false;
    // It has to be a hit that has this work.
    std::optional<std::size_t> warmed_work;
  };

  void draw_rates();
  void start_isolate(std::size_t tenant, std::size_t data_centre);
  Node* node_of(std::uint32_t number);
  void crash(std::uint32_t number);
  void end_request(std::uint32_t number, host::RequestId id);
  void noticed(const FaultyHost& host, const ClientRequest* client, std::string_view what,
               std::int64_t value = 0);

  OriginReply ask_origin(const OriginRequest& request);
  void warming_asks(const Subject& subject);
  void plan_boundary_visit(const Said& said);
  std::optional<Fault> draw_fault(FaultyHost& host, ClientRequest* client, host::OperationKind kind,
                                  std::string_view arguments);
  void put_again(FaultyHost& host, host::OperationKind kind, FaultyHost::Put put);
  void store_read(const std::string& header, const std::string& place);

  Subject draw_subject();
  void arrive();
  void visit(const Subject& subject, Millis within);
  void request(std::uint32_t number, const Subject& subject, const Visit& visit);
  bool repeat(FaultyHost& host, ClientRequest& client);
  void watch_deadline(std::uint32_t number, host::RequestId id);
  void change_the_world();
  void afflict(Condition condition, Millis lasts);
  void pay_what_is_owed();
  bool has_followers(const FaultyHost& host, const ClientRequest& leader) const;
  void harass();
  void meddle();
  void purge(const Subject& subject);
  void switch_something();
  void append_to_log(const std::string& change);
  void heal();
  void settle();
  void finish_warming();
  void read_warmed(const WarmingJudge::Warmed& warmed);
  void read_work(const Subject& subject, std::size_t work, Instant since);
  void read_everything();
  bool stopped() const { return journal_.violation().has_value(); }

  Random& random_;
  Journal& journal_;
  World world_;
  Origins origins_;
  Judge judge_;
  std::size_t tenants_;
  std::size_t data_centres_;
  EventualKv kv_;
  WarmingSide warming_;
  RecordsSide records_;
  // Not every epoch's operators do.
  bool warms_;
  Rates rates_;
  Owed owed_;
  // No store fails, is late or holds what it should not.
  bool stores_well_ = true;
  Millis gap_mean_;
  // Of each isolate's memory tier. Small ones have to let entries go.
  std::uint64_t memory_bytes_ = 0;
  bool healed_ = false;
  std::uint32_t next_isolate_ = 1;
  std::uint32_t next_request_ = 1;
  std::vector<Node> nodes_;
  std::vector<std::unique_ptr<FaultyHost>> graves_;
  // Who asks the origin at this moment.
  FaultyHost* asking_host_ = nullptr;
  ClientRequest* asking_ = nullptr;
  host::RequestId at_work_{};
  // By key: when KV was last given something; and whatever was meddled with.
  std::map<std::string, Instant> stored_at_;
  std::set<std::string> meddled_;
  // Entries that were planted, by their header: what they are.
  std::map<std::string, Probe> planted_;
  std::map<std::string, Subject> subjects_seen_;
  std::vector<std::string> switched_off_;
};

}  // namespace larder::sim
