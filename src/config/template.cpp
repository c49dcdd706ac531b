#include "config/template.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "config/settings.h"
#include "config/url.h"
#include "http/path.h"

namespace larder::config {

namespace {

bool is_secret_name(std::string_view name) {
  return !name.empty() && is_upper(name.front()) &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

// Parses one template, hole by hole.
class TemplateParser {
 public:
  TemplateParser(TemplateUse use, const std::vector<KeyField>& key, const std::string& path, Faults& faults)
      : use_(use), key_(key), path_(path), faults_(faults) {}

  Template parse(std::string_view text);

 private:
  void refuse(std::string message) { faults_.emplace_back(path_, std::move(message)); }
  void literal(std::string_view text);
  void field(std::string_view name);
  void secret(std::string_view name);

  TemplateUse use_;
  const std::vector<KeyField>& key_;
  const std::string& path_;
  Faults& faults_;
  Template parts_;
};

Template TemplateParser::parse(std::string_view text) {
  while (!text.empty()) {
    const std::size_t brace = text.find_first_of("{}");
    if (brace == std::string_view::npos) {
      literal(text);
      break;
    }
    const bool is_secret = brace > 0 && text[brace - 1] == '$';
    literal(text.substr(0, is_secret ? brace - 1 : brace));
    const std::size_t end = text.find('}', brace);
    if (text[brace] == '}' || end == std::string_view::npos ||
        text.substr(brace + 1, end - brace - 1).find('{') != std::string_view::npos) {
      refuse("A brace has no partner; write {name} around a key field's name.");
      break;
    }
    const std::string_view name = text.substr(brace + 1, end - brace - 1);
    if (is_secret) {
      secret(name);
    } else {
      field(name);
    }
    text.remove_prefix(end + 1);
  }
  return std::move(parts_);
}

void TemplateParser::literal(std::string_view text) {
  if (!text.empty()) {
    parts_.push_back(Part{PartKind::literal, std::string(text), 0});
  }
}

void TemplateParser::field(std::string_view name) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < key_.size(); ++i) {
    const KeyField& candidate = key_[i];
    names.emplace_back(candidate.name);
    if (candidate.name != name) {
      continue;
    }
    if (candidate.source == FieldSource::whole_query) {
      refuse("{*} may only stand alone between the ?, & and end of origin.url.");
    } else if (use_ == TemplateUse::url_path && candidate.source != FieldSource::rest &&
               candidate.presence == Presence::optional) {
      refuse(
          concat({"{", name, "} stands in the URL's path, so the key field must have \"required\": true."}));
    }
    const PartKind kind = candidate.source == FieldSource::rest ? PartKind::rest : PartKind::field;
    parts_.push_back(Part{kind, std::string(name), i});
    return;
  }
  refuse(concat({in_quotes(name),
                 " is no key field of this resource; only what is part of the key may reach the origin. ",
                 names.empty() ? "Its key has no fields." : concat({"Its key has ", any_of(names), "."}),
                 did_you_mean(name, names)}));
}

void TemplateParser::secret(std::string_view name) {
  if (use_ != TemplateUse::header_value) {
    refuse("A secret may only stand in a header's value, where it is neither logged nor stored.");
  } else if (!is_secret_name(name)) {
    refuse(concat({in_quotes(name),
                   " is no secret's name; write capitals, digits and underscores, as in ${API_KEY}."}));
  } else {
    parts_.push_back(Part{PartKind::secret, std::string(name), 0});
  }
}

Part whole_query_part(const std::vector<KeyField>& key, const std::string& path, Faults& faults) {
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i].source == FieldSource::whole_query) {
      return Part{PartKind::whole_query, "*", i};
    }
  }
  faults.emplace_back(path, "{*} needs the key field {\"query\": \"*\"}.");
  return Part{};
}

// Its slashes stay slashes; what stands between them may be empty.
Result<std::string> rest_text(std::string_view value) {
  std::vector<std::string> segments;
  for (const std::string_view piece : split(value, '/')) {
    auto segment = piece.empty() ? Result<std::string>(std::string()) : http::path_segment(piece);
    if (!segment) {
      return segment;
    }
    segments.push_back(std::move(*segment));
  }
  return join(segments, "/");
}

// One part of a URL's path.
Result<std::string> path_text(const Part& part, const std::optional<std::string>& value,
                              const std::optional<std::string>& sent) {
  if (sent) {
    return *sent;
  }
  switch (part.kind) {
    case PartKind::literal:
      return part.text;
    case PartKind::field:
      if (!value || value->empty()) {
        return fail(ErrorKind::invalid, "config", concat({part.text, " must not be empty."}));
      }
      return http::path_segment(*value);
    case PartKind::rest:
      return rest_text(value.value_or(""));
    case PartKind::whole_query:
    case PartKind::secret:
      break;
  }
  LARDER_UNREACHABLE();
}

std::string with_slashes(std::string_view value) {
  std::vector<std::string> pieces;
  for (const std::string_view piece : split(value, '/')) {
    pieces.push_back(percent_encode(piece));
  }
  return join(pieces, "/");
}

// One part of a URL's query, whose field is there.
std::string query_text(const Part& part, const std::optional<std::string>& value) {
  switch (part.kind) {
    case PartKind::literal:
      return part.text;
    case PartKind::field:
      return percent_encode(*value);
    case PartKind::rest:
      return with_slashes(*value);
    case PartKind::whole_query:
      return *value;
    case PartKind::secret:
      break;
  }
  LARDER_UNREACHABLE();
}

const std::optional<std::string>& value_of(const Part& part, const FieldValues& values) {
  static const std::optional<std::string> none;
  const bool is_field = part.kind != PartKind::literal && part.kind != PartKind::secret;
  LARDER_ASSERT(!is_field || part.field < values.size());
  return is_field ? values[part.field] : none;
}

