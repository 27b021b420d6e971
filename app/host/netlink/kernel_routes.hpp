// SPDX-License-Identifier: Apache-2.0
// Mirrors the kernel's IPv4 routes and neighbours for the workers, so that `ip route`, FRR and BIRD steer forwarding.
// Listens to rtnetlink on a non-blocking socket that the control loop polls; each batch of changes becomes one snapshot.
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
#include "dataplane/path/next_hops.hpp"
#include "dataplane/ports/port.hpp"

struct mnl_socket;

namespace adit::app {

class KernelRoutes {
 public:
  /// Receives each new snapshot, and with it the duty to free the one before when no worker reads it any more. The last
  /// one must live until the next comes (resolve() looks into it).
  using Publish = std::function<void(std::unique_ptr<dataplane::NextHops>)>;

  /// Subscribes, reads everything once and publishes before it returns. Blocks up to 5 s (a million routes take one).
  [[nodiscard]] static std::expected<std::unique_ptr<KernelRoutes>, std::string> open(
      std::span<const dataplane::Port> ports, Publish publish);
  ~KernelRoutes();
  KernelRoutes(const KernelRoutes&) = delete;
  KernelRoutes& operator=(const KernelRoutes&) = delete;

  /// To be polled for input.
  [[nodiscard]] int fd() const;

  /// Takes what has arrived (bounded; a level-triggered poll brings it back for the rest) and publishes at most once.
  /// Messages lost to a full socket buffer are made good by a new dump.
  void on_readable();

  /// Publishes what on_readable() has put off: a snapshot of 100,000 routes takes some 30 ms to build, so it is built at
  /// most a tenth of the time. Call it at every turn of the loop, and again within wait().
  void publish_due();
  /// How long until publish_due() has something to do; nothing: as long as the socket is silent.
  [[nodiscard]] std::optional<std::chrono::milliseconds> wait() const;

  /// Has the kernel ask (ARP) for the neighbour that packets to `destination` need, by the core side's routes or by those
  /// towards the peers. Nothing without a route.
  void resolve(wire::Ipv4Address destination, bool towards_peers = false);

 private:
  enum class Dump : std::uint8_t { kNone, kRoutes, kNeighbours };

  KernelRoutes(mnl_socket* socket, std::span<const dataplane::Port> ports, Publish publish);
  std::expected<void, std::string> subscribe();
  std::expected<void, std::string> read_everything_once();
  void start_dump(Dump what);
  void take(std::span<const std::uint8_t> datagram);
  void take_end_of_dump(bool complete);
  void publish_changes();
  void note_gateway(std::uint32_t ifindex, wire::Ipv4Address gateway);
  void probe(KernelTable::NeighbourKey neighbour);

  mnl_socket* socket_;
  std::vector<dataplane::Port> ports_;
  Publish publish_;
  KernelTable table_;
  std::set<KernelTable::NeighbourKey>
      gateways_;  ///< through our ports; kept fresh in the kernel's neighbour table
  const dataplane::NextHops* latest_ = nullptr;
  std::vector<std::uint8_t> buffer_;
  std::uint32_t sequence_ = 0;  ///< of the dump that runs
  Dump dump_ = Dump::kNone;
  bool dump_again_ = false;
  bool changed_ = false;
  bool look_again_ = false;  // messages were lost: read all once more when it is quiet
  std::chrono::steady_clock::time_point next_publish_{};
  std::chrono::steady_clock::time_point heard_{};
};

}  // namespace adit::app
