// Commands to a Redis server and its replies, and the records that redis_run (host/ops.def) has of them.
//   commands   u32 count, then for each its arguments as texts
//   replies    u32 count, then for each u8 kind and
//     0 nothing      (the server has no value)
//     1 text         any bytes
//     2 number       u64, two's complement
//     3 error        text, as the server wrote it: "NOSCRIPT No matching script."
//     4 list         u32 count, then as many replies
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace larder::redis {

// The command and its arguments: any bytes.
using Command = std::vector<std::string>;

struct Reply {
  enum class Kind : std::uint8_t { nothing = 0, text = 1, number = 2, error = 3, list = 4 };

  Kind kind = Kind::nothing;
  // Of a text or an error.
  std::string text;
  std::int64_t number = 0;
  std::vector<Reply> items;

  Reply() {}
  static Reply of_text(std::string text);
  static Reply of_number(std::int64_t number);
  static Reply of_error(std::string text);
  static Reply of_list(std::vector<Reply> items);

  bool is_error() const { return kind == Kind::error; }
  // Whether it is an error of this code, its first word.
  bool is_error(std::string_view code) const;
};

std::string encode_commands(const std::vector<Command>& commands);
// nullopt: no such record.
std::optional<std::vector<Command>> decode_commands(std::string_view record);
std::string encode_replies(const std::vector<Reply>& replies);
// nullopt: no such record, or lists in lists beyond any that a command here asks for.
std::optional<std::vector<Reply>> decode_replies(std::string_view record);

// What a refusal of the server means to us. Kinds: unsupported (a cluster, of which this client knows
// nothing), unavailable (it loads, is busy, or has lost its master: it may answer soon), rejected (it is
// alive and will not: no memory left, a read-only replica, no permission).
Error error_of(const Reply& refusal);

}  // namespace larder::redis
