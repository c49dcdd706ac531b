// Requests in flight: their root coroutines and the operations these wait for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "host/coroutine.h"
#include "host/host.h"
#include "host/task.h"

namespace larder::host {

// How an operation ended: 0 is ok, the others are rows of statuses.def. On ok `bytes` is the results record,
// else a message.
struct Completion {
  std::uint32_t status = 0;
  std::string bytes;
};

std::uint32_t constexpr status_ok = 0;
Error error_of(const Completion& completion, std::string_view source);

class Requests;

// What a coroutine runs in: one request of one host. Copied freely; valid as long as the request.
class Context {
 public:
  Context(Host& host, Requests& requests, RequestId request)
      : host_(&host), requests_(&requests), request_(request) {}
  Host& host() const { return *host_; }
  Requests& requests() const { return *requests_; }
  RequestId request() const { return request_; }

 private:
  Host* host_;
  Requests* requests_;
  RequestId request_;
};

class Requests {
 public:
  explicit Requests(Host& host) : host_(host) {}
  ~Requests();
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  Context context(RequestId request) { return Context(host_, *this, request); }

  // Runs the root to its first suspension. True when it has ended already; otherwise the request stays until
  // it ends or is abandoned, and the host is told finished().
  bool start(RequestId request, Task<void> root);
  // Hands a completion to the coroutine that waits for it and resumes it. False when none waits any more:
  // the caller releases what the results own.
  bool complete(RequestId request, OperationId operation, Completion completion);
  // Destroys the request's coroutines with all they hold. Its late completions are harmless.
  void abandon(RequestId request);

  std::size_t in_flight() const { return roots_.size(); }
  std::size_t operations_open() const { return open_; }
  // How many operations of each kind (by its number in ops.def) the host has been given.
  const std::vector<std::uint64_t>& submitted() const { return submitted_; }
  // And how many texts these had in their lists: the names of keys that one read asks for.
  const std::vector<std::uint64_t>& texts_submitted() const { return texts_submitted_; }

  // For Operation only.
  void count_submitted(OperationKind kind, std::size_t texts) {
    const auto number = static_cast<std::size_t>(kind);
    if (number >= submitted_.size()) {
      submitted_.resize(number + 1);
      texts_submitted_.resize(number + 1);
    }
    ++submitted_[number];
    texts_submitted_[number] += texts;
  }
  OperationId open_slot(RequestId request, std::coroutine_handle<> waiting, Completion* target);
  void close_slot(OperationId operation);

 private:
  struct Slot {
    std::uint32_t generation = 0;
    RequestId request{};
    std::coroutine_handle<> waiting;
    Completion* target = nullptr;
  };

  Slot* find(OperationId operation);

  Host& host_;
  std::unordered_map<std::uint32_t, Task<void>> roots_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t open_ = 0;
  std::vector<std::uint64_t> submitted_;
  std::vector<std::uint64_t> texts_submitted_;
};

}  // namespace larder::host
