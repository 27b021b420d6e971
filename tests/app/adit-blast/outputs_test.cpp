// SPDX-License-Identifier: Apache-2.0
// Files of results: opened before the run, whole or as they were after it.
#include "app/adit-blast/outputs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/adit-blast/plan/options.hpp"

namespace adit::app::blast {
namespace {

namespace fs = std::filesystem;

class BlastOutputs : public testing::Test {
 protected:
  BlastOutputs() { fs::create_directory(directory_); }
  ~BlastOutputs() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string path(const char* name) const { return directory_ / name; }
  static std::string content(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const fs::path directory_ =
      fs::temp_directory_path() / ("blast_outputs_test." + std::to_string(::getpid()));
};

TEST_F(BlastOutputs, AFileThatCannotBeWrittenIsToldAtOnce) {
  const auto outputs = Outputs::open(path("nowhere/x.json"), path("x.html"), "--report");
  ASSERT_FALSE(outputs.has_value());
  EXPECT_EQ(outputs.error(), "--json: value \"" + path("nowhere/x.json") +
                                 "\": cannot be written: No such file or directory; name a file in a "
                                 "directory that is there");
  const auto page = Outputs::open(path("x.json"), directory_, "--html");
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error(), "--html: value \"" + directory_.string() +
                              "\": cannot be written: Is a directory; name a file in a "
                              "directory that is there");
  EXPECT_TRUE(fs::is_empty(directory_)) << "nothing was run, nothing is left behind";
}

TEST_F(BlastOutputs, WhatAFileHeldStaysUntilThereIsAResult) {
  std::ofstream(path("old.json")) << "an hour's measurement, which is longer than the next";
  {
    const auto outputs = Outputs::open(path("old.json"), path("new.html"), "--report");
    ASSERT_TRUE(outputs.has_value());
    EXPECT_TRUE(fs::exists(path("new.html")));
  }
  EXPECT_EQ(content(path("old.json")), "an hour's measurement, which is longer than the next");
  EXPECT_FALSE(fs::exists(path("new.html")));
  auto outputs = Outputs::open(path("old.json"), path("new.html"), "--report");
  ASSERT_TRUE(outputs.has_value());
  EXPECT_EQ(outputs->tell("", {{"a", 1}}, "page", 7), 7);
  EXPECT_EQ(content(path("old.json")), "{\n  \"a\": 1\n}\n");
  EXPECT_EQ(content(path("new.html")), "page");
}

TEST_F(BlastOutputs, AFullDiskIsNoSuccess) {
  auto outputs = Outputs::open("/dev/full", "", "--report");
  ASSERT_TRUE(outputs.has_value());
  testing::internal::CaptureStderr();
  EXPECT_EQ(outputs->tell("", {{"a", 1}}, "", kSuccess), kCannotRun);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "adit-blast: cannot write /dev/full: No space left on device\n");
}

TEST_F(BlastOutputs, AnErrorIsJsonForWhoeverAskedForIt) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  EXPECT_EQ(cannot_run("no route to 192.0.2.1", "-"), kCannotRun);
  std::fflush(stdout);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "{\n  \"format\": 1,\n  \"success\": false,\n  \"error\": \"no route to 192.0.2.1\",\n"
            "  \"exit_code\": 2\n}\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "adit-blast: no route to 192.0.2.1\n");
  std::ofstream(path("old.json")) << "a result";
  testing::internal::CaptureStderr();
  EXPECT_EQ(leave({kCannotRun, "adit-blast: --frobnicate: no such option\n"}, path("old.json")), kCannotRun);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "adit-blast: --frobnicate: no such option\n");
  EXPECT_EQ(content(path("old.json")), "a result") << "a typing error costs no measurement";
}

}  // namespace
}  // namespace adit::app::blast
