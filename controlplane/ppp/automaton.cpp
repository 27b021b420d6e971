// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/automaton.hpp"

#include <algorithm>
#include <utility>

namespace adit::control {
namespace {

using Cell = std::string_view;

consteval PppAction parse_action(std::string_view name) {
  constexpr std::pair<std::string_view, PppAction> kNames[] = {
      {"tlu", PppAction::kTlu}, {"tld", PppAction::kTld}, {"tls", PppAction::kTls}, {"tlf", PppAction::kTlf},
      {"irc", PppAction::kIrc}, {"zrc", PppAction::kZrc}, {"scr", PppAction::kScr}, {"sca", PppAction::kSca},
      {"scn", PppAction::kScn}, {"str", PppAction::kStr}, {"sta", PppAction::kSta}, {"scj", PppAction::kScj},
      {"ser", PppAction::kSer}};
  for (const auto& [known, action] : kNames) {
    if (name == known) {
      return action;
    }
  }
  throw "no such action";  // at compile time only
}

/// "tld,scr/6" -> {tld, scr}, Req-Sent; "-" -> stay. The suffixes r, p and x are the RFC's footnotes:
/// [r]estart option and [p]assive option are not used here, a crossed connection [x] needs no special case.
consteval PppTransition parse_cell(std::string_view cell, PppState from) {
  PppTransition transition{.actions = {}, .next = from};
  if (cell == "-") {
    return transition;
  }
  if (const auto slash = cell.find('/'); slash != Cell::npos) {
    std::string_view names = cell.substr(0, slash);
    for (std::size_t count = 0; !names.empty(); ++count) {
      transition.actions[count] = parse_action(names.substr(0, 3));
      names.remove_prefix(std::min<std::size_t>(4, names.size()));
    }
    cell.remove_prefix(slash + 1);
  }
  if (cell.front() < '0' || cell.front() > '9') {
    throw "no such state";
  }
  transition.next = static_cast<PppState>(cell.front() - '0');
  return transition;
}

using Row = std::array<PppTransition, kPppStates>;

consteval Row row(const std::array<Cell, kPppStates>& cells) {
  Row parsed{};
  for (std::size_t i = 0; i < kPppStates; ++i) {
    parsed[i] = parse_cell(cells[i], static_cast<PppState>(i));
  }
  return parsed;
}

// RFC 1661 §4.1, cell by cell as printed there.
// clang-format off
constexpr std::array<Row, kPppEvents> kTable = {
  //            0         1            2         3              4         5         6             7             8             9
  //          Initial   Starting     Closed    Stopped        Closing   Stopping  Req-Sent      Ack-Rcvd      Ack-Sent      Opened
  /* Up    */ row({"2",     "irc,scr/6", "-",         "-",             "-",     "-",     "-",         "-",         "-",         "-"}),
  /* Down  */ row({"-",     "-",         "0",         "tls/1",         "0",     "1",     "1",         "1",         "1",         "tld/1"}),
  /* Open  */ row({"tls/1", "1",         "irc,scr/6", "3r",            "5r",    "5r",    "6",         "7",         "8",         "9r"}),
  /* Close */ row({"0",     "tlf/0",     "2",         "2",             "4",     "4",     "irc,str/4", "irc,str/4", "irc,str/4", "tld,irc,str/4"}),
  /* TO+   */ row({"-",     "-",         "-",         "-",             "str/4", "str/5", "scr/6",     "scr/6",     "scr/8",     "-"}),
  /* TO-   */ row({"-",     "-",         "-",         "-",             "tlf/2", "tlf/3", "tlf/3p",    "tlf/3p",    "tlf/3p",    "-"}),
  /* RCR+  */ row({"-",     "-",         "sta/2",     "irc,scr,sca/8", "4",     "5",     "sca/8",     "sca,tlu/9", "sca/8",     "tld,scr,sca/8"}),
  /* RCR-  */ row({"-",     "-",         "sta/2",     "irc,scr,scn/6", "4",     "5",     "scn/6",     "scn/7",     "scn/6",     "tld,scr,scn/6"}),
  /* RCA   */ row({"-",     "-",         "sta/2",     "sta/3",         "4",     "5",     "irc/7",     "scr/6x",    "irc,tlu/9", "tld,scr/6x"}),
  /* RCN   */ row({"-",     "-",         "sta/2",     "sta/3",         "4",     "5",     "irc,scr/6", "scr/6x",    "irc,scr/8", "tld,scr/6x"}),
  /* RTR   */ row({"-",     "-",         "sta/2",     "sta/3",         "sta/4", "sta/5", "sta/6",     "sta/6",     "sta/6",     "tld,zrc,sta/5"}),
  /* RTA   */ row({"-",     "-",         "2",         "3",             "tlf/2", "tlf/3", "6",         "6",         "8",         "tld,scr/6"}),
  /* RUC   */ row({"-",     "-",         "scj/2",     "scj/3",         "scj/4", "scj/5", "scj/6",     "scj/7",     "scj/8",     "scj/9"}),
  /* RXJ+  */ row({"-",     "-",         "2",         "3",             "4",     "5",     "6",         "6",         "8",         "9"}),
  /* RXJ-  */ row({"-",     "-",         "tlf/2",     "tlf/3",         "tlf/2", "tlf/3", "tlf/3",     "tlf/3",     "tlf/3",     "tld,irc,str/5"}),
  /* RXR   */ row({"-",     "-",         "2",         "3",             "4",     "5",     "6",         "7",         "8",         "ser/9"}),
};
// clang-format on

/// RFC 1661 §4.6: the restart timer runs in these states and in no others.
constexpr bool needs_restart_timer(PppState state) {
  return state >= PppState::kClosing && state <= PppState::kAckSent;
}

/// So long all requests together wait for an answer: a second for the first, then a whole timer each.
Duration patience_of(std::uint32_t requests, Duration timeout) {
  constexpr Duration kFirst{1000};
  return requests == 0 ? Duration{0} : std::min(kFirst, timeout) + (requests - 1) * timeout;
}

}  // namespace

PppTransition ppp_transition(PppState state, PppEvent event) {
  return kTable[static_cast<std::size_t>(event)][static_cast<std::size_t>(state)];
}

std::string_view to_text(PppState state) {
  constexpr std::array<std::string_view, kPppStates> kNames = {"initial",  "starting", "closed",   "stopped",
                                                               "closing",  "stopping", "req-sent", "ack-rcvd",
                                                               "ack-sent", "opened"};
  return kNames[static_cast<std::size_t>(state)];
}

void PppAutomaton::on(PppEvent event) {
  const PppTransition transition = ppp_transition(state_, event);
  state_ = transition.next;
  if (!needs_restart_timer(state_)) {
    restart_timer_.cancel();
  }
  if (state_ < PppState::kClosing) {
    restart_ = kFirstRestart;
  }
  for (const PppAction action : transition.actions) {
    perform(action, transition);
  }
}

void PppAutomaton::perform(PppAction action, const PppTransition& transition) {
  switch (action) {
    case PppAction::kNone:
      return;
    case PppAction::kTlu:
      return actions_.this_layer_up();
    case PppAction::kTld:
      return actions_.this_layer_down();
    case PppAction::kTls:
      return actions_.this_layer_started();
    case PppAction::kTlf:
      return actions_.this_layer_finished();
    case PppAction::kIrc:
      restart_counter_ = std::ranges::find(transition.actions, PppAction::kStr) != transition.actions.end()
                             ? settings_.max_terminate
                             : settings_.max_configure;
      patience_ = patience_of(restart_counter_, settings_.timeout);
      return;
    case PppAction::kZrc:
      // The peer terminates: wait one period in Stopping, so that a repeated Terminate-Request is still
      // answered.
      restart_counter_ = 0;
      restart_timer_.arm(settings_.timeout);
      return;
    case PppAction::kScr:
      count_and_arm();
      return actions_.send_configure_request();
    case PppAction::kStr:
      count_and_arm();
      return actions_.send_terminate_request();
    case PppAction::kSca:
      return actions_.send_configure_ack();
    case PppAction::kScn:
      return actions_.send_configure_nak_or_reject();
    case PppAction::kSta:
      return actions_.send_terminate_ack();
    case PppAction::kScj:
      return actions_.send_code_reject();
    case PppAction::kSer:
      return actions_.send_echo_reply();
  }
}

/// The last request waits for what the short waits of the first ones have left of the patience.
void PppAutomaton::count_and_arm() {
  restart_counter_ -= restart_counter_ > 0 ? 1 : 0;
  const Duration timer = std::min<Duration>(restart_, settings_.timeout);
  const Duration wait = restart_counter_ > 0 ? timer : std::max<Duration>(timer, patience_);
  patience_ -= std::min<Duration>(wait, patience_);
  restart_timer_.arm(wait);
}

void PppAutomaton::on_restart_timer() {
  if (restart_ < settings_.timeout) {
    restart_ *= 2;
  }
  on(restart_counter_ > 0 ? PppEvent::kTimeoutRetry : PppEvent::kTimeoutGiveUp);
}

}  // namespace adit::control
