#include "support/world.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "http/message.h"
#include "records/control_log.h"
#include "records/lock.h"
#include "support/normal_text.h"

namespace larder::sim {

using host::BodyHandle;
using host::OperationKind;

namespace {

// How long the host waits before it fails the operation; operations of origins and locks see to that
// themselves.
std::optional<Millis> wait_of(OperationKind kind, std::string_view arguments) {
  RecordReader ahead(arguments);
  if (kind == OperationKind::control_read) {
    ahead.u8();
    ahead.u64();
  } else if (kind == OperationKind::edge_get || kind == OperationKind::kv_get) {
    ahead.text();
  } else if (kind == OperationKind::object_run) {
    ahead.text();
    ahead.text();
    ahead.u32();
    ahead.bytes();
  } else if (kind == OperationKind::r2_get) {
    ahead.text();
    ahead.u64();
    ahead.u64();
    ahead.u64();
  } else if (kind == OperationKind::r2_put) {
    ahead.text();
    ahead.text();
    ahead.u32();
    ahead.u64();
    ahead.u64();
    ahead.text();
  } else if (kind == OperationKind::r2_head) {
    ahead.text();
  } else if (kind == OperationKind::r2_list) {
    ahead.text();
    ahead.text();
    ahead.u32();
  } else if (kind == OperationKind::redis_run) {
    ahead.text();
    ahead.text();
    ahead.bytes();
    // To connect, and for the replies after that.
    const std::uint64_t connect_millis = ahead.u64();
    return Millis(static_cast<std::int64_t>(connect_millis + ahead.u64()));
  } else {
    return std::nullopt;
  }
  return Millis(static_cast<std::int64_t>(ahead.u64()));
}

}  // namespace

// World
// --------------------------------------------------------------------------------------------------------------

void World::after(Millis delay, std::function<void()> event) {
  events_.push_back(Event{now + delay, next_order_++, std::move(event)});
  std::push_heap(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  });
}

bool World::step(Instant limit) {
  if (events_.empty() || events_.front().at > limit) {
    return false;
  }
  std::pop_heap(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  });
  const Event event = std::move(events_.back());
  events_.pop_back();
  now = event.at;
  for (auto& [binding, objects_of] : durable) {
    objects_of.run_alarms(now);
  }
  event.run();
  return true;
}

void World::run() {
  while (step(Instant::max())) {
  }
}

void World::run_for(Millis limit) {
  const Instant end = now + limit;
  while (step(end)) {
  }
  now = end;
}

// SimulatedLock
// ------------------------------------------------------------------------------------------------------

namespace {

// The lock never refuses what a host sends.
template <typename Results, typename Arguments>
Results decide(MapStore& store, Instant now, std::uint32_t method, const Arguments& arguments) {
  const records::Reply reply = records::run(static_cast<std::uint32_t>(records::ObjectKind::lock), method,
                                            records::encode(arguments), store, now);
  return results_of<Results>(reply.bytes).value();
}

}  // namespace

void SimulatedLock::acquire(Instant now, const std::string& token, Millis keep, Millis wait,
                            std::uint64_t ticket, Settle settle) {
  records::lock::acquire_arguments asked;
  asked.token = token;
  asked.keep_millis = static_cast<std::uint64_t>(keep.count());
  asked.wait_millis = static_cast<std::uint64_t>(wait.count());
  const auto said = decide<records::lock::acquire_results>(store_, now, records::lock::acquire_number, asked);
  tell(said.told);
  switch (static_cast<records::LockOutcome>(said.outcome)) {
    case records::LockOutcome::wait:
      waiters_.emplace(ticket, std::move(settle));
      return;
    case records::LockOutcome::value:
      settle(said.outcome, value_);
      return;
    case records::LockOutcome::granted:
      value_ = Stored();
      break;
    case records::LockOutcome::retry:
    case records::LockOutcome::alone:
    case records::LockOutcome::nothing:
      break;
  }
  settle(said.outcome, Stored());
}

bool SimulatedLock::release(Instant now, const std::string& token, std::uint8_t verdict, const Stored& value,
                            Millis keep_value) {
  records::lock::release_arguments asked;
  asked.token = token;
  asked.verdict = verdict;
  asked.value_millis = static_cast<std::uint64_t>(keep_value.count());
  const auto said = decide<records::lock::release_results>(store_, now, records::lock::release_number, asked);
  if (said.held == 1) {
    value_ = value;
  }
  tell(said.told);
  return said.held == 1;
}

