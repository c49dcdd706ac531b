// The identity of a client by its address: its requests are counted and bounded by it.
#pragma once

#include <string>
#include <string_view>

namespace larder::http {

// The IPv4 address, or the /64 of an IPv6 address, all of which one client may use (RFC 4291 §2.5.4). An
// IPv4-mapped address (RFC 4291 §2.5.5.2) is the IPv4 address. What is no address stays as it is; "unknown"
// for nothing and for more than 64 bytes.
std::string client_of(std::string_view address);

}  // namespace larder::http
