// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/eap_credentials.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "app/aditd/config/private_file.hpp"
#include "app/escape.hpp"
#include "app/regular_file.hpp"
#include "crypto/secret.hpp"

namespace adit::app {
namespace {

using crypto::TlsPart;

/// A CA of a million certificates, of which each has been revoked once, has a list of 40 MiB.
constexpr off_t kMaxOctets = off_t{64} << 20;

struct PemFile {
  std::string_view key;
  const std::string& path;
  std::string text{};
};

/// The key is wiped, and the others with it.
class PemFiles {
 public:
  PemFiles(const EapFiles& files, const Sheet& sheet, Problems& problems)
      : files_{{{"certificate", files.certificate},
                {"private-key", files.private_key},
                {"ca", files.ca},
                {"crl", files.crl}}},
        sheet_(sheet),
        problems_(problems) {}
  PemFiles(const PemFiles&) = delete;
  PemFiles& operator=(const PemFiles&) = delete;
  ~PemFiles() {
    for (PemFile& file : files_) {
      crypto::wipe(file.text.data(), file.text.size());
    }
  }

  /// False: one of them is an error.
  [[nodiscard]] bool read() {
    bool good = true;
    for (PemFile& file : files_) {
      if (file.path.empty() && file.key == "crl") {
        continue;
      }
      if (file.path.empty()) {
        problems_.error(place_of(sheet_, "eap", "methods"), name(file), "",
                        "is missing, and eap.methods has \"tls\"",
                        "name a file in PEM, or take \"tls\" off the list");
        good = false;
        continue;
      }
      auto text = read_regular_file(file.path, kMaxOctets, "aditd");
      if (!text) {
        problems_.error(at(file), name(file), shown(file), text.error().wrong, text.error().remedy);
        good = false;
        continue;
      }
      file.text = std::move(*text);
    }
    return good;
  }

  [[nodiscard]] crypto::TlsPem pem() const {
    return {.certificate = of(TlsPart::kCertificate).text,
            .private_key = of(TlsPart::kPrivateKey).text,
            .ca = of(TlsPart::kCa).text,
            .crl = of(TlsPart::kCrl).text};
  }
  void error(const crypto::TlsFault& fault) {
    const PemFile& file = of(fault.part);
    problems_.error(at(file), name(file), shown(file), escape_octets(fault.wrong), fault.remedy);
  }
  void warning(const crypto::TlsFault& fault) {
    const PemFile& file = of(fault.part);
    problems_.warning(at(file), name(file), shown(file), escape_octets(fault.wrong), fault.remedy);
  }

 private:
  [[nodiscard]] const PemFile& of(TlsPart part) const { return files_[static_cast<std::size_t>(part)]; }
  [[nodiscard]] toml::source_position at(const PemFile& file) const {
    return place_of(sheet_, "eap", file.key);
  }
  [[nodiscard]] static std::string name(const PemFile& file) { return "eap." + std::string(file.key); }
  [[nodiscard]] static std::string shown(const PemFile& file) { return '"' + escape_octets(file.path) + '"'; }

  std::array<PemFile, 4> files_;  // in the order of TlsPart
  const Sheet& sheet_;
  Problems& problems_;
};

bool are_named(const EapFiles& files) {
  return !files.certificate.empty() && !files.private_key.empty() && !files.ca.empty();
}

}  // namespace

bool carries_out_eap_tls(const Config& config) {
  const auto& methods = config.control.auth.methods;
  const auto& ours = config.control.eap.methods;
  return std::ranges::find(methods, control::AuthMethod::kEap) != methods.end() &&
         config.auth_order != AuthOrder::kRadius &&
         std::ranges::find(ours, control::EapLocalMethod::kTls) != ours.end();
}

std::shared_ptr<const crypto::TlsCredentials> read_eap_credentials(const Config& config, const Sheet& sheet,
                                                                   const Config* running,
                                                                   Problems& problems) {
  const bool still = running != nullptr && carries_out_eap_tls(*running) && are_named(config.eap_files);
  if (!still && !carries_out_eap_tls(config)) {
    return nullptr;
  }
  PemFiles files(config.eap_files, sheet, problems);
  if (!files.read()) {
    return nullptr;
  }
  auto made = crypto::TlsCredentials::make(files.pem(), config.eap_files.newest);
  if (!made) {
    files.error(made.error());
    return nullptr;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  for (const crypto::TlsFault& fault : (*made)->out_of_date(now)) {
    files.warning(fault);
  }
  const PrivateFile key{.path = config.eap_files.private_key,
                        .key = "eap.private-key",
                        .holds = "has our key",
                        .at = place_of(sheet, "eap", "private-key")};
  check_access(key, config, problems);
  check_readable(key, config, problems);
  return std::move(*made);
}

}  // namespace adit::app
