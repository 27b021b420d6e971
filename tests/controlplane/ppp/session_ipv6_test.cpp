// SPDX-License-Identifier: Apache-2.0
// IPv6CP in a session: each policy, what waits for CCP, and that neither NCP's end is the other's.
#include <gtest/gtest.h>

#include "tests/controlplane/ppp/session_kit.hpp"

namespace adit::control {
namespace {

constexpr wire::Ipv6Prefix kLink{{0x2001'0db8'0064'0007, 0}, 64};
constexpr auto kUp = SessionStatus::Phase::kUp;

class SessionIpv6 : public SessionTest {
 protected:
  SessionIpv6() {
    settings.ipv6.mode = Ipv6Policy::kPrefer;
    host.link_prefix = kLink;
  }
  [[nodiscard]] std::optional<Packet> last(PppProtocol protocol, PppCode code) const {
    const auto found = std::find_if(host.frames.rbegin(), host.frames.rend(), [&](const Frame& frame) {
      return frame.protocol == protocol && frame.packet.code == code;
    });
    return found == host.frames.rend() ? std::nullopt : std::optional(found->packet);
  }
  [[nodiscard]] bool sent(PppProtocol protocol, PppCode code) const {
    return last(protocol, code).has_value();
  }
  /// The peer asks for `wishes`, and acknowledges what we have asked for by then.
  void agree(PppProtocol protocol, const Octets& wishes) {
    receive(protocol, conf_req(++id, wishes));
    const auto request = last(protocol, PppCode::kConfigureRequest);
    ASSERT_TRUE(request);
    receive(protocol, conf_ack(request->id, request->data));
  }
  void open_ipv6cp() {
    agree(kIpv6cp, kIdentifier);
    ASSERT_TRUE(session->status().ipv6);
  }
  void come_up(MppePolicy mppe = MppePolicy::kDeny, const Octets& lcp_wishes = kMagic) {
    authenticate(mppe, lcp_wishes);
    if (mppe != MppePolicy::kDeny) {
      agree(kCcp, kMppeOption);
    }
    agree(kIpcp, kAddress);
    ASSERT_EQ(session->status().phase, kUp);
  }
  void come_up_with_both(MppePolicy mppe = MppePolicy::kDeny) {
    come_up(mppe);
    open_ipv6cp();
    host.take();
    host.take_trace();
  }
  void protocol_reject(PppProtocol protocol) {
    receive(kLcp, {PppCode::kProtocolReject, ++id, u16(static_cast<std::uint16_t>(protocol))});
  }
  [[nodiscard]] bool rejects_ipv6cp() {
    host.take();
    receive(kIpv6cp, conf_req(++id, kIdentifier));
    const auto reject = last(kLcp, PppCode::kProtocolReject);
    return reject && reject->data == u16(0x8057) + conf_req(id, kIdentifier).octets() &&
           host.frames.size() == 1;
  }
  /// So long that every negotiation and deadline is over, with a peer that answers echoes.
  void wait(Duration time = 120s) {
    for (Duration waited{0}; waited < time && host.ends.empty(); waited += 1s) {
      advance(1s);
      receive(kLcp, {PppCode::kEchoReply, 1, u32(1)});
    }
  }
};

// ---- policies ---------------------------------------------------------------------------------------------

TEST_F(SessionIpv6, NCP_04_DenyProtocolRejectsIt) {
  settings.ipv6.mode = Ipv6Policy::kDeny;
  come_up();
  EXPECT_TRUE(rejects_ipv6cp());
  wait();
  EXPECT_FALSE(host.traced("32855/1"));
  EXPECT_EQ(session->status().phase, kUp);
}

TEST_F(SessionIpv6, IP6_01_AUserWhoIsDeniedHasNoneUnderAnyPolicy) {
  for (const Ipv6Policy mode : {Ipv6Policy::kAllow, Ipv6Policy::kPrefer, Ipv6Policy::kRequire}) {
    host.frames.clear();
    settings.ipv6.mode = mode;
    AuthAccepted accepted = FakeBackend::accepted_with_keys();
    accepted.ipv6.denied = true;
    backend.verdict = accepted;
    come_up();
    EXPECT_FALSE(sent(kIpv6cp, PppCode::kConfigureRequest));
    EXPECT_TRUE(rejects_ipv6cp());
    EXPECT_EQ(session->status().phase, kUp);
  }
}

TEST_F(SessionIpv6, AllowWaitsForThePeer) {
  settings.ipv6.mode = Ipv6Policy::kAllow;
  come_up();
  wait();
  EXPECT_FALSE(sent(kIpv6cp, PppCode::kConfigureRequest));
  receive(kIpv6cp, term_req(++id));
  EXPECT_FALSE(sent(kIpv6cp, PppCode::kTerminateAck)) << "nothing is open that could end";
  host.take();
  open_ipv6cp();
  EXPECT_EQ(host.take().front(), (Frame{kIpv6cp, conf_req(1, option(1, u64(1)))}));
}

TEST_F(SessionIpv6, PreferOpensItBesideIpcp) {
  authenticate(MppePolicy::kDeny);
  EXPECT_TRUE(sent(kIpcp, PppCode::kConfigureRequest));
  EXPECT_TRUE(sent(kIpv6cp, PppCode::kConfigureRequest));
}

TEST_F(SessionIpv6, IP6_06_TheDataPathKnowsBeforeThePeerCan) {
  come_up();
  host.take_trace();
  receive(kIpv6cp, conf_req(++id, kIdentifier));
  const std::string told = "ipv6 11:2233:4455:6677 2001:db8:64:7::/64 1436";
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{told, "32855/2"}));
  receive(kIpv6cp, conf_req(++id, kIdentifier));  // the acknowledgement was lost
  EXPECT_EQ(host.take_trace(), std::vector<std::string>{"32855/2"});
  EXPECT_FALSE(session->status().ipv6) << "our own request has not been acknowledged";
  const Packet request = *last(kIpv6cp, PppCode::kConfigureRequest);
  receive(kIpv6cp, conf_ack(request.id, request.data));
  const Ipv6Binding expected{.interface_id = kPeerId, .link = kLink, .address = {}, .delegated = {}};
  EXPECT_EQ(session->status().ipv6, expected);
  const Ipv6cpDetails details = session->details().ipv6cp;
  EXPECT_EQ(details.state, PppState::kOpened);
  EXPECT_EQ(details.interface_id, kPeerId);
  EXPECT_EQ(details.gateway_id, 1U);
  EXPECT_EQ(details.link, kLink);
  EXPECT_TRUE(log.has(
      "ipv6cp_up sid=00000000000000aa user=alice interface_id=11:2233:4455:6677 prefix=2001:db8:64:7::/64"));
}

TEST_F(SessionIpv6, WithoutAPoolThereAreLinkLocalAddresses) {
  host.link_prefix.reset();
  come_up();
  open_ipv6cp();
  EXPECT_TRUE(host.traced("ipv6 11:2233:4455:6677 1436"));
  EXPECT_TRUE(log.has("prefix=none"));
}

TEST_F(SessionIpv6, NCP_04_TheUsersIdentifierIsForced) {
  AuthAccepted accepted = FakeBackend::accepted_with_keys();
  accepted.ipv6.interface_id = 0xabcd;
  backend.verdict = accepted;
  come_up();
  receive(kIpv6cp, conf_req(++id, kIdentifier));
  EXPECT_EQ(host.frames.back(), (Frame{kIpv6cp, conf_nak(id, option(1, u64(0xabcd)))}));
  agree(kIpv6cp, option(1, u64(0xabcd)));
  EXPECT_EQ(session->status().ipv6->interface_id, 0xabcdU);
}

TEST_F(SessionIpv6, NCP_04_AUsersIdentifierThatIsOursIsToldOfAndForcedOnNobody) {
  AuthAccepted accepted = FakeBackend::accepted_with_keys();
  accepted.ipv6.interface_id = settings.ipv6.gateway_id;
  backend.verdict = accepted;
  come_up();
  open_ipv6cp();
  EXPECT_EQ(session->status().ipv6->interface_id, kPeerId);
  ASSERT_EQ(log.named("interface_id_ours").size(), 1U);
  EXPECT_EQ(log.named("interface_id_ours")[0].fields.at("interface_id"), "0:0:0:1");
}

// A client may open IPv6CP, and ask by DHCPv6, as often as it likes.
TEST_F(SessionIpv6, ThatThereIsNoPrefixIsSaidOnce) {
  host.link_prefix.reset();
  come_up();
  for (int i = 0; i < 5; ++i) {
    open_ipv6cp();
    receive(kIpv6cp, term_req(++id));
    advance(settings.ppp.timeout);
    host.take();
  }
  EXPECT_EQ(log.named("ipv6_no_lease").size(), 1U);
  host.link_prefix = kLink;
  open_ipv6cp();
  EXPECT_EQ(session->status().ipv6->link, kLink);
}

// ---- CCP first --------------------------------------------------------------------------------------------

TEST_F(SessionIpv6, MPP_12_ItIsHeldUntilCcpIsUpAndThenAnswered) {
  authenticate(MppePolicy::kRequire);
  const Packet ccp_request = only().packet;
  receive(kIpv6cp, conf_req(1, option(1, u64(7))));
  receive(kIpcp, conf_req(2, kAddress));
  receive(kIpv6cp, conf_req(3, kIdentifier));
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_ack(ccp_request.id, ccp_request.data));
  receive(kCcp, conf_req(++id, kMppeOption));
  const Frames frames = host.take();
  ASSERT_EQ(frames.size(), 5U);
  EXPECT_EQ(frames[0].protocol, kCcp);
  EXPECT_EQ(frames[1].protocol, kIpcp);
  EXPECT_EQ(frames[2], (Frame{kIpcp, conf_ack(2, kAddress)}));
  EXPECT_EQ(frames[3], (Frame{kIpv6cp, conf_req(1, option(1, u64(1)))}));
  EXPECT_EQ(frames[4], (Frame{kIpv6cp, conf_ack(3, kIdentifier)})) << "only the last one";
  EXPECT_TRUE(host.traced("ipv6 11:2233:4455:6677 2001:db8:64:7::/64 1436 mppe"));
}

TEST_F(SessionIpv6, MPP_12_ItEndsWithTheLinkWhenMppeIsRejected) {
  authenticate(MppePolicy::kRequire);
  const Packet ccp_request = only().packet;
  receive(kIpv6cp, conf_req(1, kIdentifier));
  receive(kCcp, conf_rej(ccp_request.id, kMppeOption));
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
  EXPECT_FALSE(host.traced("32855/2"));
}

// It sends the requests of IPv6CP, CCP and IPCP, in that order, without waiting.
TEST_F(SessionIpv6, WindowsOpensItBeforeCcpAndIsEncryptedAllTheSame) {
  authenticate(MppePolicy::kAllow);
  receive(kIpv6cp, conf_req(5, kIdentifier));
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_req(6, kMppeOption));
  receive(kIpcp, conf_req(7, kAddress));
  const auto ccp_request = last(kCcp, PppCode::kConfigureRequest);
  ASSERT_TRUE(ccp_request);
  receive(kCcp, conf_ack(ccp_request->id, ccp_request->data));
  EXPECT_EQ(last(kIpv6cp, PppCode::kConfigureAck), conf_ack(5, kIdentifier));
  EXPECT_EQ(session->status().mppe, "128");
}

