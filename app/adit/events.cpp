// SPDX-License-Identifier: Apache-2.0
#include "app/adit/events.hpp"

#include <cstdio>
#include <thread>
#include <utility>

#include "app/adit/exit_code.hpp"
#include "app/adit/fields.hpp"
#include "app/adit/invocation.hpp"
#include "app/adit/stream.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kRetry = 500ms;

std::string on_one_line(std::string_view text) {
  constexpr std::size_t kMost = 65'536;
  return escape_text(text, kMost);
}

/// What is not there of what was asked for; empty: all is.
std::string gap(const Json& answer, bool json) {
  const std::uint64_t missed = number(answer, "missed");
  const bool records = flag(answer, "missed_records");
  const bool restarted = flag(answer, "restarted");
  if (missed == 0 && !restarted) {
    return {};
  }
  if (json) {
    return json_text(
        {{"event", "events_missed"}, {"count", missed}, {"records", records}, {"restarted", restarted}});
  }
  std::string text;
  if (restarted) {
    text = "aditd has been restarted since: what its predecessor told last may be missing";
  }
  if (missed != 0) {
    text += (text.empty() ? "" : "; ") + std::to_string(missed) + " events are no longer there" +
            (records ? "" : ", none of them call_up, admin or call_ended after a login");
  }
  return text;
}

/// False: nobody reads on.
bool print(std::FILE* to, const std::string& line) {
  return std::fprintf(to, "%s\n", line.c_str()) >= 0;
}

/// Prints what comes. True: it is over. False: the connection is, and `params` say where to go on.
bool follow(StreamClient& stream, bool json, Json& params) {
  while (const std::optional<Json> got = stream.next()) {
    const Json event = got->value("params", Json::object());
    const std::string method = got->value("method", "");
    if (method == "end") {
      return true;
    }
    if (method == "cut_off") {
      params["after"] =
          number(event, "next") - 1;  // more than what it has printed: of what it does not want, too
    } else if (method == "event") {
      params["after"] = number(event, "seq");
      if (!print(stdout, json ? json_text(event) : render_event(event)) ||
          (!stream.has_next() && std::fflush(stdout) != 0)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

std::expected<Json, std::string> events_params(const Verb&, const Words& words) {
  Json params = Json::object();
  const bool once = !word(words, "--once").empty();
  if (once) {
    params["follow"] = false;
  }
  if (const std::string after = word(words, "--after"); !after.empty()) {
    if (after.size() > 19 || after.find_first_not_of("0123456789") != std::string::npos) {
      return std::unexpected("--after: value " + after + " is no number; write the seq of an event");
    }
    params["after"] = std::stoull(after);
  } else if (once) {
    params["after"] = 0;
  }
  Json filter = Json::object();
  if (const auto events = words.find("--event"); events != words.end()) {
    filter["event"] = events->second;
  }
  for (const char* key : {"user", "peer", "level"}) {
    if (const std::string value = word(words, "--" + std::string(key)); !value.empty()) {
      filter[key] = is_utf8(value) ? value : escape_octets(value);
    }
  }
  if (!filter.empty()) {
    params["filter"] = filter;
  }
  return params;
}

std::string render_event(const Json& event) {
  std::string line;
  for (const auto& [key, value] : event.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : json_text(value);
    if (key == "seq") {
      continue;
    }
    if (key == "time" || key == "level" || key == "event") {
      line += (line.empty() ? "" : " ") + on_one_line(text);
    } else if (!text.empty()) {
      const bool plain = text.find_first_of(" \"=") == std::string::npos;
      line += ' ' + on_one_line(key) + '=' + (plain ? on_one_line(text) : '"' + on_one_line(text) + '"');
    }
  }
  return line;
}

std::expected<int, EarlyExit> run_events(const Invocation& invocation) {
  Json params = invocation.params;
  bool connected = false;
  while (true) {
    auto stream = StreamClient::open(invocation.socket, "events", params, invocation.timeout);
    if (!stream) {
      if (!connected || stream.error().kind == CallFailure::Kind::kRefused) {
        return std::unexpected(failed(stream.error()));
      }
      std::this_thread::sleep_for(kRetry);
      continue;
    }
    if (!connected && !params.contains("after")) {
      params["after"] = number(stream->answer(), "next") - 1;
    }
    connected = true;
    if (const std::string told = gap(stream->answer(), invocation.json); !told.empty()) {
      print(invocation.json ? stdout : stderr, invocation.json ? told : "adit: " + told);
    }
    if (follow(*stream, invocation.json, params)) {
      return kDone;
    }
    std::this_thread::sleep_for(kRetry);
  }
}

}  // namespace adit::app
