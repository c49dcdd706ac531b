// Google Books, /books/v1/volumes (https://developers.google.com/books/docs/v1/using, November 2026). It
// knows editions
// ("volumes"), not works. Keyless calls share an exhausted pool: 429, and a drained key may give 400 or 403.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "origin/json_document.h"
#include "origin/provider.h"
#include "origin/provider_support.h"
#include "origin/readers.h"
#include "origin/reading.h"
#include "origin/work_builder.h"

namespace larder::origin {

namespace {

constexpr std::string_view googlebooks_source = "googlebooks";
constexpr std::size_t reason_bytes_max = 64;

// What the reply's error object says, as far as it can be repeated: its message may name a project or a key.
struct ReportedError {
  bool present = false;
  std::uint32_t code = 0;
  std::string reason;  // "rateLimitExceeded"
  std::string status;  // "RESOURCE_EXHAUSTED"
};

// A word of letters and underscores; anything else is not repeated.
std::string plain_word(std::string_view text) {
  std::string word;
  for (const char c : text.substr(0, reason_bytes_max)) {
    if (!is_alpha(c) && c != '_') {
      return "";
    }
    word.push_back(c);
  }
  return word;
}

Fault read_reasons(JsonValue errors, ReportedError& reported) {
  return each_element(errors, [&](JsonValue element) {
    return each_field(element, [&](std::string_view key, JsonValue value) {
      if (key != "reason") {
        return simdjson::SUCCESS;
      }
      return with_text(value, [&](std::string_view text) {
        reported.reason = reported.reason.empty() ? plain_word(text) : reported.reason;
      });
    });
  });
}

Fault read_error(JsonValue error, ReportedError& reported) {
  reported.present = true;
  return each_field(error, [&](std::string_view key, JsonValue value) {
    if (key == "code") {
      return with_integer(value, [&](std::int64_t code) {
        reported.code = code >= 400 && code <= 599 ? static_cast<std::uint32_t>(code) : 0;
      });
    }
    if (key == "status") {
      return with_text(value, [&](std::string_view text) { reported.status = plain_word(text); });
    }
    return key == "errors" ? read_reasons(value, reported) : simdjson::SUCCESS;
  });
}

bool is_about_quota(const ReportedError& reported) {
  const std::string words = to_lower(concat({reported.reason, " ", reported.status}));
  return contains(words, "limitexceeded") || contains(words, "quota") || contains(words, "exhausted");
}

Error to_error(const ReportedError& reported, std::uint32_t http_status) {
  const std::uint32_t code = http_status != 200 ? http_status : reported.code;
  const std::string reason = reported.reason.empty() ? reported.status : reported.reason;
  const std::string told = reason.empty() ? "" : concat({" (", reason, ")"});
  if (is_about_quota(reported)) {
    return Error(ErrorKind::rejected, googlebooks_source, Retry::later,
                 concat({googlebooks_source, " has no quota left", told,
                         "; ask later, or configure GOOGLE_BOOKS_API_KEY"}));
  }
  // A 200 or an unknown code: the reply is an error all the same.
  const std::optional<Error> by_status =
      fault_of_status(googlebooks_source, code == 0 || code == 200 ? 400 : code);
  LARDER_ASSERT(by_status.has_value());
  Error error = *by_status;
  error.message += told;
  return error;
}

// The error object of a reply that is known to be none; nothing if it cannot be read.
ReportedError reported_in(PaddedText body) {
  ReportedError reported;
  JsonDocument document;
  if (body.text().size() > reply_bytes_max || document.open(body) != simdjson::SUCCESS) {
    return reported;
  }
  const Fault fault = document.each_root_field([&](std::string_view key, JsonValue value) {
    return key == "error" ? read_error(value, reported) : simdjson::SUCCESS;
  });
  return fault == simdjson::SUCCESS ? reported : ReportedError();
}

Fault read_identifier(JsonValue identifier, WorkBuilder& work) {
  std::optional<std::string_view> type;
  std::optional<std::string_view> text;
  const Fault fault = each_field(identifier, [&](std::string_view key, JsonValue value) {
    return key == "type"         ? read_text(value, type)
           : key == "identifier" ? read_text(value, text)
                                 : simdjson::SUCCESS;
  });
  if (text && (type == "ISBN_10" || type == "ISBN_13")) {
    work.isbn(*text);
  }
  return fault;
}

Fault read_images(JsonValue images, WorkBuilder& work) {
  std::optional<std::string_view> thumbnail;
  std::optional<std::string_view> small_thumbnail;
  const Fault fault = each_field(images, [&](std::string_view key, JsonValue value) {
    return key == "thumbnail"        ? read_text(value, thumbnail)
           : key == "smallThumbnail" ? read_text(value, small_thumbnail)
                                     : simdjson::SUCCESS;
  });
  work.cover(small_thumbnail.value_or(""));
  work.cover(thumbnail.value_or(""));
  return fault;
}

Fault read_volume_info(JsonValue info, WorkBuilder& work) {
  return each_field(info, [&](std::string_view key, JsonValue value) {
    if (key == "title") {
      return with_text(value, [&](std::string_view text) { work.title(text); });
    }
    if (key == "subtitle") {
      return with_text(value, [&](std::string_view text) { work.subtitle(text); });
    }
    if (key == "authors") {
      return with_texts(value, [&](std::string_view text) { work.author(text); });
    }
    if (key == "publishedDate") {
      return read_year(value, work);
    }
    if (key == "industryIdentifiers") {
      return each_element(value, [&](JsonValue identifier) { return read_identifier(identifier, work); });
    }
    if (key == "imageLinks") {
      return read_images(value, work);
    }
    if (key == "categories") {
      return with_texts(value, [&](std::string_view text) { work.subject(text); });
    }
    return simdjson::SUCCESS;
  });
}

Fault read_volume(JsonValue volume, WorkBuilder& work) {
  return each_field(volume, [&](std::string_view key, JsonValue value) {
    if (key == "id") {
      return with_text(value, [&](std::string_view text) { work.google_id(text); });
    }
    return key == "volumeInfo" ? read_volume_info(value, work) : simdjson::SUCCESS;
  });
}

std::string query_for(LookupKind kind, std::string_view text) {
  switch (kind) {
    case LookupKind::title:
      return "intitle:" + quoted(text);
    case LookupKind::isbn:
      return concat({"isbn:", text});
    case LookupKind::author:
      return "inauthor:" + quoted(text);
    case LookupKind::subject:
      return "subject:" + quoted(text);
  }
  LARDER_UNREACHABLE();
}

class GoogleBooks final : public Provider {
 public:
  constexpr GoogleBooks() = default;