// ---- neither ends the other -------------------------------------------------------------------------------

// accel-ppp#57
TEST_F(SessionIpv6, NCP_04_AClosedIpv6cpLeavesIpv4AsItIs) {
  come_up_with_both();
  receive(kIpv6cp, term_req(7));
  EXPECT_EQ(only(), (Frame{kIpv6cp, term_ack(7)}));
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"ipv6 off", "32855/6"}));
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_FALSE(session->status().ipv6);
  wait();
  EXPECT_TRUE(host.ends.empty());
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_FALSE(host.traced("ip off"));
  host.take();
  open_ipv6cp();
}

TEST_F(SessionIpv6, NCP_04_AClosedIpcpLeavesIpv6AsItIs) {
  come_up_with_both();
  receive(kIpcp, term_req(7));
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"ip off", "32801/6"}));
  EXPECT_TRUE(session->status().ipv6);
  host.take();
  advance(settings.ppp.timeout);
  agree(kIpcp, kAddress);
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_TRUE(session->status().ipv6);
  EXPECT_FALSE(host.traced("ipv6 off"));
}

TEST_F(SessionIpv6, LCP_10_APeerThatDoesNotSpeakItKeepsIpv4) {
  come_up();
  protocol_reject(kIpv6cp);
  EXPECT_TRUE(log.has("ipv6cp_failed sid=00000000000000aa user=alice why=peer does not speak IPv6CP"));
  host.take();
  wait();
  EXPECT_FALSE(sent(kIpv6cp, PppCode::kConfigureRequest)) << "RFC 1661 §5.7: no more of it";
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_TRUE(rejects_ipv6cp());
}

