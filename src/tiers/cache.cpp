#include "tiers/cache.h"

#include "base/text.h"

namespace larder::tiers {

bool is_stub(const Entry& entry) { return entry.place == entry::BodyPlace::cold; }

host::Task<Result<KeyPage>> Cache::list(host::Context, std::string, std::string, std::uint32_t) {
  co_return fail(ErrorKind::unsupported, name(), "This cache cannot list its keys.");
}

host::Task<Result<std::uint64_t>> Cache::invalidate_tag(host::Context, std::string) {
  co_return fail(ErrorKind::unsupported, name(), "This cache has no index of tags.");
}

}  // namespace larder::tiers
