// The dispatcher: what is no call is refused, and every refusal is an error of its kind to the caller.
#include "records/run.h"

#include <gtest/gtest.h>

#include "records/calls.h"
#include "support/durable_objects.h"

namespace larder::records::run_test {
namespace {

std::string reply_of(std::uint32_t object, std::uint32_t method, std::string_view argument) {
  sim::MapStore store;
  return run(object, method, argument, store, Instant()).bytes;
}

TEST(RunTest, WhatIsNoCallIsInvalid) {
  for (const std::string& reply :
       {reply_of(99, 1, ""), reply_of(1, 99, ""), reply_of(0, 0, ""), reply_of(1, buckets::take_number, ""),
        reply_of(1, buckets::take_number, std::string(25, '\1')), reply_of(1, buckets::take_number, "?")}) {
    const Error error = refusal_of(reply, "buckets");
    EXPECT_EQ(error.kind, ErrorKind::invalid) << error.message;
    EXPECT_FALSE(error.retryable);
  }
}

TEST(RunTest, ARefusalIsSaidInItsWords) {
  buckets::take_arguments asked;
  asked.rate_per_second = 1;
  asked.burst = 2;
  asked.count = 3;
  const Error error = refusal_of(reply_of(1, buckets::take_number, encode(asked)), "buckets");
  EXPECT_EQ(error.kind, ErrorKind::invalid);
  EXPECT_EQ(error.message, "A bucket of 2 never holds 3.");
  EXPECT_EQ(error.source, "buckets");
}

TEST(RunTest, AReplyOfNothingIsAnInternalError) {
  EXPECT_EQ(refusal_of("", "buckets").kind, ErrorKind::internal);
}

TEST(KeyTest, KeysAreInTheOrderOfTheirColumns) {
  const auto key = [](std::uint64_t number, std::string_view text) {
    Key made("table");
    made.number(number).text(text);
    return made.str();
  };
  EXPECT_LT(key(9, "z"), key(10, "a"));
  EXPECT_LT(key(255, "z"), key(256, "a"));
  EXPECT_LT(key(INT64_MAX, ""), key(UINT64_MAX, ""));
  Key prefix("table");
  prefix.number(9);
  for (const std::string_view text : {"", "a", "a/b", "\x7f", "\xff", "\xe6\xb5\xb7"}) {
    EXPECT_LT(prefix.str(), key(9, text));
    EXPECT_LT(key(9, text), prefix.end());
    EXPECT_GT(key(10, text), prefix.end());
    const std::string made = key(9, text);
    KeyReader reader(made, "table");
    EXPECT_EQ(reader.number(), 9U);
    EXPECT_EQ(reader.text(), text);
  }
  EXPECT_NE(key(1, "a/b"), key(1, "a") + "b/");
}

}  // namespace
}  // namespace larder::records::run_test
