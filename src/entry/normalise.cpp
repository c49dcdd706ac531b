#include "entry/normalise.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/assert.h"
#include "base/code_points.h"
#include "base/isbn.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "entry/canonical_json.h"
#include "entry/decimal.h"

namespace larder::entry {

namespace {

using config::FieldSource;
using config::FieldValues;
using config::KeyField;
using config::Normaliser;
using config::NormaliserUse;
using config::Presence;

Failure refuse_field(std::string message) { return fail(ErrorKind::invalid, "entry", std::move(message)); }

// The same fault, told with its place.
Failure refuse_as(const Error& error, std::string place) {
  return fail(error.kind, "entry", place.append(error.message));
}

std::string digits_of(std::string_view value) {
  std::string digits;
  std::copy_if(value.begin(), value.end(), std::back_inserter(digits), is_digit);
  return digits;
}

std::string sorted_list(std::string_view value) {
  std::vector<std::string> items;
  for (const std::string_view item : split(value, ',')) {
    if (!trim(item).empty()) {
      items.emplace_back(trim(item));
    }
  }
  std::sort(items.begin(), items.end());
  return join(items, ",");
}

Failure refuse_number() { return refuse_field("write a decimal number like 12 or -0.5"); }

// By its digits alone, so that nothing is rounded.
Result<std::string> canonical_number(std::string_view value) {
  const bool negative = value.starts_with('-');
  if (negative || value.starts_with('+')) {
    value.remove_prefix(1);
  }
  const std::size_t point = value.find('.');
  std::string_view whole = value.substr(0, point);
  std::string_view fraction = point == std::string_view::npos ? std::string_view() : value.substr(point + 1);
  const bool has_fraction_digits = point == std::string_view::npos || !fraction.empty();
  const auto all_digits = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), is_digit);
  };
  if (whole.empty() || !has_fraction_digits || !all_digits(whole) || !all_digits(fraction)) {
    return refuse_number();
  }
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size() - 1));
  fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
  const bool zero = whole == "0" && fraction.empty();
  return concat({negative && !zero ? "-" : "", whole, fraction.empty() ? "" : ".", fraction});
}

Result<std::string> quantised_text(std::string_view value, std::int64_t step) {
  const auto plain = canonical_number(value);
  const auto number = plain ? parse_json_number(*plain) : std::nullopt;
  const auto bucket = number ? quantised(*number, step) : std::nullopt;
  return bucket ? Result<std::string>(*bucket) : refuse_number();
}

Result<std::string> canonical_isbn(std::string_view value) {
  auto isbn = parse_isbn(value);
  if (!isbn) {
    return tl::make_unexpected(std::move(isbn.error()));
  }
  return isbn->thirteen();
}

// Form encoding (spaces as %20) in the order given, or sorted by name; equal names keep their order, which
// may matter.
std::string encoded_query(const TextPairs& query, const KeyField& field) {
  std::vector<std::size_t> order(query.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!field.normalisers.empty()) {
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const int names = query[a].first.compare(query[b].first);
      return names != 0 ? names < 0 : a < b;
    });
  }
  std::string encoded;
  for (const std::size_t i : order) {
    const auto& [name, value] = query[i];
    if (!config::takes_parameter(field, name)) {
      continue;
    }
    encoded.append(encoded.empty() ? "" : "&")
        .append(percent_encode(name))
        .append("=")
        .append(percent_encode(value));
  }
  return encoded;
}

// The one value of that name; refused where there are several, because which of them counts is anyone's
// guess.
Result<std::optional<std::string>> single(const TextPairs& pairs, std::string_view name) {
  std::optional<std::string> found;
  for (const auto& [key, value] : pairs) {
    if (key == name && found) {
      return refuse_field(concat({name, " is given twice; give it once."}));
    }
    if (key == name) {
      found = value;
    }
  }
  return found;
}

