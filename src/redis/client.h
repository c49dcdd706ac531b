// Round trips to the deployment's Redis server. Every call is bounded by limit::redis_connect_wait and
// limit::redis_command_wait; one whose connection breaks is made limit::redis_attempts_max times, since all
// that Larder sends may be sent twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/redis_address.h"
#include "host/requests.h"
#include "host/task.h"
#include "redis/command.h"
#include "redis/frame.h"
#include "redis/script.h"

namespace larder::redis {

class Client {
 public:
  // nullopt: no server is configured, and every call fails with unsupported.
  explicit Client(std::optional<config::RedisAddress> address) : address_(std::move(address)) {}

  const std::optional<config::RedisAddress>& address() const { return address_; }
  // What values have to be on their way to the server: REST takes JSON.
  Carriage carriage() const {
    return address_ && address_->transport == config::RedisTransport::rest ? Carriage::text : Carriage::bytes;
  }

  // The replies in the order of the commands; one that the server refused is an error among them. Errors:
  // timeout, unavailable, corrupt (as many replies as commands, or it is no server of Redis).
  host::Task<Result<std::vector<Reply>>> run(host::Context here, std::vector<Command> commands) const;
  // The same for one command; a refusal is an error of error_of().
  host::Task<Result<Reply>> run_one(host::Context here, Command command) const;
  // By its SHA-1, and with its text where the server does not know it: it has restarted.
  host::Task<Result<Reply>> run_script(host::Context here, Script script, std::vector<std::string> keys,
                                       std::vector<std::string> arguments) const;

 private:
  std::optional<config::RedisAddress> address_;
};

}  // namespace larder::redis
