#include "records/calls.h"

#include "host/requests.h"

namespace larder::records {

Error refusal_of(std::string_view reply, std::string_view source) {
  host::Completion completion;
  completion.status = reply.empty() ? UINT32_MAX : static_cast<unsigned char>(reply.front());
  completion.bytes = std::string(reply.substr(reply.empty() ? 0 : 1));
  return host::error_of(completion, source);
}

}  // namespace larder::records
