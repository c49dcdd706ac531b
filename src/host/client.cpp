#include "host/client.h"

#include "base/text.h"
#include "http/client.h"

namespace larder::host {

namespace {

// With its prefix it is shorter than what http::client_of still takes for a name.
constexpr std::size_t service_name_bytes_max = 48;
constexpr std::size_t given_bytes_max = 1024;

}  // namespace

std::optional<std::string> service_of(Context here) {
  const auto given = here.host().request_header(here.request(), ":caller", given_bytes_max);
  if (!given) {
    return std::nullopt;
  }
  const std::string_view name = utf8_prefix(*given, service_name_bytes_max);
  return concat({"service:", name.empty() ? std::string_view("unnamed") : name});
}

std::optional<std::string> service_role_of(Context here) {
  return here.host().request_header(here.request(), ":role", given_bytes_max);
}

std::string address_of(Context here) {
  if (auto address = here.host().request_header(here.request(), "cf-connecting-ip", 64)) {
    return std::move(*address);
  }
  return service_of(here).value_or("");
}

std::string client_of(Context here) {
  const std::string address = address_of(here);
  return address.empty() ? std::string() : http::client_of(address);
}

}  // namespace larder::host
