// Narratives over the whole app: what one costs, what is kept of it, and what stands in where no model
// answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app.h"
#include "base/text.h"
#include "origin/llm.h"
#include "origin/narrative_prompt.h"
#include "support/isolate.h"
#include "support/model_reply.h"

namespace larder::app::narrative_test {
namespace {

using sim::gemini_reply;
using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using sim::World;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto narrative_url = "https://larder.test/api/narrative";

std::string narrative_declarations() {
  return R"({"resources": [
    {"name": "narr", "match": {"method": "POST", "path": "/api/narrative"},
     "origin": {"provider": "llm", "query": "narrative", "timeoutSoft": "3s", "timeoutHard": "20s"},
     "key": [{"setting": "ENGINE_VERSION"}, {"setting": "PROMPT_HASH"},
             {"body": "profile", "normalise": ["json"], "digest": true, "required": true,
              "quantise": {"paths": ["systems[].percentage"], "step": 0.5}}],
     "ttl": "${STALE_DAYS}", "stale": "until ${TTL_DAYS}", "staleIfError": "30d", "tags": ["narrative"],
     "cors": {"origins": ["https://a.example"], "maxAge": "1h"}}]})";
}

std::string profile(std::string_view percentage) {
  return concat({R"({"profile":{"name":"x","systems":[{"name":"Liver","percentage":)", percentage,
                 R"(},{"name":"Heart","percentage":80}]}})"});
}

struct NarrativeTest : ::testing::Test {
  NarrativeTest() {
    world.origin = [this](const OriginRequest&) { return reply; };
  }

  sim::SimulatedHost::Exchange& post(Isolate& isolate, std::string body, TextPairs headers = {}) {
    headers.emplace_back("content-type", "application/json");
    sim::SentBody sent;
    sent.content = std::move(body);
    return isolate.run("POST", narrative_url, std::move(headers), std::move(sent));
  }
  static TextPairs bindings(TextPairs more = {}) {
    more.emplace_back("GEMINI_API_KEY", "s3cret");
    return more;
  }

  World world;
  OriginReply reply = gemini_reply("You lead with the heart.");
};