records::LockState SimulatedLock::state() const {
  return store_.memory ? records::decode<records::LockState>(*store_.memory).value() : records::LockState();
}

void SimulatedLock::tell(std::uint8_t outcome) {
  if (outcome == static_cast<std::uint8_t>(records::LockOutcome::nothing)) {
    return;
  }
  const bool has_value = outcome == static_cast<std::uint8_t>(records::LockOutcome::value);
  const Stored value = has_value ? value_ : Stored();
  for (const auto& [ticket, settle] : std::exchange(waiters_, {})) {
    settle(outcome, value);
  }
}

void SimulatedLock::expire(std::uint64_t ticket) {
  const auto waiter = waiters_.find(ticket);
  if (waiter != waiters_.end()) {
    const Settle settle = std::move(waiter->second);
    waiters_.erase(waiter);
    settle(0, Stored());
  }
}

void SimulatedLock::reset() {
  store_.memory.reset();
  tell(lock_failed);
}

// The control log
// ----------------------------------------------------------------------------------------------------

namespace {

// The name of the one object, as shim/operations/control.js has it.
constexpr const char* control_name = "control";

// nullopt: there is none, or the call trapped.
std::optional<std::string> call_control(World& world, std::uint32_t method, std::string_view argument) {
  const auto objects = world.durable.find("CONTROL");
  return objects == world.durable.end() ? std::nullopt
                                        : objects->second.call(world.now, control_name, method, argument);
}

}  // namespace

std::string append_control(World& world, std::string_view changes) {
  const auto reply = call_control(world, records::control::append_number, changes);
  LARDER_ASSERT(reply && results_of<records::control::append_results>(*reply));
  return *reply;
}

std::uint64_t control_sequence(World& world) {
  return records::read_control_log(call_control(world, records::control::read_number, "").value())
      .value()
      .sequence;
}

// SimulatedHost
// ------------------------------------------------------------------------------------------------------

std::string SimulatedHost::Exchange::header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (equals_ignoring_case(field, name)) {
      return value;
    }
  }
  return "";
}

void SimulatedHost::submit(host::RequestId request, host::OperationId operation, OperationKind kind,
                           std::string_view arguments) {
  ++world_.operations;
  const std::optional<Fault> fault = world_.fault ? world_.fault(kind) : std::nullopt;
  RecordReader reader(arguments);
  Outcome outcome;
  if (fault && fault->status != host::status_ok) {
    outcome.status = fault->status;
    outcome.message = "injected";
  } else if (kind == OperationKind::lock_acquire && !(fault && fault->lost)) {
    lock_acquire(request, operation, reader, world_.lock_delay + (fault ? fault->delay : Millis(0)));
    return;
  } else if (kind == OperationKind::park) {
    outcome = park(request, operation, reader);
  } else {
    outcome = run_operation(request, kind, reader);
  }
  const std::optional<Millis> wait = wait_of(kind, arguments);
  if (wait && outcome.status == host::status_ok) {
    // The host keeps its time limit, whatever becomes of the operation.
    if ((fault && fault->lost) || outcome.delay + (fault ? fault->delay : Millis(0)) > *wait) {
      for (const BodyHandle body : outcome.owned) {
        release_body(body);
      }
      outcome = Outcome();
      outcome.status = 1;
      outcome.message = "There was no answer in time.";
      world_.after(*wait, [this, request, operation, outcome] { deliver(request, operation, outcome); });
      return;
    }
  }
  if (fault && fault->lost) {
    for (const BodyHandle body : outcome.owned) {
      release_body(body);
    }
    return;
  }
  const Millis delay = outcome.delay + (fault ? fault->delay : Millis(0));
  world_.after(delay, [this, request, operation, outcome = std::move(outcome)] {
    deliver(request, operation, outcome);
  });
}

void SimulatedHost::deliver(host::RequestId request, host::OperationId operation, const Outcome& outcome) {
  if (stopped_) {
    return;
  }
  host::Completion completion;
  completion.status = outcome.status;
  completion.bytes =
      outcome.status == host::status_ok && outcome.results ? outcome.results() : outcome.message;
  if (!complete(request, operation, std::move(completion))) {
    ++late_completions_;
    for (const BodyHandle body : outcome.owned) {
      release_body(body);
    }
  }
}

