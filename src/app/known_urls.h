// What URLs ask, remembered: one that comes again is neither parsed nor matched again.
//
// A bounded table of sets. Each URL has one set in which it may have a place; when the set is full, one that
// was not asked for since the last URL wanted a place there makes room, so that rare URLs do not drive out
// those that come often.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query.h"
#include "tiers/resident_set.h"

namespace larder::app {

class KnownUrls {
 public:
  // Places of one set. With so many, few sets are full while the table has room.
  static constexpr std::size_t set_places = 32;

  // `urls_max`: at least 1; above set_places a multiple of it.
  explicit KnownUrls(std::size_t urls_max)
      : in_set_(urls_max < set_places ? urls_max : set_places), digests_(urls_max), places_(urls_max) {}

  // The seed keeps strangers from choosing URLs that share a set.
  void seed(std::uint64_t seed) { hash_.seed = seed; }

  // What a GET of the URL asks, with nobody's Asker; nullptr: it is not known. Until keep() or clear().
  engine::Query* find(std::string_view url);
  // `query`: of a GET, made of the URL and of the configuration alone.
  void keep(std::string_view url, const engine::Query& query);
  // The settings have changed, which keys are made of.
  void clear();

 private:
  struct Known {
    std::string url;
    engine::Query query;
    bool is_used = false;

    Known(std::string_view url_, const engine::Query& query_) : url(url_), query(query_) {}
  };
  // Where a URL may be: the first place of its set, and what tells it from most others there.
  struct Spot {
    std::size_t first;
    std::uint32_t digest;
  };

  Spot spot_of(std::string_view url) const;
  Known* at(const Spot& spot, std::string_view url) const;

  tiers::SeededKeyHash hash_;
  std::size_t in_set_;
  // By place; one is only looked at where the digest is the URL's.
  std::vector<std::uint32_t> digests_;
  std::vector<std::unique_ptr<Known>> places_;
};

}  // namespace larder::app
