#include "config/declaration.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/declaration_parts.h"
#include "config/duration.h"
#include "config/limits.h"
#include "config/settings.h"
#include "http/request_fields.h"
#include "http/syntax.h"
#include "json/json_position.h"
#include "json/json_reader.h"

namespace larder::config {

namespace {

bool is_resource_name(std::string_view name) {
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  return !name.empty() && is_lower(name.front()) && name.size() <= limit::resource_name_bytes_max &&
         std::all_of(name.begin(), name.end(), fits);
}

std::string parse_name(const Members& members, Faults& faults) {
  const auto place = members.require("name", faults);
  const auto name = place ? read_text(*place, faults) : std::nullopt;
  if (name && !is_resource_name(*name)) {
    faults.emplace_back(place->path, concat({in_quotes(*name),
                                             " is no resource name; use lower-case letters, digits and -, "
                                             "a letter first, at most ",
                                             to_text(std::uint64_t{limit::resource_name_bytes_max}), "."}));
  }
  if (name == "other") {
    faults.emplace_back(place->path, "\"other\" is the counters' name for all the rest; choose another.");
  }
  return name.value_or("");
}

Millis parse_lifetime(const Members& members, std::string_view name, Millis otherwise, Faults& faults) {
  const auto place = members.find(name);
  return place ? read_duration(*place, faults).value_or(otherwise) : otherwise;
}

// "24h", or "${STALE_DAYS}" for the days of that setting.
Lifetime read_lifetime(const Place& place, std::string_view text, Millis otherwise, Faults& faults) {
  Lifetime lifetime;
  lifetime.duration = otherwise;
  if (text.starts_with("${") && text.ends_with("}")) {
    const std::string_view name = text.substr(2, text.size() - 3);
    lifetime.setting = find_word(all_days_settings, name);
    if (!lifetime.setting) {
      const auto words = words_of(all_days_settings);
      faults.emplace_back(place.path, concat({in_quotes(name), " is no setting of days; use ", any_of(words),
                                              ".", did_you_mean(name, words)}));
    }
    return lifetime;
  }
  auto duration = parse_duration(text);
  if (duration) {
    lifetime.duration = *duration;
  } else {
    faults.emplace_back(place.path, std::move(duration.error().message));
  }
  return lifetime;
}

void read_ttl_and_stale(const Members& members, Resource& resource, Millis ttl_otherwise, Faults& faults) {
  constexpr std::string_view until = "until ";
  resource.declared_ttl.duration = ttl_otherwise;
  const auto ttl = members.find("ttl");
  if (const auto text = ttl ? read_text(*ttl, faults) : std::nullopt) {
    resource.declared_ttl = read_lifetime(*ttl, *text, ttl_otherwise, faults);
  }
  const auto stale = members.find("stale");
  if (const auto text = stale ? read_text(*stale, faults) : std::nullopt) {
    resource.stale_counts_from_start = text->starts_with(until);
    const std::size_t skipped = resource.stale_counts_from_start ? until.size() : 0;
    resource.declared_stale =
        read_lifetime(*stale, std::string_view(*text).substr(skipped), Millis(0), faults);
  }
}

void parse_ttl_and_stale(const Members& members, Resource& resource, Millis ttl_otherwise, Faults& faults) {
  read_ttl_and_stale(members, resource, ttl_otherwise, faults);
  const Lifetime& ttl = resource.declared_ttl;
  const Lifetime& stale = resource.declared_stale;
  resource.ttl = ttl.duration;
  resource.stale = stale.duration;
  if (!resource.stale_counts_from_start) {
    return;
  }
  resource.stale = std::max(stale.duration - ttl.duration, Millis(0));
  if (!ttl.setting && !stale.setting && stale.duration < ttl.duration) {
    faults.emplace_back(members.path_of("stale"), "\"until\" counts from the beginning: at least the ttl.");
  }
  if (resource.mode != Mode::keyed) {
    faults.emplace_back(members.path_of("stale"),
                        "In mode http the ttl is the response's; write a duration alone.");
  }
}

void parse_lifetimes(const Members& members, Resource& resource, Faults& faults) {
  const bool keyed = resource.mode == Mode::keyed;
  if (keyed) {
    static_cast<void>(members.require("ttl", faults));
  }
  const Millis unread(1);
  parse_ttl_and_stale(members, resource, keyed ? unread : Millis(0), faults);
  resource.stale_if_error = parse_lifetime(members, "staleIfError", Millis(0), faults);
  resource.negative_ttl =
      parse_lifetime(members, "negativeTtl", keyed ? limit::negative_ttl_default : Millis(0), faults);
  if (keyed && resource.ttl == Millis(0)) {
    faults.emplace_back(members.path_of("ttl"),
                        "Nothing is fresh for no time; write how long an answer may be reused.");
  }
  if (!keyed && members.find("negativeTtl")) {
    faults.emplace_back(members.path_of("negativeTtl"),
                        "In mode http a 404 lives as long as it says; remove this member.");
  }
}

std::vector<Template> parse_tags(const Members& members, const std::vector<KeyField>& key, Faults& faults) {
  std::vector<Template> tags;
  std::vector<std::string> seen;
  const auto place = members.find("tags");
  if (!place) {
    return tags;
  }
  for (const Place& item : read_items(*place, limit::tags_max, faults)) {
    const auto text = read_text(item, faults);
    if (!text) {
      continue;
    }
    if (text->empty() || text->size() > limit::tag_bytes_max) {
      faults.emplace_back(
          item.path, concat({"A tag has 1 to ", to_text(std::uint64_t{limit::tag_bytes_max}), " bytes."}));
    }
    if (std::find(seen.begin(), seen.end(), *text) != seen.end()) {
      faults.emplace_back(item.path, concat({"The tag ", in_quotes(*text), " is given twice; keep one."}));
    }
    seen.push_back(*text);
    tags.push_back(parse_template(*text, TemplateUse::tag, key, item.path, faults));
  }
  return tags;
}

std::vector<Tier> parse_tiers(const Members& members, Faults& faults) {
  const auto place = members.find("tiers");
  if (!place) {
    return std::vector<Tier>(all_tiers.begin(), all_tiers.end());
  }
  std::vector<Tier> tiers;
  const auto items = read_items(*place, 2 * all_tiers.size(), faults);
  for (const Place& item : items) {
    const auto tier = read_word(item, all_tiers, faults);
    if (tier && std::find(tiers.begin(), tiers.end(), *tier) != tiers.end()) {
      faults.emplace_back(item.path,
                          concat({"The tier ", in_quotes(to_text(*tier)), " is named twice; keep one."}));
    } else if (tier) {
      tiers.push_back(*tier);
    }
  }
  if (items.empty() && place->element.is_array()) {
    faults.emplace_back(place->path,
                        "Name at least one tier; to cache nothing, leave CACHE_PATTERN_WHITELIST to others.");
  }
  std::sort(tiers.begin(), tiers.end());
  return tiers;
}

ArchiveRules parse_archive(const Members& members, Faults& faults) {
  ArchiveRules rules;
  const auto place = members.find("archive");
  if (!place) {
    return rules;
  }
  if (place->element.is_string()) {
    const auto word = read_text(*place, faults);
    if (word && *word != "never") {
      faults.emplace_back(place->path,
                          "Write {\"minAge\": \"7d\"} with what is to be different, or \"never\".");
    }
    rules.archiving = Archiving::never;
    return rules;
  }
  const Members inner(*place, {"minAge", "maxReads", "minBytes"}, faults);
  if (const auto age = inner.find("minAge")) {
    rules.age_min = read_duration(*age, faults).value_or(rules.age_min);
  }
  if (const auto reads = inner.find("maxReads")) {
    rules.reads_max = static_cast<std::uint32_t>(read_integer(*reads, 0, 1'000'000, faults).value_or(0));
  }
  if (const auto bytes = inner.find("minBytes")) {
    rules.bytes_min = Bytes(read_integer(*bytes, 0, limit::kv_value_bytes_max, faults).value_or(0));
  }
  return rules;
}

// origin.url as written, which decides what the key is where it is left out.
std::string url_text(const Members& members) {
  const auto origin = members.find("origin");
  std::string_view url;
  const bool found = origin && origin->element["url"].get(url) == simdjson::SUCCESS;
  return found ? std::string(url) : std::string();
}

bool uses_field(const Template& text, std::size_t field) {
  return std::any_of(text.begin(), text.end(), [&](const Part& part) {
    return part.kind != PartKind::literal && part.kind != PartKind::secret && part.field == field;
  });
}

bool is_used(const Resource& resource, std::size_t field) {
  const auto uses = [&](const Template& text) { return uses_field(text, field); };
  const UrlTemplate& url = resource.origin.url;
  return uses(url.path) || std::any_of(url.query.begin(), url.query.end(), uses) ||
         std::any_of(resource.tags.begin(), resource.tags.end(), uses) ||
         std::any_of(resource.origin.headers.begin(), resource.origin.headers.end(),
                     [&](const HeaderTemplate& header) { return uses(header.value); });
}

bool is_web_origin(std::string_view text) {
  const bool web = text.starts_with("https://") || text.starts_with("http://");
  const std::string_view host = web ? text.substr(text.find("://") + 3) : std::string_view();
  const auto fits = [](char c) {
    return is_lower(c) || is_digit(c) || contains("-.:[]", std::string_view(&c, 1));
  };
  return !host.empty() && std::all_of(host.begin(), host.end(), fits);
}

void parse_cors_origins(const Place& place, Cors& cors, Faults& faults) {
  const auto items = read_items(place, limit::cors_origins_max, faults);
  for (const Place& item : items) {
    const auto text = read_text(item, faults);
    if (!text || (*text == "*" && items.size() == 1)) {
      continue;
    }
    if (is_web_origin(*text)) {
      cors.origins.push_back(*text);
    } else {
      faults.emplace_back(item.path, concat({in_quotes(*text),
                                             " is no web origin; write scheme and host in lower case, "
                                             "as in \"https://a.example\", or \"*\" alone for all."}));
    }
  }
  if (items.empty() && place.element.is_array()) {
    faults.emplace_back(place.path, "Name at least one origin, or remove \"cors\".");
  }
}

std::optional<Cors> parse_cors(const Members& members, Faults& faults) {
  const auto place = members.find("cors");
  if (!place) {
    return std::nullopt;
  }
  Cors cors;
  cors.preflight_age = limit::cors_age_default;
  const Members parts(*place, {"origins", "maxAge"}, faults);
  if (const auto origins = parts.require("origins", faults)) {
    parse_cors_origins(*origins, cors, faults);
  }
  if (const auto age = parts.find("maxAge")) {
    cors.preflight_age = read_duration(*age, faults).value_or(cors.preflight_age);
  }
  return cors;
}

void parse_forward(const Members& members, Resource& resource, Faults& faults) {
  const auto place = members.find("forward");
  if (!place) {
    return;
  }
  for (const Place& item : read_items(*place, limit::forwarded_fields_max, faults)) {
    const auto text = read_text(item, faults);
    if (!text) {
      continue;
    }
    const std::string name = to_lower(*text);
    const http::RequestFieldFate fate = http::fate_of(name);
    if (!http::is_token(name) || name.find('*') != std::string::npos) {
      faults.emplace_back(item.path, concat({in_quotes(*text), " is no header field name (RFC 9110 §5.1)."}));
    } else if (fate == http::RequestFieldFate::end_to_end) {
      faults.emplace_back(item.path, "This field goes to the origin by itself; remove it.");
    } else if (!http::may_be_declared(fate)) {
      faults.emplace_back(item.path, "This field is set by the cache or the connection; remove it.");
    } else if (std::find(resource.forward.begin(), resource.forward.end(), name) != resource.forward.end()) {
      faults.emplace_back(item.path, "This field is named twice; keep one.");
    } else {
      resource.forward.push_back(name);
    }
  }
}

// What only mode http has.
void parse_http_members(const Members& members, Resource& resource, Faults& faults) {
  for (const std::string_view name : {"forward", "setCookie", "heuristic", "ttlMax"}) {
    if (resource.mode != Mode::http && members.find(name)) {
      faults.emplace_back(members.path_of(name),
                          "In mode keyed the declaration decides; remove this member.");
    }
  }
  parse_forward(members, resource, faults);
  if (const auto set_cookie = members.find("setCookie")) {
    resource.set_cookie = read_word(*set_cookie, all_set_cookies, faults).value_or(SetCookie::pass);
  }
  if (const auto heuristic = members.find("heuristic")) {
    resource.heuristics = read_boolean(*heuristic, faults).value_or(false) ? Heuristics::on : Heuristics::off;
  }
  resource.ttl_max = parse_lifetime(members, "ttlMax", resource.ttl_max, faults);
}

void check_unused_fields(const Members& members, const Resource& resource, Faults& faults) {
  if (resource.origin.kind != OriginKind::url || !members.find("key")) {
    return;
  }
  for (std::size_t i = 0; i < resource.key.size(); ++i) {
    const std::string& name = resource.key[i].name;
    const FieldSource source = resource.key[i].source;
    // Fields of the body are sent on; settings are there to split the cache.
    if (is_of_body(source) || source == FieldSource::setting) {
      continue;
    }
    if (!is_used(resource, i)) {
      faults.emplace_back(members.path_of(concat({"key[", to_text(std::uint64_t{i}), "]"})),
                          concat({"Nothing uses this field, so it would only split the cache; write {", name,
                                  "} in origin.url, a header or a tag, or remove it."}));
    }
  }
}

Resource parse_resource(const Place& place, Faults& faults) {
  Resource resource;
  const Members members(
      place,
      {"name", "match", "origin", "mode", "key", "ttl", "stale", "staleIfError", "negativeTtl", "tags",
       "tiers", "maxBytes", "archive", "cors", "limit", "forward", "setCookie", "heuristic", "ttlMax"},
      faults);
  if (!members.is_object()) {
    return resource;
  }
  const std::size_t faults_before = faults.size();
  resource.name = parse_name(members, faults);
  if (const auto mode = members.find("mode")) {
    resource.mode = read_word(*mode, all_modes, faults).value_or(Mode::keyed);
  }
  if (const auto match = members.require("match", faults)) {
    resource.match = parse_match(*match, resource.mode, faults);
  }
  resource.key = parse_key(members.find("key"), members.path_of("key"), resource.match, resource.mode,
                           url_text(members), faults);
  if (const auto origin = members.require("origin", faults)) {
    resource.origin = parse_origin(*origin, resource.key, resource.match.method, resource.mode, faults);
  }
  parse_lifetimes(members, resource, faults);
  resource.tags = parse_tags(members, resource.key, faults);
  resource.tiers = parse_tiers(members, faults);
  resource.bytes_max = Bytes(limit::value_bytes_default);
  if (const auto bytes = members.find("maxBytes")) {
    resource.bytes_max = Bytes(read_integer(*bytes, 1, limit::kv_value_bytes_max, faults).value_or(1));
  }
  resource.archive = parse_archive(members, faults);
  resource.cors = parse_cors(members, faults);
  parse_http_members(members, resource, faults);
  // Money is spent on whoever asks.
  resource.limits_clients = asks_model(resource);
  if (const auto limit = members.find("limit")) {
    resource.limits_clients = read_boolean(*limit, faults).value_or(false);
  }
  // A half-read resource looks as if its fields were unused.
  if (faults.size() == faults_before) {
    check_unused_fields(members, resource, faults);
  }
  return resource;
}

// What two requests cannot tell apart: kinds of segments, and the text of literal ones.
std::string shape_of(const Match& match) {
  std::string shape;
  for (const Segment& segment : match.segments) {
    shape.append("/").append(segment.kind == SegmentKind::literal     ? segment.text
                             : segment.kind == SegmentKind::parameter ? "{}"
                                                                      : "{...}");
  }
  return shape;
}

bool share_methods(const Match& one, const Match& other) {
  return std::any_of(one.methods.begin(), one.methods.end(), [&](http::Method method) {
    return std::find(other.methods.begin(), other.methods.end(), method) != other.methods.end();
  });
}

void check_duplicates(const std::vector<Resource>& resources, Faults& faults) {
  const auto place = [](std::size_t i, std::string_view member) {
    return concat({"resources[", to_text(std::uint64_t{i}), "]", member});
  };
  for (std::size_t i = 0; i < resources.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Resource& mine = resources[i];
      const Resource& other = resources[j];
      if (!mine.name.empty() && mine.name == other.name) {
        faults.emplace_back(place(i, ".name"),
                            concat({in_quotes(mine.name), " is also the name of ", place(j, ""), "."}));
      }
      if (!mine.match.segments.empty() && share_methods(mine.match, other.match) &&
          shape_of(mine.match) == shape_of(other.match)) {
        faults.emplace_back(place(i, ".match"),
                            concat({"It matches the same requests as ", place(j, ""), "."}));
      }
    }
  }
}

void check_reserved(const std::vector<Resource>& resources,
                    const std::vector<std::string_view>& reserved_paths, Faults& faults) {
  for (std::size_t i = 0; i < resources.size(); ++i) {
    const std::string& path = resources[i].match.path;
    const bool reserved = std::any_of(reserved_paths.begin(), reserved_paths.end(),
                                      [&](std::string_view parent) { return is_at_or_below(path, parent); });
    if (reserved) {
      faults.emplace_back(concat({"resources[", to_text(std::uint64_t{i}), "].match.path"}),
                          concat({in_quotes(path), " is one of the operators' paths; choose another."}));
    }
  }
}

Declarations parse_document(simdjson::dom::element document,
                            const std::vector<std::string_view>& reserved_paths, Faults& faults) {
  Declarations declarations;
  const Members members(Place(document, ""), {"resources"}, faults);
  const auto resources = members.require("resources", faults);
  if (!resources) {
    return declarations;
  }
  for (const Place& item : read_items(*resources, limit::resources_max, faults)) {
    declarations.resources.push_back(parse_resource(item, faults));
    declarations.resources.back().number = static_cast<std::uint16_t>(declarations.resources.size());
  }
  const auto changes_things = [](const Resource& resource) {
    return resource.mode == Mode::http &&
           std::any_of(resource.match.methods.begin(), resource.match.methods.end(), http::is_unsafe);
  };
  const bool any = std::any_of(declarations.resources.begin(), declarations.resources.end(), changes_things);
  for (Resource& resource : declarations.resources) {
    resource.is_invalidated = any && resource.mode == Mode::http;
  }
  check_reserved(declarations.resources, reserved_paths, faults);
  check_duplicates(declarations.resources, faults);
  return declarations;
}

}  // namespace

