#include "config/declaration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/text.h"
#include "config/settings.h"

namespace larder::config::declaration_test {
namespace {

constexpr std::string_view everything = R"({"resources": [
  {"name": "items",
   "match": {"method": "GET", "path": "/items/{id}"},
   "origin": {"url": "https://API.example.com/v1/items/{id}?lang={lang}&fixed=1",
              "headers": {"Authorization": "Bearer ${API_KEY}", "Accept-Language": "{accept-language}"},
              "redirects": ["https://Files.example.com/", "https://other.example.com:8443"],
              "timeoutSoft": "500ms", "timeoutHard": "2s"},
   "mode": "keyed",
   "key": [{"query": "lang", "normalise": ["trim", "lower"], "maxBytes": 8}, {"path": "id", "normalise": ["digits"]},
           {"header": "Accept-Language", "required": true}, {"query": "share", "normalise": ["quantise:0.5"]}],
   "ttl": "24h", "stale": "7d", "staleIfError": "30d", "negativeTtl": "1m",
   "tags": ["items", "item:{id}", "share:{share}"],
   "tiers": ["kv", "memory"],
   "maxBytes": 1000},
  {"name": "pages",
   "match": {"path": "/pages/{rest...}"},
   "origin": {"url": "http://localhost:9000/{rest}?{*}"},
   "mode": "http"}
]})";

// One resource that is right, with `from` replaced by `to`.
std::string with(std::string_view from, std::string_view to) {
  std::string json =
      R"({"resources":[{"name":"items","match":{"path":"/items/{id}"},"origin":{"url":"https://example.com/{id}?q={q}"},)"
      R"("key":[{"path":"id"},{"query":"q"}],"ttl":"1h"}]})";
  if (!from.empty()) {
    const std::size_t at = json.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    json.replace(at, from.size(), to);
  }
  return json;
}

std::string report(std::string_view json) {
  const auto declarations = parse_declarations(json, {"/health", "/api/cache"});
  return declarations ? "" : to_text(declarations.error());
}

