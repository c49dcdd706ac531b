#include "host/admission.h"

#include "base/assert.h"

namespace larder::host {

std::string_view to_text(Crowd crowd) {
  switch (crowd) {
    case Crowd::client:
      return "client";
    case Crowd::everybody:
      return "everybody";
  }
  LARDER_UNREACHABLE();
}

bool Admission::has_room(const Share& share, std::size_t requests_max, Bytes bytes_max, std::uint64_t bytes) {
  return share.requests < requests_max && bytes <= bytes_max.count && share.bytes <= bytes_max.count - bytes;
}

tl::expected<Admission::Place, Crowd> Admission::enter(std::string client, Bytes bytes) {
  if (!client.empty()) {
    const auto found = clients_.find(client);
    const Share share = found == clients_.end() ? Share() : found->second;
    if (!has_room(share, bounds_.client_requests_max, bounds_.client_bytes_max, bytes.count)) {
      return tl::make_unexpected(Crowd::client);
    }
  }
  if (!has_room(all_, bounds_.requests_max, bounds_.bytes_max, bytes.count)) {
    return tl::make_unexpected(Crowd::everybody);
  }
  ++all_.requests;
  all_.bytes += bytes.count;
  if (!client.empty()) {
    Share& share = clients_[client];
    ++share.requests;
    share.bytes += bytes.count;
  }
  return Place(*this, std::move(client), bytes.count);
}

void Admission::Place::leave() {
  if (admission_ == nullptr) {
    return;
  }
  --admission_->all_.requests;
  admission_->all_.bytes -= bytes_;
  const auto found = admission_->clients_.find(client_);
  if (found != admission_->clients_.end()) {
    --found->second.requests;
    found->second.bytes -= bytes_;
    if (found->second.requests == 0) {
      admission_->clients_.erase(found);
    }
  }
  admission_ = nullptr;
}

}  // namespace larder::host
