// The Store of the object whose call is running, over the module's imports.
#pragma once

#include "records/store.h"

namespace larder::wasm {

class ImportsStore final : public records::Store {
 public:
  std::optional<std::string> get(std::string_view key) override;
  void put(std::string_view key, std::string_view value) override;
  void erase(std::string_view key) override;
  std::vector<records::Row> range(const records::Range& range) override;
  std::optional<std::string> recall() override;
  void remember(std::string_view memory) override;
};

}  // namespace larder::wasm