TEST_F(SessionIpv6, APeerThatIsSilentAboutItKeepsIpv4AndMayOpenItLater) {
  come_up();
  wait();
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_TRUE(log.named("ipv6cp_failed").empty());
  host.take();
  open_ipv6cp();
}

TEST_F(SessionIpv6, APeerThatAgreesToNothingKeepsIpv4) {
  come_up();
  for (unsigned i = 0; i < settings.ppp.max_configure; ++i) {
    receive(kIpv6cp, conf_req(++id, option(1, u64(1))));
  }
  EXPECT_EQ(log.named("ipv6cp_failed").size(), 1U);
  EXPECT_TRUE(rejects_ipv6cp());
  host.take();
  wait();
  EXPECT_FALSE(sent(kIpv6cp, PppCode::kConfigureRequest));
  EXPECT_EQ(session->status().phase, kUp);
}

TEST_F(SessionIpv6, FloodsOfItAreBoundedWorkAndEndNothing) {
  come_up_with_both();
  for (int i = 0; i < 10'000; ++i) {
    receive(kIpv6cp, i % 2 == 0 ? conf_req(1, option(1, u64(9))) : term_req(1));
  }
  EXPECT_LE(host.take().size(), 201U);
  EXPECT_EQ(session->status().phase, kUp);
}

