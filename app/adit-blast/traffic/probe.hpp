// SPDX-License-Identifier: Apache-2.0
// One packet of verified traffic: an inner IPv4 packet whose payload tells its run, call and number and when
// it was sent, and whose every other octet the receiver can predict.
//
//   IPv4 20 | UDP 8 or ICMP echo 8 | run 4 | call 4 | incarnation 4 | sequence 4 | sent 8 | check 4 | pattern ...
//
// Numbers are big-endian; `sent` is a TSC reading, which the same machine verifies; `check` covers everything
// in front of it and the packet's length; the pattern starts at an offset derived from the sequence number.
// Pure. Thread: any (immutable once made). Owner: the worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "app/adit-blast/plan/plan.hpp"
#include "dataplane/wire/icmp.hpp"
#include "dataplane/wire/ipv4.hpp"

namespace adit::app::blast {

/// Who sends it. kEcho: sent up, and returned by the server.
enum class ProbeKind : std::uint8_t { kUp, kDown, kEcho };

struct Probe {
  std::uint32_t call = 0;         ///< slot
  std::uint32_t incarnation = 0;  ///< of the slot: tells late packets of its previous call apart
  std::uint32_t sequence = 0;     ///< of the call and direction, from 0
  std::uint64_t sent = 0;         ///< TSC
};

inline constexpr std::size_t kProbeAt = wire::kIpv4Size + 8;
inline constexpr std::size_t kProbeSize = 28;
inline constexpr std::uint16_t kLeastProbePacket = kProbeAt + kProbeSize;

class ProbeCodec {
 public:
  enum class Verdict : std::uint8_t {
    kIntact,
    kForeign,    ///< not a probe of this run
    kCorrupted,  ///< of this run, but not as it was sent
  };

  explicit ProbeCodec(std::uint32_t run, Payload payload = Payload::kRandom) noexcept : run_(run) {
    payload == Payload::kText ? fill_with_text() : fill_with_noise();
  }

  /// Writes a whole packet of `size` octets (kLeastProbePacket to kLargest) at `at`.
  void write(std::uint8_t* at, std::uint16_t size, ProbeKind kind, wire::Ipv4Address from,
             wire::Ipv4Address to, const Probe& probe) const noexcept {
    wire::Ipv4Header header;
    header.source = from;
    header.destination = to;
    header.total_length = size;
    header.identification = static_cast<std::uint16_t>(probe.sequence);
    header.dont_fragment = true;
    header.ttl = 64;
    header.protocol = kind == ProbeKind::kEcho ? wire::kIpProtocolIcmp : wire::kIpProtocolUdp;
    wire::write_ipv4(at, header);
    write_probe(at + kProbeAt, size, probe);
    write_transport(at + wire::kIpv4Size, size, kind, probe);
  }

  /// `packet`: a whole IPv4 packet that check_ipv4() has accepted. kEcho looks for the reply. A fragment
  /// counts as foreign: a server may fragment an echo reply to the link's MTU, which is a loss but no
  /// corruption.
  [[nodiscard]] Verdict read(wire::Bytes packet, ProbeKind kind, Probe& probe) const noexcept {
    const wire::Ipv4View header(packet.data());
    const std::uint16_t size = header.total_length();
    if (header.header_length() != wire::kIpv4Size || header.is_fragment() || size < kLeastProbePacket ||
        size > kLargest || !is_transport(header, packet.data() + wire::kIpv4Size, kind)) {
      return Verdict::kForeign;
    }
    const std::uint8_t* at = packet.data() + kProbeAt;
    if (wire::load_be<std::uint32_t>(at) != run_) {
      return Verdict::kForeign;
    }
    probe = {.call = wire::load_be<std::uint32_t>(at + 4),
             .incarnation = wire::load_be<std::uint32_t>(at + 8),
             .sequence = wire::load_be<std::uint32_t>(at + 12),
             .sent = wire::load_be<std::uint64_t>(at + 16)};
    const std::size_t body = size - kLeastProbePacket;
    return wire::load_be<std::uint32_t>(at + 24) == check_of(probe, size) &&
                   std::memcmp(at + kProbeSize, pattern_of(probe), body) == 0
               ? Verdict::kIntact
               : Verdict::kCorrupted;
  }

