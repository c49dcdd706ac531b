// Language models as an origin: Gemini (https://ai.google.dev/api/generate-content and
// https://ai.google.dev/gemini-api/docs/structured-output, November 2026) or any endpoint of OpenAI's shape
// (POST /chat/completions with its response_format). Pure: what to send, and how to read what comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/wire.h"
#include "config/settings.h"
#include "origin/padded_text.h"

namespace larder::origin {

enum class ModelShape : std::uint8_t {
  gemini,
  openai,
};

// A model that the deployment has. `key` is a secret: it goes into the request and nowhere else.
struct Model {
  ModelShape shape = ModelShape::gemini;
  std::string url;
  std::string name;
  std::string key;
};

// LLM_URL's, else Gemini where GEMINI_API_KEY is set, else none.
std::optional<Model> model_of(const config::Settings& settings);

// A POST request, with its secrets.
struct ModelRequest {
  std::string url;
  TextPairs headers;
  std::string content;
};

// What a model is asked.
struct ModelPrompt {
  // Ours.
  std::string instructions;
  // What they are about: data, in which the model must follow no instruction.
  std::string content;
  // The JSON Schema that the answer has to follow; "": it is prose.
  std::string schema;

  ModelPrompt() {}
};

ModelRequest model_request(const Model& model, const ModelPrompt& prompt);

// What a call was counted as, failed ones too.
struct TokenUsage {
  std::uint64_t prompt = 0;
  std::uint64_t output = 0;
};

// In millionths of a dollar, rounded up: tokens at the settings' prices for a million of them.
std::uint64_t cost_microdollars(const TokenUsage& usage, const config::Settings& settings);

// Either the text (whether it follows the schema is the asker's to see) or the error. Errors:
//   rejected     it answered that it will not (a key, a quota: retryable; a blocked question)
//   unavailable  it is out of order; retryable
//   corrupt      no JSON, another shape than agreed, an empty text, or one that was cut off
//   too_large    more than limit::model_text_bytes_max
struct ModelReply {
  TokenUsage usage;
  std::string text;
  std::optional<Error> error;
};

ModelReply read_model_reply(ModelShape shape, std::uint32_t status, std::string_view content_type,
                            PaddedText body);

// The hash that the prompt in use gives the keys, of its SHA-256: ten lower-case hex digits.
std::string prompt_hash_of(std::string_view sha256);

}  // namespace larder::origin
