#include "operators/router.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/declaration.h"

namespace larder::operators {

namespace {

bool is_parameter(std::string_view piece) { return piece.starts_with('{'); }

// The parameters of a path that fits the pattern.
std::optional<TextPairs> fit_pattern(std::string_view pattern, std::string_view path) {
  const auto expected = split(pattern, '/');
  const auto given = split(path, '/');
  if (expected.size() != given.size()) {
    return std::nullopt;
  }
  TextPairs parameters;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (is_parameter(expected[i])) {
      if (given[i].empty()) {
        return std::nullopt;
      }
      parameters.emplace_back(expected[i].substr(1, expected[i].size() - 2), given[i]);
    } else if (expected[i] != given[i]) {
      return std::nullopt;
    }
  }
  return parameters;
}

// The patterns that fit have as many segments; the one with fewer parameters says more.
std::string_view best_pattern(std::string_view path) {
  std::string_view best;
  std::size_t fewest = std::string_view::npos;
  for (const Route& route : routes) {
    const auto parameters = fit_pattern(route.path, path);
    if (parameters && parameters->size() < fewest) {
      best = route.path;
      fewest = parameters->size();
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
  routed.parameters = *fit_pattern(pattern, path);
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