  static constexpr std::uint16_t kLargest = 1500;

 private:
  static constexpr std::uint16_t kUpPort = 50001;
  static constexpr std::uint16_t kDownPort = 50002;
  static constexpr std::size_t kOffsets = 1024;

  [[nodiscard]] static constexpr std::uint64_t mix(std::uint64_t x) noexcept {  // splitmix64's finaliser
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
  }
  void fill_with_noise() noexcept {
    std::uint64_t state = run_;
    for (std::uint8_t& octet : pattern_) {
      state = mix(state + 1);
      octet = static_cast<std::uint8_t>(state);
    }
  }
  /// Words at random out of a few: shrinks to about a third, as prose and markup do.
  void fill_with_text() noexcept {
    constexpr std::array<std::string_view, 16> kWords{
        "the ",  "a ",      "of ",       "and ",    "tunnel ", "packet ", "server ",    "client ",
        "call ", "header ", "sequence ", "number ", "<td>",    "</td>",   "encrypted ", "\n"};
    std::uint64_t state = run_;
    std::size_t at = 0;
    while (at < pattern_.size()) {
      state = mix(state + 1);
      for (const char letter : kWords[state % kWords.size()]) {
        if (at < pattern_.size()) {
          pattern_[at++] = static_cast<std::uint8_t>(letter);
        }
      }
    }
  }
  [[nodiscard]] std::uint32_t check_of(const Probe& probe, std::uint16_t size) const noexcept {
    const std::uint64_t who = std::uint64_t{probe.call} << 32 | probe.incarnation;
    const std::uint64_t which = std::uint64_t{probe.sequence} << 32 | size;
    return static_cast<std::uint32_t>(mix(mix(mix(who + run_) ^ which) ^ probe.sent));
  }
  [[nodiscard]] const std::uint8_t* pattern_of(const Probe& probe) const noexcept {
    return pattern_.data() + (probe.sequence + probe.call) % kOffsets;
  }

  void write_probe(std::uint8_t* at, std::uint16_t size, const Probe& probe) const noexcept {
    wire::store_be(at, run_);
    wire::store_be(at + 4, probe.call);
    wire::store_be(at + 8, probe.incarnation);
    wire::store_be(at + 12, probe.sequence);
    wire::store_be(at + 16, probe.sent);
    wire::store_be(at + 24, check_of(probe, size));
    std::memcpy(at + kProbeSize, pattern_of(probe), size - kLeastProbePacket);
  }

  /// UDP without a checksum (RFC 768 allows it): the pattern is the stronger test. ICMP requires one.
  static void write_transport(std::uint8_t* at, std::uint16_t size, ProbeKind kind,
                              const Probe& probe) noexcept {
    const auto length = static_cast<std::uint16_t>(size - wire::kIpv4Size);
    if (kind == ProbeKind::kEcho) {
      wire::store_be<std::uint32_t>(at, 0x08000000);  // echo request, code 0, checksum below
      wire::store_be(at + 4, static_cast<std::uint16_t>(probe.call));
      wire::store_be(at + 6, static_cast<std::uint16_t>(probe.sequence));
      wire::store_be(at + 2, wire::internet_checksum({at, length}));
      return;
    }
    const std::uint16_t port = kind == ProbeKind::kUp ? kUpPort : kDownPort;
    wire::store_be(at, port);
    wire::store_be(at + 2, port);
    wire::store_be(at + 4, length);
    wire::store_be<std::uint16_t>(at + 6, 0);
  }

  [[nodiscard]] static bool is_transport(const wire::Ipv4View& header, const std::uint8_t* at,
                                         ProbeKind kind) noexcept {
    if (kind == ProbeKind::kEcho) {
      return header.protocol() == wire::kIpProtocolIcmp &&
             wire::load_be<std::uint16_t>(at) == 0;  // echo reply
    }
    return header.protocol() == wire::kIpProtocolUdp &&
           wire::load_be<std::uint16_t>(at + 2) == (kind == ProbeKind::kUp ? kUpPort : kDownPort);
  }

  const std::uint32_t run_;
  std::array<std::uint8_t, kOffsets + kLargest> pattern_{};
};

}  // namespace adit::app::blast
