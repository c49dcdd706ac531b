// What of an origin's head may go on.
#include "origin/reply_head.h"

#include <gtest/gtest.h>

namespace larder::origin::reply_head_test {
namespace {

TextPairs safe(TextPairs fields) { return safe_fields(std::move(fields), instant_from_millis(0)); }

TEST(ReplyHead, AStatusThatNoResponseHasIsRefusedByName) {
  for (const std::uint32_t status : {0U, 100U, 101U, 103U, 199U, 600U, 999U, 1000U, 4'294'967'295U}) {
    const auto refused = refuse_status(status);
    ASSERT_TRUE(refused.has_value()) << status;
    EXPECT_EQ(refused->kind, ErrorKind::corrupt);
    EXPECT_FALSE(refused->retryable);
    EXPECT_EQ(refused->message,
              "The origin answered " + std::to_string(status) + ", which is no status of a response.");
  }
  for (const std::uint32_t status : {200U, 204U, 304U, 404U, 451U, 500U, 599U}) {
    EXPECT_FALSE(refuse_status(status).has_value()) << status;
  }
}

TEST(ReplyHead, ControlCharactersBecomeSpaces) {
  EXPECT_EQ(safe({{"x-a", std::string("a\0b\r\nc\x01\x1f\x7f\td", 11)}}),
            (TextPairs{{"x-a", "a b  c   \td"}}));
}

TEST(ReplyHead, ANameThatIsNoTokenGoesWithItsValue) {
  EXPECT_EQ(safe({{"x a", "1"}, {"", "2"}, {"x:b", "3"}, {"x\nb", "4"}, {"X-B", "5"}}),
            (TextPairs{{"X-B", "5"}}));
}

TEST(ReplyHead, ValidatorsThatAreNoneGo) {
  for (const char* etag : {"*", "abc", "", "\"", "\"a", "w/\"a\"", "\"a\", \"b\"", "W/", "\"a b\""}) {
    EXPECT_EQ(safe({{"ETag", etag}}), TextPairs()) << etag;
  }
  for (const char* date :
       {"*", "", "0", "yesterday", "2026-11-28T00:00:00Z", "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    EXPECT_EQ(safe({{"last-modified", date}}), TextPairs()) << date;
  }
  const TextPairs good = {{"ETag", "\"a\""},
                          {"etag", "W/\"\""},
                          {"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"},
                          {"x-etag", "*"}};
  EXPECT_EQ(safe(good), good);
}

}  // namespace
}  // namespace larder::origin::reply_head_test
