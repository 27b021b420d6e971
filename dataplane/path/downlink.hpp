// SPDX-License-Identifier: Apache-2.0
// Downlink: IP packets for subscribers become GRE packets to their peers, a burst at a time.
// Thread: worker. Owner: Worker.
#pragma once

#include <span>

#include "dataplane/path/encapsulation.hpp"
#include "dataplane/path/inner_ip.hpp"

namespace adit::dataplane {

class Downlink : public Encapsulation {
 public:
  explicit Downlink(WorkerContext& context) noexcept : Encapsulation(context) {}

  enum class Arrival : std::uint8_t {
    kFromCore,        ///< we are a router hop: its TTL is decremented
    kFromTunnel,      ///< the uplink has checked it and decremented its TTL; or we made it
    kHandedInCore,    ///< as kFromCore, handed off by the worker that received it
    kHandedInTunnel,  ///< as kFromTunnel, handed off
  };

  /// Takes all `packets` (at most kBurst); each begins with its inner IP header.
  void run(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept;

 private:
  /// A packet before its call is found and before it is known to be allowed.
  struct Arrived {
    rte_mbuf* mbuf = nullptr;
    Call* call = nullptr;
    const CallIndex::Entry* entry = nullptr;
    std::uint16_t inner_octets = 0;
    bool ipv6 = false;  ///< else IPv4
    UpperLayer upper;   ///< set by check_inner
  };

  void find_subscribers(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept;
  void check_inner(Arrival arrival) noexcept;
  void police() noexcept;
  void clamp_mss(Arrival arrival) noexcept;  ///< fills burst_

  // `Inner`: of the inner packet, see inner_ip.hpp.
  bool parse_inner(Arrived& packet) noexcept;
  template <typename Inner>
  bool parse_inner(Arrived& packet) noexcept;
  bool find_owner(Arrived& packet, Arrival arrival) noexcept;
  bool punt_or_drop(Arrived& packet, Arrival arrival) noexcept;
  template <typename Inner>
  bool check_inner(Arrived& packet, Arrival arrival) noexcept;
  template <typename Inner>
  void fit_mtu(Arrived& packet, Arrival arrival) noexcept;
  template <typename Inner>
  [[nodiscard]] CallBudget& budget_of_sender(const Arrived& packet, Arrival arrival) noexcept;
  template <typename Inner>
  void clamp(rte_mbuf* mbuf, const UpperLayer& upper, std::uint16_t mtu) noexcept;
  void cut(Arrived& packet) noexcept;
  template <typename Inner>
  [[nodiscard]] std::uint8_t outer_tos(rte_mbuf* mbuf) const noexcept;
  [[gnu::cold, gnu::noinline]] void trace_inner(const Call& call, rte_mbuf* mbuf) noexcept;
  bool drop(Arrived& packet, DropReason reason) noexcept;

  Burst<Arrived, kBurst> arrived_;
  bool any_rate_limited_ = false;  ///< in arrived_, valid after check_inner
};

}  // namespace adit::dataplane
