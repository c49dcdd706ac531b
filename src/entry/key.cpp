#include "entry/key.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::entry {

namespace {

namespace limit = config::limit;

constexpr std::string_view digest_mark = "sha256-";
constexpr std::size_t proof_prefix_bytes = 96;
constexpr std::size_t tag_digest_digits = 32;

void append_escaped(std::string& key, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  key.push_back('%');
  key.push_back(digits[byte >> 4]);
  key.push_back(digits[byte & 15]);
}

void append_field(std::string& key, std::string_view value) {
  if (value.starts_with(digest_mark)) {
    append_escaped(key, value.front());
    value.remove_prefix(1);
  }
  for (const char c : value) {
    if (c <= ' ' || c >= '~' || c == ':' || c == '%') {
      append_escaped(key, c);
    } else {
      key.push_back(c);
    }
  }
}

std::string hex_digest(std::string_view bytes, const Sha256& sha256) {
  const std::string digest = sha256(bytes);
  LARDER_ASSERT(digest.size() == 32);
  return to_hex(digest);
}

// Fills in what follows from the full key, whose fields begin at `fields`.
void complete_key(Key& key, std::size_t fields, const Sha256& sha256) {
  key.storage_name = key.full;
  key.proof = key.full;
  if (key.full.size() > limit::entry_header_key_bytes_max) {
    const std::string digest = hex_digest(key.full, sha256);
    key.proof = concat({digest_mark, digest, ":", std::string_view(key.full).substr(0, proof_prefix_bytes)});
    if (key.full.size() > limit::key_bytes_max) {
      key.storage_name = concat({std::string_view(key.full).substr(0, fields), ":", digest_mark, digest});
    }
  }
}

}  // namespace

bool proves(std::string_view header_key, const Key& key) {
  if (!key.proof.empty()) {
    return header_key == key.proof;
  }
  // A digest alone: the proof begins with it.
  const std::string_view digest = std::string_view(key.storage_name).substr(key.storage_name.rfind(':') + 1);
  return header_key.starts_with(digest) && header_key.substr(digest.size()).starts_with(':');
}

std::string variant_name(std::string_view storage_name, std::uint64_t slot) {
  return concat({storage_name, "~", to_text(slot)});
}

std::string_view base_name(std::string_view storage_name) {
  const std::size_t digits = storage_name.find_last_not_of("0123456789");
  const bool is_variant =
      digits != std::string_view::npos && digits + 1 < storage_name.size() && storage_name[digits] == '~';
  return is_variant ? storage_name.substr(0, digits) : storage_name;
}

std::optional<Key> key_named(std::string_view name, const Sha256& sha256) {
  if (const std::string_view base = base_name(name); base.size() != name.size()) {
    auto key = key_named(base, sha256);
    if (key) {
      key->storage_name = std::string(name);
    }
    return key;
  }
  const auto pieces = split(name, ':');
  const bool is_printable = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (pieces.size() < 3 || !is_printable || pieces[0].empty() || pieces[1].empty() ||
      !pieces[2].starts_with('v') || !parse_unsigned(pieces[2].substr(1))) {
    return std::nullopt;
  }
  Key key;
  key.pattern = std::string(pieces[1]);
  if (pieces.size() == 4 && pieces[3].starts_with(digest_mark)) {
    key.storage_name = std::string(name);
    return name.size() <= limit::key_bytes_max ? std::optional<Key>(std::move(key)) : std::nullopt;
  }
  key.full = std::string(name);
  const std::size_t fields = pieces[0].size() + pieces[1].size() + pieces[2].size() + 2;
  // Longer than those of any resource: a digest would not fit behind it.
  if (fields + 1 + digest_mark.size() + 64 > limit::key_bytes_max) {
    return std::nullopt;
  }
  complete_key(key, fields, sha256);
  return key;
}

Key build_key(std::string_view prefix, const config::Resource& resource, std::uint32_t schema,
              const config::FieldValues& values, const Sha256& sha256) {
  LARDER_ASSERT(values.size() == resource.key.size());
  Key key;
  append_field(key.full, LARDER_MUTATED(prefix_dropped) ? std::string_view("larder") : prefix);
  key.full.push_back(':');
  append_field(key.full, resource.name);
  key.full.append(":v").append(to_text(std::uint64_t{schema}));
  const std::size_t fields = key.full.size();
  for (const auto& value : values) {
    key.full.push_back(':');
    if (value) {
      append_field(key.full, *value);
    } else {
      key.full.push_back('~');
    }
  }
  key.pattern = resource.name;
  key.resource_number = resource.number;
  complete_key(key, fields, sha256);
  LARDER_ASSERT(key.storage_name.size() <= limit::key_bytes_max);
  return key;
}

std::vector<std::string> build_tags(const config::Resource& resource, const config::FieldValues& values,
                                    const Sha256& sha256) {
  std::vector<std::string> tags;
  for (const config::Template& text : resource.tags) {
    auto tag = config::expand_text(text, values);
    if (!tag) {
      continue;
    }
    std::string stored = stored_tag(std::move(*tag), sha256);
    if (std::find(tags.begin(), tags.end(), stored) == tags.end()) {
      tags.push_back(std::move(stored));
    }
  }
  return tags;
}

std::string stored_tag(std::string tag, const Sha256& sha256) {
  if (tag.size() <= limit::tag_bytes_max) {
    return tag;
  }
  return concat({digest_mark, hex_digest(tag, sha256).substr(0, tag_digest_digits)});
}

}  // namespace larder::entry
