// SPDX-License-Identifier: Apache-2.0
// Records of calls and connections, of any octets behind their checksum: read or refused with a reason, and what is read
// is adopted or refused, and then ends as any call does.
#include <optional>
#include <vector>

#include "controlplane/base/state_store.hpp"
#include "controlplane/concentrator/carried_call.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "crypto/library.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/carried_kit.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::fuzz {
namespace {

using namespace control;

const bool kCryptoReady = crypto::initialise().has_value();

class Nobody final : public AuthBackend {
 public:
  void authenticate(AuthRequest, AuthClient&) override {}
  void cancel(AuthClient&) override {}
};

/// A data plane that has every call.
class Actions final : public ConcentratorActions {
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
  std::uint32_t mppc_histories_per_worker() const override { return 4; }
  std::optional<contract::CallTotals> totals(const contract::CallRef&) const override {
    return contract::CallTotals{};
  }
};

Settings settings_with_ipv6() {
  Settings settings;
  settings.ipv6.mode = Ipv6Policy::kAllow;
  return settings;
}

void adopt_and_end(wire::Bytes record, const CarriedCall* call) {
  TimerWheel wheel;
  test::SeededEntropy entropy{1};
  test::SilentLog log;
  Nobody users;
  Actions actions;
  const Settings settings = settings_with_ipv6();
  Concentrator concentrator(settings, 2, 64, wheel, entropy, log, users, actions);
  std::vector<std::uint8_t> room(kMaxRecord);
  if (call != nullptr) {
    CarriedConnection connection = test::a_connection();
    connection.pptp.half_read.clear();
    connection.id = call->connection;
    connection.peer = call->peer;
    connection.local = call->local;
    require(concentrator.adopt(*write_record(connection, room), Duration{0}).outcome ==
            Adopted::Outcome::kDone);
  }
  const Adopted adopted = concentrator.adopt(record, Duration{0});
  require(adopted.outcome == Adopted::Outcome::kDone || !adopted.why.empty());
  concentrator.adopted_all();
  if (call != nullptr && adopted.outcome == Adopted::Outcome::kDone) {
    require(concentrator.has(call->ref));
  }
  for (int second = 0; second < 200; ++second) {
    wheel.advance(wheel.now() + Duration{1000});
  }
  while (concentrator.drain()) {
  }
  wheel.advance(wheel.now() + Duration{10'000});
  if (call != nullptr && concentrator.has(call->ref)) {
    concentrator.on_worker_message(contract::CallRemoved{call->ref, {}}, {});
  }
  require(concentrator.drained());
}

}  // namespace

void fuzz_record(wire::Bytes octets) {
  require(kCryptoReady);
  const auto carried = read_record(octets);
  if (!carried) {
    require(!carried.error().empty());
    return;
  }
  std::vector<std::uint8_t> room(octets.size() * 4 + kMaxRecord);
  require(write_record(*carried, room).has_value());
  const auto* call = std::get_if<CarriedCall>(&*carried);
  adopt_and_end(octets, call);
}

void fuzz_state_store(wire::Bytes octets) {
  const auto reader = StateReader::open(std::as_bytes(octets));
  require(reader.has_value() || !reader.error().empty());
}

}  // namespace adit::fuzz
