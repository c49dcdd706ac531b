#include "http/client.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/text.h"

namespace larder::http {

namespace {

constexpr std::size_t groups_of_address = 8;
constexpr std::size_t groups_of_network = 4;

using Group = std::uint16_t;

std::optional<Group> read_group(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (text.empty() || text.size() > 4) {
    return std::nullopt;
  }
  unsigned value = 0;
  for (const char c : text) {
    const std::size_t digit = digits.find(to_lower(c));
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return static_cast<Group>(value);
}

// The last 32 bits of an IPv6 address may be written as an IPv4 address.
bool read_dotted(std::string_view text, std::vector<Group>& groups) {
  const auto pieces = split(text, '.');
  if (pieces.size() != 4) {
    return false;
  }
  std::array<unsigned, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = pieces[i].size() <= 3 ? parse_unsigned(pieces[i]) : std::nullopt;
    if (!byte || *byte > 255) {
      return false;
    }
    bytes[i] = static_cast<unsigned>(*byte);
  }
  groups.push_back(static_cast<Group>(bytes[0] * 256 + bytes[1]));
  groups.push_back(static_cast<Group>(bytes[2] * 256 + bytes[3]));
  return true;
}

// The groups of one side of "::"; false: it has others.
bool read_groups(std::string_view text, std::vector<Group>& groups) {
  if (text.empty()) {
    return true;
  }
  const auto pieces = split(text, ':');
  for (const std::string_view& piece : pieces) {
    if (&piece == &pieces.back() && contains(piece, ".")) {
      return read_dotted(piece, groups);
    }
    const auto group = read_group(piece);
    if (!group) {
      return false;
    }
    groups.push_back(*group);
  }
  return true;
}

// The eight groups of an IPv6 address; nullopt for any other text.
std::optional<std::vector<Group>> read_address(std::string_view text) {
  const std::size_t gap = text.find("::");
  std::vector<Group> groups;
  std::vector<Group> last;
  const bool reads = contains(text, ":") && read_groups(text.substr(0, gap), groups) &&
                     (gap == std::string_view::npos || read_groups(text.substr(gap + 2), last));
  const std::size_t given = groups.size() + last.size();
  if (!reads || (gap == std::string_view::npos ? given != groups_of_address : given >= groups_of_address)) {
    return std::nullopt;
  }
  groups.insert(groups.end(), groups_of_address - given, Group{0});
  groups.insert(groups.end(), last.begin(), last.end());
  return groups;
}

std::string hex_of(Group group) {
  const char bytes[] = {static_cast<char>(group >> 8), static_cast<char>(group & 255)};
  const std::string digits = to_hex(std::string_view(bytes, 2));
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
}

std::string dotted(Group high, Group low) {
  std::vector<std::string> bytes;
  for (const Group group : {high, low}) {
    bytes.push_back(larder::to_text(std::uint64_t{group} / 256));
    bytes.push_back(larder::to_text(std::uint64_t{group} % 256));
  }
  return join(bytes, ".");
}

bool is_mapped(const std::vector<Group>& groups) {
  return std::all_of(groups.begin(), groups.begin() + 5, [](Group group) { return group == 0; }) &&
         groups[5] == 0xffff;
}

}  // namespace

std::string client_of(std::string_view address) {
  constexpr std::size_t address_bytes_max = 64;
  const std::string_view text = trim(address);
  if (text.empty() || text.size() > address_bytes_max) {
    return "unknown";
  }
  const auto groups = read_address(text);
  if (!groups) {
    return std::string(text);
  }
  if (is_mapped(*groups)) {
    return dotted((*groups)[6], (*groups)[7]);
  }
  std::vector<std::string> network;
  for (std::size_t i = 0; i < groups_of_network; ++i) {
    network.push_back(hex_of((*groups)[i]));
  }
  return join(network, ":") + "::/64";
}

}  // namespace larder::http