SimulatedHost::Outcome SimulatedHost::run_operation(host::RequestId request, OperationKind kind,
                                                    RecordReader& arguments) {
  auto& edge = world_.edge[data_centre_];
  switch (kind) {
    case OperationKind::park:
      LARDER_UNREACHABLE();
    case OperationKind::origin_fetch:
      return origin_fetch(request, arguments);
    case OperationKind::origin_resume:
      return origin_resume(request, arguments);
    case OperationKind::control_read:
      return control_read(arguments);
    case OperationKind::control_append:
      return control_append(arguments);
    case OperationKind::body_gzip:
      return body_gzip(arguments);
    case OperationKind::body_gunzip:
      return body_gunzip(arguments);
    case OperationKind::edge_get:
      return store_get(edge, arguments, world_.edge_delay);
    case OperationKind::edge_put:
      return store_put(edge, arguments, world_.edge_delay);
    case OperationKind::edge_delete: {
      Outcome outcome = store_delete(edge, arguments, world_.edge_delay);
      return outcome;
    }
    case OperationKind::kv_get:
      return store_get(world_.kv, arguments, world_.kv_delay);
    case OperationKind::kv_put:
      return kv_put(arguments);
    case OperationKind::kv_delete: {
      Outcome outcome = store_delete(world_.kv, arguments, world_.kv_delay);
      outcome.results = nullptr;
      return outcome;
    }
    case OperationKind::kv_list:
      return kv_list(arguments);
    case OperationKind::batch_settle: {
      const std::vector<std::string> acknowledged = arguments.texts();
      const std::vector<std::string> retried = arguments.texts();
      const Millis again(static_cast<std::int64_t>(arguments.u64()) * 1000);
      if (world_.settled) {
        world_.settled(request, acknowledged, retried, again);
      }
      return Outcome();
    }
    // With its fault: the call never arrives.
    case OperationKind::lock_acquire:
      return Outcome();
    case OperationKind::lock_release:
      return lock_release(arguments);
    case OperationKind::request_body:
      return request_body(request, arguments);
    case OperationKind::request_form:
      return request_form(request, arguments);
    case OperationKind::object_run:
      return object_run(arguments);
    case OperationKind::token_verify:
      return token_verify(arguments);
    case OperationKind::rate_limit:
      return rate_limit(arguments);
    case OperationKind::queue_send:
      return queue_send(arguments);
    case OperationKind::queue_backlog:
      return queue_backlog(arguments);
    case OperationKind::kv_get_many:
      return kv_get_many(arguments);
    case OperationKind::analytics_write:
      return analytics_write(arguments);
    case OperationKind::analytics_query:
      return analytics_query(arguments);
    case OperationKind::mail_send:
      return mail_send(arguments);
    case OperationKind::redis_run:
      return redis_run(arguments);
    case OperationKind::r2_get:
      return r2_get(arguments);
    case OperationKind::r2_put:
      return r2_put(arguments);
    case OperationKind::r2_head:
      return r2_head(arguments);
    case OperationKind::r2_delete:
      return r2_delete(arguments);
    case OperationKind::r2_list:
      return r2_list(arguments);
    case OperationKind::body_split:
      return body_split(arguments);
  }
  LARDER_UNREACHABLE();
}

SimulatedHost::Outcome SimulatedHost::park(host::RequestId request, host::OperationId operation,
                                           RecordReader& arguments) {
  const auto id = static_cast<std::uint32_t>(request);
  parked_[id].push_back(operation);
  Outcome outcome;
  outcome.delay = Millis(static_cast<std::int64_t>(arguments.u64()));
  outcome.results = [this, id, operation] {
    // The timer of a wait that was ended early says nothing about the next one.
    std::erase_if(parked_[id], [&](const host::OperationId& parked) {
      return parked.index == operation.index && parked.generation == operation.generation;
    });
    RecordWriter results;
    results.u8(0);
    return std::move(results).take();
  };
  return outcome;
}

void SimulatedHost::wake(host::RequestId request) {
  const std::vector<host::OperationId> parked =
      std::exchange(parked_[static_cast<std::uint32_t>(request)], {});
  for (const host::OperationId& operation : parked) {
    Outcome outcome;
    outcome.results = [] {
      RecordWriter results;
      results.u8(1);
      return std::move(results).take();
    };
    world_.after(Millis(0), [this, request, operation, outcome] { deliver(request, operation, outcome); });
  }
}

