// Putting an object of R2 where the archiver may be deleting one. R2 deletes without a condition, so what is
// to be deleted is first replaced by an empty mark, on condition that nobody has put it again since it was
// looked at (cold/archiver.h). Whoever puts an object therefore leaves a name alone where such a mark is
// young, and else puts on condition that what it saw there still stands: then its object is either newer than
// the look, and is not marked, or it finds the mark in its way. So no deletion that is late reaches what a
// stub leads to, even where a lock has forgotten its holder.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "host/requests.h"
#include "host/task.h"

namespace larder::tiers {

// What stands, with an empty body, in an entry header's place while an object is deleted. Readers take it for
// nothing.
inline constexpr std::string_view deletion_mark = "deleted";

// Where an object may be put.
struct ColdPlace {
  // Its deletion may be under way.
  bool is_being_deleted = false;
  // For host::r2_put: "*", or the ETag of what stands there.
  std::string condition;

  ColdPlace() {}
};
// Asks R2 what stands under the name. Errors: the operation's.
host::Task<Result<ColdPlace>> look_at_place(host::Context here, std::string storage_name, Millis wait);

}  // namespace larder::tiers
