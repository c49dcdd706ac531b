#include "booklist/csv.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace larder::booklist::csv_test {
namespace {

using Rows = std::vector<std::vector<std::string>>;

struct Read {
  Rows rows;
  std::uint64_t stray_quotes = 0;
  std::uint64_t rows_joined = 0;
  std::optional<Error> error;
};

Read read_all(std::string_view text, const ListLimits& limits = ListLimits()) {
  CsvReader reader(text, tell_csv_layout(text), limits);
  Read read;
  for (;;) {
    const auto more = reader.next();
    if (!more) {
      read.error = more.error();
      EXPECT_EQ(reader.next(), false) << "there is no row after an error";
    }
    if (!more || !*more) {
      read.stray_quotes = reader.stray_quotes();
      read.rows_joined = reader.rows_joined();
      return read;
    }
    std::vector<std::string> row;
    for (std::size_t i = 0; i < reader.size(); ++i) {
      row.emplace_back(reader.field(i));
      EXPECT_EQ(reader.field(i), row.back()) << "a field may be asked for again";
    }
    EXPECT_EQ(reader.field(reader.size()), "");
    read.rows.push_back(std::move(row));
  }
}

struct RowsCase {
  std::string_view text;
  Rows rows;
};

TEST(Csv, ReadsRowsAndFields) {
  const RowsCase cases[] = {
      {"a,b\n1,2\n", {{"a", "b"}, {"1", "2"}}},
      {"a,b\n1,2", {{"a", "b"}, {"1", "2"}}},
      {"a,b\r\n1,2\r\n", {{"a", "b"}, {"1", "2"}}},
      {"a,b\r1,2\r", {{"a", "b"}, {"1", "2"}}},
      {"a,b\n1,2\r\n3,4\r5,6", {{"a", "b"}, {"1", "2"}, {"3", "4"}, {"5", "6"}}},
      {"a,b\n\n\r\n1,2\n\n", {{"a", "b"}, {"1", "2"}}},
      {"a,b\n,\n", {{"a", "b"}, {"", ""}}},
      {"a,b\n1,", {{"a", "b"}, {"1", ""}}},
      {"a,b\n\"\"\n", {{"a", "b"}, {""}}},
      {"a,b\n\"\",\"\"", {{"a", "b"}, {"", ""}}},
      {"a,b\n\"x, y\",2\n", {{"a", "b"}, {"x, y", "2"}}},
      {"a,b\n\"x\ny\r\nz\",2\n", {{"a", "b"}, {"x\ny\r\nz", "2"}}},
      {"a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", {{"a", "b"}, {"say \"hi\"", "\""}}},
      {"a,b\n\"\"\"\"\"\",2\n", {{"a", "b"}, {"\"\"", "2"}}},
      {"a,b\n=\"0441172717\",2\n", {{"a", "b"}, {"=\"0441172717\"", "2"}}},
      {"a,b\n\"=\"\"0441172717\"\"\",2\n", {{"a", "b"}, {"=\"0441172717\"", "2"}}},
      {"a,b\n 1 , 2 \n", {{"a", "b"}, {" 1 ", " 2 "}}},
      {"a,b\n1\n1,2,3\n", {{"a", "b"}, {"1"}, {"1", "2", "3"}}},
      {"a\tb\n1,5\t2\n", {{"a", "b"}, {"1,5", "2"}}},
      {"a;b\n1,5;2\n", {{"a", "b"}, {"1,5", "2"}}},
      {"a,b;c\n1,2\n", {{"a", "b;c"}, {"1", "2"}}},
      {"\"a;b;c\",d\n1,2\n", {{"a;b;c", "d"}, {"1", "2"}}},
      {"sep=;\na;b,c,d\n1;2\n", {{"a", "b,c,d"}, {"1", "2"}}},
      {"a\n1\n", {{"a"}, {"1"}}},
      {"\n\na,b\n", {{"a", "b"}}},
      // A tab, and other controls, in a field that is delimited otherwise.
      {"a,b\nx\ty\x01z\x0b,2\n", {{"a", "b"}, {"x\ty\x01z\x0b", "2"}}},
      {"a,b\nM\xc3\xa1rquez \xe6\xb5\xb7,\xf0\x9f\x93\x9a\n",
       {{"a", "b"}, {"M\xc3\xa1rquez \xe6\xb5\xb7", "\xf0\x9f\x93\x9a"}}},
  };
  for (const RowsCase& each : cases) {
    const Read read = read_all(each.text);
    EXPECT_FALSE(read.error.has_value()) << each.text;
    EXPECT_EQ(read.rows, each.rows) << each.text;
    EXPECT_EQ(read.stray_quotes, 0U) << each.text;
    EXPECT_EQ(read.rows_joined, 0U) << each.text;
  }
}

TEST(Csv, FieldsOfEveryLengthEndWhereTheyShould) {
  for (std::size_t length = 0; length < 40; ++length) {
    for (const std::string_view end : {",x\n", "\n", "\r\n", ""}) {
      const std::string field(length, 'f');
      const Read plain = read_all(concat({"h,i\n,", field, end}));
      ASSERT_EQ(plain.rows.size(), 2U);
      EXPECT_EQ(plain.rows[1][1], field);
      const Read quoted = read_all(concat({"h,i\n,\"", field, "\"", end}));
      ASSERT_EQ(quoted.rows.size(), 2U);
      EXPECT_EQ(quoted.rows[1][1], field);
      const Read doubled = read_all(concat({"h,i\n,\"", field, "\"\"\"", end}));
      ASSERT_EQ(doubled.rows.size(), 2U);
      EXPECT_EQ(doubled.rows[1][1], field + "\"");
    }
  }
}

TEST(Csv, TextBehindAClosingQuoteIsKeptAsItStandsAndCounted) {
  const Read read = read_all("a,b\n\"Sense\" and Sensibility,2\n\"x\"  ,\"y\n");
  EXPECT_EQ(read.rows, (Rows{{"a", "b"}, {"\"Sense\" and Sensibility", "2"}}));
  EXPECT_EQ(read.stray_quotes, 2U);
  ASSERT_TRUE(read.error.has_value());
  EXPECT_EQ(
      read.error->message,
      "The quote that opens on line 3 is never closed. Add the missing \" or take the opening one away.");
}

TEST(Csv, QuotesBetweenTabsAreTextWhereTheyWouldJoinRows) {
  const RowsCase cases[] = {
      // Never closed; closed by a quote within another row's field; by one that ends another row's field.
      {"a\tb\tc\n1\t\"loved it\t5\n2\tfine\t4\n3\ta \"great\" read\t4\n",
       {{"a", "b", "c"}, {"1", "\"loved it", "5"}, {"2", "fine", "4"}, {"3", "a \"great\" read", "4"}}},
      {"a\tb\tc\n1\t\"loved it\t5\n2\t\"so so\t4\n",
       {{"a", "b", "c"}, {"1", "\"loved it", "5"}, {"2", "\"so so", "4"}}},
      {"a\tb\tc\n1\t\"loved it\t5\r\n\r\n2\tthe \"end\"\t4\r\n",
       {{"a", "b", "c"}, {"1", "\"loved it", "5"}, {"2", "the \"end\"", "4"}}},
      {"a\tb\tc\n1\t\"loved\t5\n2\tx\n3\tit\"\t4\n",
       {{"a", "b", "c"}, {"1", "\"loved", "5"}, {"2", "x"}, {"3", "it\"", "4"}}},
      {"a\tb\n1\t\"Sense\" and Sensibility\n", {{"a", "b"}, {"1", "\"Sense\" and Sensibility"}}},
  };
  for (const RowsCase& each : cases) {
    const Read read = read_all(each.text);
    EXPECT_FALSE(read.error.has_value()) << each.text;
    EXPECT_EQ(read.rows, each.rows) << each.text;
    EXPECT_GT(read.stray_quotes, 0U) << each.text;
    EXPECT_EQ(read.rows_joined, 0U) << each.text;
  }
}

TEST(Csv, QuotesBetweenTabsQuoteWhereTheLinesAreNoRows) {
  // As spreadsheets write them.
  const RowsCase cases[] = {
      {"a\tb\tc\n1\t\"x\ny\"\t5\n", {{"a", "b", "c"}, {"1", "x\ny", "5"}}},
      {"a\tb\tc\n1\t2\t\"x\ny\"\n", {{"a", "b", "c"}, {"1", "2", "x\ny"}}},
      {"a\tb\tc\n\"x\ny\"\t\"p\nq\"\t\"say \"\"hi\"\"\"\n",
       {{"a", "b", "c"}, {"x\ny", "p\nq", "say \"hi\""}}},
      {"a\tb\n\"x\ty\"\t2\n", {{"a", "b"}, {"x\ty", "2"}}},
  };
  for (const RowsCase& each : cases) {
    const Read read = read_all(each.text);
    EXPECT_EQ(read.rows, each.rows) << each.text;
    EXPECT_EQ(read.stray_quotes, 0U) << each.text;
    EXPECT_EQ(read.rows_joined, 0U) << each.text;
  }
}

TEST(Csv, RowsThatAQuoteMayHaveJoinedAreCounted) {
  // Another number of fields than the header has.
  const Read ragged = read_all("a,b,c\n1,\"x,3\n2,y,3\n3,z\",3,4\n5,\"p\nq\",6\n");
  EXPECT_EQ(ragged.rows, (Rows{{"a", "b", "c"}, {"1", "x,3\n2,y,3\n3,z", "3", "4"}, {"5", "p\nq", "6"}}));
  EXPECT_EQ(ragged.rows_joined, 2U);
  // As many fields as the header, out of lines that are rows.
  const Read whole = read_all("a,b,c\n1,\"x,3\n2,y,3\n3,z\",3\n");
  EXPECT_EQ(whole.rows, (Rows{{"a", "b", "c"}, {"1", "x,3\n2,y,3\n3,z", "3"}}));
  EXPECT_EQ(whole.rows_joined, 2U);
}

TEST(Csv, AFieldWithTextBehindItsQuoteEndsWithItsLine) {
  const Read read = read_all("a,b\n\"x,2\n3,the \"y\" z\n4,5\n");
  EXPECT_EQ(read.rows, (Rows{{"a", "b"}, {"\"x", "2"}, {"3", "the \"y\" z"}, {"4", "5"}}));
  EXPECT_EQ(read.stray_quotes, 1U);
}

TEST(Csv, AQuoteThatIsNeverClosedIsPlainTextBetweenTabs) {
  const Read read = read_all("a\tb\n\"x\t2\n3\t4\n");
  EXPECT_FALSE(read.error.has_value());
  EXPECT_EQ(read.rows, (Rows{{"a", "b"}, {"\"x", "2"}, {"3", "4"}}));
  EXPECT_EQ(read.stray_quotes, 1U);
}

TEST(Csv, LimitsHaveTheirMessages) {
  ListLimits limits;
  limits.rows_max = 2;
  limits.fields_max = 3;
  limits.field_bytes_max = Bytes(4);
  EXPECT_EQ(read_all("a,b\n1\n2\n", limits).rows.size(), 3U);
  EXPECT_FALSE(read_all("a,b,c\nabcd,\"efgh\",\n", limits).error.has_value());

  const auto message = [&](std::string_view text) {
    const auto error = read_all(text, limits).error;
    EXPECT_TRUE(error.has_value() && error->kind == ErrorKind::too_large && !error->retryable) << text;
    return error ? error->message : "";
  };
  EXPECT_EQ(
      message("a,b\n1\n2\n3\n"),
      "The list has more than 2 rows. Split it, repeat the header line in each part, and upload the parts "
      "one after the other.");
  EXPECT_EQ(message("a,b\n\n1,2,3,4\n"),
            "The row on line 3 has more than 3 fields. Remove columns, or the stray delimiters in that row.");
  const std::string_view too_long =
      "The row on line 3 has a field of more than 4 bytes. Shorten it; if it looks short, a quote before it "
      "is not "
      "closed.";
  EXPECT_EQ(message("a,b\r\n\"x\r\",1\r\n1,abcde\r\n").substr(0, 25), "The row on line 4 has a f");
  EXPECT_EQ(message("a,b\n1,2\n\"abcde\"\n"), too_long);
  EXPECT_EQ(message("a,b\n1,2\n\"ab\"cd\n"), too_long);
}

TEST(CsvText, Utf8IsAViewOfTheBytesWithoutItsMark) {
  const std::string bytes =
      "\xef\xbb\xbf"
      "a,b\n\xc3\xa9,2";
  const auto text = read_csv_text(bytes, ListLimits());
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->text().data(), bytes.data() + 3);
  EXPECT_EQ(text->text(), "a,b\n\xc3\xa9,2");
  EXPECT_EQ(to_text(text->encoding()), "utf-8");
}

