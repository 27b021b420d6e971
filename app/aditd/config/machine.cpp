// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/machine.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <span>
#include <tuple>

#include "dataplane/call/call.hpp"
#include "dataplane/contract/mailbox.hpp"

namespace adit::app {
namespace {

wire::Ipv4Address address_of(const sockaddr* from) {
  sockaddr_in ipv4{};
  std::memcpy(&ipv4, from, sizeof ipv4);
  return wire::Ipv4Address(ntohl(ipv4.sin_addr.s_addr));
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
    return is != nullptr && !is->live && runs(*is) &&
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

void check_range(const control::PoolSettings& pool, const control::AddressRange& range,
                 std::span<const InterfaceAddress> own, Findings& findings) {
  Obstacle found{.section = "ip-pool",
                 .table = pool.name,
                 .key = "ranges",
                 .value = '"' + wire::to_string(range.first) + '-' + wire::to_string(range.last) + '"',
                 .wrong = {},
                 .remedy = {}};
  const auto held = std::ranges::find_if(own, [&](const InterfaceAddress& one) {
    return range.first <= one.address && one.address <= range.last;
  });
  if (held != own.end()) {
    found.wrong = "holds " + wire::to_string(held->address) + ", the address of " + held->interface;
    found.remedy = "it is never given out; leave it out of the range";
    return findings.warning(found);
  }
  const auto around = std::ranges::find_if(own, [&](const InterfaceAddress& one) {
    const wire::Ipv4Address end(one.network.address.value | ~one.network.mask());
    return one.network.address <= range.last && range.first <= end;
  });
  if (around != own.end()) {
    found.wrong =
        "shares addresses with " + wire::to_string(around->network) + ", the network of " + around->interface;
    found.remedy = "hosts there reach subscribers only by proxy ARP; " + std::string(kGiveTheirOwn);
    findings.warning(found);
  }
}

void check_pools_against(const Config& config, const MachineFacts& machine, Findings& findings) {
  for (const control::PoolSettings& pool : config.control.ip.pools) {
    for (const control::AddressRange& range : pool.ranges) {
      check_range(pool, range, machine.addresses, findings);
    }
  }
}

/// The address or network of the machine's that `granted` is, lies in or lies around.
const InterfaceAddress* rival_of(const wire::Ipv4Prefix& granted, std::span<const InterfaceAddress> own) {
  const auto own_address = std::ranges::find_if(own, [&](const InterfaceAddress& one) {
    return granted.length == 32 && granted.address == one.address;
  });
  const auto rival =
      own_address != own.end() ? own_address : std::ranges::find_if(own, [&](const InterfaceAddress& one) {
        return granted.contains(one.network.address) || one.network.contains(granted.address);
      });
  return rival == own.end() ? nullptr : &*rival;
}

void note_address(const control::UserTable::Entry& entry, std::span<const InterfaceAddress> own,
                  control::SecretNotes& notes) {
  const auto& [name, user] = entry;
  const wire::Ipv4Address address = *user.address;
  const InterfaceAddress* rival = rival_of({.address = address, .length = 32}, own);
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

void note_networks(const control::UserTable::Entry& entry, std::span<const InterfaceAddress> own,
                   control::SecretNotes& notes) {
  const auto& [name, user] = entry;
  for (const wire::Ipv4Prefix& network : user.routes) {
    if (const InterfaceAddress* rival = rival_of(network, own)) {
      notes.add(control::SecretNoteKind::kMachines, user.line, name,
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
    note_networks(*entry, own, notes);
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
  const std::uint16_t tunnel = dataplane::tunnel_overhead({}, /*mppe=*/true);
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

std::vector<InterfaceAddress> interface_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return {};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<InterfaceAddress> own;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_netmask == nullptr || at->ifa_addr->sa_family != AF_INET ||
        !wire::is_host(address_of(at->ifa_addr))) {
      continue;
    }
    const std::uint32_t mask = address_of(at->ifa_netmask).value;
    const wire::Ipv4Address address = address_of(at->ifa_addr);
    own.push_back({.interface = at->ifa_name,
                   .address = address,
                   .network = {.address = wire::Ipv4Address(address.value & mask),
                               .length = static_cast<std::uint8_t>(std::popcount(mask))}});
  }
  return own;
}

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
