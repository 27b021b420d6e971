// SPDX-License-Identifier: Apache-2.0
#include "app/host/net/tcp_listener.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace adit::app {

using asio::ip::tcp;

namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerWake = 64;  // more than are served: the line can choose, the backlog cannot; 0.5 ms
constexpr int kServedPerWake = 16;
constexpr std::size_t kMostWaiting = 16'384;  // a sixteenth of adit.service's descriptors
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::milliseconds kRatePause{10};

/// Accepts up to about a fiftieth of a second's connections at once: a quiet period must not be saved up for
/// the next storm. Rounded up, because a bucket that is full before kRatePause is over would let in less than
/// the rate.
wire::TokenRate accept_rate(std::uint32_t per_second) {
  return {.tokens = per_second, .milliseconds = 1000, .capacity = per_second / 50 + 1};
}

std::uint32_t steady_milliseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

wire::Ipv4Address to_wire(const asio::ip::address& address) {
  return address.is_v4() ? wire::Ipv4Address(address.to_v4().to_uint()) : wire::Ipv4Address();
}

/// Whether the client has already hung up, and has sent nothing.
bool has_gone(tcp::socket& socket) {
  char octet = 0;
  return ::recv(socket.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace

struct TcpListener::Listener {
  explicit Listener(asio::io_context& io) : acceptor(io), pause(io) {}
  tcp::acceptor acceptor;
  asio::steady_timer pause;
};

TcpListener::TcpListener(asio::io_context& io, TcpConnections& connections, AcceptEvents& events,
                         std::uint32_t rate)
    : io_(io),
      connections_(connections),
      events_(events),
      rate_(accept_rate(rate)),
      bucket_(rate_),
      line_(kMostWaiting),
      serving_(io) {}

TcpListener::~TcpListener() = default;

void TcpListener::limit(std::uint32_t rate) {
  if (rate != rate_.tokens) {
    rate_ = accept_rate(rate);
    bucket_ = wire::TokenBucket(rate_);
  }
}

std::expected<void, std::string> TcpListener::listen(wire::Ipv4Address address, std::uint16_t port,
                                                     const ListenOptions& options) {
  auto listener = std::make_unique<Listener>(io_);
  const tcp::endpoint endpoint(asio::ip::address_v4(address.value), port);
  asio::error_code error;
  const auto failed = [&](const char* what) {
    return std::unexpected("cannot " + std::string(what) + " " + to_string(address) + ":" +
                           std::to_string(port) + ": " + error.message() +
                           "; is the address on this host, and no other server on the port?");
  };
  if (listener->acceptor.open(tcp::v4(), error); error) {
    return failed("open a socket for");
  }
  listener->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  const int socket = listener->acceptor.native_handle();
  const int on = 1;
  if (options.address_may_come_later) {
    ::setsockopt(socket, IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
  }
  if (!options.vrf.empty() && ::setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, options.vrf.c_str(),
                                           static_cast<socklen_t>(options.vrf.size())) != 0) {
    error.assign(errno, asio::system_category());
    return failed(("enter VRF " + options.vrf + " for").c_str());
  }
  if (listener->acceptor.bind(endpoint, error); error) {
    return failed("bind");
  }
  if (listener->acceptor.listen(kBacklog, error); error) {
    return failed("listen on");
  }
  listener->acceptor.non_blocking(true, error);
  accept_some(*listener);
  listeners_.push_back(std::move(listener));
  return {};
}

void TcpListener::stop_listening() {
  for (auto& listener : listeners_) {
    asio::error_code ignored;
    listener->pause.cancel();
    listener->acceptor.close(ignored);
  }
  empty_the_line();
}

void TcpListener::empty_the_line() {
  serving_.cancel();
  serving_soon_ = false;
  while (!line_.empty()) {
    line_.drop_newest();
  }
}

/// The sockets stay bound, which a process without root could not repeat in a VRF: Linux takes a listener back to a bound
/// socket by shutdown(), and makes it one again by listen().
void TcpListener::refuse() {
  refuses_ = true;
  for (auto& listener : listeners_) {
    asio::error_code ignored;
    listener->pause.cancel();
    listener->acceptor.cancel(ignored);
    ::shutdown(listener->acceptor.native_handle(), SHUT_RD);
  }
  empty_the_line();
}

std::expected<void, std::string> TcpListener::listen_again() {
  std::expected<void, std::string> result;
  refuses_ = false;
  for (auto& listener : listeners_) {
    asio::error_code error;
    if (listener->acceptor.listen(kBacklog, error); !error) {
      accept_some(*listener);
      continue;
    }
    asio::error_code ignored;
    const tcp::endpoint endpoint = listener->acceptor.local_endpoint(ignored);
    result = std::unexpected("cannot listen on " + endpoint.address().to_string() + ":" +
                             std::to_string(endpoint.port()) + ": " + error.message());
  }
  return result;
}

// Accepts what is pending, then waits for more.
void TcpListener::accept_some(Listener& listener) {
  if (refuses_) {
    return;  // a handler that was already on its way
  }
  for (int i = 0; i < kAcceptsPerWake; ++i) {
    if (line_.full()) {
      return pause(listener, kRatePause);
    }
    if (!accept_one(listener)) {
      return;
    }
  }
  wait(listener);
}

/// False: nothing is pending, or accepting has paused or ended.
bool TcpListener::accept_one(Listener& listener) {
  asio::error_code error;
  tcp::endpoint peer;
  tcp::socket socket(io_);
  listener.acceptor.accept(socket, peer, error);
  if (!error) {
    if (const auto loser = line_.add(to_wire(peer.address()), std::move(socket))) {
      events_.on_turned_away(*loser, control::Scarce::kTurns);
    }
    if (!serving_soon_) {
      serve();
    }
    return true;
  }
  if (error == asio::error::connection_aborted) {
    return true;
  }
  if (error == asio::error::would_block || error == asio::error::try_again) {
    wait(listener);
  } else if (error != asio::error::bad_descriptor) {
    if (free_a_descriptor(error.message())) {
      return true;
    }
    pause(listener, kAcceptPause);
  }
  return false;
}

bool TcpListener::free_a_descriptor(const std::string& why) {
  if (line_.longest() <= 1 && events_.on_accept_failed(why)) {
    return true;
  }
  if (line_.empty()) {
    return false;
  }
  events_.on_turned_away(line_.drop_newest(), control::Scarce::kDescriptors);
  return true;
}

void TcpListener::wait(Listener& listener) {
  listener.acceptor.async_wait(tcp::acceptor::wait_read, [this, &listener](const asio::error_code& error) {
    if (!error) {
      accept_some(listener);
    }
  });
}

// Admits those whose turn it is, as far as the rate allows; then again a little later.
void TcpListener::serve() {
  serving_soon_ = false;
  for (int i = 0; i < kServedPerWake && !line_.empty(); ++i) {
    if (limited() && (!pays_what_is_owed() || !bucket_.take(rate_, 1, steady_milliseconds()))) {
      return serve_after(kRatePause);
    }
    if (!adopt(line_.next()) && limited()) {
      bucket_.give_back(rate_, 1, steady_milliseconds());  // what is refused costs nobody else's turn
    }
  }
  if (!line_.empty()) {
    serve_after(std::chrono::milliseconds{0});
  }
}

/// At most what the bucket holds is owed, so that nothing keeps connections out for long.
bool TcpListener::pays_what_is_owed() {
  owed_ = std::min<std::uint64_t>(owed_ + events_.turns_taken(), rate_.capacity);
  const auto now = steady_milliseconds();
  while (owed_ != 0 && bucket_.take(rate_, 1, now)) {
    --owed_;
  }
  return owed_ == 0;
}

void TcpListener::serve_after(std::chrono::milliseconds time) {
  serving_soon_ = true;
  serving_.expires_after(time);
  serving_.async_wait([this](const asio::error_code& cancelled) {
    if (!cancelled) {
      serve();
    }
  });
}

void TcpListener::pause(Listener& listener, std::chrono::milliseconds time) {
  listener.pause.expires_after(time);
  listener.pause.async_wait([this, &listener](const asio::error_code& cancelled) {
    if (!cancelled) {
      accept_some(listener);
    }
  });
}

/// False: refused, or the client has gone.
bool TcpListener::adopt(tcp::socket socket) {
  asio::error_code error;
  const auto peer = socket.remote_endpoint(error);
  const auto local = error ? tcp::endpoint() : socket.local_endpoint(error);
  if (error || has_gone(socket)) {
    return false;
  }
  const control::ConnectionId id =
      connections_.adopt(std::move(socket));  // before on_accept, which may already send
  if (!events_.on_accept(id, to_wire(peer.address()), to_wire(local.address()))) {
    connections_.drop(id);
    return false;
  }
  connections_.start_reading(id);
  return true;
}

}  // namespace adit::app
