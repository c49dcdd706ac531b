// What the simulated platform offers beside stores, origins and locks: bodies of requests, Durable Objects,
// tokens, rate limits and queues.
#include "base/text.h"
#include "support/world.h"

namespace larder::sim {

using host::BodyHandle;

namespace {

// As statuses.def numbers them.
constexpr std::uint32_t status_timeout = 1;
constexpr std::uint32_t status_unavailable = 2;
constexpr std::uint32_t status_too_large = 4;
constexpr std::uint32_t status_invalid = 5;
constexpr std::uint32_t status_unsupported = 6;

}  // namespace

SimulatedHost::Outcome SimulatedHost::failed(std::uint32_t status, std::string message) {
  Outcome outcome;
  outcome.status = status;
  outcome.message = std::move(message);
  return outcome;
}

SimulatedHost::Outcome SimulatedHost::record_result(Millis delay, std::function<void(RecordWriter&)> write) {
  Outcome outcome;
  outcome.delay = delay;
  outcome.results = [write = std::move(write)] {
    RecordWriter results;
    write(results);
    return std::move(results).take();
  };
  return outcome;
}

SimulatedHost::Outcome SimulatedHost::request_body(host::RequestId request, RecordReader& arguments) {
  const SentBody& sent = exchange(request).sent;
  const std::uint64_t body_bytes_max = arguments.u64();
  const Millis wait(static_cast<std::int64_t>(arguments.u64()));
  if (sent.silent) {
    Outcome late = failed(status_timeout, "The client gave no body.");
    late.delay = wait;
    return late;
  }
  if (sent.content.size() > body_bytes_max) {
    return failed(status_too_large, "The body is too large.");
  }
  return body_result(sent.content, Millis(1));
}

SimulatedHost::Outcome SimulatedHost::request_form(host::RequestId request, RecordReader& arguments) {
  const SentBody& sent = exchange(request).sent;
  const std::uint64_t body_bytes_max = arguments.u64();
  arguments.u64();
  if (!sent.form_fields) {
    return failed(status_invalid, "The body is no multipart/form-data.");
  }
  if (sent.content.size() > body_bytes_max) {
    return failed(status_too_large, "The body is too large.");
  }
  const bool has_file = !sent.file_name.empty();
  const BodyHandle body = has_file ? create_body(sent.content) : BodyHandle::none;
  Outcome outcome = record_result(Millis(1), [sent, has_file, body](RecordWriter& results) {
    results.pairs(*sent.form_fields);
    results.text(sent.file_name);
    results.u32(static_cast<std::uint32_t>(body));
    results.u64(has_file ? sent.content.size() : 0);
  });
  if (has_file) {
    outcome.owned.push_back(body);
  }
  return outcome;
}

SimulatedHost::Outcome SimulatedHost::object_run(RecordReader& arguments) {
  const std::string binding = arguments.text();
  const std::string name = arguments.text();
  const std::uint32_t method = arguments.u32();
  const std::string argument = arguments.bytes();
  const auto objects = world_.durable.find(binding);
  if (objects == world_.durable.end()) {
    return failed(status_unsupported, concat({"There is no Durable Object binding ", binding, "."}));
  }
  const auto reply = objects->second.call(world_.now, name, method, argument);
  if (!reply) {
    Outcome trapped = failed(status_unavailable, "object_run failed (RuntimeError).");
    trapped.delay = world_.object_delay;
    return trapped;
  }
  return record_result(world_.object_delay,
                       [bytes = *reply](RecordWriter& results) { results.bytes(bytes); });
}

SimulatedHost::Outcome SimulatedHost::token_verify(RecordReader& arguments) {
  const auto found = world_.tokens.find(arguments.text());
  TokenVerdict verdict;
  verdict.reason = "malformed";
  if (found != world_.tokens.end()) {
    verdict = found->second;
    if (verdict.reason.empty() && world_.now >= verdict.expires) {
      verdict.reason = "expired";
    }
  }
  return record_result(Millis(1), [verdict](RecordWriter& results) {
    results.u8(verdict.reason.empty() ? 1 : 0);
    results.text(verdict.reason);
    results.text(verdict.reason.empty() ? verdict.claims : "");
  });
}

SimulatedHost::Outcome SimulatedHost::rate_limit(RecordReader& arguments) {
  const std::string binding = arguments.text();
  const std::string key = arguments.text();
  const bool allowed = !world_.rate_limit || world_.rate_limit(binding, key);
  return record_result(Millis(0), [allowed](RecordWriter& results) { results.u8(allowed ? 1 : 0); });
}

SimulatedHost::Outcome SimulatedHost::queue_send(RecordReader& arguments) {
  auto& queue = world_.queues[arguments.text()];
  const std::vector<std::string> messages = arguments.texts();
  const Instant from = world_.now + Millis(static_cast<std::int64_t>(arguments.u64()) * 1000);
  for (const std::string& message : messages) {
    queue.emplace_back(from, message);
  }
  return record_result(world_.object_delay, [](RecordWriter&) {});
}

SimulatedHost::Outcome SimulatedHost::analytics_write(RecordReader& arguments) {
  const std::string binding = arguments.text();
  const auto dataset = world_.data_points.find(binding);
  if (dataset == world_.data_points.end()) {
    return failed(status_unsupported, concat({"There is no dataset ", binding, "."}));
  }
  for (const std::string& point : arguments.texts()) {
    dataset->second.push_back(point);
  }
  return record_result(Millis(0), [](RecordWriter&) {});
}

SimulatedHost::Outcome SimulatedHost::mail_send(RecordReader& arguments) {
  SentMail mail;
  mail.binding = arguments.text();
  mail.from = arguments.text();
  mail.to = arguments.texts();
  mail.subject = arguments.text();
  mail.text = arguments.text();
  mail.html = arguments.text();
  if (!world_.mail) {
    return failed(status_unsupported, concat({"There is no binding ", mail.binding, "."}));
  }
  world_.mails.push_back(mail);
  const std::string fault = world_.mail(mail);
  return record_result(world_.object_delay, [fault](RecordWriter& results) { results.text(fault); });
}

SimulatedHost::Outcome SimulatedHost::queue_backlog(RecordReader& arguments) {
  const std::uint64_t waiting = world_.queues[arguments.text()].size();
  return record_result(world_.object_delay, [waiting](RecordWriter& results) { results.u64(waiting); });
}

SimulatedHost::Outcome SimulatedHost::kv_get_many(RecordReader& arguments) {
  const std::vector<std::string> keys = arguments.texts();
  if (keys.size() > 100) {
    return failed(status_invalid, "KV gives at most 100 keys at once.");
  }
  return record_result(world_.kv_delay, [this, keys](RecordWriter& results) {
    std::vector<std::string> headers;
    std::vector<std::string> contents;
    for (const std::string& key : keys) {
      const auto found = world_.kv.find(key);
      const bool is_there = found != world_.kv.end() && world_.now < found->second.expires;
      headers.push_back(is_there ? found->second.header : "");
      contents.push_back(is_there ? found->second.content : "");
    }
    results.texts(headers);
    results.texts(contents);
  });
}

}  // namespace larder::sim
