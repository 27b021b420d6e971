// SPDX-License-Identifier: Apache-2.0
// A concentrator's worker: its stages are uplink and downlink, and packets that other workers and the kernel
// hand over. It owns its calls and everything that their packets pass through.
// Thread: run() or poll_once() on one thread. Owner: the DataPlane.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>

#include "dataplane/path/downlink.hpp"
#include "dataplane/path/uplink.hpp"
#include "dataplane/worker/call_control.hpp"
#include "dataplane/worker/poll_loop.hpp"

namespace adit::dataplane {

class Worker final : public PollLoop<Worker> {
 public:
  /// The error says what there was no memory for.
  static std::expected<std::unique_ptr<Worker>, std::string> create(WorkerSettings settings,
                                                                    const WorkerShares& shares);

 private:
  friend PollLoop;
  Worker(WorkerSettings settings, const WorkerShares& shares);
  [[nodiscard]] std::string describe(Shortage shortage) const;

  // ---- the loop's stages
  std::size_t read_rings(std::uint64_t tsc) noexcept;
  void on_burst(std::span<rte_mbuf* const> up, std::span<rte_mbuf* const> down) noexcept;
  std::size_t finish_iteration(std::uint64_t tsc) noexcept;

  std::size_t poll_handoff() noexcept;
  std::size_t poll_kernel() noexcept;
  void send_to_subscribers() noexcept;

  Downlink downlink_;
  Uplink uplink_;
  CallControl call_control_;
};

extern template class PollLoop<Worker>;

}  // namespace adit::dataplane
