// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/options.hpp"

#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include "app/escape.hpp"
#include "app/manual.hpp"

namespace adit::app::exporter {
namespace {

constexpr int kUsageError = 2;

constexpr const char* kDescription =
    "Asks a running aditd by its read-only socket and serves HTTP: metrics for Prometheus, and a page that "
    "plots them "
    "live.\n"
    "It listens on loopback unless told otherwise, changes nothing, and needs no privileges.";
constexpr const char* kFooter =
    "Paths:\n"
    "  /metrics      for Prometheus: its text format, or OpenMetrics for whoever accepts that; no user's "
    "name is in it\n"
    "  /             a status page for a browser, live\n"
    "  /health       200 while aditd answers, 503 while it does not, and why\n"
    "  /api/metrics  what the page reads: JSON; ?names=adit_sessions,adit_drops for some of it\n"
    "\n"
    "Examples:\n"
    "  adit-exporter                              beside aditd; open http://127.0.0.1:9617/\n"
    "  adit-exporter --sessions                   the page can look for a user's calls, too\n"
    "  adit-exporter --listen 192.0.2.1:9617      for a Prometheus on another host: let a firewall say who "
    "may\n"
    "  ssh -L 9617:127.0.0.1:9617 bras1           or look at it from your desk, without --listen\n"
    "\n"
    "For prometheus.yml:\n"
    "  scrape_configs:\n"
    "    - job_name: adit\n"
    "      static_configs: [{targets: ['127.0.0.1:9617']}]\n"
    "Alert rules and a board for Grafana are in /usr/share/doc/adit. Speaks plain HTTP, asks for no "
    "password, and takes no "
    "commands.\n"
    "Exit codes: 0 ended by SIGTERM or SIGINT; 1 it cannot listen; 2 usage.\n";

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(port) : std::nullopt;
}

/// What is wrong, or nothing.
std::string read_listen(const std::string& text, Options& options) {
  const std::string wrong = "write an address and a port, as 127.0.0.1:9617 or [::1]:9617";
  const std::size_t colon = text.rfind(':');
  const auto port =
      colon == std::string::npos ? std::nullopt : port_of(std::string_view(text).substr(colon + 1));
  if (!port) {
    return wrong;
  }
  std::string address = text.substr(0, colon);
  const bool brackets = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (brackets) {
    address = address.substr(1, address.size() - 2);
  }
  in_addr four{};
  in6_addr six{};
  if (!brackets && ::inet_pton(AF_INET, address.c_str(), &four) == 1) {
    options.loopback = (ntohl(four.s_addr) >> 24) == 127;
  } else if (brackets && ::inet_pton(AF_INET6, address.c_str(), &six) == 1) {
    options.loopback = IN6_IS_ADDR_LOOPBACK(&six);
  } else {
    return wrong;
  }
  options.address = address;
  options.port = *port;
  return "";
}

}  // namespace

std::expected<Options, EarlyExit> parse_options(std::span<const char* const> arguments) {
  std::vector<std::string> words(arguments.begin(), arguments.end());
  std::reverse(words.begin(), words.end());  // the order that CLI11 expects

  Options options;
  std::string listen = to_string(options.address, options.port);
  CLI::App app("adit-exporter: aditd's metrics for Prometheus, and a status page for a browser.",
               "adit-exporter");
  app.footer(kFooter);
  app.set_version_flag("--version", "adit-exporter " ADIT_VERSION, "Print the version");
  app.add_option("-l,--listen", listen, "Where to serve HTTP; whoever can reach that may read all of it")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str()
      ->check([&options](const std::string& text) { return read_listen(text, options); });
  app.add_option("-s,--socket", options.socket,
                 "aditd's socket; else /run/adit/adit-read.sock, or adit.sock where that is not there")
      ->type_name("PATH");
  app.add_flag("--sessions", options.sessions,
               "Let the page look for calls: it shows users' names and addresses to whoever can reach it, "
               "any user of this "
               "machine at least");
  app.add_option("--user", options.user,
                 "Whom to become when root starts it; only the socket's group is kept")
      ->type_name("NAME")
      ->capture_default_str();
  add_manual(app, {.section = 8, .description = kDescription, .see_also = "aditd(8), adit(1)"});
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      std::ostringstream text;
      app.exit(error, text, text);
      return std::unexpected(EarlyExit{0, std::move(text).str()});
    }
    return std::unexpected(EarlyExit{
        kUsageError, "adit-exporter: " + escape_octets(error.what()) + "; see adit-exporter --help\n"});
  }
  return options;
}

std::string to_string(const std::string& address, int port) {
  const bool six = address.find(':') != std::string::npos;
  return (six ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

}  // namespace adit::app::exporter
