// SPDX-License-Identifier: Apache-2.0
// Dumps and notifications come through one socket. A dump starts from an empty table and notifications apply to it as
// they come, in the kernel's order; nothing is published before it ends, so workers never see half a table.
#include "app/host/netlink/kernel_routes.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace adit::app {
namespace {

/// libmnl asks for 8 KiB at least; the kernel fills up to 32 KiB a datagram when given the room.
constexpr std::size_t kDatagram = 32768;
constexpr int kSocketBuffer = 4 << 20;
constexpr int kDatagramsPerCall = 1024;
constexpr std::chrono::seconds kFirstDump{5};
/// Silence after an overflow before all is read once more: a dump amid changes may hold a route that was deleted while it
/// was written, behind the word of its deletion.
constexpr std::chrono::milliseconds kQuiet{1000};
constexpr unsigned kGroups = RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_IFADDR;

std::unexpected<std::string> failure(const std::string& what) {
  return std::unexpected("kernel routes: " + what + ": " + std::strerror(errno));
}

std::set<std::uint32_t> tables_of(std::span<const dataplane::Port> ports) {
  std::set<std::uint32_t> tables;
  for (const dataplane::Port& port : ports) {
    tables.insert(port.table);
  }
  return tables;
}

}  // namespace

KernelRoutes::KernelRoutes(mnl_socket* socket, std::span<const dataplane::Port> ports, Publish publish)
    : socket_(socket),
      ports_(ports.begin(), ports.end()),
      publish_(std::move(publish)),
      table_(tables_of(ports)),
      buffer_(kDatagram) {}

KernelRoutes::~KernelRoutes() {
  mnl_socket_close(socket_);
}

std::expected<std::unique_ptr<KernelRoutes>, std::string> KernelRoutes::open(
    std::span<const dataplane::Port> ports, Publish publish) {
  mnl_socket* socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket == nullptr) {
    return failure("netlink socket");
  }
  std::unique_ptr<KernelRoutes> routes(new KernelRoutes(socket, ports, std::move(publish)));
  auto ready = routes->subscribe();
  ready = ready ? routes->read_everything_once() : ready;
  if (!ready) {
    return std::unexpected(ready.error());
  }
  return routes;
}

std::expected<void, std::string> KernelRoutes::subscribe() {
  // Best effort: beyond net.core.rmem_max needs CAP_NET_ADMIN; a small buffer costs new dumps, no correctness.
  if (::setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &kSocketBuffer, sizeof kSocketBuffer) < 0) {
    ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &kSocketBuffer, sizeof kSocketBuffer);
  }
  if (mnl_socket_bind(socket_, kGroups, MNL_SOCKET_AUTOPID) < 0) {
    return failure("subscription");
  }
  // Nexthop objects (FRR uses them) exist since Linux 5.3; without them there is nothing to miss.
  int nexthops = RTNLGRP_NEXTHOP;
  mnl_socket_setsockopt(socket_, NETLINK_ADD_MEMBERSHIP, &nexthops, sizeof nexthops);
  return {};
}

std::expected<void, std::string> KernelRoutes::read_everything_once() {
  const auto deadline = std::chrono::steady_clock::now() + kFirstDump;
  start_dump(Dump::kRoutes);
  while (latest_ == nullptr) {
    pollfd input{.fd = fd(), .events = POLLIN, .revents = 0};
    if (std::chrono::steady_clock::now() > deadline || ::poll(&input, 1, 1000) < 0) {
      errno = ETIMEDOUT;
      return failure("first reading");
    }
    on_readable();
  }
  return {};
}

int KernelRoutes::fd() const {
  return mnl_socket_get_fd(socket_);
}

void KernelRoutes::start_dump(Dump what) {
  if (what == Dump::kRoutes) {
    table_.clear();
    dump_again_ = false;
  }
  std::array<std::uint8_t, 64> bytes{};
  nlmsghdr* request = mnl_nlmsg_put_header(bytes.data());
  request->nlmsg_type = what == Dump::kRoutes ? RTM_GETROUTE : RTM_GETNEIGH;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request->nlmsg_seq = ++sequence_;
  if (what == Dump::kRoutes) {
    static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(rtmsg)))->rtm_family = AF_INET;
  } else {
    static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ndmsg)))->ndm_family = AF_INET;
  }
  // A refused request (no memory) leaves the old snapshot in force; the next event tries again.
  dump_ = mnl_socket_sendto(socket_, request, request->nlmsg_len) < 0 ? Dump::kNone : what;
  dump_again_ = dump_again_ || dump_ == Dump::kNone;
}

