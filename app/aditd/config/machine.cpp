// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/machine.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <memory>
#include <span>
#include <tuple>

#include "dataplane/call/call.hpp"
#include "dataplane/call/mppc_stateful.hpp"
#include "dataplane/contract/mailbox.hpp"

namespace adit::app {
namespace {

template <wire::IpAddress Address>
constexpr int kSocketFamily = std::same_as<Address, wire::Ipv6Address> ? AF_INET6 : AF_INET;

/// Of its family.
template <wire::IpAddress Address>
Address address_of(const sockaddr* from) {
  if constexpr (std::same_as<Address, wire::Ipv6Address>) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, from, sizeof ipv6);
    return wire::load_ipv6(ipv6.sin6_addr.s6_addr);
  } else {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, from, sizeof ipv4);
    return wire::Ipv4Address(ntohl(ipv4.sin_addr.s_addr));
  }
}

std::uint8_t length_of(wire::Ipv4Address mask) {
  return static_cast<std::uint8_t>(std::popcount(mask.value));
}
std::uint8_t length_of(const wire::Ipv6Address& mask) {
  return static_cast<std::uint8_t>(std::popcount(mask.high) + std::popcount(mask.low));
}

using dataplane::PortRole;

/// Tells what was found, with the line of its key.
class Findings {
 public:
  Findings(const Sheet& sheet, const LoadOptions& options, Problems& problems)
      : sheet_(sheet), must_start_(options.must_start), runs_(options.runs), problems_(problems) {}

  void warning(const Obstacle& about) {
    problems_.warning(at(about), name(about), about.value, about.wrong, about.remedy);
  }
  void fault(const Obstacle& about) {
    if (runs_ != nullptr && runs_unchanged(about)) {
      return warning(about);
    }
    starts_ = false;
    if (must_start_) {
      problems_.error(at(about), name(about), about.value, about.wrong, about.remedy);
    } else {
      problems_.warning(at(about), name(about), about.value, about.wrong, about.remedy);
    }
  }
  [[nodiscard]] bool starts() const { return starts_; }

 private:
  [[nodiscard]] toml::source_position at(const Obstacle& about) const {
    const Setting* setting = find_setting(sheet_, about.section, about.table, about.key);
    return setting == nullptr ? toml::source_position{0, 0} : setting->at;
  }
  static std::string name(const Obstacle& about) { return about.section + '.' + about.key; }

  /// The start read the same, and a reload does not read it: the machine has changed since.
  [[nodiscard]] bool runs_unchanged(const Obstacle& about) const {
    const Setting* is = find_setting(sheet_, about.section, about.table, about.key);
    return is != nullptr && is->waits() && runs(*is) &&
           std::ranges::all_of(
               sheet_, [&](const Setting& setting) { return !depends_on(about, setting) || runs(setting); });
  }
  [[nodiscard]] static bool depends_on(const Obstacle& about, const Setting& setting) {
    return std::ranges::any_of(about.depends, [&](const std::string& name) {
      return name == setting.section || name == setting.section + '.' + setting.key;
    });
  }
  [[nodiscard]] bool runs(const Setting& setting) const {
    const Setting* was = find_setting(*runs_, setting.section, setting.table, setting.key);
    return was != nullptr && was->same_value(setting);
  }

  const Sheet& sheet_;
  const bool must_start_;
  const Sheet* const runs_;
  Problems& problems_;
  bool starts_ = true;
};

constexpr std::string_view kGiveTheirOwn = "give subscribers a network of their own";

template <wire::IpAddress Address>
using OwnAddresses = std::span<const BasicInterfaceAddress<Address>>;

/// The words in which the families differ.
template <wire::IpAddress Address>
constexpr bool kIsIpv6 = std::same_as<Address, wire::Ipv6Address>;
template <wire::IpAddress Address>
constexpr std::string_view kProxy = kIsIpv6<Address> ? "a route or proxy NDP" : "proxy ARP";

