// SPDX-License-Identifier: Apache-2.0
// MPPC through the stages, both ways: with MPPE and alone, stateless and stateful; loss, reorder, resets, malformed
// packets, length bombs, the wrap of the history, and what none of them may change. tests/crypto/mppc covers the code itself.
#include <algorithm>
#include <span>
#include <string_view>

#include "crypto/mppc/mppc_coder.hpp"
#include "crypto/mppc/mppc_decoder.hpp"
#include "crypto/mppe_batch.hpp"
#include "crypto/mppe_rekey.hpp"
#include "crypto/mppe_stream.hpp"
#include "dataplane/call/mppe_stateful.hpp"
#include "dataplane/wire/mppe.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

using contract::Direction;
using contract::MppeMode;
using contract::MppeStrength;

/// A client that compresses, and encrypts if the mode says so: as RFC 3078 has it, so it keeps its key when it flushes.
class MppcPeer {
 public:
  explicit MppcPeer(MppeMode mode) : mode_(mode) {}

  contract::EnableMppe enable(const contract::CallRef& call, Direction direction) {
    const bool up = direction == Direction::kReceive;
    crypto::MppeChain chain{.length = crypto::MppeKeyLength::k128};
    if (mode_.encrypted()) {
      chain.start_key.fill(up ? 0x17 : 0x71);
      crypto::mppe_new_key_from_sha(chain.start_key, chain.start_key, chain.length, chain.session_key);
    }
    (up ? up_ : down_) = Keys{.chain = chain, .stream = crypto::MppeStream(chain)};
    return {call, direction, mode_, chain.start_key, chain.session_key, mode_.stateful ? 1U : 0U};
  }

  /// The next packet to the server, compressed if it shrinks.
  Octets data(const Octets& inner) {
    const Octets plain = PacketBuilder(inner).ppp(wire::PppProtocol::kIpv4, true).octets();
    Octets out(plain.size());
    crypto::MppcCompressed made;
    if (!mode_.stateful) {
      made = {.size = crypto::mppc_compress(scratch_, plain, out), .flags = {.flushed = true}};
    } else {
      if (mode_.encrypted() && is_flag_packet(wire::CoherencyCount(next_count))) {
        sent_.flush();
      }
      made = crypto::mppc_compress(sent_, plain, out);
    }
    out.resize(made.size);
    last_compressed = made.size != 0;
    return packet(
        {.flushed = made.flags.flushed, .at_front = made.flags.at_front, .compressed = last_compressed},
        last_compressed ? out : plain);
  }
  /// The next packet with whatever a header and a body before encryption say.
  Octets packet(wire::MppeHeader header, Octets body) {
    header.count = wire::CoherencyCount(next_count++);
    next_count %= wire::CoherencyCount::kModulus;
    if (mode_.encrypted() && mode_.stateful) {
      if (header.flushed) {
        up_.stream.restart(is_flag_packet(header.count) ? 1 : 0);
      }
      up_.stream.apply(body);
    } else if (mode_.encrypted()) {
      apply_next_key(up_.chain, body);
    }
    Octets octets(2);
    wire::write_mppe(octets.data(), header, mode_.encrypted());
    octets.insert(octets.end(), body.begin(), body.end());
    return access_frame(PacketBuilder(octets)
                            .ppp(wire::PppProtocol::kMppe)
                            .gre(next_sequence++, std::nullopt, kLocalId.value));
  }
  /// The server has asked for it.
  void flush() { sent_.flush(); }

