// SPDX-License-Identifier: Apache-2.0
// GetNewKeyFromSHA in lanes, each kernel, against OpenSSL and RFC 3079. The sixteen lanes of AVX-512 are run as plain
// vectors, so that the template's logic is tested at that width on any machine.
#include "crypto/kernels/sha1_lanes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "crypto/digest.hpp"
#include "crypto/kernels/sha1_lanes_template.hpp"
#include "crypto/mppe_implementations.hpp"
#include "crypto/mppe_rekey.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::crypto {
namespace {

using test::hex;
using test::Octets;
using test::random_octets;

template <unsigned kLanes>
void rekey_sha1_generic(const RekeyLane* lanes, std::size_t count, bool wide) {
  Sha1Lanes<GenericIsa<kLanes>>::rekey_all(lanes, count, wide);
}

struct NamedKernel {
  std::string name;
  RekeySha1 kernel;
};

std::vector<NamedKernel> kernels() {
  std::vector<NamedKernel> all = {{"openssl", rekey_sha1_openssl},
                                  {"portable", rekey_sha1_portable},
                                  {"generic_4", rekey_sha1_generic<4>},
                                  {"generic_8", rekey_sha1_generic<8>},
                                  {"generic_16", rekey_sha1_generic<16>}};
#if defined(__x86_64__)
  const CpuFeatures cpu = cpu_features();
#ifdef ADIT_IPSEC_MB
  all.push_back({"ipsec_mb", rekey_sha1_ipsec_mb});
#endif
  if (cpu.sha) {
    all.push_back({"shani", rekey_sha1_shani});
  }
  if (cpu.avx2) {
    all.push_back({"avx2", rekey_sha1_avx2});
  }
  if (cpu.avx512f) {
    all.push_back({"avx512", rekey_sha1_avx512});
  }
#endif
  return all;
}

Octets reference(const Octets& start, const Octets& session, std::size_t size) {
  const Octets pad1(40, 0x00);
  const Octets pad2(40, 0xF2);
  const auto digest = sha1({std::span(start).first(size), pad1, std::span(session).first(size), pad2});
  Octets key(digest.begin(), digest.begin() + static_cast<std::ptrdiff_t>(size));
  key.resize(16);
  return key;
}

class Sha1LanesOf : public testing::TestWithParam<NamedKernel> {};

// RFC 3079 §3.5.3 (start key and first session key; the latter before any RC4 is GetNewKeyFromSHA's).
TEST_P(Sha1LanesOf, VectorOfRfc3079) {
  const Octets start = test::unhex("8B7CDC149B993A1BA118CB153F56DCCB");
  for (std::size_t count = 1; count <= 17; ++count) {
    std::vector<Octets> sessions(count, start);
    std::vector<RekeyLane> lanes;
    for (Octets& session : sessions) {
      lanes.push_back({start.data(), session.data()});
    }
    GetParam().kernel(lanes.data(), count, true);
    for (const Octets& session : sessions) {
      EXPECT_EQ(hex(session), "405CB2247A7956E6E211007AE27B22D4");
    }
  }
}

TEST_P(Sha1LanesOf, AnyKeysInAnyNumber) {
  std::mt19937 random(3174);
  for (int round = 0; round < 300; ++round) {
    const bool wide = random() % 4 != 0;
    const std::size_t count = 1 + random() % 70;
    std::vector<Octets> starts;
    std::vector<Octets> sessions;
    for (std::size_t lane = 0; lane < count; ++lane) {
      starts.push_back(random_octets(random, 16));
      sessions.push_back(random_octets(random, 16));
    }
    const std::vector<Octets> before = sessions;
    std::vector<RekeyLane> lanes;
    for (std::size_t lane = 0; lane < count; ++lane) {
      lanes.push_back({starts[lane].data(), sessions[lane].data()});
    }
    GetParam().kernel(lanes.data(), count, wide);
    for (std::size_t lane = 0; lane < count; ++lane) {
      ASSERT_EQ(hex(sessions[lane]), hex(reference(starts[lane], before[lane], wide ? 16 : 8)))
          << "lane " << lane << " of " << count << (wide ? ", wide" : ", narrow");
    }
  }
}

TEST_P(Sha1LanesOf, NoLanesAreNoWork) {
  GetParam().kernel(nullptr, 0, true);
}

INSTANTIATE_TEST_SUITE_P(Kernels, Sha1LanesOf, testing::ValuesIn(kernels()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace adit::crypto
