// SPDX-License-Identifier: Apache-2.0
#include "app/adit/client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "app/adit/fields.hpp"
#include "app/adit/stream.hpp"
#include "app/escape.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {
namespace {

using Kind = CallFailure::Kind;
using dataplane::UniqueFd;

std::unexpected<CallFailure> fail(Kind kind, std::string text) {
  return std::unexpected(CallFailure{kind, std::move(text)});
}

std::unexpected<CallFailure> fail_errno(const std::string& path, int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) {
    return fail(Kind::kTimeout, "aditd at " + escape_octets(path) +
                                    " does not answer in time; is it overloaded or stopped? "
                                    "Try --timeout, or see its log");
  }
  std::string remedy = "is it running? (systemctl status adit) Another socket: --socket PATH";
  if (error == EACCES || error == EPERM) {
    remedy = "run this as root, or as a member of the group that cli.group names";
  }
  return fail(Kind::kNoConnection,
              "cannot reach aditd at " + escape_octets(path) + ": " + std::strerror(error) + "; " + remedy);
}

std::expected<UniqueFd, CallFailure> connect_to(const std::string& path, std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Kind::kNoConnection, "the socket's path has " + std::to_string(path.size()) +
                                         " octets; give one of 1 to 107 with --socket PATH");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval wait{timeout.count() / 1000, (timeout.count() % 1000) * 1000};
  if (fd.get() < 0 || ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0 ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno(path, errno);
  }
  return fd;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// The result of a reply, or why there is none.
std::expected<Json, CallFailure> result_of(const std::string& socket_path, const std::string& line) {
  const Json reply = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!reply.is_object()) {
    return fail(Kind::kRefused, "what answers at " + escape_octets(socket_path) +
                                    " is not aditd; name its socket with --socket PATH");
  }
  if (const auto result = reply.find("result"); result != reply.end()) {
    return *result;
  }
  const Json error = reply.value("error", Json::object());
  const Json message = error.is_object() ? error.value("message", Json()) : Json();
  return fail(Kind::kRefused, "aditd refused: " + (message.is_string() ? printable(message.get<std::string>())
                                                                       : "without a reason"));
}

/// Connects, and sends a request.
std::expected<UniqueFd, CallFailure> ask(const std::string& socket_path, const std::string& method,
                                         const Json& params, std::chrono::milliseconds timeout) {
  std::expected<UniqueFd, CallFailure> fd = connect_to(socket_path, timeout);
  if (!fd) {
    return fd;
  }
  Json request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}};
  if (!params.is_null()) {
    request["params"] = params;
  }
  if (!send_all(fd->get(), json_text(request) + '\n')) {
    return fail_errno(socket_path, errno);
  }
  return fd;
}

constexpr std::size_t kBlock = 65'536;

}  // namespace

std::expected<Json, CallFailure> call_aditd(const std::string& socket_path, const std::string& method,
                                            const Json& params, std::chrono::milliseconds timeout,
                                            std::size_t max_reply) {
  const std::expected<UniqueFd, CallFailure> fd = ask(socket_path, method, params, timeout);
  if (!fd) {
    return std::unexpected(fd.error());
  }
  std::string line;
  char block[kBlock];
  while (line.empty() || line.back() != '\n') {
    const ssize_t got = ::recv(fd->get(), block, sizeof block, 0);
    if (got < 0) {
      return fail_errno(socket_path, errno);
    }
    if (got == 0 || line.size() > max_reply) {
      return fail(Kind::kNoConnection, "aditd closed the connection before it answered; see its log");
    }
    line.append(block, static_cast<std::size_t>(got));
  }
  return result_of(socket_path, line);
}

std::expected<StreamClient, CallFailure> StreamClient::open(const std::string& socket_path,
                                                            const std::string& method, const Json& params,
                                                            std::chrono::milliseconds timeout) {
  std::expected<UniqueFd, CallFailure> fd = ask(socket_path, method, params, timeout);
  if (!fd) {
    return std::unexpected(fd.error());
  }
  StreamClient client;
  client.fd_ = std::move(*fd);
  errno = 0;
  while (!client.has_next()) {
    if (!client.receive()) {
      return errno != 0
                 ? fail_errno(socket_path, errno)
                 : fail(Kind::kNoConnection, "aditd closed the connection before it answered; see its log");
    }
  }
  auto answer = result_of(socket_path, client.take_line());
  if (!answer) {
    return std::unexpected(answer.error());
  }
  client.answer_ = std::move(*answer);
  const timeval for_ever{};
  ::setsockopt(client.fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof for_ever);
  return client;
}

std::expected<Json, StreamEnd> StreamClient::next(const sigset_t* waiting) {
  while (true) {
    while (!has_next()) {
      pollfd input{.fd = fd_.get(), .events = POLLIN, .revents = 0};
      if (::ppoll(&input, 1, nullptr, waiting) < 0 && errno == EINTR) {
        return std::unexpected(StreamEnd::kSignal);
      }
      if (!receive()) {
        return std::unexpected(StreamEnd::kClosed);
      }
    }
    Json notification = Json::parse(take_line(), nullptr, /*allow_exceptions=*/false);
    if (notification.is_object()) {
      return notification;
    }
  }
}

bool StreamClient::receive() {
  char block[kBlock];
  const ssize_t got = ::recv(fd_.get(), block, sizeof block, 0);
  if (got <= 0) {
    return false;
  }
  input_.append(block, static_cast<std::size_t>(got));
  return true;
}

std::string StreamClient::take_line() {
  const std::size_t end = input_.find('\n');
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  return line;
}

}  // namespace adit::app
