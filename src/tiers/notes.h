// Larder's own notes in the deployment's key-value store, beside the entries: texts under names that are no
// entry's. They are for all isolates, and seen a minute late elsewhere.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "host/requests.h"
#include "host/task.h"

namespace larder::tiers {

// nullopt: there is none. Errors: the store's.
host::Task<Result<std::optional<std::string>>> read_note(host::Context here, std::string name);
// `text`: at most limit::entry_header_bytes_max bytes. Errors: the store's.
host::Task<Result<void>> write_note(host::Context here, std::string name, std::string text, Millis kept);

}  // namespace larder::tiers
