// Replies that are broken, or meant to break something: every provider has to survive them, and none may be
// taken for an answer.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "origin/readers.h"
#include "origin/support.h"

namespace larder::origin::hostile_reply_test {
namespace {

constexpr std::string_view names[] = {"openlibrary", "googlebooks", "isbndb"};

struct Sample {
  std::string_view provider;
  std::string json;
};

std::vector<Sample> samples() {
  return {
      {"openlibrary",
       R"({"numFound":2,"docs":[{"key":"/works/OL12W","title":"Sålt [Orchard]","author_name":["Ada \"Q\" Quill"],)"
       R"("first_publish_year":1998,"cover_i":42,"isbn":["0306406152"],"x":{"y":[{},[]]}},{"title":"B"}],"q":"{}"})"},
      {"googlebooks",
       R"({"totalItems":1,"items":[{"id":"a","volumeInfo":{"title":"T","authors":["A"],"publishedDate":"1998",)"
       R"("industryIdentifiers":[{"type":"ISBN_10","identifier":"0306406152"}],)"
       R"("imageLinks":{"thumbnail":"http://b.example/t"}}}]})"},
      {"isbndb",
       R"({"book":{"title":"T","authors":["A"],"isbn13":"9780306406157","pages":12,"image":"https://i.ex"}})"},
  };
}

void expect_corrupt(const Result<Reply>& reply, const std::string& what) {
  ASSERT_FALSE(reply.has_value()) << what;
  EXPECT_EQ(reply.error().kind, ErrorKind::corrupt) << what;
  EXPECT_TRUE(reply.error().retryable) << what;
}

TEST(hostile_reply, broken_off_at_any_byte) {
  for (const Sample& sample : samples()) {
    ASSERT_TRUE(read_reply(sample.provider, by_isbn(), 200, sample.json).has_value()) << sample.provider;
    for (std::size_t bytes = 0; bytes < sample.json.size(); ++bytes) {
      const std::string part = sample.json.substr(0, bytes);
      expect_corrupt(read_reply(sample.provider, by_isbn(), 200, part), part);
    }
  }
}

// The bytes that happen to lie behind the text never complete it.
TEST(hostile_reply, broken_off_before_what_completes_it) {
  for (const Sample& sample : samples()) {
    const std::string storage = sample.json + std::string(padding_bytes, '}');
    for (std::size_t bytes = 0; bytes < sample.json.size(); ++bytes) {
      const PaddedText part(storage, bytes);
      expect_corrupt(provider_named(sample.provider).read(by_isbn(), 200, "", part),
                     storage.substr(0, bytes));
    }
  }
}

TEST(hostile_reply, followed_by_something_else) {
  for (const Sample& sample : samples()) {
    for (const char* more : {"}", "{}", ",", "x", "]", "\"", "<html>"}) {
      expect_corrupt(read_reply(sample.provider, by_isbn(), 200, sample.json + more), sample.json + more);
    }
    EXPECT_TRUE(read_reply(sample.provider, by_isbn(), 200, " \r\n\t" + sample.json + " \n").has_value());
  }
}

TEST(hostile_reply, empty_or_a_page) {
  for (const std::string_view name : names) {
    expect_corrupt(read_reply(name, by_title(), 200, ""), "empty");
    expect_corrupt(read_reply(name, by_title(), 200, " \n"), "blank");
    expect_corrupt(read_reply(name, by_title(), 200, std::string(4096, ' ')), "long blank");
    const auto page = read_reply(name, by_title(), 200, "\n <!DOCTYPE html><title>x</title>");
    expect_corrupt(page, "page");
    EXPECT_NE(page.error().message.find("a page instead of JSON"), std::string::npos) << page.error().message;
    expect_corrupt(
        read_reply(name, by_title(), 200, R"({"docs":[],"totalItems":0,"books":[]})", "Text/HTML; charset=x"),
        "page by type");
    expect_corrupt(read_reply(name, by_title(), 200, std::string("\0\0\0", 3)), "NUL");
    expect_corrupt(read_reply(name, by_title(), 200, "\x1f\x8b\x08"), "gzip");
  }
}

TEST(hostile_reply, invalid_utf8_anywhere) {
  for (const Sample& sample : samples()) {
    for (const char* bytes : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf5\x80\x80\x80"}) {
      std::string json = sample.json;
      json.insert(json.find("\":\"") + 3, bytes);
      expect_corrupt(read_reply(sample.provider, by_isbn(), 200, json), json);
    }
  }
}

TEST(hostile_reply, control_characters_in_a_string) {
  for (const char c : {'\0', '\n', '\x1f'}) {
    const std::string json = std::string(R"({"docs":[{"title":"a)") + c + R"(b"}]})";
    expect_corrupt(read_reply("openlibrary", by_title(), 200, json), json);
  }
}

TEST(hostile_reply, broken_escapes_in_what_is_read) {
  for (const char* escape : {R"(\q)", R"(\u12)", R"(\uzzzz)"}) {
    const std::string json = std::string(R"({"docs":[{"title":")") + escape + R"("}]})";
    expect_corrupt(read_reply("openlibrary", by_title(), 200, json), json);
  }
}

TEST(hostile_reply, nested_a_million_deep) {
  constexpr std::size_t depth = 1'000'000;
  for (const std::string_view name : names) {
    for (const char* key : {"docs", "items", "books", "book", "error", "unknown"}) {
      const std::string opened = std::string(R"({")") + key + R"(":)";
      // Balanced, it is sound JSON that holds no work: an answer, or another shape than agreed. Never a work.
      const std::string arrays = opened + std::string(depth, '[') + std::string(depth, ']') + "}";
      const auto balanced = read_reply(name, by_title(), 200, arrays);
      EXPECT_TRUE(!balanced.has_value() || balanced->works.empty()) << name << " " << key;
      EXPECT_FALSE(read_reply(name, by_title(), 200, opened + std::string(depth, '[')).has_value()) << name;
      std::string objects = opened;
      for (std::size_t i = 0; i < depth / 10; ++i) {
        objects.append(R"({"docs":)");
      }
      EXPECT_FALSE(read_reply(name, by_title(), 200, objects).has_value()) << name << " " << key;
    }
  }
}

TEST(hostile_reply, with_a_string_of_megabytes) {
  const std::string frame = R"({"docs":[{"title":"","isbn":["0306406152"]}]})";
  const std::string title(reply_bytes_max - frame.size(), 'a');
  const std::string json = R"({"docs":[{"title":")" + title + R"(","isbn":["0306406152"]}]})";
  ASSERT_EQ(json.size(), reply_bytes_max);
  const auto reply = read_reply("openlibrary", by_title(), 200, json);
  ASSERT_TRUE(reply.has_value());
  ASSERT_EQ(reply->works.size(), 1U);
  EXPECT_EQ(reply->works[0].title, std::string(title_bytes_max, 'a'));
  EXPECT_EQ(reply->works[0].isbn10, std::vector<std::string>{"0306406152"});
  for (const std::string_view name : names) {
    const auto longer = read_reply(name, by_title(), 200, json + " ");
    ASSERT_FALSE(longer.has_value());
    EXPECT_EQ(longer.error().kind, ErrorKind::too_large);
    EXPECT_FALSE(longer.error().retryable);
  }
}

TEST(hostile_reply, of_no_known_shape) {
  for (const char* json : {"{}", R"({"a":1})", R"({"works":[]})"}) {
    const PaddedCopy copy(json);
    const auto reply = read_any(copy.view());
    ASSERT_FALSE(reply.has_value()) << json;
    EXPECT_EQ(reply.error().kind, ErrorKind::corrupt) << json;
    EXPECT_FALSE(reply.error().retryable) << json;
  }
}

}  // namespace
}  // namespace larder::origin::hostile_reply_test
