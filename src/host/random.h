// Random numbers of the host's bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/host.h"

namespace larder::host {

// Any number of that many bytes, at most eight.
inline std::uint64_t random_number(Host& host, std::size_t bytes) {
  std::uint64_t random = 0;
  for (const char byte : host.random_bytes(bytes)) {
    random = random << 8 | static_cast<unsigned char>(byte);
  }
  return random;
}

}  // namespace larder::host
