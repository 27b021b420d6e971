// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/client_certificate.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <tuple>
#include <utility>

#include "app/escape.hpp"
#include "app/regular_file.hpp"
#include "crypto/secret.hpp"

namespace adit::app::blast {
namespace {

using crypto::TlsPart;

constexpr off_t kMaxOctets = off_t{1} << 20;

/// Wiped, for the sake of the key.
struct Text {
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { crypto::wipe(octets.data(), octets.size()); }
  std::string octets;
};

std::string complaint(const Plan& plan, TlsPart part, std::string_view wrong, std::string_view remedy) {
  const auto& [key, file] = part == TlsPart::kCertificate  ? std::pair("certificate", plan.certificate_file)
                            : part == TlsPart::kPrivateKey ? std::pair("private-key", plan.private_key_file)
                                                           : std::pair("ca", plan.ca_file);
  return std::string(key) + ": value \"" + escape_octets(file) + "\": " + escape_octets(wrong) + "; " +
         std::string(remedy);
}

}  // namespace

std::expected<std::shared_ptr<const crypto::TlsCredentials>, std::string> read_client_certificate(
    const Plan& plan) {
  if (std::ranges::find(plan.auth, kEapTls) == plan.auth.end()) {
    return nullptr;
  }
  Text certificate, key, ca;
  for (const auto& [part, file, text] :
       {std::tuple(TlsPart::kCertificate, &plan.certificate_file, &certificate),
        std::tuple(TlsPart::kPrivateKey, &plan.private_key_file, &key),
        std::tuple(TlsPart::kCa, &plan.ca_file, &ca)}) {
    auto read = read_regular_file(*file, kMaxOctets, "adit-blast");
    if (!read) {
      return std::unexpected(complaint(plan, part, read.error().wrong, read.error().remedy));
    }
    text->octets.swap(*read);
  }
  auto made = crypto::TlsCredentials::make(
      {.certificate = certificate.octets, .private_key = key.octets, .ca = ca.octets}, plan.newest_tls,
      crypto::TlsRole::kClient);
  if (!made) {
    return std::unexpected(complaint(plan, made.error().part, made.error().wrong, made.error().remedy));
  }
  if (plan.user.empty() && (*made)->names().empty()) {
    return std::unexpected(
        complaint(plan, TlsPart::kCertificate, "has no name to log in by", "say who logs in: --user"));
  }
  return std::move(*made);
}

}  // namespace adit::app::blast
