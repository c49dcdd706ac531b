// The Redis tier: one server that all data centres share, at once consistent. A value is a frame
// (redis/frame.h), its time is Redis' own, and names are those of every other tier.
#include <algorithm>
#include <iterator>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "redis/client.h"
#include "redis/frame.h"
#include "redis/glob.h"
#include "redis/info.h"
#include "tiers/store_tier.h"

namespace larder::tiers {

namespace {

namespace limit = config::limit;
using redis::Command;
using redis::Reply;

// What stands under a name: a frame of the key's, or a miss. A value of another type is a foreign one.
EntryPtr entry_of_reply(host::Host& host, const Reply& reply, const Key& key) {
  if (reply.kind != Reply::Kind::text) {
    return nullptr;
  }
  const auto framed = redis::unframe(reply.text);
  return framed ? readable_entry(framed->header(), host::Body::from_bytes(host, framed->body()), key)
                : nullptr;
}

Failure failure_of(const Reply& reply) {
  if (reply.is_error()) {
    return tl::make_unexpected(redis::error_of(reply));
  }
  return fail(ErrorKind::corrupt, "redis", "The Redis server's reply is none of this command.");
}

struct ScanPage {
  std::string cursor;
  std::vector<std::string> names;

  ScanPage() {}
};

Result<ScanPage> scan_page(Reply reply) {
  const bool is_page = reply.kind == Reply::Kind::list && reply.items.size() == 2 &&
                       reply.items[0].kind == Reply::Kind::text && reply.items[1].kind == Reply::Kind::list;
  if (!is_page) {
    return failure_of(reply);
  }
  ScanPage page;
  page.cursor = std::move(reply.items[0].text);
  for (Reply& item : reply.items[1].items) {
    page.names.push_back(std::move(item.text));
  }
  return page;
}

Command scan(const std::string& cursor, const std::string& glob, std::uint64_t count) {
  return {"SCAN", cursor.empty() ? "0" : cursor, "MATCH", glob, "COUNT", to_text(count)};
}

// The names to look at: never other than the deployment's own, which begin with `keys_under`.
std::string glob_within(const std::string& keys_under, const NameSet& names) {
  const std::string_view fixed = std::string_view(names.text).substr(0, names.text.find('*'));
  if (names.kind == NameSet::Kind::prefix) {
    return redis::glob_of_prefix(names.text.starts_with(keys_under) ? names.text : keys_under);
  }
  return fixed.starts_with(keys_under) ? redis::glob_of_pattern(names.text)
                                       : redis::glob_of_prefix(keys_under);
}

// As the caller has it: "" is the beginning and the end.
std::string outer_cursor(const std::string& cursor) { return cursor == "0" ? std::string() : cursor; }

class Redis final : public CacheTier {
 public:
  Redis(const TierSetup& setup, Bytes value_bytes_max)
      : client_(setup.redis), eviction_policy_(setup.eviction_policy), value_bytes_max_(value_bytes_max) {}

  config::Tier tier() const override { return config::Tier::redis; }

  host::Task<Result<Found>> get(host::Context here, Key key) override;
  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) override;
  host::Task<Result<bool>> remove_named(host::Context here, std::string storage_name) override;
  host::Task<Removal> remove_many(host::Context here, std::vector<std::string> storage_names) override;
  host::Task<Result<std::vector<EntryPtr>>> get_many(host::Context here,
                                                     const std::vector<Key>& keys) override;
  host::Task<Result<KeyPage>> list(host::Context here, std::string prefix, std::string cursor,
                                   std::uint32_t count_max) override;
  bool removes_by_name() const override { return true; }
  host::Task<NamedRemoval> remove_matching(host::Context here, std::string keys_under, NameSet names,
                                           std::string cursor, Instant give_up) override;
  host::Task<bool> survey(host::Context here) override;
  std::string advice() const override { return info_ ? redis::eviction_advice(*info_) : std::string(); }
  void write_status(JsonWriter& json) const override;

 private:
  // The headers of these names, in their order; "" where there is none.
  host::Task<Result<std::vector<std::string>>> headers_of(host::Context here,
                                                          const std::vector<std::string>& names);

