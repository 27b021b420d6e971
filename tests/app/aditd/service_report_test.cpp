// SPDX-License-Identifier: Apache-2.0
// What a service manager receives, at a socket of this test's own, and when its watchdog is fed.
#include "app/aditd/service_report.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "tests/kit/event_logs.hpp"

namespace adit::app {
namespace {

/// A service manager's end: an abstract socket, which leaves nothing behind.
class Manager {
 public:
  Manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    address().copy(at.sun_path, address().size());
    at.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address().size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), length), 0);
  }
  static std::string address() { return "@adit-test-notify-" + std::to_string(::getpid()); }
  /// The next message; "" when there is none.
  std::string next() {
    std::array<char, 256> text{};
    const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), 0);
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "";
  }

 private:
  dataplane::UniqueFd socket_;
};

using Turns = std::vector<std::uint64_t>;

TEST(ServiceReport, TellsWhatTheProcessIsAbout) {
  Manager manager;
  adit::test::RecordingLog log;
  ServiceReport report(ServiceNotify(Manager::address()), log);
  report.ready();
  EXPECT_EQ(manager.next(), "READY=1");
  report.reloading();
  EXPECT_EQ(manager.next().substr(0, 27), "RELOADING=1\nMONOTONIC_USEC=");
  report.reloaded();
  EXPECT_EQ(manager.next(), "READY=1");
  report.stopping();
  EXPECT_EQ(manager.next(), "STOPPING=1");
}

TEST(ServiceReport, FeedsTheWatchdogWhileEveryWorkerTurns) {
  Manager manager;
  adit::test::RecordingLog log;
  ServiceReport report(ServiceNotify(Manager::address()), log);
  report.each_second(Turns{0, 0}, "0 calls");  // nothing to compare with yet
  EXPECT_EQ(manager.next(), "STATUS=0 calls\nWATCHDOG=1");
  report.each_second(Turns{1, 900}, "7 calls");
  EXPECT_EQ(manager.next(), "STATUS=7 calls\nWATCHDOG=1");
  EXPECT_TRUE(log.events.empty());
}

TEST(ServiceReport, AStuckWorkerIsNamedOnceAndStarvesTheWatchdog) {
  Manager manager;
  adit::test::RecordingLog log;
  ServiceReport report(ServiceNotify(Manager::address()), log);
  report.each_second(Turns{5, 5, 5}, "1 calls");
  EXPECT_EQ(manager.next(), "STATUS=1 calls\nWATCHDOG=1");
  for (const std::uint64_t others : {6U, 7U}) {
    report.each_second(Turns{others, 5, others}, "1 calls");
    EXPECT_EQ(manager.next(), "STATUS=1 calls");
  }
  ASSERT_EQ(log.events.size(), 1U);
  EXPECT_EQ(log.events[0].line, "worker_stuck worker=1");
  report.each_second(Turns{8, 6, 8}, "1 calls");
  EXPECT_EQ(manager.next(), "STATUS=1 calls\nWATCHDOG=1");
  EXPECT_EQ(log.events.back().line, "worker_turns_again worker=1");
}

TEST(ServiceReport, WithoutAServiceManagerOnlyTheLogIsTold) {
  adit::test::RecordingLog log;
  ServiceReport report(ServiceNotify(), log);
  report.ready();
  report.each_second(Turns{1}, "");
  report.each_second(Turns{1}, "");
  EXPECT_EQ(log.named("worker_stuck").size(), 1U);
  EXPECT_FALSE(ServiceNotify(""));
  EXPECT_FALSE(ServiceNotify("vsock:2:1234"));
  EXPECT_FALSE(ServiceNotify("/" + std::string(200, 'x')));
}

}  // namespace
}  // namespace adit::app
