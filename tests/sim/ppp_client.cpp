// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/ppp_client.hpp"

#include <algorithm>

#include "dataplane/wire/ccp.hpp"
#include "dataplane/wire/chap.hpp"
#include "dataplane/wire/ipcp.hpp"
#include "dataplane/wire/lcp.hpp"

namespace adit::sim {

using control::ConfigureReply;
using control::PppSettings;
using control::TimerWheel;
using wire::Bytes;
using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;
using wire::PppProtocol;

namespace {

constexpr auto kMppeType = static_cast<std::uint8_t>(wire::CcpOption::kMppe);

}  // namespace

// ---- LCP: mru, asyncmap, magic, pcomp, accomp; MS-CHAPv2 or nothing ---------------------------------------

PppClient::Lcp::Lcp(const ClientProfile& profile, const PppSettings& settings, TimerWheel& wheel,
                    control::Entropy& entropy, ControlProtocolHost& host)
    : ControlProtocol(PppProtocol::kLcp, settings, wheel, host),
      profile_(profile),
      magic_(entropy.next_u32() | 1) {}

void PppClient::Lcp::write_request(PppFrameWriter& request) {
  const auto wants = [&](unsigned type) { return (refused_ >> type & 1) == 0; };
  if (wants(1)) {
    request.option_u16(1, profile_.mru);
  }
  if (wants(2)) {
    request.option_u32(2, 0);
  }
  if (wants(5)) {
    request.option_u32(5, magic_);
  }
  if (wants(7)) {
    request.option(7);
  }
  if (wants(8)) {
    request.option(8);
  }
  if (wants(13)) {
    const std::uint8_t cbcp = 6;
    request.option(13, Bytes(&cbcp, 1));
  }
}

void PppClient::Lcp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  for (const PppOption& option : wishes) {
    const auto authentication = wire::parse_lcp_authentication(option.value);
    if (option.type == static_cast<std::uint8_t>(wire::LcpOption::kAuthentication) &&
        (!authentication ||
         authentication->algorithm != static_cast<std::uint8_t>(wire::ChapAlgorithm::kMsChapV2))) {
      reply.reject(option);
    }
  }
}

bool PppClient::Lcp::on_reject(const PppOptions& refused) {
  for (const PppOption& option : refused) {
    refused_ |= 1U << option.type;
  }
  return true;
}

bool PppClient::Lcp::on_extra_code(const wire::PppPacket& packet) {
  if (PppCode{packet.code} == PppCode::kProtocolReject) {
    rejected_ = wire::parse_protocol_reject(packet.data);
  } else if (PppCode{packet.code} == PppCode::kEchoRequest && opened()) {
    PppFrameWriter reply(protocol(), PppCode::kEchoReply, packet.identifier);
    send(reply.u32(magic_));
  }
  return packet.code >= 8 && packet.code <= 13;
}

void PppClient::Lcp::protocol_reject(std::uint16_t rejected, Bytes packet) {
  if (opened()) {
    PppFrameWriter reject(protocol(), PppCode::kProtocolReject, next_identifier());
    send(reject.u16(rejected).octets(packet));
  }
}

// ---- CCP: follows a Nak to its shape, and rejects MPPE when it has none -----------------------------------------

PppClient::Ccp::Ccp(const ClientProfile& profile, const PppSettings& settings, TimerWheel& wheel,
                    ControlProtocolHost& host)
    : ControlProtocol(PppProtocol::kCcp, settings, wheel, host), profile_(profile) {}

void PppClient::Ccp::forget() {
  bits_ = profile_.mppe == ClientProfile::Mppe::kNone ? 0 : profile_.first_mppe_bits;
  peer_bits_ = 0;
}

void PppClient::Ccp::write_request(PppFrameWriter& request) {
  if (bits_ != 0) {
    request.option_u32(kMppeType, bits_);
  }
}

void PppClient::Ccp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  wished_ = 0;
  for (const PppOption& option : wishes) {
    if (option.type != kMppeType || profile_.mppe == ClientProfile::Mppe::kNone || !option.u32()) {
      reply.reject(option);
    } else if (*option.u32() != profile_.mppe_shape) {
      reply.nak_u32(option, profile_.mppe_shape);
    } else {
      wished_ = profile_.mppe_shape;
    }
  }
}

