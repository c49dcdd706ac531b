#include "http/status.h"

#include <cstdint>

namespace larder::http {

namespace {

enum class Caching : std::uint8_t {
  heuristic,  // storable by default
  explicit_,  // storable when the response says so
  never,      // not stored as such
};

struct StatusRow {
  int code;
  Caching caching;
  std::string_view phrase;
};

constexpr StatusRow rows[] = {
    {200, Caching::heuristic, "OK"},
    {201, Caching::explicit_, "Created"},
    {202, Caching::explicit_, "Accepted"},
    {203, Caching::heuristic, "Non-Authoritative Information"},
    {204, Caching::heuristic, "No Content"},
    {205, Caching::explicit_, "Reset Content"},
    {206, Caching::never, "Partial Content"},
    {300, Caching::heuristic, "Multiple Choices"},
    {301, Caching::heuristic, "Moved Permanently"},
    {302, Caching::explicit_, "Found"},
    {303, Caching::explicit_, "See Other"},
    {304, Caching::never, "Not Modified"},
    {307, Caching::explicit_, "Temporary Redirect"},
    {308, Caching::heuristic, "Permanent Redirect"},
    {400, Caching::explicit_, "Bad Request"},
    {401, Caching::explicit_, "Unauthorized"},
    {402, Caching::explicit_, "Payment Required"},
    {403, Caching::explicit_, "Forbidden"},
    {404, Caching::heuristic, "Not Found"},
    {405, Caching::heuristic, "Method Not Allowed"},
    {406, Caching::explicit_, "Not Acceptable"},
    {408, Caching::explicit_, "Request Timeout"},
    {409, Caching::explicit_, "Conflict"},
    {410, Caching::heuristic, "Gone"},
    {411, Caching::explicit_, "Length Required"},
    // 412 and 416 answer a condition or range of one request, which the key does not hold.
    {412, Caching::never, "Precondition Failed"},
    {413, Caching::explicit_, "Content Too Large"},
    {414, Caching::heuristic, "URI Too Long"},
    {415, Caching::explicit_, "Unsupported Media Type"},
    {416, Caching::never, "Range Not Satisfiable"},
    {421, Caching::explicit_, "Misdirected Request"},
    {422, Caching::explicit_, "Unprocessable Content"},
    {425, Caching::explicit_, "Too Early"},
    {426, Caching::explicit_, "Upgrade Required"},
    // RFC 6585: responses with these codes must not be stored by a cache.
    {428, Caching::never, "Precondition Required"},
    {429, Caching::never, "Too Many Requests"},
    {431, Caching::never, "Request Header Fields Too Large"},
    {451, Caching::heuristic, "Unavailable For Legal Reasons"},
    {500, Caching::explicit_, "Internal Server Error"},
    {501, Caching::heuristic, "Not Implemented"},
    {502, Caching::explicit_, "Bad Gateway"},
    {503, Caching::explicit_, "Service Unavailable"},
    {504, Caching::explicit_, "Gateway Timeout"},
    {507, Caching::explicit_, "Insufficient Storage"},
    {508, Caching::explicit_, "Loop Detected"},
    {511, Caching::never, "Network Authentication Required"},
};

const StatusRow* row_of(int status) {
  for (const StatusRow& row : rows) {
    if (row.code == status) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view reason_phrase(int status) {
  const StatusRow* row = row_of(status);
  return row ? row->phrase : "Unknown Status";
}

bool is_final(int status) { return status >= 200 && status <= 599; }

bool is_heuristically_cacheable(int status) {
  const StatusRow* row = row_of(status);
  return row && row->caching == Caching::heuristic;
}

bool is_understood(int status) {
  const StatusRow* row = row_of(status);
  return row && row->caching != Caching::never;
}

bool is_never_stored(int status) {
  const StatusRow* row = row_of(status);
  return row && row->caching == Caching::never;
}

}  // namespace larder::http
