// SPDX-License-Identifier: Apache-2.0
// Replies, attribute by attribute, signed as by a RADIUS server, and what an Access-Accept made of them
// grants.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/radius/accept.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/rates.hpp"
#include "crypto/digest.hpp"
#include "crypto/library.hpp"

namespace adit::control::radius {

inline const bool kCryptoReady = crypto::initialise().has_value();

using Octets = std::vector<std::uint8_t>;

inline Octets hex(std::string_view text) {
  Octets octets;
  std::uint8_t nibbles = 0;
  std::uint8_t value = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n') {
      continue;
    }
    value = static_cast<std::uint8_t>(value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10));
    if (++nibbles % 2 == 0) {
      octets.push_back(value);
    }
  }
  return octets;
}

inline const Octets kSecret = [] {
  const std::string_view text = "xyzzy5461";
  return Octets(text.begin(), text.end());
}();

inline Authenticator authenticator_of(std::string_view text) {
  Authenticator authenticator{};
  std::ranges::copy(hex(text), authenticator.begin());
  return authenticator;
}

inline const Authenticator kRequest = authenticator_of("0f403f9473978057bd83d5cb98f4227a");

/// A reply signed as by a server. `sign`: Message-Authenticator first.
inline Octets reply_of(const Octets& attributes, bool sign = true, Code code = Code::kAccessAccept,
                       const Authenticator& request = kRequest, std::uint8_t identifier = 0) {
  Octets packet{static_cast<std::uint8_t>(code), identifier, 0, 0};
  packet.insert(packet.end(), request.begin(), request.end());
  if (sign) {
    packet.insert(packet.end(), {80, 18});
    packet.resize(packet.size() + 16);
  }
  packet.insert(packet.end(), attributes.begin(), attributes.end());
  wire::store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  if (sign) {
    const auto code_of_it = crypto::hmac_md5(kSecret, {packet});
    std::ranges::copy(code_of_it, packet.begin() + 22);
  }
  const auto digest = crypto::md5({packet, kSecret});
  std::ranges::copy(digest, packet.begin() + 4);
  return packet;
}

inline std::expected<AuthAccepted, std::string> accepted(const Octets& attributes,
                                                         const AuthProof& proof = PapProof{}) {
  const auto packet = read_reply(reply_of(attributes), kRequest, kSecret, true);
  EXPECT_TRUE(packet);
  const std::string name = "test";
  return read_accept({*packet, kRequest, kSecret, name}, proof, default_rates(), true);
}

inline Octets vendor(VendorId id, std::uint8_t type, const Octets& value) {
  Octets attribute{26,   static_cast<std::uint8_t>(8 + value.size()), 0, 0, 0, 0,
                   type, static_cast<std::uint8_t>(2 + value.size())};
  wire::store_be(attribute.data() + 2, id);
  attribute.insert(attribute.end(), value.begin(), value.end());
  return attribute;
}
inline Octets text(std::string_view value) {
  return {value.begin(), value.end()};
}
inline Octets attribute(Type type, const Octets& value) {
  Octets out{static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(2 + value.size())};
  out.insert(out.end(), value.begin(), value.end());
  return out;
}
inline Octets joined(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace adit::control::radius
