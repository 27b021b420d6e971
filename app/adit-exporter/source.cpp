// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/source.hpp"

#include <cstdio>
#include <utility>

namespace adit::app::exporter {
namespace {

using std::chrono::steady_clock;
constexpr std::chrono::seconds kFresh{1};
constexpr std::chrono::seconds kTimeout{5};
// Some 300 kB are usual; the tree that is made of it takes ten times as much.
constexpr std::size_t kMaxAnswer = 4 << 20;

double seconds_of(auto duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Source::Source(std::string socket) : any_socket_(socket.empty()), socket_(std::move(socket)) {
  if (any_socket_) {
    socket_ = kReadSocket;
  }
}

std::expected<Json, CallFailure> Source::call(const std::string& method, const Json& params) {
  auto reply = call_aditd(socket_, method, params, kTimeout, kMaxAnswer);
  if (reply || !any_socket_ || reply.error().kind != CallFailure::Kind::kNoConnection) {
    return reply;
  }
  const std::string other(socket_ == kReadSocket ? kControlSocket : kReadSocket);
  auto second = call_aditd(other, method, params, kTimeout, kMaxAnswer);
  if (!second && second.error().kind == CallFailure::Kind::kNoConnection) {
    return reply;
  }
  socket_ = other;
  if (other == kControlSocket) {
    std::fprintf(stderr,
                 "adit-exporter: %s; asking %s instead, which allows more than reading: let me have the "
                 "read-only one\n",
                 reply.error().text.c_str(), other.c_str());
  }
  return second;
}

Snapshot Source::ask() {
  Snapshot now;
  const auto begin = steady_clock::now();
  auto reply = call("show.metrics", nullptr);
  now.reply_seconds = seconds_of(steady_clock::now() - begin);
  now.unix_seconds = seconds_of(std::chrono::system_clock::now().time_since_epoch());
  if (!reply) {
    now.why = std::move(reply.error().text);
  } else if (const auto families = reply->find("families");
             families == reply->end() || !families->is_array()) {
    now.why = "aditd's answer to show.metrics has no families; is it of another version?";
  } else {
    now.up = true;
    now.families = std::move(*families);
  }
  return now;
}

void Source::tell(const Snapshot& now) {
  if (now.why != told_) {
    std::fprintf(stderr, "adit-exporter: %s\n", now.up ? "aditd answers again" : now.why.c_str());
    told_ = now.why;
  }
}

std::shared_ptr<const Snapshot> Source::metrics() {
  const std::lock_guard lock(mutex_);
  if (!last_ || steady_clock::now() - asked_ >= kFresh) {
    last_.reset();  // before the next one takes its memory, unless somebody still reads it
    last_ = std::make_shared<const Snapshot>(ask());
    asked_ = steady_clock::now();
    tell(*last_);
  }
  return last_;
}

std::expected<Json, std::string> Source::sessions(const Json& params) {
  const std::lock_guard lock(mutex_);
  auto reply = call("show.sessions", params);
  if (!reply) {
    return std::unexpected(std::move(reply.error().text));
  }
  return std::move(*reply);
}

}  // namespace adit::app::exporter
