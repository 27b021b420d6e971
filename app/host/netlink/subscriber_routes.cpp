// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/subscriber_routes.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <concepts>
#include <optional>
#include <utility>
#include <vector>

#include "app/host/netlink/kernel_table.hpp"

namespace adit::app {
namespace {

constexpr std::size_t kChangesPerCall = 256;
constexpr std::size_t kRequestOctets = 72;  // header, rtmsg, three attributes
/// IPv6's routes of one prefix are in the order of their metrics, of which this is the lowest: 0 stands for 1024.
constexpr std::uint32_t kFirstMetric6 = 1;

std::unexpected<std::string> refused_by_kernel(const std::string& what, const netlink::Failure& why) {
  return std::unexpected("subscribers' routes: " + what + ": " + why.text());
}

/// Does not ask for an acknowledgement: only refusals are answered. Without NLM_F_REPLACE, the kernel puts it
/// before another route of the same prefix, which is in force again when ours goes.
template <typename IpPrefix>
netlink::Request change_request(const IpPrefix& prefix, bool add, std::uint32_t table) {
  using Address = decltype(prefix.address);
  rtmsg route{};
  route.rtm_family = netlink::kFamily<Address>;
  route.rtm_dst_len = prefix.length;
  route.rtm_table = RT_TABLE_UNSPEC;  // RTA_TABLE holds table numbers above 255
  route.rtm_protocol = kSubscriberProtocol;
  route.rtm_scope = RT_SCOPE_UNIVERSE;
  route.rtm_type = RTN_BLACKHOLE;
  netlink::Request request(add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE : 0, route);
  request.put_address(RTA_DST, prefix.address);
  request.put_u32(RTA_TABLE, table);
  if constexpr (std::same_as<Address, wire::Ipv6Address>) {
    request.put_u32(RTA_PRIORITY, kFirstMetric6);
  }
  return request;
}

/// The prefix of a route of ours; empty for any other message.
std::optional<SubscriberRoutes::Prefix> our_prefix(const nlmsghdr& message, std::uint32_t wanted_table) {
  const auto route = netlink::body_of<rtmsg>(message);
  if (message.nlmsg_type != RTM_NEWROUTE || !route || route->header.rtm_protocol != kSubscriberProtocol ||
      route->header.rtm_type != RTN_BLACKHOLE ||
      route->attributes.u32(RTA_TABLE).value_or(route->header.rtm_table) != wanted_table) {
    return std::nullopt;
  }
  const std::uint8_t length = route->header.rtm_dst_len;
  switch (route->header.rtm_family) {
    case AF_INET:
      return wire::Ipv4Prefix{.address = route->attributes.ipv4(RTA_DST), .length = length};
    case AF_INET6:
      return wire::Ipv6Prefix{.address = route->attributes.ipv6(RTA_DST), .length = length};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::expected<std::unique_ptr<SubscriberRoutes>, std::string> SubscriberRoutes::open(std::uint32_t table,
                                                                                     bool each) {
  auto socket = netlink::Socket::open();
  if (!socket) {
    return refused_by_kernel("netlink socket", socket.error());
  }
  std::unique_ptr<SubscriberRoutes> routes(new SubscriberRoutes(std::move(*socket), table, each));
  if (auto removed = routes->remove_leftovers(); !removed) {
    return std::unexpected(removed.error());
  }
  return routes;
}

SubscriberRoutes::~SubscriberRoutes() {
  changes_.clear();
  for (const Prefix& prefix : announced_) {
    changes_.push_back({prefix, false});
  }
  while (write_some()) {
  }
}

std::expected<void, std::string> SubscriberRoutes::remove_leftovers() {
  const auto read = netlink::dump({RTM_GETROUTE, 0, rtmsg{}}, [&](const nlmsghdr& message) {
    if (const auto prefix = our_prefix(message, table_)) {
      changes_.push_back({*prefix, false});
    }
  });
  if (!read) {
    return refused_by_kernel("reading what there is", read.error());
  }
  while (write_some()) {
  }
  return {};
}

void SubscriberRoutes::follow(const Prefix& prefix, control::PrefixClaim::By by) {
  using By = control::PrefixClaim::By;
  // A network behind a subscriber is not from a pool, so the pools' routes do not announce it.
  if (by == By::kNetwork || (by == By::kSubscriber && each_)) {
    add(prefix);
  } else {
    remove(prefix);
  }
}

void SubscriberRoutes::add(const Prefix& prefix) {
  if (announced_.insert(prefix).second) {
    changes_.push_back({prefix, true});
  }
}

void SubscriberRoutes::add_lasting(const Prefix& prefix) {
  lasting_.insert(prefix);
  add(prefix);
}

void SubscriberRoutes::remove(const Prefix& prefix) {
  if (!lasting_.contains(prefix) && announced_.erase(prefix) != 0) {
    changes_.push_back({prefix, false});
  }
}

bool SubscriberRoutes::write_some() {
  if (changes_.empty()) {
    return false;
  }
  std::vector<std::uint8_t> batch;
  batch.reserve(kChangesPerCall * kRequestOctets);
  for (std::size_t n = 0; n < kChangesPerCall && !changes_.empty(); ++n) {
    const Change& change = changes_.front();
    const auto request = std::visit(
        [&](const auto& prefix) { return change_request(prefix, change.add, table_); }, change.prefix);
    batch.insert(batch.end(), request.octets().begin(), request.octets().end());
    changes_.pop_front();
  }
  if (!socket_.send(batch)) {
    ++refused_;  // counted once for the whole batch
    why_refused_ = "the batch was not taken: no memory, or no permission";
  }
  read_refusals();
  return !changes_.empty();
}

void SubscriberRoutes::read_refusals() {
  netlink::Bytes datagram;
  while (socket_.receive(datagram) == netlink::Socket::Received::kDatagram) {
    netlink::for_each_message(datagram, [&](const nlmsghdr& message) {
      const netlink::Failure failure = netlink::read_error(message).value_or(netlink::Failure{});
      // Somebody else has deleted it, or added the same.
      if (failure.code != 0 && failure.code != ESRCH && failure.code != EEXIST) {
        ++refused_;
        why_refused_ = failure.text();
      }
    });
  }
}

}  // namespace adit::app
