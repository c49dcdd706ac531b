#include "support/isolate.h"

#include <algorithm>

#include "base/json_writer.h"

namespace larder::sim {

std::string book_declarations() {
  return R"({"resources": [
    {"name": "title", "match": {"path": "/search/title"}, "origin": {"provider": "openlibrary", "query": "title"},
     "key": [{"query": "q", "normalise": ["collapse", "lower"], "required": true}],
     "ttl": "24h", "stale": "7d", "staleIfError": "30d", "negativeTtl": "15m", "tags": ["title"]},
    {"name": "isbn", "match": {"path": "/search/isbn"}, "origin": {"provider": "openlibrary", "query": "isbn"},
     "key": [{"query": "isbn", "normalise": ["isbn"], "required": true}],
     "ttl": "30d", "stale": "7d", "staleIfError": "30d"},
    {"name": "author", "match": {"path": "/search/author"}, "origin": {"provider": "openlibrary", "query": "author"},
     "key": [{"query": "q", "normalise": ["collapse", "lower"], "required": true}],
     "ttl": "24h", "stale": "7d", "staleIfError": "30d"},
    {"name": "subject", "match": {"path": "/search/subject"}, "origin": {"provider": "openlibrary", "query": "subject"},
     "key": [{"query": "q", "normalise": ["collapse", "lower"], "required": true}],
     "ttl": "7d", "stale": "7d", "staleIfError": "30d"}]})";
}

Isolate::Isolate(World& world_, TextPairs bindings, std::string declarations, std::string data_centre,
                 bool bypass)
    : world(world_), host(world_, std::move(data_centre)) {
  app = std::make_unique<app::App>(host);
  host.complete = [this](host::RequestId request, host::OperationId operation, host::Completion completion) {
    return app->complete(request, operation, std::move(completion));
  };
  RecordWriter record;
  record.u8(bypass ? 1 : 0);
  // Lifetimes to the millisecond, unless a test is about jitter.
  const bool jitters = std::any_of(bindings.begin(), bindings.end(),
                                   [](const auto& binding) { return binding.first == "TTL_JITTER_PERCENT"; });
  if (!jitters) {
    bindings.emplace_back("TTL_JITTER_PERCENT", "0");
  }
  // A request ends with its answer and its stores, unless a test is about the ledger.
  const bool counts = std::any_of(bindings.begin(), bindings.end(),
                                  [](const auto& binding) { return binding.first == "LEDGER_SHARDS"; });
  if (!counts) {
    bindings.emplace_back("LEDGER_SHARDS", "0");
  }
  record.pairs(bindings);
  record.text(declarations);
  faults = app->start(record.bytes(), "native");
}

host::RequestId Isolate::request(std::string method, std::string url, TextPairs headers, SentBody sent) {
  const auto id = static_cast<host::RequestId>(next_request_++);
  host.exchange(id).request_headers = std::move(headers);
  host.exchange(id).sent = std::move(sent);
  RecordWriter record;
  record.text(method);
  record.text(url);
  if (app->fetch(id, record.bytes())) {
    host.exchange(id).finished = true;
  }
  return id;
}

SimulatedHost::Exchange& Isolate::call(const std::string& name, const std::string& caller,
                                       const std::string& role, std::string argument) {
  const host::RequestId id = begin_call(name, caller, role, std::move(argument));
  world.run();
  return host.exchange(id);
}

host::RequestId Isolate::begin_call(const std::string& name, const std::string& caller,
                                    const std::string& role, std::string argument) {
  const auto id = static_cast<host::RequestId>(next_request_++);
  host.exchange(id).request_headers = {{":caller", caller},
                                       {":role", role},
                                       {"content-type", "application/json"},
                                       {"content-length", to_text(std::uint64_t{argument.size()})}};
  host.exchange(id).sent.content = std::move(argument);
  RecordWriter record;
  record.text(name);
  record.text("");
  record.text("");
  if (app->call(id, record.bytes())) {
    host.exchange(id).finished = true;
  }
  return id;
}

host::RequestId Isolate::batch(const std::string& queue, const std::vector<Sent>& messages) {
  const auto id = static_cast<host::RequestId>(next_request_++);
  RecordWriter record;
  record.text(queue);
  record.u32(static_cast<std::uint32_t>(messages.size()));
  for (const Sent& message : messages) {
    record.text(message.id);
    record.u32(message.attempts);
    record.text(message.body);
  }
  if (app->queue(id, record.bytes())) {
    host.exchange(id).finished = true;
  }
  return id;
}

SimulatedHost::Exchange& Isolate::run(std::string method, std::string url, TextPairs headers, SentBody sent) {
  const host::RequestId id = request(std::move(method), std::move(url), std::move(headers), std::move(sent));
  world.run();
  return host.exchange(id);
}

namespace {

constexpr const char* spending_name = "models";

std::uint32_t today(const World& world) {
  return static_cast<std::uint32_t>(millis_since_epoch(world.now) / 86'400'000);
}

}  // namespace

records::SpentDay spent_today(World& world) {
  records::spending::total_arguments asked;
  asked.since = today(world);
  return ask<records::spending::total_results>(world.durable.at("SPENDING"), world.now, spending_name,
                                               records::spending::total_number, asked)
      .value()
      .spent;
}

void take_model_call(World& world) {
  records::spending::take_arguments asked;
  asked.day = today(world);
  asked.calls = UINT32_MAX;
  ask<records::spending::take_results>(world.durable.at("SPENDING"), world.now, spending_name,
                                       records::spending::take_number, asked)
      .value();
}

OriginReply open_library_reply(std::string title, std::string author, std::string isbn) {
  JsonWriter json;
  json.begin_object().key("numFound").value(1).key("start").value(0).key("docs").begin_array().begin_object();
  json.key("key").value("/works/OL1W").key("title").value(title);
  json.key("author_name").begin_array().value(author).end_array();
  json.key("isbn").begin_array().value(isbn).end_array();
  json.key("first_publish_year").value(1990).end_object().end_array().end_object();
  OriginReply reply;
  reply.headers = {{"content-type", "application/json"}};
  reply.content = json.text();
  return reply;
}

OriginReply open_library_empty() {
  OriginReply reply;
  reply.headers = {{"content-type", "application/json"}};
  reply.content = R"({"numFound": 0, "start": 0, "docs": []})";
  return reply;
}

}  // namespace larder::sim