bool PppClient::Ccp::on_nak(const PppOptions& hints, bool) {
  for (const PppOption& hint : hints) {
    if (hint.type == kMppeType && hint.u32() && profile_.mppe != ClientProfile::Mppe::kNone) {
      bits_ = *hint.u32() == profile_.mppe_shape ? *hint.u32() : bits_;
    }
  }
  return true;
}

bool PppClient::Ccp::on_reject(const PppOptions&) {
  bits_ = 0;
  if (profile_.mppe == ClientProfile::Mppe::kRequired) {
    fail(failure(), "MPPE required but peer negotiation failed");
    return false;
  }
  return true;
}

// ---- IPCP: an address, Van Jacobson and a name server -----------------------------------------------------

PppClient::Ipcp::Ipcp(const PppSettings& settings, TimerWheel& wheel, ControlProtocolHost& host)
    : ControlProtocol(PppProtocol::kIpcp, settings, wheel, host) {}

void PppClient::Ipcp::forget() {
  address_ = dns1_ = {};
  ask_vj_ = ask_dns_ = true;
}

void PppClient::Ipcp::write_request(PppFrameWriter& request) {
  request.option_ipv4(3, address_);
  if (ask_vj_) {
    const std::array<std::uint8_t, 4> vj = {0x00, 0x2D, 0x0F, 0x01};
    request.option(2, vj);
  }
  if (ask_dns_) {
    request.option_ipv4(129, dns1_);
  }
}

bool PppClient::Ipcp::on_nak(const PppOptions& hints, bool) {
  for (const PppOption& hint : hints) {
    const auto value = wire::ipcp_address(hint).value_or(wire::Ipv4Address{});
    (hint.type == 3 ? address_ : dns1_) = value;
  }
  return true;
}

bool PppClient::Ipcp::on_reject(const PppOptions& refused) {
  for (const PppOption& option : refused) {
    ask_vj_ &= option.type != 2;
    ask_dns_ &= option.type != 129;
  }
  return true;
}

// ---- the client -------------------------------------------------------------------------------------------

PppClient::PppClient(const ClientProfile& profile, const PppSettings& settings, TimerWheel& wheel,
                     control::Entropy& entropy, Send send)
    : profile_(profile),
      entropy_(entropy),
      send_(std::move(send)),
      lcp_(profile, settings, wheel, entropy, *this),
      ccp_(profile, settings, wheel, *this),
      ipcp_(settings, wheel, *this),
      response_timer_(wheel, control::on_timer<&PppClient::on_response_timer>, this),
      end_timer_(wheel, control::on_timer<&PppClient::on_end_timer>, this) {}

void PppClient::start() {
  lcp_.open();
  lcp_.up();
}

void PppClient::hang_up() {
  end("user request");
}

void PppClient::end(std::string_view why) {
  if (!ending_) {
    ending_ = true;
    over_ = why;
    end_timer_.arm(control::Duration{0});
  }
}

void PppClient::on_frame(Bytes frame) {
  const auto number = wire::load_be<std::uint16_t>(frame.data());
  const Bytes packet = frame.subspan(2);
  switch (PppProtocol{number}) {
    case PppProtocol::kLcp:
      lcp_.on_packet(packet);
      if (const auto rejected = lcp_.take_rejected(); rejected == PppProtocol::kCcp) {
        ccp_.down();
        on_ccp_refused("MPPE required but peer does not speak CCP");
      }
      return;
    case PppProtocol::kChap:
      return on_chap(packet);
    case PppProtocol::kCcp:
      if (!authenticated_) {
        return;
      }
      return profile_.speaks_ccp ? ccp_.on_packet(packet) : lcp_.protocol_reject(number, packet);
    case PppProtocol::kIpcp:
      return authenticated_ ? ipcp_.on_packet(packet) : void();
    default:
      return;
  }
}

