// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_SUPPRESS_DEPRECATED
#include "bench/mppe_contenders.hpp"

#include <openssl/rc4.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "crypto/library_internal.hpp"
#include "crypto/rc4.hpp"

namespace adit::bench {
namespace {

using Key = std::array<std::uint8_t, 16>;

constexpr std::array<std::uint8_t, 40> kPad1{};
constexpr std::array<std::uint8_t, 40> kPad2 = [] {
  std::array<std::uint8_t, 40> pad{};
  pad.fill(0xF2);
  return pad;
}();

Key lowlevel_sha1(const Key& start, const Key& session) {
  SHA_CTX context;
  std::uint8_t digest[SHA_DIGEST_LENGTH];
  SHA1_Init(&context);
  SHA1_Update(&context, start.data(), start.size());
  SHA1_Update(&context, kPad1.data(), kPad1.size());
  SHA1_Update(&context, session.data(), session.size());
  SHA1_Update(&context, kPad2.data(), kPad2.size());
  SHA1_Final(digest, &context);
  Key key;
  std::copy_n(digest, key.size(), key.begin());
  return key;
}

class Lowlevel final : public StreamCipher {
 public:
  void set_key(std::span<const std::uint8_t, 16> key) override { RC4_set_key(&key_, 16, key.data()); }
  void crypt(std::span<std::uint8_t> data) override { RC4(&key_, data.size(), data.data(), data.data()); }

 private:
  RC4_KEY key_;
};

class Evp final : public StreamCipher {
 public:
  Evp() : rc4_(EVP_CIPHER_fetch(crypto::library().context, "RC4", nullptr)), context_(EVP_CIPHER_CTX_new()) {
    EVP_EncryptInit_ex2(context_, rc4_, nullptr, nullptr, nullptr);
    EVP_CIPHER_CTX_set_key_length(context_, 16);
  }
  ~Evp() override {
    EVP_CIPHER_CTX_free(context_);
    EVP_CIPHER_free(rc4_);
  }
  Evp(const Evp&) = delete;
  Evp& operator=(const Evp&) = delete;
  void set_key(std::span<const std::uint8_t, 16> key) override {
    EVP_EncryptInit_ex2(context_, nullptr, key.data(), nullptr, nullptr);
  }
  void crypt(std::span<std::uint8_t> data) override {
    int size = 0;
    EVP_EncryptUpdate(context_, data.data(), &size, data.data(), static_cast<int>(data.size()));
  }

 private:
  EVP_CIPHER* rc4_;
  EVP_CIPHER_CTX* context_;
};

/// As Linux does it: 32-bit words, the next S[i] fetched early.
class KernelStyle final : public StreamCipher {
 public:
  void set_key(std::span<const std::uint8_t, 16> key) override {
    for (std::uint32_t i = 0; i < 256; ++i) {
      table_[i] = i;
    }
    std::uint32_t j = 0;
    std::size_t at = 0;
    for (std::uint32_t& here : table_) {
      const std::uint32_t a = here;
      j = (j + key[at] + a) & 255;
      here = table_[j];
      table_[j] = a;
      at = at + 1 >= key.size() ? 0 : at + 1;
    }
    x_ = 1;
    y_ = 0;
  }
  void crypt(std::span<std::uint8_t> data) override {
    std::uint32_t x = x_;
    std::uint32_t y = y_;
    std::uint32_t a = table_[x];
    y = (y + a) & 255;
    std::uint32_t b = table_[y];
    for (std::size_t at = 0; at < data.size(); ++at) {
      table_[y] = a;
      const std::uint32_t sum = (a + b) & 255;
      table_[x] = b;
      x = (x + 1) & 255;
      const std::uint32_t next_a = table_[x];
      const std::uint32_t next_y = (y + next_a) & 255;
      const std::uint32_t next_b = table_[next_y];
      data[at] = static_cast<std::uint8_t>(data[at] ^ table_[sum]);
      y = next_y;
      a = next_a;
      b = next_b;
    }
    x_ = x;
    y_ = (y - a) & 255;
  }

 private:
  std::uint32_t table_[256];
  std::uint32_t x_ = 0;
  std::uint32_t y_ = 0;
};

class Plain final : public StreamCipher {
 public:
  void set_key(std::span<const std::uint8_t, 16> key) override {
    state_ = std::make_unique<crypto::Rc4>(key);
  }
  void crypt(std::span<std::uint8_t> data) override { state_->apply(data); }

 private:
  std::unique_ptr<crypto::Rc4> state_;
};

template <typename Cipher>
Rc4Contender contender(const char* name) {
  return {name, [] { return std::make_unique<Cipher>(); }};
}

class EvpSha1 {
 public:
  EvpSha1() : context_(EVP_MD_CTX_new()) {}
  ~EvpSha1() { EVP_MD_CTX_free(context_); }
  EvpSha1(const EvpSha1&) = delete;
  EvpSha1& operator=(const EvpSha1&) = delete;
  Key operator()(const Key& start, const Key& session) const {
    std::uint8_t digest[SHA_DIGEST_LENGTH];
    EVP_DigestInit_ex2(context_, crypto::library().sha1, nullptr);
    EVP_DigestUpdate(context_, start.data(), start.size());
    EVP_DigestUpdate(context_, kPad1.data(), kPad1.size());
    EVP_DigestUpdate(context_, session.data(), session.size());
    EVP_DigestUpdate(context_, kPad2.data(), kPad2.size());
    EVP_DigestFinal_ex(context_, digest, nullptr);
    Key key;
    std::copy_n(digest, key.size(), key.begin());
    return key;
  }

 private:
  EVP_MD_CTX* context_;
};

/// One job after another. Cipher is final, so that its calls are direct.
template <typename Cipher, typename Sha1>
Crypt one_by_one(std::shared_ptr<Sha1> sha1) {
  auto cipher = std::make_shared<Cipher>();
  return [cipher, sha1](std::span<crypto::MppeJob> jobs) {
    const crypto::MppeJob* before = nullptr;
    for (crypto::MppeJob& job : jobs) {
      std::uint32_t changes = job.changes;
      job.key = job.chain->session_key;
      if (before != nullptr && before->chain == job.chain && before->changes <= job.changes) {
        job.key = before->key;
        changes -= before->changes;
      }
      for (; changes > 0; --changes) {
        const Key interim = (*sha1)(job.chain->start_key, job.key);
        job.key = interim;
        cipher->set_key(interim);
        cipher->crypt(job.key);
      }
      cipher->set_key(job.key);
      cipher->crypt({job.data, job.size});
      before = &job;
    }
  };
}

struct LowlevelSha1 {
  Key operator()(const Key& start, const Key& session) const { return lowlevel_sha1(start, session); }
};

}  // namespace

std::vector<MppeContender> mppe_contenders() {
  const auto lowlevel = std::make_shared<LowlevelSha1>();
  return {{.name = "openssl_lowlevel", .crypt = one_by_one<Lowlevel>(lowlevel)},
          {.name = "openssl_evp", .crypt = one_by_one<Evp>(std::make_shared<EvpSha1>())},
          {.name = "kernel_style", .crypt = one_by_one<KernelStyle>(lowlevel)}};
}

std::vector<Rc4Contender> rc4_contenders() {
  return {contender<Lowlevel>("openssl_lowlevel"), contender<Evp>("openssl_evp"),
          contender<KernelStyle>("kernel_style"), contender<Plain>("plain")};
}

}  // namespace adit::bench
