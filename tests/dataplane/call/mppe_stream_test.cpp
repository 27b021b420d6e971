// SPDX-License-Identifier: Apache-2.0
// A million packets of several calls through the engine, a bad network and the engine again: lost, duplicated and
// reordered ones, and forged ones with numbers that look right. Method: bursts of jobs as the uplink and the downlink make
// them, trial first, commit when the plaintext is believed. Every packet that the GRE sequence lets through decrypts, no
// forged one is believed, and at the end both ends of each call have the same key.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "crypto/mppe_implementations.hpp"
#include "dataplane/call/gre_window.hpp"
#include "dataplane/call/mppe_session.hpp"
#include "dataplane/wire/bytes.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::dataplane {
namespace {

using crypto::MppeChain;
using crypto::MppeJob;
using crypto::test::Octets;
using wire::CoherencyCount;
using wire::GreSeq;

constexpr std::size_t kCalls = 12;
constexpr std::size_t kPackets = crypto::test::kSanitized ? 10'000 : 1'000'000;
constexpr std::uint64_t kBelievable = 0x45000054'0A400002;  // what a plaintext begins with

struct Packet {
  std::size_t call = 0;
  CoherencyCount count;
  GreSeq sequence;
  Octets octets;
  std::uint64_t serial = 0;  // forged: 0
  std::uint32_t key = 0;     // that it was tried with
};

struct Call {
  MppeChain send_chain;
  MppeChain receive_chain;
  MppeSender sender;
  MppeReceiver receiver;
  GreReceiver window;
  GreSender numbers;
  std::uint64_t sent = 0;
  std::uint64_t highest = 0;  // serial of the last packet accepted
};

class Stream {
 public:
  Stream() {
    for (Call& call : calls_) {
      for (std::size_t i = 0; i < 16; ++i) {
        call.send_chain.start_key[i] = static_cast<std::uint8_t>(random_());
        call.send_chain.session_key[i] = static_cast<std::uint8_t>(random_());
      }
      call.receive_chain = call.send_chain;
      call.window.await_proof();
    }
  }

  /// A burst of one to four calls' packets.
  std::vector<Packet> send() {
    std::vector<Packet> packets;
    std::vector<MppeJob> jobs;
    const std::size_t first = random_() % kCalls;
    for (std::size_t which = 0, calls = 1 + random_() % 4; which < calls; ++which) {
      Call& call = calls_[(first + which) % kCalls];
      for (std::uint32_t change = 1, run = 1 + static_cast<std::uint32_t>(random_() % 8); change <= run;
           ++change) {
        Packet packet;
        packet.call = (first + which) % kCalls;
        packet.octets.resize(16 + random_() % kLongest[random_() % 8]);
        packet.serial = ++call.sent;
        packet.count = call.sender.next();
        packet.sequence = call.numbers.next();
        wire::store_be(packet.octets.data(), kBelievable);
        wire::store_be(packet.octets.data() + 8, packet.serial);
        packets.push_back(std::move(packet));
        jobs.push_back({.chain = &call.send_chain,
                        .changes = change,
                        .size = static_cast<std::uint16_t>(packets.back().octets.size()),
                        .data = packets.back().octets.data()});
      }
    }
    crypto::mppe_crypt(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      calls_[packets[i].call].send_chain.session_key = jobs[i].key;
    }
    return packets;
  }

  /// What becomes of a burst on its way.
  std::vector<Packet> pass(std::vector<Packet> sent) {
    std::vector<Packet> arrived;
    for (Packet& packet : sent) {
      const auto dice = random_() % 100;
      if (dice < 3) {
        continue;  // lost
      }
      if (dice < 5) {
        arrived.push_back(packet);  // twice
      }
      if (dice < 7) {
        arrived.push_back(forged_beside(packet));
      }
      arrived.push_back(std::move(packet));
      if (dice >= 97 && arrived.size() > 1) {
        std::swap(arrived.back(), arrived[arrived.size() - 2]);
      }
    }
    return arrived;
  }

