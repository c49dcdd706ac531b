// The callers of the Durable Objects: for every row of objects.def an awaitable
//
//   Result<buckets::take_results> taken = co_await buckets::take(here, name, arguments, wait);
//
// Errors: what the object refuses (invalid, not_found, …) in its words; unsupported where wrangler.toml has
// no such binding; timeout and unavailable where it gives no answer, and then the call may still have its
// effect; corrupt.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "config/limits.h"
#include "host/operations.h"
#include "host/task.h"
#include "records/fields.h"

namespace larder::records {

// The error of a reply that is a refusal.
Error refusal_of(std::string_view reply, std::string_view source);

template <typename Results>
class [[nodiscard]] ObjectCall {
 public:
  ObjectCall(host::Context here, std::string_view binding, std::string_view source, std::string_view name,
             std::uint32_t method, const std::string& argument, Millis wait)
      : operation_(host::object_run(here, binding, name, method, argument, config::millis_of(wait))),
        source_(source) {}

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) { operation_.await_suspend(waiting); }
  Result<Results> await_resume() {
    Result<host::object_run_results> run = operation_.await_resume();
    if (!run) {
      return tl::make_unexpected(std::move(run.error()));
    }
    const std::string_view reply = run->reply;
    if (reply.empty() || reply.front() != '\0') {
      return tl::make_unexpected(refusal_of(reply, source_));
    }
    auto results = decode<Results>(reply.substr(1));
    if (!results) {
      return fail(ErrorKind::corrupt, source_, "The object's answer is not readable.");
    }
    return std::move(*results);
  }

 private:
  host::Operation<host::object_run_results> operation_;
  std::string_view source_;
};

// What an object's storage takes. Errors: as above.
host::Task<Result<Bytes>> size_of(host::Context here, std::string_view binding, std::string name,
                                  Millis wait);

// Which objects of a class there are (`names` of objects.def).
class ObjectNames {
 public:
  enum class Rule : std::uint8_t { one, by_prefix, by_shard, by_key };

  constexpr explicit ObjectNames(Rule rule, std::string_view only = {}) : rule_(rule), only_(only) {}

  constexpr Rule rule() const { return rule_; }
  // The name of the deployment's only object. The rule is `one` (asserted).
  constexpr std::string_view only() const {
    LARDER_ASSERT(rule_ == Rule::one);
    return only_;
  }

 private:
  Rule rule_;
  std::string_view only_;
};

namespace naming {
constexpr ObjectNames one(std::string_view name) { return ObjectNames(ObjectNames::Rule::one, name); }
inline constexpr ObjectNames by_prefix(ObjectNames::Rule::by_prefix);
inline constexpr ObjectNames by_shard(ObjectNames::Rule::by_shard);
inline constexpr ObjectNames by_key(ObjectNames::Rule::by_key);
}  // namespace naming

#define LARDER_OBJECT(object, number, Class, binding, kept, names_, migration) \
  namespace object {                                                           \
  inline constexpr std::string_view binding_name = #binding;                   \
  inline constexpr std::string_view object_name = #object;                     \
  inline constexpr ObjectNames names = naming::names_;                         \
  }
#include "records/objects.def"

#define LARDER_METHOD(object, method, number, arguments, results)                               \
  namespace object {                                                                            \
  inline ObjectCall<method##_results> method(host::Context here, std::string_view name,         \
                                             const method##_arguments& argument, Millis wait) { \
    return ObjectCall<method##_results>(here, binding_name, object_name, name, method##_number, \
                                        encode(argument), wait);                                \
  }                                                                                             \
  }
#include "records/objects.def"

}  // namespace larder::records
