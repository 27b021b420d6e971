// SPDX-License-Identifier: Apache-2.0
// RC4 by each kernel that this CPU can run, against RFC 6229 and OpenSSL: every length at every alignment, any number of
// lanes, both key sizes, and no octet beside the packet.
#include "crypto/kernels/rc4_kernel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "crypto/mppe_implementations.hpp"
#include "tests/crypto/guarded.hpp"
#include "tests/crypto/reference_rc4.hpp"

namespace adit::crypto {
namespace {

using test::hex;
using test::Octets;
using test::random_octets;

constexpr std::size_t kLongest = 2048;

struct Candidate {
  const Rc4Kernel* kernel;
  bool runs_here;
};

std::vector<Candidate> kernels() {
  std::vector<Candidate> all = {{&kRc4Portable, true}};
#if defined(__x86_64__)
  const CpuFeatures& cpu = cpu_features();
  all.push_back({&kRc4One, cpu.avx});
  all.push_back({&kRc4Ahead, true});
  all.push_back({&kRc4Four, cpu.avx});
  all.push_back({&kRc4Gather8, cpu.avx512vl});
  all.push_back({&kRc4Gather16, cpu.avx512vl});
#endif
  return all;
}

class Rc4KernelOf : public testing::TestWithParam<Candidate> {
 protected:
  void SetUp() override {
    if (!GetParam().runs_here) {
      GTEST_SKIP() << "this CPU cannot run " << GetParam().kernel->name;
    }
  }
  [[nodiscard]] std::size_t most() const { return rc4_most(*GetParam().kernel); }
  void crypt(std::span<const Rc4Packet> packets) {
    rc4_crypt(*GetParam().kernel, scratch_, packets.data(), packets.size());
  }
  std::mt19937 random_{6229};
  Rc4Scratch scratch_;
};

TEST_P(Rc4KernelOf, VectorsOfRfc6229) {
  const Octets key = test::unhex("0102030405060708090A0B0C0D0E0F10");
  const Octets key64 = test::unhex("0102030405060708");
  for (std::size_t count = 1; count <= most(); ++count) {
    std::vector<Octets> data(count, Octets(272));
    std::vector<Rc4Packet> packets;
    for (Octets& octets : data) {
      packets.push_back({key.data(), octets.data(), octets.size(), true});
    }
    packets.back().key = key64.data();
    packets.back().wide = false;
    crypt(packets);
    EXPECT_EQ(hex(std::span(data.back()).first(16)), "97AB8A1BF0AFB96132F2F67258DA15A8");
    EXPECT_EQ(hex(std::span(data.back()).subspan(240, 16)), "9636EBC9841926F4F7D1F362BDDF6E18");
    for (std::size_t lane = 0; lane + 1 < count; ++lane) {
      EXPECT_EQ(hex(std::span(data[lane]).first(16)), "9AC7CC9A609D1EF7B2932899CDE41B97") << lane;
      EXPECT_EQ(hex(std::span(data[lane]).subspan(240, 16)), "065902E4B620F6CC36C8589F66432F2B") << lane;
      EXPECT_EQ(hex(std::span(data[lane]).subspan(256, 16)), "D39D566BC6BCE3010768151549F3873F") << lane;
    }
  }
}

TEST_P(Rc4KernelOf, EveryLengthAtEveryAlignment) {
  constexpr std::size_t kMost = 16;
  const Octets keys = random_octets(random_, kMost * 16);
  std::vector<Octets> streams;
  for (std::size_t lane = 0; lane < most(); ++lane) {
    streams.push_back(test::openssl_rc4(std::span(keys).subspan(16 * lane, 16), Octets(kLongest)));
  }
  const Octets plain = random_octets(random_, kLongest + 64);
  std::vector<Octets> data(most());
  // The lanes of one batch have lengths that are 0, 1, 600 and 1337 apart, so some run out alone, too.
  constexpr std::size_t kApart[] = {0, 1, 600, 1337};
  const std::size_t step = std::max<std::size_t>(1, most() / (test::kSanitized ? 1 : 4));
  for (std::size_t length = 0; length <= kLongest; length += step) {
    for (std::size_t alignment = 0; alignment < (test::kSanitized ? 4 : 16); alignment += 4) {
      std::vector<Rc4Packet> packets;
      for (std::size_t lane = 0; lane < most(); ++lane) {
        data[lane] = plain;
        packets.push_back({&keys[16 * lane], data[lane].data() + alignment + lane,
                           (length + lane / 4 + kApart[lane % 4]) % (kLongest + 1), true});
      }
      crypt(packets);
      for (std::size_t lane = 0; lane < most(); ++lane) {
        const std::size_t from = alignment + lane;
        const std::size_t size = packets[lane].size;
        for (std::size_t at = 0; at < size; ++at) {
          data[lane][from + at] ^= streams[lane][at];
        }
        ASSERT_TRUE(std::ranges::equal(data[lane], plain))
            << size << " octets at " << from << ", lane " << lane;
      }
    }
  }
}

TEST_P(Rc4KernelOf, AnyLanesKeysAndLengths) {
  for (int round = 0; round < 1000; ++round) {
    const std::size_t count = 1 + random_() % most();
    const std::size_t longest = 1 + random_() % (round % 4 == 0 ? 9000 : 600);
    std::vector<Octets> keys;
    std::vector<Octets> plain;
    for (std::size_t lane = 0; lane < count; ++lane) {
      keys.push_back(random_octets(random_, random_() % 2 == 0 ? 16 : 8));
      plain.push_back(random_octets(random_, random_() % longest));
    }
    std::vector<Octets> data = plain;
    std::vector<Rc4Packet> packets;
    for (std::size_t lane = 0; lane < count; ++lane) {
      packets.push_back({keys[lane].data(), data[lane].data(), data[lane].size(), keys[lane].size() == 16});
    }
    crypt(packets);
    for (std::size_t lane = 0; lane < count; ++lane) {
      ASSERT_EQ(data[lane], test::openssl_rc4(keys[lane], plain[lane]))
          << "round " << round << " lane " << lane;
    }
  }
}

TEST_P(Rc4KernelOf, TouchesNoOctetBesideThePacketOrTheKey) {
  const test::Guarded page(4096);
  const test::Guarded key_page(64);
  std::ranges::copy(random_octets(random_, 16), key_page.back(16));
  std::ranges::copy(random_octets(random_, 16), key_page.front());
  Octets other(5000);
  for (std::size_t size = 0; size <= 2000; size += size < 600 ? 1 : 61) {
    for (const bool wide : {true, false}) {
      const Rc4Packet packets[] = {{key_page.back(wide ? 16 : 8), page.back(size), size, wide},
                                   {key_page.front(), other.data(), random_() % 4096, wide}};
      crypt(std::span(packets).first(1));
      crypt(std::span(packets).first(std::min<std::size_t>(most(), 2)));
      const Rc4Packet at_front = {key_page.front(), page.front(), size, wide};
      crypt({&at_front, 1});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Rc4KernelOf, testing::ValuesIn(kernels()),
                         [](const auto& test) { return std::string(test.param.kernel->name); });

}  // namespace
}  // namespace adit::crypto
