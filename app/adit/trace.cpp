// SPDX-License-Identifier: Apache-2.0
#include "app/adit/trace.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include "app/adit/exit_code.hpp"
#include "app/adit/fields.hpp"
#include "app/adit/invocation.hpp"
#include "app/adit/pcapng.hpp"
#include "app/adit/stream.hpp"
#include "app/adit/trace_line.hpp"
#include "app/base64.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

constexpr unsigned kMostTraceSeconds = 600;
constexpr const char* kFile = "write";  // of the params: what adit does itself

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::unexpected<CallFailure> failure(CallFailure::Kind kind, std::string why) {
  return std::unexpected(CallFailure{kind, std::move(why)});
}

/// Only the owner's to read: it holds a subscriber's traffic. What exists is left alone, links included.
std::expected<File, CallFailure> make_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) {
    return File(::fdopen(fd, "wb"));
  }
  const std::string why =
      errno == EEXIST ? "exists already; name a file that does not, or move it away"
                      : "cannot be made: " + std::string(std::strerror(errno)) + "; name another file";
  return failure(CallFailure::Kind::kOutput, "--write: " + escape_octets(path) + ' ' + why);
}

/// "2026-11-29T22:01:02.123456Z" as microseconds since 1970; 0: it is no such time.
std::uint64_t micros_of(const std::string& time) {
  std::tm parts{};
  unsigned micros = 0;
  if (std::sscanf(time.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%6uZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &micros) != 7) {
    return 0;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<std::uint64_t>(::timegm(&parts)) * 1'000'000 + micros;
}

/// Where the lines go: standard output, or a file.
class Output {
 public:
  Output(File file, bool json) : file_(std::move(file)), json_(json) {}

  bool begin(const Json& answer) {
    if (file_ == nullptr) {
      return true;
    }
    return write(pcapng_begin("adit " ADIT_VERSION, "call " + text(answer, "sid") + " of " +
                                                        user_name(answer, "username") + ", client " +
                                                        text(answer, "peer") + ", address " +
                                                        text(answer, "address")));
  }
  bool packet(const Json& packet) {
    const auto octets = from_base64(text(packet, "frame"));
    if (!octets) {
      return true;
    }
    if (file_ != nullptr) {
      return write(pcapng_of(packet, *octets));
    }
    return write((json_ ? packet.dump() : printable(trace_line(packet, *octets))) + '\n');
  }
  bool flush() { return std::fflush(to()) == 0; }

 private:
  std::FILE* to() { return file_ != nullptr ? file_.get() : stdout; }
  bool write(const std::string& octets) {
    return std::fwrite(octets.data(), 1, octets.size(), to()) == octets.size();
  }

  File file_;
  bool json_;
};

volatile std::sig_atomic_t is_interrupted = 0;

/// With the first signal adit ends as the trace does, with the second at once.
void end_by_signal() {
  struct sigaction action{};
  action.sa_handler = [](int) { is_interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);  // what is being written is written whole
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

/// What comes next, be it the signal, which reaches us while waiting or before, and is not missed in between.
std::expected<Json, StreamEnd> next_of(StreamClient& stream) {
  sigset_t ends, before;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGINT);
  ::sigaddset(&ends, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &ends, &before);
  std::expected<Json, StreamEnd> got = std::unexpected(StreamEnd::kSignal);
  while (is_interrupted == 0 && !got && got.error() == StreamEnd::kSignal) {
    got = stream.next(&before);
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return got;
}

std::unexpected<CallFailure> cannot_write() {
  return failure(CallFailure::Kind::kOutput, "cannot write: " + std::string(std::strerror(errno)));
}

Json interrupted(std::uint64_t lines) {
  return {{"why", "interrupted"}, {"lines", lines}, {"lost", 0}};
}

/// Passes on what comes until the trace ends: how it did.
std::expected<Json, CallFailure> follow(StreamClient& stream, Output& output) {
  std::uint64_t lines = 0;
  while (true) {
    const auto got = next_of(stream);
    const std::string method = got ? text(*got, "method") : "";
    if (method == "packet") {
      ++lines;
      if (!output.packet(member(*got, "params"))) {
        return cannot_write();
      }
    }
    const bool over = !got || method == "end";
    if ((over || !stream.has_next()) && !output.flush()) {
      return cannot_write();
    }
    if (!got && got.error() == StreamEnd::kClosed) {
      return failure(CallFailure::Kind::kNoConnection,
                     "aditd closed the connection after " + std::to_string(lines) + " lines; see its log");
    }
    if (over) {
      return got ? member(*got, "params") : interrupted(lines);
    }
  }
}

std::expected<int, EarlyExit> say_end(const Json& end, bool json) {
  if (json) {
    return put(json_line(end));
  }
  const std::string why = text(end, "why");
  const std::string lost = number(end, "lost") == 0
                               ? ""
                               : ", " + count(end, "lost") + " lost: more than aditd and adit keep up with";
  std::fprintf(stderr, "adit: %s lines%s; %s\n", count(end, "lines").c_str(), lost.c_str(),
               why == "time"         ? "the time is over"
               : why == "lines"      ? "as many as were asked for"
               : why == "call_ended" ? "the call has ended"
                                     : "interrupted");
  return kDone;
}

}  // namespace

std::optional<unsigned> seconds_of(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc() || value == 0 || value > kMostTraceSeconds ||
      (!unit.empty() && unit != "s" && unit != "m")) {
    return std::nullopt;
  }
  const unsigned seconds = unit == "m" ? 60 * value : value;
  return seconds <= kMostTraceSeconds ? std::optional(seconds) : std::nullopt;
}

