// SPDX-License-Identifier: Apache-2.0
// The way in to a client: GRE packets of the server become inner IP packets, which the verifier looks at and nobody else.
// Thread: worker. Owner: TrafficWorker.
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
                 LinkImpairment& link, Verifier& verifier) noexcept
      : Decapsulation(context, encapsulation), link_(link), verifier_(verifier) {}

  /// Takes all `packets` (at most kBurst): IPv4 with protocol 47, nothing checked but that there is room for a header.
  void run(std::span<rte_mbuf* const> packets) noexcept;

  /// Takes in what the impaired link still holds back of the call in `slot`.
  void release(std::uint32_t slot) noexcept;

 private:
  void receive(std::span<rte_mbuf* const> packets) noexcept;
  [[nodiscard]] std::span<rte_mbuf* const> impair(std::span<rte_mbuf* const> packets) noexcept;
  [[nodiscard]] bool find_data(rte_mbuf* mbuf, std::uint32_t& slot) const noexcept;
  void verify() noexcept;

  LinkImpairment& link_;
  Verifier& verifier_;
  std::array<rte_mbuf*, 4 * dataplane::kBurst>
      impaired_{};  // each may bring its duplicate and two held ones with it
};

}  // namespace adit::app::blast
