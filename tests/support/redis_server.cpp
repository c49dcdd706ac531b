#include "support/redis_server.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "redis/script.h"

namespace larder::sim {

using redis::Command;
using redis::Reply;

namespace {

Reply ok() { return Reply::of_text("OK"); }

std::uint64_t number_of(const std::string& text) { return parse_unsigned(text).value_or(0); }
Millis millis_of_text(const std::string& text) { return Millis(static_cast<std::int64_t>(number_of(text))); }

// The order in which SCAN walks over its keys; 0 is its beginning and its end.
std::uint64_t bucket_of(const std::string& key) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : key) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  return (hash >> 16) | 1U;
}

// Whether a class of characters, "[^ab-d]" from its bracket on, has this one; `at` is then behind it.
bool class_has(std::string_view glob, std::size_t& at, char c) {
  ++at;
  const bool is_not = at < glob.size() && glob[at] == '^';
  at += is_not ? 1U : 0U;
  bool has = false;
  while (at < glob.size() && glob[at] != ']') {
    if (glob[at] == '\\' && at + 1 < glob.size()) {
      ++at;
      has = has || glob[at] == c;
    } else if (at + 2 < glob.size() && glob[at + 1] == '-' && glob[at + 2] != ']') {
      has = has || (std::min(glob[at], glob[at + 2]) <= c && c <= std::max(glob[at], glob[at + 2]));
      at += 2;
    } else {
      has = has || glob[at] == c;
    }
    ++at;
  }
  ++at;
  return has != is_not;
}

bool fits_glob(std::string_view text, std::string_view glob) {
  std::size_t at = 0;
  while (at < glob.size()) {
    if (glob[at] == '*') {
      for (std::size_t skip = 0; skip <= text.size(); ++skip) {
        if (fits_glob(text.substr(skip), glob.substr(at + 1))) {
          return true;
        }
      }
      return false;
    }
    if (text.empty()) {
      return false;
    }
    if (glob[at] == '[') {
      if (!class_has(glob, at, text.front())) {
        return false;
      }
    } else if (glob[at] == '?') {
      ++at;
    } else {
      at += glob[at] == '\\' && at + 1 < glob.size() ? 1U : 0U;
      if (glob[at] != text.front()) {
        return false;
      }
      ++at;
    }
    text.remove_prefix(1);
  }
  return text.empty();
}

std::uint32_t rotated(std::uint32_t value, unsigned by) { return (value << by) | (value >> (32 - by)); }

}  // namespace

void SimulatedRedis::restart() {
  values_.clear();
  scripts_.clear();
  hits_ = 0;
  misses_ = 0;
}

void SimulatedRedis::forget_expired(Instant now) {
  std::erase_if(values_, [&](const auto& item) { return item.second.expires <= now; });
}

const SimulatedRedis::Value* SimulatedRedis::find(Instant now, const std::string& key) {
  const auto found = values_.find(key);
  return found == values_.end() || found->second.expires <= now ? nullptr : &found->second;
}

std::vector<Reply> SimulatedRedis::run(Instant now, const std::vector<Command>& commands) {
  forget_expired(now);
  std::vector<Reply> replies;
  for (const Command& command : commands) {
    LARDER_ASSERT(!command.empty());
    ++counts[command[0]];
    replies.push_back(run_one(now, command));
  }
  return replies;
}

Reply SimulatedRedis::run_one(Instant now, const Command& command) {
  const std::string& name = command[0];
  if (name == "INFO") {
    return info(now);
  }
  if (name == "CONFIG") {
    return config(command);
  }
  if (mood == Mood::loading) {
    return Reply::of_error("LOADING Redis is loading the dataset in memory");
  }
  if (mood == Mood::clustered) {
    return Reply::of_error("MOVED 3999 127.0.0.1:6381");
  }
  const bool is_script = name == "EVAL" || name == "EVALSHA";
  const bool writes = name == "SET" || name == "UNLINK";
  if (mood == Mood::read_only && (writes || is_script)) {
    return Reply::of_error("READONLY You can't write against a read only replica.");
  }
  if (mood == Mood::out_of_memory && name == "SET") {
    return Reply::of_error("OOM command not allowed when used memory > 'maxmemory'.");
  }
  if (is_script) {
    return script(now, command);
  }
  return name == "SCAN" ? scan(now, command) : run_key(now, command);
}

