#include "entry/key.h"

#include <gtest/gtest.h>

#include <map>

#include "base/text.h"
#include "config/limits.h"
#include "entry/header.h"
#include "entry/seeded.h"

namespace larder::entry::key_test {
namespace {

using config::FieldValues;
using namespace std::string_literals;

config::Resource resource(std::size_t fields, std::string name = "title") {
  config::Resource made;
  made.name = std::move(name);
  made.key.resize(fields);
  return made;
}

Key key(const FieldValues& values) {
  return build_key("larder", resource(values.size()), schema_version, values, stand_in_digest);
}

TEST(Key, IsReadable) {
  const Key made = key({"good omens", "en"});
  EXPECT_EQ(made.full, "larder:title:v3:good%20omens:en");
  EXPECT_EQ(made.storage_name, made.full);
  EXPECT_EQ(made.proof, made.full);
  EXPECT_EQ(made.pattern, "title");
  EXPECT_EQ(key({}).full, "larder:title:v3");
}

TEST(Key, EscapesWhatWouldMeanSomethingElse) {
  EXPECT_EQ(key({"a:b%c~d e\n\x7fé/?#"}).full, "larder:title:v3:a%3Ab%25c%7Ed%20e%0A%7F%C3%A9/?#");
  EXPECT_EQ(key({""}).full, "larder:title:v3:");
  EXPECT_EQ(key({std::nullopt}).full, "larder:title:v3:~");
  EXPECT_EQ(key({"~"}).full, "larder:title:v3:%7E");
  EXPECT_EQ(key({"sha256-00"}).full, "larder:title:v3:%73ha256-00");
  EXPECT_EQ(key({"a\0b"s}).full, "larder:title:v3:a%00b");
}

TEST(Key, PrefixResourceAndSchemaAreAlwaysPart) {
  const FieldValues values = {"x"};
  const auto full = [&](std::string_view prefix, std::string name, std::uint32_t schema) {
    return build_key(prefix, resource(1, std::move(name)), schema, values, stand_in_digest).full;
  };
  EXPECT_EQ(full("a", "title", 3), "a:title:v3:x");
  EXPECT_NE(full("a", "b", 1), full("a:b", "", 1));
  EXPECT_NE(full("a", "title", 1), full("b", "title", 1));
  EXPECT_NE(full("a", "title", 1), full("a", "title", 2));
}

TEST(Key, LongOnesAreStoredUnderTheirDigest) {
  const std::string start = "larder:title:v3:";
  const auto sized = [&](std::size_t bytes) { return key({std::string(bytes - start.size(), 'x')}); };
  const Key proven_whole = sized(256);
  EXPECT_EQ(proven_whole.proof, proven_whole.full);
  const Key readable = sized(512);
  EXPECT_EQ(readable.storage_name, readable.full);
  EXPECT_EQ(readable.proof,
            "sha256-" + to_hex(stand_in_digest(readable.full)) + ":" + readable.full.substr(0, 96));
  const Key hashed = sized(513);
  EXPECT_EQ(hashed.full.size(), 513u);
  EXPECT_EQ(hashed.storage_name, "larder:title:v3:sha256-" + to_hex(stand_in_digest(hashed.full)));
  EXPECT_EQ(hashed.proof, "sha256-" + to_hex(stand_in_digest(hashed.full)) + ":" + hashed.full.substr(0, 96));
  // Nobody can write a request whose readable key is another one's digest.
  EXPECT_NE(key({hashed.storage_name.substr(start.size())}).storage_name, hashed.storage_name);
}

TEST(Key, NamesFitTheStoreWhateverTheFields) {
  const Key longest = build_key(std::string(32, 'p'), resource(8, std::string(32, 'r')), UINT32_MAX,
                                FieldValues(8, std::string(8192, '\xff')), stand_in_digest);
  EXPECT_LE(longest.storage_name.size(), config::limit::key_bytes_max);
  EXPECT_LE(longest.proof.size(), config::limit::entry_header_key_bytes_max);
}

// Short values over the characters that could confuse: every two lists that differ have different names.
TEST(Key, IsInjective) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Seeded noise(seed);
    std::map<std::string, FieldValues> seen;
    for (int round = 0; round < 2'000; ++round) {
      FieldValues values;
      for (std::uint64_t count = noise.below(4); count > 0; --count) {
        values.push_back(noise.below(5) == 0 ? std::nullopt
                                             : std::optional(noise.text(noise.below(4), ":%~ a3A\n\xc3")));
      }
      const auto [found, added] = seen.emplace(key(values).storage_name, values);
      EXPECT_TRUE(added || found->second == values) << "seed " << seed << " " << found->first;
    }
    EXPECT_GT(seen.size(), 900u);
  }
}

