// SPDX-License-Identifier: Apache-2.0
// Correctly signed Disconnect- and CoA-Requests with any attributes: every request gets an answer that its
// sender can verify, a repetition gets the same one, and no change has a value that cannot occur on the wire.
#include <algorithm>
#include <vector>

#include "controlplane/radius/dae/change.hpp"
#include "controlplane/radius/dae/dynamic_authorization.hpp"
#include "crypto/library.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::fuzz {
namespace {

using namespace control;
using namespace control::radius;

const bool kCryptoReady = crypto::initialise().has_value();
constexpr std::string_view kSecret = "secret";
constexpr wire::Ipv4Address kDesk{198, 51, 100, 9};

class Nobody final : public AuthBackend {
 public:
  void authenticate(AuthRequest, AuthClient&) override {}
  void cancel(AuthClient&) override {}
};

/// A concentrator without calls has nothing to ask for.
class NoActions final : public ConcentratorActions {
 public:
  void send(ConnectionId, std::span<const std::uint8_t>) override {}
  void close(ConnectionId) override {}
  bool post(contract::WorkerId, const contract::ToWorker&) override { return true; }
  bool post_frame(contract::WorkerId, const contract::ToWorker&, std::span<const std::uint8_t>) override {
    return true;
  }
  bool map_call(wire::Ipv4Address, wire::Ipv4Address, wire::LocalCallId, const contract::CallRef&) override {
    return true;
  }
  void unmap_call(wire::Ipv4Address, wire::Ipv4Address, wire::LocalCallId) override {}
  void map_prefix(const PrefixClaim&) override {}
  void unmap_prefix(const wire::Ipv4Prefix&, const std::optional<PrefixClaim>&) override {}
  void map_prefix(const PrefixClaim6&) override {}
  void unmap_prefix(const wire::Ipv6Prefix&) override {}
  std::optional<contract::CallTotals> totals(const contract::CallRef&) const override { return {}; }
};

struct Desk {
  TimerWheel wheel;
  test::SeededEntropy entropy{1};
  test::SilentLog log;
  Nobody users;
  NoActions actions;
  Settings settings;
  Concentrator concentrator{settings, 1, 4, wheel, entropy, log, users, actions};
  DynamicAuthorization dae{{.clients = {{.address = kDesk, .secret = crypto::SecretText(kSecret)}}},
                           {},
                           default_rates(),
                           wheel,
                           [] { return std::uint64_t{0}; },
                           log,
                           concentrator};
};

std::vector<std::uint8_t> sign(Code code, wire::Bytes attributes) {
  RequestWriter request(code, 1, {});
  request.begin_signed();
  request.number(Type::kEventTimestamp, 0);
  request.append(attributes);
  return std::move(request).finish(wire::octets_of(kSecret)).value_or(std::vector<std::uint8_t>{});
}

}  // namespace

void fuzz_radius_dae(wire::Bytes octets) {
  require(kCryptoReady);
  constexpr std::size_t kMost = kMaxPacket - kHeaderSize - 24;
  const wire::Bytes attributes = octets.first(std::min(octets.size(), kMost));
  Desk desk;
  for (const Code code : {Code::kDisconnectRequest, Code::kCoaRequest}) {
    const std::vector<std::uint8_t> datagram = sign(code, attributes);
    const auto packet = read_request(datagram, wire::octets_of(kSecret), true);
    const auto answer = desk.dae.on_datagram(kDesk, datagram);
    if (!packet) {
      require(answer.empty());
      continue;
    }
    const auto reply = read_reply(answer, packet->authenticator(), wire::octets_of(kSecret), true);
    require(answer.empty() || (reply && reply->find(Type::kErrorCause) != nullptr));
    require(desk.dae.on_datagram(kDesk, datagram) == answer);
    if (const auto change = read_change(*packet, {.address = kDesk}, default_rates()); !change) {
      require(!change.error().why.empty());
    } else if (change->routes) {
      require(std::ranges::all_of(*change->routes, [](const auto& route) { return route.length >= 16; }));
    } else if (change->routes6) {
      require(std::ranges::all_of(*change->routes6, [](const auto& route) { return route.length >= 16; }));
    }
  }
}

}  // namespace adit::fuzz
