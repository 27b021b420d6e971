// SPDX-License-Identifier: Apache-2.0
// The way out of a client: inner packets that its call is known for, a burst at a time, become GRE frames to the server.
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
    rte_mbuf* mbuf = nullptr;  ///< begins with the inner IPv4 header
    dataplane::Call* call = nullptr;
  };

  /// Takes all `packets` (at most kBurst).
  void run(std::span<const Outgoing> packets) noexcept;

  /// Sends what the impaired link still holds back of the call in `slot`.
  void release(std::uint32_t slot) noexcept;

 private:
  void collect(std::span<const Outgoing> packets) noexcept;
  void impair() noexcept;

  LinkImpairment& link_;
};

}  // namespace adit::app::blast