TEST_F(NarrativeTest, AModelIsAskedOnceAndItsAnswerKept) {
  Isolate isolate(world,
                  bindings({{"LLM_PRICE_INPUT", "0.25"}, {"LLM_PRICE_OUTPUT", "1.5"}, {"LOG_LEVEL", "info"}}),
                  narrative_declarations());
  const auto& first = post(isolate, profile("10.1"));
  EXPECT_EQ(first.status, 200U);
  EXPECT_THAT(first.body, StartsWith(R"({"narrative":"You lead with the heart.","generatedAt":"2026-)"));
  EXPECT_THAT(first.body, EndsWith(R"(Z","source":"model"})"));
  EXPECT_EQ(first.header("cache-status"), "larder; fwd=miss; fwd-status=200; stored; detail=absent");
  // Caches in front know no bodies.
  EXPECT_EQ(first.header("cache-control"), "no-store");
  EXPECT_EQ(first.header("etag"), "");
  const auto& second = post(isolate, profile("10.1"));
  EXPECT_THAT(second.header("cache-status"), HasSubstr("larder; hit; ttl=6047"));
  EXPECT_EQ(second.header("cache-control"), "no-store");
  EXPECT_EQ(second.body, first.body);
  ASSERT_EQ(world.origin_requests.size(), 1U);
  const OriginRequest& asked = world.origin_requests.front();
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.url,
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.5-flash-lite:generateContent");
  EXPECT_THAT(asked.headers,
              ::testing::Contains(std::pair<std::string, std::string>("x-goog-api-key", "s3cret")));
  EXPECT_THAT(asked.content, HasSubstr(R"({\"name\":\"Liver\",\"percentage\":10})"));
  const records::SpentDay day = sim::spent_today(world);
  EXPECT_EQ(day.calls, 1U);
  EXPECT_EQ(day.prompt_tokens, 200U);
  EXPECT_EQ(day.output_tokens, 150U);
  EXPECT_EQ(day.microdollars, 50U + 225U);
  EXPECT_THAT(isolate.host.log_lines(),
              ::testing::Contains(HasSubstr(R"("event":"model_call","resource":"narr","outcome":"answered",)"
                                            R"("promptTokens":200,"outputTokens":150,"microdollars":275)")));
  EXPECT_TRUE(isolate.settled());
}

TEST_F(NarrativeTest, TheKeyNamesEngineAndPromptAndTheProfileByItsDigest) {
  Isolate isolate(world, bindings({{"PROMPT_HASH", "0123456789"}, {"ENGINE_VERSION", "2.1"}}),
                  narrative_declarations());
  post(isolate, profile("10"));
  ASSERT_EQ(world.kv.size(), 1U);
  const std::string digest = to_hex(sim::sha256(
      R"({"name":"x","systems":[{"name":"Liver","percentage":10},{"name":"Heart","percentage":80}]})"));
  EXPECT_EQ(world.kv.begin()->first, concat({"larder:narr:v", to_text(std::uint64_t{entry::schema_version}),
                                             ":2.1:0123456789:", digest}));
  Isolate by_default(world, bindings(), narrative_declarations());
  post(by_default, profile("10"));
  ASSERT_EQ(world.kv.size(), 2U);
  EXPECT_THAT(world.kv.rbegin()->first + " " + world.kv.begin()->first,
              HasSubstr(concat({":1:", origin::prompt_hash_of(sim::sha256(origin::narrative_prompt)), ":"})));
}

TEST_F(NarrativeTest, ProfilesThatDifferInFormAloneShareOneCall) {
  Isolate isolate(world, bindings(), narrative_declarations());
  post(isolate, profile("10.1"));
  for (const std::string& same :
       {profile("10.2"), profile("1.00e1"), profile("9.75"),
        std::string(R"({"userId":"u1","profile":{"systems":[{"percentage":10.2,"note":null,"name":"Liver"},
            {"percentage":80.0,"name":"Heart"}],"name":"x","age":null}})")}) {
    EXPECT_THAT(post(isolate, same).header("cache-status"), HasSubstr("hit")) << same;
  }
  EXPECT_EQ(world.origin_requests.size(), 1U);
  EXPECT_THAT(post(isolate, profile("10.3")).header("cache-status"), HasSubstr("fwd=miss"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(NarrativeTest, AUserIsNeverInKeysOriginRequestsOrLogs) {
  Isolate isolate(world, bindings({{"LOG_LEVEL", "debug"}}), narrative_declarations());
  post(isolate, R"({"userId":"user-77","profile":{"systems":[{"name":"Liver","percentage":5}]}})");
  EXPECT_THAT(world.origin_requests.front().content, Not(HasSubstr("user-77")));
  EXPECT_THAT(world.origin_requests.front().url, Not(HasSubstr("user-77")));
  EXPECT_THAT(world.kv.begin()->first + world.kv.begin()->second.header, Not(HasSubstr("user-77")));
  for (const std::string& line : isolate.host.log_lines()) {
    EXPECT_THAT(line, Not(HasSubstr("user-77")));
    EXPECT_THAT(line, Not(HasSubstr("s3cret")));
  }
}

TEST_F(NarrativeTest, AnotherPromptOrEngineNeverReadsAnOldEntry) {
  Isolate first(world, bindings(), narrative_declarations());
  post(first, profile("10"));
  Isolate prompt(world, bindings({{"PROMPT_HASH", "aaaaaaaaaa"}}), narrative_declarations());
  EXPECT_THAT(post(prompt, profile("10")).header("cache-status"), HasSubstr("fwd=miss"));
  Isolate engine(world, bindings({{"ENGINE_VERSION", "2"}}), narrative_declarations());
  EXPECT_THAT(post(engine, profile("10")).header("cache-status"), HasSubstr("fwd=miss"));
  EXPECT_EQ(world.origin_requests.size(), 3U);
}

TEST_F(NarrativeTest, AnInvalidProfileIsOneNegativeEntryAndNoCall) {
  Isolate isolate(world, bindings(), narrative_declarations());
  std::vector<host::RequestId> readers;
  for (int i = 0; i < 50; ++i) {
    sim::SentBody sent;
    sent.content =
        R"({"profile":{"systems":[{"name":"a","percentage":1},{"name":"b","percentage":"10.1"}]}})";
    readers.push_back(
        isolate.request("POST", narrative_url, {{"content-type", "application/json"}}, std::move(sent)));
  }
  world.run();
  for (const host::RequestId reader : readers) {
    const auto& exchange = isolate.host.exchange(reader);
    EXPECT_EQ(exchange.status, 400U);
    EXPECT_THAT(exchange.body, HasSubstr("profile.systems[1].percentage is no number from 0 to 100."));
    EXPECT_EQ(exchange.header("content-type"), "application/problem+json");
    EXPECT_EQ(exchange.header("cache-control"), "no-store");
  }
  EXPECT_EQ(world.origin_requests.size(), 0U);
  EXPECT_EQ(world.kv.size(), 1U);
  EXPECT_EQ(sim::spent_today(world).calls, 0U);
  EXPECT_EQ(isolate.host.exchange(readers.front()).header("cache-status"),
            "larder; fwd=miss; stored; detail=absent");
  EXPECT_TRUE(isolate.settled());
  const auto& again = post(
      isolate, R"({"profile":{"systems":[{"name":"a","percentage":1},{"name":"b","percentage":"10.1"}]}})");
  EXPECT_THAT(again.header("cache-status"), StartsWith("larder; hit; ttl=89"));
}

TEST_F(NarrativeTest, WhatIsWrongWithARequestIsToldByName) {
  Isolate isolate(world, bindings(), narrative_declarations());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "The body: It is no JSON object"},
      {"[]", "The body: It is no JSON object"},
      {"{}", "profile is missing or empty: send it as a member of the JSON body."},
      {R"({"profile":null})", "profile is missing or empty"},
      {R"({"profile":{},"profile":{}})", R"(The member \"profile\" is given twice)"},
      {R"({"profile":{"a":1,"a":2}})", R"(profile: The member \"a\" is given twice)"},
      {R"({"profile":[1})", "The body: It is no JSON"},
      {R"({"profile":"text"})", "profile is no object with the member systems."},
      {R"({"profile":{}})", "profile.systems is no list of at least one system."},
      {R"({"profile":{"systems":[]}})", "profile.systems is no list of at least one system."},
      {R"({"profile":{"systems":[1]}})", "profile.systems[0] is no object with a name and a percentage."},
      {R"({"profile":{"systems":[{"percentage":1}]}})",
       "profile.systems[0].name is no text of 1 to 200 bytes."},
      {R"({"profile":{"systems":[{"name":"a"}]}})",
       "profile.systems[0].percentage is no number from 0 to 100."},
      {R"({"profile":{"systems":[{"name":"a","percentage":101}]}})",
       "percentage is no number from 0 to 100."},
      {R"({"profile":{"systems":[{"name":"a","percentage":-1}]}})", "percentage is no number from 0 to 100."},
      {R"({"profile":{"systems":[{"name":"a","percentage":1e300}]}})",
       "profile: It has a number of too many digits"}};
  for (const auto& [body, wanted] : cases) {
    const auto& exchange = post(isolate, body);
    EXPECT_EQ(exchange.status, 400U) << body;
    EXPECT_THAT(exchange.body, HasSubstr(wanted)) << body;
  }
  EXPECT_EQ(post(isolate, std::string(300'000, ' ')).status, 413U);
  EXPECT_EQ(post(isolate, concat({R"({"profile":")", std::string(70'000, 'x'), "\"}"})).status, 400U);
  sim::SentBody form;
  form.content = profile("1");
  EXPECT_EQ(isolate.run("POST", narrative_url, {{"content-type", "text/plain"}}, form).status, 415U);
  EXPECT_EQ(isolate.run("GET", narrative_url).status, 405U);
  EXPECT_EQ(isolate.run("GET", narrative_url).header("allow"), "POST, OPTIONS");
  EXPECT_EQ(isolate.run("HEAD", narrative_url).status, 405U);
  EXPECT_EQ(world.origin_requests.size(), 0U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(NarrativeTest, WhileTheModelFailsATemplateAnswersAndIsNotKept) {
  Isolate isolate(world, bindings(), narrative_declarations());
  std::vector<OriginReply> failures;
  reply.content = R"({"candidates":[{"content":{"parts":[{"text":"cut"}]},"finishReason":"MAX_TOKENS"}]})";
  failures.push_back(reply);
  reply.content = R"({"promptFeedback":{"blockReason":"SAFETY"}})";
  failures.push_back(reply);
  reply.content = "<html>down</html>";
  failures.push_back(reply);
  reply.content = R"({"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}})";
  reply.status = 400;
  failures.push_back(reply);
  for (const OriginReply& failure : failures) {
    reply = failure;
    const auto& exchange = post(isolate, profile("10"));
    EXPECT_EQ(exchange.status, 200U);
    EXPECT_THAT(
        exchange.body,
        HasSubstr(
            R"({"narrative":"Your profile is led by Heart (80 %), followed by Liver (10 %). This is a )"));
    EXPECT_THAT(exchange.body, HasSubstr(R"("source":"template"})"));
    EXPECT_EQ(exchange.header("cache-control"), "no-store");
    EXPECT_EQ(world.kv.size(), 0U);
  }
  EXPECT_EQ(world.origin_requests.size(), failures.size());
  reply = gemini_reply("At last.");
  EXPECT_THAT(post(isolate, profile("10")).body, HasSubstr(R"("narrative":"At last.")"));
  EXPECT_EQ(world.kv.size(), 1U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(NarrativeTest, AModelThatAsksForPeaceHasItAndIsAskedLater) {
  Isolate isolate(world, bindings(), narrative_declarations());
  reply.status = 429;
  reply.headers.emplace_back("retry-after", "20");
  EXPECT_THAT(post(isolate, profile("10")).body, HasSubstr(R"("source":"template")"));
  reply = gemini_reply("Later.");
  EXPECT_THAT(post(isolate, profile("10")).header("cache-status"), HasSubstr("detail=origin-down"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
  world.now += Millis(20'000);
  EXPECT_THAT(post(isolate, profile("10")).body, HasSubstr("Later."));
}

TEST_F(NarrativeTest, WithoutAModelThereIsTheTemplate) {
  Isolate isolate(world, {}, narrative_declarations());
  EXPECT_THAT(post(isolate, profile("10")).body, HasSubstr(R"("source":"template")"));
  EXPECT_EQ(world.origin_requests.size(), 0U);
  EXPECT_EQ(world.kv.size(), 0U);
}

TEST_F(NarrativeTest, AnEndpointOfOpenAiShapeGoesBeforeGemini) {
  reply.content = R"({"choices":[{"message":{"content":"From another."},"finish_reason":"stop"}],
      "usage":{"prompt_tokens":7,"completion_tokens":3}})";
  Isolate isolate(
      world,
      bindings({{"LLM_URL", "https://llm.example/v1/"}, {"LLM_MODEL", "small"}, {"LLM_API_KEY", "k3y"}}),
      narrative_declarations());
  EXPECT_THAT(post(isolate, profile("10")).body, HasSubstr("From another."));
  const OriginRequest& asked = world.origin_requests.front();
  EXPECT_EQ(asked.url, "https://llm.example/v1/chat/completions");
  EXPECT_THAT(asked.headers,
              ::testing::Contains(std::pair<std::string, std::string>("authorization", "Bearer k3y")));
  EXPECT_THAT(asked.content, HasSubstr(R"({"model":"small","messages":[{"role":"system","content":)"));
  EXPECT_EQ(sim::spent_today(world).output_tokens, 3U);
}

TEST_F(NarrativeTest, AStaleNarrativeIsServedAndRefreshedBehindTheResponse) {
  Isolate isolate(world, bindings(), narrative_declarations());
  post(isolate, profile("10"));
  world.now += Millis(8LL * 86'400'000);
  reply = gemini_reply("Newer.");
  const auto& stale = post(isolate, profile("10"));
  EXPECT_THAT(stale.body, HasSubstr("You lead"));
  EXPECT_THAT(stale.header("cache-status"), HasSubstr("hit; ttl=-86"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_THAT(post(isolate, profile("10")).body, HasSubstr("Newer."));
  EXPECT_EQ(sim::spent_today(world).calls, 1U);
  // Beyond TTL_DAYS nothing old is served while the model answers.
  world.now += Millis(31LL * 86'400'000);
  EXPECT_THAT(post(isolate, profile("10")).header("cache-status"), HasSubstr("fwd=stale"));
}

TEST_F(NarrativeTest, OverTheDaysBoundExactlyAsManyAreAskedAndTheRestGetTheTemplate) {
  const TextPairs capped = bindings({{"LLM_DAILY_CALLS_MAX", "3"}});
  Isolate one(world, capped, narrative_declarations());
  Isolate two(world, capped, narrative_declarations(), "two");
  int templates = 0;
  for (int i = 0; i < 10; ++i) {
    Isolate& isolate = i % 2 == 0 ? one : two;
    const auto& exchange = post(isolate, profile(to_text(std::uint64_t{10} + static_cast<std::uint64_t>(i))));
    EXPECT_EQ(exchange.status, 200U);
    if (contains(exchange.body, R"("source":"template")")) {
      ++templates;
      EXPECT_EQ(exchange.header("cache-status"), "larder; fwd=miss; detail=spending-cap");
    }
  }
  EXPECT_EQ(world.origin_requests.size(), 3U);
  EXPECT_EQ(templates, 7);
  EXPECT_EQ(world.kv.size(), 3U);
  // The next day there are as many again.
  world.now += Millis(86'400'000);
  EXPECT_THAT(post(one, profile("99")).body, HasSubstr(R"("source":"model")"));
}

TEST_F(NarrativeTest, OverTheDaysBoundAStaleNarrativeStandsIn) {
  Isolate isolate(world, bindings({{"LLM_DAILY_CALLS_MAX", "1"}}), narrative_declarations());
  post(isolate, profile("10"));
  world.now += Millis(86'400'000);
  post(isolate, profile("50"));
  world.now += Millis(30LL * 86'400'000);
  sim::take_model_call(world);
  const auto& exchange = post(isolate, profile("10"));
  EXPECT_THAT(exchange.body, HasSubstr("You lead with the heart."));
  EXPECT_THAT(exchange.header("cache-status"), HasSubstr("fwd=stale; ttl=-"));
  EXPECT_THAT(exchange.header("cache-status"), HasSubstr("detail=spending-cap"));
}

TEST_F(NarrativeTest, OverTheDaysBoundItMayBeRefused) {
  Isolate isolate(world, bindings({{"LLM_DAILY_CALLS_MAX", "0"}, {"SPENDING_OVER", "refuse"}}),
                  narrative_declarations());
  const auto& exchange = post(isolate, profile("10"));
  EXPECT_EQ(exchange.status, 429U);
  const std::int64_t midnight = 86'400 - millis_since_epoch(exchange.answered_at) / 1000 % 86'400;
  EXPECT_EQ(exchange.header("retry-after"), to_text(midnight));
  EXPECT_EQ(exchange.header("content-type"), "application/problem+json");
  EXPECT_EQ(world.origin_requests.size(), 0U);
}

TEST_F(NarrativeTest, TheCostOfADayIsBoundToo) {
  Isolate isolate(world, bindings({{"LLM_PRICE_OUTPUT", "1000"}, {"LLM_DAILY_COST_MAX", "0.2"}}),
                  narrative_declarations());
  // 150 tokens for 0.15 dollars, twice.
  EXPECT_THAT(post(isolate, profile("10")).body, HasSubstr(R"("source":"model")"));
  EXPECT_THAT(post(isolate, profile("11")).body, HasSubstr(R"("source":"model")"));
  EXPECT_THAT(post(isolate, profile("12")).body, HasSubstr(R"("source":"template")"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(NarrativeTest, WhereTheCountCannotBeReadNoModelIsAsked) {
  Isolate isolate(world, bindings(), narrative_declarations());
  auto spending = world.durable.extract("SPENDING");
  EXPECT_THAT(post(isolate, profile("10")).body, HasSubstr(R"("source":"template")"));
  EXPECT_EQ(world.origin_requests.size(), 0U);
  world.durable.insert(std::move(spending));
  EXPECT_THAT(post(isolate, profile("10")).body, HasSubstr(R"("source":"model")"));
}

TEST_F(NarrativeTest, PagesOfDeclaredOriginsMayReadAnswersErrorsAndLimits) {
  Isolate isolate(world, bindings(), narrative_declarations());
  const auto& asked = isolate.run("OPTIONS", narrative_url,
                                  {{"origin", "https://a.example"},
                                   {"access-control-request-method", "POST"},
                                   {"access-control-request-headers", "content-type"}});
  EXPECT_EQ(asked.status, 204U);
  EXPECT_EQ(asked.header("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(asked.header("access-control-allow-methods"), "POST, OPTIONS");
  EXPECT_EQ(asked.header("access-control-allow-headers"), "content-type, if-none-match, if-modified-since");
  EXPECT_EQ(asked.header("access-control-max-age"), "3600");
  EXPECT_EQ(asked.header("vary"), "origin");
  EXPECT_EQ(asked.header("allow"), "POST, OPTIONS");
  const auto& stranger = isolate.run(
      "OPTIONS", narrative_url, {{"origin", "https://b.example"}, {"access-control-request-method", "POST"}});
  EXPECT_EQ(stranger.status, 204U);
  EXPECT_EQ(stranger.header("access-control-allow-origin"), "");
  EXPECT_EQ(stranger.header("vary"), "origin");
  const auto& answer = post(isolate, profile("10"), {{"origin", "https://a.example"}});
  EXPECT_EQ(answer.header("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(answer.header("access-control-expose-headers"), "cache-status, age, retry-after");
  EXPECT_EQ(answer.header("vary"), "origin");
  const auto& other = post(isolate, profile("10"), {{"origin", "https://b.example"}});
  EXPECT_EQ(other.header("access-control-allow-origin"), "");
  EXPECT_EQ(other.header("vary"), "origin");
  const auto& wrong = post(isolate, "{}", {{"origin", "https://a.example"}});
  EXPECT_EQ(wrong.status, 400U);
  EXPECT_EQ(wrong.header("access-control-allow-origin"), "https://a.example");
  const auto& not_allowed = isolate.run("GET", narrative_url, {{"origin", "https://a.example"}});
  EXPECT_EQ(not_allowed.status, 405U);
  EXPECT_EQ(not_allowed.header("access-control-allow-origin"), "https://a.example");
}

// However large the day's bound is, no client has it alone.
TEST_F(NarrativeTest, AClientHasItsShareOfTheDaysCalls) {
  Isolate isolate(world, bindings({{"LLM_CLIENT_DAILY_CALLS_MAX", "2"}}), narrative_declarations());
  const auto ask = [&](std::uint64_t n, std::string address) -> sim::SimulatedHost::Exchange& {
    return post(isolate, profile(to_text(n)), {{"cf-connecting-ip", std::move(address)}});
  };
  EXPECT_EQ(ask(10, "2001:db8::1").status, 200U);
  EXPECT_EQ(ask(20, "2001:db8::2").status, 200U);
  const auto& over = ask(30, "2001:db8::3");
  EXPECT_EQ(over.status, 429U);
  EXPECT_THAT(over.header("cache-status"), HasSubstr("detail=rate-limited"));
  EXPECT_GT(parse_unsigned(over.header("retry-after")).value_or(0), 60U);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_EQ(ask(30, "192.0.2.1").status, 200U);
  // What is kept is free.
  EXPECT_EQ(ask(30, "2001:db8::3").status, 200U);
  EXPECT_TRUE(isolate.settled());
}

// All addresses of one /64 may be one client's.
TEST_F(NarrativeTest, AClientIsTheNetworkOfItsAddress) {
  Isolate isolate(world, bindings(), narrative_declarations());
  std::map<std::string, int> asked;
  world.rate_limit = [&](const std::string&, const std::string& key) { return ++asked[key] <= 2; };
  std::vector<std::uint32_t> statuses;
  for (int i = 0; i < 4; ++i) {
    const std::string address =
        concat({"2001:db8:0:1:", to_text(std::uint64_t{static_cast<unsigned>(i)}), "::7"});
    statuses.push_back(post(isolate, profile(to_text(std::uint64_t{10} * static_cast<unsigned>(i + 1))),
                            {{"cf-connecting-ip", address}})
                           .status);
  }
  EXPECT_EQ(statuses, (std::vector<std::uint32_t>{200, 200, 429, 429}));
  EXPECT_EQ(asked, (std::map<std::string, int>{{"narr:2001:db8:0:1::/64", 4}}));
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

// A backend is one client for all of its users: only what costs money, and what is declared, is limited.
TEST_F(NarrativeTest, AResourceWithoutALimitAsksForNone) {
  constexpr std::string_view declared = R"({"resources": [
      {"name": "free", "match": {"path": "/free/{id}"}, "origin": {"url": "https://api.example.com/{id}"},
       "key": [{"path": "id"}], "ttl": "1h"},
      {"name": "held", "match": {"path": "/held/{id}"}, "origin": {"url": "https://api.example.com/{id}"},
       "key": [{"path": "id"}], "ttl": "1h", "limit": true}]})";
  Isolate isolate(world, bindings(), std::string(declared));
  world.origin = [](const sim::OriginRequest&) { return sim::open_library_reply("Dune", "Herbert", "1"); };
  std::vector<std::string> asked;
  world.rate_limit = [&](const std::string&, const std::string& key) {
    asked.push_back(key);
    return false;
  };
  EXPECT_EQ(isolate.run("GET", "/free/1", {{"cf-connecting-ip", "1.1.1.1"}}).status, 200U);
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(isolate.run("GET", "/held/1", {{"cf-connecting-ip", "1.1.1.1"}}).status, 429U);
  EXPECT_EQ(asked, std::vector<std::string>{"held:1.1.1.1"});
}

TEST_F(NarrativeTest, AClientOverItsLimitIsRefusedAndOthersAreNot) {
  Isolate isolate(world, bindings(), narrative_declarations());
  std::vector<std::string> asked;
  world.rate_limit = [&](const std::string& binding, const std::string& key) {
    asked.push_back(concat({binding, " ", key}));
    return key != "narr:1.1.1.1";
  };
  const auto& refused =
      post(isolate, profile("10"), {{"cf-connecting-ip", "1.1.1.1"}, {"origin", "https://a.example"}});
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(refused.header("retry-after"), "60");
  EXPECT_EQ(refused.header("cache-status"), "larder; fwd=miss; detail=rate-limited");
  EXPECT_EQ(refused.header("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(world.origin_requests.size(), 0U);
  EXPECT_EQ(asked, std::vector<std::string>{"PUBLIC_LIMIT narr:1.1.1.1"});
  EXPECT_EQ(post(isolate, profile("10"), {{"cf-connecting-ip", "2.2.2.2"}}).status, 200U);
  // A hit is free.
  EXPECT_EQ(post(isolate, profile("10"), {{"cf-connecting-ip", "1.1.1.1"}}).status, 200U);
  EXPECT_EQ(asked.size(), 2U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(NarrativeTest, ALimitedLeaderLeavesItsFollowersTheirOwnTurn) {
  Isolate isolate(world, bindings(), narrative_declarations());
  world.rate_limit = [](const std::string&, const std::string& key) { return key != "narr:1.1.1.1"; };
  const auto start = [&](std::string client) {
    sim::SentBody sent;
    sent.content = profile("10");
    return isolate.request("POST", narrative_url,
                           {{"content-type", "application/json"}, {"cf-connecting-ip", std::move(client)}},
                           sent);
  };
  const auto limited = start("1.1.1.1");
  const auto follower = start("2.2.2.2");
  const auto another = start("3.3.3.3");
  world.run();
  EXPECT_EQ(isolate.host.exchange(limited).status, 429U);
  EXPECT_EQ(isolate.host.exchange(follower).status, 200U);
  EXPECT_EQ(isolate.host.exchange(another).status, 200U);
  EXPECT_EQ(world.origin_requests.size(), 1U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(NarrativeTest, AStaleCopyStandsInForALimitedClientAndALimitThatFailsHoldsNobodyBack) {
  Isolate isolate(world, bindings(), narrative_declarations());
  post(isolate, profile("10"));
  world.rate_limit = [](const std::string&, const std::string&) { return false; };
  // Background refreshes are free.
  world.now += Millis(8LL * 86'400'000);
  EXPECT_EQ(post(isolate, profile("10"), {{"cf-connecting-ip", "1.1.1.1"}}).status, 200U);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  world.now += Millis(31LL * 86'400'000);
  const auto& stale = post(isolate, profile("10"), {{"cf-connecting-ip", "1.1.1.1"}});
  EXPECT_EQ(stale.status, 200U);
  EXPECT_THAT(stale.header("cache-status"), HasSubstr("detail=rate-limited"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
  world.fail(host::OperationKind::rate_limit);
  EXPECT_THAT(post(isolate, profile("77"), {{"cf-connecting-ip", "1.1.1.1"}}).body,
              HasSubstr(R"("source":"model")"));
}

TEST_F(NarrativeTest, APostApiOfOnesOwnGetsTheKeysFieldsAndNothingElse) {
  const std::string declarations = R"({"resources": [
    {"name": "rank", "match": {"method": "POST", "path": "/rank"},
     "origin": {"url": "https://api.example.com/rank", "headers": {"authorization": "Bearer ${API_KEY}"}},
     "key": [{"setting": "ENGINE_VERSION"}, {"body": "q", "normalise": ["collapse", "lower"], "required": true},
             {"body": "options", "normalise": ["json"]}],
     "ttl": "1h", "stale": "until 2h", "cors": {"origins": ["*"]}}]})";
  Isolate isolate(world, {{"API_KEY", "k"}}, declarations);
  ASSERT_EQ(isolate.faults, 0U);
  reply = OriginReply();
  reply.headers = {{"content-type", "application/json"}};
  reply.content = R"({"ranked":[]})";
  const auto ask = [&](std::string body) {
    sim::SentBody sent;
    sent.content = std::move(body);
    return isolate.run("POST", "https://larder.test/rank",
                       {{"content-type", "application/json; charset=utf-8"}}, sent);
  };
  const auto first = ask(R"({"userId":"u","options":{"b":1.0,"a":2},"q":"  Good   OMENS "})");
  EXPECT_EQ(first.body, R"({"ranked":[]})");
  EXPECT_EQ(first.header("access-control-allow-origin"), "*");
  EXPECT_EQ(first.header("vary"), "");
  ASSERT_EQ(world.origin_requests.size(), 1U);
  EXPECT_EQ(world.origin_requests.front().method, "POST");
  EXPECT_EQ(world.origin_requests.front().content, R"({"q":"good omens","options":{"a":2,"b":1}})");
  EXPECT_THAT(world.origin_requests.front().headers,
              ::testing::Contains(std::pair<std::string, std::string>("content-type", "application/json")));
  EXPECT_THAT(ask(R"({"q":"good omens","options":{"a":2,"b":1}})").header("cache-status"), HasSubstr("hit"));
  EXPECT_THAT(ask(R"({"q":"good omens"})").header("cache-status"), HasSubstr("fwd=miss"));
  EXPECT_THAT(ask(R"({"q":5})").body, HasSubstr("q: It is no text; write it in quotes."));
}

}  // namespace
}  // namespace larder::app::narrative_test
