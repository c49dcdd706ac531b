// payload_gate FOLDER: holds the readers against real replies of book origins.
//
// Each *.json is walked a second time here, with a parser of another kind (a DOM) and rules of its own, and
// every title, author, ISBN, year and cover that the walk finds has to be in the works that the reader gave.
// A reply that is an error has to be told as one. No beginning of a reply may be taken for the whole. One
// line a file; exit status 1 on any loss.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "origin/readers.h"
#include "origin/work.h"
#include "simdjson.h"

namespace {

namespace dom = simdjson::dom;
using larder::origin::PaddedCopy;
using larder::origin::Reply;
using larder::origin::Work;

// What one record of a reply tells, by the walk.
struct Record {
  std::string title;
  std::vector<std::string> authors;
  std::vector<std::string> isbns;
  std::optional<std::int64_t> year;
  std::string cover;
};

struct Walk {
  bool parsed = false;
  bool is_error = false;
  std::vector<Record> records;
};

std::string text_of(dom::element element) {
  std::string_view text;
  return element.get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::string text_at(dom::element element, const char* key) {
  dom::element member;
  return element[key].get(member) == simdjson::SUCCESS ? text_of(member) : std::string();
}

std::vector<dom::element> elements_of(dom::element element) {
  std::vector<dom::element> elements;
  dom::array array;
  if (element.get_array().get(array) == simdjson::SUCCESS) {
    elements.assign(array.begin(), array.end());
  }
  return elements;
}

std::vector<dom::element> elements_at(dom::element element, const char* key) {
  dom::element member;
  return element[key].get(member) == simdjson::SUCCESS ? elements_of(member) : std::vector<dom::element>();
}

bool has(dom::element element, const char* key) { return element[key].error() == simdjson::SUCCESS; }

int digit_at(std::string_view text, std::size_t at) { return text[at] - '0'; }

bool is_valid_isbn(std::string_view isbn) {
  const std::size_t digits = std::min(isbn.find_first_not_of("0123456789"), isbn.size());
  int sum = 0;
  if (isbn.size() == 13 && digits == 13) {
    for (std::size_t i = 0; i < 13; ++i) {
      sum += digit_at(isbn, i) * (i % 2 == 0 ? 1 : 3);
    }
    return sum % 10 == 0;
  }
  if (isbn.size() != 10 || digits < 9 || (digits == 9 && isbn[9] != 'X')) {
    return false;
  }
  for (std::size_t i = 0; i < 10; ++i) {
    sum += static_cast<int>(10 - i) * (isbn[i] == 'X' ? 10 : digit_at(isbn, i));
  }
  return sum % 11 == 0;
}

void add_isbn(Record& record, const std::string& isbn) {
  if (is_valid_isbn(isbn)) {
    record.isbns.push_back(isbn);
  }
}

void collect_isbns(dom::element element, Record& record) {
  for (const char* key : {"isbn", "isbn10", "isbn13", "isbn_10", "isbn_13"}) {
    add_isbn(record, text_at(element, key));
    for (const dom::element isbn : elements_at(element, key)) {
      add_isbn(record, text_of(isbn));
    }
  }
  for (const dom::element identifier : elements_at(element, "industryIdentifiers")) {
    if (text_at(identifier, "type") != "OTHER") {
      add_isbn(record, text_at(identifier, "identifier"));
    }
  }
}

void collect_authors(dom::element element, Record& record) {
  for (const dom::element name : elements_at(element, "author_name")) {
    record.authors.push_back(text_of(name));
  }
  for (const dom::element author : elements_at(element, "authors")) {
    const std::string name = has(author, "name") ? text_at(author, "name") : text_of(author);
    if (!name.empty()) {
      record.authors.push_back(name);
    }
  }
  if (std::string statement = text_at(element, "by_statement");
      record.authors.empty() && !statement.empty()) {
    statement.erase(statement.find_last_not_of('.') + 1);
    record.authors.push_back(statement);
  }
}

std::optional<std::int64_t> year_in(std::string_view date) {
  for (std::size_t at = 0; at + 4 <= date.size(); ++at) {
    const std::string_view four = date.substr(at, 4);
    if (four.find_first_not_of("0123456789") == std::string_view::npos) {
      return digit_at(four, 0) * 1000 + digit_at(four, 1) * 100 + digit_at(four, 2) * 10 + digit_at(four, 3);
    }
  }
  return std::nullopt;
}

void collect_year(dom::element element, Record& record) {
  std::int64_t year = 0;
  if (element["first_publish_year"].get(year) == simdjson::SUCCESS) {
    record.year = year;
    return;
  }
  for (const char* key : {"publish_date", "date_published", "publishedDate", "first_publish_date"}) {
    if (const auto found = year_in(text_at(element, key))) {
      record.year = found;
    }
  }
}

void collect_cover(dom::element element, Record& record) {
  std::int64_t number = 0;
  for (const dom::element cover : elements_at(element, "covers")) {
    if (number <= 0 && cover.get(number) != simdjson::SUCCESS) {
      number = 0;
    }
  }
  if (number > 0 || (element["cover_i"].get(number) == simdjson::SUCCESS && number > 0)) {
    record.cover = "/b/id/" + std::to_string(number) + "-L.jpg";
  }
  dom::element images;
  if (element["imageLinks"].get(images) == simdjson::SUCCESS) {
    record.cover = text_at(images, "thumbnail");
  }
  if (has(element, "image")) {
    record.cover = text_at(element, "image");
  }
  // The scheme is the reader's to change.
  if (const std::size_t colon = record.cover.find("://"); colon != std::string::npos) {
    record.cover.erase(0, colon);
  }
}

void collect(dom::element element, std::string_view bibkey, Walk& walk) {
  Record record;
  record.title = text_at(element, "title");
  collect_authors(element, record);
  collect_isbns(element, record);
  add_isbn(record, std::string(bibkey));
  if (dom::element identifiers; element["identifiers"].get(identifiers) == simdjson::SUCCESS) {
    collect_isbns(identifiers, record);
  }
  collect_year(element, record);
  collect_cover(element, record);
  if (!record.title.empty()) {
    walk.records.push_back(record);
  }
}

Walk walk_through(std::string_view json) {
  Walk walk;
  dom::parser parser;
  dom::element root;
  dom::object members;
  walk.parsed = parser.parse(json.data(), json.size()).get(root) == simdjson::SUCCESS &&
                root.get(members) == simdjson::SUCCESS;
  if (!walk.parsed) {
    return walk;
  }
  walk.is_error = has(root, "error");
  collect(root, "", walk);
  for (const auto [key, value] : members) {
    if (key == "docs" || key == "books" || key == "data") {
      for (const dom::element element : elements_of(value)) {
        collect(element, "", walk);
      }
    } else if (key == "items") {
      for (const dom::element item : elements_of(value)) {
        if (dom::element info; item["volumeInfo"].get(info) == simdjson::SUCCESS) {
          collect(info, "", walk);
        }
      }
    } else if (key == "book") {
      collect(value, "", walk);
    } else if (key.substr(0, 5) == "ISBN:") {
      collect(value, key.substr(5), walk);
    }
  }
  return walk;
}

// What one file holds and what of it was lost.
struct Tally {
  std::size_t facts = 0;
  std::vector<std::string> losses;

  void expect(bool kept, const std::string& what) {
    ++facts;
    if (!kept) {
      losses.push_back(what);
    }
  }
};

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

void compare(const Record& record, const Work& work, Tally& tally) {
  const std::string at = record.title + ": ";
  tally.expect(work.title == record.title, at + "title");
  for (const std::string& author : record.authors) {
    tally.expect(holds(work.authors, author), at + "author " + author);
  }
  for (const std::string& isbn : record.isbns) {
    tally.expect(holds(isbn.size() == 10 ? work.isbn10 : work.isbn13, isbn), at + "ISBN " + isbn);
  }
  for (const std::string& isbn : work.isbn10) {
    tally.expect(is_valid_isbn(isbn), at + "invalid ISBN " + isbn);
  }
  for (const std::string& isbn : work.isbn13) {
    tally.expect(is_valid_isbn(isbn), at + "invalid ISBN " + isbn);
  }
  if (record.year) {
    tally.expect(work.first_publish_year == record.year, at + "year " + std::to_string(*record.year));
  }
  if (!record.cover.empty()) {
    const bool ends_alike =
        work.cover_url.size() >= record.cover.size() &&
        work.cover_url.substr(work.cover_url.size() - record.cover.size()) == record.cover;
    tally.expect(ends_alike, at + "cover " + record.cover);
  }
}

// Beginnings of a reply are never the whole of it.
void check_truncation(std::string_view json, Tally& tally) {
  const std::size_t whole = json.find_last_not_of(" \t\r\n") + 1;
  const std::size_t step = 1 + whole / 1500;
  for (std::size_t bytes = 0; bytes < whole; bytes += step) {
    const PaddedCopy part(json.substr(0, bytes));
    if (larder::origin::read_any(part.view())) {
      tally.losses.push_back("the first " + std::to_string(bytes) + " bytes were taken for the whole");
    }
  }
}

void check_error(const larder::Result<Reply>& reply, Tally& tally) {
  tally.expect(!reply && reply.error().kind == larder::ErrorKind::rejected && reply.error().retryable,
               "an error reply was not told as a rejection that may be retried");
}

void check_works(const Walk& walk, const larder::Result<Reply>& reply, Tally& tally) {
  if (!reply) {
    tally.losses.push_back(reply.error().message);
    return;
  }
  tally.expect(reply->works.size() == walk.records.size(), std::to_string(walk.records.size()) + " works, " +
                                                               std::to_string(reply->works.size()) + " read");
  for (std::size_t i = 0; i < std::min(walk.records.size(), reply->works.size()); ++i) {
    compare(walk.records[i], reply->works[i], tally);
  }
  const std::string written = larder::origin::books_reply("", "gate", reply->works);
  tally.expect(walk_through(written).parsed, "what is written of it is no JSON");
}

bool check_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Tally tally;
  const Walk walk = walk_through(json);
  const PaddedCopy padded(json);
  const larder::Result<Reply> reply = larder::origin::read_any(padded.view());
  if (!walk.parsed) {
    tally.losses.emplace_back("not a JSON object");
  } else if (walk.is_error) {
    check_error(reply, tally);
  } else {
    check_works(walk, reply, tally);
  }
  check_truncation(json, tally);
  std::printf("%s %s: %zu works, %zu facts, %zu lost\n", tally.losses.empty() ? "pass" : "FAIL",
              path.filename().c_str(), walk.records.size(), tally.facts, tally.losses.size());
  for (const std::string& loss : tally.losses) {
    std::printf("  lost: %s\n", loss.c_str());
  }
  return tally.losses.empty();
}

}  // namespace

int main(int count, char** arguments) {
  std::error_code error;
  if (count != 2 || !std::filesystem::is_directory(arguments[1], error)) {
    std::fprintf(stderr, "usage: payload_gate FOLDER, a folder of replies of book origins (*.json)\n");
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1], error)) {
    if (entry.path().extension() == ".json") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::size_t passed = 0;
  for (const std::filesystem::path& file : files) {
    passed += check_file(file) ? 1U : 0U;
  }
  std::printf("%zu passed, %zu failed\n", passed, files.size() - passed);
  return files.empty() || passed != files.size() ? 1 : 0;
}
