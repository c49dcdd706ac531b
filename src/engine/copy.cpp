#include "engine/copy.h"

#include "base/assert.h"

namespace larder::engine {

tiers::EntryPtr judged_by(const policy::PurgeBook& purges, std::string_view storage_name,
                          tiers::EntryPtr entry) {
  if (entry == nullptr || purges.size() == 0) {
    return entry;
  }
  entry::Header header = entry->header;
  switch (purges.judge(storage_name, header)) {
    case policy::PurgeVerdict::kept:
      return entry;
    case policy::PurgeVerdict::softened:
      return std::make_shared<const tiers::Entry>(std::move(header), *entry);
    case policy::PurgeVerdict::dropped:
      return nullptr;
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::engine
