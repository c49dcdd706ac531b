// The names under which entries are kept.
//
//   {prefix}:{resource}:v{schema}:{field}:{field}…
//
// A field's value is written as it is, but for ":", "%", "~", space, what is not printable ASCII, and the
// first letter of "sha256-", which are percent-encoded; an absent one is "~". So no two lists of values have
// one key, and no value can look like a digest. A key of more than limit::key_bytes_max bytes is stored as
//
//   {prefix}:{resource}:v{schema}:sha256-{hex of the full key}
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/declaration.h"

namespace larder::entry {

// The platform's SHA-256 (FIPS 180-4): any bytes in, the 32 bytes of the digest out.
using Sha256 = std::function<std::string(std::string_view)>;

// `full` is the readable key, of any length. `storage_name` is what the tiers are asked for, at most
// limit::key_bytes_max bytes of printable ASCII. `pattern` is the key pattern of counters: the resource's
// name, which its number stands for where it is not 0. `proof` is what the entry's header carries
// (Header::key): the full key, or its digest and first bytes where it is long. An entry whose proof differs
// is another one's, so reading it is a miss.
struct Key {
  // "" where only the storage name is known (key_named).
  std::string full;
  std::string storage_name;
  std::string pattern;
  // config::Resource::number; 0: not known.
  std::uint16_t resource_number = 0;
  std::string proof;
};

// Whether an entry whose header carries `header_key` is this key's.
bool proves(std::string_view header_key, const Key& key);

// `prefix` is the setting CACHE_PREFIX, `values` come from normalise_fields(). Entries of different prefixes
// or schemas never share a key.
Key build_key(std::string_view prefix, const config::Resource& resource, std::uint32_t schema,
              const config::FieldValues& values, const Sha256& sha256);

// The name of a key's variant (Vary) in a store where several stand side by side: "~" and its slot behind the
// key's own storage name. No key ends so by itself: of "~" a key has none but a field that is absent, which
// is nothing else.
std::string variant_name(std::string_view storage_name, std::uint64_t slot);
// The storage name of the key whose variant has this name; of any other name, the name itself.
std::string_view base_name(std::string_view storage_name);

// The key of a name that an operator gives: in full, or as a list of a store shows it. nullopt for a name
// that is no key of any resource.
std::optional<Key> key_named(std::string_view name, const Sha256& sha256);

// The resource's tags for these values. A tag with an absent or empty field is left out, one that comes out
// twice is given once.
std::vector<std::string> build_tags(const config::Resource& resource, const config::FieldValues& values,
                                    const Sha256& sha256);

// The form in which a tag is stored and purged: as it is up to limit::tag_bytes_max, else "sha256-" and the
// first 32 hex digits of its digest.
std::string stored_tag(std::string tag, const Sha256& sha256);

}  // namespace larder::entry
