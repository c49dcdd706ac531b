#include "tiers/tier.h"

namespace larder::tiers {

EntryPtr readable_entry(const std::string& header, host::Body body, const Key& key) {
  auto decoded = entry::decode(header);
  if (!decoded || decoded->key != key.proof || decoded->stored_size != body.size()) {
    return nullptr;
  }
  return std::make_shared<const Entry>(std::move(*decoded), std::move(body));
}

}  // namespace larder::tiers
