#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "origin/readers.h"
#include "origin/support.h"

namespace larder::origin::openlibrary_test {
namespace {

using Texts = std::vector<std::string>;

Result<Reply> search(std::string_view json, const Lookup& lookup = by_title()) {
  return read_reply("openlibrary", lookup, 200, json);
}

// The works of a reply with these docs, as they are written.
std::string works_of(const std::string& docs) {
  const auto reply = search(R"({"numFound":9,"docs":[)" + docs + "]}");
  return reply ? books_reply("", "", reply->works) : reply.error().message;
}

std::string written(const std::string& works) {
  return R"({"query":"","source":"","works":[)" + works + "]}";
}

TEST(openlibrary_search, gives_every_member) {
  EXPECT_EQ(works_of(R"({"key":"/works/OL12W","type":"work","title":"The Salt Orchard","title_suggest":"No",
                         "subtitle":"A Novel","author_key":["OL1A","OL2A"],"author_name":["Ada Quill","Bo Reed"],
                         "first_publish_year":1998,"publish_year":[2004],"cover_i":42,
                         "isbn":["316148410X","9780306406157"],"subject":["Orchards","Salt"],
                         "seed":[{"a":[1,{"title":"No"}]}],"has_fulltext":false,"_version_":1718394918431359000})"),
            written(R"({"title":"The Salt Orchard","subtitle":"A Novel","authors":["Ada Quill","Bo Reed"],)"
                    R"("isbn10":["316148410X","0306406152"],"isbn13":["9783161484100","9780306406157"],)"
                    R"("firstPublishYear":1998,"coverUrl":"https://covers.openlibrary.org/b/id/42-L.jpg",)"
                    R"("subjects":["Orchards","Salt"],"ids":{"openlibrary":"OL12W"}})"));
}

TEST(openlibrary_search, knows_members_by_names_with_escapes) {
  EXPECT_EQ(works_of(R"({"titl\u0065" : "T", "\u006b\u0065y":"/works/OL1W", "a\\":1, "b\"title":"No"})"),
            written(R"({"title":"T","authors":[],"isbn10":[],"isbn13":[],"ids":{"openlibrary":"OL1W"}})"));
  EXPECT_FALSE(search(R"({"docs":[{"title":"T","\x":1}]})"));
  EXPECT_FALSE(search(R"({"docs":[{"title":"T","\u00g0":1}]})"));
}

TEST(openlibrary_search, takes_another_type_for_absent) {
  const std::string bare = R"({"title":"T","authors":[],"isbn10":[],"isbn13":[],"ids":{}})";
  for (const char* member : {
           R"("subtitle":7)",
           R"("subtitle":null)",
           R"("subtitle":["a"])",
           R"("subtitle":{"title":"b"})",
           R"("key":12)",
           R"("key":"/authors/OL1A")",
           R"("author_name":"Ada Quill")",
           R"("author_name":{"0":"Ada Quill"})",
           R"("author_name":[null,1,["Ada"],{"name":"Ada"},true])",
           R"("isbn":{"a":"9780306406157"})",
           R"("isbn":[["9780306406157"],null,1.5,-1,1e400,123456789012345678901234567890])",
           R"("cover_i":-1)",
           R"("cover_i":0)",
           R"("cover_i":"42")",
           R"("cover_i":4.2)",
           R"("cover_i":18446744073709551615)",
           R"("first_publish_year":3000)",
           R"("first_publish_year":1998.5)",
           R"("first_publish_year":[1998])",
           R"("first_publish_year":true)",
           R"("subject":[[]])",
       }) {
    EXPECT_EQ(works_of(std::string(R"({"title":"T",)") + member + "}"), written(bare)) << member;
    EXPECT_EQ(works_of(std::string("{") + member + R"(,"title":"T"})"), written(bare)) << member;
  }
}

TEST(openlibrary_search, forgives_quotes_forgotten_and_added) {
  EXPECT_EQ(works_of(R"({"title":"T","first_publish_year":"1998","isbn":[9780306406157,"not one"]})"),
            written(R"({"title":"T","authors":[],"isbn10":["0306406152"],"isbn13":["9780306406157"],)"
                    R"("firstPublishYear":1998,"ids":{}})"));
  EXPECT_EQ(
      works_of(R"({"title":"T","isbn":"0306406152"})"),
      written(R"({"title":"T","authors":[],"isbn10":["0306406152"],"isbn13":["9780306406157"],"ids":{}})"));
}

