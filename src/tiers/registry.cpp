#include "tiers/registry.h"

#include "base/assert.h"
#include "base/text.h"

namespace larder::tiers {

void CacheRegistry::add(std::unique_ptr<Cache> cache) {
  LARDER_ASSERT(find(cache->name()) == nullptr);
  caches_.push_back(std::move(cache));
  if (active_ == nullptr) {
    active_ = caches_.front().get();
  }
}

Result<void> CacheRegistry::activate(std::string_view name) {
  Cache* const wanted = find(name);
  if (wanted == nullptr) {
    std::vector<std::string> known;
    for (const std::string_view one : names()) {
      known.emplace_back(one);
    }
    return fail(
        ErrorKind::not_found, "tiers",
        concat({"There is no cache implementation \"", name, "\"; there are ", join(known, ", "), "."}));
  }
  active_ = wanted;
  return {};
}

Cache& CacheRegistry::active() const {
  LARDER_ASSERT(active_ != nullptr);
  return *active_;
}

Cache* CacheRegistry::find(std::string_view name) const {
  for (const auto& cache : caches_) {
    if (cache->name() == name) {
      return cache.get();
    }
  }
  return nullptr;
}

std::vector<std::string_view> CacheRegistry::names() const {
  std::vector<std::string_view> names;
  for (const auto& cache : caches_) {
    names.push_back(cache->name());
  }
  return names;
}

void CacheRegistry::write_status(JsonWriter& json) const {
  json.begin_array();
  for (const auto& cache : caches_) {
    json.begin_object().key("name").value(cache->name()).key("active").value(cache.get() == active_);
    json.key("statistics");
    cache->write_status(json);
    json.end_object();
  }
  json.end_array();
}

}  // namespace larder::tiers
