// SPDX-License-Identifier: Apache-2.0
// OpenSSL's own client and server over memory: what the other end of EAP-TLS is, without ours in it but the two labels of
// the RFCs and the server's last octet.
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

class TlsEnd {
 public:
  struct Options {
    std::string ca_pem;  ///< whom it believes
    std::optional<Issued> own{};
    std::vector<X509Ptr> chain{};
    int newest = TLS1_3_VERSION;
    int oldest = TLS1_2_VERSION;
    std::size_t tickets = 0;                     ///< a server's, with TLS 1.3
    std::vector<std::uint8_t> last_words = {0};  ///< a server's, with TLS 1.3: RFC 9190 §2.5
  };

  /// Takes what the other end said; the answer, empty when there is none.
  std::vector<std::uint8_t> step(std::span<const std::uint8_t> message) {
    ERR_clear_error();
    if (!message.empty()) {
      BIO_write(SSL_get_rbio(connection_.get()), message.data(), static_cast<int>(message.size()));
    }
    const int result = SSL_do_handshake(connection_.get());
    if (result == 1) {
      on_done();
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
    const std::string label = is_newer() ? "EXPORTER_EAP_TLS_Key_Material" : "client EAP encryption";
    const unsigned char type = 0x0d;
    std::vector<std::uint8_t> material(128);
    if (SSL_export_keying_material(connection_.get(), material.data(), material.size(), label.data(),
                                   label.size(), is_newer() ? &type : nullptr, is_newer() ? 1 : 0,
                                   is_newer() ? 1 : 0) != 1) {
      return {};
    }
    material.resize(64);
    return material;
  }
  [[nodiscard]] std::string version() const { return SSL_get_version(connection_.get()); }

  bool done = false;
  bool failed = false;
  std::vector<std::uint8_t> said;  ///< application data of the other end's

 protected:
  TlsEnd(const Options& options, bool serves)
      : options_(options),
        serves_(serves),
        context_(SSL_CTX_new(serves ? TLS_server_method() : TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX_set_min_proto_version(context_.get(), options.oldest);
    SSL_CTX_set_max_proto_version(context_.get(), options.newest);
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_num_tickets(context_.get(), options.tickets);
    // OpenSSL 3.5 would send a share of ML-KEM as well, and a ClientHello of two EAP packets.
    SSL_CTX_set1_groups_list(context_.get(), "X25519:P-256");
    const std::unique_ptr<BIO, decltype(&BIO_free)> from(
        BIO_new_mem_buf(options.ca_pem.data(), static_cast<int>(options.ca_pem.size())), &BIO_free);
    if (const X509Ptr authority(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr), &X509_free);
        authority) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority.get());
    }
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    if (options.own) {
      SSL_CTX_use_certificate(context_.get(), options.own->certificate.get());
      SSL_CTX_use_PrivateKey(context_.get(), options.own->key.get());
    }
    for (const X509Ptr& one : options.chain) {
      SSL_CTX_add1_chain_cert(context_.get(), one.get());
    }
    connection_.reset(SSL_new(context_.get()));
    SSL_set_bio(connection_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    serves ? SSL_set_accept_state(connection_.get()) : SSL_set_connect_state(connection_.get());
  }

 private:
  [[nodiscard]] bool is_newer() const { return SSL_version(connection_.get()) >= TLS1_3_VERSION; }

  void on_done() {
    if (serves_ && is_newer() && !done && !options_.last_words.empty()) {
      SSL_write(connection_.get(), options_.last_words.data(), static_cast<int>(options_.last_words.size()));
    }
    done = true;
    std::array<std::uint8_t, 16> data{};
    const int read = SSL_read(connection_.get(), data.data(), data.size());
    if (read > 0) {
      said.assign(data.begin(), data.begin() + read);
    } else if (SSL_get_error(connection_.get(), read) == SSL_ERROR_SSL) {
      failed = true;
    }
  }

  struct FreeConnection {
    void operator()(SSL* connection) const { SSL_free(connection); }
  };
  const Options options_;
  const bool serves_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, FreeConnection> connection_;
};

class TlsClient final : public TlsEnd {
 public:
  explicit TlsClient(const Options& options) : TlsEnd(options, false) {}
};

class TlsServer final : public TlsEnd {
 public:
  explicit TlsServer(const Options& options) : TlsEnd(options, true) {}
};

}  // namespace adit::test
