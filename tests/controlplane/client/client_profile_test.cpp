// SPDX-License-Identifier: Apache-2.0
// The profiles on the wire. For pptp-linux and pppd the octets are those of real sessions with accel-ppp and
// poptop; for the others they follow the logs and sources named in client_profile.cpp.
#include <map>
#include <set>

#include "tests/controlplane/client/client_kit.hpp"

namespace adit::control {
namespace {

using enum wire::PppProtocol;

Octets text_field(std::string_view text) {
  Octets field(text.begin(), text.end());
  field.resize(64);
  return field;
}
Octets header(unsigned length, unsigned type) {
  return u16(static_cast<std::uint16_t>(length)) + u16(1) + u32(0x1A2B3C4D) +
         u16(static_cast<std::uint16_t>(type)) + u16(0);
}

class ClientProfileTest : public ClientTest {
 protected:
  /// Starts as `profile` and returns the Start-Control-Connection-Request and the Outgoing-Call-Request.
  std::pair<Octets, Octets> first_messages(std::string_view profile) {
    settings.profile = find_client_profile(profile);
    make().start();
    const Octets start = raw;
    receive(pptp::StartControlConnectionReply{});
    advance(settings.profile->pause_before_call);
    return {start, raw};
  }
  /// The options of the first LCP request, with the magic number (type 5) zeroed.
  Octets lcp_options(std::string_view profile) {
    settings.profile = find_client_profile(profile);
    dial();
    Octets data = sent(kLcp, 1).data;
    for (std::size_t at = 0; at < data.size(); at += data[at + 1]) {
      if (data[at] == 5) {
        std::fill_n(data.begin() + static_cast<std::ptrdiff_t>(at) + 2, 4, std::uint8_t{0});
      }
    }
    return data;
  }
};

TEST_F(ClientProfileTest, NamesAreUniquePlainIsFirstAndUnknownOnesAreNotFound) {
  std::set<std::string_view> names;
  for (const ClientProfile& profile : client_profiles()) {
    EXPECT_TRUE(names.insert(profile.name).second);
    EXPECT_FALSE(profile.help.empty());
    EXPECT_EQ(find_client_profile(profile.name), &profile);
    EXPECT_FALSE(profile.lcp_options.empty());
    EXPECT_FALSE(profile.ipcp_options.empty());
  }
  EXPECT_EQ(client_profiles().front().name, "plain");
  EXPECT_EQ(names.size(), 5U);
  EXPECT_EQ(find_client_profile("beos"), nullptr);
}

TEST_F(ClientProfileTest, PptpLinuxIsAsCaptured) {
  const auto [start, call] = first_messages("pptp-linux");
  EXPECT_EQ(start, header(156, 1) + u16(0x0100) + u16(0) + u32(3) + u32(3) + u16(0xFFFF) + u16(1) +
                       text_field("local") + text_field("cananian"));
  EXPECT_EQ(call, header(168, 7) + u16(kOurId) + u16(0) + u32(2'400) + u32(10'000'000) + u32(3) + u32(3) +
                      u16(3) + u16(0) + u16(0) + u16(0) + text_field("") + text_field(""));
}

TEST_F(ClientProfileTest, PppdAsksForWhatWasCaptured) {
  EXPECT_EQ(lcp_options("pptp-linux"), (Octets{2, 6, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 7, 2, 8, 2}));
  EXPECT_EQ(sent(kLcp, 1).id, 1U);
  agree(kLcp, kAsksMsChapV2);
  challenge();
  succeed(success_text("secret"));
  EXPECT_EQ(sent(kCcp, 1), conf_req(1, kMppe128));
  agree(kCcp, kMppe128);
  EXPECT_EQ(sent(kIpcp, 1), conf_req(1, option(2, {0x00, 0x2D, 0x0F, 0x01}) + option(3, u32(0)) +
                                            option(129, u32(0)) + option(131, u32(0))));
  EXPECT_EQ(sent(kIpv6cp, 1).data.size(), 10U);
  EXPECT_LT(std::ranges::find(trace, "ipcp 1"), std::ranges::find(trace, "ipv6cp 1"));
}

TEST_F(ClientProfileTest, PptpLinuxPausesBeforeTheCall) {
  settings.profile = find_client_profile("pptp-linux");
  make().start();
  receive(pptp::StartControlConnectionReply{});
  advance(Duration{980});
  EXPECT_EQ(count<pptp::OutgoingCallRequest>(), 0U);
  advance(Duration{20});
  EXPECT_EQ(count<pptp::OutgoingCallRequest>(), 1U);
}

TEST_F(ClientProfileTest, PppdRefusesIpcpThatComesBeforeCcpIsSettled) {
  settings.profile = find_client_profile("pptp-linux");
  dial_to_network();
  receive(kIpcp, conf_req(0xFA, kServerAddress));
  EXPECT_EQ(sent(kIpcp, 6), term_ack(0xFA));
  agree(kCcp, kMppe128);
  const Packet request = sent(kIpcp, 1);
  receive(kIpcp, conf_rej(request.id, option(2, {0x00, 0x2D, 0x0F, 0x01})));
  assign_address();
  EXPECT_TRUE(make().status().up);
}

TEST_F(ClientProfileTest, PlainKeepsAnEarlyIpcpRequestAndAnswersItLater) {
  dial_to_network();
  receive(kIpcp, conf_req(0xFA, kServerAddress));
  EXPECT_EQ(count(kIpcp, 1) + count(kIpcp, 2) + count(kIpcp, 6), 0U);
  agree(kCcp, kMppe128);
  EXPECT_EQ(sent(kIpcp, 2), conf_ack(0xFA, kServerAddress));
}

TEST_F(ClientProfileTest, WindowsIsAsItsLogsTell) {
  const auto [start, call] = first_messages("windows");
  EXPECT_EQ(start, header(156, 1) + u16(0x0100) + u16(0) + u32(1) + u32(1) + u16(0) + u16(2600) +
                       text_field("") + text_field("Microsoft Windows NT"));
  EXPECT_EQ(call, header(168, 7) + u16(kOurId) + u16(0) + u32(300) + u32(100'000'000) + u32(3) + u32(3) +
                      u16(64) + u16(0) + u16(0) + u16(0) + text_field("") + text_field(""));
}

TEST_F(ClientProfileTest, WindowsNegotiatesLikeWindows) {
  EXPECT_EQ(lcp_options("windows"), (Octets{1, 4, 0x05, 0x78, 5, 6, 0, 0, 0, 0, 7, 2, 8, 2, 13, 3, 6}));
  EXPECT_EQ(count<pptp::SetLinkInfo>(), 1U);
  EXPECT_EQ(last<pptp::SetLinkInfo>(), (pptp::SetLinkInfo{kServerId, 0xFFFFFFFF, 0xFFFFFFFF}));
  receive(kLcp, conf_rej(sent(kLcp, 1).id, option(13, {6})));
  EXPECT_EQ(sent(kLcp, 1).data.size(), 14U);
  agree(kLcp, kAsksMsChapV2);
  EXPECT_EQ(count<pptp::SetLinkInfo>(), 2U);
  EXPECT_EQ(last<pptp::SetLinkInfo>(), (pptp::SetLinkInfo{kServerId, 0, 0xFFFFFFFF}));
  ASSERT_EQ(count(kLcp, 12), 3U);
  EXPECT_EQ(sent(kLcp, 12).data.size(), 20U);
  const Octets& name = frames[frames.size() - 3].packet.data;
  EXPECT_EQ(std::string(name.begin() + 4, name.end()), "MSRASV5.20");

  challenge();
  trace.clear();
  succeed(success_text("secret"));
  EXPECT_EQ(trace, (std::vector<std::string>{"ccp 1", "ipv6cp 1", "ipcp 1"}));
  EXPECT_EQ(sent(kCcp, 1).data, option(18, u32(0x010000E0)));
  EXPECT_EQ(sent(kIpcp, 1).data, option(3, u32(0)) + option(129, u32(0)) + option(130, u32(0)) +
                                     option(131, u32(0)) + option(132, u32(0)));
  receive(kCcp, conf_nak(sent(kCcp, 1).id, kMppe128));
  EXPECT_EQ(sent(kCcp, 1).data, kMppe128);
}

TEST_F(ClientProfileTest, WindowsOffersOnlyWhatIsAllowedWhenItsOwnOfferWouldGetSomethingElse) {
  settings.profile = find_client_profile("windows");
  settings.mppe_key_lengths = {contract::MppeStrength::k40, contract::MppeStrength::k56};
  dial_to_network();
  EXPECT_EQ(sent(kCcp, 1).data, option(18, u32(0x010000A0)));
}

TEST_F(ClientProfileTest, MikrotikOpensIpcpThirtyMillisecondsBehindCcp) {
  EXPECT_EQ(lcp_options("mikrotik"), (Octets{1, 4, 0x05, 0xAA, 5, 6, 0, 0, 0, 0}));
  agree(kLcp, kAsksMsChapV2);
  challenge();
  succeed(success_text("secret"));
  EXPECT_EQ(count(kIpcp, 1), 0U);
  advance(Duration{30});
  EXPECT_EQ(count(kIpcp, 1), 1U);
  EXPECT_EQ(count(kCcp, 1), 1U);
}

TEST_F(ClientProfileTest, MikrotikOpensCcpWithoutEncryptionToo) {
  settings.profile = find_client_profile("mikrotik");
  settings.mppe = MppePolicy::kDeny;
  dial_to_network();
  EXPECT_EQ(sent(kCcp, 1).data, Octets{});
}

TEST_F(ClientProfileTest, MikrotikAndAndroidSayWhoTheyAre) {
  const auto [start, call] = first_messages("mikrotik");
  EXPECT_EQ(Octets(start.begin() + 16, start.begin() + 24), u32(2) + u32(0));
  EXPECT_EQ(Octets(start.begin() + 92, start.end()), text_field("MikroTik"));
  client.reset();
  const auto [android_start, android_call] = first_messages("android");
  EXPECT_EQ(Octets(android_start.begin() + 16, android_start.begin() + 92),
            u32(3) + u32(3) + u16(1) + u16(0) + text_field("anonymous"));
  EXPECT_EQ(Octets(android_call.begin() + 16, android_call.begin() + 24), u32(1'000) + u32(100'000'000));
  EXPECT_EQ(Octets(android_call.begin() + 32, android_call.begin() + 34), u16(8'192));
}

TEST_F(ClientProfileTest, EchoesAreOriginatedAfterAMinuteButNotByAndroid) {
  for (const ClientProfile& profile : client_profiles()) {
    SCOPED_TRACE(profile.name);
    client.reset();
    messages.clear();
    settings.profile = &profile;
    dial_to_up();
    receive(pptp::EchoRequest{1});
    for (int i = 0; i < 59; ++i) {
      advance(Duration{1'000});
      receive(kLcp, {wire::PppCode::kDiscardRequest, 1, u32(0)});
    }
    EXPECT_EQ(count<pptp::EchoRequest>(), 0U);
    advance(Duration{1'010});
    EXPECT_EQ(count<pptp::EchoRequest>(), profile.name == "android" ? 0U : 1U);
  }
}

TEST_F(ClientProfileTest, FarewellsAreTheProfiles) {
  const std::map<std::string_view, std::vector<std::string>> ways = {
      {"plain", {"message 12", "message 3"}},
      {"windows", {"message 12", "message 3"}},
      {"pptp-linux", {"message 12", "close"}},
      {"mikrotik", {"message 12", "message 3"}},
      {"android", {"close"}},
  };
  for (const ClientProfile& profile : client_profiles()) {
    SCOPED_TRACE(profile.name);
    client.reset();
    frames.clear();
    closed = false;
    ended = ClientEnd::kNone;
    settings.profile = &profile;
    dial_to_up();
    make().hang_up();
    advance(Duration{20});
    const Packet farewell = sent(kLcp, 5);
    trace.clear();
    receive(kLcp, term_ack(farewell.id));
    advance(Duration{30});
    EXPECT_EQ(trace, ways.at(profile.name));
    if (!closed) {
      receive(pptp::StopControlConnectionReply{});
      advance(Duration{20});
    }
    EXPECT_TRUE(closed);
    EXPECT_EQ(ended, ClientEnd::kHungUp);
    if (profile.name == "windows") {
      EXPECT_EQ(wire::parse_ras_error(farewell.data), 0U);
    }
  }
}

}  // namespace
}  // namespace adit::control
