// What an upload is refused for, and how a list with unknown headers is understood.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json_text.h"
#include "operators/support.h"
#include "support/jobs_view.h"
#include "support/model_reply.h"

namespace larder::operators::upload_test {
namespace {

using sim::gemini_reply;
using sim::Isolate;
using sim::json_reply;
using sim::openai_reply;
using sim::OriginReply;
using sim::OriginRequest;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto german_list =
    "Titel;Verfasser;Wertung;Nummer\n\"Der Process\";\"Kafka, Franz\";5;3150098742\nMomo;\"Ende, "
    "Michael\";4;\n";
constexpr auto german_columns =
    R"({"columns":[{"index":0,"column":"title"},{"index":1,"column":"author"},{"index":2,"column":"rating"},)"
    R"({"index":3,"column":"isbn"}]})";
constexpr auto headers_unknown =
    "No column of this list is known to name authors. Found: \\\"Titel\\\", \\\"Verfasser\\\", "
    "\\\"Wertung\\\", "
    "\\\"Nummer\\\". Needed: \\\"Author\\\" or \\\"Authors\\\";";

// Answers as Gemini does: not without its key header, and not to a schema that it does not know.
OriginReply checked(const OriginRequest& request, OriginReply reply) {
  const std::pair<std::string, std::string> key = {"x-goog-api-key", "s3cret"};
  if (std::find(request.headers.begin(), request.headers.end(), key) == request.headers.end()) {
    return json_reply(403, R"({"error":{"code":403}})");
  }
  const auto json = json::JsonText::parse(request.content);
  const auto config = json ? json->find("generationConfig") : std::nullopt;
  const auto schema = config ? config->find("responseJsonSchema") : std::nullopt;
  const auto properties = schema ? schema->find("properties") : std::nullopt;
  if (!properties || !properties->has("columns") || config->text("responseMimeType") != "application/json") {
    return json_reply(400, R"({"error":{"code":400}})");
  }
  return reply;
}

struct UploadTest : ::testing::Test {
  UploadTest() {
    add_tokens(world);
    world.origin = [this](const OriginRequest& request) { return checked(request, reply); };
  }

