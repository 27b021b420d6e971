// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/link_story.hpp"

#include "controlplane/ppp/lcp.hpp"
#include "dataplane/wire/ccp.hpp"
#include "dataplane/wire/chap.hpp"
#include "dataplane/wire/ipcp.hpp"
#include "dataplane/wire/ipv6cp.hpp"
#include "dataplane/wire/pap.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppCode;
using wire::PppOption;
using wire::PppOptions;
using wire::PppPacket;
using wire::PppProtocol;

void count(std::uint8_t& counter) {
  counter = static_cast<std::uint8_t>(counter + (counter != 255 ? 1 : 0));
}

struct Frame {
  PppProtocol protocol;
  PppPacket packet;
};

std::optional<Frame> parse(Bytes frame) {
  if (frame.size() < 2) {
    return std::nullopt;
  }
  const auto packet = wire::parse_ppp_packet(frame.subspan(2));
  return packet ? std::optional(Frame{PppProtocol{wire::load_be<std::uint16_t>(frame.data())}, *packet})
                : std::nullopt;
}

bool is_authentication(PppProtocol protocol) {
  return protocol == PppProtocol::kPap || protocol == PppProtocol::kChap || protocol == PppProtocol::kEap;
}

/// The options of a Configure packet; of a malformed one, none.
PppOptions options_of(const PppPacket& packet) {
  return PppOptions::parse(packet.data).value_or(*PppOptions::parse({}));
}

std::uint32_t mppe_of(const PppOption& option) {
  return wire::CcpOption{option.type} == wire::CcpOption::kMppe ? option.u32().value_or(0) : 0;
}

/// By LCP's Protocol-Reject, RFC 1661 §5.7.
std::optional<PppProtocol> rejected_protocol(const PppPacket& packet) {
  return packet.data.size() >= 2
             ? std::optional(PppProtocol{wire::load_be<std::uint16_t>(packet.data.data())})
             : std::nullopt;
}

}  // namespace

NegotiationStory* LinkStory::of(PppProtocol protocol) {
  return protocol == PppProtocol::kLcp      ? &lcp
         : protocol == PppProtocol::kCcp    ? &ccp
         : protocol == PppProtocol::kIpcp   ? &ipcp
         : protocol == PppProtocol::kIpv6cp ? &ipv6cp
                                            : nullptr;
}

bool LinkStory::is_of(PppProtocol ncp, Bytes frame) {
  const auto parsed = parse(frame);
  if (!parsed) {
    return false;
  }
  const bool rejects =
      parsed->protocol == PppProtocol::kLcp && PppCode{parsed->packet.code} == PppCode::kProtocolReject;
  return parsed->protocol == ncp || (rejects && rejected_protocol(parsed->packet) == ncp);
}

void LinkStory::received(Bytes frame) {
  const auto parsed = parse(frame);
  if (!parsed) {
    return;
  }
  const auto& [protocol, packet] = *parsed;
  if (is_authentication(protocol)) {
    return authentication(protocol, packet);
  }
  NegotiationStory* const story = of(protocol);
  if (story == nullptr) {
    return;
  }
  switch (PppCode{packet.code}) {
    case PppCode::kConfigureRequest:
      count(story->peer_asked);
      return configure(protocol, packet, true);
    case PppCode::kConfigureAck:
      story->acknowledged = true;
      return;
    case PppCode::kConfigureNak:
    case PppCode::kConfigureReject:
      count(story->refused);
      return configure(protocol, packet, true);
    case PppCode::kTerminateRequest:
      story->terminated = true;
      return;
    case PppCode::kProtocolReject:
      if (NegotiationStory* const of_it = protocol == PppProtocol::kLcp ? rejected_by(packet) : nullptr) {
        of_it->rejected = true;
      }
      return;
    default:
      return;
  }
}

void LinkStory::sent(Bytes frame) {
  const auto parsed = parse(frame.size() < 2 ? frame : frame.subspan(2));
  if (!parsed) {
    return;
  }
  const auto& [protocol, packet] = *parsed;
  if (is_authentication(protocol)) {
    return authentication(protocol, packet);
  }
  NegotiationStory* const story = of(protocol);
  if (story == nullptr) {
    return;
  }
  switch (PppCode{packet.code}) {
    case PppCode::kConfigureRequest:
      count(story->asked);
      return configure(protocol, packet, false);
    case PppCode::kConfigureAck:
      story->acknowledges = true;
      return configure(protocol, packet, false);
    case PppCode::kConfigureNak:
      return configure(protocol, packet, false);
    case PppCode::kConfigureReject:
      return refuse(protocol, packet);
    case PppCode::kProtocolReject:
      if (NegotiationStory* const of_it = protocol == PppProtocol::kLcp ? rejected_by(packet) : nullptr) {
        of_it->we_reject = true;
      }
      return;
    default:
      return;
  }
}

void LinkStory::refuse(PppProtocol protocol, const PppPacket& packet) {
  for (const PppOption& option : options_of(packet)) {
    if (protocol == PppProtocol::kLcp) {
      const wire::LcpOption type{option.type};
      refused_quality |= type == wire::LcpOption::kQuality;
      refused_callback |= type == wire::LcpOption::kCallback;
      refused_multilink |= type == wire::LcpOption::kMrru || type == wire::LcpOption::kShortSequence;
    } else if (protocol == PppProtocol::kIpcp) {
      refused_mobile |= wire::IpcpOption{option.type} == wire::IpcpOption::kMobileIpv4;
    }
  }
}

