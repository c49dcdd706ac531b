#include "origin/provider_support.h"

#include "base/isbn.h"
#include "base/text.h"

namespace larder::origin {

namespace {

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (is_control(c)) {
      return true;
    }
  }
  return false;
}

Error fault(ErrorKind kind, std::string_view source, Retry retry, std::string_view message) {
  return Error(kind, source, retry, concat({source, " ", message}));
}

}  // namespace

Result<std::string> checked_text(std::string_view source, const Lookup& lookup) {
  const std::string_view text = trim(lookup.text);
  // Quotes around nothing are no text either: quoted() leaves none of it.
  if (text.find_first_not_of("\"\\ ") == std::string_view::npos) {
    return fail(ErrorKind::invalid, source,
                "the look-up has no text: name a title, an ISBN, an author or a subject");
  }
  if (text.size() > lookup_bytes_max) {
    return fail(ErrorKind::invalid, source,
                concat({"the look-up is longer than ", to_text(std::uint64_t{lookup_bytes_max}), " bytes"}));
  }
  if (!is_utf8(text) || has_control(text)) {
    return fail(ErrorKind::invalid, source, "the look-up has to be UTF-8 without control characters");
  }
  if (lookup.kind != LookupKind::isbn) {
    return std::string(text);
  }
  const Result<Isbn> isbn = parse_isbn(text);
  if (!isbn) {
    return fail(ErrorKind::invalid, source, isbn.error().message);
  }
  return isbn->thirteen();
}

std::string quoted(std::string_view text) {
  std::string phrase(text);
  for (char& c : phrase) {
    c = c == '"' || c == '\\' ? ' ' : c;
  }
  return concat({"\"", collapse_spaces(phrase), "\""});
}

std::string wanted_isbn(const Lookup& lookup) {
  if (lookup.kind != LookupKind::isbn) {
    return "";
  }
  const Result<Isbn> isbn = parse_isbn(trim(lookup.text));
  return isbn ? isbn->thirteen() : "";
}

std::string make_url(const Access& access, std::string_view path_and_query) {
  std::string_view base = access.base_url;
  while (!base.empty() && base.back() == '/') {
    base.remove_suffix(1);
  }
  return concat({base, path_and_query});
}

std::string user_agent(const Access& access) {
  std::string contact;
  for (const char c : access.contact) {
    const bool printable = c >= ' ' && c <= '~';
    if (printable && c != '(' && c != ')' && c != '\\') {
      contact.push_back(c);
    }
  }
  contact = collapse_spaces(contact);
  return contact.empty() ? "" : concat({"Larder/", access.version, " (", contact, ")"});
}

std::optional<Error> fault_of_status(std::string_view source, std::uint32_t status) {
  if (status == 200) {
    return std::nullopt;
  }
  const std::string answered = "answered " + to_text(std::uint64_t{status});
  if (status == 429) {
    return fault(ErrorKind::rejected, source, Retry::later,
                 answered + ": its rate limit or quota is used up; ask later");
  }
  if (status == 401 || status == 403) {
    return fault(ErrorKind::rejected, source, Retry::never,
                 answered + ": it refuses access; check the key and the contact configured for it");
  }
  if (status == 408 || (status >= 500 && status <= 599)) {
    return fault(ErrorKind::unavailable, source, Retry::later,
                 answered + ": it is out of order for now; ask later");
  }
  if (status >= 400 && status <= 499) {
    return fault(ErrorKind::rejected, source, Retry::never,
                 answered + ": it does not take this request; check the URL configured for it");
  }
  return fault(ErrorKind::corrupt, source, Retry::never,
               answered + ", which is no answer to a look-up; check the URL configured for it");
}

std::optional<Error> fault_of_body(std::string_view source, std::string_view content_type,
                                   std::string_view body) {
  if (body.size() > reply_bytes_max) {
    return fault(ErrorKind::too_large, source, Retry::never,
                 concat({"sent more than ", to_text(std::uint64_t{reply_bytes_max}), " bytes"}));
  }
  const std::string_view content = trim(body.substr(0, 256));
  if (content.empty() && body.size() <= 256) {
    return fault(ErrorKind::corrupt, source, Retry::later, "sent an empty body; ask later");
  }
  const bool is_html =
      contains(to_lower(content_type), "html") || (!content.empty() && content.front() == '<');
  if (is_html) {
    return fault(ErrorKind::corrupt, source, Retry::later,
                 "sent a page instead of JSON (maintenance, a challenge, or a wrong URL in the settings)");
  }
  return std::nullopt;
}

}  // namespace larder::origin
