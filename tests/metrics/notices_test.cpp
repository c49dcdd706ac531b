#include "metrics/notices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace larder::metrics::notices_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Notice fired() {
  Notice notice;
  notice.alert = Alert::dead_letters_high;
  notice.fired_at = instant_from_millis(1'790'000'000'000);
  notice.value = 11;
  notice.worst = 11;
  return notice;
}

Notice resolved() {
  Notice notice;
  notice.alert = Alert::hit_rate_low;
  notice.news = AlertNews::resolved;
  notice.fired_at = instant_from_millis(1'790'000'000'000);
  notice.resolved_at = instant_from_millis(1'790'003'600'000);
  notice.value = 0.95;
  notice.worst = 0.4;
  return notice;
}

Notice decided() {
  Notice notice;
  notice.news = AlertNews::none;
  notice.fired_at = notice.resolved_at = instant_from_millis(1'790'000'000'000);
  notice.topic = "long-ttl";
  notice.headline = "is promoted";
  notice.reason = "Variant B answers 4.1 points more from cache, between 2.6 and 5.5.";
  return notice;
}

NoticeContext context() {
  NoticeContext context;
  context.deployment = "shop";
  context.environment = "production";
  return context;
}

TEST(Notices, SayWhatHappenedSinceWhenHowBadAndWhatToDo) {
  EXPECT_EQ(subject_of({fired()}, context()), "[Larder shop (production)] dead letters high is firing");
  EXPECT_EQ(subject_of({fired(), resolved()}, context()),
            "[Larder shop (production)] alerts: 1 firing, 1 resolved");
  EXPECT_EQ(
      plain_text_of({fired(), resolved()}, context()),
      "Larder, deployment shop (production)\n"
      "\n"
      "FIRING (ticket): dead letters high\n"
      "More than 10 dead letters wait for somebody.\n"
      "Firing since 2026-09-21 14:13 UTC: now 11, above 10.\n"
      "What to do: List them with GET /api/warming/dlq, mend what their reasons name, and replay them with "
      "POST /api/warming/dlq/replay.\n"
      "Guide: docs/MONITORING_OPTIMIZATION.md#dead-letters-pile-up\n"
      "\n"
      "RESOLVED (ticket): hit rate low\n"
      "Fewer than 90 % of reads are answered from the cache.\n"
      "Resolved at 2026-09-21 15:13 UTC; it had fired since 2026-09-21 14:13 UTC, at worst with 40 %.\n"
      "Guide: docs/MONITORING_OPTIMIZATION.md#the-hit-rate-is-low\n");
}

TEST(Notices, ADecisionAboutAnExperimentSaysWhatAndWhy) {
  NoticeContext linked = context();
  linked.external_url = "https://larder.example";
  EXPECT_EQ(subject_of({decided()}, linked), "[Larder shop (production)] experiment long-ttl is promoted");
  EXPECT_EQ(subject_of({decided(), decided()}, linked),
            "[Larder shop (production)] 2 decisions about experiments");
  EXPECT_EQ(
      plain_text_of({decided()}, linked),
      "Larder, deployment shop (production)\n"
      "\n"
      "DECIDED (experiment): experiment long-ttl\n"
      "It is promoted.\n"
      "Variant B answers 4.1 points more from cache, between 2.6 and 5.5. Decided at 2026-09-21 14:13 UTC.\n"
      "Guide: docs/EXPERIMENTS.md\n"
      "\n"
      "All experiments: https://larder.example/api/experiments\n");
  // Nothing is wrong, so nobody is to be woken.
  const std::string webhook = alertmanager_json({decided()}, linked);
  EXPECT_THAT(webhook, HasSubstr(R"("status":"resolved","receiver":"larder")"));
  EXPECT_THAT(webhook, HasSubstr(R"("labels":{"alertname":"experiment_decided","severity":"info",)"
                                 R"("experiment":"long-ttl","service":"larder")"));
  EXPECT_THAT(webhook, HasSubstr(R"("summary":"The experiment long-ttl is promoted.")"));
  EXPECT_THAT(webhook, HasSubstr(R"("fingerprint":"shop:experiment_decided:long-ttl")"));
}

TEST(Notices, ADecisionIsReadAsItWasWritten) {
  const auto read = decode_notices(encode({decided(), fired()}));
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at(0).news, AlertNews::none);
  EXPECT_EQ(read->at(0).fired_at, decided().fired_at);
  EXPECT_EQ(read->at(0).topic, "long-ttl");
  EXPECT_EQ(read->at(0).headline, "is promoted");
  EXPECT_EQ(read->at(0).reason, decided().reason);
  EXPECT_EQ(read->at(1).alert, Alert::dead_letters_high);
  const std::string cut = encode({decided()});
  EXPECT_FALSE(decode_notices(std::string_view(cut).substr(0, cut.size() - 1)).has_value());
}

