// SPDX-License-Identifier: Apache-2.0
#include "app/adit/terminal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <string_view>

namespace adit::app {
namespace {

// ECMA-48, and xterm's private modes: another screen, no cursor.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr int kEnds[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

termios saved{};  // what handlers restore

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// All of these are safe in handlers of signals.
void enter() {
  termios raw = saved;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write_all(kEnter);
}

void leave() {
  write_all(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

void on_end(int signal) {
  leave();
  ::signal(signal, SIG_DFL);
  ::raise(signal);  // pends until the handler returns
}

void on_stop(int) {
  leave();
  ::raise(SIGSTOP);
  enter();  // continued
}

void on_resize(int) {}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);  // without SA_RESTART: poll() returns
}

}  // namespace

ScreenSize screen_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

bool is_on_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

Terminal::Terminal() {
  ::tcgetattr(STDIN_FILENO, &saved);
  for (const int signal : kEnds) {
    handle(signal, &on_end);
  }
  handle(SIGTSTP, &on_stop);
  handle(SIGWINCH, &on_resize);
  enter();
}

Terminal::~Terminal() {
  leave();
  for (const int signal : kEnds) {
    ::signal(signal, SIG_DFL);
  }
  ::signal(SIGTSTP, SIG_DFL);
  ::signal(SIGWINCH, SIG_DFL);
}

void Terminal::draw(const std::string& lines) {
  std::string screen = "\x1b[H";
  for (const char each : lines) {
    screen += each == '\n' ? "\x1b[K\r\n" : std::string(1, each);
  }
  write_all(screen + "\x1b[K\x1b[J");
}

std::optional<char> Terminal::wait_for_key(std::chrono::milliseconds most) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, static_cast<int>(most.count())) <= 0) {
    return std::nullopt;
  }
  char key = 0;
  return ::read(STDIN_FILENO, &key, 1) == 1 ? key : '\0';
}

}  // namespace adit::app
