// SPDX-License-Identifier: Apache-2.0
// Stateful MPPE's key stream: the ciphertexts of RFC 3079 §3.5, against RC4 and the stateless engine, and as a value.
#include "crypto/mppe_stream.hpp"

#include <gtest/gtest.h>

#include <random>

#include "crypto/mppe_rekey.hpp"
#include "crypto/rc4.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::crypto {
namespace {

using test::hex;
using test::Octets;
using test::text;
using test::unhex_array;

constexpr MppeKeyLength kLengths[] = {MppeKeyLength::k40, MppeKeyLength::k56, MppeKeyLength::k128};

MppeChain chain_of(MppeKeyLength length) {
  MppeChain chain{.start_key = unhex_array<16>("8B7CDC149B993A1BA118CB153F56DCCB"), .length = length};
  mppe_new_key_from_sha(chain.start_key, chain.start_key, length, chain.session_key);
  return chain;
}

TEST(MppeStream, MPP_01_CiphertextsOfRfc3079Section3_5) {
  const std::string_view wanted[] = {"929137917E5803D668D75898", "3F106833FA448DA842BC57B8",
                                     "81848317DF68846272FB5ABE"};
  for (std::size_t i = 0; i < 3; ++i) {
    MppeStream stream(chain_of(kLengths[i]));
    auto data = text("test message");
    stream.apply(data);
    EXPECT_EQ(hex(data), wanted[i]);
  }
}

TEST(MppeStream, RunsOnFromPacketToPacket) {
  for (const MppeKeyLength length : kLengths) {
    const MppeChain chain = chain_of(length);
    Octets whole(3000, 0x5A);
    Rc4(std::span(chain.session_key).first(mppe_key_octets(length))).apply(whole);
    MppeStream stream(chain);
    Octets pieces(3000, 0x5A);
    std::mt19937 random(7);
    for (std::size_t at = 0; at < pieces.size();) {
      const std::size_t size = std::min<std::size_t>(random() % 200, pieces.size() - at);
      stream.apply(std::span(pieces).subspan(at, size));
      at += size;
    }
    ASSERT_EQ(pieces, whole);
  }
}

TEST(MppeStream, RestartGoesDownTheSameChainAsStatelessMode) {
  for (const MppeKeyLength length : kLengths) {
    const MppeChain chain = chain_of(length);
    for (const std::uint32_t changes : {1U, 2U, 17U}) {
      MppeStream stream(chain);
      Octets lost(100);
      stream.apply(lost);
      stream.restart(changes);
      Octets ours(40, 1);
      stream.apply(ours);
      Octets theirs(40, 1);
      MppeJob job{.chain = &chain, .changes = changes, .size = 40, .data = theirs.data()};
      mppe_crypt({&job, 1});
      ASSERT_EQ(ours, theirs) << changes;
    }
  }
}

TEST(MppeStream, RestartWithoutAChangeBeginsTheSameStream) {
  MppeStream stream(chain_of(MppeKeyLength::k128));
  Octets first(20);
  stream.apply(first);
  stream.restart(0);
  Octets again(20);
  stream.apply(again);
  EXPECT_EQ(first, again);
}

TEST(MppeStream, ACopyIsATrialThatMovesNothing) {
  MppeStream stream(chain_of(MppeKeyLength::k40));
  MppeStream trial = stream;
  Octets octets(50);
  trial.restart(3);
  trial.apply(octets);
  Octets mine(50);
  Octets fresh(50);
  stream.apply(mine);
  MppeStream(chain_of(MppeKeyLength::k40)).apply(fresh);
  EXPECT_EQ(mine, fresh);
}

}  // namespace
}  // namespace adit::crypto
