// Which route a request is for (routes.def).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "operators/call.h"
#include "operators/handlers.h"

namespace larder::operators {

enum class AuditRule : std::uint8_t {
  each,     // every call is kept
  refused,  // calls that the gate turned away are counted, the others leave no trace
};

struct Route {
  http::Method method;
  std::string_view path;
  Role role;
  Handler handler;
  AuditRule audit;
  std::string_view purpose;
};

inline constexpr std::array routes = {
#define LARDER_ROUTE(method, path, role, handler, audit, purpose) \
  Route{http::Method::method, path, Role::role, &handler, AuditRule::audit, purpose},
#include "operators/routes.def"
};

// What larder.json may not declare, with all that is below.
inline constexpr std::array reserved_paths = {
#define LARDER_RESERVED(path, why) std::string_view(path),
#include "operators/routes.def"
};
bool is_reserved(std::string_view path);

struct Routed {
  // nullptr: the path is there, the method is not.
  const Route* route = nullptr;
  TextPairs parameters;

  Routed() {}
};

// Whether some route has the path, whatever the method.
bool is_route(std::string_view path);

// nullopt: no route has the path. HEAD finds what GET finds.
std::optional<Routed> find_route(http::Method method, std::string_view path);

// What Allow says of a path that some route has.
std::string allowed_methods(std::string_view path);

}  // namespace larder::operators
