// Exports the reader of lists for measuring, and for comparing its rows with another reader's: a file's bytes
// in, numbers or rows out.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "booklist/book_list.h"
#include "booklist/csv.h"

#define BENCH_EXPORT(name) __attribute__((export_name(#name))) extern "C"

extern "C" void __wasm_call_ctors();

BENCH_EXPORT(_initialize) void bench_initialize() { __wasm_call_ctors(); }

BENCH_EXPORT(allocate) void* bench_allocate(std::uint32_t text_bytes) { return std::malloc(text_bytes); }

namespace {

using namespace larder::booklist;

// More than an upload may have: it is speed that is measured.
ListLimits wide_limits() {
  ListLimits limits;
  limits.file_bytes_max = larder::Bytes(std::uint64_t{64} << 20);
  limits.rows_max = 1'000'000;
  return limits;
}

}  // namespace

// Checks the encoding and reads every field of every row. -1: the file was refused; else the number of
// fields.
BENCH_EXPORT(read_rows) std::int32_t bench_rows(const char* bytes, std::uint32_t size) {
  const ListLimits limits = wide_limits();
  const auto text = read_csv_text(std::string_view(bytes, size), limits);
  if (!text) {
    return -1;
  }
  CsvReader reader(text->text(), tell_csv_layout(text->text()), limits);
  std::size_t fields = 0;
  std::size_t field_bytes = 0;
  for (;;) {
    const auto more = reader.next();
    if (!more) {
      return -1;
    }
    if (!*more) {
      // Depends on every byte of every field, so that none is left out.
      return field_bytes > 0 ? static_cast<std::int32_t>(fields) : 0;
    }
    fields += reader.size();
    for (std::size_t i = 0; i < reader.size(); ++i) {
      field_bytes += reader.field(i).size();
    }
  }
}

// Books and authors out of it, with a stand-in for the platform's Unicode. -1: refused; else the number of
// books.
BENCH_EXPORT(read_books) std::int32_t bench_books(const char* bytes, std::uint32_t size) {
  const larder::NormalText as_it_is = [](std::string_view text) { return std::string(text); };
  const auto list = read_book_list(std::string_view(bytes, size), as_it_is, wide_limits());
  return list ? static_cast<std::int32_t>(list->books.size()) : -1;
}
