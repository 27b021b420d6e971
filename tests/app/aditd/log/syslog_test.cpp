// SPDX-License-Identifier: Apache-2.0
// [log] log-fail-syslog, up to where the C library would write to /dev/log: its functions are those below. <syslog.h> is
// left out, because it may define them in its own way (_FORTIFY_SOURCE).
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "app/aditd/log/log.hpp"

namespace {

struct Syslog {
  std::string ident;
  int facility = 0;
  struct Line {
    int priority = 0;
    std::string text;
  };
  std::vector<Line> lines;
};
Syslog& written() {
  static Syslog all;
  return all;
}

void write(int priority, const char* format, std::va_list arguments) {
  char text[1024];
  std::vsnprintf(text, sizeof text, format, arguments);
  written().lines.push_back({priority, text});
}

}  // namespace

extern "C" {
void openlog(const char* ident, int /*options*/, int facility) {
  written().ident = ident;
  written().facility = facility;
}
void closelog() {}
void syslog(int priority, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  write(priority, format, arguments);
  va_end(arguments);
}
void __syslog_chk(int priority, int /*flag*/, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  write(priority, format, arguments);
  va_end(arguments);
}
}

namespace adit::app {
namespace {

using control::Severity;

TEST(SyslogTest, FailuresAloneGoThereByTheNameThatFail2banKnows) {
  constexpr int kAuthpriv = 10 << 3, kWarning = 4;
  char directory[] = "/tmp/adit-syslog-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  LogSettings settings;
  settings.file = std::string(directory) + "/adit.log";
  settings.fail_syslog = true;
  {
    auto log = Log::open(settings);
    ASSERT_TRUE(log) << log.error();
    (*log)->write_behind();
    (*log)->event(Severity::kInfo, "started", {});
    (*log)->event(Severity::kError, "port", {});
    (*log)->event(Severity::kFailure, "auth_failed", {{"peer", "192.0.2.7"}, {"user", "%n x\n"}});
  }
  EXPECT_EQ(written().ident, "aditd");
  EXPECT_EQ(written().facility, kAuthpriv);
  ASSERT_EQ(written().lines.size(), 1U);
  EXPECT_EQ(written().lines[0].priority, kWarning);
  const std::regex line(
      R"re(time=\S+Z level=warning event=auth_failed peer=192\.0\.2\.7 user="%n x\\n"\n?)re");
  EXPECT_TRUE(std::regex_match(written().lines[0].text, line)) << written().lines[0].text;
  std::filesystem::remove_all(directory);
}

TEST(SyslogTest, NothingGoesThereUnasked) {
  written() = {};
  LogSettings settings;
  settings.file = "/dev/null";
  {
    auto log = Log::open(settings);
    ASSERT_TRUE(log) << log.error();
    (*log)->event(Severity::kFailure, "auth_failed", {{"peer", "192.0.2.7"}});
  }
  EXPECT_TRUE(written().ident.empty());
  EXPECT_TRUE(written().lines.empty());
}

}  // namespace
}  // namespace adit::app