TEST(Key, NamesArePrintableAscii) {
  Seeded noise(7);
  for (int round = 0; round < 500; ++round) {
    const Key made = key({noise.bytes(noise.below(600)), noise.bytes(3)});
    EXPECT_LE(made.storage_name.size(), 512u);
    for (const char c : made.storage_name + made.proof) {
      EXPECT_TRUE(c > ' ' && c <= '~') << made.storage_name;
    }
  }
}

TEST(Tags, AreExpandedOnceEach) {
  config::Resource made = resource(2, "author");
  const auto literal = [](std::string text) {
    return config::Part{config::PartKind::literal, std::move(text), 0};
  };
  const auto field = [](std::size_t i) { return config::Part{config::PartKind::field, "", i}; };
  made.tags = {{literal("book")},
               {literal("author:"), field(0)},
               {literal("lang:"), field(1)},
               {literal("bo"), literal("ok")}};
  EXPECT_EQ(build_tags(made, {"terry pratchett", std::nullopt}, stand_in_digest),
            (std::vector<std::string>{"book", "author:terry pratchett"}));
  EXPECT_EQ(build_tags(made, {"", "en"}, stand_in_digest), (std::vector<std::string>{"book", "lang:en"}));
}

TEST(Key, IsFoundByItsName) {
  for (const std::size_t bytes : {20u, 256u, 257u, 512u, 513u, 4000u}) {
    const std::string start = "larder:title:v2:";
    const Key made = key({std::string(bytes - start.size(), 'x')});
    const auto named = key_named(made.full, stand_in_digest);
    ASSERT_TRUE(named.has_value()) << bytes;
    EXPECT_EQ(named->full, made.full);
    EXPECT_EQ(named->storage_name, made.storage_name);
    EXPECT_EQ(named->proof, made.proof);
    EXPECT_EQ(named->pattern, made.pattern);
    EXPECT_TRUE(proves(made.proof, *named));
    EXPECT_FALSE(proves(key({"y"}).proof, *named));
    const auto stored = key_named(made.storage_name, stand_in_digest);
    ASSERT_TRUE(stored.has_value()) << bytes;
    EXPECT_EQ(stored->storage_name, made.storage_name);
    EXPECT_TRUE(proves(made.proof, *stored)) << bytes;
    EXPECT_FALSE(proves(made.proof.substr(1), *stored));
    EXPECT_FALSE(proves("", *stored));
  }
  EXPECT_EQ(key_named("larder:title:v2", stand_in_digest)->full, "larder:title:v2");
}

TEST(Key, WhatIsNoNameIsNone) {
  for (const std::string_view name :
       {"", "larder", "larder:title", "larder::sweep", ":title:v2:x", "larder:title:2:x", "larder:title:v:x",
        "larder:title:v2x:x", "larder:title:v2:a b", "larder:title:v2:\xc3\xa9"}) {
    EXPECT_FALSE(key_named(name, stand_in_digest).has_value()) << name;
  }
  EXPECT_FALSE(key_named("larder:" + std::string(500, 'x') + ":v2:y", stand_in_digest).has_value());
  const std::string digest_beside_a_field = "larder:title:v2:sha256-" + std::string(600, 'x');
  EXPECT_FALSE(key_named(digest_beside_a_field, stand_in_digest).has_value());
}

TEST(Tags, LongOnesAreDigests) {
  EXPECT_EQ(stored_tag(std::string(64, 't'), stand_in_digest), std::string(64, 't'));
  const std::string tag(65, 't');
  EXPECT_EQ(stored_tag(tag, stand_in_digest), "sha256-" + to_hex(stand_in_digest(tag)).substr(0, 32));
}

TEST(Key, AVariantHasANameOfItsOwn) {
  const Key plain = key({"dune", std::nullopt});
  EXPECT_EQ(base_name(plain.storage_name), plain.storage_name);
  const std::string name = variant_name(plain.storage_name, 31);
  EXPECT_EQ(name, plain.storage_name + "~31");
  EXPECT_EQ(base_name(name), plain.storage_name);
  EXPECT_EQ(base_name("~1"), "");
  EXPECT_EQ(base_name("12"), "12");
  EXPECT_EQ(base_name(""), "");
  // No value makes a name that looks like a variant's.
  for (const std::string& value : {"~1", "a~12", "~", "1"}) {
    const std::string storage_name = key({value}).storage_name;
    EXPECT_EQ(base_name(storage_name), storage_name) << value;
  }
  const auto named = key_named(name, stand_in_digest);
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->storage_name, name);
  EXPECT_TRUE(proves(plain.proof, *named));
}

}  // namespace
}  // namespace larder::entry::key_test