std::optional<Millis> read_duration(const Place& place, Faults& faults) {
  const auto text = read_text(place, faults);
  if (!text) {
    return std::nullopt;
  }
  auto duration = parse_duration(*text);
  if (!duration) {
    faults.emplace_back(place.path, std::move(duration.error().message));
    return std::nullopt;
  }
  return *duration;
}

Checked<Declarations> parse_declarations(std::string_view text,
                                         const std::vector<std::string_view>& reserved_paths) {
  Faults faults;
  if (text.size() > limit::declaration_bytes_max) {
    faults.emplace_back("", concat({"The declarations are longer than ",
                                    to_text(std::uint64_t{limit::declaration_bytes_max}), " bytes."}));
    return tl::make_unexpected(std::move(faults));
  }
  const simdjson::padded_string padded(text);
  simdjson::dom::parser parser(limit::declaration_bytes_max + simdjson::SIMDJSON_PADDING);
  simdjson::dom::element document;
  if (const auto error = parser.parse(padded).get(document); error != simdjson::SUCCESS) {
    return tl::make_unexpected(json::syntax_faults(text, error, limit::declaration_depth_max));
  }
  Declarations declarations = parse_document(document, reserved_paths, faults);
  if (!faults.empty()) {
    return tl::make_unexpected(json::shortened(std::move(faults), limit::declaration_faults_max));
  }
  return declarations;
}

