// SPDX-License-Identifier: Apache-2.0
// Mirrors the kernel's routes and neighbours, IPv4's and IPv6's, for the workers, so that `ip route`, FRR and BIRD
// control forwarding. Listens to rtnetlink on a non-blocking socket that the control loop polls; a batch of changes
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
  using TellOwn = std::function<void(const std::vector<KernelTable::OwnNetwork>&,
                                     const std::vector<KernelTable6::OwnNetwork>&)>;

  /// Where nobody has IPv6, the kernel's routes of it, which may be 200,000, cost nothing.
  enum class Families : std::uint8_t { kIpv4, kBoth };

  /// Subscribes, reads everything once and publishes before it returns. Blocks for at most 5 s (a million
  /// routes take one second).
  [[nodiscard]] static std::expected<std::unique_ptr<KernelRoutes>, std::string> open(
      std::span<const dataplane::Port> ports, Publish publish, TellOwn tell_own = {},
      Families families = Families::kBoth);
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
  /// The same by neighbour discovery, through the core side's routes.
  void resolve(const wire::Ipv6Address& destination);

 private:
  enum class Dump : std::uint8_t { kNone, kRoutes, kNeighbours };

  KernelRoutes(netlink::Socket socket, std::span<const dataplane::Port> ports, Publish publish,
               TellOwn tell_own, Families families);
  std::expected<void, std::string> subscribe();
  std::expected<void, std::string> read_everything_once();
  void start_dump(Dump what);
  void take(const nlmsghdr& message);
  void take_end_of_dump(bool complete);
  void publish_changes();

  template <wire::IpAddress Address>
  struct Mirror {
    BasicKernelTable<Address> table;
    std::set<typename BasicKernelTable<Address>::NeighbourKey>
        gateways{};  ///< through our ports; kept fresh in the kernel's neighbour table
    std::vector<typename BasicKernelTable<Address>::OwnNetwork> own{};  ///< as last told
  };
  template <wire::IpAddress Address>
  void note_gateways(Mirror<Address>& mirror, std::span<const dataplane::BasicRouteEntry<Address>> routes);
  template <wire::IpAddress Address>
  void probe_unknown(const Mirror<Address>& mirror);
  template <wire::IpAddress Address>
  void probe_stale(Mirror<Address>& mirror);
  template <wire::IpAddress Address>
  void probe(std::uint32_t ifindex, Address neighbour);
  void tell_own();

  netlink::Socket socket_;
  std::vector<dataplane::Port> ports_;
  Publish publish_;
  TellOwn tell_own_;  ///< may be empty
  const Families families_;
  bool told_ = false;
  Mirror<wire::Ipv4Address> ipv4_;
  Mirror<wire::Ipv6Address> ipv6_;
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
