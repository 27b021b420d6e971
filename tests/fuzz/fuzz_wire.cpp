// SPDX-License-Identifier: Apache-2.0
// The packet codecs: everything accepted lies inside the packet, and is written back unchanged where there is
// a writer.
#include <algorithm>
#include <vector>

#include "dataplane/wire/ccp.hpp"
#include "dataplane/wire/chap.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/icmp.hpp"
#include "dataplane/wire/ipcp.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ipv6cp.hpp"
#include "dataplane/wire/lcp.hpp"
#include "dataplane/wire/mppe.hpp"
#include "dataplane/wire/pap.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"
#include "dataplane/wire/tcp_mss.hpp"
#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {

using namespace wire;

namespace {

bool same(Bytes a, Bytes b) {
  return std::ranges::equal(a, b);
}

/// `inner` lies within `outer`; an empty span is anywhere.
void require_inside(Bytes inner, Bytes outer) {
  require(inner.empty() ||
          (inner.data() >= outer.data() && inner.data() + inner.size() <= outer.data() + outer.size()));
}

}  // namespace

void fuzz_ethernet(Bytes octets) {
  if (const auto header = parse_ethernet(octets)) {
    require(header->header_length <= octets.size());
    require(header->header_length == kEthernetSize + kVlanTagSize * header->tags);
    require(static_cast<std::uint16_t>(header->type) >= 0x0600 && !is_vlan(header->type));
  }
}

void fuzz_ipv4(Bytes octets) {
  // The checksum is fixed so that the rest of the parser is reached.
  std::vector<std::uint8_t> packet(octets.begin(), octets.end());
  if (packet.size() >= kIpv4Size) {
    const std::size_t size = std::min(packet.size(), std::size_t{packet[0]} % 16 * 4);
    store_be<std::uint16_t>(packet.data() + 10, 0);
    store_be(packet.data() + 10, internet_checksum(Bytes(packet).first(size)));
  }
  const auto header = parse_ipv4(packet);
  if (!header) {
    return;
  }
  require(header->header_length <= header->total_length && header->total_length <= packet.size());
  if (!header->has_options() && (packet[6] & 0x80) == 0) {  // the reserved flag is not preserved
    std::uint8_t again[kIpv4Size];
    write_ipv4(again, *header);
    require(same(again, Bytes(packet).first(kIpv4Size)));
  }
  if (deserves_icmp_error(*header, packet)) {
    std::vector<std::uint8_t> error(kIcmpErrorMaxSize);
    error.resize(write_icmp_error(error.data(), fragmentation_needed(1400), Ipv4Address(10, 0, 0, 1), *header,
                                  packet));
    const auto outer = parse_ipv4(error);
    require(outer && outer->destination == header->source);
    require(internet_checksum(Bytes(error).subspan(kIpv4Size)) == 0);
    require(!deserves_icmp_error(*outer, error));  // no errors about errors
  }
  if (header->ttl > 0) {
    decrement_ttl(packet.data());
    require(parse_ipv4(packet).has_value());
  }
}

void fuzz_gre(Bytes octets) {
  const auto header = parse_gre(octets);
  if (!header) {
    return;
  }
  require(std::size_t{header->header_length} + header->payload_length <= octets.size());
  require(header->header_length == gre_header_size(header->sequence.has_value(), header->ack.has_value()));
  std::uint8_t again[kGreMaxSize];
  const std::size_t size =
      write_gre(again, PeerCallId(header->call_id.value), load_be<std::uint16_t>(octets.data() + 4),
                header->sequence, header->ack);
  require(same(Bytes(again, size), octets.first(header->header_length)));
}

void fuzz_ppp(Bytes octets) {
  const auto header = parse_ppp(octets);
  if (!header) {
    return;
  }
  require(header->header_length >= 1 && header->header_length <= 4 && header->header_length <= octets.size());
  const Bytes payload = octets.subspan(header->header_length);
  if (const auto packet = parse_ppp_packet(payload)) {
    require_inside(packet->whole, payload);
    require(packet->whole.size() == packet->data.size() + kPppPacketHeaderSize);
    (void)parse_lcp_magic(packet->data);
    (void)parse_protocol_reject(packet->data);
    (void)parse_ras_error(packet->data);
  }
}

