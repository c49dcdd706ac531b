// Any bytes as a record (base/wire.h). The first byte is the length of a script, whose bytes choose the
// reads; the rest is the record. Nothing is read out of bounds, nothing is read past a refusal, and what
// decodes whole is what RecordWriter writes of it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/wire.h"

namespace {

using namespace larder;

// Reads one value by the script and writes it again.
void copy_one(std::uint8_t choice, RecordReader& reader, RecordWriter& writer) {
  const bool before = reader.ok();
  bool nothing = false;
  switch (choice % 6) {
    case 0: {
      const std::uint8_t value = reader.u8();
      writer.u8(value);
      nothing = value == 0;
      break;
    }
    case 1: {
      const std::uint32_t value = reader.u32();
      writer.u32(value);
      nothing = value == 0;
      break;
    }
    case 2: {
      const std::uint64_t value = reader.u64();
      writer.u64(value);
      nothing = value == 0;
      break;
    }
    case 3: {
      const std::string value = reader.text();
      writer.text(value);
      nothing = value.empty();
      break;
    }
    case 4: {
      const std::vector<std::string> values = reader.texts();
      writer.texts(values);
      nothing = values.empty();
      break;
    }
    default: {
      const TextPairs values = reader.pairs();
      writer.pairs(values);
      nothing = values.empty();
      break;
    }
  }
  // After a refusal everything is empty, for ever.
  LARDER_ASSERT(before || (nothing && !reader.ok()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size - 1 < data[0] % 16U) {
    return 0;
  }
  const std::size_t script_size = data[0] % 16U;
  const std::uint8_t* const script = data + 1;
  // A copy of the exact size: a byte read beyond it is the sanitizer's to find.
  const std::vector<char> record(script + script_size, data + size);
  const std::string_view bytes(record.data(), record.size());

  RecordReader reader(bytes);
  RecordWriter writer;
  for (std::size_t i = 0; i < script_size; ++i) {
    copy_one(script[i], reader, writer);
  }
  LARDER_ASSERT(!reader.complete() || reader.ok());
  if (reader.ok()) {
    LARDER_ASSERT(bytes.substr(0, writer.bytes().size()) == writer.bytes());
    LARDER_ASSERT(reader.complete() == (writer.bytes().size() == bytes.size()));
  }
  return 0;
}
