// SPDX-License-Identifier: Apache-2.0
// A RADIUS client on a clock that the test controls; the test sees its datagrams and answers them or not.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/radius/client.hpp"
#include "crypto/digest.hpp"
#include "crypto/library.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control::radius {

using Octets = std::vector<std::uint8_t>;

struct Sent {
  std::size_t server;
  Service service;
  std::uint32_t lane;
  Octets packet;
  [[nodiscard]] std::uint8_t identifier() const { return packet[1]; }
};

class RadiusClient : public testing::Test, public Transport {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }
  void make(std::size_t servers, ClientSettings settings = {}) {
    for (std::size_t n = 0; n < servers; ++n) {
      settings.servers.push_back({.name = "s" + std::to_string(n),
                                  .address = wire::Ipv4Address(192, 0, 2, static_cast<std::uint8_t>(n + 1)),
                                  .secret = crypto::SecretText("secret")});
    }
    client_ = std::make_unique<Client>(settings, wheel_, entropy_, log_, *this);
  }
  bool send(std::size_t server, Service service, std::uint32_t lane, Bytes datagram) override {
    sent_.push_back({server, service, lane, Octets(datagram.begin(), datagram.end())});
    return true;
  }
  void ask(const std::string& user = "alice") {
    client_->request(
        Code::kAccessRequest, [user](RequestWriter& request, Bytes) { request.text(Type::kUserName, user); },
        [this](const auto& reply) {
          answers_.push_back(reply ? "code " + std::to_string(static_cast<int>(reply->packet.code()))
                                   : reply.error().why);
        });
  }
  /// One record of a session, whose answer nobody waits for.
  void record() {
    client_->request(
        Code::kAccountingRequest,
        [](RequestWriter& request, Bytes) { request.number(Type::kAcctStatusType, 1); }, [](const auto&) {});
  }
  [[nodiscard]] std::size_t sent_of(Service service) const {
    return static_cast<std::size_t>(std::ranges::count(sent_, service, &Sent::service));
  }
  [[nodiscard]] std::vector<Sent> sent_of(Code code) const {
    std::vector<Sent> all;
    std::ranges::copy_if(sent_, std::back_inserter(all), [code](const Sent& one) {
      return one.packet[0] == static_cast<std::uint8_t>(code);
    });
    return all;
  }
  static Octets reply_to(const Sent& request, Code code = Code::kAccessAccept,
                         std::string_view secret = "secret") {
    Octets packet{static_cast<std::uint8_t>(code), request.identifier(), 0, 38};
    packet.insert(packet.end(), request.packet.begin() + 4, request.packet.begin() + 20);
    packet.insert(packet.end(), {80, 18});
    packet.resize(38);
    const auto key = crypto::octets_of(secret);
    const auto signature = crypto::hmac_md5(key, {packet});
    std::ranges::copy(signature, packet.begin() + 22);
    const auto digest = crypto::md5({packet, key});
    std::ranges::copy(digest, packet.begin() + 4);
    return packet;
  }
  void answer(const Sent& request, Code code = Code::kAccessAccept) {
    client_->on_datagram(request.server, request.service, request.lane, reply_to(request, code));
  }
  void pass(Duration time) {
    for (Duration at{0}; at < time; at += Duration{100}) {
      wheel_.advance(wheel_.now() + Duration{100});
    }
  }

  TimerWheel wheel_;
  test::SeededEntropy entropy_{1};
  test::RecordingLog log_;
  std::vector<Sent> sent_;
  std::vector<std::string> answers_;
  std::unique_ptr<Client> client_;
};

}  // namespace adit::control::radius
