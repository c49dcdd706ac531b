// A resource that asks a model, and what models answer in the shapes of their APIs.
#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/text.h"
#include "support/world.h"

namespace larder::sim {

inline constexpr auto narratives_declared = R"({"resources": [
    {"name": "narr", "match": {"method": "POST", "path": "/api/narrative"},
     "origin": {"provider": "llm", "query": "narrative", "timeoutSoft": "3s", "timeoutHard": "20s"},
     "key": [{"setting": "ENGINE_VERSION"}, {"setting": "PROMPT_HASH"},
             {"body": "profile", "normalise": ["json"], "digest": true, "required": true,
              "quantise": {"paths": ["systems[].percentage"], "step": 0.5}}],
     "ttl": "7d", "stale": "23d", "staleIfError": "30d", "tags": ["narrative"]}]})";

inline OriginReply json_reply(std::uint32_t status, std::string content) {
  OriginReply reply;
  reply.status = status;
  reply.headers = {{"content-type", "application/json"}};
  reply.content = std::move(content);
  return reply;
}

// 200 tokens asked, 150 answered.
inline OriginReply gemini_reply(std::string_view text, std::string_view finish = "STOP") {
  JsonWriter quoted;
  quoted.value(text);
  return json_reply(
      200,
      concat({R"({"candidates":[{"content":{"parts":[{"text":)", quoted.text(), R"(}]},"finishReason":")",
              finish, R"("}],"usageMetadata":{"promptTokenCount":200,"candidatesTokenCount":150}})"}));
}

inline OriginReply openai_reply(std::string_view text) {
  JsonWriter quoted;
  quoted.value(text);
  return json_reply(200, concat({R"({"choices":[{"message":{"content":)", quoted.text(),
                                 R"(},"finish_reason":"stop"}]})"}));
}

}  // namespace larder::sim