// ---- without IPv4 -----------------------------------------------------------------------------------------

class SessionWithoutIpv4 : public SessionIpv6 {
 protected:
  /// IPv6CP is open; our requests for IPCP have had no answer.
  void come_up_by_ipv6(MppePolicy mppe = MppePolicy::kDeny) {
    authenticate(mppe);
    if (mppe != MppePolicy::kDeny) {
      agree(kCcp, kMppeOption);
    }
    open_ipv6cp();
    ASSERT_EQ(session->status().phase, kUp);
  }
  [[nodiscard]] bool rejects_ipcp() {
    host.take();
    receive(kIpcp, conf_req(++id, kAddress));
    const auto reject = last(kLcp, PppCode::kProtocolReject);
    return reject && reject->data == u16(0x8021) + conf_req(id, kAddress).octets() && host.frames.size() == 1;
  }
  void refuse_the_address() {
    for (unsigned i = 0; i < settings.ppp.max_configure; ++i) {
      receive(kIpcp, conf_req(++id, option(3, u32(0x0a000001))));
    }
  }
};

// pppd: noip +ipv6
TEST_F(SessionWithoutIpv4, LCP_10_APeerThatDoesNotSpeakIpcpIsUpByIpv6) {
  for (const Ipv6Policy mode : {Ipv6Policy::kAllow, Ipv6Policy::kPrefer, Ipv6Policy::kRequire}) {
    settings.ipv6.mode = mode;
    host.frames.clear();
    authenticate(MppePolicy::kRequire);
    agree(kCcp, kMppeOption);
    protocol_reject(kIpcp);
    EXPECT_TRUE(host.traced("address returned"));
    EXPECT_TRUE(sent(kIpv6cp, PppCode::kConfigureRequest)) << "with allow, too, as it is all that is left";
    open_ipv6cp();
    EXPECT_EQ(session->status().phase, kUp);
    EXPECT_TRUE(session->status().address.is_none());
    EXPECT_FALSE(host.traced("ip off")) << "it was never on";
    wait();
    EXPECT_EQ(session->status().phase, kUp);
    EXPECT_TRUE(rejects_ipcp());
    EXPECT_TRUE(host.ends.empty());
  }
  EXPECT_EQ(log.named("no_ipv4").size(), 3U);
  EXPECT_TRUE(log.has("no_ipv4 sid=00000000000000aa user=alice why=peer does not speak IPCP"));
}

TEST_F(SessionWithoutIpv4, IsUpBeforeIpcpIsAndThenHasBoth) {
  come_up_by_ipv6();
  EXPECT_EQ(session->status().address, kSubscriber) << "its own as long as it may come";
  agree(kIpcp, kAddress);
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1436"));
  EXPECT_EQ(log.named("session_up").size(), 1U);
  wait();
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_FALSE(host.traced("address returned"));
  EXPECT_TRUE(log.named("no_ipv4").empty());
}

