#include "base/isbn.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace larder::isbn_test {
namespace {

std::string thirteen(std::string_view text) {
  const auto isbn = parse_isbn(text);
  return isbn ? isbn->thirteen() : "error: " + isbn.error().message;
}

TEST(Isbn, TakesBothFormsInEverySpelling) {
  for (const std::string_view text :
       {"0552137030", "0-552-13703-0", " 0 552 13703 0 ", "9780552137034", "978-0-552-13703-4",
        "978 0552137034", "978‐0‐552‐13703‐4", "978–0552137034",
        "978\xc2\xa0"
        "0552137034"}) {
    EXPECT_EQ(thirteen(text), "9780552137034") << text;
  }
  EXPECT_EQ(thirteen("080442957X"), "9780804429573");
  EXPECT_EQ(thirteen("0-8044-2957-x"), "9780804429573");
}

TEST(Isbn, ConvertsBack) {
  EXPECT_EQ(parse_isbn("9780552137034")->ten(), "0552137030");
  EXPECT_EQ(parse_isbn("9780804429573")->ten(), "080442957X");
  EXPECT_EQ(parse_isbn("9791034303694")->ten(), std::nullopt);
}

// Both readers find the same in every spelling, right or wrong.
TEST(Isbn, TheNumberIsWhatIsParsed) {
  std::vector<std::string> texts = {
      "",           "---",        "0-552-13703-0", "080442957x", "978-0-552-13703-4", "9791034303694",
      "0552137031", "X552137030", "97805521370X4"};
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    // Every digit takes part, in both forms; one in ten or eleven has its check digit.
    const std::string digits = to_text(i * 7'919'000'003 % 10'000'000'000);
    texts.push_back(digits);
    texts.push_back(concat({digits.substr(0, 9), "X"}));
    texts.push_back(concat({i % 2 == 0 ? "978" : "979", digits}));
  }
  std::size_t found = 0;
  for (const std::string& text : texts) {
    const auto parsed = parse_isbn(text);
    const auto number = isbn13_number(text);
    ASSERT_EQ(parsed.has_value(), number.has_value()) << text;
    if (number) {
      ++found;
      ASSERT_EQ(isbn13_of(*number), parsed->thirteen()) << text;
      ASSERT_EQ(isbn10_of(*number), parsed->ten()) << text;
    }
  }
  EXPECT_GT(found, 3'000U);
}

struct Refusal {
  std::string_view text;
  std::string_view message;
};

TEST(Isbn, SaysWhatIsWrong) {
  constexpr std::string_view characters =
      "error: An ISBN has only the digits 0 to 9, hyphens and spaces (and an X at the end of ten).";
  const std::vector<Refusal> refusals = {
      {"", "error: An ISBN has 10 or 13 digits, not 0."},
      {"---", "error: An ISBN has 10 or 13 digits, not 0."},
      {"055213703", "error: An ISBN has 10 or 13 digits, not 9."},
      {"97805521370341", "error: An ISBN has 10 or 13 digits, not 14."},
      {"0552137031",
       "error: The check digit of ISBN 0552137031 should be 0, not 1: one of its digits is wrong."},
      {"0804429570",
       "error: The check digit of ISBN 0804429570 should be X, not 0: one of its digits is wrong."},
      {"055213703X",
       "error: The check digit of ISBN 055213703X should be 0, not X: one of its digits is wrong."},
      {"978-0-552-13703-5",
       "error: The check digit of ISBN 9780552137035 should be 4, not 5: one of its digits is wrong."},
      {"9770552137037", "error: An ISBN of 13 digits starts with 978 or 979."},
      {"97805521370X4", "error: An X may only be the last of an ISBN's ten digits."},
      {"978055213703X", "error: An X may only be the last of an ISBN's ten digits."},
      {"X552137030", "error: An X may only be the last of an ISBN's ten digits."},
      {"ISBN 0552137030", characters},
      {"０５５２１３７０３０", characters},
      {"0552137030\n", characters},
      {"0552137030\xe2\x80", characters},
      {"0552137030\xe2\x80\x96", characters},
  };
  for (const auto& [text, message] : refusals) {
    EXPECT_EQ(thirteen(text), message) << text;
  }
  EXPECT_EQ(thirteen(std::string(129, '1')),
            "error: This is too long for an ISBN, which has 10 or 13 digits.");
  EXPECT_EQ(parse_isbn("x").error().kind, ErrorKind::invalid);
}

TEST(Isbn, ExactlyOneCheckDigitFits) {
  for (std::uint64_t number = 978'000'000'000; number < 980'000'000'000; number += 7'654'321) {
    const std::string body = to_text(number);
    int valid = 0;
    for (char check = '0'; check <= '9'; ++check) {
      const auto isbn = parse_isbn(body + check);
      valid += isbn ? 1 : 0;
      if (isbn && isbn->ten()) {
        EXPECT_EQ(thirteen(*isbn->ten()), isbn->thirteen());
      }
    }
    EXPECT_EQ(valid, 1) << body;
  }
}

}  // namespace
}  // namespace larder::isbn_test
