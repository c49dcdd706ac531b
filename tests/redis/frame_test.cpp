#include "redis/frame.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"

namespace larder::redis::frame_test {
namespace {

TEST(Frame, ComesBackWithHeaderAndBody) {
  const std::string body("\0\xff\r\nspice", 9);
  for (const std::string& content : {body, std::string(), std::string(70'000, 'x'), std::string("OK")}) {
    const std::string value = frame("header", content, Carriage::bytes);
    EXPECT_EQ(value.size(), frame_head_bytes + 6 + content.size());
    const auto framed = unframe(value);
    ASSERT_TRUE(framed.has_value());
    EXPECT_EQ(framed->header(), "header");
    EXPECT_EQ(framed->body(), content);
  }
}

TEST(Frame, IsATextWhereJsonHasToCarryIt) {
  const std::string body("\x1f\x8b\0\xff", 4);
  const std::string value = frame("header", body, Carriage::text);
  EXPECT_TRUE(is_utf8(value));
  EXPECT_EQ(unframe(value)->header(), "header");
  EXPECT_EQ(unframe(value)->body(), body);
  // A text goes as it is, so that both ways write the same.
  EXPECT_EQ(frame("header", "spîce", Carriage::text), frame("header", "spîce", Carriage::bytes));
}

TEST(Frame, IsTheSameBytesInEveryVersion) {
  EXPECT_EQ(frame("h", "OK", Carriage::bytes), "LRD1r0000000100000000000000027d7e19fcd39d7a10hOK");
  EXPECT_EQ(frame("h", "\xff", Carriage::text), "LRD1b000000010000000000000002e53e8d1b93550dd1h_w");
}

TEST(Frame, WhatIsNoneOrNotWholeIsAMiss) {
  for (const char* foreign :
       {"", "OK", "1", "LRD1", "{\"title\":\"Dune\"}", "LRD1x0000000000000000000000000000000000000000"}) {
    EXPECT_FALSE(unframe(foreign).has_value()) << foreign;
    EXPECT_FALSE(header_end(foreign).has_value()) << foreign;
    EXPECT_EQ(header_of(foreign), "") << foreign;
  }
  const std::string value = frame("header", "spice", Carriage::bytes);
  for (std::size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(unframe(value.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(unframe(value + "x").has_value());
}

TEST(Frame, EveryBitIsVouchedFor) {
  const std::string value = frame("header", "spice", Carriage::bytes);
  for (std::size_t at = 0; at < value.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = value;
      flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ (1U << bit));
      EXPECT_FALSE(unframe(flipped).has_value()) << at << "." << bit;
    }
  }
}

TEST(Frame, AHeaderIsReadFromItsBeginning) {
  const std::string value = frame("header", "spice", Carriage::bytes);
  EXPECT_EQ(header_end(value.substr(0, frame_head_bytes)), frame_head_bytes + 6);
  EXPECT_EQ(header_of(value.substr(0, frame_head_bytes + 6)), "header");
  EXPECT_EQ(header_of(value.substr(0, frame_head_bytes + 5)), "");
  const std::string long_header(config::limit::header_value_bytes_max + 1, 'h');
  EXPECT_FALSE(header_end(frame(long_header, "", Carriage::bytes)).has_value());
}

}  // namespace
}  // namespace larder::redis::frame_test
