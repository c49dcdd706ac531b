// "key" of a resource.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "config/declaration_parts.h"
#include "config/limits.h"

namespace larder::config {

namespace {

// Fields that name a person: a cache keyed on them would keep their secrets in clear.
constexpr std::array<std::string_view, 3> private_headers = {"authorization", "cookie",
                                                             "proxy-authorization"};

bool is_token(std::string_view text) {
  const auto fits = [](char c) {
    return is_alpha(c) || is_digit(c) || contains("!#$%&'*+-.^_`|~", std::string_view(&c, 1));
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

std::optional<NormaliserUse> parse_quantise(std::string_view text, const std::string& path, Faults& faults) {
  constexpr std::int64_t smallest_billionths = 1'000;
  const std::size_t colon = text.find(':');
  const auto step = colon == std::string_view::npos ? std::nullopt : parse_billionths(text.substr(colon + 1));
  if (!step || *step < smallest_billionths || *step % smallest_billionths != 0) {
    faults.emplace_back(path, concat({in_quotes(text),
                                      ": write quantise and a step above 0 with at most six decimals, as "
                                      "in \"quantise:0.5\"."}));
    return std::nullopt;
  }
  return NormaliserUse{Normaliser::quantise, *step};
}

std::optional<NormaliserUse> parse_normaliser(const Place& place, Faults& faults) {
  const auto text = read_text(place, faults);
  if (!text) {
    return std::nullopt;
  }
  const std::string_view word = std::string_view(*text).substr(0, text->find(':'));
  if (word == to_text(Normaliser::quantise)) {
    return parse_quantise(*text, place.path, faults);
  }
  if (word == "nfc") {
    faults.emplace_back(place.path,
                        concat({"The normaliser ", in_quotes(word), " is not available in this version."}));
    return std::nullopt;
  }
  const auto normaliser = read_word(place, all_normalisers, faults);
  return normaliser ? std::optional(NormaliserUse{*normaliser, 0}) : std::nullopt;
}

std::vector<NormaliserUse> parse_normalisers(const Place& place, Faults& faults) {
  std::vector<NormaliserUse> uses;
  for (const Place& item : read_items(place, limit::normalisers_max, faults)) {
    const auto use = parse_normaliser(item, faults);
    if (!use) {
      continue;
    }
    const auto same = [&](const NormaliserUse& other) { return other.normaliser == use->normaliser; };
    if (std::any_of(uses.begin(), uses.end(), same)) {
      faults.emplace_back(item.path,
                          concat({in_quotes(to_text(use->normaliser)), " is named twice; keep one."}));
    } else {
      uses.push_back(*use);
    }
  }
  return uses;
}

void check_whole_query(const KeyField& field, const Members& members, Faults& faults) {
  for (const NormaliserUse& use : field.normalisers) {
    if (use.normaliser != Normaliser::sort) {
      faults.emplace_back(members.path_of("normalise"),
                          "The whole query takes no normaliser but \"sort\", which sorts its parameters.");
    }
  }
}

void set_source(KeyField& field, const Place& place, std::string_view member, const Match& match,
                Faults& faults) {
  if (member == "query") {
    field.source = field.name == "*" ? FieldSource::whole_query : FieldSource::query;
    return;
  }
  if (member == "body") {
    field.source = field.name == "*" ? FieldSource::whole_body : FieldSource::body;
    if (match.method != http::Method::post) {
      faults.emplace_back(place.path, "Only a POST has a body: use \"method\": \"POST\" in match.");
    }
    return;
  }
  if (member == "setting") {
    field.source = FieldSource::setting;
    const auto words = words_of(all_key_settings);
    if (!find_word(all_key_settings, field.name)) {
      faults.emplace_back(place.path,
                          concat({in_quotes(field.name), " is no setting that a key may hold; use ",
                                  any_of(words), ".", did_you_mean(field.name, words)}));
    }
    return;
  }
  if (member == "header") {
    field.source = FieldSource::header;
    field.name = to_lower(field.name);
    if (!is_token(field.name)) {
      faults.emplace_back(place.path,
                          concat({in_quotes(field.name), " is no header field name (RFC 9110 §5.1)."}));
    }
    if (std::find(private_headers.begin(), private_headers.end(), field.name) != private_headers.end()) {
      faults.emplace_back(place.path, concat({in_quotes(field.name),
                                              " may not be part of a key: keys are stored in clear."}));
    }
    return;
  }
  field.presence = Presence::required;
  std::vector<std::string_view> names;
  for (const Segment& segment : match.segments) {
    if (segment.kind == SegmentKind::literal) {
      continue;
    }
    names.emplace_back(segment.text);
    if (segment.text == field.name) {
      const bool rest = segment.kind == SegmentKind::rest;
      field.source = rest ? FieldSource::rest : FieldSource::path;
      field.presence = rest ? Presence::optional : Presence::required;
      return;
    }
  }
  // Where the path itself could not be read, that is the fault to mend.
  if (match.segments.empty()) {
    return;
  }
  faults.emplace_back(place.path,
                      concat({"match.path has no {", field.name, "}.", did_you_mean(field.name, names)}));
}

// The one member that says where the field is; nothing, with a fault, for none or several.
std::optional<std::string_view> source_member(const Members& members, const Place& place, Faults& faults) {
  std::optional<std::string_view> found;
  std::size_t count = 0;
  for (const std::string_view member : {"query", "path", "header", "body", "setting"}) {
    if (members.find(member)) {
      found = member;
      ++count;
    }
  }
  if (count != 1 && members.is_object()) {
    faults.emplace_back(place.path,
                        "A key field needs exactly one of \"query\", \"path\", \"header\", \"body\" and "
                        "\"setting\".");
    return std::nullopt;
  }
  return found;
}

// Times 10^9; nullopt for what is no step.
std::optional<std::int64_t> parse_step(const Place& place) {
  constexpr double most = 1e9;
  constexpr double millionths_of_one = 1e6;
  constexpr std::int64_t billionths_of_millionth = 1'000;
  double number = 0;
  if (place.element.get(number) != simdjson::SUCCESS || !(number > 0) || number > most) {
    return std::nullopt;
  }
  const auto millionths = static_cast<std::int64_t>(std::llround(number * millionths_of_one));
  const bool exact = static_cast<double>(millionths) / millionths_of_one == number;
  return millionths < 1 || !exact ? std::nullopt : std::optional(millionths * billionths_of_millionth);
}

// {"paths": ["systems[].percentage"], "step": 0.5}
JsonQuantise parse_json_quantise(const Place& place, Faults& faults) {
  JsonQuantise quantise;
  const Members members(place, {"paths", "step"}, faults);
  const auto paths = members.require("paths", faults);
  const auto items = paths ? read_items(*paths, limit::quantise_paths_max, faults) : std::vector<Place>();
  for (const Place& item : items) {
    const auto text = read_text(item, faults);
    auto path = text ? parse_json_path(*text) : std::nullopt;
    if (path) {
      quantise.paths.push_back(std::move(*path));
    } else if (text) {
      faults.emplace_back(
          item.path, concat({in_quotes(*text), " is no path; write one like \"systems[].percentage\"."}));
    }
  }
  if (const auto step = members.require("step", faults)) {
    const auto billionths = parse_step(*step);
    quantise.step_billionths = billionths.value_or(0);
    if (!billionths) {
      faults.emplace_back(step->path, "A step is a number above 0 with at most six decimals, as in 0.5.");
    }
  }
  return quantise;
}

void read_body_options(KeyField& field, const Members& members, Faults& faults) {
  const auto is_json = [](const NormaliserUse& use) { return use.normaliser == Normaliser::json; };
  const bool json = std::any_of(field.normalisers.begin(), field.normalisers.end(), is_json);
  if (const auto quantise = members.find("quantise")) {
    field.quantise = parse_json_quantise(*quantise, faults);
    if (!json) {
      faults.emplace_back(quantise->path, "It needs the normaliser \"json\", which knows what is where.");
    }
  }
  if (json && field.normalisers.size() != 1) {
    faults.emplace_back(members.path_of("normalise"), "A JSON value takes no normaliser but \"json\".");
  }
  if (!json && field.source == FieldSource::whole_body) {
    faults.emplace_back(members.path_of("normalise"), "The whole body needs the normaliser \"json\".");
  }
}

std::uint64_t field_bytes_default(FieldSource source) {
  if (is_of_body(source)) {
    return limit::body_field_bytes_default;
  }
  const bool whole = source == FieldSource::whole_query || source == FieldSource::rest;
  return whole ? limit::url_bytes_max : limit::query_value_bytes_max;
}

void read_form(KeyField& field, const Members& members, Faults& faults) {
  if (const auto digest = members.find("digest")) {
    field.form = read_boolean(*digest, faults).value_or(false) ? KeyForm::digest : KeyForm::plain;
  }
  if (is_of_body(field.source)) {
    read_body_options(field, members, faults);
  } else if (const auto quantise = members.find("quantise")) {
    faults.emplace_back(quantise->path,
                        "Only a field of the body has paths; use the normaliser \"quantise:STEP\".");
  }
  if (field.source != FieldSource::setting) {
    return;
  }
  for (const std::string_view name : {"normalise", "required", "maxBytes", "digest"}) {
    if (members.find(name)) {
      faults.emplace_back(members.path_of(name), "A setting is taken as it is; remove this member.");
    }
  }
}

bool is_query_name(std::string_view name) {
  return !name.empty() && name.size() <= limit::field_name_bytes_max &&
         name.substr(0, name.size() - 1).find('*') == std::string_view::npos;
}

// "only" or "except" of the whole query.
void read_query_choice(KeyField& field, const Members& members, Faults& faults) {
  const auto only = members.find("only");
  const auto except = members.find("except");
  if (!only && !except) {
    return;
  }
  const Place& place = only ? *only : *except;
  if (field.source != FieldSource::whole_query || (only && except)) {
    faults.emplace_back(place.path,
                        "The whole query, {\"query\": \"*\"}, takes one of \"only\" and \"except\".");
    return;
  }
  field.query_choice = only ? QueryChoice::only : QueryChoice::except;
  for (const Place& item : read_items(place, limit::query_names_max, faults)) {
    const auto name = read_text(item, faults);
    if (name && !is_query_name(*name)) {
      faults.emplace_back(item.path, concat({"A parameter's name has 1 to ",
                                             to_text(std::uint64_t{limit::field_name_bytes_max}),
                                             " bytes and no * but at its end."}));
    } else if (name) {
      field.query_names.push_back(*name);
    }
  }
  if (field.query_names.empty() && place.element.is_array()) {
    faults.emplace_back(place.path, "Name at least one parameter.");
  }
}

void read_options(KeyField& field, const Members& members, Faults& faults) {
  if (const auto normalise = members.find("normalise")) {
    field.normalisers = parse_normalisers(*normalise, faults);
  }
  const bool whole = field.source == FieldSource::whole_query || field.source == FieldSource::rest;
  field.bytes_max = Bytes(field_bytes_default(field.source));
  if (const auto bytes = members.find("maxBytes")) {
    const std::uint64_t most =
        is_of_body(field.source) ? limit::request_body_bytes_max : limit::url_bytes_max;
    field.bytes_max = Bytes(read_integer(*bytes, 1, most, faults).value_or(1));
  }
  read_form(field, members, faults);
  read_query_choice(field, members, faults);
  const auto required = members.find("required");
  const auto value = required ? read_boolean(*required, faults) : std::nullopt;
  if (!value) {
    return;
  }
  if (field.source == FieldSource::path && !*value) {
    faults.emplace_back(required->path, "A path's field is always there; remove this member.");
  } else if (whole && *value) {
    faults.emplace_back(required->path,
                        "The whole query and a path's rest may be empty; remove this member.");
  } else {
    field.presence = *value ? Presence::required : Presence::optional;
  }
}

std::optional<KeyField> parse_field(const Place& place, const Match& match, Faults& faults) {
  const Members members(place,
                        {"query", "path", "header", "body", "setting", "normalise", "quantise", "digest",
                         "required", "maxBytes", "only", "except"},
                        faults);
  const auto member = source_member(members, place, faults);
  if (!member) {
    return std::nullopt;
  }
  const auto name_place = members.find(*member);
  const auto name = read_text(*name_place, faults);
  if (!name) {
    return std::nullopt;
  }
  KeyField field;
  field.name = *name;
  if (name->empty() || name->size() > limit::field_name_bytes_max ||
      name->find_first_of("{}") != std::string::npos) {
    faults.emplace_back(name_place->path, concat({"A field's name has 1 to ",
                                                  to_text(std::uint64_t{limit::field_name_bytes_max}),
                                                  " bytes and no braces."}));
  }
  set_source(field, *name_place, *member, match, faults);
  read_options(field, members, faults);
  if (field.source == FieldSource::whole_query) {
    check_whole_query(field, members, faults);
  }
  return field;
}

void add_implied_field(std::vector<KeyField>& key, FieldSource source, std::string_view name) {
  KeyField field;
  field.source = source;
  field.name = std::string(name);
  field.presence = source == FieldSource::path ? Presence::required : Presence::optional;
  field.bytes_max = Bytes(limit::url_bytes_max);
  key.push_back(std::move(field));
}

std::vector<KeyField> implied_key(const Match& match, std::string_view url) {
  std::vector<KeyField> key;
  for (const Segment& segment : match.segments) {
    if (segment.kind != SegmentKind::literal) {
      const bool rest = segment.kind == SegmentKind::rest;
      add_implied_field(key, rest ? FieldSource::rest : FieldSource::path, segment.text);
    }
  }
  if (contains(url, "{*}")) {
    add_implied_field(key, FieldSource::whole_query, "*");
  }
  return key;
}

void check_path_fields(const std::vector<KeyField>& key, const std::string& path, const Match& match,
                       Faults& faults) {
  for (const Segment& segment : match.segments) {
    const auto same = [&](const KeyField& field) {
      return (field.source == FieldSource::path || field.source == FieldSource::rest) &&
             field.name == segment.text;
    };
    if (segment.kind != SegmentKind::literal && std::none_of(key.begin(), key.end(), same)) {
      faults.emplace_back(path, concat({"match.path has {", segment.text, "}, so the key needs {\"path\": \"",
                                        segment.text, "\"}: else all its values would share one entry."}));
    }
  }
}

}  // namespace

std::vector<KeyField> parse_key(const std::optional<Place>& place, const std::string& path,
                                const Match& match, Mode mode, std::string_view url, Faults& faults) {
  if (!place) {
    if (mode == Mode::keyed) {
      faults.emplace_back(path, "This member is missing; write [] for a resource with one entry only.");
    }
    return implied_key(match, url);
  }
  std::vector<KeyField> key;
  for (const Place& item : read_items(*place, limit::key_fields_max, faults)) {
    auto field = parse_field(item, match, faults);
    if (!field) {
      continue;
    }
    const auto same = [&](const KeyField& other) { return other.name == field->name; };
    if (std::any_of(key.begin(), key.end(), same)) {
      faults.emplace_back(item.path, concat({"There are two key fields named ", in_quotes(field->name),
                                             "; each needs a name of its own."}));
    }
    key.push_back(std::move(*field));
  }
  check_path_fields(key, path, match, faults);
  return key;
}

}  // namespace larder::config
