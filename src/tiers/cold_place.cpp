#include "tiers/cold_place.h"

#include "config/limits.h"
#include "host/operations.h"

namespace larder::tiers {

host::Task<Result<ColdPlace>> look_at_place(host::Context here, std::string storage_name, Millis wait) {
  auto there = co_await host::r2_head(here, storage_name, config::millis_of(wait));
  if (!there) {
    co_return tl::make_unexpected(std::move(there.error()));
  }
  const Instant uploaded = instant_from_millis(static_cast<std::int64_t>(there->uploaded));
  ColdPlace place;
  place.is_being_deleted = there->found == 1 && there->header == deletion_mark &&
                           here.host().now() - uploaded < config::limit::cold_mark_kept;
  place.condition = there->found == 1 ? std::move(there->etag) : std::string("*");
  co_return place;
}

}  // namespace larder::tiers
