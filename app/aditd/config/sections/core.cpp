// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using control::SingleSession;
using dataplane::PollMode;

}  // namespace

Section core_section() {
  return {
      .name = "core",
      .help = "Threads.",
      .keys = {
          ADIT_KEY(
              kNextStart, "workers", "", core.workers, (NumberKind<std::uint16_t>{0, 128}),
              "Worker threads that poll the ports, one per CPU. 0: all CPUs but one, which is control's."),
          ADIT_KEY(
              kNextStart, "poll-mode", "", data_plane.poll_mode,
              (ChoiceKind<PollMode>{{{"adaptive", PollMode::kAdaptive}, {"busy", PollMode::kBusy}}}),
              "\"adaptive\": an idle worker sleeps for microseconds. \"busy\": never; lowest latency, 100 % "
              "of its CPU."),
          ADIT_KEY(
              kNextStart, "user", "", core.user, (TextKind{0, 32}),
              "The user that aditd becomes when root starts it; it keeps the capabilities that ports need.\n"
              "Empty: \"adit\", if there is such a user."),
          ADIT_KEY(
              kNextStart, "system-call-filter", "", core.system_call_filter,
              (ChoiceKind<FilterMode>{
                  {{"enforce", FilterMode::kEnforce}, {"log", FilterMode::kLog}, {"off", FilterMode::kOff}}}),
              "System calls that aditd has no use for once it runs: \"enforce\" refuses and logs them\n"
              "(system_call_refused), \"log\" leaves them to the kernel's log, \"off\" allows all."),
      }};
}

Section common_section() {
  return {
      .name = "common",
      .help = "Limits of the whole concentrator.",
      .keys = {
          ADIT_KEY(
              kNextStart, "max-sessions", "", data_plane.max_calls, (NumberKind<std::uint32_t>{1, 4'000'000}),
              "Calls that are served at once. Their state is allocated at start: about 512 octets a call."),
          ADIT_KEY(
              kNow, "max-starting", "", control.pptp.max_starting, kCount,
              "Connections without an authenticated call, together. Beyond that, each new one takes the\n"
              "place of one of the client address that holds most of them."),
          ADIT_KEY(
              kNow, "single-session", "", control.single_session,
              (ChoiceKind<SingleSession>{{{"off", SingleSession::kOff},
                                          {"replace", SingleSession::kReplace},
                                          {"deny", SingleSession::kDeny}}}),
              "A second call of one user: \"off\" lets it in, \"replace\" ends the first, \"deny\" refuses\n"
              "the second. A user is an entry of chap-secrets, whatever domain the peer puts before it, or\n"
              "the User-Name of an Access-Accept."),
          ADIT_KEY(kNextStart, "single-session-ignore-case", "", control.ignore_case, BoolKind{},
                   "\"alice\" and \"ALICE\" are one user, for single-session, Port-Limit and `adit`. Letters "
                   "of ASCII "
                   "only."),
      }};
}

Section dpdk_section() {
  return {.name = "dpdk",
          .help = "DPDK's environment.",
          .keys = {
              ADIT_KEY(kNextStart, "eal", "", dpdk.eal,
                       (ListKind<EalArgumentKind>{{}, "write [\"-l\", \"0-3\"]"}),
                       "More arguments for DPDK's EAL, one word each: [\"-l\", \"0-3\"].\n"
                       "Those after `aditd --` follow them."),
              ADIT_KEY(kNextStart, "hugepages", "", dpdk.hugepages,
                       (ChoiceKind<HugepagePolicy>{{{"auto", HugepagePolicy::kAuto},
                                                    {"never", HugepagePolicy::kNever},
                                                    {"require", HugepagePolicy::kRequire}}}),
                       "\"auto\": used when enough are reserved, else a warning. \"never\" and \"require\" "
                       "are strict."),
          }};
}

}  // namespace adit::app
