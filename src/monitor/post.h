// Posts JSON to those who are told of alerts and metrics, past everything that reads are bound to.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/text.h"
#include "host/requests.h"
#include "host/task.h"

namespace larder::monitor {

struct Reply {
  std::uint32_t status = 0;
  // As it came; "": none.
  std::string retry_after;
  // "" where it is longer than anything that is read here.
  std::string body;

  Reply() {}
};

// Errors: the operation's. An answer of any status is none.
host::Task<Result<Reply>> post_json(host::Context here, std::string url, TextPairs headers, std::string json,
                                    Millis timeout);

}  // namespace larder::monitor
