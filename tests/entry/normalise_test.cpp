#include "entry/normalise.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/normal_text.h"

namespace larder::entry::normalise_test {
namespace {

using namespace std::string_literals;
using config::FieldSource;
using config::FieldValues;
using config::KeyField;
using config::Normaliser;
using config::NormaliserUse;
using config::Presence;

const NormalText lower_text = sim::lower_text;

std::string normal(Normaliser normaliser, std::string_view value, std::int64_t step = 0) {
  const auto result = normalise(NormaliserUse{normaliser, step}, value, lower_text);
  return result ? *result : "error: " + result.error().message;
}

constexpr std::string_view no_number = "error: write a decimal number like 12 or -0.5";

TEST(Normalise, Texts) {
  EXPECT_EQ(normal(Normaliser::trim, "  a  b "), "a  b");
  EXPECT_EQ(normal(Normaliser::collapse, "  a \t\n b "), "a b");
  EXPECT_EQ(normal(Normaliser::trim, "\u00a0\u3000a  b\u00e9 \u2003"), "a  b\u00e9");
  EXPECT_EQ(normal(Normaliser::trim, "\u00a0 \u3000"), "");
  EXPECT_EQ(normal(Normaliser::collapse, "\u00a0 \u00e9\u3000\u2003 b\u0085"), "\u00e9 b");
  EXPECT_EQ(normal(Normaliser::lower, "ABC [Z]"), "abc [z]");
  EXPECT_EQ(normal(Normaliser::digits, "+44 (020) 79-46"), "440207946");
  EXPECT_EQ(normal(Normaliser::digits, "none"), "");
  EXPECT_EQ(normal(Normaliser::sort, " b,a ,,c,a"), "a,a,b,c");
  EXPECT_EQ(normal(Normaliser::sort, ","), "");
}

TEST(Normalise, LowerIsOneFormForAllSpellingsOfAText) {
  for (const std::string_view spelling :
       {"\u00e9mile \u00e9t\u00e9", "\u00c9MILE \u00c9T\u00c9", "E\u0301MILE e\u0301te\u0301"}) {
    EXPECT_EQ(normal(Normaliser::lower, spelling), "\u00e9mile \u00e9t\u00e9")
        << "composed, as origins know it";
  }
  EXPECT_EQ(normal(Normaliser::lower, "\u041f\u0423\u0428\u041a\u0418\u041d"),
            "\u043f\u0443\u0448\u043a\u0438\u043d");
  EXPECT_EQ(normal(Normaliser::lower, "\uff24\uff35\uff2e\uff25"), "dune");
}

TEST(Normalise, AsciiNeedsNoPlatform) {
  const NormalText absent = [](std::string_view) -> std::string { return "the platform was asked"; };
  EXPECT_EQ(normalise(NormaliserUse{Normaliser::lower, 0}, "DUNE", absent), "dune");
}

TEST(Normalise, Isbns) {
  EXPECT_EQ(normal(Normaliser::isbn, "0-552-13703-0"), "9780552137034");
  EXPECT_EQ(normal(Normaliser::isbn, "9780552137034"), "9780552137034");
  EXPECT_EQ(normal(Normaliser::isbn, "9780552137035"),
            "error: The check digit of ISBN 9780552137035 should be 4, not 5: one of its digits is wrong.");
}

TEST(Normalise, Numbers) {
  for (const auto& [given, wanted] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"1", "1"},
           {" 01.50 ", "1.5"},
           {"+7", "7"},
           {"-0", "0"},
           {"-0.0", "0"},
           {"000", "0"},
           {"0.10", "0.1"},
           {"-00.5", "-0.5"},
           {"100", "100"},
           {"123456789012345678901234567890.5", "123456789012345678901234567890.5"}}) {
    EXPECT_EQ(normal(Normaliser::number, given), wanted) << given;
  }
  for (const std::string_view bad :
       {"", "-", "+", ".5", "5.", "1e3", "1,5", "0x10", "1 2", "--1", "NaN", "١"}) {
    EXPECT_EQ(normal(Normaliser::number, bad), no_number) << bad;
  }
}

