#include "sim/redis_side.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/pause.h"

namespace larder::sim {

namespace {

namespace limit = config::limit;
using Mood = SimulatedRedis::Mood;

constexpr std::size_t guests_at_work = 4;
constexpr std::size_t turns = 400;
// The second is a part of the first's beginning: whoever takes prefixes for tenants mixes them up.
constexpr std::array<std::string_view, 2> tenants = {"red", "redder"};
// Names that a pattern of SCAN would take for others.
constexpr std::array<std::string_view, 5> title_ids = {"a", "a*", "ab", "a?b", "[ab]"};
constexpr Millis keep{4'000};
// Both attempts of a round trip, and what the server itself takes.
constexpr Millis round_trip = 2 * (limit::redis_connect_wait + limit::redis_command_wait) + Millis(200);

tiers::Key key_of(const std::string& name) {
  entry::Key key;
  key.full = name;
  key.storage_name = name;
  key.pattern = "title";
  key.proof = name;
  return tiers::Key(std::move(key), tiers::TierSet::all());
}

tiers::EntryPtr entry_of(host::Host& host, const std::string& name, std::string_view body) {
  entry::Header header;
  header.content_type = "text/plain";
  header.created = host.now();
  header.asked = host.now();
  header.body_asked = host.now();
  header.fresh_for = std::chrono::hours(24);
  header.stored_size = Bytes(body.size());
  header.body_size = Bytes(body.size());
  header.key = name;
  return std::make_shared<const tiers::Entry>(std::move(header), host::Body::from_bytes(host, body));
}

bool is_note(std::string_view name) { return contains(name, "::"); }

}  // namespace

class RedisSide::GuestHost final : public SimulatedHost {
 public:
  GuestHost(World& world, RedisSide& side) : SimulatedHost(world), side_(side) {}

  void submit(host::RequestId request, host::OperationId operation, host::OperationKind kind,
              std::string_view arguments) override {
    std::optional<Fault> fault;
    if (kind == host::OperationKind::redis_run) {
      fault = side_.draw_fault(*this, request, arguments);
    }
    world_.fault = [&fault](host::OperationKind) { return fault; };
    SimulatedHost::submit(request, operation, kind, arguments);
    world_.fault = nullptr;
  }
  // The server does what it is asked, and nobody hears of it.
  void have_effect(host::RequestId request, std::string_view arguments) {
    RecordReader reader(arguments);
    const Outcome outcome = run_operation(request, host::OperationKind::redis_run, reader);
    static_cast<void>(outcome);
  }