void PppClient::on_chap(Bytes octets) {
  const auto packet = wire::parse_ppp_packet(octets);
  if (!packet || !lcp_.opened()) {
    return;
  }
  switch (packet->code) {
    case 1:
      return on_challenge(*packet);
    case 3:
      return on_success(*packet);
    case 4:
      return end("authentication failed");
    default:
      return;
  }
}

// RFC 2759 §8.1.
void PppClient::on_challenge(const wire::PppPacket& packet) {
  if (packet.data.size() < 17 || packet.data[0] != 16) {
    return;
  }
  if (!response_.empty() && response_[5] == packet.identifier) {
    // Our Response was lost, or is late: a fresh one would not match a Success that is on its way.
    return on_response_timer();
  }
  std::array<std::uint8_t, 16> authenticator_challenge;
  std::copy_n(packet.data.begin() + 1, 16, authenticator_challenge.begin());
  std::array<std::uint8_t, 16> peer_challenge;
  entropy_.fill(peer_challenge);
  const auto challenge = crypto::challenge_hash(peer_challenge, authenticator_challenge, profile_.user);
  const Bytes password(reinterpret_cast<const std::uint8_t*>(profile_.password.data()),
                       profile_.password.size());
  const auto hash = crypto::nt_password_hash(password);
  const auto hash_hash = crypto::nt_hash_hash(hash);
  const auto response = crypto::nt_response(challenge, hash);
  expected_success_ = crypto::authenticator_response(hash_hash, response, challenge);
  keys_ = crypto::mppe_start_keys_v2(hash_hash, response);
  PppFrameWriter writer(PppProtocol::kChap, std::uint8_t{2}, packet.identifier);
  writer.u8(49).octets(peer_challenge).u32(0).u32(0).octets(response).u8(0);
  writer.octets(Bytes(reinterpret_cast<const std::uint8_t*>(profile_.user.data()), profile_.user.size()));
  const Bytes frame = writer.frame();
  response_.assign(frame.begin(), frame.end());
  on_response_timer();
}

void PppClient::on_response_timer() {
  send_(response_);
  response_timer_.arm(control::Duration{3000});
}

void PppClient::on_success(const wire::PppPacket& packet) {
  const std::string_view text(reinterpret_cast<const char*>(packet.data.data()), packet.data.size());
  if (response_.empty() || authenticated_) {
    return;
  }
  if (!text.starts_with(expected_success_)) {
    return end("the server does not know the password");
  }
  response_timer_.cancel();
  authenticated_ = true;
  start_network();
}

void PppClient::start_network() {
  ccp_.up();
  ipcp_.up();
  if (profile_.mppe != ClientProfile::Mppe::kNone && profile_.speaks_ccp) {
    ccp_.open();
  }
  if (profile_.mppe != ClientProfile::Mppe::kRequired || profile_.pipelines_ipcp) {
    ipcp_.open();
  }
}

void PppClient::protocol_up(PppProtocol protocol) {
  if (protocol == PppProtocol::kCcp && profile_.mppe == ClientProfile::Mppe::kRequired) {
    ccp_.agreed() ? ipcp_.open() : on_ccp_refused("MPPE required but not agreed");
  }
}

void PppClient::protocol_down(PppProtocol protocol) {
  if (protocol != PppProtocol::kLcp) {
    return;
  }
  response_timer_.cancel();
  response_.clear();
  if (std::exchange(authenticated_, false)) {
    ipcp_.down();
    ccp_.down();
  }
}

void PppClient::protocol_finished(PppProtocol protocol) {
  if (protocol == PppProtocol::kLcp) {
    response_timer_.cancel();
    ending_ = true;
    over_ = over_.empty() ? "LCP finished" : over_;
  } else if (protocol == PppProtocol::kIpcp) {
    end("IPCP came to nothing");
  } else if (protocol == PppProtocol::kCcp) {
    on_ccp_refused("CCP came to nothing");
  }
}

void PppClient::protocol_failed(PppProtocol protocol, control::EndReason, std::string_view why) {
  protocol == PppProtocol::kCcp ? on_ccp_refused(why) : end(why);
}

void PppClient::on_ccp_refused(std::string_view why) {
  if (profile_.mppe == ClientProfile::Mppe::kRequired) {
    end(why);
  }
}

}  // namespace adit::sim
