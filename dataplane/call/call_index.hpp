// SPDX-License-Identifier: Apache-2.0
// Two indexes shared by all workers, read-only to them: (local address, local call ID) and subscriber
// address, each to the owning worker and slot. One load from a flat table per lookup, whatever the number of
// calls; for IPv6, two cache lines for each length of prefixes. Beside them, the peers' addresses.
// An entry may briefly be stale, so whoever follows it compares the call's identity with the packet's.
// Thread: control writes, any worker reads. Owner: aditd.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <set>

#include "dataplane/base/limits.hpp"
#include "dataplane/call/peer_table.hpp"
#include "dataplane/call/prefix_index.hpp"
#include "dataplane/contract/call_ref.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

/// Where a call lives; `known` is false when there is none.
struct CallOwner {
  bool known = false;
  contract::WorkerId worker;
  std::uint32_t slot = 0;
  friend constexpr bool operator==(const CallOwner&, const CallOwner&) = default;
};

class CallIndex {
 public:
  using Entry = std::atomic<std::uint32_t>;

  /// Local addresses that differ only in their last `host_bits` bits share one call ID space and one table: 0
  /// for a server, more for a load generator with thousands of client addresses. The first address added
  /// needs EAL, for its memory. `calls`: the most that are expected, for the size of the table of peers.
  explicit CallIndex(unsigned host_bits = 0, std::uint32_t calls = 1U << 16)
      : host_bits_(host_bits), peers_(calls), prefixes_(calls) {}
  ~CallIndex();
  CallIndex(const CallIndex&) = delete;
  CallIndex& operator=(const CallIndex&) = delete;

