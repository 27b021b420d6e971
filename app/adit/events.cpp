// SPDX-License-Identifier: Apache-2.0
#include "app/adit/events.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <sstream>
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

/// Why nothing comes any more.
enum class Over : std::uint8_t {
  kAll,     ///< there is nothing more
  kCutOff,  ///< aditd will not wait for who reads so slowly
  kLost     ///< aditd is gone
};

/// Prints what comes. But for kAll, `params` say where to go on.
std::expected<Over, EarlyExit> follow(StreamClient& stream, bool json, Json& params) {
  Over end = Over::kLost;
  while (true) {
    const auto got = stream.next();
    if (!got && got.error() == StreamEnd::kClosed) {
      return end;
    }
    if (!got) {  // a signal that ends nothing
      continue;
    }
    const Json event = got->value("params", Json::object());
    const std::string method = got->value("method", "");
    std::string line;
    if (method == "cut_off") {
      end = Over::kCutOff;
      params["after"] =
          number(event, "next") - 1;  // more than what it has printed: of what it does not want, too
    } else if (method == "event") {
      params["after"] = number(event, "seq");
      line = json ? json_line(event) : render_event(event) + '\n';
    }
    if (const auto done = put(line, method != "event" || !stream.has_next()); !done) {
      return std::unexpected(done.error());
    }
    if (method == "end") {
      return Over::kAll;
    }
  }
}

/// Says once that aditd is gone, and once that it is back.
void tell(bool& was_lost, bool lost) {
  if (was_lost != lost) {
    std::fputs(
        lost ? "adit: aditd is gone; this goes on where it was when it is back\n" : "adit: aditd is back\n",
        stderr);
    was_lost = lost;
  }
}

/// To programs among the events, to people beside them.
std::expected<int, EarlyExit> tell_gap(const Json& answer, bool json) {
  const std::string told = gap(answer, json);
  if (told.empty()) {
    return kDone;
  }
  if (json) {
    return put(told + '\n');
  }
  std::fprintf(stderr, "adit: %s\n", told.c_str());
  return kDone;
}

/// The names, of which a word may have several: "call_up,call_ended".
std::expected<Json, std::string> event_names(const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const std::string& word : words) {
    std::istringstream list(word + ',');  // else nothing comes of an empty name at the end
    for (std::string name; std::getline(list, name, ',');) {
      names.push_back(name);
    }
  }
  if (std::ranges::find(names, std::string()) != names.end()) {
    return std::unexpected("--event: a name is empty; write call_up,call_ended");
  }
  return names;
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
    auto names = event_names(events->second);
    if (!names) {
      return std::unexpected(names.error());
    }
    filter["event"] = std::move(*names);
  }
  if (const std::string peer = word(words, "--peer"); !peer.empty() && !is_ipv4(peer)) {
    return std::unexpected("--peer: value " + peer + " is no IPv4 address; write it as 192.0.2.7");
  }
  for (const char* key : {"user", "peer", "level"}) {
    if (const std::string value = word(words, "--" + std::string(key)); !value.empty()) {
      filter[key] = written_name(value);
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
  const bool once = params.contains("follow");
  bool connected = false;
  bool lost = false;
  while (true) {
    auto stream = StreamClient::open(invocation.socket, "events", params, invocation.timeout);
    if (!stream) {
      if (!connected || once || stream.error().kind == CallFailure::Kind::kRefused) {
        return std::unexpected(failed(stream.error()));
      }
      tell(lost, true);
      std::this_thread::sleep_for(kRetry);
      continue;
    }
    if (!connected && !params.contains("after")) {
      params["after"] = number(stream->answer(), "next") - 1;
    }
    connected = true;
    tell(lost, false);
    if (const auto done = tell_gap(stream->answer(), invocation.json); !done) {
      return done;
    }
    const auto over = follow(*stream, invocation.json, params);
    if (!over) {
      return std::unexpected(over.error());
    }
    if (*over == Over::kAll) {
      return kDone;
    }
    if (*over == Over::kLost && once) {
      return std::unexpected(
          failed({CallFailure::Kind::kNoConnection, "aditd closed the connection; see its log"}));
    }
    tell(lost, *over == Over::kLost);
    std::this_thread::sleep_for(kRetry);
  }
}

}  // namespace adit::app
