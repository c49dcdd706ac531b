// One call of an operators' route.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/units.h"
#include "base/wire.h"
#include "host/requests.h"
#include "host/task.h"
#include "http/message.h"

namespace larder::operators {

// In order: a role may do everything that a lesser one may.
enum class Role : std::uint8_t {
  none,    // a valid token that gives no role
  viewer,  // reads
  admin,   // changes
};
// Stands beside base's to_text() for numbers.
using larder::to_text;
std::string_view to_text(Role role);

struct Call {
  http::Method method = http::Method::get;
  http::Target target;
  // Of the path's {names}.
  TextPairs parameters;
  // The caller: the token's subject; "" until the gate knows.
  std::string subject;
  Role role = Role::none;
  // host::address_of.
  std::string address;
  // The Worker that asks through a service binding (host::service_of); "" for none.
  std::string service;
  std::string request_id;
  Instant began;
  // What the call did or was asked to do, for the audit log. Set by the handler, never with a secret in it.
  std::string note;
  // What the handler leaves to be done behind the answer; empty: nothing. What it makes owns all that it
  // needs.
  std::function<host::Task<void>(host::Context)> afterwards;

  Call() {}
  // A path parameter, which the route's pattern has.
  std::string_view parameter(std::string_view name) const;
};

}  // namespace larder::operators