TEST_F(SessionWithoutIpv4, IpcpThatIsNotAnsweredIsGivenUp) {
  settings.ipv6.mode = Ipv6Policy::kRequire;
  come_up_by_ipv6();
  wait();
  EXPECT_EQ(log.named("no_ipv4").size(), 1U);
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_TRUE(session->status().address.is_none());
  EXPECT_TRUE(rejects_ipcp());
}

// Our requests are acknowledged, so that they never run out, and none of the peer's own comes.
TEST_F(SessionWithoutIpv4, IpcpThatNeverOpensIsGivenUpInTime) {
  come_up_by_ipv6();
  for (Duration waited{0}; waited < settings.ppp.setup_timeout + 1s; waited += 1s) {
    const auto request = last(kIpcp, PppCode::kConfigureRequest);
    host.take();
    if (request) {
      receive(kIpcp, conf_ack(request->id, request->data));
    }
    advance(1s);
    receive(kLcp, {PppCode::kEchoReply, 1, u32(1)});
  }
  EXPECT_EQ(log.named("no_ipv4").size(), 1U);
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_TRUE(rejects_ipcp());
}

TEST_F(SessionWithoutIpv4, APeerThatRefusesItsAddressHasIpv6) {
  ASSERT_TRUE(settings.ip.address_required);
  authenticate(MppePolicy::kDeny);
  refuse_the_address();
  EXPECT_TRUE(host.ends.empty());
  EXPECT_TRUE(host.traced("address returned"));
  open_ipv6cp();
  wait();
  EXPECT_EQ(session->status().phase, kUp);
}

TEST_F(SessionWithoutIpv4, WithoutEitherItEndsForWhatIpv4WasGivenUpFor) {
  authenticate(MppePolicy::kDeny);
  refuse_the_address();
  protocol_reject(kIpv6cp);
  EXPECT_EQ(session->status().why, "ipv6cp: peer does not speak IPv6CP, nor is there IPv4");
  terminate_lcp();
  expect_end(EndReason::kAddressRefused);
}

TEST_F(SessionWithoutIpv4, InTheOtherOrderAsWell) {
  authenticate(MppePolicy::kDeny);
  protocol_reject(kIpv6cp);
  protocol_reject(kIpcp);
  EXPECT_EQ(session->status().why, "ipcp: peer does not speak IPCP");
  terminate_lcp();
  expect_end(EndReason::kIpcpFailed);
}

TEST_F(SessionWithoutIpv4, WithoutIpv6InTimeItEnds) {
  settings.ppp.timeout = 10s;
  authenticate(MppePolicy::kDeny);
  protocol_reject(kIpcp);
  wait(settings.ppp.setup_timeout + 1s);
  EXPECT_EQ(session->status().why, "ipv6cp: not open in time, nor is there IPv4");
  terminate_lcp();
  EXPECT_EQ(session->status().ending, EndReason::kIpcpFailed);
}

TEST_F(SessionWithoutIpv4, WhereIpv6IsDeniedToTheUserItEnds) {
  AuthAccepted accepted = FakeBackend::accepted_with_keys();
  accepted.ipv6.denied = true;
  backend.verdict = accepted;
  authenticate(MppePolicy::kDeny);
  protocol_reject(kIpcp);
  EXPECT_FALSE(host.traced("address returned"));
  terminate_lcp();
  expect_end(EndReason::kIpcpFailed);
}

TEST_F(SessionWithoutIpv4, WhereTheLinkIsTooSmallForIpv6ItEnds) {
  authenticate(MppePolicy::kDeny, option(1, u16(1279)) + kMagic);
  protocol_reject(kIpcp);
  terminate_lcp();
  expect_end(EndReason::kIpcpFailed);
}

TEST_F(SessionWithoutIpv4, AClosedIpcpIsGivenUpWhenItDoesNotComeBack) {
  come_up_with_both();
  receive(kIpcp, term_req(7));
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"ip off", "32801/6"}));
  wait(settings.ppp.setup_timeout - 2s);
  EXPECT_FALSE(host.traced("address returned")) << "anybody may have ended it";
  wait(4s);
  EXPECT_TRUE(host.traced("address returned"));
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_TRUE(rejects_ipcp());
  wait();
  EXPECT_TRUE(host.ends.empty());
}

