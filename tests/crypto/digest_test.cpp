// SPDX-License-Identifier: Apache-2.0
// Digests, DES and randomness against published vectors; the parts of a message may be cut anywhere.
#include "crypto/digest.hpp"

#include <gtest/gtest.h>

#include "crypto/des.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::crypto {
namespace {

using test::hex;
using test::text;
using test::unhex;
using test::unhex_array;

TEST(Digest, Md4VectorsOfRfc1320) {
  EXPECT_EQ(hex(md4({})), "31D6CFE0D16AE931B73C59D7E0C089C0");
  EXPECT_EQ(hex(md4({text("abc")})), "A448017AAF21D8525FC10AE87AA6729D");
  EXPECT_EQ(hex(md4({text("message digest")})), "D9130A8164549FE818874806E1C7014B");
}

TEST(Digest, Md5VectorsOfRfc1321) {
  EXPECT_EQ(hex(md5({})), "D41D8CD98F00B204E9800998ECF8427E");
  EXPECT_EQ(hex(md5({text("message digest")})), "F96B697D7CB7938D525A2F31AAF161D0");
}

TEST(Digest, Sha1VectorsOfRfc3174) {
  EXPECT_EQ(hex(sha1({text("abc")})), "A9993E364706816ABA3E25717850C26C9CD0D89D");
  EXPECT_EQ(hex(sha1({text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")})),
            "84983E441C3BD26EBAAE4AA1F95129E5E54670F1");
}

TEST(Digest, PartsCountAsOneMessage) {
  const auto whole = text("message digest");
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const Bytes head(whole.data(), cut);
    const Bytes tail(whole.data() + cut, whole.size() - cut);
    EXPECT_EQ(md4({head, tail}), md4({whole})) << cut;
    EXPECT_EQ(md5({head, {}, tail}), md5({whole})) << cut;
    EXPECT_EQ(sha1({head, tail}), sha1({whole})) << cut;
  }
}

// RFC 2759 §9.2's remark: the DES keys of the hash of "MyPw", as RFC 2433 B.2 prints them.
TEST(Des, ExpandsKeysWithOddParity) {
  EXPECT_EQ(hex(des_expand_key(unhex_array<7>("FC156AF7EDCD6C"))), "FD0B5B5E7F6E34D9");
  EXPECT_EQ(hex(des_expand_key(unhex_array<7>("0EDDE3337D427F"))), "0E6E796737EA08FE");
}

// FIPS 46: key 133457799BBCDFF1 is these 56 bits with parity.
TEST(Des, EncryptsOneBlock) {
  const auto key = unhex_array<7>("12695BC9B7B7F8");
  EXPECT_EQ(hex(des_expand_key(key)), "133457799BBCDFF1");
  EXPECT_EQ(hex(des_encrypt(key, unhex_array<8>("0123456789ABCDEF"))), "85E813540F0AB405");
}

TEST(ChapMd5, AUT_03_ResponseIsMd5OverIdSecretChallenge) {
  const auto challenge = unhex("000102030405060708090A0B0C0D0E0F");
  EXPECT_EQ(hex(chap_md5_response(7, text("secret"), challenge)), "821643665B430359E52AC524D29C8F95");
  EXPECT_NE(chap_md5_response(8, text("secret"), challenge), chap_md5_response(7, text("secret"), challenge));
}

TEST(Random, FillsAllOctetsAndDiffersEachTime) {
  std::array<std::uint8_t, 64> first{};
  std::array<std::uint8_t, 64> second{};
  random_fill(first);
  random_fill(second);
  EXPECT_NE(first, second);
  int zeros = 0;
  for (const std::uint8_t octet : first) {
    zeros += octet == 0;
  }
  EXPECT_LT(zeros, 16);  // 64 random octets have 16 zeros once in 10^24 runs
}

}  // namespace
}  // namespace adit::crypto
