// SPDX-License-Identifier: Apache-2.0
// Dials that fail, each for a cause of its own, at a concentrator on a virtual clock. Owner: the simulation.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/client/client_profile.hpp"
#include "controlplane/radius/auth.hpp"
#include "tests/controlplane/radius/reply_kit.hpp"
#include "tests/sim/dial_world.hpp"

namespace adit::sim {

/// A RADIUS server that rejects everybody, or says nothing.
class SimRadius final : public control::radius::Transport, public control::AuthBackend {
 public:
  SimRadius(control::House& house, bool answers)
      : answers_(answers),
        client_(settings(), house.wheel, house.entropy, house.log, *this),
        auth_(client_, {}, {}, house.log) {}

  bool send(std::size_t, control::radius::Service, std::uint32_t lane,
            control::radius::Bytes datagram) override {
    sent_.emplace_back(lane, control::radius::Octets(datagram.begin(), datagram.end()));
    return true;
  }
  void authenticate(control::AuthRequest request, control::AuthClient& client) override {
    auth_.authenticate(std::move(request), client);
  }
  void cancel(control::AuthClient& client) override { auth_.cancel(client); }
  /// Its answers arrive.
  void pump() {
    using namespace control::radius;
    for (const auto& [lane, packet] : std::exchange(sent_, {})) {
      Authenticator request{};
      std::copy_n(packet.begin() + 4, request.size(), request.begin());
      const Octets message = attribute(Type::kReplyMessage, text("account locked"));
      if (answers_) {
        client_.on_datagram(0, Service::kAuthentication, lane,
                            reply_of(message, true, Code::kAccessReject, request, packet[1]));
      }
    }
  }

 private:
  static control::radius::ClientSettings settings() {
    control::radius::ClientSettings settings;
    settings.servers.push_back({.name = "aaa1",
                                .address = wire::Ipv4Address(192, 0, 2, 10),
                                .secret = crypto::SecretText("xyzzy5461")});
    return settings;
  }
  const bool answers_;
  std::vector<std::pair<std::uint32_t, control::radius::Octets>> sent_;
  control::radius::Client client_;
  control::radius::RadiusAuth auth_;
};

/// Passes on to whichever back end a scenario has.
struct AnyBackend final : control::AuthBackend {
  control::AuthBackend* backend = nullptr;
  void authenticate(control::AuthRequest request, control::AuthClient& client) override {
    backend->authenticate(std::move(request), client);
  }
  void cancel(control::AuthClient& client) override { backend->cancel(client); }
};

struct StoryHouse final : control::House {
  using House::House;
  std::optional<wire::Ipv4Address> elsewhere;
  std::optional<wire::Ipv4Address> gre_from_elsewhere(wire::Ipv4Address, wire::LocalCallId) const override {
    return elsewhere;
  }
};

class FailedDials {
 public:
  /// What makes the dial fail, by name: fails the test for an unknown one.
  explicit FailedDials(const std::string& cause);
  [[nodiscard]] const control::Concentrator& concentrator() const { return *house_->concentrator; }
  [[nodiscard]] static std::vector<std::string> causes();

 private:
  using Scenario = void (FailedDials::*)();
  [[nodiscard]] static const std::map<std::string, Scenario>& scenarios();

  void begin(control::Settings settings = {}, std::optional<bool> radius_answers = std::nullopt);
  /// Dials and runs for as long as a dial may take.
  void dial(const std::string& user, const std::string& password, const control::AuthMethod method,
            control::MppePolicy mppe = control::MppePolicy::kPrefer,
            control::Ipv6Policy ipv6 = control::Ipv6Policy::kDeny, std::uint16_t mru = 1436,
            bool ipv4 = true);
  [[nodiscard]] static control::Settings with_ipv6(std::string_view links);
  void run(control::Duration time);
  /// A client of the control connection alone; `frame`: repeated by GRE each second.
  void dial_by_hand(std::vector<std::uint8_t> frame = {});

  void none();
  void wrong_password();
  void unknown_user();
  void method_refused();
  void mppe_refused();
  void pool_empty();
  void address_taken();
  void radius_silent();
  void radius_rejects();
  void no_gre();
  void gre_from_elsewhere();
  void lcp_never_opens();
  void ccp_never_opens();
  void ipv6();
  void ipv6_too_small();
  void ipv6_pool_empty();
  void ipv6_not_spoken();
  void ipv6_alone();

  control::LocalUsers users_{
      control::parse_users("alice * secret *\nbob * secret *\nfred * secret 10.64.0.9\n", {}).users};
  AnyBackend any_;
  std::unique_ptr<StoryHouse> house_;
  std::unique_ptr<SimRadius> radius_;
  std::vector<std::unique_ptr<WorldClient>> clients_;
  std::vector<std::unique_ptr<control::ClientSettings>> settings_;  // of the clients
  bool loses_ccp_ = false;  // what the server sends by CCP reaches no client
};

}  // namespace adit::sim
