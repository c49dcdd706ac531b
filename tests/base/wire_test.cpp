#include "base/wire.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace larder::wire_test {
namespace {

using namespace std::string_view_literals;

std::string sample() {
  RecordWriter record;
  record.u8(0xab);
  record.u32(0x01020304);
  record.u64(0x1122334455667788);
  record.text("h\0i"sv);
  record.texts({"", "xy"});
  record.pairs({{"a", ""}, {"", "b"}});
  return std::move(record).take();
}

TEST(Wire, IsLittleEndianAndLengthPrefixed) {
  EXPECT_EQ(to_hex(sample()),
            "ab"
            "04030201"
            "8877665544332211"
            "03000000680069"
            "02000000"
            "00000000"
            "020000007879"
            "02000000"
            "0100000061"
            "00000000"
            "00000000"
            "0100000062");
}

TEST(Wire, ReadsWhatWasWritten) {
  const std::string bytes = sample();
  RecordReader record(bytes);
  EXPECT_EQ(record.u8(), 0xab);
  EXPECT_EQ(record.u32(), 0x01020304u);
  EXPECT_EQ(record.u64(), 0x1122334455667788u);
  EXPECT_EQ(record.text(), "h\0i"sv);
  EXPECT_EQ(record.texts(), (std::vector<std::string>{"", "xy"}));
  EXPECT_FALSE(record.complete());
  EXPECT_EQ(record.pairs(), (TextPairs{{"a", ""}, {"", "b"}}));
  EXPECT_TRUE(record.complete());
}

TEST(Wire, ATruncatedRecordIsNeverComplete) {
  const std::string whole = sample();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    RecordReader record(std::string_view(whole).substr(0, size));
    static_cast<void>(record.u8());
    static_cast<void>(record.u32());
    static_cast<void>(record.u64());
    static_cast<void>(record.text());
    static_cast<void>(record.texts());
    static_cast<void>(record.pairs());
    EXPECT_FALSE(record.ok()) << size;
    EXPECT_FALSE(record.complete()) << size;
  }
}

TEST(Wire, PastTheEndEverythingIsEmpty) {
  RecordReader record("\x01");
  EXPECT_EQ(record.u32(), 0u);
  EXPECT_FALSE(record.ok());
  EXPECT_EQ(record.u8(), 0u);
  EXPECT_EQ(record.u64(), 0u);
  EXPECT_EQ(record.text(), "");
  EXPECT_TRUE(record.texts().empty());
  EXPECT_TRUE(record.pairs().empty());
  EXPECT_FALSE(record.complete());
}

TEST(Wire, RefusesCountsThatCannotFit) {
  // Four thousand million items would be reserved if the count were believed.
  RecordReader texts("\xff\xff\xff\xff\0\0\0\0"sv);
  EXPECT_TRUE(texts.texts().empty());
  EXPECT_FALSE(texts.ok());
  RecordReader pairs("\x02\0\0\0\0\0\0\0\0\0\0\0"sv);
  EXPECT_TRUE(pairs.pairs().empty());
  EXPECT_FALSE(pairs.ok());
  RecordReader text(
      "\xff\xff\xff\xff"
      "abc");
  EXPECT_EQ(text.text(), "");
  EXPECT_FALSE(text.ok());
}

TEST(Wire, EmptyRecords) {
  EXPECT_TRUE(RecordReader("").complete());
  EXPECT_FALSE(RecordReader("x").complete());
  RecordReader none("\0\0\0\0"sv);
  EXPECT_TRUE(none.texts().empty());
  EXPECT_TRUE(none.complete());
}

}  // namespace
}  // namespace larder::wire_test
