// Heads of answers that the host keeps, so that an answer that is given again crosses as numbers.
//
// A head belongs to a place in what it is the head of (Head), and goes with it. Of all heads a bounded number
// is kept: past it, one that was not used for longest, roughly, makes room (the second-chance rule), and is
// made again when its answer is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/host.h"

namespace larder::host {

class Heads;

// The place of a head. It does not move, and ends before the Heads that keep it, or after it has been let go.
class Head {
 public:
  Head() {}
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;
  ~Head() { let_go(); }

  // What is kept here; none: nothing, or no longer.
  HeadHandle use() {
    is_used_ = true;
    return handle_;
  }
  void let_go();

 private:
  friend class Heads;

  Heads* heads_ = nullptr;
  HeadHandle handle_ = HeadHandle::none;
  std::size_t place_ = 0;
  bool is_used_ = false;
};

class Heads {
 public:
  // The host outlives this.
  Heads(Host& host, std::size_t heads_max) : host_(host), heads_max_(heads_max) {}
  Heads(const Heads&) = delete;
  Heads& operator=(const Heads&) = delete;
  ~Heads();

  // Keeps the head in its place, in which nothing is kept. none: the host takes no such head.
  HeadHandle keep(Head& head, const HeadParts& parts);
  std::size_t count() const { return places_.size() - free_.size(); }

 private:
  friend class Head;

  std::size_t free_place();

  Host& host_;
  std::size_t heads_max_;
  // nullptr: free.
  std::vector<Head*> places_;
  std::vector<std::size_t> free_;
  // Where the next search begins for what makes room.
  std::size_t hand_ = 0;
};

}  // namespace larder::host