  /// The inner packet of one that the server sent; empty: not readable. In the order in which they were sent.
  Octets read(const Octets& frame) {
    const SentGre gre = read_gre(frame);
    const auto ppp = wire::parse_ppp(gre.ppp);
    Octets body(gre.ppp.begin() + ppp->header_length, gre.ppp.end());
    if (ppp->protocol != wire::PppProtocol::kMppe) {
      ADD_FAILURE() << "not in 00FD";
      return {};
    }
    const auto header = wire::parse_mppe(body, {.encrypted = mode_.encrypted(), .compressed = true});
    if (!header || header->count.value != expected_count_) {
      ADD_FAILURE() << "header";
      return {};
    }
    seen = *header;
    expected_count_ = static_cast<std::uint16_t>((expected_count_ + 1) % wire::CoherencyCount::kModulus);
    body.erase(body.begin(), body.begin() + 2);
    wire_size = body.size();
    if (mode_.encrypted() && mode_.stateful) {
      if (header->flushed) {
        down_.stream.restart(is_flag_packet(header->count) ? 1 : 0);
      }
      down_.stream.apply(body);
    } else if (mode_.encrypted()) {
      apply_next_key(down_.chain, body);
    }
    const Octets plain = header->compressed ? decompress(*header, body) : body;
    if (mode_.stateful) {
      received_.commit({header->flushed, header->at_front},
                       header->compressed ? std::span(plain) : std::span<const std::uint8_t>());
    }
    const auto inner = wire::parse_ppp_protocol(plain);
    return inner ? Octets(plain.begin() + inner->header_length, plain.end()) : Octets{};
  }
  /// Packets of the server's that never came: the next one to be read has this count.
  void expect_count(std::uint16_t count) { expected_count_ = count; }

  std::uint32_t next_sequence = 0;
  std::uint16_t next_count = 0;
  bool last_compressed = false;
  wire::MppeHeader seen;      ///< of the last packet read
  std::size_t wire_size = 0;  ///< of what followed it

 private:
  struct Keys {
    crypto::MppeChain chain{};
    crypto::MppeStream stream{};
  };
  static void apply_next_key(crypto::MppeChain& chain, Octets& body) {
    crypto::MppeJob job{
        .chain = &chain, .changes = 1, .size = static_cast<std::uint16_t>(body.size()), .data = body.data()};
    crypto::mppe_crypt({&job, 1});
    chain.session_key = job.key;
  }
  Octets decompress(wire::MppeHeader header, const Octets& body) {
    Octets plain(kMppcPlaintext);
    const auto size = mode_.stateful
                          ? crypto::mppc_decompress(received_, {header.flushed, header.at_front}, body, plain)
                          : crypto::mppc_decompress(body, plain);
    EXPECT_TRUE(size.has_value());
    plain.resize(size.value_or(0));
    return plain;
  }

  MppeMode mode_;
  Keys up_, down_;
  crypto::MppcScratch scratch_;
  crypto::MppcSendHistory sent_;
  crypto::MppcHistory received_;
  std::uint16_t expected_count_ = 0;
};

Octets packet_of(const Octets& payload, wire::Ipv4Address from, wire::Ipv4Address to) {
  return PacketBuilder(payload).udp(4000, 5000).ip(from, to).octets();
}
/// An inner packet of `size` octets of text, different for each `number`.
Octets text_packet(wire::Ipv4Address from, wire::Ipv4Address to, std::size_t size, std::size_t number = 0) {
  constexpr std::string_view kText = "GET /index.html HTTP/1.1 Host: www.example.net Accept: text/html; ";
  Octets payload(size - 28);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<std::uint8_t>(kText[(i + number * 7) % kText.size()]);
  }
  return packet_of(payload, from, to);
}
/// One that does not shrink.
Octets noise_packet(wire::Ipv4Address from, wire::Ipv4Address to, std::size_t size) {
  Octets payload(size - 28);
  std::uint32_t state = 12345;
  for (std::uint8_t& octet : payload) {
    state = state * 1'664'525 + 1'013'904'223;
    octet = static_cast<std::uint8_t>(0x80 | state >> 24);
  }
  return packet_of(payload, from, to);
}

