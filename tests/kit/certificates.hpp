// SPDX-License-Identifier: Apache-2.0
// Certificates, keys and CRLs made by the test that needs them: none is a file of the source, and none runs out.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <vector>

namespace adit::test {

using X509Ptr = std::shared_ptr<X509>;
using KeyPtr = std::shared_ptr<EVP_PKEY>;

template <typename Write>
std::string to_pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  write(out.get());
  char* at = nullptr;
  const long size = BIO_get_mem_data(out.get(), &at);
  return {at, static_cast<std::size_t>(size)};
}

enum class KeyKind : std::uint8_t { kP256, kRsa2048 };

inline KeyPtr make_key(KeyKind kind) {
  return {kind == KeyKind::kP256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048), &EVP_PKEY_free};
}

/// A certificate with its key.
struct Issued {
  X509Ptr certificate;
  KeyPtr key;
  [[nodiscard]] std::string pem() const {
    return to_pem([&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
  }
  [[nodiscard]] std::string key_pem() const {
    return to_pem(
        [&](BIO* out) { PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }
};

struct CertificateWish {
  std::string common_name;
  std::string alternatives{};  ///< as in openssl.cnf: "email:a@example.net,DNS:a.example.net"
  long begins = -3600;         ///< seconds from now
  long ends = 365L * 24 * 3600;
  bool authority = false;
  std::string usage = "clientAuth,serverAuth";
  KeyKind kind = KeyKind::kP256;
};

class Authority {
 public:
  explicit Authority(const std::string& name, KeyKind kind = KeyKind::kP256) {
    self_ = make({.common_name = name, .authority = true, .kind = kind}, nullptr);
  }

  [[nodiscard]] Issued issue(const CertificateWish& wish) { return make(wish, &self_); }
  /// Another CA, below this one.
  [[nodiscard]] Authority issue_authority(const std::string& name) {
    Authority below(issue({.common_name = name, .authority = true}));
    below.next_serial_ = 1000;
    return below;
  }
  [[nodiscard]] std::string pem() const { return self_.pem(); }

  /// A CRL with these certificates.
  [[nodiscard]] std::string revoke(const std::vector<Issued>& revoked, long begins = -3600,
                                   long ends = 3600) const {
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), &X509_CRL_free);
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(self_.certificate.get()));
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> from(X509_gmtime_adj(nullptr, begins),
                                                                     &ASN1_TIME_free);
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> to(X509_gmtime_adj(nullptr, ends),
                                                                   &ASN1_TIME_free);
    X509_CRL_set1_lastUpdate(list.get(), from.get());
    X509_CRL_set1_nextUpdate(list.get(), to.get());
    for (const Issued& one : revoked) {
      X509_REVOKED* const entry = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one.certificate.get()));
      X509_REVOKED_set_revocationDate(entry, from.get());
      X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_sort(list.get());
    X509_CRL_sign(list.get(), self_.key.get(), EVP_sha256());
    return to_pem([&](BIO* out) { PEM_write_bio_X509_CRL(out, list.get()); });
  }

 private:
  explicit Authority(Issued self) : self_(std::move(self)) {}

  Issued make(const CertificateWish& wish, const Issued* issuer) {
    Issued made{.certificate = X509Ptr(X509_new(), &X509_free), .key = make_key(wish.kind)};
    X509* const certificate = made.certificate.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), next_serial_++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), wish.begins);
    X509_gmtime_adj(X509_getm_notAfter(certificate), wish.ends);
    X509_set_pubkey(certificate, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wish.common_name.data()),
                               static_cast<int>(wish.common_name.size()), -1, 0);
    X509* const above = issuer == nullptr ? certificate : issuer->certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(above));
    X509V3_CTX context;
    X509V3_set_ctx(&context, above, certificate, nullptr, nullptr, 0);
    const auto extend = [&](int nid, const std::string& value) {
      X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
      X509_add_ext(certificate, extension, -1);
      X509_EXTENSION_free(extension);
    };
    extend(NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    extend(NID_key_usage, wish.authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    if (!wish.authority) {
      extend(NID_ext_key_usage, wish.usage);
    }
    if (!wish.alternatives.empty()) {
      extend(NID_subject_alt_name, wish.alternatives);
    }
    X509_sign(certificate, issuer == nullptr ? made.key.get() : issuer->key.get(), EVP_sha256());
    return made;
  }

  Issued self_;
  long next_serial_ = 1;
};

}  // namespace adit::test
