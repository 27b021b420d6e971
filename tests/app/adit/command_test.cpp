// SPDX-License-Identifier: Apache-2.0
// The `adit` program itself against an aditd that exists only in this test: what it prints, where, and its exit codes.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>

#include "app/aditd/operator/control_socket.hpp"
#include "tests/app/aditd/operator/fake_backend.hpp"
#include "tests/app/golden.hpp"

namespace adit::app {
namespace {

struct Outcome {
  int code = -1;
  std::string text;  // standard output and error
};

class AditCommand : public testing::Test {
 protected:
  void SetUp() override {
    const char* adit = ::getenv("ADIT");
    ASSERT_NE(adit, nullptr) << "run it by `meson test`, or set it to the adit program";
    adit_ = adit;
    char name[] = "/tmp/adit-command-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    settings_.socket = directory_ / "adit.sock";
    backend_.rows = {FakeBackend::alice()};
  }
  void TearDown() override {
    if (thread_.joinable()) {
      asio::post(io_, [this] {
        socket_.reset();
        keep_running_.reset();
      });
      thread_.join();
    }
    std::filesystem::remove_all(directory_);
  }
  void serve() {
    socket_ = std::make_unique<ControlSocket>(io_, chores_, backend_, settings_);
    ASSERT_TRUE(socket_->listen().has_value());
    thread_ = std::jthread([this] {
      while (io_.run_one() > 0) {
        while (chores_.turn()) {
        }
      }
    });
  }
  [[nodiscard]] Outcome adit(const std::string& arguments) const {
    const std::string command =
        "ADIT_SOCKET=" + settings_.socket + " '" + adit_ + "' " + arguments + " 2>&1 </dev/null";
    Outcome outcome;
    FILE* pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> block{};
    for (std::size_t got = 0; (got = std::fread(block.data(), 1, block.size(), pipe)) > 0;) {
      outcome.text.append(block.data(), got);
    }
    outcome.code = WEXITSTATUS(::pclose(pipe));
    return outcome;
  }

  /// An aditd that answers one request with these lines, and dies.
  void serve_once(const std::string& lines) {
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    settings_.socket.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener, 1), 0);
    mortal_ = std::jthread([listener, lines] {
      const int connection = ::accept(listener, nullptr, nullptr);
      std::array<char, 4096> request{};
      EXPECT_GT(::recv(connection, request.data(), request.size(), 0), 0);
      EXPECT_EQ(::send(connection, lines.data(), lines.size(), MSG_NOSIGNAL), std::ssize(lines));
      ::close(connection);
      ::close(listener);
    });
  }

  std::string adit_;
  std::filesystem::path directory_;
  CliSettings settings_;
  FakeBackend backend_;
  asio::io_context io_;
  Chores chores_;
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_{io_.get_executor()};
  std::unique_ptr<ControlSocket> socket_;
  std::jthread thread_;
  std::jthread mortal_;
};

TEST_F(AditCommand, TriesALoginWithAPasswordFromTheEnvironment) {
  serve();
  backend_.answers_trials = true;
  const Outcome without = adit("test radius alice");
  EXPECT_EQ(without.code, 2);
  EXPECT_NE(without.text.find("ADIT_TEST_PASSWORD"), std::string::npos);
  ::setenv("ADIT_TEST_PASSWORD", "secret", 1);
  const Outcome tried = adit("test radius alice --method pap");
  ::unsetenv("ADIT_TEST_PASSWORD");
  EXPECT_EQ(tried.code, 1);
  EXPECT_EQ(tried.text, "rejected in 0 ms: the server rejects it\n");
  ASSERT_EQ(backend_.trials.size(), 1U);
  EXPECT_EQ(backend_.trials[0].first.method, control::AuthMethod::kPap);
}

TEST_F(AditCommand, ShowsTablesAndJson) {
  serve();
  for (const auto& [what, word] :
       {std::pair("sessions", "alice"), std::pair("stat", "uptime: "), std::pair("drops", "wrong_peer"),
        std::pair("workers", "steer-miss"), std::pair("counters", "acks_of_unsent"),
        std::pair("pools", "default"), std::pair("admission", "192.0.2.9"),
        std::pair("steering", "RSS of addresses"), std::pair("ports", "200.100"), std::pair("radius", "aaa1"),
        std::pair("config", "at the next start"), std::pair("version", "aditd ")}) {
    const Outcome table = adit("show " + std::string(what));
    EXPECT_EQ(table.code, 0) << table.text;
    EXPECT_NE(table.text.find(word), std::string::npos) << table.text;
    const Outcome json = adit("show " + std::string(what) + " --json");
    EXPECT_EQ(json.code, 0) << json.text;
    EXPECT_TRUE(nlohmann::json::accept(json.text)) << json.text;
  }
  EXPECT_EQ(nlohmann::json::parse(adit("-j show sessions").text)["sessions"][0]["ip"], "10.64.0.2");
}

