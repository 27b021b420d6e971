// SPDX-License-Identifier: Apache-2.0
// What an intruder would try first is refused, by name and in every thread; what aditd does goes on. Each attempt is a process of
// its own, because a filter cannot be taken off.
#include "app/host/process/system_call_filter.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/kit/event_logs.hpp"

namespace adit::app {
namespace {

/// The names of what was refused, after `act` ran under the filter.
std::string refused_by(const std::function<void()>& act) {
  if (const auto filtered = filter_system_calls(FilterMode::kEnforce); !filtered) {
    return filtered.error();
  }
  act();
  std::string names;
  for (const RefusedCall& call : take_refused_calls()) {
    names += (names.empty() ? "" : " ") + call.name + 'x' + std::to_string(call.count);
  }
  return names;
}

/// Exits with 0 when exactly `names` are refused.
[[noreturn]] void expect_refused(const std::string& names, const std::function<void()>& act) {
  const std::string refused = refused_by(act);
  if (refused != names) {
    std::fprintf(stderr, "refused: %s\n", refused.c_str());
  }
  _exit(refused == names ? 0 : 1);
}

void fail_unless_eperm(long result) {
  if (result != -1 || errno != EPERM) {
    std::fprintf(stderr, "result %ld, errno %d\n", result, errno);
    _exit(2);
  }
}

TEST(SystemCallFilter, RefusesProgramsAndProcesses) {
  const auto child = [] {
    expect_refused("forkx1 execvex1", [] {
      char* none[] = {nullptr};
      fail_unless_eperm(::execve("/bin/true", none, none));
      fail_unless_eperm(::syscall(SYS_fork));
    });
  };
  // The table is in the order of the numbers: fork is 57, execve 59.
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST(SystemCallFilter, RefusesFork) {
  const auto child = [] {
    expect_refused("", [] { fail_unless_eperm(::fork()); });
  };  // refused without a line
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST(SystemCallFilter, RefusesRawSocketsAndDebugging) {
  const auto child = [] {
    expect_refused("socketx2 ptracex1", [] {
      fail_unless_eperm(::socket(AF_PACKET, SOCK_RAW, 0));
      fail_unless_eperm(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
      fail_unless_eperm(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
    });
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST(SystemCallFilter, RefusesExecutableMemory) {
  const auto child = [] {
    expect_refused("mmapx1 mprotectx1", [] {
      void* plain = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      fail_unless_eperm(::mprotect(plain, 4096, PROT_READ | PROT_EXEC));
      void* code =
          ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      fail_unless_eperm(code == MAP_FAILED ? -1 : 0);
    });
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST(SystemCallFilter, HoldsForThreadsThatRanBeforeIt) {
  const auto child = [] {
    std::atomic<bool> filtered = false;
    std::thread worker([&] {
      while (!filtered) {
        std::this_thread::yield();
      }
      fail_unless_eperm(::socket(AF_PACKET, SOCK_RAW, 0));
    });
    expect_refused("socketx1", [&] {
      filtered = true;
      worker.join();
    });
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST(SystemCallFilter, LetsThreadsFilesAndSocketsBe) {
  const auto child = [] {
    expect_refused("", [] {
      std::thread([] {
        std::vector<char> large(1 << 20);
        large[1000] = 1;
      }).join();
      const int file = ::open("/etc/hostname", O_RDONLY | O_CLOEXEC);
      char octet = 0;
      const bool read = ::read(file, &octet, 1) == 1;
      const int tcp = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      const int local = ::socket(AF_UNIX, SOCK_STREAM, 0);
      const int netlink = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
      if (!read || tcp < 0 || local < 0 || netlink < 0) {
        _exit(3);
      }
    });
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST(SystemCallFilter, ARefusedCallIsALineWithItsName) {
  const auto child = [] {
    test::RecordingLog log;
    if (!filter_system_calls(FilterMode::kEnforce)) {
      _exit(1);
    }
    for (int tries = 0; tries < 3; ++tries) {
      fail_unless_eperm(::syscall(SYS_setuid, 0));
    }
    log_refused_calls(log);
    log_refused_calls(log);  // told once
    const bool told =
        log.events.size() == 1 &&
        log.has("system_call_refused name=setuid number=" + std::to_string(SYS_setuid) + " count=3");
    _exit(told ? 0 : 1);
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST(SystemCallFilter, OffIsOff) {
  EXPECT_TRUE(filter_system_calls(FilterMode::kOff).has_value());
  const pid_t child = ::fork();
  if (child == 0) {
    _exit(7);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace adit::app
