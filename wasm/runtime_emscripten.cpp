// What Emscripten's libraries would otherwise take from its JavaScript glue.
#include <cstddef>
#include <cstdint>

extern "C" {

[[noreturn]] void abort() { __builtin_trap(); }
char* getenv(const char*) { return nullptr; }

constexpr std::size_t page_size = 65536;

// The linker's --max-memory is what memory.grow obeys; the allocator asks for it in bytes.
std::size_t emscripten_get_heap_max() { return 100663296; }
int emscripten_resize_heap(std::size_t size) {
  const std::size_t pages = __builtin_wasm_memory_size(0);
  const std::size_t wanted = (size + page_size - 1) / page_size;
  return wanted <= pages || __builtin_wasm_memory_grow(0, wanted - pages) != SIZE_MAX ? 1 : 0;
}
void emscripten_notify_memory_growth(std::size_t) {}
void* emscripten_memcpy_big(void* into, const void* from, std::size_t size) {
  return __builtin_memcpy(into, from, size);
}

}  // extern "C"

namespace larder::wasm {
extern const char* const toolchain;
const char* const toolchain = "emscripten";
}  // namespace larder::wasm
