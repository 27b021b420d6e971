// SPDX-License-Identifier: Apache-2.0
// Uplink: GRE packets of the access side become inner IP packets to the core, a burst at a time (or PPP
// control frames for control). Thread: worker. Owner: Worker.
#pragma once

#include <span>

#include "dataplane/path/decapsulation.hpp"
#include "dataplane/path/downlink.hpp"
#include "dataplane/path/inner_ip.hpp"

namespace adit::dataplane {

class Uplink : public Decapsulation {
 public:
  Uplink(WorkerContext& context, Downlink& downlink) noexcept : Decapsulation(context, downlink) {}

  /// Takes all `packets` (at most kBurst): IPv4 with protocol 47, long enough for an IPv4 header, otherwise
  /// not validated.
  void run(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept;

  /// Forwards packets whose missing predecessor did not come in time (see Reorder). Returns how many calls
  /// were examined.
  std::size_t flush_reordered() noexcept;

 private:
  void run_from_ppp() noexcept;
  void check_inner() noexcept;
  void police() noexcept;
  void forward() noexcept;

  /// `Inner`: of the inner packet, see inner_ip.hpp.
  template <typename Inner>
  bool check_inner(Packet& packet) noexcept;
  template <typename Inner>
  [[nodiscard]] bool may_send_from(const Call& call, const typename Inner::Address& source) const noexcept;
  [[nodiscard]] bool is_pptp(const Packet& packet, const UpperLayer& upper) const noexcept;
  bool answer_for_gateway(Packet& packet) noexcept;
  bool take_from_link(Packet& packet, const UpperLayer& upper) noexcept;
  bool answer_for_link(Packet& packet, const UpperLayer& upper) noexcept;
  void forward(Packet& packet) noexcept;

  bool any_rate_limited_ = false;  ///< in burst_, valid after check_inner
};

}  // namespace adit::dataplane
