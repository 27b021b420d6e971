// SPDX-License-Identifier: Apache-2.0
// Start-up without OpenSSL's legacy provider. meson points OPENSSL_MODULES at nothing for this executable.
#include "crypto/library.hpp"

#include <gtest/gtest.h>

#include "crypto/digest.hpp"

namespace adit::crypto {
namespace {

TEST(Library, MissingLegacyProviderIsAnErrorThatSaysWhatToDo) {
  const auto opened = initialise();
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().find("legacy provider"), std::string::npos) << opened.error();
  EXPECT_NE(opened.error().find("OPENSSL_MODULES"), std::string::npos) << opened.error();
  EXPECT_FALSE(initialise().has_value()) << "a failed start must not leave a half-open library behind";
}

TEST(LibraryDeathTest, UseBeforeInitialiseEndsTheProcess) {
  EXPECT_DEATH(static_cast<void>(md4({})), "initialise");
}

}  // namespace
}  // namespace adit::crypto
