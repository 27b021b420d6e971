// SPDX-License-Identifier: Apache-2.0
// What a login by certificate costs: the thread in the background, which has the public-key work, and control, which has the
// rest. Thread time, so that what else the machine does counts less; the client's own work, in the same thread, does not count.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/auth/eap_tls.hpp"
#include "crypto/library.hpp"
#include "tests/kit/eap_tls_login.hpp"

namespace adit {
namespace {

using test::KeyKind;

double thread_us() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// Runs what waits when it is told to, and has a clock for each side.
class MeteredBackground final : public control::Background {
 public:
  bool start(std::shared_ptr<control::BackgroundWork> work) override {
    waiting_.push_back(std::move(work));
    return true;
  }
  bool turn() {
    if (waiting_.empty()) {
      return false;
    }
    const auto work = std::move(waiting_.front());
    waiting_.pop_front();
    const double begun = thread_us();
    work->run();
    const double run = thread_us();
    work->finished();
    background_us += run - begun;
    on_control(thread_us() - run);
    return true;
  }
  void on_control(double us) {
    control_us += us;
    longest_us = std::max(longest_us, us);
  }

  double background_us = 0, control_us = 0, longest_us = 0;

 private:
  std::deque<std::shared_ptr<control::BackgroundWork>> waiting_;
};

class MeteredLogin final : public test::EapTlsLogin {
 public:
  MeteredLogin(control::TlsLogins& logins, const test::TlsClient::Options& peer, MeteredBackground& meter)
      : EapTlsLogin(logins, peer), meter_(meter) {}

 protected:
  void deliver(const std::vector<std::uint8_t>& response) override {
    const double begun = thread_us();
    EapTlsLogin::deliver(response);
    meter_.on_control(thread_us() - begun);
  }

 private:
  MeteredBackground& meter_;
};

/// A server with its certificates, and a peer of its CA's.
struct Site {
  Site(KeyKind kind, crypto::TlsVersion newest)
      : ca("Bench CA", kind),
        server(ca.issue({.common_name = "vpn.example.net", .kind = kind})),
        peer{.ca_pem = ca.pem(), .own = ca.issue({.common_name = "alice", .kind = kind})} {
    const std::string certificate = server.pem(), key = server.key_pem(), trusted = ca.pem(),
                      crl = ca.revoke({});
    logins.use(crypto::TlsCredentials::make(
                   {.certificate = certificate, .private_key = key, .ca = trusted, .crl = crl}, newest)
                   .value());
  }

  test::Authority ca;
  test::Issued server;
  test::TlsClient::Options peer;
  MeteredBackground background;
  control::TlsLogins logins{background, 100'000};
};

void login(benchmark::State& state, KeyKind kind, crypto::TlsVersion newest) {
  Site site(kind, newest);
  for ([[maybe_unused]] auto _ : state) {
    const double begun = site.background.background_us + site.background.control_us;
    MeteredLogin one(site.logins, site.peer, site.background);
    one.start();
    while (!one.over()) {
      one.peer_turn();
      site.background.turn();
    }
    if (!one.succeeded) {
      return state.SkipWithError("a login failed");
    }
    state.SetIterationTime((site.background.background_us + site.background.control_us - begun) / 1e6);
  }
  const auto logins = static_cast<double>(state.iterations());
  const double background = site.background.background_us / logins;
  state.counters["background_us"] = background;
  state.counters["control_us"] = site.background.control_us / logins;
  state.counters["longest_control_us"] = site.background.longest_us;
  state.counters["logins_per_second_of_a_thread"] = 1e6 / background;
}

/// Of a login whose peer has not answered the server's certificate yet: where a silent one keeps most.
void memory(benchmark::State& state, KeyKind kind) {
  Site site(kind, crypto::TlsVersion::kTls12);
  constexpr int kLogins = 200;
  double octets = 0;
  for ([[maybe_unused]] auto _ : state) {
    std::vector<std::unique_ptr<test::EapTlsLogin>> all;
    for (int i = 0; i < kLogins; ++i) {
      all.push_back(std::make_unique<test::EapTlsLogin>(site.logins, site.peer));
      all.back()->start();
      all.back()->peer_turn();
    }
    const double before = static_cast<double>(::mallinfo2().uordblks);
    while (site.background.turn()) {
    }
    octets = (static_cast<double>(::mallinfo2().uordblks) - before) / kLogins;
  }
  state.counters["octets_of_a_connection"] = octets;
}

BENCHMARK_CAPTURE(login, p256 / tls12, KeyKind::kP256, crypto::TlsVersion::kTls12)->UseManualTime();
BENCHMARK_CAPTURE(login, p256 / tls13, KeyKind::kP256, crypto::TlsVersion::kTls13)->UseManualTime();
BENCHMARK_CAPTURE(login, rsa2048 / tls12, KeyKind::kRsa2048, crypto::TlsVersion::kTls12)->UseManualTime();
BENCHMARK_CAPTURE(login, rsa2048 / tls13, KeyKind::kRsa2048, crypto::TlsVersion::kTls13)->UseManualTime();
BENCHMARK_CAPTURE(memory, rsa2048, KeyKind::kRsa2048)->Iterations(3);

}  // namespace
}  // namespace adit

int main(int argc, char** argv) {
  if (!adit::crypto::initialise()) {
    return 2;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