TEST_F(AditCommand, TopPrintsOneSampleWhereNobodyWatches) {
  serve();
  const auto sample = nlohmann::json::parse(adit("top --json").text);
  EXPECT_GT(sample["seconds"], 0.9);
  EXPECT_EQ(sample["calls"], 1);
  EXPECT_EQ(sample["rx_bits_per_second"], 0);
  EXPECT_EQ(sample["sessions"][0]["username"], "alice");
  EXPECT_EQ(sample["sessions"][0]["tx_packets_per_second"], 0);
  EXPECT_EQ(adit("top").text, adit("top --once").text);
}

TEST_F(AditCommand, TheHelpOfSessionsListsTheColumns) {
  const std::string help = adit("show sessions --help").text;
  for (const char* word : {"match COLUMN REGEX", "--watch", "rx-rate", "calling-sid", "routes", "RE2"}) {
    EXPECT_NE(help.find(word), std::string::npos) << word << help;
  }
}

TEST_F(AditCommand, Terminates) {
  serve();
  EXPECT_EQ(adit("terminate username alice").text, "1 call ended\n");
  EXPECT_EQ(adit("terminate sid 00ff hard").code, 0);
  EXPECT_EQ(adit("terminate all soft --json").text, "{\"terminated\":1}\n");
  EXPECT_EQ(adit("terminate username -- -dash").code, 0);
  const Outcome not_an_address = adit("terminate ip alice");
  EXPECT_EQ(not_an_address.code, 4);
  EXPECT_EQ(not_an_address.text, "adit: aditd refused: value is not an IP address: alice\n");
  TearDown();
  ASSERT_EQ(backend_.terminated.size(), 4u);
  EXPECT_FALSE(backend_.terminated[0].hard);
  EXPECT_TRUE(backend_.terminated[1].hard);
  EXPECT_EQ(backend_.terminated[1].selector.value, "00ff");
  EXPECT_EQ(backend_.terminated[2].selector.by, control::SessionSelector::By::kAll);
  EXPECT_EQ(backend_.terminated[3].selector.value, "-dash");
}

// Copied from a table or the log, or typed by a program that has the octets.
TEST_F(AditCommand, ANameIsTypedAsItIsShownOrAsItsOctets) {
  serve();
  EXPECT_EQ(adit("terminate username '\\xffbob'").code, 0);
  EXPECT_EQ(adit("terminate username \"$(printf '\\377bob')\"").code, 0);
  EXPECT_EQ(adit("shaper change username \"$(printf '\\377bob')\" 512").code, 0);
  TearDown();
  ASSERT_EQ(backend_.terminated.size(), 2u);
  for (const auto& terminated : backend_.terminated) {
    EXPECT_EQ(terminated.selector.value,
              "\xff"
              "bob");
  }
  ASSERT_EQ(backend_.shaped.size(), 1u);
  EXPECT_EQ(backend_.shaped[0].first.value,
            "\xff"
            "bob");
}

TEST_F(AditCommand, ATrialLoginTakesTheSameNames) {
  serve();
  backend_.answers_trials = true;
  ::setenv("ADIT_TEST_PASSWORD", "secret", 1);
  EXPECT_EQ(adit("test radius \"$(printf '\\377bob')\"").code, 1);
  ::setenv("ADIT_TEST_PASSWORD", "\xff", 1);
  const Outcome refused = adit("test radius alice");
  ::unsetenv("ADIT_TEST_PASSWORD");
  EXPECT_EQ(refused.code, 2) << "it would be another password";
  TearDown();
  ASSERT_FALSE(backend_.trials.empty());
  EXPECT_EQ(backend_.trials[0].first.user,
            "\xff"
            "bob");
}

TEST_F(AditCommand, ShapesInPlace) {
  serve();
  EXPECT_EQ(adit("shaper change username alice 10240/2048").text, "1 call changed\n");
  EXPECT_EQ(adit("shaper change all 512").text, "1 call changed\n");
  EXPECT_EQ(adit("shaper restore sid 00ff").text, "1 call changed\n");
  const Outcome bad = adit("shaper change username alice fast");
  EXPECT_EQ(bad.code, 4);
  EXPECT_NE(bad.text.find("rate is not in kbit/s: fast"), std::string::npos) << bad.text;
  TearDown();
  ASSERT_EQ(backend_.shaped.size(), 3u);
  EXPECT_EQ(backend_.shaped[0].first.value, "alice");
  EXPECT_EQ(backend_.shaped[0].second, (control::SubscriberRate{.down = 10'240, .up = 2'048}));
  EXPECT_EQ(backend_.shaped[1].second, (control::SubscriberRate{.down = 512, .up = 512}));
  EXPECT_FALSE(backend_.shaped[2].second);
}

