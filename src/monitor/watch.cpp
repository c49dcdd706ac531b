#include "monitor/watch.h"

#include "base/text.h"
#include "config/limits.h"
#include "host/log_line.h"
#include "monitor/meter.h"
#include "monitor/transports.h"
#include "records/calls.h"

namespace larder::monitor {

namespace {

namespace limit = config::limit;

std::string_view word_of(records::Delivery delivery) {
  switch (delivery) {
    case records::Delivery::delivered:
      return "delivered";
    case records::Delivery::retry:
      return "retry";
    case records::Delivery::refused:
      return "refused";
  }
  return "refused";
}

void log_failure(host::Context here, std::string_view event, const Error& error) {
  host::LogLine(here.host(), LogLevel::warn, event).add("reason", to_text(error.kind)).write();
}

}  // namespace

host::Task<Result<metrics::Measurements>> measure_now(host::Context here, const config::Settings& settings,
                                                      Elsewhere elsewhere) {
  auto observed = co_await read_windows(here, settings);
  if (!observed) {
    co_return tl::make_unexpected(std::move(observed.error()));
  }
  observed->dead_letters = elsewhere.dead_letters;
  observed->queue_depth = elsewhere.queue_depth;
  observed->spending_ratio = elsewhere.spending_ratio;
  co_return metrics::measure(*observed);
}

host::Task<void> watch(host::Context here, const config::Settings& settings, observe::Counters& counters,
                       Elsewhere elsewhere) {
  const auto measured = co_await measure_now(here, settings, elsewhere);
  if (!measured) {
    if (measured.error().kind != ErrorKind::unsupported) {
      log_failure(here, "alerts_not_evaluated", measured.error());
    }
    co_return;
  }
  records::ledger::evaluate_arguments asked;
  asked.measured = metrics::encode(*measured);
  asked.transports = transports_of(settings);
  const std::string name = ledger_name(settings, 0);
  const auto evaluated = co_await records::ledger::evaluate(here, name, asked, limit::object_wait);
  if (!evaluated) {
    log_failure(here, "alerts_not_evaluated", evaluated.error());
    co_return;
  }
  co_await deliver(here, settings, counters);
}

host::Task<void> announce(host::Context here, const config::Settings& settings, records::Announcements news) {
  records::ledger::announce_arguments asked;
  asked.transports = transports_of(settings);
  if (settings.ledger_shards == 0 || news.empty() || asked.transports.empty()) {
    co_return;
  }
  asked.announcements = std::move(news);
  const std::string name = ledger_name(settings, 0);
  const auto told = co_await records::ledger::announce(here, name, asked, limit::object_wait);
  if (!told && told.error().kind != ErrorKind::unsupported) {
    log_failure(here, "decisions_not_announced", told.error());
  }
}

host::Task<void> deliver(host::Context here, const config::Settings& settings, observe::Counters& counters) {
  const std::string name = ledger_name(settings, 0);
  // One of a transport at a time: the next is due once the one before it is settled.
  for (std::size_t sent = 0; sent < limit::alert_sends_max;) {
    records::ledger::take_messages_arguments asked;
    asked.count_max = static_cast<std::uint32_t>(limit::alert_sends_max - sent);
    const auto taken = co_await records::ledger::take_messages(here, name, asked, limit::object_wait);
    if (!taken) {
      log_failure(here, "alert_messages_not_read", taken.error());
      co_return;
    }
    if (taken->messages.empty()) {
      co_return;
    }
    for (const records::AlertMessage& message : taken->messages) {
      ++sent;
      auto notices = metrics::decode_notices(message.notices);
      Outcome outcome;
      if (notices && !notices->empty()) {
        auto sent_now = co_await send(here, settings, message.transport, std::move(*notices),
                                      context_of(settings), message.recipients);
        outcome = std::move(sent_now);
      } else {
        outcome.fault = "The message is about alerts that this version does not know.";
      }
      counters.add(observe::Counter::alert_messages_total, message.transport, word_of(outcome.delivery));
      if (outcome.delivery != records::Delivery::delivered) {
        host::LogLine(here.host(), LogLevel::warn, "alert_not_delivered")
            .add("transport", message.transport)
            .add("outcome", word_of(outcome.delivery))
            .add("reason", outcome.fault)
            .write();
      }
      records::ledger::settle_message_arguments settled;
      settled.id = message.id;
      settled.outcome = static_cast<std::uint8_t>(outcome.delivery);
      settled.retry_after_millis = config::millis_of(outcome.retry_after);
      settled.recipients = outcome.recipients;
      settled.fault = outcome.fault;
      const auto kept = co_await records::ledger::settle_message(here, name, settled, limit::object_wait);
      if (!kept) {
        // Its lease ends, and it is sent again.
        log_failure(here, "alert_message_not_settled", kept.error());
      }
    }
  }
}

}  // namespace larder::monitor
