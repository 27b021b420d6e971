// SPDX-License-Identifier: Apache-2.0
// CCP, the concentrator's end: requests MPPE according to [ppp] mppe and MPPC according to [ppp] mppc, follows the peer
// among the modes that the settings allow, and suggests the preferred one once. Thread: control. Owner: the session's network
// phase.
#pragma once

#include <cstdint>

#include "controlplane/base/settings.hpp"
#include "controlplane/ppp/ccp_endpoint.hpp"

namespace adit::control {

class Ccp final : public CcpEndpoint {
 public:
  /// settings.mppe: `prefer` and `require` request MPPE, `allow` only after peer_wants_mppe(); for `deny` there are no
  /// strengths. settings.mppc: MPPC is requested unless it is denied.
  Ccp(const PppSettings& settings, TimerWheel& wheel, ControlProtocolHost& host, CcpEvents& events);
  ~Ccp() = default;

  /// The packet is a Configure-Request that wants MPPE: what a passive end waits for.
  [[nodiscard]] static bool wants_mppe(wire::Bytes packet);
  /// Before up(): with `allow` we may request it as well.
  void peer_wants_mppe() { peer_wants_ = true; }

  [[nodiscard]] CarriedCcp carried() const;
  /// Instead of up(). True: it was being negotiated, and is to be opened anew.
  [[nodiscard]] bool adopt(const CarriedCcp& from);

 private:
  std::uint32_t first_request() const override;
  std::uint32_t request_for_peer() const override;
  std::uint32_t mode_for(std::uint32_t wish) override;
  bool follow_nak(std::uint32_t wanted) override;
  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override;

  bool peer_wants_ = false;
  bool suggested_ = false;  // our mode, against the peer's wish: only once, then it may insist
};

}  // namespace adit::control