TEST(openlibrary_search, leaves_out_docs_without_a_title) {
  EXPECT_EQ(works_of(R"({"key":"/works/OL1W"},{"title":""},{"title":12},7,null,[{"title":"T"}],"T",{},
                        {"title":"T"})"),
            written(R"({"title":"T","authors":[],"isbn10":[],"isbn13":[],"ids":{}})"));
}

TEST(openlibrary_search, joins_members_that_come_twice) {
  EXPECT_EQ(works_of(R"({"title":"A","title":"T","title":7,"author_name":["X"],"author_name":["Y","X"]})"),
            written(R"({"title":"T","authors":["X","Y"],"isbn10":[],"isbn13":[],"ids":{}})"));
}

TEST(openlibrary_search, unescapes_keys_and_text) {
  EXPECT_EQ(
      works_of(R"({"t\u0069tle":"Sel\u00e9n\u0000 \ud83c\udf0a \ud800","author_name":["\u0007Ada\tQuill"]})"),
      written(
          "{\"title\":\"Selén \U0001F30A \uFFFD\",\"authors\":[\"Ada Quill\"],\"isbn10\":[],\"isbn13\":[],"
          "\"ids\":{}}"));
}

TEST(openlibrary_search, puts_the_isbn_that_was_asked_for_first) {
  const auto reply = search(R"({"numFound":2,"docs":[{"title":"Other","isbn":["316148410X"]},
                                {"title":"Wanted","isbn":["0306406152"]}]})",
                            by_isbn());
  ASSERT_TRUE(reply.has_value());
  ASSERT_EQ(reply->works.size(), 2U);
  EXPECT_EQ(reply->works[0].title, "Wanted");
  EXPECT_EQ(reply->works[1].title, "Other");
}

TEST(openlibrary_search, takes_other_isbns_alone_for_no_answer) {
  const auto other = search(R"({"numFound":1,"docs":[{"title":"Other","isbn":["316148410X"]}]})", by_isbn());
  ASSERT_TRUE(other.has_value());
  EXPECT_TRUE(other->works.empty());
  EXPECT_EQ(other->authority, Authority::doubtful);
  EXPECT_FALSE(other->claims_some) << "what it claims is what it sent";
  // What carries none may be it.
  const auto unnumbered = search(R"({"numFound":2,"docs":[{"title":"Other","isbn":["316148410X"]},
                                     {"title":"Unnumbered"}]})",
                                 by_isbn());
  ASSERT_TRUE(unnumbered.has_value());
  ASSERT_EQ(unnumbered->works.size(), 1U);
  EXPECT_EQ(unnumbered->works[0].title, "Unnumbered");
}

TEST(openlibrary_search, bounds_the_works) {
  std::string docs = R"({"title":"0"})";
  for (std::size_t n = 1; n < works_max + 20; ++n) {
    docs += R"(,{"title":")" + std::to_string(n) + "\"}";
  }
  const auto reply = search(R"({"docs":[)" + docs + "]}");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->works.size(), works_max);
  EXPECT_EQ(reply->works.back().title, std::to_string(works_max - 1));
}

TEST(openlibrary_search, is_sure_of_nothing_only_if_it_says_so) {
  const struct {
    const char* json;
    Authority authority;
  } rows[] = {
      {R"({"numFound":0,"start":0,"docs":[]})", Authority::authoritative},
      {R"({"docs":[]})", Authority::authoritative},
      {R"({"numFound":3,"docs":[]})", Authority::doubtful},
      {R"({"numFound":1,"docs":[{"key":"/works/OL1W"}]})", Authority::doubtful},
      {R"({"docs":[null]})", Authority::doubtful},
  };
  for (const auto& row : rows) {
    const auto reply = search(row.json);
    ASSERT_TRUE(reply.has_value()) << row.json;
    EXPECT_TRUE(reply->works.empty()) << row.json;
    EXPECT_EQ(reply->authority, row.authority) << row.json;
    EXPECT_EQ(reply->claims_some, row.authority == Authority::doubtful) << row.json;
  }
}