TEST(CsvText, OtherBytesAreTakenForWindows1252) {
  // é, then the euro sign, curly quotes, one of the five bytes that have no character, and ÿ.
  const auto text = read_csv_text("caf\xe9 \x80 \x93\x94 \x81 \xff", ListLimits());
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->text(), "caf\xc3\xa9 \xe2\x82\xac \xe2\x80\x9c\xe2\x80\x9d \xc2\x81 \xc3\xbf");
  EXPECT_EQ(to_text(text->encoding()), "windows-1252");
  EXPECT_EQ(text->fields_repaired(), 1U);
}

TEST(CsvText, AWrongByteSpoilsNoFieldButItsOwn) {
  struct RepairCase {
    std::string_view bytes;
    std::string_view text;
    std::string_view encoding;
    std::uint64_t fields_repaired;
  };
  const RepairCase cases[] = {
      {"t\ts\nMa\xc3\xaetre\tCort\xe2zar, J.\n", "t\ts\nMa\xc3\xaetre\tCort\xc3\xa2zar, J.\n",
       "utf-8 and windows-1252", 1},
      {"a,b\r\n\xe9,\"x\n\xe8\",\xc3\xa9", "a,b\r\n\xc3\xa9,\"x\n\xc3\xa8\",\xc3\xa9",
       "utf-8 and windows-1252", 2},
      // A slip in UTF-8, as where a text was cut off at a number of bytes.
      {"\xc3\x89mile \xc3\xa9t\xc3\xa9 \xe9", "\xc3\x89mile \xc3\xa9t\xc3\xa9 \xc3\xa9",
       "utf-8 and windows-1252", 1},
      // É and a closing quotation mark look like one character of UTF-8.
      {"\x93"
       "CAF\xc9\x94",
       "\xe2\x80\x9c"
       "CAF\xc3\x89\xe2\x80\x9d",
       "windows-1252", 1},
      {"plain,caf\xe9", "plain,caf\xc3\xa9", "windows-1252", 1},
  };
  for (const RepairCase& each : cases) {
    const auto text = read_csv_text(each.bytes, ListLimits());
    ASSERT_TRUE(text.has_value());
    EXPECT_EQ(text->text(), each.text);
    EXPECT_EQ(to_text(text->encoding()), each.encoding) << each.text;
    EXPECT_EQ(text->fields_repaired(), each.fields_repaired) << each.text;
  }
}