TEST_F(SessionWithoutIpv4, TheEndOfTheLastOneEndsTheSession) {
  authenticate(MppePolicy::kDeny);
  protocol_reject(kIpcp);
  open_ipv6cp();
  receive(kIpv6cp, term_req(7));
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kNetwork);
  advance(settings.ppp.timeout);
  host.take();
  open_ipv6cp();
  EXPECT_EQ(session->status().phase, kUp) << "anybody may have ended it";
  receive(kIpv6cp, term_req(8));
  wait();
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kUserRequest});
}

TEST_F(SessionWithoutIpv4, SEC_01_AForgedProtocolRejectDoesNotTakeIpv4AwayOnceItWasUp) {
  come_up_with_both();
  protocol_reject(kIpcp);
  EXPECT_FALSE(host.traced("ip off"));
  receive(kIpcp, term_req(7));
  host.take();
  advance(settings.ppp.timeout);
  receive(kIpcp, conf_req(++id, kAddress));
  protocol_reject(kIpcp);
  agree(kIpcp, kAddress);
  EXPECT_FALSE(host.traced("address returned"));
}

TEST_F(SessionWithoutIpv4, LCP_08_ARenegotiatedLinkMayHaveIpv4Again) {
  come_up_by_ipv6(MppePolicy::kRequire);
  protocol_reject(kIpcp);
  EXPECT_EQ(host.leases, 1);
  host.take();
  receive_in_earnest(kLcp, conf_req(++id, kMagic));
  renegotiate_lcp();
  EXPECT_EQ(host.leases, 2);
  agree(kCcp, kMppeOption);
  agree(kIpcp, kAddress);
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_EQ(session->status().address, kSubscriber);
}

// ---- require ----------------------------------------------------------------------------------------------

class SessionRequiresIpv6 : public SessionIpv6 {
 protected:
  SessionRequiresIpv6() { settings.ipv6.mode = Ipv6Policy::kRequire; }
};

TEST_F(SessionRequiresIpv6, IsUpWhenBothAre) {
  authenticate(MppePolicy::kDeny);
  agree(kIpcp, kAddress);
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kNetwork);
  open_ipv6cp();
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_EQ(log.named("session_up").size(), 1U);
}

TEST_F(SessionRequiresIpv6, EndsWhenIpv6cpIsNotAnswered) {
  authenticate(MppePolicy::kDeny);
  agree(kIpcp, kAddress);
  wait();
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kIpv6Failed});
}

TEST_F(SessionRequiresIpv6, EndsWhenIpv6cpIsNotUpInTime) {
  settings.ppp.timeout = 10s;
  authenticate(MppePolicy::kDeny);
  agree(kIpcp, kAddress);
  advance(settings.ppp.setup_timeout);
  EXPECT_EQ(session->status().why, "ipv6cp: not open in time");
  wait();
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kIpv6Failed});
}

TEST_F(SessionRequiresIpv6, EndsWhenIpv6cpIsProtocolRejected) {
  authenticate(MppePolicy::kDeny);
  protocol_reject(kIpv6cp);
  EXPECT_EQ(session->status().why, "ipv6cp: peer does not speak IPv6CP");
  terminate_lcp();
  expect_end(EndReason::kIpv6Failed);
}

TEST_F(SessionRequiresIpv6, EndsWhenThereIsNoAgreement) {
  authenticate(MppePolicy::kDeny);
  for (unsigned i = 0; i < settings.ppp.max_configure; ++i) {
    receive(kIpv6cp, conf_req(++id, option(1, u64(1))));
  }
  terminate_lcp();
  expect_end(EndReason::kIpv6Failed);
}

TEST_F(SessionRequiresIpv6, EndsWhenPacketsAreTooSmallForIt) {
  authenticate(MppePolicy::kDeny, option(1, u16(1279)) + kMagic);
  EXPECT_EQ(session->status().why, "ipv6cp: packets of 1279 octets reach the peer, and IPv6 needs 1280");
  terminate_lcp();
  expect_end(EndReason::kIpv6Failed);
}

