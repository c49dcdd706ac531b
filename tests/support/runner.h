// One isolate without an app: runs a task of any room over the simulated host to its end.
#pragma once

#include <optional>
#include <utility>

#include "support/world.h"

namespace larder::sim {

template <typename T>
host::Task<void> keep_result(host::Task<T> task, std::optional<T>& into) {
  into.emplace(co_await std::move(task));
}

class Runner {
 public:
  explicit Runner(World& world, std::string data_centre = "one")
      : world_(world), host(world, std::move(data_centre)), requests(host) {
    host.complete = [this](host::RequestId request, host::OperationId operation,
                           host::Completion completion) {
      return requests.complete(request, operation, std::move(completion));
    };
  }
  ~Runner() { host.stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // The context of a request that has not been used yet.
  host::Context context() { return requests.context(host::RequestId{next_request_++}); }

  // What the task made in `here` ends with, once the world is quiet.
  template <typename T>
  T run(host::Context here, host::Task<T> task) {
    std::optional<T> result;
    requests.start(here.request(), keep_result(std::move(task), result));
    world_.run();
    LARDER_ASSERT(result.has_value());
    return std::move(*result);
  }
  void run(host::Context here, host::Task<void> task) {
    requests.start(here.request(), std::move(task));
    world_.run();
  }

 private:
  World& world_;

 public:
  SimulatedHost host;
  host::Requests requests;

 private:
  std::uint32_t next_request_ = 1;
};

}  // namespace larder::sim
