// SPDX-License-Identifier: Apache-2.0
#include "crypto/tls/tls_server.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

#include "crypto/library_internal.hpp"
#include "crypto/tls/openssl_handles.hpp"

namespace adit::crypto {
namespace {

/// As long as any name in RADIUS (RFC 2865 §5): accounting has to carry it.
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kMostNames = 16;

constexpr std::string_view kLabelOfTls12 = "client EAP encryption";
constexpr std::string_view kLabelOfTls13 = "EXPORTER_EAP_TLS_Key_Material";
constexpr std::uint8_t kTypeOfEapTls = 13;  // RFC 9190 §2.3: the exporter's context

class Names {
 public:
  explicit Names(const X509* certificate) : subject_(X509_get_subject_name(certificate)) {
    alternatives_.reset(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  }

  CertificateNames all() {
    add_alternatives(GEN_OTHERNAME);
    add_alternatives(GEN_EMAIL);
    add_common_name();
    add_alternatives(GEN_DNS);
    return std::move(names_);
  }

 private:
  void add_alternatives(int kind) {
    const int count = alternatives_ == nullptr ? 0 : sk_GENERAL_NAME_num(alternatives_.get());
    for (int i = 0; i < count; ++i) {
      const GENERAL_NAME* const name = sk_GENERAL_NAME_value(alternatives_.get(), i);
      if (name->type != kind) {
        continue;
      }
      if (kind != GEN_OTHERNAME) {
        add(name->d.ia5);
      } else if (OBJ_obj2nid(name->d.otherName->type_id) == NID_ms_upn &&
                 name->d.otherName->value->type == V_ASN1_UTF8STRING) {
        add(name->d.otherName->value->value.utf8string);
      }
    }
  }

  /// The last one, which is the most specific.
  void add_common_name() {
    int found = -1;
    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject_, NID_commonName, at)) >= 0;) {
      found = at;
    }
    if (found >= 0) {
      add(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject_, found)));
    }
  }

  /// A name with NUL or another control character in it means one thing to a CA and another to us.
  void add(const ASN1_STRING* text) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, text);
    std::string name =
        size > 0 ? std::string(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)) : "";
    OPENSSL_free(utf8);
    for (const char c : name) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
        return;
      }
    }
    if (!name.empty() && name.size() <= kLongestName && names_.size() < kMostNames) {
      names_.push_back(std::move(name));
    }
  }

  const X509_NAME* subject_;
  std::unique_ptr<GENERAL_NAMES, FreeBy<&GENERAL_NAMES_free>> alternatives_;
  CertificateNames names_;
};

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
  static_cast<TlsServer*>(SSL_get_ex_data(connection, 0))
      ->note_refused("the certificate of " + to_text(subject) + " by " + to_text(issuer) +
                         " is refused: " + X509_verify_cert_error_string(error),
                     !is_about_revocation_lists(error));
  return good;
}

}  // namespace

void TlsServer::Free::operator()(ssl_st* connection) const noexcept {
  SSL_free(connection);
}

TlsServer::TlsServer(std::shared_ptr<const TlsCredentials> credentials)
    : credentials_(std::move(credentials)), connection_(SSL_new(credentials_->context())) {
  Bio from_peer(BIO_new(BIO_s_mem()));
  Bio to_peer(BIO_new(BIO_s_mem()));
  if (connection_ == nullptr || from_peer == nullptr || to_peer == nullptr ||
      SSL_set_ex_data(connection_.get(), 0, this) != 1) {
    die("no memory for a TLS connection");
  }
  SSL_set_bio(connection_.get(), from_peer.release(), to_peer.release());
  SSL_set_verify(connection_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, &on_verified);
  SSL_set_accept_state(connection_.get());
}

TlsServer::~TlsServer() = default;

TlsServer::State TlsServer::step(std::span<const std::uint8_t> message) {
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
    return state_ = finish() ? State::kDone : State::kFailed;
  }
  if (SSL_get_error(connection, result) != SSL_ERROR_WANT_READ) {
    return fail("the handshake failed");
  }
  // A message of EAP-TLS is a whole flight: where it ends, it is our turn.
  return BIO_pending(SSL_get_wbio(connection)) > 0 ? state_ : fail("the peer's TLS message is not complete");
}

bool TlsServer::finish() {
  SSL* const connection = connection_.get();
  const X509* const certificate = SSL_get0_peer_certificate(connection);
  if (certificate == nullptr || SSL_get_verify_result(connection) != X509_V_OK) {
    fail("the peer has no certificate that counts");
    return false;
  }
  const bool newer = SSL_version(connection) >= TLS1_3_VERSION;
  const std::string_view label = newer ? kLabelOfTls13 : kLabelOfTls12;
  // RFC 9190 §2.3: MSK and EMSK in one piece, as the length takes part in the derivation.
  Secret<128> material;
  if (SSL_export_keying_material(connection, material.bytes().data(), material.bytes().size(), label.data(),
                                 label.size(), &kTypeOfEapTls, newer ? 1 : 0, newer ? 1 : 0) != 1) {
    fail("the key material cannot be exported");
    return false;
  }
  peer_.msk = Secret<64>(material.bytes().first<64>());
  peer_.names = Names(certificate).all();
  peer_.subject = to_text(X509_get_subject_name(certificate));
  peer_.version = SSL_get_version(connection);
  constexpr std::uint8_t kProtectedSuccess = 0;  // RFC 9190 §2.5
  if (newer && SSL_write(connection, &kProtectedSuccess, 1) != 1) {
    fail("the protected success cannot be sent");
    return false;
  }
  return true;
}

std::vector<std::uint8_t> TlsServer::take_output() {
  BIO* const out = SSL_get_wbio(connection_.get());
  std::vector<std::uint8_t> octets(BIO_pending(out));
  if (!octets.empty() && BIO_read(out, octets.data(), static_cast<int>(octets.size())) <= 0) {
    octets.clear();
  }
  return octets;
}

TlsServer::State TlsServer::fail(std::string_view why) {
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
