// What the simulated platform offers beside stores, origins and locks: bodies of requests, Durable Objects,
// tokens, rate limits and queues.
#include "base/assert.h"
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

SimulatedHost::Outcome SimulatedHost::analytics_query(RecordReader& arguments) {
  const std::string binding = arguments.text();
  const std::string query = arguments.text();
  const TextPairs params = arguments.pairs();
  if (!world_.analytics_sql) {
    return failed(status_unsupported, concat({"There is no binding ", binding, " of Analytics SQL."}));
  }
  const auto reply = world_.analytics_sql(query, params);
  if (!reply) {
    return failed(status_unavailable, "Analytics SQL did not answer the query.");
  }
  return record_result(world_.object_delay, [text = *reply](RecordWriter& results) { results.text(text); });
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

SimulatedHost::Outcome SimulatedHost::redis_run(RecordReader& arguments) {
  arguments.text();
  arguments.text();
  const auto commands = redis::decode_commands(arguments.bytes());
  LARDER_ASSERT(commands.has_value());
  const std::string replies = redis::encode_replies(world_.redis.run(world_.now, *commands));
  return record_result(world_.redis_delay, [replies](RecordWriter& results) { results.bytes(replies); });
}

// R2 is at once consistent: what an operation does, it does when it is submitted.
SimulatedHost::Outcome SimulatedHost::r2_get(RecordReader& arguments) {
  const auto found = world_.r2.find(arguments.text());
  const std::uint64_t offset = arguments.u64();
  const std::uint64_t length = arguments.u64();
  const bool is_there = found != world_.r2.end();
  const World::Object object = is_there ? found->second : World::Object();
  const std::string part =
      length == 0 ? object.content
                  : object.content.substr(
                        std::min<std::size_t>(static_cast<std::size_t>(offset), object.content.size()),
                        static_cast<std::size_t>(length));
  const BodyHandle body = is_there ? create_body(part) : BodyHandle::none;
  Outcome outcome = record_result(world_.r2_delay, [is_there, object, part, body](RecordWriter& results) {
    results.u8(is_there ? 1 : 0);
    results.text(object.header);
    results.text(object.etag);
    results.u64(object.content.size());
    results.u8(0);
    results.u32(static_cast<std::uint32_t>(body));
    results.u64(part.size());
  });
  if (is_there) {
    outcome.owned.push_back(body);
  }
  return outcome;
}

namespace {

// Of host/ops.def; nullptr: there is no such object.
bool holds_for(const World::Object* object, std::string_view condition) {
  if (condition.empty() || condition == "*") {
    return condition.empty() || object == nullptr;
  }
  if (condition.front() == '@') {
    const auto millis = parse_unsigned(condition.substr(1));
    LARDER_ASSERT(millis.has_value());
    return object == nullptr || object->uploaded < instant_from_millis(static_cast<std::int64_t>(*millis));
  }
  return object != nullptr && object->etag == condition;
}

}  // namespace

SimulatedHost::Outcome SimulatedHost::r2_put(RecordReader& arguments) {
  const std::string key = arguments.text();
  World::Object object;
  object.header = arguments.text();
  object.content = content(static_cast<BodyHandle>(arguments.u32()));
  arguments.u64();
  arguments.u64();
  const std::string condition = arguments.text();
  const auto former = world_.r2.find(key);
  const bool holds = holds_for(former == world_.r2.end() ? nullptr : &former->second, condition);
  object.etag = concat({"etag-", to_text(++world_.r2_puts)});
  object.uploaded = world_.now;
  const std::string etag = holds ? object.etag : "";
  if (holds && !world_.r2_forgets_puts) {
    world_.r2[key] = std::move(object);
  }
  return record_result(world_.r2_delay, [holds, etag](RecordWriter& results) {
    results.u8(holds ? 1 : 0);
    results.text(etag);
  });
}

SimulatedHost::Outcome SimulatedHost::r2_head(RecordReader& arguments) {
  const auto found = world_.r2.find(arguments.text());
  const bool is_there = found != world_.r2.end();
  const World::Object object = is_there ? found->second : World::Object();
  return record_result(world_.r2_delay, [is_there, object](RecordWriter& results) {
    results.u8(is_there ? 1 : 0);
    results.text(object.header);
    results.text(object.etag);
    results.u64(object.content.size());
    results.bytes(is_there ? sim::sha256(object.content) : "");
    results.u64(is_there ? static_cast<std::uint64_t>(millis_since_epoch(object.uploaded)) : 0);
  });
}

SimulatedHost::Outcome SimulatedHost::r2_delete(RecordReader& arguments) {
  for (const std::string& key : arguments.texts()) {
    world_.r2.erase(key);
  }
  return record_result(world_.r2_delay, [](RecordWriter&) {});
}

SimulatedHost::Outcome SimulatedHost::r2_list(RecordReader& arguments) {
  const std::string prefix = arguments.text();
  const std::string after = arguments.text();
  const std::size_t count_max = arguments.u32();
  std::vector<std::string> keys;
  bool more = false;
  for (auto at = world_.r2.upper_bound(after); at != world_.r2.end() && !more; ++at) {
    if (at->first.starts_with(prefix)) {
      more = keys.size() == count_max;
      if (!more) {
        keys.push_back(at->first);
      }
    }
  }
  return record_result(world_.r2_delay, [keys, more](RecordWriter& results) {
    results.texts(keys);
    results.u8(more ? 1 : 0);
  });
}

// Bodies are bytes here, so both are the same.
SimulatedHost::Outcome SimulatedHost::body_split(RecordReader& arguments) {
  const std::string whole = content(static_cast<BodyHandle>(arguments.u32()));
  const BodyHandle one = create_body(whole);
  const BodyHandle other = create_body(whole);
  Outcome outcome = record_result(Millis(0), [whole, one, other](RecordWriter& results) {
    results.u32(static_cast<std::uint32_t>(one));
    results.u64(whole.size());
    results.u32(static_cast<std::uint32_t>(other));
    results.u64(whole.size());
  });
  outcome.owned.push_back(one);
  outcome.owned.push_back(other);
  return outcome;
}

}  // namespace larder::sim