Result<std::optional<std::string>> raw_value(const KeyField& field, const Parameters& parameters) {
  switch (field.source) {
    case FieldSource::query:
      return single(parameters.query, field.name);
    case FieldSource::path:
    case FieldSource::rest:
      return single(parameters.path, field.name);
    case FieldSource::header:
      return parameters.headers.combined(field.name);
    case FieldSource::whole_query:
      return std::optional<std::string>(encoded_query(parameters.query, field));
    case FieldSource::body:
    case FieldSource::whole_body:
      return single(parameters.body, field.name);
    case FieldSource::setting:
      return single(parameters.settings, field.name);
  }
  LARDER_UNREACHABLE();
}

bool is_json(const KeyField& field) {
  return std::any_of(field.normalisers.begin(), field.normalisers.end(),
                     [](const NormaliserUse& use) { return use.normaliser == Normaliser::json; });
}

// A value of the body in one form, or the text that it is.
Result<std::string> body_value(const KeyField& field, std::string_view value) {
  auto ready = is_json(field) ? canonical_json(value, field.quantise) : json_text(value);
  return ready ? std::move(ready) : refuse_as(ready.error(), concat({field.name, ": "}));
}

// ASCII, which most values are, needs no table of letters.
std::string lower(std::string_view value, const NormalText& lower_text) {
  return is_ascii(value) ? to_lower(value) : lower_text(value);
}

// Without white space at both ends, whichever script it is of.
std::string trimmed(std::string_view value) {
  if (is_ascii(value)) {
    return std::string(trim(value));
  }
  std::size_t begin = value.size();
  std::size_t end = 0;
  for (std::string_view rest = value; !rest.empty();) {
    const std::size_t at = value.size() - rest.size();
    if (!is_any_space(take_point(rest))) {
      begin = std::min(begin, at);
      end = value.size() - rest.size();
    }
  }
  return begin < end ? std::string(value.substr(begin, end - begin)) : "";
}

// Every run of white space made one space, and none at the ends.
std::string collapsed(std::string_view value) {
  if (is_ascii(value)) {
    return collapse_spaces(value);
  }
  std::string made;
  bool space_is_due = false;
  for (std::string_view rest = value; !rest.empty();) {
    const std::string_view here = rest;
    if (is_any_space(take_point(rest))) {
      space_is_due = !made.empty();
      continue;
    }
    made.append(space_is_due ? " " : "").append(here, 0, here.size() - rest.size());
    space_is_due = false;
  }
  return made;
}

Result<std::string> normalised(const KeyField& field, std::string value, const NormalText& lower_text) {
  if (value.size() > field.bytes_max.count) {
    return refuse_field(concat({field.name, " is ", to_text(std::uint64_t{value.size()}),
                                " bytes long; at most ", to_text(field.bytes_max.count), " are allowed."}));
  }
  if (!is_utf8(value)) {
    return refuse_field(concat({field.name, " is not UTF-8; encode it as UTF-8."}));
  }
  if (field.source == FieldSource::whole_query) {
    return value;
  }
  if (config::is_of_body(field.source)) {
    auto ready = body_value(field, value);
    if (!ready || is_json(field)) {
      return ready;
    }
    value = std::move(*ready);
  }
  for (const NormaliserUse& use : field.normalisers) {
    // An empty optional value is empty in every form.
    if (value.empty()) {
      break;
    }
    auto next = normalise(use, value, lower_text);
    if (!next) {
      return refuse_field(concat({field.name, ": ", next.error().message}));
    }
    value = std::move(*next);
  }
  if (std::any_of(value.begin(), value.end(), is_control)) {
    return refuse_field(concat({field.name, " has a control character; remove it."}));
  }
  return value;
}