TEST(Notices, ATestSaysThatItIsOne) {
  NoticeContext test = context();
  test.is_test = true;
  EXPECT_THAT(subject_of({fired()}, test), HasSubstr("] Test: "));
  EXPECT_THAT(plain_text_of({fired()}, test), HasSubstr("This is a test: nothing is wrong."));
  EXPECT_THAT(html_of({fired()}, test), HasSubstr("This is a test: nothing is wrong."));
  EXPECT_THAT(alertmanager_json({fired()}, test), HasSubstr(R"("test":"true")"));
}

TEST(Notices, HtmlEscapesWhatIsNotOurs) {
  NoticeContext hostile = context();
  hostile.deployment = "<img src=x onerror=\"alert('1')\">&";
  hostile.guide_url = "https://example.com/?a=1&b=\"><script>";
  hostile.external_url = "https://larder.example\"><script>";
  const std::string html = html_of({fired(), resolved()}, hostile);
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp; (production)"));
}

TEST(Notices, SlackHasItsThreeControlCharactersEscaped) {
  NoticeContext hostile = context();
  hostile.deployment = "<!channel>&";
  const std::string json = slack_json({fired()}, hostile);
  EXPECT_THAT(json, HasSubstr("&lt;!channel&gt;&amp;"));
  EXPECT_THAT(json, Not(HasSubstr("<!channel>")));
  EXPECT_THAT(
      json,
      HasSubstr(R"({"type":"section","text":{"type":"mrkdwn","text":"*dead letters high* (ticket)\u000a)"));
}

TEST(Notices, SlackTakesFiftyBlocksAtMost) {
  const std::string json = slack_json(std::vector<Notice>(100, fired()), context());
  std::size_t blocks = 0;
  for (std::size_t at = json.find("\"section\""); at != std::string::npos;
       at = json.find("\"section\"", at + 1)) {
    ++blocks;
  }
  EXPECT_EQ(blocks, 49U);
}

TEST(Notices, AlertmanagersWebhook) {
  EXPECT_EQ(
      alertmanager_json({resolved()}, context()),
      R"({"version":"4","groupKey":"larder:shop","truncatedAlerts":0,"status":"resolved","receiver":"larder",)"
      R"("groupLabels":{"deployment":"shop"},"commonLabels":{"service":"larder","deployment":"shop",)"
      R"("environment":"production"},"commonAnnotations":{},"externalURL":"","alerts":[{"status":"resolved",)"
      R"("labels":{"alertname":"hit_rate_low","severity":"ticket","service":"larder","deployment":"shop",)"
      R"("environment":"production"},"annotations":{"summary":"Fewer than 90 % of reads are answered from the cache.",)"
      R"("description":"Resolved at 2026-09-21 15:13 UTC; it had fired since 2026-09-21 14:13 UTC, at worst with 40 %. )"
      R"(Look at the top misses in GET /api/cache/candidates: a TTL may be too short, a key may hold a field that )"
      R"(always differs, or the cache is still warming up.",)"
      R"("runbook_url":"docs/MONITORING_OPTIMIZATION.md#the-hit-rate-is-low"},)"
      R"("startsAt":"2026-09-21T14:13:20.000Z","endsAt":"2026-09-21T15:13:20.000Z","generatorURL":"",)"
      R"("fingerprint":"shop:hit_rate_low"}]})");
  EXPECT_THAT(alertmanager_json({fired(), resolved()}, context()),
              HasSubstr(R"("endsAt":"0001-01-01T00:00:00Z")"));
}

TEST(Notices, MailChannelsBody) {
  Mail mail;
  mail.from = "larder@example.com";
  mail.to = {"a@example.com", "b@example.com"};
  EXPECT_THAT(
      mailchannels_json({fired()}, context(), mail),
      HasSubstr(R"({"personalizations":[{"to":[{"email":"a@example.com"},{"email":"b@example.com"}]}],)"
                R"("from":{"email":"larder@example.com","name":"Larder"},)"
                R"("subject":"[Larder shop (production)] dead letters high is firing",)"
                R"("content":[{"type":"text/plain","value":"Larder, deployment shop)"));
}

}  // namespace
}  // namespace larder::metrics::notices_test