// Anybody may have sent the Terminate-Request: as with IPCP, the peer has its time to negotiate anew.
TEST_F(SessionRequiresIpv6, EndsWhenThePeerTerminatesItUnlessItNegotiatesAnew) {
  authenticate(MppePolicy::kDeny);
  agree(kIpcp, kAddress);
  open_ipv6cp();
  receive(kIpv6cp, term_req(7));
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kNetwork);
  advance(settings.ppp.timeout);
  host.take();
  open_ipv6cp();
  EXPECT_EQ(session->status().phase, kUp);

  receive(kIpv6cp, term_req(8));
  EXPECT_FALSE(host.traced("ip off"));
  wait();
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kIpv6Failed});
}

// ---- the smallest MTU of IPv6, RFC 8200 §5 ----------------------------------------------------------------

TEST_F(SessionIpv6, IP6_02_LinksOfLessThan1280OctetsHaveNone) {
  come_up(MppePolicy::kDeny, option(1, u16(1279)) + kMagic);
  EXPECT_TRUE(rejects_ipv6cp());
  EXPECT_TRUE(
      log.has("no_ipv6 sid=00000000000000aa user=alice "
              "why=packets of 1279 octets reach the peer, and IPv6 needs 1280"));
  EXPECT_TRUE(log.named("ipv6cp_failed").empty()) << "nobody has failed";
  EXPECT_FALSE(host.traced("32855/1"));

  host.frames.clear();
  come_up(MppePolicy::kDeny, option(1, u16(1280)) + kMagic);
  open_ipv6cp();
}

TEST_F(SessionIpv6, IP6_02_ThatALinkIsTooSmallIsSaidOnce) {
  settings.ipv6.mode = Ipv6Policy::kAllow;
  come_up(MppePolicy::kRequire, option(1, u16(1280)) + kMagic);
  receive_in_earnest(kLcp, conf_req(++id, option(1, u16(1280)) + kMagic));
  renegotiate_lcp();
  agree(kCcp, kMppeOption);
  agree(kIpcp, kAddress);
  EXPECT_EQ(log.named("no_ipv6").size(), 1U);
  EXPECT_EQ(log.named("ipv6cp_failed").size(), 0U);
}

TEST_F(SessionIpv6, IP6_02_MppeTakesFourOctetsOfThem) {
  come_up(MppePolicy::kRequire, option(1, u16(1283)) + kMagic);
  EXPECT_TRUE(rejects_ipv6cp());

  host.frames.clear();
  come_up(MppePolicy::kRequire, option(1, u16(1284)) + kMagic);
  open_ipv6cp();
  EXPECT_TRUE(host.traced("ipv6 11:2233:4455:6677 2001:db8:64:7::/64 1284 mppe"));
}

TEST_F(SessionIpv6, IP6_02_OurOwnMtuLimitsItToo) {
  settings.ppp.mtu = 1279;
  come_up();
  EXPECT_TRUE(rejects_ipv6cp());
}

/// 36 octets of IPv4 and GRE, 4 of PPP, and with MPPE 4 more.
TEST_F(SessionIpv6, IP6_02_ThePortsMtuLessTheTunnelLimitsItToo) {
  host.port = 1319;
  come_up();
  EXPECT_TRUE(rejects_ipv6cp());
  EXPECT_TRUE(log.has("why=packets of 1279 octets reach the peer, and IPv6 needs 1280"));

  host.frames.clear();
  host.port = 1320;
  come_up();
  open_ipv6cp();

  host.frames.clear();
  host.port = 1323;
  come_up(MppePolicy::kRequire);
  EXPECT_TRUE(rejects_ipv6cp());

  host.frames.clear();
  host.port = 1324;
  come_up(MppePolicy::kRequire);
  open_ipv6cp();
}

TEST_F(SessionIpv6, IP6_02_CompressedHeadersLeaveThreeOctetsMore) {
  host.port = 1317;
  come_up(MppePolicy::kDeny, option(7, {}) + option(8, {}) + kMagic);
  open_ipv6cp();
}

TEST_F(SessionIpv6, IP6_02_EncryptionThatComesLateMayEndIt) {
  authenticate(MppePolicy::kPrefer, option(1, u16(1280)) + kMagic);
  const Packet ccp_request = only().packet;
  advance(8s);
  agree(kIpcp, kAddress);
  open_ipv6cp();
  receive(kCcp, conf_ack(ccp_request.id, ccp_request.data));
  receive(kCcp, conf_req(++id, kMppeOption));
  EXPECT_TRUE(host.traced("ipv6 off"));
  EXPECT_FALSE(host.traced("ip off"));
  const auto goodbye = last(kIpv6cp, PppCode::kTerminateRequest);
  ASSERT_TRUE(goodbye);
  receive(kIpv6cp, term_ack(goodbye->id));
  EXPECT_TRUE(rejects_ipv6cp());
  EXPECT_EQ(session->status().phase, kUp);
}

