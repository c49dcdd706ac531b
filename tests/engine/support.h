// Resources of one's own API, and what its origin says, for the engine's tests over the whole app.
#pragma once

#include <utility>

#include "support/isolate.h"

namespace larder::engine {

inline std::string api_declarations() {
  return R"({"resources": [
    {"name": "page", "mode": "http", "match": {"path": "/pages/{rest...}"},
     "origin": {"url": "https://api.example.com/{rest}?{*}", "headers": {"authorization": "Bearer ${API_KEY}"}},
     "maxBytes": 1000},
    {"name": "item", "match": {"path": "/items/{id}"},
     "origin": {"url": "https://api.example.com/items/{id}?lang={lang}",
                "headers": {"authorization": "Bearer ${API_KEY}", "accept-language": "{lang}"}},
     "key": [{"path": "id"}, {"query": "lang", "normalise": ["lower"]}],
     "ttl": "1h", "negativeTtl": "1m", "maxBytes": 1000}]})";
}

inline sim::OriginReply reply(std::uint32_t status, TextPairs headers, std::string content = "spice") {
  sim::OriginReply reply;
  reply.status = status;
  reply.headers = std::move(headers);
  reply.headers.emplace_back("content-type", "text/plain");
  reply.content = std::move(content);
  return reply;
}

}  // namespace larder::engine
