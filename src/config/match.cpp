// Matching requests to resources.
#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/declaration.h"

namespace larder::config {

namespace {

bool fits(const Match& match, const std::vector<std::string_view>& pieces) {
  for (std::size_t i = 0; i < match.segments.size(); ++i) {
    const Segment& segment = match.segments[i];
    if (i == pieces.size()) {
      return false;
    }
    switch (segment.kind) {
      case SegmentKind::literal:
        if (pieces[i] != segment.text) {
          return false;
        }
        break;
      case SegmentKind::parameter:
        if (pieces[i].empty()) {
          return false;
        }
        break;
      case SegmentKind::rest:
        return true;
    }
  }
  return match.segments.size() == pieces.size();
}

bool serves(const Match& match, http::Method method) {
  return std::find(match.methods.begin(), match.methods.end(), method) != match.methods.end();
}

// Both fit the same path, so they differ in kind somewhere or have one shape.
bool is_more_specific(const Match& a, const Match& b) {
  for (std::size_t i = 0; i < std::min(a.segments.size(), b.segments.size()); ++i) {
    if (a.segments[i].kind != b.segments[i].kind) {
      return a.segments[i].kind < b.segments[i].kind;
    }
  }
  return false;
}

TextPairs parameters_of(const Match& match, std::string_view path,
                        const std::vector<std::string_view>& pieces) {
  TextPairs parameters;
  for (std::size_t i = 0; i < match.segments.size(); ++i) {
    const Segment& segment = match.segments[i];
    if (segment.kind == SegmentKind::parameter) {
      parameters.emplace_back(segment.text, pieces[i]);
    } else if (segment.kind == SegmentKind::rest) {
      parameters.emplace_back(segment.text,
                              path.substr(static_cast<std::size_t>(pieces[i].data() - path.data())));
    }
  }
  return parameters;
}

std::vector<std::string_view> pieces_of(std::string_view path) {
  return path.starts_with('/') ? split(path.substr(1), '/') : std::vector<std::string_view>();
}

}  // namespace

TextPairs path_parameters(const Match& match, std::string_view path) {
  const auto pieces = pieces_of(path);
  LARDER_ASSERT(pieces.size() >= match.segments.size());
  return parameters_of(match, path, pieces);
}

std::optional<Matched> match(const Declarations& declarations, http::Method method, std::string_view path) {
  const auto pieces = pieces_of(path);
  const Resource* best = nullptr;
  for (const Resource& resource : declarations.resources) {
    if (serves(resource.match, method) && fits(resource.match, pieces) &&
        (best == nullptr || is_more_specific(resource.match, best->match))) {
      best = &resource;
    }
  }
  if (best == nullptr) {
    return std::nullopt;
  }
  return Matched{best, parameters_of(best->match, path, pieces)};
}

std::vector<http::Method> methods_of(const Declarations& declarations, std::string_view path) {
  std::vector<http::Method> methods;
  const auto add = [&](http::Method method) {
    if (std::find(methods.begin(), methods.end(), method) == methods.end()) {
      methods.push_back(method);
    }
  };
  const auto pieces = pieces_of(path);
  for (const Resource& resource : declarations.resources) {
    if (fits(resource.match, pieces)) {
      for (const http::Method method : resource.match.methods) {
        add(method);
      }
    }
  }
  return methods;
}

bool is_at_or_below(std::string_view path, std::string_view parent) {
  return path.starts_with(parent) && (path.size() == parent.size() || path[parent.size()] == '/');
}

}  // namespace larder::config
