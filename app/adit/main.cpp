// SPDX-License-Identifier: Apache-2.0
// adit: the operator's command. Parses its command line, asks aditd, prints a table or JSON.
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "app/adit/client.hpp"
#include "app/adit/command_line.hpp"
#include "app/adit/exit_code.hpp"
#include "app/adit/fields.hpp"
#include "app/adit/invocation.hpp"
#include "app/adit/render.hpp"

namespace adit::app {
namespace {

constexpr std::string_view kProgram = "adit: ";

int leave(const EarlyExit& exit, bool json) {
  if (exit.code == kDone) {  // help, or the version
    const auto done = put(exit.text);
    return done ? *done : leave(done.error(), json);
  }
  std::fputs(exit.text.c_str(), stderr);
  if (json) {
    const std::size_t begin = exit.text.starts_with(kProgram) ? kProgram.size() : 0;
    const Json error = {{"error", exit.text.substr(begin, exit.text.find_last_not_of('\n') + 1 - begin)},
                        {"exit_code", exit.code}};
    static_cast<void>(put(json_line(error)));  // it fails already
  }
  return exit.code;
}

/// For whom the count alone says too little: what was looked for.
void say_none(const Json& params) {
  if (params.contains("value")) {
    std::fprintf(stderr, "adit: no call has %s %s; adit show sessions lists them\n",
                 params["by"].get<std::string>().c_str(), shown_name(params, "value").c_str());
  }
}

int report(const CommandLine& line, const Json& params, const Json& result) {
  const std::string text = line.json ? json_line(result) : line.verb->render(result);
  if (const auto done = put(text); !done) {
    return leave(done.error(), line.json);
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
  const Ask ask = [&line](const std::string& method, const Json& asked) {
    return call_aditd(line->socket, method, asked, line->timeout);
  };
  Json params;
  if (line->verb->params != nullptr) {
    auto read = line->verb->params(*line->verb, line->words);
    if (!read) {
      return leave(usage_error(read.error()), json);
    }
    params = std::move(*read);
  }
  if (line->verb->run != nullptr) {
    const auto code = line->verb->run({.words = line->words,
                                       .json = line->json,
                                       .ask = ask,
                                       .params = params,
                                       .socket = line->socket,
                                       .timeout = line->timeout});
    return code ? *code : leave(code.error(), json);
  }
  const auto result = ask(line->verb->method, params);
  if (!result) {
    return leave(failed(result.error()), json);
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
