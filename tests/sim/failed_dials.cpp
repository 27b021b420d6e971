// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/failed_dials.hpp"

#include "crypto/library.hpp"

namespace adit::sim {

using control::AuthMethod;
using control::Duration;
using control::MppePolicy;
using control::Settings;
using namespace std::chrono_literals;

const std::map<std::string, FailedDials::Scenario>& FailedDials::scenarios() {
  static const std::map<std::string, Scenario> kScenarios = {
      {"none", &FailedDials::none},
      {"wrong password", &FailedDials::wrong_password},
      {"unknown user", &FailedDials::unknown_user},
      {"method refused", &FailedDials::method_refused},
      {"MPPE refused", &FailedDials::mppe_refused},
      {"pool empty", &FailedDials::pool_empty},
      {"fixed address taken", &FailedDials::address_taken},
      {"RADIUS silent", &FailedDials::radius_silent},
      {"RADIUS rejects", &FailedDials::radius_rejects},
      {"no GRE", &FailedDials::no_gre},
      {"GRE from elsewhere", &FailedDials::gre_from_elsewhere},
      {"LCP never opens", &FailedDials::lcp_never_opens},
      {"CCP never opens", &FailedDials::ccp_never_opens},
      {"IPv6", &FailedDials::ipv6},
      {"IPv6 does not fit", &FailedDials::ipv6_too_small},
      {"IPv6 pool empty", &FailedDials::ipv6_pool_empty},
      {"IPv6 not spoken", &FailedDials::ipv6_not_spoken},
      {"IPv6 alone", &FailedDials::ipv6_alone},
  };
  return kScenarios;
}

std::vector<std::string> FailedDials::causes() {
  std::vector<std::string> names;
  for (const auto& [name, scenario] : scenarios()) {
    names.push_back(name);
  }
  return names;
}

FailedDials::FailedDials(const std::string& cause) {
  EXPECT_TRUE(crypto::initialise().has_value());
  const auto found = scenarios().find(cause);
  if (found == scenarios().end()) {
    ADD_FAILURE() << "no scenario: " << cause;
    begin();
  } else {
    (this->*found->second)();
  }
}

void FailedDials::begin(Settings settings, std::optional<bool> radius_answers) {
  settings.ip.gateway = wire::Ipv4Address(10, 64, 0, 1);
  if (settings.ip.pools.empty()) {
    settings.ip.pools = {{"default", {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 0, 250)}}}};
  }
  house_ = std::make_unique<StoryHouse>(std::move(settings), std::uint16_t{1}, 64U, 1U, &any_);
  any_.backend = &users_;
  if (radius_answers) {
    radius_ = std::make_unique<SimRadius>(*house_, *radius_answers);
    any_.backend = radius_.get();
  }
}

void FailedDials::dial(const std::string& user, const std::string& password, AuthMethod method,
                       MppePolicy mppe, control::Ipv6Policy ipv6, std::uint16_t mru, bool ipv4) {
  settings_.push_back(std::make_unique<control::ClientSettings>());
  control::ClientSettings& settings = *settings_.back();
  settings.profile = &control::client_profiles().front();
  settings.user = user;
  control::set_password(settings, password);
  settings.methods = {method};
  settings.mppe = mppe;
  settings.ipv6 = ipv6;
  settings.ipv4 = ipv4;
  settings.ppp.mru = mru;
  settings.setup_timeout = 120s;
  settings.ppp.setup_timeout = 120s;
  clients_.push_back(std::make_unique<WorldClient>(*house_, settings, LinkQuality{},
                                                   static_cast<std::uint32_t>(clients_.size() + 1)));
  clients_.back()->dial();
  run(75s);
}

void FailedDials::run(Duration time) {
  for (Duration at{0}; at < time; at += control::TimerWheel::kTick) {
    house_->advance(control::TimerWheel::kTick);
    house_->run_workers();
    for (auto& [ref, call] : house_->installed) {
      std::erase_if(call.to_peer, [&](const control::House::Frame& frame) {
        return loses_ccp_ && frame[2] == 0x80 && frame[3] == 0xFD;
      });
    }
    for (const auto& client : clients_) {
      client->pump();
    }
    if (radius_ != nullptr) {
      radius_->pump();
    }
  }
}

void FailedDials::dial_by_hand(std::vector<std::uint8_t> frame) {
  control::DialIn client(*house_, 1, wire::Ipv4Address(203, 0, 113, 9));
  client.start();
  run(20ms);
  client.call(7);
  run(20ms);
  const auto reply = client.received<control::pptp::OutgoingCallReply>();
  ASSERT_TRUE(reply.has_value());
  client.ref = house_->calls_by_id.at({WorldClient::kServer, reply->call_id});
  for (int second = 0; second < 75; ++second) {
    if (!frame.empty() && house_->calls_by_id.contains({WorldClient::kServer, reply->call_id})) {
      client.send_ppp(control::kLcp, frame);
    }
    run(1s);
  }
}

