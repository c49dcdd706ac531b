#include "monitor/post.h"

#include "config/limits.h"
#include "host/operations.h"

namespace larder::monitor {

namespace {

constexpr std::uint64_t reply_bytes_max = 65536;

std::string field_of(const TextPairs& headers, std::string_view name) {
  for (const auto& [field, value] : headers) {
    if (equals_ignoring_case(field, name)) {
      return value;
    }
  }
  return "";
}

}  // namespace

host::Task<Result<Reply>> post_json(host::Context here, std::string url, TextPairs headers, std::string json,
                                    Millis timeout) {
  headers.emplace_back("content-type", "application/json");
  const host::Body body = host::Body::from_bytes(here.host(), json);
  auto answered = co_await host::origin_fetch(here, "POST", url, headers, config::millis_of(timeout), 0,
                                              reply_bytes_max, 0, body);
  if (!answered) {
    co_return tl::make_unexpected(std::move(answered.error()));
  }
  Reply reply;
  reply.status = answered->status;
  reply.retry_after = field_of(answered->headers, "retry-after");
  const Bytes size = answered->content.size();
  if (size.count > 0 && size.count <= reply_bytes_max) {
    reply.body = here.host().read_body(answered->content.handle(), size, 0);
  }
  co_return reply;
}

}  // namespace larder::monitor
