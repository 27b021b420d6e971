// SPDX-License-Identifier: Apache-2.0
// Tells the kernel's routing table of subscribers, so that BIRD or FRR announce them: a blackhole route each, of protocol
// 77 (kSubscriberProtocol), which routing daemons learn, and which keeps the kernel from sending a subscriber's packet
// anywhere else. Packets themselves never take it: the workers have them before the kernel. Written in batches, some per
// turn of the control loop; removed with the call, at the end, and, after a crash, at the next start.
// Thread: control. Owner: aditd's runtime.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <unordered_set>

#include "dataplane/wire/ids.hpp"

struct mnl_socket;

namespace adit::app {

class SubscriberRoutes {
 public:
  /// `table`: the kernel's, the core side's. Removes what an earlier run has left behind. The error says what failed.
  [[nodiscard]] static std::expected<std::unique_ptr<SubscriberRoutes>, std::string> open(
      std::uint32_t table);
  /// Removes all that it has put there.
  ~SubscriberRoutes();
  SubscriberRoutes(const SubscriberRoutes&) = delete;
  SubscriberRoutes& operator=(const SubscriberRoutes&) = delete;

  void add(const wire::Ipv4Prefix& prefix);
  void remove(const wire::Ipv4Prefix& prefix);

  /// Writes what waits, kPerTurn changes at most; true when some is left. Blocks for as long as the kernel takes for
  /// them (about a millisecond).
  bool write_some();

  [[nodiscard]] std::size_t announced() const { return announced_.size(); }
  /// Changes that the kernel has refused.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Change {
    wire::Ipv4Prefix prefix;
    bool add = false;
  };
  struct PrefixHash {
    std::size_t operator()(const wire::Ipv4Prefix& prefix) const {
      return std::hash<std::uint64_t>{}(std::uint64_t{prefix.address.value} << 8 | prefix.length);
    }
  };
  SubscriberRoutes(mnl_socket* socket, std::uint32_t table) : socket_(socket), table_(table) {}
  std::expected<void, std::string> remove_leftovers();
  void read_refusals();

  mnl_socket* socket_;
  std::uint32_t table_;
  std::deque<Change> changes_;
  std::unordered_set<wire::Ipv4Prefix, PrefixHash> announced_;
  std::uint64_t refused_ = 0;
};

}  // namespace adit::app
