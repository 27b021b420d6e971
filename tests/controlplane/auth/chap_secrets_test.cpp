// SPDX-License-Identifier: Apache-2.0
// The chap-secrets syntax of pppd, poptop and accel-ppp, and what an operator is told of a line. Real files:
// secrets_samples_test.cpp.
#include "controlplane/auth/chap_secrets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/wire/bytes.hpp"
#include "tests/controlplane/auth/secrets_kit.hpp"

namespace adit::control {
namespace {

using test::kDialects;
using test::kHereAsAccel;
using test::kHereAsPppd;
using test::kSetAccel;
using test::Read;
using test::read_secrets;
using test::reading;
using Texts = std::vector<std::string>;

Read as_pppd(std::string_view text) {
  return read_secrets(text, reading(SecretsDialect::kPppd));
}
Read as_poptop(std::string_view text) {
  return read_secrets(text, reading(SecretsDialect::kPoptop));
}
Read as_accel(std::string_view text) {
  return read_secrets(text, reading(SecretsDialect::kAccelPpp));
}

TEST(ChapSecrets, ColumnsAddressesCommentsAndEmptyLinesAreAlikeInAllDialects) {
  for (const SecretsDialect dialect : kDialects) {
    const Read read = read_secrets(
        "# Secrets for authentication using CHAP\n"
        "# client\tserver\tsecret\t\tIP addresses\n"
        "\n"
        "alice * secret *\n"
        "  bob\tadit\thunter2\t10.64.0.77  # the second floor\r\n"
        "carol * pw",
        reading(dialect));
    EXPECT_EQ(read.texts(), (Texts{"alice secret *", "bob hunter2 10.64.0.77", "carol pw *"}));
    ASSERT_EQ(read.entries.size(), 3U);
    EXPECT_EQ(read.entries[0].line, 4U);
    EXPECT_EQ(read.entries[1].line, 5U);
    EXPECT_EQ(read.entries[1].any_server, dialect == SecretsDialect::kAccelPpp);
    EXPECT_EQ(read.notes, Texts{});
  }
}

TEST(ChapSecrets, QuotesAndEscapesOfPppd) {
  const Read read = as_pppd(R"("John Doe" * "p w # x" *)"
                            "\n"
                            R"(DOM\\user * 'it"s' *)"
                            "\n"
                            R"(a * \x41\102\s\t\"\#\\ *)"
                            "\n"
                            R"(b"c"'d' * "" *)"
                            "\n"
                            "joined * one\\\ntwo \\\n *\n");
  EXPECT_EQ(read.texts(), (Texts{"John Doe p w # x *", "DOM\\user it\"s *", "a AB \t\"#\\ *", "bcd  *",
                                 "joined onetwo *"}));
  EXPECT_EQ(read.entries.at(4).line, 5U);
}

TEST(ChapSecrets, WordsOfAccelPppAreWhatStandsThere) {
  const Read read = as_accel(R"("John Doe" * "p w # x" *)"
                             "\n"
                             R"(DOM\user * C:\x41 *)"
                             "\n"
                             R"(a * "say \"hi\\\n\"" *)"
                             "\n"
                             R"(b"c"'d' * '' *)"
                             "\n"
                             R"(joined * "one"* 512)"
                             "\n"
                             "last * one\\");
  EXPECT_EQ(read.texts(), (Texts{"John Doe p w # x *", "DOM\\user C:\\x41 *", "a say \"hi\\n\" *",
                                 "b\"c\"'d'  *", "joined one * 512/512", "last one\\ *"}));
}

TEST(ChapSecrets, AByteOrderMarkAndOctetsBeyondAsciiAreKept) {
  for (const SecretsDialect dialect : kDialects) {
    const Read read = read_secrets("\xEF\xBB\xBFj\xC3\xB6rg * p\xC3\xA4ss *\n", reading(dialect));
    EXPECT_EQ(read.texts(), Texts{"j\xC3\xB6rg p\xC3\xA4ss *"});
    EXPECT_EQ(read.notes, Texts{});
  }
}

// The servers of poptop's documents; an entry for one of them is for this server alone, as one for our name is.
TEST(ChapSecrets, TheServerColumnIsOursByDialect) {
  constexpr std::string_view kText = "alice pptpd a *\nbob pptp-server b *\ncarol l2tpd c *\ndan adit d *\n";
  const std::string other =
      "line 3: user 'carol': is for another server, and this one is 'adit': skipped; write * in the second "
      "column if "
      "the user is to come in here";
  const Read pppd = as_pppd(kText);
  EXPECT_EQ(pppd.texts(), Texts{"dan d *"});
  EXPECT_EQ(
      pppd.notes,
      (Texts{"line 1: user 'alice': is for the server 'pptpd', and this one is 'adit': skipped; set "
             "auth.chap-secrets-dialect = \"poptop\", or write * in the second column",
             "line 2: user 'bob': is for the server 'pptp-server', and this one is 'adit': skipped; set "
             "auth.chap-secrets-dialect = \"poptop\", or write * in the second column",
             other}));
  const Read poptop = as_poptop(kText);
  EXPECT_EQ(poptop.texts(), (Texts{"alice a *", "bob b *", "dan d *"}));
  EXPECT_TRUE(std::ranges::none_of(poptop.entries, &ChapSecret::any_server));
  EXPECT_EQ(poptop.notes, Texts{other});
  const Read accel = as_accel(kText);
  EXPECT_EQ(accel.texts(), (Texts{"alice a *", "bob b *", "carol c *", "dan d *"}));
  ASSERT_EQ(accel.notes.size(), 3U) << "of all but our own name";
  EXPECT_EQ(accel.notes[0],
            "line 1: user 'alice': pppd keeps the line for the server of its second column, accel-ppp takes "
            "it for any" +
                kHereAsAccel);
}

TEST(ChapSecrets, TheFourthColumnMayNameAPool) {
  for (const SecretsDialect dialect : kDialects) {
    const Read read =
        read_secrets("alice * a gold\nbob * b bronze\ncarol * c silver 512\n", reading(dialect));
    EXPECT_EQ(read.texts(), (Texts{"alice a pool gold", "carol c pool silver 512/512"}));
    EXPECT_EQ(
        read.notes,
        Texts{
            "line 2: user 'bob': the fourth column is no address, and no [[ip-pool]] has that name; write "
            "one "
            "IPv4 address, the name of a pool (a new one counts from the next start), or *; quote a password "
            "that has blanks"});
  }
}

TEST(ChapSecrets, WhatPppdAndAccelPppReadDifferentlyIsTold) {
  constexpr std::string_view kText =
      "ann * it's *\n"
      "bob * pa#ss *\n"
      "CORP\\alice * pw *\n"
      "dan * a\"b\"c *\n"
      "eve * fine *\n";
  const Read pppd = as_pppd(kText);
  EXPECT_EQ(pppd.texts(), (Texts{"bob pa *", "CORP\alice pw *", "dan abc *", "eve fine *"}));
  EXPECT_EQ(
      pppd.notes,
      (Texts{
          "line 1: user 'ann': a single quote is never closed; close it, or put a word that has one in "
          "double "
          "quotes, or set auth.chap-secrets-dialect = \"accel-ppp\", which can read the line",
          "line 2: user 'bob': pppd reads the # in the password as the start of a comment, accel-ppp as a "
          "letter" +
              kHereAsPppd + "quote the word if the # belongs to it, or " + kSetAccel,
          "line 3: user 'CORP\alice': pppd reads the backslash in the user name as an escape, accel-ppp as a "
          "letter" +
              kHereAsPppd + "write two for a backslash itself, or " + kSetAccel,
          "line 4: user 'dan': pppd reads the quote in the password as the start of quoted text, accel-ppp "
          "as "
          "a letter" +
              kHereAsPppd + "put the word in quotes of the other kind if it belongs to it, or " +
              kSetAccel}));
  const Read accel = as_accel(kText);
  EXPECT_EQ(accel.texts(),
            (Texts{"ann it's *", "bob pa#ss *", "CORP\\alice pw *", "dan a\"b\"c *", "eve fine *"}));
  ASSERT_EQ(accel.notes.size(), 4U);
  EXPECT_EQ(accel.notes[2],
            "line 3: user 'CORP\\alice': pppd reads the backslash in the user name as an escape, accel-ppp "
            "as a letter" +
                kHereAsAccel);
}

TEST(ChapSecrets, AWordThatIsAlikeToBothIsNotTold) {
  for (const SecretsDialect dialect : kDialects) {
    const Read read = read_secrets(
        "alice * \"two words\" \"*\"  # x\nbob * 'a\\'b' *\n# carol * it's *\n'dan' * \"\" gold\n",
        reading(dialect));
    EXPECT_EQ(read.texts(), (Texts{"alice two words *", "bob a'b *", "dan  pool gold"}));
    EXPECT_EQ(read.notes, Texts{});
  }
}

TEST(ChapSecrets, APasswordMayBeInAFileOfItsOwn) {
  constexpr std::string_view kText =
      "eve * @/etc/ppp/eve *\nfay * @/none *\ngus * @/empty *\nhal * @relative *\nida * @/open *\n";
  const std::map<std::string, std::string> files = {{"/etc/ppp/eve", "# hers\n\n \"hunter 2\" and more\n"},
                                                    {"/empty", "# nothing\n"},
                                                    {"/open", "\"never closed\n"}};
  const std::string remedy = "; put the password there, readable for aditd, or write it in this file";
  const std::string differs =
      "pppd reads the password from the file named behind the @, accel-ppp as it stands";
  const Read pppd = read_secrets(kText, reading(SecretsDialect::kPppd, files));
  EXPECT_EQ(pppd.texts(), (Texts{"eve hunter 2 *", "hal @relative *"}));
  EXPECT_EQ(
      pppd.notes,
      (Texts{"line 1: user 'eve': " + differs + kHereAsPppd + kSetAccel,
             "line 2: user 'fay': " + differs + kHereAsPppd + kSetAccel,
             "line 2: user 'fay': the file that the third column names: No such file or directory" + remedy,
             "line 3: user 'gus': " + differs + kHereAsPppd + kSetAccel,
             "line 3: user 'gus': the file that the third column names has no password" + remedy,
             "line 5: user 'ida': " + differs + kHereAsPppd + kSetAccel,
             "line 5: user 'ida': the file that the third column names has no password" + remedy}));
  const Read accel = read_secrets(kText, reading(SecretsDialect::kAccelPpp, files));
  EXPECT_EQ(accel.texts(), (Texts{"eve @/etc/ppp/eve *", "fay @/none *", "gus @/empty *", "hal @relative *",
                                  "ida @/open *"}));
  EXPECT_EQ(accel.notes.size(), 4U);
}

TEST(ChapSecrets, EncryptedPasswordsAreNtHashes) {
  SecretsReading how = reading(SecretsDialect::kAccelPpp);
  how.encrypted = true;
  const Read read = read_secrets(
      "User * 44EBBA8D5312B8D611474411F56989AE *\nbob * 44EB *\ncarol * 44EBBA8D5312B8D611474411F56989AG *\n",
      how);
  EXPECT_EQ(read.texts(), Texts{"User 44ebba8d5312b8d611474411f56989ae *"});
  EXPECT_TRUE(read.entries.at(0).password.empty());
  const std::string no_hash =
      "the third column is no NT hash of 32 hexadecimal digits; write it so, or leave chap-secrets.encrypted "
      "out";
  EXPECT_EQ(read.notes, (Texts{"line 2: user 'bob': " + no_hash, "line 3: user 'carol': " + no_hash}));
}

TEST(ChapSecrets, AddressesThatNoSubscriberCanHave) {
  for (const char* address :
       {"10.0.0.0/24", "10.0.0.256", "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"}) {
    for (const SecretsDialect dialect : kDialects) {
      const Read read = read_secrets(std::string("alice * a ") + address + "\nbob * b *\n", reading(dialect));
      EXPECT_EQ(read.texts(), Texts{"bob b *"}) << address;
      ASSERT_EQ(read.notes.size(), 1U) << address;
      EXPECT_TRUE(
          read.notes[0].starts_with("line 1: user 'alice': the fourth column is no address that a "
                                    "subscriber can have; write one IPv4 address"))
          << read.notes[0];
    }
  }
}

// pppd: no address at all, or none of those; accel-ppp: no fixed one.
TEST(ChapSecrets, ADashOrAnExclamationMarkInTheFourthColumn) {
  const Read pppd = as_pppd("alice * a -\nbob * b !10.0.0.1\n");
  EXPECT_EQ(pppd.texts(), Texts{});
  ASSERT_EQ(pppd.notes.size(), 2U);
  EXPECT_EQ(
      pppd.notes[0],
      "line 1: user 'alice': the - in the fourth column allows no address; write * for one from the pool");
  const Read accel = as_accel("alice * a -\nbob * b !10.0.0.1\ncarol * c *any\n");
  EXPECT_EQ(accel.texts(), (Texts{"alice a *", "bob b *", "carol c *"}));
  EXPECT_EQ(accel.notes.size(), 2U);
}

TEST(ChapSecrets, TheFifthColumnIsARate) {
  for (const SecretsDialect dialect : kDialects) {
    const Read read =
        read_secrets("alice * a * 10240/2048\nbob * b 10.0.0.5 512\ncarol * c\n", reading(dialect));
    EXPECT_EQ(read.texts(), (Texts{"alice a * 10240/2048", "bob b 10.0.0.5 512/512", "carol c *"}));
    for (const char* rate : {"fast", "10/", "/10", "10/20/30", "-1", "10M", "99999999999"}) {
      const Read wrong =
          read_secrets(std::string("alice * topsecret * ") + rate + "\nbob * b *\n", reading(dialect));
      EXPECT_EQ(wrong.texts(), Texts{"bob b *"}) << rate;
      EXPECT_EQ(wrong.notes,
                Texts{"line 1: user 'alice': the fifth column is no rate; write kbit/s as 10240, or "
                      "10240/2048 for down and up, or * for the configured one"})
          << rate;
    }
  }
}

TEST(ChapSecrets, TheSixthColumnListsNetworks) {
  const Read read = as_pppd("alice * a * * 10.20.0.0/24,10.30.0.0/16\nbob * b * 512\n");
  EXPECT_EQ(read.entries.at(0).routes,
            (std::vector<wire::Ipv4Prefix>{{wire::Ipv4Address(10, 20, 0, 0), 24},
                                           {wire::Ipv4Address(10, 30, 0, 0), 16}}));
  EXPECT_FALSE(read.entries.at(0).rate) << "* is the configured one";
  EXPECT_TRUE(read.entries.at(1).routes.empty());
  for (const char* networks :
       {"10.0.0.0", "10.0.0.0/8", "10.0.0.1/24", "10.0.0.0/24,", "10.0.0.0/33", "224.0.0.0/16", ",", "x/24",
        "2001:db8::1/48", "2000::/15", "fe80::/64", "2001:db8::", "*,10.0.0.0/24"}) {
    const Read wrong = as_pppd(std::string("alice * topsecret * * ") + networks + "\n");
    EXPECT_EQ(wrong.notes, Texts{"line 1: user 'alice': the sixth column lists no networks; write them as "
                                 "10.20.0.0/24,10.30.0.0/16,2001:db8:20::/48, a /16 or longer each, or *"})
        << networks;
  }
}

TEST(ChapSecrets, TheSixthColumnListsNetworksOfBothFamilies) {
  const Read read = as_pppd("alice * a * * 2001:db8:20::/48,10.20.0.0/24,2001:DB8:30::/56\nbob * b * * *\n");
  EXPECT_EQ(read.entries.at(0).routes,
            (std::vector<wire::Ipv4Prefix>{{wire::Ipv4Address(10, 20, 0, 0), 24}}));
  EXPECT_EQ(read.entries.at(0).routes6, (std::vector{*wire::parse_ipv6_prefix("2001:db8:20::/48"),
                                                     *wire::parse_ipv6_prefix("2001:db8:30::/56")}));
  EXPECT_TRUE(read.entries.at(1).routes.empty());
  EXPECT_TRUE(read.entries.at(1).routes6.empty());
}

TEST(ChapSecrets, TheSeventhColumnIsTheLinksPrefix) {
  for (const SecretsDialect dialect : kDialects) {
    const Read read = read_secrets(
        "alice * a * * * 2001:db8:64:7::/64\nbob * b * * 10.20.0.0/24 *\ncarol * c\n", reading(dialect));
    EXPECT_EQ(read.notes, Texts{});
    EXPECT_EQ(read.entries.at(0).link, wire::parse_ipv6_prefix("2001:db8:64:7::/64"));
    EXPECT_EQ(read.entries.at(1).link, std::nullopt);
    EXPECT_EQ(read.entries.at(2).link, std::nullopt);
    for (const char* link : {"2001:db8:64:7::/56", "2001:db8:64:7::/128", "2001:db8:64:7::1/64",
                             "2001:db8:64:7::", "fe80::/64", "2001:db8:64:7::/64,2001:db8:64:8::/64"}) {
      const Read wrong =
          read_secrets(std::string("alice * topsecret * * * ") + link + "\nbob * b *\n", reading(dialect));
      EXPECT_EQ(wrong.texts(), Texts{"bob b *"}) << link;
      EXPECT_EQ(wrong.notes,
                Texts{"line 1: user 'alice': the seventh column is no /64 of IPv6; write the prefix of "
                      "the user's link as 2001:db8:64:7::/64, or * for one from the pool"})
          << link;
    }
  }
}

/// Files of before there was a seventh column may have a word there.
TEST(ChapSecrets, AWordThatIsNoIpv6InTheSeventhColumnCostsNobodyTheLogin) {
  for (const char* word : {"10.0.0.0/24", "comment"}) {
    const Read read = as_pppd(std::string("alice * a * * * ") + word + "\n");
    EXPECT_EQ(read.entries.at(0).link, std::nullopt);
    EXPECT_EQ(read.notes, Texts{});
  }
}

TEST(ChapSecrets, WhatIsNotUsedIsNoted) {
  const Read read = as_pppd("alice * a * 2000/3000 10.0.0.0/24 * x\nbob * b 10.0.0.2 -- noccp\n");
  EXPECT_EQ(read.texts(), (Texts{"alice a * 2000/3000", "bob b 10.0.0.2"}));
  EXPECT_EQ(read.notes, (Texts{"line 1: user 'alice': columns after the seventh are ignored",
                               "line 2: user 'bob': pppd's options after -- are ignored"}));
}

TEST(ChapSecrets, ALineThatIsWrongCostsItsUserAlone) {
  for (const SecretsDialect dialect : kDialects) {
    for (const char* wrong : {"bob *", "bob", "'bob * x *", "bob * \"x *", "bob * x nowhere",
                              "bob * x * fast", "bob * x * * 10.0.0.0/8", "\"", "\\"}) {
      const Read read =
          read_secrets(std::string("alice * a *\n") + wrong + "\ncarol * c *\n", reading(dialect));
      const Texts texts = read.texts();
      EXPECT_EQ(texts.front(), "alice a *") << wrong;
      // pppd joins what follows a backslash at the end of a line.
      EXPECT_EQ(texts.back(), "carol c *") << wrong;
      EXPECT_EQ(texts.size(), 2U) << wrong;
      if (std::string_view(wrong) != "\\" || dialect == SecretsDialect::kAccelPpp) {
        ASSERT_FALSE(read.notes.empty()) << wrong;
        EXPECT_TRUE(read.notes[0].starts_with("line 2: ")) << read.notes[0];
      }
    }
  }
}

TEST(ChapSecrets, ALineWithoutAllColumnsSaysWhatIsMissing) {
  for (const SecretsDialect dialect : kDialects) {
    EXPECT_EQ(read_secrets("alice * ok\n\nbob *\n", reading(dialect)).notes,
              Texts{"line 3: has 2 of the columns: user server password [address]; write * for any server, "
                    "\"\" for an "
                    "empty password"});
  }
  EXPECT_EQ(
      as_pppd("mia * #fan *\n").notes,
      Texts{
          "line 1: has 2 of the columns: user server password [address]; write * for any server, \"\" for an "
          "empty password, or set auth.chap-secrets-dialect = \"accel-ppp\", which can read the line"});
}

// The password in the place of any column, cut by blanks, quotes and line ends.
TEST(ChapSecrets, SEC_12_NoNoteHoldsAPassword) {
  for (const char* text : {"alice * topsecret",
                           "alice topsecret *",
                           "alice topsecret * *",
                           "topsecret",
                           "alice *\ntopsecret *",
                           "alice * correct topsecret *",
                           "alice * correct horse topsecret *",
                           "alice * x * topsecret",
                           "alice * x * * topsecret",
                           "alice * x * * * topsecret",
                           "alice * 'topsecret",
                           "'alice * topsecret *",
                           "alice 'pptpd topsecret *",
                           "alice * top\\secret topsecret",
                           "alice * topsecret#1 *",
                           "alice * it's-topsecret *",
                           "alice * @/topsecret *",
                           "alice pptpd topsecret -",
                           "alice * topsecret !topsecret",
                           "* * topsecret *",
                           "alice * topsecret -- topsecret"}) {
    for (const SecretsDialect dialect : kDialects) {
      for (const bool encrypted : {false, true}) {
        SecretsReading how = reading(dialect);
        how.encrypted = encrypted;
        for (const std::string& note : read_secrets(text, how).notes) {
          EXPECT_EQ(note.find("topsecret"), std::string::npos) << text << ": " << note;
        }
      }
    }
  }
}

TEST(ChapSecrets, NotesAreBounded) {
  std::string text;
  for (int n = 0; n < 1000; ++n) {
    text += "user" + std::to_string(n) + " * a nowhere\nother" + std::to_string(n) + " l2tpd a *\n";
  }
  const Read read = as_pppd(text);
  ASSERT_EQ(read.notes.size(), 22U);
  EXPECT_TRUE(read.notes[19].starts_with("line 20: user 'other9': ")) << read.notes[19];
  EXPECT_EQ(read.notes[20], "further lines that are skipped: 990");
  EXPECT_EQ(read.notes[21], "further lines for other servers: 990");
  const Read name = as_pppd(std::string(1000, 'x') + " * a nowhere\n");
  EXPECT_TRUE(name.notes.at(0).starts_with("line 1: user '" + std::string(64, 'x') + "...': "));
}

TEST(ChapSecrets, NoPrefixOfAFileIsTrouble) {
  const std::string text = "a \"b c\" 'd' 1.2.3.4 # x\nb * \\101\\x4 *\n\\\nc * d\n\"e\\\"\" * 'f\\'' *\r\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    for (const SecretsDialect dialect : kDialects) {
      for (const std::string& note :
           read_secrets(std::string_view(text).substr(0, size), reading(dialect)).notes) {
        EXPECT_TRUE(note.starts_with("line ")) << size;
      }
    }
  }
}

}  // namespace
}  // namespace adit::control
