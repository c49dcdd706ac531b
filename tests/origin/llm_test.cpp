// Models' replies in both shapes: each failure is an error of its own, and none is a narrative.
#include "origin/llm.h"

#include <gtest/gtest.h>

#include "origin/narrative.h"

namespace larder::origin::llm_test {
namespace {

ModelReply read_as(ModelShape shape, std::string_view body, std::uint32_t status = 200,
                   std::string_view content_type = "application/json") {
  const PaddedCopy padded(body);
  return read_model_reply(shape, status, content_type, padded.view());
}

std::string told_of(const ModelReply& reply) {
  return reply.error ? std::string(to_text(reply.error->kind)) + ": " + reply.error->message
                     : "text: " + reply.text;
}

TEST(ModelReply, OfGeminiIsTheTextOfTheFirstCandidate) {
  const ModelReply reply = read_as(ModelShape::gemini, R"({"candidates":[
      {"content":{"role":"model","parts":[{"text":"secret thoughts","thought":true},{"text":" One. "},{"text":"Two.\n"}]},
       "finishReason":"STOP"},
      {"content":{"parts":[{"text":"another"}]}}],
      "usageMetadata":{"promptTokenCount":11,"candidatesTokenCount":7,"thoughtsTokenCount":5,"totalTokenCount":23}})");
  EXPECT_EQ(told_of(reply), "text: One. Two.");
  EXPECT_EQ(reply.usage.prompt, 11u);
  EXPECT_EQ(reply.usage.output, 12u);
}

TEST(ModelReply, OfOpenAiShapeIsTheContentOfTheFirstChoice) {
  const ModelReply reply = read_as(ModelShape::openai, R"({"choices":[
      {"index":0,"message":{"role":"assistant","content":"One.","refusal":null},"finish_reason":"stop"},
      {"message":{"content":"another"}}],"usage":{"prompt_tokens":3,"completion_tokens":4}})");
  EXPECT_EQ(told_of(reply), "text: One.");
  EXPECT_EQ(reply.usage.prompt, 3u);
  EXPECT_EQ(reply.usage.output, 4u);
}

TEST(ModelReply, EveryFailureIsAnError) {
  const std::vector<std::pair<std::string_view, std::string_view>> gemini = {
      {R"({"promptFeedback":{"blockReason":"SAFETY"}})", "rejected: The model refused to answer (safety)."},
      {R"({"candidates":[{"finishReason":"SAFETY"}]})",
       "rejected: The model ended its answer early (safety)."},
      {R"({"candidates":[{"content":{"parts":[{"text":"half"}]},"finishReason":"MAX_TOKENS"}]})",
       "corrupt: The model was cut off in the middle of its answer."},
      {R"({"candidates":[{"content":{"parts":[{"text":" \n"}]},"finishReason":"STOP"}]})",
       "corrupt: The model sent an empty text."},
      {R"({"candidates":[{"content":{"parts":[{"text":5}]},"finishReason":"STOP"}]})",
       "corrupt: The model sent an empty text."},
      {R"({"candidates":[]})", "corrupt: The model sent no answer: it has neither candidates nor choices."},
      {R"({"candidates":{}})", "corrupt: The model sent no answer: it has neither candidates nor choices."},
      {R"({"error":{"code":500}})",
       "corrupt: The model sent no answer: it has neither candidates nor choices."}};
  for (const auto& [body, wanted] : gemini) {
    EXPECT_EQ(told_of(read_as(ModelShape::gemini, body)), wanted) << body;
  }
  const std::vector<std::pair<std::string_view, std::string_view>> openai = {
      {R"({"choices":[{"message":{"content":null,"refusal":"I will not"},"finish_reason":"stop"}]})",
       "rejected: The model refused to answer (refusal)."},
      {R"({"choices":[{"message":{"content":"half"},"finish_reason":"length"}]})",
       "corrupt: The model was cut off in the middle of its answer."},
      {R"({"choices":[{"message":{"content":""},"finish_reason":"content_filter"}]})",
       "rejected: The model ended its answer early (content_filter)."}};
  for (const auto& [body, wanted] : openai) {
    EXPECT_EQ(told_of(read_as(ModelShape::openai, body)), wanted) << body;
  }
  for (const ModelShape shape : {ModelShape::gemini, ModelShape::openai}) {
    for (const std::string_view broken :
         {"", " ", "[]", "{", R"({"candidates":[{)", R"({"choices":[{"a")", "null"}) {
      const ModelReply reply = read_as(shape, broken);
      ASSERT_TRUE(reply.error.has_value()) << broken;
      EXPECT_EQ(reply.error->kind, ErrorKind::corrupt) << broken;
    }
    EXPECT_EQ(read_as(shape, "<html>wait</html>", 200, "text/html").error->kind, ErrorKind::corrupt);
  }
}

