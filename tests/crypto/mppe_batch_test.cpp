// SPDX-License-Identifier: Apache-2.0
// The batched engine, each implementation that this CPU can run, against a chain written out from RFC 3078 §7.3 with
// OpenSSL's primitives: one packet, one key change after the other, no state shared with the code under test; and in
// larger numbers against `plain`.
#include "crypto/mppe_batch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "crypto/digest.hpp"
#include "crypto/mppe_implementations.hpp"
#include "tests/crypto/guarded.hpp"
#include "tests/crypto/reference_rc4.hpp"

namespace adit::crypto {
namespace {

using test::hex;
using test::kSanitized;
using test::Octets;
using test::random_octets;

constexpr MppeKeyLength kLengths[] = {MppeKeyLength::k40, MppeKeyLength::k56, MppeKeyLength::k128};

std::size_t key_size(MppeKeyLength length) {
  return length == MppeKeyLength::k128 ? 16 : 8;
}

/// The session key `changes` after the chain's, as exactly key_size() octets.
Octets reference_key(const MppeChain& chain, std::uint32_t changes) {
  const std::size_t size = key_size(chain.length);
  Octets key(chain.session_key.begin(), chain.session_key.begin() + static_cast<std::ptrdiff_t>(size));
  const Bytes start(chain.start_key.data(), size);
  const Octets pad1(40, 0x00);
  const Octets pad2(40, 0xF2);
  for (; changes > 0; --changes) {
    const auto digest = sha1({start, pad1, key, pad2});
    const Octets interim(digest.begin(), digest.begin() + static_cast<std::ptrdiff_t>(size));
    key = test::openssl_rc4(interim, interim);
    const Octets salt = chain.length == MppeKeyLength::k40   ? Octets{0xD1, 0x26, 0x9E}
                        : chain.length == MppeKeyLength::k56 ? Octets{0xD1}
                                                             : Octets{};
    std::ranges::copy(salt, key.begin());
  }
  return key;
}

MppeChain random_chain(std::mt19937& random) {
  MppeChain chain;
  chain.length = kLengths[random() % 3];
  const std::size_t size = key_size(chain.length);
  std::ranges::copy(random_octets(random, 16), chain.start_key.begin());
  std::ranges::copy(random_octets(random, size), chain.session_key.begin());
  return chain;
}

struct Packet {
  std::size_t chain;
  std::uint32_t changes;
  Octets plain;
};

/// Runs the packets as one batch and checks each octet, each key, and that nothing beside the packets was written.
void check_batch(const std::vector<MppeChain>& chains, const std::vector<Packet>& packets) {
  const std::vector<MppeChain> chains_before = chains;
  std::vector<Octets> buffers;
  std::vector<MppeJob> jobs;
  for (const Packet& packet : packets) {
    buffers.push_back(packet.plain);
    buffers.back().push_back(0x5A);  // a guard behind the packet
  }
  for (std::size_t i = 0; i < packets.size(); ++i) {
    jobs.push_back({.chain = &chains[packets[i].chain],
                    .changes = packets[i].changes,
                    .size = static_cast<std::uint16_t>(packets[i].plain.size()),
                    .data = buffers[i].data()});
  }
  mppe_crypt(jobs);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const MppeChain& chain = chains[packets[i].chain];
    const Octets key = reference_key(chain, packets[i].changes);
    Octets padded_key = key;
    padded_key.resize(16);
    ASSERT_EQ(hex(jobs[i].key), hex(padded_key)) << "job " << i;
    ASSERT_EQ(buffers[i].back(), 0x5A) << "job " << i;
    buffers[i].pop_back();
    ASSERT_EQ(hex(buffers[i]), hex(test::openssl_rc4(key, packets[i].plain))) << "job " << i;
  }
  for (std::size_t i = 0; i < chains.size(); ++i) {
    ASSERT_EQ(chains[i].session_key, chains_before[i].session_key);
    ASSERT_EQ(chains[i].start_key, chains_before[i].start_key);
  }
}

class MppeBatch : public testing::TestWithParam<std::string_view> {
 protected:
  MppeBatch() { EXPECT_TRUE(mppe_select(GetParam()).has_value()); }
  ~MppeBatch() override { EXPECT_TRUE(mppe_select("auto").has_value()); }
};

std::string test_name(std::string_view implementation) {
  std::string name(implementation);
  std::ranges::replace_if(name, [](char c) { return c == '-' || c == '+'; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Implementations, MppeBatch, testing::ValuesIn(mppe_implementations()),
                         [](const auto& test) { return test_name(test.param); });

TEST_P(MppeBatch, EveryLengthUpTo2048) {
  std::mt19937 random(1);
  const std::vector<MppeChain> chains = {random_chain(random)};
  std::vector<Packet> packets;
  for (std::size_t size = 0; size <= 2048; size += kSanitized ? 5 : 1) {
    packets.push_back({0, 1, random_octets(random, size)});
  }
  check_batch(chains, packets);
}

TEST_P(MppeBatch, AllThreeStrengths) {
  std::mt19937 random(2);
  for (const MppeKeyLength length : kLengths) {
    std::vector<MppeChain> chains = {random_chain(random)};
    chains[0].length = length;
    std::ranges::fill(std::span(chains[0].session_key).subspan(key_size(length)), std::uint8_t{0});
    check_batch(chains, {{0, 1, random_octets(random, 100)}, {0, 2, random_octets(random, 100)}});
  }
}

TEST_P(MppeBatch, ARunGoesOnAndABackwardStepStartsAgain) {
  std::mt19937 random(3);
  const std::vector<MppeChain> chains = {random_chain(random), random_chain(random)};
  std::vector<Packet> packets;
  for (const auto& [chain, changes] : std::vector<std::pair<std::size_t, std::uint32_t>>{
           {0, 1}, {0, 2}, {0, 5}, {0, 5}, {0, 3}, {1, 4}, {0, 6}, {1, 5}, {1, 2}, {1, 100}, {0, 1}}) {
    packets.push_back({chain, changes, random_octets(random, 64)});
  }
  check_batch(chains, packets);
}

TEST_P(MppeBatch, EqualChainsAtDifferentAddressesAreDifferentRuns) {
  std::mt19937 random(4);
  std::vector<MppeChain> chains = {random_chain(random), {}};
  chains[1] = chains[0];
  check_batch(chains, {{0, 2, random_octets(random, 40)}, {1, 3, random_octets(random, 40)}});
}

TEST_P(MppeBatch, RandomBatchesEqualSingleSteps) {
  std::mt19937 random(20240502);
  for (int round = 0; round < (kSanitized ? 40 : 200); ++round) {
    std::vector<MppeChain> chains;
    for (std::size_t i = 0; i < 1 + random() % 8; ++i) {
      chains.push_back(random_chain(random));
    }
    std::vector<Packet> packets;
    std::size_t chain = 0;
    for (std::size_t i = 0; i < random() % 64; ++i) {
      chain = random() % 2 == 0 ? chain : random() % chains.size();
      packets.push_back(
          {chain, static_cast<std::uint32_t>(random() % 12), random_octets(random, random() % 300)});
    }
    check_batch(chains, packets);
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
}

TEST_P(MppeBatch, DecryptionIsTheSameJobAndCommittingMovesTheChain) {
  std::mt19937 random(6);
  MppeChain sender = random_chain(random);
  MppeChain receiver = sender;
  std::uint32_t missed = 0;
  for (int packet = 0; packet < (kSanitized ? 500 : 5000); ++packet) {
    const bool lost = random() % 10 == 0;
    const Octets plain = random_octets(random, 50);
    Octets wire = plain;
    MppeJob encrypt[] = {{.chain = &sender, .changes = 1, .size = 50, .data = wire.data()}};
    mppe_crypt(encrypt);
    sender.session_key = encrypt[0].key;
    if (lost) {
      ++missed;
      continue;
    }
    MppeJob decrypt[] = {{.chain = &receiver, .changes = missed + 1, .size = 50, .data = wire.data()}};
    mppe_crypt(decrypt);
    ASSERT_EQ(hex(wire), hex(plain)) << "packet " << packet;
    receiver.session_key = decrypt[0].key;
    missed = 0;
  }
}

/// One chain's jobs side by side, back and forth, equal counts, long runs across the engine's chunks.
std::vector<MppeJob> random_jobs(std::mt19937& random, const std::vector<MppeChain>& chains,
                                 std::vector<Octets>& buffers) {
  std::vector<MppeJob> jobs;
  const std::size_t count = random() % 5 == 0 ? random() % 300 : random() % 70;
  const std::uint32_t stay = random() % 8;
  const std::size_t longest = std::array<std::size_t, 4>{40, 300, 1500, 4000}[random() % 4];
  std::size_t chain = 0;
  std::uint32_t changes = 1;
  for (std::size_t i = 0; i < count; ++i) {
    const bool same = random() % 8 < stay;
    chain = same ? chain : random() % chains.size();
    changes = same && random() % 8 != 0 ? changes + static_cast<std::uint32_t>(random() % 3)
                                        : 1 + static_cast<std::uint32_t>(random() % 4);
    buffers.push_back(random_octets(random, random() % longest));
    jobs.push_back({.chain = &chains[chain],
                    .changes = changes,
                    .size = static_cast<std::uint16_t>(buffers.back().size())});
  }
  return jobs;
}

/// The same jobs by `crypt` and by `plain`.
template <typename Crypt>
void check_against_plain(std::vector<MppeJob> jobs, std::vector<Octets> octets, Crypt crypt) {
  std::vector<Octets> expected_octets = octets;
  std::vector<MppeJob> expected = jobs;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    expected[i].data = expected_octets[i].data();
    jobs[i].data = octets[i].data();
  }
  mppe_crypt_plain(expected);
  crypt(std::span(jobs));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_EQ(hex(jobs[i].key), hex(expected[i].key)) << "job " << i;
    ASSERT_EQ(octets[i], expected_octets[i]) << "job " << i << ", " << jobs[i].size << " octets";
  }
}

TEST_P(MppeBatch, MixedBatchesEqualPlain) {
  std::mt19937 random(7);
  const int rounds = kSanitized ? 15 : 300;
  for (int round = 0; round < rounds; ++round) {
    std::vector<MppeChain> chains(1 + random() % 40);
    std::ranges::generate(chains, [&] { return random_chain(random); });
    std::vector<Octets> octets;
    std::vector<MppeJob> jobs = random_jobs(random, chains, octets);
    check_against_plain(std::move(jobs), std::move(octets), mppe_crypt);
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
}

TEST_P(MppeBatch, BurstsOfRandomLengths) {
  std::mt19937 random(9);
  for (int burst = 0; burst < (kSanitized ? 10 : 300); ++burst) {
    std::vector<MppeChain> chains(64);
    std::ranges::generate(chains, [&] { return random_chain(random); });
    std::vector<MppeJob> jobs;
    std::vector<Octets> octets;
    for (const MppeChain& chain : chains) {
      octets.push_back(random_octets(random, 1 + random() % 1500));
      jobs.push_back({.chain = &chain, .size = static_cast<std::uint16_t>(octets.back().size())});
    }
    check_against_plain(std::move(jobs), std::move(octets), mppe_crypt);
    ASSERT_FALSE(HasFatalFailure()) << "burst " << burst;
  }
}

TEST_P(MppeBatch, TouchesNoOctetBesideThePackets) {
  std::mt19937 random(8);
  const MppeChain chain = random_chain(random);
  std::vector<std::unique_ptr<test::Guarded>> pages;
  for (int i = 0; i < 9; ++i) {
    pages.push_back(std::make_unique<test::Guarded>(4096));
  }
  for (std::size_t size = 0; size < 700; size += kSanitized ? 3 : 1) {
    std::vector<MppeJob> jobs;
    for (std::size_t i = 0; i < pages.size(); ++i) {
      const auto length = static_cast<std::uint16_t>(size + (i == 4 ? 900 : i % 3));
      jobs.push_back({.chain = &chain,
                      .changes = static_cast<std::uint32_t>(1 + i / 4),
                      .size = length,
                      .data = i % 2 == 0 ? pages[i]->back(length) : pages[i]->front()});
    }
    mppe_crypt(jobs);
  }
}

// ---- the choice among kernels -----------------------------------------------------------------------------

TEST(MppeChoice, WhateverKernelsCostTheOctetsAreTheSame) {
  std::mt19937 random(10);
  ASSERT_TRUE(mppe_select("auto").has_value());
  const MppeKernels here = mppe_kernels_in_use();
  for (int round = 0; round < (kSanitized ? 20 : 400); ++round) {
    std::vector<Sha1Way> sha1 = here.sha1_candidates;
    std::vector<Rc4Way> rc4 = here.rc4_candidates;
    for (Sha1Way& way : sha1) {
      way.cycles = static_cast<std::uint32_t>(random() % 2000);
    }
    for (Rc4Way& way : rc4) {
      way.cycles = static_cast<std::uint32_t>(random() % 6000);
      way.cycles_256_octets = static_cast<std::uint32_t>(random() % 8000);
    }
    const MppeKernels kernels = mppe_kernels(sha1, rc4);
    std::vector<MppeChain> chains(1 + random() % 40);
    std::ranges::generate(chains, [&] { return random_chain(random); });
    std::vector<Octets> octets;
    std::vector<MppeJob> jobs = random_jobs(random, chains, octets);
    check_against_plain(std::move(jobs), std::move(octets),
                        [&](std::span<MppeJob> all) { mppe_crypt_lanes(kernels, all); });
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
}

TEST(MppeChoice, CalibrationMeasuresEveryCandidateAndOnlyLowersCosts) {
  ASSERT_TRUE(mppe_select("auto").has_value());
  const std::vector<MppeCandidate> before = mppe_candidates();
  mppe_calibrate_again();
  const std::vector<MppeCandidate> after = mppe_candidates();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_GT(after[i].cycles, 0U) << after[i].kernel;
    // What is measured: a new key, of 16 octets, and a packet of 256 octets more.
    const auto key = [](const MppeCandidate& one) { return one.cycles + one.cycles_256_octets / 16; };
    EXPECT_LE(key(after[i]), key(before[i])) << after[i].kernel;
    EXPECT_LE(key(after[i]) + after[i].cycles_256_octets, key(before[i]) + before[i].cycles_256_octets)
        << after[i].kernel;
  }
}

/// Kernels that do nothing but remember how many lanes each group had.
std::vector<std::size_t> hashed_groups;
std::vector<std::vector<std::size_t>> packet_groups;

void remember_hashes(const RekeyLane*, std::size_t count, bool) {
  hashed_groups.push_back(count);
}
void remember_keys(Rc4Scratch&, const Rc4Packet*, std::size_t) {}
void remember_packets(Rc4Scratch&, const Rc4Packet* packets, std::size_t count) {
  packet_groups.emplace_back();
  for (std::size_t i = 0; i < count; ++i) {
    packet_groups.back().push_back(packets[i].size);
  }
}

constexpr Rc4Kernel kRemember16 = {"remember 16", 16, 1, remember_keys, remember_packets};
constexpr Rc4Kernel kRemember4 = {"remember 4", 4, 1, remember_keys, remember_packets};

class MppeOrder : public testing::Test {
 protected:
  MppeOrder() {
    hashed_groups.clear();
    packet_groups.clear();
  }
  void crypt(const std::vector<std::pair<std::uint32_t, std::size_t>>& changes_and_sizes) {
    std::vector<MppeChain> chains(changes_and_sizes.size());
    std::vector<MppeJob> jobs;
    for (std::size_t i = 0; i < chains.size(); ++i) {
      jobs.push_back({.chain = &chains[i],
                      .changes = changes_and_sizes[i].first,
                      .size = static_cast<std::uint16_t>(changes_and_sizes[i].second)});
    }
    mppe_crypt_lanes(mppe_kernels({{"remember", 16, remember_hashes, 1}},
                                  {{&kRemember4, 1700, 1700}, {&kRemember16, 4800, 5200}}),
                     jobs);
  }
};

TEST_F(MppeOrder, TwoChangesOfTwentyFourCallsAreThreeFullRounds) {
  crypt(std::vector<std::pair<std::uint32_t, std::size_t>>(24, {2, 0}));
  EXPECT_EQ(hashed_groups, (std::vector<std::size_t>{16, 16, 16}));
}

TEST_F(MppeOrder, TheCallWithTheMostChangesIsNotLeftForTheEnd) {
  std::vector<std::pair<std::uint32_t, std::size_t>> calls(33, {1, 0});
  calls.back().first = 3;  // 35 changes: three rounds, if this call is in each of them
  crypt(calls);
  EXPECT_EQ(hashed_groups, (std::vector<std::size_t>{16, 16, 3}));
}

TEST_F(MppeOrder, ShortPacketsDoNotWaitForLongOnes) {
  std::vector<std::pair<std::uint32_t, std::size_t>> packets(16, {0, 64});
  for (std::size_t i = 0; i < 4; ++i) {
    packets[4 * i].second = 1400;
  }
  crypt(packets);
  EXPECT_EQ(packet_groups, (std::vector<std::vector<std::size_t>>{std::vector<std::size_t>(4, 1400),
                                                                  std::vector<std::size_t>(12, 64)}));
}

TEST_F(MppeOrder, PacketsOfOneLengthFillTheWidestLanes) {
  crypt(std::vector<std::pair<std::uint32_t, std::size_t>>(36, {0, 576}));
  ASSERT_EQ(packet_groups.size(), 3U);
  EXPECT_EQ(packet_groups[0].size() + packet_groups[1].size() + packet_groups[2].size(), 36U);
}

TEST(MppePlan, TheNumberOfCallsDecides) {
  struct Way {
    std::size_t lane_count;
    std::uint32_t cycles;
    [[nodiscard]] std::size_t lanes() const { return lane_count; }
  };
  const std::vector<Way> ways = {{1, 740}, {4, 2160}, {8, 3500}, {16, 4900}};  // an Intel Granite Rapids
  const GroupPlan plan = plan_groups(ways, [](const Way& way) { return way.cycles; });
  std::vector<std::size_t> lanes;
  for (std::size_t count = 1; count <= 16; ++count) {
    lanes.push_back(ways[plan[count]].lanes());
  }
  EXPECT_EQ(lanes, (std::vector<std::size_t>{1, 1, 4, 4, 1, 8, 8, 8, 1, 16, 16, 16, 16, 16, 16, 16}))
      << "5 are one and four, 9 are one and eight";
}

TEST(MppeImplementations, AnUnknownNameIsAnErrorThatTellsTheKnownOnes) {
  const std::string before(mppe_implementation());
  const auto chosen = mppe_select("avx9000");
  ASSERT_FALSE(chosen.has_value());
  EXPECT_EQ(chosen.error().find("MPPE implementation \"avx9000\" is unknown; here there are: auto, "), 0U)
      << chosen.error();
  EXPECT_NE(chosen.error().find(", portable, "), std::string::npos) << chosen.error();
  EXPECT_EQ(mppe_implementation(), before);
}

TEST(MppeImplementations, AutomaticIsTheFirst) {
  for (const std::string_view name : {"", "auto"}) {
    ASSERT_TRUE(mppe_select("plain").has_value());
    ASSERT_TRUE(mppe_select(name).has_value());
    EXPECT_EQ(mppe_implementation(), mppe_implementations().front());
  }
}

TEST(MppeImplementations, OneThatTheCpuCannotRunIsRefused) {
  if (cpu_features().avx512f) {
    GTEST_SKIP() << "this CPU can run all";
  }
  const auto chosen = mppe_select("avx512");
  ASSERT_FALSE(chosen.has_value());
  EXPECT_EQ(chosen.error().find(
                "MPPE implementation \"avx512\": this CPU lacks what it needs; here there are: auto, "),
            0U)
      << chosen.error();
}

}  // namespace
}  // namespace adit::crypto
