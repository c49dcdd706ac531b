#include "operators/bucket.h"

#include <algorithm>

#include "base/json_writer.h"
#include "config/limits.h"
#include "host/operations.h"
#include "simdjson.h"

namespace larder::operators {

namespace {

// No object answers with a longer wait that is meant.
constexpr std::int64_t retry_after_millis_max = 86'400'000;

Result<BucketVerdict> read_verdict(std::string_view json) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(json);
  simdjson::dom::element root;
  BucketVerdict verdict;
  std::int64_t retry_after_millis = 0;
  if (parser.parse(padded).get(root) != simdjson::SUCCESS ||
      root["allowed"].get(verdict.allowed) != simdjson::SUCCESS ||
      root["retry_after_millis"].get(retry_after_millis) != simdjson::SUCCESS) {
    return fail(ErrorKind::corrupt, "buckets", "A bucket's answer is not readable.");
  }
  verdict.retry_after =
      Millis(std::clamp(retry_after_millis, std::int64_t{0}, retry_after_millis_max));
  return verdict;
}

}  // namespace

host::Task<Result<BucketVerdict>> take_from_bucket(host::Context here, std::string name, BucketTerms terms) {
  JsonWriter json;
  json.begin_object().key("rate_per_second").value(terms.rate_per_second);
  json.key("burst").value(terms.burst).key("count").value(terms.count).end_object();
  const auto wait_millis = static_cast<std::uint64_t>(config::limit::object_wait.count());
  auto called = co_await host::object_call(here, "BUCKETS", name, "take", json.text(), wait_millis);
  if (!called) {
    co_return tl::make_unexpected(std::move(called.error()));
  }
  co_return read_verdict(called->result);
}

}  // namespace larder::operators