  redis::Client client_;
  std::string eviction_policy_;
  Bytes value_bytes_max_;
  // What the server last said of itself, and when it was asked.
  std::optional<redis::ServerInfo> info_;
  std::optional<Error> survey_failure_;
  Instant surveyed_;
};

host::Task<Result<Found>> Redis::get(host::Context here, Key key) {
  // No more than a value of ours can be, whatever somebody else has put there: what is cut off is no frame.
  std::vector<Command> commands = {
      {"GETRANGE", key.storage_name, "0", to_text(std::uint64_t{redis::frame_bytes_max - 1})}};
  auto replies = co_await client_.run(here, std::move(commands));
  if (!replies) {
    co_return tl::make_unexpected(std::move(replies.error()));
  }
  const Reply& reply = replies->front();
  if (reply.is_error() && !reply.is_error("WRONGTYPE")) {
    co_return failure_of(reply);
  }
  EntryPtr entry = entry_of_reply(here.host(), reply, key);
  co_return entry == nullptr ? Found() : Found(std::move(entry), tier());
}

host::Task<Result<Stored>> Redis::put(host::Context here, Key key, EntryPtr entry) {
  const StoreBounds bounds(value_bytes_max_, Bytes(limit::header_value_bytes_max), Millis(1'000));
  const auto stored = storable(*entry, bounds, here.host().now());
  if (!stored) {
    co_return Stored::declined;
  }
  Command command = {"SET", std::move(key.storage_name)};
  const std::string body = here.host().read_body(entry->body.handle(), entry->body.size(), 0);
  command.push_back(redis::frame(stored->header, body, client_.carriage()));
  command.emplace_back("EX");
  command.push_back(to_text(stored->keep_seconds));
  const auto done = co_await client_.run_one(here, std::move(command));
  if (!done) {
    co_return tl::make_unexpected(done.error());
  }
  co_return Stored::stored;
}

host::Task<Result<bool>> Redis::remove_named(host::Context here, std::string storage_name) {
  Command command = {"UNLINK", std::move(storage_name)};
  const auto removed = co_await client_.run_one(here, std::move(command));
  if (!removed) {
    co_return tl::make_unexpected(removed.error());
  }
  co_return removed->number > 0;
}

host::Task<Removal> Redis::remove_many(host::Context here, std::vector<std::string> storage_names) {
  Removal removal;
  while (removal.count < storage_names.size()) {
    Command command = {"UNLINK"};
    const std::size_t end = std::min(storage_names.size(), removal.count + limit::redis_scan_keys);
    for (std::size_t i = removal.count; i < end; ++i) {
      command.push_back(std::move(storage_names[i]));
    }
    const auto removed = co_await client_.run_one(here, std::move(command));
    if (!removed) {
      removal.failure.emplace(removed.error());
      break;
    }
    removal.count = end;
  }
  co_return removal;
}

host::Task<Result<std::vector<EntryPtr>>> Redis::get_many(host::Context here, const std::vector<Key>& keys) {
  Command command = {"MGET"};
  for (const Key& key : keys) {
    command.push_back(key.storage_name);
  }
  auto reply = co_await client_.run_one(here, std::move(command));
  if (!reply) {
    co_return tl::make_unexpected(std::move(reply.error()));
  }
  if (reply->kind != Reply::Kind::list || reply->items.size() != keys.size()) {
    co_return failure_of(*reply);
  }
  std::vector<EntryPtr> entries;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    entries.push_back(entry_of_reply(here.host(), reply->items[i], keys[i]));
  }
  co_return entries;
}

host::Task<Result<std::vector<std::string>>> Redis::headers_of(host::Context here,
                                                               const std::vector<std::string>& names) {
  std::vector<std::string> headers(names.size());
  if (names.empty()) {
    co_return headers;
  }
  // Most headers fit what KV takes; the others are asked for again, whole.
  const std::size_t first_bytes = redis::frame_head_bytes + limit::entry_header_bytes_max;
  std::vector<Command> commands;
  for (const std::string& name : names) {
    commands.push_back({"GETRANGE", name, "0", to_text(std::uint64_t{first_bytes - 1})});
  }
  auto beginnings = co_await client_.run(here, std::move(commands));
  if (!beginnings) {
    co_return tl::make_unexpected(std::move(beginnings.error()));
  }
  std::vector<Command> rest;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& beginning = (*beginnings)[i].text;
    const auto end = redis::header_end(beginning);
    if (end && *end > first_bytes) {
      rest.push_back({"GETRANGE", names[i], "0", to_text(std::uint64_t{*end - 1})});
      places.push_back(i);
    } else {
      headers[i] = std::string(redis::header_of(beginning));
    }
  }
  if (rest.empty()) {
    co_return headers;
  }
  auto whole = co_await client_.run(here, std::move(rest));
  if (!whole) {
    co_return tl::make_unexpected(std::move(whole.error()));
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    headers[places[i]] = std::string(redis::header_of((*whole)[i].text));
  }
  co_return headers;
}

host::Task<Result<KeyPage>> Redis::list(host::Context here, std::string prefix, std::string cursor,
                                        std::uint32_t count_max) {
  const std::string glob = redis::glob_of_prefix(prefix);
  std::uint64_t count = std::min<std::uint64_t>(std::max(count_max, 1U), limit::redis_scan_keys);
  ScanPage page;
  page.cursor = std::move(cursor);
  for (std::size_t round = 0; round < limit::redis_scan_rounds_max && page.names.empty(); ++round) {
    Command command = scan(page.cursor, glob, count);
    auto reply = co_await client_.run_one(here, std::move(command));
    if (!reply) {
      co_return tl::make_unexpected(std::move(reply.error()));
    }
    auto scanned = scan_page(std::move(*reply));
    if (!scanned) {
      co_return tl::make_unexpected(std::move(scanned.error()));
    }
    page = std::move(*scanned);
    page.cursor = outer_cursor(page.cursor);
    if (page.cursor.empty()) {
      break;
    }
    // Among many keys of others the next steps are longer ones.
    count = std::min<std::uint64_t>(count * 4, limit::redis_scan_keys);
  }
  auto headers = co_await headers_of(here, page.names);
  if (!headers) {
    co_return tl::make_unexpected(std::move(headers.error()));
  }
  KeyPage listed;
  for (std::size_t i = 0; i < page.names.size(); ++i) {
    listed.keys.emplace_back(std::move(page.names[i]), std::move((*headers)[i]));
  }
  listed.next_cursor = std::move(page.cursor);
  co_return listed;
}

host::Task<NamedRemoval> Redis::remove_matching(host::Context here, std::string keys_under, NameSet names,
                                                std::string cursor, Instant give_up) {
  NamedRemoval removal;
  const std::string no_entries = keys_under + ":";
  const std::string glob = glob_within(keys_under, names);
  // What the last step found goes with the next one, in one round trip. Until then a failure begins again
  // where that step began.
  std::vector<std::string> found;
  std::string at = cursor.empty() ? "0" : std::move(cursor);
  removal.next_cursor = at;
  bool is_through = false;
  for (;;) {
    std::vector<Command> commands;
    if (!found.empty()) {
      Command unlink = {"UNLINK"};
      std::move(found.begin(), found.end(), std::back_inserter(unlink));
      commands.push_back(std::move(unlink));
    }
    if (!is_through) {
      commands.push_back(scan(at, glob, limit::redis_scan_keys));
    }
    if (commands.empty()) {
      break;
    }
    auto replies = co_await client_.run(here, std::move(commands));
    if (!replies) {
      removal.failure.emplace(std::move(replies.error()));
      co_return removal;
    }
    if (!found.empty()) {
      const Reply& unlinked = replies->front();
      if (unlinked.kind != Reply::Kind::number) {
        removal.failure.emplace(failure_of(unlinked).value());
        co_return removal;
      }
      removal.count += static_cast<std::uint64_t>(unlinked.number);
      found.clear();
    }
    removal.next_cursor = at;
    if (is_through) {
      break;
    }
    auto page = scan_page(std::move(replies->back()));
    if (!page) {
      removal.failure.emplace(std::move(page.error()));
      co_return removal;
    }
    for (std::string& name : page->names) {
      // Whatever the pattern says, nothing leaves the deployment's own names.
      const bool is_named = names.has(name) || LARDER_MUTATED(redis_names_unchecked);
      if (is_named && name.starts_with(keys_under) && !name.starts_with(no_entries)) {
        found.push_back(std::move(name));
      }
    }
    at = std::move(page->cursor);
    is_through = at == "0" || here.host().now() >= give_up;
    if (is_through && LARDER_MUTATED(redis_last_batch_kept)) {
      found.clear();
    }
  }
  removal.next_cursor = outer_cursor(at);
  co_return removal;
}

host::Task<bool> Redis::survey(host::Context here) {
  const Instant now = here.host().now();
  if ((info_ || survey_failure_) && now - surveyed_ < limit::redis_survey_kept) {
    co_return true;
  }
  surveyed_ = now;
  std::vector<Command> commands = {{"INFO"}, {"CONFIG", "GET", "maxmemory-policy"}};
  auto replies = co_await client_.run(here, std::move(commands));
  if (!replies || replies->front().kind != Reply::Kind::text) {
    info_.reset();
    survey_failure_.emplace(replies ? failure_of(replies->front()).value() : std::move(replies.error()));
    co_return true;
  }
  survey_failure_.reset();
  info_.emplace(redis::parse_info(replies->front().text));
  // Many providers refuse CONFIG, and say it in INFO.
  const Reply& config = replies->back();
  if (config.kind == Reply::Kind::list && config.items.size() == 2) {
    info_->eviction_policy = config.items[1].text;
  }
  if (!eviction_policy_.empty() && info_->eviction_policy != eviction_policy_) {
    Command set = {"CONFIG", "SET", "maxmemory-policy", eviction_policy_};
    const auto done = co_await client_.run_one(here, std::move(set));
    if (done && info_) {
      info_->eviction_policy = eviction_policy_;
    }
  }
  co_return true;
}

void Redis::write_status(JsonWriter& json) const {
  json.begin_object().key("valueBytesMax").value(value_bytes_max_.count).key("transport");
  if (client_.address()) {
    json.value(config::to_text(client_.address()->transport));
  } else {
    json.null();
  }
  json.key("server");
  if (info_) {
    redis::write(json, *info_);
  } else {
    json.null();
  }
  if (survey_failure_) {
    json.key("error").value(survey_failure_->message);
  }
  json.end_object();
}

}  // namespace

std::unique_ptr<CacheTier> make_redis_tier(const TierSetup& setup, Bytes value_bytes_max) {
  return std::make_unique<Redis>(setup, value_bytes_max);
}

}  // namespace larder::tiers
