// Makes a Work out of what an origin says: cleans, checks, bounds. Whatever cannot be used is left out
// without a word, so that one bad member never costs the whole work. For the readers of this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/isbn.h"
#include "origin/work.h"

namespace larder::origin {

// Single members: the last usable value counts. Lists: every usable element counts once, in order.
class WorkBuilder {
 public:
  // `wanted_isbn13` is kept even where the work has more ISBNs than fit; "" if none is wanted.
  // It outlives this.
  explicit WorkBuilder(std::string_view wanted_isbn13) : wanted_isbn13_(wanted_isbn13) {}

  void title(std::string_view text);
  bool has_title() const { return !work_.title.empty(); }
  void subtitle(std::string_view text);
  void author(std::string_view name);
  bool takes_authors() const { return work_.authors.size() < authors_per_work_max; }
  // An edition's statement of responsibility ("by A. Author."), used where no author is named. Only one that
  // is plainly a single name counts.
  void author_statement(std::string_view text);
  // Either form, hyphens allowed, and the other form with it. One with a wrong check digit is dropped.
  void isbn(std::string_view text);
  bool takes_isbns() const { return isbns_.size() < isbns_per_work_max || !wanted_isbn13_.empty(); }
  void subject(std::string_view text);
  bool takes_subjects() const { return work_.subjects.size() < subjects_per_work_max; }
  void year(std::int64_t number);
  // The year in a date as people write it ("2012-09-01", "Sep 01, 2015", "c1995").
  void year_in(std::string_view date);
  // https, or http made https.
  void cover(std::string_view url);
  // A cover of covers.openlibrary.org. Numbers below 1 stand for "none".
  void openlibrary_cover(std::int64_t number);
  // That of Open Library may be a path such as "/works/OL27448W", or its last segment; works are preferred to
  // editions.
#define LARDER_WORK_ID(name, take) void name##_id(std::string_view id);
#include "origin/work_ids.def"

  // nullopt: the work has no title.
  std::optional<Work> finish() &&;
  // The same of one that has a title.
  Work finish_titled() &&;

 private:
  Work work_;
  // As isbn13_number has them.
  std::vector<std::uint64_t> isbns_;
  std::string_view wanted_isbn13_;
  std::string author_statement_;
};

// Works that carry the ISBN come first; otherwise the order stays.
void put_first(std::vector<Work>& works, std::string_view wanted_isbn13);

// Where no work carries the ISBN: without those that carry others. "" leaves all.
void leave_out_others(std::vector<Work>& works, std::string_view wanted_isbn13);

}  // namespace larder::origin
