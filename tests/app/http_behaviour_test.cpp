// What a shared cache has to do, may do and must never do in mode http, as a table of small exchanges over
// the whole app: what the client sends, what the origin would say, and whether the origin is asked. Each row
// names its section.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "base/text.h"
#include "http/date.h"
#include "http/freshness.h"
#include "policy/decision.h"
#include "support/isolate.h"

namespace larder::app::http_behaviour_test {
namespace {

using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;

constexpr auto declarations = R"({"resources": [
  {"name": "api", "mode": "http",
   "match": {"path": "/api/{rest...}", "methods": ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]},
   "origin": {"url": "https://api.example.com/{rest}?{*}"}, "forward": ["authorization"], "maxBytes": 1000},
  {"name": "guess", "mode": "http", "match": {"path": "/guess/{rest...}"},
   "origin": {"url": "https://api.example.com/{rest}?{*}"}, "heuristic": true, "ttlMax": "1h"},
  {"name": "ttl", "mode": "http", "match": {"path": "/ttl/{rest...}"},
   "origin": {"url": "https://api.example.com/{rest}?{*}"}, "ttl": "1m", "staleIfError": "1h", "setCookie": "strip"},
  {"name": "some", "mode": "http", "match": {"path": "/some"},
   "origin": {"url": "https://api.example.com/some?{*}"},
   "key": [{"query": "*", "only": ["page", "q*"], "normalise": ["sort"]}]},
  {"name": "most", "mode": "http", "match": {"path": "/most"},
   "origin": {"url": "https://api.example.com/most?{*}"}, "key": [{"query": "*", "except": ["utm_*"]}]}]})";

// A field's value that is a date, so many seconds from the step's own time.
std::string date(int seconds) { return concat({"@", to_text(std::int64_t{seconds})}); }

enum class From : std::uint8_t {
  origin,   // it is asked
  cache,    // it is not
  neither,  // Larder itself answers, and the origin is not asked
};

struct Step {
  std::string method = "GET";
  std::string path = "/api/a";
  TextPairs sent;
  std::string sent_body;
  OriginReply reply;
  int pause_seconds = 0;
  From from = From::origin;
  std::uint32_t status = 0;
  // Fields of the answer; "" where it must not have the field.
  TextPairs told;
  // Fields that the origin was sent; "" where it must not have got the field.
  TextPairs asked;
  std::string body = "?";
  // In Cache-Status.
  std::string detail;
  std::string unkept;

