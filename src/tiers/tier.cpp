#include "tiers/tier.h"

#include "base/mutation.h"

namespace larder::tiers {

EntryPtr readable_entry(const std::string& header, host::Body body, const Key& key) {
  auto decoded = entry::decode(header);
  const bool is_the_keys = decoded && (entry::proves(decoded->key, key) || LARDER_MUTATED(full_key_unchecked));
  if (!is_the_keys || decoded->stored_size != body.size()) {
    return nullptr;
  }
  return std::make_shared<const Entry>(std::move(*decoded), std::move(body));
}

}  // namespace larder::tiers
