// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ipv6/server_duid.hpp"

#include "crypto/digest.hpp"

namespace adit::control {

std::vector<std::uint8_t> server_duid(std::string_view machine_id) {
  // RFC 4122 §4.3: a name-based UUID, version 5.
  auto hash =
      crypto::sha1({crypto::octets_of("adit DHCPv6 server of machine "), crypto::octets_of(machine_id)});
  hash[6] = static_cast<std::uint8_t>((hash[6] & 0x0f) | 0x50);
  hash[8] = static_cast<std::uint8_t>((hash[8] & 0x3f) | 0x80);
  std::vector<std::uint8_t> duid{0, 4};
  duid.insert(duid.end(), hash.begin(), hash.begin() + 16);
  return duid;
}

}  // namespace adit::control
