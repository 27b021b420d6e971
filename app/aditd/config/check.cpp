// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/check.hpp"

#include <algorithm>
#include <tuple>

#include "app/config_values.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

using control::AuthMethod;
using control::MppePolicy;
using dataplane::PortDriver;
using dataplane::PortRole;

constexpr std::uint64_t kIdsPerAddress = 65'535;  // a call ID is 16 bits and never 0
constexpr std::uint64_t kMaxPoolAddresses = std::uint64_t{1} << 22;

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}
std::string in_quotes(wire::Ipv4Address address) {
  return in_quotes(wire::to_string(address));
}

bool contains(const control::AddressRange& range, wire::Ipv4Address address) {
  return address >= range.first && address <= range.last;
}

void check_bind(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("pptp") || !places.usable("pptp.bind")) {
    return;
  }
  if (config.bind.empty()) {
    problems.error(position(places, "pptp.bind"), "pptp.bind", "", "missing or empty",
                   "list the addresses that clients dial: bind = [\"192.0.2.1\"]");
  }
  for (std::size_t i = 0; i < config.bind.size(); ++i) {
    const auto end = config.bind.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(config.bind.begin(), end, config.bind[i]) != end) {
      problems.error(element_position(places, "pptp.bind", i), "pptp.bind", in_quotes(config.bind[i]),
                     "is there twice", "list each address once");
    }
  }
  const std::uint64_t ids = config.bind.size() * kIdsPerAddress;
  if (ids != 0 && config.data_plane.max_calls > ids && places.usable("common.max-sessions")) {
    problems.warning(position(places, "common.max-sessions"), "common.max-sessions",
                     std::to_string(config.data_plane.max_calls),
                     "is more than the " + std::to_string(ids) + " call IDs of the bound addresses",
                     "add addresses to pptp.bind: each has 65,535");
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

// The same thing twice, as two ports: two pollers would fight over it.
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

void check_auth(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("auth.methods") || !places.usable("auth")) {
    return;
  }
  const auto& methods = config.control.auth.methods;
  const auto has = [&](AuthMethod method) {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  };
  const toml::source_position at = position(places, "auth.methods");
  if (methods.empty()) {
    problems.error(at, "auth.methods", "[]", "is empty", "list at least one: [\"mschap-v2\"]");
    return;
  }
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const auto end = methods.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(methods.begin(), end, methods[i]) != end) {
      problems.error(element_position(places, "auth.methods", i), "auth.methods", "",
                     "a method is there twice", "list each once");
    }
  }
  if (has(AuthMethod::kPap)) {
    problems.warning(at, "auth.methods", "\"pap\"", "sends passwords in clear text",
                     "use \"mschap-v2\" if clients can");
  }
  if (has(AuthMethod::kMsChapV1)) {
    problems.warning(at, "auth.methods", "\"mschap-v1\"", "is broken: its keys can be found from a capture",
                     "use \"mschap-v2\" if clients can");
  }
  const bool keys = has(AuthMethod::kMsChapV2) || has(AuthMethod::kMsChapV1);
  const bool no_keys = has(AuthMethod::kChapMd5) || has(AuthMethod::kPap);
  if (config.control.ppp.mppe == MppePolicy::kRequire && no_keys && places.usable("ppp.mppe")) {
    constexpr std::string_view kWrong = "needs keys, and \"chap-md5\" and \"pap\" of auth.methods make none";
    if (keys) {
      problems.warning(position(places, "ppp.mppe"), "ppp.mppe", "\"require\"", kWrong,
                       "take them off the list");
    } else {
      problems.error(position(places, "ppp.mppe"), "ppp.mppe", "\"require\"", kWrong,
                     "add \"mschap-v2\" to auth.methods, or set mppe = \"deny\"");
    }
  }
}