/// What a pool gives out, from `first` to `last`. `found` names the key and its value.
template <wire::IpAddress Address>
void check_range(Obstacle found, const Address& first, const Address& last, OwnAddresses<Address> own,
                 std::string_view leave_out, Findings& findings) {
  using Family = wire::IpFamily<Address>;
  const auto held =
      std::ranges::find_if(own, [&](const auto& one) { return first <= one.address && one.address <= last; });
  if (held != own.end()) {
    found.wrong = "holds " + wire::to_string(held->address) + ", the address of " + held->interface;
    found.remedy = leave_out;
    return findings.warning(found);
  }
  const auto around = std::ranges::find_if(own, [&](const auto& one) {
    return one.network.address <= last && first <= Family::last_of(one.network);
  });
  if (around != own.end()) {
    found.wrong =
        "shares addresses with " + wire::to_string(around->network) + ", the network of " + around->interface;
    found.remedy = "hosts there reach subscribers only by " + std::string(kProxy<Address>) + "; " +
                   std::string(kGiveTheirOwn);
    findings.warning(found);
  }
}

void check_pools_against(const Config& config, const MachineFacts& machine, Findings& findings) {
  for (const control::PoolSettings& pool : config.control.ip.pools) {
    for (const control::AddressRange& range : pool.ranges) {
      const std::string text = wire::to_string(range.first) + '-' + wire::to_string(range.last);
      check_range<wire::Ipv4Address>({.section = "ip-pool",
                                      .table = pool.name,
                                      .key = "ranges",
                                      .value = '"' + text + '"',
                                      .wrong = {},
                                      .remedy = {}},
                                     range.first, range.last, machine.addresses,
                                     "it is never given out; leave it out of the range", findings);
    }
  }
  for (const control::Ipv6PoolSettings& pool : config.control.ipv6.pools) {
    check_range<wire::Ipv6Address>(
        {.section = "ipv6-pool",
         .table = pool.name,
         .key = "prefix",
         .value = '"' + wire::to_string(pool.prefix) + '"',
         .wrong = {},
         .remedy = {}},
        pool.prefix.address, wire::IpFamily<wire::Ipv6Address>::last_of(pool.prefix), machine.addresses6,
        "the /" + std::to_string(pool.length) +
            " that it is in is never given out; leave it out of the prefix",
        findings);
  }
}

/// The address or network of the machine's that `granted` is, lies in or lies around.
template <wire::IpAddress Address>
const BasicInterfaceAddress<Address>* rival_of(const wire::PrefixOf<Address>& granted,
                                               OwnAddresses<Address> own) {
  const auto own_address = std::ranges::find_if(own, [&](const auto& one) {
    return granted.length == wire::IpFamily<Address>::kBits && granted.address == one.address;
  });
  const auto rival = own_address != own.end() ? own_address : std::ranges::find_if(own, [&](const auto& one) {
    return granted.contains(one.network.address) || one.network.contains(granted.address);
  });
  return rival == own.end() ? nullptr : &*rival;
}

void note_address(const control::UserTable::Entry& entry, OwnAddresses<wire::Ipv4Address> own,
                  control::SecretNotes& notes) {
  const auto& [name, user] = entry;
  const wire::Ipv4Address address = *user.address;
  const InterfaceAddress* rival = rival_of<wire::Ipv4Address>({.address = address, .length = 32}, own);
  if (rival != nullptr && rival->address == address) {
    notes.add(control::SecretNoteKind::kMachines, user.line, name,
              wire::to_string(address) + " is the machine's own: " + rival->interface,
              "the user is refused; write another address, or * for one from the pool");
  } else if (rival != nullptr) {
    notes.add(control::SecretNoteKind::kMachines, user.line, name,
              wire::to_string(address) + " is in " + wire::to_string(rival->network) + ", the network of " +
                  rival->interface,
              "hosts there reach the user only by proxy ARP; " + std::string(kGiveTheirOwn));
  }
}

template <wire::IpAddress Address>
void note_networks(const control::UserTable::Entry& entry, std::span<const wire::PrefixOf<Address>> networks,
                   OwnAddresses<Address> own, control::SecretNotes& notes) {
  for (const auto& network : networks) {
    if (const auto* rival = rival_of<Address>(network, own)) {
      notes.add(control::SecretNoteKind::kMachines, entry.second.line, entry.first,
                wire::to_string(network) + " shares addresses with " + wire::to_string(rival->network) +
                    ", the network of " + rival->interface,
                "the longest prefix counts, and of equals the machine's; " + std::string(kGiveTheirOwn));
    }
  }
}