TEST(Declaration, IsReadWhole) {
  const auto declarations = parse_declarations(everything);
  ASSERT_TRUE(declarations) << to_text(declarations.error());
  ASSERT_EQ(declarations->resources.size(), 2u);
  const Resource& items = declarations->resources[0];
  EXPECT_EQ(items.name, "items");
  EXPECT_EQ(items.match.method, http::Method::get);
  EXPECT_EQ(items.match.path, "/items/{id}");
  EXPECT_EQ(items.origin.kind, OriginKind::url);
  EXPECT_EQ(items.origin.url.origin, "https://api.example.com");
  EXPECT_EQ(items.origin.url.query.size(), 2u);
  ASSERT_EQ(items.origin.headers.size(), 2u);
  EXPECT_EQ(items.origin.headers[0].name, "authorization");
  EXPECT_EQ(items.origin.redirects,
            (std::vector<std::string>{"https://files.example.com", "https://other.example.com:8443"}));
  EXPECT_EQ(items.origin.timeout_soft, Millis(500));
  EXPECT_EQ(items.origin.timeout_hard, Millis(2000));
  EXPECT_EQ(items.mode, Mode::keyed);
  ASSERT_EQ(items.key.size(), 4u);
  EXPECT_EQ(items.key[0].source, FieldSource::query);
  EXPECT_EQ(items.key[0].presence, Presence::optional);
  EXPECT_EQ(items.key[0].bytes_max, Bytes(8));
  ASSERT_EQ(items.key[0].normalisers.size(), 2u);
  EXPECT_EQ(items.key[0].normalisers[1].normaliser, Normaliser::lower);
  EXPECT_EQ(items.key[1].source, FieldSource::path);
  EXPECT_EQ(items.key[1].presence, Presence::required);
  EXPECT_EQ(items.key[1].bytes_max, Bytes(512));
  EXPECT_EQ(items.key[2].source, FieldSource::header);
  EXPECT_EQ(items.key[2].name, "accept-language");
  EXPECT_EQ(items.key[2].presence, Presence::required);
  EXPECT_EQ(items.key[3].normalisers[0].step_billionths, 500'000'000);
  EXPECT_EQ(items.ttl, Millis(86'400'000));
  EXPECT_EQ(items.stale, Millis(604'800'000));
  EXPECT_EQ(items.stale_if_error, Millis(2'592'000'000));
  EXPECT_EQ(items.negative_ttl, Millis(60'000));
  EXPECT_EQ(items.tags.size(), 3u);
  EXPECT_EQ(items.tiers, (std::vector<Tier>{Tier::memory, Tier::kv}));
  EXPECT_EQ(items.bytes_max, Bytes(1000));
}

TEST(Declaration, HasDefaults) {
  const auto declarations = parse_declarations(everything);
  ASSERT_TRUE(declarations);
  const Resource& pages = declarations->resources[1];
  EXPECT_EQ(pages.mode, Mode::http);
  EXPECT_EQ(pages.origin.timeout_soft, Millis(3'000));
  EXPECT_EQ(pages.origin.timeout_hard, Millis(10'000));
  EXPECT_EQ(pages.ttl, Millis(0));
  EXPECT_EQ(pages.stale, Millis(0));
  EXPECT_EQ(pages.stale_if_error, Millis(0));
  EXPECT_EQ(pages.negative_ttl, Millis(0));
  EXPECT_EQ(pages.tiers, (std::vector<Tier>{Tier::memory, Tier::edge, Tier::kv, Tier::redis, Tier::cold}));
  EXPECT_EQ(pages.archive.archiving, Archiving::by_rules);
  EXPECT_EQ(pages.archive.age_min, limit::cold_age_default);
  EXPECT_EQ(pages.archive.reads_max, limit::cold_reads_default);
  EXPECT_EQ(pages.archive.bytes_min, Bytes(0));
  EXPECT_EQ(pages.bytes_max, Bytes(131072));
  // In mode http the key is the path's fields and, as the URL passes it on, the whole query.
  ASSERT_EQ(pages.key.size(), 2u);
  EXPECT_EQ(pages.key[0].source, FieldSource::rest);
  EXPECT_EQ(pages.key[1].source, FieldSource::whole_query);

  const auto keyed = parse_declarations(with("", ""));
  ASSERT_TRUE(keyed) << to_text(keyed.error());
  EXPECT_EQ(keyed->resources[0].negative_ttl, Millis(900'000));
  EXPECT_EQ(keyed->resources[0].mode, Mode::keyed);
}

TEST(Declaration, AShortHardTimeoutTakesTheSoftOneAlong) {
  const auto declarations = parse_declarations(with(R"({id}?q={q}"})", R"({id}?q={q}","timeoutHard":"1s"})"));
  ASSERT_TRUE(declarations) << to_text(declarations.error());
  EXPECT_EQ(declarations->resources[0].origin.timeout_soft, Millis(1'000));
}

TEST(Declaration, MayDeclareNothing) {
  const auto declarations = parse_declarations(R"({"resources": []})");
  ASSERT_TRUE(declarations);
  EXPECT_TRUE(declarations->resources.empty());
}

struct Wrong {
  std::string_view from;
  std::string_view to;
  std::string_view report;
};

// Where money is spent clients are limited unless it is declared otherwise; elsewhere only where it is
// declared.
TEST(Declaration, LimitsClientsWhereMoneyIsSpentOrWhereItIsDeclared) {
  const auto limits_clients = [](std::string_view origin, std::string_view limit) {
    const auto declarations = parse_declarations(
        concat({R"({"resources":[{"name":"a","match":{"method":"POST","path":"/a"},"origin":)", origin,
                R"(,"key":[{"setting":"ENGINE_VERSION"},{"setting":"PROMPT_HASH"},)"
                R"({"body":"profile","normalise":["json"],"digest":true,"required":true}],"ttl":"1h")",
                limit, "}]}"}));
    EXPECT_TRUE(declarations);
    return declarations && declarations->resources.front().limits_clients;
  };
  constexpr std::string_view model = R"({"provider":"llm","query":"narrative"})";
  constexpr std::string_view api = R"({"url":"https://api.example.com/a"})";
  EXPECT_TRUE(limits_clients(model, ""));
  EXPECT_FALSE(limits_clients(model, R"(,"limit":false)"));
  EXPECT_FALSE(limits_clients(api, ""));
  EXPECT_TRUE(limits_clients(api, R"(,"limit":true)"));
}

TEST(Declaration, NamesWhatIsWrongWithAResource) {
  const std::vector<Wrong> cases = {
      {R"("name":"items",)", "", "resources[0].name: This member is missing.\n"},
      {R"("name":"items")", R"("name":"Items")",
       "resources[0].name: \"Items\" is no resource name; use lower-case letters, digits and -, a letter "
       "first, at most "
       "32.\n"},
      {R"("name":"items")", R"("name":"other")",
       "resources[0].name: \"other\" is the counters' name for all the rest; choose another.\n"},
      {R"("name":"items")", R"("name":7)", "resources[0].name: This must be a text, not a number.\n"},
      {R"("name":"items")", "\"name\":\"it\\u0000ems\"",
       "resources[0].name: This text has a control character; remove it.\n"},
      {R"("ttl":"1h")", R"("tll":"1h")",
       "resources[0].tll: There is no member \"tll\" here; there is \"name\", \"match\", \"origin\", "
       "\"mode\", \"key\", "
       "\"ttl\", \"stale\", \"staleIfError\", \"negativeTtl\", \"tags\", \"tiers\", \"maxBytes\", "
       "\"archive\", "
       "\"cors\", \"limit\", \"forward\", \"setCookie\", \"heuristic\" or \"ttlMax\". Did you "
       "mean "
       "\"ttl\"?\nresources[0].ttl: This member is missing.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","ttl":"2h")",
       "resources[0].ttl: This member is given twice; keep one.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","archive":"always")",
       "resources[0].archive: Write {\"minAge\": \"7d\"} with what is to be different, or \"never\".\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","archive":{"minage":"7d"})",
       "resources[0].archive.minage: There is no member \"minage\" here; there is \"minAge\", \"maxReads\" "
       "or "
       "\"minBytes\". Did you mean \"minAge\"?\n"},
      {R"("ttl":"1h")", R"("ttl":3600)", "resources[0].ttl: This must be a text, not a number.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","limit":60)",
       "resources[0].limit: This must be true or false, not a number.\n"},
      {R"("ttl":"1h")", R"("ttl":"1 hour")",
       "resources[0].ttl: \"1 hour\" is no duration; write a whole number and a unit, as in 250ms, 30s, 15m, "
       "24h or "
       "7d.\n"},
      {R"("ttl":"1h")", R"("ttl":"0s")",
       "resources[0].ttl: Nothing is fresh for no time; write how long an answer may be reused.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","stale":"400d")",
       "resources[0].stale: The duration \"400d\" is too long; the longest is 365d.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","mode":"http","negativeTtl":"1m")",
       "resources[0].negativeTtl: In mode http a 404 lives as long as it says; remove this member.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","mode":"htpp")",
       "resources[0].mode: \"htpp\" is not offered; use \"keyed\" or \"http\". Did you mean \"http\"?\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","tiers":["memory","disk","memory"])",
       "resources[0].tiers[1]: \"disk\" is not offered; use \"memory\", \"edge\", \"kv\", \"redis\" or "
       "\"cold\".\n"
       "resources[0].tiers[2]: The tier \"memory\" is named twice; keep one.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","tiers":[])",
       "resources[0].tiers: Name at least one tier; to cache nothing, leave CACHE_PATTERN_WHITELIST to "
       "others.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","tiers":"kv")",
       "resources[0].tiers: This must be an array, not a text.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","maxBytes":0)",
       "resources[0].maxBytes: This must be a whole number from 1 to 26214400.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","maxBytes":1.5)",
       "resources[0].maxBytes: This must be a whole number from 1 to 26214400.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","maxBytes":"1k")",
       "resources[0].maxBytes: This must be a number, not a text.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","tags":["","{nope}","a","a","${KEY}"])",
       "resources[0].tags[0]: A tag has 1 to 64 bytes.\n"
       "resources[0].tags[1]: \"nope\" is no key field of this resource; only what is part of the key may "
       "reach the "
       "origin. Its key has \"id\" or \"q\".\n"
       "resources[0].tags[3]: The tag \"a\" is given twice; keep one.\n"
       "resources[0].tags[4]: A secret may only stand in a header's value, where it is neither logged nor "
       "stored.\n"},
      {R"("ttl":"1h")", R"("ttl":"1h","tags":["1","2","3","4","5","6","7","8","9"])",
       "resources[0].tags: There are more than 8 items here, which is the most.\n"},
  };
  for (const auto& [from, to, text] : cases) {
    EXPECT_EQ(report(with(from, to)), text) << to;
  }
}

