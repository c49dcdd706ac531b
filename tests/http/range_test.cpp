#include "http/range.h"

#include <gtest/gtest.h>

#include "http/date.h"

namespace larder::http::range_test {
namespace {

constexpr Bytes size(10);

ByteRange part(std::string_view value) {
  return parse_range(value, size).part.value_or(ByteRange(Bytes(0), Bytes(0)));
}

TEST(Range, OneRangeIsAPart) {
  EXPECT_EQ(part("bytes=0-4"), ByteRange(Bytes(0), Bytes(5)));
  EXPECT_EQ(part("Bytes = 2-2"), ByteRange(Bytes(2), Bytes(1)));
  EXPECT_EQ(part("bytes=5-"), ByteRange(Bytes(5), Bytes(5)));
  EXPECT_EQ(part("bytes=-3"), ByteRange(Bytes(7), Bytes(3)));
  EXPECT_EQ(part("bytes=-30"), ByteRange(Bytes(0), Bytes(10)));
  EXPECT_EQ(part("bytes=8-99999999999"), ByteRange(Bytes(8), Bytes(2)));
  EXPECT_EQ(part("bytes=, 1-2 ,"), ByteRange(Bytes(1), Bytes(2)));
}

TEST(Range, WhatIsNoSingleRangeOfBytesIsIgnored) {
  for (const std::string_view value :
       {"", "bytes", "bytes=", "bytes=a-b", "bytes=4-2", "bytes=-", "bytes=1", "bytes=-1-2", "items=0-4",
        "bytes=0-1, 4-5", "bytes=0-18446744073709551616", "bytes=+1-2"}) {
    EXPECT_EQ(parse_range(value, size).state, RangeState::whole) << value;
  }
}

TEST(Range, WhatBeginsBehindTheEndIsUnsatisfiable) {
  for (const std::string_view value : {"bytes=10-", "bytes=10-11", "bytes=999-", "bytes=-0"}) {
    EXPECT_EQ(parse_range(value, size).state, RangeState::unsatisfiable) << value;
  }
  EXPECT_EQ(parse_range("bytes=0-", Bytes(0)).state, RangeState::unsatisfiable);
  EXPECT_EQ(parse_range("bytes=-5", Bytes(0)).state, RangeState::unsatisfiable);
}

TEST(Range, IsWrittenWithTheWholeSize) {
  EXPECT_EQ(content_range(ByteRange(Bytes(2), Bytes(3)), size), "bytes 2-4/10");
  EXPECT_EQ(content_range_of_none(size), "bytes */10");
}

TEST(Range, OfAGivenPartIsOneOfAKnownWhole) {
  const auto given = parse_content_range("bytes 2-4/10");
  ASSERT_TRUE(given.has_value());
  EXPECT_EQ(given->part, ByteRange(Bytes(2), Bytes(3)));
  EXPECT_EQ(given->whole, Bytes(10));
  for (const std::string_view value : {"", "bytes", "bytes 2-4", "bytes 2-4/*", "bytes */10", "items 2-4/10",
                                       "bytes 4-2/10", "bytes 2-10/10", "bytes a-4/10"}) {
    EXPECT_FALSE(parse_content_range(value).has_value()) << value;
  }
  EXPECT_TRUE(is_within(ByteRange(Bytes(3), Bytes(1)), given->part));
  EXPECT_TRUE(is_within(given->part, given->part));
  EXPECT_FALSE(is_within(ByteRange(Bytes(1), Bytes(2)), given->part));
  EXPECT_FALSE(is_within(ByteRange(Bytes(4), Bytes(2)), given->part));
}

TEST(Range, CountsOnlyForTheSameRepresentation) {
  const Instant now = instant_from_millis(1'790'000'000'000);
  Representation representation;
  representation.etag = EntityTag::strong("a");
  representation.last_modified = parse_date("Mon, 21 Sep 2020 14:15:20 GMT", now);
  EXPECT_TRUE(holds_if_range("\"a\"", representation, now));
  EXPECT_FALSE(holds_if_range("\"b\"", representation, now));
  EXPECT_FALSE(holds_if_range("W/\"a\"", representation, now));
  EXPECT_TRUE(holds_if_range("Mon, 21 Sep 2020 14:15:20 GMT", representation, now));
  EXPECT_FALSE(holds_if_range("Mon, 21 Sep 2020 14:15:21 GMT", representation, now));
  EXPECT_FALSE(holds_if_range("yesterday", representation, now));
  representation.etag->weak = true;
  EXPECT_FALSE(holds_if_range("W/\"a\"", representation, now));
}

}  // namespace
}  // namespace larder::http::range_test
