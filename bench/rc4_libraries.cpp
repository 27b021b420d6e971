// SPDX-License-Identifier: Apache-2.0
// RC4 from five libraries. Only built with -Dbenchmark_libraries=true (scripts/deps installs the libraries).
#define CRYPTOPP_ENABLE_NAMESPACE_WEAK 1  // where Crypto++ keeps RC4
#include <botan/stream_cipher.h>
#include <cryptopp/arc4.h>
#include <gcrypt.h>
#include <nettle/arcfour.h>
#include <tomcrypt.h>

#include "bench/mppe_contenders.hpp"

namespace adit::bench {
namespace {

class Nettle final : public StreamCipher {
 public:
  void set_key(std::span<const std::uint8_t, 16> key) override {
    arcfour_set_key(&state_, key.size(), key.data());
  }
  void crypt(std::span<std::uint8_t> data) override {
    arcfour_crypt(&state_, data.size(), data.data(), data.data());
  }

 private:
  arcfour_ctx state_;
};

class Libgcrypt final : public StreamCipher {
 public:
  Libgcrypt() { gcry_cipher_open(&handle_, GCRY_CIPHER_ARCFOUR, GCRY_CIPHER_MODE_STREAM, 0); }
  ~Libgcrypt() override { gcry_cipher_close(handle_); }
  Libgcrypt(const Libgcrypt&) = delete;
  Libgcrypt& operator=(const Libgcrypt&) = delete;
  void set_key(std::span<const std::uint8_t, 16> key) override {
    gcry_cipher_setkey(handle_, key.data(), key.size());
  }
  void crypt(std::span<std::uint8_t> data) override {
    gcry_cipher_encrypt(handle_, data.data(), data.size(), nullptr, 0);
  }

 private:
  gcry_cipher_hd_t handle_ = nullptr;
};

class Botan2 final : public StreamCipher {
 public:
  void set_key(std::span<const std::uint8_t, 16> key) override { cipher_->set_key(key.data(), key.size()); }
  void crypt(std::span<std::uint8_t> data) override { cipher_->cipher1(data.data(), data.size()); }

 private:
  std::unique_ptr<Botan::StreamCipher> cipher_ = Botan::StreamCipher::create_or_throw("RC4");
};

class CryptoPlusPlus final : public StreamCipher {
 public:
  void set_key(std::span<const std::uint8_t, 16> key) override { cipher_.SetKey(key.data(), key.size()); }
  void crypt(std::span<std::uint8_t> data) override {
    cipher_.ProcessData(data.data(), data.data(), data.size());
  }

 private:
  CryptoPP::Weak::ARC4 cipher_;
};

class Libtomcrypt final : public StreamCipher {
 public:
  void set_key(std::span<const std::uint8_t, 16> key) override {
    rc4_stream_setup(&state_, key.data(), key.size());
  }
  void crypt(std::span<std::uint8_t> data) override {
    rc4_stream_crypt(&state_, data.data(), data.size(), data.data());
  }

 private:
  rc4_state state_;
};

template <typename Cipher>
Rc4Contender contender(const char* name) {
  return {name, [] { return std::make_unique<Cipher>(); }};
}

}  // namespace

std::vector<Rc4Contender> library_rc4_contenders() {
  gcry_check_version(nullptr);
  gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
  gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
  return {contender<Nettle>("nettle"), contender<Libgcrypt>("libgcrypt"), contender<Botan2>("botan"),
          contender<CryptoPlusPlus>("cryptopp"), contender<Libtomcrypt>("libtomcrypt")};
}

}  // namespace adit::bench