TEST(Declaration, NamesWhatIsWrongWithAMatch) {
  constexpr std::string_view good = R"("match":{"path":"/items/{id}"})";
  const std::vector<Wrong> cases = {
      {good, R"("match":[])", "resources[0].match: This must be an object, not an array.\n"},
      {good, R"("match":{"path":"/items/{id}","method":"PUT"})",
       "resources[0].match.method: \"PUT\" is not offered; use \"GET\" (HEAD comes with it), or \"POST\" for "
       "a "
       "question that is asked in a JSON body.\n"},
      {good, R"("match":{"path":"/health/{id}"})",
       "resources[0].match.path: \"/health/{id}\" is one of the operators' paths; choose another.\n"},
      {good, R"("match":{"path":"/api/cache/{id}"})",
       "resources[0].match.path: \"/api/cache/{id}\" is one of the operators' paths; choose another.\n"},
      {good, R"("match":{"path":"/items/{id}/"})",
       "resources[0].match.path: The path has an empty segment; remove the slash at its end or the double "
       "slash.\n"},
      {good, R"("match":{"path":"/a//{id}"})",
       "resources[0].match.path: The path has an empty segment; remove the slash at its end or the double "
       "slash.\n"},
      {good, R"("match":{"path":"/a%20b/{id}"})",
       "resources[0].match.path: Write the path decoded and alone: no %, ?, # or backslash.\n"},
      {good, R"("match":{"path":"/a/../{id}"})",
       "resources[0].match.path: The path has a \".\" or \"..\" segment; write where it leads.\n"},
      {good, R"("match":{"path":"/items/{id}/{id}"})",
       "resources[0].match.path: {id} stands in the path twice; give each parameter its own name.\n"},
      {good, R"("match":{"path":"/items/{id}/x{y}"})",
       "resources[0].match.path: \"x{y}\": {name} must be a whole segment between slashes.\n"},
      {good, R"("match":{"path":"/{id...}"})",
       "resources[0].match.path: {id...} needs \"mode\": \"http\".\n"},
      {good, R"("match":{"path":"/{id}/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"})",
       "resources[0].match.path: The path has more than 16 segments.\n"},
      {good, R"("match":{"path":"/items/{ids}"})",
       "resources[0].key[0].path: match.path has no {id}.\n"
       "resources[0].key: match.path has {ids}, so the key needs {\"path\": \"ids\"}: else all its values "
       "would share "
       "one entry.\n"},
      {good, R"("match":{"path":"items"})", "resources[0].match.path: The path must start with a slash.\n"},
      {good, R"("match":{"path":"/items/{1d}/{id}"})",
       "resources[0].match.path: \"1d\" is no parameter name; use letters, digits and _, a letter first.\n"
       "resources[0].key: match.path has {1d}, so the key needs {\"path\": \"1d\"}: else all its values "
       "would share one "
       "entry.\n"},
  };
  for (const auto& [from, to, text] : cases) {
    EXPECT_EQ(report(with(from, to)), text) << to;
  }
  EXPECT_EQ(
      report(with(R"("match":{"path":"/items/{id}"})", R"("mode":"http","match":{"path":"/{id...}/x"})")),
      "resources[0].match.path: {id...} takes all that is left, so it must come last.\n");
}

