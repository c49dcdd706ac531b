// Room for requests that wait: by count and by bytes, in all and of one client.
#include "host/admission.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace larder::host::admission_test {
namespace {

using Places = std::vector<Admission::Place>;

// How many get in, each with so many bytes, and who was in the way of the next.
std::size_t fill(Admission& admission, Places& places, const std::string& client, std::uint64_t bytes,
                 std::optional<Crowd>& crowd) {
  std::size_t entered = 0;
  for (;;) {
    auto place = admission.enter(client, Bytes(bytes));
    if (!place) {
      crowd = place.error();
      return entered;
    }
    places.push_back(std::move(*place));
    ++entered;
  }
}

TEST(Admission, BoundsWhatOneClientAndWhatAllHold) {
  Admission admission(AdmissionBounds(10, Bytes(1000), 4, Bytes(100)));
  std::optional<Crowd> crowd;
  Places places;
  EXPECT_EQ(fill(admission, places, "a", 1, crowd), 4U);
  EXPECT_EQ(crowd, Crowd::client);
  EXPECT_EQ(fill(admission, places, "b", 30, crowd), 3U);
  EXPECT_EQ(crowd, Crowd::client);
  // Of b there is room for one more by count, and for ten bytes.
  EXPECT_EQ(fill(admission, places, "b", 10, crowd), 1U);
  EXPECT_EQ(fill(admission, places, "c", 100, crowd), 1U);
  EXPECT_EQ(admission.requests(), 9U);
  EXPECT_EQ(fill(admission, places, "d", 1, crowd), 1U);
  EXPECT_EQ(crowd, Crowd::everybody);
  places.clear();
  EXPECT_EQ(admission.requests(), 0U);
  EXPECT_EQ(fill(admission, places, "a", 100, crowd), 1U);
  EXPECT_EQ(crowd, Crowd::client);
}

TEST(Admission, WhoHasNoNameIsBoundedWithAllOthers) {
  Admission admission(AdmissionBounds(10, Bytes(1000), 1, Bytes(1)));
  std::optional<Crowd> crowd;
  Places places;
  EXPECT_EQ(fill(admission, places, "", 300, crowd), 3U);
  EXPECT_EQ(crowd, Crowd::everybody);
  EXPECT_EQ(fill(admission, places, "", 0, crowd), 7U);
  EXPECT_EQ(fill(admission, places, "a", 0, crowd), 0U);
  EXPECT_EQ(crowd, Crowd::everybody);
}

TEST(Admission, NoSizeIsTooLargeToBeRefused) {
  Admission admission(AdmissionBounds(10, Bytes(1000), 10, Bytes(1000)));
  std::optional<Crowd> crowd;
  Places places;
  EXPECT_EQ(fill(admission, places, "a", 1, crowd), 10U);
  places.pop_back();
  for (const std::uint64_t bytes : {std::uint64_t{992}, std::uint64_t{1001}, UINT64_MAX - 3, UINT64_MAX}) {
    EXPECT_EQ(fill(admission, places, "a", bytes, crowd), 0U) << bytes;
  }
  EXPECT_EQ(fill(admission, places, "a", 991, crowd), 1U);
}

TEST(Admission, APlaceThatMovesIsLeftOnce) {
  Admission admission(AdmissionBounds(2, Bytes(10), 2, Bytes(10)));
  auto first = admission.enter("a", Bytes(4));
  auto second = admission.enter("a", Bytes(6));
  ASSERT_TRUE(first.has_value() && second.has_value());
  *first = std::move(*second);
  EXPECT_EQ(admission.requests(), 1U);
  // The four bytes are free, the six are not.
  EXPECT_FALSE(admission.enter("a", Bytes(5)).has_value());
  {
    const Admission::Place moved(std::move(*first));
    EXPECT_EQ(admission.requests(), 1U);
  }
  EXPECT_EQ(admission.requests(), 0U);
  auto third = admission.enter("a", Bytes(10));
  EXPECT_TRUE(third.has_value());
}

}  // namespace
}  // namespace larder::host::admission_test