void apply_settings(Declarations& declarations, const Settings& settings) {
  const auto days = [&](const Lifetime& lifetime) {
    if (!lifetime.setting) {
      return lifetime.duration;
    }
    switch (*lifetime.setting) {
#define LARDER_USE_none(NAME, member)
#define LARDER_USE_key(NAME, member)
#define LARDER_USE_lifetime(NAME, member) \
  case DaysSetting::NAME:                 \
    return settings.member;
#define LARDER_SETTING(NAME, member, type, reader, default_text, change, role, use, purpose) \
  LARDER_USE_##use(NAME, member)
#include "config/settings.def"
#undef LARDER_SETTING
#undef LARDER_USE_none
#undef LARDER_USE_key
#undef LARDER_USE_lifetime
    }
    LARDER_UNREACHABLE();
  };
  for (Resource& resource : declarations.resources) {
    resource.ttl = days(resource.declared_ttl);
    const Millis stale = days(resource.declared_stale);
    resource.stale = resource.stale_counts_from_start ? std::max(stale - resource.ttl, Millis(0)) : stale;
  }
}

bool asks_model(const Resource& resource) { return resource.origin.kind == OriginKind::model; }

std::vector<std::string> secrets_of(const Declarations& declarations) {
  std::vector<std::string> names;
  for (const Resource& resource : declarations.resources) {
    for (const HeaderTemplate& header : resource.origin.headers) {
      for (const Part& part : header.value) {
        if (part.kind == PartKind::secret) {
          names.push_back(part.text);
        }
      }
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Faults missing_secrets(const Declarations& declarations, const Settings& settings) {
  Faults faults;
  for (const std::string& name : secrets_of(declarations)) {
    if (is_own_secret(name)) {
      faults.emplace_back(name,
                          "This secret is for the Worker itself and goes to no origin; use another one.");
    } else if (!settings.secret(name)) {
      faults.emplace_back(
          name, concat({"A declared header needs this secret: npx wrangler secret put ", name, "."}));
    }
  }
  return faults;
}

}  // namespace larder::config