Reply SimulatedRedis::run_key(Instant now, const Command& command) {
  const std::string& name = command[0];
  if (name == "SET") {
    return set_command(now, command);
  }
  if (name == "UNLINK") {
    std::int64_t removed = 0;
    for (std::size_t i = 1; i < command.size(); ++i) {
      removed += static_cast<std::int64_t>(values_.erase(command[i]));
    }
    return Reply::of_number(removed);
  }
  if (name == "MGET") {
    std::vector<Reply> items;
    for (std::size_t i = 1; i < command.size(); ++i) {
      const Value* const value = find(now, command[i]);
      items.push_back(value == nullptr || value->is_other_type ? Reply() : Reply::of_text(value->text));
    }
    return Reply::of_list(std::move(items));
  }
  return run_text(now, command);
}

Reply SimulatedRedis::run_text(Instant now, const Command& command) {
  const std::string& name = command[0];
  LARDER_ASSERT(name == "GET" || name == "GETRANGE");
  const Value* const value = find(now, command[1]);
  (value == nullptr ? misses_ : hits_) += 1;
  if (value != nullptr && value->is_other_type) {
    return Reply::of_error("WRONGTYPE Operation against a key holding the wrong kind of value");
  }
  if (name == "GET") {
    longest_read_ = std::max(longest_read_, value == nullptr ? 0 : value->text.size());
    return value == nullptr ? Reply() : Reply::of_text(value->text);
  }
  const std::size_t from = number_of(command[2]);
  const std::size_t to = number_of(command[3]);
  if (value == nullptr || from >= value->text.size() || to < from) {
    return Reply::of_text("");
  }
  std::string part = value->text.substr(from, to - from + 1);
  longest_read_ = std::max(longest_read_, part.size());
  return Reply::of_text(std::move(part));
}

Reply SimulatedRedis::set_command(Instant now, const Command& command) {
  Value value;
  value.text = command[2];
  bool only_if_absent = false;
  for (std::size_t i = 3; i < command.size(); ++i) {
    if (command[i] == "NX") {
      only_if_absent = true;
    } else if (command[i] == "PX") {
      value.expires = now + millis_of_text(command[++i]);
    } else if (command[i] == "EX") {
      value.expires = now + 1000 * millis_of_text(command[++i]);
    }
  }
  if (value.expires <= now) {
    return Reply::of_error("ERR invalid expire time in 'set' command");
  }
  if (only_if_absent && find(now, command[1]) != nullptr) {
    return Reply();
  }
  values_[command[1]] = std::move(value);
  return ok();
}

Reply SimulatedRedis::scan(Instant now, const Command& command) {
  LARDER_ASSERT(command.size() == 6 && command[2] == "MATCH" && command[4] == "COUNT");
  const std::uint64_t cursor = number_of(command[1]);
  std::vector<std::pair<std::uint64_t, std::string>> buckets;
  for (const auto& [key, value] : values_) {
    if (bucket_of(key) >= cursor && find(now, key) != nullptr) {
      buckets.emplace_back(bucket_of(key), key);
    }
  }
  std::sort(buckets.begin(), buckets.end());
  const std::size_t count = number_of(command[5]);
  std::vector<Reply> names;
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (i >= count) {
      next = buckets[i].first;
      break;
    }
    if (fits_glob(buckets[i].second, command[3])) {
      names.push_back(Reply::of_text(buckets[i].second));
    }
  }
  std::vector<Reply> page;
  page.push_back(Reply::of_text(to_text(next)));
  page.push_back(Reply::of_list(std::move(names)));
  return Reply::of_list(std::move(page));
}

Reply SimulatedRedis::script(Instant now, const Command& command) {
  const std::string digest = command[0] == "EVAL" ? sha1(command[1]) : command[1];
  if (command[0] == "EVALSHA" && !scripts_.contains(digest)) {
    return Reply::of_error("NOSCRIPT No matching script. Please use EVAL.");
  }
  scripts_.insert(digest);
  if (digest == redis::row_of(redis::Script::release).sha1) {
    return Reply::of_number(release(now, command));
  }
  LARDER_ASSERT(digest == redis::row_of(redis::Script::renew).sha1);
  return Reply::of_number(renew(now, command));
}

