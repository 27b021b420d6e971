// SPDX-License-Identifier: Apache-2.0
#include "crypto/tls/tls_credentials.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "crypto/library_internal.hpp"
#include "crypto/tls/openssl_handles.hpp"

namespace adit::crypto {
namespace {

using Time = TlsCredentials::Time;
using namespace std::chrono_literals;

constexpr auto kSoon = 14 * 24h;
/// A chain from a peer's certificate to the root: more is no operator's CA.
constexpr int kMostIssuers = 6;
/// What Windows 7 and later, OpenSSL and mbed TLS have; each handshake has keys of its own (RFC 9325 §4.1, §4.2).
constexpr const char* kCiphersOfTls12 = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";
/// A client's, the first with a share: OpenSSL 3.5 would add one of ML-KEM, and have a ClientHello of two EAP packets.
constexpr const char* kClientsGroups = "X25519:P-256:P-384";

std::unexpected<TlsFault> fault(TlsPart part, std::string wrong, std::string remedy) {
  return std::unexpected(TlsFault{part, std::move(wrong), std::move(remedy)});
}

Bio open(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Time to_time(const ASN1_TIME* at) {
  std::tm broken_down{};
  return ASN1_TIME_to_tm(at, &broken_down) == 1 ? Time(std::chrono::seconds(::timegm(&broken_down))) : Time{};
}

/// After the last object of a PEM text. False: something in it cannot be read.
bool at_end() {
  const unsigned long code = ERR_peek_last_error();
  return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

/// All objects of one kind, each read into an empty one that `make` has made for our library context.
template <typename Handle, auto kRead, typename Make>
std::expected<std::vector<Handle>, TlsFault> read_all(std::string_view pem, TlsPart part, Make make) {
  std::vector<Handle> all;
  const Bio from = open(pem);
  ERR_clear_error();
  for (bool read = true; read;) {
    auto* object = make();
    if (from == nullptr || object == nullptr) {
      die("no memory for a certificate");
    }
    read = kRead(from.get(), &object, nullptr, nullptr) != nullptr;
    Handle owner(object);  // null if OpenSSL has freed it
    if (read) {
      all.push_back(std::move(owner));
    }
  }
  if (!at_end()) {
    return fault(part, "cannot be read: " + take_openssl_reason(), "write PEM, as openssl does");
  }
  ERR_clear_error();
  if (all.empty()) {
    return fault(part, part == TlsPart::kCrl ? "has no X509 CRL in PEM" : "has no certificate in PEM",
                 "write PEM, as openssl does; of DER, openssl x509 or openssl crl makes it");
  }
  return all;
}

std::expected<std::vector<Certificate>, TlsFault> read_certificates(std::string_view pem, TlsPart part) {
  return read_all<Certificate, &PEM_read_bio_X509>(pem, part,
                                                   [] { return X509_new_ex(library().context, nullptr); });
}

std::expected<std::vector<RevocationList>, TlsFault> read_revocations(std::string_view pem) {
  return read_all<RevocationList, &PEM_read_bio_X509_CRL>(
      pem, TlsPart::kCrl, [] { return X509_CRL_new_ex(library().context, nullptr); });
}

/// There is nobody to ask.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::expected<PrivateKey, TlsFault> read_key(std::string_view pem) {
  ERR_clear_error();
  bool asked = false;
  const Bio from = open(pem);
  PrivateKey key(
      PEM_read_bio_PrivateKey_ex(from.get(), nullptr, &no_passphrase, &asked, library().context, nullptr));
  if (key != nullptr) {
    return key;
  }
  std::string reason = take_openssl_reason();
  if (asked) {
    return fault(TlsPart::kPrivateKey, "is encrypted, and nobody is there to type its passphrase",
                 "decrypt it (openssl pkey), and let its file's mode protect it");
  }
  const bool none = pem.find("PRIVATE KEY-----") == std::string_view::npos;
  return fault(TlsPart::kPrivateKey, none ? "has no private key in PEM" : "cannot be read: " + reason,
               "write PEM, as openssl does");
}

std::string text_of(const X509* certificate) {
  return to_text(X509_get_subject_name(certificate));
}

std::expected<void, TlsFault> use_own(SSL_CTX* context, std::vector<Certificate>& chain,
                                      const PrivateKey& key) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    return fault(TlsPart::kCertificate, "cannot be used: " + take_openssl_reason(),
                 "take one with a key of RSA 2048, P-256 or better");
  }
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    ERR_clear_error();
    return fault(TlsPart::kPrivateKey,
                 "does not belong to the certificate of " + text_of(chain.front().get()),
                 "name the key that the certificate was made for");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return fault(TlsPart::kPrivateKey, "cannot be used: " + take_openssl_reason(),
                 "take RSA 2048, P-256 or better");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      return fault(TlsPart::kCertificate, "has a chain that cannot be used: " + take_openssl_reason(),
                   "write our certificate first, then those that issued it");
    }
  }
  return {};
}

std::expected<void, TlsFault> use_ca(SSL_CTX* context, const std::vector<Certificate>& authorities) {
  for (const Certificate& authority : authorities) {
    if (X509_check_ca(authority.get()) == 0) {
      return fault(TlsPart::kCa, "has the certificate of " + text_of(authority.get()) + ", which is no CA's",
                   "name the CA itself");
    }
    // The names help a peer with several certificates to choose.
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return fault(TlsPart::kCa, "cannot be used: " + take_openssl_reason(), "write certificates in PEM");
    }
  }
  const bool any_root = std::ranges::any_of(authorities, [](const Certificate& authority) {
    return (X509_get_extension_flags(authority.get()) & EXFLAG_SS) != 0;
  });
  if (!any_root) {
    return fault(TlsPart::kCa, "has no self-signed certificate, so that no chain ends in it",
                 "add the root that has issued " + text_of(authorities.front().get()));
  }
  return {};
}