 private:
  RedisSide& side_;
};

struct RedisSide::Guest {
  Guest(World& world, RedisSide& side, std::uint64_t number_, std::string_view tenant_)
      : number(number_),
        tenant(tenant_),
        settings(*config::parse_settings({{"CACHE_PREFIX", tenant}})),
        client(config::RedisAddress(config::RedisTransport::tcp, "redis://h", "")),
        host(world, side),
        locks(settings, counters, engine::make_redis_lock(tenant, client)),
        requests(host) {
    tiers::TierSetup setup(host, Bytes(4'096), Bytes(0), 1);
    setup.redis = client;
    tier = tiers::make_tier(config::Tier::redis, setup);
    host.complete = [this](host::RequestId request, host::OperationId operation,
                           host::Completion completion) {
      return requests.complete(request, operation, std::move(completion));
    };
  }
  host::Context context() { return requests.context(host::RequestId{next_request++}); }

  std::uint64_t number;
  std::string tenant;
  config::Settings settings;
  redis::Client client;
  GuestHost host;
  observe::Counters counters;
  engine::Locks locks;
  std::unique_ptr<tiers::CacheTier> tier;
  host::Requests requests;
  std::uint32_t next_request = 1;
};

RedisSide::RedisSide(Random random, Journal& journal, Weather weather)
    : random_(random), journal_(journal), weather_(weather) {
  guests_.resize(guests_at_work);
  for (std::size_t place = 0; place < guests_.size(); ++place) {
    hire(place);
  }
}

RedisSide::~RedisSide() {
  for (const auto& guest : guests_) {
    guest->host.stop();
  }
}

void RedisSide::hire(std::size_t place) {
  guests_[place] = std::make_unique<Guest>(world_, *this, ++guests_hired_, tenants[place % tenants.size()]);
}

// Faults ----------------------------------------------------------------------------------------------------

std::optional<Fault> RedisSide::draw_fault(GuestHost& host, host::RequestId request,
                                           std::string_view arguments) {
  if (healed_ || weather_ == Weather::fair) {
    return std::nullopt;
  }
  Fault fault;
  if (random_.percent(2)) {
    journal_.count(FaultKind::redis_unreachable);
    fault.status = 2;
    return fault;
  }
  if (random_.percent(2)) {
    // The connection breaks, half closed, behind the commands: they are made once more.
    journal_.count(FaultKind::redis_reply_lost);
    host.have_effect(request, arguments);
    fault.status = 2;
    return fault;
  }
  if (random_.percent(2)) {
    journal_.count(FaultKind::redis_silent);
    fault.lost = true;
    return fault;
  }
  if (random_.percent(3)) {
    journal_.count(FaultKind::redis_slow);
    fault.delay = random_.between(Millis(10), Millis(3'000));
    return fault;
  }
  return std::nullopt;
}

// Something befalls the server.
void RedisSide::strike() {
  SimulatedRedis& redis = world_.redis;
  auto& values = redis.values();
  const auto draw = [&] {
    auto at = values.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_.index(values.size())));
    return at;
  };
  switch (random_.below(8)) {
    case 0:
      journal_.count(FaultKind::redis_restart);
      ++forgettings_;
      redis.restart();
      break;
    case 1:
      // The replica that takes over had not heard of the newest keys.
      journal_.count(FaultKind::redis_failover);
      ++forgettings_;
      std::erase_if(values, [](const auto& item) { return contains(item.first, "::lock:"); });
      redis.forget_scripts();
      break;
    case 2:
      journal_.count(FaultKind::redis_scripts_forgotten);
      redis.forget_scripts();
      break;
    case 3:
    case 4: {
      constexpr std::array moods = {Mood::out_of_memory, Mood::read_only, Mood::loading};
      journal_.count(FaultKind::redis_refuses);
      redis.mood = moods[random_.index(moods.size())];
      world_.after(random_.between(Millis(100), Millis(3'000)), [this] { world_.redis.mood = Mood::well; });
      break;
    }
    case 5:
      if (!values.empty()) {
        // Another program writes a list under a name.
        journal_.count(FaultKind::redis_wrong_type);
        ++forgettings_;
        draw()->second.is_other_type = true;
      }
      break;
    default:
      if (const auto at = values.empty() ? values.end() : draw(); at != values.end() && !is_note(at->first)) {
        journal_.count(FaultKind::redis_corrupt);
        ++forgettings_;
        std::string& text = at->second.text;
        if (!text.empty()) {
          char& byte = text[text.size() - 1 - random_.index(std::min<std::size_t>(text.size(), 12))];
          byte = static_cast<char>(byte ^ 1);
        }
      }
      break;
  }
}

// Work ------------------------------------------------------------------------------------------------------

void RedisSide::work() {
  const std::size_t place = random_.index(guests_.size());
  Guest& guest = *guests_[place];
  std::string name = concat({guest.tenant, ":title:", title_ids[random_.index(title_ids.size())]});
  const host::Context here = guest.context();
  switch (random_.below(10)) {
    case 0:
    case 1:
    case 2:
      guest.requests.start(here.request(), put(here, guest, std::move(name)));
      break;
    case 3:
    case 4:
    case 5:
      guest.requests.start(here.request(), get(here, guest, std::move(name)));
      break;
    case 6:
    case 7:
    case 8: {
      // Few locks, and many who want them.
      const std::string wanted = concat({guest.tenant, ":title:", title_ids[random_.index(2)]});
      guest.requests.start(here.request(), hold(here, guest, wanted));
      for (int others = 0; others < 3; ++others) {
        world_.after(random_.between(Millis(0), 3 * keep), [this, wanted, tenant = guest.tenant] {
          Guest& other = *guests_[random_.index(guests_.size())];
          if (other.tenant == tenant && !healed_) {
            const host::Context there = other.context();
            other.requests.start(there.request(), hold(there, other, wanted));
          }
        });
      }
      break;
    }
    default: {
      using Kind = tiers::NameSet::Kind;
      const std::array<tiers::NameSet, 4> sets = {
          tiers::NameSet(Kind::prefix, concat({guest.tenant, ":title:a"})),
          tiers::NameSet(Kind::prefix, name), tiers::NameSet(Kind::pattern, "*b*"),
          tiers::NameSet(Kind::pattern, concat({guest.tenant, ":*]"}))};
      if (sweeper_ == 0) {
        guest.requests.start(here.request(), sweep(here, guest, sets[random_.index(sets.size())]));
      }
      break;
    }
  }
  if (weather_ == Weather::foul && random_.percent(4)) {
    strike();
  }
  if (weather_ == Weather::foul && random_.percent(1)) {
    journal_.count(FaultKind::isolate_crash);
    guest.host.stop();
    if (sweeper_ == guest.number) {
      // What it had under way may still take effect.
      world_.after(round_trip, [this] { sweeper_ = 0; });
    }
    lost_.push_back(std::move(guests_[place]));
    hire(place);
  }
}

host::Task<void> RedisSide::put(host::Context here, Guest& guest, std::string name) {
  const Instant began = world_.now;
  const std::uint64_t serial = next_serial_++;
  written_[serial].name = name;
  const std::string body = concat({name, "|", to_text(serial)});
  tiers::EntryPtr entry = entry_of(here.host(), name, body);
  ++puts_under_way_;
  const auto stored = co_await guest.tier->put(here, key_of(name), std::move(entry));
  --puts_under_way_;
  judge_time("a put", began, round_trip);
  if (stored && *stored == tiers::Stored::stored) {
    written_[serial].acknowledged = world_.now;
  }
}

host::Task<void> RedisSide::get(host::Context here, Guest& guest, std::string name) {
  const Instant began = world_.now;
  const auto found = co_await guest.tier->get(here, key_of(name));
  judge_time("a look-up", began, round_trip);
  if (found && found->entry != nullptr) {
    journal_.reach(Probe::redis_hit);
    const tiers::Entry& entry = *found->entry;
    const std::string body = here.host().read_body(entry.body.handle(), entry.body.size(), 0);
    judge_value(guest, name, body, began);
  }
}

void RedisSide::judge_time(std::string_view what, Instant began, Millis allowed) {
  if (world_.now - began > allowed) {
    journal_.violate(Invariant::redis_overdue, "",
                     concat({what, " took ", to_text((world_.now - began).count()), " ms"}));
  }
}

void RedisSide::judge_value(const Guest& guest, const std::string& name, const std::string& body,
                            Instant began) {
  const std::size_t bar = body.rfind('|');
  const auto serial =
      bar == std::string::npos ? std::nullopt : parse_unsigned(std::string_view(body).substr(bar + 1));
  const auto said = serial ? written_.find(*serial) : written_.end();
  if (said == written_.end() || said->second.name != name || body.substr(0, bar) != name) {
    journal_.violate(Invariant::redis_value_wrong, name,
                     concat({"guest ", to_text(guest.number), " reads \"", body, "\" under ", name}));
    return;
  }
  // One server: what was acknowledged before the read began is what is read, or something newer.
  for (auto later = std::next(said); later != written_.end(); ++later) {
    const Written& other = later->second;
    const auto& own = said->second.acknowledged;
    // Puts that overlap have no order.
    if (other.name == name && other.acknowledged && *other.acknowledged < began && own &&
        *own < *other.acknowledged - round_trip) {
      journal_.violate(Invariant::redis_value_wrong, name,
                       concat({"number ", to_text(*serial), " is read under ", name, " after number ",
                               to_text(later->first), " was acknowledged"}));
      return;
    }
  }
}

host::Task<void> RedisSide::hold(host::Context here, Guest& guest, std::string name) {
  const Instant began = world_.now;
  const std::uint64_t forgettings = forgettings_;
  const Millis wait = random_.percent(50) ? Millis(0) : Millis(2'000);
  auto taken = co_await guest.locks.take(here, key_of(name), name, keep, began + wait);
  // A wait, the look that was under way at its end, and giving back what was not needed.
  judge_time("the taking of a lock", began, wait + 3 * round_trip);
  if (taken.state == engine::Locks::State::value) {
    journal_.reach(Probe::redis_lock_value);
    const tiers::Entry& entry = *taken.entry;
    judge_value(guest, name, here.host().read_body(entry.body.handle(), entry.body.size(), 0), Instant());
    co_return;
  }
  if (taken.state != engine::Locks::State::held) {
    co_return;
  }
  const auto other = holds_.find(name);
  const bool both_hold = other != holds_.end() && other->second.guest != guest.number &&
                         other->second.forgettings == forgettings_ && other->second.granted <= began &&
                         world_.now < other->second.until;
  if (both_hold) {
    journal_.violate(Invariant::redis_two_holders, name,
                     concat({"guest ", to_text(guest.number), " gets the lock of ", name, ", which guest ",
                             to_text(other->second.guest), " holds for another ",
                             to_text((other->second.until - world_.now).count()), " ms"}));
  }
  Hold& own = holds_[name];
  own.guest = guest.number;
  own.granted = world_.now;
  own.until = began + keep;
  own.forgettings = forgettings;
  // Some take longer than they may.
  co_await host::pause_for(here, random_.between(Millis(10), 2 * keep));
  if (holds_[name].guest == guest.number) {
    holds_.erase(name);
  }
  if (random_.percent(10)) {
    taken.permit.leave_to_its_time();
    co_return;
  }
  if (random_.percent(20)) {
    co_await guest.locks.give_up(here, std::move(taken.permit));
    co_return;
  }
  const std::uint64_t serial = next_serial_++;
  written_[serial].name = name;
  const std::string body = concat({name, "|", to_text(serial)});
  tiers::EntryPtr entry = random_.percent(15) ? nullptr : entry_of(here.host(), name, body);
  co_await guest.locks.hand_over(here, std::move(taken.permit), std::move(entry));
}

// One at a time: what else is missing afterwards, a sweep has taken.
host::Task<void> RedisSide::sweep(host::Context here, Guest& guest, tiers::NameSet names) {
  sweeper_ = guest.number;
  const std::string own = guest.tenant + ":";
  std::map<std::string, SimulatedRedis::Value> before = world_.redis.values();
  const std::uint64_t forgettings = forgettings_;
  const std::uint64_t serial = next_serial_;
  // One that is made a second time brings back what was there.
  const bool had_puts = puts_under_way_ > 0;
  std::string cursor;
  bool is_through = false;
  for (int attempt = 0; attempt < 8 && !is_through; ++attempt) {
    const auto removal = co_await guest.tier->remove_matching(here, own, names, cursor, world_.now);
    cursor = removal.next_cursor;
    is_through = cursor.empty();
    if (removal.failure) {
      journal_.reach(Probe::redis_removal_resumed);
    }
  }
  sweeper_ = 0;
  if (forgettings != forgettings_) {
    co_return;
  }
  const bool has_news = had_puts || serial != next_serial_;
  for (const auto& [name, value] : before) {
    const auto* const now_there = world_.redis.find(world_.now, name);
    const bool is_named = names.has(name) && name.starts_with(own) && !is_note(name);
    if (is_named && is_through && !has_news && now_there != nullptr && now_there->text == value.text) {
      journal_.violate(Invariant::redis_removal_wrong, name,
                       concat({name, " was to be removed, and is there"}));
    }
    // Locks and what they hand over come and go by themselves.
    if (!is_named && now_there == nullptr && value.expires > world_.now && !is_note(name)) {
      journal_.violate(
          Invariant::redis_removal_wrong, name,
          concat({name, " is gone, and was not to be removed by guest ", to_text(guest.number)}));
    }
  }
}

// The judgement ---------------------------------------------------------------------------------------------

host::Task<void> RedisSide::take_at_the_end(host::Context here, Guest& guest, std::string name) {
  auto taken = co_await guest.locks.take(here, key_of(name), name, keep, world_.now);
  if (taken.state != engine::Locks::State::held) {
    journal_.violate(
        Invariant::redis_lock_stuck, name,
        concat({"the lock of ", name, " cannot be taken, although every holder's time is over"}));
    co_return;
  }
  co_await guest.locks.give_up(here, std::move(taken.permit));
}

void RedisSide::run() {
  for (std::size_t turn = 0; turn < turns && !journal_.violation(); ++turn) {
    world_.after(random_.between(Millis(1), Millis(400)), [this] { work(); });
    world_.run_for(Millis(random_.percent(80) ? 400 : 4'000));
  }
  healed_ = true;
  world_.redis.mood = Mood::well;
  world_.run();
  // Past every lock, what it handed over, and every breaker.
  world_.now += limit::lock_value_kept + limit::breaker_open_max + 2 * keep;
  for (const auto& guest : guests_) {
    for (const std::string_view id : title_ids) {
      const host::Context here = guest->context();
      guest->requests.start(here.request(),
                            take_at_the_end(here, *guest, concat({guest->tenant, ":title:", id})));
      world_.run();
    }
    if (guest->requests.in_flight() != 0 || guest->host.bodies_alive() != 0) {
      journal_.violate(Invariant::handle_leaked, "", "a guest of Redis has handles or requests left over");
    }
  }
  const bool has_reloaded = weather_ == Weather::foul && world_.redis.counts["EVAL"] > 2;
  if (has_reloaded) {
    journal_.reach(Probe::redis_script_sent_again);
  }
}

}  // namespace larder::sim
