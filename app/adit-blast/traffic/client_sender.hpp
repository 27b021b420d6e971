// SPDX-License-Identifier: Apache-2.0
// The sending end of a client: inner packets whose call is known become GRE packets to the server, a burst at
// a time.
// Thread: worker. Owner: TrafficWorker.
#pragma once

#include <span>

#include "app/adit-blast/traffic/impairment.hpp"
#include "dataplane/path/encapsulation.hpp"

namespace adit::app::blast {

class ClientSender : public dataplane::Encapsulation {
 public:
  ClientSender(dataplane::WorkerContext& context, LinkImpairment& link) noexcept
      : Encapsulation(context), link_(link) {}

  struct Outgoing {
    rte_mbuf* mbuf = nullptr;  ///< begins with the inner IP header
    dataplane::Call* call = nullptr;
    wire::PppProtocol protocol = wire::PppProtocol::kIpv4;  ///< or kIpv6
  };

  /// Takes all `packets` (at most kBurst).
  void run(std::span<const Outgoing> packets) noexcept;

  /// Sends what the impaired link still holds back for the call in `slot`.
  void release(std::uint32_t slot) noexcept;

 private:
  void collect(std::span<const Outgoing> packets) noexcept;
  void impair() noexcept;

  LinkImpairment& link_;
};

}  // namespace adit::app::blast
