// The memory tier: handles to bodies that stay with the host, within a byte budget. A hit moves no byte.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/mutation.h"
#include "config/limits.h"
#include "tiers/resident_set.h"
#include "tiers/tier.h"
#include "tiers/variant_set.h"

namespace larder::tiers {

namespace {

// Beside the body: the header's strings and the shared pointer's block, roughly, so that the budget is
// honest.
constexpr std::uint64_t entry_overhead_bytes = 512;

// What the tier holds of a key. When an entry leaves it, the host forgets the heads of its answers, so that
// no lane repeats them any more, whoever else still holds the entry.
class Resident {
 public:
  explicit Resident(VariantSet variants) : variants_(std::move(variants)) {}
  Resident(Resident&&) = default;
  Resident& operator=(Resident&& other) noexcept {
    if (this != &other) {
      variants_.for_each([&](const EntryPtr& entry) {
        if (!other.variants_.holds(entry)) {
          let_go(*entry);
        }
      });
      variants_ = std::move(other.variants_);
    }
    return *this;
  }
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;
  ~Resident() {
    variants_.for_each([](const EntryPtr& entry) { let_go(*entry); });
  }

  const VariantSet& variants() const { return variants_; }

 private:
  static void let_go(const Entry& entry) { entry.heads.let_go(); }

  VariantSet variants_;
};

class Memory final : public MemoryTier {
 public:
  Memory(const TierSetup& setup, Bytes value_bytes_max)
      : host_(setup.host),
        value_bytes_max_(value_bytes_max),
        entries_(setup.memory_bytes, setup.memory_seed) {}

  config::Tier tier() const override { return config::Tier::memory; }

  EntryPtr find(const Key& key) override {
    const Resident* const found = entries_.find(key.storage_name);
    return found == nullptr ? nullptr : checked(found->variants().read(key.read), key);
  }

  EntryPtr peek(const Key& key) const override {
    const Resident* const found = entries_.peek(key.storage_name);
    return found == nullptr ? nullptr : checked(found->variants().find(key.read), key);
  }

  bool is_crowded_out(const Key& key, const Entry& entry) const override {
    const Resident* const resident = entries_.peek(key.storage_name);
    return resident != nullptr && resident->variants().count() >= config::limit::variants_in_memory_max &&
           resident->variants().find_same(entry.header) == nullptr;
  }

  Stored keep(const Key& key, EntryPtr entry) override {
    if (entry->body.size() > value_bytes_max_) {
      forget(key.storage_name);
      return Stored::declined;
    }
    const Resident* const resident = entries_.peek(key.storage_name);
    const EntryPtr same = resident == nullptr ? nullptr : resident->variants().find_same(entry->header);
    // What was asked for later stays: an older answer may come from farther away meanwhile.
    if (same != nullptr && same->header.asked > entry->header.asked &&
        same->header.key == entry->header.key) {
      return Stored::stored;
    }
    VariantSet variants;
    const bool has_others = resident != nullptr && !entry->header.vary.empty() &&
                            resident->variants().find(nullptr)->header.key == entry->header.key;
    if (has_others) {
      variants = resident->variants();
    }
    const Instant now = host_.now();
    const Stored admitted = variants.put(std::move(entry), now);
    while (!fits_the_set(key, size_of(variants)) && variants.shrink(now)) {
    }
    const Bytes size = size_of(variants);
    const PutOutcome outcome = entries_.put(key.storage_name, Resident(std::move(variants)), size);
    return outcome == PutOutcome::refused_too_large ? Stored::declined : admitted;
  }

  void revise(const std::function<EntryPtr(std::string_view, const EntryPtr&)>& revision) override {
    std::vector<std::pair<std::string, VariantSet>> smaller;
    entries_.revise([&](std::string_view storage_name, const Resident& resident) {
      VariantSet revised = resident.variants();
      revised.revise([&](const EntryPtr& entry) { return revision(storage_name, entry); });
      if (revised.count() != resident.variants().count()) {
        smaller.emplace_back(storage_name, revised);
      }
      return Resident(std::move(revised));
    });
    for (auto& [storage_name, variants] : smaller) {
      const Bytes size = size_of(variants);
      if (variants.empty()) {
        entries_.erase(storage_name);
      } else {
        entries_.put(storage_name, Resident(std::move(variants)), size);
      }
    }
  }

