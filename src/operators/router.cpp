#include "operators/router.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/declaration.h"

namespace larder::operators {

namespace {

bool is_parameter(std::string_view piece) { return piece.starts_with('{'); }

// Takes what comes before the next slash, and the slash, from the front of `rest`; at the end `rest` has no
// data.
std::string_view take_piece(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view piece = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return piece;
}

// Calls `use(name, value)` for each parameter of a path. False: it does not fit the pattern.
template <typename Use>
bool fit_pattern(std::string_view pattern, std::string_view path, Use use) {
  while (pattern.data() != nullptr && path.data() != nullptr) {
    const std::string_view expected = take_piece(pattern);
    const std::string_view given = take_piece(path);
    if (!is_parameter(expected)) {
      if (expected != given) {
        return false;
      }
    } else if (given.empty()) {
      return false;
    } else {
      use(expected.substr(1, expected.size() - 2), given);
    }
  }
  return pattern.data() == nullptr && path.data() == nullptr;
}

// The patterns that fit have as many segments; the one with fewer parameters says more. Every request for a
// resource comes by here.
std::string_view best_pattern(std::string_view path) {
  std::string_view best;
  std::size_t fewest = std::string_view::npos;
  for (const Route& route : routes) {
    std::size_t parameters = 0;
    const bool fits =
        fit_pattern(route.path, path, [&](std::string_view, std::string_view) { ++parameters; });
    if (fits && parameters < fewest) {
      best = route.path;
      fewest = parameters;
    }
  }
  return best;
}

http::Method without_head(http::Method method) {
  return method == http::Method::head ? http::Method::get : method;
}

}  // namespace

std::string_view to_text(Role role) {
  switch (role) {
    case Role::none:
      return "none";
    case Role::viewer:
      return "viewer";
    case Role::admin:
      return "admin";
  }
  LARDER_UNREACHABLE();
}

std::string_view Call::parameter(std::string_view name) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const auto& parameter) { return parameter.first == name; });
  LARDER_ASSERT(found != parameters.end());
  return found->second;
}

bool is_reserved(std::string_view path) {
  return std::any_of(reserved_paths.begin(), reserved_paths.end(),
                     [&](std::string_view parent) { return config::is_at_or_below(path, parent); });
}

bool is_route(std::string_view path) { return !best_pattern(path).empty(); }

std::optional<Routed> find_route(http::Method method, std::string_view path) {
  const std::string_view pattern = best_pattern(path);
  if (pattern.empty()) {
    return std::nullopt;
  }
  Routed routed;
  for (const Route& route : routes) {
    if (route.path == pattern && route.method == without_head(method)) {
      routed.route = &route;
    }
  }
  const bool fits = fit_pattern(pattern, path, [&](std::string_view name, std::string_view value) {
    routed.parameters.emplace_back(name, value);
  });
  LARDER_ASSERT(fits);
  return routed;
}

std::string allowed_methods(std::string_view path) {
  const std::string_view pattern = best_pattern(path);
  std::vector<std::string> names;
  for (const Route& route : routes) {
    if (route.path != pattern) {
      continue;
    }
    names.emplace_back(http::to_text(route.method));
    if (route.method == http::Method::get) {
      names.emplace_back(http::to_text(http::Method::head));
    }
  }
  names.emplace_back(http::to_text(http::Method::options));
  return join(names, ", ");
}

}  // namespace larder::operators
