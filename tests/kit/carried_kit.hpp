// SPDX-License-Identifier: Apache-2.0
// A call and a connection with something in every field, as records have them.
#pragma once

#include "controlplane/concentrator/carried_call.hpp"

namespace adit::test {

inline control::CarriedConnection a_connection() {
  control::CarriedConnection connection;
  connection.id = 77;
  connection.peer = wire::Ipv4Address(198, 51, 100, 7);
  connection.local = wire::Ipv4Address(192, 0, 2, 1);
  connection.since = control::Instant{control::Duration{-90'000}};
  connection.started = control::Instant{control::Duration{-89'000}};
  connection.calls = 3;
  connection.pptp = {.half_read = {0, 16, 0, 1},
                     .echo_identifier = 9,
                     .echo_outstanding = true,
                     .echo_left = control::Duration{12'000},
                     .brings_calls = true};
  connection.calls_now = {{.local_id = wire::LocalCallId(513), .incoming = true}};
  connection.unsent = {1, 2, 3};
  return connection;
}

inline control::CarriedCall a_call() {
  using namespace control;
  const auto prefix = [](const char* text) { return *wire::parse_ipv6_prefix(text); };
  const Ipv6Binding binding{.interface_id = 0x0202,
                            .link = prefix("2001:db8:1:2::/64"),
                            .address = wire::Ipv6Address{0x2001'0db8'0000'0000, 7},
                            .delegated = prefix("2001:db8:40::/56")};
  CarriedCall call;
  call.connection = 77;
  call.number = 0xFEDC'BA98'7654'3210;
  call.ref = {contract::WorkerId{1}, 42, 5};
  call.peer = wire::Ipv4Address(198, 51, 100, 7);
  call.local = wire::Ipv4Address(192, 0, 2, 1);
  call.since = Instant{Duration{-88'000}};
  call.up_since = Instant{Duration{-87'000}};
  call.pptp = {.local_id = wire::LocalCallId(513),
               .peer_id = wire::PeerCallId(7),
               .peer_window = 64,
               .peer_sent_link_info = true,
               .lcp_is_open = true,
               .link_info_sent = true,
               .peer_send_accm = 0xFFFF'FFFF,
               .peer_receive_accm = 1,
               .wan = CarriedPptpCall::Wan{.notifies = 1, .crc_errors = 2},
               .incoming = CarriedPptpCall::Incoming{.calling = "4930123", .called = "4940456"}};
  CarriedSession& session = call.session;
  const CarriedProtocol opened{
      .state = PppState::kOpened, .identifier = 4, .request_identifier = 3, .acknowledged = {1, 1, 0, 4}};
  session.lcp = {.protocol = opened,
                 .method = AuthMethod::kMsChapV1,
                 .asks_mru = true,
                 .asks_magic = true,
                 .magic = 0xAABB'CCDD,
                 .peer = {.mru = 1400, .magic = 1, .accepts_acfc = true, .accepts_pfc = true},
                 .echoes_answered = 11};
  session.network.ccp = {
      .protocol = opened, .strengths = 0x40, .requested = 0x0100'0040, .acknowledged = 0x0100'0040};
  session.network.ipcp = {
      .protocol = opened,
      .assigned = wire::Ipv4Address(10, 64, 0, 9),
      .servers = {.dns1 = wire::Ipv4Address(9, 9, 9, 9), .dns2 = {}, .wins1 = {}, .wins2 = {}},
      .asks_address = true};
  session.network.ipv6cp = CarriedIpv6cp{.protocol = opened, .forced = 0x0202, .peer = 0x0202, .asks = true};
  session.network.ipv4 = session.network.ipv6 = {.started = true, .told_up = true, .has_been_up = true};
  session.network.enabled = wire::Ipv4Address(10, 64, 0, 9);
  session.network.ipv6_enabled = 0x0202;
  session.network.receives = contract::MppeMode{.strength = contract::MppeStrength::k128};
  session.network.mtu = 1400;
  session.network.port_mtu = 1500;
  session.network.ipv6_policy = Ipv6Policy::kPrefer;
  session.network.mppe_required = session.network.begun = session.network.ccp_settled = true;
  session.network.encrypted = session.network.keys_spent = true;
  session.network.used_keys.send.fill(3);
  session.network.subscriber6 = binding;
  session.user = "alice";
  session.claimed = call.logged_in_as = "ALICE";
  session.auth_method = "mschap-v2";
  session.ipv6_dns = {wire::Ipv6Address{1, 2}};
  session.up_since = call.up_since;
  call.method = AuthMethod::kMsChapV2;
  call.leased = wire::Ipv4Address(10, 64, 0, 9);
  call.routes = {{wire::Ipv4Address(10, 9, 0, 0), 16}, {wire::Ipv4Address(10, 8, 7, 0), 24}};
  call.prefixes = CarriedPrefixes{.terms = {.link = binding.link, .routes = {prefix("2001:db8:9::/48")}},
                                  .link = binding.link,
                                  .address = {},
                                  .delegated = binding.delegated,
                                  .used = true};
  call.enabled = {.subscriber = call.leased,
                  .peer_mru = 1400,
                  .require_mppe = true,
                  .has_had_ipv4 = true,
                  .ipv6 = binding,
                  .peer_mru6 = 1400,
                  .require_mppe6 = true};
  call.admitted_rate = {.down = 10'000, .up = 2'000};
  call.rate = {.down = 512, .up = 512};
  call.timeouts = CarriedTimeouts{.session = Duration{3'600'000}, .idle = Duration{600'000}};
  call.accounting = CarriedAccounting{.user = "alice",
                                      .address = call.leased,
                                      .ipv6 = binding,
                                      .classes = {{1, 2, 3}, {}},
                                      .by_radius = true,
                                      .interim_interval = Duration{300'000},
                                      .interim_due = Instant{Duration{100}},
                                      .change_due = {},
                                      .next_change = {}};
  call.mppc_history = 2;
  call.story = {.begun = call.since, .gates = {1, 20, 30, 40}, .origin = 2};
  return call;
}

}  // namespace adit::test
