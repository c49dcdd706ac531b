// Rows for tests/architecture/csv.test.js to compare csv-parse's with: files on standard input, each behind
// its size in bytes and a line feed; a line of JSON for each on standard output, {"delimiter": …, "rows":
// [[…]]} or
// {"error": …}.
#include <iostream>
#include <string>

#include "base/json_writer.h"
#include "booklist/csv.h"

namespace {

using namespace larder;

std::string rows_of(const std::string& bytes) {
  const booklist::ListLimits limits;
  JsonWriter json;
  const auto text = booklist::read_csv_text(bytes, limits);
  if (!text) {
    json.begin_object().key("error").value(text.error().message).end_object();
    return json.text();
  }
  const booklist::CsvLayout layout = booklist::tell_csv_layout(text->text());
  booklist::CsvReader reader(text->text(), layout, limits);
  json.begin_object().key("delimiter").value(std::string(1, layout.delimiter)).key("rows").begin_array();
  for (;;) {
    const auto more = reader.next();
    if (!more) {
      json.end_array().key("error").value(more.error().message).end_object();
      return json.text();
    }
    if (!*more) {
      json.end_array().end_object();
      return json.text();
    }
    json.begin_array();
    for (std::size_t i = 0; i < reader.size(); ++i) {
      json.value(reader.field(i));
    }
    json.end_array();
  }
}

}  // namespace

int main() {
  std::string size;
  while (std::getline(std::cin, size)) {
    std::string bytes(std::stoul(size), '\0');
    std::cin.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    std::cout << rows_of(bytes) << '\n';
  }
  return 0;
}
