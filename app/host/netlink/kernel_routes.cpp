// SPDX-License-Identifier: Apache-2.0
// Dumps and notifications arrive on one socket. A dump starts with an empty table, and notifications are
// applied to that as they arrive, in the kernel's order. Nothing is published before the dump ends, so
// workers never see half a table.
#include "app/host/netlink/kernel_routes.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace adit::app {
namespace {

constexpr int kSocketBuffer = 4 << 20;
constexpr int kDatagramsPerCall = 1024;
constexpr std::chrono::seconds kFirstDump{5};
/// How long changes must pause after an overflow before everything is read again: while routes change, a dump
/// may contain a route whose deletion was notified before that part of the dump.
constexpr std::chrono::milliseconds kQuiet{1000};
constexpr unsigned kGroups[] = {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_IFADDR};
constexpr unsigned kIpv6Groups[] = {RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_IFADDR};

std::unexpected<std::string> failure(const std::string& what, const netlink::Failure& why) {
  return std::unexpected("kernel routes: " + what + ": " + why.text());
}

/// `family`: AF_UNSPEC for all.
netlink::Request dump_request(bool routes, std::uint8_t family, std::uint32_t sequence) {
  rtmsg route{};
  route.rtm_family = family;
  ndmsg neighbour{};
  neighbour.ndm_family = family;
  netlink::Request request = routes ? netlink::Request(RTM_GETROUTE, NLM_F_DUMP, route)
                                    : netlink::Request(RTM_GETNEIGH, NLM_F_DUMP, neighbour);
  request.set_sequence(sequence);
  return request;
}

std::set<std::uint32_t> tables_of(std::span<const dataplane::Port> ports) {
  std::set<std::uint32_t> tables;
  for (const dataplane::Port& port : ports) {
    tables.insert(port.table);
  }
  return tables;
}

}  // namespace

KernelRoutes::KernelRoutes(netlink::Socket socket, std::span<const dataplane::Port> ports, Publish publish,
                           TellOwn tell_own, Families families)
    : socket_(std::move(socket)),
      ports_(ports.begin(), ports.end()),
      publish_(std::move(publish)),
      tell_own_(std::move(tell_own)),
      families_(families),
      ipv4_{.table = BasicKernelTable<wire::Ipv4Address>(tables_of(ports))},
      ipv6_{.table = BasicKernelTable<wire::Ipv6Address>(tables_of(ports))} {}

std::expected<std::unique_ptr<KernelRoutes>, std::string> KernelRoutes::open(
    std::span<const dataplane::Port> ports, Publish publish, TellOwn tell_own, Families families) {
  auto socket = netlink::Socket::open();
  if (!socket) {
    return failure("netlink socket", socket.error());
  }
  std::unique_ptr<KernelRoutes> routes(
      new KernelRoutes(std::move(*socket), ports, std::move(publish), std::move(tell_own), families));
  auto ready = routes->subscribe();
  ready = ready ? routes->read_everything_once() : ready;
  if (!ready) {
    return std::unexpected(ready.error());
  }
  return routes;
}

std::expected<void, std::string> KernelRoutes::subscribe() {
  socket_.enlarge_receive_buffer(kSocketBuffer);  // a small buffer costs extra dumps, not correctness
  const std::span<const unsigned> more =
      families_ == Families::kBoth ? std::span<const unsigned>(kIpv6Groups) : std::span<const unsigned>{};
  for (const std::span<const unsigned> groups : {std::span<const unsigned>(kGroups), more}) {
    for (const unsigned group : groups) {
      if (const auto joined = socket_.join(group); !joined) {
        return failure("subscription", joined.error());
      }
    }
  }
  // Nexthop objects (used by FRR) exist since Linux 5.3; without them there is nothing to miss.
  [[maybe_unused]] const auto nexthops = socket_.join(RTNLGRP_NEXTHOP);
  return {};
}

