// SPDX-License-Identifier: Apache-2.0
// docs/reasons.md is the two tables of reasons, and nothing else: what `adit explain REASON` says, for reading.
// ADIT_WRITE_GOLDEN=1 writes it anew.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "controlplane/base/end_reason.hpp"
#include "dataplane/base/drop_reason.hpp"

namespace adit::app {
namespace {

std::string row(std::string_view name, std::string_view cause, std::string_view remedy) {
  return "| `" + std::string(name) + "` | " + std::string(cause) + " | " + std::string(remedy) + " |\n";
}

std::string document() {
  std::string text =
      "# Reasons\n\n"
      "Why calls end and packets are dropped, and what to do about it. `adit explain` says the same of one "
      "reason by\n"
      "its name, and of one call what is known of it beyond its reason.\n\n"
      "## Why calls and connections end\n\n"
      "`reason=` in the log, `adit show stat`, `adit explain`.\n\n"
      "| reason | cause | remedy |\n| --- | --- | --- |\n";
  for (const control::EndReasonText& reason : control::kEndReasonTexts) {
    if (reason.name != to_text(control::EndReason::kNone)) {
      text += row(reason.name, reason.cause, reason.remedy);
    }
  }
  text +=
      "\n## Why packets are dropped\n\n"
      "`adit show drops` counts them.\n\n"
      "| reason | meaning | remedy |\n| --- | --- | --- |\n";
  for (const dataplane::DropReasonText& reason : dataplane::kDropReasonTexts) {
    text += row(reason.name, reason.text, reason.remedy);
  }
  return text;
}

TEST(Reasons, TheDocumentIsWhatTheTablesSay) {
  const char* root = ::getenv("ADIT_SOURCE_ROOT");
  ASSERT_NE(root, nullptr) << "run it by `meson test`, or set it to the directory that has meson.build";
  const std::string file = std::string(root) + "/docs/reasons.md";
  if (::getenv("ADIT_WRITE_GOLDEN") != nullptr) {
    std::ofstream(file) << document();
  }
  std::stringstream there;
  there << std::ifstream(file).rdbuf();
  EXPECT_EQ(document(), there.str()) << "ADIT_WRITE_GOLDEN=1 writes it anew";
}

TEST(Reasons, NoNameIsOfTwo) {
  std::set<std::string_view> names;
  for (const control::EndReasonText& reason : control::kEndReasonTexts) {
    EXPECT_TRUE(names.insert(reason.name).second) << reason.name;
  }
  for (const dataplane::DropReasonText& reason : dataplane::kDropReasonTexts) {
    EXPECT_TRUE(names.insert(reason.name).second) << reason.name;
  }
}

}  // namespace
}  // namespace adit::app
