// SPDX-License-Identifier: Apache-2.0
// Packets for path tests: a builder from the inside out, readers for what workers send, and the data side of
// a PPTP client.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/mppe_batch.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ppp.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {

/// Builds from the inside out: each call wraps the result so far, which octets() returns.
class PacketBuilder {
 public:
  explicit PacketBuilder(Octets payload = {}) : octets_(std::move(payload)) {}
  PacketBuilder& udp(std::uint16_t source, std::uint16_t destination);
  /// A TCP segment with a valid checksum for these addresses; `mss` adds that option to a SYN.
  PacketBuilder& tcp(std::uint16_t source, std::uint16_t destination, std::uint8_t flags,
                     std::optional<std::uint16_t> mss, wire::Ipv4Address from, wire::Ipv4Address to);
  PacketBuilder& ip(wire::Ipv4Address from, wire::Ipv4Address to,
                    std::uint8_t protocol = wire::kIpProtocolUdp);
  /// Changes the header that ip() made, and updates its checksum.
  PacketBuilder& ttl(std::uint8_t value);
  PacketBuilder& dont_fragment();
  PacketBuilder& ppp(wire::PppProtocol protocol, bool acfc = false, bool pfc = false);
  PacketBuilder& gre(std::optional<std::uint32_t> sequence, std::optional<std::uint32_t> ack = std::nullopt,
                     std::uint16_t call_id = kLocalId.value);
  PacketBuilder& ethernet(const MacAddress& to, const MacAddress& from, std::uint16_t type = 0x0800);
  PacketBuilder& vlan(std::uint16_t tag);  ///< after ethernet()
  PacketBuilder& pad(std::size_t size);    ///< to at least that many octets, like short Ethernet frames
  [[nodiscard]] Octets octets() const { return octets_; }

 private:
  PacketBuilder& prepend(const Octets& header);
  Octets octets_;
};

/// An inner IP packet of exactly `size` octets (28 at least).
Octets inner_packet(wire::Ipv4Address from, wire::Ipv4Address to, std::size_t size = 64,
                    std::uint8_t ttl = 64, bool dont_fragment = false);
/// Wraps a GRE packet for the access port.
Octets access_frame(const PacketBuilder& gre, wire::Ipv4Address from = kClient,
                    wire::Ipv4Address to = kServer);
/// Wraps an IP packet for the core port.
Octets core_frame(const Octets& packet);

/// Octets begin..end-1 of an IPv4 packet's payload as a fragment, in a frame for the access port.
Octets piece_of(const Octets& packet, std::size_t begin, std::size_t end, std::uint16_t id);

/// The fragments of a frame's IPv4 packet, with at most `size` octets of payload each (a multiple of 8), as
/// frames for the access port.
std::vector<Octets> fragments_of(const Octets& frame, std::size_t size, std::uint16_t id = 1);

/// A frame that a worker sent, parsed; the test fails if any layer is malformed.
struct Sent {
  wire::MacAddress to{};
  wire::Ipv4Header ip;
  Octets packet;  ///< from the IP header on, without padding
  [[nodiscard]] Octets payload() const { return {packet.begin() + ip.header_length, packet.end()}; }
};
Sent read_sent(const Octets& frame);

struct SentGre {
  std::uint16_t call_id = 0;
  std::optional<std::uint32_t> sequence;
  std::optional<std::uint32_t> ack;
  Octets ppp;  ///< from the PPP header on
};
SentGre read_gre(const Octets& frame);

/// The client's end of a call, with its own numbers and keys for both directions.
class Peer {
 public:
  explicit Peer(std::uint16_t number = 0, std::uint32_t first_sequence = 0);

  /// The messages with which control enables MPPE in the worker; they also set up this side.
  contract::EnableMppe enable_receive(const contract::CallRef& call, contract::MppeMode mode = {});
  contract::EnableMppe enable_send(const contract::CallRef& call, contract::MppeMode mode = {});

  /// A frame for the access port with the next sequence number.
  Octets clear(const Octets& inner);
  Octets data6(const Octets& inner);  ///< IPv6
  Octets control(wire::PppProtocol protocol, const Octets& packet);
  Octets encrypted(const Octets& inner);
  /// As encrypted(), but with a chosen plaintext (including the protocol field), count and sequence.
  Octets encrypted_plaintext(const Octets& plaintext);
  Octets forged(std::uint32_t sequence, std::uint16_t count, std::size_t size = 100);
  /// Skips `packets` encrypted packets, as if lost.
  void lose(std::uint32_t packets);

  /// The inner packet of a frame that the worker encrypted for us; empty if it does not decrypt. Frames must
  /// be read in the order they were sent.
  Octets decrypt(const SentGre& gre, wire::PppProtocol protocol = wire::PppProtocol::kIpv4);
  Octets decrypt6(const SentGre& gre) { return decrypt(gre, wire::PppProtocol::kIpv6); }

  std::uint32_t next_sequence;
  std::uint16_t next_count = 0;
  bool compresses = false;  ///< address, control and protocol fields of encrypted packets

 private:
  Octets gre(const Octets& ppp);
  contract::EnableMppe enable(const contract::CallRef& call, contract::Direction direction,
                              contract::MppeMode mode, crypto::MppeChain& chain, std::uint8_t seed);
  std::uint16_t number_;
  crypto::MppeChain up_{};
  crypto::MppeChain down_{};
  std::uint16_t expected_count_ = 0;
};

}  // namespace adit::dataplane::path