void KernelRoutes::on_readable() {
  bool drained = false;
  for (int i = 0; i < kDatagramsPerCall && !drained; ++i) {
    const ssize_t size = mnl_socket_recvfrom(socket_, buffer_.data(), buffer_.size());
    if (size < 0 && errno == ENOBUFS) {
      dump_again_ = look_again_ = true;
    } else if (size <= 0) {
      drained = true;
    } else {
      take({buffer_.data(), static_cast<std::size_t>(size)});
    }
  }
  // Not before: from an overflow until its queue is empty, the kernel drops further messages without a word.
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

void KernelRoutes::take(std::span<const std::uint8_t> datagram) {
  int left = static_cast<int>(datagram.size());
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    const bool of_dump = dump_ != Dump::kNone && message->nlmsg_seq == sequence_ &&
                         message->nlmsg_pid == mnl_socket_get_portid(socket_);
    if (of_dump && (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
      dump_again_ = true;
    }
    if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
      // Errors of probes do not matter: the worker asks again as long as it has packets for that neighbour.
      if (of_dump) {
        take_end_of_dump(message->nlmsg_type == NLMSG_DONE);
      }
      continue;
    }
    const KernelTable::Effect effect = table_.apply(*message);
    changed_ = changed_ || effect == KernelTable::Effect::kChanged;
    dump_again_ = dump_again_ || effect == KernelTable::Effect::kDumpAgain;
  }
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

void KernelRoutes::note_gateway(std::uint32_t ifindex, wire::Ipv4Address gateway) {
  const bool ours = std::ranges::any_of(ports_, [&](const auto& port) { return port.ifindex == ifindex; });
  if (ours && !gateway.is_none()) {
    gateways_.insert({.ifindex = ifindex, .address = gateway});
  }
}

void KernelRoutes::publish_changes() {
  if (std::exchange(changed_, false)) {
    const auto routes = table_.routes();
    gateways_.clear();
    for (const dataplane::RouteEntry& route : routes) {
      for (const dataplane::RoutePath& path : route.paths) {
        note_gateway(path.ifindex, path.gateway);
      }
    }
    auto snapshot =
        std::make_unique<dataplane::NextHops>(routes, table_.neighbours(), ports_, table_.hosts());
    latest_ = snapshot.get();
    publish_(std::move(snapshot));
    for (const KernelTable::NeighbourKey& gateway : gateways_) {
      if (!table_.knows(gateway)) {
        probe(gateway);
      }
    }
  }
  for (const KernelTable::NeighbourKey& neighbour : table_.take_stale()) {
    if (gateways_.contains(neighbour)) {
      probe(neighbour);
    }
  }
}

void KernelRoutes::resolve(wire::Ipv4Address destination, bool towards_peers) {
  const dataplane::NextHops& routes = towards_peers ? latest_->towards_peers() : *latest_;
  const auto neighbour = routes.neighbour_of(destination);
  if (neighbour.ifindex != 0) {
    probe({.ifindex = neighbour.ifindex, .address = neighbour.address});
  }
}

/// NTF_USE: as if the kernel had a packet for the neighbour; it sends ARP requests and notifies of the outcome.
void KernelRoutes::probe(KernelTable::NeighbourKey neighbour) {
  std::array<std::uint8_t, 128> bytes{};
  nlmsghdr* request = mnl_nlmsg_put_header(bytes.data());
  request->nlmsg_type = RTM_NEWNEIGH;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
  auto* header = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ndmsg)));
  header->ndm_family = AF_INET;
  header->ndm_ifindex = static_cast<int>(neighbour.ifindex);
  header->ndm_state = NUD_NONE;
  header->ndm_flags = NTF_USE;
  mnl_attr_put_u32(request, NDA_DST, htonl(neighbour.address.value));
  mnl_socket_sendto(socket_, request, request->nlmsg_len);
}

}  // namespace adit::app
