#include "sim/cold_side.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "entry/header.h"
#include "records/calls.h"
#include "records/control_log.h"

namespace larder::sim {

using host::OperationKind;

namespace {

namespace limit = config::limit;

constexpr std::size_t cold_guests = 4;
constexpr std::size_t centres = 2;
constexpr std::size_t days_of_work = 6;
constexpr Millis hour = std::chrono::hours(1);
constexpr std::array<std::string_view, 8> item_ids = {"a", "b", "c", "d", "e", "f", "g", "h"};
constexpr std::string_view cold_prefix = "cold";
// The control log is known everywhere after so long.
constexpr Millis purge_is_known_within{12'000};
// The platform ends work so long after it has come to nothing.
constexpr Millis hang_ends_after{30'000};
constexpr Millis list_behind_max{60'000};
// So large that a year in R2 pays for the way there and back.
constexpr std::size_t body_bytes = 12'000;
constexpr auto cold_items = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "6h", "stale": "365d", "tags": ["item:{id}"],
     "archive": {"minAge": "1h", "maxReads": 1000}}]})";

std::string name_of(std::string_view id) { return concat({cold_prefix, ":item:v3:", id}); }
std::string_view id_of(std::string_view name) { return name.substr(name.rfind(':') + 1); }

std::string cold_body(std::string_view id, std::uint64_t serial) {
  std::string body = concat({id, "|", to_text(serial), "|"});
  body.resize(body_bytes, '.');
  return body;
}
std::optional<std::uint64_t> serial_in(std::string_view body) {
  const std::size_t from = body.find('|');
  const std::size_t to = from == std::string_view::npos ? from : body.find('|', from + 1);
  return to == std::string_view::npos ? std::nullopt : parse_unsigned(body.substr(from + 1, to - from - 1));
}

// When the origin was asked for what it is the header of.
std::optional<Instant> asked_in(std::string_view header) {
  const auto decoded = entry::decode(entry::parse_kept(header).header);
  return decoded ? std::optional(decoded->asked) : std::nullopt;
}

bool is_of_store(OperationKind kind) {
  return kind == OperationKind::kv_get || kind == OperationKind::kv_put || kind == OperationKind::kv_delete ||
         kind == OperationKind::kv_list || kind == OperationKind::r2_get || kind == OperationKind::r2_put ||
         kind == OperationKind::r2_head || kind == OperationKind::r2_delete ||
         kind == OperationKind::r2_list || kind == OperationKind::object_run ||
         kind == OperationKind::queue_send || kind == OperationKind::lock_release;
}
bool is_of_r2(OperationKind kind) {
  return kind == OperationKind::r2_get || kind == OperationKind::r2_put || kind == OperationKind::r2_head ||
         kind == OperationKind::r2_delete || kind == OperationKind::r2_list;
}

}  // namespace

class ColdSide::GuestHost final : public SimulatedHost {
 public:
  GuestHost(World& world, ColdSide& side, std::uint64_t number_, std::size_t data_centre_number_)
      : SimulatedHost(world, std::string(1, static_cast<char>('a' + data_centre_number_))),
        number(number_),
        data_centre_number(data_centre_number_),
        side_(side) {}

  void submit(host::RequestId request, host::OperationId operation, OperationKind kind,
              std::string_view arguments) override {
    const bool is_named =
        kind == OperationKind::r2_put || kind == OperationKind::r2_head || kind == OperationKind::r2_get;
    open_[slot_of(operation)] =
        Open(kind, request, is_named ? RecordReader(arguments).text() : std::string());
    side_.steer(*this, request, kind, arguments);
    std::optional<Fault> fault = side_.draw_fault(*this, request, kind, arguments);
    world_.fault = [&fault](OperationKind) { return fault; };
    SimulatedHost::submit(request, operation, kind, arguments);
    world_.fault = nullptr;
  }
  bool complete_operation(app::App& app, host::RequestId request, host::OperationId operation,
                          host::Completion completion) {
    const auto open = open_.find(slot_of(operation));
    if (open != open_.end()) {
      const Open ending = open->second;
      open_.erase(open);
      side_.completed(*this, ending.request, ending.kind, ending.name);
    }
    return app.complete(request, operation, std::move(completion));
  }
  void respond(host::RequestId request, const host::Answer& answer) override {
    SimulatedHost::respond(request, answer);
    side_.answered(*this, request);
  }
  void finished(host::RequestId request) override {
    side_.asked_.erase(static_cast<std::uint32_t>(request));
    forget(request);
  }
  // It does what it is asked, and nobody hears of it.
  void have_effect(host::RequestId request, OperationKind kind, std::string_view arguments) {
    RecordReader reader(arguments);
    const Outcome outcome = run_operation(request, kind, reader);
    for (const host::BodyHandle body : outcome.owned) {
      release_body(body);
    }
  }

