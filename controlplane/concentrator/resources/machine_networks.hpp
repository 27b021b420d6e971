// SPDX-License-Identifier: Apache-2.0
// The machine's own addresses and the networks that it is in. They come before any subscriber's: an own address
// is never given out, and both are claims (PrefixClaims), so that packets to them stay with the kernel whatever
// network behind a subscriber they lie in.
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/concentrator/resources/address_pool.hpp"
#include "controlplane/concentrator/resources/prefix_claims.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

struct MachineNetwork {
  wire::Ipv4Prefix prefix;
  std::string holder;  ///< for the operator: an interface, or a key of the configuration
  /// Its addresses are the machine's itself: a /32 as a rule, or a route of type local to more. Else it is a network
  /// that the machine is in.
  bool own_address = false;
};

class MachineNetworks {
 public:
  /// `gateway`: ours from the start; none: there is none. References outlive this.
  MachineNetworks(AddressPools& pools, PrefixClaims& claims, wire::Ipv4Address gateway);
  MachineNetworks(const MachineNetworks&) = delete;
  MachineNetworks& operator=(const MachineNetworks&) = delete;

  /// Replaces what was set before, except the gateway. What is in both stays claimed throughout.
  void set(std::vector<MachineNetwork> networks);

  /// Who has this address of the machine's; nullptr: it is not the machine's.
  [[nodiscard]] const std::string* holder_of(wire::Ipv4Address address) const;
  /// Whether an address that the pools have just leased is the machine's. It stays leased then, so each is met once.
  [[nodiscard]] bool keeps(wire::Ipv4Address address);
  /// A network or address of the machine's in which `prefix` lies, or which lies in it; nullptr: none.
  [[nodiscard]] const MachineNetwork* overlapping(const wire::Ipv4Prefix& prefix) const;
  /// An address has been released: if it is the machine's by now, no subscriber gets it again.
  void on_released(wire::Ipv4Address address);

 private:
  struct Entry {
    MachineNetwork network;
    std::optional<PrefixClaims::Handle> claim{};
    std::vector<wire::Ipv4Address> leased{};  // from the pools, so that they do not give them out
  };
  void add(MachineNetwork network);
  void drop(const Entry& entry);
  /// The machine's own address or prefix that `address` is or is in; nullptr: none.
  [[nodiscard]] const Entry* own_with(wire::Ipv4Address address) const;

  AddressPools& pools_;
  PrefixClaims& claims_;
  const wire::Ipv4Address gateway_;
  std::map<wire::Ipv4Prefix, Entry> entries_;
  std::size_t own_prefixes_ = 0;  // own ones of more than an address
};

}  // namespace adit::control
