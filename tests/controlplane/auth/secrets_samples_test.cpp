// SPDX-License-Identifier: Apache-2.0
// Files in the likeness of those that accel-ppp, poptop and pppd are run with (chap-secrets/): what each gets, user by
// user and note by note.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "crypto/library.hpp"
#include "tests/controlplane/auth/secrets_kit.hpp"

namespace adit::control {
namespace {

using test::kHereAsAccel;
using test::kHereAsPppd;
using test::kSetAccel;
using Texts = std::vector<std::string>;

const std::string kNoPool =
    "the fourth column is no address, and no [[ip-pool]] has that name; write one IPv4 address, the name of "
    "a pool "
    "(a new one counts from the next start), or *; quote a password that has blanks";
const std::string kNoHost =
    "the fourth column is no address that a subscriber can have; write one IPv4 address, the name of a pool "
    "(a new one counts from the next start), or *; quote a password that has blanks";
const std::string kNoRate =
    "the fifth column is no rate; write kbit/s as 10240, or 10240/2048 for down and up, or * for the "
    "configured one";
const std::string kNoHash =
    "the third column is no NT hash of 32 hexadecimal digits; write it so, or leave chap-secrets.encrypted "
    "out";
const std::string kOtherServer =
    "is for another server, and this one is 'adit': skipped; write * in the second column if the user is to "
    "come in "
    "here";

struct Sample {
  const char* file;
  SecretsDialect dialect;
  Texts entries;
  std::size_t users;  ///< who can log in
  Texts notes;
  bool encrypted = false;
};

const Sample kSamples[] = {
    {.file = "accel-isp",
     .dialect = SecretsDialect::kAccelPpp,
     .entries = {"office 112233 100.64.0.5 202400/202400", "warehouse 112233 100.64.0.6 51200/51200",
                 "20260131000017 445566 100.64.2.101 3175/3175", "lobby guest *"},
     .users = 4,
     .notes = {}},
    {.file = "accel-docker",
     .dialect = SecretsDialect::kAccelPpp,
     .entries = {"cottage pa!ssw0rd *", "cabin p@ss$w0rd *", "barn 50%off; *"},
     .users = 3,
     .notes = {}},
    {.file = "accel-generated",
     .dialect = SecretsDialect::kAccelPpp,
     .entries = {"north Xk9-q2 * 10240/5120", "south Yp3_w7 * 20480/10240",
                 "east Zt1.r5 100.64.9.9 20480/10240", "north later * 512/512"},
     .users = 3,
     .notes =
         {"line 6: user 'west': pppd reads the fourth column as no address, accel-ppp as one from the pool" +
              kHereAsAccel,
          "line 6: user 'west': " + kNoRate,
          "line 7: user 'north': is on line 3, too, which counts, as it comes first; this line is ignored; "
          "remove "
          "one of them"}},
    {.file = "accel-pools",
     .dialect = SecretsDialect::kAccelPpp,
     .entries = {"anna k1 pool gold", "boris k2 pool silver", "clara k3 10.64.7.7", "emil k5 *"},
     .users = 4,
     .notes =
         {"line 5: user 'dmitri': " + kNoPool,
          "line 6: user 'emil': pppd reads the fourth column as no address, accel-ppp as one from the pool" +
              kHereAsAccel,
          "line 7: user 'fanny': " + kNoHost}},
    {.file = "accel-special",
     .dialect = SecretsDialect::kAccelPpp,
     .entries = {"ann it's *", "bob pa#ss *", "CORP\\alice C:\\new *", "John Doe two words *",
                 "kim a'b * 1024/1024", "lee say\"hi\" 10.64.0.5", "mia #1fan *", "noa @/not/a/file *",
                 "indented plain *"},
     .users = 9,
     .notes = {"line 2: user 'ann': pppd reads the quote in the password as the start of quoted text, "
               "accel-ppp as a "
               "letter" +
                   kHereAsAccel,
               "line 3: user 'bob': pppd reads the # in the password as the start of a comment, accel-ppp as "
               "a letter" +
                   kHereAsAccel,
               "line 4: user 'CORP\\alice': pppd reads the backslash in the user name as an escape, "
               "accel-ppp as a "
               "letter" +
                   kHereAsAccel,
               "line 7: user 'lee': pppd reads the quote in the password as the start of quoted text, "
               "accel-ppp as a "
               "letter" +
                   kHereAsAccel,
               "line 8: user 'mia': pppd reads the # in the password as the start of a comment, accel-ppp as "
               "a letter" +
                   kHereAsAccel,
               "line 9: user 'noa': pppd reads the password from the file named behind the @, accel-ppp as "
               "it stands" +
                   kHereAsAccel,
               "line 10: user '*': to accel-ppp the user * is not anyone, but one of that name; name the "
               "user, or set "
               "auth.chap-secrets-dialect = \"pppd\""}},
    {.file = "accel-encrypted",
     .dialect = SecretsDialect::kAccelPpp,
     .entries = {"User 44ebba8d5312b8d611474411f56989ae *",
                 "alice 44ebba8d5312b8d611474411f56989ae 10.64.0.9"},
     .users = 2,
     .notes = {"line 4: user 'bob': " + kNoHash, "line 5: user 'carol': " + kNoHash},
     .encrypted = true},
    {.file = "poptop-debian",
     .dialect = SecretsDialect::kPoptop,
     .entries = {"frank fr4nk *", "grace gr ace 10.0.0.2", "heidi h3idi *"},
     .users = 3,
     .notes = {}},
    {.file = "poptop-howto",
     .dialect = SecretsDialect::kPoptop,
     .entries = {"billy bob *", "DOMAIN\\billy bob *", "sally sa#lly 192.168.1.234", "billy older *",
                 "sally again *"},
     .users = 3,
     .notes = {"line 4: user 'DOMAIN\\billy': pppd reads the backslash in the user name as an escape, "
               "accel-ppp as a "
               "letter" +
                   kHereAsPppd + "write two for a backslash itself, or " + kSetAccel,
               "line 6: user 'billy': is on line 3, too, which counts, as it names this server; this line is "
               "ignored; "
               "remove one of them",
               "line 7: user 'sally': is on line 5, too, which counts, as it comes first; this line is "
               "ignored; remove "
               "one of them"}},
    {.file = "poptop-mixed",
     .dialect = SecretsDialect::kPoptop,
     .entries = {"vpn v1 *", "ivan 1van *"},
     .users = 2,
     .notes = {"line 2: user 'vpn': " + kOtherServer, "line 4: user 'myself': " + kOtherServer,
               "line 5: user 'ivan': pppd reads the password from the file named behind the @, accel-ppp as "
               "it stands" +
                   kHereAsPppd + kSetAccel,
               "line 6: user 'judy': the - in the fourth column allows no address; write * for one from the "
               "pool"}},
    {.file = "pppd-dialin",
     .dialect = SecretsDialect::kPppd,
     .entries = {"ken k3n 10.64.1.1", "mike mike 10.64.1.4", "nora n no\"ra *", "* everyone *"},
     .users = 4,
     .notes = {"line 2: user 'ken': pppd's options after -- are ignored",
               "line 3: user 'lisa': pppd reads the backslash in the password as an escape, accel-ppp takes "
               "the next "
               "letter as it is" +
                   kHereAsPppd + kSetAccel,
               "line 3: user 'lisa': " + kNoRate,
               "line 4: user 'mike': pppd reads the backslash in the password as an escape, accel-ppp as a "
               "letter" +
                   kHereAsPppd + "write two for a backslash itself, or " + kSetAccel,
               "line 6: user 'olaf': a single quote is never closed; close it, or put a word that has one in "
               "double "
               "quotes, or set auth.chap-secrets-dialect = \"accel-ppp\", which can read the line",
               "line 7: user '*': pppd reads the user * as anyone, accel-ppp as one of that name" +
                   kHereAsPppd + kSetAccel,
               "line 8: user 'pat': " + kOtherServer}},
};

class SecretsSample : public testing::TestWithParam<Sample> {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }
};

TEST_P(SecretsSample, GetsWhatTheTableSays) {
  const Sample& sample = GetParam();
  const char* root = ::getenv("ADIT_SOURCE_ROOT");
  ASSERT_NE(root, nullptr) << "run it by `meson test`, or set it to the top of the source tree";
  std::ifstream in(std::filesystem::path(root) / "tests/controlplane/auth/chap-secrets" / sample.file,
                   std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  ASSERT_FALSE(text.empty());
  SecretsReading how = test::reading(sample.dialect, {{"/etc/ppp/ivan", "1van\n"}});
  how.encrypted = sample.encrypted;
  EXPECT_EQ(test::read_secrets(text, how).texts(), sample.entries);
  const ParsedUsers parsed = parse_users(text, how);
  EXPECT_EQ(parsed.users.size(), sample.users);
  EXPECT_EQ(test::texts_of(parsed.notes), sample.notes);
}

INSTANTIATE_TEST_SUITE_P(Files, SecretsSample, testing::ValuesIn(kSamples), [](const auto& tested) {
  std::string name = tested.param.file;
  name.replace(name.find('-'), 1, "_");
  return name;
});

}  // namespace
}  // namespace adit::control