class MppcPath {
 public:
  explicit MppcPath(MppeMode mode, contract::ReorderPolicy reorder = {})
      : world{WorldOptions{.stateful_mppe = true, .mppc_histories = 1, .reorder = reorder}}, peer(mode) {
    world.tell(call, peer.enable(call, Direction::kReceive));
    world.tell(call, peer.enable(call, Direction::kSend));
    world.settle();
  }
  bool arrives(const Octets& frame, const Octets& inner) {
    world.arrive(kAccessSide, frame);
    world.settle();
    const std::vector<Octets> out = world.sent(kCoreSide);
    return out.size() == 1 && read_sent(out[0]).packet == PacketBuilder(inner).ttl(63).octets();
  }
  bool passes_up(const Octets& inner) { return arrives(peer.data(inner), inner); }
  bool passes_down(const Octets& inner) {
    world.arrive(kCoreSide, core_frame(inner));
    world.turn();
    const std::vector<Octets> out = world.sent(kAccessSide);
    return out.size() == 1 && peer.read(out[0]) == PacketBuilder(inner).ttl(63).octets();
  }
  void drops(const Octets& frame, DropReason reason) {
    const std::uint64_t before = world.dropped(reason);
    world.arrive(kAccessSide, frame);
    world.settle();
    EXPECT_EQ(world.dropped(reason), before + 1) << describe(reason).name;
    EXPECT_TRUE(world.sent(kCoreSide).empty());
  }

  World world;
  MppcPeer peer;
  contract::CallRef call = world.install_up();
};

class Mppc : public testing::TestWithParam<MppeMode>, public MppcPath {
 protected:
  Mppc() : MppcPath(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(Modes, Mppc,
                         testing::Values(MppeMode{MppeStrength::k128, false, true},
                                         MppeMode{MppeStrength::k128, true, true},
                                         MppeMode{MppeStrength::kNone, false, true},
                                         MppeMode{MppeStrength::kNone, true, true}),
                         [](const auto& mode) {
                           return std::string(mode.param.encrypted() ? "Encrypted" : "Clear") +
                                  (mode.param.stateful ? "Stateful" : "Stateless");
                         });

TEST_P(Mppc, TextShrinksBothWaysAndArrivesAsItWas) {
  for (const std::size_t size : {200U, 300U, 1000U, 1430U}) {
    ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, size, size))) << size;
    EXPECT_TRUE(peer.last_compressed);
    ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, size, size))) << size;
    EXPECT_TRUE(peer.seen.compressed);
    EXPECT_LT(peer.wire_size, size);
  }
  EXPECT_EQ(world.all_drops(), 0U);
  const WorkerCounters& counters = world.counters();
  EXPECT_EQ(counters.mppc_uplink_plain.read(), 200U + 300 + 1000 + 1430 + 4 * 2);
  EXPECT_LT(counters.mppc_uplink_octets.read(), counters.mppc_uplink_plain.read() / 2);
  EXPECT_EQ(counters.mppc_downlink_plain.read(), counters.mppc_uplink_plain.read());
  const auto saved = world.worker().calls().mppc_saved(call);
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->uplink, counters.mppc_uplink_plain.read() - counters.mppc_uplink_octets.read());
  EXPECT_EQ(saved->downlink, counters.mppc_downlink_plain.read() - counters.mppc_downlink_octets.read());
}

TEST_P(Mppc, WhatDoesNotShrinkGoesAsItIsAndIsNotLonger) {
  for (int turn = 0; turn < 3; ++turn) {
    ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, 500)));
    ASSERT_TRUE(passes_down(noise_packet(kHost, kSubscriber, 1430)));
    EXPECT_FALSE(peer.seen.compressed);
    EXPECT_EQ(peer.wire_size, 1432U);
    ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, 500)));
    ASSERT_TRUE(passes_up(noise_packet(kSubscriber, kHost, 1430)));
    EXPECT_FALSE(peer.last_compressed);
  }
  ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, 500)));
  EXPECT_TRUE(peer.seen.flushed) << "the history begins anew after what did not shrink";
  EXPECT_EQ(world.counters().mppc_expanded.read(), 3U);
  EXPECT_EQ(world.all_drops(), 0U);
}

// 4,200 packets wrap the coherency count, and the history some 200 times.
TEST_P(Mppc, CountAndHistoryWrap) {
  for (std::size_t number = 0; number < 4200; ++number) {
    const std::size_t size = 60 + number * 37 % 1000;
    ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, size, number))) << number;
    ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, size, number))) << number;
  }
  EXPECT_EQ(world.all_drops(), 0U);
}

