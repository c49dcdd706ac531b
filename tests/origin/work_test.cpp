#include "origin/work.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "origin/work_builder.h"

namespace larder::origin::work_test {
namespace {

using Texts = std::vector<std::string>;

Work finished(WorkBuilder builder) {
  builder.title("The Salt Orchard");
  return *std::move(builder).finish();
}

TEST(books_reply, writes_every_member_in_order) {
  WorkBuilder builder("");
  builder.title("The Salt Orchard");
  builder.subtitle("A \"Quiet\" Novel");
  builder.author("Ada Quill");
  builder.isbn("0306406152");
  builder.year(1998);
  builder.openlibrary_cover(42);
  builder.subject("Orchards");
  builder.openlibrary_id("/works/OL12W");
  builder.google_id("aB-_9");
  builder.isbndb_id("9780306406157");
  EXPECT_EQ(books_reply("salt", "openlibrary", {*std::move(builder).finish()}),
            R"({"query":"salt","source":"openlibrary","works":[{"title":"The Salt Orchard",)"
            R"("subtitle":"A \"Quiet\" Novel","authors":["Ada Quill"],"isbn10":["0306406152"],)"
            R"("isbn13":["9780306406157"],"firstPublishYear":1998,)"
            R"("coverUrl":"https://covers.openlibrary.org/b/id/42-L.jpg","subjects":["Orchards"],)"
            R"("ids":{"openlibrary":"OL12W","google":"aB-_9","isbndb":"9780306406157"}}]})");
}

TEST(books_reply, leaves_out_what_is_absent) {
  EXPECT_EQ(books_reply("", "openlibrary", {finished(WorkBuilder(""))}),
            R"({"query":"","source":"openlibrary","works":[{"title":"The Salt Orchard","authors":[],)"
            R"("isbn10":[],"isbn13":[],"ids":{}}]})");
  EXPECT_EQ(books_reply("x", "isbndb", {}), R"({"query":"x","source":"isbndb","works":[]})");
}

TEST(work_builder, needs_a_title) {
  WorkBuilder builder("");
  builder.author("Ada Quill");
  builder.title(" \t\n");
  builder.title(std::string_view("\0", 1));
  EXPECT_FALSE(std::move(builder).finish().has_value());
}

TEST(work_builder, cleans_text) {
  WorkBuilder builder("");
  builder.author(std::string_view("  Ada\0 \n Quill\x7f ", 16));
  builder.author("Ada Quill");
  builder.author("");
  EXPECT_EQ(finished(std::move(builder)).authors, Texts{"Ada Quill"});
}

TEST(work_builder, cuts_text_between_code_points) {
  WorkBuilder builder("");
  builder.author(std::string(author_bytes_max - 1, 'a') + "é");
  std::string megabytes;
  for (int i = 0; i < 4'000'000; ++i) {
    megabytes.append("é");
  }
  builder.subtitle("x" + megabytes);
  const Work work = finished(std::move(builder));
  EXPECT_EQ(work.authors, Texts{std::string(author_bytes_max - 1, 'a')});
  EXPECT_EQ(work.subtitle.size(), title_bytes_max - 1);
  EXPECT_TRUE(is_utf8(work.subtitle));
}

TEST(work_builder, gives_both_forms_of_an_isbn_once) {
  WorkBuilder builder("");
  for (const char* isbn : {"3-16-148410-X", "9780306406157", "0306406152", "978-3-16-148410-0", "316148410x",
                           "9791090636071", "0306406153", "9780306406158", "", "X", "not an ISBN"}) {
    builder.isbn(isbn);
  }
  const Work work = finished(std::move(builder));
  EXPECT_EQ(work.isbn13, (Texts{"9783161484100", "9780306406157", "9791090636071"}));
  EXPECT_EQ(work.isbn10, (Texts{"316148410X", "0306406152"}));
}

// The n-th ISBN of a made-up publisher.
std::string nth_isbn(std::size_t n) {
  const std::string digits = "978" + to_text(std::uint64_t{100000000 + n});
  for (char check = '0'; check <= '9'; ++check) {
    WorkBuilder builder("");
    builder.isbn(digits + check);
    if (!finished(std::move(builder)).isbn13.empty()) {
      return digits + check;
    }
  }
  return "";
}

TEST(work_builder, keeps_the_wanted_isbn_where_there_are_too_many) {
  WorkBuilder indifferent("");
  WorkBuilder wanting("9780306406157");
  for (std::size_t n = 0; n < isbns_per_work_max + 5; ++n) {
    indifferent.isbn(nth_isbn(n));
    wanting.isbn(nth_isbn(n));
  }
  indifferent.isbn("0306406152");
  wanting.isbn("0306406152");
  const Work without = finished(std::move(indifferent));
  const Work with = finished(std::move(wanting));
  EXPECT_EQ(without.isbn13.size(), isbns_per_work_max);
  EXPECT_EQ(without.isbn13.back(), nth_isbn(isbns_per_work_max - 1));
  EXPECT_EQ(with.isbn13.size(), isbns_per_work_max);
  EXPECT_EQ(with.isbn13.back(), "9780306406157");
  EXPECT_EQ(with.isbn10.back(), "0306406152");
}

TEST(work_builder, bounds_its_lists) {
  WorkBuilder builder("");
  for (std::uint64_t n = 0; n < 1000; ++n) {
    builder.author("Author " + to_text(n));
    builder.subject("Subject " + to_text(n));
  }
  const Work work = finished(std::move(builder));
  EXPECT_EQ(work.authors.size(), authors_per_work_max);
  EXPECT_EQ(work.subjects.size(), subjects_per_work_max);
  EXPECT_EQ(work.subjects.back(), "Subject 19");
}

TEST(work_builder, reads_the_year_out_of_a_date) {
  const struct {
    const char* date;
    std::optional<std::int32_t> year;
  } rows[] = {
      {"1985", 1985},         {"2012-09-01", 2012},       {"Sep 01, 2015", 2015},
      {"c1995.", 1995},       {"2017-01-01T00:00", 2017}, {"0800", 800},
      {"", std::nullopt},     {"198?", std::nullopt},     {"20170101", std::nullopt},
      {"9999", std::nullopt},
  };
  for (const auto& row : rows) {
    WorkBuilder builder("");
    builder.year_in(row.date);
    EXPECT_EQ(finished(std::move(builder)).first_publish_year, row.year) << row.date;
  }
}

TEST(work_builder, drops_years_out_of_range) {
  const std::pair<std::int64_t, bool> rows[] = {{-3000, true},     {-3001, false}, {0, true},
                                                {2100, true},      {2101, false},  {INT64_MAX, false},
                                                {INT64_MIN, false}};
  for (const auto& [year, kept] : rows) {
    WorkBuilder builder("");
    builder.year(year);
    EXPECT_EQ(finished(std::move(builder)).first_publish_year.has_value(), kept) << year;
  }
}

TEST(work_builder, takes_covers_that_are_addresses) {
  const std::pair<std::string, std::string> rows[] = {
      {"http://books.example/c?id=1&zoom=5", "https://books.example/c?id=1&zoom=5"},
      {"HTTPS://books.example/c", "https://books.example/c"},
      {"//books.example/c", ""},
      {"javascript:alert(1)", ""},
      {"https://", ""},
      {"https://books.example/a b", ""},
      {"https://books.example/\"onerror=", ""},
      {"https://books.example/\r\nx", ""},
      {"https://books.example/" + std::string(cover_url_bytes_max, 'c'), ""},
  };
  for (const auto& [url, cover] : rows) {
    WorkBuilder builder("");
    builder.cover(url);
    EXPECT_EQ(finished(std::move(builder)).cover_url, cover) << url;
  }
}

TEST(work_builder, prefers_a_work_to_an_edition) {
  WorkBuilder builder("");
  for (const char* key :
       {"/books/OL7M", "/works/OL12W", "/books/OL8M", "/authors/OL9A", "/works/OLW", "OL1x2W"}) {
    builder.openlibrary_id(key);
  }
  EXPECT_EQ(finished(std::move(builder)).ids.openlibrary, "OL12W");
}

TEST(work_builder, takes_a_statement_only_for_a_single_name) {
  const std::pair<const char*, Texts> rows[] = {
      {"by Ada Quill.", {"Ada Quill"}},      {"Ada Quill", {"Ada Quill"}}, {"Ada Quill and Bo Reed.", {}},
      {"Ada Quill ; drawn by Bo Reed.", {}}, {"[Ada Quill]", {}},          {".", {}},
      {"edited by Ada Quill", {}},
  };
  for (const auto& [statement, authors] : rows) {
    WorkBuilder builder("");
    builder.author_statement(statement);
    EXPECT_EQ(finished(std::move(builder)).authors, authors) << statement;
  }
  WorkBuilder named("");
  named.author_statement("by A. Q.");
  named.author("Ada Quill");
  EXPECT_EQ(finished(std::move(named)).authors, Texts{"Ada Quill"});
}

TEST(put_first, keeps_the_order_of_the_others) {
  std::vector<Work> works;
  for (const char* isbn : {"", "0306406152", "316148410X", "9780306406157"}) {
    WorkBuilder builder("");
    builder.isbn(isbn);
    builder.title("Work " + to_text(std::uint64_t{works.size()}));
    works.push_back(*std::move(builder).finish());
  }
  put_first(works, "9780306406157");
  Texts titles;
  for (const Work& work : works) {
    titles.push_back(work.title);
  }
  EXPECT_EQ(titles, (Texts{"Work 1", "Work 3", "Work 0", "Work 2"}));
}

}  // namespace
}  // namespace larder::origin::work_test