/// With what is the machine's by the configuration alone, as the log's address_in_use names it.
std::vector<InterfaceAddress> own_addresses(const Config& config, const MachineFacts& machine) {
  std::vector<InterfaceAddress> own = machine.addresses;
  const auto add = [&](wire::Ipv4Address address, std::string_view key) {
    if (!address.is_none()) {
      own.push_back({.interface = std::string(key), .address = address, .network = {.address = address}});
    }
  };
  add(config.control.ip.gateway, "ip.gw-ip-address");
  for (const wire::Ipv4Address address : config.bind) {
    add(address, "pptp.bind");
  }
  return own;
}

void check_users_against(const Config& config, const Sheet& sheet, const control::UserTable& users,
                         const MachineFacts& machine, Problems& problems) {
  const std::vector<InterfaceAddress> own = own_addresses(config, machine);
  control::SecretNotes notes;
  for (const control::UserTable::Entry* entry : users.with_addresses()) {
    if (entry->second.address) {
      note_address(*entry, own, notes);
    }
    const control::LocalUser& user = entry->second;
    note_networks<wire::Ipv4Address>(*entry, user.routes, own, notes);
    note_networks<wire::Ipv6Address>(*entry, user.routes6, machine.addresses6, notes);
    if (user.link) {
      note_networks<wire::Ipv6Address>(*entry, std::span(&*user.link, 1), machine.addresses6, notes);
    }
  }
  warn_of_secrets(config, sheet, notes.take(), problems);
}

const dataplane::KernelInterface* interface_of(const MachineFacts& machine, std::size_t port) {
  return port < machine.ports.size() && !machine.ports[port].empty() ? &machine.ports[port].front() : nullptr;
}

/// 254 is the kernel's main table.
std::uint32_t table_of(const dataplane::PortSettings& port, const dataplane::KernelInterface* interface) {
  return port.table != 0                                     ? port.table
         : interface != nullptr && interface->vrf_table != 0 ? interface->vrf_table
                                                             : 254;
}

/// A side's routing table decides which of its ports a packet leaves by, so all of them must share it.
void check_tables(const Config& config, const MachineFacts& machine, Findings& findings) {
  for (const PortRole side : {PortRole::kAccess, PortRole::kCore}) {
    const dataplane::PortSettings* first = nullptr;
    std::uint32_t table = 0;
    for (std::size_t i = 0; i < config.ports.size() && i < machine.ports.size(); ++i) {
      const dataplane::PortSettings& port = config.ports[i];
      const std::uint32_t its = table_of(port, interface_of(machine, i));
      if (!serves(port.role, side)) {
        continue;
      }
      if (first != nullptr && its != table) {
        findings.fault({.section = "port",
                        .table = port.name,
                        .key = "table",
                        .value = std::to_string(its),
                        .wrong = "port '" + first->name + "', which serves the " +
                                 std::string(to_text(side)) + " side too, goes by routing table " +
                                 std::to_string(table),
                        .remedy = "put their interfaces into one VRF, or give them the same table",
                        .depends = {"port"}});
      }
      if (first == nullptr) {
        first = &port;
        table = its;
      }
    }
  }
}

/// Packets of that size are sent in fragments (mru, by the client) or not at all (mtu).
void check_sizes(const Config& config, const MachineFacts& machine, Findings& findings) {
  const std::uint16_t tunnel = wire::tunnel_overhead({}, /*mppe=*/true);
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const dataplane::KernelInterface* interface = interface_of(machine, i);
    if (interface == nullptr || !serves(config.ports[i].role, PortRole::kAccess)) {
      continue;
    }
    const int mtu = interface->mtu - tunnel;
    for (const auto& [key, value, most] : {std::tuple("mru", config.control.ppp.mru, mtu + 4),
                                           std::tuple("mtu", config.control.ppp.mtu, mtu)}) {
      if (value > most) {
        findings.warning({.section = "ppp",
                          .table = "",
                          .key = key,
                          .value = std::to_string(value),
                          .wrong = "does not fit a tunnel through " + interface->name + ", whose MTU is " +
                                   std::to_string(interface->mtu),
                          .remedy = "write " + std::to_string(most) + " or less"});
      }
    }
  }
}