std::expected<void, TlsFault> use_revocations(SSL_CTX* context, const std::vector<RevocationList>& lists,
                                              const std::vector<Certificate>& authorities) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const Certificate& authority : authorities) {
    const auto its = std::ranges::find_if(lists, [&](const RevocationList& list) {
      return X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_subject_name(authority.get())) == 0 &&
             X509_CRL_verify(list.get(), X509_get0_pubkey(authority.get())) == 1;
    });
    ERR_clear_error();
    if (its == lists.end()) {
      return fault(
          TlsPart::kCrl, "has no list that is signed by " + text_of(authority.get()),
          "add the list of each CA in the file of ca: without it, all of its certificates are refused");
    }
  }
  for (const RevocationList& list : lists) {
    if (X509_STORE_add_crl(store, list.get()) != 1) {
      return fault(TlsPart::kCrl, "cannot be used: " + take_openssl_reason(), "write X509 CRLs in PEM");
    }
  }
  // Of the whole chain: a CA between the root and the peer may have been revoked, too.
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

bool restrict_protocol(SSL_CTX* context, TlsVersion newest, TlsRole role) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // 32 KiB a login that waits for its peer; and the chain is what the file has, not what `ca` happens to complete.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_verify_depth(context, kMostIssuers);
  SSL_CTX_set_security_level(context,
                             2);  // 112 bits, no SHA-1 in a chain: Debian's default, and not everybody's
  const int most = newest == TlsVersion::kTls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  if (role == TlsRole::kClient && SSL_CTX_set1_groups_list(context, kClientsGroups) != 1) {
    return false;
  }
  return SSL_CTX_set_num_tickets(context, 0) == 1 &&
         SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, most) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphersOfTls12) == 1;
}

}  // namespace

void TlsCredentials::Free::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

std::expected<std::unique_ptr<const TlsCredentials>, TlsFault> TlsCredentials::make(const TlsPem& pem,
                                                                                    TlsVersion newest,
                                                                                    TlsRole role) {
  auto chain = read_certificates(pem.certificate, TlsPart::kCertificate);
  auto key = read_key(pem.private_key);
  auto authorities = read_certificates(pem.ca, TlsPart::kCa);
  auto lists =
      pem.crl.empty() ? std::expected<std::vector<RevocationList>, TlsFault>{} : read_revocations(pem.crl);
  if (!chain || !key || !authorities || !lists) {
    return std::unexpected(!chain         ? std::move(chain.error())
                           : !key         ? std::move(key.error())
                           : !authorities ? std::move(authorities.error())
                                          : std::move(lists.error()));
  }
  std::unique_ptr<TlsCredentials> made(new TlsCredentials(role));
  made->context_.reset(SSL_CTX_new_ex(library().context, nullptr,
                                      role == TlsRole::kServer ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* const context = made->context_.get();
  if (context == nullptr || !restrict_protocol(context, newest, role)) {
    die("TLS cannot be set up (out of memory?)");
  }
  std::expected<void, TlsFault> used = use_own(context, *chain, *key);
  if (used) {
    used = use_ca(context, *authorities);
  }
  if (used && !lists->empty()) {
    used = use_revocations(context, *lists, *authorities);
  }
  if (!used) {
    return std::unexpected(std::move(used.error()));
  }
  made->names_ = names_of(*chain->front());
  for (const auto& [part, all] :
       {std::pair(TlsPart::kCertificate, &*chain), std::pair(TlsPart::kCa, &*authorities)}) {
    for (const Certificate& one : *all) {
      made->terms_.push_back({.part = part,
                              .what = "the certificate of " + text_of(one.get()),
                              .begins = to_time(X509_get0_notBefore(one.get())),
                              .ends = to_time(X509_get0_notAfter(one.get()))});
    }
  }
  for (const RevocationList& list : *lists) {
    const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(list.get());
    made->terms_.push_back({.part = TlsPart::kCrl,
                            .what = "the list of " + to_text(X509_CRL_get_issuer(list.get())),
                            .begins = to_time(X509_CRL_get0_lastUpdate(list.get())),
                            .ends = next == nullptr ? std::nullopt : std::optional(to_time(next))});
  }
  return made;
}

std::vector<TlsFault> TlsCredentials::out_of_date(Time now) const {
  const auto day = [](Time at) {
    const std::time_t seconds = at.time_since_epoch().count();
    std::tm broken_down{};
    char text[32] = "";
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", ::gmtime_r(&seconds, &broken_down));
    return std::string(text);
  };
  std::vector<TlsFault> faults;
  for (const Term& term : terms_) {
    const std::string renew =
        term.part == TlsPart::kCrl ? "fetch the CA's new list, then reload" : "renew it, then reload";
    if (now < term.begins) {
      faults.push_back(
          {term.part, term.what + " begins on " + day(term.begins), "set this machine's clock, or wait"});
    } else if (term.ends && now >= *term.ends) {
      faults.push_back(
          {term.part, term.what + " has ended on " + day(*term.ends) + ": every login by it fails", renew});
    } else if (term.ends && term.part != TlsPart::kCrl &&
               now + kSoon >= *term.ends) {  // lists often last a day
      faults.push_back({term.part, term.what + " ends on " + day(*term.ends), renew});
    }
  }
  return faults;
}

}  // namespace adit::crypto
