// SPDX-License-Identifier: Apache-2.0
// Keys of accel-ppp.conf (1.12 and 1.13) whose names or places are others here, and those that have no counterpart. Keys
// that are merely in another section are found without a row. And files of others that are taken for ours.
#include <algorithm>
#include <utility>

#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

struct Hint {
  std::string_view section;
  std::string_view key;  ///< "": the section itself
  std::string_view text;
};

constexpr std::string_view kNoKernelPpp = "remove it: no pppN interface is made, and no script is run";
constexpr std::string_view kServerTables =
    "write a table of its own: [[radius-server]] with address and secret; auth-port and acct-port are its "
    "keys";
constexpr std::string_view kClientTables =
    "write a table of its own: [[dae-client]] with address and secret; here are dae-ip-address and dae-port";
constexpr std::string_view kOnePort =
    "remove it: log-file has one line for each event; level says which are written";
constexpr std::string_view kNoDebugOutput = "write level = \"debug\" below [log]";
constexpr std::string_view kPolicer =
    "remove it: rates are policed without qdiscs; attributes that have them are [[radius-rate]]";

constexpr std::string_view kFramedIpv6Pool = "remove it: Framed-IPv6-Pool and its like name the pools";

constexpr Hint kHints[] = {
    {"modules", "", "remove it: there are no modules, and what a section configures is on"},
    {"core", "log-error", "write log-file below [log]"},
    {"core", "thread-count", "it is called workers"},
    {"common", "check-ip", "remove it: an address in use is given to nobody else"},
    {"common", "session-timeout", "remove it: Session-Timeout comes from RADIUS"},
    {"ppp", "verbose", kNoDebugOutput},
    {"ppp", "ccp", "it is called mppe: \"deny\" is ccp=0"},
    {"ppp", "check-ip", "remove it: an address in use is given to nobody else"},
    {"ppp", "ipv4", "remove it: IPv4 is always there"},
    {"ppp", "ipv6", "write mode below [ipv6]"},
    {"ppp", "ipv6-intf-id", "write gw-link-local below [ipv6]"},
    {"ppp", "ipv6-peer-intf-id",
     "remove it: a client has the identifier that RADIUS names, else one of its own"},
    {"ppp", "ipv6-accept-peer-intf-id",
     "remove it: a client has the identifier that RADIUS names, else one of its own"},
    {"ppp", "ipv6-pool", "remove it: users have the pool that RADIUS names, else \"default\" of each use"},
    {"ppp", "ipv6-pool-delegate",
     "remove it: users have the pool that RADIUS names, else \"default\" of each use"},
    {"pptp", "ipv6-pool", "remove it: users have the pool that RADIUS names, else \"default\" of each use"},
    {"pptp", "ipv6-pool-delegate",
     "remove it: users have the pool that RADIUS names, else \"default\" of each use"},
    {"ppp", "lcp-echo-timeout", "write lcp-echo-failure: so many unanswered requests end the call"},
    {"ppp", "unit-cache", kNoKernelPpp},
    {"ppp", "unit-preallocate", kNoKernelPpp},
    {"ppp", "single-session", "it belongs to [common]"},
    {"auth", "any-login", "remove it: who may come in is in chap-secrets or RADIUS"},
    {"auth", "noauth", "remove it: who may come in is in chap-secrets or RADIUS"},
    {"pptp", "verbose", kNoDebugOutput},
    {"pptp", "timeout", "it is called start-timeout; login-timeout bounds all of it"},
    {"pptp", "echo-failure", "write echo-timeout: how long one Echo-Request may go unanswered"},
    {"pptp", "mppe", "it belongs to [ppp]"},
    {"pptp", "ip-pool", "remove it: users have the pool that RADIUS names (Framed-Pool), else \"default\""},
    {"pptp", "ifname", kNoKernelPpp},
    {"pptp", "mss", "write clamp below [mss]"},
    {"radius", "server", kServerTables},
    {"radius", "auth-server", kServerTables},
    {"radius", "acct-server", kServerTables},
    {"radius", "dae-server", kClientTables},
    {"radius", "dm-coa-secret", kClientTables},
    {"radius", "verbose", kNoDebugOutput},
    {"radius", "interim-verbose", kNoDebugOutput},
    {"radius", "acct-timeout", "remove it: accounting that fails ends no session"},
    {"radius", "acct-delay-time", "remove it: Acct-Delay-Time is always sent"},
    {"radius", "acct-on", "remove it: Accounting-On is always sent"},
    {"radius", "fail-timeout", "it is called dead-time"},
    {"radius", "fail-time", "it is called dead-time"},
    {"radius", "req-limit", "write sockets: 256 requests each wait for a server at once"},
    {"radius", "bind", "remove it: the kernel chooses by its routes"},
    {"radius", "default-port", kServerTables},
    {"client-ip-range", "", "remove it: who may dial is a matter of the firewall"},
    {"ip-pool", "vendor", "remove it: Framed-Pool names the pool"},
    {"ip-pool", "attr", "remove it: Framed-Pool names the pool"},
    {"ip-pool", "shuffle", "remove it: addresses rest before they are given out again ([ip] quarantine)"},
    {"log", "log-emerg", kOnePort},
    {"log", "log-debug", kNoDebugOutput},
    {"log", "log-tcp", kOnePort},
    {"log", "syslog", "write log-fail-syslog for failures; without log-file, systemd's journal has all"},
    {"log", "copy", kOnePort},
    {"log", "color", kOnePort},
    {"log", "per-user-dir", kOnePort},
    {"log", "per-session-dir", kOnePort},
    {"log", "per-session", kOnePort},
    {"log-pgsql", "", "remove it: RADIUS accounting is what a database is for"},
    {"pppd-compat", "", kNoKernelPpp},
    {"chap-secrets", "username-hash", "remove it: names are read as they are"},
    {"shaper", "attr", "write a table of its own: [[radius-rate]] with attribute and form"},
    {"shaper", "vendor", "write a table of its own: [[radius-rate]] with attribute and form"},
    {"shaper", "attr-up", "write a table of its own: [[radius-rate]] with direction = \"up\""},
    {"shaper", "attr-down", "write a table of its own: [[radius-rate]] with direction = \"down\""},
    {"shaper", "rate-limit", "it is called rate"},
    {"shaper", "up-limiter", kPolicer},
    {"shaper", "down-limiter", kPolicer},
    {"shaper", "burst-factor", "write down-burst-factor and up-burst-factor"},
    {"shaper", "cburst", kPolicer},
    {"shaper", "r2q", kPolicer},
    {"shaper", "quantum", kPolicer},
    {"shaper", "latency", kPolicer},
    {"shaper", "ifb", kPolicer},
    {"shaper", "fwmark", kPolicer},
    {"shaper", "leaf-qdisc", kPolicer},
    {"shaper", "verbose", kNoDebugOutput},
    {"cli", "telnet", "write socket: `adit` reaches aditd there, by its permissions"},
    {"cli", "tcp", "write socket: `adit` reaches aditd there, by its permissions"},
    {"cli", "password", "write group: the socket's permissions say who may"},
    {"cli", "history-file", "remove it: `adit` is a command of the shell"},
    {"cli", "prompt", "remove it: `adit` is a command of the shell"},
    {"cli", "verbose", kNoDebugOutput},
    {"connlimit", "", "write max-connections-per-address and accept-rate below [pptp]"},
    {"snmp", "", "remove it: `adit show stat --json` has what can be monitored"},
    {"l2tp", "", "remove it: PPTP is what is served"},
    {"pppoe", "", "remove it: PPTP is what is served"},
    {"ipoe", "", "remove it: PPTP is what is served"},
    {"sstp", "", "remove it: PPTP is what is served"},
    {"ipv6-pool", "delegate", "write a table of its own: [[ipv6-pool]] with use = \"delegate\""},
    {"ipv6-pool", "gw-ip6-address", "write gw-link-local below [ipv6]"},
    {"ipv6-pool", "vendor", kFramedIpv6Pool},
    {"ipv6-pool", "attr-prefix", kFramedIpv6Pool},
    {"ipv6-pool", "attr-address", kFramedIpv6Pool},
    {"ipv6-dns", "", "write dns and domain below [ipv6]"},
    {"ipv6-dhcp", "", "write dhcpv6 below [ipv6]"},
    {"ipv6-nd", "", "write ra-interval and ra-lifetime below [ipv6]"},
};

