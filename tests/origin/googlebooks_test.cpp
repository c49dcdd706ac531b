#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "origin/readers.h"
#include "origin/support.h"

namespace larder::origin::googlebooks_test {
namespace {

Result<Reply> volumes(std::string_view json, std::uint32_t status = 200) {
  return read_reply("googlebooks", by_isbn(), status, json);
}

TEST(google_volumes, gives_every_member) {
  const auto reply = volumes(R"({"kind":"books#volumes","totalItems":2,"items":[
      {"kind":"books#volume","id":"aB-_9","volumeInfo":{"title":"Brine","publishedDate":"2003-05",
        "industryIdentifiers":[{"type":"OTHER","identifier":"LIB:0306406152"},
                               {"type":"OTHER","identifier":"9780306406157"},
                               {"type":"ISBN_10","identifier":"316148410X"}],
        "imageLinks":{"smallThumbnail":"http://b.example/s?zoom=5"}}},
      {"volumeInfo":{"imageLinks":{"thumbnail":"http://b.example/t?zoom=1","smallThumbnail":"http://b.example/s"},
        "title":"The Salt Orchard","subtitle":"A Novel","authors":["Ada Quill"],"categories":["Fiction"],
        "publishedDate":"1998-09-01","industryIdentifiers":[{"identifier":"9780306406157","type":"ISBN_13"},
                                                            {"identifier":"0306406152","type":"ISBN_10"}]},
       "id":"cD12"}]})");
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(
      books_reply("", "", reply->works),
      R"({"query":"","source":"","works":[{"title":"The Salt Orchard","subtitle":"A Novel",)"
      R"("authors":["Ada Quill"],"isbn10":["0306406152"],"isbn13":["9780306406157"],"firstPublishYear":1998,)"
      R"("coverUrl":"https://b.example/t?zoom=1","subjects":["Fiction"],"ids":{"google":"cD12"}},)"
      R"({"title":"Brine","authors":[],"isbn10":["316148410X"],"isbn13":["9783161484100"],)"
      R"("firstPublishYear":2003,"coverUrl":"https://b.example/s?zoom=5","ids":{"google":"aB-_9"}}]})");
}

TEST(google_volumes, is_sure_of_nothing_only_if_it_says_so) {
  const auto none = volumes(R"({"kind":"books#volumes","totalItems":0})");
  ASSERT_TRUE(none.has_value());
  EXPECT_TRUE(none->works.empty());
  EXPECT_EQ(none->authority, Authority::authoritative);
  const auto withheld = volumes(R"({"kind":"books#volumes","totalItems":404})");
  ASSERT_TRUE(withheld.has_value());
  EXPECT_EQ(withheld->authority, Authority::doubtful);
}

TEST(google_volumes, leaves_out_volumes_of_another_shape) {
  const auto reply = volumes(R"({"totalItems":"2","items":[7,{"volumeInfo":[]},{"volumeInfo":{"title":"T",
      "industryIdentifiers":[{"type":13,"identifier":"0306406152"},{"type":"ISBN_10"},"x",null],
      "authors":"Ada","imageLinks":"http://b.example","publishedDate":{}}}]})");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(
      books_reply("", "", reply->works),
      R"({"query":"","source":"","works":[{"title":"T","authors":[],"isbn10":[],"isbn13":[],"ids":{}}]})");
}

TEST(google_volumes, refuses_other_shapes) {
  for (const char* json : {"{}", R"({"kind":"books#volumes"})", R"({"items":{}})", "[]"}) {
    const auto reply = volumes(json);
    ASSERT_FALSE(reply.has_value()) << json;
    EXPECT_EQ(reply.error().kind, ErrorKind::corrupt) << json;
    EXPECT_FALSE(reply.error().retryable) << json;
  }
}

TEST(google_error, tells_quotas_from_refusals) {
  const struct {
    std::uint32_t status;
    const char* json;
    ErrorKind kind;
    bool retryable;
    const char* told;
  } rows[] = {
      {429,
       R"({"error":{"code":429,"errors":[{"reason":"rateLimitExceeded"}],"status":"RESOURCE_EXHAUSTED"}})",
       ErrorKind::rejected, true, "(rateLimitExceeded)"},
      {400, R"({"error":{"code":400,"errors":[{"reason":"dailyLimitExceeded"}]}})", ErrorKind::rejected, true,
       "(dailyLimitExceeded)"},
      {403, R"({"error":{"status":"RESOURCE_EXHAUSTED"}})", ErrorKind::rejected, true,
       "(RESOURCE_EXHAUSTED)"},
      {400, R"({"error":{"code":400,"status":"INVALID_ARGUMENT"}})", ErrorKind::rejected, false,
       "(INVALID_ARGUMENT)"},
      {403, R"({"error":{"code":403,"errors":[{"reason":"forbidden"}]}})", ErrorKind::rejected, false,
       "(forbidden)"},
      {503, R"({"error":{"code":503,"status":"UNAVAILABLE"}})", ErrorKind::unavailable, true,
       "(UNAVAILABLE)"},
      {429, "<html>busy</html>", ErrorKind::rejected, true, "answered 429"},
      {429, R"({"error":{"code":429)", ErrorKind::rejected, true, "answered 429"},
      {200, R"({"error":{"code":429,"message":"project 12 is out of quota"}})", ErrorKind::rejected, true,
       "answered 429"},
      {200, R"({"error":{"code":500}})", ErrorKind::unavailable, true, "answered 500"},
      {200, R"({"error":"no"})", ErrorKind::rejected, false, "does not take this request"},
      {200, R"({"error":{"code":200},"totalItems":0})", ErrorKind::rejected, false,
       "does not take this request"},
  };
  for (const auto& row : rows) {
    const auto reply = volumes(row.json, row.status);
    ASSERT_FALSE(reply.has_value()) << row.json;
    EXPECT_EQ(reply.error().kind, row.kind) << row.json;
    EXPECT_EQ(reply.error().retryable, row.retryable) << row.json;
    EXPECT_NE(reply.error().message.find(row.told), std::string::npos) << reply.error().message;
  }
}

TEST(google_error, repeats_no_text_of_the_reply) {
  const auto reply =
      volumes(R"({"error":{"code":400,"message":"key abc123","errors":[{"reason":"key abc123"}]}})", 400);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().message.find("abc123"), std::string::npos);
}

}  // namespace
}  // namespace larder::origin::googlebooks_test
