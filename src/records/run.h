// Runs one call of a Durable Object: the table's machine, over the object's store, at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/units.h"
#include "records/machine.h"
#include "records/store.h"

namespace larder::records {

enum class ObjectKind : std::uint32_t {
#define LARDER_OBJECT(object, number, Class, binding, kept, names, migration) object = number,
#include "records/objects.def"
};

inline constexpr std::uint32_t alarm_method = 0;
// No machine's: whoever keeps an object's rows answers with a status of 0 and a u64, the bytes that they
// take.
inline constexpr std::uint32_t size_method = UINT32_MAX;

struct Reply {
  // u8 0 and the results' record; or a number of host/statuses.def and the refusal's message.
  std::string bytes;
  Wish wish = Wish::none;
  Instant alarm_at;

  Reply() {}
};

// `argument` may be any bytes: what is no argument of the method is refused as invalid, and so is a method
// that is not there.
Reply run(std::uint32_t object, std::uint32_t method, std::string_view argument, Store& store, Instant now);

}  // namespace larder::records
