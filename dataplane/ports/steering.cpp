// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/steering.hpp"

#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_thash.h>

#include <bit>
#include <cstring>

namespace adit::dataplane {
namespace {

// The longest key that any driver uses (mlx5, i40e) has 52 octets.
constexpr std::uint8_t kMaxKey = 64;
constexpr std::uint8_t kMinKey = 40;

/// One rule: the low bits of `worker`'s call IDs, subscriber addresses or prefixes select its first queue. The key of
/// PPTP's GRE is payload length and call ID, so its low bits are those of the ID. Untested on a NIC; mlx5 is
/// documented to accept any mask.
struct Rule {
  Rule(const Ipv6Match& share, std::uint16_t worker) {
    queue.index = worker;
    const auto put = [](auto& field, const wire::Ipv6Address& address) {
      static_assert(sizeof field == wire::kIpv6AddressSize);
      wire::store_ipv6(reinterpret_cast<std::uint8_t*>(&field), address);
    };
    put(prefix.hdr.dst_addr, share.bits);
    put(prefix_mask.hdr.dst_addr, share.mask);
    pattern = {
        rte_flow_item{.type = RTE_FLOW_ITEM_TYPE_ETH, .spec = nullptr, .last = nullptr, .mask = nullptr},
        {.type = RTE_FLOW_ITEM_TYPE_IPV6, .spec = &prefix, .last = nullptr, .mask = &prefix_mask},
        {.type = RTE_FLOW_ITEM_TYPE_END, .spec = nullptr, .last = nullptr, .mask = nullptr}};
  }
  Rule(PortRole role, std::uint16_t worker, std::uint32_t mask) {
    queue.index = worker;
    if (role == PortRole::kAccess) {
      key = rte_cpu_to_be_32(worker);
      key_mask = rte_cpu_to_be_32(mask);
      pattern = {
          rte_flow_item{.type = RTE_FLOW_ITEM_TYPE_ETH, .spec = nullptr, .last = nullptr, .mask = nullptr},
          {.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = nullptr, .last = nullptr, .mask = nullptr},
          {.type = RTE_FLOW_ITEM_TYPE_GRE, .spec = nullptr, .last = nullptr, .mask = nullptr},
          {.type = RTE_FLOW_ITEM_TYPE_GRE_KEY, .spec = &key, .last = nullptr, .mask = &key_mask},
          {.type = RTE_FLOW_ITEM_TYPE_END, .spec = nullptr, .last = nullptr, .mask = nullptr}};
    } else {
      subscriber.hdr.dst_addr = rte_cpu_to_be_32(worker);
      subscriber_mask.hdr.dst_addr = rte_cpu_to_be_32(mask);
      pattern = {
          rte_flow_item{.type = RTE_FLOW_ITEM_TYPE_ETH, .spec = nullptr, .last = nullptr, .mask = nullptr},
          {.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = &subscriber, .last = nullptr, .mask = &subscriber_mask},
          {.type = RTE_FLOW_ITEM_TYPE_END, .spec = nullptr, .last = nullptr, .mask = nullptr}};
    }
  }
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;

  [[nodiscard]] bool valid(std::uint16_t port) const {
    return rte_flow_validate(port, &kIngress, pattern.data(), actions.data(), nullptr) == 0;
  }
  [[nodiscard]] rte_flow* create(std::uint16_t port) const {
    return rte_flow_create(port, &kIngress, pattern.data(), actions.data(), nullptr);
  }

