// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/auth.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "controlplane/radius/accept.hpp"

namespace adit::control::radius {
namespace {

/// The proof as attributes. RFC 2865 §5.2, §5.3; RFC 2548 §2.1.3, §2.3.2.
struct ProofWriter {
  RequestWriter& request;
  Bytes secret;

  void operator()(const PapProof& proof) const { request.password(proof.password.bytes(), secret); }

  void operator()(const ChapMd5Proof& proof) const {
    std::array<std::uint8_t, 17> value{proof.identifier};
    std::ranges::copy(proof.response, value.begin() + 1);
    request.octets(Type::kChapPassword, value);
    request.octets(Type::kChapChallenge, proof.challenge);
  }

  void operator()(const MsChapV1Proof& proof) const {
    std::array<std::uint8_t, 50> value{};
    value[1] = 1;  // use the NT response; the LM response stays zero
    std::ranges::copy(proof.nt_response, value.begin() + 26);
    request.vendor(kMicrosoft, microsoft::kChapChallenge, proof.challenge);
    request.vendor(kMicrosoft, microsoft::kChapResponse, value);
  }

  /// Not the order of the CHAP packet: here the flags come second.
  void operator()(const MsChapV2Proof& proof) const {
    if (proof.change != nullptr) {
      return write_change(proof);
    }
    std::array<std::uint8_t, 50> value{proof.identifier};
    std::ranges::copy(proof.peer_challenge, value.begin() + 2);
    std::ranges::copy(proof.nt_response, value.begin() + 26);
    request.vendor(kMicrosoft, microsoft::kChapChallenge, proof.challenge);
    request.vendor(kMicrosoft, microsoft::kChap2Response, value);
  }

  /// RFC 3579 §3.1, §2.4: pieces in order; the server fragments what it says below Framed-MTU.
  void operator()(const EapProof& proof) const {
    for (Bytes rest = proof.packet; !rest.empty(); rest = rest.subspan(std::min(rest.size(), kMaxValue))) {
      request.octets(Type::kEapMessage, rest.first(std::min(rest.size(), kMaxValue)));
    }
    if (proof.after) {
      request.octets(Type::kState, proof.after->state);
    }
    constexpr std::uint32_t kLinkHeader = 4;
    request.number(Type::kFramedMtu, proof.mtu - std::min<std::uint32_t>(proof.mtu, kLinkHeader));
  }

  void operator()(const CertificateProof&) const {}  // RadiusAuth::authenticate() has not let it come here