TEST(Declaration, NamesWhatIsWrongWithAKey) {
  constexpr std::string_view good = R"({"query":"q"})";
  const std::vector<Wrong> cases = {
      {R"("key":[{"path":"id"},{"query":"q"}],)", "",
       "resources[0].key: This member is missing; write [] for a resource with one entry only.\n"
       "resources[0].origin.url: \"q\" is no key field of this resource; only what is part of the key may "
       "reach the "
       "origin. Its key has \"id\".\n"},
      {good, R"({"query":"q","header":"x"},{"query":"q"})",
       "resources[0].key[1]: A key field needs exactly one of \"query\", \"path\", \"header\", \"body\" and "
       "\"setting\".\n"},
      {good, R"({"normalise":["trim"]},{"query":"q"})",
       "resources[0].key[1]: A key field needs exactly one of \"query\", \"path\", \"header\", \"body\" and "
       "\"setting\".\n"},
      {good, R"({"query":"q"},"x")", "resources[0].key[2]: This must be an object, not a text.\n"},
      {good, R"({"query":"q"},{"header":"q"})",
       "resources[0].key[2]: There are two key fields named \"q\"; each needs a name of its own.\n"},
      {good, R"({"query":"q"},{"query":""})",
       "resources[0].key[2].query: A field's name has 1 to 64 bytes and no braces.\n"},
      {good, R"({"query":"q"},{"header":"Cookie"})",
       "resources[0].key[2].header: \"cookie\" may not be part of a key: keys are stored in clear.\n"},
      {good, R"({"query":"q"},{"header":"a b"})",
       "resources[0].key[2].header: \"a b\" is no header field name (RFC 9110 §5.1).\n"},
      {good, R"({"query":"q"},{"header":"accept"})",
       "resources[0].key[2]: Nothing uses this field, so it would only split the cache; write {accept} in "
       "origin.url, a "
       "header or a tag, or remove it.\n"},
      {good,
       R"({"query":"q","normalise":["trim","trim","nfc","uper","quantise:0","quantise:0.0000001","quantise"]})",
       "resources[0].key[1].normalise[1]: \"trim\" is named twice; keep one.\n"
       "resources[0].key[1].normalise[2]: The normaliser \"nfc\" is not available in this version.\n"
       "resources[0].key[1].normalise[3]: \"uper\" is not offered; use \"trim\", \"collapse\", \"lower\", "
       "\"isbn\", "
       "\"digits\", \"sort\", \"number\", \"json\" or \"quantise\".\n"
       "resources[0].key[1].normalise[4]: \"quantise:0\": write quantise and a step above 0 with at most six "
       "decimals, "
       "as in \"quantise:0.5\".\n"
       "resources[0].key[1].normalise[5]: \"quantise:0.0000001\": write quantise and a step above 0 with at "
       "most six "
       "decimals, as in \"quantise:0.5\".\n"
       "resources[0].key[1].normalise[6]: \"quantise\": write quantise and a step above 0 with at most six "
       "decimals, as "
       "in \"quantise:0.5\".\n"},
      {good, R"({"query":"q","required":1,"maxBytes":9000})",
       "resources[0].key[1].maxBytes: This must be a whole number from 1 to 8192.\n"
       "resources[0].key[1].required: This must be true or false, not a number.\n"},
      {R"({"path":"id"})", R"({"path":"id","required":false})",
       "resources[0].key[0].required: A path's field is always there; remove this member.\n"},
      {good, R"({"query":"q"},{"query":"*","normalise":["sort","lower"],"required":true})",
       "resources[0].key[2].required: The whole query and a path's rest may be empty; remove this member.\n"
       "resources[0].key[2].normalise: The whole query takes no normaliser but \"sort\", which sorts its "
       "parameters.\n"},
  };
  for (const auto& [from, to, text] : cases) {
    EXPECT_EQ(report(with(from, to)), text) << to;
  }
}