SimulatedHost::Outcome SimulatedHost::origin_fetch(host::RequestId request, RecordReader& arguments) {
  OriginRequest wanted;
  wanted.method = arguments.text();
  wanted.url = arguments.text();
  wanted.headers = arguments.pairs();
  const Millis limit(static_cast<std::int64_t>(arguments.u64()));
  const Millis soft(static_cast<std::int64_t>(arguments.u64()));
  const std::uint64_t body_bytes_max = arguments.u64();
  const bool oversize = arguments.u8() == 1;
  wanted.content = content(static_cast<BodyHandle>(arguments.u32()));
  world_.origin_requests.push_back(wanted);
  OriginReply reply = world_.origin(wanted);
  if (wanted.method == "HEAD") {
    // RFC 9110 §9.3.2: it is what is said to GET, without the body.
    reply.content.clear();
  }
  if (reply.silent || reply.delay > limit) {
    reply.delay = limit;
    reply.failure = 1;
  } else if (reply.failure == host::status_ok && reply.content.size() > body_bytes_max && !oversize) {
    reply.failure = 4;
  }
  if (soft > Millis(0) && reply.delay > soft) {
    const std::uint32_t ticket = next_ticket_++;
    resumable_[ticket] = Resumable{world_.now + reply.delay, reply, body_bytes_max};
    Outcome outcome;
    outcome.delay = soft;
    outcome.results = [ticket] {
      RecordWriter results;
      results.u32(ticket);
      results.u32(0);
      results.pairs({});
      results.u8(0);
      results.u32(0);
      results.u64(0);
      return std::move(results).take();
    };
    return outcome;
  }
  (void)request;
  return origin_outcome(reply, body_bytes_max, reply.delay, true);
}

SimulatedHost::Outcome SimulatedHost::origin_resume(host::RequestId, RecordReader& arguments) {
  const auto found = resumable_.find(arguments.u32());
  if (found == resumable_.end()) {
    Outcome outcome;
    outcome.status = 5;
    outcome.message = "There is no such origin request.";
    return outcome;
  }
  const Resumable waiting = std::move(found->second);
  resumable_.erase(found);
  const Millis left = std::max(waiting.at - world_.now, Millis(0));
  return origin_outcome(waiting.reply, waiting.body_bytes_max, left, false);
}

SimulatedHost::Outcome SimulatedHost::origin_outcome(const OriginReply& reply, std::uint64_t body_bytes_max,
                                                     Millis delay, bool with_ticket) {
  Outcome outcome;
  outcome.delay = delay;
  outcome.status = reply.failure;
  if (reply.failure == 1) {
    outcome.message = "The origin gave no whole answer in time.";
  } else if (reply.failure == 4) {
    outcome.message = "The origin's answer is too large.";
  }
  if (outcome.status != host::status_ok) {
    return outcome;
  }
  const BodyHandle body = create_body(reply.content);
  outcome.owned.push_back(body);
  outcome.results = [reply, body, body_bytes_max, with_ticket] {
    RecordWriter results;
    if (with_ticket) {
      results.u32(0);
    }
    results.u32(reply.status);
    results.pairs(reply.headers);
    results.u8(reply.content.size() > body_bytes_max ? 1 : 0);
    results.u32(static_cast<std::uint32_t>(body));
    results.u64(reply.content.size());
    return std::move(results).take();
  };
  return outcome;
}

// The log is read through the data centre's cache.
SimulatedHost::Outcome SimulatedHost::control_read(RecordReader& arguments) {
  const bool direct = arguments.u8() == 1;
  const Millis keep(static_cast<std::int64_t>(arguments.u64()) * 1000);
  auto& [copy, until] = world_.control_copies[data_centre_];
  const bool cached = !direct && world_.now < until;
  if (!cached) {
    const auto document = call_control(world_, records::control::read_number, "");
    if (!document) {
      return failed(2, "control_read failed (RuntimeError).");
    }
    copy = *document;
    until = world_.now + keep;
  }
  Outcome outcome;
  outcome.delay = cached ? world_.edge_delay : world_.lock_delay;
  outcome.results = [document = copy] {
    RecordWriter results;
    results.bytes(document);
    return std::move(results).take();
  };
  return outcome;
}

