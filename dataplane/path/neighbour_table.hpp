// SPDX-License-Identifier: Apache-2.0
// The link headers of next-hop neighbours, looked up by interface and IP address: an open-addressed table, at
// most half full. IPv6 routers have link-local addresses as a rule, which mean nothing without their interface.
// Immutable once built. Thread: built by control, read by any. Owner: RouteTable.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/ports/port.hpp"
#include "dataplane/wire/ip_family.hpp"

namespace adit::dataplane {

/// One kernel neighbour with a usable link-layer address.
template <wire::IpAddress Address>
struct BasicNeighbourEntry {
  std::uint32_t ifindex = 0;
  Address address;
  MacAddress mac{};
};
using NeighbourEntry = BasicNeighbourEntry<wire::Ipv4Address>;
using NeighbourEntry6 = BasicNeighbourEntry<wire::Ipv6Address>;

struct NextHop {
  std::uint16_t port = 0;  ///< DPDK ethdev port
  std::uint16_t mtu = 1500;
  wire::LinkHeader link;  ///< with the EtherType of the address's family
};

template <wire::IpAddress Address>
class NeighbourTable {
 public:
  NeighbourTable() = default;
  /// Neighbours on interfaces that are not ports of ours are left out.
  NeighbourTable(std::span<const BasicNeighbourEntry<Address>> neighbours, std::span<const Port> ports)
      : slots_(std::bit_ceil(neighbours.size() * 2 + 1)) {
    constexpr wire::EtherType kType = wire::IpFamily<Address>::kEtherType;
    for (const auto& neighbour : neighbours) {
      if (const Port* port = find_port(ports, neighbour.ifindex); port != nullptr) {
        slots_[locate(neighbour.ifindex, neighbour.address)] = {
            neighbour.ifindex,
            neighbour.address,
            {port->id, port->mtu, {neighbour.mac, port->mac, port->vlan, kType}}};
      }
    }
  }

  [[nodiscard]] const NextHop* find(std::uint32_t ifindex, Address address) const noexcept {
    if (slots_.empty()) {
      return nullptr;  // default-constructed
    }
    const Slot& slot = slots_[locate(ifindex, address)];
    return slot.ifindex == 0 ? nullptr : &slot.hop;
  }

  [[nodiscard]] std::size_t octets() const noexcept { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t ifindex = 0;  // 0: free
    Address address;
    NextHop hop;
  };

  static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
  [[nodiscard]] static std::uint64_t fold(std::uint32_t ifindex, wire::Ipv4Address address) noexcept {
    return std::uint64_t{ifindex} << 32 | address.value;
  }
  /// Interface identifiers may differ in any bit: all of them are spread before they meet the rest.
  [[nodiscard]] static std::uint64_t fold(std::uint32_t ifindex, wire::Ipv6Address address) noexcept {
    const std::uint64_t low = address.low * kGolden;
    return (low ^ low >> 32) + address.high + (std::uint64_t{ifindex} << 32);
  }

  /// The neighbour's slot, or the free slot where it would go. Fibonacci hashing: the low address bits alone
  /// would cluster, because subscribers and routers are numbered consecutively.
  [[nodiscard]] std::size_t locate(std::uint32_t ifindex, Address address) const noexcept {
    const std::uint64_t key = fold(ifindex, address) * kGolden;
    std::size_t at = static_cast<std::size_t>(key >> 32) & (slots_.size() - 1);
    while (slots_[at].ifindex != 0 && (slots_[at].ifindex != ifindex || slots_[at].address != address)) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return at;
  }

  std::vector<Slot> slots_;  // size is a power of two
};

}  // namespace adit::dataplane
