// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/machine_facts.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "app/aditd/log/log.hpp"
#include "app/aditd/operator/control_socket.hpp"
#include "app/config_values.hpp"
#include "app/host/eal.hpp"
#include "app/host/host_ports.hpp"
#include "app/host/netlink/interface_reader.hpp"
#include "app/host/process/access.hpp"
#include "controlplane/radius/spool.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {
namespace {

namespace fs = std::filesystem;
using dataplane::PortDriver;
using dataplane::PortSettings;

bool has_pci_device(const std::string& device) {
  std::string address = device.substr(0, device.find(','));
  std::ranges::transform(address, address.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (std::ranges::count(address, ':') == 1) {
    address = "0000:" + address;
  }
  return ::access(("/sys/bus/pci/devices/" + address).c_str(), F_OK) == 0;
}

Obstacle at_port(const PortSettings& port, std::string key, const std::string& value) {
  return {.section = "port",
          .table = port.name,
          .key = std::move(key),
          .value = quoted_text(value),
          .wrong = {},
          .remedy = {}};
}

void look_at_interface(const PortSettings& port, MachineFacts& facts) {
  auto stacks = read_interfaces_of({&port, 1});
  facts.ports.push_back(stacks ? std::move(stacks->front()) : dataplane::InterfaceStack{});
  Obstacle found = at_port(port, "interface", port.interface);
  const auto& stack = facts.ports.back();
  if (stacks && stack.size() <= 3) {
    if (stack.empty() || (stack.front().up && !stack.front().loopback)) {
      return;
    }
    found.fault = stack.front().loopback;
    found.wrong = found.fault ? "is this machine's loopback" : "is down";
    found.remedy = found.fault ? "name one that leads to clients or to the Internet"
                               : "do: ip link set " + port.interface + " up";
  } else if (stacks) {
    found.wrong = "has more than two VLAN tags";
    found.remedy = "name an interface with one or two";
  } else if (::if_nametoindex(port.interface.c_str()) == 0) {
    found.wrong = "there is no such interface on this machine";
    found.remedy = "name one that `ip link` shows, or make it before aditd starts";
  } else {
    found.wrong = stacks.error();
    found.remedy = "name another, or mend it";
  }
  facts.obstacles.push_back(std::move(found));
}

void look_at_port(const PortSettings& port, MachineFacts& facts) {
  look_at_interface(port, facts);
  if (port.driver == PortDriver::kDpdk && is_pci_device(port.device) && !has_pci_device(port.device)) {
    Obstacle found = at_port(port, "device", port.device);
    found.wrong = "there is no such PCI device on this machine";
    found.remedy = "name one that `dpdk-devbind.py --status` shows";
    facts.obstacles.push_back(std::move(found));
  }
  if (port.driver == PortDriver::kAfXdp) {
    const char* program = std::getenv("ADIT_XDP_PROGRAM");
    if (const auto xdp = find_xdp_program(program != nullptr ? program : ""); !xdp) {
      Obstacle found = at_port(port, "driver", "af_xdp");
      found.wrong = xdp.error();
      found.remedy = "or use \"auto\"";
      facts.obstacles.push_back(std::move(found));
    }
  }
}

sockaddr_in socket_address(wire::Ipv4Address address, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(address.value);
  return to;
}

/// Whether this machine takes packets for the address, in that VRF if one is named. Whether the port is free is not asked:
/// it is a running aditd's.
bool is_foreign(wire::Ipv4Address address, int type, const std::string& vrf) {
  const dataplane::UniqueFd socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  if (!socket || (!vrf.empty() && ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, vrf.c_str(),
                                               static_cast<socklen_t>(vrf.size())) != 0)) {
    return false;
  }
  const sockaddr_in to = socket_address(address, 0);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
         errno == EADDRNOTAVAIL;
}

/// As RadiusSockets connects; nothing is sent.
bool has_no_route(wire::Ipv4Address address) {
  const dataplane::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in to = socket_address(address, 1812);
  return socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
         (errno == ENETUNREACH || errno == EHOSTUNREACH);
}

void look_at_addresses(const Config& config, MachineFacts& facts) {
  const auto note = [&](std::string section, std::string key, wire::Ipv4Address address) {
    facts.obstacles.push_back(
        {.section = std::move(section),
         .table = "",
         .key = std::move(key),
         .value = quoted_text(wire::to_string(address)),
         .wrong = "is no address of this machine",
         .remedy = "write one that `ip -4 address` shows, or add it before aditd starts",
         .depends = {"port"}});
  };
  std::string vrf;
  bool later = false;  // an interface that aditd makes may have it
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    later = later || (config.ports[i].driver == PortDriver::kDpdk && config.ports[i].interface.empty());
    if (config.ports[i].role != dataplane::PortRole::kCore && !facts.ports[i].empty()) {
      vrf = facts.ports[i].front().vrf;
    }
  }
  for (const wire::Ipv4Address address : config.bind) {
    if (!later && is_foreign(address, SOCK_STREAM, vrf)) {
      note("pptp", "bind", address);
    }
  }
  for (const control::radius::ServerSettings& server : config.radius.servers) {
    if (!later && has_no_route(server.address)) {
      facts.obstacles.push_back({.section = "radius-server",
                                 .table = server.name,
                                 .key = "address",
                                 .value = quoted_text(wire::to_string(server.address)),
                                 .wrong = "this machine has no route to it",
                                 .remedy = "add one before aditd starts"});
    }
  }
  if (!config.dae.clients.empty() && !config.dae.address.is_none() &&
      is_foreign(config.dae.address, SOCK_DGRAM, "")) {
    note("radius", "dae-ip-address", config.dae.address);
  }
}

