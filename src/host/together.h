// Several tasks of one request at once, in that request's own context:
//
//   co_await together(std::move(tasks));
//
// Each runs to its first suspension in turn; the awaiting coroutine goes on when the last has ended.
// Destroying it destroys them all, with the operations they wait for. A request that is woken wakes every one
// that is parked.
#pragma once

#include <utility>
#include <vector>

#include "host/task.h"

namespace larder::host {

namespace detail {

// Where the branches meet again.
struct Junction {
  std::size_t left = 0;
  std::coroutine_handle<> parent;
  bool parent_waits = false;
};

// A task whose end is reported to a junction.
class Branch {
 public:
  class promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  class promise_type {
   public:
    Branch get_return_object() noexcept { return Branch(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct FinalAwaiter {
      bool await_ready() noexcept { return false; }
      __attribute__((noinline)) void await_suspend(Handle ended) noexcept {
        // The parent may destroy this frame while it runs: nothing of it is touched after resume().
        Junction& junction = *ended.promise().junction_;
        --junction.left;
        if (junction.left == 0 && junction.parent_waits) {
          junction.parent.resume();
        }
      }
      void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { LARDER_UNREACHABLE(); }

   private:
    friend class Branch;
    Junction* junction_ = nullptr;
  };

  explicit Branch(Handle handle) : handle_(handle) {}
  Branch(Branch&& other) noexcept : handle_(std::exchange(other.handle_, Handle())) {}
  Branch(const Branch&) = delete;
  Branch& operator=(const Branch&) = delete;
  ~Branch() {
    if (handle_) {
      handle_.destroy();
    }
  }
  void run(Junction& junction) {
    handle_.promise().junction_ = &junction;
    handle_.resume();
  }

 private:
  Handle handle_;
};

inline Branch branch_of(Task<void> task) { co_await std::move(task); }

}  // namespace detail

class [[nodiscard]] Together {
 public:
  explicit Together(std::vector<Task<void>> tasks) {
    for (Task<void>& task : tasks) {
      branches_.push_back(detail::branch_of(std::move(task)));
    }
  }
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;

  bool await_ready() noexcept { return branches_.empty(); }
  __attribute__((noinline)) bool await_suspend(std::coroutine_handle<> parent) {
    junction_.left = branches_.size();
    junction_.parent = parent;
    for (detail::Branch& branch : branches_) {
      branch.run(junction_);
    }
    // From here on the last branch to end resumes the parent; while they are started it must not.
    junction_.parent_waits = junction_.left > 0;
    return junction_.parent_waits;
  }
  void await_resume() noexcept {}

 private:
  detail::Junction junction_;
  std::vector<detail::Branch> branches_;
};

inline Together together(std::vector<Task<void>> tasks) { return Together(std::move(tasks)); }

}  // namespace larder::host
