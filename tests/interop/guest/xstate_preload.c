// SPDX-License-Identifier: Apache-2.0
// Preloaded into linux.uml: user-mode-linux guests on CPUs with more XSAVE state than it has room for.
//
// A guest kernel stores its threads' vector registers through ptrace's NT_X86_XSTATE. Debian 12's has room
// for 2,696 octets; with AMX the area has 11,008. Reading works, because the host truncates the area. Writing
// does not: the host accepts the whole area or answers EFAULT, and the guest dies with its first process
// (put_fp_registers in its trace). The preload always writes the whole area: what the guest stored, followed
// by components in their initial state.
//
// - State beyond the guest's room belongs to a guest thread, and all threads of a guest process take turns in
//   one tracee. So it cannot be stored here per tracee: one thread would get another's. It need not be,
//   either. AMX's tiles are for processes that asked the kernel (arch_prctl, ARCH_REQ_XCOMP_PERM); a guest
//   process asks the guest kernel, which does not know AMX, and the host answers its first tile instruction
//   with SIGILL. The tile configuration can be loaded without asking, but is useless without tiles; it is
//   initial again after the next system call.
// - The size is set by the kernel and the same for every process, so one variable holds it.
// - The buffers are static because linux.uml calls from stacks of 16 KiB. There is only one caller: the host
//   lets only the tracer use ptrace, and that is linux.uml's main thread for all its guests' processes.
// - Answering NT_X86_XSTATE with an error would make the guest fall back to FXSAVE, which loses the upper
//   halves of AVX registers at page faults.
//
// If the area fits (most CPUs without AMX), requests are passed on unchanged.
#define _GNU_SOURCE
#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
  kXstateLeaf = 0x0D,           // CPUID's; a sub-leaf gives a component's size (EAX) and offset (EBX)
  kFirstExtendedComponent = 2,  // x87 and SSE are in the legacy region
  kComponents = 63,             // the last bit of XSTATE_BV is not a component
  kHeaderOffset = 512,          // XSTATE_BV is its first word: a clear bit means initial state
  kHeaderEnd = 576,
};

typedef long Ptrace(enum __ptrace_request, ...);

static uint8_t whole_area[64 * 1024];  // far more than needed
static size_t area_size;               // 0: not queried yet
static size_t room_size;               // the room that kept_components was computed for
static uint64_t kept_components;

static Ptrace* next_ptrace(void) {
  static Ptrace* next;
  if (next == NULL) {
    void* symbol = dlsym(RTLD_NEXT, "ptrace");
    memcpy(&next, &symbol, sizeof next);  // ISO C has no cast from object to function pointer
  }
  return next;
}

// The host tells how much it uses; CPUID would tell what the CPU could support.
static long ask_area_size(pid_t tracee) {
  struct iovec all = {whole_area, sizeof whole_area};
  const long result = next_ptrace()(PTRACE_GETREGSET, tracee, NT_X86_XSTATE, &all);
  if (result == 0) {
    area_size = all.iov_len;
  }
  return result;
}

static uint64_t components_within(size_t room) {
  uint64_t within = 3;
  for (unsigned component = kFirstExtendedComponent; component < kComponents; ++component) {
    unsigned size = 0, offset = 0, ecx = 0, edx = 0;
    if (__get_cpuid_count(kXstateLeaf, component, &size, &offset, &ecx, &edx) != 0 && offset >= kHeaderEnd &&
        offset + size <= room) {
      within |= UINT64_C(1) << component;
    }
  }
  return within;
}

static void set_room(size_t room) {
  char line[160];
  room_size = room;
  kept_components = components_within(room);
  // The harness reads this line from the console and repeats it in a run's log.
  const int length = snprintf(line, sizeof line, "@xstate room=%zu area=%zu\n", room, area_size);
  if (write(STDERR_FILENO, line, (size_t)length) < 0) {
    // Nobody reads the console; the guest runs all the same.
  }
}

static long write_xstate(pid_t tracee, struct iovec* kept) {
  if (area_size == 0 && ask_area_size(tracee) != 0) {
    return -1;
  }
  if (room_size != kept->iov_len) {
    set_room(kept->iov_len);
  }
  if (kept->iov_len >= area_size || kept->iov_len < kHeaderEnd) {
    return next_ptrace()(PTRACE_SETREGSET, tracee, NT_X86_XSTATE, kept);
  }
  uint64_t in_use;
  memset(whole_area, 0, area_size);
  memcpy(whole_area, kept->iov_base, kept->iov_len);
  memcpy(&in_use, whole_area + kHeaderOffset, sizeof in_use);
  in_use &= kept_components;
  memcpy(whole_area + kHeaderOffset, &in_use, sizeof in_use);
  struct iovec all = {whole_area, area_size};
  return next_ptrace()(PTRACE_SETREGSET, tracee, NT_X86_XSTATE, &all);
}

// Replaces libc's ptrace().
long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  va_start(arguments, request);
  const pid_t tracee = va_arg(arguments, pid_t);
  void* const address = va_arg(arguments, void*);
  void* const data = va_arg(arguments, void*);
  va_end(arguments);
  if (request == PTRACE_SETREGSET && (uintptr_t)address == NT_X86_XSTATE) {
    return write_xstate(tracee, data);
  }
  return next_ptrace()(request, tracee, address, data);
}
