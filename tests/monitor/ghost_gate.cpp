// Holds what the ghost cache says against what the cache then does, on recorded traces: ghost_gate FOLDER.
//
// A trace is a gzip file *.gz with one request a line, of which the first word is the key. It is played over
// six hours of simulated time: once with CACHE_IMPL=null, whose /api/cache/candidates predicts a hit rate for
// each time to live, and then with the cache and each of three times to live. It fails where the two are more
// than two percentage points apart. Refreshes ahead of time are off: with them the cache does better than any
// that gives an entry its time when it is filled, which is what the ghost cache imagines.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/text.h"
#include "support/isolate.h"

namespace {

using larder::Millis;
using larder::sim::Isolate;
using larder::sim::World;

constexpr Millis played_over = std::chrono::hours(6);
constexpr double differ_points_max = 2;
const std::vector<std::string> ttls = {"1m", "15m", "1h"};

// Empty when gzip fails.
std::vector<std::string> read_keys(const std::filesystem::path& path) {
  std::vector<std::string> keys;
  if (path.native().find('\'') != std::string::npos) {
    return keys;
  }
  FILE* const pipe = popen(("gzip -dc '" + path.native() + "'").c_str(), "r");
  if (pipe == nullptr) {
    return keys;
  }
  char line[1024];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    keys.emplace_back(larder::split(larder::trim(line), ' ').front());
  }
  if (pclose(pipe) != 0) {
    keys.clear();
  }
  return keys;
}

std::string declarations(const std::string& ttl) {
  return larder::concat({R"({"resources": [{"name": "keys", "match": {"path": "/keys/{id}"},
    "origin": {"url": "https://api.example.com/{id}"}, "key": [{"path": "id", "required": true}], "ttl": ")",
                         ttl, R"("}]})"});
}

void play(World& world, Isolate& isolate, const std::vector<std::string>& keys) {
  const larder::Instant began = world.now;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto id = isolate.request("GET", larder::concat({"https://larder.example/keys/", keys[i]}));
    const auto count = static_cast<std::int64_t>(i + 1);
    const larder::Instant next =
        began + Millis(played_over.count() * count / static_cast<std::int64_t>(keys.size()));
    world.run_for(next - world.now);
    if (isolate.host.exchange(id).finished) {
      isolate.host.forget(id);
    }
  }
}

World& with_origin(World& world) {
  world.origin = [](const larder::sim::OriginRequest&) {
    larder::sim::OriginReply reply;
    reply.content = "an answer";
    return reply;
  };
  return world;
}

// Of each time to live, what /api/cache/candidates says.
std::map<std::string, double> predicted(const std::vector<std::string>& keys) {
  World world;
  with_origin(world);
  larder::sim::TokenVerdict viewer;
  viewer.claims = R"({"sub":"vic","role":"viewer"})";
  world.tokens["vic"] = viewer;
  Isolate isolate(world,
                  {{"LEDGER_SHARDS", "1"},
                   {"CACHE_IMPL", "null"},
                   {"ADMIN_JWT_SECRET", "0123456789abcdef0123456789abcdef"}},
                  declarations("1h"));
  play(world, isolate, keys);
  // What is gathered comes in, and is folded with what follows it a minute later.
  world.run();
  world.now += std::chrono::minutes(2);
  isolate.get("https://larder.example/keys/one-more");
  const auto& shown = isolate.run("GET", "https://larder.example/api/cache/candidates",
                                  {{"authorization", "Bearer vic"}, {"cf-connecting-ip", "192.0.2.1"}});
  // {"ttl":"1m","hitRate":0.93,…
  std::map<std::string, double> rates;
  for (const std::string& ttl : ttls) {
    const std::string before = larder::concat({R"({"ttl":")", ttl, R"(","hitRate":)"});
    const std::size_t at = shown.body.find(before);
    if (at != std::string::npos) {
      const std::string_view rest = std::string_view(shown.body).substr(at + before.size());
      rates[ttl] = larder::parse_decimal(rest.substr(0, rest.find(','))).value_or(-1);
    }
  }
  return rates;
}

double achieved(const std::vector<std::string>& keys, const std::string& ttl) {
  World world;
  with_origin(world);
  Isolate isolate(world, {{"LEDGER_SHARDS", "0"}, {"ENABLE_SWR", "false"}}, declarations(ttl));
  play(world, isolate, keys);
  world.run();
  const auto& counters = isolate.app->counters();
  const auto hits = counters.value(larder::observe::Counter::answers_total, "hit");
  return static_cast<double>(hits) / static_cast<double>(keys.size());
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: ghost_gate FOLDER\n");
    return 2;
  }
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(arguments[1], error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".gz") {
      paths.push_back(entry->path());
    }
  }
  std::sort(paths.begin(), paths.end());
  int passed_count = 0;
  int failed_count = 0;
  std::printf("%-26s %4s %9s %9s %9s\n", "trace", "ttl", "predicted", "achieved", "points");
  for (const std::filesystem::path& path : paths) {
    const std::vector<std::string> keys = read_keys(path);
    auto rates = predicted(keys);
    for (const std::string& ttl : ttls) {
      const double said = rates.count(ttl) == 1 ? rates[ttl] : -1;
      const double came = achieved(keys, ttl);
      const double points = 100 * (said - came);
      const bool passed = !keys.empty() && std::abs(points) <= differ_points_max;
      std::printf("%-26s %4s %9.2f %9.2f %9.2f%s\n", path.filename().string().c_str(), ttl.c_str(),
                  100 * said, 100 * came, points, passed ? "" : "  too far apart");
      ++(passed ? passed_count : failed_count);
    }
  }
  std::printf("%d passed, %d failed\n", passed_count, failed_count);
  return failed_count == 0 && passed_count > 0 ? 0 : 1;
}
