// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/socket.hpp"

#include <libmnl/libmnl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace adit::app::netlink {
namespace {

/// libmnl asks for at least 8 KiB; the kernel fills up to 32 KiB per datagram if there is room.
constexpr std::size_t kDatagram = 32768;
constexpr std::chrono::seconds kAnswerTime{5};
constexpr int kDumpAttempts = 3;  // a busy routing daemon may change something during each one

using Clock = std::chrono::steady_clock;

std::unexpected<Failure> system_failure() {
  return std::unexpected(Failure{.code = errno});
}

std::expected<Socket, Failure> open_for_one_request(const Request& request) {
  auto socket = Socket::open();
  if (!socket) {
    return socket;
  }
  const int on = 1;  // not available before Linux 4.12
  ::setsockopt(socket->fd(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  if (auto sent = socket->send(request); !sent) {
    return std::unexpected(std::move(sent.error()));
  }
  return socket;
}

struct DumpState {
  bool done = false;
  bool interrupted = false;
  std::optional<Failure> failure{};
};

void read_dump(const nlmsghdr& message, DumpState& state, const std::function<void(const nlmsghdr&)>& each) {
  state.interrupted = state.interrupted || (message.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
  if (auto failure = read_error(message)) {
    state.failure = std::move(failure);
    state.done = true;
  } else if (message.nlmsg_type == NLMSG_DONE) {
    state.done = true;
  } else {
    each(message);
  }
}

/// True: complete; false: something changed meanwhile.
std::expected<bool, Failure> dump_once(const Request& request,
                                       const std::function<void(const nlmsghdr&)>& each) {
  auto socket = open_for_one_request(request);
  if (!socket) {
    return std::unexpected(std::move(socket.error()));
  }
  DumpState state;
  while (!state.done) {
    const auto datagram = socket->receive_within(kAnswerTime);
    if (!datagram) {
      return std::unexpected(datagram.error());
    }
    for_each_message(*datagram, [&](const nlmsghdr& message) { read_dump(message, state, each); });
  }
  if (state.failure) {
    return std::unexpected(std::move(*state.failure));
  }
  return !state.interrupted;
}

}  // namespace

void Socket::Close::operator()(mnl_socket* socket) const {
  mnl_socket_close(socket);
}

std::expected<Socket, Failure> Socket::open() {
  Socket made;
  made.socket_.reset(mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (made.socket_ == nullptr || mnl_socket_bind(made.socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    return system_failure();
  }
  made.buffer_.resize(kDatagram);
  return made;
}

int Socket::fd() const {
  return mnl_socket_get_fd(socket_.get());
}

std::uint32_t Socket::port() const {
  return mnl_socket_get_portid(socket_.get());
}

std::expected<void, Failure> Socket::join(unsigned group) {
  if (mnl_socket_setsockopt(socket_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
    return system_failure();
  }
  return {};
}

void Socket::enlarge_receive_buffer(int octets) {
  if (::setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) < 0) {
    ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
  }
}

std::expected<void, Failure> Socket::send(Bytes requests) {
  if (requests.empty()) {
    return std::unexpected(Failure{.code = EMSGSIZE});
  }
  if (mnl_socket_sendto(socket_.get(), requests.data(), requests.size()) < 0) {
    return system_failure();
  }
  return {};
}

Socket::Received Socket::receive(Bytes& datagram) {
  const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
  if (size <= 0) {
    return size < 0 && errno == ENOBUFS ? Received::kOverrun : Received::kNothing;
  }
  datagram = Bytes(buffer_.data(), static_cast<std::size_t>(size));
  return Received::kDatagram;
}

std::expected<Bytes, Failure> Socket::receive_within(std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd input{.fd = fd(), .events = POLLIN, .revents = 0};
    const int ready = left.count() > 0 ? ::poll(&input, 1, static_cast<int>(left.count())) : 0;
    if (ready == 0) {
      return std::unexpected(Failure{.code = ETIMEDOUT});
    }
    if (ready < 0 && errno != EINTR) {
      return system_failure();
    }
    Bytes datagram;
    const Received received = ready > 0 ? receive(datagram) : Received::kNothing;
    if (received == Received::kDatagram) {
      return datagram;
    }
    if (received == Received::kOverrun) {
      return std::unexpected(Failure{.code = ENOBUFS});
    }
  }
}

std::expected<void, Failure> execute(Request request) {
  request.add_flags(NLM_F_ACK);
  std::optional<Failure> answer;
  const auto answered = ask(request, [&](const nlmsghdr& message) { answer = read_error(message); });
  if (!answered) {
    return answered;
  }
  return answer ? std::expected<void, Failure>() : std::unexpected(Failure{.code = EPROTO});
}

std::expected<void, Failure> ask(const Request& request, const std::function<void(const nlmsghdr&)>& read) {
  auto socket = open_for_one_request(request);
  if (!socket) {
    return std::unexpected(std::move(socket.error()));
  }
  const auto datagram = socket->receive_within(kAnswerTime);
  if (!datagram) {
    return std::unexpected(datagram.error());
  }
  std::optional<Failure> outcome;
  for_each_message(*datagram, [&](const nlmsghdr& message) {
    if (!outcome) {
      outcome = read_error(message).value_or(Failure{});
      if (outcome->code == 0) {
        read(message);
      }
    }
  });
  if (!outcome) {
    outcome = Failure{.code = EPROTO};
  }
  return outcome->code == 0 ? std::expected<void, Failure>() : std::unexpected(std::move(*outcome));
}

std::expected<void, Failure> dump(Request request, const std::function<void(const nlmsghdr&)>& each) {
  request.add_flags(NLM_F_DUMP);
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    const auto whole = dump_once(request, each);
    if (!whole) {
      return std::unexpected(whole.error());
    }
    if (*whole) {
      break;
    }
  }
  return {};
}

}  // namespace adit::app::netlink
