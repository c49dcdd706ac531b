#include "redis/frame.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/wire.h"
#include "config/limits.h"

namespace larder::redis {

namespace {

constexpr std::string_view magic = "LRD1";
// What the checksum does not cover is the checksum: it ends the head.
constexpr std::size_t covered_head_bytes = frame_head_bytes - 8;

struct Head {
  std::uint32_t header_bytes = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t checksum = 0;
};

std::uint64_t checksum_of(std::string_view head, std::string_view rest) {
  const std::uint64_t seed = XXH64(head.data(), covered_head_bytes, 0);
  return XXH64(rest.data(), rest.size(), seed);
}

std::optional<Head> read_head(std::string_view value) {
  if (value.size() < frame_head_bytes || !value.starts_with(magic)) {
    return std::nullopt;
  }
  RecordReader reader(value.substr(magic.size(), frame_head_bytes - magic.size()));
  Head head;
  head.header_bytes = reader.u32();
  head.body_bytes = reader.u64();
  head.checksum = reader.u64();
  return head.header_bytes <= config::limit::header_value_bytes_max ? std::optional<Head>(head)
                                                                    : std::nullopt;
}

}  // namespace

std::string frame(std::string_view header, std::string_view body) {
  RecordWriter sizes;
  sizes.u32(static_cast<std::uint32_t>(header.size()));
  sizes.u64(body.size());
  std::string value;
  value.reserve(frame_head_bytes + header.size() + body.size());
  value.append(magic).append(sizes.bytes()).append(8, '\0').append(header).append(body);
  const std::string_view written = value;
  RecordWriter checksum;
  checksum.u64(checksum_of(written, written.substr(frame_head_bytes)));
  value.replace(covered_head_bytes, 8, checksum.bytes());
  return value;
}

std::optional<Framed> unframe(std::string_view value) {
  const auto head = read_head(value);
  if (!head) {
    return std::nullopt;
  }
  const std::string_view rest = value.substr(frame_head_bytes);
  if (rest.size() < head->header_bytes || rest.size() - head->header_bytes != head->body_bytes ||
      checksum_of(value, rest) != head->checksum) {
    return std::nullopt;
  }
  Framed framed;
  framed.header = rest.substr(0, head->header_bytes);
  framed.body = rest.substr(head->header_bytes);
  return framed;
}

std::optional<std::size_t> header_end(std::string_view beginning) {
  const auto head = read_head(beginning);
  return head ? std::optional<std::size_t>(frame_head_bytes + head->header_bytes) : std::nullopt;
}

std::string_view header_of(std::string_view beginning) {
  const auto end = header_end(beginning);
  return end && *end <= beginning.size() ? beginning.substr(frame_head_bytes, *end - frame_head_bytes)
                                         : std::string_view();
}

}  // namespace larder::redis
