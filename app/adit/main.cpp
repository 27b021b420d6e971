// SPDX-License-Identifier: Apache-2.0
// adit: the operator's command. Parses its line, asks aditd, prints a table or JSON. Exit codes are in kFooter.
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "app/adit/client.hpp"
#include "app/adit/render.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

enum ExitCode : int {
  kDone = 0,
  kNothingMatched = 1,
  kUsage = 2,
  kNoConnection = 3,
  kRefused = 4,
  kTimeout = 5
};

constexpr const char* kFooter =
    "Examples:\n"
    "  adit show sessions                     who is connected\n"
    "  adit show stat                         uptime, memory, calls, why calls ended\n"
    "  adit show drops                        packets that went no further, by reason\n"
    "  adit terminate username alice          end alice's calls, with LCP's farewell\n"
    "  adit terminate ip 10.64.0.2 hard       end that call at once\n"
    "  adit test radius alice                 ask the RADIUS servers as for a client that dials\n"
    "  adit reload                            RADIUS servers, rates, [[dae-client]], users: anew from their "
    "files\n"
    "  adit shaper change username alice 10240/2048   10 Mbit/s down, 2 up, from now on\n"
    "  adit show sessions --json | jq '.sessions[] | select(.drops > 0)'\n"
    "\n"
    "Exit codes: 0 done; 1 no such call, or not let in; 2 usage; 3 aditd cannot be reached; 4 it refused;\n"
    "5 it did not answer in time.\n"
    "The socket is cli.socket of adit.toml; the environment variable ADIT_SOCKET names another.\n";

using Render = std::string (*)(const Json&);

struct Show {
  const char* what;
  const char* method;
  Render render;
  const char* help;
};

constexpr Show kShows[] = {
    {"sessions", "show.sessions", &render_sessions, "Calls: user, addresses, encryption, state, traffic"},
    {"stat", "show.stat", &render_stat, "The daemon: uptime, memory, counts, why calls ended"},
    {"drops", "show.drops", &render_drops, "Packets that went no further, by reason"},
    {"workers", "show.workers", &render_workers, "Worker threads: load and traffic"},
    {"pools", "show.pools", &render_pools, "Address pools: used and available"},
    {"ports", "show.ports", &render_ports, "Ports: link, VLAN, the kernel's interface, traffic, restarts"},
    {"radius", "show.radius", &render_radius, "RADIUS servers: state, requests, replies, round trips"},
    {"steering", "show.steering", &render_steering,
     "How ports choose a worker, how often they missed, who has which calls"},
    {"version", "version", &render_version, "The version of the running aditd"},
};

struct CommandLine {
  std::string socket = "/run/adit/adit.sock";
  unsigned timeout_seconds = 10;
  bool json = false;
  const Show* show = nullptr;  // else terminate, or
  std::string shaper_verb;     // shaper change, shaper restore
  std::vector<std::string> shaper_words;
  std::string rate;
  std::string port;         // port restart
  std::string worker_verb;  // worker idle, worker use
  unsigned worker = 0;
  std::string by;
  std::string value;
  std::string how = "soft";
  bool reload = false;
  std::string user;  // test radius
  std::string method = "mschap-v2";
};

int usage_error(std::string_view what) {
  std::fprintf(stderr, "adit: %s; see adit --help\n", escape_octets(what, 200).c_str());
  return kUsage;
}

int exit_code(CallFailure::Kind kind) {
  switch (kind) {
    case CallFailure::Kind::kNoConnection:
      return kNoConnection;
    case CallFailure::Kind::kTimeout:
      return kTimeout;
    case CallFailure::Kind::kRefused:
      return kRefused;
  }
  return kRefused;
}