  void record_accesses(std::string_view storage_name, std::uint64_t count) override {
    entries_.record_accesses(storage_name, count);
  }

  std::size_t count() const override {
    std::size_t bodies = 0;
    entries_.for_each(
        [&](std::string_view, const Resident& resident, Bytes) { bodies += resident.variants().count(); });
    return bodies;
  }
  Bytes used() const override { return entries_.used(); }

  host::Task<Result<Found>> get(host::Context, Key key) override {
    EntryPtr found = peek(key);
    co_return found == nullptr ? Found() : Found(std::move(found), tier());
  }

  host::Task<Result<Stored>> put(host::Context, Key key, EntryPtr entry) override {
    co_return keep(key, std::move(entry));
  }

  host::Task<Result<bool>> remove_named(host::Context, std::string storage_name) override {
    co_return forget(storage_name);
  }

  // In order of the keys, so that a cursor holds while entries come and go.
  host::Task<Result<KeyPage>> list(host::Context, std::string prefix, std::string cursor,
                                   std::uint32_t count_max) override {
    std::vector<std::string> names;
    entries_.for_each([&](std::string_view key, const Resident&, Bytes) {
      if (key > std::string_view(cursor) && key.substr(0, prefix.size()) == prefix) {
        names.emplace_back(key);
      }
    });
    std::sort(names.begin(), names.end());
    KeyPage page;
    if (names.size() > count_max) {
      names.resize(count_max);
      page.next_cursor = names.empty() ? "" : names.back();
    }
    for (std::string& name : names) {
      page.keys.emplace_back(std::move(name), "");
    }
    co_return page;
  }

  host::Task<Result<std::uint64_t>> invalidate_tag(host::Context, std::string tag) override {
    // Variants of one key have the same tags.
    const std::size_t dropped = entries_.erase_if([&](std::string_view, const Resident& resident) {
      const std::vector<std::string>& tags = resident.variants().find(nullptr)->header.tags;
      return std::find(tags.begin(), tags.end(), tag) != tags.end();
    });
    co_return std::uint64_t{dropped};
  }

  void write_status(JsonWriter& json) const override {
    const ResidentStatistics statistics = entries_.statistics();
    json.begin_object();
    json.key("entries").value(entries_.count());
    json.key("bytes").value(statistics.bytes.count);
    json.key("budgetBytes").value(entries_.budget().count);
    json.key("hits").value(statistics.hits);
    json.key("misses").value(statistics.misses);
    json.key("insertions").value(statistics.insertions);
    json.key("evictions").value(statistics.evictions);
    json.end_object();
  }

 private:
  static EntryPtr checked(const EntryPtr& found, const Key& key) {
    const bool proves = entry::proves(found->header.key, key) || LARDER_MUTATED(full_key_unchecked);
    return proves ? found : nullptr;
  }

  static Bytes size_of(const VariantSet& variants) {
    return variants.size() + Bytes(entry_overhead_bytes * variants.count());
  }

  bool fits_the_set(const Key& key, Bytes size) const {
    const Bytes charge = entries_.overhead() + Bytes(key.storage_name.size()) + size;
    return charge <= entries_.entry_max();
  }

  bool forget(std::string_view storage_name) { return entries_.erase(storage_name); }

  host::Host& host_;
  Bytes value_bytes_max_;
  ResidentSet<Resident> entries_;
};

}  // namespace

std::unique_ptr<MemoryTier> make_memory(const TierSetup& setup, Bytes value_bytes_max) {
  return std::make_unique<Memory>(setup, value_bytes_max);
}

std::unique_ptr<CacheTier> make_memory_tier(const TierSetup& setup, Bytes value_bytes_max) {
  return make_memory(setup, value_bytes_max);
}

}  // namespace larder::tiers
