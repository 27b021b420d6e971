// SPDX-License-Identifier: Apache-2.0
// Work runs elsewhere and ends here, in bounded numbers, and whoever asked for it may go at any time. Also under
// ThreadSanitizer, with real handshakes.
#include "app/host/background_threads.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "controlplane/auth/eap_tls.hpp"
#include "crypto/library.hpp"
#include "tests/kit/eap_tls_login.hpp"

namespace adit::app {
namespace {

using namespace std::chrono_literals;

class Noted final : public control::BackgroundWork {
 public:
  void run() override {
    ran_by = std::this_thread::get_id();
    if (gate.valid()) {
      gate.wait();
    }
  }
  void finished() override {
    finished_by = std::this_thread::get_id();
    if (then) {
      then();
    }
  }

  std::shared_future<void> gate;
  std::function<void()> then;
  std::thread::id ran_by, finished_by;
};

TEST(BackgroundThreads, RunsElsewhereAndEndsHere) {
  asio::io_context loop;
  int ticks = 0;
  BackgroundThreads threads(loop, [&] { ++ticks; });
  const auto work = std::make_shared<Noted>();
  work->then = [&] {
    EXPECT_EQ(ticks, 1);
    loop.stop();
  };
  ASSERT_TRUE(threads.start(work));
  const auto guard = asio::make_work_guard(loop);
  loop.run_for(1min);
  EXPECT_EQ(work->finished_by, std::this_thread::get_id());
  EXPECT_NE(work->ran_by, std::this_thread::get_id());
  EXPECT_EQ(threads.measures().done, 1U);
  EXPECT_EQ(threads.measures().waiting, 0U);
}

TEST(BackgroundThreads, TheLoopTurnsMeanwhile) {
  asio::io_context loop;
  BackgroundThreads threads(loop, [] {});
  std::promise<void> turned;
  const auto work = std::make_shared<Noted>();
  work->gate = turned.get_future().share();  // never opens when the loop waits for us
  work->then = [&] { loop.stop(); };
  ASSERT_TRUE(threads.start(work));
  asio::post(loop, [&] { turned.set_value(); });
  const auto guard = asio::make_work_guard(loop);
  loop.run_for(1min);
  EXPECT_EQ(threads.measures().done, 1U);
}

TEST(BackgroundThreads, SoMuchWaitsAndNoMore) {
  asio::io_context loop;
  BackgroundThreads threads(loop, [] {}, 1, 2);
  std::promise<void> open;
  const auto gate = open.get_future().share();
  for (const bool taken : {true, true, false}) {
    const auto work = std::make_shared<Noted>();
    work->gate = gate;
    EXPECT_EQ(threads.start(work), taken);
  }
  EXPECT_EQ(threads.measures().refused, 1U);
  open.set_value();
  while (threads.measures().done < 2) {
    loop.restart();
    loop.run_for(1ms);
  }
  EXPECT_TRUE(threads.start(std::make_shared<Noted>()));
}

TEST(BackgroundThreads, GoesAwayWithWorkOfEveryKind) {
  std::vector<std::weak_ptr<Noted>> all;
  {
    asio::io_context loop;
    BackgroundThreads threads(loop, [] {});
    for (int i = 0; i < 100; ++i) {
      const auto work = std::make_shared<Noted>();
      work->then = [] { FAIL() << "nobody turns the loop"; };
      all.emplace_back(work);
      ASSERT_TRUE(threads.start(work));
    }
  }
  EXPECT_TRUE(std::ranges::all_of(all, [](const auto& work) { return work.expired(); }));
}

TEST(BackgroundThreads, HandshakesOfManyCallsOfWhichSomeHangUp) {
  ASSERT_TRUE(crypto::initialise().has_value());
  test::Authority ca("Test CA");
  const test::Issued server = ca.issue({.common_name = "vpn.example.net"});
  const test::Issued alice = ca.issue({.common_name = "alice"});
  const std::string certificate = server.pem(), key = server.key_pem(), trusted = ca.pem(),
                    crl = ca.revoke({});
  asio::io_context loop;
  BackgroundThreads threads(loop, [] {}, 2);
  control::TlsLogins logins(threads);
  for (const auto newest : {crypto::TlsVersion::kTls12, crypto::TlsVersion::kTls13}) {
    auto made = crypto::TlsCredentials::make(
        {.certificate = certificate, .private_key = key, .ca = trusted, .crl = crl}, newest);
    ASSERT_TRUE(made.has_value()) << made.error().wrong;
    logins.use(std::move(*made));
    std::vector<std::unique_ptr<test::EapTlsLogin>> calls;
    for (int i = 0; i < 40; ++i) {
      calls.push_back(std::make_unique<test::EapTlsLogin>(
          logins, test::TlsClient::Options{.ca_pem = ca.pem(), .own = alice}));
      calls.back()->start();
    }
    const auto all_over = [&] {
      return std::ranges::all_of(calls, [](const auto& call) { return call->over(); });
    };
    for (int turn = 0; !all_over(); ++turn) {
      for (const auto& call : calls) {
        call->peer_turn();
      }
      if (turn < 10) {
        calls[static_cast<std::size_t>(turn) * 3]->hang_up();
      }
      loop.restart();
      loop.run_for(1ms);
    }
    EXPECT_EQ(std::ranges::count_if(calls, [](const auto& call) { return call->failed; }), 0);
    EXPECT_GE(std::ranges::count_if(calls, [](const auto& call) { return call->succeeded; }), 30);
  }
  EXPECT_EQ(logins.connections(), 0U);
  EXPECT_EQ(logins.counts().refused, 0U);
}

}  // namespace
}  // namespace adit::app
