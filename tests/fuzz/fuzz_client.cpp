// SPDX-License-Identifier: Apache-2.0
// A client against a server that answers, lies, repeats and renegotiates in any order, over TCP and GRE, with
// every profile, method and MPPE policy. Invariants: whole messages, frames that parse, a bounded answer to
// each event, data only on an installed call with an address, keys before the frame that lets the server use
// them, one end, nothing after it, and no timer left.
#include <map>
#include <vector>

#include "controlplane/client/client_call.hpp"
#include "controlplane/pptp/messages.hpp"
#include "crypto/library.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::fuzz {

using namespace control;
using wire::Bytes;
using wire::PppProtocol;

namespace {

using Octets = std::vector<std::uint8_t>;

constexpr wire::LocalCallId kOurId(0x1234);

class Host final : public ClientCallHost {
 public:
  explicit Host(const ClientSettings& settings) : settings_(settings) {}

  void send(std::span<const std::uint8_t> message) override {
    require(!ended && !closed_ && pptp::parse(message).has_value() && ++answers_ <= 64);
  }
  void close() override {
    require(!ended && !closed_);
    closed_ = true;
  }
  void install_call(wire::LocalCallId local, wire::PeerCallId) override {
    require(!ended && !installed_ && local == kOurId);
    installed_ = true;
  }
  void send_ppp_frame(std::span<const std::uint8_t> frame) override {
    require(installed_ && !closed_ && !ended && frame.size() <= wire::PppFrameWriter::kCapacity &&
            ++answers_ <= 64);
    const auto header = wire::parse_ppp(frame);
    require(header && header->header_length == 4);
    const auto packet = wire::parse_ppp_packet(frame.subspan(4));
    require(packet && packet->whole.size() + 4 == frame.size());
    if (packet->code == 1) {
      asked[header->protocol] = Octets(packet->whole.begin(), packet->whole.end());
    }
    require(header->protocol != PppProtocol::kCcp || packet->code != 2 || packet->data.empty() || receives_);
  }
  void set_ppp_compression(bool, bool) override { require(installed_ && !ended); }
  void enable_mppe(contract::Direction direction, contract::MppeMode mode, const crypto::Secret<16>&,
                   const crypto::Secret<16>&) override {
    require(installed_ && !ended && settings_.mppe != MppePolicy::kDeny && !mode.stateful);
    require(mode.strength == contract::MppeStrength::k128 || settings_.mppe_key_lengths.size() > 1);
    (direction == contract::Direction::kSend ? sends_ : receives_) = encrypted_ = true;
  }
  void disable_mppe() override { sends_ = receives_ = false; }
  void enable_ip(wire::Ipv4Address own, std::uint16_t peer_mru, bool require_mppe) override {
    require(installed_ && !ended && !ip_ && !own.is_none() && peer_mru >= 68);
    require(require_mppe == (settings_.mppe == MppePolicy::kRequire || encrypted_));
    ip_ = true;
  }
  void disable_ip() override {
    require(ip_);
    ip_ = false;
  }
  void client_up() override {
    require(ip_ && !up_ && !ended && (settings_.mppe != MppePolicy::kRequire || (sends_ && receives_)));
    up_ = true;
  }
  void client_ended(ClientEnd end, std::string_view) override {
    require(!ended && end != ClientEnd::kNone && !ip_ && !sends_ && !receives_);
    ended = true;
  }

  void begin() { answers_ = 0; }
  std::map<PppProtocol, Octets> asked;
  bool ended = false;