SimulatedHost::Outcome SimulatedHost::control_append(RecordReader& arguments) {
  const std::string changes = arguments.bytes();
  const Millis keep(static_cast<std::int64_t>(arguments.u64()) * 1000);
  const auto document = call_control(world_, records::control::append_number, changes);
  if (!document) {
    return failed(2, "control_append failed (RuntimeError).");
  }
  if (document->front() == '\0') {
    world_.control_copies[data_centre_] = {*document, world_.now + keep};
  }
  Outcome outcome;
  outcome.delay = world_.lock_delay;
  outcome.results = [document = *document] {
    RecordWriter results;
    results.bytes(document);
    return std::move(results).take();
  };
  return outcome;
}

// Stands for gzip: a marker, and half of the bytes; the whole stays at hand for the way back.
SimulatedHost::Outcome SimulatedHost::body_gzip(RecordReader& arguments) {
  const std::string whole = content(static_cast<BodyHandle>(arguments.u32()));
  std::string packed = concat({"gzip:", to_hex(sim::sha256(whole).substr(0, 8)), ":"});
  packed.append(whole.size() / 2 > packed.size() ? whole.size() / 2 - packed.size() : 0, '~');
  world_.packed[packed] = whole;
  return body_result(std::move(packed), Millis(1));
}

SimulatedHost::Outcome SimulatedHost::body_gunzip(RecordReader& arguments) {
  const auto found = world_.packed.find(content(static_cast<BodyHandle>(arguments.u32())));
  arguments.u64();
  const std::uint64_t bytes_max = arguments.u64();
  if (found != world_.packed.end() && found->second.size() <= bytes_max) {
    return body_result(found->second, Millis(1));
  }
  Outcome outcome;
  outcome.status = found == world_.packed.end() ? 7 : 4;
  outcome.message = found == world_.packed.end() ? "This is no gzip." : "The body is too large unpacked.";
  return outcome;
}

SimulatedHost::Outcome SimulatedHost::body_result(std::string content, Millis delay) {
  const BodyHandle body = create_body(content);
  Outcome outcome;
  outcome.delay = delay;
  outcome.owned.push_back(body);
  outcome.results = [body, size = content.size()] {
    RecordWriter results;
    results.u32(static_cast<std::uint32_t>(body));
    results.u64(size);
    return std::move(results).take();
  };
  return outcome;
}

SimulatedHost::Outcome SimulatedHost::store_get(std::map<std::string, Stored>& store, RecordReader& arguments,
                                                Millis delay) {
  const auto found = store.find(arguments.text());
  const bool present = found != store.end() && found->second.expires > world_.now;
  const Stored stored = present ? found->second : Stored();
  const BodyHandle body = present ? create_body(stored.content) : BodyHandle::none;
  Outcome outcome;
  outcome.delay = delay;
  if (present) {
    outcome.owned.push_back(body);
  }
  outcome.results = [present, stored, body] {
    RecordWriter results;
    results.u8(present ? 1 : 0);
    results.text(stored.header);
    results.u32(static_cast<std::uint32_t>(body));
    results.u64(stored.content.size());
    return std::move(results).take();
  };
  return outcome;
}

SimulatedHost::Outcome SimulatedHost::store_put(std::map<std::string, Stored>& store, RecordReader& arguments,
                                                Millis delay) {
  const std::string key = arguments.text();
  Stored stored;
  stored.header = arguments.text();
  stored.content = content(static_cast<BodyHandle>(arguments.u32()));
  arguments.u64();
  const std::uint64_t keep_seconds = arguments.u64();
  stored.expires = keep_seconds == 0 ? Instant::max()
                                     : world_.now + Millis(static_cast<std::int64_t>(keep_seconds) * 1000);
  store[key] = std::move(stored);
  Outcome outcome;
  outcome.delay = delay;
  return outcome;
}

// KV refuses what is out of its bounds (Cloudflare, read 2026-11): an expiry of less than a minute, metadata
// above 1,024 bytes as JSON, a key above 512 bytes.
SimulatedHost::Outcome SimulatedHost::kv_put(RecordReader& arguments) {
  RecordReader ahead = arguments;
  const bool key_fits = ahead.text().size() <= 512;
  const bool metadata_fits = ahead.text().size() + 2 <= 1024;
  ahead.u32();
  ahead.u64();
  const std::uint64_t keep_seconds = ahead.u64();
  if (key_fits && metadata_fits && (keep_seconds >= 60 || keep_seconds == 0)) {
    return store_put(world_.kv, arguments, world_.kv_delay);
  }
  Outcome outcome;
  outcome.delay = world_.kv_delay;
  outcome.status = 2;
  outcome.message = "kv_put failed (Error).";
  return outcome;
}