// ---- the causes -------------------------------------------------------------------------------------------

void FailedDials::none() {
  begin();
  house_->live_totals = {.uplink_packets = 12, .downlink_packets = 9};
  house_->live_first = {.uplink_ms = 74'500, .downlink_ms = 74'400};
  dial("alice", "secret", AuthMethod::kMsChapV2);
}

void FailedDials::wrong_password() {
  begin();
  dial("alice", "not hers", AuthMethod::kMsChapV2);
}

void FailedDials::unknown_user() {
  begin();
  dial("mallory", "secret", AuthMethod::kMsChapV2);
}

void FailedDials::method_refused() {
  begin();
  dial("alice", "secret", AuthMethod::kPap);
}

void FailedDials::mppe_refused() {
  Settings settings;
  settings.ppp.mppe = MppePolicy::kRequire;
  begin(settings);
  dial("alice", "secret", AuthMethod::kMsChapV2, MppePolicy::kDeny);
}

void FailedDials::pool_empty() {
  Settings settings;
  settings.ip.pools = {{"default", {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 0, 2)}}}};
  begin(settings);
  dial("alice", "secret", AuthMethod::kMsChapV2);
  dial("bob", "secret", AuthMethod::kMsChapV2);
}

void FailedDials::address_taken() {
  begin();
  dial("fred", "secret", AuthMethod::kMsChapV2);
  dial("fred", "secret", AuthMethod::kMsChapV2);
}

void FailedDials::radius_silent() {
  begin({}, false);
  dial("alice", "secret", AuthMethod::kMsChapV2);
}

void FailedDials::radius_rejects() {
  begin({}, true);
  dial("alice", "secret", AuthMethod::kMsChapV2);
}

void FailedDials::no_gre() {
  begin();
  dial_by_hand();
}

void FailedDials::gre_from_elsewhere() {
  begin();
  house_->elsewhere = wire::Ipv4Address(203, 0, 113, 77);
  dial_by_hand();
}

/// It hears nothing of us: it repeats its own request, and acknowledges none.
void FailedDials::lcp_never_opens() {
  begin();
  dial_by_hand({1, 1, 0, 0, 1, 4, 0x05, 0x78});
}

void FailedDials::ccp_never_opens() {
  Settings settings;
  settings.ppp.mppe = MppePolicy::kRequire;
  begin(settings);
  loses_ccp_ = true;
  dial("alice", "secret", AuthMethod::kMsChapV2, MppePolicy::kDeny);
}

// ---- IPv6, without which a call goes on -------------------------------------------------------------------

Settings FailedDials::with_ipv6(std::string_view links) {
  Settings settings;
  settings.ipv6.mode = control::Ipv6Policy::kAllow;
  settings.ipv6.pools = {{.prefix = *wire::parse_ipv6_prefix(links)}};
  return settings;
}

void FailedDials::ipv6() {
  begin(with_ipv6("2001:db8:64::/48"));
  dial("alice", "secret", AuthMethod::kMsChapV2, MppePolicy::kPrefer, control::Ipv6Policy::kPrefer);
}

void FailedDials::ipv6_too_small() {
  begin(with_ipv6("2001:db8:64::/48"));
  dial("alice", "secret", AuthMethod::kMsChapV2, MppePolicy::kPrefer, control::Ipv6Policy::kPrefer, 1283);
}

void FailedDials::ipv6_pool_empty() {
  begin(with_ipv6("2001:db8:64::/64"));
  dial("alice", "secret", AuthMethod::kMsChapV2, MppePolicy::kPrefer, control::Ipv6Policy::kPrefer);
  dial("bob", "secret", AuthMethod::kMsChapV2, MppePolicy::kPrefer, control::Ipv6Policy::kPrefer);
}

void FailedDials::ipv6_not_spoken() {
  Settings settings = with_ipv6("2001:db8:64::/48");
  settings.ipv6.mode = control::Ipv6Policy::kRequire;
  begin(settings);
  dial("alice", "secret", AuthMethod::kMsChapV2);
}

void FailedDials::ipv6_alone() {
  begin(with_ipv6("2001:db8:64::/48"));
  dial("alice", "secret", AuthMethod::kMsChapV2, MppePolicy::kPrefer, control::Ipv6Policy::kPrefer, 1436,
       false);
}

}  // namespace adit::sim
