// SPDX-License-Identifier: Apache-2.0
// A concentrator's data plane in isolation: workers on ports made of rings, real mbufs, no device, a clock
// set by the test. Tests put frames on an access or core port, let workers poll, and examine the output.
#pragma once

#include <gtest/gtest.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/call/call_index.hpp"
#include "dataplane/contract/mailbox.hpp"
#include "dataplane/worker/data_plane.hpp"
#include "dataplane/worker/worker.hpp"

namespace adit::dataplane::path {

using Octets = std::vector<std::uint8_t>;

inline constexpr wire::Ipv4Address kServer{192, 0, 2, 1};
inline constexpr wire::Ipv4Address kClient{192, 0, 2, 10};        // the first peer; others follow
inline constexpr wire::Ipv4Address kHost{203, 0, 113, 5};         // some host behind the core
inline constexpr wire::Ipv4Address kRouterSide{198, 51, 100, 1};  // our address on the core's network
inline constexpr wire::Ipv4Address kGateway{10, 64, 0, 1};
inline constexpr wire::Ipv4Address kSubscriber{10, 64, 0, 2};
inline constexpr wire::LocalCallId kLocalId{0x1234};
inline constexpr wire::PeerCallId kPeerId{0x00ff};
inline constexpr MacAddress kAccessMac{2, 0, 0, 0, 0, 0xa0};
inline constexpr MacAddress kCoreMac{2, 0, 0, 0, 0, 0xc0};
inline constexpr MacAddress kClientMac{2, 0, 0, 0, 1, 1};
inline constexpr MacAddress kRouterMac{2, 0, 0, 0, 1, 2};

inline constexpr wire::Ipv6Address kRouter6{0xfe80'0000'0000'0000,
                                            0xff};  // the core's, by its address on the link
inline constexpr std::uint32_t kAccessIfindex = 11, kCoreIfindex = 12;

enum Side : std::uint16_t { kAccessSide = 0, kCoreSide = 1 };

/// One per process: EAL, the packet pool and two ring ports with kQueues queues each.
class Bench {
 public:
  static constexpr std::uint16_t kQueues = 4;
  static constexpr unsigned kPoolSize = 4095;
  static Bench& instance();

  rte_mempool* pool = nullptr;
  rte_mempool* tight_pool = nullptr;  ///< without headroom
  std::array<std::uint16_t, 2> ports{};
  std::array<std::array<rte_ring*, kQueues>, 2> receive{};  ///< by side and queue: what a worker will receive
  std::array<std::array<rte_ring*, kQueues>, 2> transmit{};  ///< frames that it has sent

 private:
  Bench();
};

struct WorldOptions {
  std::uint16_t workers = 1;
  std::uint16_t access_mtu = 1500;
  std::uint16_t core_mtu = 1500;
  PortRole access_role = PortRole::kAccess;
  bool needs_mac_filter = false;
  bool one_transmit_queue = false;  ///< worker 0 sends for all workers
  std::uint32_t slots = 64;
  bool stateful_mppe = false;
  std::uint32_t mppc_histories = 0;
  contract::ReorderPolicy reorder{};
  ForwardingPolicy policy{};
  wire::Vlan access_vlan{}, core_vlan{};
  bool one_device = false;  ///< the core is a VLAN of the access side's device
  bool punts = false;  ///< the kernel, here the test, gets what is not ours; kServer and kRouterSide are its
  const std::atomic<std::uint32_t>* paused_ports = nullptr;  ///< in place of pause()
  const CallMemory* call_memory = nullptr;                   ///< see DataPlaneResources
};

class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();  ///< checks that no mbuf is lost

  /// Installs and maps a call as control does. Call `number` n has peer kClient + n, subscriber + n, ID + n.
  contract::CallRef install(std::uint16_t number = 0, std::uint16_t worker = 0);
  contract::CallRef install_up(std::uint16_t number = 0, std::uint16_t worker = 0,
                               std::uint16_t peer_mru = 1500);
  /// Takes over all calls of worker 0 that `known` names, and maps them as control does; what it refuses is told.
  CallAdoption::Outcome adopt(PreviousEnd end, std::span<const contract::CallRef> known,
                              std::vector<AdoptionFault>* refused = nullptr);
  void tell(const contract::CallRef& call, const contract::ToWorker& message);
  void send_ppp(const contract::CallRef& call, std::span<const std::uint8_t> frame);
  void send_ipv6(const contract::CallRef& call, std::span<const std::uint8_t> packet);

  /// Frames that workers have punted to the kernel since the last call, by class.
  std::vector<Octets> punted();
  /// A frame that the kernel sends on a side.
  void inject(Side side, const Octets& frame);
  /// Takes a side's port away from the workers, or gives it back.
  void pause(Side side, bool on);

  /// A frame arrives on `queue`, which the worker of that number polls.
  void arrive(Side side, const Octets& frame, std::uint16_t queue = 0, rte_mempool* pool = nullptr);
  /// Every worker polls once, or as long as there may be work, at the current time.
  void turn();
  void settle();
  void pass_ms(std::uint32_t ms) { tsc_ += ms * tsc_per_ms_; }
  /// Everything sent on a side since the last call, in order of the queues.
  std::vector<Octets> sent(Side side);
  std::vector<Octets> sent(Side side, std::uint16_t queue);

  template <typename Message>
  std::optional<Message> told(std::uint16_t worker = 0);
  /// The next PPP frame that control received.
  std::optional<Octets> ppp_frame(std::uint16_t worker = 0);

  [[nodiscard]] std::uint64_t dropped(DropReason reason) const;
  [[nodiscard]] std::uint64_t all_drops() const;
  [[nodiscard]] const WorkerCounters& counters(std::uint16_t worker = 0) const {
    return plane_->worker({worker}).counters();
  }
  [[nodiscard]] contract::CallTotals totals(const contract::CallRef& call) const;
  Worker& worker(std::uint16_t number = 0) { return plane_->worker({number}); }
  contract::Mailbox& mailbox(std::uint16_t worker = 0) { return plane_->mailbox({worker}); }
  contract::TraceRing& trace_ring(std::uint16_t worker = 0) { return plane_->trace_ring({worker}); }
  std::uint64_t tsc() const { return tsc_; }
  void publish(std::span<const RouteEntry> routes, std::span<const NeighbourEntry> neighbours);
  /// The same IPv4 routes, and these.
  void publish_ipv6(std::span<const RouteEntry6> routes, std::span<const NeighbourEntry6> neighbours);
  /// A new snapshot of the same routes; earlier ones are freed as control does it.
  void publish_again();
  std::vector<std::uint64_t> iterations() const { return plane_->iterations(); }

  CallIndex& index() { return plane_->index(); }

 private:
  Bench& bench_;
  std::array<Port, 2> ports_;
  KernelRings kernel_;
  std::atomic<std::uint32_t> paused_{0};
  std::unique_ptr<DataPlane<Worker>> plane_;
  std::vector<RouteEntry> routes_;
  std::vector<NeighbourEntry> neighbours_;
  std::uint64_t tsc_per_ms_;
  std::uint64_t tsc_;
  std::uint32_t next_generation_ = 1;
};

template <typename Message>
std::optional<Message> World::told(std::uint16_t worker) {
  contract::ToControl* front = mailbox(worker).to_control.front();
  if (front == nullptr || !std::holds_alternative<Message>(*front)) {
    return std::nullopt;
  }
  const Message message = std::get<Message>(*front);
  mailbox(worker).to_control.release();
  return message;
}

}  // namespace adit::dataplane::path
