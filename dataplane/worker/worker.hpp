// SPDX-License-Identifier: Apache-2.0
// A concentrator's worker: the stages that the poll loop feeds are both ways of a packet, and what other workers and the
// kernel hand over. It owns its calls and everything on their packets' way.
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
  /// Fails, in words, when there is no memory.
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
