// Who sends a request: a client, known by its address, or another Worker, known by the name that its service
// binding gives it.
//
// What the shim says of a Worker that asks stands beside the request's fields, under names with a colon: no
// field of HTTP has such a name (RFC 9110 §5.1), so no client can say it of itself.
#pragma once

#include <optional>
#include <string>

#include "host/requests.h"

namespace larder::host {

// "service:NAME", where a Worker asks through a service binding; nullopt: nobody but the client asks.
std::optional<std::string> service_of(Context here);
// The role that the binding gives to calls that are no HTTP requests, "" for none; nullopt: this is an HTTP
// request, whose role is that of its token alone.
std::optional<std::string> service_role_of(Context here);
// The client's address as the platform says it. A Worker that asks in nobody's name has that of its service;
// "" where neither is known.
std::string address_of(Context here);
// What a client's limits are counted by (http/client.h); "" where nothing is known of it.
std::string client_of(Context here);

}  // namespace larder::host