std::string utf16(std::u16string_view text, bool little) {
  std::string bytes;
  for (const char16_t unit : text) {
    const auto low = static_cast<char>(unit & 0xff);
    const auto high = static_cast<char>(unit >> 8);
    bytes.push_back(little ? low : high);
    bytes.push_back(little ? high : low);
  }
  return bytes;
}

TEST(CsvText, Utf16WithAMarkIsRecovered) {
  for (const bool little : {true, false}) {
    const auto text = read_csv_text(utf16(u"\ufeffa\t\u00e9\n\u6d77\t\U0001f4da", little), ListLimits());
    ASSERT_TRUE(text.has_value());
    EXPECT_EQ(text->text(), "a\t\xc3\xa9\n\xe6\xb5\xb7\t\xf0\x9f\x93\x9a");
    EXPECT_EQ(to_text(text->encoding()), "utf-16");
  }
}

TEST(CsvText, RefusalsSayWhatToDo) {
  using namespace std::string_view_literals;
  const std::string utf16_advice =
      ". Save it again, as CSV UTF-8 if the program offers that, and upload the new file.";
  const std::string empty = "The file is empty. Export the list again and upload the file that comes of it.";
  const std::string binary = "This file is binary, not text. Export the list as CSV (UTF-8) and upload that.";
  const std::pair<std::string, std::string> cases[] = {
      {"", empty},
      {"\xef\xbb\xbf", empty},
      {" \r\n\n\t ", empty},
      {"\xff\xfe", empty},
      {"PK\x03\x04 and so on",
       "This is a spreadsheet or a ZIP archive, not CSV. Open it, save the sheet as CSV UTF-8, and upload "
       "that."},
      {std::string("a,b\n1,2\0and more\n"sv), binary},
      {std::string("\xe9\0"sv), binary},
      {std::string("\0"sv), binary},
      {"\xff\xfe"
       "a",
       "This file is UTF-16 that breaks off in the middle of a character" + utf16_advice},
      {utf16(u"\ufeffa\xd83d", true),
       "This file is UTF-16 that has half of a character where a whole one should be" + utf16_advice},
      {utf16(u"\ufeff\xdcda,", false),
       "This file is UTF-16 that has half of a character where a whole one should be" + utf16_advice},
      {utf16(std::u16string_view(u"\ufeffa\0b", 4), true),
       "This file is UTF-16 that holds zeros, which no text does" + utf16_advice},
  };
  for (const auto& [bytes, message] : cases) {
    const auto text = read_csv_text(bytes, ListLimits());
    ASSERT_FALSE(text.has_value()) << message;
    EXPECT_EQ(text.error().kind, ErrorKind::invalid);
    EXPECT_EQ(text.error().message, message);
  }
}

TEST(CsvText, ALargeFileIsRefusedByItsSizeAlone) {
  const Bytes upload(std::uint64_t{50} << 20);
  const auto checked = check_file_size(upload, ListLimits());
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().kind, ErrorKind::too_large);
  EXPECT_EQ(checked.error().message,
            "The list has 52428800 bytes; at most 10485760 are taken. Split it, repeat the header line in "
            "each part, "
            "and upload the parts one after the other.");
  EXPECT_EQ(check_file_size(Bytes(std::uint64_t{10} << 20), ListLimits()), Bytes(std::uint64_t{10} << 20));

  ListLimits limits;
  limits.file_bytes_max = Bytes(3);
  EXPECT_TRUE(read_csv_text("abc", limits).has_value());
  // Not even looked at: the zeros would be another refusal.
  EXPECT_EQ(read_csv_text(std::string_view("\0\0\0\0", 4), limits).error().kind, ErrorKind::too_large);
}

}  // namespace
}  // namespace larder::booklist::csv_test
