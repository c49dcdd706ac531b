#include "entry/decimal.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace larder::entry::decimal_test {
namespace {

std::string plain_of(std::string_view token) {
  const auto number = parse_json_number(token);
  return number ? plain_decimal(*number, 20).value_or("too long") : "no number";
}

TEST(Decimal, IsReadByItsDigits) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {{"0", "0"},
                                                                            {"-0.00", "0"},
                                                                            {"120", "120"},
                                                                            {"1.50", "1.5"},
                                                                            {"-1.5e1", "-15"},
                                                                            {"1e-3", "0.001"},
                                                                            {"12.5E+1", "125"},
                                                                            {"0.012e3", "12"},
                                                                            {"1e20", "too long"},
                                                                            {"1e19", "10000000000000000000"},
                                                                            {"1e-21", "too long"},
                                                                            {"", "no number"},
                                                                            {"-", "no number"},
                                                                            {"01", "no number"},
                                                                            {"1.", "no number"},
                                                                            {".1", "no number"},
                                                                            {"1e", "no number"},
                                                                            {"1e+", "no number"},
                                                                            {"1x", "no number"},
                                                                            {"+1", "no number"},
                                                                            {"NaN", "no number"},
                                                                            {"0e99999999999999999999", "0"}};
  for (const auto& [token, wanted] : cases) {
    EXPECT_EQ(plain_of(token), wanted) << token;
  }
}

TEST(Decimal, TheNearestBucketIsNoFartherThanHalfAStep) {
  // In millionths, by whole numbers alone.
  constexpr std::int64_t million = 1'000'000;
  std::uint64_t state = 7;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    const auto value = static_cast<std::int64_t>(state >> 34);
    const auto step = static_cast<std::int64_t>((state >> 20) % 3'000'000 + 1);
    const std::string text =
        std::to_string(value / million) + "." + std::to_string(million + value % million).substr(1);
    const auto bucket = quantised(*parse_json_number(text), step * 1000);
    ASSERT_TRUE(bucket.has_value());
    const auto number = parse_json_number(*bucket);
    ASSERT_TRUE(number.has_value()) << *bucket;
    std::string digits = number->digits;
    digits.resize(static_cast<std::size_t>(std::max<std::int64_t>(number->scale + 6, 0)), '0');
    const std::int64_t found = digits.empty() ? 0 : std::stoll(digits);
    EXPECT_EQ(found % step, 0) << text << " " << step;
    const std::int64_t distance = found > value ? found - value : value - found;
    EXPECT_TRUE(2 * distance < step || (2 * distance == step && found > value)) << text << " " << step;
  }
}

}  // namespace
}  // namespace larder::entry::decimal_test
