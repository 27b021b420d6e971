// SPDX-License-Identifier: Apache-2.0
// A configuration held against a machine. --check, the start and reload ask here and nowhere else, so that what --check
// calls good does not fail to start on the same machine. What is found is told with the key's line. A fault is a reason
// why aditd would not start: the start calls it an error, a reload if it comes of what the file changes, and --check a
// warning, as it may run elsewhere.
// Pure but for interface_addresses(); any thread. app/aditd/machine_facts.hpp asks the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "app/config_problems.hpp"
#include "dataplane/ports/kernel_interface.hpp"
#include "dataplane/wire/ip_family.hpp"

namespace adit::app {

/// One address of the machine, and the network that it is in by it.
template <wire::IpAddress Address>
struct BasicInterfaceAddress {
  std::string interface;
  Address address;
  wire::PrefixOf<Address> network;
};
using InterfaceAddress = BasicInterfaceAddress<wire::Ipv4Address>;
using InterfaceAddress6 = BasicInterfaceAddress<wire::Ipv6Address>;
/// As they are now; loopback's, and those of a link alone, are left out. Empty when the kernel does not tell.
template <wire::IpAddress Address>
[[nodiscard]] std::vector<BasicInterfaceAddress<Address>> interface_addresses();

/// What the machine itself says against a key's value.
struct Obstacle {
  std::string section, table, key;  ///< as in a Setting
  std::string value;
  std::string wrong, remedy;
  bool fault = true;                   ///< else aditd starts all the same
  std::vector<std::string> depends{};  ///< on other keys too, "core.user", or on all of a section, "port"
};

/// Values; empty or 0 is unknown and not checked.
struct MachineFacts {
  std::vector<InterfaceAddress> addresses{};
  std::vector<InterfaceAddress6> addresses6{};
  std::vector<dataplane::InterfaceStack>
      ports{};                ///< of each [[port]], in order; empty for one without, or if it is missing
  unsigned cpus = 0;          ///< that aditd may use
  std::uint64_t huge_mb = 0;  ///< reserved hugepages, free or not
  std::uint64_t huge_used_mb =
      0;  ///< of these, by others than an aditd in whose place this configuration would come
  std::vector<Obstacle> obstacles{};  ///< what was tried and failed
};

/// False: there was a fault. It is an error or a warning by `options`, of which no other is asked: must_start, runs.
[[nodiscard]] bool check_machine(const Config& config, const Sheet& sheet, const control::UserTable& users,
                                 const MachineFacts& machine, const LoadOptions& options, Problems& problems);

/// What EAL is asked for: packet buffers of workers and ports, tables of calls.
[[nodiscard]] unsigned memory_mb(const Config& config, unsigned workers);

}  // namespace adit::app
