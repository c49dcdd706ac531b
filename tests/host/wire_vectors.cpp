// Prints records that RecordWriter makes, one line of hex a seed: wire_vectors FIRST COUNT.
// tests/architecture/wire.test.js writes the same script with the shim's RecordWriter and compares.
//
// The script of a seed, on a 32-bit generator (Knuth and Lewis; next() is the upper 24 bits):
//   state = state * 1664525 + 1013904223, modulo 2^32; it starts at the seed
//   next() % 12 values, each of the kind next() % 7:
//     0 u8      next() % 256
//     1 u32     half() * 65536 + half(), where half() is next() % 65536
//     2 u64     next() % 4: 0, or 2^53 - 1, or next(), or next() % 2^21 * 2^32 + a u32 as above
//     3 text    next() % 8: of 0 nothing; of 1 to 6 next() % 20 pieces; of 7 next() % 800 pieces
//     4 texts   next() % 5 texts
//     5 pairs   next() % 4 pairs of text and text
//     6 bytes   next() % 40 times next() % 256
//   a piece of text is pieces[next() % 16]

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/wire.h"

namespace {

using namespace larder;
using namespace std::string_view_literals;

constexpr std::string_view pieces[] = {"a"sv,
                                       "Z"sv,
                                       " "sv,
                                       "\0"sv,
                                       "\n"sv,
                                       "\x7f"sv,
                                       "\xc3\xa9"sv,           // U+00E9
                                       "e\xcc\x81"sv,          // U+0065 U+0301
                                       "\xd0\x96"sv,           // U+0416
                                       "\xe6\xb5\xb7"sv,       // U+6D77
                                       "\xe2\x82\xac"sv,       // U+20AC
                                       "\xef\xbb\xbf"sv,       // U+FEFF
                                       "\xef\xbf\xbd"sv,       // U+FFFD
                                       "\xe2\x80\xae"sv,       // U+202E
                                       "\xf0\x9f\x98\x80"sv,   // U+1F600
                                       "\xf4\x8f\xbf\xbf"sv};  // U+10FFFF

class Script {
 public:
  explicit Script(std::uint32_t seed) : state_(seed) {}

  std::string run() {
    const std::uint32_t count = next() % 12;
    for (std::uint32_t i = 0; i < count; ++i) {
      value();
    }
    return std::move(record_).take();
  }

 private:
  std::uint32_t next() {
    state_ = state_ * 1664525U + 1013904223U;
    return state_ >> 8;
  }

  std::uint32_t number() {
    const std::uint32_t high = next() % 65536;
    return high * 65536 + next() % 65536;
  }

  std::uint64_t large_number() {
    switch (next() % 4) {
      case 0:
        return 0;
      case 1:
        return (std::uint64_t{1} << 53) - 1;
      case 2:
        return next();
      default:
        break;
    }
    const std::uint64_t high = next() % (1U << 21);
    return (high << 32) + number();
  }

  std::string text() {
    const std::uint32_t length = next() % 8;
    const std::uint32_t count = length == 0 ? 0 : next() % (length == 7 ? 800 : 20);
    std::string text;
    for (std::uint32_t i = 0; i < count; ++i) {
      text += pieces[next() % 16];
    }
    return text;
  }

  void value() {
    switch (next() % 7) {
      case 0:
        record_.u8(static_cast<std::uint8_t>(next() % 256));
        break;
      case 1:
        record_.u32(number());
        break;
      case 2:
        record_.u64(large_number());
        break;
      case 3:
        record_.text(text());
        break;
      case 4: {
        std::vector<std::string> texts(next() % 5);
        for (std::string& one : texts) {
          one = text();
        }
        record_.texts(texts);
        break;
      }
      case 5: {
        TextPairs pairs(next() % 4);
        for (auto& [name, value] : pairs) {
          name = text();
          value = text();
        }
        record_.pairs(pairs);
        break;
      }
      default: {
        std::string bytes(next() % 40, '\0');
        for (char& byte : bytes) {
          byte = static_cast<char>(next() % 256);
        }
        record_.bytes(bytes);
        break;
      }
    }
  }

  std::uint32_t state_;
  RecordWriter record_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("wire_vectors FIRST COUNT\n", stderr);
    return 2;
  }
  const auto first = static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10));
  const auto count = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  for (std::uint32_t seed = first; seed != first + count; ++seed) {
    std::printf("%s\n", to_hex(Script(seed).run()).c_str());
  }
  return 0;
}
