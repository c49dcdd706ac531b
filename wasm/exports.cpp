// What the shim calls. Memory handed in is allocated with larder_allocate, read during the call and released
// by the shim.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "app/app.h"
#include "imports_host.h"
#include "imports_store.h"
#include "records/run.h"

#define LARDER_EXPORT(name) __attribute__((export_name(#name))) extern "C"

extern "C" void __wasm_call_ctors();

// What came of an object's call, once during larder_object: its reply; whether an alarm is wanted
// (records/machine.h) and when.
__attribute__((import_module("larder"), import_name("object_done"))) extern "C" void
larder_import_object_done(const char* reply, std::uint32_t size, std::uint32_t wish, double alarm_at);

namespace larder::wasm {
extern const char* const toolchain;
}  // namespace larder::wasm

namespace {

// One app an instance; both live as long as the instance.
larder::wasm::ImportsHost* host = nullptr;
larder::app::App* app = nullptr;

larder::app::App& running() {
  LARDER_ASSERT(app != nullptr);
  return *app;
}

larder::host::RequestId request_id(std::uint32_t request) {
  return static_cast<larder::host::RequestId>(request);
}

}  // namespace

// Runs the static constructors: first of all calls.
LARDER_EXPORT(_initialize) void larder_export_initialize() { __wasm_call_ctors(); }

LARDER_EXPORT(larder_abi_version) std::uint32_t larder_export_abi_version() {
  return larder::host::abi_version;
}

// 0 when there is no memory left.
LARDER_EXPORT(larder_allocate) void* larder_export_allocate(std::uint32_t size) { return std::malloc(size); }
LARDER_EXPORT(larder_release) void larder_export_release(void* memory) { std::free(memory); }

// `record`: as App::start reads it. Once, before any request. Returns the number of faults in the
// configuration; with faults the app answers every request with a problem that names them.
LARDER_EXPORT(larder_start) std::uint32_t larder_export_start(const char* record, std::uint32_t size) {
  LARDER_ASSERT(app == nullptr);
  host = new larder::wasm::ImportsHost();
  app = new larder::app::App(*host);
  return app->start(std::string_view(record, size), larder::wasm::toolchain);
}

// The four entry points. Each returns 1 when the request has ended within the call, 0 when finished() will
// come.
LARDER_EXPORT(larder_fetch)
std::uint32_t larder_export_fetch(std::uint32_t request, const char* record, std::uint32_t size) {
  return running().fetch(request_id(request), std::string_view(record, size)) ? 1 : 0;
}
LARDER_EXPORT(larder_call)
std::uint32_t larder_export_call(std::uint32_t request, const char* record, std::uint32_t size) {
  return running().call(request_id(request), std::string_view(record, size)) ? 1 : 0;
}
LARDER_EXPORT(larder_queue)
std::uint32_t larder_export_queue(std::uint32_t request, const char* record, std::uint32_t size) {
  return running().queue(request_id(request), std::string_view(record, size)) ? 1 : 0;
}
LARDER_EXPORT(larder_scheduled)
std::uint32_t larder_export_scheduled(std::uint32_t request, const char* record, std::uint32_t size) {
  return running().scheduled(request_id(request), std::string_view(record, size)) ? 1 : 0;
}

// Returns 0 when nobody waits for it any more: the shim then frees the bodies of the results.
LARDER_EXPORT(larder_complete)
std::uint32_t larder_export_complete(std::uint32_t request, std::uint32_t index, std::uint32_t generation,
                                     std::uint32_t status, const char* bytes, std::uint32_t size) {
  larder::host::OperationId operation;
  operation.index = index;
  operation.generation = generation;
  larder::host::Completion completion;
  completion.status = status;
  completion.bytes.assign(bytes, size);
  return running().complete(request_id(request), operation, std::move(completion)) ? 1 : 0;
}

// A call of a Durable Object, whose rows the store_* imports reach during it. Needs no larder_start: an
// instance may serve objects alone.
LARDER_EXPORT(larder_object)
void larder_export_object(std::uint32_t object, std::uint32_t method, const char* argument,
                          std::uint32_t size, double now) {
  larder::wasm::ImportsStore store;
  const larder::records::Reply reply =
      larder::records::run(object, method, std::string_view(argument, size), store,
                           larder::instant_from_millis(static_cast<std::int64_t>(now)));
  larder_import_object_done(reply.bytes.data(), static_cast<std::uint32_t>(reply.bytes.size()),
                            static_cast<std::uint32_t>(reply.wish),
                            static_cast<double>(larder::millis_since_epoch(reply.alarm_at)));
}

// Body handles that outlive requests (the memory tier's): what the shim's table may hold when nothing is in
// flight.
LARDER_EXPORT(larder_bodies_held) std::uint32_t larder_export_bodies_held() {
  return running().bodies_held();
}

// A drill: what a bug of ours would do.
LARDER_EXPORT(larder_trap) void larder_export_trap() { LARDER_UNREACHABLE(); }
