#include "imports_host.h"

#include <algorithm>

#include "base/text.h"

#define LARDER_IMPORT(name) __attribute__((import_module("larder"), import_name(#name))) extern "C"

// Pointers and sizes are 32-bit here. Memory named by a pointer is read or written during the call only.
LARDER_IMPORT(submit)
void larder_import_submit(std::uint32_t request, std::uint32_t index, std::uint32_t generation,
                          std::uint32_t kind, const char* arguments, std::uint32_t size);
LARDER_IMPORT(respond)
void larder_import_respond(std::uint32_t request, const char* answer, std::uint32_t size);
LARDER_IMPORT(create_head) std::uint32_t larder_import_create_head(const char* parts, std::uint32_t size);
LARDER_IMPORT(release_head) void larder_import_release_head(std::uint32_t head);
// `lane` is 0 where there is none; its instants are in milliseconds since the epoch.
LARDER_IMPORT(respond_kept)
void larder_import_respond_kept(std::uint32_t request, std::uint32_t head, double age_seconds,
                                double ttl_seconds, std::uint32_t lane, double lane_until,
                                std::uint32_t lane_hits_max, double age_since, double ttl_until);
LARDER_IMPORT(wake) void larder_import_wake(std::uint32_t request);
LARDER_IMPORT(finished) void larder_import_finished(std::uint32_t request);
LARDER_IMPORT(revoke_lanes) void larder_import_revoke_lanes();
// Writes a lane and its hits, one after the other, `capacity` times at most; returns how many times.
LARDER_IMPORT(take_lane_hits)
std::uint32_t larder_import_take_lane_hits(std::uint32_t* into, std::uint32_t capacity);
LARDER_IMPORT(now) double larder_import_now();
LARDER_IMPORT(random_bytes) void larder_import_random_bytes(char* into, std::uint32_t size);
LARDER_IMPORT(sha256) void larder_import_sha256(const char* bytes, std::uint32_t size, char* into);
LARDER_IMPORT(body_sha256) void larder_import_body_sha256(std::uint32_t body, char* into);
// The result's length; nothing is written when it is longer than `capacity`. `composed` is 1 for lower_text.
LARDER_IMPORT(normal_text)
std::uint32_t larder_import_normal_text(const char* text, std::uint32_t size, char* into,
                                        std::uint32_t capacity, std::uint32_t composed);
// Gives a field's name a number; number 0 has ever another name.
LARDER_IMPORT(name_field)
void larder_import_name_field(std::uint32_t number, const char* name, std::uint32_t size);
// The field's length, or -1 when it is absent; nothing is written when it is longer than `capacity`.
LARDER_IMPORT(request_header)
std::int32_t larder_import_request_header(std::uint32_t request, std::uint32_t name, char* into,
                                          std::uint32_t capacity);
// The length of the record, which is pairs; nothing is written when it is longer than `capacity`.
LARDER_IMPORT(request_fields)
std::uint32_t larder_import_request_fields(std::uint32_t request, char* into, std::uint32_t capacity);
LARDER_IMPORT(request_stream) std::uint32_t larder_import_request_stream(std::uint32_t request);
LARDER_IMPORT(create_body) std::uint32_t larder_import_create_body(const char* bytes, std::uint32_t size);
LARDER_IMPORT(read_body) void larder_import_read_body(std::uint32_t body, char* into, std::uint32_t size);
LARDER_IMPORT(slice_body)
std::uint32_t larder_import_slice_body(std::uint32_t body, std::uint32_t from, std::uint32_t size);
LARDER_IMPORT(release_body) void larder_import_release_body(std::uint32_t body);
LARDER_IMPORT(log) void larder_import_log(std::uint32_t level, const char* line, std::uint32_t size);

namespace larder::wasm {

namespace {

constexpr std::size_t sha256_size = 32;
// What an origin's Vary names is anybody's word, so names do not all get a number.
constexpr std::size_t field_names_max = 64;

std::uint32_t size_of(std::string_view bytes) { return static_cast<std::uint32_t>(bytes.size()); }

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char letter) { return (letter & 0x80) == 0; });
}

std::string normal_form(std::string_view text, std::uint32_t composed) {
  // Most texts are: all that changes is the case, and the host need not be asked.
  if (is_ascii(text)) {
    return to_lower(text);
  }
  // Twice the size takes nearly every name at the first attempt.
  std::string normal(2 * text.size(), '\0');
  for (;;) {
    const std::size_t size =
        larder_import_normal_text(text.data(), size_of(text), normal.data(), size_of(normal), composed);
    const bool fits = size <= normal.size();
    normal.resize(size);
    if (fits) {
      return normal;
    }
  }
}

}  // namespace

void ImportsHost::submit(host::RequestId request, host::OperationId operation, host::OperationKind kind,
                         std::string_view arguments) {
  larder_import_submit(static_cast<std::uint32_t>(request), operation.index, operation.generation,
                       static_cast<std::uint32_t>(kind), arguments.data(), size_of(arguments));
}

void ImportsHost::respond(host::RequestId request, const host::Answer& answer) {
  if (answer.kept) {
    const host::KeptAnswer& kept = *answer.kept;
    const auto millis = [](Instant instant) { return static_cast<double>(millis_since_epoch(instant)); };
    const host::Lane lane = kept.lane.value_or(host::Lane(0, Instant(), 0, Instant(), Instant()));
    larder_import_respond_kept(static_cast<std::uint32_t>(request), static_cast<std::uint32_t>(kept.head),
                               static_cast<double>(kept.age_seconds), static_cast<double>(kept.ttl_seconds),
                               lane.id, millis(lane.until), lane.hits_max, millis(lane.age_since),
                               millis(lane.ttl_until));
    return;
  }
  const std::string record = host::encode(answer);
  larder_import_respond(static_cast<std::uint32_t>(request), record.data(), size_of(record));
}