TEST(ModelReply, AStatusIsNeverAboutTheProfile) {
  for (const std::uint32_t status : {400u, 401u, 403u, 404u}) {
    const ModelReply reply =
        read_as(ModelShape::gemini, R"({"error":{"message":"key AIza123 is not valid"}})", status);
    ASSERT_TRUE(reply.error.has_value());
    EXPECT_EQ(reply.error->kind, ErrorKind::rejected);
    EXPECT_FALSE(reply.error->retryable);
    EXPECT_EQ(reply.error->message.find("AIza"), std::string::npos);
  }
  EXPECT_EQ(read_as(ModelShape::openai, "{}", 429).error->kind, ErrorKind::rejected);
  EXPECT_TRUE(read_as(ModelShape::openai, "{}", 429).error->retryable);
  EXPECT_EQ(read_as(ModelShape::openai, "{}", 503).error->kind, ErrorKind::unavailable);
}

TEST(ModelReply, WhatIsTooLongIsNoNarrative) {
  const std::string body = R"({"choices":[{"message":{"content":")" + std::string(70'000, 'x') + R"("}}]})";
  EXPECT_EQ(read_as(ModelShape::openai, body).error->kind, ErrorKind::too_large);
}

TEST(ModelReply, TokensThatNobodyCanCountAreNone) {
  const ModelReply reply =
      read_as(ModelShape::gemini, R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}],
      "usageMetadata":{"promptTokenCount":-5,"candidatesTokenCount":"many"}})");
  EXPECT_EQ(told_of(reply), "text: a");
  EXPECT_EQ(reply.usage.prompt + reply.usage.output, 0u);
}

TEST(Model, CostsAreRoundedUpInMicrodollars) {
  const auto settings = config::parse_settings({{"LLM_PRICE_INPUT", "0.25"}, {"LLM_PRICE_OUTPUT", "2"}});
  TokenUsage usage;
  usage.prompt = 1;
  EXPECT_EQ(cost_microdollars(usage, *settings), 1u);
  usage.prompt = 400;
  usage.output = 100;
  EXPECT_EQ(cost_microdollars(usage, *settings), 300u);
  usage.prompt = UINT64_MAX;
  EXPECT_EQ(cost_microdollars(usage, *settings), 250'000'200u);
}

TEST(Narrative, ATemplateTellsTheHighestFirstAndTheSameEachTime) {
  const auto text = [](std::string_view json) { return narrative_template(*read_profile(json, "profile")); };
  constexpr std::string_view end =
      "This is a summary of the numbers alone; a fuller text will be here later.";
  EXPECT_EQ(text(R"({"systems":[{"name":"A","percentage":5}]})"),
            "Your profile is led by A (5 %). " + std::string(end));
  EXPECT_EQ(text(R"({"systems":[{"name":"A","percentage":5},{"name":"B","percentage":9.5}]})"),
            "Your profile is led by B (9.5 %), followed by A (5 %). " + std::string(end));
  EXPECT_EQ(
      text(R"({"systems":[{"name":"A","percentage":5},{"name":"B","percentage":5},{"name":"C","percentage":6},
                 {"name":"D","percentage":1},{"name":" E  e ","percentage":0}]})"),
      "Your profile is led by C (6 %), followed by A (5 %) and B (5 %). 2 other systems show less. " +
          std::string(end));
}

TEST(Narrative, ThereIsAtMostAHundredOfSystems) {
  std::string json = R"({"systems":[)";
  for (int i = 0; i < 100; ++i) {
    json += (i > 0 ? "," : "") + std::string(R"({"name":"a","percentage":1})");
  }
  EXPECT_TRUE(read_profile(json + "]}", "profile"));
  EXPECT_EQ(read_profile(json + R"(,{"name":"a","percentage":1}]})", "profile").error().message,
            "profile.systems has more than 100 systems.");
}

}  // namespace
}  // namespace larder::origin::llm_test
