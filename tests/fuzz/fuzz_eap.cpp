// SPDX-License-Identifier: Apache-2.0
// The authenticator's side of EAP against a peer and a server that say anything in any order, local and passed through.
// Invariants: nobody is let in whom the back end has not accepted, none twice, and none after a failure; a Request is
// repeated as it is or has another identifier, unless the server chose it; an event is answered a bounded number of times.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "controlplane/auth/authenticator.hpp"
#include "controlplane/auth/eap.hpp"
#include "crypto/library.hpp"
#include "dataplane/wire/eap.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::fuzz {

using namespace control;
using wire::Bytes;

namespace {

using Octets = std::vector<std::uint8_t>;

class EapBackend final : public AuthBackend {
 public:
  void authenticate(AuthRequest request, AuthClient& client) override {
    require(waiting_ == nullptr && request.user.size() <= 253 + 1'500);
    if (const auto* eap = std::get_if<EapProof>(&request.proof)) {
      require(wire::parse_eap(eap->packet).has_value());
    }
    waiting_ = &client;
    by_server_ = std::holds_alternative<EapProof>(request.proof);
  }
  void cancel(AuthClient& client) override {
    if (waiting_ == &client) {
      waiting_ = nullptr;
    }
  }
  void answer(Input& input) {
    AuthClient* client = std::exchange(waiting_, nullptr);
    if (client == nullptr) {
      return;
    }
    switch (input.u8() % 6) {
      case 0:
        return client->on_verdict(
            AuthRejected{.ms_chap_error = static_cast<std::uint16_t>(691 - input.u8() % 2)});
      case 1:
        return client->on_verdict(AuthUnavailable{"silent"});
      case 2:
        return client->on_verdict(AuthUnusable{"nonsense"});
      case 3:
        if (by_server_) {
          const Bytes request = input.octets(input.u8());
          return client->on_verdict(AuthChallenge{.request{request.begin(), request.end()},
                                                  .next{.server = "s", .state{1}},
                                                  .patience = Duration{input.u16()}});
        }
        return client->on_verdict(AuthUnusable{"a challenge to a proof"});
      case 4:
        if (by_server_) {
          return client->on_verdict(AuthByOwnMethod{});
        }
        [[fallthrough]];
      default:
        accepted = true;
        AuthAccepted verdict;
        verdict.authenticator_response = input.u8() % 8 == 0 ? "" : "S=" + std::string(40, 'A');
        return client->on_verdict(std::move(verdict));
    }
  }
  bool accepted = false;

 private:
  AuthClient* waiting_ = nullptr;
  bool by_server_ = false;
};

class EapHost final : public AuthenticatorHost {
 public:
  explicit EapHost(const EapBackend& backend, bool up) : backend_(backend), up_(up) {}
  void send_auth_frame(std::span<const std::uint8_t> frame) override {
    require(frame.size() >= 8 && frame.size() <= wire::PppFrameWriter::kCapacity && ++frames <= 4);
    const auto packet = wire::parse_eap(frame.subspan(4));
    require(packet && packet->code != wire::EapCode::kResponse && packet->whole.size() + 4 == frame.size());
    if (packet->code == wire::EapCode::kRequest) {
      require(!accepted_);
      last.assign(packet->whole.begin(), packet->whole.end());
    } else if (packet->code == wire::EapCode::kSuccess) {
      require(backend_.accepted && !failed_);
    }
  }
  void auth_accepted(const AuthAccepted&, std::string_view) override {
    require(backend_.accepted && !std::exchange(accepted_, true) && !failed_);
  }
  bool doubts_proof(std::string_view, std::string_view) override { return up_; }
  std::uint32_t auth_rejected(std::string_view, std::string_view, bool) override { return ++rejections_; }
  void auth_failed(EndReason reason, std::string_view, std::string_view why) override {
    require(!accepted_ && !std::exchange(failed_, true) && reason != EndReason::kNone && !why.empty());
  }

  Octets last;
  int frames = 0;

 private:
  const EapBackend& backend_;
  const bool up_;
  std::uint32_t rejections_ = 0;
  bool accepted_ = false;
  bool failed_ = false;
};

}  // namespace

void fuzz_eap(Bytes octets) {
  static const bool kReady = crypto::initialise().has_value();
  require(kReady);
  if (const auto parsed = wire::parse_eap(octets)) {
    require(parsed->whole.size() <= octets.size() && parsed->data.size() <= parsed->whole.size());
    const auto message = wire::parse_eap_ms_chap_v2(parsed->data);
    require(!message || message->data.size() <= parsed->data.size());
  }
  Input input(octets);
  const std::uint8_t flags = input.u8();
  Settings settings;
  settings.auth.methods = {AuthMethod::kEap};
  settings.auth.max_failure = 1 + flags / 4 % 4;
  settings.eap.mode = (flags & 1) != 0 ? EapMode::kRadius : EapMode::kLocal;
  TimerWheel wheel;
  test::SeededEntropy entropy{7};
  EapBackend backend;
  EapHost host(backend, (flags & 2) != 0);
  const auto eap = make_authenticator(AuthMethod::kEap, settings, wheel, entropy, backend, host, {});
  eap->start();
  for (int events = 0; !input.empty() && events < 200; ++events) {
    host.frames = 0;
    switch (input.u8() % 5) {
      case 0:
        eap->on_packet(input.octets(input.u8()));
        break;
      case 1: {  // a Response to the last Request, of any type
        const Bytes data = input.octets(input.u8());
        Octets packet{2, host.last.size() > 1 ? host.last[1] : std::uint8_t{0}, 0, 0};
        packet.insert(packet.end(), data.begin(), data.end());
        wire::store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
        eap->on_packet(packet);
        break;
      }
      case 2: {  // one of the type that was asked for
        const Bytes data = input.octets(input.u8());
        Octets packet{2, host.last[1], 0, 0, host.last[4]};
        packet.insert(packet.end(), data.begin(), data.end());
        wire::store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
        eap->on_packet(packet);
        break;
      }
      case 3:
        backend.answer(input);
        break;
      default:
        wheel.advance(wheel.now() + Duration{input.u16() % 3'000});
        break;
    }
  }
}

}  // namespace adit::fuzz
