// SPDX-License-Identifier: Apache-2.0
// Which files make TLS credentials: what an operator may have done wrong is told with its part and a remedy.
#include "crypto/tls/tls_credentials.hpp"

#include <gtest/gtest.h>

#include "crypto/library.hpp"
#include "tests/kit/certificates.hpp"

namespace adit::crypto {
namespace {

using test::Authority;
using test::Issued;
using namespace std::chrono_literals;

TlsCredentials::Time now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

const bool kLibraryReady = initialise().has_value();

class TlsCredentialsTest : public ::testing::Test {
 protected:
  auto make() {
    return TlsCredentials::make({.certificate = certificate, .private_key = key, .ca = trusted, .crl = crl},
                                TlsVersion::kTls12);
  }
  /// Part and text of what is wrong.
  std::pair<TlsPart, std::string> fault() {
    const auto made = make();
    EXPECT_FALSE(made.has_value());
    if (made) {
      return {};
    }
    EXPECT_FALSE(made.error().remedy.empty());
    return {made.error().part, made.error().wrong};
  }
  static std::pair<TlsPart, std::string> is(TlsPart part, std::string wrong) {
    return {part, std::move(wrong)};
  }

  Authority ca{"Test CA"};
  Issued server = ca.issue({.common_name = "vpn.example.net"});
  std::string certificate = server.pem(), key = server.key_pem(), trusted = ca.pem(), crl;
};

TEST_F(TlsCredentialsTest, AreMadeOfPem) {
  const auto made = make();
  ASSERT_TRUE(made.has_value()) << made.error().wrong;
  EXPECT_TRUE((*made)->out_of_date(now()).empty());
}

TEST_F(TlsCredentialsTest, SayWhatOurOwnCertificateCallsUs) {
  server = ca.issue({.common_name = "alice", .alternatives = "email:alice@example.net"});
  certificate = server.pem();
  key = server.key_pem();
  const auto made = make();
  ASSERT_TRUE(made.has_value()) << made.error().wrong;
  EXPECT_EQ((*made)->names(), (CertificateNames{"alice@example.net", "alice"}));
}

TEST_F(TlsCredentialsTest, OneFileMayHaveEverything) {
  certificate = key = trusted = "some text\n" + server.key_pem() + server.pem() + ca.pem();
  EXPECT_EQ(fault(), is(TlsPart::kCa, "has the certificate of CN=vpn.example.net, which is no CA's"));
  trusted = ca.pem();
  EXPECT_TRUE(make().has_value());
}

TEST_F(TlsCredentialsTest, WhatIsNoPem) {
  certificate = "\x30\x82";
  EXPECT_EQ(fault(), is(TlsPart::kCertificate, "has no certificate in PEM"));
  certificate = server.pem();
  key = server.pem();
  EXPECT_EQ(fault(), is(TlsPart::kPrivateKey, "has no private key in PEM"));
  key = server.key_pem();
  trusted = "";
  EXPECT_EQ(fault(), is(TlsPart::kCa, "has no certificate in PEM"));
  trusted = ca.pem();
  crl = ca.pem();
  EXPECT_EQ(fault(), is(TlsPart::kCrl, "has no X509 CRL in PEM"));
}

TEST_F(TlsCredentialsTest, WhatIsBroken) {
  certificate.replace(200, 4, "AAAA");
  EXPECT_EQ(fault().first, TlsPart::kCertificate);
  certificate = server.pem();
  trusted.resize(trusted.size() / 2);
  EXPECT_EQ(fault().first, TlsPart::kCa);
}

TEST_F(TlsCredentialsTest, AnothersKey) {
  key = ca.issue({.common_name = "other"}).key_pem();
  EXPECT_EQ(fault(), is(TlsPart::kPrivateKey, "does not belong to the certificate of CN=vpn.example.net"));
}

TEST_F(TlsCredentialsTest, AKeyWithAPassphrase) {
  key = test::to_pem([&](BIO* out) {
    PEM_write_bio_PrivateKey(out, server.key.get(), EVP_aes_128_cbc(),
                             reinterpret_cast<const unsigned char*>("secret"), 6, nullptr, nullptr);
  });
  EXPECT_EQ(fault(), is(TlsPart::kPrivateKey, "is encrypted, and nobody is there to type its passphrase"));
}

TEST_F(TlsCredentialsTest, AListOfAnotherCa) {
  crl = Authority("Other CA").revoke({});
  EXPECT_EQ(fault(), is(TlsPart::kCrl, "has no list that is signed by CN=Test CA"));
  crl = Authority("Test CA").revoke({});  // the same name, another key
  EXPECT_EQ(fault(), is(TlsPart::kCrl, "has no list that is signed by CN=Test CA"));
  crl += ca.revoke({});
  EXPECT_TRUE(make().has_value());
}

TEST_F(TlsCredentialsTest, ACertificateWithoutAnEnd) {
  constexpr long kTo9920 = 7'900 * 365L * 86'400;
  server = ca.issue({.common_name = "vpn.example.net", .ends = kTo9920});
  certificate = server.pem();
  key = server.key_pem();
  const auto made = make();
  ASSERT_TRUE(made.has_value()) << made.error().wrong;
  EXPECT_TRUE((*made)->out_of_date(now()).empty());
}

TEST_F(TlsCredentialsTest, NoRootLetsNobodyIn) {
  Authority below = ca.issue_authority("Below");
  trusted = below.pem();
  EXPECT_EQ(fault(), is(TlsPart::kCa, "has no self-signed certificate, so that no chain ends in it"));
  trusted += ca.pem();
  EXPECT_TRUE(make().has_value());
}

TEST_F(TlsCredentialsTest, WhatIsOutOfDate) {
  crl = ca.revoke({}, -7200, -3600);
  server = ca.issue({.common_name = "vpn.example.net", .begins = 3600});
  certificate = server.pem();
  key = server.key_pem();
  const auto made = make();
  ASSERT_TRUE(made.has_value()) << made.error().wrong;
  const auto faults = (*made)->out_of_date(now());
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].part, TlsPart::kCertificate);
  EXPECT_TRUE(faults[0].wrong.starts_with("the certificate of CN=vpn.example.net begins on 20"))
      << faults[0].wrong;
  EXPECT_EQ(faults[1].part, TlsPart::kCrl);
  EXPECT_TRUE(faults[1].wrong.starts_with("the list of CN=Test CA has ended on 20")) << faults[1].wrong;
  EXPECT_EQ((*made)->out_of_date(now() + 360 * 24h).size(), 3U);  // ours and the CA's end soon
}

}  // namespace
}  // namespace adit::crypto
