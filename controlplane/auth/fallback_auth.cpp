// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/fallback_auth.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "controlplane/auth/eap_method.hpp"

namespace adit::control {

/// Stands between a client and both backends for one request.
class FallbackAuth::Request final : public AuthClient {
 public:
  Request(FallbackAuth& owner, AuthRequest request, AuthClient& client)
      : owner_(owner), request_(std::move(request)), client_(client) {}

  void on_verdict(const AuthVerdict& verdict) override {
    if (const auto* unavailable = std::get_if<AuthUnavailable>(&verdict);
        unavailable != nullptr && !first_ && !goes_on()) {
      first_ = *unavailable;
      owner_.second_.authenticate(request_, *this);  // may destroy this
      return;
    }
    AuthClient& client = client_;
    const AuthVerdict kept = first_ ? of_second(verdict) : verdict;
    owner_.requests_.erase(&client);  // destroys this: the client may ask again from within
    client.on_verdict(kept);
  }

 private:
  [[nodiscard]] bool goes_on() const {
    const auto* eap = std::get_if<EapProof>(&request_.proof);
    return eap != nullptr && eap->after;
  }

  [[nodiscard]] AuthVerdict of_second(AuthVerdict verdict) const {
    if (auto* accepted = std::get_if<AuthAccepted>(&verdict)) {
      accepted->user = owner_.first_.account_of(subscriber_name(*accepted, request_.user));
    } else if (const auto* rejected = std::get_if<AuthRejected>(&verdict);
               rejected != nullptr && rejected->is_wrong_proof()) {
      const bool known = rejected->fault != AuthRejected::Fault::kUnknownUser;
      return AuthUnavailable{
          .why = known ? first_->why + "; the second backend: " + rejected->why : first_->why,
          .wrong_proof = known};
    }
    return verdict;
  }

  FallbackAuth& owner_;
  const AuthRequest request_;  // as the second one is asked
  AuthClient& client_;
  std::optional<AuthUnavailable> first_;  // the second one is being asked
};

FallbackAuth::FallbackAuth(AuthBackend& first, AuthBackend& second, Duration first_within)
    : first_(first), second_(second), first_within_(first_within) {}
FallbackAuth::~FallbackAuth() = default;

void FallbackAuth::authenticate(AuthRequest request, AuthClient& client) {
  const Duration within =
      std::min(first_within_, request.within * 3 / 4);  // whatever it is, some is left for the second
  AuthRequest second = request;
  second.within -= within;
  auto own = std::make_unique<Request>(*this, std::move(second), client);
  Request& placed = *own;
  requests_.insert_or_assign(&client, std::move(own));
  request.within = within;
  first_.authenticate(std::move(request), placed);
}

std::unique_ptr<EapMethod> FallbackAuth::make_eap_method(wire::EapType type, EapMethodHost& host) {
  auto method = first_.make_eap_method(type, host);
  return method != nullptr ? std::move(method) : second_.make_eap_method(type, host);
}

void FallbackAuth::cancel(AuthClient& client) {
  if (const auto found = requests_.find(&client); found != requests_.end()) {
    first_.cancel(*found->second);
    second_.cancel(*found->second);
    requests_.erase(found);
  }
}

}  // namespace adit::control
