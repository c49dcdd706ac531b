// Holds a run against the invariants: every answer, every store, every origin call, every lock.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "entry/header.h"
#include "sim/faulty_host.h"
#include "sim/journal.h"
#include "sim/origins.h"

namespace larder::sim {

class Judge {
 public:
  Judge(World& world, Origins& origins, Journal& journal)
      : world_(world), origins_(origins), journal_(journal) {}

  void answer(const FaultyHost& host, ClientRequest& client);
  // A write into a store, or into the lock's hand.
  void store(const FaultyHost& host, std::string_view key, const Stored& stored);
  // `host` asks the origin; `serial` is what it will hear (0: nothing).
  void origin_call(const FaultyHost& host, ClientRequest& client, std::uint64_t serial);
  // A request starts to look its key up.
  void look_up(const FaultyHost& host, const ClientRequest& client);
  // A request knows its answer: it is given, or is unpacked first. Its followers have it from then on.
  void decides(const FaultyHost& host, const ClientRequest& client);
  void lock_granted(const std::string& lock, const std::string& token, Instant until);
  void lock_released(const std::string& lock, const std::string& token, const Release& release);
  void lock_reset(const std::string& lock);
  // The key that a lock is for.
  static std::string_view lock_key(std::string_view lock);
  // An isolate asks for a lock.
  void lock_asked(const FaultyHost& host, const ClientRequest& client, std::string_view lock);
  // What the control log says from now on.
  void purged(std::string kind, std::string text, bool soft, std::uint64_t sequence);
  void switched(const std::string& setting, bool on, std::uint64_t sequence);
  // The lock's own operations went wrong, so that nothing can be said of its window.
  void lock_disturbed(const std::string& lock);
  // Until when a request has to be answered, as far as it is known by now.
  Instant deadline(const FaultyHost& host, const ClientRequest& client) const;
  void overdue(const FaultyHost& host, const ClientRequest& client);
  // A purge of it came since.
  bool purged_lately(const Subject& subject, Instant since) const;

 private:
  struct Purge {
    std::string kind;
    std::string text;
    bool soft = false;
    std::uint64_t sequence = 0;
    Instant at;
  };
  struct Switch {
    bool on = true;
    Instant since;
    Instant last_off;
    // Of the control log.
    std::uint64_t sequence = 0;
  };
  struct Lock {
    std::string holder;
    Instant held_until;
    // The answer that it hands out, and until when.
    std::uint64_t published = 0;
    Instant published_at;
    Instant published_until;
    Instant published_over;
  };

  void violate(Invariant invariant, const FaultyHost& host, const ClientRequest& client,
               std::string_view what);
  // The body as it was said: unpacked if need be.
  std::optional<std::string> plain(const std::string& body, bool packed) const;
  const Said* recognise(const FaultyHost& host, const ClientRequest& client,
                        const SimulatedHost::Exchange& exchange);
  void refused(const FaultyHost& host, const ClientRequest& client);
  // What it is that nothing else excuses: a key that fails by itself was asked for lately, or not.
  Invariant costs_or(Invariant otherwise, const ClientRequest& client) const;
  void direct(const FaultyHost& host, const ClientRequest& client, const Said& said);
  void kept(const FaultyHost& host, ClientRequest& client, const Said& said, Millis age);
  // The origin fails, or keeps somebody waiting beyond its soft time.
  bool may_be_rescued(const FaultyHost& host, const ClientRequest& client) const;
  void after_purge(const FaultyHost& host, const ClientRequest& client, const Said& said, Instant asked,
                   Instant decided);
  bool failing(std::size_t tenant, Instant since) const;
  static bool reaches(const Purge& purge, const Subject& subject);
  void warmed(const FaultyHost& host, const ClientRequest& client, const SimulatedHost::Exchange& exchange);
  // Off for so long that every isolate has to know: it reads the log before it serves what is stored, and
  // behind its answers. What finds nothing stored may go by what the isolate knew before a long idle time.
  bool surely_off(const FaultyHost& host, const ClientRequest& client, const std::string& setting) const;
  // Off, or switched back on so lately that somebody may still go by it.
  bool perhaps_off(const ClientRequest& client, const std::string& setting) const;

  World& world_;
  Origins& origins_;
  Journal& journal_;
  std::map<std::string, Lock> locks_;
  std::vector<Purge> purges_;
  std::map<std::string, Switch> switches_;
  // By key: when an origin's answer was last of no use to others.
  std::map<std::string, Instant> unshareable_;
  // By isolate and key: when a leader had waited too long, whose followers are answered with it.
  std::map<std::pair<std::uint32_t, std::string>, Instant> waited_;
};

}  // namespace larder::sim
