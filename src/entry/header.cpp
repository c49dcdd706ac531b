#include "entry/header.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "http/status.h"

namespace larder::entry {

namespace {

namespace limit = config::limit;

constexpr std::string_view source = "entry";
// A clock that says 2200 is broken; an entry from there would be fresh for ever.
constexpr std::int64_t created_millis_max = 7'258'118'400'000;

bool is_field_text(std::string_view text) {
  const auto forbidden = [](char c) { return is_control(c) && c != '\t'; };
  return std::none_of(text.begin(), text.end(), forbidden) && is_utf8(text);
}

bool is_field_name(std::string_view name) {
  const auto fits = [](char c) {
    return c > ' ' && c < '\x7f' && !contains("\"(),/:;<=>?@[\\]{}", std::string_view(&c, 1));
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

bool is_lifetime(Millis duration) { return duration >= Millis(0) && duration < limit::duration_stored_max; }

std::string_view broken_times(const Header& header) {
  const std::int64_t created = millis_since_epoch(header.created);
  if (created < 0 || created > created_millis_max) {
    return "created";
  }
  const std::int64_t asked = millis_since_epoch(header.asked);
  if (asked < 0 || asked > created_millis_max) {
    return "asked";
  }
  if (header.body_asked < Instant() || header.body_asked > header.asked) {
    return "body asked";
  }
  const bool lifetimes =
      is_lifetime(header.fresh_for) && is_lifetime(header.stale_for) && is_lifetime(header.error_for);
  return lifetimes ? "" : "lifetimes";
}

std::string_view broken_texts(const Header& header) {
  const auto is_tag = [](const std::string& tag) {
    return !tag.empty() && tag.size() <= limit::tag_bytes_max && is_field_text(tag);
  };
  if (header.tags.size() > limit::entry_tags_max ||
      !std::all_of(header.tags.begin(), header.tags.end(), is_tag)) {
    return "tags";
  }
  const auto is_field = [](const auto& field) {
    return is_field_name(field.first) && is_field_text(field.second);
  };
  if (header.fields.size() > limit::entry_fields_max ||
      !std::all_of(header.fields.begin(), header.fields.end(), is_field)) {
    return "fields";
  }
  const bool texts = is_field_text(header.content_type) && is_field_text(header.etag) &&
                     is_field_text(header.last_modified) && is_field_text(header.vary) &&
                     is_field_text(header.key);
  return texts ? "" : "texts";
}

// The member that breaks its rule; empty if none does. encode() and decode() hold a header to the same rules.
std::string_view broken_part(const Header& header) {
  if (header.kind != Kind::positive && header.kind != Kind::negative) {
    return "kind";
  }
  if (!http::is_final(header.status)) {
    return "status";
  }
  if (header.encoding != Encoding::identity && header.encoding != Encoding::gzip) {
    return "encoding";
  }
  if (header.stored_size.count > limit::body_bytes_max || header.body_size.count > limit::body_bytes_max ||
      (header.encoding == Encoding::identity && !(header.stored_size == header.body_size))) {
    return "sizes";
  }
  const std::string_view times = broken_times(header);
  return times.empty() ? broken_texts(header) : times;
}

std::string write_record(const Header& header) {
  RecordWriter record;
  record.u32(header.schema);
  record.u8(static_cast<std::uint8_t>(header.kind));
  record.u32(header.status);
  record.u8(static_cast<std::uint8_t>(header.encoding));
  record.u8(header.own_etag ? 1 : 0);
  record.u8(header.partial ? 1 : 0);
  record.u64(static_cast<std::uint64_t>(millis_since_epoch(header.created)));
  record.u64(static_cast<std::uint64_t>(millis_since_epoch(header.asked)));
  record.u64(header.log_seen);
  record.u64(static_cast<std::uint64_t>(millis_since_epoch(header.body_asked)));
  record.u64(header.body_log_seen);
  record.u64(static_cast<std::uint64_t>(header.fresh_for.count()));
  record.u64(static_cast<std::uint64_t>(header.stale_for.count()));
  record.u64(static_cast<std::uint64_t>(header.error_for.count()));
  record.u64(header.stored_size.count);
  record.u64(header.body_size.count);
  record.text(header.key);
  record.text(header.content_type);
  record.text(header.etag);
  record.text(header.last_modified);
  record.text(header.vary);
  record.texts(header.tags);
  record.pairs(header.fields);
  return std::move(record).take();
}

// A number that does not fit its member becomes one that breaks its rule.
Header read_record(RecordReader& record) {
  Header header;
  header.kind = static_cast<Kind>(record.u8());
  header.status = static_cast<std::uint16_t>(std::min<std::uint32_t>(record.u32(), UINT16_MAX));
  header.encoding = static_cast<Encoding>(record.u8());
  const auto millis = [&] {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(record.u64(), INT64_MAX));
  };
  const std::uint8_t own_etag = record.u8();
  header.own_etag = own_etag == 1;
  const std::uint8_t partial = record.u8();
  header.partial = partial == 1;
  header.status = own_etag > 1 || partial > 1 ? 0 : header.status;
  header.created = instant_from_millis(millis());
  header.asked = instant_from_millis(millis());
  header.log_seen = record.u64();
  header.body_asked = instant_from_millis(millis());
  header.body_log_seen = record.u64();
  header.fresh_for = Millis(millis());
  header.stale_for = Millis(millis());
  header.error_for = Millis(millis());
  header.stored_size = Bytes(record.u64());
  header.body_size = Bytes(record.u64());
  header.key = record.text();
  header.content_type = record.text();
  header.etag = record.text();
  header.last_modified = record.text();
  header.vary = record.text();
  header.tags = record.texts();
  header.fields = record.pairs();
  return header;
}

struct Share {
  std::uint64_t bytes;
  std::string part;
  std::string_view advice;
};

// The part of the header that takes the most room.
Share largest_share(const Header& header) {
  std::uint64_t tags = 0;
  for (const std::string& tag : header.tags) {
    tags += tag.size();
  }
  std::uint64_t fields = 0;
  for (const auto& [name, value] : header.fields) {
    fields += name.size() + value.size();
  }
  const std::vector<Share> shares = {
      {tags, concat({"its ", to_text(std::uint64_t{header.tags.size()}), " tags"}),
       "declare fewer or shorter tags"},
      {fields, concat({"its ", to_text(std::uint64_t{header.fields.size()}), " response fields"}),
       "have the origin send fewer header fields"},
      {header.vary.size(), "what its Vary names", "have the origin vary on fewer fields"},
      {header.key.size(), "its key", "declare fewer or shorter key fields"},
      {header.etag.size() + header.last_modified.size() + header.content_type.size(),
       "its content type and validators", "have the origin send shorter ones"}};
  return *std::max_element(shares.begin(), shares.end(),
                           [](const Share& a, const Share& b) { return a.bytes < b.bytes; });
}

Failure refuse_size(const Header& header, std::size_t bytes, Bytes bytes_max) {
  const Share share = largest_share(header);
  return fail(ErrorKind::too_large, source,
              concat({"The entry's header takes ", to_text(std::uint64_t{bytes}), " bytes of ",
                      to_text(bytes_max.count), ". The most goes to ", share.part, " (", to_text(share.bytes),
                      " bytes before encoding): ", share.advice, "."}));
}

}  // namespace

std::string_view to_text(Encoding encoding) {
  switch (encoding) {
    case Encoding::identity:
      return "";
    case Encoding::gzip:
      return "gzip";
  }
  LARDER_UNREACHABLE();
}

bool is_text(std::string_view content_type) {
  const std::string type = to_lower(content_type.substr(0, content_type.find(';')));
  return type.starts_with("text/") || contains(type, "json") || contains(type, "xml") ||
         contains(type, "javascript") || contains(type, "csv") || contains(type, "svg");
}

KeptText parse_kept(std::string_view text) {
  return text.ends_with(stub_mark) ? KeptText(text.substr(0, text.size() - stub_mark.size()), BodyPlace::cold)
                                   : KeptText(text, BodyPlace::here);
}

Result<std::string> encode(const Header& header, Bytes bytes_max) {
  constexpr std::size_t quotes = 2;
  if (header.schema != schema_version) {
    return fail(ErrorKind::internal, source, "The entry's header has another schema.");
  }
  if (header.fields.size() > limit::entry_fields_max) {
    return fail(
        ErrorKind::too_large, source,
        concat({"The entry has ", to_text(std::uint64_t{header.fields.size()}), " response fields; at most ",
                to_text(std::uint64_t{limit::entry_fields_max}), " are kept."}));
  }
  if (const std::string_view part = broken_part(header); !part.empty()) {
    return fail(ErrorKind::internal, source, concat({"The entry's header breaks a rule: ", part, "."}));
  }
  std::string text = to_base64url(write_record(header));
  if (text.size() + quotes > bytes_max.count) {
    return refuse_size(header, text.size() + quotes, bytes_max);
  }
  return text;
}

Result<Header> decode(std::string_view text) {
  if (text.size() > limit::header_value_bytes_max) {
    return fail(ErrorKind::corrupt, source, "The entry's header is too long.");
  }
  const auto bytes = from_base64url(text);
  if (!bytes) {
    return fail(ErrorKind::corrupt, source, "The entry's header is not base64url.");
  }
  RecordReader record(*bytes);
  const std::uint32_t schema = record.u32();
  if (record.ok() && schema != schema_version && !LARDER_MUTATED(schema_unchecked)) {
    return fail(ErrorKind::unsupported, source, "The entry's header has another schema.");
  }
  Header header = read_record(record);
  if (!record.complete()) {
    return fail(ErrorKind::corrupt, source, "The entry's header breaks off or goes on.");
  }
  if (const std::string_view part = broken_part(header); !part.empty()) {
    return fail(ErrorKind::corrupt, source, concat({"The entry's header breaks a rule: ", part, "."}));
  }
  return header;
}

}  // namespace larder::entry
