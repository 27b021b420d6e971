// SPDX-License-Identifier: Apache-2.0
// net_af_xdp loads and attaches the program but does not expose its object, so the maps are found as bpftool
// does it: from the interface to its program, and from there to the maps that it uses, by name.
#include "app/host/xdp_maps.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "dataplane/ports/xdp/attached.hpp"
#include "dataplane/ports/xdp/layout.h"

namespace adit::app {
namespace {

using dataplane::OpenPort;
using dataplane::UniqueFd;

constexpr std::uint8_t kPresent = 1;

adit_xdp_prefix key_of(const wire::Ipv4Prefix& prefix) {
  return {.length = prefix.length, .address = htonl(prefix.address.value)};
}

adit_xdp_prefix6 key_of(const wire::Ipv6Prefix& prefix) {
  adit_xdp_prefix6 key{.length = prefix.length, .address = {}};
  wire::store_ipv6(key.address, prefix.address);
  return key;
}

std::uint8_t value_of(XdpWhose whose) {
  return whose == XdpWhose::kMachines ? ADIT_XDP_MACHINES : ADIT_XDP_SUBSCRIBERS;
}

std::string map_name(int fd) {
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0) {
    return {};
  }
  return {info.name, strnlen(info.name, sizeof info.name)};
}

std::expected<void, std::string> put(int map, const void* key, const void* value, std::string_view what) {
  if (const int rc = bpf_map_update_elem(map, key, value, BPF_ANY); rc < 0) {
    return std::unexpected("XDP map '" + std::string(what) + "': " + std::strerror(-rc));
  }
  return {};
}

}  // namespace

std::vector<wire::Ipv4Prefix> prefixes_of_range(wire::Ipv4Address first, wire::Ipv4Address last) {
  std::vector<wire::Ipv4Prefix> prefixes;
  std::uint64_t next = first.value;
  const std::uint64_t end = std::uint64_t{last.value} + 1;
  while (next < end) {
    // The largest aligned block that begins at `next` and does not pass the end.
    const int aligned = next == 0 ? 32 : std::countr_zero(next);
    const int fits = static_cast<int>(std::bit_width(end - next)) - 1;
    const int bits = std::min({aligned, fits, 32});
    prefixes.push_back({.address = wire::Ipv4Address(static_cast<std::uint32_t>(next)),
                        .length = static_cast<std::uint8_t>(32 - bits)});
    next += std::uint64_t{1} << bits;
  }
  return prefixes;
}

std::expected<XdpMaps::PortMaps, std::string> XdpMaps::find(const OpenPort& open) {
  const auto program = dataplane::xdp::attached_program(open.device_ifindex);
  if (!program) {
    return std::unexpected(program.error());
  }
  if (!*program || !(*program)->is_ours()) {
    return std::unexpected("no XDP program '" ADIT_XDP_PROGRAM "' is attached to it");
  }
  std::array<std::uint32_t, 16> ids{};
  bpf_prog_info info{};
  info.nr_map_ids = ids.size();
  info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
  std::uint32_t size = sizeof info;
  if (const int rc = bpf_obj_get_info_by_fd((*program)->fd.get(), &info, &size); rc < 0) {
    return std::unexpected("cannot list the maps of its XDP program: " + std::string(std::strerror(-rc)));
  }
  PortMaps maps;
  for (std::size_t i = 0; i < std::min<std::size_t>(info.nr_map_ids, ids.size()); ++i) {
    UniqueFd fd = dataplane::xdp::open_map(ids[i]).value_or(UniqueFd());
    const std::string name = fd ? map_name(fd.get()) : "";
    if (name == ADIT_XDP_PORT_MAP) {
      maps.port = std::move(fd);
    } else if (name == ADIT_XDP_LOCAL_MAP) {
      maps.local_addresses = std::move(fd);
    } else if (name == ADIT_XDP_SUBSCRIBER_MAP) {
      maps.subscribers = std::move(fd);
    } else if (name == ADIT_XDP_SUBSCRIBER6_MAP) {
      maps.subscribers6 = std::move(fd);
    }
  }
  if (!maps.port || !maps.local_addresses || !maps.subscribers || !maps.subscribers6) {
    return std::unexpected("its XDP program lacks a map (is it of another version?)");
  }
  return maps;
}

std::expected<void, std::string> XdpMaps::fill_port(const PortMaps& maps, const Side& side,
                                                    std::span<const wire::Ipv4Prefix> local_addresses,
                                                    const Pools& pools) {
  for (const wire::Ipv4Prefix local : local_addresses) {
    const adit_xdp_prefix key = key_of(local);
    if (auto done = put(maps.local_addresses.get(), &key, &kPresent, ADIT_XDP_LOCAL_MAP); !done) {
      return done;
    }
  }
  for (const wire::Ipv4Prefix& pool : pools.ipv4) {
    if (auto done = put_prefix(maps, pool, XdpWhose::kSubscribers); !done) {
      return done;
    }
  }
  for (const wire::Ipv6Prefix& pool : pools.ipv6) {
    if (auto done = put_prefix(maps, pool, XdpWhose::kSubscribers); !done) {
      return done;
    }
  }
  adit_xdp_port value{};
  value.role = static_cast<std::uint32_t>(side.role);
  std::ranges::copy(side.mac, value.mac);
  const std::uint32_t zero = 0;
  return put(maps.port.get(), &zero, &value, ADIT_XDP_PORT_MAP);
}

