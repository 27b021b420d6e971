// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/fallback_auth.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace adit::control {

/// Stands between a client and both backends for one request.
class FallbackAuth::Request final : public AuthClient {
 public:
  Request(FallbackAuth& owner, AuthRequest request, AuthClient& client)
      : owner_(owner), request_(std::move(request)), client_(client) {}

  void on_verdict(const AuthVerdict& verdict) override {
    if (!second_ && std::holds_alternative<AuthUnavailable>(verdict)) {
      second_ = true;
      owner_.second_.authenticate(request_, *this);  // may destroy this
      return;
    }
    AuthClient& client = client_;
    const AuthVerdict kept = verdict;
    owner_.requests_.erase(&client);  // destroys this: the client may ask again from within
    client.on_verdict(kept);
  }

 private:
  FallbackAuth& owner_;
  const AuthRequest request_;
  AuthClient& client_;
  bool second_ = false;
};

FallbackAuth::FallbackAuth(AuthBackend& first, AuthBackend& second, Duration first_within)
    : first_(first), second_(second), first_within_(first_within) {}
FallbackAuth::~FallbackAuth() = default;

void FallbackAuth::authenticate(AuthRequest request, AuthClient& client) {
  auto own = std::make_unique<Request>(*this, request, client);
  Request& placed = *own;
  requests_.insert_or_assign(&client, std::move(own));
  request.within =
      std::min(first_within_, request.within * 3 / 4);  // whatever it is, some is left for the second
  first_.authenticate(std::move(request), placed);
}

void FallbackAuth::cancel(AuthClient& client) {
  if (const auto found = requests_.find(&client); found != requests_.end()) {
    first_.cancel(*found->second);
    second_.cancel(*found->second);
    requests_.erase(found);
  }
}

}  // namespace adit::control
