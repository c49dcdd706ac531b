#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "origin/readers.h"
#include "origin/support.h"

namespace larder::origin::isbndb_test {
namespace {

constexpr std::string_view book =
    R"({"publisher":"Pier","image":"https:\/\/i.example\/c\/1.jpg","title_long":"The Salt Orchard: A Novel",)"
    R"("date_published":"1998-09","subjects":["Salt"],"authors":["Ada Quill","Bo Reed"],)"
    R"("title":"The Salt Orchard","isbn13":"9780306406157","isbn":"0306406152","msrp":"9.99"})";
constexpr std::string_view written =
    R"({"title":"The Salt Orchard","authors":["Ada Quill","Bo Reed"],"isbn10":["0306406152"],)"
    R"("isbn13":["9780306406157"],"firstPublishYear":1998,"coverUrl":"https://i.example/c/1.jpg",)"
    R"("subjects":["Salt"],"ids":{"isbndb":"9780306406157"}})";

std::string works_of(const std::string& json) {
  const auto reply = read_reply("isbndb", by_author(), 200, json);
  return reply ? books_reply("", "", reply->works) : reply.error().message;
}

TEST(isbndb, reads_a_book_and_lists_of_books) {
  const std::string one = R"({"query":"","source":"","works":[)" + std::string(written) + "]}";
  EXPECT_EQ(works_of(R"({"book":)" + std::string(book) + "}"), one);
  EXPECT_EQ(works_of(R"({"total":1,"books":[)" + std::string(book) + "]}"), one);
  EXPECT_EQ(works_of(R"({"author":"Ada Quill","books":[7,)" + std::string(book) + ",{}]}"), one);
  EXPECT_EQ(works_of(R"({"total":1,"data":[)" + std::string(book) + "]}"), one);
}

TEST(isbndb, falls_back_to_the_long_title) {
  EXPECT_EQ(works_of(R"({"book":{"title_long":"Brine","isbn":"9791090636071","date_published":2001}})"),
            R"({"query":"","source":"","works":[{"title":"Brine","authors":[],"isbn10":[],)"
            R"("isbn13":["9791090636071"],"firstPublishYear":2001,"ids":{}}]})");
}

// The key goes with the request: it may reach what was declared, and nothing beside it.
TEST(isbndb, no_value_leaves_its_path) {
  const Access access("https://isbndb.example", "1.0", "");
  for (const LookupKind kind : {LookupKind::title, LookupKind::author, LookupKind::subject}) {
    for (const std::string_view text : {".", "..", " .. ", "/", "//", "../author/x", "x/../..", "..\\x"}) {
      const auto plan = provider_named("isbndb").plan(Lookup(kind, std::string(text)), access);
      ASSERT_FALSE(plan.has_value()) << text;
      EXPECT_EQ(plan.error().kind, ErrorKind::invalid);
      EXPECT_EQ(plan.error().source, "isbndb");
    }
  }
  EXPECT_EQ(provider_named("isbndb").plan(Lookup(LookupKind::title, "AC/DC..."), access)->url,
            "https://isbndb.example/books/AC%2FDC...?page=1&pageSize=20");
}

TEST(isbndb, answers_an_empty_list_with_authority) {
  const auto reply = read_reply("isbndb", by_title(), 200, R"({"total":0,"books":[]})");
  ASSERT_TRUE(reply.has_value());
  EXPECT_TRUE(reply->works.empty());
  EXPECT_EQ(reply->authority, Authority::authoritative);
}

TEST(isbndb, doubts_what_it_cannot_use) {
  for (const char* json : {R"({"book":null})", R"({"book":{}})", R"({"total":3,"books":[]})"}) {
    const auto reply = read_reply("isbndb", by_title(), 200, json);
    ASSERT_TRUE(reply.has_value()) << json;
    EXPECT_TRUE(reply->works.empty()) << json;
    EXPECT_EQ(reply->authority, Authority::doubtful) << json;
  }
}

TEST(isbndb, refuses_other_shapes) {
  const auto shape = read_reply("isbndb", by_title(), 200, R"({"books":"none"})");
  ASSERT_FALSE(shape.has_value());
  EXPECT_EQ(shape.error().kind, ErrorKind::corrupt);
  EXPECT_FALSE(shape.error().retryable);
  const auto error = read_reply("isbndb", by_title(), 200, R"({"errorType":"x","errorMessage":"y"})");
  ASSERT_FALSE(error.has_value());
  EXPECT_EQ(error.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(error.error().retryable);
}

}  // namespace
}  // namespace larder::origin::isbndb_test
