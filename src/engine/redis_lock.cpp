// The lock of a key in Redis. Two keys, of one name:
//   {prefix}::lock:{name}    the holder's token, for as long as the holder may take
//   {prefix}::handed:{name}  what the holder left: a frame (redis/frame.h), or that its answer may not be
//                            shared, for as long as that holds
// Who asks for the lock sends SET NX PX and reads both keys in one round trip. The order matters: a release
// writes what is handed over and ends the lock in one script, so whoever gets a lock that was just released
// reads what was handed over after that. Waiters ask again after pauses that grow and are random.
#include <algorithm>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/key_lock.h"
#include "engine/pause.h"
#include "policy/backoff.h"
#include "redis/frame.h"

namespace larder::engine {

namespace {

namespace limit = config::limit;
using redis::Command;
using redis::Reply;

// No frame, so no entry.
constexpr std::string_view word_alone = "alone";

class RedisLock final : public KeyLock {
 public:
  RedisLock(std::string cache_prefix, redis::Client redis)
      : prefix_(std::move(cache_prefix)), redis_(std::move(redis)) {}

  host::Task<Result<LockReply>> acquire(host::Context here, std::string name, std::string token, Millis keep,
                                        Millis wait) override;
  host::Task<Result<bool>> renew(host::Context here, std::string name, std::string token,
                                 Millis keep) override;
  host::Task<Result<void>> release(host::Context here, std::string name, std::string token, LockWord word,
                                   std::string header, tiers::EntryPtr entry, Millis good_for) override;

 private:
  std::string lock_key(std::string_view name) const { return concat({prefix_, "::lock:", name}); }
  std::string handed_key(std::string_view name) const { return concat({prefix_, "::handed:", name}); }
  host::Task<Result<LockReply>> try_once(host::Context here, std::string name, std::string token,
                                         Millis keep);
  host::Task<Result<Reply>> run_release(host::Context here, std::string name, std::string token,
                                        std::string handed, Millis good_for);

  std::string prefix_;
  redis::Client redis_;
};

// What was handed over; retry: nothing was.
LockReply handed_over(host::Host& host, const Reply& reply) {
  LockReply said;
  if (reply.kind != Reply::Kind::text) {
    return said;
  }
  if (reply.text == word_alone) {
    said.word = LockWord::alone;
  } else if (const auto framed = redis::unframe(reply.text)) {
    said.word = LockWord::value;
    said.header = std::string(framed->header());
    said.content = host::Body::from_bytes(host, framed->body());
  }
  return said;
}

host::Task<Result<LockReply>> RedisLock::try_once(host::Context here, std::string name, std::string token,
                                                  Millis keep) {
  const std::string lock = lock_key(name);
  const Millis lasts = LARDER_MUTATED(redis_lock_without_end) ? Millis(86'400'000) : keep;
  std::vector<Command> commands;
  commands.push_back({"SET", lock, token, "NX", "PX", to_text(config::millis_of(lasts))});
  commands.push_back({"GET", lock});
  // No more than what is handed over can be.
  commands.push_back({"GETRANGE", handed_key(name), "0", to_text(std::uint64_t{redis::frame_bytes_max - 1})});
  auto replies = co_await redis_.run(here, std::move(commands));
  if (!replies) {
    co_return tl::make_unexpected(std::move(replies.error()));
  }
  if ((*replies)[0].is_error()) {
    co_return tl::make_unexpected(redis::error_of((*replies)[0]));
  }
  LockReply said = handed_over(here.host(), (*replies)[2]);
  // The token is there too where the reply of a first attempt was lost, and this is the second.
  const bool is_ours = (*replies)[0].kind == Reply::Kind::text ||
                       ((*replies)[1].kind == Reply::Kind::text && (*replies)[1].text == token);
  if (said.word == LockWord::retry && is_ours) {
    said.word = LockWord::granted;
  } else if (is_ours) {
    // The answer is there: the origin need not be asked.
    const auto given_back =
        co_await run_release(here, std::move(name), std::move(token), std::string(), Millis(0));
    static_cast<void>(given_back);
  }
  co_return said;
}

host::Task<Result<LockReply>> RedisLock::acquire(host::Context here, std::string name, std::string token,
                                                 Millis keep, Millis wait) {
  const Instant give_up = here.host().now() + wait;
  for (std::uint32_t attempt = 2;; ++attempt) {
    auto said = co_await try_once(here, name, token, keep);
    const Millis left = give_up - here.host().now();
    if (!said || said->word != LockWord::retry || left <= Millis(0)) {
      co_return said;
    }
    const Millis pause =
        policy::backoff(attempt, limit::backoff_first, limit::backoff_max, random_of(here.host()));
    co_await pause_for(here, std::min(std::max(pause, limit::backoff_first), left));
  }
}

host::Task<Result<bool>> RedisLock::renew(host::Context here, std::string name, std::string token,
                                          Millis keep) {
  std::vector<std::string> keys = {lock_key(name)};
  std::vector<std::string> arguments = {std::move(token), to_text(config::millis_of(keep))};
  const auto renewed =
      co_await redis_.run_script(here, redis::Script::renew, std::move(keys), std::move(arguments));
  if (!renewed) {
    co_return tl::make_unexpected(renewed.error());
  }
  co_return renewed->number == 1;
}

host::Task<Result<Reply>> RedisLock::run_release(host::Context here, std::string name, std::string token,
                                                 std::string handed, Millis good_for) {
  if (LARDER_MUTATED(redis_lock_ignores_token)) {
    Command unlink = {"UNLINK", lock_key(name)};
    auto ended = co_await redis_.run_one(here, std::move(unlink));
    co_return ended;
  }
  std::vector<std::string> keys = {lock_key(name), handed_key(name)};
  std::vector<std::string> arguments = {std::move(token), std::move(handed),
                                        to_text(config::millis_of(good_for))};
  auto released =
      co_await redis_.run_script(here, redis::Script::release, std::move(keys), std::move(arguments));
  co_return released;
}

host::Task<Result<void>> RedisLock::release(host::Context here, std::string name, std::string token,
                                            LockWord word, std::string header, tiers::EntryPtr entry,
                                            Millis good_for) {
  std::string handed;
  if (word == LockWord::value) {
    const std::string body = here.host().read_body(entry->body.handle(), entry->body.size(), 0);
    handed = redis::frame(header, body, redis_.carriage());
  } else if (word == LockWord::alone) {
    handed = std::string(word_alone);
    good_for = limit::redis_alone_kept;
  } else {
    good_for = Millis(0);
  }
  const auto released =
      co_await run_release(here, std::move(name), std::move(token), std::move(handed), good_for);
  if (!released) {
    co_return tl::make_unexpected(released.error());
  }
  co_return Result<void>();
}

}  // namespace

std::unique_ptr<KeyLock> make_redis_lock(std::string cache_prefix, redis::Client redis) {
  return std::make_unique<RedisLock>(std::move(cache_prefix), std::move(redis));
}

}  // namespace larder::engine
