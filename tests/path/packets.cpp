// SPDX-License-Identifier: Apache-2.0
#include "tests/path/packets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/mppe_rekey.hpp"
#include "dataplane/wire/mppe.hpp"

namespace adit::dataplane::path {
namespace {

constexpr std::uint8_t kTcp = wire::kIpProtocolTcp;

std::uint16_t transport_checksum(const Octets& segment, wire::Ipv4Address from, wire::Ipv4Address to,
                                 std::uint8_t protocol) {
  const std::uint64_t pseudo = (from.value >> 16) + (from.value & 0xffff) + (to.value >> 16) +
                               (to.value & 0xffff) + protocol + segment.size();
  return static_cast<std::uint16_t>(~wire::fold_checksum(wire::sum_words(segment) + pseudo));
}

}  // namespace

PacketBuilder& PacketBuilder::prepend(const Octets& header) {
  octets_.insert(octets_.begin(), header.begin(), header.end());
  return *this;
}

PacketBuilder& PacketBuilder::udp(std::uint16_t source, std::uint16_t destination) {
  Octets header(8);
  wire::store_be(header.data(), source);
  wire::store_be(header.data() + 2, destination);
  wire::store_be(header.data() + 4, static_cast<std::uint16_t>(octets_.size() + 8));
  return prepend(header);
}

PacketBuilder& PacketBuilder::tcp(std::uint16_t source, std::uint16_t destination, std::uint8_t flags,
                                  std::optional<std::uint16_t> mss, wire::Ipv4Address from,
                                  wire::Ipv4Address to) {
  Octets header(mss ? 24 : 20);
  wire::store_be(header.data(), source);
  wire::store_be(header.data() + 2, destination);
  header[12] = static_cast<std::uint8_t>(header.size() / 4 << 4);
  header[13] = flags;
  if (mss) {
    header[20] = 2;
    header[21] = 4;
    wire::store_be(header.data() + 22, *mss);
  }
  prepend(header);
  wire::store_be(octets_.data() + 16, transport_checksum(octets_, from, to, kTcp));
  return *this;
}

PacketBuilder& PacketBuilder::ip(wire::Ipv4Address from, wire::Ipv4Address to, std::uint8_t protocol) {
  wire::Ipv4Header header;
  header.source = from;
  header.destination = to;
  header.total_length = static_cast<std::uint16_t>(octets_.size() + wire::kIpv4Size);
  header.identification = 7;
  header.ttl = 64;
  header.protocol = protocol;
  Octets octets(wire::kIpv4Size);
  wire::write_ipv4(octets.data(), header);
  return prepend(octets);
}

PacketBuilder& PacketBuilder::ttl(std::uint8_t value) {
  octets_[8] = value;
  wire::store_be<std::uint16_t>(octets_.data() + 10, 0);
  wire::store_be(octets_.data() + 10, wire::internet_checksum({octets_.data(), wire::kIpv4Size}));
  return *this;
}

PacketBuilder& PacketBuilder::dont_fragment() {
  octets_[6] |= 0x40;
  return ttl(octets_[8]);
}

PacketBuilder& PacketBuilder::ppp(wire::PppProtocol protocol, bool acfc, bool pfc) {
  const wire::PppCompression compression{.address_and_control = acfc, .protocol = pfc};
  Octets header(wire::ppp_header_size(protocol, compression));
  wire::write_ppp(header.data(), protocol, compression);
  return prepend(header);
}

PacketBuilder& PacketBuilder::gre(std::optional<std::uint32_t> sequence, std::optional<std::uint32_t> ack,
                                  std::uint16_t call_id) {
  Octets header(wire::gre_header_size(sequence.has_value(), ack.has_value()));
  const auto number = [](std::uint32_t value) { return wire::GreSeq(value); };
  wire::write_gre(header.data(), wire::PeerCallId(call_id), static_cast<std::uint16_t>(octets_.size()),
                  sequence ? std::optional(number(*sequence)) : std::nullopt,
                  ack ? std::optional(number(*ack)) : std::nullopt);
  return prepend(header);
}

PacketBuilder& PacketBuilder::ethernet(const MacAddress& to, const MacAddress& from, std::uint16_t type) {
  const wire::LinkHeader header(to, from, {}, wire::EtherType{type});
  return prepend(Octets(header.octets().begin(), header.octets().end()));
}

PacketBuilder& PacketBuilder::vlan(std::uint16_t tag) {
  Octets four(4);
  wire::store_be<std::uint16_t>(four.data(), 0x8100);
  wire::store_be(four.data() + 2, tag);
  octets_.insert(octets_.begin() + 12, four.begin(), four.end());
  return *this;
}

PacketBuilder& PacketBuilder::pad(std::size_t size) {
  octets_.resize(std::max(octets_.size(), size), 0xee);
  return *this;
}

Octets inner_packet(wire::Ipv4Address from, wire::Ipv4Address to, std::size_t size, std::uint8_t ttl,
                    bool dont_fragment) {
  Octets payload(size - 28);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<std::uint8_t>(i * 7);
  }
  PacketBuilder builder(payload);
  builder.udp(4000, 5000).ip(from, to).ttl(ttl);
  return dont_fragment ? builder.dont_fragment().octets() : builder.octets();
}

