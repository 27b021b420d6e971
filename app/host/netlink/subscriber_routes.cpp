// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/subscriber_routes.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "app/host/netlink/kernel_table.hpp"

namespace adit::app {
namespace {

constexpr std::size_t kPerTurn = 256;
constexpr std::size_t kMessageOctets = 64;  // header, rtmsg, two attributes
constexpr std::size_t kDatagram = 32'768;

std::unexpected<std::string> failure(const std::string& what) {
  return std::unexpected("subscribers' routes: " + what + ": " + std::strerror(errno));
}

/// No acknowledgement is asked for: only refusals come back.
void put_change(std::vector<std::uint8_t>& batch, const wire::Ipv4Prefix& prefix, bool add,
                std::uint32_t table) {
  std::array<std::uint8_t, kMessageOctets> bytes{};
  nlmsghdr* request = mnl_nlmsg_put_header(bytes.data());
  request->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
  request->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_REPLACE : 0));
  auto* header = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(rtmsg)));
  header->rtm_family = AF_INET;
  header->rtm_dst_len = prefix.length;
  header->rtm_table = RT_TABLE_UNSPEC;
  header->rtm_protocol = kSubscriberProtocol;
  header->rtm_scope = RT_SCOPE_UNIVERSE;
  header->rtm_type = RTN_BLACKHOLE;
  mnl_attr_put_u32(request, RTA_DST, htonl(prefix.address.value));
  mnl_attr_put_u32(request, RTA_TABLE, table);
  batch.insert(batch.end(), bytes.begin(), bytes.begin() + request->nlmsg_len);
}

/// The prefix of a route of ours; nothing for any other message.
std::optional<wire::Ipv4Prefix> ours(const nlmsghdr& message, std::uint32_t wanted_table) {
  if (message.nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(&message) < sizeof(rtmsg)) {
    return std::nullopt;
  }
  const auto& header = *static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  struct Found {
    std::uint32_t destination = 0;
    std::uint32_t table = 0;
  } found{.destination = 0, .table = header.rtm_table};
  mnl_attr_parse(
      &message, sizeof(rtmsg),
      [](const nlattr* attribute, void* into) {
        if (mnl_attr_get_payload_len(attribute) == sizeof(std::uint32_t)) {
          if (mnl_attr_get_type(attribute) == RTA_DST) {
            static_cast<Found*>(into)->destination = ntohl(mnl_attr_get_u32(attribute));
          } else if (mnl_attr_get_type(attribute) == RTA_TABLE) {
            static_cast<Found*>(into)->table = mnl_attr_get_u32(attribute);
          }
        }
        return MNL_CB_OK;
      },
      &found);
  if (header.rtm_protocol != kSubscriberProtocol || header.rtm_type != RTN_BLACKHOLE ||
      found.table != wanted_table) {
    return std::nullopt;
  }
  return wire::Ipv4Prefix{.address = wire::Ipv4Address(found.destination), .length = header.rtm_dst_len};
}

}  // namespace

std::expected<std::unique_ptr<SubscriberRoutes>, std::string> SubscriberRoutes::open(std::uint32_t table) {
  mnl_socket* socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket == nullptr) {
    return failure("netlink socket");
  }
  std::unique_ptr<SubscriberRoutes> routes(new SubscriberRoutes(socket, table));
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    return failure("netlink socket");
  }
  if (auto removed = routes->remove_leftovers(); !removed) {
    return std::unexpected(removed.error());
  }
  return routes;
}

SubscriberRoutes::~SubscriberRoutes() {
  changes_.clear();
  for (const wire::Ipv4Prefix& prefix : announced_) {
    changes_.push_back({prefix, false});
  }
  while (write_some()) {
  }
  mnl_socket_close(socket_);
}

std::expected<void, std::string> SubscriberRoutes::remove_leftovers() {
  std::array<std::uint8_t, kMessageOctets> bytes{};
  nlmsghdr* request = mnl_nlmsg_put_header(bytes.data());
  request->nlmsg_type = RTM_GETROUTE;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(rtmsg)))->rtm_family = AF_INET;
  if (mnl_socket_sendto(socket_, request, request->nlmsg_len) < 0) {
    return failure("reading what there is");
  }
  std::vector<std::uint8_t> buffer(kDatagram);
  for (bool done = false; !done;) {
    pollfd input{.fd = mnl_socket_get_fd(socket_), .events = POLLIN, .revents = 0};
    constexpr int kPatienceMs = 5000;
    const ssize_t size =
        ::poll(&input, 1, kPatienceMs) <= 0 ? -1 : mnl_socket_recvfrom(socket_, buffer.data(), buffer.size());
    if (size < 0) {
      return failure("reading what there is");
    }
    int left = static_cast<int>(size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      done = done || message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR;
      if (const auto prefix = ours(*message, table_)) {
        changes_.push_back({*prefix, false});
      }
    }
  }
  while (write_some()) {
  }
  return {};
}

void SubscriberRoutes::add(const wire::Ipv4Prefix& prefix) {
  if (announced_.insert(prefix).second) {
    changes_.push_back({prefix, true});
  }
}

void SubscriberRoutes::remove(const wire::Ipv4Prefix& prefix) {
  if (announced_.erase(prefix) != 0) {
    changes_.push_back({prefix, false});
  }
}

bool SubscriberRoutes::write_some() {
  if (changes_.empty()) {
    return false;
  }
  std::vector<std::uint8_t> batch;
  batch.reserve(kPerTurn * kMessageOctets);
  for (std::size_t n = 0; n < kPerTurn && !changes_.empty(); ++n) {
    put_change(batch, changes_.front().prefix, changes_.front().add, table_);
    changes_.pop_front();
  }
  if (mnl_socket_sendto(socket_, batch.data(), batch.size()) < 0) {
    ++refused_;  // of them all, one is told: there is no memory, or no right to it
  }
  read_refusals();
  return !changes_.empty();
}

void SubscriberRoutes::read_refusals() {
  alignas(nlmsghdr) std::array<std::uint8_t, 8192> buffer{};
  for (ssize_t size = 0; (size = mnl_socket_recvfrom(socket_, buffer.data(), buffer.size())) > 0;) {
    int left = static_cast<int>(size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_type == NLMSG_ERROR && mnl_nlmsg_get_payload_len(message) >= sizeof(nlmsgerr)) {
        const auto& error = *static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
        refused_ += error.error != 0 && error.error != -ESRCH ? 1 : 0;  // gone already is well
      }
    }
  }
}

}  // namespace adit::app