void check_mppe(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("ppp.mppe-key-lengths") || !places.usable("ppp")) {
    return;
  }
  const auto& lengths = config.control.ppp.mppe_key_lengths;
  const toml::source_position at = position(places, "ppp.mppe-key-lengths");
  if (lengths.empty()) {
    problems.error(at, "ppp.mppe-key-lengths", "[]", "is empty", "write [128], or set mppe = \"deny\"");
  }
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const auto end = lengths.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(lengths.begin(), end, lengths[i]) != end) {
      problems.error(element_position(places, "ppp.mppe-key-lengths", i), "ppp.mppe-key-lengths",
                     KeyLengthKind().show(lengths[i]), "is there twice", "list each length once");
    }
  }
  if (std::any_of(lengths.begin(), lengths.end(),
                  [](contract::MppeStrength length) { return length != contract::MppeStrength::k128; })) {
    problems.warning(at, "ppp.mppe-key-lengths", "",
                     "keys of 40 and 56 bits fall to a search through all of them",
                     "keep to [128] if clients can");
  }
}

void check_mtu(const Config& config, const Places& places, Problems& problems) {
  const auto& ppp = config.control.ppp;
  for (const auto& [key, value] : {std::pair("ppp.mtu", ppp.mtu), std::pair("ppp.mru", ppp.mru)}) {
    if (ppp.min_mtu > value && places.usable("ppp.min-mtu") && places.usable(key)) {
      const bool is_set = places.find("ppp.min-mtu") != nullptr;
      problems.error(
          position(places, is_set ? "ppp.min-mtu" : key), "ppp.min-mtu", std::to_string(ppp.min_mtu),
          "is more than " + std::string(key) + " = " + std::to_string(value), "lower it to that or less");
    }
  }
}

struct PoolRange {
  control::AddressRange range;
  std::string pool;
  toml::source_position at;
  [[nodiscard]] std::string text() const {
    return in_quotes(wire::to_string(range.first) + '-' + wire::to_string(range.last));
  }
};

std::vector<PoolRange> usable_ranges(const Config& config, const Places& places) {
  std::vector<PoolRange> ranges;
  const auto& pools = config.control.ip.pools;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const std::string key = "ip-pool." + std::to_string(i) + ".ranges";
    for (std::size_t j = 0; j < pools[i].ranges.size(); ++j) {
      ranges.push_back({pools[i].ranges[j], pools[i].name, element_position(places, key, j)});
    }
  }
  return ranges;
}

void check_ranges(const Config& config, const Places& places, Problems& problems) {
  std::vector<PoolRange> ranges = usable_ranges(config, places);
  std::sort(ranges.begin(), ranges.end(),
            [](const PoolRange& a, const PoolRange& b) { return a.range.first < b.range.first; });
  std::uint64_t total = 0;
  const PoolRange* widest = nullptr;  // the one so far that ends last
  for (const PoolRange& range : ranges) {
    total += std::uint64_t{range.range.last.value} - range.range.first.value + 1;
    if (widest != nullptr && range.range.first <= widest->range.last) {
      problems.error(range.at, "ip-pool.ranges", range.text(),
                     "overlaps " + widest->text() + " of pool " + in_quotes(widest->pool),
                     "give every address to one pool");
    }
    if (widest == nullptr || range.range.last > widest->range.last) {
      widest = &range;
    }
    if (!config.control.ip.gateway.is_none() && contains(range.range, config.control.ip.gateway)) {
      problems.error(range.at, "ip-pool.ranges", range.text(),
                     "holds ip.gw-ip-address " + wire::to_string(config.control.ip.gateway),
                     "leave that address out of the range");
    }
    for (const wire::Ipv4Address bound : config.bind) {
      if (contains(range.range, bound)) {
        problems.error(range.at, "ip-pool.ranges", range.text(), "holds pptp.bind " + wire::to_string(bound),
                       "leave that address out of the range");
      }
    }
  }
  if (total > kMaxPoolAddresses) {
    problems.error(position(places, "ip-pool"), "ip-pool.ranges", "",
                   "have " + std::to_string(total) + " addresses together",
                   "keep to " + std::to_string(kMaxPoolAddresses) + " (a /10)");
  }
}

