// Content negotiation as far as it is needed: weighted lists (RFC 9110 §12.4), Accept-Encoding for gzip
// (§12.5.3), and Accept for the two forms of the metrics (§12.5.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::http {

inline constexpr unsigned quality_max = 1000;

struct Preference {
  // In lower case: what stands before the parameters, and the parameters but q, each as name=value.
  std::string range;
  std::vector<std::string> parameters;
  // q in thousandths; quality_max where it is absent, nullopt where it is broken.
  std::optional<unsigned> quality;

  Preference() {}
};

// In the order of the field.
std::vector<Preference> parse_preferences(std::string_view value);

// Whether a gzip body may be sent. Only if the field says so: without the field any coding is allowed, but
// few clients that leave it out can decode one. Elements with a broken q are ignored.
bool accepts_gzip(std::optional<std::string_view> accept_encoding);

enum class MetricsForm : std::uint8_t {
  json,        // application/json
  prometheus,  // text/plain;version=0.0.4, Prometheus' text exposition
};

// The form that Accept ranks higher, JSON where both rank the same.
MetricsForm preferred_metrics_form(std::optional<std::string_view> accept);

}  // namespace larder::http
