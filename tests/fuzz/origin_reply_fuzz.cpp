// Any bytes as the reply of a book origin. The first byte chooses who reads them and for which look-up; the
// rest is the body. Whatever is read: what is written of it is JSON within the limits, and every ISBN in it
// is valid.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/isbn.h"
#include "base/text.h"
#include "origin/provider.h"
#include "origin/readers.h"
#include "simdjson.h"

namespace {

using namespace larder;
using namespace larder::origin;

void check_text(std::string_view text, std::size_t bytes_max) {
  LARDER_ASSERT(text.size() <= bytes_max);
  LARDER_ASSERT(is_utf8(text));
  for (const char c : text) {
    LARDER_ASSERT(!is_control(c));
  }
}

void check_isbns(const Work& work) {
  LARDER_ASSERT(work.isbn13.size() <= isbns_per_work_max);
  std::vector<std::string> short_forms;
  for (const std::string& text : work.isbn13) {
    const Result<Isbn> isbn = parse_isbn(text);
    LARDER_ASSERT(isbn.has_value() && isbn->thirteen() == text);
    if (const auto ten = isbn->ten()) {
      short_forms.push_back(*ten);
    }
  }
  LARDER_ASSERT(work.isbn10 == short_forms);
}

void check_work(const Work& work) {
  LARDER_ASSERT(!work.title.empty());
  check_text(work.title, title_bytes_max);
  check_text(work.subtitle, title_bytes_max);
  check_text(work.cover_url, cover_url_bytes_max);
  LARDER_ASSERT(work.authors.size() <= authors_per_work_max && work.subjects.size() <= subjects_per_work_max);
  for (const std::string& author : work.authors) {
    check_text(author, author_bytes_max);
  }
  for (const std::string& subject : work.subjects) {
    check_text(subject, subject_bytes_max);
  }
  check_isbns(work);
}

void check_reply(const Result<Reply>& reply) {
  if (!reply) {
    LARDER_ASSERT(is_utf8(reply.error().message) && !reply.error().message.empty());
    return;
  }
  LARDER_ASSERT(reply->works.size() <= works_max);
  for (const Work& work : reply->works) {
    check_work(work);
  }
  const std::string written = books_reply("query", "fuzz", reply->works);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array works;
  LARDER_ASSERT(parser.parse(written.data(), written.size()).get(root) == simdjson::SUCCESS);
  LARDER_ASSERT(root["works"].get(works) == simdjson::SUCCESS && works.size() == reply->works.size());
}

Lookup lookup_by(std::uint8_t choice) {
  switch (choice % 4) {
    case 0:
      return Lookup(LookupKind::title, "The Salt Orchard");
    case 1:
      return Lookup(LookupKind::isbn, "0306406152");
    case 2:
      return Lookup(LookupKind::subject, "salt");
    default:
      return Lookup(LookupKind::author, "Ada Quill");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  constexpr std::uint32_t statuses[] = {200, 200, 404, 429};
  const std::uint8_t choice = data[0];
  // Exactly as much storage as the contract asks for: a byte read beyond it is the sanitizer's to find.
  std::vector<char> storage(data + 1, data + size);
  storage.resize(storage.size() + padding_bytes, static_cast<char>(choice));
  const PaddedText body(std::string_view(storage.data(), storage.size()), size - 1);

  const std::vector<ProviderRow>& rows = provider_rows();
  const std::size_t reader = choice % (rows.size() + 3);
  if (reader < rows.size()) {
    check_reply(rows[reader].provider.read(lookup_by(choice / 8), statuses[choice / 64], "", body));
  } else if (reader == rows.size()) {
    check_reply(read_openlibrary_record(body, "9780306406157"));
  } else if (reader == rows.size() + 1) {
    check_reply(read_openlibrary_isbns(body, ""));
  } else {
    check_reply(read_any(body));
  }
  return 0;
}