int report(const CommandLine& line, const Json& result) {
  if (line.json) {
    std::puts(result.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  } else if (!line.port.empty()) {
    std::puts("restarting; adit show ports tells when it is done");
  } else if (!line.worker_verb.empty()) {
    std::fputs(render_steering(result).c_str(), stdout);
  } else if (line.reload) {
    std::puts(
        "reloaded: RADIUS servers, rates, [[dae-client]] and chap-secrets; the rest counts at the next "
        "start");
  } else if (!line.user.empty()) {
    std::fputs(render_trial(result).c_str(), stdout);
  } else if (line.show != nullptr) {
    std::fputs(line.show->render(result).c_str(), stdout);
  } else {
    const std::uint64_t count = acted_on_count(result);
    std::printf("%llu call%s %s\n", static_cast<unsigned long long>(count), count == 1 ? "" : "s",
                line.shaper_verb.empty() ? "ended" : "changed");
  }
  if (std::fflush(stdout) != 0) {
    std::perror("adit: cannot write");
    return kUsage;
  }
  if (line.reload) {
    return kDone;
  }
  if (!line.user.empty()) {
    return is_good_trial(result) ? kDone : kNothingMatched;
  }
  const bool nothing = line.show == nullptr && line.worker_verb.empty() && line.port.empty() &&
                       line.by != "all" && acted_on_count(result) == 0;
  return nothing ? kNothingMatched : kDone;
}

/// Never from the command line, which everybody can read: from the environment, else a line of standard input, that a
/// terminal does not echo.
std::optional<std::string> read_password() {
  if (const char* given = std::getenv("ADIT_TEST_PASSWORD")) {
    return given;
  }
  termios before{};
  const bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
  if (terminal) {
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    std::fputs("Password: ", stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  std::string password;
  const bool read = static_cast<bool>(std::getline(std::cin, password));
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::fputs("\n", stderr);
  }
  return read ? std::optional(password) : std::nullopt;
}

int ask(const CommandLine& line) {
  Json params;
  const char* method = line.show != nullptr ? line.show->method : "terminate";
  if (!line.port.empty()) {
    method = "port";
    params = {{"restart", line.port}};
  } else if (!line.worker_verb.empty()) {
    method = "worker";
    params = {{"worker", line.worker}, {"in_use", line.worker_verb == "use"}};
  } else if (!line.shaper_verb.empty()) {
    method = "shaper";
    params = {{"by", line.by}};
    if (line.by != "all") {
      params["value"] = line.value;
    }
    if (line.shaper_verb == "change") {
      params["rate"] = line.rate;
    }
  } else if (line.reload) {
    method = "reload";
  } else if (!line.user.empty()) {
    const auto password = read_password();
    if (!password) {
      return usage_error("no password: set ADIT_TEST_PASSWORD, or write it as a line of standard input");
    }
    method = "try.radius";
    params = {{"user", line.user}, {"password", *password}, {"method", line.method}};
  } else if (line.show == nullptr) {
    params = {{"by", line.by}, {"hard", line.how == "hard"}};
    if (line.by != "all") {
      params["value"] = line.value;
    }
  }
  const auto result = call_aditd(line.socket, method, params, std::chrono::seconds(line.timeout_seconds));
  if (!result) {
    std::fprintf(stderr, "adit: %s\n", result.error().text.c_str());
    return exit_code(result.error().kind);
  }
  return report(line, *result);
}

void add_show(CLI::App& app, CommandLine& line) {
  CLI::App* show = app.add_subcommand("show", "Print what aditd knows")->require_subcommand(0, 1);
  for (const Show& what : kShows) {
    show->add_subcommand(what.what, what.help)->callback([&line, &what] { line.show = &what; });
  }
}

void add_terminate(CLI::App& app, CommandLine& line) {
  CLI::App* terminate = app.add_subcommand("terminate", "End calls")->require_subcommand(0, 1);
  const CLI::IsMember soft_or_hard({"soft", "hard"});
  for (const auto& [by, help] : {std::pair("username", "The calls of a user, by name as it was sent"),
                                 std::pair("ip", "The call that has an address"),
                                 std::pair("sid", "The call with a session ID (adit show sessions)"),
                                 std::pair("all", "Every call")}) {
    CLI::App* one = terminate->add_subcommand(by, help);
    if (std::string_view(by) != "all") {
      one->add_option("value", line.value, "Which")->required();
    }
    one->add_option("how", line.how, "soft: with LCP's farewell; hard: at once")->transform(soft_or_hard);
    one->callback([&line, name = by] { line.by = name; });
  }
}

void add_shaper(CLI::App& app, CommandLine& line) {
  CLI::App* shaper =
      app.add_subcommand("shaper", "Change calls' rate limits in place")->require_subcommand(0, 1);
  for (const auto& [verb, help] : {std::pair("change", "Another rate, until the call ends or restore"),
                                   std::pair("restore", "Back to the rate that the call was let in with")}) {
    CLI::App* one = shaper->add_subcommand(verb, help);
    one->add_option("by", line.by, "username, ip, sid or all")
        ->required()
        ->transform(CLI::IsMember({"username", "ip", "sid", "all"}));
    std::vector<std::string>* rest = &line.shaper_words;
    one->add_option("words", *rest,
                    std::string_view(verb) == "change" ? "Which, and kbit/s: 10240 or 10240/2048" : "Which");
    one->callback([&line, name = verb] { line.shaper_verb = name; });
  }
}

/// "username alice 10240/2048", "all 10240": what stands behind the verb. False: too few or too many words.
bool read_shaper_words(CommandLine& line) {
  std::size_t wanted = (line.by != "all" ? 1 : 0) + (line.shaper_verb == "change" ? 1 : 0);
  if (line.shaper_words.size() != wanted) {
    return false;
  }
  line.value = line.by != "all" ? line.shaper_words.front() : "";
  line.rate = line.shaper_verb == "change" ? line.shaper_words.back() : "";
  return true;
}

void add_worker(CLI::App& app, CommandLine& line) {
  CLI::App* worker =
      app.add_subcommand("worker", "Give a worker new calls, or none")->require_subcommand(0, 1);
  for (const auto& [verb, help] :
       {std::pair("idle", "No new calls; those that it has stay and end in their time"),
        std::pair("use", "New calls again")}) {
    CLI::App* one = worker->add_subcommand(verb, help);
    one->add_option("worker", line.worker, "Its number (adit show workers)")->required();
    one->callback([&line, name = verb] { line.worker_verb = name; });
  }
}

void add_port(CLI::App& app, CommandLine& line) {
  CLI::App* port = app.add_subcommand("port", "Command a port")->require_subcommand(0, 1);
  port->add_subcommand("restart", "Stop and start its device anew, VLANs and all; calls stay")
      ->add_option("port", line.port, "Its name (adit show ports)")
      ->required();
}

void add_test(CLI::App& app, CommandLine& line) {
  CLI::App* radius =
      app.add_subcommand("test", "Try something by hand")
          ->require_subcommand(0, 1)
          ->add_subcommand("radius",
                           "A login at the RADIUS servers: the verdict, what it grants, whether a "
                           "client would take it.\nThe password is ADIT_TEST_PASSWORD's, or a line "
                           "of standard input");
  radius->add_option("user", line.user, "User name, as a client would send it")->required();
  radius->add_option("--method", line.method, "How it is proved")
      ->transform(CLI::IsMember({"mschap-v2", "mschap-v1", "chap-md5", "pap"}))
      ->capture_default_str();
}

int run(int argc, char** argv) {
  CommandLine line;
  CLI::App app("adit: ask and command a running aditd.", "adit");
  app.footer(kFooter);
  app.set_version_flag("--version", "adit " ADIT_VERSION, "Print adit's own version");
  app.add_option("-s,--socket", line.socket, "aditd's socket")
      ->envname("ADIT_SOCKET")
      ->type_name("PATH")
      ->capture_default_str();
  app.add_option("-t,--timeout", line.timeout_seconds, "How long to wait for aditd")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_flag("-j,--json", line.json, "Print JSON, as aditd sent it");
  app.require_subcommand(0, 1);
  app.fallthrough();  // options may follow the command
  add_show(app, line);
  add_terminate(app, line);
  add_shaper(app, line);
  add_worker(app, line);
  add_port(app, line);
  add_test(app, line);
  app.add_subcommand("reload",
                     "Read adit.toml and chap-secrets anew: RADIUS servers, rates, [[dae-client]], users")
      ->callback([&line] { line.reload = true; });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : usage_error(error.what());
  }
  if (app.got_subcommand("show") && line.show == nullptr) {
    return usage_error(
        "show what? There are sessions, stat, drops, workers, pools, ports, radius, steering and version");
  }
  if (!line.shaper_verb.empty() && !read_shaper_words(line)) {
    return usage_error(
        "write: shaper change username NAME RATE, shaper change all RATE, or shaper restore sid SID");
  }
  if (app.got_subcommand("shaper") && line.shaper_verb.empty()) {
    return usage_error("do what with the shaper? change or restore, which calls, and their rate");
  }
  if (line.show == nullptr && line.by.empty() && line.worker_verb.empty() && line.port.empty() &&
      line.user.empty() && !line.reload) {
    return usage_error(app.got_subcommand("terminate") ? "terminate which? By username, ip, sid, or all"
                       : app.got_subcommand("worker")  ? "do what with a worker? idle or use, and its number"
                       : app.got_subcommand("test")    ? "test what? radius, and a user"
                       : app.got_subcommand("port")
                           ? "do what with a port? restart, and its name"
                           : "do what? There are show, terminate, shaper, worker, port, test and reload");
  }
  if (line.show == nullptr && line.worker_verb.empty() && line.port.empty() && line.user.empty() &&
      !line.reload && line.by != "all" && line.value.empty()) {
    return usage_error("terminate which " + line.by + "? It is empty");
  }
  return ask(line);
}

}  // namespace
}  // namespace adit::app

int main(int argc, char** argv) {
  try {
    return adit::app::run(argc, argv);
  } catch (const std::exception& error) {  // out of memory, or a reply that no aditd sends
    std::fprintf(stderr, "adit: %s\n", error.what());
    return 4;
  }
}
