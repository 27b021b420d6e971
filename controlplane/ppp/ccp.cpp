// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/ccp.hpp"

#include <utility>

#include "controlplane/ppp/carried_session.hpp"

namespace adit::control {
namespace {

using wire::PppCode;
using wire::PppOption;
using wire::PppOptions;
namespace bits = wire::mppe_bits;

std::uint32_t preferred_mode(const PppSettings& settings) {
  return settings.mppe_stateful == StatefulPolicy::kPrefer ? 0 : bits::kStateless;
}

}  // namespace

Ccp::Ccp(const PppSettings& settings, TimerWheel& wheel, ControlProtocolHost& host, CcpEvents& events)
    : CcpEndpoint(settings, settings.mppe_key_lengths, wheel, host, events, "peer") {
  require(settings.mppe == MppePolicy::kRequire);
}

bool Ccp::wants_mppe(wire::Bytes octets) {
  const auto packet = wire::parse_ppp_packet(octets);
  if (!packet || PppCode{packet->code} != PppCode::kConfigureRequest) {
    return false;
  }
  const auto options = PppOptions::parse(packet->data);
  for (const PppOption& option : options.value_or(*PppOptions::parse({}))) {
    if (wire::CcpOption{option.type} == wire::CcpOption::kMppe &&
        (option.u32().value_or(0) & bits::kStrengths) != 0) {
      return true;
    }
  }
  return false;
}

CarriedCcp Ccp::carried() const {
  CarriedCcp carried = carried_agreement();
  carried.peer_wants = peer_wants_;
  carried.suggested = suggested_;
  return carried;
}

bool Ccp::adopt(const CarriedCcp& from) {
  adopt_agreement(from);
  peer_wants_ = from.peer_wants;
  suggested_ = from.suggested;
  return adopt_protocol(from.protocol);
}

void Ccp::forget() {
  suggested_ = false;
  CcpEndpoint::forget();
}

std::uint32_t Ccp::first_request() const {
  const bool asks = strengths() != 0 && (settings().mppe != MppePolicy::kAllow || required() || peer_wants_);
  const std::uint32_t mode = asks ? preferred_mode(settings()) : bits::kStateless;
  const std::uint32_t compression = compression_in(mode);
  return asks ? strengths() | mode | compression : compression != 0 ? mode | compression : 0;
}

std::uint32_t Ccp::request_for_peer() const {
  return strengths() | (requested() & bits::kStateless);
}

std::uint32_t Ccp::mode_for(std::uint32_t wish) {
  const std::uint32_t wished = wish & bits::kStateless;
  const std::uint32_t preferred = preferred_mode(settings());
  const bool follow = settings().mppe_stateful != StatefulPolicy::kDeny &&
                      (wished == preferred || std::exchange(suggested_, true));
  return follow ? wished : preferred;
}

bool Ccp::follow_nak(std::uint32_t wanted) {
  const bool stateless = (wanted & bits::kStateless) != 0;
  if (!stateless && settings().mppe_stateful == StatefulPolicy::kDeny) {
    return false;
  }
  suggested_ = true;  // the peer has chosen a mode: no more suggestions for its own request
  return true;
}

// A pppd without stateful mode rejects the whole option, not just the bit.
bool Ccp::on_reject(const PppOptions& refused) {
  if (requested() != 0 && (requested() & bits::kStateless) == 0) {
    suggested_ = true;
    ask_for(requested() | bits::kStateless);
    return true;
  }
  return CcpEndpoint::on_reject(refused);
}

}  // namespace adit::control
