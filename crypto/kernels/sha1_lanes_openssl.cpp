// SPDX-License-Identifier: Apache-2.0
// OpenSSL's low-level SHA-1, although deprecated: EVP allocates for each digest, which the data path must not
// do, and for one chain at a time this is as fast as ours.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <string.h>

#include <algorithm>
#include <array>

#include "crypto/kernels/sha1_lanes.hpp"

namespace adit::crypto {
namespace {

// RFC 3079 §3.4: SHApad1 and SHApad2.
constexpr std::array<std::uint8_t, 40> kShaPad1{};
constexpr std::array<std::uint8_t, 40> kShaPad2 = [] {
  std::array<std::uint8_t, 40> pad{};
  pad.fill(0xF2);
  return pad;
}();

void rekey(const RekeyLane& lane, std::size_t octets) noexcept {
  struct {
    SHA_CTX context;
    std::uint8_t digest[SHA_DIGEST_LENGTH];
  } scratch;
  SHA1_Init(&scratch.context);
  SHA1_Update(&scratch.context, lane.start, octets);
  SHA1_Update(&scratch.context, kShaPad1.data(), kShaPad1.size());
  SHA1_Update(&scratch.context, lane.session, octets);
  SHA1_Update(&scratch.context, kShaPad2.data(), kShaPad2.size());
  SHA1_Final(scratch.digest, &scratch.context);
  std::copy_n(scratch.digest, octets, lane.session);
  std::fill_n(lane.session + octets, 16 - octets, std::uint8_t{0});
  explicit_bzero(&scratch, sizeof scratch);  // the control thread derives keys here, too
}

}  // namespace

void rekey_sha1_openssl(const RekeyLane* lanes, std::size_t count, bool wide) {
  for (; count > 0; ++lanes, --count) {
    rekey(*lanes, wide ? 16 : 8);
  }
}

}  // namespace adit::crypto
