// larder.json: the resources that a deployment serves. Parsed once at start; an invalid file is refused
// whole, with every fault named.
//
// clang-format off
//   {"resources": [{
//     "name": "items",                   [a-z][a-z0-9-]*, unique; a part of every key and the label of counters
//     "match": {
//       "method": "GET",                 the default, HEAD is answered alike; or "POST" with a JSON body, which is then
//                                        asked for by the key's fields alone (mode keyed only)
//       "methods": ["GET", "POST"],      mode http, in place of "method": GET (and HEAD with it) is cached, the others pass
//                                        through, and what they change is invalidated (RFC 9111 §4.4)
//       "path": "/items/{id}"            literal and {name} segments; in mode http also a last {name...}
//     },
//     "origin": {                        or {"provider": "openlibrary", "query": "title" | "isbn" | "author" | "subject"};
//                                        ["openlibrary", "googlebooks"] are asked in turn until one knows a book;
//                                        or {"provider": "llm", "query": "narrative"}
//       "url": "https://api.example.com/v1/items/{id}?lang={lang}",
//                                        {name} is a key field's normalised value, {*} the whole query; the host is
//                                        literal; a query parameter whose field is absent is left out
//       "headers": {"authorization": "Bearer ${API_KEY}"},   ${NAME} is a secret of the deployment
//                                        POST: the body is the key's body fields, in one form, and nothing else
//       "redirects": ["https://files.example.com"],   mode keyed: other origins that its redirects may lead to, without
//                                        the deployment's secrets; else they stay on the url's own. In mode http a
//                                        redirect is an answer
//       "timeoutSoft": "3s",             after this a stale copy is served, if there is one
//       "timeoutHard": "10s"             after this the origin has failed
//     },
//     "mode": "keyed",                   or "http" (RFC 9111); keyed is the default
//     "key": [{"query": "lang", "normalise": ["trim", "lower"], "required": false, "maxBytes": 512}, {"path": "id"}],
//                                        query, path or header names the field; {"query": "*"} is the whole query, with
//                                        "only": ["page", "q"] or "except": ["utm_*"] some of its parameters. In
//                                        mode http it may be left out: then it is the path's fields, and the whole
//                                        query if origin.url has {*}
//     "key": [{"setting": "ENGINE_VERSION"}, {"setting": "PROMPT_HASH"},   a new one never reads an old one's entry
//             {"body": "profile", "normalise": ["json"], "digest": true,   a member of a POST's JSON body, "*" is all
//              "quantise": {"paths": ["systems[].percentage"], "step": 0.5}}],   of it; a text, or with "json" any value.
//                                        digest: its SHA-256 stands in the key. quantise: numbers there become the
//                                        nearest multiple of step, halves away from zero, for the key and the origin
//     "ttl": "24h",                      fresh (or "${STALE_DAYS}", "${TTL_DAYS}": the setting's days); in mode http only where the response does not say (then 0s is meant)
//     "stale": "7d",                     then served while it is refreshed; default 0s; "until 30d" (or "until
//                                        ${TTL_DAYS}") counts from the beginning, the ttl with it
//     "staleIfError": "30d",             served, once no longer fresh, while the origin fails; default 0s
//     "negativeTtl": "15m",              how long "there is none" is remembered; default 15m; mode keyed only
//     "ttlMax": "1h",                    mode http: no lifetime of a response counts as longer
//     "heuristic": true,                 mode http: a lifetime may be guessed from Last-Modified; default false
//     "forward": ["authorization"],      mode http: request fields that go to the origin although they do not by default
//     "setCookie": "strip",              mode http: an answer with Set-Cookie is kept without it; default "pass": not kept
//     "tags": ["items", "item:{id}"],    what purges name
//     "tiers": ["memory", "edge", "kv"], where entries are kept; default all. A shared tier stands for any other
//     "maxBytes": 131072,                larger bodies pass through uncached; what is too large for the shared tier goes to R2
//     "archive": {"minAge": "7d", "maxReads": 1, "minBytes": 0},   entries that may move to R2: so old, so seldom read (a read
//                                        counts half after a week), so large; "never": none
//     "cors": {"origins": ["https://a.example"], "maxAge": "1h"}   whose pages may read it; ["*"]: everybody's
//     "limit": true                      each client is held to the rate limit PUBLIC_LIMIT (wrangler.toml) for what of this
//                                        reaches the origin; default true where a model is asked, else false
//   }]}
// clang-format on
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/faults.h"
#include "base/units.h"
#include "base/wire.h"
#include "config/key_field.h"
#include "config/limits.h"
#include "config/template.h"
#include "config/vocabulary.h"
#include "http/message.h"