  // ---- control ----------------------------------------------------------------------------------------------
  /// An address of ours that peers dial. False: more than kMaxLocalAddresses, or out of memory. Adding one
  /// twice is harmless.
  bool add_local_address(wire::Ipv4Address local) noexcept;
  /// (our address, the peer's, our call ID), as in RFC 2637 §3.2.2. False when there is no memory for the table;
  /// nothing is mapped then.
  bool map_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id,
                const contract::CallRef& call) noexcept;
  void unmap_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id) noexcept;
  bool map_subscriber(wire::Ipv4Address subscriber, const contract::CallRef& call) noexcept {
    return map_route({.address = subscriber, .length = 32}, call);
  }
  /// Maps the addresses of a prefix, except those that a longer prefix has mapped, with one store each. Mapping
  /// a prefix again gives it to another call. False: it is shorter than kShortestRoute, or out of memory.
  bool map_route(const wire::Ipv4Prefix& prefix, const contract::CallRef& call) noexcept;
  /// Maps the addresses to no call at all, whatever shorter prefixes say: they are the machine's own.
  void map_machine(const wire::Ipv4Prefix& prefix) noexcept;
  /// Unmaps a prefix. Its addresses, except those of longer prefixes, go to its `heir`, the longest prefix around
  /// it that is mapped, of that length and to that call (nullptr: the machine's); length 0: there is none.
  void unmap_route(const wire::Ipv4Prefix& prefix, std::uint8_t heir_length = 0,
                   const contract::CallRef* heir = nullptr) noexcept;
  static constexpr std::uint8_t kShortestRoute = 16;
  // For IPv6 any prefix but ::/0; nobody needs an heir, as lookups find the longest.
  bool map_route(const wire::Ipv6Prefix& prefix, const contract::CallRef& call) noexcept {
    return prefixes_.map(prefix, pack(call));
  }
  bool map_machine(const wire::Ipv6Prefix& prefix) noexcept { return prefixes_.map(prefix, kMachine); }
  void unmap_route(const wire::Ipv6Prefix& prefix) noexcept { prefixes_.unmap(prefix); }

  /// Memory of its tables, in octets.
  [[nodiscard]] std::uint64_t octets() const noexcept {
    return sizeof *this + call_pages_ * kPageEntries * sizeof(Entry) + subscriber_pages_ * kSubscriberPage +
           peers_.octets() + prefixes_.octets();
  }

  // ---- workers ----------------------------------------------------------------------------------------------
  /// The entry (to prefetch it); nullptr when there can be none.
  [[nodiscard]] const Entry* locate_call(wire::Ipv4Address local, wire::LocalCallId id) const noexcept {
    const Entry* page = calls_of(local);
    return page == nullptr ? nullptr : page + id.value;
  }
  [[nodiscard]] const Entry* locate_subscriber(wire::Ipv4Address subscriber) const noexcept {
    const Entry* page = subscribers_[subscriber.value >> 16].load(std::memory_order_acquire);
    return page == nullptr ? nullptr : page + (subscriber.value & 0xffff);
  }
  [[nodiscard]] static CallOwner read(const Entry* entry) noexcept {
    return owner_of(entry == nullptr ? 0 : entry->load(std::memory_order_relaxed));
  }
  /// False: the address is no subscriber's, and no network's of the machine.
  [[nodiscard]] bool may_lead(const wire::Ipv6Address& address) const noexcept {
    return prefixes_.may_have(address);
  }
  [[nodiscard]] static constexpr bool may_lead(wire::Ipv4Address) noexcept { return true; }
  /// If what it names says nothing, find_subscriber() still may.
  [[nodiscard]] const Entry* locate_subscriber(const wire::Ipv6Address& subscriber) const noexcept {
    return prefixes_.locate(subscriber);
  }
  [[nodiscard]] CallOwner find_subscriber(const wire::Ipv6Address& subscriber) const noexcept {
    return owner_of(prefixes_.find(subscriber));
  }
  [[nodiscard]] CallOwner find_subscriber(wire::Ipv4Address subscriber) const noexcept {
    return read(locate_subscriber(subscriber));
  }
  [[nodiscard]] bool is_local(wire::Ipv4Address address) const noexcept {
    return calls_of(address) != nullptr;
  }
  /// Whether any call comes from this address.
  [[nodiscard]] bool has_peer(wire::Ipv4Address address) const noexcept { return peers_.contains(address); }

 private:
  static constexpr std::uint32_t kInUse = 0x80000000;
  static constexpr std::uint32_t kMachine = 1;  ///< of an IPv6 prefix: nobody's, whatever shorter ones say
  static constexpr std::uint32_t kSlotBits = 23;
  static constexpr std::uint32_t kSlotMask = (1U << kSlotBits) - 1;
  static constexpr std::uint32_t kPageEntries = 1U << 16;
  /// A page of subscribers: entries, and behind them control's note of the prefix that each comes from: its
  /// length, 0 when not mapped. Longest prefix match is thus done when a prefix is mapped, never in a lookup.
  static constexpr std::size_t kSubscriberPage = kPageEntries * (sizeof(Entry) + 1);
  static constexpr std::uint32_t kLocalSlots = 2 * kMaxLocalAddresses;  // open addressing, half full at most
  static_assert(kMaxCallsPerWorker <= kSlotMask + 1 && kMaxWorkers <= (kInUse >> kSlotBits));

  struct LocalAddress {
    std::atomic<std::uint32_t> address{0};  // without host bits; 0: free; written after the page
    std::atomic<Entry*> page{nullptr};
  };

  [[nodiscard]] std::uint32_t key_of(wire::Ipv4Address local) const noexcept {
    return static_cast<std::uint32_t>(std::uint64_t{local.value} >> host_bits_);
  }
  static std::uint32_t local_slot(std::uint32_t address) noexcept {
    return (address * 0x9e3779b1U) >> 16 & (kLocalSlots - 1);
  }
  static std::uint32_t pack(const contract::CallRef& call) noexcept {
    return kInUse | std::uint32_t{call.worker.value} << kSlotBits | (call.slot & kSlotMask);
  }
  [[nodiscard]] Entry* make_subscriber_page(wire::Ipv4Address address) noexcept;
  static std::uint8_t* lengths_of(Entry* page) noexcept {
    return reinterpret_cast<std::uint8_t*>(page + kPageEntries);
  }
  static void fill(Entry* page, const wire::Ipv4Prefix& prefix, std::uint32_t value) noexcept;
  [[nodiscard]] Entry* calls_of(wire::Ipv4Address local) const noexcept {
    const std::uint32_t wanted = key_of(local);
    for (std::uint32_t at = local_slot(wanted);; at = (at + 1) & (kLocalSlots - 1)) {
      const std::uint32_t address = locals_[at].address.load(std::memory_order_acquire);
      if (address == wanted && address != 0) {
        return locals_[at].page.load(std::memory_order_relaxed);
      }
      if (address == 0) {
        return nullptr;
      }
    }
  }

  [[nodiscard]] static CallOwner owner_of(std::uint32_t value) noexcept {
    return {(value & kInUse) != 0,
            {static_cast<std::uint16_t>((value & ~kInUse) >> kSlotBits)},
            value & kSlotMask};
  }

  const unsigned host_bits_;
  PeerTable peers_;
  PrefixIndex prefixes_;
  std::array<LocalAddress, kLocalSlots> locals_{};
  std::uint32_t local_count_ = 0;
  std::uint64_t call_pages_ = 0;
  std::uint64_t subscriber_pages_ = 0;
  std::array<std::atomic<Entry*>, kPageEntries>
      subscribers_{};  // by the upper half of the address; pages on demand
  std::set<wire::Ipv4Prefix>
      machine_;  // as mapped: no reason for a page, but every page that is made has them
};

}  // namespace adit::dataplane
