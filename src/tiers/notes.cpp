#include "tiers/notes.h"

#include "config/limits.h"
#include "host/operations.h"

namespace larder::tiers {

host::Task<Result<std::optional<std::string>>> read_note(host::Context here, std::string name) {
  auto read = co_await host::kv_get(here, name, config::millis_of(config::limit::tier_patience));
  if (!read) {
    co_return tl::make_unexpected(std::move(read.error()));
  }
  std::optional<std::string> text;
  if (read->found == 1) {
    text.emplace(std::move(read->header));
  }
  co_return text;
}

host::Task<Result<void>> write_note(host::Context here, std::string name, std::string text, Millis kept) {
  // The text is the metadata, which a list of keys shows; a value there has to be.
  const host::Body mark = host::Body::from_bytes(here.host(), "note");
  const auto kept_seconds = static_cast<std::uint64_t>(whole_seconds(kept));
  const auto put = co_await host::kv_put(here, name, text, mark, kept_seconds);
  if (!put) {
    co_return tl::make_unexpected(put.error());
  }
  co_return Result<void>();
}

}  // namespace larder::tiers
