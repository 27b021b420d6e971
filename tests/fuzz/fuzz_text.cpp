// SPDX-License-Identifier: Apache-2.0
// Text from operators: chap-secrets, adit.toml, adit-blast scenarios, and requests on the control socket. Any
// octets give a result or an error with a reason.
#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/adit-blast/plan/scenario.hpp"
#include "app/adit-blast/results/json.hpp"
#include "app/aditd/config/config.hpp"
#include "app/aditd/operator/rpc.hpp"
#include "controlplane/auth/chap_secrets.hpp"
#include "tests/app/aditd/operator/fake_backend.hpp"
#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {

namespace {

/// What a file that a password names may hold: nothing, a word, or the file itself.
std::expected<std::string, std::string> password_file(const std::string& path, std::string_view text) {
  if (path.size() % 3 == 0) {
    return std::unexpected(std::string("No such file or directory"));
  }
  return path.size() % 3 == 1 ? "\"a word\"" : std::string(text);
}

}  // namespace

void fuzz_chap_secrets(wire::Bytes octets) {
  const std::string_view text = wire::text_of(octets);
  using control::SecretsDialect;
  for (const SecretsDialect dialect :
       {SecretsDialect::kPppd, SecretsDialect::kPoptop, SecretsDialect::kAccelPpp}) {
    for (const bool encrypted : {false, true}) {
      const control::SecretsReading reading{
          .dialect = dialect,
          .encrypted = encrypted,
          .server = "adit",
          .pools = {"gold"},
          .read_file = [&](const std::string& path) { return password_file(path, text); }};
      std::size_t line = 0;
      control::SecretNotes notes;
      control::read_chap_secrets(text, reading, notes, [&](control::ChapSecret&& secret) {
        require(secret.line > line);
        line = secret.line;
        require(secret.nt_hash.has_value() == encrypted && (!encrypted || secret.password.empty()));
        require(!secret.address || secret.pool.empty());
      });
      const std::vector<control::SecretNote> told = notes.take();
      require(told.size() <= 5 * (control::SecretNotes::kOfAKind + 1));
      for (const control::SecretNote& note : told) {
        require(note.wrong.starts_with("line ") || note.wrong.starts_with("further lines "));
      }
    }
  }
}

void fuzz_config(wire::Bytes octets) {
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  const app::ConfigResult result = app::parse_config(text, "fuzz.toml");
  bool any_error = false;
  for (const app::ConfigProblem& problem : result.problems) {
    require(!problem.line.empty() && problem.line.find('\n') == std::string::npos);
    any_error = any_error || !problem.warning;
  }
  require(result.config.has_value() != any_error);
}

void fuzz_scenario(wire::Bytes octets) {
  namespace blast = app::blast;
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  const auto plan = blast::parse_scenario(text, "fuzz.toml");
  if (!plan) {
    require(!plan.error().empty());
    for (const std::string& line : plan.error()) {
      require(!line.empty() && line.find_first_of("\n\x1b") == std::string::npos);
    }
    return;
  }
  require(!plan->server.is_none() && !plan->access.interface.empty());
  require(plan->phases.size() >= 2 && plan->phases.front().kind == blast::PhaseKind::kSetUp);
  require(plan->phases.back().kind == blast::PhaseKind::kTearDown);
  blast::RunResult result;
  result.plan = *plan;
  require(nlohmann::json::accept(blast::json_text(blast::to_json(result))));
}

void fuzz_rpc(wire::Bytes octets) {
  app::FakeBackend backend;
  backend.rows = {app::FakeBackend::alice()};
  const std::string_view line(reinterpret_cast<const char*>(octets.data()), octets.size());
  app::RpcReply reply;
  app::handle_rpc(line, backend, [&](app::RpcReply given) { reply = std::move(given); });
  for (const auto& [login, done] : backend.trials) {
    done({.why = login.user});
  }
  std::string text;
  while (reply.more()) {
    text += reply.next();
  }
  if (text.empty()) {
    return;  // a notification
  }
  require(text.find('\n') == text.size() - 1);
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  require(json.is_object() && json.value("jsonrpc", "") == "2.0" && json.contains("id"));
  require(json.contains("result") != json.contains("error"));
}

}  // namespace adit::fuzz