/// A file of somebody else's, by the first line of it that nobody else has.
struct ForeignFile {
  std::string_view begin;  ///< of the line, without blanks before it
  std::string_view has;    ///< somewhere behind that
  std::string_view what;
  std::string_view instead;
};

constexpr std::string_view kSideBySide =
    "`aditd --sample-config` prints a configuration, docs/from-accel-ppp.md has the keys of both side by "
    "side";
constexpr std::string_view kPoptop =
    "`aditd --sample-config` prints a configuration: localip is [ip] gw-ip-address, remoteip an [[ip-pool]], "
    "listen [pptp] bind; see docs/from-accel-ppp.md";
constexpr std::string_view kOptions =
    "`aditd --sample-config` prints a configuration: require-mppe-128 is [ppp] mppe, require-mschap-v2 "
    "[auth] "
    "methods, ms-dns [dns]; see docs/from-accel-ppp.md";
constexpr std::string_view kSecrets =
    "name it below [chap-secrets] of a configuration: chap-secrets = \"/etc/adit/chap-secrets\"; see "
    "docs/from-accel-ppp.md";
constexpr std::string_view kServers =
    "it stays with the RADIUS server, which a [[radius-server]] of a configuration names; see "
    "docs/from-accel-ppp.md";
constexpr std::string_view kDictionary =
    "name it below [radius] of a configuration: dictionary = [\"/etc/adit/dictionary.acme\"]; see "
    "docs/from-accel-ppp.md";

