// The awaitable form of every row of ops.def:
//
//   Result<KvGetResults> found = co_await kv_get(here, key);
//
// Arguments are encoded when the operation is made; it starts when it is awaited. Destroying it frees its
// slot, and a completion that comes later is dropped.
#pragma once

#include <utility>

#include "base/wire.h"
#include "host/for_each.h"
#include "host/requests.h"

namespace larder::host {

// Wire fields in C++: bodies come with their host, the rest is base/wire.h.
class ArgumentsWriter : public RecordWriter {
 public:
  void body(const Body& value) {
    u32(static_cast<std::uint32_t>(value.handle()));
    u64(value.size().count);
  }
};

class ResultsReader : public RecordReader {
 public:
  ResultsReader(std::string_view bytes, Host& host) : RecordReader(bytes), host_(host) {}
  Body body() {
    const auto handle = static_cast<BodyHandle>(u32());
    const Bytes size(u64());
    return Body(host_, handle, size);
  }

 private:
  Host& host_;
};

namespace field {
using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using text = std::string;
using bytes = std::string;
using texts = std::vector<std::string>;
using pairs = TextPairs;
using body = Body;
}  // namespace field

// struct kv_get_results { u8 found; text header; body content; }; and how it is read.
#define LARDER_MEMBER(type, name) field::type name{};
#define LARDER_READ(type, name) into.name = from.type();
#define LARDER_OPERATION(operation, number, arguments, results)                                        \
  struct operation##_results {                                                                         \
    operation##_results() {}                                                                           \
    LARDER_FOR_EACH(LARDER_MEMBER, results)                                                            \
  };                                                                                                   \
  inline void read([[maybe_unused]] ResultsReader& from, [[maybe_unused]] operation##_results& into) { \
    LARDER_FOR_EACH(LARDER_READ, results)                                                              \
  }
#include "host/ops.def"
#undef LARDER_OPERATION
#undef LARDER_READ
#undef LARDER_MEMBER

template <typename Results>
class [[nodiscard]] Operation {
 public:
  // `texts`: how many are in the lists among its arguments.
  Operation(Context here, OperationKind kind, std::string_view source, std::string arguments,
            std::size_t texts)
      : here_(here), kind_(kind), source_(source), arguments_(std::move(arguments)), texts_(texts) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() {
    if (waiting_) {
      here_.requests().close_slot(slot_);
    }
  }

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    slot_ = here_.requests().open_slot(here_.request(), waiting, &completion_);
    waiting_ = true;
    here_.requests().count_submitted(kind_, texts_);
    here_.host().submit(here_.request(), slot_, kind_, arguments_);
  }
  Result<Results> await_resume() {
    waiting_ = false;
    if (completion_.status != status_ok) {
      return tl::make_unexpected(error_of(completion_, source_));
    }
    ResultsReader reader(completion_.bytes, here_.host());
    Results results;
    read(reader, results);
    // The shim encodes by the same table: a record that does not decode is a bug.
    LARDER_ASSERT(reader.complete());
    return results;
  }

 private:
  Context here_;
  OperationKind kind_;
  std::string_view source_;
  std::string arguments_;
  std::size_t texts_;
  Completion completion_;
  OperationId slot_;
  bool waiting_ = false;
};

namespace argument {
using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using text = std::string_view;
using bytes = std::string_view;
using texts = const std::vector<std::string>&;
using pairs = const TextPairs&;
using body = const Body&;
}  // namespace argument

template <typename Argument>
std::size_t texts_in(const Argument&) {
  return 0;
}
inline std::size_t texts_in(const std::vector<std::string>& list) { return list.size(); }

// inline Operation<kv_get_results> kv_get(Context here, text key);
#define LARDER_PARAMETER(type, name) , argument::type name
#define LARDER_WRITE(type, name) \
  arguments_writer.type(name);   \
  texts += texts_in(name);
#define LARDER_OPERATION(operation, number, arguments, results)                       \
  inline Operation<operation##_results> operation(                                    \
      Context here LARDER_FOR_EACH(LARDER_PARAMETER, arguments)) {                    \
    ArgumentsWriter arguments_writer;                                                 \
    std::size_t texts = 0;                                                            \
    LARDER_FOR_EACH(LARDER_WRITE, arguments)                                          \
    return Operation<operation##_results>(here, OperationKind::operation, #operation, \
                                          std::move(arguments_writer).take(), texts); \
  }
#include "host/ops.def"
#undef LARDER_OPERATION
#undef LARDER_WRITE
#undef LARDER_PARAMETER

}  // namespace larder::host