  sim::SimulatedHost::Exchange& upload(Isolate& isolate, std::string file, TextPairs fields = {}) {
    world.now += Millis(1'000);
    sim::SentBody body;
    body.content = std::move(file);
    body.form_fields = std::move(fields);
    body.file_name = "books.csv";
    TextPairs headers = shown("ann");
    headers.emplace_back("content-type", "multipart/form-data; boundary=x");
    return isolate.run("POST", "/api/warming/upload", std::move(headers), std::move(body));
  }
  sim::SimulatedHost::Exchange& upload_json(Isolate& isolate, std::string json) {
    world.now += Millis(1'000);
    return isolate.run("POST", "/api/warming/upload", shown_json("ann"), sent(std::move(json)));
  }
  static TextPairs with_gemini(TextPairs more = {}) {
    more.emplace_back("GEMINI_API_KEY", "s3cret");
    return operator_bindings(std::move(more));
  }

  sim::World world;
  sim::JobsView jobs{world};
  OriginReply reply = gemini_reply(german_columns);
};

TEST_F(UploadTest, AKnownFormatAsksNobody) {
  Isolate isolate(world, with_gemini());
  const auto& exchange = upload(isolate, "Title,Author\nMomo,Michael Ende\n");
  EXPECT_EQ(exchange.status, 202U);
  EXPECT_THAT(exchange.body,
              HasSubstr(R"("list":{"understood":{"format":"generic"},"books":1,"authors":1,)"));
  EXPECT_TRUE(world.origin_requests.empty());
  EXPECT_TRUE(isolate.settled());
}

TEST_F(UploadTest, MembersThatNobodyReadsAreNamed) {
  Isolate isolate(world, with_gemini());
  const std::string_view csv = R"("csv":"VGl0bGUsQXV0aG9yCk1vbW8sTWljaGFlbCBFbmRlCg==")";
  EXPECT_EQ(upload_json(isolate, concat({"{", csv, R"(,"maxDepth":1})"})).status, 202U);
  const auto& misspelt = upload_json(isolate, concat({"{", csv, R"(,"maxdepth":3})"}));
  EXPECT_EQ(misspelt.status, 400U);
  EXPECT_THAT(misspelt.body, HasSubstr(R"(maxdepth: There is no member \"maxdepth\" here; there is \"csv\", )"
                                       R"(\"maxDepth\", \"priority\", \"aggressiveness\" or \"subjects\". )"
                                       R"(Did you mean \"maxDepth\"?)"));
  const auto& twice = upload_json(isolate, concat({"{", csv, R"(,"maxDepth":1,"maxDepth":2})"}));
  EXPECT_EQ(twice.status, 400U);
  EXPECT_THAT(twice.body, HasSubstr("maxDepth: This member is given twice; keep one."));
  const auto& list = upload_json(isolate, concat({"{", csv, R"(,"maxDepth":[2]})"}));
  EXPECT_EQ(list.status, 400U);
  EXPECT_THAT(list.body, HasSubstr("maxDepth: This must be a text, a number, true or false."));
  const auto& form = upload(isolate, "Title,Author\nMomo,Michael Ende\n", {{"maxdepth", "3"}});
  EXPECT_EQ(form.status, 400U);
  EXPECT_THAT(form.body, HasSubstr(R"(Did you mean \"maxDepth\"?)"));
  EXPECT_TRUE(isolate.settled());
}

TEST_F(UploadTest, TheAnswerCountsWhatWasMetInTheList) {
  Isolate isolate(world, with_gemini());
  const auto& exchange =
      upload(isolate,
             "Title,Author,Review\nMomo,Michael Ende,\"good\nKrabat,Otfried Preussler,bad\nEmil,\"\n"
             "Rico,Andreas \xe9lan,\"so\" so\n");
  EXPECT_EQ(exchange.status, 202U) << exchange.body;
  EXPECT_THAT(
      exchange.body,
      HasSubstr(R"("books":2,"authors":2,"rows":2,"rowsRagged":0,"rowsWithoutAuthor":0,"rowsRepeated":0,)"
                R"("rowsJoined":2,"rowsLeftOut":0,"strayQuotes":1,"fieldsRepaired":1,)"
                R"("isbnsRecovered":0,"isbnsLost":0,"encoding":"windows-1252"})"));
}

TEST_F(UploadTest, AModelSaysWhatUnknownColumnsHold) {
  Isolate isolate(world, with_gemini());
  const auto& exchange = upload(isolate, german_list);
  EXPECT_EQ(exchange.status, 202U) << exchange.body;
  EXPECT_THAT(exchange.body,
              HasSubstr(R"("list":{"understood":{"format":"model","columns":{"title":["Titel"],"author":)"
                        R"(["Verfasser"],"isbn":["Nummer"],"rating":["Wertung"]}},"books":2,"authors":2,)"));
  std::vector<std::string> names;
  for (const sim::JobsView::Item& item : jobs.items()) {
    names.push_back(item.item.name);
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("Franz Kafka", "Michael Ende"));
  ASSERT_EQ(world.origin_requests.size(), 1U);
  EXPECT_THAT(
      world.origin_requests.front().content,
      HasSubstr(
          R"({\"index\":1,\"header\":\"Verfasser\",\"samples\":[\"Kafka, Franz\",\"Ende, Michael\"]})"));
  const records::SpentDay day = sim::spent_today(world);
  EXPECT_EQ(day.calls, 1U);
  EXPECT_EQ(day.prompt_tokens, 200U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(UploadTest, ASchemaGoesToModelsOfTheOtherShapeToo) {
  reply = openai_reply(german_columns);
  world.origin = [this](const OriginRequest& request) {
    EXPECT_THAT(
        request.content,
        HasSubstr(R"("response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":)"
                  R"(true,"schema":{"type":"object","additionalProperties":false,)"));
    return reply;
  };
  Isolate isolate(world, operator_bindings({{"LLM_URL", "https://llm.test/v1"}, {"LLM_MODEL", "m"}}));
  EXPECT_EQ(upload(isolate, german_list).status, 202U);
}

TEST_F(UploadTest, WhereNoModelHelpsTheHeadersAreRefused) {
  struct Case {
    OriginReply reply;
    std::string_view reason;
  };
  OriginReply limited = json_reply(429, R"({"error":{"code":429}})");
  limited.headers.emplace_back("retry-after", "7");
  OriginReply silent;
  silent.silent = true;
  const Case cases[] = {
      {gemini_reply("{\"columns\":["), "The model's answer does not follow its schema."},
      {gemini_reply("I think it is Titel."), "The model's answer does not follow its schema."},
      {gemini_reply(R"({"columns":{}})"), "The model's answer does not follow its schema."},
      {gemini_reply(R"({"columns":[{"index":-1,"column":"author"}]})"),
       "The model's answer does not follow its schema."},
      {gemini_reply(R"({"columns":[{"index":1,"column":"publisher"}]})"),
       "The model's answer does not follow its schema."},
      {gemini_reply(R"({"columns":[{"index":4,"column":"author"}]})"), "There is no column 4 in this list."},
      {gemini_reply(R"({"columns":[]})"), "No column is named for author, which is needed."},
      {gemini_reply(german_columns, "MAX_TOKENS"), "The model was cut off in the middle of its answer."},
      {json_reply(200, "{\"candidates\":[{"), "llm sent JSON that does not decode or breaks off"},
      {limited, "llm answered 429"},
      {json_reply(503, ""), "llm answered 503"},
      {json_reply(403, "{}"),
       "The model answered 403: check its URL, its name and the key configured for it."},
      {silent, "The origin gave no whole answer in time."},
  };
  for (const Case& one : cases) {
    Isolate isolate(world, with_gemini());
    reply = one.reply;
    const auto& exchange = upload(isolate, german_list);
    EXPECT_EQ(exchange.status, 400U) << one.reason;
    EXPECT_THAT(exchange.body, HasSubstr(headers_unknown));
    EXPECT_THAT(exchange.body, HasSubstr(concat({"A model was asked what its columns hold, in vain: "})));
    EXPECT_THAT(exchange.body, HasSubstr(std::string(one.reason)));
    EXPECT_THAT(exchange.body, ::testing::Not(HasSubstr("s3cret")));
    EXPECT_TRUE(isolate.settled());
  }
  EXPECT_TRUE(jobs.jobs().empty());
}

TEST_F(UploadTest, AModelThatSentManyAwayIsLeftAlone) {
  Isolate isolate(world, with_gemini());
  reply = json_reply(429, "{}");
  reply.headers.emplace_back("retry-after", "7");
  upload(isolate, german_list);
  EXPECT_THAT(upload(isolate, german_list).body, HasSubstr("is given time to recover"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
  reply = gemini_reply(german_columns);
  world.now += Millis(7'000);
  EXPECT_EQ(upload(isolate, german_list).status, 202U);
}

TEST_F(UploadTest, TheDaysBoundOfSpendingHoldsForListsToo) {
  Isolate isolate(world, with_gemini({{"LLM_DAILY_CALLS_MAX", "1"}}));
  EXPECT_EQ(upload(isolate, german_list).status, 202U);
  const auto& exchange = upload(isolate, german_list, {{"maxDepth", "1"}});
  EXPECT_EQ(exchange.status, 400U);
  EXPECT_THAT(exchange.body, HasSubstr("The day's bound for calls of models is reached."));
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(UploadTest, WithoutAModelItSaysWhatWouldHelp) {
  Isolate isolate(world, operator_bindings());
  const auto& exchange = upload(isolate, german_list);
  EXPECT_EQ(exchange.status, 400U);
  EXPECT_THAT(exchange.body, HasSubstr(headers_unknown));
  EXPECT_THAT(exchange.body, HasSubstr("Where GEMINI_API_KEY or LLM_URL is set, a model is asked"));
  std::string wide = "a0";
  for (int i = 1; i < 65; ++i) {
    wide += concat({",a", to_text(std::uint64_t(i))});
  }
  Isolate asking(world, with_gemini());
  EXPECT_THAT(upload(asking, wide + "\nx\n").body, HasSubstr("too many columns to ask a model"));
  EXPECT_TRUE(world.origin_requests.empty());
}

TEST_F(UploadTest, EveryRefusalSaysWhatToDo) {
  Isolate isolate(world, operator_bindings());
  struct Case {
    std::string file;
    TextPairs fields;
    std::uint32_t status;
    std::string_view advice;
  };
  const Case cases[] = {
      {"", {}, 400, "The file is empty. Export the list again and upload the file that comes of it."},
      {"\n\n", {}, 400, "The file is empty. Export the list again"},
      {"Title,Author\n", {}, 400, "The list has a header and no books below it."},
      {std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16),
       {},
       400,
       "This file is binary, not text. Export the list as CSV (UTF-8) and upload that."},
      {std::string("PK\x03\x04\x14\0", 6), {}, 400, "CSV"},
      {std::string(50u << 20, 'x'), {}, 413, "a list may have 10 MB. Split it."},
      {std::string((10u << 20) + 1, 'x'), {}, 413, "10"},
      {"Title,Author\nA,B C\n",
       {{"maxDepth", "0"}},
       400,
       "maxDepth: This must be a whole number from 1 to 3."},
      {"Title,Author\nA,B C\n",
       {{"maxDepth", "9"}},
       400,
       "maxDepth: This must be a whole number from 1 to 3."},
      {"Title,Author\nA,B C\n", {{"maxDepth", "two"}}, 400, "maxDepth: This must be a whole number"},
      {"Title,Author\nA,B C\n",
       {{"priority", "urgent"}},
       400,
       R"(priority: This must be \"normal\" or \"high\".)"},
      {"Title,Author\nA,B C\n",
       {{"aggressiveness", "mad"}},
       400,
       R"(aggressiveness: This must be \"gentle\")"},
      {"Title,Author\nA,B C\n", {{"subjects", "yes"}}, 400, "subjects: This must be true or false."},
  };
  for (const Case& one : cases) {
    const auto& exchange = upload(isolate, one.file, one.fields);
    EXPECT_EQ(exchange.status, one.status) << one.advice;
    EXPECT_EQ(exchange.header("content-type"), "application/problem+json");
    EXPECT_THAT(exchange.body, HasSubstr(std::string(one.advice)));
  }
  const std::pair<std::string_view, std::string_view> bodies[] = {
      {R"({"csv":"%%%"})", "csv: this is no base64 (RFC 4648 §4); encode the file's bytes."},
      {R"({"csv":"Y"})", "csv: this is no base64"},
      {R"({"csv":7})", "csv: this member is missing; give the list's bytes as base64."},
      {R"({"csv":""})", "The file is empty."},
      {"{}", "csv: this member is missing"},
      {"[]", "The body is no JSON object."},
      {"", "JSON"},
  };
  for (const auto& [body, advice] : bodies) {
    const auto& exchange = upload_json(isolate, std::string(body));
    EXPECT_EQ(exchange.status, 400U) << body;
    EXPECT_THAT(exchange.body, HasSubstr(std::string(advice))) << body;
  }
  EXPECT_TRUE(jobs.jobs().empty());
  EXPECT_TRUE(isolate.settled());
}

}  // namespace
}  // namespace larder::operators::upload_test