TEST(Declaration, NamesWhatIsWrongWithAnOrigin) {
  constexpr std::string_view good = R"("origin":{"url":"https://example.com/{id}?q={q}"})";
  const std::vector<Wrong> cases = {
      {good, R"("origin":{})",
       "resources[0].origin: An origin needs exactly one of \"provider\" and \"url\".\n"},
      {good, R"("origin":{"url":"https://example.com/{id}?q={q}","provider":"openlibrary"})",
       "resources[0].origin: An origin needs exactly one of \"provider\" and \"url\".\n"},
      {good, R"("origin":"https://example.com/{id}")",
       "resources[0].origin: This must be an object, not a text.\n"},
      {good, R"("origin":{"url":"https://{id}.example.com/{q}"})",
       "resources[0].origin.url: The URL's host must be written out: no part of a request may choose the "
       "server.\n"},
      {good, R"("origin":{"url":"https://example.com/{id}/{q}"})",
       "resources[0].origin.url: {q} stands in the URL's path, so the key field must have \"required\": "
       "true.\n"},
      {good, R"("origin":{"url":"https://example.com/{id}?q={q}&u={user}&l={qq}"})",
       "resources[0].origin.url: \"user\" is no key field of this resource; only what is part of the key may "
       "reach the "
       "origin. Its key has \"id\" or \"q\".\n"
       "resources[0].origin.url: \"qq\" is no key field of this resource; only what is part of the key may "
       "reach the "
       "origin. Its key has \"id\" or \"q\".\n"},
      {good, R"("origin":{"url":"https://example.com/{id?q={q}"})",
       "resources[0].origin.url: A brace has no partner; write {name} around a key field's name.\n"},
      {good, R"("origin":{"url":"https://example.com/{id}?q={q}&k=${KEY}"})",
       "resources[0].origin.url: A secret may only stand in a header's value, where it is neither logged nor "
       "stored.\n"},
      {good, R"("origin":{"url":"https://example.com/{id}?q={q}&{*}"})",
       "resources[0].origin.url: {*} needs the key field {\"query\": \"*\"}.\n"},
      {good, R"("origin":{"url":"https://example.com/a/%2E./{id}?q={q}"})",
       "resources[0].origin.url: The URL's path has a \".\" or \"..\" segment; write where it leads.\n"},
      {good, R"("origin":{"url":"https://example.com/{id}?q={q}","query":"title"})",
       "resources[0].origin.query: Only a provider has a query; put the parameters into the url.\n"},
      {good, R"("origin":{"url":"https://example.com/{id}?q={q}","timeoutSoft":"5s","timeoutHard":"4s"})",
       "resources[0].origin.timeoutSoft: The soft timeout must not be longer than the hard one (4s).\n"},
      {good, R"("origin":{"url":"https://example.com/{id}?q={q}","timeoutSoft":"0s","timeoutHard":"1m"})",
       "resources[0].origin.timeoutHard: A timeout is longer than nothing and at most 25s.\n"
       "resources[0].origin.timeoutSoft: A timeout is longer than nothing and at most 25s.\n"},
      {good,
       R"("origin":{"url":"https://example.com/{id}?q={q}","headers":{"Host":"x","a b":"x","x-a":"é","x-b":"${key}","X-A":"{nope}"}})",
       "resources[0].origin.headers[\"Host\"]: This header is set by the cache or the connection; remove "
       "it.\n"
       "resources[0].origin.headers[\"a b\"]: This is no header field name; use letters, digits and -.\n"
       "resources[0].origin.headers[\"x-a\"]: A header's value is printable ASCII.\n"
       "resources[0].origin.headers[\"x-b\"]: \"key\" is no secret's name; write capitals, digits and "
       "underscores, as in "
       "${API_KEY}.\n"
       "resources[0].origin.headers[\"X-A\"]: This header is given twice; keep one.\n"
       "resources[0].origin.headers[\"X-A\"]: \"nope\" is no key field of this resource; only what is part "
       "of the key "
       "may reach the origin. Its key has \"id\" or \"q\".\n"},
      {good,
       R"("origin":{"url":"https://example.com/{id}?q={q}","redirects":["https://a.example","https://A.example/","http://b.example","https://c.example/x","d.example",7]})",
       "resources[0].origin.redirects[1]: This origin is named twice; keep one.\n"
       "resources[0].origin.redirects[2]: No redirect leads from https to http; write https://.\n"
       "resources[0].origin.redirects[3]: Name scheme, host and port alone, as in "
       "\"https://files.example.com\".\n"
       "resources[0].origin.redirects[4]: The URL must start with https:// or http://.\n"
       "resources[0].origin.redirects[5]: This must be a text, not a number.\n"},
      {good,
       R"("mode":"http","origin":{"url":"https://example.com/{id}?q={q}","redirects":["https://a.example"]})",
       "resources[0].origin.redirects: In mode http a redirect is the client's answer; remove this "
       "member.\n"},
      {good, R"("origin":{"provider":"openlibary","query":"titel","headers":{}})",
       "resources[0].origin.provider: \"openlibary\" is not offered; use \"openlibrary\", "
       "\"googlebooks\", \"isbndb\" or \"llm\". Did you mean \"openlibrary\"?\n"
       "resources[0].origin.headers: A provider sets its own headers; remove this member.\n"
       "resources[0].origin.query: \"titel\" is not offered; use \"title\", \"isbn\", \"author\" or "
       "\"subject\". Did you mean \"title\"?\n"
       "resources[0].origin.provider: A provider is asked one thing, so the key needs exactly one field with "
       "\"required\": true.\n"},
  };
  for (const auto& [from, to, text] : cases) {
    EXPECT_EQ(report(with(from, to)), text) << to;
  }
}