void check_pools(const Config& config, const Places& places, Problems& problems) {
  if (config.control.ip.gateway.is_none() && places.usable("ip.gw-ip-address") && places.usable("ip")) {
    problems.error({0, 0}, "ip.gw-ip-address", "", "missing",
                   "give our end of the links: gw-ip-address = \"10.64.0.1\"");
  }
  if (!places.usable("ip-pool")) {
    return;
  }
  const auto& pools = config.control.ip.pools;
  bool has_default = false;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const std::string place = "ip-pool." + std::to_string(i);
    const auto end = pools.begin() + static_cast<std::ptrdiff_t>(i);
    const auto same = [&](const control::PoolSettings& other) { return other.name == pools[i].name; };
    if (std::any_of(pools.begin(), end, same) && places.usable(place + ".name")) {
      problems.error(position(places, place), "ip-pool.name", in_quotes(pools[i].name),
                     "is another pool's name already",
                     "give it a name of its own, or add the ranges to that pool");
    }
    if (pools[i].ranges.empty() && places.usable(place + ".ranges")) {
      problems.error(position(places, place), "ip-pool.ranges", "", "missing or empty",
                     "give it addresses: ranges = [\"10.64.0.2-10.64.255.254\"]");
    }
    has_default = has_default || pools[i].name == "default" || !places.usable(place + ".name");
  }
  if (!has_default) {
    problems.warning(position(places, "ip-pool"), "ip-pool", "", "there is no pool \"default\"",
                     "without one, only users with an address or a pool of their own can connect");
  }
  check_ranges(config, places, problems);
}

void check_radius(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("radius-server") || !places.usable("auth.backend")) {
    return;
  }
  if (config.auth_order != AuthOrder::kLocal && config.radius.servers.empty()) {
    problems.error(position(places, "auth.backend"), "auth.backend", "",
                   "asks RADIUS, and there is no server",
                   "add a [[radius-server]], or set backend = \"local\"");
  }
  for (std::size_t i = 0; i < config.radius.servers.size(); ++i) {
    const auto& server = config.radius.servers[i];
    const std::string place = "radius-server." + std::to_string(i);
    if (server.address.is_none() && places.usable(place + ".address")) {
      problems.error(position(places, place), "radius-server.address", "", "missing",
                     "say where it is: address = \"192.0.2.10\"");
    }
    if (server.secret.empty() && places.usable(place + ".secret")) {
      problems.error(position(places, place), "radius-server.secret", "", "missing",
                     "give the secret that is shared with it");
    }
    if (!server.must_sign) {
      problems.warning(position(places, place + ".require-message-authenticator"),
                       "radius-server.require-message-authenticator", "false",
                       "lets whoever is on the way forge an acceptance (BlastRADIUS)",
                       "have the server send Message-Authenticator, and set it to true");
    }
  }
}

void check_spool(const Config& config, const Places& places, Problems& problems) {
  if (has_accounting(config.radius) && config.spool.records < config.data_plane.max_calls &&
      places.usable("radius.spool-records") && places.usable("common.max-sessions")) {
    problems.warning(position(places, "radius.spool-records"), "radius.spool-records",
                     std::to_string(config.spool.records),
                     "is less than common.max-sessions = " + std::to_string(config.data_plane.max_calls),
                     "give each session a record, and more for Stops that wait");
  }
}

void check_dae(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("dae-client")) {
    return;
  }
  const auto& clients = config.dae.clients;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const std::string place = "dae-client." + std::to_string(i);
    if (clients[i].address.is_none() && places.usable(place + ".address")) {
      problems.error(position(places, place), "dae-client.address", "", "missing",
                     "say where its requests come from: address = \"192.0.2.10\"");
    }
    if (clients[i].secret.empty() && places.usable(place + ".secret")) {
      problems.error(position(places, place), "dae-client.secret", "", "missing",
                     "give the secret that is shared with it");
    }
    const auto end = clients.begin() + static_cast<std::ptrdiff_t>(i);
    const auto same = [&](const auto& other) { return other.address == clients[i].address; };
    if (!clients[i].address.is_none() && std::any_of(clients.begin(), end, same)) {
      problems.error(position(places, place + ".address"), "dae-client.address",
                     in_quotes(clients[i].address), "is another [[dae-client]]'s already",
                     "make one of them");
    }
  }
}

}  // namespace

void check_config(const Config& config, const Places& places, Problems& problems) {
  check_bind(config, places, problems);
  check_ports(config, places, problems);
  check_auth(config, places, problems);
  check_radius(config, places, problems);
  check_spool(config, places, problems);
  check_dae(config, places, problems);
  check_mppe(config, places, problems);
  check_mtu(config, places, problems);
  check_pools(config, places, problems);
}

}  // namespace adit::app
