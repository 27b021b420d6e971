// SPDX-License-Identifier: Apache-2.0
// A transcript that a test keeps beside itself: what was asked and, octet for octet, what came back. The questions are
// read from the transcript, so that it is the only list of them.
// ADIT_WRITE_GOLDEN=1 meson test app   writes the answers anew; the diff then shows what a change does to them.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <string>

namespace adit::app {

/// `path` is below the source's root. Lines that begin with `mark` are questions, those with # are comments;
/// `answer` returns whole lines.
template <typename Answer>
void hold_to_golden(const std::string& path, const std::string& mark, const Answer& answer) {
  const char* root = ::getenv("ADIT_SOURCE_ROOT");
  ASSERT_NE(root, nullptr) << "run it by `meson test`, or set it to the directory that has meson.build";
  const std::string file = std::string(root) + '/' + path;
  std::stringstream golden;
  golden << std::ifstream(file).rdbuf();
  std::string now;
  std::size_t questions = 0;
  for (std::string line; std::getline(golden, line);) {
    if (line.starts_with(mark)) {
      now += line + '\n' + answer(line.substr(mark.size()));
      ++questions;
    } else if (line.starts_with('#')) {
      now += line + '\n';
    }
  }
  EXPECT_GT(questions, 0U) << file;
  if (::getenv("ADIT_WRITE_GOLDEN") != nullptr) {
    std::ofstream(file) << now;
  }
  EXPECT_EQ(now, golden.str()) << "if that is meant, run it with ADIT_WRITE_GOLDEN=1 and read the diff";
}

}  // namespace adit::app
