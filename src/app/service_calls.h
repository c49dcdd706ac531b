// Calls of other Workers (calls.def), as the requests that ask the same. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/wire.h"
#include "config/declaration.h"
#include "http/message.h"

namespace larder::app {

enum class CallQuestion : std::uint8_t {
  body,   // the argument is the request's body
  query,  // the argument's members are the parameters of the query
};

struct CallRow {
  std::string_view name;
  http::Method method;
  // Of an operators' route; "" for read, which asks for a resource.
  std::string_view path;
  CallQuestion question;

  constexpr CallRow(std::string_view name_, http::Method method_, std::string_view path_,
                    CallQuestion question_)
      : name(name_), method(method_), path(path_), question(question_) {}
};

// nullptr: there is no such call.
const CallRow* find_call(std::string_view name);

// A request that has no client: what its resource reads from fields and from a body comes with it.
struct ReadRequest {
  const config::Resource* resource = nullptr;
  http::Method method = http::Method::get;
  std::string url;
  http::Fields headers;
  std::string body;

  ReadRequest() {}
};

// The argument of read: {"resource": "title", "fields": {"q": "Dune"}}. Each field goes to where the resource
// reads it from: the path, the query, a header field or the body. A field that is null counts as absent.
// Errors: not_found, where no resource has that name; invalid, with what is wrong.
Result<ReadRequest> read_request_of(const config::Declarations& declarations, std::string_view argument);

// The members of an object that are texts, numbers or flags. Errors: invalid, for anything else.
Result<TextPairs> parameters_of(std::string_view argument);

}  // namespace larder::app
