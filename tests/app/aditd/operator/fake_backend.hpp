// SPDX-License-Identifier: Apache-2.0
// A concentrator that exists only in a test: fixed rows, and a note of what it was asked to terminate and of how much it
// was asked to list.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "app/aditd/operator/backend.hpp"

namespace adit::app {

class FakeBackend : public OperatorBackend {
 public:
  struct Terminated {
    control::SessionSelector selector;
    bool hard = false;
    std::string by{};
  };

  static SessionRow alice() {
    SessionRow row;
    row.call.session_id = "00000000000000ff";
    row.call.call.worker.value = 1;
    row.call.peer = wire::Ipv4Address(192, 0, 2, 7);
    row.call.local = wire::Ipv4Address(192, 0, 2, 1);
    row.call.local_id = wire::LocalCallId(4711);
    row.call.peer_id = wire::PeerCallId(0);
    row.call.rate = {.down = 10'240, .up = 2'048};
    row.call.routes = {{.address = wire::Ipv4Address(10, 20, 0, 0), .length = 24}};
    row.call.session.phase = control::SessionStatus::Phase::kUp;
    row.call.session.user = "alice";
    row.call.session.auth_method = "mschap-v2";
    row.call.session.address = wire::Ipv4Address(10, 64, 0, 2);
    row.call.session.ipv6 = control::Ipv6Binding{.interface_id = 0xa1,
                                                 .link = wire::parse_ipv6_prefix("2001:db8:64::/64"),
                                                 .delegated = wire::parse_ipv6_prefix("2001:db8:100::/56")};
    row.call.routes6 = {*wire::parse_ipv6_prefix("2001:db8:20::/48")};
    row.call.session.mppe = "128";
    row.call.session.peer_mru = 1400;
    row.uptime = std::chrono::seconds(3661);
    row.totals = {.uplink_packets = 10,
                  .uplink_octets = 2048,
                  .downlink_packets = 20,
                  .downlink_octets = 3'000'000,
                  .drops = 1};
    return row;
  }

