// SPDX-License-Identifier: Apache-2.0
// Start keys, initial session keys and the first ciphertexts against RFC 3079 §2.5 and §3.5. Two octets that the RFC
// misprints are corrected: §3.5.2 ends its 56-bit ciphertext with 58 (B8 is right), §2.5.3 step 3 has AC CA (AC C1).
#include "crypto/mppe_keys.hpp"

#include <gtest/gtest.h>

#include "crypto/mppe_rekey.hpp"
#include "crypto/rc4.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::crypto {
namespace {

using test::hex;
using test::text;
using test::unhex_array;

const auto kResponse = unhex_array<24>("82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF");

Secret<16> client_pass_hash_hash() {
  return nt_hash_hash(nt_password_hash(text("clientPass")));
}

std::string session_key(const Secret<16>& start, MppeKeyLength length) {
  const Secret<16> key = mppe_initial_session_key(start, length);
  return hex(key.bytes().first(mppe_key_octets(length)));
}

std::string encrypted_test_message(const Secret<16>& start, MppeKeyLength length) {
  const Secret<16> key = mppe_initial_session_key(start, length);
  auto data = text("test message");
  Rc4(key.bytes().first(mppe_key_octets(length))).apply(data);
  return hex(data);
}

TEST(MppeKeys, MPP_01_Version2SendKeysOfRfc3079Section3_5) {
  const MppeStartKeys keys = mppe_start_keys_v2(client_pass_hash_hash(), kResponse);
  EXPECT_EQ(hex(keys.send.bytes()), "8B7CDC149B993A1BA118CB153F56DCCB");
  EXPECT_EQ(session_key(keys.send, MppeKeyLength::k40), "D1269EC49FA62E3E");
  EXPECT_EQ(session_key(keys.send, MppeKeyLength::k56), "D15C00C49FA62E3E");
  EXPECT_EQ(session_key(keys.send, MppeKeyLength::k128), "405CB2247A7956E6E211007AE27B22D4");
  EXPECT_EQ(encrypted_test_message(keys.send, MppeKeyLength::k40), "929137917E5803D668D75898");
  EXPECT_EQ(encrypted_test_message(keys.send, MppeKeyLength::k56), "3F106833FA448DA842BC57B8");
  EXPECT_EQ(encrypted_test_message(keys.send, MppeKeyLength::k128), "81848317DF68846272FB5ABE");
}

// The RFC prints the server's send key only; the other direction is the same master key with the other magic.
TEST(MppeKeys, MPP_01_ReceiveKeyIsTheClientsSendKey) {
  const MppeStartKeys server = mppe_start_keys_v2(client_pass_hash_hash(), kResponse);
  test::Octets master = {};
  {
    const auto digest =
        sha1({client_pass_hash_hash().bytes(), kResponse, text("This is the MPPE Master Key")});
    master.assign(digest.begin(), digest.begin() + 16);
  }
  EXPECT_EQ(hex(master), "FDECE3717A8C838CB388E527AE3CDD31");
  const test::Octets pad1(40, 0x00);
  const test::Octets pad2(40, 0xF2);
  const auto client_send = sha1(
      {master, pad1,
       text("On the client side, this is the send key; on the server side, it is the receive key."), pad2});
  EXPECT_EQ(hex(server.receive.bytes()), hex(std::span(client_send).first(16)));
  EXPECT_NE(hex(server.receive.bytes()), hex(server.send.bytes()));
}

TEST(MppeKeys, MPP_01_Version1ShortKeysOfRfc3079Section2_5) {
  const MppeStartKeys keys = mppe_start_keys_v1_short(lm_password_hash(text("clientPass")));
  EXPECT_EQ(session_key(keys.send, MppeKeyLength::k40), "D1269E538CEC4A08");
  EXPECT_EQ(session_key(keys.receive, MppeKeyLength::k56), "D10801538CEC4A08");
}

TEST(MppeKeys, MPP_01_Version1LongKeysOfRfc3079Section2_5_3) {
  const MppeStartKeys keys = mppe_start_keys_v1(client_pass_hash_hash(), unhex_array<8>("102DB5DF085D3041"));
  EXPECT_EQ(hex(keys.send.bytes()), "A8947850CFC0ACC1D1789FB62DDCDDB0");
  EXPECT_EQ(hex(keys.receive.bytes()), hex(keys.send.bytes()));
  EXPECT_EQ(session_key(keys.send, MppeKeyLength::k128), "59D159BC09F76F1DA2A86A28FFEC0B1E");
}

TEST(MppeKeys, ShortKeysLeaveTheirTailZero) {
  const MppeStartKeys keys = mppe_start_keys_v2(client_pass_hash_hash(), kResponse);
  const Secret<16> key = mppe_initial_session_key(keys.send, MppeKeyLength::k56);
  EXPECT_EQ(hex(key.bytes().last(8)), "0000000000000000");
}

}  // namespace
}  // namespace adit::crypto
