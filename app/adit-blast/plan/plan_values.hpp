// SPDX-License-Identifier: Apache-2.0
// A plan's kinds of values besides those of config_values.hpp and load_values.hpp: addresses and files.
// Thread: control, at start-up.
#pragma once

#include <cstdint>
#include <string>

#include "app/config_values.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::app::blast {

/// Consecutive addresses, all with the same port.
struct Endpoint {
  wire::Ipv4Address address;
  std::uint16_t port = 1723;
  std::uint32_t count = 1;
};

/// "192.0.2.1", "192.0.2.1:1723" or "192.0.2.1-192.0.2.4".
struct EndpointKind {
  using Value = Endpoint;
  [[nodiscard]] Read<Endpoint> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const Endpoint& value) const;
};

/// "10.99.0.0/16", or one address.
struct PrefixKind {
  using Value = wire::Ipv4Prefix;
  [[nodiscard]] Read<wire::Ipv4Prefix> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const wire::Ipv4Prefix& value) const;
};

/// An IPv6 address that a host beyond a link can have, or "" for none.
struct OptionalIpv6Kind {
  using Value = wire::Ipv6Address;
  [[nodiscard]] Read<wire::Ipv6Address> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const wire::Ipv6Address& value) const;
};

/// A file's path, absolute or relative to the working directory.
struct FileKind {
  using Value = std::string;
  [[nodiscard]] Read<std::string> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const std::string& value) const { return '"' + value + '"'; }
};

}  // namespace adit::app::blast
