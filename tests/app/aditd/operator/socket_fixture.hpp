// SPDX-License-Identifier: Apache-2.0
// aditd's side of the operator's socket on a thread of its own, in a directory of the test's, and raw clients.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <cstring>
#include <filesystem>
#include <future>
#include <optional>
#include <thread>

#include "app/adit/client.hpp"
#include "app/aditd/operator/control_socket.hpp"
#include "dataplane/ports/unique_fd.hpp"
#include "tests/app/aditd/operator/fake_backend.hpp"

namespace adit::app {
using dataplane::UniqueFd;
using namespace std::chrono_literals;

inline constexpr std::string_view kVersionRequest = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\"}\n";
inline constexpr std::string_view kSessionsRequest =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"show.sessions\"}\n";

inline UniqueFd connect_raw(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval wait{10, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

inline void send_text(const UniqueFd& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;  // closed by the other side, which some tests want
    }
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Up to and with a newline, or what came before the end.
inline std::string read_line(const UniqueFd& fd) {
  std::string line;
  for (char c = 0; line.empty() || line.back() != '\n'; line += c) {
    if (::recv(fd.get(), &c, 1, 0) != 1) {
      break;
    }
  }
  return line;
}

inline bool at_end(const UniqueFd& fd) {
  char c = 0;
  const ssize_t got = ::recv(fd.get(), &c, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

class ControlSocketTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/adit-socket-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    settings_.socket = directory_ / "run" / "adit.sock";
  }
  void TearDown() override {
    stop();
    std::filesystem::remove_all(directory_);
  }

  std::expected<void, std::string> start() {
    socket_.emplace(io_, chores_, backend_, settings_, access_);
    auto listening = socket_->listen();
    if (listening) {
      thread_ = std::jthread([this] { run(); });
    }
    return listening;
  }
  /// As aditd's loop: a slice, then what is ready.
  void run() {
    while (!io_.stopped()) {
      const std::size_t before = backend_.listed;
      const bool busy = chores_.turn();
      most_in_a_turn_ = std::max(most_in_a_turn_, backend_.listed - before);
      const std::size_t made = backend_.listed;
      busy ? io_.poll() : io_.run_one();
      listed_outside_of_chores_ += backend_.listed - made;
    }
  }
  void stop() {
    if (thread_.joinable()) {
      asio::post(io_, [this] {
        socket_.reset();
        keep_running_.reset();
      });
      thread_.join();
    }
    socket_.reset();
  }
  /// What `read` returns on aditd's thread.
  std::size_t on_thread(const std::function<std::size_t()>& read) {
    std::promise<std::size_t> count;
    asio::post(io_, [&] { count.set_value(read()); });
    return count.get_future().get();
  }
  std::size_t clients() {
    return on_thread([this] { return socket_->clients(); });
  }
  std::size_t listed() {
    return on_thread([this] { return backend_.listed; });
  }
  /// Passes so many turns that a list of `rows` would be complete, if it were made without waiting for its reader.
  void pass_turns_for(std::size_t rows) {
    for (std::size_t turn = 0; turn < 2 * rows / control::kCallsPerSlice; ++turn) {
      ASSERT_TRUE(call("version").has_value());
    }
  }
  std::expected<Json, CallFailure> call(const std::string& method, const Json& params = {}) {
    return call_aditd(settings_.socket, method, params, 10s);
  }

  std::filesystem::path directory_;
  CliSettings settings_;
  Access access_ = Access::kFull;
  FakeBackend backend_;
  asio::io_context io_;
  Chores chores_;
  std::size_t most_in_a_turn_ = 0, listed_outside_of_chores_ = 0;  // sessions
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_{io_.get_executor()};
  std::optional<ControlSocket> socket_;
  std::jthread thread_;
};

}  // namespace adit::app
