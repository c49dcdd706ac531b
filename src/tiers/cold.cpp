// The cold tier: objects of R2, which every data centre sees at once. An object is kept until it is deleted;
// the stub in the shared tier is what ends by itself. Only a stub leads here (TieredCache::look_cold).
#include <algorithm>

#include "config/limits.h"
#include "host/operations.h"
#include "tiers/cold_place.h"
#include "tiers/store_tier.h"

namespace larder::tiers {

namespace {

namespace limit = config::limit;

class Cold final : public CacheTier {
 public:
  explicit Cold(Bytes value_bytes_max) : value_bytes_max_(value_bytes_max) {}

  config::Tier tier() const override { return config::Tier::cold; }

  host::Task<Result<Found>> get(host::Context here, Key key) override {
    // A large object comes as a body that is read when it is given out, so no isolate holds it.
    auto read = co_await host::r2_get(here, key.storage_name, 0, 0, limit::streamed_body_bytes_min,
                                      config::millis_of(limit::tier_patience));
    if (!read) {
      co_return tl::make_unexpected(read.error());
    }
    EntryPtr entry = read->found == 1 ? readable_entry(read->header, std::move(read->content), key) : nullptr;
    co_return entry == nullptr ? Found() : Found(std::move(entry), tier());
  }

  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) override {
    const StoreBounds bounds(value_bytes_max_, Bytes(limit::header_value_bytes_max), Millis(1'000));
    const auto stored = storable(*entry, bounds, here.host().now());
    if (!stored) {
      co_return Stored::declined;
    }
    const auto place = co_await look_at_place(here, key.storage_name, limit::r2_wait);
    if (!place) {
      co_return tl::make_unexpected(place.error());
    }
    if (place->is_being_deleted) {
      co_return Stored::declined;
    }
    const auto done =
        co_await host::r2_put(here, key.storage_name, stored->header, entry->body, entry->body.size().count,
                              place->condition, config::millis_of(limit::r2_wait));
    if (!done) {
      co_return tl::make_unexpected(done.error());
    }
    co_return done->stored == 1 ? Stored::stored : Stored::declined;
  }

  host::Task<Result<bool>> remove_named(host::Context here, std::string storage_name) override {
    std::vector<std::string> names;
    names.push_back(std::move(storage_name));
    const auto removed = co_await host::r2_delete(here, names);
    if (!removed && removed.error().kind == ErrorKind::unsupported) {
      co_return false;
    }
    if (!removed) {
      co_return tl::make_unexpected(removed.error());
    }
    // R2 does not say whether there was anything.
    co_return true;
  }

  host::Task<Removal> remove_many(host::Context here, std::vector<std::string> storage_names) override {
    constexpr std::size_t keys_at_once = 1000;
    Removal removal;
    while (removal.count < storage_names.size()) {
      const auto from = storage_names.begin() + static_cast<std::ptrdiff_t>(removal.count);
      const std::size_t count = std::min(storage_names.size() - removal.count, keys_at_once);
      const std::vector<std::string> some(from, from + static_cast<std::ptrdiff_t>(count));
      const auto removed = co_await host::r2_delete(here, some);
      if (!removed) {
        removal.failure.emplace(removed.error());
        break;
      }
      removal.count += count;
    }
    co_return removal;
  }

  void write_status(JsonWriter& json) const override {
    json.begin_object().key("valueBytesMax").value(value_bytes_max_.count).end_object();
  }

 private:
  Bytes value_bytes_max_;
};

}  // namespace

std::unique_ptr<CacheTier> make_cold_tier(const TierSetup&, Bytes value_bytes_max) {
  return std::make_unique<Cold>(value_bytes_max);
}

}  // namespace larder::tiers
