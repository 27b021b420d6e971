// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using namespace std::chrono_literals;

/// Of a Network Access Identifier, user@realm (RFC 7542 §2.2).
struct RealmKind {
  using Value = std::string;
  TextKind text{0, 127};
  [[nodiscard]] Read<std::string> read(const toml::node& node) const {
    Read<std::string> realm = text.read(node);
    if (realm && realm->find_first_of("@ ") != std::string::npos) {
      return std::unexpected(Complaint{
          .wrong = "is no realm", .remedy = "write what comes after the @, without blanks: \"example.net\""});
    }
    return realm;
  }
  [[nodiscard]] std::string show(const std::string& value) const { return text.show(value); }
};

/// The first of them that the file sets.
toml::source_position first_set(const Places& places, std::initializer_list<std::string> keys) {
  for (const std::string& key : keys) {
    if (const toml::source_position at = position(places, key)) {
      return at;
    }
  }
  return {0, 0};
}

void complete_radius(Config& config) {
  if (config.nas.address.is_none() && !config.bind.empty()) {
    config.nas.address = config.bind.front();
  }
}

}  // namespace

Section radius_section() {
  return {
      .name = "radius",
      .help = "The RADIUS client.",
      .complete = &complete_radius,
      .keys = {
          ADIT_KEY(kNextStart, "nas-identifier", "", nas.identifier, kPptpName,
                   "NAS-Identifier: this machine's name."),
          ADIT_KEY(
              kNextStart, "nas-ip-address", "", nas.address, (Ipv4Kind{true, true}),
              "NAS-IP-Address, by which servers know this machine's sessions. \"\": the first of pptp.bind."),
          ADIT_KEY(kNow, "timeout", "", radius.timeout, (DurationKind{100ms, 1min}),
                   "Before a login's request is repeated."),
          ADIT_KEY(kNow, "acct-repeat", "", radius.acct_timeout, (DurationKind{100ms, 1min}),
                   "Before an accounting record is repeated: nobody waits for its answer."),
          ADIT_KEY(kNow, "max-try", "", radius.tries, (NumberKind<std::uint32_t>{1, 20}),
                   "How often a request is sent to one server before the next server is asked."),
          ADIT_KEY(
              kNow, "patience", "", radius.patience, (DurationKind{100ms, 1min}),
              "How long a login waits for the last server that is left to ask, and \"radius-then-local\" for "
              "all of them."),
          ADIT_KEY(
              kNow, "max-fail", "", radius.max_fail, (NumberKind<std::uint32_t>{1, 1000}),
              "Unanswered requests in a row after which a server counts as dead: no login waits for it any "
              "more,\nunless all are dead and auth.backend has nobody else."),
          ADIT_KEY(kNow, "dead-time", "", radius.dead_time, (DurationKind{1s, 24h}),
                   "How long a dead server gets nothing but probes (Status-Server). Then, or while it "
                   "answers those, it is also\nsent copies of logins, which do not wait for it: to that "
                   "server second attempts of the same users."),
          ADIT_KEY(kNow, "sockets", "", radius.lanes, (NumberKind<std::uint32_t>{1, 64}),
                   "Sockets for each server and service: 256 requests each may wait for an answer."),
          ADIT_KEY(kNow, "max-waiting", "", radius.max_waiting, kCount,
                   "Requests of each service that wait for a free identifier; more are refused."),
          ADIT_KEY(kNewCalls, "acct-interim-interval", "", control.interim_interval, (DurationKind{0s, 24h}),
                   "Between interim accounting records of a session, unless its Access-Accept says "
                   "otherwise. 0: none."),
          ADIT_KEY(kNow, "acct-interim-jitter", "", control.interim_jitter, (DurationKind{0s, 1h}),
                   "How much earlier or later each of them comes, at random, so that calls do not report "
                   "together: half\nof the interval at most. 0: a tenth of it."),
          ADIT_KEY(
              kNextStart, "strip-realm", "", nas.strip_realm, BoolKind{},
              "Ask servers for \"alice\" where a client says \"alice@example.net\". An MS-CHAPv2 proof is of "
              "the name\nas the client has it: the server has to check it against that one. With [eap] "
              "mode = \"radius\"\nneither this nor default-realm changes it."),
          ADIT_KEY(kNextStart, "default-realm", "", nas.default_realm, RealmKind{},
                   "Ask for \"alice@\" and this where a client, or strip-realm, leaves no realm. \"\": for "
                   "\"alice\"."),
          ADIT_KEY(kNextStart, "spool", "", spool.file, (PathKind{kMaxPath, true}),
                   "Where accounting records survive a restart or crash of aditd or this machine. \"\": they "
                   "do not."),
          ADIT_KEY(kNextStart, "spool-records", "", spool.records,
                   (NumberKind<std::uint32_t>{1024, 8'000'000}),
                   "Sessions that are up and Stops that wait for a server, together; 1 KiB each, reserved at "
                   "start."),
          ADIT_KEY(
              kNow, "dae-ip-address", "", dae.address, (Ipv4Kind{true, true}),
              "Where Disconnect- and CoA-Requests (RFC 5176) of a [[dae-client]] are taken. \"\": on every "
              "address."),
          ADIT_KEY(kNow, "dae-port", "", dae.port, (NumberKind<std::uint16_t>{1, 65'535}), "The UDP port."),
          ADIT_KEY(kNow, "dae-window", "", dae.window, (DurationKind{1s, 1h}),
                   "How far their Event-Timestamp may be from our clock; a repeated request has no effect "
                   "for as long."),
          ADIT_KEY(
              kNow, "dictionary", "", radius_dictionaries,
              (ListKind<PathKind>{{kMaxPath, false}, "write [\"/etc/adit/dictionary.acme\"]"}),
              "FreeRADIUS dictionaries: names of attributes for [[radius-rate]] beyond the built-in ones. "
              "The last "
              "one wins."),
      }};
}

void check_spool(const Config& config, const Places& places, Problems& problems) {
  if (has_accounting(config.radius) && config.spool.records < config.data_plane.max_calls &&
      places.usable("radius.spool-records") && places.usable("common.max-sessions")) {
    problems.warning(position(places, "radius.spool-records"), "radius.spool-records",
                     std::to_string(config.spool.records),
                     "is less than common.max-sessions = " + std::to_string(config.data_plane.max_calls),
                     "give each session a record, and more for Stops that wait");
  }
}

void check_nas(const Config& config, const Places& places, Problems& problems) {
  if (wire::is_loopback(config.nas.address)) {
    problems.warning(position(places, "radius.nas-ip-address"), "radius.nas-ip-address",
                     in_quotes(config.nas.address), "tells servers apart no two machines",
                     "leave it out: then it is the first of pptp.bind");
  }
}

/// A login that has no time for all of its servers has none for the users of chap-secrets either.
void check_radius_times(const Config& config, const Places& places, Problems& problems) {
  if (config.auth_order == AuthOrder::kLocal || config.radius.servers.empty()) {
    return;
  }
  for (const char* key :
       {"auth.timeout", "auth.backend", "radius.timeout", "radius.max-try", "radius.patience"}) {
    if (!places.usable(key)) {
      return;
    }
  }
  const bool then_local = config.auth_order == AuthOrder::kRadiusThenLocal;
  const control::Duration asking = asking_time(config.radius);
  const control::Duration deadline = config.control.auth.timeout;
  const control::Duration limit = then_local ? deadline * 3 / 4 : deadline;
  if (fallback_patience(config.radius) < limit) {
    return;
  }
  const bool patient = config.radius.patience > asking;
  const std::string key = patient ? "radius.patience" : "radius.timeout";
  const std::string servers =
      std::to_string(asking / (config.radius.tries * config.radius.timeout)) + " servers";
  problems.warning(
      first_set(places, {key, "auth.timeout", "radius.max-try", "auth.backend"}), key,
      in_quotes(show_duration(patient ? config.radius.patience : config.radius.timeout)),
      (patient ? std::string("is")
               : "makes " + show_duration(asking) + " for " + servers +
                     " x max-try = " + std::to_string(config.radius.tries) + ',') +
          " not less than " + (then_local ? "three quarters of " : "") +
          "auth.timeout = " + show_duration(deadline) +
          (then_local ? ": while servers are silent, chap-secrets are asked before all of them have been"
                      : ": while servers are silent, logins end before all of them have been asked"),
      "lower timeout, max-try or patience of [radius], or raise timeout of [auth]");
}

}  // namespace adit::app
