// The messages of the warming queues. Members that people and dashboards may know: author, source, depth,
// queuedAt, jobId, maxDepth.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "base/units.h"

namespace larder::warm {

// Stands beside base's to_text() for numbers.
using larder::to_text;

// What named the author.
enum class Source : std::uint8_t {
  csv,        // the uploaded list
  discovery,  // another author's work
};
std::string_view to_text(Source source);

enum class Priority : std::uint8_t { normal, high };
std::string_view to_text(Priority priority);

// Work on one author.
struct AuthorMessage {
  std::string job;
  // The author's normal form, which is their identity within the job together with remaining().
  std::string key;
  // As people write it, and as the origin is asked.
  std::string name;
  Source source = Source::csv;
  Priority priority = Priority::normal;
  // Authors known for the same subject are found as well as co-authors.
  bool by_subject = false;
  // 1 for the list's own authors.
  std::uint32_t depth = 1;
  std::uint32_t depth_max = 1;
  Instant queued;
  // How often the origin was down or busy, and since when; how often the message itself was at fault.
  std::uint32_t tries = 0;
  Instant trouble_since;
  std::uint32_t faults = 0;
  // Entries of the author that earlier invocations have seen to.
  std::uint32_t entries_done = 0;
  // Since when the look-up of the author's subject fails; 0: it has not failed. All but that is done then.
  Instant subject_trouble_since;

  AuthorMessage() {}
  // Levels of authors found that are left to walk from here.
  std::uint32_t remaining() const { return depth_max - depth; }
};

// Work on every `step`th entry of a list, from `from` on, one after the other: as many such messages are
// under way as the list may have requests at once.
struct WalkMessage {
  std::string job;
  std::uint32_t from = 0;
  std::uint32_t step = 1;
  Priority priority = Priority::normal;
  std::string resource;
  // Of the whole list.
  std::uint32_t requests_per_second = 1;
  std::uint32_t tries = 0;
  Instant trouble_since;
  std::uint32_t faults = 0;

  WalkMessage() {}
};

std::string to_json(const AuthorMessage& message);
std::string to_json(const WalkMessage& message);

enum class MessageKind : std::uint8_t { author, walk };

// Exactly one of them counts.
struct Message {
  MessageKind kind = MessageKind::author;
  AuthorMessage author;
  WalkMessage walk;

  Message() {}
};

// Errors: invalid, for all that is no message of this version.
Result<Message> parse_message(std::string_view json);

}  // namespace larder::warm
