// SPDX-License-Identifier: Apache-2.0
// A client that asks for IPv6: interface identifiers, and what its dial owes to them.
#include <gtest/gtest.h>

#include "tests/controlplane/client/client_kit.hpp"

namespace adit::control {
namespace {

using enum wire::PppProtocol;
using wire::PppCode;

constexpr std::uint64_t kGivenId = 0x1122'3344'5566'7788;
const Octets kGatewayIdentifier = option(1, u64(1));

class ClientIpv6Test : public ClientTest {
 protected:
  ClientIpv6Test() { settings.ipv6 = Ipv6Policy::kPrefer; }
  void client_ipv6_up() override { trace.emplace_back("ipv6 up"); }
  void give_identifier(std::uint64_t identifier) {
    receive(kIpv6cp, conf_nak(sent(kIpv6cp, 1).id, option(1, u64(identifier))));
    agree(kIpv6cp, kGatewayIdentifier);
  }
  void reject(wire::PppProtocol protocol) {
    receive(kLcp, {PppCode::kProtocolReject, 1, u16(static_cast<std::uint16_t>(protocol))});
  }
};

TEST_F(ClientIpv6Test, AsksForAnyIdentifierAndTakesWhatItIsGiven) {
  dial_to_up();
  EXPECT_EQ(sent(kIpv6cp, 1).data, option(1, u64(0)));
  EXPECT_FALSE(traced("ipv6 up"));
  give_identifier(kGivenId);
  EXPECT_EQ(sent(kIpv6cp, 2).data, kGatewayIdentifier);
  EXPECT_TRUE(traced("ipv6 1122:3344:5566:7788 1436 mppe"));
  EXPECT_TRUE(traced("ipv6 up"));
  EXPECT_EQ(make().status().interface_id, kGivenId);
  EXPECT_EQ(make().status().peer_interface_id, 1U);
}

TEST_F(ClientIpv6Test, AsksForTheIdentifierThatItIsTold) {
  settings.interface_id = kGivenId;
  dial_to_up();
  EXPECT_EQ(sent(kIpv6cp, 1).data, option(1, u64(kGivenId)));
  agree(kIpv6cp, kGatewayIdentifier);
  EXPECT_TRUE(traced("ipv6 up"));
}

TEST_F(ClientIpv6Test, ServersWithoutAnIdentifierOrWithOursAreRefused) {
  settings.interface_id = kGivenId;
  dial_to_up();
  for (const std::uint64_t theirs : {std::uint64_t{0}, kGivenId}) {
    receive(kIpv6cp, conf_req(9, option(1, u64(theirs))));
    EXPECT_EQ(sent(kIpv6cp, 4), conf_rej(9, option(1, u64(theirs))));
  }
}

TEST_F(ClientIpv6Test, WhoMerelyPrefersItIsUpWithoutIt) {
  dial_to_up();
  reject(kIpv6cp);
  advance(Duration{60'000});
  EXPECT_TRUE(make().status().up);
  EXPECT_EQ(ended, ClientEnd::kNone);
}

TEST_F(ClientIpv6Test, WhoRequiresItIsUpWithIt) {
  settings.ipv6 = Ipv6Policy::kRequire;
  dial_to_network();
  agree(kCcp, kMppe128);
  assign_address();
  EXPECT_FALSE(make().status().up);
  EXPECT_FALSE(traced("up"));
  give_identifier(kGivenId);
  EXPECT_TRUE(make().status().up);
  EXPECT_TRUE(traced("up"));
}

TEST_F(ClientIpv6Test, WhoRequiresItEndsWithoutIt) {
  settings.ipv6 = Ipv6Policy::kRequire;
  dial_to_network();
  agree(kCcp, kMppe128);
  reject(kIpv6cp);
  expect_end(ClientEnd::kIpv6Failed);
}

TEST_F(ClientIpv6Test, WhoHasNoIpv4RejectsIpcpAndIsUpByIpv6) {
  settings.ipv4 = false;
  dial_to_network();
  agree(kCcp, kMppe128);
  EXPECT_FALSE(traced("ipcp 1"));
  receive(kIpcp, conf_req(1, option(3, u32(0x0a400001))));
  EXPECT_EQ(sent(kLcp, 8).data.size(), 2 + 4 + 6U);
  EXPECT_FALSE(make().status().up);
  give_identifier(kGivenId);
  EXPECT_TRUE(make().status().up);
  EXPECT_TRUE(traced("up"));
}

TEST_F(ClientIpv6Test, WhoHasNoIpv4EndsWithoutIpv6) {
  settings.ipv4 = false;
  dial_to_network();
  agree(kCcp, kMppe128);
  reject(kIpv6cp);
  expect_end(ClientEnd::kIpv6Failed);
}

TEST_F(ClientIpv6Test, OpensItWhereItsProfileDoes) {
  settings.profile = find_client_profile("windows");
  dial_to_authentication(kAsksMsChapV2);
  challenge();
  trace.clear();
  succeed(success_text("secret"));
  EXPECT_EQ(trace, (std::vector<std::string>{"ccp 1", "ipv6cp 1", "ipcp 1"}));
  EXPECT_EQ(sent(kIpv6cp, 1).data, option(1, u64(0)));
}

}  // namespace
}  // namespace adit::control
