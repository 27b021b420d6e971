// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/run_loop.hpp"

#include <csignal>
#include <utility>

namespace adit::app::blast {

using control::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds kRoutesLimit{5};

}  // namespace

RunLoop::RunLoop(const Plan& plan, std::uint32_t lines, const ClientAddresses& addresses,
                 control::ClientSettings settings, BlastRuntime& runtime)
    : plan_(plan),
      runtime_(runtime),
      loop_(wheel_, runtime.wake(), {SIGINT, SIGTERM}),
      // A line has one piece of work at a time, and perhaps that of a dial that it has given up.
      background_(
          loop_.io(), [this] { loop_.tick(); }, 1, 2 * std::size_t{lines}),
      settings_(std::move(settings)),
      fleet_(plan, lines, addresses, settings_, runtime, loop_.io(), wheel_) {
  settings_.tls.background = &background_;
}

std::expected<void, std::string> RunLoop::open() {
  const bool has_ipv6 = plan_.ipv6 != control::Ipv6Policy::kDeny;
  auto mirrored = loop_.mirror_routes(
      runtime_.ports(),
      [this](std::unique_ptr<dataplane::NextHops> hops) {
        hops_ = hops.get();
        runtime_.data_plane().publish(std::move(hops));
      },
      {}, has_ipv6 ? KernelRoutes::Families::kBoth : KernelRoutes::Families::kIpv4);
  if (!mirrored) {
    return mirrored;
  }
  fleet_.resolve = [this](wire::Ipv4Address destination) { loop_.routes().resolve(destination); };
  fleet_.resolve6 = [this](const wire::Ipv6Address& destination) { loop_.routes().resolve(destination); };
  loop_.on_signal([this](int) { ++interrupts_; });
  if (hops_->neighbour_of(plan_.server).ifindex == 0) {
    return std::unexpected("no route to " + to_string(plan_.server) +
                           " through the access port; see: ip route get " + to_string(plan_.server));
  }
  Clock::time_point asked{};
  const bool known = run_until(
      [&] {
        if (Clock::now() - asked > milliseconds{500}) {
          asked = Clock::now();
          loop_.routes().resolve(plan_.server);
        }
        return hops_->find(plan_.server) != nullptr;
      },
      Clock::now() + kRoutesLimit);
  if (!known) {
    return std::unexpected("nobody answers for " + to_string(plan_.server) +
                           " or its gateway (ARP); is it up?");
  }
  return {};
}

void RunLoop::run_once(Duration wait) {
  loop_.begin_iteration();
  const bool busy = fleet_.read_messages();
  fleet_.tidy();
  loop_.end_iteration(busy, runtime_.data_plane().mailboxes(), wait);
  fleet_.tidy();
  runtime_.data_plane().reclaim();
  runtime_.tend_ports();
  if (after_iteration) {
    after_iteration();
  }
}

bool RunLoop::run_until(const std::function<bool()>& done, Clock::time_point deadline, Duration wait) {
  const int interrupts = interrupts_;
  while (interrupts_ == interrupts) {
    if (done()) {
      return true;
    }
    if (Clock::now() >= deadline) {
      return false;
    }
    run_once(wait);
  }
  return false;
}

}  // namespace adit::app::blast
