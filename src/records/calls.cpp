#include "records/calls.h"

#include "base/wire.h"
#include "host/requests.h"
#include "records/run.h"

namespace larder::records {

Error refusal_of(std::string_view reply, std::string_view source) {
  host::Completion completion;
  completion.status = reply.empty() ? UINT32_MAX : static_cast<unsigned char>(reply.front());
  completion.bytes = std::string(reply.substr(reply.empty() ? 0 : 1));
  return host::error_of(completion, source);
}

host::Task<Result<Bytes>> size_of(host::Context here, std::string_view binding, std::string name,
                                  Millis wait) {
  const std::string nothing;
  const auto run =
      co_await host::object_run(here, binding, name, size_method, nothing, config::millis_of(wait));
  if (!run) {
    co_return tl::make_unexpected(run.error());
  }
  const std::string_view reply = run->reply;
  RecordReader record(reply.substr(reply.empty() ? 0 : 1));
  const std::uint64_t size = record.u64();
  if (reply.empty() || reply.front() != '\0' || !record.complete()) {
    co_return fail(ErrorKind::corrupt, binding, "The object does not say how large it is.");
  }
  co_return Bytes(size);
}

}  // namespace larder::records
