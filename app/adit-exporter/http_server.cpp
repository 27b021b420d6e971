// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/http_server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "dataplane/ports/unique_fd.hpp"

namespace adit::app::exporter {
namespace {

using std::chrono::steady_clock;

/// The client's octets, of which there is an end, in its time.
class Connection final : public httplib::Stream {
 public:
  explicit Connection(int fd) : fd_(fd), begin_(steady_clock::now()) {}

  bool is_readable() const override { return at_ < filled_ || wait(POLLIN); }
  bool is_writable() const override { return wait(POLLOUT); }

  ssize_t read(char* to, size_t size) override {
    if (at_ == filled_) {
      const size_t room = std::min(sizeof buffer_, kMaxRequest - received_);
      const ssize_t got = room > 0 && wait(POLLIN) ? ::recv(fd_, buffer_, room, MSG_DONTWAIT) : -1;
      if (got <= 0) {
        return got;
      }
      at_ = 0;
      filled_ = static_cast<size_t>(got);
      received_ += filled_;
    }
    const size_t taken = std::min(size, filled_ - at_);
    std::memcpy(to, buffer_ + at_, taken);
    at_ += taken;
    return static_cast<ssize_t>(taken);
  }

  ssize_t write(const char* from, size_t size) override {
    return wait(POLLOUT) ? ::send(fd_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT) : -1;
  }

  // Nobody asks who it is.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return fd_; }

 private:
  bool wait(short what) const {
    const auto end = begin_ + (what == POLLIN ? kRequestTime : kDeadline);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - steady_clock::now());
    pollfd one{fd_, what, 0};
    return left.count() > 0 && ::poll(&one, 1, static_cast<int>(left.count())) == 1;
  }

  int fd_;
  steady_clock::time_point begin_;
  char buffer_[4096];
  size_t at_ = 0;
  size_t filled_ = 0;
  size_t received_ = 0;
};

/// Its threads, and no queue: whoever enqueues waits until one of them is free.
class Threads final : public httplib::TaskQueue {
 public:
  Threads() {
    for (size_t i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this] { work(); });
    }
  }

  // void before 0.15, bool since.
  using Enqueued = decltype(std::declval<httplib::TaskQueue&>().enqueue(std::function<void()>()));
  Enqueued enqueue(std::function<void()> task) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !task_; });
    task_ = std::move(task);
    lock.unlock();
    changed_.notify_all();
    return Enqueued(true);
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return task_ || ends_; });
      if (!task_) {
        return;
      }
      const auto task = std::exchange(task_, nullptr);
      lock.unlock();
      changed_.notify_all();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> task_;
  bool ends_ = false;
  std::vector<std::thread> threads_;
};

/// Ranges and compression would let a small request cost much; an answer is sent as it is.
void simplify(httplib::Request& request) {
  request.ranges.clear();
  for (const char* header : {"Range", "Accept-Encoding", "Expect"}) {
    request.headers.erase(header);
  }
}

}  // namespace

HttpServer::HttpServer() {
  new_task_queue = [] { return new Threads; };
  // Not SO_REUSEPORT, which is its default: a second exporter has to fail.
  set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
}

bool HttpServer::process_and_close_socket(socket_t socket) {
  const dataplane::UniqueFd fd(socket);
  Connection connection(socket);
  bool closed = false;
  // Debian 13's takes the addresses as well.
  const auto answer = [&](auto& self) {
    if constexpr (requires { self.process_request(connection, true, closed, &simplify); }) {
      return self.process_request(connection, true, closed, &simplify);
    } else {
      return self.process_request(connection, "", 0, "", 0, true, closed, &simplify);
    }
  };
  const bool answered = answer(*this);
  ::shutdown(socket, SHUT_WR);
  return answered;
}

}  // namespace adit::app::exporter