// verb, script, "2", lock, handed, token, what is handed over, milliseconds
std::int64_t SimulatedRedis::release(Instant now, const Command& command) {
  const Value* const holder = find(now, command[3]);
  if (holder == nullptr || holder->text != command[5]) {
    return 0;
  }
  if (command[7] != "0" && mood != Mood::out_of_memory) {
    Value handed;
    handed.text = command[6];
    handed.expires = now + millis_of_text(command[7]);
    values_[command[4]] = std::move(handed);
  }
  values_.erase(command[3]);
  return 1;
}

// verb, script, "1", lock, token, milliseconds
std::int64_t SimulatedRedis::renew(Instant now, const Command& command) {
  const Value* const holder = find(now, command[3]);
  if (holder != nullptr && holder->text != command[4]) {
    return 0;
  }
  Value value;
  value.text = command[4];
  value.expires = now + millis_of_text(command[5]);
  values_[command[3]] = std::move(value);
  return 1;
}

Reply SimulatedRedis::info(Instant now) {
  std::uint64_t bytes = 0;
  for (const auto& [key, value] : values_) {
    bytes += find(now, key) == nullptr ? 0 : key.size() + value.text.size();
  }
  return Reply::of_text(concat(
      {"# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:60\r\n# Clients\r\n"
       "connected_clients:3\r\n# Memory\r\nused_memory:",
       to_text(bytes), "\r\nmaxmemory:1048576\r\nmaxmemory_policy:", eviction_policy,
       "\r\n# Stats\r\nexpired_keys:0\r\nevicted_keys:0\r\nkeyspace_hits:", to_text(hits_),
       "\r\nkeyspace_misses:", to_text(misses_),
       "\r\n# Keyspace\r\ndb0:keys=", to_text(std::uint64_t{values_.size()}), ",expires=1,avg_ttl=0\r\n"}));
}

Reply SimulatedRedis::config(const Command& command) {
  if (refuses_config) {
    return Reply::of_error("ERR unknown command 'CONFIG'");
  }
  if (command[1] == "GET") {
    std::vector<Reply> pair;
    pair.push_back(Reply::of_text("maxmemory-policy"));
    pair.push_back(Reply::of_text(eviction_policy));
    return Reply::of_list(std::move(pair));
  }
  eviction_policy = command[3];
  return ok();
}

std::string sha1(std::string_view bytes) {
  std::uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  std::string padded(bytes);
  padded.push_back('\x80');
  padded.append((120 - padded.size() % 64) % 64, '\0');
  for (unsigned i = 0; i < 8; ++i) {
    padded.push_back(static_cast<char>((static_cast<std::uint64_t>(bytes.size()) * 8) >> (56 - 8 * i)));
  }
  for (std::size_t at = 0; at < padded.size(); at += 64) {
    std::uint32_t w[80];
    for (unsigned i = 0; i < 16; ++i) {
      const auto byte = [&](unsigned b) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(padded[at + 4 * i + b]));
      };
      w[i] = byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
    }
    for (unsigned i = 16; i < 80; ++i) {
      w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (unsigned i = 0; i < 80; ++i) {
      const std::uint32_t mixed = i < 20   ? (b & c) | (~b & d)
                                  : i < 40 ? b ^ c ^ d
                                  : i < 60 ? (b & c) | (b & d) | (c & d)
                                           : b ^ c ^ d;
      const std::uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
      const std::uint32_t next = rotated(a, 5) + mixed + e + k + w[i];
      e = d;
      d = c;
      c = rotated(b, 30);
      b = a;
      a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
  }
  std::string digest;
  for (const std::uint32_t word : state) {
    for (unsigned i = 0; i < 4; ++i) {
      digest.push_back(static_cast<char>(word >> (24 - 8 * i)));
    }
  }
  return to_hex(digest);
}

}  // namespace larder::sim