  static constexpr rte_flow_attr kIngress{
      .group = 0, .priority = 0, .ingress = 1, .egress = 0, .transfer = 0, .reserved = 0};
  rte_be32_t key = 0, key_mask = 0;
  rte_flow_item_ipv4 subscriber{}, subscriber_mask{};
  rte_flow_item_ipv6 prefix{}, prefix_mask{};
  rte_flow_action_queue queue{};
  std::array<rte_flow_item, 5> pattern{};
  std::array<rte_flow_action, 2> actions{{{.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue},
                                          {.type = RTE_FLOW_ACTION_TYPE_END, .conf = nullptr}}};
};

/// Adds the rule to `rules`; where the device does not take it, removes all of them.
bool add_rule(std::uint16_t id, const Rule& rule, std::vector<rte_flow*>& rules) {
  rte_flow* made = rule.valid(id) ? rule.create(id) : nullptr;
  if (made != nullptr) {
    rules.push_back(made);
    return true;
  }
  for (rte_flow* flow : rules) {
    rte_flow_destroy(id, flow, nullptr);
  }
  rules.clear();
  return false;
}

/// Low bits can be matched if the number of workers is a power of two. A port that serves both sides would need both kinds,
/// and the second kind would also match tunnel packets, by their outer destination.
bool may_have_rules(PortRole role, std::uint16_t rx_queues, unsigned workers) {
  return workers >= 2 && std::has_single_bit(workers) && rx_queues >= workers && role != PortRole::kBoth;
}

/// All rules or none.
std::vector<rte_flow*> make_rules(std::uint16_t id, PortRole role, unsigned workers) {
  std::vector<rte_flow*> rules;
  for (std::uint16_t worker = 0; worker < workers; ++worker) {
    if (!add_rule(id, Rule(role, worker, workers - 1), rules)) {
      break;
    }
  }
  return rules;
}

/// The same for the shares of a pool of IPv6, on the core side.
std::vector<rte_flow*> make_rules(std::uint16_t id, const SubscriberPrefixes& pool, std::uint16_t workers) {
  std::vector<rte_flow*> rules;
  for (std::uint16_t worker = 0; worker < workers; ++worker) {
    const auto share = share_of(pool, worker, workers);
    if (!share || !add_rule(id, Rule(*share, worker), rules)) {
      break;
    }
  }
  return rules;
}

std::vector<std::uint16_t> read_reta(std::uint16_t id, std::uint16_t size) {
  constexpr std::uint16_t kGroup = RTE_ETH_RETA_GROUP_SIZE;
  std::vector<rte_eth_rss_reta_entry64> groups((size + kGroup - 1U) / kGroup);
  for (rte_eth_rss_reta_entry64& group : groups) {
    group.mask = ~std::uint64_t{0};
  }
  if (size == 0 || rte_eth_dev_rss_reta_query(id, groups.data(), size) != 0) {
    return {};
  }
  std::vector<std::uint16_t> reta(size);
  for (std::uint16_t at = 0; at < size; ++at) {
    reta[at] = groups[at / kGroup].reta[at % kGroup];
  }
  return reta;
}

std::optional<RssHash> read_rss(std::uint16_t id) {
  rte_eth_dev_info info{};
  std::array<std::uint8_t, kMaxKey> key{};
  rte_eth_rss_conf conf{};
  conf.rss_key = key.data();
  conf.rss_key_len = kMaxKey;
  if (rte_eth_dev_info_get(id, &info) != 0 || rte_eth_dev_rss_hash_conf_get(id, &conf) != 0 ||
      (conf.rss_hf & (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER)) == 0) {
    return std::nullopt;
  }
  RssHash rss;
  const std::uint8_t length = info.hash_key_size != 0 ? info.hash_key_size : kMinKey;
  rss.key.assign(key.begin(), key.begin() + std::min(length, kMaxKey));
  rss.reta = read_reta(id, info.reta_size);
  rss.destination_only = (conf.rss_hf & RTE_ETH_RSS_L3_DST_ONLY) != 0;
  rss.ipv6 = (conf.rss_hf & (RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER)) != 0;
  return rss.key.size() < kMinKey || rss.reta.empty() ? std::nullopt : std::optional(std::move(rss));
}

}  // namespace

std::uint16_t RssHash::queue_of(wire::Ipv4Address source, wire::Ipv4Address destination) const noexcept {
  std::array<std::uint32_t, 2> tuple{source.value, destination.value};
  const std::uint32_t hash =
      destination_only ? rte_softrss(&tuple[1], 1, key.data()) : rte_softrss(tuple.data(), 2, key.data());
  return reta[hash % reta.size()];
}

std::uint16_t RssHash::queue_of(const wire::Ipv6Address& destination) const noexcept {
  const auto upper = [](std::uint64_t half) { return static_cast<std::uint32_t>(half >> 32); };
  std::array<std::uint32_t, 4> words{upper(destination.high), static_cast<std::uint32_t>(destination.high),
                                     upper(destination.low), static_cast<std::uint32_t>(destination.low)};
  return reta[rte_softrss(words.data(), words.size(), key.data()) % reta.size()];
}

PortSteering read_steering(std::uint16_t id, PortRole role, std::uint16_t rx_queues, unsigned workers,
                           std::span<const SubscriberPrefixes> pools) {
  PortSteering steering;
  if (rx_queues < 2) {
    steering.by = SteeringBy::kOneQueue;
    return steering;
  }
  if (may_have_rules(role, rx_queues, workers)) {
    steering.rules = make_rules(id, role, workers);
    steering.by = steering.rules.empty() ? SteeringBy::kUnknown : SteeringBy::kRules;
    for (const SubscriberPrefixes& pool : role == PortRole::kCore ? pools : pools.first(0)) {
      const auto more = make_rules(id, pool, static_cast<std::uint16_t>(workers));
      steering.rules.insert(steering.rules.end(), more.begin(), more.end());
      if (!more.empty()) {
        steering.prefixes.push_back(pool);
      }
    }
  }
  if (steering.by == SteeringBy::kRules) {
    return steering;
  }
  if (auto rss = read_rss(id)) {
    steering.by = rss->destination_only ? SteeringBy::kDestination : SteeringBy::kAddresses;
    steering.rss = std::move(*rss);
  }
  return steering;
}

std::uint64_t wanted_rss(PortRole role, std::uint64_t offered) noexcept {
  const std::uint64_t destination = role == PortRole::kCore ? RTE_ETH_RSS_L3_DST_ONLY : 0;
  const std::uint64_t by_address = offered & RTE_ETH_RSS_IP;
  return by_address == 0 ? 0 : by_address | (offered & destination);
}

}  // namespace adit::dataplane
