// What URLs ask, remembered: one that comes again is neither parsed nor matched again.
//
// A bounded table. Each URL has one place in it; who has a place leaves it to another URL only if it was not
// asked for since the last one wanted it, so that rare URLs do not drive out those that come often.
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
  explicit KnownUrls(std::size_t urls_max) : places_(urls_max) {}

  // The seed keeps strangers from choosing URLs that share a place.
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

  std::unique_ptr<Known>& place_of(std::string_view url);

  tiers::SeededKeyHash hash_;
  std::vector<std::unique_ptr<Known>> places_;
};

}  // namespace larder::app
