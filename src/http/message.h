// HTTP messages as this project sees them: heads as values, bodies as handles that the host keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wire.h"

namespace larder::http {

enum class Method : std::uint8_t { get, head, options, post, put, patch, delete_, other };

// RFC 9110 §9.1: case-sensitive.
Method parse_method(std::string_view token);
std::string_view to_text(Method method);

// RFC 9110 §9.2.1: what was kept of the target may be wrong after it.
bool is_unsafe(Method method);

// Header fields in order. Names are kept as given and compared without case.
class Fields {
 public:
  Fields() {}
  explicit Fields(TextPairs fields) : fields_(std::move(fields)) {}

  Fields& add(std::string name, std::string value);
  // The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  // RFC 9110 §5.2: all values of that name joined by ", "; nullopt if there is none.
  std::optional<std::string> combined(std::string_view name) const;
  const TextPairs& all() const { return fields_; }

 private:
  TextPairs fields_;
};

// A request target taken apart. `path` is decoded segment by segment and normalised (RFC 3986 §6.2.2: dot
// segments removed, no empty segments but the last); a path with an encoded slash, backslash, control or
// broken escape is refused, so that no two spellings reach different routes.
struct Target {
  std::string path;
  // Decoded (form encoding), in order.
  TextPairs query;

  Target() {}
  std::optional<std::string_view> parameter(std::string_view name) const;
};

// `url` is absolute ("https://host/path?query") or a path. Errors: invalid, with what to change.
Result<Target> parse_target(std::string_view url);

// Its parts, for exact_target.h too: `url` from its path on, and one decoded segment of a path. Errors:
// invalid, for a broken escape, what is not UTF-8, an encoded slash, a backslash or a control character.
std::string_view without_origin(std::string_view url);
Result<std::string> decode_segment(std::string_view raw);

}  // namespace larder::http
