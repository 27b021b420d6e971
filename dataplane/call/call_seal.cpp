// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/call_seal.hpp"

#include <rte_hash_crc.h>

#include <utility>

#include "dataplane/call/call.hpp"

namespace adit::dataplane {
namespace {

/// By value, as the octets between fields are nobody's.
class Crc {
 public:
  template <typename... Values>
  Crc& add(Values... values) noexcept {
    ((value_ = rte_hash_crc_8byte(static_cast<std::uint64_t>(values), value_)), ...);
    return *this;
  }
  Crc& add_octets(std::span<const std::uint8_t> octets) noexcept {
    value_ = rte_hash_crc(octets.data(), static_cast<std::uint32_t>(octets.size()), value_);
    return *this;
  }
  [[nodiscard]] std::uint32_t value() const noexcept { return value_ == 0 ? 1 : value_; }

 private:
  std::uint32_t value_ = 0xffffffff;
};

}  // namespace

std::uint32_t seal_of(const Call& call) noexcept {
  const CallIdentity& identity = call.identity;
  Crc crc;
  crc.add(call.generation.load(std::memory_order_relaxed), identity.local.value, identity.peer.value,
          identity.local_id.value, identity.peer_id.value, identity.subscriber.value)
      .add(identity.send_compression.address_and_control, identity.send_compression.protocol, identity.ip_up,
           identity.ipv6_up, bool{identity.has_routes}, bool{identity.ipv6_beyond_link},
           identity.require_mppe, identity.rate_limited)
      .add(std::to_underlying(identity.mppe_receive), std::to_underlying(identity.mppe_send),
           std::to_underlying(identity.mppc_receive), std::to_underlying(identity.mppc_send),
           call.downlink.mppc_history, call.downlink.peer_mru, call.uplink_rate.rate(),
           call.downlink_rate.rate())
      .add(call.link_prefix, call.ipv6.delegated, call.ipv6.delegated_mask, call.ipv6.interface_id,
           call.ipv6.has_routes)
      .add(std::to_underlying(call.receive_chain.length), std::to_underlying(call.send_chain.length))
      .add_octets(call.receive_chain.start_key)
      .add_octets(call.send_chain.start_key);
  return crc.value();
}

SealedChange::SealedChange(Call& call) noexcept : call_(call) {
  std::atomic_ref(call_.seal).store(0, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_release);
}

SealedChange::~SealedChange() {
  const std::uint32_t seal = seal_of(call_);
  std::atomic_signal_fence(std::memory_order_release);
  std::atomic_ref(call_.seal).store(seal, std::memory_order_relaxed);
}

}  // namespace adit::dataplane
