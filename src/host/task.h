// Task<T>: a stackless coroutine that is awaited where it is made.
//
//   Task<Result<int>> twice(Context here) { const int n = co_await once(here); co_return n * 2; }
//
// Move-only and lazy: nothing runs before the await. Arguments are taken by value or owned by the caller's
// frame, since a reference may not outlive a suspension. There is no symmetric transfer: a chain of a million
// awaits that do not suspend runs in constant stack on every toolchain, because await_suspend resumes the
// child itself and says whether to suspend.
#pragma once

#include <optional>
#include <utility>

#include "base/assert.h"
#include "host/coroutine.h"

namespace larder::host {

template <typename T>
class Task;

namespace detail {

class PromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    __attribute__((noinline)) void await_suspend(std::coroutine_handle<Promise> child) noexcept {
      // The parent may destroy this frame while it runs: nothing of it is touched after resume().
      const PromiseBase& promise = child.promise();
      if (promise.parent_waits_) {
        promise.parent_.resume();
      }
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }

  [[noreturn]] void unhandled_exception() noexcept { LARDER_UNREACHABLE(); }

  // True when the parent has to suspend: the child waits for an operation and will resume it at its end.
  __attribute__((noinline)) bool run_for(std::coroutine_handle<> parent, std::coroutine_handle<> child) {
    parent_ = parent;
    child.resume();
    if (child.done()) {
      return false;
    }
    parent_waits_ = true;
    return true;
  }

 private:
  std::coroutine_handle<> parent_;
  bool parent_waits_ = false;
};

template <typename T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <typename U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() {
    LARDER_ASSERT(value_.has_value());
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() {}
};

}  // namespace detail

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() {}
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, Handle())) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, Handle());
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { destroy(); }

  struct Awaiter {
    Handle child;
    explicit Awaiter(Handle child_) : child(child_) {}
    bool await_ready() noexcept { return false; }
    __attribute__((noinline)) bool await_suspend(std::coroutine_handle<> parent) {
      return child.promise().run_for(parent, child);
    }
    T await_resume() { return child.promise().take(); }
  };
  // Only a temporary or a moved task is awaited: once.
  Awaiter operator co_await() && {
    LARDER_ASSERT(handle_);
    return Awaiter(handle_);
  }

  // For the root of a request only: runs to the first suspension.
  void start() { handle_.resume(); }
  bool done() const { return handle_.done(); }

 private:
  void destroy() {
    if (handle_) {
      handle_.destroy();
    }
  }

  Handle handle_;
};

namespace detail {

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace detail

}  // namespace larder::host
