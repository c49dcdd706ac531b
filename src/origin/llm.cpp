#include "origin/llm.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "origin/json_document.h"
#include "origin/provider_support.h"

namespace larder::origin {

namespace {

constexpr std::string_view llm_source = "llm";

Error model_error(ErrorKind kind, std::string_view message) {
  return Error(kind, llm_source, kind == ErrorKind::unavailable ? Retry::later : Retry::never,
               concat({"The model ", message}));
}

std::string gemini_content(const ModelPrompt& prompt) {
  const auto part = [](JsonWriter& json, std::string_view text) {
    json.key("parts").begin_array().begin_object().key("text").value(text).end_object().end_array();
  };
  JsonWriter json;
  json.begin_object().key("systemInstruction").begin_object();
  part(json, prompt.instructions);
  json.end_object().key("contents").begin_array().begin_object().key("role").value("user");
  part(json, prompt.content);
  json.end_object().end_array().key("generationConfig").begin_object();
  json.key("maxOutputTokens").value(config::limit::model_tokens_max);
  if (!prompt.schema.empty()) {
    json.key("responseMimeType").value("application/json").key("responseJsonSchema").raw(prompt.schema);
  }
  json.end_object().end_object();
  return std::move(json).take();
}

std::string openai_content(std::string_view model, const ModelPrompt& prompt) {
  const auto message = [](JsonWriter& json, std::string_view role, std::string_view text) {
    json.begin_object().key("role").value(role).key("content").value(text).end_object();
  };
  JsonWriter json;
  json.begin_object().key("model").value(model).key("messages").begin_array();
  message(json, "system", prompt.instructions);
  message(json, "user", prompt.content);
  json.end_array().key("max_tokens").value(config::limit::model_tokens_max);
  if (!prompt.schema.empty()) {
    json.key("response_format").begin_object().key("type").value("json_schema").key("json_schema");
    json.begin_object().key("name").value("answer").key("strict").value(true);
    json.key("schema").raw(prompt.schema).end_object().end_object();
  }
  json.end_object();
  return std::move(json).take();
}

// What a reply of either shape says.
struct RawReply {
  TokenUsage usage;
  std::string text;
  // finishReason or finish_reason of the first answer.
  std::string finish;
  // Why the prompt was not answered at all, or the model's own refusal.
  std::string blocked;
  bool has_answers = false;
};

Fault read_count(JsonValue value, std::uint64_t& count) {
  return with_integer(
      value, [&](std::int64_t number) { count += number > 0 ? static_cast<std::uint64_t>(number) : 0; });
}

Fault read_part(JsonValue part, RawReply& reply) {
  std::optional<std::string_view> text;
  bool thought = false;
  const Fault fault = each_field(part, [&](std::string_view key, JsonValue value) {
    if (key == "thought") {
      bool is_thought = false;
      thought = value.get_bool().get(is_thought) == simdjson::SUCCESS && is_thought;
      return simdjson::SUCCESS;
    }
    return key == "text" ? read_text(value, text) : simdjson::SUCCESS;
  });
  if (text && !thought) {
    reply.text.append(*text);
  }
  return fault;
}

Fault read_candidate(JsonValue candidate, RawReply& reply) {
  return each_field(candidate, [&](std::string_view key, JsonValue value) {
    if (key == "finishReason") {
      return with_text(value, [&](std::string_view text) { reply.finish = std::string(text); });
    }
    if (key != "content") {
      return simdjson::SUCCESS;
    }
    return each_field(value, [&](std::string_view name, JsonValue parts) {
      return name == "parts" ? each_element(parts, [&](JsonValue part) { return read_part(part, reply); })
                             : simdjson::SUCCESS;
    });
  });
}

Fault read_gemini_field(std::string_view key, JsonValue value, RawReply& reply) {
  if (key == "candidates") {
    return each_element(value, [&](JsonValue candidate) {
      const bool first = !std::exchange(reply.has_answers, true);
      return first ? read_candidate(candidate, reply) : simdjson::SUCCESS;
    });
  }
  if (key == "promptFeedback") {
    return each_field(value, [&](std::string_view name, JsonValue reason) {
      return name == "blockReason"
                 ? with_text(reason, [&](std::string_view text) { reply.blocked = std::string(text); })
                 : simdjson::SUCCESS;
    });
  }
  if (key != "usageMetadata") {
    return simdjson::SUCCESS;
  }
  return each_field(value, [&](std::string_view name, JsonValue count) {
    if (name == "promptTokenCount") {
      return read_count(count, reply.usage.prompt);
    }
    const bool output = name == "candidatesTokenCount" || name == "thoughtsTokenCount";
    return output ? read_count(count, reply.usage.output) : simdjson::SUCCESS;
  });
}

Fault read_choice(JsonValue choice, RawReply& reply) {
  return each_field(choice, [&](std::string_view key, JsonValue value) {
    if (key == "finish_reason") {
      return with_text(value, [&](std::string_view text) { reply.finish = std::string(text); });
    }
    if (key != "message") {
      return simdjson::SUCCESS;
    }
    return each_field(value, [&](std::string_view name, JsonValue text) {
      if (name == "refusal") {
        return with_text(text, [&](std::string_view) { reply.blocked = "refusal"; });
      }
      return name == "content" ? with_text(text, [&](std::string_view words) { reply.text.append(words); })
                               : simdjson::SUCCESS;
    });
  });
}

Fault read_openai_field(std::string_view key, JsonValue value, RawReply& reply) {
  if (key == "choices") {
    return each_element(value, [&](JsonValue choice) {
      const bool first = !std::exchange(reply.has_answers, true);
      return first ? read_choice(choice, reply) : simdjson::SUCCESS;
    });
  }
  if (key != "usage") {
    return simdjson::SUCCESS;
  }
  return each_field(value, [&](std::string_view name, JsonValue count) {
    if (name == "prompt_tokens") {
      return read_count(count, reply.usage.prompt);
    }
    return name == "completion_tokens" ? read_count(count, reply.usage.output) : simdjson::SUCCESS;
  });
}

// A word of the model's that may be repeated: nothing that could be a key or a question.
std::string plain_reason(std::string_view text) {
  const bool plain = text.size() <= 32 &&
                     std::all_of(text.begin(), text.end(), [](char c) { return is_alpha(c) || c == '_'; });
  return plain ? to_lower(text) : "for a reason of its own";
}

std::optional<Error> judged_reply(const RawReply& reply) {
  const std::string finish = to_lower(reply.finish);
  const bool ended = finish.empty() || finish == "stop";
  const bool cut_off = finish == "max_tokens" || finish == "length";
  if (!reply.blocked.empty()) {
    return model_error(ErrorKind::rejected,
                       concat({"refused to answer (", plain_reason(reply.blocked), ")."}));
  }
  if (!reply.has_answers) {
    return model_error(ErrorKind::corrupt, "sent no answer: it has neither candidates nor choices.");
  }
  if (cut_off) {
    return model_error(ErrorKind::corrupt, "was cut off in the middle of its answer.");
  }
  if (!ended) {
    return model_error(ErrorKind::rejected, concat({"ended its answer early (", plain_reason(finish), ")."}));
  }
  if (trim(reply.text).empty()) {
    return model_error(ErrorKind::corrupt, "sent an empty text.");
  }
  if (reply.text.size() > config::limit::model_text_bytes_max) {
    return model_error(ErrorKind::too_large, "sent a text that is too long.");
  }
  return std::nullopt;
}

// A wrong key or a model that does not exist is a fault of the settings: it is never about the
// question.
std::optional<Error> model_status_error(std::uint32_t status) {
  if (status == 400 || status == 401 || status == 403 || status == 404) {
    return model_error(ErrorKind::rejected,
                       concat({"answered ", to_text(std::uint64_t{status}),
                               ": check its URL, its name and the key configured for it."}));
  }
  return fault_of_status(llm_source, status);
}

// Tokens at a price in billionths of a dollar for a million of them, in the 10^9-th part of a microdollar.
std::uint64_t priced(std::uint64_t tokens, std::int64_t price_billionths) {
  constexpr std::uint64_t tokens_max = 1'000'000'000;
  const std::uint64_t price = static_cast<std::uint64_t>(price_billionths);
  constexpr std::uint64_t billion = 1'000'000'000;
  const std::uint64_t bounded = std::min(tokens, tokens_max);
  // Dollars for a million tokens are microdollars for one.
  return bounded * (price / billion) + (bounded * (price % billion) + billion - 1) / billion;
}

}  // namespace

std::optional<Model> model_of(const config::Settings& settings) {
  Model model;
  if (!settings.llm_url.empty()) {
    model.shape = ModelShape::openai;
    model.url = settings.llm_url;
    model.name = settings.llm_model;
    model.key = std::string(settings.secret("LLM_API_KEY").value_or(""));
    return model;
  }
  const auto key = settings.secret("GEMINI_API_KEY");
  if (!key) {
    return std::nullopt;
  }
  model.url = settings.gemini_url;
  model.name = settings.gemini_model;
  model.key = std::string(*key);
  return model;
}

ModelRequest model_request(const Model& model, const ModelPrompt& prompt) {
  ModelRequest request;
  request.headers = {{"accept", "application/json"}, {"content-type", "application/json"}};
  switch (model.shape) {
    case ModelShape::gemini:
      request.url = concat({model.url, "/v1beta/models/", percent_encode(model.name), ":generateContent"});
      request.headers.emplace_back("x-goog-api-key", model.key);
      request.content = gemini_content(prompt);
      return request;
    case ModelShape::openai:
      request.url = concat({model.url, "/chat/completions"});
      if (!model.key.empty()) {
        request.headers.emplace_back("authorization", concat({"Bearer ", model.key}));
      }
      request.content = openai_content(model.name, prompt);
      return request;
  }
  LARDER_UNREACHABLE();
}

std::uint64_t cost_microdollars(const TokenUsage& usage, const config::Settings& settings) {
  return priced(usage.prompt, settings.llm_price_input) + priced(usage.output, settings.llm_price_output);
}

ModelReply read_model_reply(ModelShape shape, std::uint32_t status, std::string_view content_type,
                            PaddedText body) {
  ModelReply reply;
  reply.error = model_status_error(status);
  if (!reply.error) {
    reply.error = fault_of_body(llm_source, content_type, body.text());
  }
  if (reply.error) {
    return reply;
  }
  RawReply raw;
  const auto on_field = [&](std::string_view key, JsonValue value) {
    return shape == ModelShape::gemini ? read_gemini_field(key, value, raw)
                                       : read_openai_field(key, value, raw);
  };
  JsonDocument document;
  Fault fault = document.open(body);
  if (fault == simdjson::SUCCESS) {
    fault = document.each_root_field(on_field);
  }
  reply.usage = raw.usage;
  reply.error = fault == simdjson::SUCCESS ? judged_reply(raw) : to_error(llm_source, fault);
  if (!reply.error) {
    reply.text = std::string(trim(raw.text));
  }
  return reply;
}

std::string prompt_hash_of(std::string_view sha256) {
  constexpr std::size_t bytes = 5;
  return to_hex(sha256.substr(0, bytes));
}

}  // namespace larder::origin
