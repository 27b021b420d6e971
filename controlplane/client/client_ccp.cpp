// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_ccp.hpp"

#include <utility>

#include "controlplane/ppp/mppe_modes.hpp"

namespace adit::control {
namespace {

using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;
namespace bits = wire::mppe_bits;

constexpr auto kMppeType = static_cast<std::uint8_t>(wire::CcpOption::kMppe);

}  // namespace

ClientCcp::ClientCcp(const ClientSettings& settings, TimerWheel& wheel, ControlProtocolHost& host,
                     CcpEvents& events)
    : ControlProtocol(wire::PppProtocol::kCcp, settings.ppp, wheel, host),
      client_(settings),
      events_(events) {}

contract::MppeMode ClientCcp::receive_mode() const {
  return mppe_mode(ask_);
}
contract::MppeMode ClientCcp::send_mode() const {
  return mppe_mode(peer_asked_);
}

void ClientCcp::forget() {
  ask_ = first_request();
  peer_asked_ = peer_asks_ = 0;
}

// Windows offers more than its policy takes and lets itself be Nak'd. Only where the strongest of it, which the server
// will choose, is allowed.
std::uint32_t ClientCcp::first_request() const {
  if (strengths_ == 0) {
    return 0;
  }
  const std::uint32_t offer = client_.profile->mppe_strengths;
  const std::uint32_t strengths = (strongest_mppe(offer) & strengths_) != 0 ? offer : strengths_;
  return strengths | (settings().mppe_stateful == StatefulPolicy::kPrefer ? 0 : bits::kStateless);
}

bool ClientCcp::takes_mode(std::uint32_t request) const {
  const bool stateless = (request & bits::kStateless) != 0;
  switch (settings().mppe_stateful) {
    case StatefulPolicy::kDeny:
      return stateless;
    case StatefulPolicy::kPrefer:
      return !stateless;
    case StatefulPolicy::kAllow:
      return true;
  }
  return stateless;
}

// ---- what we receive: our request ---------------------------------------------------------------------------------

void ClientCcp::write_request(PppFrameWriter& request) {
  if (ask_ != 0) {
    request.option_u32(kMppeType, ask_);
  }
}

/// Another request than the last. When the server's is acknowledged already, it may encrypt as soon as it has this one.
void ClientCcp::ask_for(std::uint32_t request) {
  if (std::exchange(ask_, request) != request && peer_asked_ != 0) {
    events_.expect_encrypted(receive_mode());
  }
}

bool ClientCcp::on_nak(const PppOptions& hints, bool insist_no_more) {
  for (const PppOption& hint : hints) {
    if (hint.type != kMppeType) {
      continue;
    }
    const std::uint32_t wanted = hint.u32().value_or(0);
    if (insist_no_more || (wanted & bits::kStrengths) == 0) {
      return give_up_mppe();
    }
    const std::uint32_t common = strongest_mppe(wanted & strengths_);
    if (ask_ != 0 && common != 0 && takes_mode(wanted)) {
      ask_for(common | (wanted & bits::kStateless));
    }
  }
  return true;
}

bool ClientCcp::on_reject(const PppOptions&) {
  return give_up_mppe();  // nothing else is ever asked for
}

bool ClientCcp::give_up_mppe() {
  ask_ = 0;
  if (client_.mppe != MppePolicy::kRequire) {
    return true;
  }
  fail(EndReason::kMppeRefused, "server refuses every MPPE mode that is allowed here");
  return false;
}

// ---- what we send: the server's request ---------------------------------------------------------------------------

void ClientCcp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  peer_asked_ = peer_asks_ = 0;
  bool mentioned = false;
  for (const PppOption& option : wishes) {
    const auto wish = option.u32();
    if (option.type != kMppeType || !wish || ask_ == 0) {
      reply.reject(option);  // BSD, Deflate; or MPPE after the server refused ours: one way is no way
      continue;
    }
    mentioned = true;
    const std::uint32_t answer = answer_to(*wish);
    peer_asks_ = answer == *wish ? answer : 0;
    if (answer != *wish) {
      reply.nak_u32(option, answer);
    }
  }
  if (!mentioned && ask_ != 0) {
    reply.ask_u32(kMppeType, answer_to(ask_));
  }
}

/// One strength and one mode: `wish` itself when it may be acknowledged as it is, else what to Nak it with.
std::uint32_t ClientCcp::answer_to(std::uint32_t wish) const {
  const std::uint32_t common = strongest_mppe(wish & strengths_);
  const std::uint32_t mode = wish & bits::kStateless;
  return (common != 0 ? common : strongest_mppe(strengths_)) |
         (takes_mode(wish) ? mode : mode ^ bits::kStateless);
}

void ClientCcp::about_to_ack() {
  peer_asked_ = peer_asks_;
  if (peer_asked_ != 0) {
    events_.expect_encrypted(receive_mode());
  }
}

void ClientCcp::this_layer_up() {
  if ((ask_ != 0) != (peer_asked_ != 0)) {
    return close();  // nobody can do one-way MPPE: that is no agreement
  }
  ControlProtocol::this_layer_up();
}

// Stateless MPPE has nothing to reset (RFC 3078 §8.1). A stateful stream would have to be flushed, which is why the mode
// is for simulations only: the load generator never takes it.
bool ClientCcp::on_extra_code(const wire::PppPacket& packet) {
  if (PppCode{packet.code} == PppCode::kResetRequest && opened()) {
    PppFrameWriter ack(protocol(), PppCode::kResetAck, packet.identifier);
    send(ack);
  }
  return PppCode{packet.code} == PppCode::kResetRequest || PppCode{packet.code} == PppCode::kResetAck;
}

}  // namespace adit::control
