// What a transport's answer means: delivered, to be tried again, or never.
#include "monitor/transports.h"

#include <gtest/gtest.h>

namespace larder::monitor::transports_test {
namespace {

using records::Delivery;

std::vector<std::string> in_use(TextPairs bindings) {
  return transports_of(config::parse_settings(bindings).value());
}

TEST(Transports, FollowFromTheSettings) {
  EXPECT_TRUE(in_use({}).empty());
  EXPECT_EQ(in_use({{"ALERT_WEBHOOK_URL", "https://hooks.slack.com/services/x"}}),
            std::vector<std::string>{"slack"});
  EXPECT_EQ(in_use({{"ALERT_WEBHOOK_URL", "https://hooks.example/x"}}), std::vector<std::string>{"webhook"});
  EXPECT_EQ(in_use({{"ALERT_WEBHOOK_URL", "https://hooks.example/x"}, {"ALERT_WEBHOOK_FORMAT", "slack"}}),
            std::vector<std::string>{"slack"});
  const TextPairs addresses = {{"ALERT_EMAIL_TO", "a@example.org"}, {"ALERT_EMAIL_FROM", "b@example.org"}};
  EXPECT_TRUE(in_use(addresses).empty());
  TextPairs by_mailchannels = addresses;
  by_mailchannels.emplace_back("MAILCHANNELS_API_KEY", "key");
  EXPECT_EQ(in_use(by_mailchannels), std::vector<std::string>{"mailchannels"});
  TextPairs by_platform = addresses;
  by_platform.emplace_back("ALERT_EMAIL_BY", "send_email");
  EXPECT_EQ(in_use(by_platform), std::vector<std::string>{"send_email"});
}

TEST(Transports, AStatusSaysWhetherItHelpsToTryAgain) {
  EXPECT_EQ(outcome_of_status(200, "", "Slack").delivery, Delivery::delivered);
  for (const std::uint32_t status : {408U, 429U, 500U, 503U}) {
    EXPECT_EQ(outcome_of_status(status, "", "Slack").delivery, Delivery::retry) << status;
  }
  for (const std::uint32_t status : {301U, 400U, 403U, 404U, 410U}) {
    EXPECT_EQ(outcome_of_status(status, "", "Slack").delivery, Delivery::refused) << status;
  }
  EXPECT_EQ(outcome_of_status(429, "30", "Slack").retry_after, Millis(30'000));
  EXPECT_EQ(outcome_of_status(429, "Wed, 21 Oct 2026 07:28:00 GMT", "Slack").retry_after, Millis(0));
  EXPECT_EQ(outcome_of_status(403, "", "Slack").fault, "Slack answered 403.");
}

TEST(Transports, ASuccessOfMailChannelsMayHideFailedRecipients) {
  const std::vector<std::string> two = {"a@example.org", "b@example.org"};
  const auto all = outcome_of_mailchannels(
      202, "", R"({"request_id":"r","results":[{"index":0,"status":"sent"},{"index":1,"status":"sent"}]})",
      two);
  EXPECT_EQ(all.delivery, Delivery::delivered);
  const auto some = outcome_of_mailchannels(
      202, "",
      R"({"results":[{"index":0,"status":"sent"},{"index":1,"status":"failed","reason":"no such user"}]})",
      two);
  EXPECT_EQ(some.delivery, Delivery::retry);
  EXPECT_EQ(some.recipients, std::vector<std::string>{"b@example.org"});
  EXPECT_EQ(some.fault, "MailChannels did not deliver to all: no such user");
  const auto refused = outcome_of_mailchannels(400, "", R"({"errors":["from is invalid"]})", two);
  EXPECT_EQ(refused.delivery, Delivery::refused);
  EXPECT_EQ(refused.fault, "MailChannels answered 400. from is invalid");
  EXPECT_EQ(outcome_of_mailchannels(202, "", "no JSON", two).delivery, Delivery::delivered);
}

TEST(Transports, CodesOfCloudflaresMailSayWhen) {
  const Instant noon = instant_from_millis(43'200'000);
  EXPECT_EQ(outcome_of_send_email("", noon).delivery, Delivery::delivered);
  for (const char* code : {"E_RATE_LIMIT_EXCEEDED", "E_INTERNAL_SERVER_ERROR"}) {
    EXPECT_EQ(outcome_of_send_email(code, noon).delivery, Delivery::retry) << code;
    EXPECT_EQ(outcome_of_send_email(code, noon).retry_after, Millis(0)) << code;
  }
  const auto tomorrow = outcome_of_send_email("E_DAILY_LIMIT_EXCEEDED", noon);
  EXPECT_EQ(tomorrow.delivery, Delivery::retry);
  EXPECT_EQ(tomorrow.retry_after, std::chrono::hours(12));
  for (const char* code : {"E_SENDER_NOT_VERIFIED", "E_RECIPIENT_NOT_ALLOWED", "E_CONTENT_TOO_LARGE"}) {
    EXPECT_EQ(outcome_of_send_email(code, noon).delivery, Delivery::refused) << code;
  }
  EXPECT_EQ(outcome_of_send_email("E_SENDER_NOT_VERIFIED", noon).fault,
            "Cloudflare's send_email said E_SENDER_NOT_VERIFIED.");
}

}  // namespace
}  // namespace larder::monitor::transports_test
