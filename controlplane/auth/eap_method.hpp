// SPDX-License-Identifier: Apache-2.0
// One local method of EAP, the authenticator's side of one exchange, and the layer below it (RFC 3748 §2.2), which has
// the identifiers, the retransmissions, the deadline and the end. The method has what its type's data means.
// Sans-I/O. A method may say nothing when it is told something and go on later, from a timer or when work that runs
// elsewhere is done; it is destroyed at any time between two calls, and whatever it waits for must then reach nobody.
// Thread: control. Owner of a method: the layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/entropy.hpp"
#include "controlplane/base/settings.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/eap.hpp"

namespace adit::control {

[[nodiscard]] constexpr wire::EapType eap_type_of(EapLocalMethod method) {
  return method == EapLocalMethod::kTls ? wire::EapType::kTls : wire::EapType::kMsChapV2;
}

/// After the exchange has ended they have no effect. Not one of them destroys the method before it has returned to the
/// layer; eap_prove() and eap_refused() may call their verdict before they return. Each is the last thing that a method
/// does in its turn.
class EapMethodHost {
 public:
  /// The next Request of the method's type. The layer repeats it until it is answered, under the same identifier.
  /// At most eap_room() octets. Never while one is unanswered.
  virtual void eap_request(wire::Bytes type_data) = 0;
  /// Puts a proof to the back end in `user`'s name, which decides by its limits as well. EapMethod::on_accepted() or
  /// on_rejected() follows; without a verdict the layer ends the exchange.
  virtual void eap_prove(std::string user, AuthProof proof) = 0;
  /// After on_accepted(): the peer gets EAP-Success, and the session what the back end grants.
  virtual void eap_succeeded() = 0;
  /// After on_rejected(..., retry = false): the peer has been told by the method, and gets EAP-Failure.
  virtual void eap_rejected() = 0;
  /// The method has judged itself that the proof is none; it is counted as if a back end had rejected it. on_rejected(...,
  /// false) follows, in which the method may still send the peer a last Request.
  virtual void eap_refused(AuthRejected why) = 0;
  /// The method itself ends the exchange: by a proof that is none (AuthRejected, counted as such: `fault` says whether it
  /// may be a guess), for want of something (AuthUnavailable), or because of what nobody can carry out (AuthUnusable).
  using Failure = std::variant<AuthRejected, AuthUnavailable, AuthUnusable>;
  virtual void eap_failed(Failure why) = 0;

  /// What the peer called itself in its answer to Identity; untrusted octets, at most 253.
  [[nodiscard]] virtual const std::string& eap_identity() const = 0;
  /// The identifier that the next Request will have.
  [[nodiscard]] virtual std::uint8_t eap_next_identifier() const = 0;
  /// Octets of type data that fit into a Request on this link.
  [[nodiscard]] virtual std::size_t eap_room() const = 0;

 protected:
  ~EapMethodHost() = default;
};

class EapMethod {
 public:
  virtual ~EapMethod() = default;
  [[nodiscard]] virtual wire::EapType type() const = 0;
  /// Makes the first Request. Once, before anything else.
  virtual void start() = 0;
  /// The Response to the last Request, behind its type octet; each once. Untrusted octets.
  virtual void on_response(wire::Bytes type_data) = 0;
  /// The back end lets the peer in; it has yet to hear of it.
  virtual void on_accepted(const AuthAccepted& accepted) = 0;
  /// It does not. `retry`: the peer may prove itself again, as far as the method can have it do so.
  virtual void on_rejected(std::uint16_t ms_chap_error, bool retry) = 0;
  [[nodiscard]] virtual bool can_retry() const = 0;
};

}  // namespace adit::control
