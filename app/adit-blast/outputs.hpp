// SPDX-License-Identifier: Apache-2.0
// Where results go: standard output, a file of JSON, a page. The files are opened before anything is run. Thread: control.
// Owner: main().
#pragma once

#include <expected>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "app/adit-blast/output_file.hpp"
#include "app/early_exit.hpp"

namespace adit::app::blast {

class Outputs {
 public:
  /// Paths may be empty: none; JSON's may be "-". The error names the option, `page_option` for the page's.
  [[nodiscard]] static std::expected<Outputs, std::string> open(const std::string& json_path,
                                                                const std::string& page_path,
                                                                const std::string& page_option);

  /// Prints `text` (unless JSON goes to standard output), writes JSON and page. Returns `code`, or the exit code for what
  /// could not be written.
  [[nodiscard]] int tell(const std::string& text, const nlohmann::ordered_json& json, const std::string& page,
                         int code);

 private:
  Outputs() = default;

  std::optional<OutputFile> json_, page_;
  std::string json_path_, page_path_;
};

/// Prints why there is no result, and returns the exit code. JSON if `json_path` is "-"; a file keeps what it held, which
/// may be an hour's measurement.
int leave(const EarlyExit& exit, const std::string& json_path);
int cannot_run(const std::string& why, const std::string& json_path);

}  // namespace adit::app::blast