bool is_absent(const Part& part, const FieldValues& values) {
  return part.kind != PartKind::literal && part.kind != PartKind::secret && !value_of(part, values);
}

bool any_absent(const Template& text, const FieldValues& values) {
  return std::any_of(text.begin(), text.end(), [&](const Part& part) { return is_absent(part, values); });
}

// The text of a part that is sent as it came.
const std::optional<std::string>& sent_of(const Part& part, const FieldValues& sent) {
  static const std::optional<std::string> none;
  return sent.empty() ? none : value_of(part, sent);
}

Result<std::string> expand_path(const Template& path, const FieldValues& values, const FieldValues& sent) {
  std::string expanded;
  for (const Part& part : path) {
    const auto text = path_text(part, value_of(part, values), sent_of(part, sent));
    if (!text) {
      return text;
    }
    expanded.append(*text);
  }
  // Parts that are harmless one by one may make a segment that is not.
  if (http::has_dot_segment(expanded)) {
    return fail(ErrorKind::invalid, "config", "A part of the path is \".\" or \"..\"; write a name.");
  }
  return expanded;
}

std::string header_text(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c >= ' ' && c <= '~') {
      text.push_back(c);
    } else {
      text.append(percent_encode(std::string_view(&c, 1)));
    }
  }
  return text;
}

Result<std::string> expand_header(const HeaderTemplate& header, const FieldValues& values,
                                  const Settings& settings) {
  std::string text;
  for (const Part& part : header.value) {
    if (part.kind == PartKind::literal) {
      text.append(part.text);
    } else if (part.kind != PartKind::secret) {
      text.append(header_text(*value_of(part, values)));
    } else if (const auto secret = settings.secret(part.text)) {
      if (std::any_of(secret->begin(), secret->end(), is_control)) {
        return fail(
            ErrorKind::unavailable, "config",
            concat({"The secret ", part.text, " has a line break or control character; set it again."}));
      }
      text.append(*secret);
    } else {
      return fail(
          ErrorKind::unavailable, "config",
          concat({"The secret ", part.text, " is not set: npx wrangler secret put ", part.text, "."}));
    }
  }
  if (text.size() > limit::header_value_bytes_max) {
    return fail(ErrorKind::too_large, "config",
                concat({"The header ", header.name, " for the origin is too long."}));
  }
  return text;
}

}  // namespace

Template parse_template(std::string_view text, TemplateUse use, const std::vector<KeyField>& key,
                        const std::string& path, Faults& faults) {
  return TemplateParser(use, key, path, faults).parse(text);
}

UrlTemplate parse_url_template(std::string_view text, const std::vector<KeyField>& key,
                               const std::string& path, Faults& faults) {
  UrlTemplate url;
  auto parsed = parse_http_url(text);
  if (!parsed) {
    faults.emplace_back(path, parsed.error().message);
    return url;
  }
  url.origin = std::move(parsed->origin);
  const std::string_view rest = parsed->rest;
  const std::size_t question = rest.find('?');
  const std::string_view path_as_written = rest.substr(0, question);
  if (http::has_dot_segment(path_as_written)) {
    faults.emplace_back(path, "The URL's path has a \".\" or \"..\" segment; write where it leads.");
  }
  url.path = parse_template(path_as_written.empty() ? "/" : path_as_written, TemplateUse::url_path, key, path,
                            faults);
  if (question == std::string_view::npos) {
    return url;
  }
  for (const std::string_view piece : split(rest.substr(question + 1), '&')) {
    if (piece == "{*}") {
      url.query.push_back(Template{whole_query_part(key, path, faults)});
    } else if (!piece.empty()) {
      url.query.push_back(parse_template(piece, TemplateUse::url_query, key, path, faults));
    }
  }
  return url;
}

Result<std::string> expand_url(const UrlTemplate& url, const FieldValues& values, const FieldValues& sent) {
  auto path = expand_path(url.path, values, sent);
  if (!path) {
    return path;
  }
  std::string text = url.origin + *path;
  char separator = '?';
  for (const Template& parameter : url.query) {
    if (any_absent(parameter, values)) {
      continue;
    }
    std::string piece;
    for (const Part& part : parameter) {
      const bool whole = part.kind == PartKind::whole_query && sent_of(part, sent);
      piece.append(whole ? *sent_of(part, sent) : query_text(part, value_of(part, values)));
    }
    if (!piece.empty()) {
      text.push_back(separator);
      text.append(piece);
      separator = '&';
    }
  }
  if (text.size() > limit::url_bytes_max) {
    return fail(ErrorKind::too_large, "config", "The request is too long for the origin; shorten it.");
  }
  return text;
}

Result<TextPairs> expand_headers(const std::vector<HeaderTemplate>& headers, const FieldValues& values,
                                 const Settings& settings) {
  TextPairs fields;
  for (const HeaderTemplate& header : headers) {
    if (any_absent(header.value, values)) {
      continue;
    }
    auto value = expand_header(header, values, settings);
    if (!value) {
      return tl::make_unexpected(value.error());
    }
    fields.emplace_back(header.name, std::move(*value));
  }
  return fields;
}

std::optional<std::string> expand_text(const Template& text, const FieldValues& values) {
  std::string expanded;
  for (const Part& part : text) {
    const auto& value = value_of(part, values);
    if (part.kind == PartKind::literal) {
      expanded.append(part.text);
    } else if (value && !value->empty()) {
      expanded.append(*value);
    } else {
      return std::nullopt;
    }
  }
  return expanded;
}

}  // namespace larder::config
