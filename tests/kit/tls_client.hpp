// SPDX-License-Identifier: Apache-2.0
// OpenSSL's own client over memory: what an EAP-TLS peer is, without ours in it but the two labels of the RFCs.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/kit/certificates.hpp"

namespace adit::test {

class TlsClient {
 public:
  struct Options {
    std::string ca_pem;  ///< whom it believes
    std::optional<Issued> own{};
    std::vector<X509Ptr> chain{};
    int newest = TLS1_3_VERSION;
    int oldest = TLS1_2_VERSION;
  };

  explicit TlsClient(const Options& options) : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX_set_min_proto_version(context_.get(), options.oldest);
    SSL_CTX_set_max_proto_version(context_.get(), options.newest);
    SSL_CTX_set_security_level(context_.get(), 0);
    // OpenSSL 3.5 would send a share of ML-KEM as well, and a ClientHello of two EAP packets.
    SSL_CTX_set1_groups_list(context_.get(), "X25519:P-256");
    const std::unique_ptr<BIO, decltype(&BIO_free)> from(
        BIO_new_mem_buf(options.ca_pem.data(), static_cast<int>(options.ca_pem.size())), &BIO_free);
    if (const X509Ptr authority(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr), &X509_free);
        authority) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority.get());
    }
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    if (options.own) {
      SSL_CTX_use_certificate(context_.get(), options.own->certificate.get());
      SSL_CTX_use_PrivateKey(context_.get(), options.own->key.get());
    }
    for (const X509Ptr& one : options.chain) {
      SSL_CTX_add1_chain_cert(context_.get(), one.get());
    }
    connection_.reset(SSL_new(context_.get()));
    SSL_set_bio(connection_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(connection_.get());
  }

  /// Takes what the server said; the answer, empty when there is none.
  std::vector<std::uint8_t> step(std::span<const std::uint8_t> message) {
    ERR_clear_error();
    if (!message.empty()) {
      BIO_write(SSL_get_rbio(connection_.get()), message.data(), static_cast<int>(message.size()));
    }
    const int result = SSL_do_handshake(connection_.get());
    if (result == 1) {
      std::array<std::uint8_t, 16> data{};
      const int read = SSL_read(connection_.get(), data.data(), data.size());
      done = true;
      if (read > 0) {
        said.assign(data.begin(), data.begin() + read);
      } else if (SSL_get_error(connection_.get(), read) == SSL_ERROR_SSL) {
        failed = true;
      }
    } else if (SSL_get_error(connection_.get(), result) != SSL_ERROR_WANT_READ) {
      failed = true;
    }
    BIO* const out = SSL_get_wbio(connection_.get());
    std::vector<std::uint8_t> answer(BIO_pending(out));
    if (!answer.empty()) {
      BIO_read(out, answer.data(), static_cast<int>(answer.size()));
    }
    return answer;
  }

  /// RFC 5216 §2.3, RFC 9190 §2.3: the first 64 octets of 128.
  [[nodiscard]] std::vector<std::uint8_t> msk() const {
    const bool newer = SSL_version(connection_.get()) >= TLS1_3_VERSION;
    const std::string label = newer ? "EXPORTER_EAP_TLS_Key_Material" : "client EAP encryption";
    const unsigned char type = 0x0d;
    std::vector<std::uint8_t> material(128);
    if (SSL_export_keying_material(connection_.get(), material.data(), material.size(), label.data(),
                                   label.size(), newer ? &type : nullptr, newer ? 1 : 0,
                                   newer ? 1 : 0) != 1) {
      return {};
    }
    material.resize(64);
    return material;
  }
  [[nodiscard]] std::string version() const { return SSL_get_version(connection_.get()); }

  bool done = false;
  bool failed = false;
  std::vector<std::uint8_t> said;  ///< application data

 private:
  struct FreeConnection {
    void operator()(SSL* connection) const { SSL_free(connection); }
  };
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, FreeConnection> connection_;
};

}  // namespace adit::test
