// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <string_view>

#include "app/escape.hpp"
#include "app/manual.hpp"

namespace adit::app {
namespace {

constexpr int kUsageError = 2;

constexpr const char* kFooter =
    "Everything after -- goes to DPDK's EAL as it is; without it aditd chooses sensible arguments itself.\n"
    "\n"
    "Examples:\n"
    "  aditd --sample-config > /etc/adit/adit.toml   a complete, commented configuration to start from\n"
    "  aditd --check                                 check /etc/adit/adit.toml; one line for each mistake\n"
    "  aditd                                         run in the foreground, log to stderr; SIGTERM ends it "
    "in order\n"
    "  aditd --config lab.toml -- -l 0-3 --file-prefix lab\n"
    "\n"
    "Environment: ADIT_MPPE=NAME forces an MPPE engine in place of the fastest that this CPU runs (a wrong "
    "NAME lists them).\n"
    "             ADIT_XDP_PROGRAM=FILE is the XDP program to load in place of the one that came with "
    "aditd.\n"
    "\n"
    "Exit codes: 0 ended in order, or the configuration is right; 1 it is not; 2 usage, or aditd could not "
    "start;\n"
    "            3 the configuration is right, but aditd would not start with it on this machine (--check).\n"
    "Then ask the running daemon: adit show sessions, adit show stat, adit --help.\n";

constexpr const char* kDescription =
    "Terminates PPTP (RFC 2637) in user space, on DPDK: one control thread speaks TCP/1723 and PPP, "
    "poll-mode workers do "
    "everything that touches a data packet.\n"
    "\n"
    "PPTP, MS-CHAPv2 and RC4 protect nobody's secrets today: whoever records a tunnel can read it. This is "
    "access "
    "encapsulation, migration and measurement.";

}  // namespace

std::expected<Options, EarlyExit> parse_options(std::span<const char* const> arguments) {
  const auto ours_end = std::find_if(arguments.begin(), arguments.end(),
                                     [](const char* a) { return std::string_view(a) == "--"; });
  Options options;
  options.eal_args.assign(ours_end == arguments.end() ? ours_end : ours_end + 1, arguments.end());
  std::vector<std::string> ours(arguments.begin(), ours_end);
  std::reverse(ours.begin(), ours.end());  // the order that CLI11 expects

  CLI::App app("aditd: a kernel-bypass PPTP concentrator.", "aditd");
  app.footer(kFooter);
  app.set_version_flag("--version", "aditd " ADIT_VERSION, "Print the version");
  bool sample = false;
  app.add_option("-c,--config", options.config, "Configuration file (TOML)")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--check", options.check,
               "Check the configuration and this machine, report every problem, start nothing");
  app.add_flag(
      "--prepare", options.prepare,
      "As root, before the service starts: detach stale XDP programs, create directories, hand over files; "
      "start nothing");
  app.add_flag("--sample-config", sample, "Print a complete, commented configuration");
  add_manual(app,
             {.section = 8, .description = kDescription, .see_also = "adit(1), adit.toml(5), adit-blast(1)"});
  app.add_flag_callback("--manual-of-config", [] { throw CLI::CallForVersion(config_manual(), 0); })
      ->group("");
  try {
    app.parse(std::move(ours));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      std::ostringstream text;
      app.exit(error, text, text);
      return std::unexpected(EarlyExit{0, std::move(text).str()});
    }
    return std::unexpected(
        EarlyExit{kUsageError, "aditd: " + escape_octets(error.what()) + "; see aditd --help\n"});
  }
  if (sample) {
    return std::unexpected(EarlyExit{0, sample_config()});
  }
  return options;
}

}  // namespace adit::app