/// A file that aditd writes, in a directory of which it makes the last part itself.
struct Written {
  std::string section, key, file;
  std::string who;    ///< "adit", "this user"
  std::string group;  ///< that it joins
};

std::optional<Obstacle> look_at_directory(const Written& at, const std::optional<Account>& account) {
  const std::string directory = fs::path(at.file).parent_path();
  Obstacle found{.section = at.section,
                 .table = "",
                 .key = at.key,
                 .value = quoted_text(at.file),
                 .wrong = {},
                 .remedy = "make it, or name another",
                 .depends = {"core.user", "cli.group"}};
  if (const int error = access_as(account, at.group, directory, W_OK | X_OK); error == 0) {
    return std::nullopt;
  } else if (error != ENOENT) {
    found.wrong = directory + " cannot be written by " + at.who + ": " + std::strerror(error);
    found.remedy = "give it to that user, or name another";
    return found;
  }
  const std::string parent = fs::path(directory).parent_path();
  if (::access(parent.c_str(), W_OK | X_OK) != 0) {  // root makes it before it becomes somebody else
    found.wrong = "there is no directory " + directory + ", and none can be made in " + parent + ": " +
                  std::strerror(errno);
    return found;
  }
  found.wrong = "there is no directory " + directory;
  found.remedy = "aditd makes it when it starts; correct the path if there should be one";
  found.fault = false;
  return found;
}

