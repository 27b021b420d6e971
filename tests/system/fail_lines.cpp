// SPDX-License-Identifier: Apache-2.0
// Lines for fail2ban_test.py, through a concentrator into aditd's own log-fail-file: fail_lines FILE.
// 192.0.2.66: failed logins under names that are meant to deceive who reads the log: they claim that it was
// 198.51.100.1.
// 192.0.2.67: guesses at a password until nobody is asked any more.
// 192.0.2.68: two calls without a login, and a connection without a call.
// 192.0.2.69: more connections than an address may have, without a call.
// 192.0.2.77: a subscriber with the right password, whom aditd cannot serve for every reason that there is.
#include <cstdio>
#include <functional>
#include <string>

#include "app/aditd/log/log.hpp"
#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::app {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using control::DialIn;
using control::House;

constexpr wire::Ipv4Address kPeer(192, 0, 2, 66), kGuesser(192, 0, 2, 67), kStranger(192, 0, 2, 68),
    kCrowd(192, 0, 2, 69), kSubscriber(192, 0, 2, 77);

std::string deceptive_name(int number) {
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
  return names[number];
}

void hang_up(House& house, DialIn& client) {
  house.advance(1s);
  client.serve();
  client.reset();
  house.run_workers();
}

void fail_logins(Log& log) {
  House house;
  house.log.also = &log;
  control::ConnectionId id = 0;
  for (int number = 0; number < 10; ++number) {
    house.auth.also_rejected = deceptive_name(number);
    DialIn client(house, ++id, kPeer);
    client.dial(deceptive_name(number));
    hang_up(house, client);
    house.advance(10min);  // the concentrator slows down who guesses
  }
  DialIn silent(house, ++id, kStranger);
  silent.start();
  silent.call(7);
  hang_up(house, silent);
  DialIn stranger(house, ++id, kStranger);
  hang_up(house, stranger);
  const int enough = house.auth.asked + 7;
  while (house.auth.asked < enough) {
    DialIn client(house, ++id, kGuesser);
    client.dial("mallory");
    house.advance(house.auth.asked < enough ? 9s : 0s);
    hang_up(house, client);
  }
  DialIn guesser(house, ++id, kGuesser);
  guesser.dial("mallory");
  hang_up(house, guesser);
}

/// As a subscriber dials; what `meanwhile` does happens while the back end is being asked.
void dial(House& house, control::ConnectionId id, std::string_view user,
          const std::function<void()>& meanwhile = {}) {
  DialIn client(house, id, kSubscriber);
  if (client.accepted) {
    client.dial(user);
    if (meanwhile) {
      meanwhile();
    }
    hang_up(house, client);
  }
}

void fail_to_serve(Log& log) {
  using control::AuthRejected;
  control::Settings settings = House::pap_settings();
  settings.single_session = control::SingleSession::kDeny;
  settings.ip.pools[0].ranges = {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 0, 2)}};
  House house(settings, 1, 2);
  house.log.also = &log;
  const auto answer = [&house](control::AuthVerdict verdict) {
    return [&house, verdict = std::move(verdict)] { house.auth.answer(verdict); };
  };
  for (control::ConnectionId id = 1; id <= 2; ++id) {
    dial(house, id, "later", answer(control::AuthUnavailable{"no RADIUS server answers"}));
  }
  dial(house, 3, "later", [&house] { house.advance(11s); });
  dial(house, 4, "later", answer(control::AuthUnusable{"Access-Challenge"}));
  dial(house, 5, "later", answer(AuthRejected{.ms_chap_error = 646}));
  dial(house, 6, "later", answer(control::AuthAccepted{.pool = "nosuch"}));
  DialIn other(house, 7);
  other.dial("alice");
  dial(house, 8, "alice");  // has a call already
  dial(house, 9, "bob");    // an empty pool
  DialIn third(house, 10, kStranger);
  third.start();
  third.call(7);
  dial(house, 11, "carol");  // no place
  third.reset();
  house.run_workers();
  dial(house, 12, "later", [&house] { drain(*house.concentrator); });
  dial(house, 13, "alice");
}

void fail_to_connect(Log& log) {
  control::Settings settings = House::pap_settings();
  settings.pptp.max_connections_per_address = 1;
  House house(settings);
  house.log.also = &log;
  DialIn first(house, 1, kCrowd);
  const DialIn second(house, 2, kCrowd);
  hang_up(house, first);
  DialIn unheard(house, 3, kSubscriber);  // whose GRE a firewall drops, perhaps our own
  unheard.start();
  unheard.call(7);
  house.advance(2min);
  hang_up(house, unheard);
}

int write_lines(const char* file) {
  LogSettings settings;
  settings.fail_file = file;
  auto log = Log::open(settings);
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().c_str());
    return 1;
  }
  fail_logins(**log);
  fail_to_serve(**log);
  fail_to_connect(**log);
  return 0;
}

}  // namespace
}  // namespace adit::app

int main(int argc, char** argv) {
  return argc == 2 ? adit::app::write_lines(argv[1]) : 2;
}
