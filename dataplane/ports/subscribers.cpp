// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/subscribers.hpp"

#include <bit>

namespace adit::dataplane {
namespace {

/// `number` in the last bits of a prefix of `length` bits. Up to 16 of them, so they may lie in both halves.
wire::Ipv6Address at_end_of(std::uint8_t length, std::uint16_t number) noexcept {
  const std::uint64_t value = number;
  if (length <= 64) {
    return {value << (64 - length), 0};
  }
  const unsigned below = 128U - length;  // bits behind the prefix: 0..63
  return {below == 0 ? 0 : value >> (64 - below), value << below};
}

bool has_shares(const SubscriberPrefixes& pool, std::uint16_t workers) noexcept {
  return std::has_single_bit(workers) && pool.length - pool.prefix.length >= std::countr_zero(workers);
}

}  // namespace

std::optional<Ipv6Match> share_of(const SubscriberPrefixes& pool, std::uint16_t worker,
                                  std::uint16_t workers) noexcept {
  if (!has_shares(pool, workers)) {
    return std::nullopt;
  }
  const wire::Ipv6Address ones =
      wire::Ipv6Prefix::cut({~std::uint64_t{0}, ~std::uint64_t{0}}, pool.prefix.length);
  const wire::Ipv6Address number = at_end_of(pool.length, worker);
  const wire::Ipv6Address all = at_end_of(pool.length, static_cast<std::uint16_t>(workers - 1));
  return Ipv6Match{
      .bits = {pool.prefix.address.high | number.high, pool.prefix.address.low | number.low},
      .mask = {ones.high | all.high, ones.low | all.low},
  };
}

std::optional<std::uint16_t> sharer_of(const SubscriberPrefixes& pool, const wire::Ipv6Address& address,
                                       std::uint16_t workers) noexcept {
  if (!has_shares(pool, workers)) {
    return std::nullopt;
  }
  const unsigned behind = 128U - pool.length;
  const std::uint64_t number = behind >= 64  ? address.high >> (behind - 64)
                               : behind == 0 ? address.low
                                             : address.low >> behind | address.high << (64 - behind);
  return static_cast<std::uint16_t>(number & (workers - 1U));
}

}  // namespace adit::dataplane
