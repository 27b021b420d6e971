// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/netlink.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace adit::app::netlink {
namespace {

/// libmnl asks for 8 KiB at least; the kernel fills up to 32 KiB a datagram when given the room.
constexpr std::size_t kDatagram = 32768;
constexpr std::chrono::seconds kAnswerTime{5};
constexpr int kDumpAttempts = 3;  // a busy routing daemon may change something in every one

using Clock = std::chrono::steady_clock;

std::unexpected<Failure> system_failure() {
  return std::unexpected(Failure{.code = errno});
}

template <typename Value>
std::optional<Value> value_of(const std::optional<Bytes>& octets) {
  if (!octets || octets->size() != sizeof(Value)) {
    return std::nullopt;
  }
  Value value;
  std::memcpy(&value, octets->data(), sizeof value);
  return value;
}

/// Behind the nlmsgerr stands the request, which the kernel may have cut down to its header, then the attributes.
std::string extended_acknowledgement(const nlmsghdr& message, Bytes payload) {
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
    return {};
  }
  const auto& request = reinterpret_cast<const nlmsgerr*>(payload.data())->msg;
  std::size_t at = sizeof(nlmsgerr);
  if ((message.nlmsg_flags & NLM_F_CAPPED) == 0) {
    at +=
        NLMSG_ALIGN(request.nlmsg_len) - std::min<std::size_t>(NLMSG_HDRLEN, NLMSG_ALIGN(request.nlmsg_len));
  }
  return at >= payload.size() ? "" : std::string(Attributes(payload.subspan(at)).text(NLMSGERR_ATTR_MSG));
}

std::expected<Socket, Failure> open_for_one_request(const Request& request) {
  auto socket = Socket::open();
  if (!socket) {
    return socket;
  }
  const int on = 1;  // before Linux 4.12 there is none
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

/// True: whole; false: something changed meanwhile.
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

std::string Failure::text() const {
  return std::strerror(code) + (detail.empty() ? "" : " (" + detail + ')');
}

std::optional<Bytes> Attributes::find(std::uint16_t type) const {
  std::optional<Bytes> found;
  int left = static_cast<int>(octets_.size());
  for (const auto* at = reinterpret_cast<const nlattr*>(octets_.data()); mnl_attr_ok(at, left);
       at = mnl_attr_next(at)) {
    if (mnl_attr_get_type(at) == type) {
      found = {static_cast<const std::uint8_t*>(mnl_attr_get_payload(at)), mnl_attr_get_payload_len(at)};
    }
    left -= static_cast<int>(MNL_ALIGN(at->nla_len));
  }
  return found;
}

std::optional<std::uint16_t> Attributes::u16(std::uint16_t type) const {
  return value_of<std::uint16_t>(find(type));
}

std::optional<std::uint32_t> Attributes::u32(std::uint16_t type) const {
  return value_of<std::uint32_t>(find(type));
}

wire::Ipv4Address Attributes::ipv4(std::uint16_t type) const {
  return wire::Ipv4Address(ntohl(u32(type).value_or(0)));
}

std::string_view Attributes::text(std::uint16_t type) const {
  const Bytes octets = find(type).value_or(Bytes{});
  const auto* text = reinterpret_cast<const char*>(octets.data());
  return {text, octets.empty() ? 0 : ::strnlen(text, octets.size())};
}

Attributes Attributes::nested(std::uint16_t type) const {
  return Attributes(find(type).value_or(Bytes{}));
}

Bytes payload_of(const nlmsghdr& message) {
  if (message.nlmsg_len < MNL_NLMSG_HDRLEN) {
    return {};
  }
  return {static_cast<const std::uint8_t*>(mnl_nlmsg_get_payload(&message)),
          mnl_nlmsg_get_payload_len(&message)};
}

std::optional<Failure> read_error(const nlmsghdr& message) {
  if (message.nlmsg_type != NLMSG_ERROR) {
    return std::nullopt;
  }
  const Bytes payload = payload_of(message);
  if (payload.size() < sizeof(nlmsgerr)) {
    return Failure{.code = EPROTO};
  }
  return Failure{.code = -reinterpret_cast<const nlmsgerr*>(payload.data())->error,
                 .detail = extended_acknowledgement(message, payload)};
}

void for_each_message(Bytes datagram, const std::function<void(const nlmsghdr&)>& each) {
  int left = static_cast<int>(datagram.size());
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    each(*message);
  }
}

Request::Request(std::uint16_t type, unsigned flags) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
}

void Request::put_header(Bytes header) {
  std::memcpy(mnl_nlmsg_put_extra_header(message(), header.size()), header.data(), header.size());
}

void Request::put_u16(std::uint16_t type, std::uint16_t value) {
  keep(mnl_attr_put_u16_check(message(), kRoom, type, value));
}

void Request::put_u32(std::uint16_t type, std::uint32_t value) {
  keep(mnl_attr_put_u32_check(message(), kRoom, type, value));
}

void Request::put_ipv4(std::uint16_t type, wire::Ipv4Address value) {
  put_u32(type, htonl(value.value));
}

void Request::put_text(std::uint16_t type, std::string_view value) {
  keep(mnl_attr_put_strz_check(message(), kRoom, type, std::string(value).c_str()));
}

void Request::put_octets(std::uint16_t type, Bytes value) {
  keep(mnl_attr_put_check(message(), kRoom, type, value.size(), value.data()));
}

void Request::nest(std::uint16_t type, const std::function<void()>& fill) {
  nlattr* nest = mnl_attr_nest_start_check(message(), kRoom, type);
  keep(nest != nullptr);
  if (nest != nullptr) {
    fill();
    mnl_attr_nest_end(message(), nest);
  }
}

void Request::set_sequence(std::uint32_t sequence) {
  message()->nlmsg_seq = sequence;
}

void Request::add_flags(unsigned flags) {
  message()->nlmsg_flags = static_cast<std::uint16_t>(message()->nlmsg_flags | flags);
}

Bytes Request::octets() const {
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer_.data());
  return fits_ ? Bytes(buffer_.data(), header->nlmsg_len) : Bytes();
}

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