TEST_F(AditCommand, IdlesAWorkerAndUsesItAgain) {
  serve();
  EXPECT_NE(adit("worker idle 1").text.find("idled"), std::string::npos);
  EXPECT_EQ(adit("worker use 1").text.find("idled"), std::string::npos);
  const Outcome none = adit("worker idle 2");
  EXPECT_EQ(none.code, 4);
  EXPECT_EQ(none.text, "adit: aditd refused: there is no worker 2; adit show workers lists them, 0 to 1\n");
  backend_.last_in_use = 0;
  EXPECT_EQ(adit("worker idle 0").text,
            "adit: aditd refused: the last worker in use cannot be idled; put another to use first\n");
}

TEST_F(AditCommand, ARefusedReloadIsPrintedAsText) {
  backend_.reloads = std::unexpected(
      "t.toml:15:7: ppp.mtu: value \"x\": is not a number\nt.toml:16:1: ppp.a\\x1b[2J: no such key\x1b[2J");
  serve();
  const Outcome refused = adit("reload");
  EXPECT_EQ(refused.code, 4);
  EXPECT_EQ(refused.text,
            "adit: aditd refused: t.toml:15:7: ppp.mtu: value \"x\": is not a number\n"
            "t.toml:16:1: ppp.a\\x1b[2J: no such key\\x1b[2J\n");
}

TEST_F(AditCommand, SaysWhenNothingMatched) {
  backend_.terminates = 0;
  serve();
  const Outcome nobody = adit("terminate username nobody");
  EXPECT_EQ(nobody.code, 1);
  EXPECT_EQ(nobody.text, "0 calls ended\nadit: no call has username nobody; adit show sessions lists them\n");
  EXPECT_EQ(adit("terminate all").code, 0) << "nobody there is no failure to end all";
}

TEST_F(AditCommand, HasAnExitCodePerFailure) {
  const Outcome absent = adit("show sessions");
  EXPECT_EQ(absent.code, 3);
  EXPECT_EQ(absent.text.find("adit: cannot reach aditd at " + settings_.socket), 0u) << absent.text;
  serve();
  EXPECT_EQ(adit("show sessions --socket /nowhere").code, 3) << "--socket outranks ADIT_SOCKET";
}

TEST_F(AditCommand, WhatItCannotWriteIsAnError) {
  for (const char* arguments : {"--help", "--version", "show stat --help"}) {
    EXPECT_EQ(adit(std::string(arguments) + " 2>&1 >/dev/full").code, 2) << arguments;
  }
  serve();
  for (const char* arguments : {"show sessions", "show sessions --json", "show counters",
                                "show counters --json", "top --once", "events --once --json --after 1"}) {
    EXPECT_EQ(adit(std::string("2>&1 >/dev/full ") + arguments).code, 2) << arguments;
  }
}

constexpr const char* kAnswer = R"({"jsonrpc":"2.0","id":1,"result":{"calls":1,"next":8}})";
constexpr const char* kEvent =
    R"({"jsonrpc":"2.0","method":"event","params":{"seq":7,"level":"info","event":"call_up"}})";
constexpr const char* kPacket =
    R"({"jsonrpc":"2.0","method":"packet","params":{"layer":"ppp","frame":"wCEJAwAI"}})";

TEST_F(AditCommand, ATraceWhoseAditdDiesHasFailed) {
  serve_once(std::string(kAnswer) + '\n' + kPacket + '\n' + kPacket + '\n');
  const Outcome cut = adit("trace alice");
  EXPECT_EQ(cut.code, 3);
  EXPECT_NE(cut.text.find("adit: aditd closed the connection after 2 lines; see its log\n"),
            std::string::npos)
      << cut.text;
}

TEST_F(AditCommand, EventsWhoseAditdDiesHaveFailedIfNobodyWaitsForMore) {
  serve_once(std::string(kAnswer) + '\n' + kEvent + '\n');
  const Outcome cut = adit("events --once");
  EXPECT_EQ(cut.code, 3);
  EXPECT_EQ(cut.text, "info call_up\nadit: aditd closed the connection; see its log\n");
}

