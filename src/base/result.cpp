#include "base/result.h"

#include "base/assert.h"

namespace larder {

std::string_view to_text(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::timeout:
      return "timeout";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::rejected:
      return "rejected";
    case ErrorKind::too_large:
      return "too_large";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::internal:
      return "internal";
  }
  LARDER_UNREACHABLE();
}

Failure fail(ErrorKind kind, std::string_view source, std::string message) {
  return Failure(Error(kind, source, Retry::never, std::move(message)));
}

Failure fail_for_now(ErrorKind kind, std::string_view source, std::string message) {
  return Failure(Error(kind, source, Retry::later, std::move(message)));
}

}  // namespace larder