TEST(openlibrary_search, refuses_other_shapes) {
  for (const char* json :
       {"{}", R"({"numFound":0})", R"({"docs":null})", R"({"docs":{"title":"T"}})",
        R"({"numFound":1,"docs":"T"})", "[]", R"([{"docs":[]}])", "null", "7", R"("docs")"}) {
    const auto reply = search(json);
    ASSERT_FALSE(reply.has_value()) << json;
    EXPECT_EQ(reply.error().kind, ErrorKind::corrupt) << json;
    EXPECT_FALSE(reply.error().retryable) << json;
  }
}

TEST(openlibrary_search, tells_an_error_that_comes_with_200) {
  const auto reply = search(R"({"error":"the index is being rebuilt"})");
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(reply.error().retryable);
}

std::string record_of(std::string_view json) {
  const PaddedCopy copy(json);
  const auto reply = read_any(copy.view());
  return reply ? books_reply("", "", reply->works) : reply.error().message;
}

TEST(openlibrary_record, reads_an_edition) {
  EXPECT_EQ(record_of(R"({"type":{"key":"/type/edition"},"key":"/books/OL7M","title":"The Salt Orchard",
                          "subtitle":"A Novel","authors":[{"key":"/authors/OL1A"}],"by_statement":"by Ada Quill.",
                          "isbn_10":["0306406152"],"isbn_13":["9783161484100"],"publish_date":"Sep 01, 1998",
                          "covers":[-1,42,43],"subjects":["Orchards."],"works":[{"key":"/works/OL12W"}]})"),
            written(R"({"title":"The Salt Orchard","subtitle":"A Novel","authors":["Ada Quill"],)"
                    R"("isbn10":["0306406152","316148410X"],"isbn13":["9780306406157","9783161484100"],)"
                    R"("firstPublishYear":1998,"coverUrl":"https://covers.openlibrary.org/b/id/42-L.jpg",)"
                    R"("subjects":["Orchards."],"ids":{"openlibrary":"OL12W"}})"));
}

TEST(openlibrary_record, reads_a_work) {
  EXPECT_EQ(
      record_of(R"({"first_publish_date":"1998","key":"/works/OL12W","title":"The Salt Orchard",
                          "authors":[{"author":{"key":"/authors/OL1A"}}],"covers":[42],"subjects":["Salt"]})"),
      written(R"({"title":"The Salt Orchard","authors":[],"isbn10":[],"isbn13":[],"firstPublishYear":1998,)"
              R"("coverUrl":"https://covers.openlibrary.org/b/id/42-L.jpg","subjects":["Salt"],)"
              R"("ids":{"openlibrary":"OL12W"}})"));
}

TEST(openlibrary_record, needs_a_title) {
  const PaddedCopy copy(R"({"key":"/works/OL12W","title":null})");
  const auto reply = read_openlibrary_record(copy.view(), "");
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().kind, ErrorKind::corrupt);
}

TEST(openlibrary_isbns, reads_editions_by_isbn) {
  EXPECT_EQ(
      record_of(R"({"ISBN:9780306406157":{"key":"/books/OL7M","title":"The Salt Orchard",
                          "authors":[{"url":"https://x.example","name":"Ada Quill"}],
                          "identifiers":{"isbn_10":["316148410X"],"openlibrary":["OL7M"]},"publish_date":"1998",
                          "subjects":[{"name":"Salt","url":"https://x.example"}],
                          "cover":{"small":"https://c.example/s","large":"https://c.example/l",
                                   "medium":"https://c.example/m"}}})"),
      written(R"({"title":"The Salt Orchard","authors":["Ada Quill"],"isbn10":["0306406152","316148410X"],)"
              R"("isbn13":["9780306406157","9783161484100"],"firstPublishYear":1998,)"
              R"("coverUrl":"https://c.example/l","subjects":["Salt"],"ids":{"openlibrary":"OL7M"}})"));
}

TEST(openlibrary_isbns, tells_none_from_something_else) {
  const PaddedCopy none("{}");
  const PaddedCopy other(R"({"docs":[]})");
  const auto empty = read_openlibrary_isbns(none.view(), "");
  ASSERT_TRUE(empty.has_value());
  EXPECT_TRUE(empty->works.empty());
  EXPECT_FALSE(read_openlibrary_isbns(other.view(), "").has_value());
}

}  // namespace
}  // namespace larder::origin::openlibrary_test
