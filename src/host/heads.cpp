#include "host/heads.h"

#include "base/assert.h"

namespace larder::host {

void Head::let_go() {
  if (heads_ == nullptr) {
    return;
  }
  heads_->host_.release_head(handle_);
  heads_->places_[place_] = nullptr;
  heads_->free_.push_back(place_);
  heads_ = nullptr;
  handle_ = HeadHandle::none;
}

Heads::~Heads() {
  for (Head* const head : places_) {
    if (head != nullptr) {
      head->let_go();
    }
  }
}

HeadHandle Heads::keep(Head& head, const HeadParts& parts) {
  LARDER_ASSERT(head.heads_ == nullptr);
  const HeadHandle handle = host_.create_head(parts);
  if (handle == HeadHandle::none) {
    return HeadHandle::none;
  }
  head.place_ = free_place();
  head.handle_ = handle;
  head.heads_ = this;
  head.is_used_ = false;
  places_[head.place_] = &head;
  return handle;
}

std::size_t Heads::free_place() {
  if (free_.empty() && places_.size() < heads_max_) {
    places_.push_back(nullptr);
    free_.push_back(places_.size() - 1);
  }
  // Once around every head has lost its second chance.
  while (free_.empty()) {
    Head& next = *places_[hand_];
    hand_ = (hand_ + 1) % places_.size();
    if (next.is_used_) {
      next.is_used_ = false;
    } else {
      next.let_go();
    }
  }
  const std::size_t place = free_.back();
  free_.pop_back();
  return place;
}

}  // namespace larder::host
