// SPDX-License-Identifier: Apache-2.0
// Where the tables of calls of all workers stand in memory that outlives the process: a block for each worker, which
// begins with a header. A later process of the same build finds its calls there again (CallTable, worker/call_adoption.hpp);
// one that lays them out differently, or means something else by the same octets, is refused by the header.
// A view: the octets are the caller's, and outlive it. Thread: control. Owner: whoever builds the data plane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "dataplane/call/call.hpp"
#include "dataplane/call/call_drops.hpp"
#include "dataplane/call/mppe_stateful.hpp"
#include "dataplane/contract/call_ref.hpp"

namespace adit::dataplane {

/// What has to be the same for a table to be adopted.
struct CallTablesShape {
  std::uint16_t workers = 1;
  std::uint32_t slots = 0;  ///< of each worker, up to kMaxCallsPerWorker
  bool stateful_mppe = false;
  friend bool operator==(const CallTablesShape&, const CallTablesShape&) = default;
};

/// A worker's part.
struct CallTableMemory {
  std::span<Call> calls;
  std::span<CallDrops> drops;        ///< indexed like the calls
  std::span<StatefulMppe> stateful;  ///< indexed like the calls; empty without stateful MPPE
  bool left_by_another = false;      ///< false: all zero, nothing lives there yet
};

class CallMemory {
 public:
  /// Octets for create(), a multiple of kBlockOctets.
  [[nodiscard]] static std::size_t octets_for(const CallTablesShape& shape) noexcept;

  /// Makes the blocks in `octets`, which are zero and aligned to a page. The error says what is wrong with them.
  [[nodiscard]] static std::expected<CallMemory, std::string> create(std::span<std::byte> octets,
                                                                     const CallTablesShape& shape);
  /// The blocks that an earlier process has made. The error says why their calls cannot be adopted.
  [[nodiscard]] static std::expected<CallMemory, std::string> open(std::span<std::byte> octets,
                                                                   const CallTablesShape& shape);

  [[nodiscard]] const CallTablesShape& shape() const noexcept { return shape_; }
  [[nodiscard]] CallTableMemory table(contract::WorkerId worker) const noexcept;
  /// A block begins on a huge page and all are of one size, so that each can be on its worker's NUMA node.
  static constexpr std::size_t kBlockOctets = std::size_t{2} << 20;

 private:
  CallMemory(std::span<std::byte> octets, const CallTablesShape& shape, bool left_by_another) noexcept
      : octets_(octets), shape_(shape), left_by_another_(left_by_another) {}
  [[nodiscard]] std::span<std::byte> block(contract::WorkerId worker) const noexcept;

  std::span<std::byte> octets_;
  CallTablesShape shape_;
  bool left_by_another_;
};

}  // namespace adit::dataplane
