// How much requests may hold while they wait: so many of them and so many bytes, in all and of one client.
// What comes on top is turned away, so that those who make others wait leave room for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>
#include <utility>

#include "base/units.h"

namespace larder::host {

struct AdmissionBounds {
  std::size_t requests_max;
  Bytes bytes_max;
  // Of one client; a client that has no name is bounded with all others alone.
  std::size_t client_requests_max;
  Bytes client_bytes_max;

  AdmissionBounds(std::size_t requests_max_, Bytes bytes_max_, std::size_t client_requests_max_,
                  Bytes client_bytes_max_)
      : requests_max(requests_max_),
        bytes_max(bytes_max_),
        client_requests_max(client_requests_max_),
        client_bytes_max(client_bytes_max_) {}
};

// Whose requests left no room.
enum class Crowd : std::uint8_t { client, everybody };
std::string_view to_text(Crowd crowd);

class Admission {
 public:
  explicit Admission(AdmissionBounds bounds) : bounds_(bounds) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // The room of one request; it is free again when this ends. Ends before the admission.
  class [[nodiscard]] Place {
   public:
    Place(Place&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)),
          client_(std::move(other.client_)),
          bytes_(other.bytes_) {}
    Place& operator=(Place&& other) noexcept {
      if (this != &other) {
        leave();
        admission_ = std::exchange(other.admission_, nullptr);
        client_ = std::move(other.client_);
        bytes_ = other.bytes_;
      }
      return *this;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { leave(); }

   private:
    friend class Admission;
    Place(Admission& admission, std::string client, std::uint64_t bytes)
        : admission_(&admission), client_(std::move(client)), bytes_(bytes) {}
    void leave();

    Admission* admission_;
    std::string client_;
    std::uint64_t bytes_;
  };

  // `client` as http::client_of names it; "": nobody in particular. `bytes` is what the request holds.
  tl::expected<Place, Crowd> enter(std::string client, Bytes bytes);

  std::size_t requests() const { return all_.requests; }

 private:
  struct Share {
    std::size_t requests = 0;
    std::uint64_t bytes = 0;
  };

  static bool has_room(const Share& share, std::size_t requests_max, Bytes bytes_max, std::uint64_t bytes);

  AdmissionBounds bounds_;
  Share all_;
  std::unordered_map<std::string, Share> clients_;
};

}  // namespace larder::host
