// Calls of Durable Objects with any bytes for arguments, over rows of which some are no longer readable: none
// of them traps, and what is refused has written nothing.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "records/run.h"
#include "support/durable_objects.h"

namespace {

using namespace larder;

// What is left of the input, a piece at a time.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    const std::string_view one = bytes(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
  }
  std::string_view bytes(std::size_t count) {
    const std::string_view piece = rest_.substr(0, count);
    rest_.remove_prefix(piece.size());
    return piece;
  }

 private:
  std::string_view rest_;
};

// Another value for one of the rows.
void damage(sim::MapStore& store, Input& input) {
  const std::uint8_t which = input.byte();
  std::uint8_t at = 0;
  for (auto& [key, value] : store.rows) {
    if (at++ == which) {
      value = std::string(input.bytes(input.byte()));
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint32_t objects = 8;
  constexpr std::uint32_t methods = 17;
  const std::string bytes(data, data + size);
  Input input(bytes);
  const std::uint32_t object = input.byte() % objects;
  sim::MapStore store;
  Instant now = instant_from_millis(1'790'000'000'000);
  while (!input.empty()) {
    const std::uint32_t method = input.byte() % methods;
    const std::size_t length = std::size_t{input.byte()} << 8 | input.byte();
    const std::string_view argument = input.bytes(length);
    now += Millis(std::int64_t{input.byte()} * 100'000'000);
    const auto before = store.rows;
    store.begin();
    const records::Reply reply = records::run(object, method, argument, store, now);
    LARDER_ASSERT(!reply.bytes.empty());
    LARDER_ASSERT(reply.bytes.front() == '\0' || store.rows == before);
    if (input.byte() % 4 == 0) {
      damage(store, input);
    }
  }
  return 0;
}