SimulatedHost::Outcome SimulatedHost::store_delete(std::map<std::string, Stored>& store,
                                                   RecordReader& arguments, Millis delay) {
  const bool found = store.erase(arguments.text()) == 1;
  Outcome outcome;
  outcome.delay = delay;
  outcome.results = [found] {
    RecordWriter results;
    results.u8(found ? 1 : 0);
    return std::move(results).take();
  };
  return outcome;
}

SimulatedHost::Outcome SimulatedHost::kv_list(RecordReader& arguments) {
  const std::string prefix = arguments.text();
  const std::string cursor = arguments.text();
  const std::size_t count_max = arguments.u32();
  std::vector<std::string> keys;
  std::vector<std::string> headers;
  std::string next;
  for (auto at = world_.kv.upper_bound(cursor); at != world_.kv.end(); ++at) {
    if (at->first.compare(0, prefix.size(), prefix) != 0) {
      continue;
    }
    if (keys.size() == count_max) {
      next = keys.back();
      break;
    }
    keys.push_back(at->first);
    headers.push_back(at->second.header);
  }
  Outcome outcome;
  outcome.delay = world_.kv_delay;
  outcome.results = [keys, headers, next] {
    RecordWriter results;
    results.texts(keys);
    results.texts(headers);
    results.text(next);
    return std::move(results).take();
  };
  return outcome;
}

void SimulatedHost::lock_acquire(host::RequestId request, host::OperationId operation,
                                 RecordReader& arguments, Millis delay) {
  const std::string key = arguments.text();
  const std::string token = arguments.text();
  const Millis keep(static_cast<std::int64_t>(arguments.u64()));
  const Millis wait(static_cast<std::int64_t>(arguments.u64()));
  const std::uint64_t ticket = world_.operations;
  auto settle = [this, request, operation, delay](std::uint8_t lock_outcome, const Stored& value) {
    Outcome outcome;
    if (lock_outcome == SimulatedLock::lock_failed) {
      outcome.status = 2;
      outcome.message = "The lock was reset.";
    }
    const BodyHandle body = lock_outcome == 2 ? create_body(value.content) : BodyHandle::none;
    if (body != BodyHandle::none) {
      outcome.owned.push_back(body);
    }
    outcome.results = [lock_outcome, value, body] {
      RecordWriter results;
      results.u8(lock_outcome);
      results.text(value.header);
      results.u32(static_cast<std::uint32_t>(body));
      results.u64(value.content.size());
      return std::move(results).take();
    };
    world_.after(delay, [this, request, operation, outcome] { deliver(request, operation, outcome); });
  };
  SimulatedLock& lock = world_.locks[key];
  const Millis until_expiry = lock.held_until() - world_.now;
  lock.acquire(world_.now, token, keep, wait, ticket, std::move(settle));
  world_.after(std::min(wait, std::max(until_expiry, Millis(0))), [&lock, ticket] { lock.expire(ticket); });
}

SimulatedHost::Outcome SimulatedHost::lock_release(RecordReader& arguments) {
  const std::string key = arguments.text();
  const std::string token = arguments.text();
  const std::uint8_t verdict = arguments.u8();
  Stored value;
  value.header = arguments.text();
  value.content = content(static_cast<BodyHandle>(arguments.u32()));
  arguments.u64();
  const Millis keep_value(static_cast<std::int64_t>(arguments.u64()));
  const bool held = world_.locks[key].release(world_.now, token, verdict, value, keep_value);
  Outcome outcome;
  outcome.delay = world_.lock_delay;
  outcome.results = [held] {
    RecordWriter results;
    results.u8(held ? 1 : 0);
    return std::move(results).take();
  };
  return outcome;
}

host::HeadHandle SimulatedHost::create_head(const host::HeadParts& parts) {
  // It is lent for as long as the head is kept.
  LARDER_ASSERT(parts.body == BodyHandle::none || bodies_.contains(static_cast<std::uint32_t>(parts.body)));
  const std::uint32_t head = next_head_++;
  heads_[head] = parts;
  return static_cast<host::HeadHandle>(head);
}

void SimulatedHost::release_head(host::HeadHandle head) {
  LARDER_ASSERT(heads_.erase(static_cast<std::uint32_t>(head)) == 1);
}

