// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdio>

#include "crypto/library.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (const auto ready = adit::crypto::initialise(); !ready) {
    std::fprintf(stderr, "%s\n", ready.error().c_str());
    return 1;
  }
  return RUN_ALL_TESTS();
}
