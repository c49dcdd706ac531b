#include "http/status.h"

#include <gtest/gtest.h>

#include <vector>

namespace larder::http::status_test {
namespace {

TEST(Status, HasAPhrase) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(304), "Not Modified");
  EXPECT_EQ(reason_phrase(422), "Unprocessable Content");
  EXPECT_EQ(reason_phrase(504), "Gateway Timeout");
  for (const int status : {0, -1, 99, 199, 299, 418, 599, 1000}) {
    EXPECT_EQ(reason_phrase(status), "Unknown Status") << status;
  }
}

TEST(Status, FinalIsFrom200To599) {
  for (int status = -1; status < 1100; ++status) {
    EXPECT_EQ(is_final(status), status >= 200 && status < 600) << status;
  }
}

TEST(Status, EveryAnswerOfOursHasAPhrase) {
  for (const int status : {200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 409,
                           413, 414, 415, 422, 429, 431, 500, 501, 502, 503, 504}) {
    EXPECT_NE(reason_phrase(status), "Unknown Status") << status;
  }
}

TEST(Status, CacheableByDefaultIsWhatTheStandardsList) {
  std::vector<int> found;
  for (int status = 0; status < 1000; ++status) {
    if (is_heuristically_cacheable(status)) {
      found.push_back(status);
    }
  }
  // RFC 9110 §15.1 without 206, and RFC 7725 §3.
  EXPECT_EQ(found, (std::vector<int>{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501}));
}

TEST(Status, NeverStoredIsNeverUnderstood) {
  std::vector<int> found;
  for (int status = 0; status < 1000; ++status) {
    if (is_never_stored(status)) {
      found.push_back(status);
      EXPECT_FALSE(is_understood(status)) << status;
    }
  }
  EXPECT_EQ(found, (std::vector<int>{206, 304, 412, 416, 428, 429, 431, 511}));
  EXPECT_TRUE(is_understood(302));
  EXPECT_FALSE(is_understood(299));
  EXPECT_FALSE(is_understood(100));
}

}  // namespace
}  // namespace larder::http::status_test