  /// A dial of alice's that failed.
  static control::StoryRow wrong_password() {
    using control::Gate;
    control::StoryRow row{.story = control::CallStory({}),
                          .age = control::Duration{90'000},
                          .session_id = "00000000000000fe",
                          .peer = wire::Ipv4Address(192, 0, 2, 7),
                          .local = wire::Ipv4Address(192, 0, 2, 1),
                          .local_id = wire::LocalCallId(4710),
                          .peer_id = wire::PeerCallId(0),
                          .reason = control::EndReason::kAuthFailed};
    std::int64_t at = 0;
    for (const Gate gate : {Gate::kStart, Gate::kCall, Gate::kGre, Gate::kLcp, Gate::kEnd}) {
      row.story.pass(gate, control::Instant{control::Duration{at += 20}});
    }
    row.story.login_judged(control::AuthRejected{.why = "wrong password", .judge = "chap-secrets"}, {});
    row.session.claimed = "alice";
    row.session.tried_method = "mschap-v2";
    row.session.why = "wrong password";
    return row;
  }

  /// Rows have places in their order, if those are asked for.
  NextSessions sessions(control::CallPlace from) const override {
    const auto is_before = [&](const SessionRow& row) {
      const contract::CallRef& call = row.call.call;
      return std::pair(call.worker.value, call.slot) < std::pair(from.worker, from.slot);
    };
    const auto first = std::ranges::find_if_not(rows, is_before) - rows.begin();
    return [this, at = static_cast<std::size_t>(first)](
               const std::function<bool(const SessionRow&)>& visit) mutable {
      const std::size_t end = std::min(rows.size(), at + control::kCallsPerSlice);
      for (; at < end && visit(rows[at]); ++at, ++listed) {
      }
      return at < rows.size();
    };
  }
  std::vector<control::StoryRow> stories(const control::StorySelector& selector) const override {
    return selector.value == "alice" ? std::vector{wrong_password()} : std::vector<control::StoryRow>();
  }
  /// Of the rows, those that it names; their worker answers if `worker_answers`.
  void inspect(const control::SessionSelector& selector, Inspected done) override {
    using By = control::SessionSelector::By;
    std::vector<SessionInFull> found;
    for (const SessionRow& row : rows) {
      const control::CallStatus& call = row.call;
      if (selector.value == (selector.by == By::kIp          ? wire::to_string(call.session.address)
                             : selector.by == By::kSessionId ? call.session_id
                                                             : call.session.user)) {
        found.push_back(in_full(row));
      }
    }
    done(found, found.size());
  }
  SessionInFull in_full(const SessionRow& row) const {
    using std::chrono::seconds;
    SessionInFull session{.row = row, .details = {}, .drops = {{"spoofed", 1}}, .state = {}};
    control::CallDetails& details = session.details;
    details.status = row.call;
    details.peer_window = 64;
    details.session = control::SessionDetails{
        .lcp = {.state = control::PppState::kOpened,
                .receive_mru = 1436,
                .send_mru = 1400,
                .magic = 0x01020304,
                .peer_magic = 0xfedcba98,
                .send_acfc = true,
                .send_pfc = true,
                .echoes_answered = 7},
        .ccp = {.state = control::PppState::kOpened,
                .required = true,
                .receive = contract::MppeMode{},
                .send =
                    contract::MppeMode{
                        .strength = contract::MppeStrength::k40, .stateful = true, .compressed = true}},
        .ipcp =
            {.state = control::PppState::kOpened,
             .address = row.call.session.address,
             .gateway = wire::Ipv4Address(10, 64, 0, 1),
             .servers = {.dns1 = wire::Ipv4Address(198, 51, 100, 53), .dns2 = {}, .wins1 = {}, .wins2 = {}}},
        .ipv6cp = {.state = control::PppState::kOpened,
                   .interface_id = 0xa1,
                   .gateway_id = 1,
                   .link = row.call.session.ipv6->link,
                   .delegated = row.call.session.ipv6->delegated}};
    session.tx_saved = 1'000'000;
    details.granted = {.down = 20'480, .up = 4'096};
    details.session_timeout = {seconds(7200), seconds(3539)};
    details.interim = {seconds(600), std::nullopt};
    details.by_radius = true;
    details.classes = {{'g', 'o', 'l', 'd'}, {0xff, 0x00}};
    if (worker_answers) {
      session.state = contract::CallState{.call = row.call.call,
                                          .next_sequence = 30,
                                          .in_flight = 4,
                                          .received = 12,
                                          .acknowledged = 11,
                                          .receive_key = 10,
                                          .inner_mtu = 1396,
                                          .reorder_held = 2,
                                          .reorder_depth = 3,
                                          .unacknowledged = 1,
                                          .has_received = true,
                                          .has_acknowledged = true};
    }
    return session;
  }
  bool worker_answers = true;
  control::ConcentratorStats stats() const override { return stats_; }
  const control::CallMeasures& call_measures() const override { return call_measures_; }
  ControlMeasures control_measures() const override {
    return {.turns = {}, .timers_late = {}, .started_at = 1.7e9, .configured_at = 1.7e9};
  }
  std::vector<DropRow> drops() const override {
    return {{"not_ipv4", "a frame that is not IPv4", 0}, {"wrong_peer", "GRE from another address", 12'345}};
  }
  std::vector<WorkerRow> workers() const override {
    WorkerRow row{.worker = 0, .lcore = 3, .busy = 0.25, .counters = {}, .drops = 2};
    row.counters[dataplane::WorkerCounter::kRxPackets] = 1'000'000;
    row.counters[dataplane::WorkerCounter::kTxPackets] = 5;
    row.drops_by[0] = 2;
    if (drops_everywhere) {
      row.drops_by.fill(123'456'789);
    }
    row.busy_seconds = 1.5;
    row.histograms = dataplane::WorkerHistograms().read();
    row.rings = {{"to_worker", 3, 8192}};
    return std::vector<WorkerRow>(worker_count, row);
  }
  NextSources limited_sources() const override {
    return [this, at = std::size_t{0}](const auto& visit) mutable {
      const std::size_t end = std::min(sources_.size(), at + control::kSourcesPerSlice);
      for (; at < end; ++at) {
        visit(sources_[at]);
      }
      return at < sources_.size();
    };
  }
  std::vector<control::SourceStatus> sources_ = {
      {.address = wire::Ipv4Address(192, 0, 2, 9),
       .before_login = 3,
       .after_login = 1,
       .history = {.refused = 7, .evicted = 2, .failed_logins = 40, .delayed = 20, .last = {}},
       .since = control::Duration{5'900}}};
  std::vector<control::PoolStatus> pools() const override {
    return {{"default", 65'533, 2, 1, 3, 65'527},
            {"default", 65'536, 1, 0, 1, 65'534, 0, control::Ipv6Use::kLink}};
  }
  std::vector<BufferRow> buffers() const override { return {{"adit_packets_0", 20'480, 12'000}}; }
  std::vector<SteeringRow> steering() const override {
    return {{.port = "access",
             .role = "access",
             .queues = 4,
             .by = "RSS of addresses",
             .table = 128,
             .packets = 1'000'000,
             .missed = 2'500},
            {.port = "core", .role = "core", .queues = 4, .by = "flow rules", .rules = 4, .packets = 7}};
  }
  std::vector<PortRow> ports() const override {
    PortRow row{.name = "wan",
                .driver = "dpdk",
                .role = "access",
                .vlan = "200.100",
                .interface = "wan",
                .mac = "02:00:5e:00:53:01",
                .link_up = true,
                .mbit = 25'000,
                .mtu = 1500,
                .rx_queues = 4,
                .tx_queues = 4,
                .rx_packets = 1'000'000,
                .arrivals = {},
                .restarts = restarts};
    row.arrivals[dataplane::PortCounter::kPunted] = 12;
    return {row};
  }
  EventFeed feed_;
  EventFeed& events() override { return feed_; }
  RadiusStatus radius() const override {
    return {.servers = {{.name = "aaa1",
                         .address = wire::Ipv4Address(192, 0, 2, 10),
                         .health = control::radius::Health::kDead,
                         .sent = 12,
                         .timeouts = 3}},
            .dae = {{.name = "desk", .address = wire::Ipv4Address(192, 0, 2, 11), .disconnects = 4}}};
  }
  void restart_port(const std::string& name, Restarted done) override {
    if (name == "wan") {
      ++restarts;
      done({});
    } else {
      done(std::unexpected("no such port"));
    }
  }
  std::vector<control::WorkerSeats> seats() const override { return seats_; }
  std::vector<MemoryRow> memory() const override {
    return {{.table = "calls", .used = 3, .entries = 65'535, .octets = 29'359'680},
            {.table = "control records", .used = 3, .octets = 12'000}};
  }
  bool use_worker(std::uint16_t worker, bool in_use) override {
    seats_[worker].in_use = in_use;
    return last_in_use != worker;
  }
  void set_rate(control::SessionSelector selector, std::optional<control::SubscriberRate> rate,
                Counted done) override {
    shaped.push_back({std::move(selector), rate});
    done(terminates);
  }
  void reload(Reload how, Reloaded done) override {
    if (reloads) {
      reloads->dry_run = how == Reload::kDryRun;
    }
    done(reloads);
  }
  std::expected<void, std::string> shut_down(Shutdown how) override {
    if (how == Shutdown::kCancel && stats_.takes_calls) {
      return std::unexpected("there is nothing to cancel: new calls are taken");
    }
    stats_.takes_calls = how == Shutdown::kCancel;
    return {};
  }
  /// One key that waits for the next start, a table that comes then and one that goes.
  static RunningConfig waiting() {
    const auto pool = [](const char* name, std::uint32_t line) {
      return Setting{.section = "ip-pool",
                     .table = name,
                     .key = "ranges",
                     .value = "[\"10.70.0.1-10.70.0.2\"]",
                     .at = {line, 10}};
    };
    const auto sheet = [&](const char* mtu, Setting last) {
      return Sheet{{.section = "ppp", .table = "", .key = "mru", .value = "1436"},
                   {.section = "ppp", .table = "", .key = "mtu", .value = mtu, .at = {15, 7}},
                   {.section = "radius-server",
                    .table = "aaa1",
                    .key = "secret",
                    .value = "\"(secret)\"",
                    .at = {18, 10},
                    .effect = ReloadEffect::kNow},
                   {.section = "mss", .table = "", .key = "clamp", .value = "true"},
                   std::move(last)};
    };
    RunningConfig running("/etc/adit/adit.toml", sheet("1400", pool("old", 21)));
    running.use(sheet("1300", pool("new", 21)));
    return running;
  }
  const RunningConfig& config() const override { return config_; }
  RunningConfig config_ = waiting();
  void try_login(control::TrialLogin login, control::TrialLogins::Done done) override {
    trials.emplace_back(std::move(login), done);
    if (answers_trials) {
      done({.verdict = control::TrialOutcome::Verdict::kRejected, .why = "the server rejects it"});
    }
  }
  void terminate(control::SessionSelector selector, bool hard, const std::string& by, Counted done) override {
    terminated.push_back({std::move(selector), hard, by});
    if (answers_terminate) {
      done(terminates);
    } else {
      terminating.push_back(std::move(done));
    }
  }

  FoundCalls find_calls(const control::SessionSelector& selector) const override {
    using By = control::SessionSelector::By;
    FoundCalls found;
    for (const SessionRow& row : rows) {
      const std::string value = selector.by == By::kUsername ? row.call.session.user
                                : selector.by == By::kIp     ? wire::to_string(row.call.session.address)
                                                             : row.call.session_id;
      if (value == selector.value) {
        found.calls.push_back(row.call);
      }
    }
    found.count = found.calls.size();
    return found;
  }
  struct FakeTrace final : Subscription {
    [[nodiscard]] std::string_view name() const override { return "trace"; }
  };
  std::expected<std::unique_ptr<Subscription>, std::string> trace(const control::CallStatus& call,
                                                                  const TraceLimits& limits,
                                                                  const std::string& by,
                                                                  StreamSink&) override {
    traced.push_back(by + ' ' + call.session_id + ' ' + std::to_string(limits.time.count()) + ' ' +
                     std::to_string(limits.lines));
    return std::make_unique<FakeTrace>();
  }
  std::vector<std::string> traced;

  void note(const Action& action) override {
    noted.push_back(std::string(action.by) + ' ' + std::string(action.method) + ' ' + action.params + ' ' +
                    action.result);
  }

  std::vector<std::string> noted;
  std::vector<SessionRow> rows;
  mutable std::size_t listed = 0;  // of them, for all who asked
  control::ConcentratorStats stats_;
  control::CallMeasures call_measures_;
  std::size_t worker_count = 1;
  bool drops_everywhere = false;
  std::vector<Terminated> terminated;
  std::vector<std::pair<control::SessionSelector, std::optional<control::SubscriberRate>>> shaped;
  std::size_t terminates = 1;
  bool answers_terminate = true;
  std::vector<Counted> terminating;
  std::vector<std::pair<control::TrialLogin, control::TrialLogins::Done>> trials;
  bool answers_trials = false;
  ReloadResult reloads = ReloadReport{
      .users = 2,
      .changes = {{"radius-server", "aaa1", "secret", "\"(secret)\"", "\"(secret)\"", ReloadEffect::kNow},
                  {"pptp", "", "bind", "[\"192.0.2.1\"]", "[\"192.0.2.1\", \"192.0.2.2\"]",
                   ReloadEffect::kNextStart},
                  {"ppp", "", "mtu", "1436", "1400", ReloadEffect::kNewCalls},
                  {"ip-pool", "b", "ranges", std::nullopt, "[\"10.70.0.1-10.70.0.2\"]",
                   ReloadEffect::kNextStart}},
      .warnings = {"t.toml:15:11: warning: auth.methods: value \"pap\": sends passwords in clear text"}};
  std::vector<control::WorkerSeats> seats_{{.calls = 3}, {.calls = 4, .pressed = true}};
  std::uint16_t last_in_use = 9;
  std::uint64_t restarts = 0;
};

}  // namespace adit::app
