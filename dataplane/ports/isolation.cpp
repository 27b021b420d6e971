// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/isolation.hpp"

#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

#include <array>
#include <cstring>
#include <numeric>
#include <vector>

namespace adit::dataplane {
namespace {

using Result = std::expected<void, std::string>;

// Lower priority than the rules of steering.cpp, which name a queue.
constexpr rte_flow_attr kBehindSteering{
    .group = 0, .priority = 1, .ingress = 1, .egress = 0, .transfer = 0, .reserved = 0};

std::string message_of(const rte_flow_error& error) {
  return error.message != nullptr ? error.message : std::strerror(rte_errno);
}

constexpr rte_flow_item_type type_of(const rte_flow_item_ipv4&) {
  return RTE_FLOW_ITEM_TYPE_IPV4;
}
constexpr rte_flow_item_type type_of(const rte_flow_item_ipv6&) {
  return RTE_FLOW_ITEM_TYPE_IPV6;
}

/// Takes packets that match `header` where `mask` has ones, spread over all queues. `Item`: of either family.
template <typename Item>
Result take(std::uint16_t id, const Item& header, const Item& mask, std::uint16_t queues) {
  std::vector<std::uint16_t> all(queues);
  std::iota(all.begin(), all.end(), std::uint16_t{0});
  rte_flow_action_rss rss{};
  rss.types = RTE_ETH_RSS_IP;
  rss.queue_num = queues;
  rss.queue = all.data();
  const std::array<rte_flow_item, 3> pattern{
      {{.type = RTE_FLOW_ITEM_TYPE_ETH, .spec = nullptr, .last = nullptr, .mask = nullptr},
       {.type = type_of(header), .spec = &header, .last = nullptr, .mask = &mask},
       {.type = RTE_FLOW_ITEM_TYPE_END, .spec = nullptr, .last = nullptr, .mask = nullptr}}};
  const std::array<rte_flow_action, 2> actions{{{.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &rss},
                                                {.type = RTE_FLOW_ACTION_TYPE_END, .conf = nullptr}}};
  rte_flow_error error{};
  if (rte_flow_create(id, &kBehindSteering, pattern.data(), actions.data(), &error) == nullptr) {
    return std::unexpected("flow rule: " + message_of(error));
  }
  return {};
}

}  // namespace

Result isolate(std::uint16_t id) {
  rte_flow_error error{};
  if (rte_flow_isolate(id, 1, &error) != 0) {
    return std::unexpected("its driver does not support isolated mode (" + message_of(error) +
                           "); remove isolate");
  }
  return {};
}

Result take_ours(std::uint16_t id, PortRole role, std::uint16_t queues, const Subscribers& subscribers) {
  rte_flow_item_ipv4 header{};
  rte_flow_item_ipv4 mask{};
  if (role != PortRole::kCore) {
    header.hdr.next_proto_id = IPPROTO_GRE;
    mask.hdr.next_proto_id = 0xff;
    if (auto taken = take(id, header, mask, queues); !taken) {
      return taken;
    }
  }
  if (role == PortRole::kAccess) {
    return {};
  }
  header.hdr.next_proto_id = mask.hdr.next_proto_id = 0;
  for (const wire::Ipv4Prefix& prefix : subscribers.ipv4) {
    const std::uint32_t ones = prefix.length == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix.length);
    header.hdr.dst_addr = rte_cpu_to_be_32(prefix.address.value);
    mask.hdr.dst_addr = rte_cpu_to_be_32(ones);
    if (auto taken = take(id, header, mask, queues); !taken) {
      return taken;
    }
  }
  for (const SubscriberPrefixes& pool : subscribers.ipv6) {
    rte_flow_item_ipv6 header6{};
    rte_flow_item_ipv6 mask6{};
    static_assert(sizeof header6.hdr.dst_addr == wire::kIpv6AddressSize);
    const wire::Ipv6Address ones =
        wire::Ipv6Prefix::cut({~std::uint64_t{0}, ~std::uint64_t{0}}, pool.prefix.length);
    wire::store_ipv6(reinterpret_cast<std::uint8_t*>(&header6.hdr.dst_addr), pool.prefix.address);
    wire::store_ipv6(reinterpret_cast<std::uint8_t*>(&mask6.hdr.dst_addr), ones);
    if (auto taken = take(id, header6, mask6, queues); !taken) {
      return taken;
    }
  }
  return {};
}

}  // namespace adit::dataplane
