// Which authors of a list are warmed first, and how deep: decided from what the list says about its reader.
//
// Points of a book:
//
//   on a shelf of favourites        40
//   rated 90 % or more              30   (4.5 stars of 5)
//   rated 70 % or more              20   (3.5 stars)
//   rated 50 % or more              10   (2.5 stars)
//   rated less                       0
//   not rated                        8
//   each time read after the first  10, at most 30
//   being read                      10
//   read                             4
//   to be read                       6
//   given up                         0
//
// An author has the points of all books of theirs; those of a book that they only contributed to (translated,
// edited, …) count a quarter. The more points, the earlier.
//
//   favourite   a book on a shelf of favourites; or three books rated 70 % or more; or one rated 90 % or more
//               and read again
//   liked       a book rated 70 % or more; or one read again; or two books or more, not all of them rated
//   below
//               50 %
//   one_off     any other
//
// Authors who only contributed are one_off. Depth, of which 1 is the author's own works and each level more
// the co-authors found on the level before; never more than the upload's greatest depth:
//
//               gentle   normal   eager
//   favourite      2        3       3
//   liked          1        2       3
//   one_off        1        1       2
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "booklist/book_list.h"

namespace larder::booklist {

enum class Aggressiveness : std::uint8_t { gentle, normal, eager };
std::string_view to_text(Aggressiveness aggressiveness);
std::optional<Aggressiveness> find_aggressiveness(std::string_view name);

enum class Standing : std::uint8_t { favourite, liked, one_off };
std::string_view to_text(Standing standing);

inline constexpr std::uint32_t warming_depth_max = 3;

struct PlannedAuthor {
  // Into BookList::authors.
  std::uint32_t author = 0;
  Standing standing = Standing::one_off;
  // 1 to the upload's greatest depth.
  std::uint32_t depth = 1;
  // Of the list, by this author or with a contribution of theirs.
  std::uint32_t books = 0;
  // In quarters, so that contributions count exactly.
  std::uint64_t quarter_points = 0;
};

// The authors of a list, each once, the most important first: by standing, then points, then books, then the
// order of the list. Errors: invalid, unless `depth_max` is 1 to warming_depth_max.
Result<std::vector<PlannedAuthor>> plan_warming(const BookList& list, std::uint32_t depth_max,
                                                Aggressiveness aggressiveness);

}  // namespace larder::booklist