constexpr ForeignFile kForeignFiles[] = {
    {"[modules]", "", "accel-ppp's accel-ppp.conf", kSideBySide},
    {"localip ", "", "poptop's pptpd.conf", kPoptop},
    {"remoteip ", "", "poptop's pptpd.conf", kPoptop},
    {"option /", "", "poptop's pptpd.conf", kPoptop},
    {"require-mschap", "", "pppd's options", kOptions},
    {"require-mppe", "", "pppd's options", kOptions},
    {"refuse-", "", "pppd's options", kOptions},
    {"ms-dns ", "", "pppd's options", kOptions},
    {"ATTRIBUTE", "", "a FreeRADIUS dictionary", kDictionary},
    {"VENDOR", "", "a FreeRADIUS dictionary", kDictionary},
    {"client ", "{", "FreeRADIUS's clients.conf", kServers},
    {"", "Cleartext-Password", "FreeRADIUS's users", kServers},
    {"", "NT-Password", "FreeRADIUS's users", kServers},
};

std::string_view without_blanks(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  return line.substr(0, line.find_last_not_of(" \t\r") + 1);
}

/// What `is` makes of the first line of which it makes something. Lines are numbered from 1.
template <typename Is>
std::optional<Foreign> first_line(std::string_view text, Is is) {
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_blanks(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    if (const std::optional<Foreign> found = is(line, number)) {
      return found;
    }
  }
  return std::nullopt;
}

std::size_t columns_of(std::string_view line) {
  std::size_t columns = 0;
  for (; !line.empty(); ++columns) {
    const std::size_t end = line.front() == '"' ? line.find('"', 1) : line.find_first_of(" \t");
    line = end == std::string_view::npos ? "" : without_blanks(line.substr(end + 1));
  }
  return columns;
}

}  // namespace

std::optional<Foreign> foreign_file(std::string_view text) {
  return first_line(text, [](std::string_view line, std::uint32_t number) -> std::optional<Foreign> {
    for (const ForeignFile& file : kForeignFiles) {
      if (line.starts_with(file.begin) && line.substr(file.begin.size()).contains(file.has)) {
        return Foreign{number, file.what, file.instead};
      }
    }
    return std::nullopt;
  });
}

std::optional<Foreign> secrets_file(std::string_view text) {
  bool first = true;
  return first_line(text, [&](std::string_view line, std::uint32_t number) -> std::optional<Foreign> {
    const bool is_secret = std::exchange(first, false) && columns_of(line) >= 3 && !line.contains('=');
    return is_secret ? std::optional(Foreign{number, "a chap-secrets", kSecrets}) : std::nullopt;
  });
}

std::string_view hint_about(std::string_view section, std::string_view key) {
  for (const Hint& hint : kHints) {
    if (hint.section == section && hint.key == key) {
      return hint.text;
    }
  }
  return "";
}

}  // namespace adit::app