host::Answer SimulatedHost::written_out(const host::Answer& answer) const {
  if (!answer.kept) {
    return answer;
  }
  const host::KeptAnswer& kept = *answer.kept;
  const auto found = heads_.find(static_cast<std::uint32_t>(kept.head));
  LARDER_ASSERT(found != heads_.end() && found->second.status == answer.status);
  const host::HeadParts& parts = found->second;
  host::Answer whole;
  whole.status = parts.status;
  whole.headers = parts.headers;
  whole.headers.emplace_back("age", to_text(kept.age_seconds));
  whole.headers.emplace_back("cache-status",
                             concat({parts.before_ttl, to_text(kept.ttl_seconds), parts.after_ttl}));
  whole.body = parts.body;
  return whole;
}

const host::HeadParts* SimulatedHost::head_of(const Exchange& exchange) const {
  const auto found = heads_.find(static_cast<std::uint32_t>(exchange.head));
  return found == heads_.end() ? nullptr : &found->second;
}

std::optional<host::Answer> SimulatedHost::repeated_by_lane(const Exchange& first) const {
  const host::HeadParts* const head = head_of(first);
  if (!first.lane || head == nullptr) {
    return std::nullopt;
  }
  host::Answer repeated;
  repeated.status = head->status;
  repeated.kept.emplace();
  repeated.kept->head = first.head;
  repeated.kept->age_seconds = whole_seconds(std::max(world_.now - first.lane->age_since, Millis(0)));
  repeated.kept->ttl_seconds = whole_seconds(first.lane->ttl_until - world_.now);
  return written_out(repeated);
}

void SimulatedHost::respond(host::RequestId request, const host::Answer& given) {
  const host::Answer answer = written_out(given);
  Exchange& exchange = this->exchange(request);
  LARDER_ASSERT(!exchange.answered);
  exchange.answered = true;
  exchange.answered_at = world_.now;
  exchange.status = answer.status;
  exchange.headers = answer.headers;
  exchange.body = content(answer.body);
  if (given.kept) {
    exchange.lane = given.kept->lane;
    exchange.head = given.kept->head;
  }
}

void SimulatedHost::finished(host::RequestId request) { exchange(request).finished = true; }

std::string SimulatedHost::random_bytes(std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) {
    random_state_ = random_state_ * 6364136223846793005 + 1442695040888963407;
    bytes.push_back(static_cast<char>(random_state_ >> 56));
  }
  return bytes;
}

std::string SimulatedHost::sha256(std::string_view bytes) { return sim::sha256(bytes); }
std::string SimulatedHost::body_sha256(BodyHandle body) { return sim::sha256(content(body)); }
std::string SimulatedHost::normal_text(std::string_view text) { return sim::normal_text(text); }

std::string SimulatedHost::lower_text(std::string_view text) { return sim::lower_text(text); }

std::optional<std::string> SimulatedHost::request_header(host::RequestId request, std::string_view name,
                                                         std::size_t bytes_max) {
  const auto value = http::Fields(exchange(request).request_headers).combined(name);
  return value && value->size() <= bytes_max ? value : std::nullopt;
}

TextPairs SimulatedHost::request_fields(host::RequestId request) {
  const http::Fields sent(exchange(request).request_headers);
  std::map<std::string, std::string> fields;
  for (const auto& [name, value] : sent.all()) {
    fields[to_lower(name)] = *sent.combined(name);
  }
  return TextPairs(fields.begin(), fields.end());
}

BodyHandle SimulatedHost::request_stream(host::RequestId request) {
  SentBody& sent = exchange(request).sent;
  const bool has_one = !sent.content.empty() && !std::exchange(sent.taken, true);
  return has_one ? create_body(sent.content) : BodyHandle::none;
}

BodyHandle SimulatedHost::create_body(std::string_view bytes) {
  const std::uint32_t handle = next_body_++;
  bodies_.emplace(handle, bytes);
  return static_cast<BodyHandle>(handle);
}

std::uint64_t SimulatedHost::body_bytes_alive() const {
  std::uint64_t bytes = 0;
  for (const auto& [handle, bytes_of] : bodies_) {
    bytes += bytes_of.size();
  }
  return bytes;
}

std::string SimulatedHost::content(BodyHandle body) const {
  const auto found = bodies_.find(static_cast<std::uint32_t>(body));
  LARDER_ASSERT(body == BodyHandle::none || found != bodies_.end());
  return found == bodies_.end() ? "" : found->second;
}

