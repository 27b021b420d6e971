// SPDX-License-Identifier: Apache-2.0
// The machine's own addresses and the networks that it is in. They come before any subscriber's: an own address
// is never given out, and both are claims (PrefixClaims), so that packets to them stay with the kernel whatever
// network behind a subscriber they lie in.
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controlplane/concentrator/resources/address_pool.hpp"
#include "controlplane/concentrator/resources/prefix_claims.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

struct MachineNetwork {
  wire::Ipv4Prefix prefix;
  std::string holder;        ///< for the operator: an interface, or a key of the configuration
  bool own_address = false;  ///< a /32 that is the machine's itself, not a network that it is in
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
  /// A network or address of the machine's in which `prefix` lies, or which lies in it; nullptr: none.
  [[nodiscard]] const MachineNetwork* overlapping(const wire::Ipv4Prefix& prefix) const;
  /// An address has been released: if it is the machine's by now, no subscriber gets it again.
  void on_released(wire::Ipv4Address address);

 private:
  struct Entry {
    MachineNetwork network;
    PrefixClaims::Handle claim;
    bool leased = false;  // from the pools, so that they do not give it out
  };
  void add(MachineNetwork network);

  AddressPools& pools_;
  PrefixClaims& claims_;
  const wire::Ipv4Address gateway_;
  std::map<wire::Ipv4Prefix, Entry> entries_;
};

}  // namespace adit::control
