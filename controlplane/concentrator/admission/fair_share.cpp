// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/admission/fair_share.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace adit::control {
namespace {

// Clients log in within two seconds of their SYN; with a RADIUS server that fails over, within five.
constexpr Duration kDialTakes{5'000};

}  // namespace

void FairShare::add(Claim& claim, wire::Ipv4Address source) {
  const auto found = by_address_.find(source);
  if (found == by_address_.end()) {
    logged_in_.push_back({.address = source, .in = &logged_in_});
    claim.source_ = std::prev(logged_in_.end());
    by_address_.emplace(source, claim.source_);
  } else {
    claim.source_ = found->second;
  }
  claim.state_ = Claim::State::kBeforeLogin;
  link(claim);
  place(claim.source_);
}

void FairShare::set_logged_in(Claim& claim, bool logged_in) {
  const auto state = logged_in ? Claim::State::kAfterLogin : Claim::State::kBeforeLogin;
  if (claim.state_ == Claim::State::kNone || claim.state_ == state) {
    return;
  }
  claim.state_ = state;
  Holding& holding = claim.source_->holding;
  if (logged_in) {
    unlink(claim);
    ++holding.after_login;
  } else {
    --holding.after_login;
    link(claim);
  }
  place(claim.source_);
}

void FairShare::remove(Claim& claim) {
  const auto state = std::exchange(claim.state_, Claim::State::kNone);
  if (state == Claim::State::kNone) {
    return;
  }
  const Sources::iterator source = claim.source_;
  if (state == Claim::State::kBeforeLogin) {
    unlink(claim);
  } else {
    --source->holding.after_login;
  }
  place(source);
  if (source->holding.before_login == 0 && source->holding.after_login == 0) {
    by_address_.erase(source->address);
    logged_in_.erase(source);
  }
}

Claim* FairShare::yields_to(wire::Ipv4Address newcomer) const {
  if (before_login_ == 0) {
    return nullptr;
  }
  if (weight_of_newcomer(newcomer) <= most_) {
    return yields();
  }
  const Source* own = find(newcomer);
  Claim* oldest = own == nullptr ? nullptr : own->oldest;
  return oldest != nullptr && wheel_.now() - oldest->since_ >= kDialTakes ? oldest : nullptr;
}

Claim* FairShare::yields() const {
  return before_login_ == 0 ? nullptr : yields_of(by_weight_[most_].front());
}

Claim* FairShare::yields_of(const Source& source) const {
  return wheel_.now() - source.oldest->since_ >= kDialTakes ? source.oldest : source.newest;
}

std::size_t FairShare::weight_of_newcomer(wire::Ipv4Address source) const {
  const Source* found = find(source);
  return found == nullptr ? 1 : found->weight(1);
}

FairShare::Holding FairShare::holding(wire::Ipv4Address source) const {
  const Source* found = find(source);
  return found == nullptr ? Holding{} : found->holding;
}

/// nullptr: it holds nothing.
const FairShare::Source* FairShare::find(wire::Ipv4Address address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : &*found->second;
}

void FairShare::link(Claim& claim) {
  Source& source = *claim.source_;
  claim.since_ = wheel_.now();
  claim.older_ = source.newest;
  claim.newer_ = nullptr;
  (source.newest != nullptr ? source.newest->newer_ : source.oldest) = &claim;
  source.newest = &claim;
  ++source.holding.before_login;
  ++before_login_;
}

void FairShare::unlink(Claim& claim) {
  Source& source = *claim.source_;
  (claim.older_ != nullptr ? claim.older_->newer_ : source.oldest) = claim.newer_;
  (claim.newer_ != nullptr ? claim.newer_->older_ : source.newest) = claim.older_;
  --source.holding.before_login;
  --before_login_;
}

/// Moves a source whose holding has changed by one to the list of its weight.
void FairShare::place(Sources::iterator source) {
  Sources* to = &logged_in_;
  if (source->holding.before_login != 0) {
    const std::size_t weight = source->weight();
    while (by_weight_.size() <= weight) {
      by_weight_.emplace_back();  // a deque: the other lists stay where they are
    }
    to = &by_weight_[weight];
    most_ = std::max(most_, weight);
  }
  if (to != source->in) {
    to->splice(to->end(), *std::exchange(source->in, to), source);
  }
  while (most_ > 0 && by_weight_[most_].empty()) {
    --most_;  // once or twice: the source that left has just gone one or two lists down
  }
}

}  // namespace adit::control
