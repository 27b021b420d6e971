// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/http_server.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "dataplane/ports/unique_fd.hpp"

namespace adit::app::exporter {
namespace {

using std::chrono::steady_clock;

/// Who the client is: its address; of IPv6 the network, of whose addresses anybody has as many as he likes. Empty: it has gone.
std::string source_of(int fd) {
  sockaddr_in6 address{};  // has room for either
  socklen_t length = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return {};
  }
  if (address.sin6_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &address, sizeof four);
    return {reinterpret_cast<const char*>(&four.sin_addr), sizeof four.sin_addr};
  }
  const char* octets = reinterpret_cast<const char*>(&address.sin6_addr);
  return IN6_IS_ADDR_V4MAPPED(&address.sin6_addr) ? std::string(octets + 12, 4) : std::string(octets, 8);
}

}  // namespace

/// The connections that are served, and which of them gives way. Any thread.
class Places {
 public:
  /// One that is served. To be gone before its socket is closed, whose number another connection may have at once.
  class Place {
   public:
    Place(Places& places, int fd) : places_(places), fd_(fd), source_(source_of(fd)) {
      const std::lock_guard lock(places_.mutex_);
      places_.taken_.push_back(this);
    }
    ~Place() {
      const std::lock_guard lock(places_.mutex_);
      std::erase(places_.taken_, this);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    /// Its request is complete: until it is answered, nobody waits for the client.
    void has_asked() { become(Stage::kAsked); }
    void is_answered() { become(Stage::kAnswered); }

   private:
    friend class Places;
    enum class Stage : std::uint8_t { kNew, kAsked, kAnswered };

    void become(Stage stage) {
      const std::lock_guard lock(places_.mutex_);
      if (stage_ != stage) {
        stage_ = stage;
        since_ = steady_clock::now();
      }
    }
    [[nodiscard]] bool may_give_way() const {
      const auto been = steady_clock::now() - since_;
      return (stage_ == Stage::kNew && been >= kGrace) || (stage_ == Stage::kAnswered && been >= kAnswerTime);
    }

    Places& places_;
    int fd_;
    std::string source_;
    Stage stage_ = Stage::kNew;
    steady_clock::time_point since_ = steady_clock::now();
    bool gives_way_ = false;
  };

  /// Ends one that waits for its client, if there is one that has to, and none is ending already.
  void make_room() {
    const std::lock_guard lock(mutex_);
    const auto most = [this] {
      std::ptrdiff_t of_one = 0;
      for (const Place* place : taken_) {
        of_one = std::max(of_one, held_by(place->source_));
      }
      return of_one;
    }();
    Place* chosen = nullptr;
    for (Place* place : taken_) {  // the oldest first
      if (place->gives_way_) {
        return;
      }
      const bool is_better =
          chosen == nullptr || (chosen->stage_ != Place::Stage::kNew && place->stage_ == Place::Stage::kNew);
      if (is_better && place->may_give_way() && held_by(place->source_) == most) {
        chosen = place;
      }
    }
    if (chosen != nullptr) {
      chosen->gives_way_ = true;
      ::shutdown(chosen->fd_, SHUT_RDWR);  // whose thread waits for it, and finds it at its end
    }
  }

 private:
  [[nodiscard]] std::ptrdiff_t held_by(const std::string& source) const {
    return std::ranges::count(taken_, source, &Place::source_);
  }

  std::mutex mutex_;
  std::vector<Place*> taken_;
};

namespace {

/// The client's octets, of which there is an end, in its time.
class Connection final : public httplib::Stream {
 public:
  Connection(Places& places, int fd) : fd_(fd), place_(places, fd), begin_(steady_clock::now()) {}

  void has_asked() { place_.has_asked(); }

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
    place_.is_answered();
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
  Places::Place place_;
  steady_clock::time_point begin_;
  char buffer_[4096];
  size_t at_ = 0;
  size_t filled_ = 0;
  size_t received_ = 0;
};

/// Its threads, and no queue: whoever enqueues waits until one of them is free, for which another has to give way.
class Threads final : public httplib::TaskQueue {
 public:
  explicit Threads(Places& places) : places_(places) {
    for (size_t i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this] { work(); });
    }
  }

  // void before 0.15, bool since.
  using Enqueued = decltype(std::declval<httplib::TaskQueue&>().enqueue(std::function<void()>()));
  Enqueued enqueue(std::function<void()> task) override {
    std::unique_lock lock(mutex_);
    while (free_ == 0) {
      places_.make_room();
      changed_.wait_for(lock, kLookAgain, [this] { return free_ > 0; });
    }
    --free_;
    tasks_.push_back(std::move(task));
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
  static constexpr std::chrono::milliseconds kLookAgain{20};  // for one that only time makes give way

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !tasks_.empty() || ends_; });
      if (tasks_.empty()) {
        return;
      }
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
      ++free_;
      changed_.notify_all();
    }
  }

  Places& places_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t free_ = kThreads;                   // that nothing was promised to
  std::deque<std::function<void()>> tasks_;  // each is some thread's, which has yet to wake up
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

HttpServer::HttpServer() : places_(std::make_unique<Places>()) {
  new_task_queue = [this] { return new Threads(*places_); };
  // Not SO_REUSEPORT, which is its default: a second exporter has to fail.
  set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
}

HttpServer::~HttpServer() = default;

bool HttpServer::serve() {
  // The library's is 5: a burst of strangers would have the kernel ignore who comes next for a second.
  constexpr int kBacklog = 128;
  return ::listen(svr_sock_, kBacklog) == 0 && listen_after_bind();
}

bool HttpServer::process_and_close_socket(socket_t socket) {
  const dataplane::UniqueFd fd(socket);
  Connection connection(*places_, socket);
  bool closed = false;
  const auto prepare = [&connection](httplib::Request& request) {
    connection.has_asked();
    simplify(request);
  };
  // Debian 13's takes the addresses as well.
  const auto answer = [&](auto& self) {
    if constexpr (requires { self.process_request(connection, true, closed, prepare); }) {
      return self.process_request(connection, true, closed, prepare);
    } else {
      return self.process_request(connection, "", 0, "", 0, true, closed, prepare);
    }
  };
  const bool answered = answer(*this);
  ::shutdown(socket, SHUT_WR);
  return answered;
}

}  // namespace adit::app::exporter
