#include "http/content_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace larder::http::content_coding_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ContentCodings, AreWhatHasToBeUndone) {
  EXPECT_THAT(content_codings(""), IsEmpty());
  EXPECT_THAT(content_codings("identity"), IsEmpty());
  EXPECT_THAT(content_codings("gzip"), ElementsAre("gzip"));
  EXPECT_THAT(content_codings("GZIP"), ElementsAre("gzip"));
  EXPECT_THAT(content_codings("x-gzip"), ElementsAre("gzip"));
  EXPECT_THAT(content_codings("X-GZip"), ElementsAre("gzip"));
  EXPECT_THAT(content_codings("br, , Identity,\tgzip"), ElementsAre("br", "gzip"));
  EXPECT_THAT(content_codings("gzip, gzip"), ElementsAre("gzip", "gzip"));
  EXPECT_THAT(content_codings("gzip;q=1"), ElementsAre("gzip;q=1"));
}

}  // namespace
}  // namespace larder::http::content_coding_test