TEST_P(Mppc, ABurstIsReadInOrder) {
  std::vector<Octets> inner;
  for (std::size_t number = 0; number < 20; ++number) {
    inner.push_back(text_packet(kSubscriber, kHost, 100 + 50 * number, number));
    world.arrive(kAccessSide, peer.data(inner.back()));
  }
  world.settle();
  const std::vector<Octets> out = world.sent(kCoreSide);
  ASSERT_EQ(out.size(), inner.size());
  for (std::size_t number = 0; number < out.size(); ++number) {
    EXPECT_EQ(read_sent(out[number]).packet, PacketBuilder(inner[number]).ttl(63).octets()) << number;
  }
}

// What does not shrink makes the packet behind it begin anew, and no other.
TEST_P(Mppc, ABurstInWhichSomeDoNotShrinkIsReadableInOrder) {
  ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, 600)));
  std::vector<Octets> inner;
  for (std::size_t number = 0; number < 20; ++number) {
    inner.push_back(number % 5 == 2 ? noise_packet(kHost, kSubscriber, 900)
                                    : text_packet(kHost, kSubscriber, 600, number));
    world.arrive(kCoreSide, core_frame(inner.back()));
  }
  world.turn();
  const std::vector<Octets> out = world.sent(kAccessSide);
  ASSERT_EQ(out.size(), inner.size());
  for (std::size_t number = 0; number < out.size(); ++number) {
    EXPECT_EQ(peer.read(out[number]), PacketBuilder(inner[number]).ttl(63).octets()) << number;
    if (GetParam().stateful) {
      EXPECT_EQ(peer.seen.flushed, number % 5 == 3) << number;
    }
  }
  EXPECT_EQ(world.all_drops(), 0U);
}

// Copies that repeat one octet: 3 octets ask for 8,191.
TEST_P(Mppc, ALengthBombIsDroppedByNameAndChangesNothing) {
  ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300)));
  const std::uint16_t count = peer.next_count;
  const std::uint32_t sequence = peer.next_sequence;
  MppcPeer before = peer;
  // 'A', then offset 1 with the longest length: 01000001 1111000001 11111111111 0 111111111111, padded.
  const Octets bomb{0x41, 0xF0, 0x7F, 0xFB, 0xFF, 0xC0};
  drops(peer.packet({.flushed = true, .compressed = true}, bomb), DropReason::kMppcTooLong);
  peer = before;  // as if the peer had never sent it
  ASSERT_EQ(peer.next_count, count);
  ASSERT_EQ(peer.next_sequence, sequence);
  EXPECT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300, 1)));
}

TEST_P(Mppc, MalformedPacketsAreDroppedByNameAndChangeNothing) {
  ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300)));
  for (const Octets& body : {Octets{0xF0, 0x00},              // offset 0
                             Octets{0x41, 0xF0},              // a copy without its length
                             Octets{0xDF, 0xFF, 0xFF, 0xFF},  // beyond the history
                             Octets{0x41, 0xF0, 0x7F, 0xFF, 0xFF}}) {
    const MppcPeer before = peer;
    drops(peer.packet({.flushed = true, .compressed = true}, body), DropReason::kMppcMalformed);
    peer = before;
    ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300, 1)));
  }
  // It decompresses, but not to a packet.
  const MppcPeer before = peer;
  drops(peer.packet({.flushed = true, .compressed = true}, {0x21, 0x41, 0x42, 0x43}),
        GetParam().encrypted() ? DropReason::kMppeImplausible : DropReason::kMppcMalformed);
  peer = before;
  EXPECT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300, 2)));
}

TEST_P(Mppc, APeerMayCompressTheProtocolField) {
  const Octets inner = text_packet(kSubscriber, kHost, 300);
  const Octets plain = PacketBuilder(inner).ppp(wire::PppProtocol::kIpv4, true, true).octets();
  ASSERT_EQ(plain[0], 0x21);
  crypto::MppcSendHistory history;
  Octets out(plain.size());
  const auto made = crypto::mppc_compress(history, plain, out);
  out.resize(made.size);
  EXPECT_TRUE(arrives(peer.packet({.flushed = true, .compressed = true}, out), inner));
}

