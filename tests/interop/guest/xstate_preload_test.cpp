// SPDX-License-Identifier: Apache-2.0
// What linux.uml does with its tracees' vector registers, with rooms too small for the XSAVE area of any CPU:
// they are kept as far as the room goes, and initial beyond it.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace adit {
namespace {

constexpr std::size_t kLegacyAndHeader = 576, kWithAvx = 832, kAll = 64UL * 1024;
constexpr int kCannotBeTraced = 77;

using Ymm = std::array<std::uint64_t, 4>;
using Area = std::vector<std::uint8_t>;

/// A process that loads ymm0, stops, and reports what ymm0 holds when it continues.
class Tracee {
 public:
  explicit Tracee(const Ymm& loaded)
      : seen_(new(mmap(nullptr, sizeof(Ymm), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                  Ymm{}),
        pid_(fork()) {
    if (pid_ == 0) {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
        _exit(kCannotBeTraced);
      }
      asm volatile("vmovdqu %1, %%ymm0\n\tint3\n\tvmovdqu %%ymm0, %0"
                   : "=m"(*seen_)
                   : "m"(loaded)
                   : "xmm0", "memory");
      _exit(0);
    }
    waitpid(pid_, &status_, 0);
  }
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;
  ~Tracee() {
    if (stopped()) {
      kill(pid_, SIGKILL);
      waitpid(pid_, &status_, 0);
    }
    munmap(seen_, sizeof(Ymm));
  }

  [[nodiscard]] bool stopped() const { return WIFSTOPPED(status_); }
  /// Its XSAVE area, as far as `room` goes.
  [[nodiscard]] Area read(std::size_t room) const {
    Area area(room);
    iovec kept{area.data(), area.size()};
    EXPECT_EQ(::ptrace(PTRACE_GETREGSET, pid_, NT_X86_XSTATE, &kept), 0);
    area.resize(kept.iov_len);
    return area;
  }
  long write(Area area, std::size_t room) const {
    area.resize(room);
    iovec kept{area.data(), area.size()};
    return ::ptrace(PTRACE_SETREGSET, pid_, NT_X86_XSTATE, &kept);
  }
  /// Without the preload.
  long write_as_it_is(Area area) const {
    iovec kept{area.data(), area.size()};
    return syscall(SYS_ptrace, PTRACE_SETREGSET, pid_, NT_X86_XSTATE, &kept);
  }
  Ymm go_on() {
    ::ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
    waitpid(pid_, &status_, 0);
    EXPECT_TRUE(WIFEXITED(status_) && WEXITSTATUS(status_) == 0) << status_;
    return *seen_;
  }

 private:
  Ymm* seen_;
  pid_t pid_;
  int status_ = 0;
};

class XstatePreload : public ::testing::Test {
 protected:
  void SetUp() override {
    if (__builtin_cpu_supports("avx") == 0) {
      GTEST_SKIP() << "this CPU has no state behind the legacy region and the header";
    }
    if (!one_.stopped()) {
      GTEST_SKIP() << "a process may not be traced here";
    }
  }

  Tracee one_{{1, 2, 3, 4}};
  Tracee other_{{5, 6, 7, 8}};
};

TEST_F(XstatePreload, TheHostTakesTheWholeAreaOrNothing) {
  EXPECT_EQ(one_.write_as_it_is(one_.read(kLegacyAndHeader)), -1);
  EXPECT_EQ(errno, EFAULT);
}

TEST_F(XstatePreload, WhatIsBehindTheRoomIsInitial) {
  EXPECT_EQ(one_.write(one_.read(kLegacyAndHeader), kLegacyAndHeader), 0);
  EXPECT_EQ(one_.go_on(), (Ymm{1, 2, 0, 0}));
}

TEST_F(XstatePreload, AGuestsThreadGoesFromTraceeToTracee) {
  const Area first = one_.read(kWithAvx);
  const Area second = other_.read(kWithAvx);
  EXPECT_EQ(other_.write(first, kWithAvx), 0);
  EXPECT_EQ(one_.write(second, kWithAvx), 0);
  EXPECT_EQ(one_.go_on(), (Ymm{5, 6, 7, 8}));
  EXPECT_EQ(other_.go_on(), (Ymm{1, 2, 3, 4}));
}

TEST_F(XstatePreload, ARoomThatIsLargeEnoughIsTheHostsBusiness) {
  EXPECT_EQ(one_.write(one_.read(kAll), kAll), 0);
  EXPECT_EQ(one_.go_on(), (Ymm{1, 2, 3, 4}));
}

TEST_F(XstatePreload, ATraceeThatIsGoneIsAnError) {
  const Area area = one_.read(kWithAvx);
  one_.go_on();
  EXPECT_EQ(one_.write(area, kWithAvx), -1);
  EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace adit