  Step& as(std::string method_) {
    method = std::move(method_);
    return *this;
  }
  Step& at(std::string path_) {
    path = std::move(path_);
    return *this;
  }
  Step& with(std::string name, std::string value) {
    sent.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Step& carrying(std::string content) {
    sent_body = std::move(content);
    return *this;
  }
  Step& says(std::uint32_t origin_status, TextPairs fields, std::string content = "spice") {
    reply.status = origin_status;
    reply.headers = std::move(fields);
    reply.content = std::move(content);
    return *this;
  }
  Step& says(TextPairs fields, std::string content = "spice") {
    return says(200, std::move(fields), std::move(content));
  }
  Step& fails() {
    reply.failure = 2;
    return *this;
  }
  Step& after(int seconds) {
    pause_seconds = seconds;
    return *this;
  }
  Step& hit() {
    from = From::cache;
    return *this;
  }
  Step& alone() {
    from = From::neither;
    return *this;
  }
  Step& gives(std::uint32_t status_) {
    status = status_;
    return *this;
  }
  Step& tells(std::string name, std::string value) {
    told.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Step& asks(std::string name, std::string value) {
    asked.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Step& reads(std::string content) {
    body = std::move(content);
    return *this;
  }
  Step& because(std::string word) {
    detail = std::move(word);
    return *this;
  }
  Step& not_kept(std::string word) {
    unkept = std::move(word);
    return *this;
  }
};

Step get() { return Step(); }

struct Behaviour {
  std::string name;
  std::string section;
  std::vector<Step> steps;
};

// The same answer is stored, or not, and asked for again.
Behaviour reuse(std::string name, std::string section, bool reused, std::uint32_t status, TextPairs fields,
                int seconds = 1, std::string path = "/api/a") {
  Step first = get().at(path).says(status, fields);
  Step second = get().at(path).says(status, fields).after(seconds);
  if (reused) {
    second.hit();
  }
  return {std::move(name), std::move(section), {first, second}};
}

TextPairs control(std::string value) { return {{"cache-control", std::move(value)}}; }

void add_freshness(std::vector<Behaviour>& all) {
  for (const int status :
       {200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599}) {
    all.push_back(reuse(concat({"a ", to_text(std::int64_t{status}), " with max-age is fresh"}),
                        "RFC 9111 §3", true, static_cast<std::uint32_t>(status), control("max-age=60")));
    all.push_back(reuse(concat({"a ", to_text(std::int64_t{status}), " past its max-age is not"}),
                        "RFC 9111 §4.2", false, static_cast<std::uint32_t>(status), control("max-age=1"), 3));
  }
  const auto plain = [&](std::string name, bool reused, TextPairs fields, int seconds = 1) {
    all.push_back(reuse(std::move(name), "RFC 9111 §4.2.1", reused, 200, std::move(fields), seconds));
  };
  plain("max-age=0 is stale at once", false, control("max-age=0"));
  plain("a max-age that is no number is stale", false, control("max-age=abc"));
  plain("a negative max-age is stale", false, control("max-age=-60"));
  plain("a max-age with a fraction is stale", false, control("max-age=60.5"));
  plain("a quoted max-age counts", true, control("max-age=\"60\""));
  plain("MAX-AGE counts", true, control("MAX-AGE=60"));
  plain("a max-age with spaces around its equals sign counts as written", true, control("max-age = 60"));
  plain("a max-age beyond 31 bits counts", true, control("max-age=99999999999"));
  plain("of two values of max-age the first counts", true, control("max-age=60, max-age=0"));
  plain("a max-age in a second field counts", true,
        {{"cache-control", "foo=bar"}, {"cache-control", "max-age=60"}});
  plain("a max-age inside of a quoted string is none", false, control("foo=\"max-age=60\""));
  plain("a name that only begins like max-age is none", false, control("max-agee=60"));
  plain("s-maxage goes before max-age", true, control("max-age=0, s-maxage=60"));
  plain("a short s-maxage too", false, control("max-age=60, s-maxage=1"), 3);
  plain("max-age goes before Expires", true, {{"cache-control", "max-age=60"}, {"expires", date(-100)}});
  plain("a short max-age too", false, {{"cache-control", "max-age=1"}, {"expires", date(600)}}, 3);
  plain("Expires in the future is fresh", true, {{"expires", date(60)}});
  plain("Expires counts from Date", false, {{"expires", date(60)}, {"date", date(60)}});
  plain("Expires in the past is not", false, {{"expires", date(-60)}});
  plain("Expires: 0 is in the past", false, {{"expires", "0"}});
  plain("an Expires that is no date is in the past", false, {{"expires", "tomorrow"}});
  plain("Expires in the form of RFC 850 counts", true, {{"expires", "Friday, 01-Jan-27 00:00:00 GMT"}});
  plain("Expires in the form of asctime counts", true, {{"expires", "Fri Jan  1 00:00:00 2027"}});
  plain("Expires in capitals counts", true, {{"expires", "FRI, 01 JAN 2027 00:00:00 GMT"}});
  plain("Age on arrival counts", false, {{"cache-control", "max-age=60"}, {"age", "100"}});
  plain("a small Age leaves freshness", true, {{"cache-control", "max-age=60"}, {"age", "10"}});
  plain("an Age that is no number is none", true, {{"cache-control", "max-age=60"}, {"age", "abc"}});
  plain("of several Ages the first counts", true, {{"cache-control", "max-age=60"}, {"age", "1, 100"}});
  plain("a Date in the past is age", false, {{"cache-control", "max-age=60"}, {"date", date(-100)}});
  plain("CDN-Cache-Control goes before Cache-Control", true,
        {{"cache-control", "no-store"}, {"cdn-cache-control", "max-age=60"}});
  plain("a CDN-Cache-Control that forbids too", false,
        {{"cache-control", "max-age=60"}, {"cdn-cache-control", "no-store"}});
  plain("a broken CDN-Cache-Control is ignored", true,
        {{"cache-control", "max-age=60"}, {"cdn-cache-control", "max-age=1.5, &"}});
  plain("with CDN-Cache-Control no Expires counts", false,
        {{"expires", date(60)}, {"cdn-cache-control", "public"}});
  plain("Surrogate-Control says nothing to this cache", false, {{"surrogate-control", "max-age=60"}});
  plain("an empty Cache-Control says nothing", false, control(""));
  plain("immutable does not make fresh", false, control("immutable"));
}

void add_storing(std::vector<Behaviour>& all) {
  const auto kept_not = [&](std::string word, std::string section, std::uint32_t status, TextPairs fields) {
    Step first = get().says(status, fields).not_kept(word);
    Step second = get().says(status, fields).after(1).not_kept(word);
    all.push_back({concat({word, ": ", to_text(std::uint64_t{status}), fields.empty() ? "" : " ",
                           fields.empty() ? "" : fields[0].second}),
                   std::move(section),
                   {first, second}});
  };
  kept_not("no-store", "RFC 9111 §5.2.2.5", 200, control("no-store"));
  kept_not("no-store", "RFC 9111 §5.2.2.5", 200, control("max-age=60, NO-STORE"));
  kept_not("no-store", "RFC 9111 §5.2.2.5", 200, control("max-age=60, no-store, foo=\"unclosed"));
  kept_not("private", "RFC 9111 §5.2.2.7", 200, control("private, max-age=60"));
  kept_not("private", "RFC 9111 §5.2.2.7", 200, control("s-maxage=60, private"));
  kept_not("set-cookie", "RFC 9111 §7.3", 200, {{"cache-control", "max-age=60"}, {"set-cookie", "a=b"}});
  kept_not("vary", "RFC 9111 §4.1", 200, {{"cache-control", "max-age=60"}, {"vary", "*"}});
  kept_not("vary", "RFC 9111 §4.1", 200, {{"cache-control", "max-age=60"}, {"vary", "accept, *"}});
  kept_not("not-understood", "RFC 9111 §5.2.2.3", 299, control("max-age=60, must-understand"));
  kept_not("no-freshness", "RFC 9111 §3", 302, {{"location", "/b"}});
  kept_not("no-use", "RFC 9111 §4", 200, {});
  kept_not("no-use", "RFC 9111 §4", 200, control("no-cache"));
  kept_not("error", "RFC 9111 §3", 404, {});
  kept_not("error", "RFC 9111 §3", 405, {{"etag", "\"a\""}});
  kept_not("status", "RFC 9111 §3", 429, control("max-age=60"));
  kept_not("status", "RFC 9111 §3", 431, control("max-age=60"));
  kept_not("status", "RFC 9111 §3", 412, control("max-age=60"));
  kept_not("partial", "RFC 9111 §3.3", 206,
           {{"cache-control", "max-age=60"}, {"content-range", "bytes 0-4/*"}});
  all.push_back({"too-large: more than maxBytes",
                 "RFC 9111 §3",
                 {get()
                      .says(control("max-age=60"), std::string(1001, 'x'))
                      .not_kept("too-large")
                      .reads(std::string(1001, 'x')),
                  get().says(control("max-age=60"), std::string(1001, 'x')).not_kept("too-large")}});
  all.push_back({"request-no-store: nothing is kept of it",
                 "RFC 9111 §5.2.1.5",
                 {get()
                      .with("cache-control", "no-store")
                      .says(control("max-age=60"))
                      .because("request-no-store")
                      .not_kept("request-no-store"),
                  get().says(control("max-age=60"))}});
  all.push_back({"must-understand lifts no-store for a status that is known",
                 "RFC 9111 §5.2.2.3",
                 {get().says(control("max-age=60, no-store, must-understand")), get().hit()}});
  all.push_back({"authorization: credentials that the origin sees",
                 "RFC 9111 §3.5",
                 {get()
                      .with("authorization", "Bearer a")
                      .says(control("max-age=60"))
                      .not_kept("authorization")
                      .asks("authorization", "Bearer a"),
                  get().says(control("max-age=60"))}});
  for (const std::string word : {"public", "must-revalidate", "s-maxage=60"}) {
    all.push_back({concat({"credentials and ", word, ": for all"}),
                   "RFC 9111 §3.5",
                   {get().with("authorization", "Bearer a").says(control(concat({"max-age=60, ", word}))),
                    get().with("authorization", "Bearer b").hit(), get().hit()}});
  }
  all.push_back({"unshared: who has credentials gets no answer that does not say it is for all",
                 "RFC 9111 §3.5",
                 {get().says(control("max-age=60")),
                  get()
                      .with("authorization", "Bearer a")
                      .says(control("private"))
                      .because("unshared")
                      .not_kept("private"),
                  get().hit()}});
  all.push_back({"unshared: credentials that the origin does not see",
                 "RFC 9111 §3.5",
                 {get()
                      .at("/guess/a")
                      .with("authorization", "Bearer a")
                      .says(control("max-age=60"))
                      .because("unshared")
                      .asks("authorization", ""),
                  get().at("/guess/a").says(control("max-age=60"))}});
  all.push_back({"a cookie that is not sent on tells nobody apart",
                 "RFC 9111 §4.1",
                 {get()
                      .with("cookie", "a=1")
                      .says({{"cache-control", "max-age=60"}, {"vary", "cookie"}})
                      .asks("cookie", ""),
                  get().with("cookie", "a=2").hit()}});
  all.push_back({"an answer is kept without its cookie where that is declared",
                 "RFC 9111 §7.3",
                 {get()
                      .at("/ttl/a")
                      .says({{"cache-control", "max-age=60"}, {"set-cookie", "a=b"}})
                      .tells("set-cookie", ""),
                  get().at("/ttl/a").hit().tells("set-cookie", "")}});
  all.push_back(reuse("a guess is made where it is declared", "RFC 9111 §4.2.2", true, 200,
                      {{"last-modified", date(-100'000)}}, 100, "/guess/a"));
  all.push_back(reuse("and for a 404 too", "RFC 9111 §4.2.2", true, 404, {{"last-modified", date(-100'000)}},
                      100, "/guess/a"));
  all.push_back(reuse("and not for a 500", "RFC 9111 §4.2.2", false, 500, {{"last-modified", date(-100'000)}},
                      100, "/guess/a"));
  all.push_back(reuse("and is at most ttlMax", "RFC 9111 §4.2.2", false, 200,
                      {{"last-modified", date(-1'000'000'000)}}, 3'700, "/guess/a"));
  all.push_back(reuse("elsewhere none is made", "RFC 9111 §4.2.2", false, 200,
                      {{"last-modified", date(-100'000)}}, 100));
  all.push_back(reuse("ttlMax bounds what the origin says", "RFC 9111 §4.2", false, 200,
                      control("max-age=99999"), 3'700, "/guess/a"));
  all.push_back(reuse("the declared ttl stands in where the response is silent", "RFC 9111 §4.2.2", true, 200,
                      {}, 30, "/ttl/a"));
  all.push_back(
      reuse("and not where it speaks", "RFC 9111 §4.2.2", false, 200, control("max-age=1"), 30, "/ttl/a"));
  all.push_back(reuse("and not for errors", "RFC 9111 §4.2.2", false, 404, {}, 1, "/ttl/a"));
}

void add_requests(std::vector<Behaviour>& all) {
  const TextPairs fresh = {{"cache-control", "max-age=600"}, {"etag", "\"a\""}};
  const auto twice = [&](std::string name, std::string section, std::string directive, int pause, bool reused,
                         std::string word) {
    Step second = get().with("cache-control", std::move(directive)).says(fresh).after(pause);
    if (reused) {
      second.hit();
    } else {
      second.asks("if-none-match", "\"a\"");
    }
    second.because(std::move(word));
    all.push_back({std::move(name), std::move(section), {get().says(fresh), second, get().hit()}});
  };
  twice("request-no-cache: the copy is confirmed", "RFC 9111 §5.2.1.4", "no-cache", 1, false,
        "request-no-cache");
  twice("request-max-age: an older copy is confirmed", "RFC 9111 §5.2.1.1", "max-age=5", 10, false,
        "request-max-age");
  twice("max-age=0 of a request asks always", "RFC 9111 §5.2.1.1", "max-age=0", 2, false, "request-max-age");
  twice("a copy as young as max-age is taken", "RFC 9111 §5.2.1.1", "max-age=20", 10, true, "memory");
  twice("request-min-fresh: a copy that ends too soon is confirmed", "RFC 9111 §5.2.1.3", "min-fresh=599", 10,
        false, "request-min-fresh");
  twice("a copy that is fresh for long enough is taken", "RFC 9111 §5.2.1.3", "min-fresh=100", 10, true,
        "memory");
  twice("a directive with a broken number is ignored", "RFC 9111 §5.2.1", "max-age=x, min-fresh=y", 10, true,
        "memory");
  twice("no-transform is no reason to ask", "RFC 9111 §5.2.1.6", "no-transform", 1, true, "memory");
  all.push_back(
      {"Pragma: no-cache counts without Cache-Control",
       "RFC 9111 §5.4",
       {get().says(fresh), get().with("pragma", "no-cache").says(fresh).because("request-no-cache")}});
  all.push_back({"and not beside it",
                 "RFC 9111 §5.4",
                 {get().says(fresh), get().with("pragma", "no-cache").with("cache-control", "foo").hit()}});
  const TextPairs short_lived = {{"cache-control", "max-age=5"}};
  all.push_back({"request-max-stale: a stale copy is taken",
                 "RFC 9111 §5.2.1.2",
                 {get().says(short_lived), get()
                                               .with("cache-control", "max-stale=100")
                                               .after(20)
                                               .hit()
                                               .because("request-max-stale")
                                               .tells("age", "20")}});
  all.push_back({"max-stale without a number takes any",
                 "RFC 9111 §5.2.1.2",
                 {get().says(short_lived), get().with("cache-control", "max-stale").after(2000).hit()}});
  all.push_back(
      {"one that is staler is not",
       "RFC 9111 §5.2.1.2",
       {get().says(short_lived), get().with("cache-control", "max-stale=5").after(20).says(short_lived)}});
  for (const std::string word : {"must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=5"}) {
    const TextPairs strict = {{"cache-control", concat({"max-age=5, ", word})}, {"etag", "\"a\""}};
    all.push_back(
        {concat({word, ": never stale, whatever the request takes"}),
         "RFC 9111 §4.2.4",
         {get().says(strict), get().with("cache-control", "max-stale=100").after(20).says(strict)}});
    all.push_back({concat({word, ": never stale, however the origin fails"}),
                   "RFC 9111 §4.2.4",
                   {get().at("/ttl/a").says(strict), get().at("/ttl/a").after(20).fails().gives(502)}});
  }
  all.push_back(
      {"only-if-cached: a 504 without a copy",
       "RFC 9111 §5.2.1.7",
       {get().with("cache-control", "only-if-cached").alone().gives(504).because("only-if-cached")}});
  all.push_back({"only-if-cached takes a copy",
                 "RFC 9111 §5.2.1.7",
                 {get().says(fresh), get().with("cache-control", "only-if-cached").hit()}});
  all.push_back({"precondition: If-Match is for the origin to judge",
                 "RFC 9110 §13.1.1",
                 {get().says(fresh),
                  get()
                      .with("if-match", "\"b\"")
                      .says(412, {})
                      .gives(412)
                      .asks("if-match", "\"b\"")
                      .because("precondition"),
                  get().hit()}});
  all.push_back(
      {"precondition: If-Unmodified-Since too",
       "RFC 9110 §13.1.4",
       {get().with("if-unmodified-since", date(0)).says(412, {}).gives(412).because("precondition")}});
}

void add_validation(std::vector<Behaviour>& all) {
  const TextPairs tagged = {{"cache-control", "max-age=5"},
                            {"etag", "\"a\""},
                            {"last-modified", "Mon, 21 Sep 2020 14:15:20 GMT"},
                            {"x-a", "1"}};
  all.push_back(
      {"a stale copy is asked about by its validators",
       "RFC 9111 §4.3.1",
       {get().says(tagged),
        get()
            .after(10)
            .says(304, {{"cache-control", "max-age=50"}, {"etag", "\"a\""}, {"x-a", "2"}}, "")
            .asks("if-none-match", "\"a\"")
            .asks("if-modified-since", "Mon, 21 Sep 2020 14:15:20 GMT")
            .gives(200)
            .reads("spice")
            .tells("x-a", "2")
            .because("expired"),
        get().after(10).hit().reads("spice").tells("x-a", "2").tells("cache-control", "max-age=50")}});
  all.push_back(
      {"a 304 changes neither type nor length nor coding",
       "RFC 9111 §3.2",
       {get().says({{"cache-control", "max-age=5"}, {"etag", "\"a\""}, {"content-type", "text/plain"}}),
        get()
            .after(10)
            .says(304,
                  {{"etag", "\"a\""},
                   {"content-type", "text/odd"},
                   {"content-length", "1"},
                   {"content-encoding", "br"}},
                  "")
            .gives(200)
            .tells("content-type", "text/plain")
            .tells("content-encoding", "")
            .reads("spice")}});
  all.push_back({"a 304 with another strong validator confirms nothing of the copy",
                 "RFC 9111 §4.3.4",
                 {get().says(tagged),
                  get()
                      .after(10)
                      .says(304, {{"etag", "\"b\""}, {"cache-control", "max-age=50"}}, "")
                      .gives(200)
                      .reads("spice"),
                  get().after(1).says(tagged)}});
  all.push_back(
      {"a full answer takes the copy's place",
       "RFC 9111 §4.3.3",
       {get().says(tagged), get().after(10).says({{"cache-control", "max-age=50"}}, "pepper").reads("pepper"),
        get().hit().reads("pepper")}});
  all.push_back({"a no-cache answer is confirmed each time",
                 "RFC 9111 §5.2.2.4",
                 {get().says({{"cache-control", "no-cache, max-age=60"}, {"etag", "\"a\""}}),
                  get()
                      .says(304, {{"cache-control", "no-cache, max-age=60"}, {"etag", "\"a\""}}, "")
                      .asks("if-none-match", "\"a\"")
                      .gives(200)
                      .reads("spice"),
                  get().says(304, {{"etag", "\"a\""}}, "").asks("if-none-match", "\"a\"").gives(200)}});
  all.push_back({"no-cache with a field takes the field out",
                 "RFC 9111 §5.2.2.4",
                 {get().says({{"cache-control", "max-age=60, no-cache=\"x-a\""}, {"x-a", "1"}}),
                  get().hit().tells("x-a", "")}});
  all.push_back({"private with a field takes the field out",
                 "RFC 9111 §5.2.2.7",
                 {get().says({{"cache-control", "max-age=60, private=\"x-a\""}, {"x-a", "1"}}),
                  get().hit().tells("x-a", "")}});
  const auto condition = [&](std::string name, std::string field, std::string value, std::uint32_t status) {
    all.push_back({std::move(name),
                   "RFC 9110 §13.1",
                   {get().says(tagged),
                    get().with(field, value).hit().gives(status).reads(status == 304 ? "" : "spice")}});
  };
  condition("If-None-Match that matches is a 304", "if-none-match", "\"a\"", 304);
  condition("weakly too", "if-none-match", "W/\"a\"", 304);
  condition("in a list too", "if-none-match", "\"x\", \"a\"", 304);
  condition("* too", "if-none-match", "*", 304);
  condition("one that does not match is a 200", "if-none-match", "\"b\"", 200);
  condition("one without quotes is a 200", "if-none-match", "a", 200);
  condition("If-Modified-Since at the date is a 304", "if-modified-since", "Mon, 21 Sep 2020 14:15:20 GMT",
            304);
  condition("later is a 304", "if-modified-since", "Tue, 22 Sep 2020 14:15:20 GMT", 304);
  condition("earlier is a 200", "if-modified-since", "Sun, 20 Sep 2020 14:15:20 GMT", 200);
  condition("in capitals is a 304", "if-modified-since", "MON, 21 SEP 2020 14:15:20 GMT", 304);
  condition("no date is a 200", "if-modified-since", "yesterday", 200);
  all.push_back({"If-None-Match goes before If-Modified-Since",
                 "RFC 9110 §13.2.2",
                 {get().says(tagged), get()
                                          .with("if-none-match", "\"b\"")
                                          .with("if-modified-since", "Tue, 22 Sep 2020 14:15:20 GMT")
                                          .hit()
                                          .gives(200)}});
  all.push_back(
      {"a client's condition fills the cache, and is answered",
       "RFC 9110 §13.1.2",
       {get().with("if-none-match", "\"a\"").says(tagged).gives(304).reads("").asks("if-none-match", ""),
        get().hit().reads("spice")}});
  all.push_back({"a client's condition holds for an answer that is not kept",
                 "RFC 9110 §13.1.2",
                 {get()
                      .with("if-none-match", "\"a\"")
                      .says({{"cache-control", "private"}, {"etag", "\"a\""}})
                      .gives(304)
                      .reads("")
                      .tells("cache-control", "private")}});
  all.push_back({"past the cache the condition is the origin's",
                 "RFC 9110 §13.1.2",
                 {get()
                      .at("/guess/a")
                      .with("authorization", "x")
                      .with("if-none-match", "\"a\"")
                      .says(304, {{"etag", "\"a\""}}, "")
                      .gives(304)
                      .asks("if-none-match", "\"a\"")}});
}

void add_stale(std::vector<Behaviour>& all) {
  all.push_back(
      {"stale-while-revalidate answers at once and asks behind",
       "RFC 5861 §3",
       {get().says(control("max-age=5, stale-while-revalidate=60")),
        get().after(10).says(control("max-age=5")).reads("spice").tells("age", "10").because("memory")}});
  all.push_back({"stale-if-error stands in for a server's error",
                 "RFC 5861 §4",
                 {get().says(control("max-age=5, stale-if-error=60")),
                  get().after(10).says(503, {}).gives(200).reads("spice").because("stale-if-error")}});
  all.push_back({"and for a broken connection",
                 "RFC 5861 §4",
                 {get().says(control("max-age=5, stale-if-error=60")),
                  get().after(10).fails().gives(200).reads("spice")}});
  all.push_back(
      {"not past its time",
       "RFC 5861 §4",
       {get().says(control("max-age=5, stale-if-error=60")), get().after(100).says(503, {}).gives(503)}});
  all.push_back(
      {"not for a 404",
       "RFC 5861 §4",
       {get().says(control("max-age=5, stale-if-error=60")), get().after(10).says(404, {}).gives(404)}});
  all.push_back({"without leave a stale copy never answers",
                 "RFC 9111 §4.2.4",
                 {get().says(control("max-age=5")), get().after(10).fails().gives(502)}});
  all.push_back(
      {"the declared staleIfError stands in where the response is silent",
       "RFC 9111 §4.2.4",
       {get().at("/ttl/a").says(control("max-age=5")), get().at("/ttl/a").after(10).fails().gives(200)}});
}

void add_vary(std::vector<Behaviour>& all) {
  const TextPairs varies = {{"cache-control", "max-age=600"}, {"vary", "x-foo"}};
  all.push_back({"other-variant: another value is another answer",
                 "RFC 9111 §4.1",
                 {get().with("x-foo", "1").says(varies, "one"),
                  get().with("x-foo", "2").says(varies, "two").because("other-variant"),
                  get().with("x-foo", "1").hit().reads("one"), get().with("x-foo", "2").hit().reads("two")}});
  all.push_back({"an absent field is a value of its own",
                 "RFC 9111 §4.1",
                 {get().says(varies), get().with("x-foo", "1").says(varies), get().hit()}});
  all.push_back({"a field that Vary does not name does not matter",
                 "RFC 9111 §4.1",
                 {get().with("x-foo", "1").with("x-bar", "1").says(varies),
                  get().with("x-foo", "1").with("x-bar", "2").hit()}});
  all.push_back({"several names count together",
                 "RFC 9111 §4.1",
                 {get()
                      .with("x-foo", "1")
                      .with("x-bar", "1")
                      .says({{"cache-control", "max-age=600"}, {"vary", "X-Foo, x-bar"}}),
                  get()
                      .with("x-foo", "1")
                      .with("x-bar", "2")
                      .says({{"cache-control", "max-age=600"}, {"vary", "X-Foo, x-bar"}}),
                  get().with("x-foo", "1").with("x-bar", "1").hit()}});
  all.push_back({"lists with other white space are one value",
                 "RFC 9111 §4.1",
                 {get().with("x-foo", "1,2").says(varies), get().with("x-foo", "1 ,  2").hit()}});
  all.push_back({"values in another case are not",
                 "RFC 9111 §4.1",
                 {get().with("x-foo", "a").says(varies), get().with("x-foo", "A").says(varies)}});
  const TextPairs languages = {{"cache-control", "max-age=600"}, {"vary", "accept-language"}};
  all.push_back({"Accept-Language in another case is one value",
                 "RFC 9110 §12.5.4",
                 {get().with("accept-language", "en-GB, de;q=0.5").says(languages),
                  get().with("accept-language", "EN-gb,de;q=0.50").hit()}});
  all.push_back({"ranked otherwise it is not",
                 "RFC 9110 §12.5.4",
                 {get().with("accept-language", "en, de;q=0.5").says(languages),
                  get().with("accept-language", "de, en;q=0.5").says(languages)}});
  all.push_back({"Accept-Encoding is Larder's own: no answer differs by it",
                 "RFC 9110 §12.5.3",
                 {get()
                      .with("accept-encoding", "gzip")
                      .says({{"cache-control", "max-age=600"}, {"vary", "accept-encoding"}})
                      .asks("accept-encoding", ""),
                  get().with("accept-encoding", "br").hit()}});
}

void add_heads(std::vector<Behaviour>& all) {
  const TextPairs told = {{"cache-control", "max-age=5"}, {"etag", "\"a\""}, {"content-length", "5"}};
  const auto head = [] { return get().as("HEAD"); };
  all.push_back({"head: without a copy HEAD goes on as HEAD, and leaves nothing",
                 "RFC 9110 §9.3.2",
                 {head()
                      .says({{"cache-control", "max-age=60"}, {"content-length", "77"}, {"x-a", "1"}})
                      .asks(":method", "HEAD")
                      .tells("content-length", "77")
                      .tells("x-a", "1")
                      .reads("")
                      .not_kept("head"),
                  head().says(control("max-age=60")).asks(":method", "HEAD"),
                  get().says(control("max-age=60")).asks(":method", "GET").reads("spice"), head().hit()}});
  all.push_back({"a HEAD without a length tells none",
                 "RFC 9110 §8.6",
                 {head().says(control("max-age=60")).tells("content-length", "")}});
  all.push_back(
      {"what HEAD says of an encoded body is not told of the plain one",
       "RFC 9110 §9.3.2",
       {head()
            .says({{"cache-control", "max-age=60"}, {"content-encoding", "gzip"}, {"content-length", "9"}})
            .tells("content-encoding", "")
            .tells("content-length", "")}});
  all.push_back({"a HEAD of an error is the client's alone",
                 "RFC 9110 §9.3.2",
                 {head().says(404, control("max-age=60")).gives(404).reads(""), get().says({}).gives(200)}});
  all.push_back({"a HEAD confirms a stale copy by a 304",
                 "RFC 9111 §4.3.5",
                 {get().says(told),
                  head()
                      .after(10)
                      .says(304, {{"etag", "\"a\""}, {"cache-control", "max-age=50"}})
                      .asks(":method", "HEAD")
                      .asks("if-none-match", "\"a\"")
                      .gives(200)
                      .tells("content-length", "5"),
                  get().after(20).hit().reads("spice").tells("cache-control", "max-age=50")}});
  all.push_back(
      {"and by a 200 with the same validator and length",
       "RFC 9111 §4.3.5",
       {get().says(told),
        head()
            .after(10)
            .says({{"etag", "\"a\""}, {"content-length", "5"}, {"cache-control", "max-age=50"}, {"x-a", "2"}})
            .gives(200),
        get().after(20).hit().reads("spice").tells("x-a", "2")}});
  const auto contradicts = [&](std::string name, TextPairs says) {
    says.emplace_back("cache-control", "max-age=50");
    all.push_back({std::move(name),
                   "RFC 9111 §4.3.5",
                   {get().says({{"cache-control", "max-age=600"},
                                {"etag", "\"a\""},
                                {"last-modified", "Mon, 21 Sep 2020 14:15:20 GMT"}}),
                    head()
                        .after(10)
                        .with("cache-control", "no-cache")
                        .says(says)
                        .asks(":method", "HEAD")
                        .not_kept("head"),
                    get()
                        .after(1)
                        .says(control("max-age=50"), "pepper")
                        .asks(":method", "GET")
                        .asks("if-none-match", "\"a\"")
                        .reads("pepper")}});
  };
  contradicts("a HEAD with another validator ends the copy's time", {{"etag", "\"b\""}});
  contradicts("and one with another length", {{"etag", "\"a\""}, {"content-length", "6"}});
  contradicts("and one with another date",
              {{"etag", "\"a\""}, {"last-modified", "Mon, 21 Sep 2020 14:15:21 GMT"}});
  contradicts("and one without a validator", {{"content-length", "5"}});
  all.push_back({"a HEAD without a copy takes the client's condition along",
                 "RFC 9110 §13.1.2",
                 {head()
                      .with("if-none-match", "\"a\"")
                      .says(304, {{"etag", "\"a\""}})
                      .gives(304)
                      .asks("if-none-match", "\"a\"")
                      .not_kept("head"),
                  get().says(told).asks("if-none-match", "").gives(200).reads("spice")}});
  all.push_back({"where nothing is kept the condition is the origin's, and its 304 the client's alone",
                 "RFC 9110 §13.1.2",
                 {get()
                      .with("cache-control", "no-store")
                      .with("if-none-match", "\"a\"")
                      .with("if-modified-since", "Mon, 21 Sep 2020 14:15:20 GMT")
                      .says(304, {{"etag", "\"a\""}, {"cache-control", "max-age=60"}}, "")
                      .gives(304)
                      .asks("if-none-match", "\"a\"")
                      .asks("if-modified-since", "Mon, 21 Sep 2020 14:15:20 GMT"),
                  get().says(told).asks("if-none-match", "").gives(200).reads("spice")}});
  all.push_back({"where nothing is kept a part is asked for with its condition",
                 "RFC 9110 §13.1.2",
                 {get()
                      .with("cache-control", "no-store")
                      .with("range", "bytes=0-1")
                      .with("if-none-match", "\"a\"")
                      .says(304, {{"etag", "\"a\""}}, "")
                      .gives(304)
                      .asks("range", "bytes=0-1")
                      .asks("if-none-match", "\"a\""),
                  get().says(told).gives(200)}});
}

void add_methods(std::vector<Behaviour>& all) {
  const TextPairs fresh = control("max-age=600");
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    all.push_back({concat({"method: ", method, " passes with its body, and its answer is not kept"}),
                   "RFC 9110 §9.2.3",
                   {get()
                        .as(method)
                        .with("content-type", "text/plain")
                        .carrying("cumin")
                        .says(201, fresh, "made")
                        .gives(201)
                        .reads("made")
                        .because("method")
                        .asks("content-type", "text/plain")
                        .asks(":body", "cumin"),
                    get().as(method).says(201, fresh)}});
    all.push_back({concat({method, " that succeeds invalidates its target"}),
                   "RFC 9111 §4.4",
                   {get().says(fresh), get().hit(), get().as(method).says(200, {}), get().says(fresh)}});
    all.push_back({concat({method, " that redirects does too"}),
                   "RFC 9111 §4.4",
                   {get().says(fresh), get().as(method).says(303, {{"location", "/z"}}), get().says(fresh)}});
    all.push_back({concat({method, " that fails does not"}),
                   "RFC 9111 §4.4",
                   {get().says(fresh), get().as(method).says(400, {}).gives(400),
                    get().as(method).says(500, {}).gives(500), get().hit()}});
    for (const std::string name : {"location", "content-location"}) {
      for (const std::string reference :
           {"https://api.example.com/b", "/b", "b", "https://API.example.com:443/b?x=1"}) {
        all.push_back({concat({method, " invalidates what ", name, " names: ", reference}),
                       "RFC 9111 §4.4",
                       {get().at("/api/b").says(fresh), get().as(method).says(201, {{name, reference}}),
                        get().at("/api/b").says(fresh)}});
      }
      all.push_back(
          {concat({method, " invalidates nothing of another origin by ", name}),
           "RFC 9111 §4.4",
           {get().at("/api/b").says(fresh),
            get().as(method).says(201, {{name, "https://other.example.com/b"}}), get().at("/api/b").hit()}});
    }
  }
  all.push_back({"all pages of a target are invalidated with it",
                 "RFC 9111 §4.4",
                 {get().at("/api/a?page=2").says(fresh), get().as("POST").says(201, {}),
                  get().at("/api/a?page=2").says(fresh)}});
  all.push_back({"and no other target",
                 "RFC 9111 §4.4",
                 {get().at("/api/b").says(fresh), get().as("POST").says(201, {}), get().at("/api/b").hit()}});
  all.push_back(
      {"another resource of the same origin is invalidated too",
       "RFC 9111 §4.4",
       {get().at("/guess/a").says(fresh), get().as("PUT").says(200, {}), get().at("/guess/a").says(fresh)}});
  all.push_back({"OPTIONS passes and invalidates nothing",
                 "RFC 9110 §9.2.1",
                 {get().says(fresh),
                  get().as("OPTIONS").says(204, {{"allow", "GET"}}, "").gives(204).tells("allow", "GET"),
                  get().hit()}});
  all.push_back({"a method that is not declared is a 405",
                 "RFC 9110 §15.5.6",
                 {get().as("POST").at("/guess/a").alone().gives(405)}});
  all.push_back({"HEAD is answered from what GET brought",
                 "RFC 9110 §9.3.2",
                 {get().says(fresh), get().as("HEAD").hit().tells("content-length", "5")}});
  add_heads(all);
  all.push_back(
      {"groups are invalidated by name",
       "RFC 9875 §3",
       {get().at("/api/b").says({{"cache-control", "max-age=600"}, {"cache-groups", "\"x\", \"y\""}}),
        get().at("/api/c").says({{"cache-control", "max-age=600"}, {"cache-groups", "\"z\""}}),
        get().as("POST").says(200, {{"cache-group-invalidation", "\"y\""}}), get().at("/api/b").says(fresh),
        get().at("/api/c").hit()}});
  all.push_back(
      {"case counts in the names of groups",
       "RFC 9875 §2",
       {get().at("/api/b").says({{"cache-control", "max-age=600"}, {"cache-groups", "\"x\""}}),
        get().as("POST").says(200, {{"cache-group-invalidation", "\"X\""}}), get().at("/api/b").hit()}});
  all.push_back(
      {"a field that is no list of strings names no group",
       "RFC 9875 §2",
       {get().at("/api/b").says({{"cache-control", "max-age=600"}, {"cache-groups", "x"}}),
        get().as("POST").says(200, {{"cache-group-invalidation", "x"}}), get().at("/api/b").hit()}});
  all.push_back({"a safe method invalidates no group",
                 "RFC 9875 §3",
                 {get().at("/api/b").says({{"cache-control", "max-age=600"}, {"cache-groups", "\"x\""}}),
                  get().says({{"cache-group-invalidation", "\"x\""}}), get().at("/api/b").hit()}});
}

void add_ranges(std::vector<Behaviour>& all) {
  const TextPairs whole = {{"cache-control", "max-age=600"},
                           {"etag", "\"a\""},
                           {"last-modified", "Mon, 21 Sep 2020 14:15:20 GMT"}};
  const auto part = [&](std::string name, std::string range, std::uint32_t status, std::string content,
                        std::string content_range, std::string if_range = "") {
    Step second = get()
                      .with("range", std::move(range))
                      .hit()
                      .gives(status)
                      .tells("content-range", std::move(content_range));
    if (status != 416) {
      second.reads(std::move(content));
    }
    if (!if_range.empty()) {
      second.with("if-range", std::move(if_range));
    }
    all.push_back({std::move(name), "RFC 9110 §14.2", {get().says(whole, "0123456789"), second}});
  };
  part("a part of a complete copy", "bytes=2-4", 206, "234", "bytes 2-4/10");
  part("from a place to the end", "bytes=6-", 206, "6789", "bytes 6-9/10");
  part("the last bytes", "bytes=-3", 206, "789", "bytes 7-9/10");
  part("more than there is", "bytes=8-99", 206, "89", "bytes 8-9/10");
  part("behind the end is a 416", "bytes=10-", 416, "", "bytes */10");
  part("several ranges are answered whole", "bytes=0-1,4-5", 200, "0123456789", "");
  part("another unit is answered whole", "lines=0-1", 200, "0123456789", "");
  part("a broken range is answered whole", "bytes=4-2", 200, "0123456789", "");
  part("If-Range with the validator", "bytes=2-4", 206, "234", "bytes 2-4/10", "\"a\"");
  part("If-Range with another is answered whole", "bytes=2-4", 200, "0123456789", "", "\"b\"");
  part("If-Range with a weak one too", "bytes=2-4", 200, "0123456789", "", "W/\"a\"");
  part("If-Range with the date", "bytes=2-4", 206, "234", "bytes 2-4/10", "Mon, 21 Sep 2020 14:15:20 GMT");
  part("If-Range with another date is answered whole", "bytes=2-4", 200, "0123456789", "",
       "Mon, 21 Sep 2020 14:15:21 GMT");
  all.push_back(
      {"range: without a copy the origin is asked for the part, which is kept",
       "RFC 9111 §3.3",
       {get()
            .with("range", "bytes=2-6")
            .says(206, {{"cache-control", "max-age=600"}, {"content-range", "bytes 2-6/10"}}, "23456")
            .gives(206)
            .reads("23456")
            .tells("content-range", "bytes 2-6/10")
            .asks("range", "bytes=2-6")
            .because("range"),
        get().with("range", "bytes=3-4").hit().gives(206).reads("34").tells("content-range", "bytes 3-4/10"),
        get()
            .with("range", "bytes=-4")
            .says(206, {{"cache-control", "no-store"}, {"content-range", "bytes 6-9/10"}}, "6789")
            .because("range"),
        get().with("range", "bytes=2-6").hit().reads("23456")}});
  all.push_back(
      {"partial: a part is not the whole",
       "RFC 9111 §3.3",
       {get()
            .with("range", "bytes=2-6")
            .says(206, {{"cache-control", "max-age=600"}, {"content-range", "bytes 2-6/10"}}, "23456"),
        get().says(whole, "0123456789").because("partial").reads("0123456789"),
        get().with("range", "bytes=2-6").hit().reads("23456"), get().hit().reads("0123456789")}});
  all.push_back(
      {"a kept part is of the representation that If-Range names",
       "RFC 9110 §13.1.5",
       {get()
            .with("range", "bytes=2-6")
            .says(206,
                  {{"cache-control", "max-age=600"}, {"etag", "\"a\""}, {"content-range", "bytes 2-6/10"}},
                  "23456"),
        get().with("range", "bytes=2-4").with("if-range", "\"a\"").hit().reads("234"),
        get()
            .with("range", "bytes=2-4")
            .with("if-range", "\"b\"")
            .says(whole, "0123456789")
            .gives(200)
            .reads("0123456789")}});
  const auto a_part = [](std::string range, std::string content_range, std::string content,
                         std::string etag = "\"a\"") {
    TextPairs fields = {{"cache-control", "max-age=600"}, {"content-range", std::move(content_range)}};
    if (!etag.empty()) {
      fields.emplace_back("etag", std::move(etag));
    }
    return get().with("range", std::move(range)).says(206, std::move(fields), std::move(content));
  };
  const auto cached = [](std::string range, std::uint32_t status, std::string content,
                         std::string content_range) {
    return get()
        .with("range", std::move(range))
        .hit()
        .gives(status)
        .reads(std::move(content))
        .tells("content-range", std::move(content_range));
  };
  all.push_back({"parts that meet make a larger one",
                 "RFC 9110 §15.3.7.3",
                 {a_part("bytes=2-4", "bytes 2-4/10", "234"),
                  a_part("bytes=5-6", "bytes 5-6/10", "56").gives(206).reads("56"),
                  cached("bytes=3-6", 206, "3456", "bytes 3-6/10"),
                  a_part("bytes=1-2", "bytes 1-2/10", "12").gives(206).reads("12"),
                  cached("bytes=1-6", 206, "123456", "bytes 1-6/10"), get().says(whole, "0123456789")}});
  all.push_back(
      {"and the whole once nothing is missing",
       "RFC 9111 §3.4",
       {a_part("bytes=0-4", "bytes 0-4/10", "01234"),
        a_part("bytes=3-9", "bytes 3-9/10", "3456789")
            .gives(206)
            .reads("3456789")
            .tells("content-range", "bytes 3-9/10"),
        get().hit().gives(200).reads("0123456789").tells("content-range", "").tells("etag", "\"a\""),
        cached("bytes=-2", 206, "89", "bytes 8-9/10"), get().with("range", "bytes=10-").hit().gives(416)}});
  all.push_back({"one part that is the whole is kept as the whole",
                 "RFC 9110 §15.3.7.3",
                 {a_part("bytes=0-", "bytes 0-9/10", "0123456789", "").gives(206),
                  get().hit().gives(200).reads("0123456789")}});
  all.push_back({"a part between two ends is taken over by a larger one",
                 "RFC 9110 §15.3.7.3",
                 {a_part("bytes=3-4", "bytes 3-4/10", "34"), a_part("bytes=2-6", "bytes 2-6/10", "23456"),
                  cached("bytes=2-6", 206, "23456", "bytes 2-6/10")}});
  const auto apart = [&](std::string name, Step first, Step second) {
    second.gives(206).reads(second.reply.content);
    all.push_back({std::move(name),
                   "RFC 9111 §3.4",
                   {std::move(first), std::move(second), cached("bytes=5-6", 206, "56", "bytes 5-6/10"),
                    a_part("bytes=2-6", "bytes 2-6/10", "23456")}});
  };
  apart("parts with a gap are not put together", a_part("bytes=2-3", "bytes 2-3/10", "23"),
        a_part("bytes=5-6", "bytes 5-6/10", "56"));
  apart("nor those with other validators", a_part("bytes=2-4", "bytes 2-4/10", "xyz", "\"b\""),
        a_part("bytes=5-6", "bytes 5-6/10", "56"));
  apart("nor those with weak ones", a_part("bytes=2-4", "bytes 2-4/10", "234", "W/\"a\""),
        a_part("bytes=5-6", "bytes 5-6/10", "56", "W/\"a\""));
  apart("nor those with none", a_part("bytes=2-4", "bytes 2-4/10", "234", ""),
        a_part("bytes=5-6", "bytes 5-6/10", "56", ""));
  apart("nor those of wholes of other sizes", a_part("bytes=2-4", "bytes 2-4/11", "234"),
        a_part("bytes=5-6", "bytes 5-6/10", "56"));
  all.push_back({"a part with fewer bytes than it says is not kept",
                 "RFC 9110 §14.4",
                 {a_part("bytes=2-4", "bytes 2-4/10", "23").not_kept("partial").reads("23"),
                  a_part("bytes=2-4", "bytes 2-4/10", "234").reads("234")}});
  all.push_back({"parts grow to maxBytes and no further",
                 "RFC 9111 §3.4",
                 {a_part("bytes=0-599", "bytes 0-599/2000", std::string(600, 'a')),
                  a_part("bytes=600-999", "bytes 600-999/2000", std::string(400, 'b')),
                  cached("bytes=599-600", 206, "ab", "bytes 599-600/2000"),
                  a_part("bytes=1000-1000", "bytes 1000-1000/2000", "c"),
                  cached("bytes=1000-1000", 206, "c", "bytes 1000-1000/2000"),
                  a_part("bytes=599-600", "bytes 599-600/2000", "ab")}});
  all.push_back({"parts of other variants are not put together",
                 "RFC 9111 §4.1",
                 {get()
                      .with("range", "bytes=0-4")
                      .with("accept", "a")
                      .says(206,
                            {{"cache-control", "max-age=600"},
                             {"etag", "\"a\""},
                             {"vary", "accept"},
                             {"content-range", "bytes 0-4/10"}},
                            "01234"),
                  get()
                      .with("range", "bytes=5-9")
                      .with("accept", "b")
                      .says(206,
                            {{"cache-control", "max-age=600"},
                             {"etag", "\"a\""},
                             {"vary", "accept"},
                             {"content-range", "bytes 5-9/10"}},
                            "56789"),
                  get().with("accept", "b").says(whole, "abcdefghij").reads("abcdefghij")}});
  all.push_back({"what a write invalidates reaches a part that was put together",
                 "RFC 9111 §4.4",
                 {a_part("bytes=0-4", "bytes 0-4/10", "01234"), a_part("bytes=5-9", "bytes 5-9/10", "56789"),
                  get().hit().reads("0123456789"), get().as("POST").says(200, {}),
                  get().says(whole, "abcdefghij").reads("abcdefghij")}});
  all.push_back({"a part without a lifetime is not kept",
                 "RFC 9111 §3.3",
                 {get()
                      .with("range", "bytes=2-6")
                      .says(206, {{"content-range", "bytes 2-6/10"}}, "23456")
                      .not_kept("no-freshness"),
                  get().with("range", "bytes=2-6").says(206, {{"content-range", "bytes 2-6/10"}}, "23456")}});
  all.push_back({"an origin that answers whole fills the cache, and the part is made",
                 "RFC 9110 §14.2",
                 {get().with("range", "bytes=2-4").says(whole, "0123456789").gives(206).reads("234"),
                  get().hit().reads("0123456789")}});
  all.push_back({"a stale copy is confirmed whole, and the part is made",
                 "RFC 9110 §14.2",
                 {get().says(whole, "0123456789"), get()
                                                       .with("range", "bytes=2-4")
                                                       .after(1000)
                                                       .says(304, {{"etag", "\"a\""}}, "")
                                                       .asks("range", "")
                                                       .gives(206)
                                                       .reads("234")}});
  all.push_back({"a condition goes before a range",
                 "RFC 9110 §13.2.2",
                 {get().says(whole, "0123456789"),
                  get().with("range", "bytes=2-4").with("if-none-match", "\"a\"").hit().gives(304)}});
  all.push_back({"HEAD has no range",
                 "RFC 9110 §14.2",
                 {get().says(whole, "0123456789"),
                  get().as("HEAD").with("range", "bytes=2-4").hit().gives(200).tells("content-range", "")}});
  all.push_back({"another status has no range",
                 "RFC 9110 §14.2",
                 {get().says(404, control("max-age=60"), "0123456789"),
                  get().with("range", "bytes=2-4").hit().gives(404).reads("0123456789")}});
}

void add_fields(std::vector<Behaviour>& all) {
  const TextPairs everything = {{"link", "</a>"},
                                {"x-total-count", "7"},
                                {"server", "nginx"},
                                {"date", date(-2)},
                                {"expires", date(-1)},
                                {"content-language", "en"},
                                {"www-authenticate", "Basic"},
                                {"etag", "\"a\""},
                                {"allow", "GET"},
                                {"retry-after", "5"},
                                {"strict-transport-security", "max-age=1"},
                                {"location", "/b"},
                                {"vary", "accept"},
                                {"pragma", "no-cache"}};
  for (const std::string kept : {"private", "max-age=600"}) {
    TextPairs fields = everything;
    fields.emplace_back("cache-control", kept);
    Step first = get().says(fields);
    for (const auto& [name, value] : fields) {
      first.tells(name, value);
    }
    Step second = first;
    second.after(0);
    if (kept != "private") {
      second.hit();
    }
    all.push_back({concat({"every field of the origin, Date too, and its own Cache-Control: ", kept}),
                   "RFC 9110 §7.7",
                   {first, second}});
  }
  all.push_back({"fields of the connection stay behind",
                 "RFC 9110 §7.6.1",
                 {get()
                      .says({{"cache-control", "max-age=60"},
                             {"connection", "x-hop, close"},
                             {"x-hop", "1"},
                             {"keep-alive", "5"}})
                      .tells("x-hop", "")
                      .tells("connection", "")
                      .tells("keep-alive", ""),
                  get().hit().tells("x-hop", "").tells("connection", "")}});
  all.push_back({"also of what is not kept",
                 "RFC 9110 §7.6.1",
                 {get()
                      .says({{"cache-control", "private"}, {"connection", "x-hop"}, {"x-hop", "1"}})
                      .tells("x-hop", "")
                      .tells("connection", "")}});
  all.push_back({"an answer without Date gets one",
                 "RFC 9110 §6.6.1",
                 {get().says(control("private")).tells("date", "Mon, 21 Sep 2026 14:13:20 GMT")}});
  all.push_back({"Age is the copy's",
                 "RFC 9111 §5.1",
                 {get().says({{"cache-control", "max-age=600"}, {"age", "7"}}),
                  get().after(20).hit().tells("age", "27")}});
  all.push_back(
      {"what caches nearer the origin said stays before Larder's word",
       "RFC 9211 §2",
       {get()
            .says({{"cache-control", "private"}, {"cache-status", "inner; hit"}})
            .tells("cache-status",
                   "inner; hit, larder; fwd=miss; fwd-status=200; detail=absent; unkept=private")}});
  all.push_back({"all end-to-end fields go to the origin",
                 "RFC 9110 §7.7",
                 {get()
                      .with("accept", "text/csv")
                      .with("accept-language", "de")
                      .with("user-agent", "u")
                      .with("x-foo", "1")
                      .with("prefer", "p")
                      .says({})
                      .asks("accept", "text/csv")
                      .asks("accept-language", "de")
                      .asks("user-agent", "u")
                      .asks("x-foo", "1")
                      .asks("prefer", "p")}});
  all.push_back({"and nothing of the connection or the platform",
                 "RFC 9110 §7.6.1",
                 {get()
                      .with("connection", "x-hop")
                      .with("x-hop", "1")
                      .with("te", "trailers")
                      .with("cf-ray", "1")
                      .with("x-forwarded-for", "::1")
                      .with("host", "larder.example")
                      .says({})
                      .asks("connection", "")
                      .asks("x-hop", "")
                      .asks("te", "")
                      .asks("cf-ray", "")
                      .asks("x-forwarded-for", "")
                      .asks("host", "")}});
  all.push_back({"an expectation but 100-continue is a 417",
                 "RFC 9110 §10.1.1",
                 {get().with("expect", "the-best").alone().gives(417),
                  get().with("expect", "100-continue").says({}).asks("expect", "")}});
  all.push_back({"a WebSocket is refused",
                 "RFC 6455 §4.1",
                 {get().with("upgrade", "websocket").with("connection", "upgrade").alone().gives(501)}});
  all.push_back({"a field that is too long is a 431",
                 "RFC 6585 §5",
                 {get().with("x-foo", std::string(8193, 'x')).alone().gives(431)}});
  all.push_back({"a query takes only what it is declared to",
                 "RFC 9111 §4",
                 {get()
                      .at("/some?page=1&utm=x&q=a")
                      .says(control("max-age=60"))
                      .asks(":url", "https://api.example.com/some?page=1&q=a"),
                  get().at("/some?q=a&page=1&utm=y").hit(), get().at("/some?q=a&page=2").says({})}});
  all.push_back({"or leaves some out",
                 "RFC 9111 §4",
                 {get()
                      .at("/most?b=1&utm_source=x&a=2")
                      .says(control("max-age=60"))
                      .asks(":url", "https://api.example.com/most?b=1&a=2"),
                  get().at("/most?b=1&a=2&utm_medium=z").hit(), get().at("/most?a=2&b=1").says({})}});
}

std::vector<Behaviour> behaviours() {
  std::vector<Behaviour> all;
  add_freshness(all);
  add_storing(all);
  add_requests(all);
  add_validation(all);
  add_stale(all);
  add_vary(all);
  add_methods(all);
  add_ranges(all);
  add_fields(all);
  return all;
}

// What is wrong with the way the app behaves; "" for nothing.
std::string fault_of(const Behaviour& behaviour) {
  sim::World world;
  Isolate isolate(world, {}, declarations);
  const auto resolved = [&](const std::string& value) {
    if (!value.starts_with('@')) {
      return value;
    }
    return http::format_date(world.now + Millis(1000 * std::strtol(value.c_str() + 1, nullptr, 10)));
  };
  std::size_t number = 0;
  std::string faults;
  std::map<std::string, std::string> dates;
  for (const Step& step : behaviour.steps) {
    const auto complain = [&](std::initializer_list<std::string_view> words) {
      faults.append(concat({"step ", to_text(std::uint64_t{number}), ": ", concat(words), "\n"}));
    };
    ++number;
    world.now += Millis(1000 * step.pause_seconds);
    OriginReply reply = step.reply;
    for (auto& [name, value] : reply.headers) {
      // A copy has the dates of the step that brought it.
      value =
          dates.emplace(concat({name, value, to_text(std::uint64_t{number})}), resolved(value)).first->second;
    }
    world.origin = [&](const OriginRequest&) { return reply; };
    TextPairs sent = step.sent;
    for (auto& field : sent) {
      field.second = resolved(field.second);
    }
    sim::SentBody body;
    body.content = step.sent_body;
    const std::size_t before = world.origin_requests.size();
    const auto& exchange = isolate.run(step.method, step.path, sent, body);
    const bool was_asked = world.origin_requests.size() > before;
    if (was_asked != (step.from == From::origin)) {
      complain({"the origin was ", was_asked ? "" : "not ", "asked (", exchange.header("cache-status"), ")"});
    }
    const std::uint32_t status = step.status != 0            ? step.status
                                 : step.from == From::origin ? reply.status
                                                             : exchange.status;
    if (exchange.status != status) {
      complain(
          {"status ", to_text(std::uint64_t{exchange.status}), " and not ", to_text(std::uint64_t{status})});
    }
    if (step.body != "?" && exchange.body != step.body) {
      complain({"body \"", exchange.body.substr(0, 40), "\" and not \"", step.body.substr(0, 40), "\""});
    }
    const http::Fields told(exchange.headers);
    for (const auto& [name, value] : step.told) {
      const std::string given = told.combined(name).value_or("");
      if (given != resolved(value)) {
        complain({name, " \"", given, "\" and not \"", resolved(value), "\""});
      }
    }
    const std::string said = exchange.header("cache-status");
    if (!step.detail.empty() && !contains(concat({said, ";"}), concat({"detail=", step.detail, ";"}))) {
      complain({"Cache-Status ", said, " without ", step.detail});
    }
    if (!step.unkept.empty() && !contains(concat({said, ";"}), concat({"unkept=", step.unkept, ";"}))) {
      complain({"Cache-Status ", said, " without unkept=", step.unkept});
    }
    if (!was_asked) {
      continue;
    }
    const OriginRequest& asked = world.origin_requests[before];
    const http::Fields fields(asked.headers);
    for (const auto& [name, value] : step.asked) {
      const std::string got = name == ":body"     ? asked.content
                              : name == ":method" ? asked.method
                              : name == ":url"    ? asked.url
                                                  : fields.combined(name).value_or("");
      if (got != resolved(value)) {
        complain({"the origin got ", name, " \"", got, "\" and not \"", value, "\""});
      }
    }
  }
  if (!isolate.settled()) {
    faults.append("something was left behind\n");
  }
  return faults;
}

TEST(HttpBehaviour, OfAllRows) {
  const std::vector<Behaviour> all = behaviours();
  std::size_t held = 0;
  for (const Behaviour& behaviour : all) {
    const std::string faults = fault_of(behaviour);
    held += faults.empty() ? 1 : 0;
    EXPECT_EQ(faults, "") << behaviour.name << " (" << behaviour.section << ")";
  }
  std::printf("%zu of %zu behaviours of RFC 9110, 9111, 5861, 9211, 9213 and 9875 hold\n", held, all.size());
}

// docs/HTTP.md has a row for each: its test is the row of this table that expects the word.
TEST(HttpBehaviour, EveryReasonForNotStoringIsProvoked) {
  std::set<std::string> provoked;
  for (const Behaviour& behaviour : behaviours()) {
    for (const Step& step : behaviour.steps) {
      provoked.insert(step.unkept);
      provoked.insert(step.detail);
      provoked.insert(behaviour.name.substr(0, behaviour.name.find(':')));
    }
  }
#define LARDER_STORABILITY(name, word, section, meaning) EXPECT_EQ(provoked.count(word), 1U) << word;
#include "http/storability.def"
#undef LARDER_STORABILITY
  // And every reason for not reusing that mode http adds.
  for (const std::string word : {"method", "request-no-cache", "request-max-age", "request-min-fresh",
                                 "request-max-stale", "precondition", "range", "partial", "unshared",
                                 "request-no-store", "only-if-cached", "other-variant", "expired"}) {
    EXPECT_EQ(provoked.count(word), 1U) << word;
  }
}

}  // namespace
}  // namespace larder::app::http_behaviour_test
