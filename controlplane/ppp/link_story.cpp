// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/link_story.hpp"

#include "controlplane/ppp/lcp.hpp"
#include "dataplane/wire/ccp.hpp"
#include "dataplane/wire/chap.hpp"
#include "dataplane/wire/ipcp.hpp"
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
  return protocol == PppProtocol::kPap || protocol == PppProtocol::kChap;
}

/// The options of a Configure packet; of a malformed one, none.
PppOptions options_of(const PppPacket& packet) {
  return PppOptions::parse(packet.data).value_or(*PppOptions::parse({}));
}

std::uint32_t mppe_of(const PppOption& option) {
  return wire::CcpOption{option.type} == wire::CcpOption::kMppe ? option.u32().value_or(0) : 0;
}

}  // namespace

NegotiationStory* LinkStory::of(PppProtocol protocol) {
  return protocol == PppProtocol::kLcp    ? &lcp
         : protocol == PppProtocol::kCcp  ? &ccp
         : protocol == PppProtocol::kIpcp ? &ipcp
                                          : nullptr;
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
      return protocol == PppProtocol::kLcp ? reject(packet) : void();
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
      for (const AuthMethod known :
           {AuthMethod::kMsChapV2, AuthMethod::kMsChapV1, AuthMethod::kChapMd5, AuthMethod::kPap}) {
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

void LinkStory::authentication(PppProtocol protocol, const PppPacket& packet) {
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

void LinkStory::reject(const PppPacket& packet) {
  if (packet.data.size() >= 2) {
    NegotiationStory* const rejected = of(PppProtocol{wire::load_be<std::uint16_t>(packet.data.data())});
    if (rejected != nullptr) {
      rejected->rejected = true;
    }
  }
}

}  // namespace adit::control
