// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdio>
#include <string_view>

#include "crypto/library.hpp"
#include "tests/path/adoption_killed.hpp"

int main(int argc, char** argv) {
  if (const auto ready = adit::crypto::initialise(); !ready) {
    std::fprintf(stderr, "%s\n", ready.error().c_str());
    return 1;
  }
  if (argc == 2 && std::string_view(argv[1]) == adit::dataplane::path::kRunWorker) {
    return adit::dataplane::path::run_worker();
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
