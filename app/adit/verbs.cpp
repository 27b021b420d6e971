// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <algorithm>
#include <utility>

#include "app/adit/events.hpp"
#include "app/adit/password.hpp"
#include "app/adit/render.hpp"
#include "app/adit/session_verbs.hpp"
#include "app/adit/trace.hpp"
#include "app/adit/verb.hpp"
#include "app/escape.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::app {
namespace {

using Params = std::expected<Json, std::string>;

Params selector(const std::string& by, const std::string& value) {
  if (by == "all") {
    return Json{{"by", by}};
  }
  if (value.empty()) {
    return std::unexpected("the " + by + " is empty");
  }
  return Json{{"by", by}, {"value", written_name(value)}};
}

/// A session ID or an address, by their form; anything else is a user, whom --by names for sure.
Params session_params(const Verb&, const Words& words) {
  const std::string value = word(words, "which");
  std::string by = word(words, "--by");
  if (by == "any") {
    const bool digits = value.find_first_not_of("0123456789abcdef") == std::string::npos;
    const bool dotted = value.find_first_not_of("0123456789.") == std::string::npos;
    const bool ipv6 =
        wire::parse_ipv6_address(std::string_view(value).substr(0, value.find('/'))).has_value();
    by = digits && value.size() == 16                    ? "sid"
         : dotted && std::ranges::count(value, '.') == 3 ? "ip"
         : ipv6                                          ? "ip"
                                                         : "username";
  }
  return selector(by, value);
}

Params terminate_params(const Verb& verb, const Words& words) {
  Params params = selector(std::string(verb.name), word(words, "value"));
  if (params) {
    (*params)["hard"] = word(words, "how") == "hard";
  }
  return params;
}

/// "username alice 10240/2048", "all 10240"; without a rate: restore the call's own.
Params shaper_params(const Verb& verb, const Words& words) {
  const bool is_change = verb.name == "change";
  const std::string by = word(words, "by");
  const auto found = words.find("words");
  const std::vector<std::string> rest = found == words.end() ? std::vector<std::string>() : found->second;
  if (rest.size() != (by != "all" ? 1U : 0U) + (is_change ? 1U : 0U)) {
    return std::unexpected(
        "write: shaper change username NAME RATE, shaper change all RATE, or shaper restore sid SID");
  }
  Params params = selector(by, by != "all" ? rest.front() : "");
  if (params && is_change) {
    (*params)["rate"] = rest.back();
  }
  return params;
}

Params worker_params(const Verb& verb, const Words& words) {
  return Json{{"worker", std::stoul(word(words, "worker"))}, {"in_use", verb.name == "use"}};
}

Params port_params(const Verb&, const Words& words) {
  if (word(words, "port").empty()) {
    return std::unexpected("the port's name is empty");
  }
  return Json{{"restart", word(words, "port")}};
}

Params trial_params(const Verb&, const Words& words) {
  if (word(words, "user").empty()) {
    return std::unexpected("the user name is empty");
  }
  const auto password = read_password();
  if (!password) {
    return std::unexpected("no password: set ADIT_TEST_PASSWORD, or write it as a line of standard input");
  }
  if (!is_utf8(*password)) {
    return std::unexpected("the password is not UTF-8, and JSON carries no other text");
  }
  return Json{{"user", written_name(word(words, "user"))},
              {"password", *password},
              {"method", word(words, "--method")}};
}

Params explain_params(const Verb&, const Words& words) {
  const std::string by = word(words, "--by"), subject = word(words, "subject");
  Params params = selector(by, subject);
  if (params && (by == "ip" || by == "peer") && !is_ipv4(subject)) {
    return std::unexpected("subject: value " + subject + " is no IPv4 address; write it as 192.0.2.7");
  }
  if (!params) {
    return std::unexpected("the subject is empty: a user, a session ID, an address or a reason");
  }
  return params;
}

Params shutdown_params(const Verb&, const Words& words) {
  const std::string how = word(words, "how");
  return Json{{"how", how.empty() ? "now" : how}};
}

Params reload_params(const Verb&, const Words& words) {
  return words.contains("--dry-run") ? Json{{"dry_run", true}} : Json::object();
}

bool ended_any(const Json& result, const Words&) {
  return acted_on_count(result) > 0;
}

/// With `all`, no call at all is not a failure.
bool changed_any(const Json& result, const Words& words) {
  return word(words, "by") == "all" || acted_on_count(result) > 0;
}

bool is_told(const Json& result, const Words&) {
  return is_explained(result);
}

bool found_any(const Json& result, const Words&) {
  return has_sessions(result);
}

bool is_accepted(const Json& result, const Words&) {
  return is_good_trial(result);
}

std::vector<Verb> make_verbs() {
  const Word value{.name = "value", .help = "Which (adit show sessions)"};
  const Word how{.name = "how",
                 .help = "soft: with an LCP Terminate-Request; hard: at once",
                 .required = false,
                 .choices = {"soft", "hard"}};
  const Word by{
      .name = "by", .help = "username, ip, sid or all", .choices = {"username", "ip", "sid", "all"}};
  const Word worker{.name = "worker", .help = "Its number (adit show workers)", .kind = Word::Kind::kNumber};
  const auto rest = [](std::string help) {
    return Word{.name = "words", .help = std::move(help), .kind = Word::Kind::kRest, .required = false};
  };
  const Word method{.name = "--method",
                    .help = "Authentication method",
                    .required = false,
                    .choices = {"mschap-v2", "mschap-v1", "chap-md5", "pap"},
                    .preset = "mschap-v2"};
  const Word by_what{.name = "--by",
                     .help = "What it is",
                     .required = false,
                     .choices = {"any", "username", "sid", "ip", "peer", "reason"},
                     .preset = "any"};
  return {
      {"show",
       "sessions",
       "Calls: user, addresses, encryption, state, traffic",
       "show.sessions",
       nullptr,
       {rest("[COLUMN,...] [match COLUMN REGEX] [order COLUMN] [limit N]"),
        {.name = "--watch",
         .help = "Again and again, with rates; [SECONDS] may follow, 2 otherwise",
         .kind = Word::Kind::kFlag,
         .required = false}},
       nullptr,
       nullptr,
       &run_show_sessions,
       &show_sessions_help},
      {"show",
       "session",
       "One call in full: what was negotiated and granted, timers, traffic, drops by reason, GRE's numbers",
       "show.session",
       &render_session,
       {{.name = "which", .help = "USER, SID or IP (adit show sessions)"},
        {.name = "--by",
         .help = "What it is",
         .required = false,
         .choices = {"any", "username", "sid", "ip"},
         .preset = "any"}},
       &session_params,
       &found_any},
      {"show", "stat", "The daemon: uptime, memory, counts, why calls ended", "show.stat", &render_stat},
      {"show", "drops", "Dropped packets, by reason", "show.drops", &render_drops},
      {"show", "workers", "Worker threads: load and traffic", "show.workers", &render_workers},
      {"show", "counters", "Every counter of the workers and ports, and what it means", "show.counters",
       &render_counters},
      {"show", "pools", "Address pools: used and available", "show.pools", &render_pools},
      {"show", "admission", "Client addresses that were refused, gave way, had to wait, or failed to log in",
       "show.admission", &render_admission},
      {"show", "ports", "Ports: link, VLAN, the kernel's interface, traffic, restarts", "show.ports",
       &render_ports},
      {"show", "radius", "RADIUS servers: state, requests, replies, round trips", "show.radius",
       &render_radius},
      {"show", "steering", "How ports choose a worker, how often they missed, who has which calls",
       "show.steering", &render_steering},
      {"show", "config",
       "Every key, where it is set, what waits for the next start (accel-ppp: show loaded-config)",
       "show.config", &render_config},
      {"show", "metrics", "Everything that is measured, as Prometheus gets it; all labels with --json",
       "show.metrics", &render_metrics},
      {"show", "version", "The version of the running aditd", "version", &render_version},

      {"",
       "top",
       "The calls that carry most, live; q quits",
       "show.sessions",
       nullptr,
       {{.name = "--once",
         .help = "Print one sample, as when standard output is no terminal",
         .kind = Word::Kind::kFlag,
         .required = false}},
       nullptr,
       nullptr,
       &run_top},

      {"terminate",
       "username",
       "The calls of a user, by the name that the client sent",
       "terminate",
       &render_ended,
       {value, how},
       &terminate_params,
       &ended_any},
      {"terminate",
       "ip",
       "The call that has an address",
       "terminate",
       &render_ended,
       {value, how},
       &terminate_params,
       &ended_any},
      {"terminate",
       "sid",
       "The call with a session ID (adit show sessions)",
       "terminate",
       &render_ended,
       {value, how},
       &terminate_params,
       &ended_any},
      {"terminate", "all", "Every call", "terminate", &render_ended, {how}, &terminate_params},

      {"shaper",
       "change",
       "Set another rate, until the call ends or it is restored",
       "shaper",
       &render_changed,
       {by, rest("Which, and kbit/s: 10240 or 10240/2048")},
       &shaper_params,
       &changed_any},
      {"shaper",
       "restore",
       "Back to the rate that the call started with",
       "shaper",
       &render_changed,
       {by, rest("Which")},
       &shaper_params,
       &changed_any},

      {"worker",
       "idle",
       "Give it no new calls; those that it has stay until they end",
       "worker",
       &render_steering,
       {worker},
       &worker_params},
      {"worker", "use", "Give it new calls again", "worker", &render_steering, {worker}, &worker_params},

      {"port",
       "restart",
       "Stop and start its device, with all its VLANs; calls stay up",
       "port",
       &render_restarted,
       {{.name = "port", .help = "Its name (adit show ports)"}},
       &port_params},

      {"test",
       "radius",
       "A login at the RADIUS servers: the verdict, what it grants, whether a client would take it.\n"
       "The password is ADIT_TEST_PASSWORD's, or a line of standard input",
       "try.radius",
       &render_trial,
       {{.name = "user", .help = "User name, as a client would send it"}, method},
       &trial_params,
       &is_accepted},

      {"",
       "events",
       "What happens, as it happens: the log's rows, a line each. Goes on where it was when aditd restarts",
       "events",
       nullptr,
       {{.name = "--after",
         .help = "Begin behind this seq: 0 is all that aditd remembers",
         .required = false},
        {.name = "--once",
         .help = "End with the last one there is",
         .kind = Word::Kind::kFlag,
         .required = false},
        {.name = "--event",
         .help = "Only these, as the log calls them: call_up,call_ended",
         .kind = Word::Kind::kRest,
         .required = false},
        {.name = "--user", .help = "Only this user's", .required = false},
        {.name = "--peer", .help = "Only this client address'", .required = false},
        {.name = "--level",
         .help = "Only these and what is more severe",
         .required = false,
         .choices = {"debug", "info", "warning", "error"}}},
       &events_params,
       nullptr,
       &run_events},

      {"",
       "trace",
       "The packets of one call, as they come: outer and decrypted, both ways, each with what became of it.\n"
       "Without passwords; what its user sends and receives is in it, and the log says who asked",
       "trace",
       nullptr,
       {{.name = "who", .help = "A user, a session ID or the subscriber's address (adit show sessions)"},
        {.name = "--for", .help = "How long, at most 10m: 30s, 5m", .required = false, .preset = "30s"},
        {.name = "--packets",
         .help = "End after so many lines, of which a packet has one for each layer",
         .kind = Word::Kind::kNumber,
         .required = false,
         .least = 1},
        {.name = "--write", .help = "Into a new pcapng file, for Wireshark", .required = false}},
       &trace_params,
       nullptr,
       &run_trace},

      {"",
       "explain",
       "The story of a call, also of one that ended or never came up: what happened at each gate, why it\n"
       "failed, what to do. Or what a reason means that calls end or packets are dropped by",
       "explain",
       &render_explain,
       {{.name = "subject", .help = "USER, SID, an address of either side, or a REASON"}, by_what},
       &explain_params,
       &is_told},

      {"",
       "reload",
       "Read adit.toml and chap-secrets again; says of each key that has changed whether it counts now, for\n"
       "new calls or at the next start. What is wrong is told, and nothing of the file is applied then",
       "reload",
       &render_reloaded,
       {{.name = "--dry-run",
         .help = "Say so, and change nothing",
         .kind = Word::Kind::kFlag,
         .required = false}},
       &reload_params},
      {"",
       "shutdown",
       "End aditd: every client is told to go, the last counters are accounted.\n"
       "soft: take no new calls, and end with the last one; cancel: take them again; hard: end at once",
       "shutdown",
       &render_shutdown,
       {{.name = "how",
         .help = "soft, hard or cancel",
         .required = false,
         .choices = {"soft", "hard", "cancel"}}},
       &shutdown_params},
  };
}

}  // namespace

std::string word(const Words& words, std::string_view name) {
  const auto found = words.find(name);
  return found == words.end() || found->second.empty() ? "" : found->second.front();
}

bool is_ipv4(const std::string& text) {
  in_addr address{};
  return text.size() < INET_ADDRSTRLEN && ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}

std::span<const Verb> verbs() {
  static const std::vector<Verb> kVerbs = make_verbs();
  return kVerbs;
}

std::string_view group_help(std::string_view group) {
  constexpr std::pair<std::string_view, std::string_view> kGroups[] = {
      {"show", "Print what aditd knows"},
      {"terminate", "End calls"},
      {"shaper", "Change calls' rate limits in place"},
      {"worker", "Give a worker new calls, or none"},
      {"port", "Control a port"},
      {"test", "Try something by hand"},
  };
  for (const auto& [name, help] : kGroups) {
    if (name == group) {
      return help;
    }
  }
  return "";
}

}  // namespace adit::app
