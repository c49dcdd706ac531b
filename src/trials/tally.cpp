#include "trials/tally.h"

#include <algorithm>

#include "config/limits.h"
#include "host/operations.h"
#include "metrics/costs.h"
#include "records/calls.h"
#include "records/experiments.h"

namespace larder::trials {

namespace {

namespace limit = config::limit;
using observe::Counter;

// Billionths of a dollar, above what is included.
std::uint64_t price_of_one(metrics::BilledItem item) {
  const metrics::PriceRow& row = metrics::price_rows()[static_cast<std::size_t>(item)];
  return row.microdollars * 1'000 / row.per;
}

// What the platform bills for an answer: which operations it takes follows from what it was.
std::uint64_t price_of(const engine::Query& query, const engine::Reading& reading, bool asked_origin) {
  const bool has_kv = query.key.tiers.has(config::Tier::kv);
  const bool was_bypassed = reading.status.forward == http::ForwardReason::bypass;
  std::uint64_t price = price_of_one(metrics::BilledItem::worker_requests);
  const bool looked_far = reading.hit() != nullptr && reading.hit()->found_in == config::Tier::kv;
  if (has_kv && !was_bypassed && (looked_far || asked_origin)) {
    price += price_of_one(metrics::BilledItem::kv_reads);
  }
  if (asked_origin && !was_bypassed) {
    // The lock is taken and handed back.
    price += 2 * price_of_one(metrics::BilledItem::object_requests);
    price += has_kv && reading.status.stored ? price_of_one(metrics::BilledItem::kv_writes) : 0;
  }
  return price;
}

}  // namespace

Answered answered_of(const engine::Query& query, const engine::Reading& reading, std::uint32_t status,
                     Millis took) {
  const bool is_hit = reading.hit() != nullptr && (!reading.status.forward || reading.is_served_stale());
  const bool asked_origin = reading.status.forward_status.has_value() && !reading.status.collapsed;
  const bool refreshes = reading.afterwards.refresh == engine::Refresh::due;
  Answered answered;
  answered.sums.requests = 1;
  answered.sums.hits = is_hit ? 1 : 0;
  answered.sums.stale = is_hit && reading.is_stale() ? 1 : 0;
  answered.sums.errors = status >= 500 ? 1 : 0;
  answered.sums.slow = took > limit::slow_answer ? 1 : 0;
  answered.sums.origin_calls = (asked_origin ? 1U : 0U) + (refreshes ? 1U : 0U);
  answered.sums.millis = static_cast<std::uint64_t>(std::max(took, Millis(0)).count());
  answered.sums.nanodollars = price_of(query, reading, asked_origin);
  answered.sums.count_within(answered.sums.millis, 1);
  return answered;
}

Answered hits_of(std::uint32_t count) {
  Answered answered;
  answered.sums.requests = count;
  answered.sums.hits = count;
  answered.sums.count_within(0, count);
  answered.sums.nanodollars = count * price_of_one(metrics::BilledItem::worker_requests);
  return answered;
}

void Tally::add(const experiments::Plan& plan, const experiments::View& view, std::string_view storage_name,
                const Answered& answered) {
  if (!has_object_ || view.parts.empty()) {
    return;
  }
  const experiments::UnitId unit(storage_name);
  for (const experiments::Part& part : view.parts) {
    counters_.add(Counter::experiment_requests_total, part.label, {}, answered.sums.requests);
    constexpr std::size_t places_max = limit::experiments_running_max * limit::experiment_variants_max;
    const PlaceView place(part.salt, part.epoch, static_cast<std::uint32_t>(part.variant));
    auto found = sums_.find(place);
    if (found == sums_.end()) {
      if (sums_.size() >= places_max) {
        // Of experiments that are over by now.
        sums_.clear();
        units_waiting_ = 0;
      }
      found = sums_.emplace(Place(place), Sum()).first;
      found->second.groups.resize(limit::experiment_groups);
    }
    Sum& sum = found->second;
    sum.groups[plan.group_of(part, unit)] += answered.sums;
    if (known_units_.size() >= limit::experiment_units_remembered) {
      known_units_.clear();
    }
    const std::uint64_t mark = unit.hash() ^ part.mark;
    if (units_waiting_ < limit::experiment_units_remembered && known_units_.insert(mark).second) {
      sum.units.emplace_back(next_unit_++, unit.hash());
      ++units_waiting_;
    }
  }
}

bool Tally::needs_gatherer(Instant now) const {
  return has_object_ && (!sums_.empty() || batch_) && now >= gathering_until_;
}

host::Task<void> Tally::gather(host::Context here) {
  // The deadline frees the place where this request ends before its time.
  gathering_until_ = here.host().now() + limit::experiment_sums_gathered + limit::object_patience;
  const auto waited = co_await host::park(here, config::millis_of(limit::experiment_sums_gathered));
  static_cast<void>(waited);
  co_await flush(here);
  gathering_until_ = Instant();
}

host::Task<void> Tally::flush(host::Context here) {
  if (!has_object_) {
    co_return;
  }
  if (!batch_) {
    auto batch = make_batch(here.host());
    if (batch.sums.empty()) {
      co_return;
    }
    batch_ = std::move(batch);
  }
  // A copy: another request may settle the same batch meanwhile.
  const records::experiments::add_arguments batch = *batch_;
  const auto added =
      co_await records::experiments::add(here, records::experiments::names.only(), batch, limit::object_wait);
  if (!batch_ || batch_->batch != batch.batch) {
    co_return;
  }
  if (added) {
    batch_.reset();
  } else if (added.error().kind == ErrorKind::unsupported) {
    has_object_ = false;
    batch_.reset();
    sums_.clear();
    units_waiting_ = 0;
  } else if (added.error().kind == ErrorKind::invalid) {
    // It would be refused for ever.
    counters_.add(Counter::outbox_dropped_total, "experiments", {}, batch.sums.size());
    batch_.reset();
  }
}

std::uint64_t Tally::end_of_batch() const {
  if (units_waiting_ <= limit::experiment_batch_units_max) {
    return next_unit_;
  }
  std::vector<std::uint64_t> numbers;
  numbers.reserve(units_waiting_);
  for (const auto& [place, sum] : sums_) {
    for (const NewUnit& unit : sum.units) {
      numbers.push_back(unit.number);
    }
  }
  const auto end = numbers.begin() + static_cast<std::ptrdiff_t>(limit::experiment_batch_units_max);
  std::nth_element(numbers.begin(), end, numbers.end());
  return *end;
}

records::experiments::add_arguments Tally::make_batch(host::Host& host) {
  records::experiments::add_arguments batch;
  const std::uint64_t end = end_of_batch();
  std::map<Place, Sum, std::less<>> left;
  for (auto& [place, sum] : sums_) {
    records::VariantSum made;
    made.salt = std::get<0>(place);
    made.epoch = std::get<1>(place);
    made.variant = std::get<2>(place);
    for (std::uint32_t group = 0; group < sum.groups.size(); ++group) {
      const experiments::Sums& from = sum.groups[group];
      if (from.requests == 0) {
        continue;
      }
      records::GroupSum to;
      to.group = group;
#define LARDER_SUM(name, what) to.name = from.name;
#include "experiments/sums.def"
      made.groups.push_back(to);
    }
    Sum rest;
    for (const NewUnit& one : sum.units) {
      if (one.number >= end) {
        rest.units.push_back(one);
        continue;
      }
      records::SeenUnit unit;
      unit.unit_hash = one.hash;
      made.units.push_back(unit);
    }
    units_waiting_ -= made.units.size();
    if (!rest.units.empty()) {
      rest.groups.resize(limit::experiment_groups);
      left.emplace(place, std::move(rest));
    }
    if (!made.groups.empty() || !made.units.empty()) {
      batch.sums.push_back(std::move(made));
    }
  }
  sums_ = std::move(left);
  if (!batch.sums.empty()) {
    constexpr std::size_t name_bytes = 12;
    batch.batch = to_hex(host.random_bytes(name_bytes));
  }
  return batch;
}

}  // namespace larder::trials
