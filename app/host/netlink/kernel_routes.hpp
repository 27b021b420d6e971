// SPDX-License-Identifier: Apache-2.0
// Mirrors the kernel's IPv4 routes and neighbours for the workers, so that `ip route`, FRR and BIRD control
// forwarding. Listens to rtnetlink on a non-blocking socket that the control loop polls; a batch of changes
// becomes one snapshot.
// Thread: control. Owner: aditd's main.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "app/host/netlink/kernel_table.hpp"
#include "app/host/netlink/socket.hpp"
#include "dataplane/path/next_hops.hpp"
#include "dataplane/ports/port.hpp"

namespace adit::app {

class KernelRoutes {
 public:
  /// Receives each new snapshot, and frees the previous one when no worker reads it any more. The latest must
  /// live until the next arrives, because resolve() uses it.
  using Publish = std::function<void(std::unique_ptr<dataplane::NextHops>)>;
  /// Receives the machine's own addresses and networks, at first and whenever they change.
  using TellOwn = std::function<void(const std::vector<KernelTable::OwnNetwork>&)>;

  /// Subscribes, reads everything once and publishes before it returns. Blocks for at most 5 s (a million
  /// routes take one second).
  [[nodiscard]] static std::expected<std::unique_ptr<KernelRoutes>, std::string> open(
      std::span<const dataplane::Port> ports, Publish publish, TellOwn tell_own = {});
  KernelRoutes(const KernelRoutes&) = delete;
  KernelRoutes& operator=(const KernelRoutes&) = delete;

  /// Poll it for input.
  [[nodiscard]] int fd() const;

  /// Reads a bounded number of datagrams (a level-triggered poll reports the rest again), and publishes at
  /// most once. If messages were lost to a full socket buffer, a new dump makes up for them.
  void on_readable();

  /// Publishes what on_readable() has put off: building a snapshot of 100,000 routes takes some 30 ms, and
  /// building is limited to a tenth of the time. Call it in every iteration of the loop, and again after
  /// wait().
  void publish_due();
  /// How long until publish_due() has something to do; empty: not before the socket is readable.
  [[nodiscard]] std::optional<std::chrono::milliseconds> wait() const;

  /// Has the kernel resolve (ARP) the neighbour for packets to `destination`, through the core side's routes
  /// or those towards the peers. Does nothing without a route.
  void resolve(wire::Ipv4Address destination, bool towards_peers = false);

 private:
  enum class Dump : std::uint8_t { kNone, kRoutes, kNeighbours };

  KernelRoutes(netlink::Socket socket, std::span<const dataplane::Port> ports, Publish publish,
               TellOwn tell_own);
  std::expected<void, std::string> subscribe();
  std::expected<void, std::string> read_everything_once();
  void start_dump(Dump what);
  void take(const nlmsghdr& message);
  void take_end_of_dump(bool complete);
  void publish_changes();
  void note_gateway(std::uint32_t ifindex, wire::Ipv4Address gateway);
  void probe(KernelTable::NeighbourKey neighbour);

  netlink::Socket socket_;
  std::vector<dataplane::Port> ports_;
  Publish publish_;
  TellOwn tell_own_;                                         ///< may be empty
  std::optional<std::vector<KernelTable::OwnNetwork>> own_;  ///< as last told
  KernelTable table_;
  std::set<KernelTable::NeighbourKey>
      gateways_;  ///< through our ports; kept fresh in the kernel's neighbour table
  const dataplane::NextHops* latest_ = nullptr;
  std::uint32_t sequence_ = 0;  ///< of the dump in progress
  Dump dump_ = Dump::kNone;
  bool dump_again_ = false;
  bool changed_ = false;
  bool look_again_ = false;  ///< messages were lost: read everything again once changes pause
  std::chrono::steady_clock::time_point next_publish_{};
  std::chrono::steady_clock::time_point heard_{};
};

}  // namespace adit::app