 private:
  /// RFC 2548 §2.3.4 gives the peer's challenge 24 octets: they are its 16 and the 8 reserved ones. §2.1.6: the encrypted
  /// password does not fit into one attribute, and goes in numbered pieces.
  void write_change(const MsChapV2Proof& proof) const {
    constexpr std::uint8_t kChangePassword = 7, kEncryptedPassword = 6;
    constexpr std::size_t kPiece = 243;
    request.vendor(kMicrosoft, microsoft::kChapChallenge, proof.challenge);
    std::array<std::uint8_t, 68> value{kChangePassword, proof.identifier};
    std::ranges::copy(proof.change->encrypted_hash, value.begin() + 2);
    std::ranges::copy(proof.peer_challenge, value.begin() + 18);
    std::ranges::copy(proof.nt_response, value.begin() + 42);
    request.vendor(kMicrosoft, microsoft::kChap2Cpw, value);
    Bytes left = proof.change->encrypted_password.bytes();
    for (std::uint8_t number = 1; !left.empty(); ++number) {
      const Bytes octets = left.first(std::min(left.size(), kPiece));
      std::vector<std::uint8_t> piece{kEncryptedPassword, proof.identifier, 0, number};
      piece.insert(piece.end(), octets.begin(), octets.end());
      request.vendor(kMicrosoft, microsoft::kChapNtEncPw, piece);
      left = left.subspan(octets.size());
    }
  }
};

/// RFC 3579 §2.1: beside EAP it is the peer's Identity, octet for octet, with which the server compares it.
std::string user_name(const NasSettings& nas, const AuthRequest& request) {
  return std::holds_alternative<EapProof>(request.proof) ? request.user : name_at_servers(nas, request.user);
}

/// RFC 3579 §2.6.1: until the Request is repeated. A server that says none, or hours, means the login's whole time.
std::optional<Duration> patience_of(const Packet& challenge) {
  constexpr std::uint32_t kLongest = 60;
  const Attribute* timeout = challenge.find(Type::kSessionTimeout);
  const auto seconds = timeout != nullptr ? number_of(*timeout) : std::nullopt;
  return seconds && *seconds != 0
             ? std::optional<Duration>(std::chrono::seconds(std::min(*seconds, kLongest)))
             : std::nullopt;
}

bool is_eap(const std::vector<std::uint8_t>& packet, wire::EapCode code) {
  const auto parsed = wire::parse_eap(packet);
  return parsed && parsed->code == code;
}

bool changes_password(const AuthProof& proof) {
  const auto* v2 = std::get_if<MsChapV2Proof>(&proof);
  return v2 != nullptr && v2->change != nullptr;
}

/// Whose expired password an Access-Request with a new one would change.
bool takes_new_password(const AuthProof& proof, std::uint16_t error) {
  return error == kPasswordExpired && std::holds_alternative<MsChapV2Proof>(proof) &&
         !changes_password(proof);
}

/// As in `[ppp] mppe-key-lengths`.
std::string key_lengths(std::uint32_t strengths) {
  namespace bits = wire::mppe_bits;
  std::string lengths;
  for (const auto& [bit, length] :
       {std::pair(bits::k40, "40"), std::pair(bits::k56, "56"), std::pair(bits::k128, "128")}) {
    if ((strengths & bit) != 0) {
      lengths += (lengths.empty() ? "" : ",") + std::string(length);
    }
  }
  return lengths;
}

}  // namespace

std::uint32_t nas_port_of(std::string_view session_id) {
  constexpr std::size_t kDigits = 8;
  const std::string_view last = session_id.substr(session_id.size() - std::min(session_id.size(), kDigits));
  std::uint32_t port = 0;
  std::from_chars(last.data(), last.data() + last.size(), port, 16);
  return port;
}

void write_identity(RequestWriter& request, const NasSettings& nas, const SessionIdentity& session) {
  request.address(Type::kNasIpAddress, nas.address.is_none() ? session.local : nas.address);
  request.text(Type::kNasIdentifier, nas.identifier);
  request.number(Type::kNasPort, nas_port_of(session.session_id));
  request.text(Type::kNasPortId, std::string(kNasPortIdPrefix) + session.session_id);
  request.number(Type::kNasPortType, kPortVirtual);
  request.number(Type::kServiceType, kServiceFramed);
  request.number(Type::kFramedProtocol, kProtocolPpp);
  request.text(Type::kCalledStationId, called_station(session.stations, session.local));
  request.text(Type::kCallingStationId, calling_station(session.stations, session.peer));
  request.tagged_number(Type::kTunnelType, 0, kTunnelPptp);
  request.tagged_number(Type::kTunnelMediumType, 0, kMediumIpv4);
  request.text(Type::kTunnelClientEndpoint, wire::to_string(session.peer));
  request.text(Type::kTunnelServerEndpoint, wire::to_string(session.local));
  request.text(Type::kAcctSessionId, session.session_id);
}

RadiusAuth::~RadiusAuth() {
  for (const auto& [client, asked] : asked_) {
    asked.client->cancel(asked.ticket);
  }
}

void RadiusAuth::authenticate(AuthRequest request, AuthClient& client) {
  if (std::holds_alternative<CertificateProof>(request.proof)) {
    // chap-secrets may have the user's terms, if they stand in for the servers.
    return client.on_verdict(
        AuthUnavailable{.why = "a certificate that was checked here cannot be put to a RADIUS server"});
  }
  const auto shared = std::make_shared<const AuthRequest>(std::move(request));
  const auto* const eap = std::get_if<EapProof>(&shared->proof);
  const Client::Ticket ticket = client_->request(
      Code::kAccessRequest,
      [this, shared](RequestWriter& packet, Bytes secret) {
        packet.text(Type::kUserName, user_name(nas_, *shared));
        std::visit(ProofWriter{packet, secret}, shared->proof);
        write_identity(packet, nas_,
                       {shared->session_id, shared->peer_address, shared->local_address, shared->stations});
      },
      [this, shared, &client](const std::expected<Client::Reply, Client::NoReply>& reply) {
        asked_.erase(&client);
        client.on_verdict(judge(*shared, reply));
      },
      {.within = shared->within,
       .peer = shared->peer_address,
       .trial = shared->trial,
       .changes_password = changes_password(shared->proof),
       .eap = eap != nullptr,
       .server = eap != nullptr && eap->after ? eap->after->server : ""});
  asked_[&client] = {client_, ticket};
}

void RadiusAuth::cancel(AuthClient& client) {
  if (const auto found = asked_.find(&client); found != asked_.end()) {
    found->second.client->cancel(found->second.ticket);
    asked_.erase(found);
  }
}

AuthVerdict RadiusAuth::judge(const AuthRequest& request,
                              const std::expected<Client::Reply, Client::NoReply>& reply) {
  const std::string peer = wire::to_string(request.peer_address);
  const std::string judge = reply ? "RADIUS server " + reply->server : "";
  if (!reply) {
    const auto& [why, unfit] = reply.error();
    log_.event(Severity::kWarning, unfit ? "radius_request_unfit" : "radius_no_verdict",
               {{"user", request.user}, {"sid", request.session_id}, {"peer", peer}, {"why", why}});
    // What does not fit was the peer's choice: it must not choose another backend by it.
    return unfit ? AuthVerdict(AuthUnusable{why}) : AuthUnavailable{why};
  }
  std::string why = "the reply is not an Access-Accept, -Reject or -Challenge";
  const bool by_eap = std::holds_alternative<EapProof>(request.proof);
  const std::vector<std::uint8_t> eap = by_eap ? read_eap(reply->packet) : std::vector<std::uint8_t>();
  if (reply->packet.code() == Code::kAccessAccept && is_eap(eap, wire::EapCode::kFailure)) {
    return AuthRejected{.why = judge + " accepts, and says EAP-Failure within", .judge = judge};
  }
  if (reply->packet.code() == Code::kAccessAccept) {
    auto accepted = read_accept(*reply, request.proof, rates_, nas_.serves_ipv6);
    if (accepted) {
      if (accepted->mppe_conflict) {
        log_.event(Severity::kWarning, "radius_mppe_conflict",
                   {{"user", request.user},
                    {"sid", request.session_id},
                    {"peer", peer},
                    {"server", reply->server},
                    {"policy", accepted->mppe_required ? "required" : "allowed"},
                    {"key_lengths", key_lengths(accepted->mppe_strengths)}});
      }
      if (raise_interim(accepted->interim_interval)) {
        log_.event(Severity::kWarning, "radius_interim_raised",
                   {{"user", request.user}, {"sid", request.session_id}, {"peer", peer}, {"to", "60s"}});
      }
      if (accepted->user.empty()) {
        accepted->user = user_name(nas_, request);
      }
      accepted->judge = judge;
      return std::move(*accepted);
    }
    why = std::move(accepted.error());
  } else if (reply->packet.code() == Code::kAccessReject) {
    const std::string said = reply_message(reply->packet);
    const std::uint16_t error = read_reject(reply->packet);
    return AuthRejected{.ms_chap_error = error,
                        .why = judge + " rejects" + (said.empty() ? "" : ": " + said),
                        .judge = judge,
                        .takes_new_password = takes_new_password(request.proof, error)};
  } else if (reply->packet.code() == Code::kAccessChallenge && by_eap) {
    if (is_eap(eap, wire::EapCode::kRequest)) {
      const Attribute* state = reply->packet.find(Type::kState);
      const Bytes kept = state != nullptr ? state->value : Bytes();
      return AuthChallenge{.request = eap,
                           .next = {.server = reply->server, .state{kept.begin(), kept.end()}},
                           .patience = patience_of(reply->packet)};
    }
    why = "Access-Challenge without an EAP-Request";
  } else if (reply->packet.code() == Code::kAccessChallenge) {  // RFC 2865 §4.4: as an Access-Reject
    why = "Access-Challenge needs a method that PPP does not have";
  }
  log_.event(Severity::kWarning, "radius_answer_unusable",
             {{"user", request.user},
              {"sid", request.session_id},
              {"peer", peer},
              {"server", reply->server},
              {"why", why}});
  return AuthUnusable{std::move(why), judge};
}

}  // namespace adit::control::radius
