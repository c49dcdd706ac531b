#include "base/units.h"

#include <gtest/gtest.h>

#include "base/result.h"

namespace larder::units_test {
namespace {

TEST(Units, InstantsAreMillisecondsSinceTheEpoch) {
  const Instant instant = instant_from_millis(1'700'000'000'123);
  EXPECT_EQ(millis_since_epoch(instant), 1'700'000'000'123);
  EXPECT_EQ(millis_since_epoch(instant + Millis(2)) - millis_since_epoch(instant), 2);
  EXPECT_EQ(instant - instant_from_millis(0), Millis(1'700'000'000'123));
}

TEST(Units, WholeSecondsRoundDown) {
  EXPECT_EQ(whole_seconds(Millis(0)), 0);
  EXPECT_EQ(whole_seconds(Millis(999)), 0);
  EXPECT_EQ(whole_seconds(Millis(1000)), 1);
  EXPECT_EQ(whole_seconds(Millis(-1)), -1);
  EXPECT_EQ(whole_seconds(Millis(-1000)), -1);
  EXPECT_EQ(whole_seconds(Millis(-1001)), -2);
}

TEST(Units, BytesAddAndCompare) {
  Bytes size(3);
  size += Bytes(4);
  EXPECT_EQ(size.count, 7u);
  size -= Bytes(2);
  EXPECT_EQ(size, Bytes(5));
  EXPECT_EQ(Bytes(2) + Bytes(3), Bytes(5));
  EXPECT_TRUE(Bytes(1) < Bytes(2) && Bytes(2) > Bytes(1) && Bytes(2) <= Bytes(2) && Bytes(2) >= Bytes(2));
  EXPECT_FALSE(Bytes(2) < Bytes(2) || Bytes(1) > Bytes(1));
  EXPECT_EQ(Bytes(), Bytes(0));
}

TEST(Result, CarriesAValueOrAnError) {
  const Result<int> value = 7;
  EXPECT_EQ(*value, 7);
  const Result<int> failed = fail(ErrorKind::too_large, "kv", "The value is too large.");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::too_large);
  EXPECT_EQ(failed.error().source, "kv");
  EXPECT_FALSE(failed.error().retryable);
  EXPECT_EQ(failed.error().message, "The value is too large.");
  const Result<int> later = fail_for_now(ErrorKind::timeout, "origin", "");
  EXPECT_TRUE(later.error().retryable);
}

TEST(Result, NamesEveryKind) {
  EXPECT_EQ(to_text(ErrorKind::invalid), "invalid");
  EXPECT_EQ(to_text(ErrorKind::not_found), "not_found");
  EXPECT_EQ(to_text(ErrorKind::timeout), "timeout");
  EXPECT_EQ(to_text(ErrorKind::unavailable), "unavailable");
  EXPECT_EQ(to_text(ErrorKind::rejected), "rejected");
  EXPECT_EQ(to_text(ErrorKind::too_large), "too_large");
  EXPECT_EQ(to_text(ErrorKind::corrupt), "corrupt");
  EXPECT_EQ(to_text(ErrorKind::unsupported), "unsupported");
  EXPECT_EQ(to_text(ErrorKind::internal), "internal");
}

}  // namespace
}  // namespace larder::units_test
