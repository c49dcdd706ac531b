// Status codes (RFC 9110 §15, RFC 6585, RFC 7725): their names and what caching needs to know of each.
#pragma once

#include <string_view>

namespace larder::http {

// The reason phrase, "Unknown Status" for codes that are not in the table.
std::string_view reason_phrase(int status);

// RFC 9110 §15: a status that ends an exchange, 200 to 599. 1xx are interim, and a code beyond 599 is none.
bool is_final(int status);

// RFC 9110 §15.1: may be stored and given a heuristic lifetime without a word from the origin. 206 would be
// one; this cache keeps parts that say for how long.
bool is_heuristically_cacheable(int status);

// RFC 9111 §3: this cache knows the code and does what the code asks of caches.
bool is_understood(int status);

// Answers that make no stored response whatever their fields say: 206 and 304, which are parts of another;
// 412 and 416, which belong to one request's conditions; 428, 429, 431 and 511 (RFC 6585 §3 to §6).
bool is_never_stored(int status);

}  // namespace larder::http
