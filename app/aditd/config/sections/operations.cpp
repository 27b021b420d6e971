// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

// The longest path a UNIX socket takes: sun_path without its NUL.
constexpr std::size_t kMaxSocketPath = 107;

}  // namespace

Section cli_section() {
  return {
      .name = "cli",
      .help = "The operator's socket.",
      .keys = {
          ADIT_KEY(
              kNextStart, "socket", "", cli.socket, (PathKind{kMaxSocketPath, false}),
              "Where `adit` reaches aditd. Whoever may write to it controls aditd: it can end every call."),
          ADIT_KEY(kNextStart, "group", "", cli.group, (TextKind{0, 32}),
                   "Members of this group may use the socket (mode 0660). Empty: only aditd's own user (mode "
                   "0600)."),
          ADIT_KEY(kNextStart, "read-only-socket", "", cli.read_only_socket, (PathKind{kMaxSocketPath, true}),
                   "Another, which answers only what changes nothing and shows no subscriber's packets.\n"
                   "Empty: beside the first, /run/adit/adit-read.sock."),
          ADIT_KEY(
              kNextStart, "read-only-group", "", cli.read_only_group, (TextKind{0, 32}),
              "Members of this group may use it (mode 0660). Empty: those of `group`, or of aditd's own."),
      }};
}

Section log_section() {
  return {
      .name = "log",
      .help = "One key=value line per event.",
      .keys = {
          ADIT_KEY(
              kNextStart, "level", "", log.level,
              (ChoiceKind<LogLevel>{{{"debug", LogLevel::kDebug},
                                     {"info", LogLevel::kInfo},
                                     {"warning", LogLevel::kWarning},
                                     {"error", LogLevel::kError}}}),
              "\"debug\", \"info\", \"warning\" or \"error\": the least severe events that are written."),
          ADIT_KEY(kNextStart, "log-file", "", log.file, (PathKind{kMaxPath, true}),
                   "A file to append to: \"/var/log/adit/adit.log\", whose directory adit.service makes and "
                   "lets aditd "
                   "write to.\n"
                   "Empty: standard error, which systemd keeps in its journal."),
          ADIT_KEY(kNextStart, "log-fail-file", "", log.fail_file, (PathKind{kMaxPath, true}),
                   "What peers tried in vain, once more and alone: \"/var/log/adit/fail.log\", for fail2ban, "
                   "whose "
                   "filter and jail are\n"
                   "in /usr/share/doc/adit/fail2ban. Reopened like log-file. Empty: none."),
          ADIT_KEY(kNextStart, "log-fail-syslog", "", log.fail_syslog, BoolKind{},
                   "The same to syslog, facility authpriv."),
          ADIT_KEY(
              kNextStart, "max-per-second", "", log.max_per_second, (NumberKind<std::uint32_t>{0, 1'000'000}),
              "Lines per second of one event, and 10 a minute of one kind of failure of one peer; more are "
              "counted "
              "and the count\n"
              "is logged. What audits or bills (call_up, call_ended after a login, admin) is always written. "
              "0: no limit."),
      }};
}

}  // namespace adit::app