std::string how_to_give(const KeyField& field) {
  switch (field.source) {
    case FieldSource::query:
      return concat({field.name, " is missing or empty: add ?", field.name, "=… to the URL."});
    case FieldSource::header:
      return concat({field.name, " is missing or empty: send that header."});
    case FieldSource::body:
      return concat({field.name, " is missing or empty: send it as a member of the JSON body."});
    case FieldSource::whole_body:
      return "The body is empty: send JSON.";
    case FieldSource::setting:
    case FieldSource::path:
    case FieldSource::rest:
    case FieldSource::whole_query:
      return concat({field.name, " is empty."});
  }
  LARDER_UNREACHABLE();
}

}  // namespace

std::vector<std::string_view> header_names(const config::Resource& resource) {
  std::vector<std::string_view> names;
  for (const KeyField& field : resource.key) {
    if (field.source == FieldSource::header) {
      names.emplace_back(field.name);
    }
  }
  return names;
}

Result<TextPairs> body_parts(const config::Resource& resource, std::string_view body) {
  std::vector<std::string_view> names;
  for (const KeyField& field : resource.key) {
    if (field.source == FieldSource::body) {
      names.emplace_back(field.name);
    }
  }
  TextPairs parts;
  if (!names.empty()) {
    auto members = json_members(body, names);
    if (!members) {
      return refuse_as(members.error(), "The body: ");
    }
    parts = std::move(*members);
  }
  for (const KeyField& field : resource.key) {
    if (field.source == FieldSource::whole_body && !trim(body).empty()) {
      parts.emplace_back(field.name, trim(body));
    }
  }
  return parts;
}

FieldValues key_values(const config::Resource& resource, const FieldValues& values, const Sha256& sha256) {
  LARDER_ASSERT(values.size() == resource.key.size());
  FieldValues in_key = values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (in_key[i] && resource.key[i].form == config::KeyForm::digest) {
      in_key[i] = to_hex(sha256(*in_key[i]));
    }
  }
  return in_key;
}

std::string origin_body(const config::Resource& resource, const FieldValues& values) {
  LARDER_ASSERT(values.size() == resource.key.size());
  JsonWriter json;
  json.begin_object();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const KeyField& field = resource.key[i];
    if (field.source == FieldSource::whole_body) {
      return values[i].value_or("");
    }
    if (field.source != FieldSource::body || !values[i]) {
      continue;
    }
    json.key(field.name);
    if (is_json(field)) {
      json.raw(*values[i]);
    } else {
      json.value(*values[i]);
    }
  }
  json.end_object();
  return std::move(json).take();
}

Result<std::string> normalise(const NormaliserUse& use, std::string_view value,
                              const NormalText& lower_text) {
  switch (use.normaliser) {
    case Normaliser::trim:
      return trimmed(value);
    case Normaliser::collapse:
      return collapsed(value);
    case Normaliser::lower:
      return lower(value, lower_text);
    case Normaliser::isbn:
      return canonical_isbn(value);
    case Normaliser::digits:
      return digits_of(value);
    case Normaliser::sort:
      return sorted_list(value);
    case Normaliser::number:
      return canonical_number(trim(value));
    case Normaliser::json:
      return canonical_json(value);
    case Normaliser::quantise:
      return quantised_text(trim(value), use.step_billionths);
  }
  LARDER_UNREACHABLE();
}

Result<FieldValues> normalise_fields(const config::Resource& resource, const Parameters& parameters,
                                     const NormalText& lower_text) {
  FieldValues values;
  for (const KeyField& field : resource.key) {
    auto raw = raw_value(field, parameters);
    if (!raw) {
      return tl::make_unexpected(std::move(raw.error()));
    }
    std::optional<std::string> value;
    if (*raw) {
      auto ready = normalised(field, std::move(**raw), lower_text);
      if (!ready) {
        return tl::make_unexpected(std::move(ready.error()));
      }
      value = std::move(*ready);
    }
    if (field.presence == Presence::required && (!value || value->empty())) {
      return refuse_field(how_to_give(field));
    }
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace larder::entry
