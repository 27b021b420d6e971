// SPDX-License-Identifier: Apache-2.0
#include "crypto/tls/tls_connection.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

#include "crypto/library_internal.hpp"
#include "crypto/tls/openssl_handles.hpp"

namespace adit::crypto {
namespace {

constexpr std::string_view kLabelOfTls12 = "client EAP encryption";
constexpr std::string_view kLabelOfTls13 = "EXPORTER_EAP_TLS_Key_Material";
constexpr std::uint8_t kTypeOfEapTls = 13;     // RFC 9190 §2.3: the exporter's context
constexpr std::uint8_t kProtectedSuccess = 0;  // RFC 9190 §2.5

/// Our lists, or the CA's making of them, are at fault: whoever comes is refused.
bool is_about_revocation_lists(int error) {
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
      return true;
    default:
      return false;
  }
}

int on_verified(int good, X509_STORE_CTX* store) {
  if (good == 1) {
    return good;
  }
  const auto* connection =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const X509* const at = X509_STORE_CTX_get_current_cert(store);
  const X509_NAME* const subject = at == nullptr ? nullptr : X509_get_subject_name(at);
  const X509_NAME* const issuer = at == nullptr ? nullptr : X509_get_issuer_name(at);
  const int error = X509_STORE_CTX_get_error(store);
  static_cast<TlsConnection*>(SSL_get_ex_data(connection, 0))
      ->note_refused("the certificate of " + to_text(subject) + " by " + to_text(issuer) +
                         " is refused: " + X509_verify_cert_error_string(error),
                     !is_about_revocation_lists(error));
  return good;
}

}  // namespace

void TlsConnection::Free::operator()(ssl_st* connection) const noexcept {
  SSL_free(connection);
}

TlsConnection::TlsConnection(std::shared_ptr<const TlsCredentials> credentials)
    : credentials_(std::move(credentials)), connection_(SSL_new(credentials_->context())) {
  Bio from_peer(BIO_new(BIO_s_mem()));
  Bio to_peer(BIO_new(BIO_s_mem()));
  if (connection_ == nullptr || from_peer == nullptr || to_peer == nullptr ||
      SSL_set_ex_data(connection_.get(), 0, this) != 1) {
    die("no memory for a TLS connection");
  }
  SSL_set_bio(connection_.get(), from_peer.release(), to_peer.release());
  SSL_set_verify(connection_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, &on_verified);
  is_client() ? SSL_set_connect_state(connection_.get()) : SSL_set_accept_state(connection_.get());
}

TlsConnection::~TlsConnection() = default;

bool TlsConnection::is_client() const {
  return credentials_->role() == TlsRole::kClient;
}

TlsConnection::State TlsConnection::step(std::span<const std::uint8_t> message) {
  SSL* const connection = connection_.get();
  ERR_clear_error();
  if (state_ == State::kFailed) {
    return state_;
  }
  if (!message.empty() &&
      BIO_write(SSL_get_rbio(connection), message.data(), static_cast<int>(message.size())) <= 0) {
    die("no memory for a TLS message");
  }
  if (state_ == State::kDone) {
    std::uint8_t octet = 0;
    SSL_read(connection, &octet, 1);  // for the alert, if it is one
    return fail("the peer has gone on after the end of the handshake");
  }
  const int result = SSL_do_handshake(connection);
  if (result == 1) {
    return state_ = finish();
  }
  if (SSL_get_error(connection, result) != SSL_ERROR_WANT_READ) {
    return fail("the handshake failed");
  }
  // A message of EAP-TLS is a whole flight: where it ends, it is our turn.
  return BIO_pending(SSL_get_wbio(connection)) > 0 ? state_ : fail("the peer's TLS message is not complete");
}

TlsConnection::State TlsConnection::finish() {
  SSL* const connection = connection_.get();
  const X509* const certificate = SSL_get0_peer_certificate(connection);
  if (certificate == nullptr || SSL_get_verify_result(connection) != X509_V_OK) {
    return fail("the peer has no certificate that counts");
  }
  const bool newer = SSL_version(connection) >= TLS1_3_VERSION;
  if (newer && is_client()) {
    if (const State so_far = await_protected_success(); so_far != State::kDone) {
      return so_far;
    }
  }
  const std::string_view label = newer ? kLabelOfTls13 : kLabelOfTls12;
  // RFC 9190 §2.3: MSK and EMSK in one piece, as the length takes part in the derivation.
  Secret<128> material;
  if (SSL_export_keying_material(connection, material.bytes().data(), material.bytes().size(), label.data(),
                                 label.size(), &kTypeOfEapTls, newer ? 1 : 0, newer ? 1 : 0) != 1) {
    return fail("the key material cannot be exported");
  }
  peer_.msk = Secret<64>(material.bytes().first<64>());
  peer_.names = names_of(*certificate);
  peer_.subject = to_text(X509_get_subject_name(certificate));
  peer_.version = SSL_get_version(connection);
  if (newer && !is_client() && SSL_write(connection, &kProtectedSuccess, 1) != 1) {
    return fail("the protected success cannot be sent");
  }
  return State::kDone;
}

/// The server has judged our certificate only when this has come: its own part of the handshake ended before it had ours.
TlsConnection::State TlsConnection::await_protected_success() {
  SSL* const connection = connection_.get();
  std::uint8_t octets[2] = {};
  const int read = SSL_read(connection, octets, sizeof octets);
  if (read <= 0) {
    return SSL_get_error(connection, read) == SSL_ERROR_WANT_READ
               ? State::kHandshake  // perhaps a ticket
               : fail("no protected success from the server");
  }
  return read == 1 && octets[0] == kProtectedSuccess
             ? State::kDone
             : fail("the server says something else than the protected success");
}

std::vector<std::uint8_t> TlsConnection::take_output() {
  BIO* const out = SSL_get_wbio(connection_.get());
  std::vector<std::uint8_t> octets(BIO_pending(out));
  if (!octets.empty() && BIO_read(out, octets.data(), static_cast<int>(octets.size())) <= 0) {
    octets.clear();
  }
  return octets;
}

TlsConnection::State TlsConnection::fail(std::string_view why) {
  const unsigned long code = ERR_peek_error();
  const int alert = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET : -1;
  if (refused_.empty()) {
    guess_ =
        SSL_get0_peer_certificate(connection_.get()) != nullptr;  // its signature is wrong, or what follows
  }
  if (!refused_.empty()) {
    why_ = refused_;
  } else if (alert >= 0 && alert <= 255) {
    why_ = "the peer has ended TLS by the alert \"" + std::string(SSL_alert_desc_string_long(alert)) + '"';
  } else {
    why_ = std::string(why) + (code == 0 ? "" : ": " + take_openssl_reason());
  }
  ERR_clear_error();
  return state_ = State::kFailed;
}

}  // namespace adit::crypto
