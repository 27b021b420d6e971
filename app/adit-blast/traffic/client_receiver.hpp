// SPDX-License-Identifier: Apache-2.0
// The receiving end of a client: GRE packets from the server become inner IP packets, which only the verifier
// sees, and Router
// Advertisements and DHCPv6, which control gets. Thread: worker. Owner: TrafficWorker.
#pragma once

#include <array>
#include <span>

#include "app/adit-blast/traffic/impairment.hpp"
#include "app/adit-blast/traffic/verifier.hpp"
#include "dataplane/path/decapsulation.hpp"

namespace adit::app::blast {

class ClientReceiver : public dataplane::Decapsulation {
 public:
  ClientReceiver(dataplane::WorkerContext& context, dataplane::Encapsulation& encapsulation,
                 LinkImpairment& link, Verifier& verifier, TrafficTable& ipv4, TrafficTable& ipv6) noexcept
      : Decapsulation(context, encapsulation), link_(link), verifier_(verifier), ipv4_(ipv4), ipv6_(ipv6) {}

  /// Takes all `packets` (at most kBurst): IPv4 with protocol 47, long enough for an IPv4 header, otherwise
  /// not validated.
  void run(std::span<rte_mbuf* const> packets) noexcept;

  /// Processes what the impaired link still holds back for the call in `slot`.
  void release(std::uint32_t slot) noexcept;

 private:
  void receive(std::span<rte_mbuf* const> packets) noexcept;
  [[nodiscard]] std::span<rte_mbuf* const> impair(std::span<rte_mbuf* const> packets) noexcept;
  [[nodiscard]] bool find_data(rte_mbuf* mbuf, std::uint32_t& slot) const noexcept;
  void verify() noexcept;
  template <typename Inner, typename Family>
  void verify(Packet& packet, TrafficTable& table) noexcept;
  void take_from_link(Packet& packet) noexcept;

  LinkImpairment& link_;
  Verifier& verifier_;
  TrafficTable& ipv4_;
  TrafficTable& ipv6_;
  std::array<rte_mbuf*, 4 * dataplane::kBurst>
      impaired_{};  // each may come with its duplicate and two held ones
};

}  // namespace adit::app::blast
