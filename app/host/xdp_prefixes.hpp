// SPDX-License-Identifier: Apache-2.0
// Which prefixes the XDP programs' maps are to have, and what found no room in them: that is written when something
// else has gone. Thread: control. Owner: XdpMaps.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/wire/ids.hpp"

namespace adit::app {

class XdpPrefixes {
 public:
  /// Whom the packets to a prefix are for.
  enum class Whose : std::uint8_t { kSubscribers, kMachines };
  struct Maps {
    /// Writes an entry, or says why a map refuses it.
    std::function<std::expected<void, std::string>(const wire::Ipv4Prefix&, Whose)> put;
    /// There may be none.
    std::function<void(const wire::Ipv4Prefix&)> erase;
  };
  /// `pools`: entries of their own from the start, by which what lies in them needs none.
  XdpPrefixes(std::vector<wire::Ipv4Prefix> pools, Maps maps)
      : pools_(std::move(pools)), maps_(std::move(maps)) {}

  std::expected<void, std::string> add_subscriber(const wire::Ipv4Prefix& prefix);
  std::expected<void, std::string> add_machine(const wire::Ipv4Prefix& prefix);
  void remove(const wire::Ipv4Prefix& prefix);

 private:
  [[nodiscard]] bool is_in_pools(const wire::Ipv4Prefix& prefix) const;
  std::expected<void, std::string> put(const wire::Ipv4Prefix& prefix, Whose whose);
  /// One entry has gone: one that was refused has its place.
  void use_room();

  std::vector<wire::Ipv4Prefix> pools_;
  Maps maps_;
  std::map<wire::Ipv4Prefix, Whose> refused_;
};

}  // namespace adit::app
