// SPDX-License-Identifier: Apache-2.0
// One packet of verified traffic: an inner IP packet whose payload tells its run, call and number and when
// it was sent, and whose every other octet the receiver can predict.
//
//   IPv4 20 or IPv6 40 | UDP 8 or ICMP echo 8 | run 4 | call 4 | incarnation 4 | sequence 4 | sent 8 | check 4 | pattern ...
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
#include "app/adit-blast/traffic/probe_family.hpp"
#include "dataplane/wire/bytes.hpp"

namespace adit::app::blast {

/// Who sends it. kEcho: sent up, and returned by the server.
enum class ProbeKind : std::uint8_t { kUp, kDown, kEcho };

struct Probe {
  std::uint32_t call = 0;         ///< slot
  std::uint32_t incarnation = 0;  ///< of the slot: tells late packets of its previous call apart
  std::uint32_t sequence = 0;     ///< of the call and direction, from 0
  std::uint64_t sent = 0;         ///< TSC
};

inline constexpr std::size_t kProbeSize = 28;
template <typename Family>
inline constexpr std::size_t kProbeAt = Family::kHeaderSize + 8;
template <typename Family>
inline constexpr std::uint16_t kLeastProbePacket = kProbeAt<Family> + kProbeSize;

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
  template <typename Family>
  void write(std::uint8_t* at, std::uint16_t size, ProbeKind kind, const typename Family::Address& from,
             const typename Family::Address& to, const Probe& probe) const noexcept {
    Family::write(at, {.from = from,
                       .to = to,
                       .size = size,
                       .protocol = kind == ProbeKind::kEcho ? Family::kEchoProtocol : wire::kIpProtocolUdp,
                       .identification = static_cast<std::uint16_t>(probe.sequence)});
    write_probe(at + kProbeAt<Family>, size - kLeastProbePacket<Family>, size, probe);
    write_transport<Family>(at, size, kind, probe);
  }

  /// `packet`: a whole packet whose header Family::is_valid() has accepted. kEcho looks for the reply. A fragment
  /// counts as foreign: a server may fragment an echo reply to the link's MTU, which is a loss but no
  /// corruption.
  template <typename Family>
  [[nodiscard]] Verdict read(wire::Bytes packet, ProbeKind kind, Probe& probe) const noexcept {
    const typename Family::View header(packet.data());
    const std::size_t size = header.total_length();
    if (!Family::is_plain(header) || size < kLeastProbePacket<Family> || size > kLargest ||
        !is_transport<Family>(header, packet.data() + Family::kHeaderSize, kind)) {
      return Verdict::kForeign;
    }
    const std::uint8_t* at = packet.data() + kProbeAt<Family>;
    if (wire::load_be<std::uint32_t>(at) != run_) {
      return Verdict::kForeign;
    }
    probe = {.call = wire::load_be<std::uint32_t>(at + 4),
             .incarnation = wire::load_be<std::uint32_t>(at + 8),
             .sequence = wire::load_be<std::uint32_t>(at + 12),
             .sent = wire::load_be<std::uint64_t>(at + 16)};
    const std::size_t body = size - kLeastProbePacket<Family>;
    return wire::load_be<std::uint32_t>(at + 24) == check_of(probe, static_cast<std::uint16_t>(size)) &&
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

  void write_probe(std::uint8_t* at, std::size_t body, std::uint16_t size,
                   const Probe& probe) const noexcept {
    wire::store_be(at, run_);
    wire::store_be(at + 4, probe.call);
    wire::store_be(at + 8, probe.incarnation);
    wire::store_be(at + 12, probe.sequence);
    wire::store_be(at + 16, probe.sent);
    wire::store_be(at + 24, check_of(probe, size));
    std::memcpy(at + kProbeSize, pattern_of(probe), body);
  }

  /// What follows the transport header is there already.
  template <typename Family>
  static void write_transport(std::uint8_t* packet, std::uint16_t size, ProbeKind kind,
                              const Probe& probe) noexcept {
    std::uint8_t* const at = packet + Family::kHeaderSize;
    const auto length = static_cast<std::uint16_t>(size - Family::kHeaderSize);
    if (kind == ProbeKind::kEcho) {
      wire::store_be(at, std::uint32_t{Family::kEchoRequest} << 24);  // code 0, checksum below
      wire::store_be(at + 4, static_cast<std::uint16_t>(probe.call));
      wire::store_be(at + 6, static_cast<std::uint16_t>(probe.sequence));
      wire::store_be(at + 2, Family::echo_checksum(packet, {at, length}));
      return;
    }
    const std::uint16_t port = kind == ProbeKind::kUp ? kUpPort : kDownPort;
    wire::store_be(at, port);
    wire::store_be(at + 2, port);
    wire::store_be(at + 4, length);
    wire::store_be<std::uint16_t>(at + 6, 0);
    if constexpr (!Family::kUdpWithoutChecksum) {
      const std::uint16_t checksum = wire::upper_layer_checksum(packet, {at, length}, wire::kIpProtocolUdp);
      wire::store_be<std::uint16_t>(at + 6, checksum == 0 ? 0xFFFF : checksum);
    }
  }

  template <typename Family>
  [[nodiscard]] static bool is_transport(const typename Family::View& header, const std::uint8_t* at,
                                         ProbeKind kind) noexcept {
    if (kind == ProbeKind::kEcho) {
      return Family::protocol(header) == Family::kEchoProtocol && at[0] == Family::kEchoReply && at[1] == 0;
    }
    return Family::protocol(header) == wire::kIpProtocolUdp &&
           wire::load_be<std::uint16_t>(at + 2) == (kind == ProbeKind::kUp ? kUpPort : kDownPort);
  }

  const std::uint32_t run_;
  std::array<std::uint8_t, kOffsets + kLargest> pattern_{};
};

}  // namespace adit::app::blast
