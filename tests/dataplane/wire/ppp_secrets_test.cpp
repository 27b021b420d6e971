// SPDX-License-Identifier: Apache-2.0
// What a trace must not show of PPP frames: passwords, what can be used to guess them, and neither within what LCP rejects.
#include "dataplane/wire/ppp_secrets.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace adit::wire {
namespace {

using Octets = std::vector<std::uint8_t>;

/// A frame from the protocol field on, masked.
std::string masked(std::uint16_t protocol, std::uint8_t code, const std::string& data, bool lying = false) {
  Octets frame{static_cast<std::uint8_t>(protocol >> 8),
               static_cast<std::uint8_t>(protocol),
               code,
               1,
               0,
               static_cast<std::uint8_t>(lying ? 4 : 4 + data.size())};
  frame.insert(frame.end(), data.begin(), data.end());
  mask_frame_secrets(frame);
  return {frame.begin() + 6, frame.end()};
}

constexpr std::uint16_t kPap = 0xC023, kChap = 0xC223, kLcp = 0xC021, kEap = 0xC227;

TEST(PppSecrets, PapKeepsTheName) {
  EXPECT_EQ(masked(kPap, 1, "\5alice\6secret"), "\5alice\6******");
  EXPECT_EQ(masked(kPap, 1, "\5alice\6secret", true), "\5alice\6******") << "whatever its length says";
  EXPECT_EQ(masked(kPap, 1, "\5alice\2secret and padding"), "\5alice\2******************");
  EXPECT_EQ(masked(kPap, 1, std::string("\0\6secret", 8)), std::string("\0\6******", 8));
  EXPECT_EQ(masked(kPap, 1,
                   "\x50"
                   "alice\6secret"),
            "*************")
      << "it makes no sense";
  EXPECT_EQ(masked(kPap, 2, "\2Hi"), "\2Hi") << "an answer holds none";
}

TEST(PppSecrets, ChapKeepsChallengeAndName) {
  const std::string response(49, 'r');
  EXPECT_EQ(masked(kChap, 1, "\x10" + std::string(16, 'c') + "adit"), "\x10" + std::string(16, 'c') + "adit");
  EXPECT_EQ(masked(kChap, 2, "\x31" + response + "bob"), "\x31" + std::string(49, '*') + "bob");
  EXPECT_EQ(masked(kChap, 2, "\x10" + std::string(16, 'r') + "bob"), "\x10" + std::string(16, '*') + "bob");
  EXPECT_EQ(masked(kChap, 2, "\1" + response + "bob"), std::string(53, '*')) << "of no known size";
  EXPECT_EQ(masked(kChap, 2, "\x31" + response.substr(9)), std::string(41, '*')) << "cut off";
  EXPECT_EQ(masked(kChap, 3, "S=0123 M=Hi"), std::string(11, '*'));
  EXPECT_EQ(masked(kChap, 4, "E=691 R=0"), "E=691 R=0");
  EXPECT_EQ(masked(kChap, 7, "new password"), std::string(12, '*'));
  EXPECT_EQ(masked(kEap, 2, "\4answer"), std::string(7, '*'));
}

TEST(PppSecrets, NeitherWithinWhatIsRejected) {
  const std::string pap("\1\1\0\x11\5alice\6secret", 17);
  EXPECT_EQ(masked(kLcp, 8, "\xC0\x23" + pap).substr(2 + 11), "******");
  EXPECT_EQ(masked(kLcp, 7, pap).find("secret"), std::string::npos);
  const std::string nested = std::string("\xC0\x21\x08\x01\0\x20", 6);
  EXPECT_EQ(masked(kLcp, 8, nested + nested + nested + "\xC0\x23" + pap).find("secret"), std::string::npos);
  EXPECT_EQ(masked(kLcp, 9, "magic"), "magic");
}

TEST(PppSecrets, EveryTruncationOfAPacketIsHarmlessAndSecret) {
  Octets packet{0x45, 0, 0, 51,   0,    0,    0,    0, 64, 47, 0, 0, 192, 0, 2, 11,   192,
                0,    2, 1, 0x30, 0x01, 0x88, 0x0b, 0, 19, 0,  1, 0, 0,   0, 5, 0xC0, 0x23};
  const std::string pap("\1\1\0\x11\5alice\6secret", 17);
  packet.insert(packet.end(), pap.begin(), pap.end());
  for (std::size_t size = 0; size <= packet.size(); ++size) {
    Octets copy(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
    mask_packet_secrets(copy);
    const std::string text(copy.begin(), copy.end());
    EXPECT_EQ(text.find("s", 34), std::string::npos) << size;
  }
}

}  // namespace
}  // namespace adit::wire
