// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/schema.hpp"

#include <vector>

namespace adit::app {
namespace {

using contract::ReorderMode;
using control::AuthMethod;
using control::MppePolicy;
using control::SetLinkInfoPolicy;
using control::SingleSession;
using control::StatefulPolicy;
using control::radius::RateDirection;
using control::radius::RateForm;
using dataplane::CopyDscp;
using dataplane::PollMode;
using dataplane::PortDriver;
using dataplane::PortRole;
using namespace std::chrono_literals;

// The longest path a UNIX socket takes: sun_path without its NUL.
constexpr std::size_t kMaxSocketPath = 107;
constexpr std::size_t kMaxPath = 4095;
// 63 characters and a NUL fill RFC 2637 §2.2's Host Name and Vendor String.
constexpr TextKind kPptpName{1, 63};
constexpr NumberKind<std::uint32_t> kCount{1, 10'000'000};
const ChoiceKind<bool> kAllowDeny{{{"deny", false}, {"allow", true}}};

// A row reads: section, key, the sample's value, where it goes, what it may be, what it means.
#define ADIT_KEY(section, name, example, field, kind, help) \
  key<Config>(section, name, example, [](Config& c) -> auto& { return c.field; }, kind, help)

std::vector<Key<Config>> make_core_keys() {
  return {
      ADIT_KEY("core", "workers", "", core.workers, (NumberKind<std::uint16_t>{0, 128}),
               "Worker threads that poll the ports, one per CPU. 0: all CPUs but one, which is control's."),
      ADIT_KEY("core", "poll-mode", "", data_plane.poll_mode,
               (ChoiceKind<PollMode>{{{"adaptive", PollMode::kAdaptive}, {"busy", PollMode::kBusy}}}),
               "\"adaptive\": an idle worker naps for microseconds. \"busy\": never; lowest latency, 100 % "
               "of its CPU."),
      ADIT_KEY("common", "max-sessions", "", data_plane.max_calls, (NumberKind<std::uint32_t>{1, 4'000'000}),
               "Calls that are served at once. Their state is allocated at start: about 512 octets a call."),
      ADIT_KEY("common", "max-starting", "", control.pptp.max_starting, kCount,
               "Connections without an authenticated call, together; more are refused."),
      ADIT_KEY("common", "single-session", "", control.single_session,
               (ChoiceKind<SingleSession>{{{"off", SingleSession::kOff},
                                           {"replace", SingleSession::kReplace},
                                           {"deny", SingleSession::kDeny}}}),
               "A second call of one user: \"off\" lets it in, \"replace\" ends the first, \"deny\" refuses "
               "the second."),
      ADIT_KEY(
          "routes", "announce", "", announce,
          (ChoiceKind<Announce>{{{"off", Announce::kOff},
                                 {"pools", Announce::kPools},
                                 {"subscribers", Announce::kSubscribers}}}),
          "Blackhole routes of protocol 77 in the kernel's table, for BIRD or FRR to learn and announce:\n"
          "\"pools\" one a pool range, as long as aditd runs; \"subscribers\" one a subscriber, as long as "
          "it is up."),
      ADIT_KEY(
          "shaper", "rate", "", control.rate, KbitKind{},
          "Rate limit of users that have none of their own (fifth column of chap-secrets), in kbit/s of IP:\n"
          "10240 for both directions, \"10240/2048\" for down and up. \"\": none."),
      ADIT_KEY("dpdk", "eal", "", dpdk.eal, (ListKind<EalArgumentKind>{{}, "write [\"-l\", \"0-3\"]"}),
               "More arguments for DPDK's EAL, a word each: [\"-l\", \"0-3\"]. Those after `aditd --` follow "
               "them."),
      ADIT_KEY("dpdk", "hugepages", "", dpdk.hugepages,
               (ChoiceKind<HugepagePolicy>{{{"auto", HugepagePolicy::kAuto},
                                            {"never", HugepagePolicy::kNever},
                                            {"require", HugepagePolicy::kRequire}}}),
               "\"auto\": used when enough are reserved, else done without, with a warning. \"never\" and "
               "\"require\" insist."),
      ADIT_KEY("mss", "clamp", "", data_plane.policy.clamp_mss, BoolKind{},
               "Lower the MSS option of TCP SYNs, both ways, to what fits a tunnel."),
      ADIT_KEY("cli", "socket", "", cli.socket, (PathKind{kMaxSocketPath, false}),
               "Where `adit` reaches aditd. Who may write to it is root here: it can end every call."),
      ADIT_KEY(
          "cli", "group", "", cli.group, (TextKind{0, 32}),
          "Members of this group may use the socket (mode 0660). Empty: only aditd's own user (mode 0600)."),
      ADIT_KEY("log", "level", "", log.level,
               (ChoiceKind<LogLevel>{{{"debug", LogLevel::kDebug},
                                      {"info", LogLevel::kInfo},
                                      {"warning", LogLevel::kWarning},
                                      {"error", LogLevel::kError}}}),
               "\"debug\", \"info\", \"warning\" or \"error\": the least severe events that are written."),
      ADIT_KEY("log", "log-file", "", log.file, (PathKind{kMaxPath, true}),
               "A file to append to. Empty: standard error, which systemd keeps in its journal."),
      ADIT_KEY("log", "max-per-second", "", log.max_per_second, (NumberKind<std::uint32_t>{0, 1'000'000}),
               "Lines per second of one event; more are counted and the count is logged. 0: no limit."),
  };
}

std::vector<Key<Config>> make_pptp_keys() {
  const DurationKind deadline{100ms, 1h};
  return {
      ADIT_KEY("pptp", "bind", "[\"192.0.2.1\"]", bind, (ListKind<Ipv4Kind>{{}, "write [\"192.0.2.1\"]"}),
               "Addresses of this machine that clients dial. Each has 65,535 call IDs of its own."),
      ADIT_KEY("pptp", "port", "", tcp_port, (NumberKind<std::uint16_t>{1, 65'535}),
               "TCP port of the control connection."),
      ADIT_KEY("pptp", "echo-interval", "", control.pptp.echo_interval, (DurationKind{1s, 24h}),
               "Silence on a control connection before our Echo-Request (RFC 2637: 60 s)."),
      ADIT_KEY("pptp", "echo-timeout", "", control.pptp.echo_timeout, (DurationKind{1s, 24h}),
               "How long its Echo-Reply may take; then the connection and its calls end."),
      ADIT_KEY("pptp", "start-timeout", "", control.pptp.start_timeout, deadline,
               "From TCP accept to Start-Control-Connection-Request."),
      ADIT_KEY("pptp", "call-timeout", "", control.pptp.call_timeout, deadline,
               "How long a connection may be without a call."),
      ADIT_KEY("pptp", "stop-timeout", "", control.pptp.stop_timeout, deadline,
               "How long we wait for Stop-Control-Connection-Reply before we close."),
      ADIT_KEY(
          "pptp", "set-link-info", "", control.pptp.set_link_info,
          (ChoiceKind<SetLinkInfoPolicy>{{{"mirror", SetLinkInfoPolicy::kMirror},
                                          {"never", SetLinkInfoPolicy::kNever},
                                          {"always", SetLinkInfoPolicy::kAlways}}}),
          "Set-Link-Info after LCP opens: \"mirror\" to clients that sent one, \"never\" or \"always\".\n"
          "\"never\" helps with pass-through routers that dislike it."),
      ADIT_KEY("pptp", "reorder", "", data_plane.reorder.mode,
               (ChoiceKind<ReorderMode>{{{"off", ReorderMode::kOff},
                                         {"fixed", ReorderMode::kFixed},
                                         {"adaptive", ReorderMode::kAdaptive}}}),
               "GRE packets that overtook others: \"off\" discards the late ones, \"fixed\" waits for them "
               "at every gap,\n"
               "\"adaptive\" in calls that have been seen to receive packets late, as long as waiting pays."),
      ADIT_KEY("pptp", "reorder-timeout", "", data_plane.reorder.timeout_ms,
               (NumberKind<std::uint16_t>{1, 1000}),
               "Milliseconds that a packet is held at most for one before it."),
      ADIT_KEY("pptp", "receive-window", "", control.pptp.receive_window,
               (NumberKind<std::uint16_t>{1, 65'535}),
               "Packet Receive Window Size that we announce, in packets."),
      ADIT_KEY("pptp", "max-calls-per-connection", "", control.pptp.max_calls_per_connection,
               (NumberKind<std::uint32_t>{1, 65'535}), "Calls on one control connection; clients make one."),
      ADIT_KEY("pptp", "max-connections", "", control.pptp.max_connections, kCount,
               "Control connections, together."),
      ADIT_KEY("pptp", "max-connections-per-address", "", control.pptp.max_connections_per_address, kCount,
               "And from one client address: many subscribers may share one behind NAT."),
      ADIT_KEY("pptp", "accept-rate", "", accept_rate, (NumberKind<std::uint32_t>{0, 1'000'000}),
               "New control connections a second; more wait in the kernel's backlog, so that a redial storm "
               "takes\n"
               "nothing from the calls that are up. 0: no limit."),
      ADIT_KEY("pptp", "max-output-octets", "", control.pptp.max_output_octets,
               (NumberKind<std::uint32_t>{1024, 16'777'216}),
               "Unsent octets at which a client that does not read its connection is closed."),
      ADIT_KEY("pptp", "max-messages-per-second", "", control.pptp.max_messages_per_second,
               (NumberKind<std::uint32_t>{1, 1'000'000}),
               "Control messages of one connection; a faster one is closed."),
      ADIT_KEY("pptp", "host-name", "", control.pptp.host_name, kPptpName,
               "Host Name in Start-Control-Connection-Reply; clients show or log it."),
      ADIT_KEY("pptp", "vendor-name", "", control.pptp.vendor_name, kPptpName, "Vendor String beside it."),
  };
}

std::vector<Key<Config>> make_ppp_keys() {
  const NumberKind<std::uint16_t> mtu{128, 1500};
  const NumberKind<std::uint32_t> retries{1, 255};
  return {
      ADIT_KEY("ppp", "mru", "", control.ppp.mru, mtu,
               "Our MRU, asked of the client. 1,436 leaves room for IP, GRE, PPP and MPPE in 1,500 octets."),
      ADIT_KEY("ppp", "mtu", "", control.ppp.mtu, mtu,
               "The largest IP packet that we send to a client, however large its MRU."),
      ADIT_KEY("ppp", "min-mtu", "", control.ppp.min_mtu, mtu,
               "The smallest MRU of a client that we agree to."),
      ADIT_KEY("ppp", "accomp", "", control.ppp.accomp, kAllowDeny,
               "Offer Address-and-Control-Field-Compression: \"allow\" or \"deny\"."),
      ADIT_KEY("ppp", "pcomp", "", control.ppp.pcomp, kAllowDeny,
               "Offer Protocol-Field-Compression: \"allow\" or \"deny\"."),
      ADIT_KEY(
          "ppp", "mppe", "", control.ppp.mppe,
          (ChoiceKind<MppePolicy>{{{"deny", MppePolicy::kDeny},
                                   {"allow", MppePolicy::kAllow},
                                   {"prefer", MppePolicy::kPrefer},
                                   {"require", MppePolicy::kRequire}}}),
          "Encryption (MPPE): \"deny\" refuses it, \"allow\" lets the client ask, \"prefer\" asks for it, "
          "\"require\"\n"
          "passes no IP without. It needs an MS-CHAP method below."),
      ADIT_KEY(
          "ppp", "mppe-key-lengths", "", control.ppp.mppe_key_lengths,
          (ListKind<KeyLengthKind>{{}, "write [128]"}),
          "Bits of its keys that may be agreed on: 40, 56, 128. The longest that the client has, too, is "
          "used.\n"
          "128 bits of MPPE are weak; 40 and 56 are weaker still, and fall to a mere search through all "
          "keys."),
      ADIT_KEY(
          "ppp", "mppe-stateful", "", control.ppp.mppe_stateful,
          (ChoiceKind<StatefulPolicy>{{{"deny", StatefulPolicy::kDeny},
                                       {"allow", StatefulPolicy::kAllow},
                                       {"prefer", StatefulPolicy::kPrefer}}}),
          "Stateful mode, a key for 256 packets and not for each: \"deny\" refuses it, \"allow\" takes "
          "it when the client\n"
          "insists, \"prefer\" asks for it (pppd hangs up then, unless it has mppe-stateful). A lost packet "
          "costs a round\n"
          "trip of others, and RFC 3078 advises against it over the Internet. Needs some 600 octets a "
          "session more."),
      ADIT_KEY("ppp", "timeout", "", control.ppp.timeout, (DurationKind{100ms, 1min}),
               "Before a request is repeated (RFC 1661's restart timer)."),
      ADIT_KEY("ppp", "max-configure", "", control.ppp.max_configure, retries,
               "Configure-Requests without an answer."),
      ADIT_KEY("ppp", "max-failure", "", control.ppp.max_failure, retries,
               "Configure-Naks before we reject instead."),
      ADIT_KEY("ppp", "max-terminate", "", control.ppp.max_terminate, retries,
               "Terminate-Requests without an answer."),
      ADIT_KEY("ppp", "lcp-echo-interval", "", control.ppp.lcp_echo_interval, (DurationKind{0s, 24h}),
               "Silence on a link before an LCP Echo-Request. 0: none are sent, dead links stay."),
      ADIT_KEY("ppp", "lcp-echo-failure", "", control.ppp.lcp_echo_failure, retries,
               "Unanswered ones in a row that end the call."),
      ADIT_KEY("ppp", "lcp-timeout", "", control.ppp.lcp_timeout, (DurationKind{1s, 1h}),
               "From the call's begin to LCP opened."),
      ADIT_KEY("ppp", "setup-timeout", "", control.ppp.setup_timeout, (DurationKind{1s, 1h}),
               "From the call's begin to an IP address in use."),
  };
}

std::vector<Key<Config>> make_user_keys() {
  return {
      ADIT_KEY(
          "auth", "methods", "", control.auth.methods,
          (ListKind<ChoiceKind<AuthMethod>>{{{{"mschap-v2", AuthMethod::kMsChapV2},
                                              {"mschap-v1", AuthMethod::kMsChapV1},
                                              {"chap-md5", AuthMethod::kChapMd5},
                                              {"pap", AuthMethod::kPap}}},
                                            "write [\"mschap-v2\"]"}),
          "In the order in which they are offered: \"mschap-v2\", \"mschap-v1\", \"chap-md5\", \"pap\".\n"
          "Only the MS-CHAP methods make keys for MPPE; mschap-v1 and pap are broken by design."),
      ADIT_KEY(
          "auth", "backend", "", auth_order,
          (ChoiceKind<AuthOrder>{{{"local", AuthOrder::kLocal},
                                  {"radius", AuthOrder::kRadius},
                                  {"radius-then-local", AuthOrder::kRadiusThenLocal}}}),
          "Who knows the users: \"local\" (chap-secrets), \"radius\", or \"radius-then-local\": chap-secrets "
          "while no RADIUS\n"
          "server answers."),
      ADIT_KEY("radius", "nas-identifier", "", nas.identifier, kPptpName,
               "NAS-Identifier: this machine's name."),
      ADIT_KEY(
          "radius", "nas-ip-address", "", nas.address, Ipv4Kind{true},
          "NAS-IP-Address, by which servers know this machine's sessions. \"\": the first of pptp.bind."),
      ADIT_KEY("radius", "timeout", "", radius.timeout, (DurationKind{100ms, 1min}),
               "Before a request is repeated."),
      ADIT_KEY("radius", "max-try", "", radius.tries, (NumberKind<std::uint32_t>{1, 20}),
               "Times that a request is sent to one server, before the next server is asked."),
      ADIT_KEY("radius", "max-fail", "", radius.max_fail, (NumberKind<std::uint32_t>{1, 1000}),
               "Requests in a row without an answer that take a server for dead."),
      ADIT_KEY("radius", "dead-time", "", radius.dead_time, (DurationKind{1s, 24h}),
               "How long a dead server gets nothing but probes (Status-Server)."),
      ADIT_KEY("radius", "sockets", "", radius.lanes, (NumberKind<std::uint32_t>{1, 64}),
               "Sockets for each server and service: 256 requests each may wait for an answer."),
      ADIT_KEY("radius", "max-waiting", "", radius.max_waiting, kCount,
               "Requests that wait for a free identifier; more are refused."),
      ADIT_KEY("radius", "acct-interim-interval", "", control.interim_interval, (DurationKind{0s, 24h}),
               "Between accounting records of a session whose Access-Accept does not say. 0: none."),
      ADIT_KEY(
          "radius", "spool", "", spool.file, (PathKind{kMaxPath, true}),
          "What accounting must not forget when aditd or this machine ends, one way or another. \"\": it "
          "does."),
      ADIT_KEY(
          "radius", "spool-records", "", spool.records, (NumberKind<std::uint32_t>{1024, 8'000'000}),
          "Sessions that are up and Stops that wait for a server, together; 1 KiB each, taken at start."),
      ADIT_KEY("radius", "dae-ip-address", "", dae.address, Ipv4Kind{true},
               "Where Disconnect- and CoA-Requests (RFC 5176) of a [[dae-client]] are taken. \"\": on every "
               "address."),
      ADIT_KEY("radius", "dae-port", "", dae.port, (NumberKind<std::uint16_t>{1, 65'535}), "The UDP port."),
      ADIT_KEY("radius", "dae-window", "", dae.window, (DurationKind{1s, 1h}),
               "How far their Event-Timestamp may be from our clock; as long, a copy of one does nothing."),
      ADIT_KEY("radius", "dictionary", "", radius_dictionaries,
               (ListKind<PathKind>{{kMaxPath, false}, "write [\"/etc/adit/dictionary.acme\"]"}),
               "FreeRADIUS dictionaries: names of attributes for [[radius-rate]] beyond the built-in ones. "
               "The last "
               "one wins."),
      ADIT_KEY("auth", "timeout", "", control.auth.timeout, (DurationKind{1s, 10min}),
               "From our challenge (PAP: from LCP opened) to a verdict."),
      ADIT_KEY("auth", "max-failure", "", control.auth.max_failure, (NumberKind<std::uint32_t>{1, 100}),
               "Proofs judged per call. Above 1, a client whose password was wrong is invited to try again."),
      ADIT_KEY("auth", "challenge-name", "", control.auth.challenge_name, kPptpName,
               "Our name in CHAP challenges: the `server` column of chap-secrets."),
      ADIT_KEY("chap-secrets", "chap-secrets", "", chap_secrets, (PathKind{kMaxPath, false}),
               "Local users, a line each: user server password address. Keep it mode 0600."),
      ADIT_KEY("ip", "gw-ip-address", "\"10.64.0.1\"", control.ip.gateway, Ipv4Kind{},
               "Our end of every link: the clients' gateway. Not an address of a pool."),
      ADIT_KEY("ip", "copy-dscp", "", data_plane.policy.copy_dscp,
               (ChoiceKind<CopyDscp>{{{"off", {}},
                                      {"down", {.down = true}},
                                      {"up", {.up = true}},
                                      {"both", {.down = true, .up = true}}}}),
               "Copy a packet's DSCP into its tunnel header on the way to a client (\"down\"), out of it on "
               "the way\n"
               "from one (\"up\"), \"both\", or \"off\". ECN is never copied."),
      ADIT_KEY("ip", "subscriber-to-subscriber", "", data_plane.policy.between_subscribers, kAllowDeny,
               "Packets from one client to another: \"allow\", without a detour, or \"deny\"."),
      ADIT_KEY("ip", "quarantine", "", control.ip.quarantine, (DurationKind{0s, 24h}),
               "Before a call ID or an address is given out again."),
      ADIT_KEY("dns", "dns1", "\"198.51.100.53\"", control.ip.dns1, Ipv4Kind{true},
               "Given to clients that ask."),
      ADIT_KEY("dns", "dns2", "\"198.51.100.54\"", control.ip.dns2, Ipv4Kind{true}, "The second."),
      ADIT_KEY("wins", "wins1", "", control.ip.wins1, Ipv4Kind{true}, "Given to clients that ask."),
      ADIT_KEY("wins", "wins2", "", control.ip.wins2, Ipv4Kind{true}, "The second."),
  };
}
#undef ADIT_KEY

std::vector<Key<Config>> make_config_keys() {
  std::vector<Key<Config>> all = make_core_keys();
  for (auto& part : {make_pptp_keys(), make_ppp_keys(), make_user_keys()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

#define ADIT_KEY(section, name, example, field, kind, help) \
  key<Target>(section, name, example, [](Target& t) -> auto& { return t.field; }, kind, help)

std::vector<Key<dataplane::PortSettings>> make_port_keys() {
  using Target = dataplane::PortSettings;
  return {
      ADIT_KEY("port", "name", "", name, (TextKind{0, 31}),
               "What logs and counters call it. Empty: its interface, else its device."),
      ADIT_KEY(
          "port", "interface", "\"access0\"", interface, InterfaceKind{},
          "A network interface of the kernel; a VLAN's own (eth0.100) is served through what carries it.\n"
          "With driver \"dpdk\" it is left out: the kernel's part in the device then is a TAP interface "
          "of this port's\n"
          "name. Named, it is one by which the kernel reaches the same network itself."),
      ADIT_KEY("port", "driver", "", driver,
               (ChoiceKind<PortDriver>{{{"auto", PortDriver::kAuto},
                                        {"af_xdp", PortDriver::kAfXdp},
                                        {"af_packet", PortDriver::kAfPacket},
                                        {"dpdk", PortDriver::kDpdk}}}),
               "\"af_xdp\" takes only tunnel packets from the kernel's interface, \"af_packet\" copies all "
               "of them,\n"
               "\"auto\" is af_xdp where that works, else af_packet. \"dpdk\" drives `device` without the "
               "kernel."),
      ADIT_KEY("port", "device", "", device, (TextKind{0, 255}),
               "With driver \"dpdk\": a PCI address (\"0000:01:00.0\") or a virtual device "
               "(\"net_memif0,role=client\")."),
      ADIT_KEY(
          "port", "role", "\"access\"", role,
          (ChoiceKind<PortRole>{
              {{"access", PortRole::kAccess}, {"core", PortRole::kCore}, {"both", PortRole::kBoth}}}),
          "\"access\": clients and their tunnels. \"core\": plain IP, the Internet. \"both\": on a stick."),
      ADIT_KEY("port", "vlan", "", vlan, VlanKind{},
               "With driver \"dpdk\": the VLAN of this port, \"100\", or \"200.100\" with an outer tag "
               "(802.1ad). Several\n"
               "[[port]] may share a device, a VLAN each."),
      ADIT_KEY("port", "table", "", table, (NumberKind<std::uint32_t>{0, 0xffffffff}),
               "The kernel's routing table by which packets leave on this side. 0: that of the VRF that the "
               "interface is in,\n"
               "else main (254). All ports of a side share one."),
      ADIT_KEY("port", "isolate", "", isolate, BoolKind{},
               "With driver \"dpdk\" and an interface, on devices that the kernel drives too (mlx5): take "
               "only GRE and the\n"
               "pools' packets by flow rules, and leave the kernel all else."),
      ADIT_KEY("port", "queues", "", queues, (NumberKind<std::uint16_t>{0, 128}),
               "Receive queues. 0: one for a kernel interface, one per worker for a DPDK device."),
  };
}

std::vector<Key<control::PoolSettings>> make_pool_keys() {
  using Target = control::PoolSettings;
  return {
      ADIT_KEY("ip-pool", "name", "", name, (TextKind{1, 63}),
               "Users without a pool of their own use \"default\"."),
      ADIT_KEY("ip-pool", "ranges", "[\"10.64.0.2-10.64.255.254\"]", ranges,
               (ListKind<RangeKind>{{}, "write [\"10.64.0.2-10.64.255.254\"]"}),
               "Ranges \"first-last\", \"10.64.0.2-254\", prefixes \"10.64.0.0/16\" (less their first and "
               "last address)."),
  };
}

std::vector<Key<control::radius::ServerSettings>> make_radius_server_keys() {
  using Target = control::radius::ServerSettings;
  return {
      ADIT_KEY("radius-server", "name", "", name, (TextKind{0, 31}),
               "What logs and `adit show radius` call it. Empty: its address."),
      ADIT_KEY("radius-server", "address", "\"192.0.2.10\"", address, Ipv4Kind{true}, "Where it is."),
      ADIT_KEY("radius-server", "secret", "\"shared with that server\"", secret, SecretKind{255},
               "The secret that is shared with it. Keep this file mode 0600 then."),
      ADIT_KEY("radius-server", "auth-port", "", auth_port, (NumberKind<std::uint16_t>{0, 65'535}),
               "Its port for authentication. 0: it does none."),
      ADIT_KEY("radius-server", "acct-port", "", acct_port, (NumberKind<std::uint16_t>{0, 65'535}),
               "Its port for accounting. 0: it does none."),
      ADIT_KEY("radius-server", "priority", "", priority, (NumberKind<std::uint32_t>{0, 1000}),
               "The servers of the lowest number are used as long as one of them answers."),
      ADIT_KEY("radius-server", "weight", "", weight, (NumberKind<std::uint32_t>{1, 1000}),
               "Its share among servers of the same priority."),
      ADIT_KEY(
          "radius-server", "require-message-authenticator", "", must_sign, BoolKind{},
          "Refuse replies to logins without Message-Authenticator as their first attribute (BlastRADIUS, "
          "CVE-2024-3596)."),
  };
}

std::vector<Key<control::radius::DaeClientSettings>> make_dae_client_keys() {
  using Target = control::radius::DaeClientSettings;
  using control::radius::Code;
  return {
      ADIT_KEY("dae-client", "name", "", name, (TextKind{0, 31}),
               "What logs and `adit show radius` call it. Empty: its address."),
      ADIT_KEY("dae-client", "address", "\"192.0.2.10\"", address, Ipv4Kind{true},
               "Where its requests come from; those of others are dropped."),
      ADIT_KEY("dae-client", "secret", "\"shared with that client\"", secret, SecretKind{255},
               "The secret that is shared with it."),
      ADIT_KEY(
          "dae-client", "allow", "", allow,
          (ListKind<ChoiceKind<Code>>{
              {{{"disconnect", Code::kDisconnectRequest}, {"coa", Code::kCoaRequest}}},
              "write [\"disconnect\"]"}),
          "What it may ask for: \"disconnect\" sessions, \"coa\" to change their rate, timeouts, class and "
          "routes."),
      ADIT_KEY("dae-client", "require-message-authenticator", "", must_sign, BoolKind{},
               "Drop its requests without Message-Authenticator."),
      ADIT_KEY(
          "dae-client", "require-event-timestamp", "", must_date, BoolKind{},
          "Drop its requests without Event-Timestamp: whoever has caught one could repeat it another day."),
  };
}

std::vector<Key<control::radius::RateMapping>> make_radius_rate_keys() {
  using Target = control::radius::RateMapping;
  return {
      ADIT_KEY("radius-rate", "attribute", "\"WISPr-Bandwidth-Max-Down\"", attribute, (TextKind{1, 128}),
               "Its name in a dictionary."),
      ADIT_KEY("radius-rate", "form", "\"bit\"", form,
               (ChoiceKind<RateForm>{{{"mikrotik", RateForm::kMikrotikText},
                                      {"cisco", RateForm::kCiscoAvPair},
                                      {"filter-id", RateForm::kFilterId},
                                      {"kbit", RateForm::kKbit},
                                      {"bit", RateForm::kBit}}}),
               "How the rate is written. Texts: \"mikrotik\" \"2M/10M\", up then down; \"cisco\" "
               "\"lcp:interface-config=rate-limit\n"
               "output 10000000 ...\"; \"filter-id\" \"10240/2048\", kbit/s down then up, other texts say "
               "nothing. "
               "Numbers, or text of\n"
               "digits: \"kbit\" or \"bit\" a second."),
      ADIT_KEY(
          "radius-rate", "direction", "\"down\"", direction,
          (ChoiceKind<RateDirection>{
              {{"down", RateDirection::kDown}, {"up", RateDirection::kUp}, {"both", RateDirection::kBoth}}}),
          "With \"kbit\" and \"bit\": \"down\" to the client, \"up\" from it, or \"both\"."),
  };
}
#undef ADIT_KEY

constexpr Section kSections[] = {
    {"core", false, "Threads.", ""},
    {"common", false, "Limits of the whole concentrator.", ""},
    {"dpdk", false, "DPDK's environment.", ""},
    {"port", true, "The ports that workers poll: a table each, at least one for each side.",
     "[[port]]\ninterface = \"core0\"\nrole = \"core\"\n"},
    {"pptp", false, "Control connections and calls (RFC 2637).", ""},
    {"ppp", false, "Links (RFC 1661).", ""},
    {"auth", false, "Who may connect, and how it is proved.", ""},
    {"chap-secrets", false, "", ""},
    {"radius", false, "The RADIUS client.", ""},
    {"radius-server", true, "RADIUS servers: a table each.", "", true},
    {"dae-client", true, "Who may end and change sessions by RADIUS (RFC 5176): a table each.", "", true},
    {"radius-rate", true,
     "Attributes of an Access-Accept that have rate limits, a table each: the first one that is there "
     "counts.\n"
     "Numbers (\"kbit\", \"bit\") that follow each other in this list are one rate: the first that says a "
     "direction wins,\n"
     "and one that none says has no limit. Without any table: Mikrotik-Rate-Limit, WISPr-Bandwidth-Max-Up "
     "and\n"
     "WISPr-Bandwidth-Max-Down, Cisco-AVPair, Filter-Id.",
     "", true},
    {"ip", false, "Addresses.", ""},
    {"ip-pool", true, "Pools of client addresses: a table each. They may not overlap.", ""},
    {"dns", false, "", ""},
    {"wins", false, "", ""},
    {"mss", false, "", ""},
    {"routes", false, "What routing daemons on this machine learn of subscribers.", ""},
    {"shaper", false, "Rate limits of calls, changed in place by `adit shaper`.", ""},
    {"cli", false, "The operator's socket.", ""},
    {"log", false, "One key=value line per event.", ""},
};

}  // namespace

std::span<const Section> config_sections() {
  return kSections;
}

std::span<const Key<Config>> config_keys() {
  static const std::vector<Key<Config>> keys = make_config_keys();
  return keys;
}

std::span<const Key<dataplane::PortSettings>> port_keys() {
  static const std::vector<Key<dataplane::PortSettings>> keys = make_port_keys();
  return keys;
}

std::span<const Key<control::radius::ServerSettings>> radius_server_keys() {
  static const std::vector<Key<control::radius::ServerSettings>> keys = make_radius_server_keys();
  return keys;
}

std::span<const Key<control::radius::DaeClientSettings>> dae_client_keys() {
  static const std::vector<Key<control::radius::DaeClientSettings>> keys = make_dae_client_keys();
  return keys;
}

std::span<const Key<control::radius::RateMapping>> radius_rate_keys() {
  static const std::vector<Key<control::radius::RateMapping>> keys = make_radius_rate_keys();
  return keys;
}

std::span<const Key<control::PoolSettings>> pool_keys() {
  static const std::vector<Key<control::PoolSettings>> keys = make_pool_keys();
  return keys;
}

}  // namespace adit::app
