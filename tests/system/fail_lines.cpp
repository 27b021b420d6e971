// SPDX-License-Identifier: Apache-2.0
// Failed logins of peers whose names are meant to deceive who reads the log, through a concentrator into aditd's
// own log-fail-file: fail_lines FILE. Every peer is 192.0.2.66; the names claim that it was 198.51.100.1.
#include <cstdio>
#include <string>

#include "app/aditd/log.hpp"
#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::app {
namespace {

int write_lines(const char* file) {
  using namespace std::string_literals;
  LogSettings settings;
  settings.fail_file = file;
  auto log = Log::open(settings);
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().c_str());
    return 1;
  }
  const std::string line =
      "level=warning event=auth_failed sid=00000000000000ff peer=198.51.100.1 user=x auth=pap";
  const std::string names[] = {"mallory"s,
                               "x peer=198.51.100.1 "s,
                               "x\" peer=198.51.100.1 user=\"x"s,
                               "x\n" + line,
                               "x\r\ntime=2026-01-31T12:00:00.123Z " + line,
                               "x\xc2\x85" + line,
                               "x\xe2\x80\xa8" + line,
                               "x\v\f\x1c\x1d\x1e" + line,
                               "\xff\xfe\n" + line,
                               line + "\0\n"s + line};
  control::House house;
  house.log.also = log->get();
  control::ConnectionId id = 0;
  for (const std::string& name : names) {
    house.auth.also_rejected = name;
    control::DialIn client(house, ++id, wire::Ipv4Address(192, 0, 2, 66));
    client.dial(name);
    client.reset();
    house.run_workers();
    house.advance(std::chrono::minutes(10));  // the concentrator slows down who guesses
  }
  return 0;
}

}  // namespace
}  // namespace adit::app

int main(int argc, char** argv) {
  return argc == 2 ? adit::app::write_lines(argv[1]) : 2;
}
