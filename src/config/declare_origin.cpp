// "origin" of a resource.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/declaration_parts.h"
#include "config/duration.h"
#include "config/limits.h"
#include "config/url.h"

namespace larder::config {

namespace {

// What the connection, the body or the cache itself decides (RFC 9110 §7.6.1, §13.1, §14.2).
constexpr std::array<std::string_view, 16> managed_headers = {"accept-encoding",
                                                              "connection",
                                                              "content-length",
                                                              "host",
                                                              "if-match",
                                                              "if-modified-since",
                                                              "if-none-match",
                                                              "if-range",
                                                              "if-unmodified-since",
                                                              "keep-alive",
                                                              "range",
                                                              "te",
                                                              "trailer",
                                                              "transfer-encoding",
                                                              "upgrade",
                                                              "via"};

bool is_header_name(std::string_view name) {
  const auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

bool comes_from_body(const KeyField& field) { return is_of_body(field.source); }

bool has_setting(const std::vector<KeyField>& key, KeySetting setting) {
  return std::any_of(key.begin(), key.end(), [&](const KeyField& field) {
    return field.source == FieldSource::setting && field.name == to_text(setting);
  });
}

// A model is asked about one JSON value; its answers depend on what the settings name.
void check_model(const std::string& path, const std::vector<KeyField>& key, http::Method method,
                 const std::optional<std::string>& query, Faults& faults) {
  if (query && *query != model_query) {
    faults.emplace_back(path, "The provider \"llm\" has the query \"narrative\".");
  }
  const auto is_value = [](const KeyField& field) {
    const auto is_json = [](const NormaliserUse& use) { return use.normaliser == Normaliser::json; };
    return comes_from_body(field) && field.presence == Presence::required &&
           std::any_of(field.normalisers.begin(), field.normalisers.end(), is_json);
  };
  const auto asked = std::count_if(key.begin(), key.end(), comes_from_body);
  if (method != http::Method::post || asked != 1 || std::none_of(key.begin(), key.end(), is_value)) {
    faults.emplace_back(path,
                        "A model is asked by POST about one value, so the key needs exactly one field of the "
                        "body, with \"required\": true and the normaliser \"json\".");
  }
  if (!has_setting(key, KeySetting::ENGINE_VERSION) || !has_setting(key, KeySetting::PROMPT_HASH)) {
    faults.emplace_back(path,
                        "The key needs {\"setting\": \"ENGINE_VERSION\"} and {\"setting\": "
                        "\"PROMPT_HASH\"}: else a new prompt would be answered by an old one's text.");
  }
}

// Who "provider" names.
struct Named {
  std::vector<Provider> providers;
  bool model = false;
};

void read_provider(const Place& item, Named& named, Faults& faults) {
  const auto text = read_text(item, faults);
  if (!text) {
    return;
  }
  if (*text == model_word) {
    named.model = true;
    return;
  }
  const auto provider = find_word(all_providers, *text);
  if (!provider) {
    auto words = words_of(all_providers);
    words.push_back(model_word);
    faults.emplace_back(item.path, concat({in_quotes(*text), " is not offered; use ", any_of(words), ".",
                                           did_you_mean(*text, words)}));
    return;
  }
  if (std::find(named.providers.begin(), named.providers.end(), *provider) != named.providers.end()) {
    faults.emplace_back(item.path, "This provider is named twice; keep one.");
    return;
  }
  named.providers.push_back(*provider);
}

// One provider, or a list of them.
Named parse_named(const Place& place, Faults& faults) {
  Named named;
  std::vector<Place> items = {place};
  if (place.element.is_array()) {
    items = read_items(place, all_providers.size(), faults);
    if (items.empty()) {
      faults.emplace_back(place.path, "Name at least one provider.");
    }
  }
  for (const Place& item : items) {
    read_provider(item, named, faults);
  }
  if (named.model && items.size() > 1) {
    faults.emplace_back(place.path, concat({"The provider ", in_quotes(model_word), " stands alone."}));
  }
  return named;
}

// The query of providers of books, which are asked one thing by GET.
void parse_books(const Members& members, const std::vector<KeyField>& key, http::Method method,
                 const std::optional<Place>& query, Origin& origin, Faults& faults) {
  const auto text = query ? read_text(*query, faults) : std::nullopt;
  const bool narrative = text == model_query;
  if (narrative) {
    faults.emplace_back(query->path, "Only the provider \"llm\" has the query \"narrative\".");
  }
  const auto word = text && !narrative ? read_word(*query, all_provider_queries, faults) : std::nullopt;
  if (method != http::Method::get) {
    faults.emplace_back(members.path_of("provider"), "This provider is asked by GET.");
  }
  if (key.size() != 1 || key.front().presence != Presence::required) {
    faults.emplace_back(
        members.path_of("provider"),
        "A provider is asked one thing, so the key needs exactly one field with \"required\": true.");
    return;
  }
  const auto is_isbn = [](const NormaliserUse& use) { return use.normaliser == Normaliser::isbn; };
  const auto& uses = key.front().normalisers;
  if (word == ProviderQuery::isbn && std::none_of(uses.begin(), uses.end(), is_isbn)) {
    faults.emplace_back(
        query->path,
        "The key field needs the normaliser \"isbn\", so that both forms of a number are one entry.");
  }
  origin.query = word.value_or(origin.query);
}

void parse_provider(const Members& members, const std::vector<KeyField>& key, http::Method method, Mode mode,
                    Origin& origin, Faults& faults) {
  Named named = parse_named(*members.find("provider"), faults);
  origin.kind = named.model ? OriginKind::model : OriginKind::provider;
  if (!named.providers.empty()) {
    origin.providers = std::move(named.providers);
  }
  const auto query = members.require("query", faults);
  if (members.find("headers")) {
    faults.emplace_back(members.path_of("headers"), "A provider sets its own headers; remove this member.");
  }
  if (members.find("redirects")) {
    faults.emplace_back(members.path_of("redirects"),
                        "A provider's redirects stay on its own origin; remove this member.");
  }
  if (mode != Mode::keyed) {
    faults.emplace_back(members.path_of("provider"), "A provider needs \"mode\": \"keyed\".");
  }
  if (named.model) {
    check_model(members.path_of("provider"), key, method, query ? read_text(*query, faults) : std::nullopt,
                faults);
  } else {
    parse_books(members, key, method, query, origin, faults);
  }
}

void parse_headers(const Place& place, const std::vector<KeyField>& key, Origin& origin, Faults& faults) {
  for (const auto& [name, item] : read_free_members(place, limit::origin_headers_max, faults)) {
    const std::string lower = to_lower(name);
    if (!is_header_name(name)) {
      faults.emplace_back(item.path, "This is no header field name; use letters, digits and -.");
    }
    if (std::find(managed_headers.begin(), managed_headers.end(), lower) != managed_headers.end()) {
      faults.emplace_back(item.path, "This header is set by the cache or the connection; remove it.");
    }
    const auto same = [&](const HeaderTemplate& other) { return other.name == lower; };
    if (std::any_of(origin.headers.begin(), origin.headers.end(), same)) {
      faults.emplace_back(item.path, "This header is given twice; keep one.");
    }
    const auto text = read_text(item, faults);
    if (!text) {
      continue;
    }
    if (std::any_of(text->begin(), text->end(), [](char c) { return c < ' ' || c > '~'; })) {
      faults.emplace_back(item.path, "A header's value is printable ASCII.");
    }
    origin.headers.push_back(
        HeaderTemplate{lower, parse_template(*text, TemplateUse::header_value, key, item.path, faults)});
  }
}

// An entry of "redirects"; "" for what is none.
std::string parse_redirect_origin(const Place& place, const UrlTemplate& url, Faults& faults) {
  const auto text = read_text(place, faults);
  if (!text) {
    return "";
  }
  const auto parsed = parse_http_url(*text);
  if (!parsed) {
    faults.emplace_back(place.path, parsed.error().message);
    return "";
  }
  if (!parsed->rest.empty() && parsed->rest != "/") {
    faults.emplace_back(place.path, "Name scheme, host and port alone, as in \"https://files.example.com\".");
    return "";
  }
  if (url.origin.starts_with("https:") && !parsed->origin.starts_with("https:")) {
    faults.emplace_back(place.path, "No redirect leads from https to http; write https://.");
    return "";
  }
  return parsed->origin;
}

void parse_redirects(const Place& place, Mode mode, Origin& origin, Faults& faults) {
  if (mode == Mode::http) {
    faults.emplace_back(place.path, "In mode http a redirect is the client's answer; remove this member.");
    return;
  }
  for (const Place& item : read_items(place, limit::redirect_origins_max, faults)) {
    std::string target = parse_redirect_origin(item, origin.url, faults);
    if (std::find(origin.redirects.begin(), origin.redirects.end(), target) != origin.redirects.end()) {
      faults.emplace_back(item.path, "This origin is named twice; keep one.");
    } else if (!target.empty()) {
      origin.redirects.push_back(std::move(target));
    }
  }
}

void parse_url(const Members& members, const std::vector<KeyField>& key, Mode mode, Origin& origin,
               Faults& faults) {
  origin.kind = OriginKind::url;
  const auto place = members.find("url");
  if (const auto text = read_text(*place, faults)) {
    origin.url = parse_url_template(*text, key, place->path, faults);
  }
  if (members.find("query")) {
    faults.emplace_back(members.path_of("query"),
                        "Only a provider has a query; put the parameters into the url.");
  }
  if (const auto headers = members.find("headers")) {
    parse_headers(*headers, key, origin, faults);
  }
  if (const auto redirects = members.find("redirects")) {
    parse_redirects(*redirects, mode, origin, faults);
  }
}

Millis parse_timeout(const Members& members, std::string_view name, Millis otherwise, Faults& faults) {
  const auto place = members.find(name);
  const auto timeout = place ? read_duration(*place, faults) : std::nullopt;
  if (timeout && (*timeout == Millis(0) || *timeout > limit::origin_timeout_max)) {
    faults.emplace_back(place->path, concat({"A timeout is longer than nothing and at most ",
                                             format_duration(limit::origin_timeout_max), "."}));
  }
  return timeout.value_or(otherwise);
}

}  // namespace

Origin parse_origin(const Place& place, const std::vector<KeyField>& key, http::Method method, Mode mode,
                    Faults& faults) {
  Origin origin;
  const Members members(
      place, {"provider", "query", "url", "headers", "redirects", "timeoutSoft", "timeoutHard"}, faults);
  if (!members.is_object()) {
    return origin;
  }
  const bool has_provider = members.find("provider").has_value();
  if (has_provider == members.find("url").has_value()) {
    faults.emplace_back(place.path, "An origin needs exactly one of \"provider\" and \"url\".");
  } else if (has_provider) {
    parse_provider(members, key, method, mode, origin, faults);
  } else {
    parse_url(members, key, mode, origin, faults);
    if (method == http::Method::post && std::none_of(key.begin(), key.end(), comes_from_body)) {
      faults.emplace_back(place.path,
                          "A POST needs a field of its body in the key, {\"body\": \"…\"} or {\"body\": "
                          "\"*\"}: nothing else of the body is sent on.");
    }
  }
  origin.timeout_hard = parse_timeout(members, "timeoutHard", limit::origin_timeout_hard_default, faults);
  // A hard timeout that is declared shorter than the soft one's default moves the default with it.
  const Millis soft_default = std::min(limit::origin_timeout_soft_default, origin.timeout_hard);
  origin.timeout_soft = parse_timeout(members, "timeoutSoft", soft_default, faults);
  if (origin.timeout_soft > origin.timeout_hard) {
    faults.emplace_back(members.path_of("timeoutSoft"),
                        concat({"The soft timeout must not be longer than the hard one (",
                                format_duration(origin.timeout_hard), ")."}));
  }
  return origin;
}

}  // namespace larder::config
