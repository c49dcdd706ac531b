#include "support/ledger_objects.h"

#include <simdjson.h>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace larder::sim {

namespace {

using simdjson::dom::element;

std::string text_in(element object, std::string_view name) {
  std::string_view text;
  LARDER_ASSERT(object[name].get(text) == simdjson::SUCCESS);
  return std::string(text);
}

std::int64_t number_in(element object, std::string_view name) {
  std::int64_t number = 0;
  LARDER_ASSERT(object[name].get(number) == simdjson::SUCCESS);
  return number;
}

ObjectReply reply_of(std::string result) {
  ObjectReply reply;
  reply.result = std::move(result);
  return reply;
}

}  // namespace

ObjectReply SimulatedLedger::call(Instant now, const std::string&, const std::string& method,
                                  const std::string& argument) {
  simdjson::dom::parser parser;
  element wanted;
  LARDER_ASSERT(parser.parse(argument).get(wanted) == simdjson::SUCCESS);
  if (method == "add") {
    const std::string batch = text_in(wanted, "batch");
    simdjson::dom::array list;
    LARDER_ASSERT(wanted["rows"].get(list) == simdjson::SUCCESS);
    std::size_t number = 0;
    for (const element one : list) {
      Row row;
      row.at = number_in(one, "at");
      row.user = text_in(one, "user");
      row.outcome = text_in(one, "outcome");
      row.duration_millis = number_in(one, "duration_millis");
      row.system = text_in(one, "system");
      const auto forgotten = forgotten_.find(row.user);
      if (forgotten == forgotten_.end() || row.at > millis_since_epoch(forgotten->second) + 1000) {
        rows.emplace(std::make_pair(batch, number), row);
      }
      ++number;
    }
    return reply_of("{}");
  }
  if (method == "forget") {
    const std::string user = text_in(wanted, "user");
    forgotten_[user] = now;
    const std::size_t count = std::erase_if(rows, [&](const auto& row) { return row.second.user == user; });
    return reply_of(concat({"{\"count\":", to_text(std::uint64_t{count}), "}"}));
  }
  LARDER_ASSERT(method == "narratives");
  const std::int64_t since = number_in(wanted, "since");
  std::uint64_t requests = 0;
  for (const auto& [place, row] : rows) {
    requests += row.at >= since ? 1 : 0;
  }
  return reply_of(concat({"{\"requests\":", to_text(requests), "}"}));
}

SimulatedLedger& add_ledger(World& world) {
  auto ledger = std::make_shared<SimulatedLedger>();
  SimulatedLedger& made = *ledger;
  world.objects["LEDGER"] = std::move(ledger);
  return made;
}

}  // namespace larder::sim