namespace larder::config {

class Settings;

enum class SegmentKind : std::uint8_t {
  literal,    // equal bytes
  parameter,  // {name}: any one segment that is not empty
  rest,       // {name...}: all that is left, which may be nothing
};

struct Segment {
  SegmentKind kind = SegmentKind::literal;
  std::string text;
};

struct Match {
  // The one whose answers are kept. Mode http: GET, and HEAD with it.
  http::Method method = http::Method::get;
  // All that are served; HEAD comes with GET. In mode http those but GET and HEAD pass through.
  std::vector<http::Method> methods{http::Method::get, http::Method::head};
  // As declared, for messages and reports.
  std::string path;
  std::vector<Segment> segments;
};

// A lifetime as declared: a duration, or the days of a setting.
struct Lifetime {
  Millis duration{};
  std::optional<DaysSetting> setting;
};

// Which web origins may read answers (https://fetch.spec.whatwg.org/#http-cors-protocol).
struct Cors {
  // "https://a.example", in lower case; empty: all.
  std::vector<std::string> origins;
  Millis preflight_age{};
};

enum class OriginKind : std::uint8_t {
  provider,  // one of the built-in providers of books, whose replies are understood
  url,       // any HTTP API, whose replies are passed on as they are
  model,     // the deployment's language model
};

// How larder.json names a model where a provider stands, and what it is asked for.
inline constexpr std::string_view model_word = "llm";
inline constexpr std::string_view model_query = "narrative";

// `providers` and `query` count for OriginKind::provider, `url`, `headers` and `redirects` for
// OriginKind::url.
struct Origin {
  OriginKind kind = OriginKind::provider;
  // In the order in which they are asked; one at least.
  std::vector<Provider> providers{all_providers.front()};
  ProviderQuery query = ProviderQuery::title;
  UrlTemplate url;
  std::vector<HeaderTemplate> headers;
  // "https://files.example.com", in lower case.
  std::vector<std::string> redirects;
  Millis timeout_soft{};
  Millis timeout_hard{};
};

// Which entries of a resource may move to R2: those that are so old, of so many stored bytes or more, and
// read so seldom (reads count half after limit::reads_half_life).
enum class Archiving : std::uint8_t { by_rules, never };
struct ArchiveRules {
  Archiving archiving = Archiving::by_rules;
  Millis age_min = limit::cold_age_default;
  std::uint32_t reads_max = limit::cold_reads_default;
  Bytes bytes_min;
};

enum class Heuristics : std::uint8_t { off, on };

struct Resource {
  std::string name;
  // Its place in the declarations, from 1 on.
  std::uint16_t number = 0;
  Match match;
  Origin origin;
  Mode mode = Mode::keyed;
  std::vector<KeyField> key;
  // Those of settings are known after apply_settings().
  Millis ttl{};
  Millis stale{};
  Millis stale_if_error{};
  Millis negative_ttl{};
  std::vector<Template> tags;
  // In reading order, each at most once.
  std::vector<Tier> tiers;
  Bytes bytes_max;
  ArchiveRules archive;
  std::optional<Cors> cors;
  // Mode http alone. Request fields that go to the origin although they do not by default
  // (http/request_fields.def), in lower case.
  std::vector<std::string> forward;
  SetCookie set_cookie = SetCookie::pass;
  // Whether a lifetime may be guessed from Last-Modified (RFC 9111 §4.2.2).
  Heuristics heuristics = Heuristics::off;
  // Some resource passes methods on that change things, so that entries are known by their origin's URL too.
  bool is_invalidated = false;
  // No lifetime of a response is longer.
  Millis ttl_max = Millis::max();
  // Each client is held to PUBLIC_LIMIT.
  bool limits_clients = false;
  // What `ttl` and `stale` were declared as, and whether `stale` counts from the beginning.
  Lifetime declared_ttl;
  Lifetime declared_stale;
  bool stale_counts_from_start = false;
};

struct Declarations {
  std::vector<Resource> resources;
};

// `text` is the file's. A declaration may take none of the reserved paths nor anything below them. At
// most limit::declaration_faults_max faults, the last of which says how many more there are.
Checked<Declarations> parse_declarations(std::string_view text,
                                         const std::vector<std::string_view>& reserved_paths = {});

// Gives the lifetimes that settings decide their values.
void apply_settings(Declarations& declarations, const Settings& settings);

// The answers come from a language model.
bool asks_model(const Resource& resource);

// Names of the secrets that header values refer to, sorted, each once.
std::vector<std::string> secrets_of(const Declarations& declarations);

// A fault for every secret that the declarations refer to and the deployment does not set.
Faults missing_secrets(const Declarations& declarations, const Settings& settings);

// `resource` is borrowed from the declarations. Path parameters are decoded, in the order of the path.
struct Matched {
  const Resource* resource;
  TextPairs path_parameters;
};

// The parameters of a path that matches, as they stand in it, in the order of the path. It may be written in
// any way that matches when it is decoded.
TextPairs path_parameters(const Match& match, std::string_view path);

// The resource for a decoded path (http::Target::path). Where several fit, segments are compared from the
// left and a literal wins over {name}, which wins over {name...}. HEAD finds what GET finds (RFC 9110
// §9.3.2).
std::optional<Matched> match(const Declarations& declarations, http::Method method, std::string_view path);

// The methods declared for a path, HEAD beside GET; empty when no resource has it. For Allow (RFC 9110
// §10.2.1), to which the caller adds OPTIONS.
std::vector<http::Method> methods_of(const Declarations& declarations, std::string_view path);

// "/a/b" is at or below "/a" and "/a/b", and not below "/a/".
bool is_at_or_below(std::string_view path, std::string_view parent);

}  // namespace larder::config