// ---- renegotiation, and packets that may be forged --------------------------------------------------------

TEST_F(SessionIpv6, LCP_08_ARenegotiatedLinkHasBothAgain) {
  come_up_with_both(MppePolicy::kRequire);
  receive_in_earnest(kLcp, conf_req(++id, kMagic));
  EXPECT_EQ(host.take_trace(),
            (std::vector<std::string>{"ip off", "ipv6 off", "mppe off", "49185/1", "49185/2"}));
  EXPECT_FALSE(session->status().ipv6);
  renegotiate_lcp();
  receive(kIpv6cp, conf_req(++id, kIdentifier));
  EXPECT_FALSE(sent(kIpv6cp, PppCode::kConfigureAck)) << "not before CCP";
  agree(kCcp, kMppeOption);
  EXPECT_EQ(last(kIpv6cp, PppCode::kConfigureAck), conf_ack(id - 1, kIdentifier));
  agree(kIpcp, kAddress);
  open_ipv6cp();
  EXPECT_EQ(session->status().phase, kUp);
  EXPECT_EQ(session->status().ipv6->link, kLink);
}

TEST_F(SessionIpv6, SEC_01_WhoGoesOnSendingIpv6HasNotEndedIt) {
  host.packets = host.ipv6_packets = 7;
  come_up_with_both();
  for (const Packet& packet : {term_req(1), term_ack(1), conf_req(9, option(1, u64(9)))}) {
    SCOPED_TRACE(packet);
    receive(kIpv6cp, packet);
    advance(500ms);
    ++*host.packets;
    ++*host.ipv6_packets;
    advance(510ms);
    EXPECT_TRUE(session->status().ipv6);
    EXPECT_FALSE(host.traced("ipv6 off"));
  }
  receive(kIpv6cp, term_req(1));
  advance(500ms);
  ++*host.packets;  // of IPv4: it says nothing of IPv6CP
  advance(510ms);
  EXPECT_TRUE(host.traced("ipv6 off"));
  EXPECT_EQ(session->status().phase, kUp);
}

TEST_F(SessionIpv6, SEC_01_Ipv6SaysNothingOfIpcp) {
  host.packets = host.ipv6_packets = 7;
  come_up_with_both();
  receive(kIpcp, term_req(1));
  advance(500ms);
  ++*host.packets;
  ++*host.ipv6_packets;
  advance(510ms);
  EXPECT_TRUE(host.traced("ip off"));
}

// A session that is up by IPv4 alone knows nothing of the peer's IPv6CP; one that has had it does.
TEST_F(SessionIpv6, SEC_01_AForgedProtocolRejectDoesNotTakeItAwayOnceItWasUp) {
  come_up_with_both();
  protocol_reject(kIpv6cp);
  EXPECT_TRUE(session->status().ipv6);
  receive(kIpv6cp, term_req(7));
  host.take();
  advance(settings.ppp.timeout);
  receive(kIpv6cp, conf_req(++id, option(1, u64(0))));
  protocol_reject(kIpv6cp);
  open_ipv6cp();
}

TEST_F(SessionIpv6, MPP_07_ProtocolRejectsOfItAreNoSignOfNonsense) {
  settings.ppp.mppe_stateful = StatefulPolicy::kPrefer;
  for (const Ipv6Policy mode : {Ipv6Policy::kPrefer, Ipv6Policy::kDeny}) {
    host.frames.clear();
    settings.ipv6.mode = mode;
    authenticate(MppePolicy::kRequire);
    const Packet request = only().packet;
    receive(kCcp, conf_ack(request.id, request.data));
    receive(kCcp, conf_req(++id, request.data));
    agree(kIpcp, kAddress);
    for (int i = 0; i < 10; ++i) {
      protocol_reject(kIpv6);
    }
    EXPECT_EQ(log.has("ppp_new_keys"), mode == Ipv6Policy::kDeny);
  }
}

}  // namespace
}  // namespace adit::control
