#include "sim/epoch.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "entry/header.h"
#include "json/json_text.h"
#include "records/control_log.h"
#include "sim/books.h"
#include "sim/cold_side.h"

namespace larder::sim {

using host::OperationKind;

namespace {

// The platform ends work so long after it has come to nothing.
constexpr Millis platform_patience{30'000};

bool is_put(OperationKind kind) { return kind == OperationKind::edge_put || kind == OperationKind::kv_put; }
bool is_lock(OperationKind kind) {
  return kind == OperationKind::lock_acquire || kind == OperationKind::lock_release;
}
// These have a time limit of their own, which the host keeps.
bool is_timed(OperationKind kind) {
  return kind == OperationKind::park || kind == OperationKind::origin_fetch ||
         kind == OperationKind::origin_resume;
}

// Its time limit is the host's.
bool is_look_up(OperationKind kind) {
  return kind == OperationKind::edge_get || kind == OperationKind::kv_get;
}

std::string first_text(std::string_view arguments) { return RecordReader(arguments).text(); }

// The header as another version of the program would have written it.
std::string of_other_schema(const std::string& header) {
  auto record = from_base64url(header).value_or("");
  if (!record.empty()) {
    // Twice is no way back.
    record[0] = 1;
  }
  return to_base64url(record);
}

}  // namespace

Epoch::Epoch(Random& random, Journal& journal)
    : random_(random),
      journal_(journal),
      origins_(random, journal),
      judge_(world_, origins_, journal),
      tenants_(1 + random.index(tenants_max)),
      data_centres_(1 + random.index(3)),
      kv_(random, data_centres_),
      warming_(world_, random, journal, *this),
      records_(world_, random, journal),
      warms_(random.percent(40)),
      // Where operators warm, readers leave them some of the steps.
      gap_mean_(random.between(Millis(20), Millis(400)) * (warms_ ? 8 : 1)) {
  journal_.begin_epoch();
  world_.origin = [this](const OriginRequest& asked) { return ask_origin(asked); };
  memory_bytes_ = random_.percent(30) ? 2'000 + random_.below(10'000) : 1'000'000;
  draw_rates();
  stores_well_ =
      rates_.fails + rates_.fails_late + rates_.slow + rates_.lost + rates_.again + rates_.meddling == 0;
  const std::size_t isolates = 2 + random_.index(5);
  for (std::size_t i = 0; i < isolates; ++i) {
    start_isolate(i % tenants_, random_.index(data_centres_));
  }
}

Epoch::~Epoch() {
  for (Node& node : nodes_) {
    node.host->stop();
  }
}

// One epoch in four is without faults: there every rule is at its strictest. Operators are always at work.
// The kinds take turns, so that every run of four epochs has seen them all.
void Epoch::draw_rates() {
  const std::uint64_t weather = journal_.epochs() % 4;
  if (random_.percent(60)) {
    rates_.purges = static_cast<std::uint32_t>(random_.below(8'000));
  }
  if (random_.percent(60)) {
    rates_.switches = static_cast<std::uint32_t>(random_.below(6'000));
  }
  if (weather == 0) {
    return;
  }
  const auto rate = [this](std::uint32_t most) {
    return random_.percent(30) ? 0 : static_cast<std::uint32_t>(random_.below(most));
  };
  rates_.misfortune = rate(60'000);
  rates_.affliction = rate(8'000);
  owed_.slow_origin = true;
  owed_.failing_origin = true;
  if (weather == 1) {
    return;
  }
  owed_.lost_leader = true;
  owed_.crashed_holder = true;
  owed_.edge_eviction = true;
  rates_.fails = rate(20'000);
  rates_.fails_late = rate(10'000);
  rates_.slow = rate(20'000);
  rates_.lost = rate(3'000);
  rates_.again = rate(60'000);
  rates_.crash = rate(1'000);
  rates_.ended = rate(2'000);
  rates_.meddling = rate(40'000);
}

void Epoch::start_isolate(std::size_t tenant, std::size_t data_centre) {
  Node node;
  node.host = std::make_unique<FaultyHost>(world_, *this, next_isolate_++, tenant, data_centre);
  node.app = std::make_unique<app::App>(*node.host);
  FaultyHost* const host = node.host.get();
  app::App* const app = node.app.get();
  host->complete = [host, app](host::RequestId request, host::OperationId operation,
                               host::Completion completion) {
    return host->complete_operation(*app, request, operation, std::move(completion));
  };
  RecordWriter record;
  record.u8(0);
  TextPairs bindings = warming_.bindings();
  bindings.emplace_back("CACHE_PREFIX", tenant_names[tenant]);
  bindings.emplace_back("CACHE_COMPRESS_THRESHOLD", "1024");
  bindings.emplace_back("CACHE_MEMORY_BYTES", to_text(memory_bytes_));
  bindings.emplace_back("LOG_LEVEL", "off");
  bindings.emplace_back("LEDGER_SHARDS", "0");
  bindings.emplace_back("OPENLIBRARY_URL", library_url(tenant));
  record.pairs(bindings);
  record.text(declarations_of(tenant));
  const std::uint32_t faults = app->start(record.bytes(), "native");
  LARDER_ASSERT(faults == 0);
  nodes_.push_back(std::move(node));
}

Epoch::Node* Epoch::node_of(std::uint32_t number) {
  for (Node& node : nodes_) {
    if (node.host->number == number) {
      return &node;
    }
  }
  return nullptr;
}

void Epoch::noticed(const FaultyHost& host, const ClientRequest* client, std::string_view what,
                    std::int64_t value) {
  // What goes on for a request that is over concerns no key's story.
  std::string_view teller = "(ended)";
  std::uint32_t id = 0;
  if (client != nullptr) {
    teller = client->key;
    id = static_cast<std::uint32_t>(client->id);
  } else if (warming_.is_errand(at_work_)) {
    teller = "(warming)";
    id = static_cast<std::uint32_t>(at_work_);
  }
  journal_.note(world_.now, teller, what, host.number, id, value);
}

// Isolates that vanish, requests that the platform ends
// ----------------------------------------------------------------------------------

void Epoch::crash(std::uint32_t number) {
  Node* const node = node_of(number);
  if (node == nullptr || healed_) {
    return;
  }
  journal_.count(FaultKind::isolate_crash);
  journal_.note(world_.now, "", "crashes", number);
  for (const auto& [id, client] : node->host->clients) {
    if (client.granted) {
      journal_.reach(Probe::holder_crashed);
    }
  }
  const std::size_t tenant = node->host->tenant;
  const std::size_t data_centre = node->host->data_centre_number;
  node->host->stop();
  node->host->clients.clear();
  node->app.reset();
  warming_.lost_isolate(number);
  graves_.push_back(std::move(node->host));
  nodes_.erase(nodes_.begin() + (node - nodes_.data()));
  start_isolate(tenant, data_centre);
}

void Epoch::end_request(std::uint32_t number, host::RequestId id) {
  Node* const node = node_of(number);
  if (node != nullptr && warming_.lost_request(id)) {
    journal_.count(FaultKind::request_ended);
    journal_.note(world_.now, "(warming)", "is ended by the platform", number,
                  static_cast<std::uint32_t>(id));
    node->app->abandon(id);
    node->host->forget(id);
    return;
  }
  ClientRequest* const ended = node == nullptr ? nullptr : node->host->client(id);
  if (ended == nullptr) {
    return;
  }
  journal_.count(FaultKind::request_ended);
  noticed(*node->host, ended, "is ended by the platform");
  const std::string key = ended->key;
  const bool led = !ended->answered;
  bool followed = false;
  node->host->clients.erase(static_cast<std::uint32_t>(id));
  for (auto& [other, client] : node->host->clients) {
    if (client.key == key) {
      client.neighbour_ended = true;
      followed = followed || !client.answered;
    }
  }
  if (led && followed) {
    journal_.reach(Probe::leader_lost);
  }
  node->app->abandon(id);
  node->host->forget(id);
}

// Operations
// ---------------------------------------------------------------------------------------------------

std::optional<Fault> Epoch::starting(FaultyHost& host, host::RequestId request, OperationKind kind,
                                     std::string_view arguments) {
  journal_.count(kind);
  ClientRequest* const client = host.client(request);
  at_work_ = request;
  warming_.starting(request);
  noticed(host, client, name_of(kind));
  asking_host_ = &host;
  asking_ = client;
  if (client != nullptr) {
    if (kind == OperationKind::edge_get && !client->looks_up_since) {
      judge_.look_up(host, *client);
      client->looks_up_since = world_.now;
    }
    if (kind == OperationKind::edge_get) {
      const auto& edge = world_.edge[host.data_centre()];
      const auto found = edge.find(first_text(arguments));
      store_read(found == edge.end() ? "" : found->second.header, client->key);
    }
    if (kind == OperationKind::body_gunzip && !client->answered) {
      client->looks_up_since.reset();
      client->unpacks_since = world_.now;
      judge_.decides(host, *client);
    }
  }
  if (kind == OperationKind::origin_resume) {
    journal_.reach(Probe::resumed);
  }
  if (is_put(kind)) {
    const FaultyHost::Put put = host.put_of(arguments);
    judge_.store(host, put.key, put.stored);
  }
  if (kind == OperationKind::lock_acquire && client != nullptr) {
    client->lock_name = first_text(arguments);
    client->lock_asked_at = client->told_to_retry ? client->lock_asked_at : world_.now;
    judge_.lock_asked(host, *client, client->lock_name);
  }
  return healed_ ? std::nullopt : draw_fault(host, client, kind, arguments);
}

std::optional<Fault> Epoch::draw_fault(FaultyHost& host, ClientRequest* client, OperationKind kind,
                                       std::string_view arguments) {
  Fault fault;
  const std::string name = is_lock(kind) ? first_text(arguments) : "";
  const auto disturb = [&](FaultKind what, std::string_view text) {
    journal_.count(what);
    noticed(host, client, text);
    if (is_lock(kind)) {
      judge_.lock_disturbed(name);
    }
    if (kind == OperationKind::control_read) {
      host.control_trouble_at = world_.now;
    }
  };
  // Settling a batch is no call of anybody's: it cannot fail (shim/operations/queue.js).
  if (kind == OperationKind::park || kind == OperationKind::batch_settle) {
    return std::nullopt;
  }
  // What warming does is seldom beside what readers do.
  if (random_.chance(warming_.is_errand(at_work_) ? 5 * rates_.fails : rates_.fails)) {
    disturb(FaultKind::operation_fails, "… fails");
    if (is_put(kind)) {
      journal_.reach(Probe::store_failed);
    }
    if (is_timed(kind)) {
      origins_.note_trouble(host.tenant, world_.now);
    }
    fault.status = 1 + static_cast<std::uint32_t>(random_.below(3));
    return fault;
  }
  if (!is_timed(kind) && random_.chance(rates_.fails_late)) {
    disturb(FaultKind::operation_fails_late, "… has its effect and fails");
    host.have_effect(host::RequestId{0}, kind, arguments);
    fault.status = 2;
    return fault;
  }
  if (kind == OperationKind::object_run && random_.chance(5 * rates_.fails)) {
    journal_.count(FaultKind::object_trap);
    RecordReader reader(arguments);
    const std::string binding = reader.text();
    world_.durable.at(binding).store(reader.text()).writes_until_trap = random_.below(20);
    return std::nullopt;
  }
  // Locks are where being late matters most.
  const std::uint32_t slow = kind == OperationKind::lock_acquire ? 4 * rates_.slow : rates_.slow;
  if (!is_timed(kind) && random_.chance(slow)) {
    disturb(FaultKind::operation_slow, "… is slow");
    fault.delay = random_.between(Millis(100), Millis(8'000));
    if (client != nullptr) {
      client->held_up += is_look_up(kind) ? std::min(fault.delay, config::limit::tier_patience) : fault.delay;
    }
    if (client != nullptr && kind == OperationKind::lock_acquire) {
      client->lock_late = true;
      // It may come into a lock whose time is over: then others should be about.
      for (int i = 0; i < 3; ++i) {
        world_.after(fault.delay, [this, subject = client->subject] { visit(subject, Millis(400)); });
      }
    }
    return fault;
  }
  const bool is_of_somebody = client != nullptr || warming_.is_errand(at_work_);
  if (is_of_somebody && !is_timed(kind) && random_.chance(rates_.lost)) {
    disturb(FaultKind::completion_lost, "… will never complete");
    fault.lost = true;
    if (client != nullptr && is_look_up(kind)) {
      client->held_up += config::limit::tier_patience;
    }
    if (is_look_up(kind) || kind == OperationKind::object_run) {
      return fault;
    }
    if (client != nullptr) {
      client->hangs = true;
    }
    world_.after(platform_patience, [this, number = host.number, id = at_work_] { end_request(number, id); });
    return fault;
  }
  if (is_put(kind) && random_.chance(rates_.again)) {
    world_.after(
        random_.between(Millis(20), Millis(20'000)),
        [this, host_of = &host, kind, put = host.put_of(arguments)] { put_again(*host_of, kind, put); });
  }
  return std::nullopt;
}

void Epoch::put_again(FaultyHost& host, OperationKind kind, FaultyHost::Put put) {
  if (healed_) {
    return;
  }
  journal_.count(FaultKind::put_again);
  journal_.note(world_.now, put.key, "a put arrives again", host.number);
  if (kind == OperationKind::kv_put) {
    const Stored* const newest = kv_.newest(put.key);
    if (newest != nullptr && newest->header != put.stored.header) {
      journal_.reach(Probe::put_overtaken);
    }
    kv_.put(world_.now, host.data_centre_number, put.key, std::move(put.stored));
  } else {
    world_.edge[host.data_centre()][put.key] = std::move(put.stored);
  }
}

void Epoch::started(OperationKind kind, std::string_view arguments) {
  if (kind != OperationKind::lock_acquire) {
    return;
  }
  RecordReader reader(arguments);
  const std::string name = reader.text();
  const std::string token = reader.text();
  const SimulatedLock& lock = world_.locks[name];
  if (lock.holder() == token && world_.now < lock.held_until()) {
    judge_.lock_granted(name, token, lock.held_until());
  }
}

void Epoch::lock_released(const FaultyHost& host, const std::string& lock, const std::string& token,
                          const Release& release) {
  if (release.verdict == 2) {
    judge_.store(host, std::string(Judge::lock_key(lock)), release.value);
  }
  judge_.lock_released(lock, token, release);
}

void Epoch::completing(FaultyHost& host, host::RequestId request, OperationKind kind,
                       const host::Completion& completion) {
  journal_.count_step();
  ClientRequest* const client = host.client(request);
  // Whose request is over hears of nothing.
  const bool is_heard = client != nullptr || warming_.is_errand(request);
  at_work_ = request;
  noticed(host, client, completion.status == host::status_ok ? "… completes" : "… failed",
          static_cast<std::int64_t>(kind));
  if (kind == OperationKind::lock_acquire && is_heard) {
    host.lock_failures = completion.status == host::status_ok ? 0 : host.lock_failures + 1;
  }
  if (kind == OperationKind::lock_acquire && client != nullptr) {
    if (completion.status != host::status_ok) {
      client->lock_failed = true;
    } else {
      const std::uint8_t outcome = RecordReader(completion.bytes).u8();
      noticed(host, client, "the lock's outcome is", outcome);
      client->granted = client->granted || outcome == 1;
      client->handed_value = outcome == 2;
      client->told_alone = outcome == 3;
      client->told_to_retry = outcome == 0;
      if (outcome == 0) {
        journal_.reach(client->lock_name.starts_with("refresh:") ? Probe::refresh_locked : Probe::lock_retry);
      } else if (outcome == 2) {
        journal_.reach(Probe::lock_value);
      } else if (outcome == 3) {
        journal_.reach(Probe::lock_alone);
      }
    }
  }
  if (is_heard && (kind == OperationKind::origin_fetch || kind == OperationKind::origin_resume)) {
    RecordReader results(completion.bytes);
    const bool answered =
        completion.status == host::status_ok && (kind == OperationKind::origin_resume || results.u32() == 0);
    const std::uint32_t status = answered ? results.u32() : 0;
    const bool is_of_origin = client == nullptr || !is_ailing(client->subject);
    // What takes longer than the soft time may count as slow, which opens a breaker as well.
    if (is_of_origin) {
      const std::size_t resource = client == nullptr ? resource_rows.size() - 1 : client->subject.resource;
      host.heard(resource, client == nullptr ? nullptr : &client->subject,
                 !answered || status == 429 || status >= 500);
    }
  }
  if (kind == OperationKind::body_gunzip && client != nullptr && completion.status != host::status_ok) {
    client->unpack_failed = true;
  }
  if (kind == OperationKind::control_read && completion.status == host::status_ok && is_heard) {
    const auto log = records::read_control_log(RecordReader(completion.bytes).bytes());
    host.sequence_known = std::max(host.sequence_known, log ? log->sequence : 0);
  }
  if (healed_) {
    return;
  }
  // Between this operation and the next.
  const bool holds = client != nullptr && client->granted && !client->answered;
  const bool leads = client != nullptr && client->looks_up_since && !client->answered;
  const bool is_owed_crash = owed_.crashed_holder && holds && kind == OperationKind::lock_acquire;
  const bool is_owed_loss = owed_.lost_leader && leads && has_followers(host, *client);
  if (is_owed_crash || random_.chance(rates_.crash)) {
    owed_.crashed_holder = owed_.crashed_holder && !is_owed_crash;
    world_.after(Millis(0), [this, number = host.number] { crash(number); });
  } else if (is_owed_loss || (is_heard && random_.chance(rates_.ended))) {
    owed_.lost_leader = owed_.lost_leader && !is_owed_loss;
    world_.after(Millis(0), [this, number = host.number, id = request] { end_request(number, id); });
  }
}

void Epoch::answered(FaultyHost& host, ClientRequest& client) {
  const auto& exchange = host.exchange(client.id);
  const std::string status = exchange.header("cache-status");
  client.cache_status = status;
  noticed(host, &client, "is answered", exchange.status);
  const auto has = [&](std::string_view part) { return contains(status, part); };
  if (has("; hit")) {
    journal_.reach(has("detail=memory") ? Probe::memory_hit
                   : has("detail=edge") ? Probe::edge_hit
                                        : Probe::kv_hit);
  }
  if (has("collapsed")) {
    journal_.reach(Probe::answer_collapsed);
  }
  if (has("other-variant")) {
    journal_.reach(Probe::other_variant);
  }
  if (has("; hit") && has("ttl=-")) {
    journal_.reach(Probe::stale_served);
  }
  if (has("stale-if-error")) {
    journal_.reach(Probe::stale_if_error);
  }
  if (has("slow-origin")) {
    journal_.reach(Probe::slow_origin);
  }
  if (has("origin-down")) {
    journal_.reach(Probe::breaker_open);
  }
  if (exchange.header("content-encoding") == "gzip") {
    journal_.reach(Probe::gzip_as_stored);
  } else if (client.unpacks_since && !client.unpack_failed) {
    journal_.reach(Probe::gunzipped);
  }
  if (exchange.lane) {
    journal_.reach(Probe::lane_offered);
  }
  judge_.answer(host, client);
}

void Epoch::store_read(const std::string& header, const std::string& place) {
  const auto found = planted_.find(concat({place, header}));
  if (found != planted_.end()) {
    journal_.reach(found->second);
  }
}

std::optional<Stored> Epoch::kv_read(FaultyHost& host, const std::string& key) {
  const EventualKv::Found found = kv_.get(world_.now, host.data_centre_number, key);
  if (found.behind) {
    journal_.reach(found.stored ? Probe::kv_behind : Probe::kv_negative_cached);
  }
  if (found.stored) {
    store_read(found.stored->header, key);
  }
  return found.stored;
}

void Epoch::kv_remove(FaultyHost& host, const std::string& key) {
  kv_.remove(world_.now, host.data_centre_number, key);
}

void Epoch::kv_write(FaultyHost& host, const std::string& key, Stored stored) {
  stored_at_[key] = world_.now;
  kv_.put(world_.now, host.data_centre_number, key, std::move(stored));
}

void Epoch::errand_finished(FaultyHost& host, host::RequestId request) { warming_.finished(host, request); }

void Epoch::queue_sent(host::RequestId, const std::string& binding, const std::vector<std::string>& messages,
                       Millis delay) {
  warming_.queue_sent(binding, messages, delay);
}

Stage::Place Epoch::draw_isolate(std::size_t tenant) {
  std::vector<Node*> candidates;
  for (Node& node : nodes_) {
    if (node.host->tenant == tenant) {
      candidates.push_back(&node);
    }
  }
  LARDER_ASSERT(!candidates.empty());
  const Node* const node = candidates[random_.index(candidates.size())];
  return Place{node->host.get(), node->app.get()};
}

bool Epoch::is_kept(std::string_view query, std::size_t id) const {
  Subject subject;
  subject.tenant = WarmingSide::tenant;
  while (subject.row().query != query) {
    ++subject.resource;
  }
  subject.id = id;
  const std::string key = storage_name_of(subject);
  const Stored* const kept = kv_.newest(key);
  const auto header = entry::decode(kept == nullptr ? std::string() : kept->header);
  return (header && header->kind == entry::Kind::positive) || meddled_.count(key) == 1;
}

host::RequestId Epoch::next_request() { return host::RequestId{next_request_++}; }

// Origins
// ------------------------------------------------------------------------------------------------------

OriginReply Epoch::ask_origin(const OriginRequest& asked) {
  LARDER_ASSERT(asking_host_ != nullptr);
  world_.origin_requests.clear();
  if (asking_ == nullptr) {
    warming_asks(subject_asked(asked.url));
  }
  OriginReply reply = origins_.answer(world_.now, asked, asking_ == nullptr ? "" : asking_->accept_language);
  const std::uint64_t serial = origins_.last_serial();
  if (reply.status == 304) {
    journal_.reach(Probe::revalidated);
  }
  if (asking_ != nullptr) {
    if (asking_->answered) {
      journal_.reach(Probe::refreshed);
    } else if (asking_->lock_name.empty() &&
               world_.now - asking_->began >= config::limit::single_flight_wait) {
      journal_.reach(Probe::follower_gave_up);
    }
    noticed(*asking_host_, asking_, "asks the origin and will hear its answer number",
            static_cast<std::int64_t>(serial));
    judge_.origin_call(*asking_host_, *asking_, serial);
  }
  if (serial != 0 && !healed_ && random_.percent(10)) {
    plan_boundary_visit(*origins_.said(serial));
  }
  const std::uint32_t haste = reply.delay > Millis(1'200) ? 60 : 2;
  if (serial != 0 && random_.chance(rates_.purges * haste)) {
    // While the answer is under way.
    journal_.reach(Probe::purge_in_flight);
    world_.after(random_.between(Millis(1), reply.delay / 3 + Millis(1)),
                 [this, subject = origins_.said(serial)->subject] { purge(subject); });
  }
  return reply;
}

// Work on a queue's batch asks in its turn, and not for what all data centres must have by now.
void Epoch::warming_asks(const Subject& subject) {
  if (!warming_.is_errand(at_work_)) {
    return;
  }
  // The look-up was before the wait for a turn and for the lock.
  constexpr Millis waited{30'000};
  const std::string key = storage_name_of(subject);
  warming_.asked_origin(key);
  const Stored* const kept = kv_.newest(key);
  const auto stored = stored_at_.find(key);
  const auto header = entry::decode(kept == nullptr ? std::string() : kept->header);
  if (!stores_well_ || !header || stored == stored_at_.end()) {
    return;
  }
  const bool is_fresh =
      header->kind == entry::Kind::positive && world_.now < header->created + header->fresh_for;
  const bool is_everywhere =
      stored->second + EventualKv::behind_max + EventualKv::cached_for + waited < world_.now;
  if (is_fresh && is_everywhere && !judge_.purged_lately(subject, header->asked - Millis(2'000))) {
    journal_.violate(Invariant::asked_again, key,
                     concat({"warming asks for ", key, ", which is fresh in KV for ",
                             to_text((world_.now - stored->second).count()), " ms"}));
  }
}

// Somebody comes by at the very end of a lifetime, or just past it.
void Epoch::plan_boundary_visit(const Said& said) {
  // Books outlive an epoch.
  constexpr Millis soon{1'000'000};
  constexpr std::array offsets = {Millis(-1), Millis(0), Millis(1), Millis(300), Millis(900)};
  const std::array ends = {said.fresh, said.fresh + said.stale, said.fresh + said.error};
  const Instant at = said.affirmed.back().arrived - said.age + ends[random_.index(ends.size())] +
                     offsets[random_.index(offsets.size())];
  if (at > world_.now && at < world_.now + soon) {
    world_.after(at - world_.now, [this, subject = said.subject] {
      if (!healed_) {
        visit(subject, Millis(0));
      }
    });
  }
}

// Clients
// ------------------------------------------------------------------------------------------------------

// Few keys get most of the requests.
Subject Epoch::draw_subject() {
  Subject subject;
  subject.tenant = random_.index(tenants_);
  if (warms_ && random_.percent(50)) {
    subject.resource = plain_resources + random_.index(resource_rows.size() - plain_resources);
    subject.id = random_.index(1 + random_.index(book_subjects(subject.row().query)));
    return subject;
  }
  subject.resource = random_.index(plain_resources);
  subject.id = random_.index(1 + random_.index(1 + random_.index(ids)));
  if (subject.row().name == "item" && random_.percent(30)) {
    subject.language = random_.index(languages.size());
  }
  return subject;
}

void Epoch::visit(const Subject& subject, Millis within) {
  std::vector<std::uint32_t> candidates;
  for (const Node& node : nodes_) {
    if (node.host->tenant == subject.tenant) {
      candidates.push_back(node.host->number);
    }
  }
  if (candidates.empty()) {
    return;
  }
  const std::uint32_t number = candidates[random_.index(candidates.size())];
  world_.after(random_.between(Millis(0), within),
               [this, number, subject] { request(number, subject, Visit()); });
}

void Epoch::arrive() {
  if (healed_) {
    return;
  }
  const Subject subject = draw_subject();
  if (random_.percent(8)) {
    const std::size_t count = 2 + random_.index(12);
    const Millis within(random_.percent(50) ? 0 : 60);
    for (std::size_t i = 0; i < count; ++i) {
      visit(subject, within);
    }
  } else {
    visit(subject, Millis(0));
  }
  if (random_.percent(6)) {
    change_the_world();
  }
  pay_what_is_owed();
  if (random_.chance(2'000)) {
    harass();
  }
  if (random_.chance(rates_.meddling)) {
    meddle();
  }
  if (random_.chance(rates_.purges)) {
    purge(draw_subject());
  }
  if (random_.chance(rates_.switches)) {
    switch_something();
  }
  // Now and then nobody comes for a while.
  const Millis gap = random_.chance(3'000) ? random_.between(Millis(3'000), Millis(90'000))
                                           : random_.between(Millis(0), gap_mean_ * 2);
  world_.after(gap, [this] { arrive(); });
}

void Epoch::request(std::uint32_t number, const Subject& subject, const Visit& visit) {
  Node* const node = node_of(number);
  const bool is_last = visit.is_final || visit.warmed_work;
  if (node == nullptr || (healed_ && !is_last)) {
    return;
  }
  journal_.count_step();
  journal_.count_request();
  const host::RequestId id = next_request();
  FaultyHost& host = *node->host;
  ClientRequest client;
  client.id = id;
  client.subject = subject;
  client.key = storage_name_of(subject);
  client.began = world_.now;
  client.sequence_known = host.sequence_known;
  client.final_read = visit.is_final;
  client.warmed_work = visit.warmed_work;
  client.takes_gzip = random_.percent(50);
  client.url = url_of(subject);
  subjects_seen_.emplace(client.key, subject);
  TextPairs headers;
  if (client.takes_gzip) {
    headers.emplace_back("accept-encoding", "gzip");
  }
  if (subject.row().http) {
    client.accept_language = languages[random_.index(languages.size())];
    if (!client.accept_language.empty()) {
      headers.emplace_back("accept-language", client.accept_language);
    }
    if (random_.percent(2)) {
      client.authorized = true;
      headers.emplace_back("authorization", "Bearer somebody");
    }
  } else if (!is_last && random_.percent(2)) {
    headers.emplace_back("if-none-match", "*");
  }
  const std::string method = !visit.warmed_work && random_.percent(3) ? "HEAD" : "GET";
  client.wants_no_body = method == "HEAD" && subject.row().http;
  const bool conditional = std::any_of(headers.begin(), headers.end(),
                                       [](const auto& field) { return field.first == "if-none-match"; });
  if (method == "GET" && !conditional && repeat(host, client)) {
    return;
  }
  host.exchange(id).request_headers = std::move(headers);
  noticed(host, &client, "arrives");
  host.clients.emplace(static_cast<std::uint32_t>(id), std::move(client));
  RecordWriter record;
  record.text(method);
  record.text(url_of(subject));
  if (node->app->fetch(id, record.bytes())) {
    host.finished(id);
  } else {
    watch_deadline(number, id);
  }
}

// The host answers by itself, where the app has left it an answer.
bool Epoch::repeat(FaultyHost& host, ClientRequest& client) {
  const SimulatedHost::Exchange* const answer = host.repeated(client.url);
  if (answer == nullptr) {
    return false;
  }
  journal_.reach(Probe::lane_repeated);
  host.exchange(client.id) = *answer;
  client.answered = true;
  client.cache_status = answer->header("cache-status");
  noticed(host, &client, "is answered by a lane", answer->status);
  judge_.answer(host, client);
  host.forget(client.id);
  return true;
}

// Looks again whenever the deadline has moved in the meantime.
void Epoch::watch_deadline(std::uint32_t number, host::RequestId id) {
  const Node* const node = node_of(number);
  ClientRequest* const client = node == nullptr ? nullptr : node->host->client(id);
  if (client == nullptr || client->answered || client->hangs) {
    return;
  }
  const Instant deadline = judge_.deadline(*node->host, *client);
  if (world_.now > deadline) {
    judge_.overdue(*node->host, *client);
    return;
  }
  world_.after(deadline - world_.now + Millis(1), [this, number, id] { watch_deadline(number, id); });
}

// The world
// ----------------------------------------------------------------------------------------------------

void Epoch::change_the_world() {
  origins_.change(draw_subject());
  if (random_.percent(20)) {
    // Whatever was asked for last is hot.
    const auto at = subjects_seen_.empty()
                        ? subjects_seen_.end()
                        : std::next(subjects_seen_.begin(),
                                    static_cast<std::ptrdiff_t>(random_.index(subjects_seen_.size())));
    if (at != subjects_seen_.end()) {
      origins_.change(at->second);
    }
  }
  origins_.misfortune = rates_.misfortune;
  if (random_.chance(rates_.affliction * 10)) {
    const auto condition = static_cast<Condition>(1 + random_.below(6));
    afflict(condition, random_.between(Millis(1'000), Millis(random_.percent(30) ? 400'000 : 40'000)));
  }
}

void Epoch::afflict(Condition condition, Millis lasts) {
  origins_.afflict(random_.index(tenants_), condition, world_.now + lasts);
  journal_.note(world_.now, "", "an origin suffers", 0, 0, static_cast<std::int64_t>(condition));
}

// What needs no more than a moment when something is stored. The rest waits for a leader or a holder to come
// by (completing()).
void Epoch::pay_what_is_owed() {
  constexpr std::size_t stored_at_least = 20;
  if (subjects_seen_.size() < stored_at_least) {
    return;
  }
  auto& edge = world_.edge[FaultyHost::data_centre_name(random_.index(data_centres_))];
  if (owed_.edge_eviction && !edge.empty()) {
    owed_.edge_eviction = false;
    const auto evicted = std::next(edge.begin(), static_cast<std::ptrdiff_t>(random_.index(edge.size())));
    journal_.count(FaultKind::edge_eviction);
    journal_.note(world_.now, evicted->first, "is evicted at an edge");
    edge.erase(evicted);
  }
  // One after the other, in an order of chance.
  constexpr Millis lasts{40'000};
  bool& first = random_.percent(50) ? owed_.slow_origin : owed_.failing_origin;
  if (first && random_.percent(5)) {
    afflict(&first == &owed_.slow_origin ? Condition::slow : Condition::errors, lasts);
    first = false;
  }
}

bool Epoch::has_followers(const FaultyHost& host, const ClientRequest& leader) const {
  return std::any_of(host.clients.begin(), host.clients.end(), [&](const auto& other) {
    return other.second.key == leader.key && other.second.id != leader.id && !other.second.answered;
  });
}

// Somebody asks an isolate 20 times a second for what fails, while others ask it for what does not.
void Epoch::harass() {
  constexpr Millis pause{50};
  constexpr int times = 120;
  constexpr int times_to_others = 20;
  Subject ailing;
  ailing.tenant = random_.index(tenants_);
  ailing.resource = random_.percent(40) ? 0 : random_.index(plain_resources);
  ailing.id = ailing.resource == 0 && random_.percent(60) ? told_id : failing_id;
  const Place place = draw_isolate(ailing.tenant);
  for (int i = 0; i < times; ++i) {
    world_.after(pause * i,
                 [this, ailing, number = place.host->number] { request(number, ailing, Visit()); });
  }
  for (int i = 0; i < times_to_others; ++i) {
    Subject other = ailing;
    other.id = random_.index(ids);
    world_.after(random_.between(Millis(0), pause * times),
                 [this, other, number = place.host->number] { request(number, other, Visit()); });
  }
}

// What other programs, other versions and broken machines do to what is shared.
void Epoch::meddle() {
  if (subjects_seen_.empty()) {
    return;
  }
  const auto any = [this] {
    return std::next(subjects_seen_.begin(),
                     static_cast<std::ptrdiff_t>(random_.index(subjects_seen_.size())))
        ->first;
  };
  const std::string key = any();
  if (random_.percent(15)) {
    journal_.count(FaultKind::lock_reset);
    journal_.note(world_.now, key, "its lock is reset");
    for (auto& [name, lock] : world_.locks) {
      if (Judge::lock_key(name) == key) {
        judge_.lock_reset(name);
        lock.reset();
      }
    }
    return;
  }
  const bool at_edge = random_.percent(50);
  auto& edge = world_.edge[FaultyHost::data_centre_name(random_.index(data_centres_))];
  const auto find = [&](const std::string& name) -> const Stored* {
    if (!at_edge) {
      return kv_.newest(name);
    }
    const auto found = edge.find(name);
    return found == edge.end() ? nullptr : &found->second;
  };
  const Stored* const own = find(key);
  if (own == nullptr) {
    return;
  }
  Stored stored = *own;
  Probe probe = Probe::corrupt_ignored;
  switch (random_.below(4)) {
    case 0:
      if (at_edge) {
        journal_.count(FaultKind::edge_eviction);
        journal_.note(world_.now, key, "is evicted at an edge");
        edge.erase(key);
      }
      return;
    case 1:
      journal_.count(FaultKind::entry_of_other_schema);
      probe = Probe::other_schema_ignored;
      stored.header = of_other_schema(stored.header);
      stored.content.replace(0, std::min<std::size_t>(12, stored.content.size()), "other-schema");
      break;
    case 2: {
      const std::string other = any();
      const Stored* const others = find(other);
      if (others == nullptr || other == key) {
        return;
      }
      journal_.count(FaultKind::entry_of_other_key);
      probe = Probe::other_key_ignored;
      stored = *others;
      break;
    }
    default:
      journal_.count(FaultKind::entry_corrupt);
      if (random_.percent(50)) {
        stored.header.resize(random_.index(stored.header.size() + 1));
      } else {
        stored.content.resize(random_.index(stored.content.size() + 1));
        stored.header += stored.content.empty() ? "" : "=";
      }
      break;
  }
  journal_.note(world_.now, key, "is meddled with");
  meddled_.insert(key);
  planted_[concat({key, stored.header})] = probe;
  if (at_edge) {
    edge[key] = std::move(stored);
  } else {
    kv_.replace(key, std::move(stored));
  }
  // Somebody should see it.
  for (int i = 0; i < 2; ++i) {
    visit(subjects_seen_.at(key), Millis(3'000));
  }
}

// An operator's change: the log has it at once, and so has the data centre that it came through.
void Epoch::append_to_log(const std::string& change) {
  std::string document = append_control(world_, change);
  const std::string data_centre = FaultyHost::data_centre_name(random_.index(data_centres_));
  world_.control_copies[data_centre] = {std::move(document), world_.now + config::limit::control_copy_kept};
}

void Epoch::purge(const Subject& subject) {
  if (healed_) {
    return;
  }
  const std::string key = storage_name_of(subject);
  const auto tags = tags_of(subject);
  const std::size_t field = key.rfind(':');
  using config::PurgeKind;
  const std::array<std::pair<PurgeKind, std::string>, 7> choices = {
      {{PurgeKind::key, key},
       {PurgeKind::key, key},
       {PurgeKind::tag, tags[1]},
       {PurgeKind::tag, tags[0]},
       {PurgeKind::prefix, key.substr(0, field + 2)},
       {PurgeKind::pattern, concat({"*", std::string_view(key).substr(field - 2)})},
       {PurgeKind::all, ""}}};
  const auto& [kind, text] = choices[random_.index(choices.size())];
  const bool soft = random_.percent(30);
  append_to_log(records::control_changes(
      std::vector{config::Purge(kind, text, soft ? config::PurgeMode::soft : config::PurgeMode::hard)}));
  judge_.purged(std::string(config::to_text(kind)), text, soft, control_sequence(world_));
  journal_.reach(soft ? Probe::purge_soft : Probe::purge_hard);
  journal_.note(world_.now, "", "a purge", 0, 0, static_cast<std::int64_t>(control_sequence(world_)));
}

void Epoch::switch_something() {
  constexpr std::array<std::string_view, 4> settings = {"ENABLE_SWR", "ENABLE_NEGATIVE_CACHE",
                                                        "ENABLE_STAMPEDE_PROTECTION", "FEATURE_CACHE"};
  // Without a cache nothing is warmed.
  const std::size_t rare = warms_ && random_.percent(80) ? 1 : 0;
  // As often on as off, so that every setting is seen both ways.
  const bool back = !switched_off_.empty() && random_.percent(60);
  const std::string setting(back ? switched_off_[random_.index(switched_off_.size())]
                                 : settings[random_.index(settings.size() - rare)]);
  const auto off = std::find(switched_off_.begin(), switched_off_.end(), setting);
  const bool on = off != switched_off_.end();
  if (on) {
    switched_off_.erase(off);
  } else {
    switched_off_.push_back(setting);
  }
  append_to_log(records::control_changes(TextPairs{{setting, on ? "" : "false"}}));
  judge_.switched(setting, on, control_sequence(world_));
  journal_.reach(Probe::setting_switched);
  // A note keeps a view of a text that lasts.
  journal_.note(world_.now, "", *std::find(settings.begin(), settings.end(), setting));
  journal_.note(world_.now, "", on ? "a setting is switched on" : "a setting is switched off");
}

// The end
// ------------------------------------------------------------------------------------------------------

void Epoch::run(std::uint64_t steps_end) {
  arrive();
  if (warms_) {
    const bool bad = rates_.fails + rates_.again + rates_.misfortune > 0;
    WarmingSide::Rates rates;
    rates.again = bad && random_.percent(60) ? 100'000 : 0;
    rates.lost = bad && random_.percent(40) ? 100'000 : 0;
    warming_.begin(rates);
  }
  RecordsSide::Rates rates;
  rates.fails = 3 * rates_.fails;
  rates.fails_late = 30 * rates_.fails_late;
  rates.lost = 10 * rates_.lost;
  rates.late = 30 * rates_.fails_late;
  rates.traps = 3 * rates_.fails;
  rates.crash = rates_.crash;
  records_.begin(rates);
  const auto weather = rates_.fails + rates_.slow + rates_.lost + rates_.again > 0 ? RedisSide::Weather::foul
                                                                                   : RedisSide::Weather::fair;
  // With a copy of the run's chance, which it leaves as it was.
  RedisSide(random_, journal_, weather).run();
  while (!stopped() && journal_.steps() < steps_end && world_.step(Instant::max())) {
  }
  if (stopped()) {
    return;
  }
  heal();
  settle();
  records_.judge();
  if (warms_) {
    finish_warming();
  }
  // Whatever was kept while things were bad is past every lifetime now.
  Millis longest{0};
  for (std::size_t i = 0; i < (warms_ ? resource_rows.size() : plain_resources); ++i) {
    const ResourceRow& row = resource_rows[i];
    longest = std::max(longest, row.fresh + std::max(row.stale, row.error));
  }
  world_.now += longest + EventualKv::behind_max + EventualKv::cached_for;
  read_everything();
  settle();
  records_.judge_roll_ups();
  if (!stopped()) {
    const auto cold_weather =
        weather == RedisSide::Weather::foul ? ColdSide::Weather::foul : ColdSide::Weather::fair;
    ColdSide(random_, journal_, cold_weather).run();
  }
}

void Epoch::heal() {
  healed_ = true;
  rates_ = Rates();
  origins_.heal();
  warming_.heal();
  records_.heal();
  for (const std::string& setting : switched_off_) {
    append_to_log(records::control_changes(TextPairs{{setting, ""}}));
    judge_.switched(setting, true, control_sequence(world_));
  }
  journal_.note(world_.now, "", "all faults stop");
}

// Until nothing is under way: then nothing may be left over.
void Epoch::settle() {
  while (!stopped() && world_.step(Instant::max())) {
  }
  for (const Node& node : nodes_) {
    const FaultyHost& host = *node.host;
    const std::size_t in_flight = node.app->requests_in_flight();
    const std::size_t alive = host.bodies_alive();
    const std::size_t kept = node.app->bodies_held();
    if (in_flight != 0 || alive != kept) {
      journal_.violate(
          Invariant::handle_leaked, "",
          concat({"isolate ", to_text(std::uint64_t{host.number}), ": ", to_text(std::uint64_t{in_flight}),
                  " requests in flight, ", to_text(std::uint64_t{alive}), " bodies alive where memory holds ",
                  to_text(std::uint64_t{kept})}));
    }
    JsonWriter status;
    node.app->registry().write_status(status);
    if (contains(status.text(), "\"evictions\":") && !contains(status.text(), "\"evictions\":0")) {
      journal_.reach(Probe::memory_evicted);
    }
    if (host.body_bytes_alive() > memory_bytes_) {
      journal_.violate(Invariant::memory_budget, "",
                       concat({"isolate ", to_text(std::uint64_t{host.number}), " keeps ",
                               to_text(host.body_bytes_alive()), " bytes"}));
    }
  }
}

// Jobs come to their end; then whoever was warmed is a hit, for somebody who has nothing yet.
void Epoch::finish_warming() {
  while (!stopped() && warming_.go_on()) {
    settle();
  }
  world_.now += EventualKv::behind_max + EventualKv::cached_for;
  start_isolate(WarmingSide::tenant, random_.index(data_centres_));
  std::set<std::string> seen;
  for (const WarmingJudge::Warmed& warmed : warming_.judge().warmed()) {
    if (!stopped() && seen.insert(warmed.name).second) {
      read_warmed(warmed);
    }
  }
  settle();
}

void Epoch::read_warmed(const WarmingJudge::Warmed& warmed) {
  const auto& works = the_library().works;
  std::string query(by_author);
  std::string text = warmed.name;
  if (warmed.is_entry) {
    const auto fields = json::JsonText::parse(warmed.name);
    text = fields ? fields->text("q") : "";
    query = book_number(by_isbn, text) ? by_isbn : by_title;
  }
  for (const std::size_t work : works_about(query, book_number(query, text).value())) {
    for (std::size_t resource = plain_resources; resource < resource_rows.size(); ++resource) {
      Subject subject;
      subject.tenant = WarmingSide::tenant;
      subject.resource = resource;
      const std::string_view by = subject.row().query;
      // Of a list's entry that one, of an author all but their own.
      if (by != by_author && (query == by_author || query == by)) {
        subject.id = book_number(by, by == by_title ? works[work].title : works[work].isbn).value();
        read_work(subject, work, warmed.since);
      }
    }
  }
}

void Epoch::read_work(const Subject& subject, std::size_t work, Instant since) {
  // What an author's works were made of may be so old when it is used.
  constexpr Millis made_before{400'000};
  if (meddled_.count(storage_name_of(subject)) == 1 || judge_.purged_lately(subject, since - made_before)) {
    return;
  }
  Visit visit;
  visit.warmed_work = work;
  request(nodes_.back().host->number, subject, visit);
  while (!stopped() && world_.step(Instant::max())) {
  }
}

void Epoch::read_everything() {
  const auto subjects = subjects_seen_;
  for (const auto& [key, subject] : subjects) {
    for (std::size_t i = 0; i < nodes_.size() && !stopped(); ++i) {
      if (nodes_[i].host->tenant == subject.tenant) {
        Visit visit;
        visit.is_final = true;
        request(nodes_[i].host->number, subject, visit);
        while (!stopped() && world_.step(Instant::max())) {
        }
      }
    }
  }
}

}  // namespace larder::sim