  void receive(std::vector<Packet> packets) {
    now_ = now_ + 1;
    std::ranges::stable_sort(packets, {}, &Packet::call);  // as the uplink visits them
    std::vector<MppeJob> jobs;
    std::vector<Packet*> tried;
    for (Packet& packet : packets) {
      Call& call = calls_[packet.call];
      if (call.window.evaluate(packet.sequence) != GreReceiver::Verdict::kAhead) {
        continue;
      }
      const auto changes = call.receiver.evaluate(packet.count, call.window.gap(packet.sequence));
      ASSERT_TRUE(changes.has_value() || packet.serial == 0);
      if (!changes) {
        continue;
      }
      ASSERT_TRUE(call.receiver.spend(*changes - 1, now_));
      packet.key = call.receiver.key() + *changes;
      tried.push_back(&packet);
      jobs.push_back({.chain = &call.receive_chain,
                      .changes = *changes,
                      .size = static_cast<std::uint16_t>(packet.octets.size()),
                      .data = packet.octets.data()});
    }
    crypto::mppe_crypt(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      commit(*tried[i], jobs[i]);
      ASSERT_FALSE(testing::Test::HasFatalFailure());
    }
  }

  void check_ends() {
    for (Call& call : calls_) {
      EXPECT_EQ(call.highest, call.sent);
      EXPECT_EQ(call.send_chain.session_key, call.receive_chain.session_key);
    }
  }

  /// One more burst of each call, on a good day.
  void settle() {
    for (int burst = 0; burst < 200; ++burst) {
      receive(send());
    }
  }

  [[nodiscard]] std::size_t accepted() const { return accepted_; }
  [[nodiscard]] std::size_t forged() const { return forged_; }

 private:
  static constexpr std::size_t kLongest[8] = {40, 40, 40, 40, 64, 64, 300, 1400};

  /// The numbers of a packet that may come, or the packet itself changed on its way.
  Packet forged_beside(const Packet& packet) {
    Packet forged = packet;
    forged.serial = 0;
    if (const std::uint32_t ahead = static_cast<std::uint32_t>(random_() % 20); ahead > 0) {
      forged.sequence = GreSeq(packet.sequence.value + ahead);
      forged.count =
          CoherencyCount(static_cast<std::uint16_t>((packet.count.value + random_() % (ahead + 1)) & 4095));
    }
    for (std::uint8_t& octet : forged.octets) {
      octet = static_cast<std::uint8_t>(random_());
    }
    return forged;
  }

  void commit(const Packet& packet, const MppeJob& job) {
    Call& call = calls_[packet.call];
    if (wire::load_be<std::uint64_t>(packet.octets.data()) != kBelievable) {
      ASSERT_EQ(packet.serial, 0U) << "a genuine packet did not decrypt";
      static_cast<void>(call.receiver.on_failure(now_, true));
      ++forged_;
      return;
    }
    ASSERT_NE(packet.serial, 0U) << "a forged packet was believed";
    ASSERT_EQ(wire::load_be<std::uint64_t>(packet.octets.data() + 8), packet.serial);
    if (call.window.evaluate(packet.sequence) != GreReceiver::Verdict::kAhead) {
      ASSERT_LE(packet.serial, call.highest);  // late or double within its burst
      return;
    }
    ASSERT_GT(packet.serial, call.highest);
    call.window.prove(packet.sequence);
    call.receiver.commit(packet.key);
    call.receive_chain.session_key = job.key;
    call.highest = packet.serial;
    ++accepted_;
  }

  std::mt19937_64 random_{3078};
  std::array<Call, kCalls> calls_;
  Milliseconds now_;
  std::size_t accepted_ = 0;
  std::size_t forged_ = 0;
};

TEST(MppeStream, AMillionPacketsOverABadNetworkAndNoneForged) {
  Stream stream;
  std::size_t sent = 0;
  while (sent < kPackets) {
    std::vector<Packet> burst = stream.send();
    sent += burst.size();
    stream.receive(stream.pass(std::move(burst)));
    ASSERT_FALSE(HasFatalFailure()) << sent << " packets sent, " << crypto::mppe_implementation();
  }
  EXPECT_GT(stream.accepted(), sent * 9 / 10);
  EXPECT_GT(stream.forged(), sent / 100);
  stream.settle();
  stream.check_ends();
}

}  // namespace
}  // namespace adit::dataplane
