# SPDX-License-Identifier: Apache-2.0
"""linux.uml as a process: its command line, and why it ended."""
import re
import shutil
import signal

from harness.build import BUILD

PRELOAD = BUILD / "tests" / "interop" / "guest" / "xstate_preload.so"
TEMP_DIR = "/dev/shm"  # its memory is a file there
TAIL_LINES = 15
XSTATE = re.compile(r"@xstate room=(\d+) area=(\d+)")  # printed by the preload
NOISE = re.compile(r"(<\d>)? ?(\[<[0-9a-f]+>\]|([0-9a-f]{8} ?)+$|CPU: |Stack:|Call Trace:|@xstate )")  # kernel panic output
CAUSES = (  # console text, and its meaning; the first match counts
    (r"ptrace: Operation not permitted|(stop|start)_ptraced_child|check_ptrace|check_sysemu",
     "it may not trace its processes: user-mode Linux needs ptrace (a container's CAP_SYS_PTRACE or seccomp profile,"
     " kernel.yama.ptrace_scope, or a debugger around it)"),
    (r"must be not mounted noexec", f"{TEMP_DIR} is mounted noexec; it must not be (mount -o remount,exec {TEMP_DIR})"),
    (r"Bus error - the host|No space left", f"{TEMP_DIR} is full: its memory is a file there"),
    (r"setup_physmem - mapping|ran out of memory on the host|Cannot allocate memory|Too few physical memory",
     "it does not get its memory (a limit on address space, or vm.max_map_count)"),
    (r"Out of memory", "the guest's own memory is too small for what runs there"),
    (r"Requested init .* failed", "its init cannot be run: hostfs shows the host's files, and this one is not there, or"
     " is no program"),
    (r"put_fp_registers|set fp regs failed|get_fp_registers|save_fp_registers",
     f"the host does not take its vector registers; {PRELOAD.name} is there to prevent it"),
    (r"Unable to mount root|Cannot open root device|VFS: ", "it has no root: hostfs did not show the host's /"),
    (r"cannot be preloaded", f"{PRELOAD} does not load"),
    (r"Attempted to kill init", "its init ended"),
)


class GuestError(Exception):
    """There is no guest, or it did not do as told; says what happened, with the end of its console."""


def command(job_dir, init, memory, *more):
    """The command line of a guest whose pid 1 is `init`, a host path, and gets job=`job_dir`."""
    if shutil.which("linux.uml") is None:
        raise GuestError("there is no linux.uml: scripts/deps test installs it (Debian's user-mode-linux)")
    if not PRELOAD.exists():
        raise GuestError(f"there is no {PRELOAD}: ninja -C {BUILD} {PRELOAD.relative_to(BUILD)}")
    # env, so that only linux.uml gets the preload.
    return ["env", f"TMPDIR={TEMP_DIR}", f"LD_PRELOAD={PRELOAD}",
            "linux.uml", f"mem={memory}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={init}",
            f"job={job_dir}", "con=null", "con0=fd:0,fd:1", "ssl=null", "quiet", "loglevel=3", "panic=-1",
            f"uml_dir={job_dir}", "umid=uml", *more]


def preload_in_use(console):
    """One line for a run's log."""
    found = next(filter(None, map(XSTATE.match, console)), None)
    if found is None:
        return f"guests: {PRELOAD.name} is loaded, and no vector registers have been written yet"
    room, area = map(int, found.groups())
    what = "written whole" if area > room else "fits"
    return f"guests: {PRELOAD.name} is in use; user-mode Linux has room for {room:,} octets of XSAVE state, this CPU has {area:,}: {what}"


def tail(console):
    """The console's last meaningful lines: a trace's addresses are left out, as the panic is printed before them."""
    said = [line for line in console if not NOISE.match(line)]
    return "\n".join(said[-TAIL_LINES:]) or "(it said nothing)"


def _cause(status, console):
    text = "\n".join(console)
    for pattern, cause in CAUSES:
        if re.search(pattern, text):
            return cause
    if status == -signal.SIGKILL:
        return "somebody killed it: a person, or the host for lack of memory (dmesg tells)"
    return None


def ending(status, console):
    """How linux.uml ended, the cause if known, and its last output."""
    how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exited with {status}"
    cause = _cause(status, console)
    return (f"linux.uml {how}" + (f": {cause}" if cause else "")
            + f"\n--- the end of its console\n{tail(console)}")