TEST_P(Mppc, AfterALossThePeerIsAskedForAResetOrNothingIsMissed) {
  ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300)));
  static_cast<void>(peer.data(text_packet(kSubscriber, kHost, 300, 1)));  // lost
  const Octets next = text_packet(kSubscriber, kHost, 300, 2);
  if (!GetParam().stateful) {
    EXPECT_TRUE(passes_up(next));
    return;
  }
  drops(peer.data(next), GetParam().encrypted() ? DropReason::kMppeOutOfStep : DropReason::kMppcOutOfStep);
  EXPECT_TRUE(world.told<contract::MppeOutOfStep>());
  for (int packet = 0; packet < 100; ++packet) {
    world.arrive(kAccessSide, peer.data(next));
    world.turn();
  }
  EXPECT_FALSE(world.told<contract::MppeOutOfStep>()) << "asked once for a time";
  world.pass_ms(kResetIntervalMs + 1);
  world.arrive(kAccessSide, peer.data(next));
  world.settle();
  EXPECT_TRUE(world.told<contract::MppeOutOfStep>());
  peer.flush();
  EXPECT_TRUE(passes_up(next));
  EXPECT_TRUE(passes_up(next));
}

TEST_P(Mppc, AResetRequestFlushesWhatWeSend) {
  ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, 300)));
  ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, 300)));
  EXPECT_EQ(peer.seen.flushed, !GetParam().stateful);
  world.tell(call, contract::FlushMppe{call});
  world.settle();
  ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, 300)));
  EXPECT_TRUE(peer.seen.flushed);
  ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, 300)));
  EXPECT_EQ(peer.seen.flushed, !GetParam().stateful);
  EXPECT_EQ(world.counters().mppe_resets_answered.read(), GetParam().stateful ? 1U : 0U);
}

TEST_P(Mppc, PacketsThatOvertakeOthersAreReadInTheirOrder) {
  ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300)));
  const Octets first = text_packet(kSubscriber, kHost, 400, 1);
  const Octets second = text_packet(kSubscriber, kHost, 500, 2);
  const Octets first_frame = peer.data(first);
  const Octets second_frame = peer.data(second);
  world.arrive(kAccessSide, second_frame);
  world.arrive(kAccessSide, first_frame);
  world.settle();
  world.pass_ms(100);
  world.settle();
  const std::vector<Octets> out = world.sent(kCoreSide);
  ASSERT_FALSE(out.empty()) << "without a reorder window, the one that is not late in any case";
  EXPECT_EQ(world.dropped(DropReason::kMppcMalformed), 0U);
}

TEST_P(Mppc, ADuplicateArrivesOnce) {
  const Octets inner = text_packet(kSubscriber, kHost, 300);
  const Octets frame = peer.data(inner);
  ASSERT_TRUE(arrives(frame, inner));
  world.arrive(kAccessSide, frame);
  world.settle();
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  EXPECT_EQ(world.all_drops(), 1U);
  EXPECT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300, 1)));
}

// Random octets with the next count and number: what an attacker can send who sees the packets.
TEST_P(Mppc, ForgeriesLeaveTheHistoryAsItWas) {
  ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300)));
  std::uint32_t state = 4711;
  for (int packet = 0; packet < 2000; ++packet) {
    MppcPeer forger = peer;
    Octets body(40 + packet % 60);
    for (std::uint8_t& octet : body) {
      state = state * 1'664'525 + 1'013'904'223;
      octet = static_cast<std::uint8_t>(state >> 24);
    }
    world.arrive(kAccessSide, forger.packet({.flushed = true, .compressed = true}, body));
    world.turn();
  }
  world.settle();
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  EXPECT_EQ(world.all_drops(), 2000U);
  EXPECT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300, 1)));
  EXPECT_TRUE(passes_up(text_packet(kSubscriber, kHost, 300, 2)));
}

TEST_P(Mppc, ANewAgreementBeginsWithEmptyHistories) {
  ASSERT_TRUE(passes_up(text_packet(kSubscriber, kHost, 900)));
  ASSERT_TRUE(passes_down(text_packet(kHost, kSubscriber, 900)));
  world.tell(call, contract::DisableMppe{call});
  const std::uint32_t sequence = peer.next_sequence;
  peer = MppcPeer(GetParam());
  peer.next_sequence = sequence;
  world.tell(call, peer.enable(call, Direction::kReceive));
  world.tell(call, peer.enable(call, Direction::kSend));
  world.settle();
  EXPECT_TRUE(passes_up(text_packet(kSubscriber, kHost, 900, 1)));
  EXPECT_TRUE(passes_down(text_packet(kHost, kSubscriber, 900, 1)));
}

