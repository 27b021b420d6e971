// SPDX-License-Identifier: Apache-2.0
// The operator's socket and adit's client over a real UNIX socket in a directory of our own. aditd's side runs on its
// own thread, as in life; the client's waits end by what comes, never by a clock (10 s would mean a defect).
#include "app/aditd/operator/control_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/adit/client.hpp"
#include "dataplane/ports/unique_fd.hpp"
#include "tests/app/aditd/operator/socket_fixture.hpp"

namespace adit::app {
namespace {

TEST_F(ControlSocketTest, AnswersAditsClient) {
  backend_.rows = {FakeBackend::alice()};
  ASSERT_TRUE(start().has_value());
  const auto sessions = call("show.sessions");
  ASSERT_TRUE(sessions.has_value()) << sessions.error().text;
  EXPECT_EQ((*sessions)["sessions"][0]["username"], "alice");
  const auto ended = call("terminate", {{"by", "username"}, {"value", "alice"}, {"hard", true}});
  ASSERT_TRUE(ended.has_value()) << ended.error().text;
  EXPECT_EQ((*ended)["terminated"], 1);
  stop();
  ASSERT_EQ(backend_.terminated.size(), 1u);
  EXPECT_TRUE(backend_.terminated[0].hard);
}

// SO_PEERCRED: nothing that the client says itself.
TEST_F(ControlSocketTest, TheKernelSaysWhoAsks) {
  ASSERT_TRUE(start().has_value());
  const bool as_root = ::geteuid() == 0;
  const uid_t asker = as_root ? 65'534 : ::geteuid();  // root's 0 is also what was never read
  const auto become = [as_root](uid_t user) {          // this thread alone: not by seteuid()
    return !as_root || ::syscall(SYS_setresuid, -1, user, -1) == 0;
  };
  ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(settings_.socket.c_str(), 0666), 0);
  ASSERT_TRUE(become(asker));
  const UniqueFd client = connect_raw(settings_.socket);
  ASSERT_TRUE(become(0));
  send_text(client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"terminate\",\"params\":{\"by\":\"all\"}}\n");
  EXPECT_NE(read_line(client).find("\"result\""), std::string::npos);
  stop();
  const std::string by = "uid " + std::to_string(asker);
  ASSERT_EQ(backend_.terminated.size(), 1u);
  EXPECT_EQ(backend_.terminated[0].by, by);
  ASSERT_EQ(backend_.noted.size(), 1u);
  EXPECT_TRUE(backend_.noted[0].starts_with(by + " terminate ")) << backend_.noted[0];
}

TEST_F(ControlSocketTest, SendsALongAnswerWhole) {
  backend_.rows.assign(3'000, FakeBackend::alice());
  ASSERT_TRUE(start().has_value());
  const auto sessions = call("show.sessions");
  ASSERT_TRUE(sessions.has_value()) << sessions.error().text;
  EXPECT_EQ((*sessions)["sessions"].size(), 3'000u);
}

TEST_F(ControlSocketTest, MakesItsDirectoryAndAPrivateFile) {
  ASSERT_TRUE(start().has_value());
  struct stat status{};
  ASSERT_EQ(::stat(settings_.socket.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  stop();
  EXPECT_NE(::stat(settings_.socket.c_str(), &status), 0) << "the file goes with its owner";
}

TEST_F(ControlSocketTest, ReplacesTheFileOfAProcessThatIsGone) {
  std::filesystem::create_directory(directory_ / "run");
  {
    asio::local::stream_protocol::acceptor gone(io_,
                                                asio::local::stream_protocol::endpoint(settings_.socket));
  }
  ASSERT_TRUE(std::filesystem::exists(settings_.socket));
  ASSERT_TRUE(start().has_value());
  EXPECT_TRUE(call("version").has_value());
}

TEST_F(ControlSocketTest, LeavesALivingAditdAlone) {
  ASSERT_TRUE(start().has_value());
  asio::io_context io;
  Chores chores;
  ControlSocket second(io, chores, backend_, settings_);
  const auto listening = second.listen();
  ASSERT_FALSE(listening.has_value());
  EXPECT_EQ(listening.error(), "cli.socket: value \"" + settings_.socket +
                                   "\": another aditd answers there; stop it, or set another path");
  EXPECT_TRUE(call("version").has_value()) << "and it is not disturbed";
}

TEST_F(ControlSocketTest, AnAditdThatIsBehindAnswersToo) {
  ASSERT_TRUE(check_no_other_answers(settings_)) << "there is no socket";
  std::filesystem::create_directory(directory_ / "run");
  asio::local::stream_protocol::acceptor busy(io_, asio::local::stream_protocol::endpoint(settings_.socket));
  busy.listen(0);  // room for one, whom nobody accepts
  const UniqueFd waiting = connect_raw(settings_.socket);
  const auto alone = check_no_other_answers(settings_);  // would wait for ever
  ASSERT_FALSE(alone);
  EXPECT_NE(alone.error().find("another aditd answers there"), std::string::npos) << alone.error();
}

TEST_F(ControlSocketTest, LeavesAnotherKindOfFileAlone) {
  std::filesystem::create_directory(directory_ / "run");
  std::ofstream(settings_.socket) << "precious";
  const auto listening = start();
  ASSERT_FALSE(listening.has_value());
  EXPECT_NE(listening.error().find("is a file that is not a socket"), std::string::npos) << listening.error();
  EXPECT_EQ(std::filesystem::file_size(settings_.socket), 8u);
}

TEST_F(ControlSocketTest, SaysWhenItCannotListen) {
  settings_.socket = "/proc/adit/adit.sock";
  const auto listening = start();
  ASSERT_FALSE(listening.has_value());
  EXPECT_EQ(listening.error().find("cli.socket: value \"/proc/adit/adit.sock\": "), 0u) << listening.error();
}

TEST_F(ControlSocketTest, SEC_12_AnswersMistakesAndStaysOpen) {
  ASSERT_TRUE(start().has_value());
  const UniqueFd client = connect_raw(settings_.socket);
  for (const char* mistake :
       {"not json\n", "\n", "[]\n", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}\n"}) {
    send_text(client, mistake);
    EXPECT_NE(read_line(client).find("\"error\""), std::string::npos) << mistake;
  }
  send_text(client, kVersionRequest);
  EXPECT_NE(read_line(client).find("\"result\""), std::string::npos);
}

TEST_F(ControlSocketTest, TakesRequestsInAnyPieces) {
  ASSERT_TRUE(start().has_value());
  const UniqueFd client = connect_raw(settings_.socket);
  for (const char c : kVersionRequest) {
    send_text(client, std::string_view(&c, 1));
  }
  EXPECT_NE(read_line(client).find("\"result\""), std::string::npos);
  send_text(client, std::string(kVersionRequest) + std::string(kVersionRequest));
  EXPECT_NE(read_line(client).find("\"result\""), std::string::npos);
  EXPECT_NE(read_line(client).find("\"result\""), std::string::npos);
}

TEST_F(ControlSocketTest, SEC_12_RefusesAnEndlessRequest) {
  ASSERT_TRUE(start().has_value());
  const UniqueFd client = connect_raw(settings_.socket);
  send_text(client, std::string(ControlSocket::kMaxRequest + 1000, 'x'));
  const std::string reply = read_line(client);
  EXPECT_NE(reply.find("at most 65536 octets"), std::string::npos) << reply;
  EXPECT_TRUE(at_end(client));
  EXPECT_TRUE(call("version").has_value()) << "others are served";
}

TEST_F(ControlSocketTest, SEC_12_OldestSilentClientMakesRoom) {
  ASSERT_TRUE(start().has_value());
  std::vector<UniqueFd> held;
  for (std::size_t i = 0; i < ControlSocket::kMaxClients; ++i) {
    held.push_back(connect_raw(settings_.socket));
    send_text(held.back(), kVersionRequest);
    ASSERT_FALSE(read_line(held.back()).empty());  // so it is accepted before the next
  }
  send_text(held[0], kVersionRequest);  // the first speaks: now the second has been silent longest
  ASSERT_FALSE(read_line(held[0]).empty());
  const UniqueFd late = connect_raw(settings_.socket);
  send_text(late, kVersionRequest);
  EXPECT_NE(read_line(late).find("\"result\""), std::string::npos);
  EXPECT_TRUE(at_end(held[1]));
  send_text(held[0], kVersionRequest);
  EXPECT_NE(read_line(held[0]).find("\"result\""), std::string::npos);
  EXPECT_EQ(clients(), ControlSocket::kMaxClients);
}

TEST_F(ControlSocketTest, SEC_12_ClientThatDoesNotReadHoldsNobodyUp) {
  backend_.rows.assign(3'000, FakeBackend::alice());
  ASSERT_TRUE(start().has_value());
  {
    const UniqueFd deaf = connect_raw(settings_.socket);
    send_text(deaf, kSessionsRequest);
    EXPECT_TRUE(call("version").has_value());
  }  // and goes away in the middle of its answer
  EXPECT_TRUE(call("version").has_value());
}

TEST_F(ControlSocketTest, ASlowReaderHoldsAPieceOfItsListAndGetsAllOfIt) {
  constexpr std::size_t kRows = 20'000;
  backend_.rows.assign(kRows, FakeBackend::alice());
  ASSERT_TRUE(start().has_value());
  const UniqueFd slow = connect_raw(settings_.socket);
  send_text(slow, kSessionsRequest);
  pass_turns_for(kRows);
  const std::size_t made = listed();
  EXPECT_GT(made, 0u);
  EXPECT_LT(made, kRows / 4) << "what the kernel's buffer takes, and a piece";
  const Json reply = Json::parse(read_line(slow));
  EXPECT_EQ(reply["result"]["sessions"].size(), kRows);
}

TEST_F(ControlSocketTest, NothingIsListedForAReaderThatHasGone) {
  constexpr std::size_t kRows = 20'000;
  backend_.rows.assign(kRows, FakeBackend::alice());
  ASSERT_TRUE(start().has_value());
  {
    const UniqueFd leaving = connect_raw(settings_.socket);
    send_text(leaving, kSessionsRequest);
    while (listed() == 0) {
    }
  }
  pass_turns_for(kRows);
  EXPECT_LT(listed(), kRows / 4);
  EXPECT_LE(clients(), 1u) << "the last of our own may not have been noticed yet";
}

TEST_F(ControlSocketTest, HoweverManyListAtOnceATurnMakesOneSlice) {
  constexpr std::size_t kRows = 2'000;
  backend_.rows.assign(kRows, FakeBackend::alice());
  ASSERT_TRUE(start().has_value());
  std::vector<UniqueFd> readers;
  for (int i = 0; i < 8; ++i) {
    readers.push_back(connect_raw(settings_.socket));
    send_text(readers.back(), kSessionsRequest);
  }
  for (const UniqueFd& reader : readers) {
    EXPECT_EQ(Json::parse(read_line(reader))["result"]["sessions"].size(), kRows);
  }
  stop();
  EXPECT_EQ(backend_.listed, readers.size() * kRows);
  EXPECT_EQ(most_in_a_turn_, control::kCallsPerSlice);
  EXPECT_EQ(listed_outside_of_chores_, 0u);
}

TEST_F(ControlSocketTest, ACommandMayOutliveWhoeverGaveIt) {
  backend_.answers_terminate = false;
  ASSERT_TRUE(start().has_value());
  {
    const UniqueFd leaving = connect_raw(settings_.socket);
    send_text(leaving,
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"terminate\",\"params\":{\"by\":\"all\"}}\n");
    while (on_thread([this] { return backend_.terminating.size(); }) == 0) {
    }
  }
  on_thread([this] {
    backend_.terminating[0](3);
    return 0;
  });
  EXPECT_TRUE(call("version").has_value());
}

TEST_F(ControlSocketTest, AListEndsWithItsSocket) {
  backend_.rows.assign(20'000, FakeBackend::alice());
  ASSERT_TRUE(start().has_value());
  const UniqueFd client = connect_raw(settings_.socket);
  send_text(client, kSessionsRequest);
  while (listed() == 0) {
  }
  stop();
  const std::string part = read_line(client);
  EXPECT_NE(part.back(), '\n') << "nobody takes it for the whole";
}

TEST_F(ControlSocketTest, ClosesItsClientsWhenItEnds) {
  ASSERT_TRUE(start().has_value());
  const UniqueFd client = connect_raw(settings_.socket);
  send_text(client, kVersionRequest);
  ASSERT_FALSE(read_line(client).empty());
  stop();
  EXPECT_TRUE(at_end(client));
}

TEST_F(ControlSocketTest, ClientSaysWhatToDo) {
  auto answer = call("version");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, CallFailure::Kind::kNoConnection);
  EXPECT_EQ(answer.error().text,
            "cannot reach aditd at " + settings_.socket +
                ": No such file or directory; is it running? (systemctl status adit) Another "
                "socket: --socket PATH");
  ASSERT_TRUE(start().has_value());
  answer = call("no.such.method");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, CallFailure::Kind::kRefused);
  EXPECT_EQ(answer.error().text.find("aditd refused: no method \"no.such.method\""), 0u)
      << answer.error().text;
  answer = call_aditd(std::string(200, 'x'), "version", {}, 1s);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, CallFailure::Kind::kNoConnection);
}

TEST_F(ControlSocketTest, ClientGivesUpOnAServerThatIsSilent) {
  std::filesystem::create_directory(directory_ / "run");
  const asio::local::stream_protocol::acceptor silent(
      io_, asio::local::stream_protocol::endpoint(settings_.socket));
  const auto answer = call_aditd(settings_.socket, "version", {}, 20ms);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, CallFailure::Kind::kTimeout);
}

}  // namespace
}  // namespace adit::app