TEST(Declaration, AModelStandsAloneAndIsAskedForANarrative) {
  const auto origin = [](std::string_view provider, std::string_view query) {
    return report(
        concat({R"({"resources":[{"name":"n","match":{"path":"/n"},"origin":{"provider":)", provider,
                R"(,"query":")", query, R"("},"key":[{"query":"q","required":true}],"ttl":"1h"}]})"}));
  };
  EXPECT_EQ(origin(R"("isbndb")", "narrative"),
            "resources[0].origin.query: Only the provider \"llm\" has the query \"narrative\".\n");
  EXPECT_THAT(origin(R"(["openlibrary","llm"])", "narrative"),
              ::testing::StartsWith("resources[0].origin.provider: The provider \"llm\" stands alone.\n"));
  EXPECT_THAT(origin(R"("llm")", "title"),
              ::testing::StartsWith(
                  "resources[0].origin.provider: The provider \"llm\" has the query \"narrative\".\n"));
}

TEST(Declaration, AProvidersIsbnIsNormalised) {
  EXPECT_EQ(
      report(R"({"resources":[{"name":"isbn","match":{"path":"/isbn"},"key":[{"query":"q","required":true}],
                       "origin":{"provider":"openlibrary","query":"isbn"},"ttl":"1h"}]})"),
      "resources[0].origin.query: The key field needs the normaliser \"isbn\", so that both forms of a "
      "number are "
      "one entry.\n");
}

