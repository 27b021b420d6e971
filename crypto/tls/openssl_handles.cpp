// SPDX-License-Identifier: Apache-2.0
#include "crypto/tls/openssl_handles.hpp"

#include <openssl/err.h>

#include <algorithm>

namespace adit::crypto {

std::string take_openssl_reason() {
  const unsigned long code = ERR_get_error();  // the first is the cause, the others what followed from it
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "OpenSSL gives no reason" : reason;
}

std::string to_text(const X509_NAME* name) {
  constexpr int kMost = 200;
  const Bio out(BIO_new(BIO_s_mem()));
  if (name == nullptr || out == nullptr ||
      X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
    return "?";
  }
  std::string text(kMost, '\0');
  text.resize(static_cast<std::size_t>(std::max(BIO_read(out.get(), text.data(), kMost), 0)));
  return text;
}

}  // namespace adit::crypto
