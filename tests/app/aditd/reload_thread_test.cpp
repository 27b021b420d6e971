// SPDX-License-Identifier: Apache-2.0
// Reading a configuration never stops the loop, however long it takes.
#include "app/aditd/reload_thread.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "crypto/library.hpp"

namespace adit::app {
namespace {

using std::chrono_literals::operator""ms;

TEST(ReloadThread, TheLoopTurnsWhileAFileIsRead) {
  asio::io_context loop;
  std::promise<void> turned;
  std::thread::id read_by;
  ReloadThread reader(loop, [&] {
    read_by = std::this_thread::get_id();
    turned.get_future().wait();  // never comes when the loop waits for us
    return ConfigResult{.config = Config(), .problems = {}, .users = {}};
  });
  std::optional<ConfigResult> result;
  reader.read([&](ConfigResult read) {
    result = std::move(read);
    loop.stop();
  });
  asio::post(loop, [&] { turned.set_value(); });
  const auto work = asio::make_work_guard(loop);
  loop.run_for(std::chrono::minutes{1});
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->config.has_value());
  EXPECT_NE(read_by, std::this_thread::get_id());
}

TEST(ReloadThread, ReadsOneAfterTheOther) {
  asio::io_context loop;
  int reads = 0;
  ReloadThread reader(loop, [&] {
    ++reads;
    return ConfigResult{.config = {}, .problems = {{.line = std::to_string(reads)}}, .users = {}};
  });
  std::string seen;
  for (int n = 0; n < 3; ++n) {
    reader.read([&](const ConfigResult& read) {
      seen += read.problems.at(0).line;
      if (seen.size() == 3) {
        loop.stop();
      }
    });
  }
  const auto work = asio::make_work_guard(loop);
  loop.run_for(std::chrono::minutes{1});
  EXPECT_EQ(seen, "123");
}

TEST(ReloadThread, AHundredThousandUsersDoNotStopTheLoop) {
  ASSERT_TRUE(crypto::initialise().has_value());
  constexpr std::size_t kUsers = 100'000;
  char name[] = "/tmp/adit-users-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::filesystem::path directory = name;
  {
    std::ofstream secrets(directory / "secrets", std::ios::binary);
    for (std::size_t user = 0; user < kUsers; ++user) {
      secrets << "user" << user << " * password" << user << " *\n";
    }
    std::ofstream(directory / "adit.toml", std::ios::binary)
        << "[[port]]\ninterface = \"access0\"\nrole = \"access\"\n"
        << "[[port]]\ninterface = \"core0\"\nrole = \"core\"\n"
        << "[pptp]\nbind = [\"192.0.2.1\"]\n[ip]\ngw-ip-address = \"10.64.0.1\"\n"
        << "[[ip-pool]]\nranges = [\"10.64.0.2-10.64.255.254\"]\n"
        << "[chap-secrets]\nchap-secrets = " << directory / "secrets" << "\n";
  }
  asio::io_context loop;
  ReloadThread reader(loop, [&] { return load_config(directory / "adit.toml"); });
  std::optional<ConfigResult> result;
  reader.read([&](ConfigResult read) { result = std::move(read); });
  int turns = 0;
  while (!result) {
    asio::steady_timer timer(loop, 1ms);
    timer.async_wait([&](const asio::error_code&) { ++turns; });
    loop.restart();
    loop.run();
  }
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(result->config.has_value()) << errors_of(result->problems);
  EXPECT_EQ(result->users.users.size(), kUsers);
  EXPECT_GE(turns, 10);
  reader.discard(std::move(result->users.users));
}

}  // namespace
}  // namespace adit::app
