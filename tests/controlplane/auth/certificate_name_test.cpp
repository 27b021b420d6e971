// SPDX-License-Identifier: Apache-2.0
// The certificate names the subscriber; what the peer calls itself only chooses among its names.
#include "controlplane/auth/certificate_name.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace adit::control {
namespace {

const std::vector<std::string> kNames = {"alice@corp.example", "Alice", "pc.example.net"};

TEST(CertificateName, IsTheOneThatThePeerCallsItself) {
  EXPECT_EQ(name_proven(kNames, "Alice"), "Alice");
  EXPECT_EQ(name_proven(kNames, "pc.example.net"), "pc.example.net");
}

TEST(CertificateName, IsSpelledAsInTheCertificate) {
  EXPECT_EQ(name_proven(kNames, "ALICE"), "Alice");
  EXPECT_EQ(name_proven(kNames, "CORP\\alice"), "Alice");
  EXPECT_EQ(name_proven(kNames, "ALICE@corp.EXAMPLE"), "alice@corp.example");
}

TEST(CertificateName, OfAnAnonymousPeerIsTheFirst) {
  EXPECT_EQ(name_proven(kNames, ""), "alice@corp.example");
  EXPECT_EQ(name_proven(kNames, "@corp.example"), "alice@corp.example");
  EXPECT_EQ(name_proven({}, "@corp.example"), std::nullopt);
}

TEST(CertificateName, IsNoOtherName) {
  for (const char* other :
       {"bob", "alic", "alice ", "alice@other.example", "alice\\bob", "Alice\\", "anonymous"}) {
    EXPECT_EQ(name_proven(kNames, other), std::nullopt) << other;
  }
  EXPECT_EQ(name_proven(kNames, std::string("Alice\0", 6)), std::nullopt);
  EXPECT_EQ(name_proven(std::vector<std::string>{"\xc3\x84nne"}, "\xc3\xa4nne"),
            std::nullopt);  // ASCII alone
}

}  // namespace
}  // namespace adit::control
