// SPDX-License-Identifier: Apache-2.0
// The files of --certificate, --private-key and --ca: what they make, and what is said of one that cannot be used.
#include "app/adit-blast/plan/client_certificate.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "crypto/library.hpp"
#include "tests/kit/certificates.hpp"

namespace adit::app::blast {
namespace {

const bool kLibraryReady = crypto::initialise().has_value();

class ClientCertificate : public testing::Test {
 protected:
  ClientCertificate() {
    std::filesystem::create_directory(directory);
    plan.auth = {kEapTls};
    plan.user = "";
    plan.certificate_file = write("a.pem", alice.pem());
    plan.private_key_file = write("a.key", alice.key_pem());
    plan.ca_file = write("ca.pem", ca.pem());
  }
  ~ClientCertificate() override { std::filesystem::remove_all(directory); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory / name) << text;
    return directory / name;
  }
  std::string error() {
    const auto read = read_client_certificate(plan);
    return read ? "no error" : read.error();
  }

  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("client_certificate_test." + std::to_string(::getpid()));
  test::Authority ca{"Test CA"};
  test::Issued alice = ca.issue({.common_name = "alice"});
  Plan plan;
};

TEST_F(ClientCertificate, IsReadForEapTlsAlone) {
  const auto read = read_client_certificate(plan);
  ASSERT_TRUE(read.has_value()) << read.error();
  ASSERT_NE(*read, nullptr);
  EXPECT_EQ((*read)->role(), crypto::TlsRole::kClient);
  EXPECT_EQ((*read)->names(), crypto::CertificateNames{"alice"});
  plan.auth = {kEapMsChapV2};
  plan.ca_file = "/nowhere/ca.pem";
  const auto none = read_client_certificate(plan);
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(*none, nullptr);
}

TEST_F(ClientCertificate, SaysWhichFileIsWrong) {
  plan.ca_file = "/nowhere/ca.pem";
  EXPECT_EQ(error(), "ca: value \"/nowhere/ca.pem\": No such file or directory; create it, or name another");
  plan.ca_file = plan.certificate_file;
  EXPECT_EQ(error(), "ca: value \"" + plan.ca_file +
                         "\": has the certificate of CN=alice, which is no CA's; name the CA itself");
  plan.private_key_file = write("b.key", ca.issue({.common_name = "bob"}).key_pem());
  plan.ca_file = write("ca.pem", ca.pem());
  EXPECT_EQ(error(), "private-key: value \"" + plan.private_key_file +
                         "\": does not belong to the certificate of CN=alice; name the key that the "
                         "certificate was made for");
}

TEST_F(ClientCertificate, WithoutANameNeedsAUser) {
  const test::Issued nobody = ca.issue({.common_name = ""});
  plan.certificate_file = write("n.pem", nobody.pem());
  plan.private_key_file = write("n.key", nobody.key_pem());
  EXPECT_EQ(error(), "certificate: value \"" + plan.certificate_file +
                         "\": has no name to log in by; say who logs in: --user");
  plan.user = "alice";
  EXPECT_EQ(error(), "no error");
}

}  // namespace
}  // namespace adit::app::blast
