#include "app/known_urls.h"

#include "config/limits.h"

namespace larder::app {

std::unique_ptr<KnownUrls::Known>& KnownUrls::place_of(std::string_view url) {
  return places_[static_cast<std::size_t>(hash_(url) % places_.size())];
}

engine::Query* KnownUrls::find(std::string_view url) {
  const std::unique_ptr<Known>& known = place_of(url);
  if (known == nullptr || known->url != url) {
    return nullptr;
  }
  known->is_used = true;
  return &known->query;
}

void KnownUrls::keep(std::string_view url, const engine::Query& query) {
  if (url.size() > config::limit::known_url_bytes_max) {
    return;
  }
  std::unique_ptr<Known>& place = place_of(url);
  if (place != nullptr && place->is_used) {
    place->is_used = false;
    return;
  }
  place = std::make_unique<Known>(url, query);
  place->query.ask_for(engine::Asker());
}

void KnownUrls::clear() {
  for (std::unique_ptr<Known>& place : places_) {
    place.reset();
  }
}

}  // namespace larder::app
