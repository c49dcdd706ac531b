#include "redis/client.h"

#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"

namespace larder::redis {

namespace limit = config::limit;

namespace {

Command script_command(std::string_view verb, std::string_view script, const std::vector<std::string>& keys,
                       const std::vector<std::string>& arguments) {
  Command command = {std::string(verb), std::string(script), to_text(std::uint64_t{keys.size()})};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

host::Task<Result<std::vector<Reply>>> Client::run(host::Context here, std::vector<Command> commands) const {
  if (!address_) {
    co_return fail(ErrorKind::unsupported, "redis",
                   "No Redis server is configured; set ENABLE_REDIS_CACHE and REDIS_URL.");
  }
  const std::string record = encode_commands(commands);
  for (std::size_t attempt = 1;; ++attempt) {
    auto ran = co_await host::redis_run(here, address_->url, address_->token, record,
                                        config::millis_of(limit::redis_connect_wait),
                                        config::millis_of(limit::redis_command_wait));
    if (!ran) {
      if (ran.error().kind == ErrorKind::unavailable && attempt < limit::redis_attempts_max) {
        continue;
      }
      co_return tl::make_unexpected(std::move(ran.error()));
    }
    auto replies = decode_replies(ran->replies);
    if (!replies || replies->size() != commands.size()) {
      co_return fail(ErrorKind::corrupt, "redis", "The Redis server's replies are none of these commands.");
    }
    co_return std::move(*replies);
  }
}

host::Task<Result<Reply>> Client::run_one(host::Context here, Command command) const {
  std::vector<Command> commands;
  commands.push_back(std::move(command));
  auto replies = co_await run(here, std::move(commands));
  if (!replies) {
    co_return tl::make_unexpected(std::move(replies.error()));
  }
  if (replies->front().is_error()) {
    co_return tl::make_unexpected(error_of(replies->front()));
  }
  co_return std::move(replies->front());
}

host::Task<Result<Reply>> Client::run_script(host::Context here, Script script, std::vector<std::string> keys,
                                             std::vector<std::string> arguments) const {
  const ScriptRow& row = row_of(script);
  std::vector<Command> commands;
  commands.push_back(script_command("EVALSHA", row.sha1, keys, arguments));
  auto replies = co_await run(here, commands);
  if (!replies) {
    co_return tl::make_unexpected(std::move(replies.error()));
  }
  if (replies->front().is_error("NOSCRIPT")) {
    Command whole = script_command("EVAL", row.text, keys, arguments);
    auto reply = co_await run_one(here, std::move(whole));
    co_return reply;
  }
  if (replies->front().is_error()) {
    co_return tl::make_unexpected(error_of(replies->front()));
  }
  co_return std::move(replies->front());
}

}  // namespace larder::redis
