// "match" of a resource.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/declaration_parts.h"
#include "config/limits.h"

namespace larder::config {

namespace {

bool is_parameter_name(std::string_view name) {
  const auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '_'; };
  return !name.empty() && is_alpha(name.front()) && name.size() <= limit::field_name_bytes_max &&
         std::all_of(name.begin(), name.end(), fits);
}

// Adds the segment that `piece` stands for.
void add_segment(std::string_view piece, std::vector<Segment>& segments, const std::string& path,
                 Faults& faults) {
  const bool braced = piece.size() >= 2 && piece.front() == '{' && piece.back() == '}';
  std::string_view name = braced ? piece.substr(1, piece.size() - 2) : piece;
  const bool rest = braced && name.ends_with("...");
  if (rest) {
    name.remove_suffix(3);
  }
  if (!braced) {
    if (name.find_first_of("{}") != std::string_view::npos) {
      faults.emplace_back(path,
                          concat({in_quotes(piece), ": {name} must be a whole segment between slashes."}));
    }
    segments.push_back(Segment{SegmentKind::literal, std::string(name)});
    return;
  }
  if (!is_parameter_name(name)) {
    faults.emplace_back(
        path, concat({in_quotes(name), " is no parameter name; use letters, digits and _, a letter first."}));
  }
  const auto same_name = [&](const Segment& segment) {
    return segment.kind != SegmentKind::literal && segment.text == name;
  };
  if (std::any_of(segments.begin(), segments.end(), same_name)) {
    faults.emplace_back(path,
                        concat({"{", name, "} stands in the path twice; give each parameter its own name."}));
  }
  segments.push_back(Segment{rest ? SegmentKind::rest : SegmentKind::parameter, std::string(name)});
}

void check_literal_path(std::string_view text, const std::string& path, Faults& faults) {
  if (text.find_first_of("%?#\\") != std::string_view::npos) {
    faults.emplace_back(path, "Write the path decoded and alone: no %, ?, # or backslash.");
  }
  if (text.size() > limit::url_bytes_max) {
    faults.emplace_back(path, "The path is too long.");
  }
  for (const std::string_view piece : split(text, '/')) {
    if (piece == "." || piece == "..") {
      faults.emplace_back(path, "The path has a \".\" or \"..\" segment; write where it leads.");
    }
  }
  if (text.size() > 1 && (text.ends_with('/') || contains(text, "//"))) {
    faults.emplace_back(path,
                        "The path has an empty segment; remove the slash at its end or the double slash.");
  }
}

void check_rest(const std::vector<Segment>& segments, Mode mode, const std::string& path, Faults& faults) {
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].kind != SegmentKind::rest) {
      continue;
    }
    if (i + 1 != segments.size()) {
      faults.emplace_back(
          path, concat({"{", segments[i].text, "...} takes all that is left, so it must come last."}));
    }
    if (mode != Mode::http) {
      faults.emplace_back(path, concat({"{", segments[i].text, "...} needs \"mode\": \"http\"."}));
    }
  }
}

}  // namespace

namespace {

constexpr std::array served_methods = {http::Method::get,    http::Method::head,  http::Method::post,
                                       http::Method::put,    http::Method::patch, http::Method::delete_,
                                       http::Method::options};

void parse_methods(const Place& place, Mode mode, Match& match, Faults& faults) {
  if (mode != Mode::http) {
    faults.emplace_back(place.path,
                        "Only with \"mode\": \"http\" do methods pass through; write \"method\".");
    return;
  }
  match.methods.clear();
  for (const Place& item : read_items(place, served_methods.size(), faults)) {
    const auto text = read_text(item, faults);
    if (!text) {
      continue;
    }
    const http::Method method = http::parse_method(*text);
    if (std::find(served_methods.begin(), served_methods.end(), method) == served_methods.end()) {
      faults.emplace_back(item.path, concat({in_quotes(*text),
                                             " is not offered; use GET, HEAD, POST, PUT, PATCH, DELETE or "
                                             "OPTIONS."}));
    } else if (std::find(match.methods.begin(), match.methods.end(), method) != match.methods.end()) {
      faults.emplace_back(item.path, "This method is named twice; keep one.");
    } else {
      match.methods.push_back(method);
    }
  }
  const auto has = [&](http::Method method) {
    return std::find(match.methods.begin(), match.methods.end(), method) != match.methods.end();
  };
  if (has(http::Method::get) && !has(http::Method::head)) {
    match.methods.insert(std::find(match.methods.begin(), match.methods.end(), http::Method::get) + 1,
                         http::Method::head);
  }
  if (match.methods.empty() && place.element.is_array()) {
    faults.emplace_back(place.path, "Name at least one method.");
  }
}

}  // namespace

Match parse_match(const Place& place, Mode mode, Faults& faults) {
  Match match;
  const Members members(place, {"method", "methods", "path"}, faults);
  if (const auto method = members.find("method")) {
    const auto text = read_text(*method, faults);
    match.method = text == "POST" ? http::Method::post : http::Method::get;
    if (text && *text != "GET" && *text != "POST") {
      faults.emplace_back(method->path, concat({in_quotes(*text),
                                                " is not offered; use \"GET\" (HEAD comes with it), or "
                                                "\"POST\" for a question that is asked in a JSON body."}));
    }
    if (text == "POST" && mode != Mode::keyed) {
      faults.emplace_back(method->path,
                          "The answer to a POST is kept by its key only: use \"mode\": \"keyed\".");
    }
    if (match.method == http::Method::post) {
      match.methods = {http::Method::post};
    }
  }
  if (const auto methods = members.find("methods")) {
    if (members.find("method")) {
      faults.emplace_back(methods->path, "Write one of \"method\" and \"methods\".");
    }
    parse_methods(*methods, mode, match, faults);
  }
  const auto path = members.require("path", faults);
  const auto text = path ? read_text(*path, faults) : std::nullopt;
  if (!text) {
    return match;
  }
  match.path = *text;
  if (!text->starts_with('/')) {
    faults.emplace_back(path->path, "The path must start with a slash.");
    return match;
  }
  check_literal_path(*text, path->path, faults);
  const auto pieces = split(std::string_view(*text).substr(1), '/');
  if (pieces.size() > limit::path_segments_max) {
    faults.emplace_back(path->path, concat({"The path has more than ",
                                            to_text(std::uint64_t{limit::path_segments_max}), " segments."}));
    return match;
  }
  for (const std::string_view piece : pieces) {
    add_segment(piece, match.segments, path->path, faults);
  }
  check_rest(match.segments, mode, path->path, faults);
  return match;
}

}  // namespace larder::config
