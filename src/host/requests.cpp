#include "host/requests.h"

#include "base/assert.h"

namespace larder::host {

Error error_of(const Completion& completion, std::string_view source) {
#define LARDER_STATUS(name, number, kind, retry)                      \
  if (completion.status == number) {                                  \
    return Error(kind, source, retry, std::string(completion.bytes)); \
  }
#include "host/statuses.def"
#undef LARDER_STATUS
  return Error(ErrorKind::internal, source, Retry::never,
               "The host ended an operation with an unknown status.");
}

Requests::~Requests() {
  // Frames free their slots, so they go while the table still stands.
  roots_.clear();
}

bool Requests::start(RequestId request, Task<void> root) {
  const auto id = static_cast<std::uint32_t>(request);
  const auto [at, inserted] = roots_.emplace(id, std::move(root));
  LARDER_ASSERT(inserted);
  // The map may move while the root runs, the frame does not.
  at->second.start();
  const auto found = roots_.find(id);
  if (found == roots_.end()) {
    return true;
  }
  if (found->second.done()) {
    roots_.erase(found);
    return true;
  }
  return false;
}

bool Requests::complete(RequestId request, OperationId operation, Completion completion) {
  Slot* slot = find(operation);
  if (slot == nullptr || slot->request != request) {
    return false;
  }
  *slot->target = std::move(completion);
  const std::coroutine_handle<> waiting = slot->waiting;
  close_slot(operation);
  waiting.resume();
  const auto root = roots_.find(static_cast<std::uint32_t>(request));
  if (root != roots_.end() && root->second.done()) {
    roots_.erase(root);
    host_.finished(request);
  }
  return true;
}

void Requests::abandon(RequestId request) {
  const auto root = roots_.find(static_cast<std::uint32_t>(request));
  if (root == roots_.end()) {
    return;
  }
  // Out of the map first: destructors of the frames may look at other requests.
  const Task<void> ending = std::move(root->second);
  roots_.erase(root);
}

OperationId Requests::open_slot(RequestId request, std::coroutine_handle<> waiting, Completion* target) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.request = request;
  slot.waiting = waiting;
  slot.target = target;
  ++open_;
  OperationId operation;
  operation.index = index;
  operation.generation = slot.generation;
  return operation;
}

void Requests::close_slot(OperationId operation) {
  Slot* slot = find(operation);
  if (slot == nullptr) {
    return;
  }
  ++slot->generation;
  slot->target = nullptr;
  slot->waiting = nullptr;
  free_.push_back(operation.index);
  --open_;
}

Requests::Slot* Requests::find(OperationId operation) {
  if (operation.index >= slots_.size()) {
    return nullptr;
  }
  Slot& slot = slots_[operation.index];
  return slot.generation == operation.generation && slot.target != nullptr ? &slot : nullptr;
}

}  // namespace larder::host