TEST(MppcReorder, AWindowPutsThemInOrder) {
  for (const MppeStrength strength : {MppeStrength::k128, MppeStrength::kNone}) {
    for (const bool stateful : {false, true}) {
      MppcPath path({strength, stateful, true}, {.mode = contract::ReorderMode::kFixed});
      ASSERT_TRUE(path.passes_up(text_packet(kSubscriber, kHost, 300)));
      const Octets first = path.peer.data(text_packet(kSubscriber, kHost, 400, 1));
      path.world.arrive(kAccessSide, path.peer.data(text_packet(kSubscriber, kHost, 500, 2)));
      path.world.arrive(kAccessSide, first);
      path.world.settle();
      EXPECT_EQ(path.world.sent(kCoreSide).size(), 2U);
      EXPECT_EQ(path.world.all_drops(), 0U);
    }
  }
}

// ---- what was not agreed on --------------------------------------------------------------------------------------

TEST(MppcNotAgreed, CompressedPacketsAreDroppedByName) {
  for (const bool stateful : {false, true}) {
    MppcPath path(MppeMode{MppeStrength::k128, stateful, false});
    path.drops(path.peer.packet({.flushed = true, .compressed = true}, Octets(40, 0x41)),
               DropReason::kMppcNotAgreed);
    MppcPath front(MppeMode{MppeStrength::k128, stateful, false});
    front.drops(front.peer.packet({.flushed = true, .at_front = true}, Octets(40, 0x41)),
                DropReason::kMppcNotAgreed);
  }
}

TEST(MppcNotAgreed, WithEncryptionNothingClearPassesAndWithoutItNothingEncrypted) {
  MppcPath encrypted(MppeMode{MppeStrength::k128, false, true});
  MppcPeer clear(MppeMode{MppeStrength::kNone, false, true});
  encrypted.drops(clear.data(text_packet(kSubscriber, kHost, 300)), DropReason::kMppeHeader);
  MppcPath alone(MppeMode{MppeStrength::kNone, false, true});
  MppcPeer sealed(MppeMode{MppeStrength::k128, false, true});
  static_cast<void>(sealed.enable(alone.call, Direction::kReceive));
  alone.drops(sealed.data(text_packet(kSubscriber, kHost, 300)), DropReason::kMppeHeader);
}

TEST(MppcNotAgreed, WithoutEncryptionPlainPacketsStillPass) {
  MppcPath path(MppeMode{MppeStrength::kNone, false, true});
  const Octets inner = text_packet(kSubscriber, kHost, 300);
  Peer plain;
  EXPECT_TRUE(path.arrives(plain.clear(inner), inner));
}

TEST(MppcOneWay, OnlyTheDirectionThatWasAgreedOnIsCompressed) {
  World world;
  const contract::CallRef call = world.install_up();
  MppcPeer peer(MppeMode{MppeStrength::kNone, false, true});
  world.tell(call, peer.enable(call, Direction::kSend));
  world.settle();
  world.arrive(kCoreSide, core_frame(text_packet(kHost, kSubscriber, 500)));
  world.turn();
  const std::vector<Octets> out = world.sent(kAccessSide);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_FALSE(peer.read(out[0]).empty());
  EXPECT_TRUE(peer.seen.compressed);
  world.arrive(kAccessSide, peer.data(text_packet(kSubscriber, kHost, 500)));
  world.settle();
  EXPECT_EQ(world.dropped(DropReason::kMppeNotUp), 1U);
}

TEST(MppcMemory, StatelessNeedsNoHistoryAndCallsWithoutMppcNone) {
  World world;
  EXPECT_EQ(world.worker().calls().history_octets(), 0U);
  EXPECT_EQ(sizeof(Call), 512U);
}

}  // namespace
}  // namespace adit::dataplane::path
