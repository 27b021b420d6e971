// SPDX-License-Identifier: Apache-2.0
// CCP, the caller's end: offers its profile's strengths and the settings' compression, accepts what is allowed, and
// insists on the mode from the settings. Thread: control. Owner: the client's network phase.
#pragma once

#include <cstdint>

#include "controlplane/client/client_settings.hpp"
#include "controlplane/ppp/ccp_endpoint.hpp"

namespace adit::control {

class ClientCcp final : public CcpEndpoint {
 public:
  ClientCcp(const ClientSettings& settings, TimerWheel& wheel, ControlProtocolHost& host, CcpEvents& events)
      : CcpEndpoint(settings.ppp, settings.mppe_key_lengths, wheel, host, events, "server"),
        profile_(*settings.profile) {}
  ~ClientCcp() = default;

 private:
  std::uint32_t first_request() const override;
  std::uint32_t mode_for(std::uint32_t wish) override;
  bool follow_nak(std::uint32_t wanted) override { return takes_mode(wanted); }

  [[nodiscard]] bool takes_mode(std::uint32_t request) const;

  const ClientProfile& profile_;
};

}  // namespace adit::control
