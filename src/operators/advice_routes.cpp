// GET /api/advice.
#include "base/json_writer.h"
#include "config/limits.h"
#include "monitor/reading.h"
#include "operators/advice.h"
#include "operators/handlers.h"
#include "records/calls.h"

namespace larder::operators {

host::Task<host::Outgoing> show_advice(host::Context here, const OperatorContext& context, Call&) {
  AdviceFacts facts(context.settings, context.declarations);
  if (context.settings.ledger_shards > 0) {
    std::vector<std::uint32_t> minutes = {60, 24 * 60};
    auto observed = co_await monitor::read_windows(here, context.settings, std::move(minutes));
    if (observed) {
      facts.last_hour = std::move(observed->windows.at(60));
      facts.last_day = std::move(observed->windows.at(24 * 60));
    }
  }
  records::jobs::list_arguments newest;
  newest.count_max = 1;
  const auto jobs =
      co_await records::jobs::list(here, context.settings.cache_prefix, newest, config::limit::object_wait);
  if (jobs) {
    facts.pending = jobs->pending;
    facts.letters = jobs->letters;
  }
  JsonWriter json;
  json.begin_object().key("advice").begin_array();
  for (const Advice& advice : advise(facts)) {
    json.begin_object().key("name").value(advice.name).key("level").value(to_text(advice.level));
    json.key("what").value(advice.what).key("help").value(advice.help).end_object();
  }
  json.end_array();
  // Where the ledger gives no answer, what is made of counts is not looked at.
  json.key("looksAtCounts").value(facts.last_day.has_value()).end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

}  // namespace larder::operators
