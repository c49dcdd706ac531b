// The Host over the module's imports. Every import is listed in imports.txt, held against both modules by a
// gate.
#pragma once

#include <string>
#include <vector>

#include "host/host.h"

namespace larder::wasm {

class ImportsHost final : public host::Host {
 public:
  void submit(host::RequestId request, host::OperationId operation, host::OperationKind kind,
              std::string_view arguments) override;
  void respond(host::RequestId request, const host::Answer& answer) override;
  host::HeadHandle create_head(const host::HeadParts& parts) override;
  void release_head(host::HeadHandle head) override;
  void wake(host::RequestId request) override;
  void finished(host::RequestId request) override;
  void revoke_lanes() override;
  std::vector<host::LaneHits> take_lane_hits() override;
  Instant now() override;
  std::string random_bytes(std::size_t count) override;
  std::string sha256(std::string_view bytes) override;
  std::string body_sha256(host::BodyHandle body) override;
  std::string normal_text(std::string_view text) override;
  std::string lower_text(std::string_view text) override;
  std::optional<std::string> request_header(host::RequestId request, std::string_view name,
                                            std::size_t bytes_max) override;
  TextPairs request_fields(host::RequestId request) override;
  host::BodyHandle request_stream(host::RequestId request) override;
  host::BodyHandle create_body(std::string_view bytes) override;
  std::string read_body(host::BodyHandle body, Bytes size, std::size_t padding) override;
  host::BodyHandle slice_body(host::BodyHandle body, Bytes from, Bytes size) override;
  void release_body(host::BodyHandle body) override;
  void log(LogLevel level, std::string_view line) override;

 private:
  // The number by which the shim knows a field's name.
  std::uint32_t number_of(std::string_view name);

  // Of the fields that have been asked for; the first is number 1.
  std::vector<std::string> field_names_;
};

}  // namespace larder::wasm
