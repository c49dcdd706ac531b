// Pieces of a JSON text, held against the parser that reads it whole.
#include "json/json_pieces.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "entry/seeded.h"
#include "json/json_memory.h"
#include "json/json_text.h"

namespace larder::json::json_pieces_test {
namespace {

using Pieces = std::vector<std::pair<std::string, std::string>>;

// What was read before the end or the fault.
std::pair<Pieces, bool> read(std::string_view text, JsonHolder holder) {
  Pieces pieces;
  JsonPieces reader(text, holder);
  while (const auto piece = reader.next()) {
    pieces.emplace_back(piece->name, piece->value);
  }
  EXPECT_FALSE(reader.next().has_value());
  return {std::move(pieces), reader.complete()};
}

TEST(JsonPieces, MembersAndItemsAreThePartsOfTheText) {
  const auto [members, whole] =
      read(R"( { "a" : "x\"}," , "b":[1,[2,{"c":"]"}]] ,"":null,"d": -1.5e3 ,"e":{} } )", JsonHolder::object);
  EXPECT_TRUE(whole);
  EXPECT_EQ(members, (Pieces{{R"("a")", R"("x\"},")"},
                             {R"("b")", R"([1,[2,{"c":"]"}]])"},
                             {R"("")", "null"},
                             {R"("d")", "-1.5e3"},
                             {R"("e")", "{}"}}));
  const auto [items, all] = read(R"([{"a":1},"b",[ ], true ])", JsonHolder::array);
  EXPECT_TRUE(all);
  EXPECT_EQ(items, (Pieces{{"", R"({"a":1})"}, {"", R"("b")"}, {"", "[ ]"}, {"", "true"}}));
  EXPECT_EQ(read(" {} ", JsonHolder::object), std::pair(Pieces(), true));
  EXPECT_EQ(read("[]", JsonHolder::array), std::pair(Pieces(), true));
}

TEST(JsonPieces, WhatBreaksOffOrGoesOnIsNotComplete) {
  for (const char* text : {"",
                           " ",
                           "null",
                           "[]",
                           "{",
                           R"({"a)",
                           R"({"a")",
                           R"({"a":)",
                           R"({"a":1)",
                           R"({"a":"b\")",
                           R"({"a":1,)",
                           R"({"a":1,})",
                           R"({,"a":1})",
                           R"({"a":1 "b":2})",
                           R"({"a" 1})",
                           R"({a:1})",
                           R"({"a":})",
                           R"({"a":[1})",
                           R"({"a":1}})",
                           R"({"a":1} x)",
                           R"({"a":"\)"}) {
    EXPECT_FALSE(read(text, JsonHolder::object).second) << text;
  }
  EXPECT_FALSE(read("[1,]", JsonHolder::array).second);
  EXPECT_FALSE(read("{}", JsonHolder::array).second);
}

// Whatever a parser takes for an object has the same members here, and what is not complete here is none.
TEST(JsonPieces, AgreeWithAParserOnSeededTexts) {
  static constexpr std::string_view parts[] = {"{",     "}",        "[",  "]", ",",    ":",
                                               "\"a\"", "\"\\\"\"", "1",  " ", "null", "\"}\"",
                                               "\"[\"", "\"\\\\\"", "\"", "\\"};
  std::size_t whole = 0;
  for (std::uint32_t seed = 1; seed <= 20'000; ++seed) {
    entry::Seeded noise(seed);
    std::string text = "{\"a\":";
    for (std::uint64_t i = noise.below(8); i > 0; --i) {
      text.append(parts[noise.below(std::size(parts))]);
    }
    text.append("}");
    const auto parsed = JsonText::parse(text);
    const auto [pieces, complete] = read(text, JsonHolder::object);
    if (!parsed || !parsed->is_object()) {
      continue;
    }
    ++whole;
    ASSERT_TRUE(complete) << text;
    const auto last = JsonText::parse(pieces.back().second);
    ASSERT_TRUE(last.has_value()) << text;
    EXPECT_EQ(JsonText::parse(pieces.front().second)->json(), parsed->find("a")->json()) << text;
  }
  EXPECT_GT(whole, 100U);
}

TEST(JsonPieces, AStringOfAsciiIsDecodedInItsPlace) {
  const auto decoded = [](std::string token) {
    return decode_json_string(token) ? std::optional(token) : std::nullopt;
  };
  EXPECT_EQ(decoded(R"("")"), "");
  EXPECT_EQ(decoded(R"("YWJj+/==")"), "YWJj+/==");
  EXPECT_EQ(decoded(R"("YWJj\/\u003d\u003D\r\n\t\b\f\"\\")"), "YWJj/==\r\n\t\b\f\"\\");
  for (const char* token : {"", "\"", "a", "\"a", R"("\")", R"("\u00")", R"("\u00e9")", R"("\x")", R"("a"b")",
                            "\"\xc3\xa9\"", "\"a\nb\""}) {
    EXPECT_EQ(decoded(token), std::nullopt) << token;
  }
}

TEST(JsonMemory, ATextThatCouldNotBeCopiedIsToldFromOneThatIsNoJson) {
  const simdjson::padded_string copy(std::string_view("{"));
  EXPECT_FALSE(lacks_memory("{", copy, simdjson::TAPE_ERROR));
  EXPECT_FALSE(lacks_memory("", simdjson::padded_string(), simdjson::EMPTY));
  EXPECT_TRUE(lacks_memory("{", simdjson::padded_string(), simdjson::EMPTY));
  EXPECT_TRUE(lacks_memory("{", copy, simdjson::MEMALLOC));
}

}  // namespace
}  // namespace larder::json::json_pieces_test
