// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/outputs.hpp"

#include <cstdio>
#include <string_view>
#include <utility>

#include "app/adit-blast/plan/options.hpp"
#include "app/adit-blast/results/json.hpp"
#include "app/escape.hpp"

namespace adit::app::blast {
namespace {

constexpr std::string_view kProgram = "adit-blast: ";

/// False: `error` says why.
bool open_one(const std::string& path, const std::string& option, std::optional<OutputFile>& file,
              std::string& error) {
  if (path.empty()) {
    return true;
  }
  auto opened = OutputFile::open(path);
  if (!opened) {
    error = option + ": value \"" + escape_octets(path) + "\": cannot be written: " + opened.error() +
            "; name a file in a directory that is there";
    return false;
  }
  file.emplace(std::move(*opened));
  return true;
}

}  // namespace

std::expected<Outputs, std::string> Outputs::open(const std::string& json_path, const std::string& page_path,
                                                  const std::string& page_option) {
  Outputs outputs;
  std::string error;
  if (!open_one(json_path, "--json", outputs.json_, error) ||
      !open_one(page_path, page_option, outputs.page_, error)) {
    return std::unexpected(std::move(error));
  }
  outputs.json_path_ = json_path;
  outputs.page_path_ = page_path;
  return outputs;
}

int Outputs::tell(const std::string& text, const nlohmann::ordered_json& json, const std::string& page,
                  int code) {
  if (json_path_ != "-") {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }
  const auto write = [&](std::optional<OutputFile>& file, const std::string& path, const std::string& what) {
    if (const auto written = file->write(what); !written) {
      code = cannot_run("cannot write " + escape_octets(path) + ": " + written.error(), "");
    }
  };
  if (json_) {
    write(json_, json_path_, json_text(json));
  }
  if (page_) {
    write(page_, page_path_, page);
  }
  return code;
}

int leave(const EarlyExit& exit, const std::string& json_path) {
  std::fputs(exit.text.c_str(), exit.code == kSuccess ? stdout : stderr);
  if (exit.code != kSuccess && json_path == "-") {
    std::string why = exit.text.substr(exit.text.starts_with(kProgram) ? kProgram.size() : 0);
    while (why.ends_with('\n')) {
      why.pop_back();
    }
    std::fputs(json_text(error_json(why, exit.code)).c_str(), stdout);
  }
  return exit.code;
}

int cannot_run(const std::string& why, const std::string& json_path) {
  return leave({kCannotRun, std::string(kProgram) + why + '\n'}, json_path);
}

}  // namespace adit::app::blast
