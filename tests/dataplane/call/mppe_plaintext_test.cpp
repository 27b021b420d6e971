// SPDX-License-Identifier: Apache-2.0
// What a decrypted packet must look like to be believed, and how rarely random octets do.
#include "dataplane/call/mppe_plaintext.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

namespace adit::dataplane {
namespace {

using Octets = std::vector<std::uint8_t>;

/// "To ff02::2 from fe80::1: ICMPv6", 48 octets, behind the protocol as `header` writes it.
Octets ipv6(Octets header = {0x57}) {
  const std::array<std::uint8_t, 48> packet = {0x60, 0, 0, 0, 0, 8, 58, 255, 0xFE, 0x80, 0, 0, 0, 0, 0, 0,
                                               0,    0, 0, 0, 0, 0, 0,  1,   0xFF, 0x02, 0, 0, 0, 0, 0, 0,
                                               0,    0, 0, 0, 0, 0, 0,  2,   133,  0,    1, 2, 0, 0, 0, 0};
  header.insert(header.end(), packet.begin(), packet.end());
  return header;
}

bool believed(const Octets& plaintext) {
  return read_mppe_plaintext(plaintext).header_length != 0;
}

TEST(MppePlaintext, Ipv6IsBelieved) {
  EXPECT_TRUE(believed(ipv6()));
  EXPECT_TRUE(believed(ipv6({0x00, 0x57})));
  Octets global = ipv6();
  global[9] = 0x2A;
  global[25] = 0x20;
  EXPECT_TRUE(believed(global));
  Octets unspecified = ipv6();
  unspecified[9] = unspecified[10] = 0;  // duplicate address detection, RFC 4862 §5.4
  EXPECT_TRUE(believed(unspecified));
}

TEST(MppePlaintext, Ipv6ThatDoesNotAddUpIsNot) {
  for (const auto& [at, value] :
       {std::pair{1, 0x40}, std::pair{5, 1}, std::pair{6, 7}, std::pair{6, 9}, std::pair{7, 200},
        std::pair{9, 0x0E}, std::pair{9, 0xFF}, std::pair{25, 0x7E}, std::pair{25, 0}}) {
    Octets wrong = ipv6();
    wrong[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
    EXPECT_FALSE(believed(wrong)) << "octet " << at;
  }
  const Octets right = ipv6();
  for (std::size_t size = 0; size < right.size(); ++size) {
    EXPECT_FALSE(believed(Octets(right.begin(), right.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
  }
}

// RFC 3078 §9: there is no other integrity check. Whoever floods a call with random octets has a million attempts a
// second; the protocol and the version, 12 bits, are given here, so that there are as many of the rest.
TEST(MppePlaintext, SEC_01_RandomOctetsBehindAProtocolAreNotBelieved) {
  std::mt19937_64 dice(1);
  for (const auto& [protocol, version] : {std::pair{0x57, 0x60}, std::pair{0x21, 0x45}}) {
    int taken = 0;
    std::array<std::uint64_t, 8> words{};
    for (int n = 0; n < 1'000'000; ++n) {
      for (auto& word : words) {
        word = dice();
      }
      std::array<std::uint8_t, sizeof words> octets{};
      std::memcpy(octets.data(), words.data(), octets.size());
      octets[0] = static_cast<std::uint8_t>(protocol);
      octets[1] = static_cast<std::uint8_t>(version | (octets[1] & (version == 0x60 ? 15 : 0)));
      taken += read_mppe_plaintext(octets).header_length != 0 ? 1 : 0;
    }
    EXPECT_EQ(taken, 0) << protocol;
  }
}

}  // namespace
}  // namespace adit::dataplane
