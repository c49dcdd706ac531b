// Texts with holes: origin URLs, header values and tags of a declaration, whose {name} is a key field's
// normalised value. Only key fields can fill a hole, so no part of a request that is not in the key ever
// reaches an origin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/faults.h"
#include "base/result.h"
#include "base/wire.h"
#include "config/key_field.h"

namespace larder::config {

class Settings;

enum class PartKind : std::uint8_t {
  literal,      // as written
  field,        // one key field's value
  rest,         // the value of a {rest...} field: its slashes stay slashes in a URL
  whole_query,  // {*}: the form-encoded query, inserted as it is
  secret,       // ${NAME}: a secret of the deployment, resolved when the request is made
};

// `text` is the literal, or the field's or secret's name. `field` is the field's place in the key.
struct Part {
  PartKind kind = PartKind::literal;
  std::string text;
  std::size_t field = 0;
};
using Template = std::vector<Part>;

enum class TemplateUse : std::uint8_t {
  url_path,      // {name} and {rest}; every field is required
  url_query,     // {name}
  header_value,  // {name} and ${SECRET}
  tag,           // {name}
};

// Parses one template; what is wrong is added to `faults` under `path`.
Template parse_template(std::string_view text, TemplateUse use, const std::vector<KeyField>& key,
                        const std::string& path, Faults& faults);

// `origin` is literal ("https://api.example.com"). `path` starts with a slash. A query parameter whose field
// is absent is left out.
struct UrlTemplate {
  std::string origin;
  Template path;
  std::vector<Template> query;
};

UrlTemplate parse_url_template(std::string_view text, const std::vector<KeyField>& key,
                               const std::string& path, Faults& faults);

struct HeaderTemplate {
  std::string name;
  Template value;
};

// The URL for one request; field values are percent-encoded. A field whose text is in `sent`, which is as
// long as `values` or empty, stands in the path, or for the whole query, as that text: it is escaped already.
// Errors: invalid, when a value would leave its path segment ("..", or nothing at all); too_large above
// limit::url_bytes_max.
Result<std::string> expand_url(const UrlTemplate& url, const FieldValues& values,
                               const FieldValues& sent = {});

// The header fields for one request; one whose field is absent is left out, and bytes of a value that are not
// printable ASCII are percent-encoded. Errors: unavailable, when a secret is not set; too_large above
// limit::header_value_bytes_max.
Result<TextPairs> expand_headers(const std::vector<HeaderTemplate>& headers, const FieldValues& values,
                                 const Settings& settings);

// The text with the values as they are; nullopt when one is absent or empty. No secrets.
std::optional<std::string> expand_text(const Template& text, const FieldValues& values);

}  // namespace larder::config