TEST(Declaration, NamesFaultsOfSeveralResourcesAtOnce) {
  EXPECT_EQ(
      report(R"({"resources":[
      {"name":"a","match":{"path":"/x/{b}"},"key":[{"path":"b"}],"origin":{"url":"https://e.com/{b}"},"ttl":"1h"},
      {"name":"a","match":{"path":"/x/{c}"},"key":[{"path":"c"}],"origin":{"url":"https://e.com/{c}"},"ttl":"1x"},
      7], "resource": 1})"),
      "resource: There is no member \"resource\" here; there is \"resources\". Did you mean \"resources\"?\n"
      "resources[1].ttl: \"1x\" is no duration; write a whole number and a unit, as in 250ms, 30s, 15m, 24h "
      "or 7d.\n"
      "resources[2]: This must be an object, not a number.\n"
      "resources[1].name: \"a\" is also the name of resources[0].\n"
      "resources[1].match: It matches the same requests as resources[0].\n");
}

TEST(Declaration, PointsAtBrokenJson) {
  EXPECT_EQ(report("{\n  \"resources\": [\n    {\"name\": \"a\",}\n  ]\n}"),
            "Line 3, column 18: remove the comma before this bracket.\n");
  EXPECT_EQ(report(""), "Line 1, column 1: the text ends where a value should be.\n");
  EXPECT_EQ(report("{\"resources\": [\"\xff\"]}"),
            "Line 1, column 17: this byte is not UTF-8; save the file as UTF-8.\n");
  EXPECT_EQ(report("[]"), "This must be an object, not an array.\n");
  EXPECT_EQ(report("{}"), "resources: This member is missing.\n");
  EXPECT_EQ(report(std::string(10'000, '[')), "Line 1, column 34: the nesting is too deep.\n");
  EXPECT_EQ(report(std::string(262'145, ' ')), "The declarations are longer than 262144 bytes.\n");
}

TEST(Declaration, BoundsItsReport) {
  std::string json = R"({"resources":[)";
  for (int i = 0; i < 64; ++i) {
    json.append(i == 0 ? "" : ",").append("{}");
  }
  const auto declarations = parse_declarations(json + "]}");
  ASSERT_FALSE(declarations);
  ASSERT_EQ(declarations.error().size(), 100u);
  // Each of the 64 lacks a name, a match, a key, an origin and a ttl.
  EXPECT_EQ(declarations.error().back(), Fault("", "There are 221 more faults."));
  EXPECT_EQ(declarations.error().front(), Fault("resources[0].name", "This member is missing."));
}

TEST(Declaration, ATruncatedFileIsRefusedAtEveryLength) {
  for (std::size_t size = 0; size < everything.size(); ++size) {
    EXPECT_FALSE(parse_declarations(everything.substr(0, size))) << size;
  }
}

TEST(Declaration, CollectsTheSecretsItNeeds) {
  const auto declarations = parse_declarations(everything);
  ASSERT_TRUE(declarations);
  EXPECT_EQ(secrets_of(*declarations), (std::vector<std::string>{"API_KEY"}));
  EXPECT_EQ(to_text(missing_secrets(*declarations, *parse_settings({}))),
            "API_KEY: A declared header needs this secret: npx wrangler secret put API_KEY.\n");
  EXPECT_TRUE(missing_secrets(*declarations, *parse_settings({{"API_KEY", "x"}})).empty());
}

TEST(Declaration, TheWorkersOwnSecretsGoToNoOrigin) {
  std::string text(everything);
  const std::size_t at = text.find("${API_KEY}");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 10, "${ADMIN_JWT_SECRET}");
  const auto declarations = parse_declarations(text);
  ASSERT_TRUE(declarations);
  EXPECT_EQ(
      to_text(missing_secrets(*declarations, *parse_settings({{"ADMIN_JWT_SECRET", std::string(32, 'x')}}))),
      "ADMIN_JWT_SECRET: This secret is for the Worker itself and goes to no origin; use another one.\n");
}

TEST(Declaration, TheShippedFileIsRight) {
  std::ifstream file(LARDER_SHIPPED_DECLARATIONS);
  std::stringstream text;
  text << file.rdbuf();
  const auto declarations = parse_declarations(text.str());
  ASSERT_TRUE(declarations) << to_text(declarations.error());
  ASSERT_EQ(declarations->resources.size(), 5u);
  const auto expect = [&](std::string_view path, ProviderQuery query, Millis ttl) {
    const auto found = match(*declarations, http::Method::get, path);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(found->resource->origin.query, query);
    EXPECT_EQ(found->resource->ttl, ttl);
    EXPECT_EQ(found->resource->stale, Millis(604'800'000));
    EXPECT_EQ(found->resource->stale_if_error, Millis(2'592'000'000));
    EXPECT_EQ(found->resource->negative_ttl, Millis(900'000));
  };
  expect("/search/title", ProviderQuery::title, Millis(86'400'000));
  expect("/search/isbn", ProviderQuery::isbn, Millis(2'592'000'000));
  expect("/search/author", ProviderQuery::author, Millis(86'400'000));
  expect("/search/subject", ProviderQuery::subject, Millis(604'800'000));
}

}  // namespace
}  // namespace larder::config::declaration_test
