#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace larder::json_writer_test {
namespace {

using namespace std::string_view_literals;

std::string quoted(std::string_view text) {
  JsonWriter json;
  json.value(text);
  return std::move(json).take();
}

std::string number(double value) {
  JsonWriter json;
  json.value(value);
  return std::move(json).take();
}

TEST(JsonWriter, WritesNestedValuesWithCommasWhereTheyBelong) {
  JsonWriter json;
  json.begin_object()
      .key("a")
      .value(1)
      .key("b")
      .begin_array()
      .value("x")
      .begin_object()
      .end_object()
      .begin_array();
  json.end_array()
      .null()
      .value(true)
      .end_array()
      .key("c")
      .texts({"p", "q"})
      .key("d")
      .raw("{\"e\":[]}")
      .end_object();
  EXPECT_EQ(std::move(json).take(), R"({"a":1,"b":["x",{},[],null,true],"c":["p","q"],"d":{"e":[]}})");
}

TEST(JsonWriter, WritesEmptyThings) {
  JsonWriter json;
  json.begin_array().texts({}).value("").end_array();
  EXPECT_EQ(std::move(json).take(), R"([[],""])");
}

TEST(JsonWriter, EscapesWhatMustBeEscaped) {
  EXPECT_EQ(quoted("a\"b\\c\n\t\x01\0\x1f"sv), R"("a\"b\\c\u000a\u0009\u0001\u0000\u001f")");
  EXPECT_EQ(quoted("/\x7f é 😀"), "\"/\x7f é 😀\"");
}

TEST(JsonWriter, ReplacesBrokenBytesOnly) {
  EXPECT_EQ(quoted("é\xff!"), "\"é\xef\xbf\xbd!\"");
  EXPECT_EQ(quoted("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(quoted("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(quoted("\xc3\""), "\"\xef\xbf\xbd\\\"\"");
}

TEST(JsonWriter, EscapesKeysToo) {
  JsonWriter json;
  json.begin_object().key("a\"b").value("c").end_object();
  EXPECT_EQ(std::move(json).take(), R"({"a\"b":"c"})");
}

TEST(JsonWriter, WritesIntegersOfEveryWidth) {
  JsonWriter json;
  json.begin_array().value(std::numeric_limits<std::int64_t>::min()).value(UINT64_MAX).value(std::uint8_t{7});
  json.value(-1).value(false).end_array();
  EXPECT_EQ(std::move(json).take(), "[-9223372036854775808,18446744073709551615,7,-1,false]");
}

TEST(JsonWriter, WritesDecimals) {
  EXPECT_EQ(number(0.0), "0");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(number(1.5), "1.5");
  EXPECT_EQ(number(-2.25), "-2.25");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(1e-6), "0.000001");
  EXPECT_EQ(number(-1e-7), "0");
  EXPECT_EQ(number(0.9999999), "1");
  EXPECT_EQ(number(8e12), "8000000000000");
  EXPECT_EQ(number(1e13), "null");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonWriterDeathTest, InsistsOnBalance) {
  EXPECT_DEATH(
      {
        JsonWriter json;
        json.begin_object();
        static_cast<void>(std::move(json).take());
      },
      "assertion failed");
  EXPECT_DEATH(
      {
        JsonWriter json;
        json.end_array();
      },
      "assertion failed");
}

}  // namespace
}  // namespace larder::json_writer_test
