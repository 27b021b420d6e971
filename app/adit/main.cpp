// SPDX-License-Identifier: Apache-2.0
// adit: the operator's command. Parses its command line, asks aditd, prints a table or JSON.
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "app/adit/client.hpp"
#include "app/adit/command_line.hpp"
#include "app/adit/exit_code.hpp"
#include "app/adit/render.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

int exit_code(CallFailure::Kind kind) {
  switch (kind) {
    case CallFailure::Kind::kNoConnection:
      return kNoConnection;
    case CallFailure::Kind::kTimeout:
      return kTimeout;
    case CallFailure::Kind::kRefused:
      return kRefusal;
    case CallFailure::Kind::kNothingMatched:
      return kNothingMatched;
    case CallFailure::Kind::kOutput:
      return kUsage;
  }
  return kRefusal;
}

constexpr std::string_view kProgram = "adit: ";

int leave(const EarlyExit& exit, bool json) {
  std::fputs(exit.text.c_str(), exit.code == kDone ? stdout : stderr);
  if (exit.code != kDone && json) {
    const std::size_t begin = exit.text.starts_with(kProgram) ? kProgram.size() : 0;
    const Json error = {{"error", exit.text.substr(begin, exit.text.find_last_not_of('\n') + 1 - begin)},
                        {"exit_code", exit.code}};
    std::puts(error.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  }
  return exit.code;
}

/// For whom the count alone says too little: what was looked for.
void say_none(const Json& params) {
  if (params.contains("value")) {
    std::fprintf(stderr, "adit: no call has %s %s; adit show sessions lists them\n",
                 params["by"].get<std::string>().c_str(),
                 escape_octets(params["value"].get<std::string>()).c_str());
  }
}

int report(const CommandLine& line, const Json& params, const Json& result) {
  const std::string text = line.json ? result.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n'
                                     : line.verb->render(result);
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0) {
    std::perror("adit: cannot write");
    return kUsage;
  }
  if (line.verb->succeeded == nullptr || line.verb->succeeded(result, line.words)) {
    return kDone;
  }
  if (!line.json && line.verb->render != &render_explain) {  // which says it itself
    say_none(params);
  }
  return kNothingMatched;
}

int run(int argc, char** argv) {
  const bool json = wants_json(argc, argv);
  const auto line = read_command_line(argc, argv);
  if (!line) {
    return leave(line.error(), json);
  }
  Json params;
  if (line->verb->params != nullptr) {
    auto read = line->verb->params(*line->verb, line->words);
    if (!read) {
      return leave(usage_error(read.error()), json);
    }
    params = std::move(*read);
  }
  if (line->verb->run != nullptr) {
    const auto ran = line->verb->run({line->socket, line->timeout, line->json}, std::move(params));
    return ran ? kDone
               : leave({exit_code(ran.error().kind), std::string(kProgram) + ran.error().text + '\n'}, json);
  }
  const auto result = call_aditd(line->socket, line->verb->method, params, line->timeout);
  if (!result) {
    return leave({exit_code(result.error().kind), std::string(kProgram) + result.error().text + '\n'}, json);
  }
  return report(*line, params, *result);
}

}  // namespace
}  // namespace adit::app

int main(int argc, char** argv) {
  try {
    return adit::app::run(argc, argv);
  } catch (const std::exception& error) {  // out of memory, or a malformed reply
    std::fprintf(stderr, "adit: %s\n", error.what());
    return adit::app::kRefusal;
  }
}
