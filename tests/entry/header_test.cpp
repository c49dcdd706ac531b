#include "entry/header.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "entry/seeded.h"

namespace larder::entry::header_test {
namespace {

constexpr Bytes in_kv(config::limit::entry_header_bytes_max);
constexpr Bytes at_edge(config::limit::header_value_bytes_max);

Header sample() {
  Header header;
  header.kind = Kind::positive;
  header.status = 200;
  header.content_type = "application/json; charset=utf-8";
  header.etag = "\"5d41402abc4b2a76b9719d911017c592\"";
  header.last_modified = "Tue, 03 Nov 2026 10:00:00 GMT";
  header.created = instant_from_millis(1'795'000'000'123);
  header.fresh_for = Millis(86'400'000);
  header.stale_for = Millis(604'800'000);
  header.error_for = Millis(2'592'000'000);
  header.tags = {"book", "author:terry pratchett"};
  header.vary = "accept-language: de";
  header.encoding = Encoding::gzip;
  header.stored_size = Bytes(4'321);
  header.body_size = Bytes(65'537);
  header.key = "larder:title:v3:good%20omens";
  header.fields = {{"link", "<https://example.com/>; rel=\"next\""}, {"x-empty", ""}};
  return header;
}

void expect_equal(const Header& a, const Header& b) {
  EXPECT_EQ(a.schema, b.schema);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.content_type, b.content_type);
  EXPECT_EQ(a.etag, b.etag);
  EXPECT_EQ(a.last_modified, b.last_modified);
  EXPECT_EQ(a.created, b.created);
  EXPECT_EQ(a.fresh_for, b.fresh_for);
  EXPECT_EQ(a.stale_for, b.stale_for);
  EXPECT_EQ(a.error_for, b.error_for);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.vary, b.vary);
  EXPECT_EQ(a.encoding, b.encoding);
  EXPECT_EQ(a.stored_size, b.stored_size);
  EXPECT_EQ(a.body_size, b.body_size);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.fields, b.fields);
}

std::string text_of(const Header& header) {
  const auto text = encode(header, at_edge);
  EXPECT_TRUE(text) << text.error().message;
  return *text;
}

TEST(Header, RoundTrips) {
  const auto text = encode(sample(), in_kv);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(text->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  const auto header = decode(*text);
  ASSERT_TRUE(header) << header.error().message;
  expect_equal(*header, sample());
  Header negative;
  negative.kind = Kind::negative;
  negative.status = 404;
  expect_equal(*decode(text_of(negative)), negative);
}

TEST(Header, AnEmptyOneIsShort) { EXPECT_EQ(text_of(Header()).size(), 160u); }

TEST(Header, TheFormatOfThisSchemaDoesNotChange) {
  Header header;
  header.key = "k";
  header.created = instant_from_millis(1);
  header.fresh_for = Millis(2);
  header.stale_for = Millis(3);
  header.error_for = Millis(4);
  header.stored_size = header.body_size = Bytes(5);
  header.tags = {"t"};
  header.own_etag = true;
  header.asked = instant_from_millis(6);
  header.log_seen = 7;
  header.body_asked = instant_from_millis(5);
  header.body_log_seen = 3;
  EXPECT_EQ(to_hex(*from_base64url(text_of(header))),
            "03000000"
            "00"
            "c8000000"
            "00"
            "01"
            "00"
            "0100000000000000"
            "0600000000000000"
            "0700000000000000"
            "0500000000000000"
            "0300000000000000"
            "0200000000000000"
            "0300000000000000"
            "0400000000000000"
            "0500000000000000"
            "0500000000000000"
            "010000006b"
            "00000000"
            "00000000"
            "00000000"
            "00000000"
            "01000000"
            "0100000074"
            "00000000");
}

TEST(Header, RandomOnesRoundTrip) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    Seeded noise(seed);
    constexpr std::string_view letters = "abc \t\"\\,;=/%:";
    const auto text = [&] {
      std::string made = noise.text(noise.below(20), letters);
      return made.append(noise.below(2) == 0 ? "" : "é😀");
    };
    const auto duration = [&] { return Millis(static_cast<std::int64_t>(noise.below(315'360'000) * 1'000)); };
    Header header;
    header.kind = noise.below(2) == 0 ? Kind::positive : Kind::negative;
    header.status = static_cast<std::uint16_t>(200 + noise.below(400));
    header.content_type = text();
    header.etag = text();
    header.last_modified = text();
    header.created = instant_from_millis(static_cast<std::int64_t>(noise.below(2'000'000'000) * 3'000));
    header.fresh_for = duration();
    header.stale_for = duration();
    header.error_for = duration();
    for (std::uint64_t count = noise.below(9); count > 0; --count) {
      header.tags.push_back("t" + text());
    }
    header.vary = text();
    header.encoding = noise.below(2) == 0 ? Encoding::identity : Encoding::gzip;
    header.stored_size = Bytes(noise.below(67'108'865));
    header.body_size =
        header.encoding == Encoding::identity ? header.stored_size : Bytes(noise.below(67'108'865));
    header.key = text();
    for (std::uint64_t count = noise.below(5); count > 0; --count) {
      header.fields.emplace_back("x-" + to_text(count), text());
    }
    const auto decoded = decode(text_of(header));
    ASSERT_TRUE(decoded) << "seed " << seed << ": " << decoded.error().message;
    expect_equal(*decoded, header);
  }
}

TEST(Header, IsBoundedWithItsQuotes) {
  Header header;
  header.etag = "";
  const std::size_t bare = text_of(header).size();
  EXPECT_TRUE(encode(header, Bytes(bare + 2)));
  EXPECT_EQ(encode(header, Bytes(bare + 1)).error().kind, ErrorKind::too_large);
}

TEST(Header, SaysWhatMakesItTooLarge) {
  const auto refusal = [](const Header& header) { return encode(header, in_kv).error(); };
  Header tags;
  tags.tags.assign(8, std::string(64, 't'));
  tags.key = std::string(256, 'k');
  EXPECT_EQ(refusal(tags).kind, ErrorKind::too_large);
  EXPECT_EQ(
      refusal(tags).message,
      "The entry's header takes 1229 bytes of 1024. The most goes to its 8 tags (512 bytes before encoding): "
      "declare fewer or shorter tags.");
  Header fields;
  fields.fields.assign(2, {"x-a", std::string(400, 'f')});
  EXPECT_EQ(
      refusal(fields).message,
      "The entry's header takes 1258 bytes of 1024. The most goes to its 2 response fields (806 bytes before "
      "encoding): have the origin send fewer header fields.");
  Header vary;
  vary.vary = std::string(900, 'v');
  EXPECT_TRUE(
      contains(refusal(vary).message, "The most goes to what its Vary names (900 bytes before encoding)"));
  Header etag;
  etag.etag = std::string(900, 'e');
  EXPECT_TRUE(contains(refusal(etag).message, "The most goes to its content type and validators"));
  Header many;
  many.fields.assign(65, {"x", "y"});
  EXPECT_EQ(refusal(many).kind, ErrorKind::too_large);
  EXPECT_EQ(refusal(many).message, "The entry has 65 response fields; at most 64 are kept.");
}

TEST(Header, TheLongestProofAndAContentTypeFitKv) {
  Header header;
  header.key = std::string(config::limit::entry_header_key_bytes_max, 'k');
  header.content_type = std::string(64, 'c');
  EXPECT_TRUE(encode(header, in_kv));
}

// One member at a time out of its range; `change` makes it so.
TEST(Header, RefusesMembersOutOfTheirRanges) {
  const std::vector<std::pair<std::string_view, void (*)(Header&)>> breaks = {
      {"kind", [](Header& h) { h.kind = static_cast<Kind>(2); }},
      {"status", [](Header& h) { h.status = 101; }},
      {"status", [](Header& h) { h.status = 199; }},
      {"status", [](Header& h) { h.status = 600; }},
      {"encoding", [](Header& h) { h.encoding = static_cast<Encoding>(2); }},
      {"sizes", [](Header& h) { h.body_size = Bytes(67'108'865); }},
      {"sizes", [](Header& h) { h.stored_size = Bytes(67'108'865); }},
      {"sizes", [](Header& h) { h.encoding = Encoding::identity; }},
      {"created", [](Header& h) { h.created = instant_from_millis(-1); }},
      {"created", [](Header& h) { h.created = instant_from_millis(7'258'118'400'001); }},
      {"lifetimes", [](Header& h) { h.fresh_for = Millis(-1); }},
      {"lifetimes", [](Header& h) { h.stale_for = Millis(315'360'000'000); }},
      {"lifetimes", [](Header& h) { h.error_for = Millis(INT64_MAX); }},
      {"tags", [](Header& h) { h.tags.assign(42, "t"); }},
      {"tags", [](Header& h) { h.tags = {""}; }},
      {"tags", [](Header& h) { h.tags = {std::string(65, 't')}; }},
      {"tags", [](Header& h) { h.tags = {"a\nb"}; }},
      {"texts", [](Header& h) { h.content_type = "text/html\r\nset-cookie: a=b"; }},
      {"texts", [](Header& h) { h.etag = "\xff"; }},
      {"texts", [](Header& h) { h.key = std::string(1, '\0'); }},
      {"fields", [](Header& h) { h.fields = {{"", "x"}}; }},
      {"fields", [](Header& h) { h.fields = {{"a b", "x"}}; }},
      {"fields", [](Header& h) { h.fields = {{"a", "x\ny"}}; }},
  };
  for (const auto& [part, change] : breaks) {
    Header header = sample();
    change(header);
    const auto refused = encode(header, at_edge);
    ASSERT_FALSE(refused) << part;
    EXPECT_EQ(refused.error().kind, ErrorKind::internal);
    EXPECT_EQ(refused.error().message, concat({"The entry's header breaks a rule: ", part, "."}));
  }
}

// The record's bytes with `bytes` written over those at `at`.
std::string patched(std::size_t at, std::string_view bytes) {
  std::string record = *from_base64url(text_of(sample()));
  return to_base64url(record.replace(at, bytes.size(), bytes));
}

struct Patch {
  std::size_t at;
  std::string bytes;
  std::string_view message;
};

TEST(Header, RefusesBytesOutOfTheirRanges) {
  const std::vector<Patch> patches = {
      {4, std::string(1, '\2'), "The entry's header breaks a rule: kind."},
      {5, std::string(4, '\0'), "The entry's header breaks a rule: status."},
      {5, std::string(4, '\xff'), "The entry's header breaks a rule: status."},
      {5, std::string("\xc8\0\1\0", 4), "The entry's header breaks a rule: status."},
      {9, std::string(1, '\7'), "The entry's header breaks a rule: encoding."},
      {10, std::string(1, '\2'), "The entry's header breaks a rule: status."},
      {12, std::string(8, '\xff'), "The entry's header breaks a rule: created."},
      {20, std::string(8, '\xff'), "The entry's header breaks a rule: asked."},
      {36, std::string(8, '\xff'), "The entry's header breaks a rule: body asked."},
      {52, std::string(8, '\xff'), "The entry's header breaks a rule: lifetimes."},
      {60, std::string(8, '\xff'), "The entry's header breaks a rule: lifetimes."},
      {68, std::string("\0\0\0\0\0\0\0\x80", 8), "The entry's header breaks a rule: lifetimes."},
      {76, std::string(8, '\xff'), "The entry's header breaks a rule: sizes."},
      {84, std::string(8, '\xff'), "The entry's header breaks a rule: sizes."},
      {92, std::string(4, '\xff'), "The entry's header breaks off or goes on."},
      {96, std::string(1, '\n'), "The entry's header breaks a rule: texts."},
  };
  for (const auto& [at, bytes, message] : patches) {
    const auto header = decode(patched(at, bytes));
    ASSERT_FALSE(header) << at;
    EXPECT_EQ(header.error().kind, ErrorKind::corrupt) << at;
    EXPECT_EQ(header.error().message, message) << at;
  }
}

TEST(Header, AnotherSchemaIsUnsupported) {
  for (const std::string& schema :
       {std::string(4, '\0'), std::string("\1\0\0\0", 4), std::string(4, '\xff')}) {
    EXPECT_EQ(decode(patched(0, schema)).error().kind, ErrorKind::unsupported);
  }
  // Even if nothing of the rest can be read.
  EXPECT_EQ(decode(to_base64url(std::string("\1\0\0\0", 4))).error().kind, ErrorKind::unsupported);
  Header header;
  header.schema = 1;
  EXPECT_EQ(encode(header, at_edge).error().kind, ErrorKind::internal);
}

TEST(Header, IsRefusedTruncatedAtEveryLength) {
  const std::string text = text_of(sample());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto header = decode(std::string_view(text).substr(0, size));
    ASSERT_FALSE(header) << size;
    EXPECT_EQ(header.error().kind, ErrorKind::corrupt) << size;
  }
  const std::string record = *from_base64url(text);
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(decode(to_base64url(record.substr(0, size)))) << size;
  }
}

TEST(Header, IsRefusedWithAnythingBehindIt) {
  const std::string record = *from_base64url(text_of(sample()));
  EXPECT_EQ(decode(to_base64url(record + '\0')).error().message, "The entry's header breaks off or goes on.");
  EXPECT_EQ(decode(text_of(sample()) + "=").error().message, "The entry's header is not base64url.");
  EXPECT_EQ(decode(" " + text_of(sample())).error().message, "The entry's header is not base64url.");
  EXPECT_EQ(decode(std::string(8'193, 'A')).error().message, "The entry's header is too long.");
}

// Whatever the store gives back: an error, or a header that can be written again as the same text.
TEST(Header, NoiseIsRefusedOrSound) {
  Seeded noise(42);
  const std::string record = *from_base64url(text_of(sample()));
  std::size_t sound = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string broken = record;
    for (std::uint64_t count = 1 + noise.below(3); count > 0; --count) {
      broken[static_cast<std::size_t>(noise.below(broken.size()))] = static_cast<char>(noise.below(256));
    }
    const std::string text = to_base64url(broken);
    if (const auto header = decode(text)) {
      ++sound;
      EXPECT_EQ(text_of(*header), text);
    }
    EXPECT_FALSE(decode(noise.bytes(noise.below(200))));
  }
  EXPECT_GT(sound, 100u);
}

}  // namespace
}  // namespace larder::entry::header_test
