// SPDX-License-Identifier: Apache-2.0
#include "crypto/tls/certificate_names.hpp"

#include <cstddef>
#include <memory>
#include <utility>

#include "crypto/tls/openssl_handles.hpp"

namespace adit::crypto {
namespace {

/// As long as any name in RADIUS (RFC 2865 §5): accounting has to carry it.
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kMostNames = 16;

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

}  // namespace

CertificateNames names_of(const x509_st& certificate) {
  return Names(&certificate).all();
}

}  // namespace adit::crypto