host::HeadHandle ImportsHost::create_head(const host::HeadParts& parts) {
  const std::string record = host::encode(parts);
  return static_cast<host::HeadHandle>(larder_import_create_head(record.data(), size_of(record)));
}

void ImportsHost::release_head(host::HeadHandle head) {
  larder_import_release_head(static_cast<std::uint32_t>(head));
}

void ImportsHost::wake(host::RequestId request) { larder_import_wake(static_cast<std::uint32_t>(request)); }

void ImportsHost::finished(host::RequestId request) {
  larder_import_finished(static_cast<std::uint32_t>(request));
}

void ImportsHost::revoke_lanes() { larder_import_revoke_lanes(); }

std::vector<host::LaneHits> ImportsHost::take_lane_hits() {
  constexpr std::size_t lanes_at_once = 64;
  std::uint32_t numbers[2 * lanes_at_once];
  std::vector<host::LaneHits> hits;
  for (std::size_t taken = lanes_at_once; taken == lanes_at_once;) {
    taken = larder_import_take_lane_hits(numbers, lanes_at_once);
    for (std::size_t i = 0; i < taken; ++i) {
      hits.emplace_back(numbers[2 * i], numbers[2 * i + 1]);
    }
  }
  return hits;
}

Instant ImportsHost::now() { return instant_from_millis(static_cast<std::int64_t>(larder_import_now())); }

std::string ImportsHost::random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  larder_import_random_bytes(bytes.data(), size_of(bytes));
  return bytes;
}

std::string ImportsHost::sha256(std::string_view bytes) {
  std::string digest(sha256_size, '\0');
  larder_import_sha256(bytes.data(), size_of(bytes), digest.data());
  return digest;
}

std::string ImportsHost::body_sha256(host::BodyHandle body) {
  std::string digest(sha256_size, '\0');
  larder_import_body_sha256(static_cast<std::uint32_t>(body), digest.data());
  return digest;
}

std::string ImportsHost::normal_text(std::string_view text) { return normal_form(text, 0); }

std::string ImportsHost::lower_text(std::string_view text) { return normal_form(text, 1); }

std::uint32_t ImportsHost::number_of(std::string_view name) {
  for (std::size_t i = 0; i < field_names_.size(); ++i) {
    if (field_names_[i] == name) {
      return static_cast<std::uint32_t>(i + 1);
    }
  }
  std::uint32_t number = 0;
  if (field_names_.size() < field_names_max) {
    field_names_.emplace_back(name);
    number = static_cast<std::uint32_t>(field_names_.size());
  }
  larder_import_name_field(number, name.data(), size_of(name));
  return number;
}

std::optional<std::string> ImportsHost::request_header(host::RequestId request, std::string_view name,
                                                       std::size_t bytes_max) {
  const auto id = static_cast<std::uint32_t>(request);
  const std::uint32_t number = number_of(name);
  // Most fields are absent, or short.
  char nearby[256];
  const std::int32_t size = larder_import_request_header(id, number, nearby, sizeof nearby);
  if (size < 0 || static_cast<std::size_t>(size) > bytes_max) {
    return std::nullopt;
  }
  const auto length = static_cast<std::size_t>(size);
  if (length <= sizeof nearby) {
    return std::string(nearby, length);
  }
  std::string value(length, '\0');
  larder_import_request_header(id, number, value.data(), size_of(value));
  return value;
}

TextPairs ImportsHost::request_fields(host::RequestId request) {
  // Twice the size of what browsers send.
  std::string record(4096, '\0');
  for (;;) {
    const std::size_t size =
        larder_import_request_fields(static_cast<std::uint32_t>(request), record.data(), size_of(record));
    const bool fits = size <= record.size();
    record.resize(size);
    if (fits) {
      RecordReader reader(record);
      return reader.pairs();
    }
  }
}

host::BodyHandle ImportsHost::request_stream(host::RequestId request) {
  return static_cast<host::BodyHandle>(larder_import_request_stream(static_cast<std::uint32_t>(request)));
}

host::BodyHandle ImportsHost::create_body(std::string_view bytes) {
  return static_cast<host::BodyHandle>(larder_import_create_body(bytes.data(), size_of(bytes)));
}

std::string ImportsHost::read_body(host::BodyHandle body, Bytes size, std::size_t padding) {
  std::string bytes(static_cast<std::size_t>(size.count) + padding, '\0');
  larder_import_read_body(static_cast<std::uint32_t>(body), bytes.data(),
                          static_cast<std::uint32_t>(size.count));
  return bytes;
}

host::BodyHandle ImportsHost::slice_body(host::BodyHandle body, Bytes from, Bytes size) {
  return static_cast<host::BodyHandle>(larder_import_slice_body(static_cast<std::uint32_t>(body),
                                                                static_cast<std::uint32_t>(from.count),
                                                                static_cast<std::uint32_t>(size.count)));
}

void ImportsHost::release_body(host::BodyHandle body) {
  larder_import_release_body(static_cast<std::uint32_t>(body));
}

void ImportsHost::log(LogLevel level, std::string_view line) {
  larder_import_log(static_cast<std::uint32_t>(level), line.data(), size_of(line));
}

}  // namespace larder::wasm
