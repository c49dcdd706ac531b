// The named implementations of Cache and which one is active. Swapping is one assignment: requests that began
// with the former one end with it, since both live as long as the registry.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "tiers/cache.h"

namespace larder::tiers {

class CacheRegistry {
 public:
  // The first one added is active until activate(). Names are unique (asserted).
  void add(std::unique_ptr<Cache> cache);

  // Errors: not_found, with the names there are.
  Result<void> activate(std::string_view name);

  Cache& active() const;
  // nullptr: there is none of that name.
  Cache* find(std::string_view name) const;
  std::vector<std::string_view> names() const;

  // [{"name", "active", "statistics"}, …]
  void write_status(JsonWriter& json) const;

 private:
  std::vector<std::unique_ptr<Cache>> caches_;
  Cache* active_ = nullptr;
};

}  // namespace larder::tiers
