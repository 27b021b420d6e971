// SPDX-License-Identifier: Apache-2.0
// The machine's own addresses and the networks that it is in, of either family. They come before any subscriber's: an
// own address is never given out, and both are claims (PrefixClaims), so that packets to them stay with the kernel
// whatever network behind a subscriber they lie in.
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/concentrator/resources/address_pool.hpp"
#include "controlplane/concentrator/resources/prefix_claims.hpp"
#include "controlplane/concentrator/resources/prefix_pools.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

/// `Prefix`: wire::Ipv4Prefix or wire::Ipv6Prefix.
template <typename Prefix>
struct BasicMachineNetwork {
  Prefix prefix;
  std::string holder;  ///< for the operator: an interface, or a key of the configuration
  /// Its addresses are the machine's itself: a single one as a rule, or a route of type local to more. Else it is a
  /// network that the machine is in.
  bool own_address = false;
};

using MachineNetwork = BasicMachineNetwork<wire::Ipv4Prefix>;
using MachineNetwork6 = BasicMachineNetwork<wire::Ipv6Prefix>;

/// What the families have in common; how the pools are kept from giving out what is the machine's differs.
template <typename Prefix>
class BasicMachineNetworks {
 public:
  using Network = BasicMachineNetwork<Prefix>;

  BasicMachineNetworks(const BasicMachineNetworks&) = delete;
  BasicMachineNetworks& operator=(const BasicMachineNetworks&) = delete;

  /// Replaces what was set before. What is in both stays claimed throughout.
  void set(std::vector<Network> networks);
  /// A network or address of the machine's in which `prefix` lies, or which lies in it; nullptr: none.
  [[nodiscard]] const Network* overlapping(const Prefix& prefix) const;

 protected:
  struct Entry {
    Network network;
    std::optional<typename BasicPrefixClaims<Prefix>::Handle> claim{};
    std::vector<wire::Ipv4Address> leased{};  // from AddressPools, so that they do not give them out
  };
  static constexpr std::uint8_t kAddressLength = Prefix{}.length;

  explicit BasicMachineNetworks(BasicPrefixClaims<Prefix>& claims) : claims_(claims) {}
  ~BasicMachineNetworks() = default;

  /// Keeps it from subscribers, until give_back().
  virtual void keep(Entry& entry) = 0;
  virtual void give_back(const Entry& entry) = 0;
  /// The machine's own address or prefix that `prefix` is or is in; nullptr: none.
  [[nodiscard]] Entry* own_with(const Prefix& prefix);
  [[nodiscard]] bool has_own_prefixes() const { return own_prefixes_ > 0; }

 private:
  void add(Network network);
  void drop(const Entry& entry);
  /// An own one of more than an address.
  [[nodiscard]] static bool is_own_prefix(const Network& network) {
    return network.own_address && network.prefix.length < kAddressLength;
  }

  BasicPrefixClaims<Prefix>& claims_;
  std::map<Prefix, Entry> entries_;
  std::size_t own_prefixes_ = 0;
};

class MachineNetworks final : public BasicMachineNetworks<wire::Ipv4Prefix> {
 public:
  /// `gateway`: ours from the start; none: there is none. References outlive this.
  MachineNetworks(AddressPools& pools, PrefixClaims& claims, wire::Ipv4Address gateway);

  /// Replaces what was set before, except the gateway.
  void set(std::vector<MachineNetwork> networks);

  /// Who has this address of the machine's; nullptr: it is not the machine's.
  [[nodiscard]] const std::string* holder_of(wire::Ipv4Address address);
  /// Whether an address that the pools have just leased is the machine's. It stays leased then, so each is met once.
  [[nodiscard]] bool keeps(wire::Ipv4Address address);
  /// An address has been released: if it is the machine's by now, no subscriber gets it again.
  void on_released(wire::Ipv4Address address);

 private:
  void keep(Entry& entry) override;
  void give_back(const Entry& entry) override;

  AddressPools& pools_;
  const wire::Ipv4Address gateway_;
};

class MachineNetworks6 final : public BasicMachineNetworks<wire::Ipv6Prefix> {
 public:
  /// References outlive this.
  MachineNetworks6(PrefixPools& pools, PrefixClaims6& claims) : BasicMachineNetworks(claims), pools_(pools) {}

  /// Who has the machine's own address or prefix that this is, or is in; nullptr: it is not the machine's.
  [[nodiscard]] const std::string* holder_of(const wire::Ipv6Prefix& prefix);

 private:
  // A pool may be a part of a network that the machine is in.
  void keep(Entry& entry) override { pools_.keep(entry.network.prefix, entry.network.own_address); }
  void give_back(const Entry& entry) override {
    pools_.give_back(entry.network.prefix, entry.network.own_address);
  }

  PrefixPools& pools_;
};

}  // namespace adit::control