std::expected<void, std::string> KernelRoutes::read_everything_once() {
  const auto deadline = std::chrono::steady_clock::now() + kFirstDump;
  start_dump(Dump::kRoutes);
  while (latest_ == nullptr) {
    pollfd input{.fd = fd(), .events = POLLIN, .revents = 0};
    if (std::chrono::steady_clock::now() > deadline || ::poll(&input, 1, 1000) < 0) {
      return failure("first reading", {.code = ETIMEDOUT});
    }
    on_readable();
  }
  return {};
}

int KernelRoutes::fd() const {
  return socket_.fd();
}

void KernelRoutes::start_dump(Dump what) {
  if (what == Dump::kRoutes) {
    ipv4_.table.clear();
    ipv6_.table.clear();
    dump_again_ = false;
  }
  // A refused request (no memory) leaves the old snapshot in force; the next event tries again.
  const std::uint8_t family = families_ == Families::kBoth ? AF_UNSPEC : AF_INET;
  dump_ = socket_.send(dump_request(what == Dump::kRoutes, family, ++sequence_)) ? what : Dump::kNone;
  dump_again_ = dump_again_ || dump_ == Dump::kNone;
}

void KernelRoutes::on_readable() {
  bool drained = false;
  for (int i = 0; i < kDatagramsPerCall && !drained; ++i) {
    netlink::Bytes datagram;
    const netlink::Socket::Received received = socket_.receive(datagram);
    if (received == netlink::Socket::Received::kOverrun) {
      dump_again_ = look_again_ = true;
    } else if (received == netlink::Socket::Received::kNothing) {
      drained = true;
    } else {
      netlink::for_each_message(datagram, [this](const nlmsghdr& message) { take(message); });
    }
  }
  // Not earlier: after an overrun the kernel silently drops further messages until its queue is empty.
  if (dump_ == Dump::kNone && dump_again_ && drained) {
    start_dump(Dump::kRoutes);
  }
  heard_ = std::chrono::steady_clock::now();
  publish_due();
}

void KernelRoutes::publish_due() {
  if (look_again_ && dump_ == Dump::kNone && !dump_again_ &&
      std::chrono::steady_clock::now() - heard_ >= kQuiet) {
    look_again_ = false;
    start_dump(Dump::kRoutes);
    return;
  }
  const bool too_soon = changed_ && latest_ != nullptr && wait() > std::chrono::milliseconds{0};
  if (dump_ != Dump::kNone || dump_again_ || too_soon) {
    return;
  }
  constexpr int kShare = 10;
  const auto began = std::chrono::steady_clock::now();
  publish_changes();
  const auto ended = std::chrono::steady_clock::now();
  next_publish_ = ended + kShare * (ended - began);
}

std::optional<std::chrono::milliseconds> KernelRoutes::wait() const {
  if (!changed_ && !look_again_) {
    return std::nullopt;
  }
  const auto due = changed_ ? next_publish_ : heard_ + kQuiet;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds{0});
}

