#include "booklist/warming_plan.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/normal_text.h"

namespace larder::booklist::warming_plan_test {
namespace {

BookList shelf_of(std::string_view rows) {
  const NormalText platform = sim::normal_text;
  const std::string file =
      concat({"Author,Title,My Rating,Read Count,Exclusive Shelf,Bookshelves,Additional Authors\n", rows});
  auto list = read_book_list(file, platform, ListLimits());
  EXPECT_TRUE(list.has_value());
  return list ? std::move(*list) : BookList();
}

// "Author standing depth points"
std::vector<std::string> plan(const BookList& list, std::uint32_t depth_max, Aggressiveness aggressiveness) {
  std::vector<std::string> lines;
  const auto planned = plan_warming(list, depth_max, aggressiveness);
  EXPECT_TRUE(planned.has_value());
  for (const PlannedAuthor& author : *planned) {
    lines.push_back(
        concat({list.authors[author.author].display, " ", to_text(author.standing), " ",
                larder::to_text(std::uint64_t{author.depth}), " ",
                larder::to_text(std::uint64_t{author.books}), " ", larder::to_text(author.quarter_points)}));
  }
  return lines;
}

constexpr std::string_view rows =
    "One Off,a,3,1,read,,\n"                             // 10 + 4
    "Shelved Loved,b,0,0,to-read,favorites,\n"           // 40 + 8 + 6
    "Rated High,c,4,1,read,,Tr Anslator (Translator)\n"  // 20 + 4; the translator a quarter of it
    "Re Read,d,0,9,read,,\n"                             // 8 + 30 + 4
    "Loved Again,e,5,2,read,,\n"                         // 30 + 10 + 4
    "Three Liked,f,4,1,read,,\n"                         // 3 times 24
    "Three Liked,g,4,1,read,,\n"
    "Three Liked,h,4,1,read,,\n"
    "Two Books,i,0,0,currently-reading,,\n"  // 8 + 10
    "Two Books,j,2,1,did-not-finish,,\n"     // 0
    "Two Bad,k,1,1,read,,\n"                 // 4
    "Two Bad,l,2,1,read,,\n";                // 4

TEST(WarmingPlan, TheReadersOwnSignalsDecide) {
  const BookList list = shelf_of(rows);
  EXPECT_EQ(plan(list, 3, Aggressiveness::normal), (std::vector<std::string>{
                                                       "Three Liked favourite 3 3 288",
                                                       "Shelved Loved favourite 3 1 216",
                                                       "Loved Again favourite 3 1 176",
                                                       "Re Read liked 2 1 168",
                                                       "Rated High liked 2 1 96",
                                                       "Two Books liked 2 2 72",
                                                       "One Off one_off 1 1 56",
                                                       "Two Bad one_off 1 2 32",
                                                       "Tr Anslator one_off 1 1 24",
                                                   }));
}

TEST(WarmingPlan, DepthFollowsStandingAggressivenessAndTheUploadsLimit) {
  const BookList list =
      shelf_of("Fa Vourite,a,5,1,read,favourites,\nLi Ked,b,4,1,read,,\nOne Off,c,3,1,read,,\n");
  struct DepthCase {
    Aggressiveness aggressiveness;
    std::uint32_t depth_max;
    std::vector<std::uint32_t> depths;
  };
  const DepthCase cases[] = {
      {Aggressiveness::gentle, 1, {1, 1, 1}}, {Aggressiveness::gentle, 2, {2, 1, 1}},
      {Aggressiveness::gentle, 3, {2, 1, 1}}, {Aggressiveness::normal, 1, {1, 1, 1}},
      {Aggressiveness::normal, 2, {2, 2, 1}}, {Aggressiveness::normal, 3, {3, 2, 1}},
      {Aggressiveness::eager, 1, {1, 1, 1}},  {Aggressiveness::eager, 2, {2, 2, 2}},
      {Aggressiveness::eager, 3, {3, 3, 2}},
  };
  for (const DepthCase& each : cases) {
    std::vector<std::uint32_t> depths;
    const auto planned = plan_warming(list, each.depth_max, each.aggressiveness);
    ASSERT_TRUE(planned.has_value());
    for (const PlannedAuthor& author : *planned) {
      depths.push_back(author.depth);
    }
    EXPECT_EQ(depths, each.depths) << to_text(each.aggressiveness) << " " << each.depth_max;
  }
}

TEST(WarmingPlan, EqualsStayInTheOrderOfTheList) {
  const BookList list = shelf_of("Bea Brown,a,3,1,read,,\nAnn Arbor,b,3,1,read,,\nCy Cole,c,3,1,read,,\n");
  EXPECT_EQ(plan(list, 1, Aggressiveness::normal),
            (std::vector<std::string>{"Bea Brown one_off 1 1 56", "Ann Arbor one_off 1 1 56",
                                      "Cy Cole one_off 1 1 56"}));
}

TEST(WarmingPlan, ADepthOutOfBoundsIsRefused) {
  const BookList list = shelf_of("Bea Brown,a,3,1,read,,\n");
  for (const std::uint32_t depth_max : {0U, 4U, 9U}) {
    const auto planned = plan_warming(list, depth_max, Aggressiveness::normal);
    ASSERT_FALSE(planned.has_value());
    EXPECT_EQ(planned.error().kind, ErrorKind::invalid);
    EXPECT_EQ(planned.error().message,
              concat({"The greatest depth is 1 (the list's own authors), 2 or 3, not ",
                      larder::to_text(std::uint64_t{depth_max}), "."}));
  }
}

TEST(WarmingPlan, AggressivenessHasThreeNames) {
  for (const std::string_view name : {"gentle", "normal", "eager"}) {
    const auto found = find_aggressiveness(name);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(to_text(*found), name);
  }
  EXPECT_EQ(find_aggressiveness("Eager"), std::nullopt);
  EXPECT_EQ(find_aggressiveness(""), std::nullopt);
}

}  // namespace
}  // namespace larder::booklist::warming_plan_test
