#include "booklist/warming_plan.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace larder::booklist {

namespace {

constexpr std::uint32_t rating_loved = 90;
constexpr std::uint32_t rating_liked = 70;
constexpr std::uint32_t rating_fair = 50;
constexpr std::uint32_t points_favourite = 40;
constexpr std::uint32_t points_again = 10;
constexpr std::uint32_t points_again_max = 30;
constexpr std::uint64_t quarters = 4;

constexpr std::string_view aggressiveness_names[] = {"gentle", "normal", "eager"};
constexpr std::string_view standing_names[] = {"favourite", "liked", "one_off"};
// By standing, then aggressiveness.
constexpr std::array<std::array<std::uint32_t, 3>, 3> depths = {{{2, 3, 3}, {1, 2, 3}, {1, 1, 2}}};

std::uint32_t rating_points(std::uint32_t percent) {
  if (percent == 0) {
    return 8;
  }
  return percent >= rating_loved ? 30 : percent >= rating_liked ? 20 : percent >= rating_fair ? 10 : 0;
}

std::uint32_t state_points(ReadState state) {
  switch (state) {
    case ReadState::unknown:
    case ReadState::abandoned:
      return 0;
    case ReadState::to_read:
      return 6;
    case ReadState::reading:
      return 10;
    case ReadState::read:
      return 4;
  }
  return 0;
}

bool was_read_again(const Book& book) { return book.read_count > 1; }

std::uint32_t points_of(const Book& book) {
  const std::uint32_t again = was_read_again(book) ? (book.read_count - 1) * points_again : 0;
  return (book.favourite ? points_favourite : 0) + rating_points(book.rating_percent) +
         std::min(again, points_again_max) + state_points(book.state);
}

// What the books that an author wrote add up to.
struct Sum {
  std::uint32_t books = 0;
  std::uint32_t written = 0;
  std::uint32_t disliked = 0;
  std::uint32_t liked = 0;
  std::uint32_t read_again = 0;
  std::uint32_t favourites = 0;
  std::uint32_t loved_and_read_again = 0;
  std::uint64_t quarter_points = 0;
};

void add(Sum& sum, const Book& book, AuthorRole role) {
  ++sum.books;
  const bool wrote = role == AuthorRole::author;
  sum.quarter_points += points_of(book) * (wrote ? quarters : 1);
  if (!wrote) {
    return;
  }
  ++sum.written;
  const std::uint32_t rating = book.rating_percent;
  sum.disliked += rating > 0 && rating < rating_fair ? 1 : 0;
  sum.liked += rating >= rating_liked ? 1 : 0;
  sum.read_again += was_read_again(book) ? 1 : 0;
  sum.favourites += book.favourite ? 1 : 0;
  sum.loved_and_read_again += rating >= rating_loved && was_read_again(book) ? 1 : 0;
}

Standing standing_of(const Sum& sum) {
  if (sum.favourites > 0 || sum.liked >= 3 || sum.loved_and_read_again > 0) {
    return Standing::favourite;
  }
  if (sum.liked > 0 || sum.read_again > 0 || (sum.written >= 2 && sum.disliked < sum.written)) {
    return Standing::liked;
  }
  return Standing::one_off;
}

bool comes_first(const PlannedAuthor& a, const PlannedAuthor& b) {
  if (a.standing != b.standing) {
    return a.standing < b.standing;
  }
  if (a.quarter_points != b.quarter_points) {
    return a.quarter_points > b.quarter_points;
  }
  return a.books != b.books ? a.books > b.books : a.author < b.author;
}

}  // namespace

std::string_view to_text(Aggressiveness aggressiveness) {
  return aggressiveness_names[static_cast<std::size_t>(aggressiveness)];
}

std::optional<Aggressiveness> find_aggressiveness(std::string_view name) {
  for (const Aggressiveness each : {Aggressiveness::gentle, Aggressiveness::normal, Aggressiveness::eager}) {
    if (to_text(each) == name) {
      return each;
    }
  }
  return std::nullopt;
}

std::string_view to_text(Standing standing) { return standing_names[static_cast<std::size_t>(standing)]; }

Result<std::vector<PlannedAuthor>> plan_warming(const BookList& list, std::uint32_t depth_max,
                                                Aggressiveness aggressiveness) {
  if (depth_max < 1 || depth_max > warming_depth_max) {
    return fail(ErrorKind::invalid, "booklist",
                concat({"The greatest depth is 1 (the list's own authors), 2 or 3, not ",
                        larder::to_text(std::uint64_t{depth_max}), "."}));
  }
  std::vector<Sum> sums(list.authors.size());
  for (const Book& book : list.books) {
    for (const BookAuthor& author : book.authors) {
      add(sums[author.author], book, author.role);
    }
  }
  std::vector<PlannedAuthor> planned;
  planned.reserve(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    // Left out of the only book that named them.
    if (sums[i].books == 0) {
      continue;
    }
    PlannedAuthor author;
    author.author = static_cast<std::uint32_t>(i);
    author.standing = standing_of(sums[i]);
    const auto& by_aggressiveness = depths[static_cast<std::size_t>(author.standing)];
    author.depth = std::min(depth_max, by_aggressiveness[static_cast<std::size_t>(aggressiveness)]);
    author.books = sums[i].books;
    author.quarter_points = sums[i].quarter_points;
    planned.push_back(author);
  }
  std::sort(planned.begin(), planned.end(), comes_first);
  return planned;
}

}  // namespace larder::booklist
