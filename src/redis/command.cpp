#include "redis/command.h"

#include <array>

#include "base/assert.h"
#include "base/text.h"
#include "base/wire.h"

namespace larder::redis {

namespace {

constexpr unsigned depth_max = 4;

void write(RecordWriter& record, const Reply& reply) {
  record.u8(static_cast<std::uint8_t>(reply.kind));
  switch (reply.kind) {
    case Reply::Kind::nothing:
      return;
    case Reply::Kind::text:
    case Reply::Kind::error:
      record.text(reply.text);
      return;
    case Reply::Kind::number:
      record.u64(static_cast<std::uint64_t>(reply.number));
      return;
    case Reply::Kind::list:
      record.u32(static_cast<std::uint32_t>(reply.items.size()));
      for (const Reply& item : reply.items) {
        write(record, item);
      }
      return;
  }
  LARDER_UNREACHABLE();
}

// False: the record is none of replies.
bool read(RecordReader& record, Reply& reply, unsigned depth) {
  const std::uint8_t kind = record.u8();
  if (kind > static_cast<std::uint8_t>(Reply::Kind::list) || depth > depth_max) {
    return false;
  }
  reply.kind = static_cast<Reply::Kind>(kind);
  switch (reply.kind) {
    case Reply::Kind::nothing:
      break;
    case Reply::Kind::text:
    case Reply::Kind::error:
      reply.text = record.text();
      break;
    case Reply::Kind::number:
      reply.number = static_cast<std::int64_t>(record.u64());
      break;
    case Reply::Kind::list: {
      const std::uint32_t count = record.count(1);
      reply.items.resize(count);
      for (Reply& item : reply.items) {
        if (!read(record, item, depth + 1)) {
          return false;
        }
      }
      break;
    }
  }
  return record.ok();
}

std::string_view code_of(std::string_view error) { return error.substr(0, error.find(' ')); }

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  for (const std::string_view one : codes) {
    if (code == one) {
      return true;
    }
  }
  return false;
}

}  // namespace

Reply Reply::of_text(std::string text) {
  Reply reply;
  reply.kind = Kind::text;
  reply.text = std::move(text);
  return reply;
}

Reply Reply::of_number(std::int64_t number) {
  Reply reply;
  reply.kind = Kind::number;
  reply.number = number;
  return reply;
}

Reply Reply::of_error(std::string text) {
  Reply reply;
  reply.kind = Kind::error;
  reply.text = std::move(text);
  return reply;
}

Reply Reply::of_list(std::vector<Reply> items) {
  Reply reply;
  reply.kind = Kind::list;
  reply.items = std::move(items);
  return reply;
}

bool Reply::is_error(std::string_view code) const { return is_error() && code_of(text) == code; }

std::string encode_commands(const std::vector<Command>& commands) {
  RecordWriter record;
  record.u32(static_cast<std::uint32_t>(commands.size()));
  for (const Command& command : commands) {
    record.texts(command);
  }
  return std::move(record).take();
}

std::optional<std::vector<Command>> decode_commands(std::string_view record) {
  RecordReader reader(record);
  std::vector<Command> commands(reader.count(4));
  for (Command& command : commands) {
    command = reader.texts();
  }
  return reader.complete() ? std::optional<std::vector<Command>>(std::move(commands)) : std::nullopt;
}

std::string encode_replies(const std::vector<Reply>& replies) {
  RecordWriter record;
  record.u32(static_cast<std::uint32_t>(replies.size()));
  for (const Reply& reply : replies) {
    write(record, reply);
  }
  return std::move(record).take();
}

std::optional<std::vector<Reply>> decode_replies(std::string_view record) {
  RecordReader reader(record);
  std::vector<Reply> replies(reader.count(1));
  for (Reply& reply : replies) {
    if (!read(reader, reply, 0)) {
      return std::nullopt;
    }
  }
  return reader.complete() ? std::optional<std::vector<Reply>>(std::move(replies)) : std::nullopt;
}

Error error_of(const Reply& refusal) {
  LARDER_ASSERT(refusal.is_error());
  const std::string code(code_of(refusal.text));
  // The rest of the text may quote an argument: only the code is repeated.
  if (is_one_of(code, {"MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN"})) {
    return Error(ErrorKind::unsupported, "redis", Retry::never,
                 concat({"The server is one of a Redis Cluster (", code,
                         "), which Larder does not speak; use a server of its own, or a proxy before the "
                         "cluster."}));
  }
  if (is_one_of(code, {"LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "UNKILLABLE", "NOREPLICAS"})) {
    return Error(ErrorKind::unavailable, "redis", Retry::later,
                 concat({"The Redis server is not ready (", code, ")."}));
  }
  if (code == "OOM") {
    return Error(ErrorKind::rejected, "redis", Retry::later,
                 "The Redis server has no memory left and evicts nothing; set maxmemory-policy to "
                 "allkeys-lru.");
  }
  if (code == "READONLY") {
    return Error(ErrorKind::rejected, "redis", Retry::later,
                 "The Redis server is a read-only replica; REDIS_URL has to name the primary.");
  }
  if (is_one_of(code, {"NOAUTH", "WRONGPASS", "NOPERM"})) {
    return Error(ErrorKind::rejected, "redis", Retry::never,
                 concat({"The Redis server refuses the user of REDIS_URL (", code, ")."}));
  }
  return Error(ErrorKind::rejected, "redis", Retry::never,
               concat({"The Redis server refused a command (", code, ")."}));
}

}  // namespace larder::redis
