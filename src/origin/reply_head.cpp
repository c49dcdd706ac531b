#include "origin/reply_head.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/date.h"
#include "http/status.h"
#include "http/syntax.h"
#include "http/validators.h"

namespace larder::origin {

namespace {

void replace_controls(std::string& value) {
  for (char& c : value) {
    if (is_control(c) && c != '\t') {
      c = ' ';
    }
  }
}

bool is_broken_validator(const std::pair<std::string, std::string>& field, Instant now) {
  if (equals_ignoring_case(field.first, "etag")) {
    return !http::parse_entity_tag(field.second);
  }
  return equals_ignoring_case(field.first, "last-modified") && !http::parse_date(field.second, now);
}

}  // namespace

std::optional<Error> refuse_status(std::uint32_t status) {
  if (http::is_final(static_cast<int>(std::min<std::uint32_t>(status, INT32_MAX)))) {
    return std::nullopt;
  }
  return Error(ErrorKind::corrupt, "origin", Retry::never,
               concat({"The origin answered ", to_text(std::uint64_t{status}),
                       ", which is no status of a response."}));
}

TextPairs safe_fields(TextPairs fields, Instant now) {
  for (auto& field : fields) {
    replace_controls(field.second);
  }
  fields.erase(std::remove_if(fields.begin(), fields.end(),
                              [now](const auto& field) {
                                return !http::is_token(field.first) || is_broken_validator(field, now);
                              }),
               fields.end());
  return fields;
}

}  // namespace larder::origin
