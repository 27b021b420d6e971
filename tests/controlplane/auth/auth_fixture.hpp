// SPDX-License-Identifier: Apache-2.0
// An authenticator between a scripted backend and a recording session.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/auth/authenticator.hpp"
#include "crypto/library.hpp"
#include "dataplane/wire/ppp_packet.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control::test {

using Octets = std::vector<std::uint8_t>;

inline const bool kCryptoReady = crypto::initialise().has_value();

inline Octets octets(std::string_view text) {
  return {text.begin(), text.end()};
}

/// Holds requests until the test answers them, or passes them to another backend at once.
class ScriptedBackend : public AuthBackend {
 public:
  void authenticate(AuthRequest request, AuthClient& client) override {
    requests.push_back(std::move(request));
    waiting = &client;
    if (answer_at_once) {
      answer(*answer_at_once);
    }
  }
  void cancel(AuthClient& client) override {
    if (waiting == &client) {
      waiting = nullptr;
      ++cancelled;
    }
  }
  void answer(const AuthVerdict& verdict) { std::exchange(waiting, nullptr)->on_verdict(verdict); }

  std::vector<AuthRequest> requests;
  AuthClient* waiting = nullptr;
  int cancelled = 0;
  std::optional<AuthVerdict> answer_at_once;
};

/// Records what the authenticator did, in order.
class RecordingHost final : public AuthenticatorHost {
 public:
  void send_auth_frame(std::span<const std::uint8_t> frame) override {
    frames.emplace_back(frame.begin(), frame.end());
    events += 's';
  }
  void auth_accepted(const AuthAccepted& verdict, std::string_view name) override {
    accepted = verdict;
    user = name;
    events += 'A';
  }
  bool doubts_proof(std::string_view, std::string_view) override { return been_up; }
  std::uint32_t auth_rejected(std::string_view, std::string_view, bool) override { return ++rejections; }
  void auth_failed(EndReason what, std::string_view name, std::string_view) override {
    reason = what;
    user = name;
    events += 'F';
  }

  std::vector<Octets> frames;
  std::string events;  // s: sent, A: accepted, F: failed
  std::optional<AuthAccepted> accepted;
  EndReason reason = EndReason::kNone;
  std::string user;
  std::uint32_t rejections = 0;  ///< of the session
  bool been_up = false;
};

class AuthFixture : public ::testing::Test {
 protected:
  void make(AuthMethod method) {
    authenticator =
        make_authenticator(method, settings, wheel, entropy, *backend_in_use, host,
                           {wire::Ipv4Address(192, 0, 2, 7), wire::Ipv4Address(192, 0, 2, 1), "0123"});
  }
  void start(AuthMethod method) {
    make(method);
    authenticator->start();
  }
  void pass(Duration time) { wheel.advance(wheel.now() + time); }

  /// The last frame sent, its header checked and removed.
  [[nodiscard]] wire::PppPacket last() const {
    EXPECT_FALSE(host.frames.empty());
    const Octets& frame = host.frames.back();
    const auto header = wire::parse_ppp(frame);
    EXPECT_TRUE(header.has_value());
    EXPECT_EQ(header->protocol, authenticator->protocol());
    const auto packet = wire::parse_ppp_packet(wire::Bytes(frame).subspan(header->header_length));
    EXPECT_TRUE(packet.has_value());
    return *packet;
  }
  [[nodiscard]] std::string last_text() const { return std::string(wire::text_of(last().data)); }

  /// To the authenticator: code, identifier, length, data.
  void deliver(std::uint8_t code, std::uint8_t identifier, wire::Bytes data) {
    Octets packet = {code, identifier, static_cast<std::uint8_t>((data.size() + 4) >> 8),
                     static_cast<std::uint8_t>(data.size() + 4)};
    packet.insert(packet.end(), data.begin(), data.end());
    authenticator->on_packet(packet);
  }

  Settings settings;
  TimerWheel wheel;
  adit::test::SeededEntropy entropy;
  ScriptedBackend backend;
  AuthBackend* backend_in_use = &backend;
  RecordingHost host;
  std::unique_ptr<Authenticator> authenticator;
};

}  // namespace adit::control::test
