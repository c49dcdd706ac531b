#include "http/client.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace larder::http::client_test {
namespace {

TEST(Clients, AreAddressesOrTheNetworkOfOne) {
  const std::vector<std::pair<std::string, std::string>> addresses = {
      {"192.0.2.1", "192.0.2.1"},
      {" 192.0.2.1 ", "192.0.2.1"},
      {"2001:DB8:0:1:2:3:4:5", "2001:db8:0:1::/64"},
      {"2001:db8:0000:0001::9", "2001:db8:0:1::/64"},
      {"2001:db8::1", "2001:db8:0:0::/64"},
      {"2001:db8:0:1::192.0.2.7", "2001:db8:0:1::/64"},
      {"2001:db8:0:1:2:3:192.0.2.7", "2001:db8:0:1::/64"},
      {"::1", "0:0:0:0::/64"},
      {"::", "0:0:0:0::/64"},
      {"fe80::", "fe80:0:0:0::/64"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::FFFF:C000:0201", "192.0.2.1"},
      {"1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9"},
      {"1:2:3:4:5:6:7", "1:2:3:4:5:6:7"},
      {"1:2:3:4::5:6:7:8", "1:2:3:4::5:6:7:8"},
      {"1::2::3", "1::2::3"},
      {"12345::", "12345::"},
      {"::192.0.2", "::192.0.2"},
      {"::192.0.2.256", "::192.0.2.256"},
      {"::192.0.2.1:5", "::192.0.2.1:5"},
      {"host.example", "host.example"},
      {"", "unknown"},
      {std::string(65, '1'), "unknown"},
  };
  for (const auto& [address, client] : addresses) {
    EXPECT_EQ(client_of(address), client) << address;
  }
}

}  // namespace
}  // namespace larder::http::client_test
