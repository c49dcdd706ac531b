// The variants of one key in memory (RFC 9111 §4.1): the answers that an origin gave for different values of
// the request fields that its Vary names. Their number is bounded, and they make room for each other alone,
// so that a client with ever new values takes nothing from other keys, and little from other clients of this
// one:
//
//   1. What is past all its times goes first.
//   2. Then what has been read least often since it came; of those the oldest. Its reads are taken off the
//   others,
//      so that old fame does not last.
//   3. A newcomer takes the place of one that has been read only if it was here, or wanted to be, not long
//   ago; that
//      counts as its first read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "http/vary.h"
#include "tiers/cache.h"

namespace larder::tiers {

class VariantSet {
 public:
  VariantSet() {}
  explicit VariantSet(EntryPtr entry);

  // The variant for a request with these fields; another one where none fits: its Vary says why.
  const EntryPtr& find(const http::FieldReader& read) const;
  // The one with the same fields; nullptr: there is none.
  const EntryPtr& find_same(const entry::Header& header) const;
  // The same as find(), and the variant counts as read.
  const EntryPtr& read(const http::FieldReader& read) const;

  // Puts the variant beside those that are here, or in the place of the one with the same fields. An answer
  // without Vary, or with another one, takes the place of all. declined: the newcomer has to come again
  // first.
  Stored put(EntryPtr entry, Instant now);
  // Takes out what has to go first. False: only one is left.
  bool shrink(Instant now);
  // Puts every variant through `revision`; nullptr drops it. Says whether anything changed.
  template <typename Revision>
  bool revise(Revision revision) {
    bool changed = false;
    std::vector<Variant> left;
    for (Variant& variant : variants_) {
      EntryPtr revised = revision(variant.entry);
      changed = changed || revised != variant.entry;
      if (revised != nullptr) {
        variant.entry = std::move(revised);
        left.push_back(std::move(variant));
      }
    }
    variants_ = std::move(left);
    return changed;
  }

  template <typename Visitor>
  void for_each(Visitor visit) const {
    for (const Variant& variant : variants_) {
      visit(variant.entry);
    }
  }
  // This very entry.
  bool holds(const EntryPtr& entry) const;
  bool empty() const { return variants_.empty(); }
  std::size_t count() const { return variants_.size(); }
  // Of the bodies.
  Bytes size() const;

 private:
  struct Variant {
    EntryPtr entry;
    // A read changes nothing of what is kept, but what goes first.
    mutable std::uint64_t reads = 0;

    Variant() {}
    explicit Variant(EntryPtr entry_) : entry(std::move(entry_)) {}
  };

  std::size_t index_of(const http::FieldReader& read) const;
  std::size_t index_of_victim(Instant now) const;
  void remember(const std::string& fields);
  bool remembers(const std::string& fields) const;

  // The latest last; one at least once something was put.
  std::vector<Variant> variants_;
  // The fields of variants that went or were declined, the latest last, as hashes.
  std::vector<std::uint64_t> remembered_;
};

}  // namespace larder::tiers
