#include "redis/command.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "redis/script.h"
#include "support/redis_server.h"

namespace larder::redis::command_test {
namespace {

const std::string binary("O\0K\r\n\xff", 6);

void expect_same(const Reply& one, const Reply& other) {
  EXPECT_EQ(one.kind, other.kind);
  EXPECT_EQ(one.text, other.text);
  EXPECT_EQ(one.number, other.number);
  ASSERT_EQ(one.items.size(), other.items.size());
  for (std::size_t i = 0; i < one.items.size(); ++i) {
    expect_same(one.items[i], other.items[i]);
  }
}

TEST(Command, GoesOutAndComesBackWithAnyBytes) {
  const std::vector<Command> commands = {{"GET", "k"}, {"SET", "k", binary, "EX", "60"}, {"INFO"}};
  EXPECT_EQ(decode_commands(encode_commands(commands)), commands);
  EXPECT_EQ(encode_commands({{"GET", "k"}}), std::string("\x01\0\0\0\x02\0\0\0\x03\0\0\0GET\x01\0\0\0k", 20));
}

TEST(Reply, OfEveryKindComesBackAsItWas) {
  std::vector<Reply> inner;
  inner.push_back(Reply::of_text("a"));
  inner.push_back(Reply());
  std::vector<Reply> replies;
  replies.push_back(Reply());
  replies.push_back(Reply::of_text(binary));
  replies.push_back(Reply::of_number(-2));
  replies.push_back(Reply::of_error("NOSCRIPT No matching script."));
  replies.push_back(Reply::of_list(std::move(inner)));
  const std::string record = encode_replies(replies);
  const auto decoded = decode_replies(record);
  ASSERT_TRUE(decoded.has_value());
  ASSERT_EQ(decoded->size(), replies.size());
  for (std::size_t i = 0; i < replies.size(); ++i) {
    expect_same((*decoded)[i], replies[i]);
  }
  EXPECT_TRUE((*decoded)[3].is_error("NOSCRIPT"));
  EXPECT_FALSE((*decoded)[3].is_error("NOSCRIP"));
  EXPECT_FALSE((*decoded)[1].is_error());
  // Cut anywhere, or with anything behind it, it is none.
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(decode_replies(record.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(decode_replies(record + "x").has_value());
}

TEST(Reply, ListsWithinListsEndSomewhere) {
  std::string nested("\x01\0\0\0", 4);
  for (int depth = 0; depth < 100; ++depth) {
    nested += std::string("\x04\x01\0\0\0", 5);
  }
  nested += std::string(1, '\0');
  EXPECT_FALSE(decode_replies(nested).has_value());
  EXPECT_FALSE(decode_replies(std::string("\xff\xff\xff\xff", 4)).has_value());
  EXPECT_FALSE(decode_replies(std::string("\x01\0\0\0\x05", 5)).has_value());
}

TEST(Refusal, MeansSomethingToUs) {
  struct Row {
    const char* text;
    ErrorKind kind;
    bool retryable;
    const char* says;
  };
  for (const Row& row : {
           Row{"MOVED 3999 127.0.0.1:6381", ErrorKind::unsupported, false, "Redis Cluster (MOVED)"},
           Row{"CROSSSLOT Keys in request", ErrorKind::unsupported, false, "Redis Cluster (CROSSSLOT)"},
           Row{"LOADING Redis is loading", ErrorKind::unavailable, true, "not ready (LOADING)"},
           Row{"BUSY Redis is busy", ErrorKind::unavailable, true, "not ready (BUSY)"},
           Row{"OOM command not allowed", ErrorKind::rejected, true, "set maxmemory-policy to allkeys-lru"},
           Row{"READONLY You can't write", ErrorKind::rejected, true, "read-only replica"},
           Row{"WRONGPASS invalid", ErrorKind::rejected, false, "the user of REDIS_URL (WRONGPASS)"},
           Row{"ERR unknown command 'larder:secret'", ErrorKind::rejected, false, "refused a command (ERR)"},
       }) {
    const Error error = error_of(Reply::of_error(row.text));
    EXPECT_EQ(error.kind, row.kind) << row.text;
    EXPECT_EQ(error.retryable, row.retryable) << row.text;
    EXPECT_NE(error.message.find(row.says), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find("secret"), std::string::npos);
  }
}

TEST(Scripts, AreKnownByTheirSha1) {
  EXPECT_EQ(sim::sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  for (const Script script : all_scripts) {
    EXPECT_EQ(row_of(script).sha1, sim::sha1(row_of(script).text));
  }
}

}  // namespace
}  // namespace larder::redis::command_test
