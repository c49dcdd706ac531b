#include "base/assert.h"

#if !defined(__wasm__)
#include <cstdio>
#endif

namespace larder {

void assertion_failed([[maybe_unused]] const char* condition, [[maybe_unused]] const char* file,
                      [[maybe_unused]] int line) noexcept {
#if !defined(__wasm__)
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
  std::fflush(stderr);
#endif
  __builtin_trap();
}

}  // namespace larder
