// SPDX-License-Identifier: Apache-2.0
// RC4 against RFC 6229 and OpenSSL; the stream may be taken in pieces of any size.
#include "crypto/rc4.hpp"

#include <gtest/gtest.h>

#include "tests/crypto/reference_rc4.hpp"

namespace adit::crypto {
namespace {

using test::hex;
using test::Octets;
using test::unhex;

std::string stream_at(const Octets& key, std::size_t offset) {
  Octets zeros(offset + 16);
  Rc4(key).apply(zeros);
  return hex(std::span(zeros).last(16));
}

TEST(Rc4, VectorsOfRfc6229) {
  const Octets key40 = unhex("0102030405");
  EXPECT_EQ(stream_at(key40, 0), "B2396305F03DC027CCC3524A0A1118A8");
  EXPECT_EQ(stream_at(key40, 16), "6982944F18FC82D589C403A47A0D0919");
  EXPECT_EQ(stream_at(key40, 240), "28CB1132C96CE286421DCAADB8B69EAE");
  EXPECT_EQ(stream_at(key40, 256), "1CFCF62B03EDDB641D77DFCF7F8D8C93");
  EXPECT_EQ(stream_at(key40, 4080), "068326A2118416D21F9D04B2CD1CA050");
  EXPECT_EQ(stream_at(key40, 4096), "FF25B58995996707E51FBDF08B34D875");
  const Octets key128 = unhex("0102030405060708090A0B0C0D0E0F10");
  EXPECT_EQ(stream_at(key128, 0), "9AC7CC9A609D1EF7B2932899CDE41B97");
  EXPECT_EQ(stream_at(key128, 16), "5248C4959014126A6E8A84F11D1A9E1C");
}

TEST(Rc4, EqualsOpenSslForAnyKeyAndLength) {
  std::mt19937 random(20240501);
  for (int round = 0; round < 500; ++round) {
    const Octets key = test::random_octets(random, 1 + random() % 256);
    const Octets plain = test::random_octets(random, random() % 2049);
    Octets data = plain;
    Rc4(key).apply(data);
    ASSERT_EQ(data, test::openssl_rc4(key, plain)) << "round " << round << " key " << hex(key);
  }
}

TEST(Rc4, TheStreamGoesOnFromPieceToPiece) {
  std::mt19937 random(7);
  const Octets key = test::random_octets(random, 16);
  const Octets plain = test::random_octets(random, 1000);
  for (int round = 0; round < 100; ++round) {
    Octets data = plain;
    Rc4 stream(key);
    for (std::size_t at = 0; at < data.size();) {
      const std::size_t piece = std::min<std::size_t>(random() % 70, data.size() - at);
      stream.apply(std::span(data).subspan(at, piece));
      at += piece;
    }
    ASSERT_EQ(data, test::openssl_rc4(key, plain)) << "round " << round;
  }
}

}  // namespace
}  // namespace adit::crypto
