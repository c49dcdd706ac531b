#include "warm/message.h"

#include "base/assert.h"
#include "base/json_writer.h"
#include "config/limits.h"
#include "json/json_text.h"

namespace larder::warm {

namespace {

constexpr std::uint64_t depth_utmost = 16;

Failure refuse_message(std::string_view what) {
  return fail(ErrorKind::invalid, "warming", std::string("This is no message of warming: ").append(what));
}

Instant instant_of(const json::JsonText& json, std::string_view name) {
  constexpr std::uint64_t latest = 7'258'118'400'000;
  const std::uint64_t millis = json.number(name);
  return instant_from_millis(static_cast<std::int64_t>(millis < latest ? millis : latest));
}

std::uint32_t small(const json::JsonText& json, std::string_view name, std::uint32_t otherwise) {
  const std::uint64_t number = json.number(name, otherwise);
  return number <= UINT32_MAX ? static_cast<std::uint32_t>(number) : otherwise;
}

Result<Message> parse_author(const json::JsonText& json) {
  Message message;
  AuthorMessage& author = message.author;
  author.job = json.text("jobId");
  author.key = json.text("key");
  author.name = json.text("author");
  author.source = json.text("source") == to_text(Source::discovery) ? Source::discovery : Source::csv;
  author.priority = json.text("priority") == to_text(Priority::high) ? Priority::high : Priority::normal;
  author.by_subject = json.flag("bySubject");
  author.depth = small(json, "depth", 0);
  author.depth_max = small(json, "maxDepth", 0);
  author.queued = instant_of(json, "queuedAt");
  author.tries = small(json, "tries", 0);
  author.trouble_since = instant_of(json, "troubleSince");
  author.faults = small(json, "faults", 0);
  author.entries_done = small(json, "entriesDone", 0);
  author.subject_trouble_since = instant_of(json, "subjectTroubleSince");
  if (author.job.empty() || author.key.empty() || author.name.empty()) {
    return refuse_message("it has no jobId, author or key.");
  }
  if (author.depth < 1 || author.depth > author.depth_max || author.depth_max > depth_utmost) {
    return refuse_message("its depth and maxDepth do not fit.");
  }
  return message;
}

Result<Message> parse_walk(const json::JsonText& json) {
  Message message;
  message.kind = MessageKind::walk;
  WalkMessage& walk = message.walk;
  walk.job = json.text("jobId");
  walk.resource = json.text("resource");
  walk.from = small(json, "from", 0);
  walk.step = small(json, "step", 0);
  walk.priority = json.text("priority") == to_text(Priority::high) ? Priority::high : Priority::normal;
  walk.requests_per_second = small(json, "qps", 0);
  walk.tries = small(json, "tries", 0);
  walk.trouble_since = instant_of(json, "troubleSince");
  walk.faults = small(json, "faults", 0);
  if (walk.job.empty() || walk.resource.empty() || walk.step == 0 || walk.requests_per_second == 0) {
    return refuse_message("it has no jobId, resource, step or qps.");
  }
  return message;
}

}  // namespace

std::string_view to_text(Source source) {
  switch (source) {
    case Source::csv:
      return "csv";
    case Source::discovery:
      return "discovery";
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(Priority priority) {
  switch (priority) {
    case Priority::normal:
      return "normal";
    case Priority::high:
      return "high";
  }
  LARDER_UNREACHABLE();
}

std::string to_json(const AuthorMessage& message) {
  JsonWriter json;
  json.begin_object().key("kind").value("author").key("author").value(message.name);
  json.key("source").value(to_text(message.source)).key("depth").value(message.depth);
  json.key("queuedAt").value(millis_since_epoch(message.queued)).key("jobId").value(message.job);
  json.key("maxDepth").value(message.depth_max).key("key").value(message.key);
  json.key("priority").value(to_text(message.priority)).key("bySubject").value(message.by_subject);
  json.key("tries").value(message.tries);
  json.key("troubleSince").value(millis_since_epoch(message.trouble_since));
  json.key("faults").value(message.faults).key("entriesDone").value(message.entries_done);
  json.key("subjectTroubleSince").value(millis_since_epoch(message.subject_trouble_since)).end_object();
  return std::move(json).take();
}

std::string to_json(const WalkMessage& message) {
  JsonWriter json;
  json.begin_object().key("kind").value("walk").key("jobId").value(message.job);
  json.key("from").value(message.from).key("step").value(message.step);
  json.key("priority").value(to_text(message.priority)).key("resource").value(message.resource);
  json.key("qps").value(message.requests_per_second).key("tries").value(message.tries);
  json.key("troubleSince").value(millis_since_epoch(message.trouble_since));
  json.key("faults").value(message.faults).end_object();
  return std::move(json).take();
}

Result<Message> parse_message(std::string_view json) {
  const auto parsed = json::JsonText::parse(json);
  if (!parsed || !parsed->is_object()) {
    return refuse_message("it is no JSON object.");
  }
  const std::string kind = parsed->text("kind");
  if (kind == "author") {
    return parse_author(*parsed);
  }
  if (kind == "walk") {
    return parse_walk(*parsed);
  }
  return refuse_message("its kind is not known.");
}

}  // namespace larder::warm
