// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/prefix_index.hpp"

#include <new>

namespace adit::dataplane {

PrefixIndex::~PrefixIndex() = default;

wire::Ipv6Address PrefixIndex::key_of(const wire::Ipv6Prefix& prefix) noexcept {
  const wire::Ipv6Address& bits = prefix.address;
  const bool whole = prefix.length % 64 == 0;
  if (prefix.length > 64) {
    return {bits.high, whole ? bits.low : marked(bits.low, prefix.length - 64U)};
  }
  return {whole ? bits.high : marked(bits.high, prefix.length), 0};
}

template <typename Table>
bool PrefixIndex::map(std::unique_ptr<Table>& table, const wire::Ipv6Prefix& prefix,
                      std::uint32_t number) noexcept {
  std::uint32_t& of_length = of_length_[prefix.length];
  if (of_length == 0) {
    const int in_use = std::popcount(short_lengths_.load(std::memory_order_relaxed)) +
                       std::popcount(long_lengths_.load(std::memory_order_relaxed));
    if (in_use >= static_cast<int>(kMaxPrefixLengths)) {
      return false;
    }
  }
  if (table == nullptr) {
    std::unique_ptr<Table> made(new (std::nothrow) Table(prefixes_));
    if (made == nullptr || made->octets() == 0) {
      return false;
    }
    octets_ += made->octets();
    table = std::move(made);
  }
  const SetOutcome outcome = table->set(key_of(prefix), number);
  if (outcome == SetOutcome::kAdded && of_length++ == 0) {
    lengths_around(prefix.length)
        .fetch_or(bit_of(prefix.length > 64 ? prefix.length - 64U : prefix.length),
                  std::memory_order_release);
  }
  return outcome != SetOutcome::kNoRoom;
}

template <typename Table>
void PrefixIndex::unmap(const std::unique_ptr<Table>& table, const wire::Ipv6Prefix& prefix) noexcept {
  if (table != nullptr && table->erase(key_of(prefix)) && --of_length_[prefix.length] == 0) {
    lengths_around(prefix.length)
        .fetch_and(~bit_of(prefix.length > 64 ? prefix.length - 64U : prefix.length),
                   std::memory_order_relaxed);
  }
}

bool PrefixIndex::map(const wire::Ipv6Prefix& prefix, std::uint32_t number) noexcept {
  if (prefix.length == 0) {
    return false;
  }
  return prefix.length < 64    ? map(shorter_, prefix, number)
         : prefix.length == 64 ? map(links_, prefix, number)
         : prefix.length < 128 ? map(longer_, prefix, number)
                               : map(addresses_, prefix, number);
}

void PrefixIndex::unmap(const wire::Ipv6Prefix& prefix) noexcept {
  prefix.length < 64    ? unmap(shorter_, prefix)
  : prefix.length == 64 ? unmap(links_, prefix)
  : prefix.length < 128 ? unmap(longer_, prefix)
                        : unmap(addresses_, prefix);
}

}  // namespace adit::dataplane
