#include "monitor/transports.h"

#include <algorithm>

#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"
#include "json/json_text.h"
#include "monitor/post.h"

namespace larder::monitor {

namespace {

namespace limit = config::limit;
using records::Delivery;

constexpr std::string_view webhook_secret = "ALERT_WEBHOOK_URL";
constexpr std::string_view mailchannels_secret = "MAILCHANNELS_API_KEY";
constexpr std::string_view slack_host = "https://hooks.slack.com/";
constexpr std::string_view mail_binding = "SEND_EMAIL";

#define LARDER_TRANSPORT(name, title, what) constexpr std::string_view name##_name = #name;
#include "monitor/transports.def"
#undef LARDER_TRANSPORT

std::string_view title_of(std::string_view transport) {
#define LARDER_TRANSPORT(name, title, what) \
  if (transport == #name) {                 \
    return title;                           \
  }
#include "monitor/transports.def"
#undef LARDER_TRANSPORT
  return "The transport";
}

bool mails(const config::Settings& settings) {
  return !settings.alert_email_to.empty() && !settings.alert_email_from.empty() &&
         (settings.alert_email_by == config::MailService::send_email || settings.secret(mailchannels_secret));
}

std::vector<std::string> addresses_of(std::string_view list) {
  std::vector<std::string> addresses;
  for (const std::string_view address : split(list, ',')) {
    addresses.emplace_back(address);
  }
  return addresses;
}

bool is_slack(const config::Settings& settings, std::string_view url) {
  if (settings.alert_webhook_format == config::WebhookFormat::by_host) {
    return url.starts_with(slack_host);
  }
  return settings.alert_webhook_format == config::WebhookFormat::slack;
}

Outcome refused(std::string fault) {
  Outcome outcome;
  outcome.fault = std::move(fault);
  return outcome;
}

Outcome unanswered(const Error& error, std::string_view who) {
  Outcome outcome;
  outcome.delivery = Delivery::retry;
  outcome.fault = concat({who, " gave no answer (", to_text(error.kind), ")."});
  return outcome;
}

// Delta-seconds; a date counts as nothing, and the ledger's own pause holds.
Millis seconds_of(std::string_view retry_after) {
  const auto seconds = parse_unsigned(trim(retry_after));
  const auto most = static_cast<std::uint64_t>(limit::alert_message_retry_max.count() / 1000);
  return Millis(static_cast<std::int64_t>(std::min(seconds.value_or(0), most)) * 1000);
}

}  // namespace

// Not in the unnamed namespace: the older clang makes tail calls of coroutines that it can see through.
namespace transport_calls {

host::Task<Outcome> post_to_webhook(host::Context here, std::string transport, std::string url,
                                    std::string json) {
  auto reply = co_await post_json(here, std::move(url), {}, std::move(json), limit::alert_send_timeout);
  if (!reply) {
    co_return unanswered(reply.error(), title_of(transport));
  }
  co_return outcome_of_status(reply->status, reply->retry_after, title_of(transport));
}

host::Task<Outcome> send_by_mailchannels(host::Context here, std::string base_url, std::string key,
                                         std::vector<std::string> recipients, std::string json) {
  TextPairs headers = {{"x-api-key", std::move(key)}};
  std::string url = concat({base_url, "/tx/v1/send"});
  auto reply = co_await post_json(here, std::move(url), std::move(headers), std::move(json),
                                  limit::alert_send_timeout);
  if (!reply) {
    co_return unanswered(reply.error(), title_of(mailchannels_name));
  }
  co_return outcome_of_mailchannels(reply->status, reply->retry_after, reply->body, recipients);
}

host::Task<Outcome> send_by_platform(host::Context here, metrics::Mail mail, std::string subject,
                                     std::string text, std::string html) {
  const auto sent = co_await host::mail_send(here, mail_binding, mail.from, mail.to, subject, text, html);
  if (sent) {
    co_return outcome_of_send_email(sent->fault, here.host().now());
  }
  if (sent.error().kind == ErrorKind::unsupported) {
    co_return refused("There is no binding SEND_EMAIL; declare it in wrangler.toml ([[send_email]]).");
  }
  co_return unanswered(sent.error(), title_of(send_email_name));
}

}  // namespace transport_calls

std::vector<std::string> transports_of(const config::Settings& settings) {
  std::vector<std::string> names;
  if (mails(settings)) {
    const bool by_platform = settings.alert_email_by == config::MailService::send_email;
    names.emplace_back(by_platform ? send_email_name : mailchannels_name);
  }
  if (const auto url = settings.secret(webhook_secret)) {
    names.emplace_back(is_slack(settings, *url) ? slack_name : webhook_name);
  }
  return names;
}

metrics::NoticeContext context_of(const config::Settings& settings) {
  metrics::NoticeContext context;
  context.deployment = settings.cache_prefix;
  context.environment = config::to_text(settings.environment);
  context.external_url = settings.public_url;
  context.guide_url = settings.alert_guide_url;
  return context;
}

Outcome outcome_of_status(std::uint32_t status, std::string_view retry_after, std::string_view who) {
  Outcome outcome;
  if (status >= 200 && status < 300) {
    outcome.delivery = Delivery::delivered;
    return outcome;
  }
  outcome.fault = concat({who, " answered ", to_text(std::uint64_t{status}), "."});
  if (status == 408 || status == 429 || status >= 500) {
    outcome.delivery = Delivery::retry;
    outcome.retry_after = seconds_of(retry_after);
  }
  return outcome;
}

Outcome outcome_of_mailchannels(std::uint32_t status, std::string_view retry_after, std::string_view body,
                                const std::vector<std::string>& recipients) {
  Outcome outcome = outcome_of_status(status, retry_after, title_of(mailchannels_name));
  const auto reply = json::JsonText::parse(body);
  if (!reply) {
    return outcome;
  }
  if (outcome.delivery != Delivery::delivered) {
    for (const json::JsonText& error : reply->items("errors")) {
      outcome.fault += concat({" ", error.as_text().value_or("")});
    }
    return outcome;
  }
  for (const json::JsonText& result : reply->items("results")) {
    if (result.text("status") != "failed") {
      continue;
    }
    const std::uint64_t index = result.number("index", recipients.size());
    if (index < recipients.size()) {
      outcome.recipients.push_back(recipients[static_cast<std::size_t>(index)]);
      outcome.delivery = Delivery::retry;
      outcome.fault = concat({"MailChannels did not deliver to all: ", result.text("reason")});
    }
  }
  return outcome;
}

Outcome outcome_of_send_email(std::string_view fault, Instant now) {
  Outcome outcome;
  if (fault.empty()) {
    outcome.delivery = Delivery::delivered;
    return outcome;
  }
  outcome.fault = concat({title_of(send_email_name), " said ", utf8_prefix(fault, 100), "."});
  if (fault == "E_DAILY_LIMIT_EXCEEDED") {
    // There is more tomorrow, by UTC.
    constexpr Millis day = std::chrono::hours(24);
    outcome.delivery = Delivery::retry;
    outcome.retry_after = day - (now - Instant()) % day;
  } else if (fault == "E_RATE_LIMIT_EXCEEDED" || fault == "E_INTERNAL_SERVER_ERROR") {
    outcome.delivery = Delivery::retry;
  }
  return outcome;
}

host::Task<Outcome> send(host::Context here, const config::Settings& settings, std::string transport,
                         std::vector<metrics::Notice> notices, metrics::NoticeContext context,
                         std::vector<std::string> recipients) {
  const std::vector<std::string> configured = transports_of(settings);
  if (std::find(configured.begin(), configured.end(), transport) == configured.end()) {
    co_return refused(concat({title_of(transport), " is no longer configured."}));
  }
  if (transport == slack_name || transport == webhook_name) {
    std::string json;
    if (transport == slack_name) {
      json = metrics::slack_json(notices, context);
    } else {
      json = metrics::alertmanager_json(notices, context);
    }
    std::string url(*settings.secret(webhook_secret));
    auto outcome = co_await transport_calls::post_to_webhook(here, std::move(transport), std::move(url),
                                                             std::move(json));
    co_return outcome;
  }
  metrics::Mail mail;
  mail.from = settings.alert_email_from;
  mail.to = std::move(recipients);
  if (mail.to.empty()) {
    mail.to = addresses_of(settings.alert_email_to);
  }
  if (transport == send_email_name) {
    std::string subject = metrics::subject_of(notices, context);
    std::string text = metrics::plain_text_of(notices, context);
    std::string html = metrics::html_of(notices, context);
    auto outcome = co_await transport_calls::send_by_platform(here, std::move(mail), std::move(subject),
                                                              std::move(text), std::move(html));
    co_return outcome;
  }
  std::string json = metrics::mailchannels_json(notices, context, mail);
  std::string key(*settings.secret(mailchannels_secret));
  auto outcome = co_await transport_calls::send_by_mailchannels(
      here, settings.mailchannels_url, std::move(key), std::move(mail.to), std::move(json));
  co_return outcome;
}

}  // namespace larder::monitor
