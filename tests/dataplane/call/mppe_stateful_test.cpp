// SPDX-License-Identifier: Apache-2.0
// Stateful MPPE against peers that are written down here a second time, from RFC 3078 §8.2 and from Linux's ppp_mppe.c:
// plain RC4 and the key change alone, with their discard state and their way to flush.
#include "dataplane/call/mppe_stateful.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "crypto/mppe_rekey.hpp"
#include "crypto/rc4.hpp"

namespace adit::dataplane {
namespace {

using wire::CoherencyCount;
using wire::MppeHeader;
using Octets = std::vector<std::uint8_t>;

crypto::MppeChain chain_of(crypto::MppeKeyLength length = crypto::MppeKeyLength::k128) {
  crypto::MppeChain chain{.length = length};
  for (std::size_t i = 0; i < 16; ++i) {
    chain.start_key[i] = static_cast<std::uint8_t>(11 + 7 * i);
  }
  crypto::mppe_new_key_from_sha(chain.start_key, chain.start_key, length, chain.session_key);
  return chain;
}

/// A plaintext that is plausible: protocol 0021 and an IPv4 packet of `size` octets.
Octets plaintext(std::size_t size = 60) {
  Octets octets(size + 2, 0xA5);
  octets[0] = 0;
  octets[1] = 0x21;
  wire::Ipv4Header header;
  header.source = {10, 0, 0, 1};
  header.destination = {10, 0, 0, 2};
  header.total_length = static_cast<std::uint16_t>(size);
  header.ttl = 9;
  wire::write_ipv4(octets.data() + 2, header);
  return octets;
}

struct Sealed {
  MppeHeader header;
  Octets octets;
};

/// Key and stream as ppp_mppe keeps them.
class LinuxStream {
 public:
  explicit LinuxStream(const crypto::MppeChain& chain) : chain_(chain) { rekey(0); }
  void rekey(int changes = 1) {
    for (; changes > 0; --changes) {
      crypto::mppe_change_key(chain_.start_key, chain_.length, chain_.session_key);
    }
    rc4_ = std::make_unique<crypto::Rc4>(
        std::span(chain_.session_key).first(crypto::mppe_key_octets(chain_.length)));
  }
  void apply(Octets& octets) { rc4_->apply(octets); }

 private:
  crypto::MppeChain chain_;
  std::unique_ptr<crypto::Rc4> rc4_;
};

enum class Way { kLinux, kRfc, kFreeBsd };

/// mppe_compress(); or RFC 3078, which flushes with the current key, and the first packet, too; or ng_mppc, which does the same,
/// and does not set A for the key change of a flag packet.
class PeerSender {
 public:
  explicit PeerSender(Way way, const crypto::MppeChain& chain = chain_of())
      : stream_(chain), way_(way), flush_(way != Way::kLinux) {}
  void reset() { flush_ = true; }
  Sealed seal(Octets octets) {
    const bool flag = count_ % 256 == 255;
    const bool flushed = flag || flush_;
    if (flushed) {
      stream_.rekey(flag || way_ == Way::kLinux ? 1 : 0);
    }
    const bool tells = way_ == Way::kFreeBsd ? std::exchange(flush_, false) : flushed;
    flush_ = false;
    stream_.apply(octets);
    return {{CoherencyCount(count_++), tells}, std::move(octets)};
  }

 private:
  LinuxStream stream_;
  Way way_;
  bool flush_;
  std::uint16_t count_ = 0;
};

/// mppe_decompress() in stateful mode, and ppp_generic around it, which shows it nothing from an error to the Reset-Ack.
/// It believes whatever it decrypts.
class LinuxReceiver {
 public:
  explicit LinuxReceiver(const crypto::MppeChain& chain = chain_of()) : stream_(chain) {}
  void on_reset_ack() { blind_ = false; }
  /// False: it cannot be read, and pppd asks for a reset.
  bool open(Sealed& packet) {
    blind_ = blind_ || !decompress(packet);
    return !blind_;
  }

 private:
  bool decompress(Sealed& packet) {
    const unsigned count = packet.header.count.value;
    if (!discard_) {
      last_ = (last_ + 1) % 4096;
      if (count != last_) {
        discard_ = true;
        return false;
      }
    } else {
      if (!packet.header.flushed) {
        return false;
      }
      for (; (count & ~0xffU) != (last_ & ~0xffU); last_ = (last_ + 256) % 4096) {
        stream_.rekey();
      }
      discard_ = false;
      last_ = count;
    }
    if (packet.header.flushed) {
      stream_.rekey();
    }
    stream_.apply(packet.octets);
    return true;
  }

  LinuxStream stream_;
  unsigned last_ = 4095;
  bool blind_ = false;
  bool discard_ = false;
};

/// Our end: the receiver with the counts that the call would keep.
class Ours {
 public:
  std::uint32_t affordable = 1'000'000;
  std::uint32_t spent = 0;
  StatefulReceiver receiver{chain_of(), Milliseconds{1000}};

