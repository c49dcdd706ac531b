#include "http/freshness.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "http/date.h"
#include "http/range.h"
#include "http/status.h"
#include "http/syntax.h"
#include "http/validators.h"
#include "http/vary.h"

namespace larder::http {

namespace {

constexpr std::string_view hop_by_hop_names[] = {
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
};

// RFC 9111 §3.1: fields of the proxy that answered, not of the response.
constexpr std::string_view proxy_names[] = {
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
};

template <std::size_t count>
bool names_contain(const std::string_view (&names)[count], std::string_view name) {
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view one) { return equals_ignoring_case(one, name); });
}

// In lower case and sorted. Broken elements name nothing.
std::vector<std::string> connection_options(const Fields& fields) {
  std::vector<std::string> names;
  const std::string value = fields.combined("Connection").value_or("");
  for (const std::string_view element : list_elements(value)) {
    names.push_back(to_lower(element));
  }
  std::sort(names.begin(), names.end());
  return names;
}

template <typename Predicate>
Fields fields_that(const Fields& fields, Predicate stay) {
  Fields kept;
  for (const auto& [name, value] : fields.all()) {
    if (stay(name)) {
      kept.add(name, value);
    }
  }
  return kept;
}

std::optional<Instant> date_field(const Fields& fields, std::string_view name, Instant now) {
  const auto value = fields.combined(name);
  return value ? parse_date(*value, now) : std::nullopt;
}

bool names_field(const ResponseDirectives& directives, std::string_view lower_name) {
  const auto has = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), lower_name) != names.end();
  };
  return has(directives.private_fields) || has(directives.no_cache_fields);
}

bool counts_expires(const SelectedDirectives& selected, const Fields& response) {
  return selected.source != DirectiveSource::targeted && response.find("Expires");
}

bool has_explicit_freshness(const SelectedDirectives& selected, const Fields& response) {
  return selected.directives.s_maxage || selected.directives.max_age || counts_expires(selected, response);
}

bool has_reason_to_be_kept(int status, const SelectedDirectives& selected, const Fields& response) {
  return selected.directives.public_ || has_explicit_freshness(selected, response) ||
         is_heuristically_cacheable(status);
}

// An error that a field of this request may have caused. Where guesses are declared, 404, 410 and 501, which
// speak of the resource and of the server, may have one.
bool may_be_provoked(const RequestFacts& request, int status) {
  const bool speaks_of_all = status == 404 || status == 410 || status == 501;
  return status >= 400 && !(request.guesses && speaks_of_all);
}

bool can_be_of_use(const RequestFacts& request, int status, const ResponseDirectives& directives,
                   const Fields& response, Instant response_time) {
  const bool can_be_revalidated = response.find("ETag") || response.find("Last-Modified");
  if (can_be_revalidated) {
    return true;
  }
  const auto is_some = [](const std::optional<Seconds>& window) { return window && window->count() > 0; };
  const Freshness freshness = freshness_lifetime(status, response, response_time);
  const bool is_guess = freshness.basis == FreshnessBasis::heuristic;
  const bool may_be_fresh = freshness.lifetime.count() > 0 && (request.guesses || !is_guess);
  return !directives.no_cache &&
         (may_be_fresh || is_some(directives.stale_while_revalidate) || is_some(directives.stale_if_error));
}

Storability refused_by_status(int status, const ResponseDirectives& directives, const Fields& response) {
  if (status == 206) {
    const bool is_one_part = parse_content_range(response.combined("Content-Range").value_or("")).has_value();
    return is_one_part ? Storability::storable : Storability::partial;
  }
  if (status < 200 || status > 599 || is_never_stored(status)) {
    return Storability::status;
  }
  return directives.must_understand && !is_understood(status) ? Storability::not_understood
                                                              : Storability::storable;
}

Seconds within_delta(Seconds lifetime) { return std::clamp(lifetime, Seconds(0), delta_seconds_max); }

Seconds heuristic_lifetime(const Fields& response, Instant date, Instant response_time) {
  const auto last_modified = date_field(response, "Last-Modified", response_time);
  if (!last_modified) {
    return Seconds(0);
  }
  const auto unchanged_for = std::chrono::floor<Seconds>(date - *last_modified);
  return std::clamp(unchanged_for / heuristic_lifetime_divisor, Seconds(0), heuristic_lifetime_max);
}

// RFC 9111 §5.1: of a list the first member; nullopt if that is broken.
std::optional<Seconds> age_value(const Fields& response) {
  const auto value = response.combined("Age");
  return value ? parse_delta_seconds(trim_whitespace(split(*value, ',').front())) : std::nullopt;
}

}  // namespace

