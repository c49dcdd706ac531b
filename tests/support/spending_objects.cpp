#include "support/spending_objects.h"

#include "base/assert.h"
#include "base/json_writer.h"
#include "simdjson.h"

namespace larder::sim {

ObjectReply SpendingObjects::call(Instant, const std::string& name, const std::string& method,
                                  const std::string& argument) {
  ObjectReply reply;
  if (fails) {
    reply.refusal = "It is out of order.";
    return reply;
  }
  LARDER_ASSERT(name == "models");
  simdjson::dom::parser parser;
  simdjson::dom::element given;
  const simdjson::padded_string padded(argument);
  LARDER_ASSERT(parser.parse(padded).get(given) == simdjson::SUCCESS);
  const auto number = [&](std::string_view member) {
    std::uint64_t value = 0;
    LARDER_ASSERT(given[member].get(value) == simdjson::SUCCESS);
    return value;
  };
  std::string_view text;
  if (method == "total") {
    LARDER_ASSERT(given["since"].get(text) == simdjson::SUCCESS);
    std::uint64_t calls = 0;
    for (const auto& [one, spent] : days) {
      calls += one >= text ? spent.calls : 0;
    }
    JsonWriter total;
    reply.result = total.begin_object().key("calls").value(calls).end_object().text();
    return reply;
  }
  LARDER_ASSERT(given["day"].get(text) == simdjson::SUCCESS && text.size() == 10);
  Day& day = days[std::string(text)];
  JsonWriter json;
  if (method == "take") {
    const std::uint64_t bound = number("microdollars");
    const bool allowed = day.calls < number("calls") && (bound == 0 || day.microdollars < bound);
    day.calls += allowed ? 1 : 0;
    json.begin_object().key("allowed").value(allowed).key("used").value(day.calls).end_object();
  } else {
    LARDER_ASSERT(method == "record");
    day.prompt_tokens += number("promptTokens");
    day.output_tokens += number("outputTokens");
    day.microdollars += number("microdollars");
    json.begin_object().end_object();
  }
  reply.result = std::move(json).take();
  return reply;
}

}  // namespace larder::sim
