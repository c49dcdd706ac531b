// NullCache: stores nothing and records everything. The observe-only mode.
#pragma once

#include "observe/counters.h"
#include "tiers/cache.h"

namespace larder::tiers {

class NullCache final : public Cache {
 public:
  explicit NullCache(observe::Counters& counters) : counters_(counters) {}

  std::string_view name() const override { return config::to_text(config::CacheImplementation::null); }
  host::Task<Result<Found>> get(host::Context here, Key key) override;
  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) override;
  host::Task<Result<bool>> remove(host::Context here, Key key) override;
  host::Task<Result<std::uint64_t>> invalidate_tag(host::Context here, std::string tag) override;
  void write_status(JsonWriter& json) const override;

 private:
  observe::Counters& counters_;
};

}  // namespace larder::tiers