std::string pcapng_of(const Json& packet, std::span<const std::uint8_t> octets) {
  const std::string layer = text(packet, "layer");
  const std::string comment = verdict_in_words(packet);
  return pcapng_packet({.interface = layer == "outer"   ? CaptureInterface::kOuter
                                     : layer == "inner" ? CaptureInterface::kInner
                                                        : CaptureInterface::kPpp,
                        .micros = micros_of(text(packet, "time")),
                        .octets = static_cast<std::uint32_t>(number(packet, "octets")),
                        .data = octets,
                        .inbound = text(packet, "direction") == "up",
                        .id = number(packet, "packet"),
                        .comment = comment});
}

std::expected<Json, std::string> trace_params(const Verb&, const Words& words) {
  const std::string who = word(words, "who");
  if (who.empty()) {
    return std::unexpected("whose packets? Name a user, a session ID or an address");
  }
  Json params{{"value", written_name(who)}};
  const auto seconds = seconds_of(word(words, "--for"));
  if (!seconds) {
    return std::unexpected("--for: value " + word(words, "--for") +
                           " is no time; write 30s, 5m, or up to 10m");
  }
  params["for"] = *seconds;
  if (const std::string lines = word(words, "--packets"); !lines.empty()) {
    params["lines"] = std::stoul(lines);
  }
  if (const auto file = words.find("--write"); file != words.end()) {
    params[kFile] = word(words, "--write");
  }
  return params;
}

std::expected<int, EarlyExit> run_trace(const Invocation& invocation) {
  Json params = invocation.params;
  File file;
  const std::string path = text(params, kFile);
  if (params.contains(kFile)) {
    auto made = make_file(path);
    if (!made) {
      return std::unexpected(failed(made.error()));
    }
    file = std::move(*made);
    params.erase(kFile);
  }
  const bool made_file = file != nullptr;
  end_by_signal();
  auto stream = StreamClient::open(invocation.socket, "trace", params, invocation.timeout);
  if (!stream || number(stream->answer(), "calls") == 0) {
    if (made_file) {
      ::unlink(path.c_str());
    }
    if (!stream && is_interrupted != 0) {
      return say_end(interrupted(0), invocation.json);
    }
    return std::unexpected(failed(
        stream ? CallFailure{CallFailure::Kind::kNothingMatched, "no call is " + shown_name(params, "value") +
                                                                     "'s; adit show sessions lists them"}
               : stream.error()));
  }
  if (!invocation.json) {
    std::fprintf(stderr, "adit: tracing %s, sid %s, for %s s%s\n",
                 shown_name(stream->answer(), "username").c_str(), text(stream->answer(), "sid").c_str(),
                 count(stream->answer(), "seconds").c_str(),
                 made_file ? (" into " + escape_octets(path)).c_str() : "");
  }
  Output output(std::move(file), invocation.json);
  const auto end = output.begin(stream->answer()) ? follow(*stream, output) : cannot_write();
  if (!end) {
    return std::unexpected(failed(end.error()));
  }
  return say_end(*end, invocation.json);
}

}  // namespace adit::app
