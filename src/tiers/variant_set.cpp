#include "tiers/variant_set.h"

#include <algorithm>
#include <utility>

#include "config/limits.h"
#include "tiers/resident_set.h"

namespace larder::tiers {

namespace {

constexpr std::size_t not_there = static_cast<std::size_t>(-1);

std::uint64_t hash_of(std::string_view fields) { return SeededKeyHash{}(fields); }

bool is_past_its_times(const entry::Header& header, Instant now) {
  return header.created + header.fresh_for + std::max(header.stale_for, header.error_for) <= now;
}

}  // namespace

VariantSet::VariantSet(EntryPtr entry) { variants_.emplace_back(std::move(entry)); }

std::size_t VariantSet::index_of(const http::FieldReader& read) const {
  for (std::size_t i = 0; i < variants_.size(); ++i) {
    if (variants_[i].entry->fits(read)) {
      return i;
    }
  }
  return not_there;
}

const EntryPtr& VariantSet::find(const http::FieldReader& read) const {
  static const EntryPtr none;
  const std::size_t index = index_of(read);
  if (index != not_there) {
    return variants_[index].entry;
  }
  return variants_.empty() ? none : variants_.back().entry;
}

const EntryPtr& VariantSet::find_same(const entry::Header& header) const {
  static const EntryPtr none;
  for (const Variant& variant : variants_) {
    if (variant.entry->header.vary == header.vary) {
      return variant.entry;
    }
  }
  return none;
}

bool VariantSet::holds(const EntryPtr& entry) const {
  return std::any_of(variants_.begin(), variants_.end(),
                     [&](const Variant& variant) { return variant.entry == entry; });
}

const EntryPtr& VariantSet::read(const http::FieldReader& read) const {
  const std::size_t index = index_of(read);
  if (index == not_there) {
    return find(read);
  }
  ++variants_[index].reads;
  return variants_[index].entry;
}

Stored VariantSet::put(EntryPtr entry, Instant now) {
  const std::string& fields = entry->header.vary;
  const auto names = http::names_of_key(fields);
  const auto is_of_another_vary = [&](const Variant& variant) {
    return http::names_of_key(variant.entry->header.vary) != names;
  };
  variants_.erase(std::remove_if(variants_.begin(), variants_.end(), is_of_another_vary), variants_.end());
  for (Variant& variant : variants_) {
    if (variant.entry->header.vary == fields) {
      variant.entry = std::move(entry);
      return Stored::stored;
    }
  }
  const bool comes_again = remembers(fields);
  if (variants_.size() >= config::limit::variants_in_memory_max) {
    const std::size_t victim = index_of_victim(now);
    const bool goes = variants_[victim].reads == 0 || is_past_its_times(variants_[victim].entry->header, now);
    if (!goes && !comes_again) {
      remember(fields);
      return Stored::declined;
    }
    shrink(now);
  }
  Variant newcomer(std::move(entry));
  newcomer.reads = comes_again ? 1 : 0;
  variants_.push_back(std::move(newcomer));
  return Stored::stored;
}

std::size_t VariantSet::index_of_victim(Instant now) const {
  std::size_t victim = 0;
  for (std::size_t i = 0; i < variants_.size(); ++i) {
    if (is_past_its_times(variants_[i].entry->header, now)) {
      return i;
    }
    victim = variants_[i].reads < variants_[victim].reads ? i : victim;
  }
  return victim;
}

bool VariantSet::shrink(Instant now) {
  if (variants_.size() < 2) {
    return false;
  }
  const auto victim = variants_.begin() + static_cast<std::ptrdiff_t>(index_of_victim(now));
  const std::uint64_t reads = victim->reads;
  remember(victim->entry->header.vary);
  variants_.erase(victim);
  for (Variant& variant : variants_) {
    variant.reads -= std::min(variant.reads, reads);
  }
  return true;
}

void VariantSet::remember(const std::string& fields) {
  remembered_.push_back(hash_of(fields));
  if (remembered_.size() > config::limit::variants_remembered_max) {
    remembered_.erase(remembered_.begin());
  }
}

bool VariantSet::remembers(const std::string& fields) const {
  return std::find(remembered_.begin(), remembered_.end(), hash_of(fields)) != remembered_.end();
}

Bytes VariantSet::size() const {
  Bytes sum;
  for (const Variant& variant : variants_) {
    sum = sum + variant.entry->body.size();
  }
  return sum;
}

}  // namespace larder::tiers
