// One message as a queue delivers it.
#pragma once

#include <cstdint>
#include <string>

namespace larder::host {

struct Delivery {
  std::string id;
  // Deliveries of this message so far, this one included.
  std::uint32_t attempts = 1;
  // JSON.
  std::string body;

  Delivery() {}
};

}  // namespace larder::host
