// The one interface of everything that keeps entries. Every operation returns a Result; a miss is a value. A
// tier owns the host bodies of what it keeps; entries are immutable and shared, so that one may be served
// while it is evicted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "config/tiers.h"
#include "entry/header.h"
#include "entry/key.h"
#include "host/heads.h"
#include "host/host.h"
#include "host/requests.h"
#include "host/task.h"
#include "http/vary.h"

namespace larder::tiers {

// Which tiers a resource's entries live in.
class TierSet {
 public:
  static TierSet all() { return TierSet(0xff); }
  static TierSet none() { return TierSet(0); }
  static TierSet of(const std::vector<config::Tier>& tiers) {
    TierSet set = none();
    for (const config::Tier tier : tiers) {
      set.bits_ |= bit(tier);
      // A store that all isolates share stands for any other: CACHE_IMPL says which one there is.
      for (const config::Tier other : config::all_tiers) {
        const bool is_shared = config::row_of(tier).reach == config::Reach::deployment;
        if (is_shared && config::row_of(other).reach == config::Reach::deployment) {
          set.bits_ |= bit(other);
        }
      }
    }
    return set;
  }
  bool has(config::Tier tier) const { return (bits_ & bit(tier)) != 0; }

 private:
  explicit TierSet(std::uint32_t bits) : bits_(bits) {}
  static std::uint32_t bit(config::Tier tier) { return 1U << static_cast<unsigned>(tier); }

  std::uint32_t bits_;
};

// An entry's key and where it may be kept.
struct Key : entry::Key {
  TierSet tiers = TierSet::all();
  // Reads a field of the request, by which variants are told apart (Vary); empty: there is no request.
  http::FieldReader read;

  Key() {}
  Key(entry::Key key, TierSet tiers_) : entry::Key(std::move(key)), tiers(tiers_) {}
};

// The heads of the answers that are made of an entry, where the host keeps them. They change nothing of it.
struct EntryHeads {
  // The variant of experiments that they tell of ("": none): one at a time, since a key has one until the
  // experiments change.
  std::string variant;
  host::Head whole;
  // Of HEAD: it may tell what the answer to GET has by itself.
  host::Head alone;
  // 304
  host::Head not_modified;
  // When the module answered a GET from the entry last.
  Instant hit_at{};

  EntryHeads() {}
  // From here on they tell of this variant; heads that told of another are let go.
  void tell_of(std::string_view variant_) {
    if (variant != variant_) {
      let_go();
      variant = variant_;
    }
  }
  // The lanes of the entry end with them.
  void let_go() {
    whole.let_go();
    alone.let_go();
    not_modified.let_go();
  }
};

// The body is shared: an entry with another header may be made of it.
struct Entry {
  entry::Header header;
  std::shared_ptr<const host::Body> shared_body;
  const host::Body& body;
  // `cold`: it is a stub, which says where the value is. Readers get none (Look::stub).
  const entry::BodyPlace place;
  mutable EntryHeads heads;
  mutable http::SelectionMemo selection;

  Entry(entry::Header header_, host::Body body_, entry::BodyPlace place_ = entry::BodyPlace::here)
      : header(std::move(header_)),
        shared_body(std::make_shared<const host::Body>(std::move(body_))),
        body(*shared_body),
        place(place_) {}
  Entry(entry::Header header_, const Entry& same_body)
      : header(std::move(header_)),
        shared_body(same_body.shared_body),
        body(*shared_body),
        place(same_body.place) {}
  // Whether it is an answer to a request with these fields (RFC 9111 §4.1).
  bool fits(const http::FieldReader& read) const { return selection.fits(header.vary, read); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
};
using EntryPtr = std::shared_ptr<const Entry>;
bool is_stub(const Entry& entry);

// What a look-up found. No entry: a miss.
struct Found {
  EntryPtr entry;
  // The tier that had it; none where there is no entry, or where a lock handed it over.
  std::optional<config::Tier> tier;

  Found() {}
  Found(EntryPtr entry_, std::optional<config::Tier> tier_) : entry(std::move(entry_)), tier(tier_) {}
};

enum class Stored : std::uint8_t {
  stored,    // kept
  declined,  // not kept, by a bound or by admission; no error
};

// A key as a store lists it.
struct ListedKey {
  std::string storage_name;
  // The entry's header in its text form; "" where the store does not list it.
  std::string header;

  ListedKey(std::string storage_name_, std::string header_)
      : storage_name(std::move(storage_name_)), header(std::move(header_)) {}
};

struct KeyPage {
  std::vector<ListedKey> keys;
  // Where the next page starts; empty at the end.
  std::string next_cursor;

  KeyPage() {}
};

class Cache {
 public:
  virtual ~Cache() = default;

  virtual std::string_view name() const = 0;

  // Errors: what the store says (timeout, unavailable). Bytes that do not decode, or that belong to another
  // key, are a miss.
  virtual host::Task<Result<Found>> get(host::Context here, Key key) = 0;
  virtual host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) = 0;
  // True when there was something, as far as the store knows.
  virtual host::Task<Result<bool>> remove(host::Context here, Key key) = 0;
  // Keys by storage name, a page at a time. A store that walks over its keys by buckets (Redis) gives them in
  // no order, some pages with a few more than `count_max` or with none, and a key twice where it grows
  // meanwhile. Errors: unsupported where the store cannot list.
  virtual host::Task<Result<KeyPage>> list(host::Context here, std::string prefix, std::string cursor,
                                           std::uint32_t count_max);
  // Drops every entry with the tag and tells how many. Errors: unsupported where the store has no index of
  // tags.
  virtual host::Task<Result<std::uint64_t>> invalidate_tag(host::Context here, std::string tag);

  // Statistics as one JSON object.
  virtual void write_status(JsonWriter& json) const = 0;
};

}  // namespace larder::tiers
