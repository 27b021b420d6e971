// SPDX-License-Identifier: Apache-2.0
// What may be wrong with the files of EAP-TLS, word for word, as --check, the start and a reload say it.
#include "app/aditd/config/eap_credentials.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "crypto/library.hpp"
#include "tests/app/aditd/config/config_kit.hpp"
#include "tests/kit/certificates.hpp"

namespace adit::app {
namespace {

using adit::test::Authority;
using adit::test::Issued;

const bool kCryptoIsReady = crypto::initialise().has_value();

class EapCredentialsTest : public ::testing::Test {
 protected:
  EapCredentialsTest() {
    char name[] = "/tmp/adit-eap-XXXXXX";
    directory_ = ::mkdtemp(name);
    write("secrets", "alice * secret *\n");
    write("own.pem", server.pem());
    write("own.key", server.key_pem());
    write("ca.pem", ca.pem());
  }
  ~EapCredentialsTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name, std::ios::binary) << text;
    std::filesystem::permissions(directory_ / name, std::filesystem::perms(0600));
  }
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }

  /// The configuration of all that are not empty.
  ConfigResult load(const Config* running = nullptr) {
    std::string toml = std::string(test::kGood) + "[chap-secrets]\nchap-secrets = \"" + path("secrets") +
                       "\"\n[auth]\nmethods = [\"eap\"]\n[eap]\nmethods = " + methods + "\n";
    for (const auto& [key, file] : {std::pair("certificate", certificate), std::pair("private-key", key_file),
                                    std::pair("ca", ca_file), std::pair("crl", crl)}) {
      toml += file.empty() ? "" : std::string(key) + " = \"" + path(file) + "\"\n";
    }
    toml += more + "[core]\nuser = \"root\"\n";  // whatever users this machine has
    write("adit.toml", toml);
    return load_config(path("adit.toml"), {.running = running});
  }
  /// Its problems, without the directory.
  std::string said() {
    std::string lines = test::lines_of(load());
    for (std::size_t at = 0; (at = lines.find(directory_.string() + '/', at)) != std::string::npos;) {
      lines.erase(at, directory_.string().size() + 1);
    }
    return lines;
  }

  Authority ca{"Test CA"};
  Issued server = ca.issue({.common_name = "vpn.example.net"});
  std::string methods = "[\"tls\"]", certificate = "own.pem", key_file = "own.key", ca_file = "ca.pem", crl,
              more;

 private:
  std::filesystem::path directory_;
};

TEST_F(EapCredentialsTest, AreRead) {
  write("crl.pem", ca.revoke({}));
  crl = "crl.pem";
  more = "tls-max-version = \"1.3\"\n";
  const ConfigResult read = load();
  EXPECT_EQ(test::lines_of(read), "");
  EXPECT_NE(read.tls, nullptr);
  ASSERT_TRUE(read.config.has_value());
  EXPECT_EQ(read.config->eap_files.newest, crypto::TlsVersion::kTls13);
}

TEST_F(EapCredentialsTest, AreNotReadWhereNobodyNeedsThem) {
  methods = "[\"mschapv2\"]";
  certificate = "no-such-file";
  const ConfigResult read = load();
  EXPECT_EQ(test::lines_of(read), "");
  EXPECT_EQ(read.tls, nullptr);
}

TEST_F(EapCredentialsTest, AreReadAgainWhileTheRunningProcessNeedsThem) {
  const ConfigResult runs = load();
  ASSERT_TRUE(runs.config.has_value());
  methods = "[\"mschapv2\"]";  // from the next start
  EXPECT_NE(load(&*runs.config).tls, nullptr);
  certificate = key_file = ca_file = "";
  const ConfigResult without = load(&*runs.config);
  EXPECT_EQ(test::lines_of(without), "");
  EXPECT_EQ(without.tls, nullptr);
}

TEST_F(EapCredentialsTest, AreMissing) {
  certificate = key_file = ca_file = "";
  constexpr const char* kRemedy =
      " is missing, and eap.methods has \"tls\"; name a file in PEM, or take \"tls\" off the list";
  EXPECT_EQ(said(), std::string("adit.toml:19:11: eap.certificate:") + kRemedy +
                        "\nadit.toml:19:11: eap.private-key:" + kRemedy +
                        "\nadit.toml:19:11: eap.ca:" + kRemedy);
}

TEST_F(EapCredentialsTest, AreNotThere) {
  ca_file = "none.pem";
  EXPECT_EQ(
      said(),
      "adit.toml:22:6: eap.ca: value \"none.pem\": No such file or directory; create it, or name another");
}

TEST_F(EapCredentialsTest, DoNotBelongTogether) {
  write("own.key", ca.issue({.common_name = "other"}).key_pem());
  EXPECT_EQ(said(),
            "adit.toml:21:15: eap.private-key: value \"own.key\": does not belong to the certificate of "
            "CN=vpn.example.net; name the key that the certificate was made for");
}

TEST_F(EapCredentialsTest, AreNoPem) {
  write("ca.pem", "-----BEGIN CERTIFICATE-----\nno base64 in here\n-----END CERTIFICATE-----\n");
  EXPECT_TRUE(said().starts_with("adit.toml:22:6: eap.ca: value \"ca.pem\": cannot be read: ")) << said();
  write("ca.pem", "");
  EXPECT_TRUE(said().starts_with("adit.toml:22:6: eap.ca: value \"ca.pem\": ")) << said();
}

TEST_F(EapCredentialsTest, HaveNoListOfTheirCa) {
  write("crl.pem", Authority("Other CA").revoke({}));
  crl = "crl.pem";
  EXPECT_EQ(
      said(),
      "adit.toml:23:7: eap.crl: value \"crl.pem\": has no list that is signed by CN=Test CA; add the list of "
      "each CA in the file of ca: without it, all of its certificates are refused");
}

TEST_F(EapCredentialsTest, AreOutOfDateWhichStopsNoOtherMethod) {
  server = ca.issue({.common_name = "vpn.example.net", .begins = -7200, .ends = -3600});
  write("own.pem", server.pem());
  write("own.key", server.key_pem());
  const ConfigResult read = load();
  EXPECT_NE(read.tls, nullptr);
  const std::string lines = said();
  EXPECT_TRUE(
      lines.starts_with("adit.toml:20:15: warning: eap.certificate: value \"own.pem\": the certificate of "
                        "CN=vpn.example.net has ended on 20"))
      << lines;
  EXPECT_TRUE(lines.ends_with(" UTC: every login by it fails; renew it, then reload")) << lines;
}

TEST_F(EapCredentialsTest, AreOpenToEverybody) {
  std::filesystem::permissions(path("own.key"), std::filesystem::perms(0644));
  const std::string lines = said();
  EXPECT_TRUE(
      lines.starts_with("adit.toml:21:15: warning: eap.private-key: value \"own.key\": has our key and is "
                        "open to every user of this machine (mode 0644); do: chown root:"))
      << lines;
}

}  // namespace
}  // namespace adit::app