Octets access_frame(const PacketBuilder& gre, wire::Ipv4Address from, wire::Ipv4Address to) {
  return PacketBuilder(gre)
      .ip(from, to, wire::kIpProtocolGre)
      .ethernet(kAccessMac, kClientMac)
      .pad(60)
      .octets();
}

Octets core_frame(const Octets& packet) {
  return PacketBuilder(packet).ethernet(kCoreMac, kRouterMac).pad(60).octets();
}

Sent read_sent(const Octets& frame) {
  Sent sent;
  const auto ethernet = wire::parse_ethernet(frame);
  EXPECT_TRUE(ethernet && ethernet->type == wire::EtherType::kIpv4);
  if (!ethernet) {
    return sent;
  }
  std::copy_n(frame.begin(), 6, sent.to.begin());
  const auto ip = wire::parse_ipv4(wire::Bytes(frame).subspan(ethernet->header_length));
  EXPECT_TRUE(ip.has_value());
  if (ip) {
    sent.ip = *ip;
    sent.packet.assign(frame.begin() + ethernet->header_length,
                       frame.begin() + ethernet->header_length + ip->total_length);
    EXPECT_EQ(frame.size(), ethernet->header_length + std::size_t{ip->total_length});
  }
  return sent;
}

SentGre read_gre(const Octets& frame) {
  const Sent sent = read_sent(frame);
  EXPECT_EQ(sent.ip.protocol, wire::kIpProtocolGre);
  EXPECT_EQ(sent.ip.source, kServer);
  const Octets octets = sent.payload();
  SentGre result;
  const auto gre = wire::parse_gre(octets);
  EXPECT_TRUE(gre.has_value());
  if (gre) {
    result.call_id = gre->call_id.value;
    if (gre->sequence) {
      result.sequence = gre->sequence->value;
    }
    if (gre->ack) {
      result.ack = gre->ack->value;
    }
    result.ppp.assign(octets.begin() + gre->header_length, octets.end());
    EXPECT_EQ(result.ppp.size(), gre->payload_length);
  }
  return result;
}

Octets piece_of(const Octets& packet, std::size_t begin, std::size_t end, std::uint16_t id) {
  constexpr std::size_t kHeader = 20;
  Octets piece(packet.begin(), packet.begin() + kHeader);
  const auto first = packet.begin() + kHeader;
  const std::size_t size = packet.size() - kHeader;
  piece.insert(piece.end(), first + static_cast<std::ptrdiff_t>(begin),
               first + static_cast<std::ptrdiff_t>(std::min(end, size)));
  wire::store_be(piece.data() + 2, static_cast<std::uint16_t>(piece.size()));
  wire::store_be(piece.data() + 4, id);
  const std::uint16_t more = end < size ? 0x2000 : 0;
  wire::store_be(piece.data() + 6, static_cast<std::uint16_t>(more | begin / 8));
  wire::store_be<std::uint16_t>(piece.data() + 10, 0);
  wire::store_be(piece.data() + 10, wire::internet_checksum({piece.data(), kHeader}));
  return PacketBuilder(piece).ethernet(kAccessMac, kClientMac).pad(60).octets();
}

std::vector<Octets> fragments_of(const Octets& frame, std::size_t size, std::uint16_t id) {
  const Octets packet(frame.begin() + 14, frame.end());
  const std::size_t payload = wire::load_be<std::uint16_t>(packet.data() + 2) - 20U;
  const Octets exact(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(payload + 20));
  std::vector<Octets> pieces;
  for (std::size_t at = 0; at < payload; at += size) {
    pieces.push_back(piece_of(exact, at, at + size, id));
  }
  return pieces;
}

Peer::Peer(std::uint16_t number, std::uint32_t first_sequence)
    : next_sequence(first_sequence), number_(number) {}

