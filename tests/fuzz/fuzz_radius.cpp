// SPDX-License-Identifier: Apache-2.0
// RADIUS replies: as given, when almost none is authentic; and with a valid signature on any attributes, so
// that the attribute readers are reached.
#include <algorithm>
#include <vector>

#include "controlplane/radius/accept.hpp"
#include "controlplane/radius/packet.hpp"
#include "crypto/digest.hpp"
#include "crypto/library.hpp"
#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {
namespace {

using namespace control::radius;

const bool kCryptoReady = crypto::initialise().has_value();
constexpr std::array<std::uint8_t, 6> kSecret{'s', 'e', 'c', 'r', 'e', 't'};
constexpr Authenticator kRequest{1, 2, 3};

std::vector<std::uint8_t> sign(wire::Bytes attributes) {
  std::vector<std::uint8_t> packet{2, 0, 0, 0};
  packet.insert(packet.end(), kRequest.begin(), kRequest.end());
  packet.insert(packet.end(), {80, 18});
  packet.resize(packet.size() + 16);
  packet.insert(packet.end(), attributes.begin(), attributes.end());
  wire::store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  const auto code = crypto::hmac_md5(kSecret, {packet});
  std::ranges::copy(code, packet.begin() + 22);
  const auto digest = crypto::md5({packet, kSecret});
  std::ranges::copy(digest, packet.begin() + 4);
  return packet;
}

}  // namespace

void fuzz_radius_packet(wire::Bytes octets) {
  require(kCryptoReady);
  const auto reply = read_reply(octets, kRequest, kSecret, false);
  const auto request = read_request(octets, kSecret, true);
  require(reply || !to_text(reply.error()).empty());
  require(request || !to_text(request.error()).empty());
  static_cast<void>(reveal_salted(octets, kRequest, kSecret));
  static_cast<void>(reveal_password(octets, kRequest, kSecret));
}

void fuzz_radius_accept(wire::Bytes octets) {
  require(kCryptoReady);
  constexpr std::size_t kMost = kMaxPacket - 38;
  const auto packet = read_reply(sign(octets.first(std::min(octets.size(), kMost))), kRequest, kSecret, true);
  if (!packet) {
    require(packet.error() == Fault::kAttributes);
    return;
  }
  const std::string name = "fuzz";
  const Client::Reply reply{*packet, kRequest, kSecret, name};
  for (const control::AuthProof& proof :
       {control::AuthProof(control::PapProof{}), control::AuthProof(control::MsChapV1Proof{}),
        control::AuthProof(control::MsChapV2Proof{})}) {
    const auto accepted = read_accept(reply, proof, default_rates(), true);
    require(accepted || !accepted.error().empty());
    if (!accepted) {
      continue;
    }
    require(!accepted->address || (accepted->address->value >> 24) - 1 < 223);
    for (const wire::Ipv4Prefix& route : accepted->routes) {
      require(route.length >= 16 && route.contains(route.address));
    }
    const control::Ipv6Terms& ipv6 = accepted->ipv6;
    require(!ipv6.link || (ipv6.link->length == 64 && wire::is_host(ipv6.link->address)));
    require(!ipv6.address || wire::is_host(*ipv6.address));
    require(!ipv6.delegated || (ipv6.delegated->length >= 16 && ipv6.delegated->length <= 64));
    for (const wire::Ipv6Prefix& route : ipv6.routes) {
      require(route.length >= 16 && route.contains(route.address));
    }
    require(ipv6.interface_id.value_or(1) != 0 && ipv6.dns.size() <= 4);
    require(accepted->mtu.value_or(64) >= 64 && accepted->port_limit.value_or(1) >= 1);
    require((accepted->mppe_strengths & ~wire::mppe_bits::kStrengths) == 0);
    require(accepted->user.size() <= 253);  // octets, RFC 2865 §5.1: whoever shows them escapes them
    require(accepted->authenticator_response.empty() || accepted->authenticator_response.size() == 42);
  }
  require(read_reject(*packet) >= 600);
}

}  // namespace adit::fuzz