TEST_F(AditCommand, SEC_12_AnswersMistakesWithOneLineAndExitCode2) {
  for (const char* arguments : {"",
                                "show",
                                "show sesions",
                                "show sessions extra",
                                "terminate",
                                "worker",
                                "worker idle",
                                "worker idle x",
                                "worker rest 1",
                                "shaper",
                                "shaper change",
                                "shaper change username alice",
                                "shaper change all",
                                "shaper restore all 7",
                                "shaper change everyone 7",
                                "terminate username",
                                "terminate username ''",
                                "terminate ip 10.64.0.2 medium",
                                "terminate everyone",
                                "--timeout 0 show stat",
                                "--timeout x show stat",
                                "--nonsense",
                                "--completion",
                                "events --user ''",
                                "events --after ''",
                                "events --event call_up,",
                                "events --peer nonsense",
                                "explain --by peer nonsense",
                                "explain --by ip 10.64.0.300",
                                "trace alice --packets 0",
                                "trace alice --packets -1",
                                "trace alice --write ''",
                                "\"$(printf 'show\\033[2J')\"",
                                "$(head -c 100000 /dev/zero | tr '\\0' A)"}) {
    const Outcome outcome = adit(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments << ": " << outcome.text;
    EXPECT_EQ(outcome.text.find('\n'), outcome.text.size() - 1) << outcome.text;
    EXPECT_EQ(outcome.text.find('\x1b'), std::string::npos);
    EXPECT_LT(outcome.text.size(), 700u);
  }
}

// What differs from machine to machine and from run to run.
std::string masked(std::string text) {
  static const std::regex kJson(
      R"re("(version|pid|uptime_seconds|cpu_seconds|rss_kb|virt_kb|mppe_engine)":("[^"]*"|[0-9.e-]+))re");
  static const std::regex kTable(
      R"re((^|\n)(version: |uptime: |cpu: |mem\(rss/virt\): |mppe engine: |aditd )[^\n]*)re");
  static const std::regex kKernels(R"re("mppe_kernels":\[[^\]]*\])re");
  static const std::regex kKernelLines(R"re(\n  (sha1|rc4) by [^\n]*)re");
  text = std::regex_replace(text, kKernelLines, "");
  if (text.find("\"sid\"") == std::string::npos) {
    text = std::regex_replace(text, kJson, R"("$1":"...")");
    text = std::regex_replace(text, kKernels, R"("mppe_kernels":"...")");
  }
  static const std::regex kDate(R"(\d{4}-\d\d-\d\dT[0-9:.]+Z)");
  return std::regex_replace(std::regex_replace(text, kTable, "$1$2..."), kDate, "...");
}

TEST_F(AditCommand, SaysWhatItSaid) {
  ::setenv("ADIT_TEST_PASSWORD", "secret", 1);
  backend_.answers_trials = true;
  backend_.last_in_use = 1;
  serve();
  hold_to_golden("tests/app/adit/golden/commands.txt", "$ adit", [this](const std::string& arguments) {
    const Outcome outcome = adit(arguments);
    return masked(outcome.text) + "= " + std::to_string(outcome.code) + '\n';
  });
  ::unsetenv("ADIT_TEST_PASSWORD");
}

TEST_F(AditCommand, SaysWhatIsTooMuchInTheOrderInWhichItWasWritten) {
  EXPECT_EQ(adit("show stat one 'tw\"o' three").text,
            "adit: this belongs to no command: one tw\"o three; see adit --help\n");
}

TEST_F(AditCommand, AnErrorIsJsonForWhoeverAskedForIt) {
  const auto json_of = [this](const std::string& arguments) {
    const std::string text = adit(arguments).text;  // the line for people comes first, on standard error
    return nlohmann::json::parse(text.substr(text.rfind('\n', text.size() - 2) + 1), nullptr, false);
  };
  EXPECT_EQ(json_of("show sesions --json")["exit_code"], 2);
  EXPECT_EQ(json_of("-j show stat")["exit_code"], 3);
  serve();
  const auto refused = json_of("shaper change username alice fast --json");
  EXPECT_EQ(refused["exit_code"], 4);
  EXPECT_EQ(refused["error"],
            "aditd refused: rate is not in kbit/s: fast; write 10240, or 10240/2048 for down and up");
  EXPECT_TRUE(json_of("terminate username -- --json").is_discarded()) << "the name of a user";
}

TEST_F(AditCommand, OnlyTheWholeHelpHasExamplesAndExitCodes) {
  EXPECT_EQ(adit("show pools --help").text.find("Exit codes"), std::string::npos);
  EXPECT_NE(adit("show pools --help").text.find("adit --help has the options"), std::string::npos);
}

TEST_F(AditCommand, HelpTeaches) {
  const Outcome help = adit("--help");
  EXPECT_EQ(help.code, 0);
  for (const char* word :
       {"show", "terminate", "--json", "--socket", "Examples", "Exit codes", "ADIT_SOCKET"}) {
    EXPECT_NE(help.text.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace adit::app
