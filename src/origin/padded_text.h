// Text that the JSON parser may read past: what every reply body is handed over as.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace larder::origin {

// Bytes that must be readable after the text. Their values do not matter (simdjson 3.9.4, SIMDJSON_PADDING).
inline constexpr std::size_t padding_bytes = 64;

// A view: the storage belongs to the caller and outlives every read.
class PaddedText {
 public:
  // The first `text_bytes` of `storage` are the text; at least padding_bytes follow them (asserted).
  PaddedText(std::string_view storage, std::size_t text_bytes) : text_(storage.substr(0, text_bytes)) {
    LARDER_ASSERT(storage.size() >= padding_bytes && text_bytes <= storage.size() - padding_bytes);
  }

  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// A copy of `text` that owns its padding.
class PaddedCopy {
 public:
  explicit PaddedCopy(std::string_view text) : text_bytes_(text.size()) {
    storage_.reserve(text.size() + padding_bytes);
    storage_.append(text).append(padding_bytes, '\0');
  }

  PaddedText view() const { return PaddedText(storage_, text_bytes_); }

 private:
  std::size_t text_bytes_;
  std::string storage_;
};

}  // namespace larder::origin