void fuzz_ppp_options(Bytes octets) {
  const auto options = PppOptions::parse(octets);
  if (!options) {
    return;
  }
  std::size_t covered = 0;
  for (const PppOption option : *options) {
    require_inside(option.whole, octets);
    require(option.whole.size() == option.value.size() + 2);
    covered += option.whole.size();
    (void)ipcp_address(option);
    (void)ipv6cp_identifier(option);
    if (const auto authentication = parse_lcp_authentication(option.value);
        authentication && option.type == 3) {
      PppFrameWriter writer(PppProtocol::kLcp, PppCode::kConfigureNak, 1);
      write_lcp_authentication(writer, *authentication);
      require(authentication->protocol == PppProtocol::kEap || option.value.size() > 3 ||
              same(writer.data().subspan(2), option.value.first(writer.data().size() - 2)));
    }
  }
  require(covered == octets.size());
  PppFrameWriter writer(PppProtocol::kLcp, PppCode::kConfigureReject, 1);
  for (const PppOption option : *options) {
    writer.option(option);
  }
  require(writer.ok() ? same(writer.data(), octets) : octets.size() > 1496);
}

void fuzz_pap(Bytes octets) {
  require_inside(parse_pap_message(octets), octets);
  if (const auto request = parse_pap_request(octets)) {
    require_inside(request->peer_id, octets);
    require_inside(request->password, octets);
    PppFrameWriter writer(PppProtocol::kPap, static_cast<std::uint8_t>(PapCode::kAuthenticateRequest), 1);
    write_pap_request(writer, *request);
    require(writer.ok() && same(writer.data(), octets.first(writer.data().size())));
  }
}

void fuzz_chap(Bytes octets) {
  (void)parse_ms_chap_error(octets);
  if (const auto change = parse_ms_chap_v2_change(octets)) {
    require(same(change->encrypted_password, octets.first(kEncryptedPasswordSize)));
    require(same(Bytes(change->response.nt_response), octets.subspan(kMsChapChangeSize - 26, 24)));
  }
  const auto chap = parse_chap_value(octets);
  if (!chap) {
    return;
  }
  require(!chap->value.empty() && 1 + chap->value.size() + chap->name.size() == octets.size());
  if (const auto v1 = parse_ms_chap_v1(chap->value)) {
    require(same(Bytes(ms_chap_v1_value(*v1)).subspan(24), chap->value.subspan(24)));
  }
  if (const auto v2 = parse_ms_chap_v2(chap->value)) {
    require(same(ms_chap_v2_value(*v2), chap->value));
  }
}

void fuzz_mppe(Bytes octets) {
  if (const auto header = parse_mppe(octets)) {
    std::uint8_t again[kMppeHeaderSize];
    write_mppe(again, *header);
    require(octets.size() > kMppeHeaderSize && same(again, octets.first(kMppeHeaderSize)));
  }
}

void fuzz_tcp_mss(Bytes octets) {
  Input input(octets);
  const std::uint16_t limit = input.u16();
  const Bytes rest = input.octets(octets.size());
  std::vector<std::uint8_t> segment(rest.begin(), rest.end());
  if (segment.size() >= 20) {
    store_be<std::uint16_t>(segment.data() + 16, 0);
    store_be(segment.data() + 16, internet_checksum(segment));
  }
  const std::vector<std::uint8_t> before = segment;
  if (clamp_tcp_mss(segment, limit)) {
    require(fold_checksum(sum_words(segment)) == 0xFFFF);
    require(!clamp_tcp_mss(segment, limit));  // clamping a second time changes nothing
  } else {
    require(segment == before);
  }
}

void fuzz_frame(Bytes octets) {
  const auto ethernet = parse_ethernet(octets);
  if (!ethernet) {
    return;
  }
  const Bytes packet = octets.subspan(ethernet->header_length);
  const auto ip = parse_ipv4(packet);
  if (!ip) {
    return;
  }
  const Bytes payload = packet.subspan(ip->header_length, ip->payload_length());
  const auto gre = parse_gre(payload);
  if (!gre) {
    return;
  }
  const Bytes frame = payload.subspan(gre->header_length, gre->payload_length);
  require_inside(frame, octets);
  fuzz_ppp(frame);
  if (const auto ppp = parse_ppp(frame)) {
    const Bytes rest = frame.subspan(ppp->header_length);
    if (ppp->protocol == PppProtocol::kMppe) {
      fuzz_mppe(rest);
    } else if (const auto control = parse_ppp_packet(rest)) {
      fuzz_ppp_options(control->data);
    }
  }
}

}  // namespace adit::fuzz
