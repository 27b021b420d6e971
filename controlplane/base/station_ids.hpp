// SPDX-License-Identifier: Apache-2.0
// The numbers of a call that an access concentrator brings in: who calls, and whom. RADIUS knows the call by them
// (RFC 2865 §5.30, §5.31); any other call it knows by the addresses of its tunnel.
// Pure; any thread. Immutable once shared.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// Untrusted octets, 64 at most; empty: the peer gave none.
struct StationIds {
  std::string calling{}, called{};
};

/// nullptr: the call was not brought in.
using SharedStationIds = std::shared_ptr<const StationIds>;

[[nodiscard]] inline std::string calling_station(const SharedStationIds& stations, wire::Ipv4Address peer) {
  return stations != nullptr && !stations->calling.empty() ? stations->calling : wire::to_string(peer);
}

[[nodiscard]] inline std::string called_station(const SharedStationIds& stations, wire::Ipv4Address local) {
  return stations != nullptr && !stations->called.empty() ? stations->called : wire::to_string(local);
}

}  // namespace adit::control