  std::string_view name() const override { return googlebooks_source; }

  // Its quotas are counted by day and minute; this is what Larder allows itself.
  std::uint32_t requests_per_second_max(const Access&) const override { return 1; }

  Result<Plan> plan(const Lookup& lookup, const Access& access) const override {
    const Result<std::string> text = checked_text(googlebooks_source, lookup);
    if (!text) {
      return Failure(text.error());
    }
    Plan plan;
    // 40 is the most that it gives at once.
    plan.url = make_url(access, concat({"/books/v1/volumes?q=", percent_encode(query_for(lookup.kind, *text)),
                                        "&printType=books&maxResults=40"}));
    plan.headers.emplace_back("accept", "application/json");
    plan.answer_statuses = {200};
    return plan;
  }

  Result<Reply> read(const Lookup& lookup, std::uint32_t status, std::string_view content_type,
                     PaddedText body) const override {
    if (status == 404) {
      // A search that finds nothing is a 200 without items: a 404 does not come from Google Books.
      Reply reply;
      reply.authority = Authority::doubtful;
      return reply;
    }
    if (std::optional<Error> fault = fault_of_status(googlebooks_source, status)) {
      const ReportedError reported = reported_in(body);
      return Failure(reported.present ? to_error(reported, status) : std::move(*fault));
    }
    if (std::optional<Error> fault = fault_of_body(googlebooks_source, content_type, body.text())) {
      return Failure(std::move(*fault));
    }
    return read_google_volumes(body, wanted_isbn(lookup));
  }
};

constexpr GoogleBooks the_googlebooks;

}  // namespace

const Provider& googlebooks();
const Provider& googlebooks() { return the_googlebooks; }

Result<Reply> read_google_volumes(PaddedText json, std::string_view wanted_isbn13) {
  Collector collector(wanted_isbn13);
  ReportedError reported;
  bool has_total = false;
  bool has_list = false;
  const auto on_field = [&](std::string_view key, JsonValue value) {
    if (key == "error") {
      return read_error(value, reported);
    }
    if (key == "totalItems") {
      return with_integer(value, [&](std::int64_t total) {
        has_total = true;
        collector.claims(total);
      });
    }
    if (key != "items") {
      return simdjson::SUCCESS;
    }
    if (const Fault fault = is_array(value, has_list)) {
      return fault;
    }
    return each_element(value, [&](JsonValue volume) {
      return collector.add([&](WorkBuilder& work) { return read_volume(volume, work); });
    });
  };
  JsonDocument document;
  if (std::optional<Error> error = read_root(googlebooks_source, document, json, on_field)) {
    return Failure(std::move(*error));
  }
  if (reported.present) {
    return Failure(to_error(reported, 200));
  }
  if (!has_total && !has_list) {
    return wrong_shape(googlebooks_source, "totalItems or items");
  }
  return std::move(collector).finish();
}

}  // namespace larder::origin
