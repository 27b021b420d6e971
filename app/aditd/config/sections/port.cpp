// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "app/aditd/config/section.hpp"
#include "app/config_values.hpp"

namespace adit::app {
namespace {

using dataplane::PortDriver;
using dataplane::PortRole;

void complete_ports(Config& config) {
  for (dataplane::PortSettings& port : config.ports) {
    if (port.name.empty()) {
      // The port's kernel interface cannot be called "0000:01:00.0".
      port.name = !port.interface.empty()                         ? port.interface
                    : InterfaceKind::accepts(port.device)            ? port.device
                                                                     : "adit-" + std::string(to_text(port.role));
    }
  }
}

void check_port(const Places& places, const dataplane::PortSettings& port, const std::string& place,
                Problems& problems) {
  const toml::source_position at = position(places, place);
  const bool is_dpdk = port.driver == PortDriver::kDpdk;
  if (!places.usable(place + ".driver")) {
    return;
  }
  if (is_dpdk && port.device.empty() && places.usable(place + ".device")) {
    problems.error(at, "port.device", "", "missing with driver = \"dpdk\"",
                   "name the device: a PCI address like \"0000:01:00.0\", or \"net_...\"");
  }
  if (!is_dpdk && !port.device.empty()) {
    problems.error(position(places, place + ".device"), "port.device", in_quotes(port.device),
                   "is used with driver = \"dpdk\" only", "set driver = \"dpdk\", or remove device");
  }
  if (!is_dpdk && port.vlan.tags() > 0) {
    problems.error(position(places, place + ".vlan"), "port.vlan", in_quotes(wire::to_string(port.vlan)),
                   "is used with driver = \"dpdk\" only",
                   "name the VLAN's own interface: interface = \"eth0.100\"");
  }
  if (port.isolate && (!is_dpdk || port.interface.empty())) {
    problems.error(position(places, place + ".isolate"), "port.isolate", "true",
                   "is for a device that the kernel drives too",
                   "set driver = \"dpdk\", and interface to the kernel's name of the device");
  }
  if (is_dpdk && port.interface.empty() && !InterfaceKind().accepts(port.name)) {
    problems.error(at, "port.name", in_quotes(port.name),
                   "is no name for an interface, which the kernel's part needs",
                   "give the port a name of at most 15 characters: name = \"wan\"");
  }
  if (!is_dpdk && port.interface.empty() && places.usable(place + ".interface")) {
    problems.error(at, "port.interface", "", "missing", "name a kernel interface: interface = \"eth0\"");
  }
}

// One device or interface in two ports: two pollers would fight over it.
void check_unique_port(const Config& config, const Places& places, std::size_t index, Problems& problems) {
  const std::string place = "port." + std::to_string(index);
  const auto& port = config.ports[index];
  for (const auto& [field, key, value] :
       {std::tuple(&dataplane::PortSettings::interface, "interface", port.interface),
        std::tuple(&dataplane::PortSettings::device, "device", port.device),
        std::tuple(&dataplane::PortSettings::name, "name", port.name)}) {
    const auto end = config.ports.begin() + static_cast<std::ptrdiff_t>(index);
    const auto same = [&](const dataplane::PortSettings& other) {
      return other.*field == value &&
             (field != &dataplane::PortSettings::device || other.vlan.key() == port.vlan.key());
    };
    if (!value.empty() && places.find(place + '.' + key) != nullptr &&
        std::any_of(config.ports.begin(), end, same)) {
      problems.error(position(places, place + '.' + key), "port." + std::string(key), in_quotes(value),
                     "is another [[port]] already",
                     "make one [[port]] of them: role = \"both\" serves both sides; or give each a vlan");
    }
  }
}

}  // namespace

Section port_section() {
  return {
      .name = "port",
      .help = "The ports that workers poll: one table per port, at least one for each side.",
      .more = "[[port]]\ninterface = \"core0\"\nrole = \"core\"\n",
      .tables = ADIT_TABLES(ports),
      .complete = &complete_ports,
      .keys = {
          ADIT_KEY(kNextStart, "name", "", ports.back().name, (TextKind{0, 31}),
                   "What logs and counters call it. Empty: its interface, else its device."),
          ADIT_KEY(
              kNextStart, "interface", "\"access0\"", ports.back().interface, InterfaceKind{},
              "A network interface of the kernel; a VLAN's own (eth0.100) is served through what carries "
              "it.\n"
              "With driver \"dpdk\" it is left out: the kernel's part in the device then is a TAP interface "
              "of this port's\n"
              "name. Named, it is one by which the kernel reaches the same network itself."),
          ADIT_KEY(
              kNextStart, "driver", "", ports.back().driver,
              (ChoiceKind<PortDriver>{{{"auto", PortDriver::kAuto},
                                       {"af_xdp", PortDriver::kAfXdp},
                                       {"af_packet", PortDriver::kAfPacket},
                                       {"dpdk", PortDriver::kDpdk}}}),
              "\"af_xdp\" takes only tunnel packets from the kernel's interface, \"af_packet\" copies all "
              "of them,\n"
              "\"auto\" is af_xdp where that works, else af_packet. \"dpdk\" drives `device` without the "
              "kernel."),
          ADIT_KEY(kNextStart, "device", "", ports.back().device, (TextKind{0, 255}),
                   "With driver \"dpdk\": a PCI address (\"0000:01:00.0\") or a virtual device "
                   "(\"net_memif0,role=client\")."),
          ADIT_KEY(
              kNextStart, "role", "\"access\"", ports.back().role,
              (ChoiceKind<PortRole>{
                  {{"access", PortRole::kAccess}, {"core", PortRole::kCore}, {"both", PortRole::kBoth}}}),
              "\"access\": clients and their tunnels. \"core\": plain IP, the Internet. \"both\": on a "
              "stick."),
          ADIT_KEY(kNextStart, "vlan", "", ports.back().vlan, VlanKind{},
                   "With driver \"dpdk\": the VLAN of this port, \"100\", or \"200.100\" with an outer tag "
                   "(802.1ad). Several\n"
                   "[[port]] may share a device, a VLAN each."),
          ADIT_KEY(
              kNextStart, "table", "", ports.back().table, (NumberKind<std::uint32_t>{0, 0xffffffff}),
              "The kernel's routing table by which packets leave on this side. 0: that of the VRF that the "
              "interface is in,\n"
              "else main (254). All ports of a side share one."),
          ADIT_KEY(
              kNextStart, "isolate", "", ports.back().isolate, BoolKind{},
              "With driver \"dpdk\" and an interface, on devices that the kernel drives too (mlx5): take "
              "only GRE and the\n"
              "pools' packets by flow rules, and leave the kernel all else."),
          ADIT_KEY(kNextStart, "queues", "", ports.back().queues, (NumberKind<std::uint16_t>{0, 128}),
                   "Receive queues. 0: one for a kernel interface, one per worker for a DPDK device."),
      }};
}

void check_ports(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("port")) {
    return;
  }
  unsigned roles = 0;
  bool all_roles_known = true;
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const std::string place = "port." + std::to_string(i);
    check_port(places, config.ports[i], place, problems);
    check_unique_port(config, places, i, problems);
    roles |= static_cast<unsigned>(config.ports[i].role);
    all_roles_known = all_roles_known && places.usable(place + ".role");
  }
  for (const auto& [role, word] :
       {std::pair(PortRole::kAccess, "access"), std::pair(PortRole::kCore, "core")}) {
    if (all_roles_known && (roles & static_cast<unsigned>(role)) == 0) {
      problems.error({0, 0}, "port.role", "", "no [[port]] serves the " + std::string(word) + " side",
                     "add one with role = \"" + std::string(word) + "\", or give one role = \"both\"");
    }
  }
}

}  // namespace adit::app