std::optional<Obstacle> look_at_spool(const Config& config, const Written& at,
                                      const std::optional<Account>& account) {
  if (auto found = look_at_directory(at, account)) {
    return found;
  }
  Obstacle found{.section = at.section,
                 .table = "",
                 .key = at.key,
                 .value = quoted_text(at.file),
                 .wrong = {},
                 .remedy = {},
                 .depends = {"core.user", "cli.group", "radius.spool-records"}};
  struct stat status{};
  const bool exists = ::stat(at.file.c_str(), &status) == 0;
  const bool handed_over = account && ::geteuid() == 0 && status.st_uid == 0;
  const int error = exists && !handed_over ? access_as(account, at.group, at.file, R_OK | W_OK) : 0;
  if (error != 0) {
    found.wrong = "cannot be opened by " + at.who + ": " + std::strerror(error);
    found.remedy = "give it to that user, or set spool = \"\" to do without";
    return found;
  }
  const std::uint64_t wanted = control::radius::Spool::size_for(config.spool.records);
  const std::uint64_t has = exists ? static_cast<std::uint64_t>(status.st_blocks) * 512 : 0;
  struct statvfs disk{};
  if (::statvfs(fs::path(at.file).parent_path().c_str(), &disk) == 0 &&
      wanted > has + std::uint64_t{disk.f_bavail} * disk.f_frsize) {
    found.wrong = "needs " + std::to_string((wanted - has) >> 20) + " MiB of disk more than are free";
    found.remedy = "make room, or lower radius.spool-records";
    return found;
  }
  return std::nullopt;
}

void look_at_files(const Config& config, MachineFacts& facts) {
  const auto account = account_of(config);
  const std::string who = account && ::geteuid() == 0 ? account->name : "the user that asks";
  const auto keep = [&](std::optional<Obstacle> found) {
    if (found) {
      facts.obstacles.push_back(std::move(*found));
    }
  };
  for (Obstacle& found : Log::check(config.log)) {
    facts.obstacles.push_back(std::move(found));
  }
  for (const auto& [key, file] :
       {std::pair("log-file", config.log.file), std::pair("log-fail-file", config.log.fail_file)}) {
    const std::string directory = fs::path(file).parent_path();
    const int error = file.empty() ? 0 : access_as(account, config.cli.group, directory, W_OK | X_OK);
    if (error != 0 && ::access(directory.c_str(), W_OK | X_OK) == 0) {  // root's, who opens the log first
      facts.obstacles.push_back(
          {.section = "log",
           .table = "",
           .key = key,
           .value = quoted_text(file),
           .wrong = who + " cannot make it anew after a rotation: " + std::strerror(error),
           .remedy = "do: chown " + who + ' ' + directory + ", or name another directory",
           .fault = false});
    }
  }
  if (has_accounting(config.radius) && !config.spool.file.empty()) {
    keep(look_at_spool(config, {"radius", "spool", config.spool.file, who, config.cli.group}, account));
  }
  for (const auto& [key, file] :
       {std::pair("socket", config.cli.socket), std::pair("read-only-socket", config.cli.read_only_socket)}) {
    if (file.empty()) {
      continue;  // beside the other
    }
    auto socket = look_at_directory({"cli", key, file, who, config.cli.group}, account);
    if (socket &&
        socket->fault) {  // one that is missing is a matter of course: systemd makes it at each start
      keep(std::move(socket));
    }
  }
}

}  // namespace

MachineFacts read_machine(const Config& config) {
  static const std::size_t cpus =
      read_host_facts().cpus.size();  // as the process began: EAL then binds its threads
  MachineFacts facts{.addresses = interface_addresses<wire::Ipv4Address>(),
                     .addresses6 = interface_addresses<wire::Ipv6Address>()};
  if (config.dpdk.eal.empty()) {  // else CPUs and memory are what the operator asks EAL for
    facts.cpus = static_cast<unsigned>(cpus);
    const HostFacts now = read_host_facts();
    const bool in_place_of_another = !check_no_other_answers(config.cli);  // in a reload that is this process
    facts.huge_mb = now.huge_mb;
    facts.huge_used_mb = in_place_of_another ? 0 : now.huge_mb - now.free_huge_mb;
  }
  for (const PortSettings& port : config.ports) {
    look_at_port(port, facts);
  }
  look_at_addresses(config, facts);
  look_at_files(config, facts);
  return facts;
}

std::string machine_id() {
  std::ifstream file("/etc/machine-id");
  if (std::string id; std::getline(file, id) && !id.empty()) {
    return id;
  }
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "adit";
}

}  // namespace adit::app