void KernelRoutes::take(const nlmsghdr& message) {
  const bool of_dump =
      dump_ != Dump::kNone && message.nlmsg_seq == sequence_ && message.nlmsg_pid == socket_.port();
  if (of_dump && (message.nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
    dump_again_ = true;
  }
  if (message.nlmsg_type == NLMSG_DONE || message.nlmsg_type == NLMSG_ERROR) {
    // Errors of probes do not matter: the worker asks again as long as it has packets for that neighbour.
    if (of_dump) {
      take_end_of_dump(message.nlmsg_type == NLMSG_DONE);
    }
    return;
  }
  TableEffect effect = ipv4_.table.apply(message);
  if (families_ == Families::kBoth) {
    effect = std::max(effect, ipv6_.table.apply(message));
  }
  changed_ = changed_ || effect == TableEffect::kChanged;
  dump_again_ = dump_again_ || effect == TableEffect::kDumpAgain;
}

void KernelRoutes::take_end_of_dump(bool complete) {
  if (!complete) {
    dump_ = Dump::kNone;
    dump_again_ = true;
  } else if (dump_ == Dump::kRoutes) {
    start_dump(Dump::kNeighbours);
  } else {
    dump_ = Dump::kNone;
    changed_ = true;
  }
}

template <wire::IpAddress Address>
void KernelRoutes::note_gateways(Mirror<Address>& mirror,
                                 std::span<const dataplane::BasicRouteEntry<Address>> routes) {
  mirror.gateways.clear();
  for (const auto& route : routes) {
    for (const auto& path : route.paths) {
      if (!path.gateway.is_none() && dataplane::find_port(ports_, path.ifindex) != nullptr) {
        mirror.gateways.insert({.ifindex = path.ifindex, .address = path.gateway});
      }
    }
  }
}

template <wire::IpAddress Address>
void KernelRoutes::probe_unknown(const Mirror<Address>& mirror) {
  for (const auto& gateway : mirror.gateways) {
    if (!mirror.table.knows(gateway)) {
      probe(gateway.ifindex, gateway.address);
    }
  }
}

template <wire::IpAddress Address>
void KernelRoutes::probe_stale(Mirror<Address>& mirror) {
  for (const auto& neighbour : mirror.table.take_stale()) {
    if (mirror.gateways.contains(neighbour)) {
      probe(neighbour.ifindex, neighbour.address);
    }
  }
}

void KernelRoutes::publish_changes() {
  if (std::exchange(changed_, false)) {
    const auto routes = ipv4_.table.routes();
    const auto routes6 = ipv6_.table.routes();
    note_gateways<wire::Ipv4Address>(ipv4_, routes);
    note_gateways<wire::Ipv6Address>(ipv6_, routes6);
    const auto neighbours6 = ipv6_.table.neighbours();
    const auto hosts6 = ipv6_.table.hosts();
    auto snapshot = std::make_unique<dataplane::NextHops>(
        routes, ipv4_.table.neighbours(), ports_, ipv4_.table.hosts(),
        dataplane::Ipv6Routes{.routes = routes6, .neighbours = neighbours6, .hosts = hosts6});
    latest_ = snapshot.get();
    publish_(std::move(snapshot));
    tell_own();
    probe_unknown(ipv4_);
    probe_unknown(ipv6_);
  }
  probe_stale(ipv4_);
  probe_stale(ipv6_);
}

void KernelRoutes::tell_own() {
  auto own = ipv4_.table.own_networks();
  auto own6 = ipv6_.table.own_networks();
  if (tell_own_ && (!told_ || own != ipv4_.own || own6 != ipv6_.own)) {
    told_ = true;
    ipv4_.own = std::move(own);
    ipv6_.own = std::move(own6);
    tell_own_(ipv4_.own, ipv6_.own);
  }
}

void KernelRoutes::resolve(wire::Ipv4Address destination, bool towards_peers) {
  const dataplane::NextHops& routes = towards_peers ? latest_->towards_peers() : *latest_;
  const auto neighbour = routes.neighbour_of(destination);
  if (neighbour.ifindex != 0) {
    probe(neighbour.ifindex, neighbour.address);
  }
}

void KernelRoutes::resolve(const wire::Ipv6Address& destination) {
  const auto neighbour = latest_->neighbour_of(destination);
  if (neighbour.ifindex != 0) {
    probe(neighbour.ifindex, neighbour.address);
  }
}

/// NTF_USE: the kernel behaves as if it had a packet for the neighbour: it sends ARP requests or neighbour solicitations
/// and notifies us of the outcome.
template <wire::IpAddress Address>
void KernelRoutes::probe(std::uint32_t ifindex, Address neighbour) {
  ndmsg header{};
  header.ndm_family = netlink::kFamily<Address>;
  header.ndm_ifindex = static_cast<int>(ifindex);
  header.ndm_state = NUD_NONE;
  header.ndm_flags = NTF_USE;
  netlink::Request request(RTM_NEWNEIGH, NLM_F_CREATE, header);
  request.put_address(NDA_DST, neighbour);
  // A failure does not matter: the worker asks again as long as it has packets for that neighbour.
  [[maybe_unused]] const auto sent = socket_.send(request);
}

}  // namespace adit::app
