// <coroutine>, or the few names of it that this project uses where the standard library has none (libc++ 13
// of Debian's Emscripten): clang-14 offers the builtins and looks the names up in std.
#pragma once

#if __has_include(<coroutine>)
#include <coroutine>
#else

#include <cstddef>
#include <functional>
#include <type_traits>

namespace std {

template <typename Result, typename... Arguments>
struct coroutine_traits {
  using promise_type = typename Result::promise_type;
};

template <typename Promise = void>
class coroutine_handle;

template <>
class coroutine_handle<void> {
 public:
  constexpr coroutine_handle() noexcept = default;
  constexpr coroutine_handle(nullptr_t) noexcept {}
  static coroutine_handle from_address(void* address) noexcept {
    coroutine_handle handle;
    handle.frame_ = address;
    return handle;
  }
  constexpr void* address() const noexcept { return frame_; }
  constexpr explicit operator bool() const noexcept { return frame_ != nullptr; }
  bool done() const noexcept { return __builtin_coro_done(frame_); }
  void resume() const { __builtin_coro_resume(frame_); }
  void operator()() const { resume(); }
  void destroy() const { __builtin_coro_destroy(frame_); }

 protected:
  void* frame_ = nullptr;
};

template <typename Promise>
class coroutine_handle : public coroutine_handle<void> {
 public:
  constexpr coroutine_handle() noexcept = default;
  constexpr coroutine_handle(nullptr_t) noexcept {}
  static coroutine_handle from_address(void* address) noexcept {
    coroutine_handle handle;
    handle.frame_ = address;
    return handle;
  }
  static coroutine_handle from_promise(Promise& promise) {
    using Plain = remove_cv_t<Promise>;
    coroutine_handle handle;
    handle.frame_ = __builtin_coro_promise(const_cast<Plain*>(&promise), alignof(Plain), true);
    return handle;
  }
  Promise& promise() const {
    return *static_cast<Promise*>(__builtin_coro_promise(this->frame_, alignof(Promise), false));
  }
};

struct noop_coroutine_promise {};

template <>
class coroutine_handle<noop_coroutine_promise> : public coroutine_handle<void> {
 public:
  coroutine_handle() noexcept { this->frame_ = __builtin_coro_noop(); }
};
using noop_coroutine_handle = coroutine_handle<noop_coroutine_promise>;
inline noop_coroutine_handle noop_coroutine() noexcept { return noop_coroutine_handle(); }

struct suspend_never {
  constexpr bool await_ready() const noexcept { return true; }
  constexpr void await_suspend(coroutine_handle<>) const noexcept {}
  constexpr void await_resume() const noexcept {}
};

struct suspend_always {
  constexpr bool await_ready() const noexcept { return false; }
  constexpr void await_suspend(coroutine_handle<>) const noexcept {}
  constexpr void await_resume() const noexcept {}
};

}  // namespace std

#endif
