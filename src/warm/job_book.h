// The jobs as their Durable Object keeps them (shim/objects/job.js, binding WARMING_JOBS), and what it is
// asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "config/json_text.h"
#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "warm/message.h"

namespace larder::warm {

enum class Outcome : std::uint8_t {
  processed,  // its entries are there now
  skipped,    // they were there before
  failed,     // a dead letter
};
std::string_view to_text(Outcome outcome);

// What became of an item.
struct Account {
  std::string job;
  std::string key;
  std::uint32_t remaining = 0;
  Outcome outcome = Outcome::processed;
  std::uint64_t works = 0;
  // Of a failure: one word for counting, and what people read.
  std::string reason;
  std::string message;

  Account() {}
};

// An author, or an entry of a list, as a job is told of it.
struct Item {
  std::string key;
  std::string name;
  std::uint32_t depth = 1;
  std::uint32_t depth_max = 1;
  Source source = Source::csv;

  Item() {}
};

void write_items(JsonWriter& json, const std::vector<Item>& items);

class JobBook {
 public:
  explicit JobBook(const config::Settings& settings) : settings_(settings) {}

  // `argument` is the JSON of one argument. Errors: as object_call; corrupt for an answer that is no JSON.
  host::Task<Result<config::JsonText>> call(host::Context here, std::string method,
                                            std::string argument) const;

  // For each reference whether it is still to be worked on.
  host::Task<Result<std::vector<bool>>> begin(host::Context here, std::vector<Account> references) const;
  host::Task<Result<config::JsonText>> settle(host::Context here, std::vector<Account> accounts) const;
  // Which of the items a message is to be sent about.
  host::Task<Result<std::vector<std::size_t>>> discover(host::Context here, std::string job,
                                                        std::string parent, std::vector<Item> items) const;

 private:
  const config::Settings& settings_;
};

}  // namespace larder::warm