TEST(Normalise, NearestBuckets) {
  constexpr std::int64_t half = 500'000'000;
  for (const auto& [given, wanted] :
       std::vector<std::pair<std::string_view, std::string_view>>{{"10.1", "10"},
                                                                  {"10.2", "10"},
                                                                  {"10.3", "10.5"},
                                                                  {"10.25", "10.5"},
                                                                  {"10.2499999999999", "10"},
                                                                  {"-10.25", "-10.5"},
                                                                  {"-10.2", "-10"},
                                                                  {"-0.1", "0"},
                                                                  {"0", "0"},
                                                                  {"99.75", "100"},
                                                                  {"1000000000", "1000000000"},
                                                                  {"010.50", "10.5"}}) {
    EXPECT_EQ(normal(Normaliser::quantise, given, half), wanted) << given;
  }
  EXPECT_EQ(normal(Normaliser::quantise, "0.0000014", 1'000), "0.000001");
  EXPECT_EQ(normal(Normaliser::quantise, "0.0000015", 1'000), "0.000002");
  EXPECT_EQ(normal(Normaliser::quantise, "14", 3'000'000'000), "15");
  EXPECT_EQ(normal(Normaliser::quantise, "1000000001", half), no_number);
  EXPECT_EQ(normal(Normaliser::quantise, "x", half), no_number);
}

TEST(Normalise, TwiceIsOnce) {
  for (const Normaliser normaliser : config::all_normalisers) {
    for (const std::string_view value :
         {" 9780552137034 ", "10.3", "-7.25", " b,a", "  A  b ", "0", "\u00a0\u00c9 e\u0301\u3000\ufb01 "}) {
      const auto once = normalise(NormaliserUse{normaliser, 500'000'000}, value, lower_text);
      if (once) {
        EXPECT_EQ(normal(normaliser, *once, 500'000'000), *once) << to_text(normaliser) << " " << value;
      }
    }
  }
}

KeyField field(FieldSource source, std::string name, std::vector<Normaliser> normalisers = {},
               Presence presence = Presence::optional) {
  KeyField made;
  made.source = source;
  made.name = std::move(name);
  for (const Normaliser normaliser : normalisers) {
    made.normalisers.push_back(NormaliserUse{normaliser, 0});
  }
  made.presence = presence;
  made.bytes_max = Bytes(16);
  return made;
}

config::Resource books() {
  config::Resource resource;
  resource.name = "books";
  resource.key = {
      field(FieldSource::query, "q", {Normaliser::collapse, Normaliser::lower}, Presence::required),
      field(FieldSource::path, "id", {}, Presence::required), field(FieldSource::header, "accept-language"),
      field(FieldSource::query, "page", {Normaliser::number})};
  return resource;
}

// Values joined by "|", "-" for an absent one.
std::string values(const config::Resource& resource, const TextPairs& path, const TextPairs& query,
                   const http::Fields& headers = http::Fields()) {
  const auto fields = normalise_fields(resource, Parameters{path, query, headers}, lower_text);
  if (!fields) {
    EXPECT_EQ(fields.error().kind, ErrorKind::invalid);
    return "error: " + fields.error().message;
  }
  std::vector<std::string> shown;
  for (const auto& value : *fields) {
    shown.push_back(value.value_or("-"));
  }
  return join(shown, "|");
}

TEST(NormaliseFields, FollowTheKeysOrder) {
  http::Fields headers;
  headers.add("Accept-Language", "de").add("ACCEPT-language", "en");
  EXPECT_EQ(header_names(books()), (std::vector<std::string_view>{"accept-language"}));
  EXPECT_EQ(values(books(), {{"id", "7"}}, {{"page", "02"}, {"q", " Good  OMENS "}}, headers),
            "good omens|7|de, en|2");
}

TEST(NormaliseFields, UnkeyedParametersAreIgnored) {
  EXPECT_EQ(
      values(books(), {{"id", "7"}}, {{"utm_source", "x"}, {"q", "a"}, {"utm_source", "y"}, {"Q", "b"}}),
      "a|7|-|-");
}

TEST(NormaliseFields, EmptyAndAbsentDiffer) {
  EXPECT_EQ(values(books(), {{"id", "7"}}, {{"q", "a"}, {"page", ""}}), "a|7|-|");
}

TEST(NormaliseFields, NameWhatToChange) {
  const TextPairs id = {{"id", "7"}};
  EXPECT_EQ(values(books(), id, {}), "error: q is missing or empty: add ?q=… to the URL.");
  EXPECT_EQ(values(books(), id, {{"q", "  "}}), "error: q is missing or empty: add ?q=… to the URL.");
  EXPECT_EQ(values(books(), id, {{"q", "a"}, {"q", "b"}}), "error: q is given twice; give it once.");
  EXPECT_EQ(values(books(), id, {{"q", std::string(17, 'a')}}),
            "error: q is 17 bytes long; at most 16 are allowed.");
  EXPECT_EQ(values(books(), id, {{"q", "a\xff"}}), "error: q is not UTF-8; encode it as UTF-8.");
  EXPECT_EQ(values(books(), id, {{"q", "a\0b"s}}), "error: q has a control character; remove it.");
  EXPECT_EQ(values(books(), id, {{"q", "a"}, {"page", "two"}}),
            "error: page: write a decimal number like 12 or -0.5");
  EXPECT_EQ(values(books(), {{"id", ""}}, {{"q", "a"}}), "error: id is empty.");
  auto header_needed = books();
  header_needed.key[2].presence = Presence::required;
  EXPECT_EQ(values(header_needed, id, {{"q", "a"}}),
            "error: accept-language is missing or empty: send that header.");
}

TEST(NormaliseFields, BothFormsOfAnIsbnAreOneValue) {
  config::Resource resource;
  resource.key = {field(FieldSource::query, "q", {Normaliser::isbn}, Presence::required)};
  EXPECT_EQ(values(resource, {}, {{"q", "0-552-13703-0"}}), values(resource, {}, {{"q", "9780552137034"}}));
  EXPECT_EQ(values(resource, {}, {{"q", "0552137031"}}),
            "error: q: The check digit of ISBN 0552137031 should be 0, not 1: one of its digits is wrong.");
}

TEST(NormaliseFields, TheWholeQueryIsEncodedInItsOrderOrSorted) {
  config::Resource resource;
  resource.key = {field(FieldSource::whole_query, "*")};
  resource.key[0].bytes_max = Bytes(100);
  const TextPairs query = {{"b", "2 3"}, {"a", "z"}, {"é&", "="}, {"a", "y"}};
  EXPECT_EQ(values(resource, {}, query), "b=2%203&a=z&%C3%A9%26=%3D&a=y");
  resource.key[0].normalisers = {NormaliserUse{Normaliser::sort, 0}};
  EXPECT_EQ(values(resource, {}, query), "a=z&a=y&b=2%203&%C3%A9%26=%3D");
  EXPECT_EQ(values(resource, {}, {}), "");
  EXPECT_EQ(values(resource, {}, {{"x", std::string(99, 'y')}}),
            "error: * is 101 bytes long; at most 100 are allowed.");
}

}  // namespace
}  // namespace larder::entry::normalise_test
