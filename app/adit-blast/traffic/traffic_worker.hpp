// SPDX-License-Identifier: Apache-2.0
// The load generator's worker: its stages are the clients' ends of the calls, the verifier, and the offered
// load. It owns the clients' data-plane calls as dataplane::Worker owns a concentrator's, and also plays the
// host on the core side.
// Thread: run() or poll_once() on one thread; other threads where "any thread" is noted. Owner: BlastRuntime.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <variant>

#include "app/adit-blast/traffic/client_receiver.hpp"
#include "app/adit-blast/traffic/client_sender.hpp"
#include "app/adit-blast/traffic/family_traffic.hpp"
#include "app/adit-blast/traffic/load.hpp"
#include "app/adit-blast/traffic/verifier.hpp"
#include "dataplane/worker/call_control.hpp"
#include "dataplane/worker/poll_loop.hpp"

namespace adit::app::blast {

/// Control's commands about traffic, besides the calls' own messages (contract::ToWorker).
struct TrafficCommand {
  enum class Kind : std::uint8_t {
    kJoin,   ///< the call takes part, with packets of the family of `ends`
    kQuiet,  ///< it stops sending
    kLeave,  ///< its counts are final: what still arrives is stale
    kReset,  ///< all counts restart at zero
    kLoad,   ///< offer `load` from now on; nullptr: no load
    kSync,   ///< synced() becomes `number`
  };
  Kind kind = Kind::kSync;
  std::uint32_t slot = 0;
  std::uint32_t incarnation = 0;
  std::variant<Ends<Ipv4Probe>, Ends<Ipv6Probe>> ends{};
  std::uint64_t number = 0;
  const OfferedLoad* load = nullptr;  ///< lives as long as the worker
};
using TrafficCommands = contract::SpscRing<TrafficCommand, 16'384>;

struct TrafficSettings {
  Impairment impairment;
  std::uint64_t seed = 1;
  Payload payload = Payload::kRandom;
  wire::Ipv4Address core;   ///< our address on the core side; none: there is no core side
  wire::Ipv6Address core6;  ///< the same for IPv6
  bool has_ipv6 = false;    ///< calls may send IPv6
};

class TrafficWorker final : public dataplane::PollLoop<TrafficWorker> {
 public:
  /// `commands` must outlive the worker. The error says what there was no memory for.
  static std::expected<std::unique_ptr<TrafficWorker>, std::string> create(
      dataplane::WorkerSettings settings, const dataplane::WorkerShares& shares,
      const TrafficSettings& traffic, TrafficCommands& commands);

  // ---- any thread
  /// The `number` of the last kSync carried out; everything before it was, too.
  [[nodiscard]] std::uint64_t synced() const noexcept { return synced_.load(std::memory_order_acquire); }
  /// Totals at any time; flows only while no load is offered, nothing is in flight, and a kSync has confirmed
  /// that.
  [[nodiscard]] const TrafficTable& ipv4() const noexcept { return ipv4_.table; }
  [[nodiscard]] const TrafficTable& ipv6() const noexcept { return ipv6_.table; }
  [[nodiscard]] const ImpairmentCounters& impaired_up() const noexcept { return link_up_.counters(); }
  [[nodiscard]] const ImpairmentCounters& impaired_down() const noexcept { return link_down_.counters(); }

 private:
  friend PollLoop;
  TrafficWorker(dataplane::WorkerSettings settings, const dataplane::WorkerShares& shares,
                const TrafficSettings& traffic, TrafficCommands& commands);

  // ---- the loop's stages
  std::size_t read_rings(std::uint64_t tsc) noexcept;
  void on_burst(std::span<rte_mbuf* const> up, std::span<rte_mbuf* const> down) noexcept;
  std::size_t finish_iteration(std::uint64_t tsc) noexcept;

  std::size_t read_commands(std::uint64_t tsc) noexcept;
  void carry_out(const TrafficCommand& command, std::uint64_t tsc) noexcept;
  template <typename Family>
  void join(const TrafficCommand& command, const Ends<Family>& ends, FamilyTraffic<Family>& traffic) noexcept;
  template <typename Family>
  void receive_at_core(rte_mbuf* mbuf, FamilyTraffic<Family>& traffic,
                       const typename Family::Address& core) noexcept;
  std::size_t send_up(std::uint64_t tsc) noexcept;
  std::size_t send_down(std::uint64_t tsc) noexcept;
  template <typename Family>
  [[nodiscard]] ClientSender::Outgoing next_up(FamilyTraffic<Family>& traffic, std::uint16_t size,
                                               std::uint64_t tsc) noexcept;
  template <typename Family>
  void send_next_down(FamilyTraffic<Family>& traffic, std::uint16_t size, std::uint64_t tsc) noexcept;
  template <typename Family>
  [[nodiscard]] rte_mbuf* make_probe(ProbeKind kind, const Flow& flow, const Ends<Family>& ends,
                                     std::uint32_t slot, std::uint32_t sequence, std::uint16_t size,
                                     std::uint64_t tsc) noexcept;
  /// Calls take part in what is offered.
  [[nodiscard]] bool anyone_sends() const noexcept {
    return !ipv4_.table.senders.empty() || !ipv6_.table.senders.empty();
  }

  const TrafficSettings traffic_;
  TrafficCommands& commands_;
  const double tsc_hz_;
  FamilyTraffic<Ipv4Probe> ipv4_;
  FamilyTraffic<Ipv6Probe> ipv6_;
  ProbeCodec codec_;
  Verifier verifier_;
  LinkImpairment link_up_, link_down_;
  ClientSender sender_;
  ClientReceiver receiver_;
  dataplane::CallControl call_control_;
  const OfferedLoad* load_ = nullptr;
  Pace pace_up_, pace_down_;
  std::uint64_t turns_up_ = 0, turns_down_ = 0;  // packets that were due
  alignas(contract::kFalseSharingBytes) std::atomic<std::uint64_t> synced_{0};
};

}  // namespace adit::app::blast
