// What tests of the operators' door share: isolates that are set up, and calls of their routes.
#pragma once

#include <string>

#include "base/text.h"
#include "config/limits.h"
#include "support/isolate.h"

namespace larder::operators {

inline constexpr auto test_secret = "0123456789abcdef0123456789abcdef";

// Two operators, known by their tokens, and everything that a token can be wrong in.
inline void add_tokens(sim::World& world) {
  const auto valid = [&](const std::string& token, std::string claims) {
    sim::TokenVerdict verdict;
    verdict.claims = std::move(claims);
    world.tokens[token] = verdict;
  };
  const auto refused = [&](const std::string& token, std::string reason) {
    sim::TokenVerdict verdict;
    verdict.reason = std::move(reason);
    world.tokens[token] = verdict;
  };
  valid("ann", R"({"sub":"ann","role":"admin"})");
  valid("vic", R"({"sub":"vic","role":"viewer"})");
  valid("nemo", R"({"sub":"nemo"})");
  for (const std::string reason : {"algorithm", "signature", "expired", "not_yet_valid", "claims"}) {
    refused(reason, reason);
  }
}

inline TextPairs operator_bindings(TextPairs more = {}) {
  more.emplace_back("ADMIN_JWT_SECRET", test_secret);
  return more;
}

inline TextPairs shown(const std::string& token, std::string address = "192.0.2.1") {
  TextPairs headers = {{"cf-connecting-ip", std::move(address)}, {"cf-ray", "ray"}};
  if (!token.empty()) {
    headers.emplace_back("authorization", "Bearer " + token);
  }
  return headers;
}

inline TextPairs shown_json(const std::string& token) {
  TextPairs headers = shown(token);
  headers.emplace_back("content-type", "application/json");
  return headers;
}

inline sim::SentBody sent(std::string json) {
  sim::SentBody body;
  body.content = std::move(json);
  return body;
}

}  // namespace larder::operators
