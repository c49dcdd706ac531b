// The KV tier: shared by all data centres, eventually consistent. A change takes a minute or more to be seen
// elsewhere, and a look-up that found nothing is remembered for as long.
#include "config/limits.h"
#include "host/operations.h"
#include "tiers/store_tier.h"

namespace larder::tiers {

namespace {

class Kv final : public Cache {
 public:
  explicit Kv(Bytes value_bytes_max) : value_bytes_max_(value_bytes_max) {}

  std::string_view name() const override { return "kv"; }

  host::Task<Result<Found>> get(host::Context here, Key key) override {
    auto read =
        co_await host::kv_get(here, key.storage_name, config::millis_of(config::limit::tier_patience));
    if (!read) {
      co_return tl::make_unexpected(read.error());
    }
    EntryPtr entry = read->found == 1 ? readable_entry(read->header, std::move(read->content), key) : nullptr;
    co_return entry == nullptr ? Found() : Found(std::move(entry), name());
  }

  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) override {
    // KV refuses an expiry of less than a minute (Cloudflare, read 2026-11).
    const StoreBounds bounds(value_bytes_max_, Bytes(config::limit::entry_header_bytes_max), Millis(60'000));
    const auto stored = storable(*entry, bounds, here.host().now());
    if (!stored) {
      co_return Stored::declined;
    }
    const auto done =
        co_await host::kv_put(here, key.storage_name, stored->header, entry->body, stored->keep_seconds);
    if (!done) {
      co_return tl::make_unexpected(done.error());
    }
    co_return Stored::stored;
  }

  host::Task<Result<bool>> remove(host::Context here, Key key) override {
    const auto removed = co_await host::kv_delete(here, key.storage_name);
    if (!removed) {
      co_return tl::make_unexpected(removed.error());
    }
    // KV does not say whether there was anything.
    co_return true;
  }

  host::Task<Result<KeyPage>> keys(host::Context here, std::string prefix, std::string cursor,
                                   std::uint32_t count_max) override {
    auto listed = co_await host::kv_list(here, prefix, cursor, count_max);
    if (!listed) {
      co_return tl::make_unexpected(listed.error());
    }
    KeyPage page;
    page.keys = std::move(listed->keys);
    page.next_cursor = std::move(listed->next_cursor);
    co_return page;
  }

  void write_status(JsonWriter& json) const override {
    json.begin_object().key("valueBytesMax").value(value_bytes_max_.count).end_object();
  }

 private:
  Bytes value_bytes_max_;
};

}  // namespace

std::unique_ptr<Cache> make_kv_tier(Bytes value_bytes_max) { return std::make_unique<Kv>(value_bytes_max); }

}  // namespace larder::tiers
