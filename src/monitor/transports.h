// Sends messages about alerts: by MailChannels, by Cloudflare's send_email, to Slack, or to any webhook that
// takes what Alertmanager sends. Which of them are in use follows from the settings (transports.def).
//
// Sources: MailChannels' POST /tx/v1/send (a success may hide failed recipients), Cloudflare's Email Service
// (errors by code), Slack's incoming webhooks; read 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "metrics/notices.h"
#include "records/ledger.h"

namespace larder::monitor {

struct Outcome {
  records::Delivery delivery = records::Delivery::refused;
  // What the other side asks for; 0: nothing.
  Millis retry_after{0};
  // Those who are still to have it, where some have; empty: all.
  std::vector<std::string> recipients;
  // For people, without secrets: a webhook's address is one.
  std::string fault;

  Outcome() {}
};

// Names of those in use.
std::vector<std::string> transports_of(const config::Settings& settings);

metrics::NoticeContext context_of(const config::Settings& settings);

// `recipients`: of an e-mail, where not all are to have it (again). A transport that is no longer configured
// refuses.
host::Task<Outcome> send(host::Context here, const config::Settings& settings, std::string transport,
                         std::vector<metrics::Notice> notices, metrics::NoticeContext context,
                         std::vector<std::string> recipients);

// What an answer means. Pure.
Outcome outcome_of_status(std::uint32_t status, std::string_view retry_after, std::string_view who);
// `recipients`: whom it was sent to. The body of a success may say that some recipients failed.
Outcome outcome_of_mailchannels(std::uint32_t status, std::string_view retry_after, std::string_view body,
                                const std::vector<std::string>& recipients);

// `fault`: the platform's code, "" for a mail that it took.
Outcome outcome_of_send_email(std::string_view fault, Instant now);

}  // namespace larder::monitor
