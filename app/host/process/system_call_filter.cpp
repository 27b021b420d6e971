// SPDX-License-Identifier: Apache-2.0
#include "app/host/process/system_call_filter.hpp"

#include <linux/bpf.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>

namespace adit::app {
namespace {

/// Numbers end below 512 on every architecture; the last entry counts whatever is not one.
constexpr std::size_t kNumbers = 512;
std::array<std::atomic<std::uint64_t>, kNumbers + 1> refused{};

// glibc 2.36 and 2.41, libstdc++, Asio's epoll, DPDK's EAL, drivers and telemetry, libbpf and libmnl, as they run, not
// as they start.
constexpr const char* kAllowed[] = {
    // files: reload reads, the spool, the log
    "access", "close", "close_range", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fallocate", "fchmod",
    "fchown", "fcntl", "fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents",
    "getdents64", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat", "pread64", "pwrite64",
    "read", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir", "stat", "statfs",
    "statx", "umask", "unlink", "unlinkat", "write", "writev",
    // memory; mmap and mprotect: below
    "brk", "get_mempolicy", "madvise", "mbind", "memfd_create", "mincore", "mlock", "mlock2", "mremap",
    "msync", "munlock", "munmap", "set_mempolicy",
    // threads; clone: below
    "exit", "exit_group", "futex", "get_robust_list", "getcpu", "getpid", "getppid", "getpriority", "gettid",
    "membarrier", "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
    "rt_sigreturn", "rt_sigtimedwait", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_setaffinity", "sched_yield", "set_robust_list", "setpriority", "sigaltstack", "tgkill",
    // time, events, identity. The older forms are DPDK's: its interrupt thread makes its epoll anew whenever a device
    // comes or goes, and ends the process if it cannot
    "clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "getegid", "geteuid", "getgid",
    "getgroups", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage", "gettimeofday", "getuid",
    "nanosleep", "pipe", "pipe2", "poll", "ppoll", "prlimit64", "pselect6", "select", "sysinfo", "time",
    "timerfd_create", "timerfd_gettime", "timerfd_settime", "times", "uname",
    // sockets; socket: below
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "ioctl", "listen",
    "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    // the operator's socket is given to its group
    "chmod", "chown"};

void on_refused(int /*signal*/, siginfo_t* info, void* context) {
  const auto number = static_cast<std::size_t>(static_cast<unsigned>(info->si_syscall));
  refused[number < kNumbers ? number : kNumbers].fetch_add(1, std::memory_order_relaxed);
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  machine.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
  machine.regs[0] = static_cast<unsigned long long>(-EPERM);
#else
#error "where does a system call return its result here?"
#endif
}

class Filter {
 public:
  explicit Filter(std::uint32_t otherwise) : filter_(seccomp_init(otherwise), &seccomp_release) {
    add_attribute(SCMP_FLTATR_CTL_TSYNC, 1);     // all threads
    add_attribute(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary search
  }
  void allow(const char* name, std::initializer_list<scmp_arg_cmp> conditions = {}) {
    add(SCMP_ACT_ALLOW, name, conditions);
  }
  void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> conditions) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) {
      return;  // newer than this libseccomp: then libc does without it, too
    }
    note(seccomp_rule_add_array(filter_.get(), action, number, static_cast<unsigned>(conditions.size()),
                                conditions.begin()));
  }
  /// A negative errno, or 0.
  [[nodiscard]] int load() {
    note(error_ == 0 ? seccomp_load(filter_.get()) : 0);
    return error_;
  }

 private:
  void add_attribute(scmp_filter_attr attribute, std::uint32_t value) {
    note(seccomp_attr_set(filter_.get(), attribute, value));
  }
  void note(int result) { error_ = error_ == 0 ? result : error_; }

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter_;
  int error_ = 0;
};

void allow_sockets(Filter& filter) {
  constexpr std::uint64_t kType = 0xf;  // beside SOCK_CLOEXEC and SOCK_NONBLOCK
  for (const int family : {AF_UNIX, AF_NETLINK, AF_XDP}) {
    filter.allow("socket", {SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family))});
  }
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {  // no SOCK_RAW
    filter.allow("socket", {SCMP_A0(SCMP_CMP_EQ, AF_INET),
                            SCMP_A1(SCMP_CMP_MASKED_EQ, kType, static_cast<scmp_datum_t>(type))});
  }
}

void allow_by_argument(Filter& filter) {
  // Threads, but no processes. clone3 has its flags in memory, where no filter looks: glibc then uses clone.
  filter.allow("clone", {SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)});
  filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3", {});
  filter.allow("mmap", {SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
  filter.allow("mprotect", {SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
  for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA}) {
    filter.allow("prctl", {SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(option))});
  }
  // The maps of the XDP programs; no program is loaded any more.
  for (const int command : {BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM,
                            BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD}) {
    filter.allow("bpf", {SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(command))});
  }
  allow_sockets(filter);
}

}  // namespace

std::expected<void, std::string> filter_system_calls(FilterMode mode) {
  if (mode == FilterMode::kOff) {
    return {};
  }
  struct sigaction action{};
  action.sa_sigaction = &on_refused;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigaction(SIGSYS, &action, nullptr);
  Filter filter(mode == FilterMode::kEnforce ? SCMP_ACT_TRAP : SCMP_ACT_LOG);
  for (const char* name : kAllowed) {
    filter.allow(name);
  }
  allow_by_argument(filter);
  if (mode == FilterMode::kEnforce) {
    // Not trapped: fork() blocks all signals, and SIGSYS would then end the process.
    filter.add(SCMP_ACT_ERRNO(EPERM), "clone", {SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)});
  }
  if (const int error = filter.load(); error != 0) {
    return std::unexpected(std::strerror(-error));
  }
  return {};
}

std::vector<RefusedCall> take_refused_calls() {
  std::vector<RefusedCall> calls;
  for (std::size_t number = 0; number < refused.size(); ++number) {
    const std::uint64_t count = refused[number].exchange(0, std::memory_order_relaxed);
    if (count == 0) {
      continue;
    }
    const std::unique_ptr<char, void (*)(void*)> name(
        seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number)), &std::free);
    calls.push_back({.number = static_cast<int>(number), .name = name ? name.get() : "", .count = count});
  }
  return calls;
}

void log_refused_calls(control::EventLog& log) {
  for (const RefusedCall& call : take_refused_calls()) {
    log.event(control::Severity::kError, "system_call_refused",
              {{"name", call.name},
               {"number", std::to_string(call.number)},
               {"count", std::to_string(call.count)}});
  }
}

}  // namespace adit::app
