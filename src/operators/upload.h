// The bodies of uploaded lists: forms, and JSON with a file as base64. A list may have 10 MB, of which a
// parsed document would take 140: so JSON is read piece by piece.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire.h"
#include "host/admission.h"
#include "operators/operator_context.h"
#include "operators/request.h"

namespace larder::operators {

// The fields that come with a list, as texts.
struct UploadFields {
  TextPairs fields;
  // What is wrong with them, before their values are looked at.
  Faults faults;

  UploadFields() {}
  explicit UploadFields(TextPairs fields_) : fields(std::move(fields_)) {}
  // "" where it is not given.
  std::string_view field(std::string_view name) const;
};

struct Upload : UploadFields {
  std::string file;

  Upload() {}
};

// The list of POST /api/warming/upload. Problems: 400 (with the field), 408, 413, 415, 503.
host::Task<Asked<Upload>> read_upload(host::Context here);

// The body of POST /api/warming/prewarm, taken apart. What is left out is nullopt.
struct EntryList : UploadFields {
  // The whole of it, into which `items` points.
  std::string text;
  // The JSON array of items.
  std::optional<std::string_view> items;
  // The bytes of a CSV file.
  std::optional<std::string> csv;

  EntryList() {}
  EntryList(const EntryList&) = delete;
  EntryList& operator=(const EntryList&) = delete;
};

// Fills `list`, which is empty. The problem, if there is one: as above.
host::Task<std::optional<http::Problem>> read_entry_list(host::Context here, EntryList& list);

// Room for the upload that the request announces; waits for it, and for no more than there may be at once.
// nullopt: there was none in time.
host::Task<std::optional<host::Admission::Place>> wait_for_room(host::Context here,
                                                                const OperatorContext& context);
// 503: come again.
host::Outgoing no_room(host::Context here);

}  // namespace larder::operators
