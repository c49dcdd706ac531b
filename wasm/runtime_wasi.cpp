// What the C and C++ runtimes of wasi-libc would otherwise take from WASI. All of it ends the instance.
#include <__verbose_abort>
#include <cstdint>

#ifdef _LIBCPP_VERBOSE_ABORT_NOEXCEPT
#define LARDER_VERBOSE_ABORT_NOEXCEPT _LIBCPP_VERBOSE_ABORT_NOEXCEPT
#else
#define LARDER_VERBOSE_ABORT_NOEXCEPT
#endif

extern "C" {

// Debian's compiler-rt is built with stack protection; the guard's value needs no secrecy in a sandbox.
std::uintptr_t __stack_chk_guard = 0x9e3779b9;
[[noreturn]] void __stack_chk_fail() { __builtin_trap(); }

[[noreturn]] void abort() { __builtin_trap(); }
[[noreturn]] void abort_message(const char*, ...) { __builtin_trap(); }
[[noreturn]] void __assert_fail(const char*, const char*, int, const char*) { __builtin_trap(); }
char* getenv(const char*) { return nullptr; }

}  // extern "C"

// libc++'s own would print. The macro names its inline namespace, which differs between builds of the
// library.
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) LARDER_VERBOSE_ABORT_NOEXCEPT { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD

namespace larder::wasm {
extern const char* const toolchain;
const char* const toolchain = "wasi";
}  // namespace larder::wasm
