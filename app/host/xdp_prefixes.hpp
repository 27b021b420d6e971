// SPDX-License-Identifier: Apache-2.0
// Which prefixes of a family the XDP programs' maps are to have, and what found no room in them: that is written when
// something else has gone. Thread: control. Owner: XdpMaps.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::app {

/// Whom the packets to a prefix are for.
enum class XdpWhose : std::uint8_t { kSubscribers, kMachines };

/// `Prefix`: wire::Ipv4Prefix or wire::Ipv6Prefix.
template <typename Prefix>
class BasicXdpPrefixes {
 public:
  using Whose = XdpWhose;
  struct Maps {
    /// Writes an entry, or says why a map refuses it.
    std::function<std::expected<void, std::string>(const Prefix&, Whose)> put;
    /// There may be none.
    std::function<void(const Prefix&)> erase;
  };
  /// `pools`: entries of their own from the start, by which what lies in them needs none.
  BasicXdpPrefixes(std::vector<Prefix> pools, Maps maps) : pools_(std::move(pools)), maps_(std::move(maps)) {}

  std::expected<void, std::string> add_subscriber(const Prefix& prefix);
  std::expected<void, std::string> add_machine(const Prefix& prefix);
  void remove(const Prefix& prefix);

 private:
  [[nodiscard]] bool is_in_pools(const Prefix& prefix) const;
  std::expected<void, std::string> put(const Prefix& prefix, Whose whose);
  /// One entry has gone: one that was refused has its place.
  void use_room();

  std::vector<Prefix> pools_;
  Maps maps_;
  std::map<Prefix, Whose> refused_;
};

using XdpPrefixes = BasicXdpPrefixes<wire::Ipv4Prefix>;
using XdpPrefixes6 = BasicXdpPrefixes<wire::Ipv6Prefix>;

extern template class BasicXdpPrefixes<wire::Ipv4Prefix>;
extern template class BasicXdpPrefixes<wire::Ipv6Prefix>;

}  // namespace adit::app