void LinkStory::configure(PppProtocol protocol, const PppPacket& packet, bool from_peer) {
  switch (protocol) {
    case PppProtocol::kLcp:
      return lcp_options(packet, from_peer);
    case PppProtocol::kCcp:
      return ccp_options(packet, from_peer);
    case PppProtocol::kIpv6cp:
      return ipv6cp_options(packet, from_peer);
    default:
      return ipcp_options(packet, from_peer);
  }
}

void LinkStory::lcp_options(const PppPacket& packet, bool from_peer) {
  const PppCode code{packet.code};
  for (const PppOption& option : options_of(packet)) {
    const bool is_method = wire::LcpOption{option.type} == wire::LcpOption::kAuthentication;
    const auto method = is_method ? wire::parse_lcp_authentication(option.value) : std::nullopt;
    if (from_peer && code == PppCode::kConfigureRequest &&
        wire::LcpOption{option.type} == wire::LcpOption::kMru) {
      peer_mru = option.u16().value_or(peer_mru);
    } else if (from_peer && code == PppCode::kConfigureReject && is_method) {
      peer_rejects_authentication = true;
    } else if (from_peer && code == PppCode::kConfigureNak && method) {
      peer_named_method = true;
      peer_method = *method;
    } else if (!from_peer && code == PppCode::kConfigureRequest && method) {
      for (const AuthMethod known : kAuthMethods) {
        if (on_the_wire(known) == *method) {
          last_offered = known;
          offered = static_cast<std::uint8_t>(offered | 1U << static_cast<unsigned>(known));
        }
      }
    }
  }
}

void LinkStory::ccp_options(const PppPacket& packet, bool from_peer) {
  const PppCode code{packet.code};
  std::uint32_t mppe = 0;
  for (const PppOption& option : options_of(packet)) {
    const std::uint32_t value = mppe_of(option);
    mppe |= value;
    if (from_peer && code == PppCode::kConfigureRequest) {
      peer_asks_compression |=
          wire::CcpOption{option.type} != wire::CcpOption::kMppe || (value & wire::mppe_bits::kMppc) != 0;
    }
  }
  if (!from_peer) {
    mppe_asked = code == PppCode::kConfigureRequest ? mppe : mppe_asked;
  } else if (code == PppCode::kConfigureRequest) {
    peer_mppe_asked = mppe;
  } else if (code == PppCode::kConfigureNak) {
    peer_mppe_wanted = mppe;
  } else {
    peer_rejects_mppe = true;
  }
}

void LinkStory::ipcp_options(const PppPacket& packet, bool from_peer) {
  const PppCode code{packet.code};
  for (const PppOption& option : options_of(packet)) {
    if (wire::IpcpOption{option.type} != wire::IpcpOption::kAddress) {
      continue;
    }
    const wire::Ipv4Address address{option.u32().value_or(0)};
    if (from_peer && code == PppCode::kConfigureRequest && ipcp.peer_asked == 1) {
      peer_address_asked = address;
    } else if (!from_peer && code != PppCode::kConfigureRequest) {
      address_given = address;
    }
  }
}

void LinkStory::ipv6cp_options(const PppPacket& packet, bool from_peer) {
  const bool requests = PppCode{packet.code} == PppCode::kConfigureRequest;
  for (const PppOption& option : options_of(packet)) {
    if (wire::Ipv6cpOption{option.type} != wire::Ipv6cpOption::kInterfaceIdentifier) {
      continue;
    }
    const std::uint64_t identifier = wire::ipv6cp_identifier(option).value_or(0);
    if (from_peer && requests && ipv6cp.peer_asked == 1) {
      peer_interface_id_asked = identifier;
    } else if (!from_peer) {
      (requests ? own_interface_id : interface_id_given) = identifier;
    }
  }
}

void LinkStory::eap(const PppPacket& packet) {
  const auto parsed = wire::parse_eap(packet.whole);
  if (!parsed) {
    return;
  }
  switch (parsed->code) {
    case wire::EapCode::kRequest:
      eap_offered = wire::is_method(parsed->type) ? parsed->type : eap_offered;
      return count(challenges);
    case wire::EapCode::kResponse:
      if (parsed->type == wire::EapType::kNak) {
        count(eap_naks);
        eap_wanted = wire::EapType{parsed->data.empty() ? std::uint8_t{0} : parsed->data[0]};
      }
      eap_identified |= parsed->type == wire::EapType::kIdentity;
      return wire::is_method(parsed->type) ? count(proofs) : void();
    case wire::EapCode::kSuccess:
      success = true;
      return;
    case wire::EapCode::kFailure:
      return count(failures);
  }
}

void LinkStory::authentication(PppProtocol protocol, const PppPacket& packet) {
  if (protocol == PppProtocol::kEap) {
    return eap(packet);
  }
  if (protocol == PppProtocol::kPap) {
    switch (wire::PapCode{packet.code}) {
      case wire::PapCode::kAuthenticateRequest:
        return count(proofs);
      case wire::PapCode::kAuthenticateAck:
        success = true;
        return;
      case wire::PapCode::kAuthenticateNak:
        return count(failures);
    }
    return;
  }
  switch (wire::ChapCode{packet.code}) {
    case wire::ChapCode::kChallenge:
      return count(challenges);
    case wire::ChapCode::kResponse:
      return count(proofs);
    case wire::ChapCode::kSuccess:
      success = true;
      return;
    case wire::ChapCode::kFailure:
      return count(failures);
    default:
      return;
  }
}

NegotiationStory* LinkStory::rejected_by(const PppPacket& packet) {
  const auto protocol = rejected_protocol(packet);
  return protocol ? of(*protocol) : nullptr;
}

}  // namespace adit::control
