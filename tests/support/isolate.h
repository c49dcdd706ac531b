// One isolate under test: the real app over the simulated host.
#pragma once

#include <memory>
#include <string>

#include "app/app.h"
#include "support/world.h"

namespace larder::sim {

// Book resources as shipped, without tags.
std::string book_declarations();

class Isolate {
 public:
  explicit Isolate(World& world, TextPairs bindings = {}, std::string declarations = book_declarations(),
                   std::string data_centre = "one", bool bypass = false);
  ~Isolate() { host.stop(); }

  // Starts a request; the world has to run for it to go on.
  host::RequestId request(std::string method, std::string url, TextPairs headers = {}, SentBody sent = {});
  // A call of another Worker, to its end: `role` is what its binding says.
  SimulatedHost::Exchange& call(const std::string& name, const std::string& caller, const std::string& role,
                                std::string argument);
  // Starts one.
  host::RequestId begin_call(const std::string& name, const std::string& caller, const std::string& role,
                             std::string argument);
  // Starts a queue batch: messages by id, attempts and body.
  struct Sent {
    std::string id;
    std::uint32_t attempts;
    std::string body;

    Sent(std::string id_, std::uint32_t attempts_, std::string body_)
        : id(std::move(id_)), attempts(attempts_), body(std::move(body_)) {}
  };
  host::RequestId batch(const std::string& queue, const std::vector<Sent>& messages);
  // Starts it and runs the world until all is quiet.
  SimulatedHost::Exchange& run(std::string method, std::string url, TextPairs headers = {},
                               SentBody sent = {});
  SimulatedHost::Exchange& get(std::string url) { return run("GET", std::move(url)); }

  // No handle is alive but those of the memory tier, no request is in flight.
  bool settled() const { return app->requests_in_flight() == 0 && host.bodies_alive() == app->bodies_held(); }

  World& world;
  SimulatedHost host;
  std::unique_ptr<app::App> app;
  std::uint32_t faults = 0;

 private:
  std::uint32_t next_request_ = 1;
};

// What the day's calls of models have come to so far.
records::SpentDay spent_today(World& world);
// A call of a model that somebody else makes today.
void take_model_call(World& world);

// A reply in Open Library's search shape with one work.
OriginReply open_library_reply(std::string title, std::string author, std::string isbn);
OriginReply open_library_empty();

}  // namespace larder::sim
