// SPDX-License-Identifier: Apache-2.0
// A client of the operator's socket. It reads a line, answers it piece by piece, reads the next: holds at most one request
// and one piece of a reply. Of a stream it holds, besides, what the socket has not taken, and reads on, to know when the
// client hangs up.
// Thread: control. Owner: the socket, and what is under way.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "app/aditd/operator/control_socket.hpp"
#include "app/aditd/operator/rpc.hpp"

namespace adit::app {

class ControlSocket::Client final : public std::enable_shared_from_this<Client>, public StreamSink {
 public:
  Client(ControlSocket& server, asio::local::stream_protocol::socket socket)
      : server_(&server), socket_(std::move(socket)), by_(peer_of(socket_)) {}

  void start() {
    asio::error_code ignored;
    socket_.non_blocking(true, ignored);
    read();
  }

  /// The server forgets this client, or is being destroyed: the client touches it no more.
  void detach() {
    subscription_.reset();
    more_ = nullptr;
    server_ = nullptr;
    asio::error_code ignored;
    socket_.close(ignored);
  }

  /// What a stream has said, as far as the socket takes it at once.
  void send_last() {
    chore_ = true;  // no other turn comes
    for (int turn = 0; more_ && turn < kLastTurns; ++turn) {
      std::exchange(more_, nullptr)();
    }
    if (!reply_.more()) {
      output_ += waiting_;
      write_now();
    }
  }

  [[nodiscard]] bool has_stream() const { return subscription_ != nullptr; }

  // StreamSink
  bool send(std::string_view line) override {
    if (server_ == nullptr || leaving_ == Leaving::kNow) {
      return false;
    }
    if (unsent() + line.size() >= kMaxUnsent) {
      cut_off();
      return false;
    }
    waiting_.append(line) += '\n';
    write();
    return true;
  }
  [[nodiscard]] std::size_t unsent() const override { return waiting_.size() + output_.size() - sent_; }
  void when_sent(std::function<void()> more) override {
    more_ = std::move(more);
    write();
  }
  void finish() override {
    leaving_ = std::max(leaving_, Leaving::kOnceSent);
    write();
  }

 private:
  static constexpr int kLastTurns = 16;
  enum class Leaving : std::uint8_t { kNo, kOnceSent, kNow };

  /// Who it is, as the kernel knows: SO_PEERCRED.
  static std::string peer_of(asio::local::stream_protocol::socket& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool known = ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    return known ? "uid " + std::to_string(peer.uid) : "unknown";
  }

  void read() {
    reading_ = true;
    asio::async_read_until(socket_, asio::dynamic_buffer(input_, kMaxRequest), '\n',
                           [self = shared_from_this()](const asio::error_code& error, std::size_t length) {
                             self->reading_ = false;
                             self->on_line(error, length);
                           });
  }

  void on_line(const asio::error_code& error, std::size_t length) {
    if (server_ == nullptr) {
      return;
    }
    if (error == asio::error::not_found && !has_stream()) {  // the buffer is full, without a newline
      leaving_ = Leaving::kOnceSent;
      reply_ = rpc_too_long(kMaxRequest);
      write();
      return;
    }
    if (error) {
      server_->remove(*this);
      return;
    }
    server_->touch(*this);
    const std::string line = input_.substr(0, length - 1);
    input_.erase(0, length);
    if (has_stream()) {
      send(rpc_has_stream());
      read();
      return;
    }
    handle_rpc(
        line, server_->backend_,
        [self = shared_from_this()](RpcReply reply) {
          if (self->server_ != nullptr) {
            self->subscription_ = reply.take_subscription();
            self->reply_ = std::move(reply);
            self->write();
            if (self->has_stream() && !self->reading_) {
              self->read();
            }
          }
        },
        {.by = by_, .access = server_->access_, .sink = server_->has_room_for_stream() ? this : nullptr});
  }

  /// What is next: the rest of the reply, what waits, what a stream makes on demand, another request.
  void write() {
    if (sending_ || chore_ || server_ == nullptr) {
      return;
    }
    if (reply_.more()) {
      next_turn([](Client& self) { self.transmit(self.reply_.next()); });
    } else if (!waiting_.empty()) {
      transmit(std::exchange(waiting_, {}));
    } else if (leaving_ != Leaving::kNo) {
      next_turn([](Client& self) { self.server_->remove(self); });
    } else if (more_) {
      next_turn([](Client& self) { std::exchange(self.more_, nullptr)(); });
    } else if (!reading_) {
      read();
    }
  }

  /// Never within a call of the subscription's, which what is done may end.
  void next_turn(void (*act)(Client& self)) {
    chore_ = true;
    server_->chores_.add([self = shared_from_this(), act] {
      self->chore_ = false;
      if (self->server_ != nullptr) {
        act(*self);
        self->write();
      }
      return false;
    });
  }

  void transmit(std::string text) {
    output_ = std::move(text);
    sent_ = 0;
    sending_ = true;
    send_rest();
  }

  /// Not by async_write, of which nobody knows, when the server ends, how much it has sent.
  void send_rest() {
    const asio::error_code error = write_now();
    if (error == asio::error::would_block) {
      socket_.async_wait(asio::socket_base::wait_write,
                         [self = shared_from_this()](const asio::error_code& failed) {
                           if (self->server_ != nullptr) {
                             failed ? self->server_->remove(*self) : self->send_rest();
                           }
                         });
      return;
    }
    sending_ = false;
    if (error) {
      next_turn([](Client& self) { self.server_->remove(self); });
    } else {
      write();
    }
  }

  /// What the socket takes at once of the rest of `output_`.
  asio::error_code write_now() {
    asio::error_code error;
    while (sent_ < output_.size() && !error) {
      sent_ += socket_.write_some(asio::buffer(output_) + sent_, error);
    }
    return error;
  }

  void cut_off() {
    server_->backend_.note({.by = by_,
                            .method = has_stream() ? subscription_->name() : "stream",
                            .params = {},
                            .result = "cut off: it reads too slowly"});
    leaving_ = Leaving::kNow;
    more_ = nullptr;
    server_->chores_.add([self = shared_from_this()] {
      if (self->server_ != nullptr) {
        self->server_->remove(*self);
      }
      return false;
    });
  }

  ControlSocket* server_;
  asio::local::stream_protocol::socket socket_;
  const std::string by_;
  std::string input_;
  std::string output_;    // being sent
  std::size_t sent_ = 0;  // of it
  std::string waiting_;   // lines of a stream
  RpcReply reply_;
  std::unique_ptr<Subscription> subscription_;
  std::function<void()> more_;
  bool reading_ = false, sending_ = false, chore_ = false;
  Leaving leaving_ = Leaving::kNo;
};

}  // namespace adit::app
