// SPDX-License-Identifier: Apache-2.0
// Runs every fuzz target over its committed corpus, with truncations of each file: a smoke test in every build.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {
namespace {

class Replay : public ::testing::TestWithParam<Target> {};

TEST_P(Replay, FUZ_01_Corpus) {
  const std::filesystem::path directory = std::filesystem::path(ADIT_FUZZ_CORPUS) / GetParam().name;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> seed{std::istreambuf_iterator<char>(file), {}};
    ASSERT_TRUE(file.good() || file.eof()) << entry.path();
    const std::size_t step = 1 + seed.size() / 256;  // every length of a packet, some of a config file
    for (std::size_t cut = 0; cut <= seed.size(); cut += step) {
      const std::size_t size = seed.size() - cut;
      const std::vector<std::uint8_t> octets(seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(size));
      GetParam().run(octets);
    }
    ++files;
  }
  EXPECT_GT(files, 0U) << "no seeds in " << directory;
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, ::testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace adit::fuzz
