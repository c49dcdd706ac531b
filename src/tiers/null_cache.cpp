#include "tiers/null_cache.h"

namespace larder::tiers {

using observe::Counter;
using observe::Label;

host::Task<Result<Found>> NullCache::get(host::Context, Key key) {
  counters_.add(Counter::cache_miss_total, Label(config::CacheImplementation::null),
                counters_.pattern(key.resource_number, key.pattern));
  co_return Found();
}

host::Task<Result<Stored>> NullCache::put(host::Context, Key key, EntryPtr) {
  counters_.add(Counter::cache_set_total, Label(config::CacheImplementation::null),
                counters_.pattern(key.resource_number, key.pattern));
  co_return Stored::declined;
}

host::Task<Result<bool>> NullCache::remove(host::Context, Key key) {
  counters_.add(Counter::cache_del_total, Label(config::CacheImplementation::null),
                counters_.pattern(key.resource_number, key.pattern));
  co_return false;
}

host::Task<Result<std::uint64_t>> NullCache::invalidate_tag(host::Context, std::string tag) {
  counters_.add(Counter::cache_invalidate_total, Label(config::CacheImplementation::null), tag);
  co_return std::uint64_t{0};
}

void NullCache::write_status(JsonWriter& json) const { json.begin_object().end_object(); }

}  // namespace larder::tiers