std::string_view to_text(Storability storability) {
  switch (storability) {
    case Storability::storable:
      return "";
#define LARDER_STORABILITY(name, word, section, meaning) \
  case Storability::name:                                \
    return word;
#include "http/storability.def"
#undef LARDER_STORABILITY
  }
  LARDER_UNREACHABLE();
}

bool may_be_shared_when_authorised(const ResponseDirectives& directives) {
  return directives.public_ || directives.must_revalidate || directives.s_maxage;
}

Storability storable(const RequestFacts& request, int status, const Fields& response, Instant response_time) {
  const SelectedDirectives selected = select_directives(response);
  const ResponseDirectives& directives = selected.directives;
  if (request.method != Method::get) {
    return Storability::method;
  }
  if (const Storability refusal = refused_by_status(status, directives, response);
      refusal != Storability::storable) {
    return refusal;
  }
  if (request.directives.no_store) {
    return Storability::request_no_store;
  }
  // §5.2.2.3: must-understand lifts no-store for a cache that understands the status, as was checked just
  // now.
  if (directives.no_store && !directives.must_understand) {
    return Storability::no_store;
  }
  if (directives.private_) {
    return Storability::private_response;
  }
  if (request.has_authorization && !may_be_shared_when_authorised(directives)) {
    return Storability::authorization;
  }
  if (response.find("Set-Cookie") && !names_field(directives, "set-cookie") && !request.strips_cookies) {
    return Storability::set_cookie;
  }
  if (vary_of(response).any) {
    return Storability::vary_any;
  }
  if (may_be_provoked(request, status) && !has_explicit_freshness(selected, response)) {
    return Storability::error;
  }
  if (!has_reason_to_be_kept(status, selected, response)) {
    return Storability::no_freshness;
  }
  return can_be_of_use(request, status, directives, response, response_time) ? Storability::storable
                                                                             : Storability::no_use;
}

Freshness freshness_lifetime(int status, const Fields& response, Instant response_time) {
  const SelectedDirectives selected = select_directives(response);
  Freshness freshness;
  if (selected.directives.s_maxage) {
    freshness.basis = FreshnessBasis::s_maxage;
    freshness.lifetime = *selected.directives.s_maxage;
    return freshness;
  }
  if (selected.directives.max_age) {
    freshness.basis = FreshnessBasis::max_age;
    freshness.lifetime = *selected.directives.max_age;
    return freshness;
  }
  const Instant date = date_field(response, "Date", response_time).value_or(response_time);
  if (counts_expires(selected, response)) {
    const Instant expires = date_field(response, "Expires", response_time).value_or(date);
    freshness.basis = FreshnessBasis::expires;
    freshness.lifetime = within_delta(std::chrono::floor<Seconds>(expires - date));
    return freshness;
  }
  const bool may_guess = is_heuristically_cacheable(status) || selected.directives.public_;
  if (const Seconds guess = heuristic_lifetime(response, date, response_time);
      may_guess && guess.count() > 0) {
    freshness.basis = FreshnessBasis::heuristic;
    freshness.lifetime = guess;
  }
  return freshness;
}

Millis current_age(const Fields& response, Instant request_time, Instant response_time, Instant now) {
  constexpr Millis none{0};
  const Instant date = date_field(response, "Date", response_time).value_or(response_time);
  // Date carries whole seconds: the fraction that it lacks is no age.
  const Millis apparent_age = std::max(none, Millis(std::chrono::floor<Seconds>(response_time - date)));
  const Millis response_delay = std::max(none, response_time - request_time);
  const Millis corrected_age = age_value(response).value_or(Seconds(0)) + response_delay;
  const Millis resident_time = std::max(none, now - response_time);
  return std::max(apparent_age, corrected_age) + resident_time;
}

bool is_hop_by_hop(std::string_view name) { return names_contain(hop_by_hop_names, name); }

Fields without_hop_by_hop(const Fields& fields) {
  const std::vector<std::string> options = connection_options(fields);
  return fields_that(fields, [&](std::string_view name) {
    return !is_hop_by_hop(name) && !std::binary_search(options.begin(), options.end(), to_lower(name));
  });
}

Fields fields_to_store(const Fields& response) {
  const ResponseDirectives directives = select_directives(response).directives;
  return fields_that(without_hop_by_hop(response), [&](std::string_view name) {
    return !names_contain(proxy_names, name) && !names_field(directives, to_lower(name));
  });
}

}  // namespace larder::http
