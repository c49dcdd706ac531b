// Variants of one key in a farther tier: side by side, bounded, removed together.
#include "tiers/variant_tier.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "tiers/support.h"
#include "tiers/variant_set.h"

namespace larder::tiers::variant_tier_test {
namespace {

struct VariantTierTest : ::testing::Test {
  std::unique_ptr<VariantTier> fresh() {
    return std::make_unique<VariantTier>(make_tier(config::Tier::kv, setup_of(runner.host)));
  }
  static Key request(const std::string& language, const std::string& name = "larder:page:v3:a") {
    Key key = key_named(name);
    key.read = [language](std::string_view field) {
      return field == "accept-language" ? std::optional<std::string>(language) : std::nullopt;
    };
    return key;
  }
  Stored put(const std::string& language, std::string_view content) {
    const Key key = request(language);
    entry::Header header = header_of(key, runner.host.now(), content);
    header.vary = http::secondary_key({"accept-language"}, key.read);
    return put(key, std::move(header), content);
  }
  Stored put(const Key& key, entry::Header header, std::string_view content) {
    auto made =
        std::make_shared<const Entry>(std::move(header), host::Body::from_bytes(runner.host, content));
    const host::Context here = runner.context();
    const auto stored = runner.run(here, tier->put(here, key, std::move(made)));
    EXPECT_TRUE(stored.has_value());
    return *stored;
  }
  // The body for a request; "" for none that fits.
  std::string get(const std::string& language) {
    const Key key = request(language);
    const host::Context here = runner.context();
    const auto found = runner.run(here, tier->get(here, key));
    EXPECT_TRUE(found.has_value());
    return found->entry != nullptr && found->entry->fits(key.read) ? content_of(runner.host, *found->entry)
                                                                   : "";
  }
  void remove(const Key& key) {
    const host::Context here = runner.context();
    EXPECT_TRUE(runner.run(here, tier->remove(here, key)).has_value());
  }

  sim::World world;
  sim::Runner runner{world};
  std::unique_ptr<VariantTier> tier = fresh();
};

TEST_F(VariantTierTest, VariantsStandSideBySide) {
  put("de", "deutsch");
  put("fr",
      "fran\xc3\xa7"
      "ais");
  EXPECT_EQ(world.kv.size(), 2U);
  // This isolate, and one that has never seen the key.
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(get("de"), "deutsch");
    EXPECT_EQ(get("fr"),
              "fran\xc3\xa7"
              "ais");
    EXPECT_EQ(get("en"), "");
    tier = fresh();
  }
  put("fr", "nouveau");
  EXPECT_EQ(get("fr"), "nouveau");
}

// What there is for others tells what tells them apart.
TEST_F(VariantTierTest, WhereNoneFitsAnotherIsGiven) {
  put("de", "deutsch");
  const host::Context here = runner.context();
  const auto found = runner.run(here, tier->get(here, request("en")));
  ASSERT_TRUE(found.has_value());
  ASSERT_NE(found->entry, nullptr);
  EXPECT_EQ(found->entry->header.vary, "accept-language=de");
}

TEST_F(VariantTierTest, AreBounded) {
  for (int i = 0; i < 500; ++i) {
    put(concat({"x-", to_text(std::uint64_t(i))}), "x");
  }
  EXPECT_LE(world.kv.size(), 1 + config::limit::variants_stored_max);
  EXPECT_GT(world.kv.size(), config::limit::variants_stored_max / 2);
}

TEST_F(VariantTierTest, OneLookUpIsEnoughForTheFirstAndForOneThatIsKnown) {
  put("de", "deutsch");
  put("fr", "francais");
  std::uint64_t before = world.operations;
  get("de");
  EXPECT_EQ(world.operations, before + 1);
  before = world.operations;
  get("fr");
  EXPECT_EQ(world.operations, before + 1);
}

TEST_F(VariantTierTest, AnAnswerWithoutVaryTakesThePlaceOfAll) {
  put("de", "deutsch");
  put("fr", "francais");
  const Key key = request("de");
  entry::Header header = header_of(key, runner.host.now(), "for all");
  header.vary = "";
  put(key, std::move(header), "for all");
  EXPECT_EQ(get("de"), "for all");
  EXPECT_EQ(get("en"), "for all");
}

TEST_F(VariantTierTest, OneIsRemovedForItsRequestAndAllForNobody) {
  put("de", "deutsch");
  put("fr", "francais");
  put("en", "english");
  remove(request("fr"));
  EXPECT_EQ(get("fr"), "");
  EXPECT_EQ(get("de"), "deutsch");
  EXPECT_EQ(get("en"), "english");
  remove(key_named("larder:page:v3:a"));
  EXPECT_TRUE(world.kv.empty());
}

TEST_F(VariantTierTest, ANameThatIsTooLongHasOneVariant) {
  const std::string name(config::limit::key_bytes_max, 'k');
  const Key german = request("de", name);
  const Key french = request("fr", name);
  entry::Header header = header_of(german, runner.host.now(), "x");
  header.vary = http::secondary_key({"accept-language"}, german.read);
  EXPECT_EQ(put(german, header, "x"), Stored::stored);
  header.vary = http::secondary_key({"accept-language"}, french.read);
  EXPECT_EQ(put(french, header, "x"), Stored::declined);
  EXPECT_EQ(world.kv.size(), 1U);
}

}  // namespace
}  // namespace larder::tiers::variant_tier_test
