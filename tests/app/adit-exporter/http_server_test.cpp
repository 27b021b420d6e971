// SPDX-License-Identifier: Apache-2.0
// What keeps a place at the exporter, and what gives way: clients on loopback that send half of a request, or read nothing.
#include "app/adit-exporter/http_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/ports/unique_fd.hpp"

namespace adit::app::exporter {
namespace {

using dataplane::UniqueFd;

constexpr const char* kHalf = "GET / HTTP/1.1\r\nX-Slow: ";
constexpr std::size_t kMany = 5 * kThreads;
constexpr const char* kWhole = "GET / HTTP/1.1\r\n\r\n";

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("here", "text/plain");
    });
    server_.Get("/large", [](const httplib::Request&, httplib::Response& response) {
      response.set_content_provider(std::size_t{1} << 30, "text/plain",
                                    [](std::size_t, std::size_t length, httplib::DataSink& sink) {
                                      static const std::string kBlock(65'536, 'x');
                                      return sink.write(kBlock.data(), std::min(length, kBlock.size()));
                                    });
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { EXPECT_TRUE(server_.serve()); });
    static_cast<void>(ask("127.0.0.1"));  // it runs, and can be stopped
  }
  ~HttpServerTest() override {
    server_.stop();
    thread_.join();
  }

  /// Of 127.0.0.0/8, all of which is ours: a client with an address of its own. Reads as little ahead as it can.
  [[nodiscard]] UniqueFd connect(const char* from) const {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // Less than anybody's time at the server: what is answered later is not because of somebody who gave way.
    const timeval patience{4, 0};
    const int small = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &address.sin_addr);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  [[nodiscard]] UniqueFd say(const char* from, const std::string& text) const {
    UniqueFd fd = connect(from);
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    return fd;
  }
  /// The status line; empty: there came nothing.
  static std::string status(const UniqueFd& fd) {
    char text[15] = {};
    const ssize_t got = ::recv(fd.get(), text, sizeof text, MSG_WAITALL);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
  [[nodiscard]] std::string ask(const char* from) const { return status(say(from, kWhole)); }
  static bool is_open(const UniqueFd& fd) {
    char octet = 0;
    return ::recv(fd.get(), &octet, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
  }

  HttpServer server_;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(HttpServerTest, HalfSentRequestsGiveWayTheOldestFirst) {
  std::vector<UniqueFd> slow;
  for (std::size_t i = 0; i < kMany; ++i) {
    slow.push_back(say("127.0.0.1", kHalf));
  }
  EXPECT_EQ(ask("127.0.0.1"), "HTTP/1.1 200 OK");
  EXPECT_EQ(std::ranges::count_if(slow, &is_open), static_cast<std::ptrdiff_t>(kThreads - 1));
  EXPECT_FALSE(is_open(slow.front()));
  EXPECT_TRUE(is_open(slow.back()));
}

TEST_F(HttpServerTest, WhoHasManyLosesThemToWhoHasOne) {
  std::vector<UniqueFd> strangers;
  strangers.push_back(say("127.0.0.2", kHalf));
  strangers.push_back(say("127.0.0.2", kHalf));
  const UniqueFd far_away = say("127.0.0.3", "GET / HTTP/1.1\r\n");
  for (std::size_t i = 0; i < kMany; ++i) {
    strangers.push_back(say("127.0.0.2", kHalf));
  }
  EXPECT_EQ(ask("127.0.0.4"), "HTTP/1.1 200 OK") << "all before it have been accepted";
  EXPECT_TRUE(is_open(far_away)) << "it is older than any of those";
  ASSERT_EQ(::send(far_away.get(), "\r\n", 2, MSG_NOSIGNAL), 2);
  EXPECT_EQ(status(far_away), "HTTP/1.1 200 OK");
}

TEST_F(HttpServerTest, WhoReadsNothingGivesWayAfterASecond) {
  std::vector<UniqueFd> deaf;
  for (std::size_t i = 0; i < kThreads; ++i) {
    deaf.push_back(say("127.0.0.2", "GET /large HTTP/1.1\r\n\r\n"));
  }
  EXPECT_EQ(ask("127.0.0.3"), "HTTP/1.1 200 OK");
}

}  // namespace
}  // namespace adit::app::exporter
