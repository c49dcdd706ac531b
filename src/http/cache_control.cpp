#include "http/cache_control.h"

#include <algorithm>

#include "base/text.h"
#include "http/structured_field.h"

namespace larder::http {

namespace {

struct Flag {
  std::string_view name;
  bool ResponseDirectives::* is_set;
};

// What a number that cannot be read comes to.
enum class Broken : std::uint8_t {
  counts_as_zero,  // freshness: the response is stale
  is_ignored,      // leave to serve stale: none is given
};

struct Duration {
  std::string_view name;
  std::optional<Seconds> ResponseDirectives::* seconds;
  Broken broken;
};

struct Scope {
  std::string_view name;
  bool ResponseDirectives::* is_unqualified;
  std::vector<std::string> ResponseDirectives::* fields;
};

constexpr Flag flags[] = {
    {"public", &ResponseDirectives::public_},
    {"no-store", &ResponseDirectives::no_store},
    {"must-revalidate", &ResponseDirectives::must_revalidate},
    {"proxy-revalidate", &ResponseDirectives::proxy_revalidate},
    {"must-understand", &ResponseDirectives::must_understand},
    {"no-transform", &ResponseDirectives::no_transform},
    {"immutable", &ResponseDirectives::immutable},
};

constexpr Duration durations[] = {
    {"max-age", &ResponseDirectives::max_age, Broken::counts_as_zero},
    {"s-maxage", &ResponseDirectives::s_maxage, Broken::counts_as_zero},
    {"stale-while-revalidate", &ResponseDirectives::stale_while_revalidate, Broken::is_ignored},
    {"stale-if-error", &ResponseDirectives::stale_if_error, Broken::is_ignored},
};

constexpr Scope scopes[] = {
    {"private", &ResponseDirectives::private_, &ResponseDirectives::private_fields},
    {"no-cache", &ResponseDirectives::no_cache, &ResponseDirectives::no_cache_fields},
};

template <typename Row, std::size_t rows>
const Row* row_named(const Row (&table)[rows], std::string_view name) {
  for (const Row& row : table) {
    if (equals_ignoring_case(row.name, name)) {
      return &row;
    }
  }
  return nullptr;
}

void set_duration(ResponseDirectives& directives, const Duration& duration, std::optional<Seconds> seconds) {
  std::optional<Seconds>& member = directives.*duration.seconds;
  if (member) {
    return;
  }
  switch (duration.broken) {
    case Broken::counts_as_zero:
      member = seconds.value_or(Seconds(0));
      return;
    case Broken::is_ignored:
      member = seconds;
      return;
  }
}

// `names` is the unquoted list, nullopt where there was none or it was broken.
void set_scope(ResponseDirectives& directives, const Scope& scope, const std::optional<std::string>& names) {
  const auto fields = names ? token_list(*names) : std::nullopt;
  if (!fields) {
    directives.*scope.is_unqualified = true;
    return;
  }
  std::vector<std::string>& member = directives.*scope.fields;
  member.insert(member.end(), fields->begin(), fields->end());
}

// RFC 9111 §5.2: recipients ought to take both the token and the quoted form of every argument.
std::optional<std::string> argument_text(const std::optional<std::string_view>& argument) {
  if (!argument) {
    return std::nullopt;
  }
  const bool quoted = !argument->empty() && argument->front() == '"';
  return quoted ? unquote(*argument) : std::optional<std::string>(*argument);
}

std::optional<Seconds> argument_seconds(const std::optional<std::string_view>& argument) {
  const auto text = argument_text(argument);
  return text ? parse_delta_seconds(*text) : std::nullopt;
}

void append(std::string& list, std::string_view element) {
  list.append(list.empty() ? "" : ", ").append(element);
}

std::optional<Seconds> targeted_seconds(std::int64_t seconds) {
  if (seconds < 0) {
    return std::nullopt;
  }
  return std::min(Seconds(seconds), delta_seconds_max);
}

}  // namespace

ResponseDirectives parse_response_directives(std::string_view value) {
  ResponseDirectives directives;
  for (const std::string_view element : list_elements(value)) {
    const NamedValue directive = split_named_value(element);
    if (const Flag* flag = row_named(flags, directive.name)) {
      directives.*flag->is_set = true;
    } else if (const Duration* duration = row_named(durations, directive.name)) {
      set_duration(directives, *duration, argument_seconds(directive.value));
    } else if (const Scope* scope = row_named(scopes, directive.name)) {
      set_scope(directives, *scope, argument_text(directive.value));
    }
  }
  return directives;
}

RequestDirectives parse_request_directives(std::string_view value) {
  RequestDirectives directives;
  const auto keep_first = [](std::optional<Seconds>& member, std::optional<Seconds> seconds) {
    member = member ? member : seconds;
  };
  for (const std::string_view element : list_elements(value)) {
    const NamedValue directive = split_named_value(element);
    const auto is = [&](std::string_view name) { return equals_ignoring_case(directive.name, name); };
    if (is("no-cache")) {
      directives.no_cache = true;
    } else if (is("no-store")) {
      directives.no_store = true;
    } else if (is("no-transform")) {
      directives.no_transform = true;
    } else if (is("only-if-cached")) {
      directives.only_if_cached = true;
    } else if (is("max-age")) {
      keep_first(directives.max_age, argument_seconds(directive.value));
    } else if (is("min-fresh")) {
      keep_first(directives.min_fresh, argument_seconds(directive.value));
    } else if (is("max-stale")) {
      keep_first(directives.max_stale,
                 directive.value ? argument_seconds(directive.value) : delta_seconds_max);
    }
  }
  return directives;
}

std::optional<ResponseDirectives> parse_targeted_directives(std::string_view value) {
  const auto members = parse_dictionary(value);
  if (!members || members->empty()) {
    return std::nullopt;
  }
  ResponseDirectives directives;
  for (const auto& [name, item] : *members) {
    const BareItem& argument = item.value;
    if (const Duration* duration = row_named(durations, name)) {
      if (argument.kind != ItemKind::integer) {
        return std::nullopt;
      }
      set_duration(directives, *duration, targeted_seconds(argument.integer));
    } else if (argument.is_false()) {
      continue;
    } else if (const Flag* flag = row_named(flags, name)) {
      directives.*flag->is_set = true;
    } else if (const Scope* scope = row_named(scopes, name)) {
      const bool has_names = argument.kind == ItemKind::string || argument.kind == ItemKind::token;
      set_scope(directives, *scope, has_names ? std::optional<std::string>(argument.text) : std::nullopt);
    }
  }
  return directives;
}

SelectedDirectives select_directives(const Fields& response) {
  SelectedDirectives selected;
  if (const auto targeted = response.combined("CDN-Cache-Control")) {
    if (auto directives = parse_targeted_directives(*targeted)) {
      selected.source = DirectiveSource::targeted;
      selected.directives = std::move(*directives);
      return selected;
    }
  }
  if (const auto value = response.combined("Cache-Control")) {
    selected.source = DirectiveSource::cache_control;
    selected.directives = parse_response_directives(*value);
  }
  return selected;
}

std::string format_cache_control(const ResponseDirectives& directives) {
  std::string value;
  for (const Scope& scope : scopes) {
    if (directives.*scope.is_unqualified) {
      append(value, scope.name);
    } else if (!(directives.*scope.fields).empty()) {
      append(value, concat({scope.name, "=\"", join(directives.*scope.fields, ", "), "\""}));
    }
  }
  const auto append_flag = [&](const Flag& flag) {
    if (directives.*flag.is_set) {
      append(value, flag.name);
    }
  };
  // public and no-store, the first rows, decide whether a cache may store: they stand before the durations.
  constexpr std::size_t storing_flags = 2;
  std::for_each(std::begin(flags), std::begin(flags) + storing_flags, append_flag);
  for (const Duration& duration : durations) {
    if (const auto& seconds = directives.*duration.seconds) {
      append(value,
             concat({duration.name, "=", larder::to_text(static_cast<std::int64_t>(seconds->count()))}));
    }
  }
  std::for_each(std::begin(flags) + storing_flags, std::end(flags), append_flag);
  return value;
}

}  // namespace larder::http
