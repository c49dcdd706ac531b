#include "app/known_urls.h"

#include "config/limits.h"

namespace larder::app {

KnownUrls::Spot KnownUrls::spot_of(std::string_view url) const {
  const std::uint64_t hash = hash_(url);
  const std::size_t sets = places_.size() / in_set_;
  return {static_cast<std::size_t>(hash % sets) * in_set_, static_cast<std::uint32_t>(hash >> 32U)};
}

KnownUrls::Known* KnownUrls::at(const Spot& spot, std::string_view url) const {
  for (std::size_t place = spot.first; place < spot.first + in_set_; ++place) {
    Known* const known = digests_[place] == spot.digest ? places_[place].get() : nullptr;
    if (known != nullptr && known->url == url) {
      return known;
    }
  }
  return nullptr;
}

engine::Query* KnownUrls::find(std::string_view url) {
  Known* const known = at(spot_of(url), url);
  if (known == nullptr) {
    return nullptr;
  }
  known->is_used = true;
  return &known->query;
}

void KnownUrls::keep(std::string_view url, const engine::Query& query) {
  if (url.size() > config::limit::known_url_bytes_max) {
    return;
  }
  const Spot spot = spot_of(url);
  if (at(spot, url) != nullptr) {
    return;
  }
  const std::size_t end = spot.first + in_set_;
  std::size_t left = end;
  for (std::size_t place = spot.first; place < end; ++place) {
    if (places_[place] == nullptr) {
      left = place;
      break;
    }
    if (left == end && !places_[place]->is_used) {
      left = place;
    }
  }
  if (left != end) {
    places_[left] = std::make_unique<Known>(url, query);
    places_[left]->query.ask_for(engine::Asker());
    digests_[left] = spot.digest;
    return;
  }
  for (std::size_t place = spot.first; place < end; ++place) {
    places_[place]->is_used = false;
  }
}

void KnownUrls::clear() {
  for (std::unique_ptr<Known>& known : places_) {
    known.reset();
  }
}

}  // namespace larder::app
