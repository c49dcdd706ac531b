// Open Library: every look-up goes to /search.json, the only reply with titles, authors' names and ISBNs in
// one. /isbn/… and an author's works list carry no names (https://openlibrary.org/dev/docs/api/search,
// November 2026).

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "origin/provider.h"
#include "origin/provider_support.h"
#include "origin/readers.h"

namespace larder::origin {

namespace {

constexpr std::string_view openlibrary_source = "openlibrary";

// What a search asks for, all of it encoded.
std::string search_for(LookupKind kind, std::string_view text) {
  constexpr std::string_view fields =
      "&fields=key,title,subtitle,author_name,author_key,first_publish_year,cover_i,isbn,subject";
  // The best known works have hundreds of ISBNs each, and a hundred such works would be more than an entry
  // may hold.
  constexpr std::string_view fields_of_many =
      "&fields=key,title,subtitle,author_name,author_key,first_publish_year,cover_i,subject";
  switch (kind) {
    case LookupKind::title:
      return concat({"title=", percent_encode(text), fields, "&limit=20"});
    case LookupKind::isbn:
      return concat({"isbn=", percent_encode(text), fields, "&limit=5"});
    case LookupKind::author:
      return concat({"author=", percent_encode(text), fields, "&limit=100"});
    case LookupKind::subject:
      // The parameter `subject` takes words from anywhere among a work's subjects; only here do quotes hold
      // them together. What most readers have on their shelves comes first.
      return concat(
          {"q=", percent_encode("subject:" + quoted(text)), fields_of_many, "&sort=readinglog&limit=100"});
  }
  LARDER_UNREACHABLE();
}

class OpenLibrary final : public Provider {
 public:
  constexpr OpenLibrary() = default;

  std::string_view name() const override { return openlibrary_source; }

  std::uint32_t requests_per_second_max(const Access& access) const override {
    return user_agent(access).empty() ? 1 : 3;
  }

  Result<Plan> plan(const Lookup& lookup, const Access& access) const override {
    const Result<std::string> text = checked_text(openlibrary_source, lookup);
    if (!text) {
      return Failure(text.error());
    }
    Plan plan;
    plan.url = make_url(access, "/search.json?" + search_for(lookup.kind, *text));
    plan.headers.emplace_back("accept", "application/json");
    // A name without a contact may be refused (403); then none at all is better.
    if (std::string agent = user_agent(access); !agent.empty()) {
      plan.headers.emplace_back("user-agent", std::move(agent));
    }
    plan.answer_statuses = {200, 404};
    return plan;
  }

  Result<Reply> read(const Lookup& lookup, std::uint32_t status, std::string_view content_type,
                     PaddedText body) const override {
    if (status == 404) {
      return Reply();
    }
    if (std::optional<Error> fault = fault_of_status(openlibrary_source, status)) {
      return Failure(std::move(*fault));
    }
    if (std::optional<Error> fault = fault_of_body(openlibrary_source, content_type, body.text())) {
      return Failure(std::move(*fault));
    }
    return read_openlibrary_search(body, wanted_isbn(lookup));
  }
};

constexpr OpenLibrary the_openlibrary;

}  // namespace

const Provider& openlibrary();
const Provider& openlibrary() { return the_openlibrary; }

}  // namespace larder::origin
