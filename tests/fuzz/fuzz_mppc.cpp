// SPDX-License-Identifier: Apache-2.0
// MPPC. mppc_decoder: packets of a call with history, the input cut into them, give the octets or the fault that decoding bit
// by bit gives. mppc_coder: what the coder makes of any packets is read back, with history and without. mppc_freerdp, where
// FreeRDP's coder is installed: what the coder writes FreeRDP reads, and where both decoders accept a packet they agree.
#include <algorithm>
#include <memory>
#include <vector>

#include "crypto/mppc/mppc_coder.hpp"
#include "crypto/mppc/mppc_decoder.hpp"
#include "tests/crypto/mppc/reference_mppc.hpp"
#include "tests/fuzz/targets.hpp"
#ifdef ADIT_FREERDP
#include "tests/crypto/mppc/freerdp.hpp"
#endif

namespace adit::fuzz {
namespace {

using crypto::MppcFlags;

/// Two octets before each packet: A, B, how much room; the length.
struct Packet {
  MppcFlags flags;
  std::size_t room;
  wire::Bytes octets;
};

Packet next_packet(Input& input) {
  const std::uint8_t what = input.u8();
  const std::size_t size = input.u8() * ((what & 4) != 0 ? 8U : 1U);
  return {.flags = {.flushed = (what & 1) != 0, .at_front = (what & 2) != 0},
          .room = (what & 8) != 0 ? what >> 4 : 1502U + (what >> 4) * 500U,
          .octets = input.octets(size)};
}

/// An exact allocation, so that AddressSanitizer sees accesses beyond it.
std::vector<std::uint8_t> own(wire::Bytes octets) {
  return {octets.begin(), octets.end()};
}

}  // namespace

void fuzz_mppc_decoder(wire::Bytes octets) {
  Input input(octets);
  const auto history = std::make_unique<crypto::MppcHistory>();
  crypto::test::ReferenceMppc reference;
  while (!input.empty()) {
    const Packet packet = next_packet(input);
    const std::vector<std::uint8_t> coded = own(packet.octets);
    std::vector<std::uint8_t> plain(packet.room);
    const auto size = crypto::mppc_decompress(*history, packet.flags, coded, plain);
    const auto expected = reference.decompress(packet.flags, coded, packet.room);
    require(size.has_value() == expected.has_value());
    if (!size) {
      require(size.error() == expected.error());
      continue;
    }
    plain.resize(*size);
    require(plain == *expected);
    history->commit(packet.flags, plain);
  }
}

void fuzz_mppc_coder(wire::Bytes octets) {
  Input input(octets);
  const auto scratch = std::make_unique<crypto::MppcScratch>();
  const auto sender = std::make_unique<crypto::MppcSendHistory>();
  crypto::test::ReferenceMppc receiver;
  while (!input.empty()) {
    const Packet packet = next_packet(input);
    const std::vector<std::uint8_t> plain = own(packet.octets);
    std::vector<std::uint8_t> coded(plain.size() + packet.room % 16);
    const std::size_t size = crypto::mppc_compress(*scratch, plain, coded);
    if (size != 0) {
      require(size < plain.size());
      crypto::test::ReferenceMppc alone;
      require(alone.decompress({}, std::span(coded).first(size), plain.size()) == plain);
      require(!alone.looked_behind_the_front());
    }
    if (packet.flags.flushed) {
      sender->flush();
    }
    const crypto::MppcCompressed sent = crypto::mppc_compress(*sender, plain, coded);
    require(!packet.flags.flushed || sent.flags.flushed);
    if (sent.size == 0) {
      receiver.begin(sent.flags);
      continue;
    }
    require(receiver.decompress(sent.flags, std::span(coded).first(sent.size), plain.size()) == plain);
    require(!receiver.looked_behind_the_front());
  }
}

#ifdef ADIT_FREERDP
void fuzz_mppc_freerdp(wire::Bytes octets) {
  Input input(octets);
  const auto sender = std::make_unique<crypto::MppcSendHistory>();
  crypto::test::FreerdpDecoder reads_ours;
  crypto::test::FreerdpCoder theirs;
  const auto reads_theirs = std::make_unique<crypto::MppcHistory>();
  while (!input.empty()) {
    const Packet packet = next_packet(input);
    const std::vector<std::uint8_t> octets_of_it = own(packet.octets);
    if (octets_of_it.size() < 3) {
      continue;  // FreeRDP's coder counts down from there
    }
    std::vector<std::uint8_t> buffer(octets_of_it.size() + 8);
    const crypto::MppcCompressed sent = crypto::mppc_compress(*sender, octets_of_it, buffer);
    if (sent.size == 0) {
      reads_ours.uncompressed(sent.flags);
    } else {
      const auto plain = reads_ours.decompress(sent.flags, std::span(buffer).first(sent.size));
      require(plain && std::ranges::equal(*plain, octets_of_it));
    }
    const crypto::test::FreerdpCoder::Sent other = theirs.compress(octets_of_it);
    if (other.octets.empty()) {
      reads_theirs->commit(other.flags, {});
    } else {
      const auto size = crypto::mppc_decompress(*reads_theirs, other.flags, other.octets, buffer);
      buffer.resize(size.value_or(0));
      require(buffer == octets_of_it);
      reads_theirs->commit(other.flags, buffer);
    }
    // The octets themselves as a stream. FreeRDP reads them from a history of its own: it keeps what a refused packet left there.
    crypto::test::ReferenceMppc reference;
    const auto expected = reference.decompress({.flushed = true}, octets_of_it, 4000);
    std::vector<std::uint8_t> plain(4000);
    const auto size = crypto::mppc_decompress(octets_of_it, plain);
    require(size.has_value() == expected.has_value());
    if (size && !reference.ran_over_the_end()) {
      crypto::test::FreerdpDecoder fresh;
      const auto read = fresh.decompress({.flushed = true}, octets_of_it);
      require(read && std::ranges::equal(*read, std::span(plain).first(*size)));
    }
  }
}
#endif

}  // namespace adit::fuzz
