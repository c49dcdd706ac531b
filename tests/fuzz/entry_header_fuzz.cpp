// Any text as an entry's header: the text as it is, and the bytes taken for a record. What decodes keeps the
// rules that its readers lean on, and encodes to the same text.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "entry/header.h"

namespace {

using namespace larder;

void check(std::string_view text) {
  namespace limit = config::limit;
  const Result<entry::Header> header = entry::decode(text);
  if (!header) {
    LARDER_ASSERT(header.error().kind == ErrorKind::corrupt || header.error().kind == ErrorKind::unsupported);
    LARDER_ASSERT(is_utf8(header.error().message) && !header.error().message.empty());
    return;
  }
  LARDER_ASSERT(header->tags.size() <= limit::entry_tags_max &&
                header->fields.size() <= limit::entry_fields_max);
  LARDER_ASSERT(header->stored_size.count <= limit::body_bytes_max);
  LARDER_ASSERT(header->fresh_for >= Millis(0) && header->fresh_for < limit::duration_stored_max);
  LARDER_ASSERT(header->stale_for >= Millis(0) && header->stale_for < limit::duration_stored_max);
  LARDER_ASSERT(header->error_for >= Millis(0) && header->error_for < limit::duration_stored_max);
  // Two more for the quotes of a JSON string.
  const auto again = entry::encode(*header, Bytes(limit::header_value_bytes_max + 2));
  LARDER_ASSERT(again.has_value() && *again == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  check(bytes);
  // Past base64url, and, with the current schema before them, past the first check.
  check(to_base64url(bytes));
  std::string record;
  for (unsigned i = 0; i < 4; ++i) {
    record.push_back(static_cast<char>((entry::schema_version >> (8 * i)) & 0xff));
  }
  check(to_base64url(record + bytes));
  return 0;
}