  /// Every packet takes one step of GRE, so the gap is what the count says.
  std::expected<void, DropReason> open(Sealed& packet, std::uint32_t steps) {
    return receiver.decrypt(packet.header, steps, packet.octets, [this](std::uint32_t changes) {
      if (changes > affordable) {
        return false;
      }
      affordable -= changes;
      spent += changes;
      return true;
    });
  }
};

TEST(StatefulMppe, MPP_10_FlagPacketsAreCounted) {
  static_assert(is_flag_packet(CoherencyCount(0xff)) && is_flag_packet(CoherencyCount(4095)));
  static_assert(!is_flag_packet(CoherencyCount(0)) && !is_flag_packet(CoherencyCount(0x1fe)));
  for (std::uint32_t count = 0; count < 4096; count += count % 256 < 3 || count % 256 > 252 ? 1 : 50) {
    std::uint32_t flags = 0;
    for (std::uint32_t steps = 1; steps <= 9000; ++steps) {
      flags += is_flag_packet(CoherencyCount(static_cast<std::uint16_t>(count - (steps - 1)))) ? 1 : 0;
      ASSERT_EQ(flag_packets(CoherencyCount(static_cast<std::uint16_t>(count)), steps), flags)
          << count << ' ' << steps;
    }
  }
  EXPECT_EQ(flag_packets(CoherencyCount(0), 0x7fffffff), 0x800000);
}

TEST(StatefulMppe, MPP_10_ReadsLinuxAndTheRfcWithoutLoss) {
  for (const Way way : {Way::kLinux, Way::kRfc, Way::kFreeBsd}) {
    PeerSender peer(way);
    Ours ours;
    for (int i = 0; i < 5000; ++i) {
      Sealed packet = peer.seal(plaintext(40 + static_cast<std::size_t>(i) % 100));
      ASSERT_TRUE(ours.open(packet, 1)) << i;
      ASSERT_EQ(packet.octets, plaintext(40 + static_cast<std::size_t>(i) % 100));
    }
    EXPECT_EQ(ours.spent, 0U);
    EXPECT_EQ(ours.receiver.peer_keeps_key(), way != Way::kLinux) << "told by its first flushed packet";
  }
}

TEST(StatefulMppe, MPP_10_RecoversFromLossOfDataFlagsAndFlushes) {
  for (const Way way : {Way::kLinux, Way::kRfc, Way::kFreeBsd}) {
    for (const unsigned percent : {1U, 10U, 30U}) {
      std::mt19937 random(percent);
      PeerSender peer(way);
      Ours ours;
      std::uint32_t steps = 0;
      int read = 0;
      int reset_in = 0;  // packets until the peer has our Reset-Request
      for (int i = 0; i < 20'000; ++i) {
        if (reset_in > 0 && --reset_in == 0) {
          peer.reset();
        }
        Sealed packet = peer.seal(plaintext());
        ++steps;
        const std::uint32_t outage = i % 2000 == 1999 ? 300 : 0;  // flag packets among them
        for (std::uint32_t lost = 0; lost < outage; ++lost, ++steps) {
          static_cast<void>(peer.seal(plaintext()));
        }
        if (random() % 100 < percent || outage > 0) {
          continue;
        }
        if (ours.open(packet, steps)) {
          ASSERT_EQ(packet.octets, plaintext());
          steps = 0;
          ++read;
        } else if (reset_in == 0) {
          reset_in = 3 + static_cast<int>(random() % 3);
        }
      }
      EXPECT_GT(read, percent == 30 ? 1000 : 10'000);
      Sealed packet{};
      for (int i = 0; i < 300; ++i) {  // the wire is whole again
        peer.reset();
        packet = peer.seal(plaintext());
        if (ours.open(packet, ++steps)) {
          steps = 0;
        }
      }
      EXPECT_EQ(packet.octets, plaintext());
    }
  }
}

TEST(StatefulMppe, MPP_10_LinuxReadsWhatWeSend) {
  std::mt19937 random(8);
  StatefulSender ours(chain_of());
  LinuxReceiver peer;
  std::uint16_t count = 0;
  int reset_in = 0;
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    bool flushed_on_request = false;
    if (reset_in > 0 && --reset_in == 0) {
      peer.on_reset_ack();
      ours.flush(false, false);
      ours.flush(false, false);  // a second request before the next packet changes nothing
      flushed_on_request = true;
    }
    Sealed packet{{CoherencyCount(count++)}, plaintext()};
    packet.header.flushed = ours.encrypt(packet.header.count, packet.octets);
    EXPECT_EQ(packet.header.flushed, flushed_on_request || is_flag_packet(packet.header.count));
    // Linux does not survive the loss of a flushed packet that it asked for (nor does it from Linux).
    if (!flushed_on_request && random() % 50 == 0) {
      continue;
    }
    if (peer.open(packet)) {
      ASSERT_EQ(packet.octets, plaintext()) << i;
      ++read;
    } else if (reset_in == 0) {
      reset_in = 4;
    }
  }
  EXPECT_GT(read, 15'000);
}

TEST(StatefulMppe, MPP_10_ARepeatedResetRequestRepeatsTheFlushNotTheKeyChange) {
  StatefulSender ours(chain_of());
  LinuxReceiver peer;
  std::uint16_t count = 0;
  const auto send = [&] {
    Sealed packet{{CoherencyCount(count++)}, plaintext()};
    packet.header.flushed = ours.encrypt(packet.header.count, packet.octets);
    return packet;
  };
  Sealed packet = send();
  ASSERT_TRUE(peer.open(packet));
  static_cast<void>(send());  // lost
  packet = send();
  ASSERT_FALSE(peer.open(packet));
  ours.flush(false, false);
  static_cast<void>(send());  // our Reset-Ack was lost, so Linux does not look at this flushed packet
  static_cast<void>(send());
  peer.on_reset_ack();
  ours.flush(true, false);
  packet = send();
  ASSERT_TRUE(packet.header.flushed);
  ASSERT_TRUE(peer.open(packet));
  EXPECT_EQ(packet.octets, plaintext());
}

TEST(StatefulMppe, MPP_10_ToAPeerThatKeepsItsKeyWeFlushLikewise) {
  StatefulSender ours(chain_of());
  Octets before = plaintext();
  EXPECT_FALSE(ours.encrypt(CoherencyCount(0), before));
  ours.flush(false, true);
  Octets after = plaintext();
  EXPECT_TRUE(ours.encrypt(CoherencyCount(1), after));
  EXPECT_EQ(before, after) << "the same key, the same stream from its begin";
}

TEST(StatefulMppe, ForgedPacketsMoveNothingAndAreLeftAsTheyWere) {
  PeerSender peer(Way::kLinux);
  Ours ours;
  std::mt19937 random(3);
  for (int i = 0; i < 600; ++i) {
    for (int forgery = 0; forgery < 3; ++forgery) {
      Sealed forged{{CoherencyCount(static_cast<std::uint16_t>(random())), random() % 2 == 0}, Octets(70)};
      for (std::uint8_t& octet : forged.octets) {
        octet = static_cast<std::uint8_t>(random());
      }
      const Octets before = forged.octets;
      ASSERT_FALSE(ours.open(forged, static_cast<std::uint32_t>(1 + random() % 1000)));
      ASSERT_EQ(forged.octets, before);
    }
    Sealed packet = peer.seal(plaintext());
    ASSERT_TRUE(ours.open(packet, 1)) << i;
    ASSERT_EQ(packet.octets, plaintext());
  }
}

TEST(StatefulMppe, ARefusalSaysWhy) {
  PeerSender peer(Way::kLinux);
  Ours ours;
  Sealed lost = peer.seal(plaintext());
  Sealed packet = peer.seal(plaintext());
  EXPECT_EQ(ours.open(packet, 2).error(), DropReason::kMppeOutOfStep);
  Sealed flag{{CoherencyCount(0xff), false}, plaintext()};
  EXPECT_EQ(ours.open(flag, 2).error(), DropReason::kMppeOutOfStep)
      << "only A restarts a stream after a loss";
  EXPECT_EQ(ours.open(flag, 1).error(), DropReason::kMppeImplausible);
  Sealed noise{{CoherencyCount(0), true}, Octets(60, 1)};
  EXPECT_EQ(ours.open(noise, 1).error(), DropReason::kMppeImplausible);
  EXPECT_EQ(ours.spent, kLostFlushes) << "one change is free, those after it are paid for";
  ours.affordable = 4;
  EXPECT_EQ(ours.open(noise, 1).error(), DropReason::kMppeBudget);
  noise.header.count = CoherencyCount(0x5ff);
  EXPECT_EQ(ours.open(noise, 0x600).error(), DropReason::kMppeBudget)
      << "six flag packets, five beyond the free one";
  EXPECT_TRUE(ours.open(lost, 1)) << "and none of it moved anything: a late packet is read";
}

TEST(StatefulMppe, ResetsAreAskedForOncePerInterval) {
  StatefulReceiver receiver(chain_of(), Milliseconds{5});  // the clock may be young
  EXPECT_TRUE(receiver.reset_is_due(Milliseconds{5}));
  EXPECT_FALSE(receiver.reset_is_due(Milliseconds{5 + kResetIntervalMs - 1}));
  EXPECT_TRUE(receiver.reset_is_due(Milliseconds{5 + kResetIntervalMs}));
  EXPECT_FALSE(receiver.reset_is_due(Milliseconds{5 + kResetIntervalMs}));
}

}  // namespace
}  // namespace adit::dataplane
