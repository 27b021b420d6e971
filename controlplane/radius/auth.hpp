// SPDX-License-Identifier: Apache-2.0
// Authentication by RADIUS servers: an Access-Request for each proof, the verdict from the reply.
// Thread: control. Owner: the runtime; the clients outlive it.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/radius/client.hpp"
#include "controlplane/radius/rates.hpp"

namespace adit::control::radius {

/// The session that a request is about.
struct SessionIdentity {
  std::string session_id;
  wire::Ipv4Address peer, local;
  SharedStationIds stations{};  ///< nullptr: the peer did not bring the call in
};
/// NAS-Port-Id is this followed by the session ID.
inline constexpr std::string_view kNasPortIdPrefix = "pptp-";
/// NAS-Port: the session ID's last 32 bits. RFC 2865 §5.5 requires a number, and there are no ports.
[[nodiscard]] std::uint32_t nas_port_of(std::string_view session_id);

void write_identity(RequestWriter& request, const NasSettings& nas, const SessionIdentity& session);

class RadiusAuth final : public AuthBackend {
 public:
  /// `rates`: which attributes of an Access-Accept hold rate limits.
  RadiusAuth(Client& client, NasSettings nas, std::vector<RateMapping> rates, EventLog& log)
      : client_(&client), nas_(std::move(nas)), rates_(std::move(rates)), log_(log) {}
  ~RadiusAuth() override;
  RadiusAuth(const RadiusAuth&) = delete;
  RadiusAuth& operator=(const RadiusAuth&) = delete;

  /// Uses this client and these rate attributes from now on. Pending requests are completed by the previous
  /// client, which outlives them.
  void use(Client& client, std::vector<RateMapping> rates) {
    client_ = &client;
    rates_ = std::move(rates);
  }

  void authenticate(AuthRequest request, AuthClient& client) override;
  void cancel(AuthClient& client) override;
  [[nodiscard]] std::string account_of(std::string_view user) const override {
    return name_at_servers(nas_, user);
  }

 private:
  struct Asked {
    Client* client;
    Client::Ticket ticket;
  };
  [[nodiscard]] AuthVerdict judge(const AuthRequest& request,
                                  const std::expected<Client::Reply, Client::NoReply>& reply);

  Client* client_;
  const NasSettings nas_;
  std::vector<RateMapping> rates_;
  EventLog& log_;
  std::unordered_map<AuthClient*, Asked> asked_;
};

}  // namespace adit::control::radius
