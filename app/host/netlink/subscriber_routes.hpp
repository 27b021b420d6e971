// SPDX-License-Identifier: Apache-2.0
// Puts subscribers into the kernel's routing tables, so that BIRD or FRR announce them: one blackhole route for each
// prefix, of IPv4 or IPv6, with protocol 77 (kSubscriberProtocol), which routing daemons learn, and which keeps the kernel from
// sending a subscriber's packets elsewhere. No subscriber packet ever uses it, as the workers receive them
// before the kernel does. Routes are written in batches, and removed when the call ends, when aditd ends, or,
// after a crash, at the next start.
// Thread: control. Owner: aditd's runtime.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <variant>

#include "app/host/netlink/socket.hpp"
#include "controlplane/concentrator/resources/prefix_claims.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::app {

class SubscriberRoutes {
 public:
  /// `table`: the kernel's routing table of the core side. Removes what an earlier run has left there. `each`: every
  /// subscriber is announced, and not only the networks behind them.
  [[nodiscard]] static std::expected<std::unique_ptr<SubscriberRoutes>, std::string> open(std::uint32_t table,
                                                                                          bool each = true);
  /// Removes every route that it added.
  ~SubscriberRoutes();
  SubscriberRoutes(const SubscriberRoutes&) = delete;
  SubscriberRoutes& operator=(const SubscriberRoutes&) = delete;

  /// Of either family.
  using Prefix = std::variant<wire::Ipv4Prefix, wire::Ipv6Prefix>;

  /// Whose the prefix is now: announced or, whoever had it before, not.
  void follow(const control::PrefixClaim& claim) { follow(claim.prefix, claim.by); }
  void follow(const Prefix& prefix, control::PrefixClaim::By by);
  /// Adding what there is, and removing what there is not, changes nothing.
  void add(const Prefix& prefix);
  /// As add(), and remove() does not remove it: a pool, of which a subscriber's address may be all.
  void add_lasting(const Prefix& prefix);
  void remove(const Prefix& prefix);

  /// Writes up to 256 pending changes; true if some are left. Blocks while the kernel applies them, about a
  /// millisecond.
  bool write_some();

  [[nodiscard]] std::size_t announced() const { return announced_.size(); }
  /// Changes that the kernel has refused since the last call, and why the last of them.
  struct Refusals {
    std::uint64_t count = 0;
    std::string why;
  };
  [[nodiscard]] Refusals take_refusals() {
    return {std::exchange(refused_, 0), std::exchange(why_refused_, {})};
  }

 private:
  struct Change {
    Prefix prefix;
    bool add = false;
  };
  struct PrefixHash {
    std::size_t operator()(const wire::Ipv4Prefix& prefix) const {
      return std::hash<std::uint64_t>{}(std::uint64_t{prefix.address.value} << 8 | prefix.length);
    }
    std::size_t operator()(const wire::Ipv6Prefix& prefix) const {
      return std::hash<wire::Ipv6Prefix>{}(prefix);
    }
    std::size_t operator()(const Prefix& prefix) const { return std::visit(*this, prefix); }
  };
  SubscriberRoutes(netlink::Socket socket, std::uint32_t table, bool each)
      : socket_(std::move(socket)), table_(table), each_(each) {}
  std::expected<void, std::string> remove_leftovers();
  void read_refusals();

  netlink::Socket socket_;
  std::uint32_t table_;
  bool each_;
  std::deque<Change> changes_;
  std::unordered_set<Prefix, PrefixHash> announced_;
  std::unordered_set<Prefix, PrefixHash> lasting_;
  std::uint64_t refused_ = 0;
  std::string why_refused_;
};

}  // namespace adit::app