contract::EnableMppe Peer::enable(const contract::CallRef& call, contract::Direction direction,
                                  contract::MppeMode mode, crypto::MppeChain& chain, std::uint8_t seed) {
  chain.length = static_cast<crypto::MppeKeyLength>(mode.strength);
  for (std::size_t i = 0; i < 16; ++i) {
    chain.start_key[i] = static_cast<std::uint8_t>(seed + i * 3 + number_);
  }
  crypto::mppe_new_key_from_sha(chain.start_key, chain.start_key, chain.length, chain.session_key);
  return {call, direction, mode, chain.start_key, chain.session_key};
}

contract::EnableMppe Peer::enable_receive(const contract::CallRef& call, contract::MppeMode mode) {
  next_count = 0;
  return enable(call, contract::Direction::kReceive, mode, up_, 1);
}

contract::EnableMppe Peer::enable_send(const contract::CallRef& call, contract::MppeMode mode) {
  expected_count_ = 0;
  return enable(call, contract::Direction::kSend, mode, down_, 101);
}

Octets Peer::gre(const Octets& ppp) {
  return access_frame(PacketBuilder(ppp).gre(next_sequence++, std::nullopt,
                                             static_cast<std::uint16_t>(kLocalId.value + number_)),
                      wire::Ipv4Address(kClient.value + number_));
}

Octets Peer::clear(const Octets& inner) {
  return control(wire::PppProtocol::kIpv4, inner);
}

Octets Peer::data6(const Octets& inner) {
  return control(wire::PppProtocol::kIpv6, inner);
}

Octets Peer::control(wire::PppProtocol protocol, const Octets& packet) {
  return gre(PacketBuilder(packet).ppp(protocol).octets());
}

Octets Peer::encrypted(const Octets& inner) {
  return encrypted_plaintext(PacketBuilder(inner).ppp(wire::PppProtocol::kIpv4, true, compresses).octets());
}

Octets Peer::encrypted_plaintext(const Octets& plaintext) {
  Octets body = plaintext;
  crypto::MppeJob job{
      .chain = &up_, .changes = 1, .size = static_cast<std::uint16_t>(body.size()), .data = body.data()};
  crypto::mppe_crypt({&job, 1});
  up_.session_key = job.key;
  Octets header(2);
  wire::write_mppe(header.data(), {.count = wire::CoherencyCount(next_count++), .flushed = true});
  body.insert(body.begin(), header.begin(), header.end());
  return gre(PacketBuilder(body).ppp(wire::PppProtocol::kMppe, compresses, compresses).octets());
}

Octets Peer::forged(std::uint32_t sequence, std::uint16_t count, std::size_t size) {
  Octets body(size, 0x5a);
  wire::write_mppe(body.data(), {.count = wire::CoherencyCount(count), .flushed = true});
  return access_frame(PacketBuilder(body)
                          .ppp(wire::PppProtocol::kMppe)
                          .gre(sequence, std::nullopt, static_cast<std::uint16_t>(kLocalId.value + number_)),
                      wire::Ipv4Address(kClient.value + number_));
}

void Peer::lose(std::uint32_t packets) {
  Octets nothing(1);
  crypto::MppeJob job{.chain = &up_, .changes = packets, .size = 1, .data = nothing.data()};
  crypto::mppe_crypt({&job, 1});
  up_.session_key = job.key;
  next_sequence += packets;
  next_count = static_cast<std::uint16_t>((next_count + packets) % wire::CoherencyCount::kModulus);
}

Octets Peer::decrypt(const SentGre& gre, wire::PppProtocol protocol) {
  const auto ppp = wire::parse_ppp(gre.ppp);
  if (!ppp || ppp->protocol != wire::PppProtocol::kMppe) {
    return {};
  }
  Octets body(gre.ppp.begin() + ppp->header_length, gre.ppp.end());
  const auto header = wire::parse_mppe(body);
  if (!header || !header->flushed || header->count.value != expected_count_) {
    return {};
  }
  expected_count_ = static_cast<std::uint16_t>((expected_count_ + 1) % wire::CoherencyCount::kModulus);
  body.erase(body.begin(), body.begin() + 2);
  crypto::MppeJob job{
      .chain = &down_, .changes = 1, .size = static_cast<std::uint16_t>(body.size()), .data = body.data()};
  crypto::mppe_crypt({&job, 1});
  down_.session_key = job.key;
  const auto inner = wire::parse_ppp_protocol(body);
  if (!inner || inner->protocol != protocol) {
    return {};
  }
  return {body.begin() + inner->header_length, body.end()};
}

}  // namespace adit::dataplane::path