  const std::uint64_t number;
  const std::size_t data_centre_number;

 private:
  struct Open {
    OperationKind kind = OperationKind::kv_get;
    host::RequestId request{};
    std::string name;

    Open() {}
    Open(OperationKind kind_, host::RequestId request_, std::string name_)
        : kind(kind_), request(request_), name(std::move(name_)) {}
  };
  static std::uint64_t slot_of(host::OperationId operation) {
    return (std::uint64_t{operation.index} << 32) | operation.generation;
  }
  Outcome run_operation(host::RequestId request, OperationKind kind, RecordReader& arguments) override;
  Outcome run_kv(host::RequestId request, OperationKind kind, RecordReader& arguments);
  Outcome run_r2(host::RequestId request, OperationKind kind, RecordReader& arguments);

  ColdSide& side_;
  std::map<std::uint64_t, Open> open_;
};

struct ColdSide::Guest {
  Guest(World& world, ColdSide& side, std::uint64_t number, std::size_t data_centre)
      : host(world, side, number, data_centre) {
    app = std::make_unique<app::App>(host);
    host.complete = [this](host::RequestId request, host::OperationId operation,
                           host::Completion completion) {
      return host.complete_operation(*app, request, operation, std::move(completion));
    };
    RecordWriter record;
    record.u8(0);
    TextPairs bindings;
    bindings.emplace_back("CACHE_PREFIX", cold_prefix);
    bindings.emplace_back("LEDGER_SHARDS", "1");
    bindings.emplace_back("LOG_LEVEL", "off");
    record.pairs(bindings);
    record.text(cold_items);
    const std::uint32_t faults = app->start(record.bytes(), "native");
    LARDER_ASSERT(faults == 0);
  }

  GuestHost host;
  std::unique_ptr<app::App> app;
};

// The stores
// -------------------------------------------------------------------------------------------------------

SimulatedHost::Outcome ColdSide::GuestHost::run_operation(host::RequestId request, OperationKind kind,
                                                          RecordReader& arguments) {
  if (is_of_r2(kind)) {
    return run_r2(request, kind, arguments);
  }
  if (kind == OperationKind::queue_send) {
    const std::string binding = arguments.text();
    const std::vector<std::string> messages = arguments.texts();
    const Millis delay(static_cast<std::int64_t>(arguments.u64()) * 1000);
    for (const std::string& body : messages) {
      if (binding == "ARCHIVE_QUEUE") {
        Message message;
        message.body = body;
        message.from = world_.now + delay;
        side_.hold_back(message);
        side_.waiting_[concat({"m", to_text(side_.next_message_++)})] = std::move(message);
      }
    }
    return record_result(world_.object_delay, [](RecordWriter&) {});
  }
  return run_kv(request, kind, arguments);
}

SimulatedHost::Outcome ColdSide::GuestHost::run_kv(host::RequestId request, OperationKind kind,
                                                   RecordReader& arguments) {
  EventualKv& kv = side_.kv_;
  if (kind == OperationKind::kv_get) {
    const auto found = kv.get(world_.now, data_centre_number, arguments.text());
    const std::optional<Stored> stored = found.stored;
    const host::BodyHandle body = stored ? create_body(stored->content) : host::BodyHandle::none;
    Outcome outcome = record_result(world_.kv_delay, [stored, body](RecordWriter& results) {
      results.u8(stored ? 1 : 0);
      results.text(stored ? stored->header : "");
      results.u32(static_cast<std::uint32_t>(body));
      results.u64(stored ? stored->content.size() : 0);
    });
    if (stored) {
      outcome.owned.push_back(body);
    }
    return outcome;
  }
  if (kind == OperationKind::kv_list) {
    // As this data centre sees it, with the bounds of the host's own.
    world_.kv = kv.seen(world_.now, data_centre_number);
    Outcome outcome = SimulatedHost::run_operation(request, kind, arguments);
    world_.kv.clear();
    return outcome;
  }
  if (kind == OperationKind::kv_delete) {
    const std::string name = arguments.text();
    kv.remove(world_.now, data_centre_number, name);
    Outcome outcome;
    outcome.delay = world_.kv_delay;
    return outcome;
  }
  if (kind == OperationKind::kv_put) {
    Outcome outcome = SimulatedHost::run_operation(request, kind, arguments);
    auto written = std::move(world_.kv);
    world_.kv.clear();
    for (auto& [name, stored] : written) {
      side_.judge_put(*this, request, name, stored);
      kv.put(world_.now, data_centre_number, name, std::move(stored));
      side_.judge_stub(name);
      side_.look_late(*this, name);
    }
    return outcome;
  }
  return SimulatedHost::run_operation(request, kind, arguments);
}