void check_workers(const Config& config, const MachineFacts& machine, Findings& findings) {
  if (machine.cpus != 0 && config.core.workers >= machine.cpus && config.core.workers > 1) {
    findings.warning({.section = "core",
                      .table = "",
                      .key = "workers",
                      .value = std::to_string(config.core.workers),
                      .wrong = "and the control thread share " + std::to_string(machine.cpus) + " CPUs",
                      .remedy = "throughput and latency suffer; give more CPUs, or write 0"});
  }
}

void check_hugepages(const Config& config, const MachineFacts& machine, Findings& findings) {
  const unsigned workers = config.core.workers != 0 ? config.core.workers : std::max(machine.cpus, 2U) - 1;
  const unsigned wanted = memory_mb(config, workers);
  const std::uint64_t used = std::min(machine.huge_used_mb, machine.huge_mb);
  const std::uint64_t free = machine.huge_mb - used;
  if (config.dpdk.hugepages == HugepagePolicy::kRequire && machine.cpus != 0 && free < wanted) {
    findings.fault({.section = "dpdk",
                    .table = "",
                    .key = "hugepages",
                    .value = "\"require\"",
                    .wrong = "needs " + std::to_string(wanted) + " MB, and " + std::to_string(free) +
                             (used == 0 ? " MB are reserved" : " MB of those reserved are free"),
                    .remedy = "do: sysctl vm.nr_hugepages=" + std::to_string((used + wanted + 1) / 2),
                    .depends = {"core.workers", "common.max-sessions"}});
  }
}

}  // namespace

template <wire::IpAddress Address>
std::vector<BasicInterfaceAddress<Address>> interface_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return {};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<BasicInterfaceAddress<Address>> own;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_netmask == nullptr ||
        at->ifa_addr->sa_family != kSocketFamily<Address> ||
        !wire::is_host(address_of<Address>(at->ifa_addr))) {
      continue;
    }
    const Address address = address_of<Address>(at->ifa_addr);
    wire::PrefixOf<Address> network{.address = address,
                                    .length = length_of(address_of<Address>(at->ifa_netmask))};
    network.address = wire::IpFamily<Address>::first_of(network);
    own.push_back({.interface = at->ifa_name, .address = address, .network = network});
  }
  return own;
}

template std::vector<InterfaceAddress> interface_addresses();
template std::vector<InterfaceAddress6> interface_addresses();

bool check_machine(const Config& config, const Sheet& sheet, const control::UserTable& users,
                   const MachineFacts& machine, const LoadOptions& options, Problems& problems) {
  Findings findings(sheet, options, problems);
  for (const Obstacle& obstacle : machine.obstacles) {
    if (obstacle.fault) {
      findings.fault(obstacle);
    } else {
      findings.warning(obstacle);
    }
  }
  check_pools_against(config, machine, findings);
  check_users_against(config, sheet, users, machine, problems);
  check_tables(config, machine, findings);
  check_sizes(config, machine, findings);
  check_workers(config, machine, findings);
  check_hugepages(config, machine, findings);
  return findings.starts();
}

unsigned memory_mb(const Config& config, unsigned workers) {
  // A call with stateful MPPE and why its packets are dropped, its slots in the queue of due acknowledgements (doubled for rounding up to a power of
  // two) and its index entries.
  constexpr std::uint64_t kOctetsPerCall = 1280;
  // Its /64, what is delegated to it, and its address in the index of IPv6 prefixes.
  constexpr std::uint64_t kOctetsPerCall6 = 128;
  // Two workers' packet buffers, and what does not depend on calls or workers.
  constexpr std::uint64_t kBaseMb = 448;
  // 4,096 buffers of a worker, 6,144 of its queues on each of two ports, 2.5 KB each; its mailbox.
  constexpr std::uint64_t kMbPerWorker = 40 + (sizeof(contract::Mailbox) >> 20) + 1;
  const std::uint64_t more = workers > 2 ? workers - 2 : 0;
  const std::uint64_t per_call =
      kOctetsPerCall + (config.control.ipv6.mode == control::Ipv6Policy::kDeny ? 0 : kOctetsPerCall6);
  return static_cast<unsigned>(kBaseMb + more * kMbPerWorker +
                               ((config.data_plane.max_calls * per_call +
                                 config.data_plane.mppc_histories * sizeof(dataplane::StatefulMppc)) >>
                                20));
}

}  // namespace adit::app
