// SPDX-License-Identifier: Apache-2.0
// The way down: IP packets for subscribers, a burst at a time, become GRE frames to their peers.
// Thread: worker. Owner: Worker.
#pragma once

#include <span>

#include "dataplane/path/encapsulation.hpp"

namespace adit::dataplane {

class Downlink : public Encapsulation {
 public:
  explicit Downlink(WorkerContext& context) noexcept : Encapsulation(context) {}

  enum class Arrival : std::uint8_t {
    kFromCore,        ///< we are a hop: its TTL is decremented
    kFromTunnel,      ///< the way up has checked it and decremented its TTL; or we made it
    kHandedInCore,    ///< as kFromCore, by the worker that received it
    kHandedInTunnel,  ///< as kFromTunnel
  };

  /// Takes all `packets` (at most kBurst); each begins with its inner IPv4 header.
  void run(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept;

 private:
  /// A packet until it is known whose it is, and that it may be sent.
  struct Arrived {
    rte_mbuf* mbuf = nullptr;
    Call* call = nullptr;
    const CallIndex::Entry* entry = nullptr;
    wire::Ipv4Address destination{};  ///< inner
    std::uint16_t inner_octets = 0;
  };

  void find_subscribers(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept;
  void check_inner(Arrival arrival) noexcept;
  void police() noexcept;
  void fit_mtu() noexcept;  ///< fills burst_
  void clamp_mss() noexcept;

  bool parse_inner(Arrived& packet) noexcept;
  bool find_owner(Arrived& packet, Arrival arrival) noexcept;
  bool punt_or_drop(Arrived& packet, Arrival arrival) noexcept;
  bool check_inner(Arrived& packet, Arrival arrival) noexcept;
  void fit_mtu(Arrived& packet) noexcept;
  void cut(Arrived& packet) noexcept;
  [[nodiscard]] std::uint8_t outer_tos(rte_mbuf* mbuf) const noexcept;
  bool drop(Arrived& packet, DropReason reason) noexcept;

  Burst<Arrived, kBurst> arrived_;
  bool any_rate_limited_ = false;  ///< of arrived_, after check_inner
};

}  // namespace adit::dataplane
