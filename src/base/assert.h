// Assertions that stay on in production. A failed one is a bug of ours, never bad input: it traps, the shim
// drops the instance and answers what was in flight from the origin.
#pragma once

namespace larder {

// Ends the instance. Native builds print the place first; in WebAssembly it is the trap itself that tells.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace larder

#define LARDER_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::larder::assertion_failed(#condition, __FILE__, __LINE__))

// For the end of an exhaustive switch.
#define LARDER_UNREACHABLE() ::larder::assertion_failed("unreachable", __FILE__, __LINE__)
