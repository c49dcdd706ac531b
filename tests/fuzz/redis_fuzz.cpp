// Any bytes as what comes from a Redis server: a record of replies, a value under a key, the text of INFO;
// and as an address. Nothing is read out of bounds; what decodes is what is written of it; a frame that is
// one has its bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "config/redis_address.h"
#include "redis/command.h"
#include "redis/frame.h"
#include "redis/info.h"

using namespace larder;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of the exact size: a byte read beyond it is the sanitizer's to find.
  const std::vector<char> copy(data, data + size);
  const std::string_view bytes(copy.data(), copy.size());

  if (const auto replies = redis::decode_replies(bytes)) {
    LARDER_ASSERT(redis::encode_replies(*replies) == bytes);
  }
  if (const auto commands = redis::decode_commands(bytes)) {
    LARDER_ASSERT(redis::encode_commands(*commands) == bytes);
  }
  if (const auto framed = redis::unframe(bytes)) {
    LARDER_ASSERT(redis::header_of(bytes) == framed->header());
  }
  const std::string_view header = redis::header_of(bytes);
  LARDER_ASSERT(header.empty() || redis::header_end(bytes) == redis::frame_head_bytes + header.size());
  for (const auto carriage : {redis::Carriage::bytes, redis::Carriage::text}) {
    const std::string value = redis::frame("header", bytes, carriage);
    const auto framed = redis::unframe(value);
    LARDER_ASSERT(framed.has_value() && framed->header() == "header" && framed->body() == bytes);
  }
  JsonWriter json;
  redis::write(json, redis::parse_info(bytes));
  LARDER_ASSERT(!std::move(json).take().empty());
  if (const auto address = config::parse_redis_address(bytes)) {
    LARDER_ASSERT(config::parse_redis_address(address->url).has_value());
  }
  return 0;
}