std::string SimulatedHost::read_body(BodyHandle body, Bytes size, std::size_t padding) {
  std::string bytes = content(body);
  LARDER_ASSERT(bytes.size() == size.count);
  bytes.append(padding, '\0');
  return bytes;
}

BodyHandle SimulatedHost::slice_body(BodyHandle body, Bytes from, Bytes size) {
  const std::string whole = content(body);
  LARDER_ASSERT(from.count + size.count <= whole.size());
  return create_body(std::string_view(whole).substr(static_cast<std::size_t>(from.count),
                                                    static_cast<std::size_t>(size.count)));
}

void SimulatedHost::release_body(BodyHandle body) {
  const std::size_t erased = bodies_.erase(static_cast<std::uint32_t>(body));
  LARDER_ASSERT(erased == 1);
}

void SimulatedHost::log(LogLevel, std::string_view line) { log_lines_.emplace_back(line); }

// SHA-256 (FIPS 180-4)
// -----------------------------------------------------------------------------------------------

namespace {

std::uint32_t rotate(std::uint32_t value, unsigned by) { return (value >> by) | (value << (32 - by)); }

// The first 32 bits of the fractional parts of the cube roots (or square roots) of the first primes.
std::vector<std::uint32_t> root_constants(std::size_t count, unsigned power) {
  std::vector<std::uint32_t> constants;
  for (std::uint64_t candidate = 2; constants.size() < count; ++candidate) {
    bool prime = true;
    for (std::uint64_t divisor = 2; divisor * divisor <= candidate; ++divisor) {
      prime = prime && candidate % divisor != 0;
    }
    if (!prime) {
      continue;
    }
    // The largest r with r^power <= candidate * 2^(32 * power), bit by bit.
    __extension__ using Wide = unsigned __int128;
    Wide root = 0;
    for (int bit = 35; bit >= 0; --bit) {
      const Wide trial = root | (Wide(1) << bit);
      const Wide squared = trial * trial;
      const bool fits =
          power == 2 ? squared <= (Wide(candidate) << 64) : squared <= ((Wide(candidate) << 96) / trial);
      root = fits ? trial : root;
    }
    constants.push_back(static_cast<std::uint32_t>(root));
  }
  return constants;
}

void sha256_block(std::uint32_t (&state)[8], const unsigned char* block) {
  static const std::vector<std::uint32_t> k = root_constants(64, 3);
  std::uint32_t w[64];
  for (unsigned i = 0; i < 16; ++i) {
    w[i] = static_cast<std::uint32_t>(block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 |
                                      block[4 * i + 3]);
  }
  for (unsigned i = 16; i < 64; ++i) {
    const std::uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const std::uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  std::uint32_t v[8];
  std::copy(std::begin(state), std::end(state), std::begin(v));
  for (unsigned i = 0; i < 64; ++i) {
    const std::uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
    const std::uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
    const std::uint32_t t1 = v[7] + s1 + choice + k[i] + w[i];
    const std::uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
    const std::uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
    std::copy_backward(std::begin(v), std::end(v) - 1, std::end(v));
    v[4] += t1;
    v[0] = t1 + s0 + majority;
  }
  for (unsigned i = 0; i < 8; ++i) {
    state[i] += v[i];
  }
}

}  // namespace

std::string sha256(std::string_view bytes) {
  static const std::vector<std::uint32_t> initial = root_constants(8, 2);
  std::uint32_t state[8];
  std::copy(initial.begin(), initial.end(), std::begin(state));
  std::string padded(bytes);
  padded.push_back('\x80');
  padded.append((120 - padded.size() % 64) % 64, '\0');
  for (unsigned i = 0; i < 8; ++i) {
    padded.push_back(static_cast<char>((static_cast<std::uint64_t>(bytes.size()) * 8) >> (56 - 8 * i)));
  }
  for (std::size_t at = 0; at < padded.size(); at += 64) {
    sha256_block(state, reinterpret_cast<const unsigned char*>(padded.data() + at));
  }
  std::string digest;
  for (const std::uint32_t word : state) {
    for (unsigned i = 0; i < 4; ++i) {
      digest.push_back(static_cast<char>(word >> (24 - 8 * i)));
    }
  }
  return digest;
}

}  // namespace larder::sim
