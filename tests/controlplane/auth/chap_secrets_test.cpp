// SPDX-License-Identifier: Apache-2.0
// The chap-secrets syntax of pppd and accel-ppp, and the errors that an operator gets.
#include "controlplane/auth/chap_secrets.hpp"

#include <gtest/gtest.h>

#include "dataplane/wire/bytes.hpp"

namespace adit::control {
namespace {

std::string password_of(const ChapSecret& secret) {
  return std::string(wire::text_of(secret.password.bytes()));
}

ChapSecrets parsed(std::string_view text) {
  auto secrets = parse_chap_secrets(text);
  EXPECT_TRUE(secrets.has_value()) << secrets.error();
  return secrets ? std::move(*secrets) : ChapSecrets{};
}

std::string error_of(std::string_view text) {
  const auto secrets = parse_chap_secrets(text);
  EXPECT_FALSE(secrets.has_value());
  return secrets ? "" : secrets.error();
}

TEST(ChapSecrets, ColumnsAddressesCommentsAndEmptyLines) {
  const ChapSecrets secrets = parsed(
      "# Secrets for authentication using CHAP\n"
      "# client\tserver\tsecret\t\tIP addresses\n"
      "\n"
      "alice * secret *\n"
      "  bob\tadit\thunter2\t10.64.0.77  # the second floor\r\n"
      "carol * pw");
  ASSERT_EQ(secrets.entries.size(), 3u);
  EXPECT_EQ(secrets.entries[0].user, "alice");
  EXPECT_EQ(secrets.entries[0].server, "*");
  EXPECT_EQ(password_of(secrets.entries[0]), "secret");
  EXPECT_FALSE(secrets.entries[0].address.has_value());
  EXPECT_EQ(secrets.entries[0].line, 4u);
  EXPECT_EQ(secrets.entries[1].user, "bob");
  EXPECT_EQ(secrets.entries[1].server, "adit");
  EXPECT_EQ(password_of(secrets.entries[1]), "hunter2");
  EXPECT_EQ(secrets.entries[1].address, wire::Ipv4Address(10, 64, 0, 77));
  EXPECT_EQ(password_of(secrets.entries[2]), "pw");
  EXPECT_FALSE(secrets.entries[2].address.has_value());
  EXPECT_TRUE(secrets.notes.empty());
}

TEST(ChapSecrets, QuotesAndEscapes) {
  const ChapSecrets secrets = parsed(R"("John Doe" * "p w # x" *)"
                                     "\n"
                                     R"(DOM\\user * 'it"s' *)"
                                     "\n"
                                     R"(a * \x41\102\s\t\"\#\\ *)"
                                     "\n"
                                     R"(b"c"'d' * "" *)"
                                     "\n"
                                     "joined * one\\\ntwo \\\n *\n");
  ASSERT_EQ(secrets.entries.size(), 5u);
  EXPECT_EQ(secrets.entries[0].user, "John Doe");
  EXPECT_EQ(password_of(secrets.entries[0]), "p w # x");
  EXPECT_EQ(secrets.entries[1].user, "DOM\\user");
  EXPECT_EQ(password_of(secrets.entries[1]), "it\"s");
  EXPECT_EQ(password_of(secrets.entries[2]), "AB \t\"#\\");
  EXPECT_EQ(secrets.entries[3].user, "bcd");
  EXPECT_EQ(password_of(secrets.entries[3]), "");
  EXPECT_EQ(password_of(secrets.entries[4]), "onetwo");
  EXPECT_EQ(secrets.entries[4].line, 5u);
}

TEST(ChapSecrets, AByteOrderMarkAndOctetsBeyondAsciiAreKept) {
  const ChapSecrets secrets = parsed("\xEF\xBB\xBFj\xC3\xB6rg * p\xC3\xA4ss *\n");
  ASSERT_EQ(secrets.entries.size(), 1u);
  EXPECT_EQ(secrets.entries[0].user, "j\xC3\xB6rg");
  EXPECT_EQ(password_of(secrets.entries[0]), "p\xC3\xA4ss");
}

TEST(ChapSecrets, SEC_12_MistakesNameTheLineAndTheRemedyAndNoPassword) {
  EXPECT_NE(error_of("alice * ok\n\nbob *\n").find("line 3: has 2 of the columns"), std::string::npos);
  const std::string quote = error_of("alice * \"topsecret\nbob * x\n");
  EXPECT_NE(quote.find("line 1: a \" is never closed"), std::string::npos) << quote;
  EXPECT_EQ(quote.find("topsecret"), std::string::npos);
  for (const char* address : {"10.0.0.0/24", "10.0.0.256", "host.example", "!10.0.0.1", "0.0.0.0",
                              "127.0.0.1", "224.0.0.1", "255.255.255.255"}) {
    const std::string error = error_of(std::string("alice * topsecret ") + address + "\n");
    EXPECT_NE(error.find(std::string("line 1: '") + address + "'"), std::string::npos) << error;
    EXPECT_NE(error.find("or * for the pool"), std::string::npos) << error;
    EXPECT_EQ(error.find("topsecret"), std::string::npos);
  }
}

TEST(ChapSecrets, TheFifthColumnIsARate) {
  const ChapSecrets secrets = parsed("alice * a * 10240/2048\nbob * b 10.0.0.5 512\ncarol * c\n");
  EXPECT_EQ(secrets.entries.at(0).rate, (SubscriberRate{.down = 10240, .up = 2048}));
  EXPECT_EQ(secrets.entries.at(1).rate, (SubscriberRate{.down = 512, .up = 512}));
  EXPECT_FALSE(secrets.entries.at(2).rate);
  for (const char* rate : {"fast", "10/", "/10", "10/20/30", "-1", "10M", "99999999999"}) {
    const std::string error = error_of(std::string("alice * topsecret * ") + rate + "\n");
    EXPECT_NE(error.find("line 1: the fifth column is no rate"), std::string::npos) << rate << ": " << error;
    EXPECT_EQ(error.find("topsecret"), std::string::npos);
  }
}

TEST(ChapSecrets, TheSixthColumnListsNetworks) {
  const ChapSecrets secrets = parsed("alice * a * * 10.20.0.0/24,10.30.0.0/16\nbob * b * 512\n");
  EXPECT_EQ(secrets.entries.at(0).routes,
            (std::vector<wire::Ipv4Prefix>{{wire::Ipv4Address(10, 20, 0, 0), 24},
                                           {wire::Ipv4Address(10, 30, 0, 0), 16}}));
  EXPECT_FALSE(secrets.entries.at(0).rate) << "* is the configured one";
  EXPECT_TRUE(secrets.entries.at(1).routes.empty());
  for (const char* networks : {"10.0.0.0", "10.0.0.0/8", "10.0.0.1/24", "10.0.0.0/24,", "10.0.0.0/33",
                               "224.0.0.0/16", ",", "x/24"}) {
    const std::string error = error_of(std::string("alice * topsecret * * ") + networks + "\n");
    EXPECT_NE(error.find("line 1: the sixth column lists no networks"), std::string::npos)
        << networks << ": " << error;
  }
}

TEST(ChapSecrets, WhatIsNotUsedIsNoted) {
  const ChapSecrets secrets = parsed("alice * a * 2000/3000 10.0.0.0/24 x\nbob * b -\ncarol * c#d *\n");
  ASSERT_EQ(secrets.entries.size(), 2u);
  ASSERT_EQ(secrets.notes.size(), 3u);
  EXPECT_NE(secrets.notes[0].find("line 1: columns after the networks"), std::string::npos);
  EXPECT_NE(secrets.notes[1].find("line 2: '-'"), std::string::npos);
  EXPECT_NE(secrets.notes[2].find("line 3: the # right after a word"), std::string::npos);
  EXPECT_EQ(password_of(secrets.entries[1]), "c");
}

TEST(ChapSecrets, NoPrefixOfAFileIsTrouble) {
  const std::string text = "a \"b c\" 'd' 1.2.3.4 # x\nb * \\101\\x4 *\n\\\nc * d\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto secrets = parse_chap_secrets(std::string_view(text).substr(0, size));
    EXPECT_TRUE(secrets.has_value() || secrets.error().starts_with("line ")) << size;
  }
}

}  // namespace
}  // namespace adit::control
