#include "records/run.h"

#include "base/result.h"
#include "base/text.h"
#include "records/generated/machines.h"

namespace larder::records {

namespace {

constexpr std::uint64_t call_of(std::uint32_t object, std::uint32_t method) {
  return std::uint64_t{object} << 32 | method;
}

std::uint8_t status_of(ErrorKind kind) {
#define LARDER_STATUS(name, number, error_kind, retry) \
  if (kind == error_kind) {                            \
    return number;                                     \
  }
#include "host/statuses.def"
#undef LARDER_STATUS
  return status_of(ErrorKind::invalid);
}

std::string refusal(ErrorKind kind, std::string_view message) {
  std::string bytes(1, static_cast<char>(status_of(kind)));
  return bytes.append(message);
}

template <typename Machine, typename Arguments, typename Results>
Reply run_method(Store& store, Instant now, std::string_view argument,
                 Result<Results> (Machine::*method)(const Arguments&)) {
  Reply reply;
  const auto arguments = decode<Arguments>(argument);
  if (!arguments) {
    reply.bytes = refusal(ErrorKind::invalid, "The argument is malformed.");
    return reply;
  }
  Machine machine(store, now);
  const Result<Results> results = (machine.*method)(*arguments);
  reply.bytes = results ? std::string(1, '\0').append(encode(*results))
                        : refusal(results.error().kind, results.error().message);
  reply.wish = machine.wish();
  reply.alarm_at = machine.alarm_at();
  return reply;
}

template <typename Machine>
Reply run_alarm(Store& store, Instant now) {
  Machine machine(store, now);
  machine.take_alarm();
  machine.alarm();
  Reply reply;
  reply.bytes = std::string(1, '\0');
  reply.wish = machine.wish();
  reply.alarm_at = machine.alarm_at();
  return reply;
}

// The classes by their objects' names.
#define LARDER_OBJECT(object, number, Class, binding, kept, names, migration) \
  namespace machine_of {                                                      \
  using object = Class;                                                       \
  }
#include "records/objects.def"

}  // namespace

Reply run(std::uint32_t object, std::uint32_t method, std::string_view argument, Store& store, Instant now) {
  switch (call_of(object, method)) {
#define LARDER_OBJECT(object, number, Class, binding, kept, names, migration) \
  case call_of(number, alarm_method):                                         \
    return run_alarm<Class>(store, now);
#define LARDER_METHOD(object, method, number, arguments, results)                                \
  case call_of(static_cast<std::uint32_t>(ObjectKind::object), number):                          \
    return run_method<machine_of::object, object::method##_arguments, object::method##_results>( \
        store, now, argument, &machine_of::object::method);
#include "records/objects.def"
    default:
      break;
  }
  Reply reply;
  reply.bytes = refusal(ErrorKind::invalid, "There is no such object or method.");
  return reply;
}

}  // namespace larder::records
