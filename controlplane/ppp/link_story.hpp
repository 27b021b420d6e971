// SPDX-License-Identifier: Apache-2.0
// What the two ends of a link asked and got, noted from its control frames as they pass: for whoever asks afterwards why a
// dial failed. The protocols know nothing of it, and it decides nothing.
// Thread: control. Owner: the call's record.
#pragma once

#include <cstdint>

#include "controlplane/base/settings.hpp"
#include "dataplane/wire/eap.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/lcp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::control {

/// One protocol that negotiates by RFC 1661. Counts stop at 255.
struct NegotiationStory {
  std::uint8_t asked = 0;       ///< our Configure-Requests
  std::uint8_t peer_asked = 0;  ///< its own
  std::uint8_t refused = 0;     ///< its Naks and Rejects of ours
  // In bits, as each call has four of these for as long as it lasts.
  bool acknowledged : 1 = false;  ///< ours, by the peer
  bool acknowledges : 1 = false;  ///< the peer's, by us
  bool rejected : 1 = false;      ///< the peer does not speak the protocol: LCP Protocol-Reject
  bool we_reject : 1 = false;     ///< we do not, on this link: ours
  bool terminated : 1 = false;    ///< the peer sent a Terminate-Request

  [[nodiscard]] bool agreed() const { return acknowledged && acknowledges; }
  /// The peer said anything at all.
  [[nodiscard]] bool heard() const { return peer_asked != 0 || refused != 0 || acknowledged || rejected; }
};

class LinkStory {
 public:
  /// `frame`: as in contract::PppFrameIn, the protocol first.
  void received(wire::Bytes frame);
  /// `frame`: FF 03 first.
  void sent(wire::Bytes frame);

  /// `frame`, as in received(), belongs to that NCP's negotiation, which may come long after the other's.
  [[nodiscard]] static bool is_of(wire::PppProtocol ncp, wire::Bytes frame);

  NegotiationStory lcp, ccp, ipcp, ipv6cp;
  // ---- LCP
  std::uint16_t peer_mru = 0;             ///< that it asked for; 0: it did not
  std::uint8_t offered = 0;               ///< methods that we asked it to use, bit per AuthMethod
  AuthMethod last_offered{};              ///< valid if any was
  wire::LcpAuthentication peer_method{};  ///< what its last Nak asked for instead
  bool peer_named_method : 1 = false;     ///< it has
  bool peer_rejects_authentication : 1 = false;
  // What it asked for by its requests, and was refused by our Rejects.
  bool refused_quality : 1 = false;    ///< Link-Quality-Reports, RFC 1989
  bool refused_callback : 1 = false;   ///< RFC 1570 §2.3
  bool refused_multilink : 1 = false;  ///< RFC 1990: MRRU or short sequence numbers
  bool refused_mobile : 1 = false;     ///< in IPCP: RFC 2290
  // ---- authentication
  std::uint8_t challenges = 0;  ///< ours
  std::uint8_t proofs = 0;      ///< its Responses, or Authenticate-Requests
  std::uint8_t failures = 0;    ///< our Failures, or Authenticate-Naks
  bool success = false;         ///< ours
  bool eap_identified = false;  ///< it has answered Identity
  std::uint8_t eap_naks = 0;
  wire::EapType eap_offered{};  ///< the last method of EAP that it was asked for; 0: none
  wire::EapType eap_wanted{};   ///< the first of its last Nak
  // ---- CCP: or-ed wire::mppe_bits
  bool peer_rejects_mppe : 1 = false;
  bool peer_asks_compression : 1 = false;  ///< BSD, Deflate, Stac or MPPC
  std::uint32_t mppe_asked = 0;            ///< by our last request; 0: none
  std::uint32_t peer_mppe_asked = 0;       ///< by its last request
  std::uint32_t peer_mppe_wanted = 0;      ///< by its last Nak
  // ---- IPCP
  wire::Ipv4Address peer_address_asked;  ///< by its first request; 0.0.0.0: any
  wire::Ipv4Address address_given;       ///< by our last Nak or Ack
  // ---- IPv6CP
  std::uint64_t own_interface_id = 0;         ///< by our last request
  std::uint64_t peer_interface_id_asked = 0;  ///< by its first request; 0: any
  std::uint64_t interface_id_given = 0;       ///< by our last Nak or Ack

 private:
  void configure(wire::PppProtocol protocol, const wire::PppPacket& packet, bool from_peer);
  void lcp_options(const wire::PppPacket& packet, bool from_peer);
  void ccp_options(const wire::PppPacket& packet, bool from_peer);
  void ipcp_options(const wire::PppPacket& packet, bool from_peer);
  void ipv6cp_options(const wire::PppPacket& packet, bool from_peer);
  void refuse(wire::PppProtocol protocol, const wire::PppPacket& packet);
  void eap(const wire::PppPacket& packet);
  void authentication(wire::PppProtocol protocol, const wire::PppPacket& packet);
  /// LCP's Protocol-Reject names it. nullptr: none that is told of here.
  [[nodiscard]] NegotiationStory* rejected_by(const wire::PppPacket& packet);
  [[nodiscard]] NegotiationStory* of(wire::PppProtocol protocol);
};

}  // namespace adit::control