std::expected<XdpMaps, std::string> XdpMaps::fill(std::span<const OpenPort> ports,
                                                  std::span<const wire::Ipv4Prefix> local_addresses,
                                                  std::span<const wire::Ipv4Prefix> pools,
                                                  std::span<const wire::Ipv6Prefix> pools6) {
  auto filled = std::make_shared<std::vector<PortMaps>>();
  for (const OpenPort& open : ports) {
    if (open.driver != dataplane::PortDriver::kAfXdp || open.rx_queues == 0) {
      continue;  // without our program, or already done for the first VLAN of its device
    }
    auto maps = find(open);
    if (!maps) {
      return std::unexpected("port '" + open.name + "': " + maps.error());
    }
    if (auto done = fill_port(*maps, {open.device->role(), open.port.mac}, local_addresses, {pools, pools6});
        !done) {
      return std::unexpected("port '" + open.name + "': " + done.error());
    }
    filled->push_back(std::move(*maps));
  }
  XdpMaps made;
  made.prefixes_.emplace(std::vector(pools.begin(), pools.end()), writers<wire::Ipv4Prefix>(filled));
  made.prefixes6_.emplace(std::vector(pools6.begin(), pools6.end()), writers<wire::Ipv6Prefix>(filled));
  return made;
}

std::expected<void, std::string> XdpMaps::put_prefix(const PortMaps& maps, const wire::Ipv4Prefix& prefix,
                                                     XdpWhose whose) {
  const adit_xdp_prefix key = key_of(prefix);
  const std::uint8_t value = value_of(whose);
  return put(maps.subscribers.get(), &key, &value, ADIT_XDP_SUBSCRIBER_MAP);
}

std::expected<void, std::string> XdpMaps::put_prefix(const PortMaps& maps, const wire::Ipv6Prefix& prefix,
                                                     XdpWhose whose) {
  const adit_xdp_prefix6 key = key_of(prefix);
  const std::uint8_t value = value_of(whose);
  return put(maps.subscribers6.get(), &key, &value, ADIT_XDP_SUBSCRIBER6_MAP);
}

void XdpMaps::erase_prefix(const PortMaps& maps, const wire::Ipv4Prefix& prefix) {
  const adit_xdp_prefix key = key_of(prefix);
  bpf_map_delete_elem(maps.subscribers.get(), &key);
}

void XdpMaps::erase_prefix(const PortMaps& maps, const wire::Ipv6Prefix& prefix) {
  const adit_xdp_prefix6 key = key_of(prefix);
  bpf_map_delete_elem(maps.subscribers6.get(), &key);
}

template <typename Prefix>
typename BasicXdpPrefixes<Prefix>::Maps XdpMaps::writers(const AllPortMaps& ports) {
  return {.put = [ports](const Prefix& prefix, XdpWhose whose) -> std::expected<void, std::string> {
            std::expected<void, std::string> all;
            for (const PortMaps& maps : *ports) {
              if (auto done = put_prefix(maps, prefix, whose); !done) {
                all = std::move(done);
              }
            }
            return all;
          },
          .erase =
              [ports](const Prefix& prefix) {
                for (const PortMaps& maps : *ports) {
                  erase_prefix(maps, prefix);
                }
              }};
}

std::expected<void, std::string> XdpMaps::add_subscriber(const wire::Ipv4Prefix& prefix) {
  return prefixes_ ? prefixes_->add_subscriber(prefix) : std::expected<void, std::string>();
}

std::expected<void, std::string> XdpMaps::add_subscriber(const wire::Ipv6Prefix& prefix) {
  return prefixes6_ ? prefixes6_->add_subscriber(prefix) : std::expected<void, std::string>();
}

std::expected<void, std::string> XdpMaps::add_machine(const wire::Ipv4Prefix& prefix) {
  return prefixes_ ? prefixes_->add_machine(prefix) : std::expected<void, std::string>();
}

std::expected<void, std::string> XdpMaps::add_machine(const wire::Ipv6Prefix& prefix) {
  return prefixes6_ ? prefixes6_->add_machine(prefix) : std::expected<void, std::string>();
}

void XdpMaps::remove(const wire::Ipv4Prefix& prefix) {
  if (prefixes_) {
    prefixes_->remove(prefix);
  }
}

void XdpMaps::remove(const wire::Ipv6Prefix& prefix) {
  if (prefixes6_) {
    prefixes6_->remove(prefix);
  }
}

}  // namespace adit::app