SimulatedHost::Outcome ColdSide::GuestHost::run_r2(host::RequestId request, OperationKind kind,
                                                   RecordReader& arguments) {
  RecordReader ahead = arguments;
  if (kind == OperationKind::r2_list) {
    // What came lately may be missing, and what went lately be there.
    const auto now_there = world_.r2;
    for (const auto& [name, from] : side_.listed_from_) {
      if (world_.now < from) {
        world_.r2.erase(name);
        side_.journal_.count(FaultKind::r2_list_behind);
      }
    }
    for (const auto& [name, until] : side_.listed_until_) {
      if (world_.now < until && world_.r2.count(name) == 0 && now_there.count(name) == 0) {
        world_.r2[name] = World::Object();
        side_.journal_.count(FaultKind::r2_list_behind);
      }
    }
    Outcome outcome = SimulatedHost::run_operation(request, kind, arguments);
    world_.r2 = now_there;
    return outcome;
  }
  if (kind == OperationKind::r2_delete) {
    for (const std::string& name : ahead.texts()) {
      if (world_.r2.count(name) == 1 && !side_.healed_) {
        side_.listed_until_[name] = world_.now + side_.random_.between(Millis(0), list_behind_max);
      }
    }
    const std::vector<std::string> names = RecordReader(arguments).texts();
    Outcome outcome = SimulatedHost::run_operation(request, kind, arguments);
    for (const std::string& name : names) {
      side_.judge_stub(name);
    }
    return outcome;
  }
  if (kind == OperationKind::r2_put) {
    const std::string name = ahead.text();
    const std::string header = ahead.text();
    const std::uint64_t puts = world_.r2_puts;
    const auto former = world_.r2.find(name);
    const std::string etag = former == world_.r2.end() ? "" : former->second.etag;
    const std::string before = former == world_.r2.end() ? "" : former->second.header;
    Outcome outcome = SimulatedHost::run_operation(request, kind, arguments);
    LARDER_ASSERT(world_.r2_puts == puts + 1);
    const auto now_there = world_.r2.find(name);
    if (now_there == world_.r2.end() || now_there->second.etag == etag) {
      side_.journal_.reach(Probe::r2_condition_failed);
      return outcome;
    }
    side_.deleted_by_hand_.erase(name);
    if (!side_.healed_) {
      side_.listed_from_[name] = world_.now + side_.random_.between(Millis(0), list_behind_max);
    }
    if (!asked_in(header)) {
      // The mark of what is being deleted.
      side_.judge_stub(name);
    } else if (!before.empty()) {
      side_.judge_object(name, before);
    }
    return outcome;
  }
  return SimulatedHost::run_operation(request, kind, arguments);
}

// Faults ----------------------------------------------------------------------------------------------------