 private:
  const ClientSettings& settings_;
  int answers_ = 0;
  bool closed_ = false;
  bool installed_ = false;
  bool sends_ = false;
  bool receives_ = false;
  bool encrypted_ = false;
  bool ip_ = false;
  bool up_ = false;
};

ClientSettings settings_of(std::uint8_t mode, std::uint8_t profile) {
  constexpr AuthMethod kMethods[] = {AuthMethod::kMsChapV2, AuthMethod::kMsChapV1, AuthMethod::kChapMd5,
                                     AuthMethod::kPap};
  constexpr MppePolicy kPolicies[] = {MppePolicy::kDeny, MppePolicy::kAllow, MppePolicy::kPrefer,
                                      MppePolicy::kRequire};
  ClientSettings settings;
  settings.profile = &client_profiles()[profile % client_profiles().size()];
  settings.incoming = (profile & 0x80) != 0;
  set_password(settings, "secret");
  settings.methods = {kMethods[mode % 4]};
  if ((mode & 0x40) != 0) {
    settings.methods.assign(std::begin(kMethods), std::end(kMethods));
  }
  settings.mppe = kPolicies[mode / 4 % 4];
  if ((mode & 0x20) != 0) {
    settings.mppe_key_lengths = {contract::MppeStrength::k40, contract::MppeStrength::k128};
  }
  return settings;
}

PppProtocol protocol(std::uint8_t which) {
  constexpr PppProtocol kProtocols[] = {PppProtocol::kLcp, PppProtocol::kCcp,  PppProtocol::kIpcp,
                                        PppProtocol::kPap, PppProtocol::kChap, PppProtocol::kIpv6cp};
  return kProtocols[which % std::size(kProtocols)];
}

Octets frame(PppProtocol protocol, std::uint8_t code, std::uint8_t identifier, Bytes data) {
  wire::PppFrameWriter writer(protocol, code, identifier);
  writer.octets(data);
  const Bytes octets = writer.frame().subspan(2);
  return {octets.begin(), octets.end()};
}

/// A cooperative server's answer to the last request of `which`; code 2 acknowledges it, 3 and 4 refuse
/// `options` of it.
Octets answer(const Host& host, PppProtocol which, std::uint8_t code, Bytes options) {
  const auto asked = host.asked.find(which);
  if (asked == host.asked.end()) {
    return frame(which, code, 1, options);
  }
  return frame(which, code, asked->second[1], code == 2 ? Bytes(asked->second).subspan(4) : options);
}

void establish(ClientCall& client, TimerWheel& wheel, bool incoming) {
  client.on_bytes(pptp::write(pptp::StartControlConnectionReply{}).octets());
  wheel.advance(wheel.now() + Duration{1'000});
  if (incoming) {
    pptp::IncomingCallReply reply;
    reply.call_id = 0x00FF;
    reply.peer_call_id = kOurId.value;
    return client.on_bytes(pptp::write(reply).octets());
  }
  pptp::OutgoingCallReply reply;
  reply.call_id = 0x00FF;
  reply.peer_call_id = kOurId.value;
  client.on_bytes(pptp::write(reply).octets());
}

/// A message of control type 1 + `kind` % 15, with its first fields from the input.
Octets message(std::uint8_t kind, Input& input) {
  constexpr std::uint16_t kLengths[] = {156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40, 24};
  const std::size_t type = kind % std::size(kLengths);
  Octets octets(kLengths[type]);
  wire::store_be(octets.data(), kLengths[type]);
  wire::store_be<std::uint16_t>(octets.data() + 2, 1);
  wire::store_be(octets.data() + 4, pptp::kMagicCookie);
  wire::store_be(octets.data() + 8, static_cast<std::uint16_t>(type + 1));
  const Bytes fields = input.octets(4);
  std::copy(fields.begin(), fields.end(), octets.begin() + 12);
  return octets;
}

void play(ClientCall& client, TimerWheel& wheel, Host& host, Input& input) {
  host.begin();
  const std::uint8_t event = input.u8();
  const PppProtocol which = protocol(static_cast<std::uint8_t>(event >> 4));
  switch (event % 8) {
    case 0:
      return client.on_frame(answer(host, which, 2, {}));
    case 1: {
      const std::uint8_t identifier = input.u8();
      return client.on_frame(frame(which, 1, identifier, input.octets(input.u8() % 48)));
    }
    case 2: {
      const std::uint8_t code = static_cast<std::uint8_t>(3 + input.u8() % 2);
      return client.on_frame(answer(host, which, code, input.octets(input.u8() % 32)));
    }
    case 3: {
      const std::uint8_t code = input.u8();
      const std::uint8_t identifier = input.u8();
      return client.on_frame(frame(which, code, identifier, input.octets(input.u8())));
    }
    case 4:
      return client.on_bytes(message(input.u8(), input));
    case 5:
      for (int slices = 0; slices < 8; ++slices) {
        host.begin();
        wheel.advance(wheel.now() + Duration{input.u8() * 4});
      }
      return;
    case 6:
      return (event & 0x80) != 0 ? client.on_frame(input.octets(input.u8()))
                                 : client.on_bytes(input.octets(input.u8()));
    default:
      break;
  }
  switch (input.u8()) {
    case 0:
      return client.hang_up();
    case 1:
      return client.on_closed();
    case 2:
      return client.on_mppe_desynchronised();
    default:
      return;
  }
}

}  // namespace

void fuzz_client_call(Bytes octets) {
  static const bool crypto_ready = crypto::initialise().has_value();
  require(crypto_ready);
  Input input(octets);
  const std::uint8_t mode = input.u8();
  const ClientSettings settings = settings_of(mode, input.u8());
  TimerWheel wheel;
  test::SeededEntropy entropy;
  Host host(settings);
  {
    ClientCall client(settings, kOurId, wheel, entropy, host);
    client.start();
    if ((mode & 0x80) == 0) {
      establish(client, wheel, settings.incoming);
    }
    for (int events = 0; !input.empty() && events < 200; ++events) {
      play(client, wheel, host, input);
      (void)client.status();
    }
    host.begin();
    client.hang_up();
    for (int tick = 0; tick < 400 && !host.ended; ++tick) {
      host.begin();
      wheel.advance(wheel.now() + TimerWheel::kTick);
    }
    require(host.ended);  // within hang_up_timeout, whatever the server does
  }
  require(wheel.armed_count() == 0);
}

}  // namespace adit::fuzz
