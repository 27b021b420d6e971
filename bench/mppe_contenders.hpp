// SPDX-License-Identifier: Apache-2.0
// What crypto::mppe_crypt() is compared with: the same jobs done by OpenSSL and as in the Linux kernel, and
// RC4 alone by other libraries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "crypto/mppe_batch.hpp"

namespace adit::bench {

using Crypt = std::function<void(std::span<crypto::MppeJob>)>;
struct MppeContender {
  std::string name;
  Crypt crypt;
  std::function<void()> choose = [] {};  ///< before each burst, not timed
};

/// openssl_lowlevel (SHA1_Init, RC4), openssl_evp (fetched once, contexts reused), kernel_style (the arc4 of
/// lib/crypto, a table of 32-bit words, with OpenSSL's SHA-1, which uses the SHA extensions as the kernel's
/// does; without the cost of skb handling and the crypto API). 128-bit chains only.
std::vector<MppeContender> mppe_contenders();

/// RC4 as a library implements it.
class StreamCipher {
 public:
  virtual ~StreamCipher() = default;
  virtual void set_key(std::span<const std::uint8_t, 16> key) = 0;
  virtual void crypt(std::span<std::uint8_t> data) = 0;
};
struct Rc4Contender {
  std::string name;
  std::function<std::unique_ptr<StreamCipher>()> make;
};

/// openssl_lowlevel, openssl_evp, kernel_style, plain.
std::vector<Rc4Contender> rc4_contenders();

/// Other libraries, if the build has them (-Dbenchmark_libraries=true).
std::vector<Rc4Contender> library_rc4_contenders();

}  // namespace adit::bench
