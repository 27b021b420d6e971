// SPDX-License-Identifier: Apache-2.0
// Memory for calls that outlives a World, and what a process leaves there when it ends between two instructions.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/host/shared_memory.hpp"
#include "dataplane/call/call_memory.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {

/// A shared memory with tables of calls in it.
class Memory {
 public:
  /// New ones.
  explicit Memory(const CallTablesShape& shape)
      : octets_(made(CallMemory::octets_for(shape))),
        calls_(CallMemory::create(octets_.octets(), shape).value()) {}
  /// A copy of another's octets, as an earlier process would have left them now.
  explicit Memory(const Memory& other) : octets_(made(other.octets_.octets().size())), calls_(other.calls_) {
    std::ranges::copy(other.octets_.octets(), octets_.octets().begin());
    calls_ = CallMemory::open(octets_.octets(), other.calls_.shape()).value();
  }
  /// What another process has made.
  Memory(app::SharedMemory octets, const CallTablesShape& shape)
      : octets_(std::move(octets)), calls_(CallMemory::open(octets_.octets(), shape).value()) {}
  Memory& operator=(const Memory&) = delete;

  [[nodiscard]] const CallMemory& calls() const { return calls_; }
  [[nodiscard]] std::span<std::byte> octets() const { return octets_.octets(); }
  [[nodiscard]] CallTableMemory table() const { return calls_.table({0}); }

 private:
  static app::SharedMemory made(std::size_t octets) {
    return app::SharedMemory::create("adit_test_calls", octets, app::Pages::kOrdinary).value();
  }
  app::SharedMemory octets_;
  CallMemory calls_;
};

}  // namespace adit::dataplane::path
