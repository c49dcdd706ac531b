// The KV tier: shared by all data centres, eventually consistent. A change takes a minute or more to be seen
// elsewhere, and a look-up that found nothing is remembered for as long.
#include "base/assert.h"
#include "config/limits.h"
#include "host/operations.h"
#include "tiers/store_tier.h"

namespace larder::tiers {

namespace {

// Contents come as text there: of what is packed, or no text, the header is all that can be believed.
EntryPtr entry_of_text(host::Host& host, const std::string& header, std::string_view content,
                       const Key& key) {
  const entry::KeptText kept = entry::parse_kept(header);
  auto decoded = readable_header(kept.header, key);
  if (!decoded) {
    return nullptr;
  }
  if (kept.place == entry::BodyPlace::cold) {
    return std::make_shared<const Entry>(std::move(*decoded), host::Body(), kept.place);
  }
  if (decoded->encoding != entry::Encoding::identity || !entry::is_text(decoded->content_type)) {
    return std::make_shared<const Entry>(std::move(*decoded), host::Body());
  }
  if (decoded->stored_size.count != content.size()) {
    return nullptr;
  }
  return std::make_shared<const Entry>(std::move(*decoded), host::Body::from_bytes(host, content));
}

class Kv final : public CacheTier {
 public:
  explicit Kv(Bytes value_bytes_max) : value_bytes_max_(value_bytes_max) {}

  config::Tier tier() const override { return config::Tier::kv; }

  host::Task<Result<Found>> get(host::Context here, Key key) override {
    auto read =
        co_await host::kv_get(here, key.storage_name, config::millis_of(config::limit::tier_patience));
    if (!read) {
      co_return tl::make_unexpected(read.error());
    }
    EntryPtr entry = read->found == 1 ? readable_entry(read->header, std::move(read->content), key) : nullptr;
    co_return entry == nullptr ? Found() : Found(std::move(entry), tier());
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

  host::Task<Result<bool>> remove_named(host::Context here, std::string storage_name) override {
    const auto removed = co_await host::kv_delete(here, storage_name);
    if (!removed) {
      co_return tl::make_unexpected(removed.error());
    }
    // KV does not say whether there was anything.
    co_return true;
  }

  host::Task<Result<KeyPage>> list(host::Context here, std::string prefix, std::string cursor,
                                   std::uint32_t count_max) override {
    auto listed = co_await host::kv_list(here, prefix, cursor, count_max);
    if (!listed) {
      co_return tl::make_unexpected(listed.error());
    }
    LARDER_ASSERT(listed->headers.size() == listed->keys.size());
    KeyPage page;
    for (std::size_t i = 0; i < listed->keys.size(); ++i) {
      page.keys.emplace_back(std::move(listed->keys[i]), std::move(listed->headers[i]));
    }
    page.next_cursor = std::move(listed->next_cursor);
    co_return page;
  }

  host::Task<Result<std::vector<EntryPtr>>> get_many(host::Context here,
                                                     const std::vector<Key>& keys) override {
    std::vector<std::string> names;
    for (const Key& key : keys) {
      names.push_back(key.storage_name);
    }
    auto read = co_await host::kv_get_many(here, names);
    if (!read) {
      co_return tl::make_unexpected(read.error());
    }
    LARDER_ASSERT(read->headers.size() == keys.size() && read->contents.size() == keys.size());
    std::vector<EntryPtr> entries;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      entries.push_back(entry_of_text(here.host(), read->headers[i], read->contents[i], keys[i]));
    }
    co_return entries;
  }

  void write_status(JsonWriter& json) const override {
    json.begin_object().key("valueBytesMax").value(value_bytes_max_.count).end_object();
  }

 private:
  Bytes value_bytes_max_;
};

}  // namespace

std::unique_ptr<CacheTier> make_kv_tier(const TierSetup&, Bytes value_bytes_max) {
  return std::make_unique<Kv>(value_bytes_max);
}

}  // namespace larder::tiers
