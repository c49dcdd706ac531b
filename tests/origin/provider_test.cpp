#include "origin/provider.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "origin/support.h"

namespace larder::origin::provider_test {
namespace {

std::string url_of(std::string_view provider, const Lookup& lookup) {
  const Access access("https://origin.example/", "1.2", "");
  return provider_named(provider).plan(lookup, access)->url;
}

std::string header_of(const Plan& plan, std::string_view name) {
  for (const auto& [key, value] : plan.headers) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

TEST(providers, are_asked_in_the_order_of_the_table) {
  std::vector<std::string> names;
  for (const ProviderRow& row : provider_rows()) {
    EXPECT_EQ(row.name, row.provider.name());
    EXPECT_EQ(&provider_row(*find_word(config::all_providers, row.name)), &row);
    EXPECT_EQ(row.secret_need == SecretNeed::none, row.secret_setting.empty());
    EXPECT_EQ(row.secret_place == SecretPlace::nowhere, row.secret_name.empty());
    names.emplace_back(row.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"openlibrary", "googlebooks", "isbndb"}));
}

TEST(plan, asks_open_library_through_its_search) {
  const std::string fields =
      "&fields=key,title,subtitle,author_name,author_key,first_publish_year,cover_i,isbn,subject&limit=";
  EXPECT_EQ(url_of("openlibrary", Lookup(LookupKind::title, " Salt & Sea/Brine? ")),
            "https://origin.example/search.json?title=Salt%20%26%20Sea%2FBrine%3F" + fields + "20");
  EXPECT_EQ(url_of("openlibrary", Lookup(LookupKind::isbn, "0-306-40615-2")),
            "https://origin.example/search.json?isbn=9780306406157" + fields + "5");
  EXPECT_EQ(url_of("openlibrary", Lookup(LookupKind::author, "Ádа")),
            "https://origin.example/search.json?author=%C3%81d%D0%B0" + fields + "100");
}

TEST(plan, asks_open_library_for_a_subject_as_a_phrase_the_best_known_first) {
  const std::string rest =
      "&fields=key,title,subtitle,author_name,author_key,first_publish_year,cover_i,subject"
      "&sort=readinglog&limit=100";
  EXPECT_EQ(url_of("openlibrary", by_subject()),
            "https://origin.example/search.json?q=subject%3A%22science%20fiction%22" + rest);
  EXPECT_EQ(url_of("openlibrary", Lookup(LookupKind::subject, R"(a" OR title:"b\)")),
            "https://origin.example/search.json?q=subject%3A%22a%20OR%20title%3A%20b%22" + rest);
}

TEST(plan, asks_google_books_in_its_query_language) {
  const std::string rest = "&printType=books&maxResults=40";
  EXPECT_EQ(url_of("googlebooks", Lookup(LookupKind::title, "the \"salt\" orchard")),
            "https://origin.example/books/v1/volumes?q=intitle%3A%22the%20salt%20orchard%22" + rest);
  EXPECT_EQ(url_of("googlebooks", by_isbn()),
            "https://origin.example/books/v1/volumes?q=isbn%3A9780306406157" + rest);
  EXPECT_EQ(url_of("googlebooks", by_author()),
            "https://origin.example/books/v1/volumes?q=inauthor%3A%22Ada%20Quill%22" + rest);
  EXPECT_EQ(url_of("googlebooks", by_subject()),
            "https://origin.example/books/v1/volumes?q=subject%3A%22science%20fiction%22" + rest);
}

TEST(plan, asks_isbndb_by_path) {
  EXPECT_EQ(url_of("isbndb", Lookup(LookupKind::title, "a/..b?c#d")),
            "https://origin.example/books/a%2F..b%3Fc%23d?page=1&pageSize=20");
  EXPECT_EQ(url_of("isbndb", by_isbn()), "https://origin.example/book/9780306406157");
  EXPECT_EQ(url_of("isbndb", by_author()), "https://origin.example/author/Ada%20Quill?page=1&pageSize=100");
  EXPECT_EQ(url_of("isbndb", by_subject()),
            "https://origin.example/books/science%20fiction?page=1&pageSize=100&column=subjects");
}

TEST(plan, names_larder_only_with_a_contact) {
  const Provider& openlibrary = provider_named("openlibrary");
  const Access anonymous("https://openlibrary.org", "1.2", " ");
  const Access known("https://openlibrary.org", "1.2", "ops@larder.example\r\nx: (y)");
  EXPECT_EQ(header_of(*openlibrary.plan(by_title(), anonymous), "user-agent"), "");
  EXPECT_EQ(openlibrary.requests_per_second_max(anonymous), 1U);
  EXPECT_EQ(header_of(*openlibrary.plan(by_title(), known), "user-agent"),
            "Larder/1.2 (ops@larder.examplex: y)");
  EXPECT_EQ(openlibrary.requests_per_second_max(known), 3U);
}

TEST(plan, tells_which_statuses_are_answers) {
  const Access access("https://origin.example", "1.2", "");
  EXPECT_EQ(provider_named("openlibrary").plan(by_title(), access)->answer_statuses,
            (std::vector<std::uint32_t>{200, 404}));
  EXPECT_EQ(provider_named("googlebooks").plan(by_title(), access)->answer_statuses,
            (std::vector<std::uint32_t>{200}));
  EXPECT_EQ(provider_named("isbndb").plan(by_title(), access)->answer_statuses,
            (std::vector<std::uint32_t>{200}));
}

TEST(plan, refuses_look_ups_that_cannot_be_asked) {
  const Lookup bad[] = {
      Lookup(LookupKind::title, ""),
      Lookup(LookupKind::author, " \t "),
      Lookup(LookupKind::subject, " \" \\\""),
      Lookup(LookupKind::subject, std::string(lookup_bytes_max + 1, 'a')),
      Lookup(LookupKind::title, "a\nb"),
      Lookup(LookupKind::title, std::string("a\0b", 3)),
      Lookup(LookupKind::title, "\xff"),
      Lookup(LookupKind::title, std::string(lookup_bytes_max + 1, 'a')),
      Lookup(LookupKind::isbn, "9780306406158"),
      Lookup(LookupKind::isbn, "The Salt Orchard"),
  };
  for (const ProviderRow& row : provider_rows()) {
    for (const Lookup& lookup : bad) {
      const Result<Plan> plan = row.provider.plan(lookup, Access("https://origin.example", "1.2", ""));
      ASSERT_FALSE(plan.has_value()) << row.name << " " << lookup.text;
      EXPECT_EQ(plan.error().kind, ErrorKind::invalid);
      EXPECT_EQ(plan.error().source, row.name);
      EXPECT_FALSE(plan.error().retryable);
    }
    EXPECT_TRUE(row.provider.plan(Lookup(LookupKind::title, std::string(lookup_bytes_max, 'a')), Access())
                    .has_value());
  }
}

TEST(add_secret, puts_the_key_where_the_provider_wants_it) {
  Plan plan;
  plan.url = "https://origin.example/a?b=c";
  EXPECT_EQ(add_secret(provider_row(config::Provider::openlibrary), plan, "k&y").url,
            "https://origin.example/a?b=c");
  EXPECT_EQ(add_secret(provider_row(config::Provider::googlebooks), plan, "k&y").url,
            "https://origin.example/a?b=c&key=k%26y");
  EXPECT_EQ(add_secret(provider_row(config::Provider::googlebooks), plan, "").url,
            "https://origin.example/a?b=c");
  const Plan isbndb = add_secret(provider_row(config::Provider::isbndb), plan, "k&y");
  EXPECT_EQ(isbndb.url, "https://origin.example/a?b=c");
  EXPECT_EQ(header_of(isbndb, "authorization"), "k&y");
}

TEST(read, judges_a_status_alike_for_all) {
  const struct {
    std::uint32_t status;
    ErrorKind kind;
    bool retryable;
  } rows[] = {
      {400, ErrorKind::rejected, false},   {401, ErrorKind::rejected, false},
      {403, ErrorKind::rejected, false},   {408, ErrorKind::unavailable, true},
      {410, ErrorKind::rejected, false},   {422, ErrorKind::rejected, false},
      {429, ErrorKind::rejected, true},    {500, ErrorKind::unavailable, true},
      {503, ErrorKind::unavailable, true}, {522, ErrorKind::unavailable, true},
      {204, ErrorKind::corrupt, false},    {301, ErrorKind::corrupt, false},
      {0, ErrorKind::corrupt, false},
  };
  for (const ProviderRow& row : provider_rows()) {
    for (const auto& expected : rows) {
      // An answer's body does not make an answer of another status.
      const auto reply =
          read_reply(row.name, by_title(), expected.status, R"({"docs":[],"totalItems":0,"books":[]})");
      ASSERT_FALSE(reply.has_value()) << row.name << " " << expected.status;
      EXPECT_EQ(reply.error().kind, expected.kind) << row.name << " " << expected.status;
      EXPECT_EQ(reply.error().retryable, expected.retryable) << row.name << " " << expected.status;
      EXPECT_EQ(reply.error().source, row.name);
      EXPECT_NE(reply.error().message.find("answered " + std::to_string(expected.status)), std::string::npos);
    }
  }
}

TEST(read, takes_a_404_for_an_answer_from_open_library_alone) {
  const std::pair<const char*, Authority> rows[] = {{"openlibrary", Authority::authoritative},
                                                    {"googlebooks", Authority::doubtful},
                                                    {"isbndb", Authority::doubtful}};
  for (const auto& [provider, authority] : rows) {
    const auto reply = read_reply(provider, by_isbn(), 404, "");
    ASSERT_TRUE(reply.has_value()) << provider;
    EXPECT_TRUE(reply->works.empty()) << provider;
    EXPECT_EQ(reply->authority, authority) << provider;
  }
}

}  // namespace
}  // namespace larder::origin::provider_test
