// Repeatable noise for properties: the same seed gives the same cases everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace larder::entry {

// Knuth's 64-bit linear congruential generator (MMIX); its high bits are used.
class Seeded {
 public:
  explicit Seeded(std::uint64_t seed) : state_(seed) {}

  // From 0 to `bound` - 1.
  std::uint64_t below(std::uint64_t bound) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % bound;
  }
  std::string bytes(std::size_t size) {
    std::string text;
    while (text.size() < size) {
      text.push_back(static_cast<char>(below(256)));
    }
    return text;
  }
  // Letters of `alphabet`.
  std::string text(std::size_t size, std::string_view alphabet) {
    std::string text;
    while (text.size() < size) {
      text.push_back(alphabet[static_cast<std::size_t>(below(alphabet.size()))]);
    }
    return text;
  }

 private:
  std::uint64_t state_;
};

// Stands in for SHA-256 where only "32 bytes that differ for different texts" counts: four FNV-1a sums.
inline std::string stand_in_digest(std::string_view bytes) {
  std::string digest;
  for (std::uint64_t lane = 0; lane < 4; ++lane) {
    std::uint64_t sum = 14695981039346656037ULL + lane;
    for (const char c : bytes) {
      sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    for (unsigned i = 0; i < 8; ++i) {
      digest.push_back(static_cast<char>((sum >> (8 * i)) & 0xff));
    }
  }
  return digest;
}

}  // namespace larder::entry