std::optional<Fault> ColdSide::draw_fault(GuestHost& host, host::RequestId request, OperationKind kind,
                                          std::string_view arguments) {
  if (healed_ || weather_ == Weather::fair || !is_of_store(kind)) {
    return std::nullopt;
  }
  Fault fault;
  const bool of_r2 = is_of_r2(kind);
  if (random_.percent(of_r2 ? 3 : 1)) {
    journal_.count(of_r2 ? FaultKind::r2_unreachable : FaultKind::operation_fails);
    fault.status = 2;
    return fault;
  }
  if (random_.percent(of_r2 ? 3 : 1)) {
    journal_.count(of_r2 ? FaultKind::r2_reply_lost : FaultKind::operation_fails_late);
    host.have_effect(request, kind, arguments);
    fault.status = 2;
    return fault;
  }
  if (random_.percent(3)) {
    journal_.count(of_r2 ? FaultKind::r2_slow : FaultKind::operation_slow);
    fault.delay = random_.between(Millis(100), Millis(8'000));
    return fault;
  }
  if (random_.chance(5'000)) {
    journal_.count(FaultKind::completion_lost);
    fault.lost = true;
    world_.after(hang_ends_after, [this, number = host.number, request] {
      if (Guest* const guest = guest_of(number)) {
        guest->app->abandon(request);
        guest->host.finished(request);
      }
    });
    return fault;
  }
  return std::nullopt;
}

// Rare situations, brought about where there is an occasion.
void ColdSide::steer(const GuestHost& host, host::RequestId request, OperationKind kind,
                     std::string_view arguments) {
  if (healed_) {
    return;
  }
  if (kind == OperationKind::r2_put && random_.percent(30)) {
    // Somebody reads, and so renews, what is being copied.
    const std::string id(id_of(RecordReader(arguments).text()));
    for (std::size_t place = 0; place < guests_.size(); ++place) {
      if (guests_[place]->host.data_centre_number == host.data_centre_number &&
          guests_[place]->host.number != host.number) {
        world_.after(Millis(1), [this, place, id] { visit(place, id); });
        return;
      }
    }
  }
  if (kind == OperationKind::r2_get && asked_.count(static_cast<std::uint32_t>(request)) == 1 &&
      random_.percent(25)) {
    // A purge of what is about to come back; then others ask for it.
    const std::string id(id_of(RecordReader(arguments).text()));
    journal_.reach(Probe::cold_purge_at_return);
    world_.after(random_.between(Millis(1), world_.r2_delay + Millis(20)), [this, id] { purge(id); });
    for (std::size_t place = 0; place < guests_.size(); ++place) {
      world_.after(random_.between(Millis(15'000), Millis(80'000)), [this, place, id] { visit(place, id); });
    }
  }
}

void ColdSide::completed(GuestHost& host, host::RequestId request, OperationKind kind,
                         const std::string& name) {
  const bool is_about_object = kind == OperationKind::r2_put || kind == OperationKind::r2_head;
  if (is_about_object) {
    const Stored* const seen = kv_.peek(world_.now, host.data_centre_number, name);
    const auto asked = seen == nullptr ? std::nullopt : asked_in(seen->header);
    seen_while_copied_[{static_cast<std::uint32_t>(request), name}] = asked.value_or(Instant());
  }
  const bool may_crash = !healed_ && weather_ == Weather::foul && is_of_store(kind);
  if (may_crash && random_.chance(4'000)) {
    world_.after(Millis(0), [this, number = host.number] {
      for (std::size_t place = 0; place < guests_.size() && !healed_; ++place) {
        if (guests_[place]->host.number == number) {
          journal_.count(FaultKind::isolate_crash);
          hire(place);
          return;
        }
      }
    });
  }
}

// The judgement of what happens ---------------------------------------------------------------------------

bool ColdSide::is_purged(const std::string& name, Instant asked) const {
  return std::any_of(purges_.begin(), purges_.end(),
                     [&](const Purge& purge) { return purge.id == id_of(name) && asked <= purge.at; });
}

const Stored* ColdSide::kept(const std::string& name) const {
  const Stored* const newest = kv_.newest(name);
  return newest != nullptr && newest->expires > world_.now ? newest : nullptr;
}

bool ColdSide::is_stub(const std::string& name) const {
  const Stored* const stored = kept(name);
  return stored != nullptr && entry::parse_kept(stored->header).place == entry::BodyPlace::cold;
}

// A stub leads to an object, which is no older.
void ColdSide::judge_stub(const std::string& name) {
  if (!is_stub(name) || deleted_by_hand_.count(name) == 1) {
    return;
  }
  const auto asked = asked_in(kept(name)->header);
  if (!asked || is_purged(name, *asked)) {
    return;
  }
  const auto object = world_.r2.find(name);
  if (object == world_.r2.end()) {
    journal_.violate(Invariant::cold_unreadable, name, "its stub leads to no object");
    return;
  }
  const auto serial = serial_in(object->second.content);
  if (!serial || object->second.content != cold_body(id_of(name), *serial)) {
    journal_.violate(Invariant::cold_unreadable, name, "its object is not whole");
  } else if (asked_in(object->second.header).value_or(Instant()) < *asked) {
    journal_.violate(Invariant::cold_older, name, "its object is older than what its stub tells of");
  }
}

void ColdSide::judge_put(const GuestHost& host, host::RequestId request, const std::string& name,
                         const Stored& stored) {
  if (contains(name, "::")) {
    return;
  }
  if (!name.starts_with(concat({cold_prefix, ":"}))) {
    journal_.violate(Invariant::wrong_tenant, name, "stored under a name without the tenant's prefix");
    return;
  }
  const bool becomes_stub = entry::parse_kept(stored.header).place == entry::BodyPlace::cold;
  journal_.note(world_.now, name, becomes_stub ? "becomes a stub" : "is stored",
                static_cast<std::uint32_t>(host.number), static_cast<std::uint32_t>(request));
  if (!becomes_stub) {
    if (is_stub(name)) {
      journal_.reach(Probe::cold_replaced);
    }
    return;
  }
  journal_.reach(Probe::cold_archived);
  const auto seen = seen_while_copied_.find({static_cast<std::uint32_t>(request), name});
  const auto asked = asked_in(stored.header);
  if (seen != seen_while_copied_.end() && asked && *asked < seen->second) {
    journal_.violate(Invariant::cold_older, name,
                     "a stub takes the place of what had changed while it was copied");
  }
}

// R2 has another object under the name, in place of one with this header.
void ColdSide::judge_object(const std::string& name, const std::string& header) {
  const auto before = asked_in(header);
  const auto after = asked_in(world_.r2.at(name).header);
  if (before && (!after || *after < *before)) {
    journal_.violate(Invariant::cold_older, name, "an older object takes the place of a newer one");
  }
}

void ColdSide::answered(const GuestHost& host, host::RequestId request) {
  const auto asked = asked_.find(static_cast<std::uint32_t>(request));
  if (asked == asked_.end()) {
    return;
  }
  const std::string id = asked->second;
  const auto& exchange = const_cast<GuestHost&>(host).exchange(request);
  const std::string name = name_of(id);
  const std::string status = exchange.header("cache-status");
  journal_.note(world_.now, name, "is answered", static_cast<std::uint32_t>(host.number),
                static_cast<std::uint32_t>(request), exchange.status);
  if (contains(status, "detail=cold")) {
    journal_.reach(Probe::cold_hit);
  }
  if (exchange.status != 200) {
    journal_.violate(Invariant::refused_without_cause, name,
                     concat({"refused with ", to_text(std::uint64_t{exchange.status}), " (", status,
                             ") while its origin is well"}));
    return;
  }
  const auto serial = serial_in(exchange.body);
  const auto said = serial ? said_.find(*serial) : said_.end();
  if (said == said_.end() || exchange.body != cold_body(said->second.id, *serial)) {
    journal_.violate(Invariant::made_up, name, "no origin said what it is answered");
  } else if (said->second.id != id) {
    journal_.violate(Invariant::wrong_key, name, concat({"the content of ", said->second.id}));
  } else {
    for (const Purge& purge : purges_) {
      if (purge.id == id && said->second.asked < purge.at && world_.now > purge.at + purge_is_known_within) {
        journal_.violate(Invariant::cold_resurrected, name,
                         concat({"purged ", to_text((world_.now - purge.at).count()),
                                 " ms ago, and answered (", status, ") with what the origin said before"}));
        return;
      }
    }
  }
}

// Work ------------------------------------------------------------------------------------------------------

ColdSide::ColdSide(Random random, Journal& journal, Weather weather)
    : random_(random), journal_(journal), weather_(weather), kv_(random_, centres) {
  // Long enough that something may happen while a value is copied.
  world_.r2_delay = Millis(100);
  world_.origin = [this](const OriginRequest& asked) {
    OriginReply reply;
    reply.headers = {{"content-type", "application/octet-stream"}};
    reply.delay = Millis(20);
    if (is_origin_down_) {
      reply.failure = 2;
      return reply;
    }
    const std::uint64_t serial = said_.size() + 1;
    Said& said = said_[serial];
    said.id = asked.url.substr(asked.url.rfind('/') + 1);
    said.asked = world_.now;
    reply.content = cold_body(said.id, serial);
    world_.origin_requests.clear();
    return reply;
  };
  world_.settled = [this](host::RequestId request, const std::vector<std::string>& acknowledged,
                          const std::vector<std::string>& retried,
                          Millis delay) { settled(request, acknowledged, retried, delay); };
  guests_.resize(cold_guests);
  for (std::size_t place = 0; place < guests_.size(); ++place) {
    hire(place);
  }
}

ColdSide::~ColdSide() {
  for (const auto& guest : guests_) {
    guest->host.stop();
  }
}

// The former one is lost with all that it had under way.
void ColdSide::hire(std::size_t place) {
  if (guests_[place]) {
    guests_[place]->host.stop();
    lost_.push_back(std::move(guests_[place]));
  }
  guests_[place] = std::make_unique<Guest>(world_, *this, ++guests_hired_, place % centres);
}

ColdSide::Guest* ColdSide::guest_of(std::uint64_t number) {
  for (const auto& guest : guests_) {
    if (guest->host.number == number) {
      return guest.get();
    }
  }
  return nullptr;
}

void ColdSide::visit(std::size_t place, std::string id) {
  Guest& guest = *guests_[place];
  const auto request = static_cast<host::RequestId>(next_request_++);
  RecordWriter record;
  record.text("GET");
  record.text(concat({"/items/", id}));
  asked_[static_cast<std::uint32_t>(request)] = std::move(id);
  if (guest.app->fetch(request, record.bytes())) {
    guest.host.finished(request);
  }
}

void ColdSide::trigger(std::string cron) {
  Guest& guest = *guests_[random_.index(guests_.size())];
  RecordWriter record;
  record.text(std::move(cron));
  record.u64(0);
  guest.app->scheduled(static_cast<host::RequestId>(next_request_++), record.bytes());
}

// A message that is due goes to somebody. False: none is.
bool ColdSide::deliver() {
  const auto due = std::find_if(waiting_.begin(), waiting_.end(),
                                [this](const auto& item) { return item.second.from <= world_.now; });
  if (due == waiting_.end()) {
    return false;
  }
  const std::string id = due->first;
  Message message = std::move(due->second);
  waiting_.erase(due);
  hand_over(id, std::move(message), random_.index(guests_.size()));
  return true;
}

void ColdSide::hand_over(const std::string& id, Message message, std::size_t place) {
  ++message.attempts;
  RecordWriter record;
  record.text("archive-queue");
  record.u32(1);
  record.text(id);
  record.u32(message.attempts);
  record.text(message.body);
  under_way_[id] = std::move(message);
  guests_[place]->app->queue(static_cast<host::RequestId>(next_request_++), record.bytes());
  // Nobody hears of a consumer that was lost: the platform gives its message to another.
  world_.after(Millis(200'000), [this, id] {
    const auto lost = under_way_.find(id);
    if (lost != under_way_.end()) {
      journal_.reach(Probe::cold_step_lost);
      waiting_[id] = std::move(lost->second);
      under_way_.erase(lost);
    }
  });
}

// Some second looks at objects come a second time: days late, or when a move of the same entry has just
// ended.
void ColdSide::hold_back(const Message& message) {
  constexpr std::size_t held_back_max = 32;
  const bool may_be = !healed_ && weather_ == Weather::foul && contains(message.body, "look-again");
  if (may_be && held_back_.size() < held_back_max) {
    held_back_.push_back(message);
  }
}

// An entry has become a stub, which its own data centre sees and no other one does yet. The lock that keeps
// others away forgets that with its object, and somebody elsewhere looks at what was once an orphan.
void ColdSide::look_late(const GuestHost& host, const std::string& name) {
  if (healed_ || !is_stub(name) || !random_.percent(50)) {
    return;
  }
  const auto names_it = [&](const Message& message) {
    return contains(message.body, concat({"\"", name, "\""}));
  };
  const auto found = std::find_if(held_back_.begin(), held_back_.end(), names_it);
  const std::size_t place = (host.data_centre_number + 1) % centres;
  if (found == held_back_.end()) {
    return;
  }
  journal_.count(FaultKind::second_look_late);
  const Message message = *found;
  held_back_.erase(found);
  world_.after(Millis(1), [this, message, name, place] {
    const std::string lock_name = concat({"cold:", name});
    for (auto& [key, lock] : world_.locks) {
      if (key.ends_with(lock_name)) {
        journal_.count(FaultKind::object_reset);
        lock.reset();
      }
    }
    hand_over(concat({"m", to_text(next_message_++)}), message, place);
  });
}

void ColdSide::settled(host::RequestId, const std::vector<std::string>& acknowledged,
                       const std::vector<std::string>& retried, Millis delay) {
  for (const std::string& id : acknowledged) {
    const auto found = under_way_.find(id);
    if (found == under_way_.end()) {
      continue;
    }
    if (!healed_ && weather_ == Weather::foul && random_.percent(10)) {
      journal_.count(FaultKind::message_again);
      waiting_[id] = found->second;
    }
    under_way_.erase(found);
  }
  for (const std::string& id : retried) {
    const auto found = under_way_.find(id);
    if (found != under_way_.end()) {
      found->second.from = world_.now + delay;
      waiting_[id] = std::move(found->second);
      under_way_.erase(found);
    }
  }
}

void ColdSide::work_off(std::size_t rounds) {
  for (std::size_t round = 0; round < rounds && !stopped(); ++round) {
    while (deliver()) {
    }
    world_.run_for(Millis(20'000));
    world_.now = std::max(world_.now, world_.now + Millis(1'000));
    if (waiting_.empty() && under_way_.empty()) {
      return;
    }
  }
}

void ColdSide::purge(const std::string& id) {
  if (healed_ && !is_origin_down_ && purges_.size() > 1'000) {
    return;
  }
  const std::vector<config::Purge> purges = {
      config::Purge(config::PurgeKind::tag, concat({"item:", id}), config::PurgeMode::hard)};
  append_control(world_, records::control_changes(purges));
  Purge one;
  one.id = id;
  one.at = world_.now;
  purges_.push_back(std::move(one));
  journal_.note(world_.now, name_of(id), "a purge");
}

// Readers, operators, and at its end the archiver; then some days in which nobody comes.
void ColdSide::day() {
  const std::size_t visits = 4 + random_.index(12);
  for (std::size_t i = 0; i < visits; ++i) {
    // Few keys get most of the requests, and some days one gets none.
    const std::string id(item_ids[random_.index(1 + random_.index(item_ids.size()))]);
    world_.after(random_.between(Millis(0), hour),
                 [this, place = random_.index(guests_.size()), id] { visit(place, id); });
  }
  if (random_.percent(30)) {
    world_.after(random_.between(Millis(0), hour),
                 [this, id = std::string(item_ids[random_.index(item_ids.size())])] { purge(id); });
  }
  world_.run();
  trigger("*/5 * * * *");
  world_.run();
  // Isolates do not live for days, and edges forget.
  for (std::size_t place = 0; place < guests_.size(); ++place) {
    if (random_.percent(70)) {
      hire(place);
    }
  }
  world_.edge.clear();
  world_.now += random_.between(26 * hour, 60 * hour);
  if (random_.percent(10) && !world_.r2.empty()) {
    const auto gone =
        std::next(world_.r2.begin(), static_cast<std::ptrdiff_t>(random_.index(world_.r2.size())));
    journal_.count(FaultKind::r2_object_gone);
    deleted_by_hand_[gone->first] = world_.now;
    world_.r2.erase(gone);
  }
  trigger("0 2 * * *");
  // Some read while it works.
  const std::size_t readers = random_.index(4);
  for (std::size_t i = 0; i < readers; ++i) {
    const std::string id(item_ids[random_.index(item_ids.size())]);
    world_.after(random_.between(Millis(0), Millis(3'000)),
                 [this, place = random_.index(guests_.size()), id] { visit(place, id); });
  }
  world_.run_for(Millis(200));
  work_off(8 + random_.index(20));
  trigger("*/5 * * * *");
  world_.run();
}

// The end ---------------------------------------------------------------------------------------------------

std::optional<records::ArchiveRun> ColdSide::last_run() {
  records::archive::show_arguments asked;
  asked.count_max = 1;
  const auto shown =
      ask<records::archive::show_results>(world_.durable.at("ARCHIVE"), world_.now, std::string(cold_prefix),
                                          records::archive::show_number, asked);
  return shown && !shown->runs.empty() ? std::optional(shown->runs.front()) : std::nullopt;
}

void ColdSide::finish_runs() {
  for (int i = 0; i < 6 && !stopped(); ++i) {
    work_off(40);
    world_.now += limit::cold_quiet + Millis(1);
    trigger("*/5 * * * *");
    world_.run();
  }
  work_off(40);
  const auto last = last_run();
  if (last && last->state == static_cast<std::uint8_t>(records::RunState::running)) {
    journal_.violate(Invariant::cold_unfinished, "", "the last run of the archiver does not end");
  }
}

void ColdSide::judge_leftovers() {
  for (const auto& [name, object] : world_.r2) {
    if (!is_stub(name)) {
      journal_.violate(Invariant::cold_orphan, name, "its object is there without a stub");
    }
  }
  for (const std::string_view id : item_ids) {
    const std::string name = name_of(id);
    if (is_stub(name) && world_.r2.count(name) == 0) {
      journal_.violate(Invariant::cold_orphan, name, "its stub is there without an object");
    }
  }
}

// Purged, and five minutes later neither store has it.
void ColdSide::judge_purges() {
  std::vector<std::string> purged;
  for (const std::string_view id : item_ids) {
    if (is_stub(name_of(id)) && purged.size() < 2) {
      purge(std::string(id));
      purged.emplace_back(name_of(id));
    }
  }
  for (int i = 0; i < 2; ++i) {
    world_.now += Millis(300'000);
    trigger("*/5 * * * *");
    world_.run();
  }
  for (const std::string& name : purged) {
    if (kept(name) != nullptr || world_.r2.count(name) == 1) {
      journal_.violate(
          Invariant::cold_orphan, name,
          kept(name) != nullptr ? "its stub outlives its purge" : "its object outlives its purge");
    }
  }
}

// Without its origin, and for isolates that know nothing, all that is kept is answered as it was kept.
void ColdSide::judge_readers() {
  is_origin_down_ = true;
  world_.edge.clear();
  world_.now += EventualKv::behind_max + EventualKv::cached_for;
  for (std::size_t place = 0; place < guests_.size(); ++place) {
    hire(place);
  }
  for (const std::string_view id : item_ids) {
    const std::string name = name_of(id);
    const Stored* const stored = kept(name);
    const auto asked = stored == nullptr ? std::nullopt : asked_in(stored->header);
    if (asked && !is_purged(name, *asked)) {
      visit(random_.index(guests_.size()), std::string(id));
      world_.run();
    }
  }
}

void ColdSide::run() {
  for (std::size_t i = 0; i < days_of_work && !stopped(); ++i) {
    day();
  }
  healed_ = true;
  // What is later than all else comes when all is well again.
  for (Message& message : held_back_) {
    waiting_[concat({"m", to_text(next_message_++)})] = std::move(message);
  }
  held_back_.clear();
  world_.run();
  world_.now += list_behind_max + EventualKv::behind_max + EventualKv::cached_for;
  for (std::size_t place = 0; place < guests_.size() && !stopped(); ++place) {
    hire(place);
  }
  finish_runs();
  // A run that finds the locks of the last one taken leaves what it finds to the next.
  for (int i = 0; i < 2 && !stopped(); ++i) {
    world_.now += 26 * hour;
    trigger("0 2 * * *");
    world_.run();
    finish_runs();
    const auto last = last_run();
    if (!stopped() && (!last || last->state != static_cast<std::uint8_t>(records::RunState::complete))) {
      journal_.violate(Invariant::cold_unfinished, "",
                       concat({"a run of the archiver fails while all is well: ", last ? last->fault : ""}));
    }
  }
  if (!stopped()) {
    judge_leftovers();
  }
  if (!stopped()) {
    judge_purges();
  }
  if (!stopped()) {
    judge_readers();
  }
  for (const auto& guest : guests_) {
    if (!stopped() &&
        (guest->app->requests_in_flight() != 0 || guest->host.bodies_alive() != guest->app->bodies_held())) {
      journal_.violate(Invariant::handle_leaked, "",
                       "a guest of cold storage has handles or requests left over");
    }
  }
}

}  // namespace larder::sim
