// SPDX-License-Identifier: Apache-2.0
// adit.toml: what a good file means, and the one line that every bad one gets.
#include "app/aditd/config/config.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/aditd/config/machine.hpp"
#include "app/aditd/config/section.hpp"
#include "crypto/library.hpp"
#include "dataplane/call/mppc_stateful.hpp"
#include "tests/app/aditd/config/config_kit.hpp"

namespace adit::app {
namespace {

using wire::Ipv4Address;
using namespace std::chrono_literals;
using namespace std::string_literals;

using test::kGood;

Config good(std::string_view toml) {
  ConfigResult result = parse_config(toml, "t.toml");
  EXPECT_TRUE(result.problems.empty()) << result.problems.front().line;
  EXPECT_TRUE(result.config.has_value());
  return result.config.value_or(Config());
}

TEST(Config, SmallestFileTakesDefaults) {
  const Config config = good(kGood);
  EXPECT_EQ(config.bind, std::vector{Ipv4Address(192, 0, 2, 1)});
  EXPECT_EQ(config.tcp_port, 1723);
  EXPECT_EQ(config.control.ip.gateway, Ipv4Address(10, 64, 0, 1));
  ASSERT_EQ(config.control.ip.pools.size(), 1u);
  EXPECT_EQ(config.control.ip.pools[0].name, "default");
  EXPECT_EQ(config.control.ip.pools[0].ranges.at(0).first, Ipv4Address(10, 64, 0, 2));
  EXPECT_EQ(config.control.ip.pools[0].ranges.at(0).last, Ipv4Address(10, 64, 255, 254));
  ASSERT_EQ(config.ports.size(), 2u);
  EXPECT_EQ(config.ports[0].name, "access0");
  EXPECT_EQ(config.ports[1].role, dataplane::PortRole::kCore);
  EXPECT_EQ(config.cli.socket, "/run/adit/adit.sock");
  EXPECT_EQ(config.control.pptp.echo_interval, 60s);
  EXPECT_EQ(config.control.ppp.mppe, control::MppePolicy::kPrefer);
  EXPECT_EQ(config.control.ppp.mppe_key_lengths, std::vector{contract::MppeStrength::k128});
  EXPECT_EQ(config.control.ppp.mppe_stateful, control::StatefulPolicy::kDeny);
  EXPECT_EQ(config.control.ppp.mppc, control::MppcPolicy::kDeny);
  EXPECT_EQ(config.data_plane.mppc_histories, 0U) << "no memory for what nobody uses";
  EXPECT_TRUE(config.data_plane.policy.clamp_mss);
}

TEST(Config, ReadsEveryKindOfValue) {
  const Config config = good(R"(
[core]
workers = 4
poll_mode = "busy"          # as poll-mode
[common]
max-sessions = 1000
[dpdk]
eal = ["-l", "0-4"]
hugepages = "require"
[[port]]
name = "uplink"
driver = "dpdk"
device = "0000:01:00.0"
role = "both"
queues = 4
[pptp]
bind = ["192.0.2.1", "192.0.2.2"]
port = 1724
echo-interval = 5
echo-timeout = "500s"
start-timeout = "1500ms"
set_link_info = "never"
incoming-calls = "allow"
[ppp]
accomp = "allow"
mppe = "require"
mppe-key-lengths = [128]
mppe-stateful = "allow"
lcp-echo-interval = 0
setup-timeout = "2m"
[auth]
methods = ["mschap-v2"]
[chap-secrets]
chap-secrets = "/tmp/secrets"
[ip]
gw-ip-address = "10.0.0.1"
[[ip-pool]]
ranges = ["10.64.0.0/24", "10.65.0.10-20", "10.66.0.1", "10.67.0.0/31"]
[[ip-pool]]
name = "gold"
ranges = ["10.70.0.0-10.70.0.255"]
[dns]
dns1 = "198.51.100.53"
dns2 = ""
[mss]
clamp = false
[shaper]
up-burst-factor = 1
down-burst-factor = 0.25
[cli]
socket = "/tmp/a.sock"
[log]
level = "debug"
log-file = "/tmp/a.log"
max-per-second = 0
)");
  EXPECT_EQ(config.core.workers, 4);
  EXPECT_EQ(config.data_plane.poll_mode, dataplane::PollMode::kBusy);
  EXPECT_EQ(config.data_plane.max_calls, 1000u);
  EXPECT_EQ(config.dpdk.eal, (std::vector<std::string>{"-l", "0-4"}));
  EXPECT_EQ(config.dpdk.hugepages, HugepagePolicy::kRequire);
  EXPECT_EQ(config.ports.at(0).name, "uplink");
  EXPECT_EQ(config.ports[0].driver, dataplane::PortDriver::kDpdk);
  EXPECT_EQ(config.ports[0].device, "0000:01:00.0");
  EXPECT_EQ(config.ports[0].role, dataplane::PortRole::kBoth);
  EXPECT_EQ(config.ports[0].queues, 4);
  EXPECT_EQ(config.bind.size(), 2u);
  EXPECT_EQ(config.tcp_port, 1724);
  EXPECT_EQ(config.control.pptp.echo_interval, 5s);
  EXPECT_EQ(config.control.pptp.echo_timeout, 500s);
  EXPECT_EQ(config.control.pptp.start_timeout, 1500ms);
  EXPECT_EQ(config.control.pptp.set_link_info, control::SetLinkInfoPolicy::kNever);
  EXPECT_TRUE(config.control.pptp.incoming_calls);
  EXPECT_TRUE(config.control.ppp.accomp);
  EXPECT_FALSE(config.control.ppp.pcomp);
  EXPECT_EQ(config.control.ppp.mppe, control::MppePolicy::kRequire);
  EXPECT_EQ(config.control.ppp.mppe_stateful, control::StatefulPolicy::kAllow);
  EXPECT_EQ(config.control.ppp.lcp_echo_interval, 0s);
  EXPECT_EQ(config.control.ppp.setup_timeout, 2min);
  EXPECT_EQ(config.chap_secrets, "/tmp/secrets");
  const auto& ranges = config.control.ip.pools.at(0).ranges;
  ASSERT_EQ(ranges.size(), 4u);
  EXPECT_EQ(ranges[0].first, Ipv4Address(10, 64, 0, 1)) << "a prefix's first address is its network's";
  EXPECT_EQ(ranges[0].last, Ipv4Address(10, 64, 0, 254)) << "and its last the broadcast address";
  EXPECT_EQ(ranges[1].last, Ipv4Address(10, 65, 0, 20));
  EXPECT_EQ(ranges[2].first, ranges[2].last);
  EXPECT_EQ(ranges[3].first, Ipv4Address(10, 67, 0, 0));
  EXPECT_EQ(ranges[3].last, Ipv4Address(10, 67, 0, 1));
  EXPECT_EQ(config.control.ip.pools.at(1).name, "gold");
  EXPECT_EQ(config.control.ip.dns1, Ipv4Address(198, 51, 100, 53));
  EXPECT_TRUE(config.control.ip.dns2.is_none());
  EXPECT_FALSE(config.data_plane.policy.clamp_mss);
  EXPECT_EQ(config.data_plane.policy.burst.up_ms, 1000U);
  EXPECT_EQ(config.data_plane.policy.burst.down_ms, 250U);
  EXPECT_EQ(config.log.level, LogLevel::kDebug);
  EXPECT_EQ(config.log.max_per_second, 0u);
}

constexpr std::string_view kLinkPool = "[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\n";

TEST(Config, Ipv6IsAllowedOnceThereIsAPool) {
  const auto mode_with = [](std::string_view more) {
    return parse_config(std::string(kGood) + std::string(more), "t.toml").config.value().control.ipv6.mode;
  };
  EXPECT_EQ(mode_with(""), control::Ipv6Policy::kDeny);
  EXPECT_EQ(mode_with(kLinkPool), control::Ipv6Policy::kAllow);
  EXPECT_EQ(mode_with(std::string(kLinkPool) + "[ipv6]\nmode = \"deny\"\n"), control::Ipv6Policy::kDeny);
  EXPECT_EQ(mode_with("[ipv6]\nmode = \"require\"\n"), control::Ipv6Policy::kRequire)
      << "users may have their own";
}

TEST(Config, ReadsIpv6) {
  const control::Ipv6Settings ipv6 = good(std::string(kGood) + std::string(kLinkPool) + R"(
[[ipv6-pool]]
prefix = "2001:db8:65::/64"
use = "address"
[[ipv6-pool]]
prefix = "2001:db8:100::/40"
use = "delegate"
[[ipv6-pool]]
name = "gold"
prefix = "2001:DB8:200::/40"
length = 48
use = "delegate"
[ipv6]
mode = "prefer"
gw-link-local = "fe80::a:1"
ra-interval = "1m"
ra-lifetime = 0
dns = ["2001:db8:53::53", "2001:db8:53::54"]
domain = ["example.net", "4.example", "x"]
dhcpv6 = false
)")
                                         .control.ipv6;
  EXPECT_EQ(ipv6.mode, control::Ipv6Policy::kPrefer);
  EXPECT_EQ(ipv6.gateway_id, 0xa0001U);
  EXPECT_EQ(ipv6.ra_interval, 60s);
  EXPECT_EQ(ipv6.ra_lifetime, 0s);
  EXPECT_EQ(ipv6.dns, (std::vector{*wire::parse_ipv6_address("2001:db8:53::53"),
                                   *wire::parse_ipv6_address("2001:db8:53::54")}));
  EXPECT_EQ(ipv6.domain, (std::vector<std::string>{"example.net", "4.example", "x"}));
  EXPECT_FALSE(ipv6.dhcpv6);
  std::string pools;
  for (const control::Ipv6PoolSettings& pool : ipv6.pools) {
    pools += pool.name + ' ' + wire::to_string(pool.prefix) + ' ' + std::to_string(pool.length) + ' ' +
             std::string(to_text(pool.use)) + '\n';
  }
  EXPECT_EQ(pools,
            "default 2001:db8:64::/48 64 link\n"
            "default 2001:db8:65::/64 128 address\n"
            "default 2001:db8:100::/40 56 delegate\n"
            "gold 2001:db8:200::/40 48 delegate\n");
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Config, PackagedSampleIsWhatTheSchemaSays) {
  const char* root = ::getenv("ADIT_SOURCE_ROOT");
  ASSERT_NE(root, nullptr) << "run it by `meson test`, or set it to the top of the source tree";
  EXPECT_EQ(read_file(std::filesystem::path(root) / "packaging/adit.toml"), sample_config())
      << "refresh it: aditd --sample-config > packaging/adit.toml";
}

TEST(Config, HintsAreAboutKeysThatAreNone) {
  for (const Section& section : config_sections()) {
    EXPECT_EQ(hint_about(section.name, ""), "") << section.name;
    for (const Key<Config>& key : section.keys) {
      EXPECT_EQ(hint_about(section.name, key.name), "") << section.name << '.' << key.name;
    }
  }
}

TEST(Config, KeysOfAccelPppGetAHint) {
  const auto said = [](std::string_view more) {
    return test::lines_of(parse_config(std::string(kGood) + std::string(more), "t.toml"));
  };
  EXPECT_EQ(
      said("[radius]\nserver = \"192.0.2.9,secret\"\n"),
      "t.toml:15:1: radius.server: no such key; write a table of its own: [[radius-server]] with address and "
      "secret; auth-port and acct-port are its keys");
  EXPECT_EQ(said("[radius]\ndae_server = \"192.0.2.9:3799,secret\"\n"),
            "t.toml:15:1: radius.dae_server: no such key; write a table of its own: [[dae-client]] with "
            "address and "
            "secret; here are dae-ip-address and dae-port");
  EXPECT_EQ(said("[core]\nthread-count = 4\n"),
            "t.toml:15:1: core.thread-count: no such key; it is called workers");
  EXPECT_EQ(
      said("[radius]\nacct-timeout = 3\n"),
      "t.toml:15:1: radius.acct-timeout: no such key; remove it: accounting that fails ends no session");
  EXPECT_EQ(said("[chap-secrets]\ngw-ip-address = \"10.64.0.1\"\n"),
            "t.toml:15:1: chap-secrets.gw-ip-address: no such key; it belongs to [ip]");
  EXPECT_EQ(said("[ppp]\nipv6 = \"allow\"\n"), "t.toml:15:1: ppp.ipv6: no such key; write mode below [ipv6]");
  EXPECT_EQ(said("[ipv6-dns]\ndns = \"2001:db8:53::53\"\n"),
            "t.toml:14:2: ipv6-dns: no such section; write dns and domain below [ipv6]");
  EXPECT_EQ(
      said("[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\ndelegate = \"2001:db8:100::/40,56\"\n"),
      "t.toml:16:1: ipv6-pool.delegate: no such key; write a table of its own: [[ipv6-pool]] with use = "
      "\"delegate\"");
  EXPECT_EQ(said("[connlimit]\nlimit = 10\n"),
            "t.toml:14:2: connlimit: no such section; write max-connections-per-address and accept-rate "
            "below [pptp]");
  EXPECT_EQ(said("[modules]\npptp = true\n"),
            "t.toml:14:2: modules: no such section; remove it: there are no modules, and what a section "
            "configures is "
            "on");
}

TEST(Config, ServersMayBeThisMachine) {
  const Config config =
      good(std::string(kGood) +
           "[radius]\ndae-ip-address = \"127.0.0.1\"\n[[radius-server]]\naddress = \"127.0.0.1\"\n"
           "secret = \"s\"\n[[dae-client]]\naddress = \"127.0.0.1\"\nsecret = \"s\"\n");
  EXPECT_EQ(config.radius.servers.at(0).address, Ipv4Address(127, 0, 0, 1));
  EXPECT_EQ(config.dae.clients.at(0).address, Ipv4Address(127, 0, 0, 1));
}

TEST(Config, CompressionIsAChoiceAndItsMemoryIsBounded) {
  const auto line_of = [](std::string_view ppp) {
    return test::lines_of(parse_config(std::string(kGood) + "[ppp]\n" + std::string(ppp), "t.toml"));
  };
  EXPECT_EQ(line_of("mppc = \"prefer\"\n"),
            "t.toml:15:8: ppp.mppc: value \"prefer\": is not a choice here; write \"deny\", \"stateless\" or "
            "\"allow\"");
  EXPECT_EQ(line_of("mppc-memory = 0\n"),
            "t.toml:15:15: ppp.mppc-memory: value 0: is out of range; write a number from 1 to 65536");
}

TEST(Config, CompressionTakesMemoryOnlyWhereItIsStateful) {
  const auto with_mppc = [](const std::string& more) {
    return good(std::string(kGood) + "[ppp]\nmppe = \"deny\"\n" + more);
  };
  const Config stateless = with_mppc("mppc = \"stateless\"\nmppc-memory = 64\n");
  EXPECT_EQ(stateless.control.ppp.mppc, control::MppcPolicy::kStateless);
  EXPECT_EQ(stateless.data_plane.mppc_histories, 0U);
  const Config allowed = with_mppc("mppc = \"allow\"\nmppc_memory = 64\n");
  EXPECT_EQ(allowed.control.ppp.mppc, control::MppcPolicy::kAllow);
  EXPECT_EQ(allowed.data_plane.mppc_histories, (64U << 20) / sizeof(dataplane::StatefulMppc));
  EXPECT_EQ(with_mppc("mppc = \"allow\"\nmppc-memory = 65536\n").data_plane.mppc_histories,
            allowed.data_plane.max_calls)
      << "never more than there are calls";
}

TEST(Config, SampleIsRight) {
  good(sample_config());
}

// Uncommenting a key must change nothing: its line shows the default.
TEST(Config, SampleIsRightWithEveryKeyUncommented) {
  std::string toml = sample_config();
  for (std::size_t at = toml.find("\n#"); at != std::string::npos; at = toml.find("\n#", at + 1)) {
    if (toml[at + 2] != ' ') {
      toml.erase(at + 1, 1);
    }
  }
  Config uncommented = good(toml);
  Config sample = good(sample_config());
  ASSERT_EQ(uncommented.ports.size(), sample.ports.size());
  uncommented.ports.resize(1);  // the first one has every key
  sample.ports.resize(1);
  for (const Section& section : config_sections()) {
    for (const Key<Config>& key : section.keys) {
      EXPECT_NE(toml.find("\n" + std::string(key.name) + " = "), std::string::npos)
          << section.name << '.' << key.name;
      EXPECT_FALSE(key.help.empty());
      if (!section.optional) {
        EXPECT_EQ(key.show(uncommented), key.show(sample)) << section.name << '.' << key.name;
      }
    }
  }
}

TEST(Config, SEC_13_WarnsAndStartsAllTheSame) {
  const auto warning_of = [](std::string_view more) {
    const ConfigResult result = parse_config(std::string(kGood) + std::string(more), "t.toml");
    EXPECT_TRUE(result.config.has_value());
    EXPECT_EQ(result.problems.size(), 1u);
    EXPECT_TRUE(result.problems.at(0).warning);
    return result.problems.at(0).line;
  };
  EXPECT_EQ(warning_of("[auth]\nmethods = [\"mschap-v2\", \"pap\"]\n"),
            "t.toml:15:11: warning: auth.methods: value \"pap\": sends passwords in clear text; use "
            "\"mschap-v2\" if "
            "clients can");
  EXPECT_EQ(warning_of("[auth]\nmethods = [\"mschap-v2\", \"chap-md5\"]\n[ppp]\nmppe = \"require\"\n"),
            "t.toml:17:8: warning: ppp.mppe: value \"require\": needs keys, and \"chap-md5\" and \"pap\" of "
            "auth.methods make none; take them off the list");
  EXPECT_EQ(warning_of("[ppp]\nmppc = \"stateless\"\n"),
            "t.toml:15:8: warning: ppp.mppc: packets that are compressed before they are encrypted tell by "
            "their lengths what is in them; leave it at \"deny\" unless a slow line needs it");
  EXPECT_EQ(warning_of("[ppp]\nmppe-key-lengths = [128, 40]\n"),
            "t.toml:15:20: warning: ppp.mppe-key-lengths: keys of 40 and 56 bits fall to a search through "
            "all of them; "
            "keep to [128] if clients can");
  EXPECT_EQ(
      warning_of("[ipv6]\nmode = \"allow\"\n"),
      "t.toml:15:8: warning: ipv6-pool: there is no pool \"default\" with use = \"link\"; without one, only "
      "users with a link or a pool of their own have IPv6");
  EXPECT_EQ(
      warning_of("[[ipv6-pool]]\nprefix = \"2001:db8:100::/40\"\nuse = \"delegate\"\n"),
      "t.toml:14:1: warning: ipv6-pool: there is no pool \"default\" with use = \"link\"; without one, only "
      "users with a link or a pool of their own have IPv6");
  EXPECT_EQ(warning_of("[radius]\nnas-ip-address = \"127.0.0.1\"\n"),
            "t.toml:15:18: warning: radius.nas-ip-address: value \"127.0.0.1\": tells servers apart no two "
            "machines; "
            "leave it out: then it is the first of pptp.bind");
  EXPECT_EQ(warning_of("[common]\nmax-sessions = 100000\n"),
            "t.toml:15:16: warning: common.max-sessions: value 100000: is more than the 65535 call IDs of "
            "the bound "
            "addresses; add addresses to pptp.bind: each has 65,535");
}

// RAD_02: servers x tries x timeout against [auth] timeout, so that whoever falls back is still waited for.
TEST(Config, WarnsOfRadiusTimersThatLoginsHaveNoTimeFor) {
  const auto lines = [](std::string_view backend, std::string_view radius, std::string_view auth = "") {
    std::string text = std::string(kGood) + "[auth]\nbackend = \"" + std::string(backend) + "\"\n" +
                       std::string(auth) + "[radius]\n" + std::string(radius);
    for (const char* address : {"192.0.2.10", "192.0.2.11"}) {
      text += "[[radius-server]]\naddress = \"" + std::string(address) + "\"\nsecret = \"s\"\n";
    }
    const ConfigResult result = parse_config(text, "t.toml");
    EXPECT_TRUE(result.config.has_value());
    return test::lines_of(result);
  };
  for (const char* backend : {"local", "radius", "radius-then-local"}) {
    EXPECT_EQ(lines(backend, ""), "") << "the timers that apply without a config file";
  }
  EXPECT_EQ(lines("local", "timeout = 3\n"), "");
  EXPECT_EQ(
      lines("radius-then-local", "timeout = 3\n"),
      "t.toml:17:11: warning: radius.timeout: value \"3s\": makes 18s for 2 servers x max-try = 3, "
      "not less than three quarters of auth.timeout = 10s: while servers are silent, chap-secrets are asked "
      "before all of them have been; lower timeout, max-try or patience of [radius], or raise timeout of "
      "[auth]");
  EXPECT_EQ(
      lines("radius", "timeout = 3\n"),
      "t.toml:17:11: warning: radius.timeout: value \"3s\": makes 18s for 2 servers x max-try = 3, "
      "not less than auth.timeout = 10s: while servers are silent, logins end before all of them have been "
      "asked; lower timeout, max-try or patience of [radius], or raise timeout of [auth]");
  EXPECT_EQ(lines("radius", "timeout = 3\n", "timeout = 20\n"), "");
  EXPECT_EQ(lines("radius-then-local", "patience = 8\n"),
            "t.toml:17:12: warning: radius.patience: value \"8s\": is not less than three quarters of "
            "auth.timeout = "
            "10s: while servers are silent, chap-secrets are asked before all of them have been; lower "
            "timeout, max-try "
            "or patience of [radius], or raise timeout of [auth]");
}

TEST(Config, ReadsKeyLengths) {
  const ConfigResult result =
      parse_config(std::string(kGood) + "[ppp]\nmppe-key-lengths = [40, 128, 56]\n", "t");
  ASSERT_TRUE(result.config);
  EXPECT_EQ(
      result.config->control.ppp.mppe_key_lengths,
      (std::vector{contract::MppeStrength::k40, contract::MppeStrength::k128, contract::MppeStrength::k56}));
}

// Where nobody has IPv6, RADIUS servers may say of it what they like.
TEST(Config, WhatRadiusSaysOfIpv6CountsWhereSomebodyHasIt) {
  const std::string pool = std::string(kGood) + "[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\n";
  EXPECT_FALSE(good(kGood).nas.serves_ipv6);
  EXPECT_TRUE(good(pool).nas.serves_ipv6);
  EXPECT_FALSE(good(pool + "[ipv6]\nmode = \"deny\"\n").nas.serves_ipv6);
}

// RADIUS and chap-secrets name pools, in UTF-8 as everything.
TEST(Config, APoolsNameIsUtf8) {
  const ConfigResult result = parse_config(
      std::string(kGood) + "[[ip-pool]]\nname = \"Золото \u00eb\"\nranges = [\"10.70.0.0/24\"]\n", "t.toml");
  ASSERT_TRUE(result.config) << test::lines_of(result);
  EXPECT_EQ(result.config->control.ip.pools.at(1).name, "Золото ë");
}

class ConfigFileTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }
  void SetUp() override {
    char name[] = "/tmp/adit-config-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    write("adit.toml", std::string(kGood) + "[core]\nuser = \"nobody\"\n[chap-secrets]\nchap-secrets = \"" +
                           secrets() + "\"\n");
    write("secrets", "alice * secret *\n");
    if (::geteuid() == 0) {
      ASSERT_EQ(::chown(secrets().c_str(), 0, group_of_nobody()), 0);
    }
    std::filesystem::permissions(secrets(), std::filesystem::perms(0640));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string path() const { return directory_ / "adit.toml"; }
  [[nodiscard]] std::string secrets() const { return directory_ / "secrets"; }
  // The only problem, less the path that it begins with.
  [[nodiscard]] std::string problem(const ConfigResult& result) const {
    EXPECT_EQ(result.problems.size(), 1u);
    return result.problems.empty() ? "" : result.problems[0].line.substr(directory_.string().size());
  }
  static gid_t group_of_nobody() { return ::getpwnam("nobody")->pw_gid; }
  // What leaves a file to nobody, the user of the configuration, and to root.
  static std::string remedy(const std::string& file) {
    return "do: chown root:nogroup " + file + " && chmod 640 " + file;
  }
  std::filesystem::path directory_;
};

TEST_F(ConfigFileTest, Loads) {
  const ConfigResult result = load_config(path());
  EXPECT_TRUE(result.problems.empty()) << result.problems[0].line;
  EXPECT_TRUE(result.config.has_value());
}

TEST_F(ConfigFileTest, SaysWhenItIsNotThere) {
  const ConfigResult result = load_config(directory_ / "none.toml");
  EXPECT_FALSE(result.config.has_value());
  EXPECT_EQ(problem(result),
            "/none.toml: config file: No such file or directory; create it, or name another with "
            "--config FILE (aditd --sample-config prints a complete one)");
}

TEST_F(ConfigFileTest, TakesRegularFilesOfSensibleSizeOnly) {
  EXPECT_NE(load_config("/dev/zero").problems.at(0).line.find("is not a regular file"), std::string::npos);
  EXPECT_NE(load_config(directory_).problems.at(0).line.find("is not a regular file"), std::string::npos);
  write("adit.toml", std::string((1 << 20) + 1, '#'));
  EXPECT_NE(problem(load_config(path())).find("is larger than 1 MiB"), std::string::npos);
}

TEST_F(ConfigFileTest, SaysWhenChapSecretsAreNotThere) {
  std::filesystem::remove(secrets());
  const ConfigResult result = load_config(path());
  EXPECT_FALSE(result.config.has_value());
  EXPECT_EQ(problem(result), "/adit.toml:17:16: chap-secrets.chap-secrets: value \"" + secrets() +
                                 "\": No such file or directory; create it, or name another");
}

TEST_F(ConfigFileTest, WarnsOfChapSecretsThatEveryoneCanRead) {
  std::filesystem::permissions(secrets(), std::filesystem::perms(0644));
  const ConfigResult result = load_config(path());
  EXPECT_TRUE(result.config.has_value());
  EXPECT_EQ(problem(result), "/adit.toml:17:16: warning: chap-secrets.chap-secrets: value \"" + secrets() +
                                 "\": has secrets and is open to every user of this machine (mode 0644); " +
                                 remedy(secrets()));
  std::filesystem::permissions(secrets(),
                               std::filesystem::perms(0640));  // its group is the operator's choice
  EXPECT_TRUE(load_config(path()).problems.empty());
}

TEST_F(ConfigFileTest, WarnsOfFilesThatAditdCannotReadOnceItIsNobody) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  ASSERT_EQ(::chown(secrets().c_str(), 0, 0), 0);
  EXPECT_EQ(problem(load_config(path())),
            "/adit.toml:17:16: warning: chap-secrets.chap-secrets: value \"" + secrets() +
                "\": cannot be read by nobody, whom aditd becomes; reloads will fail; " + remedy(secrets()));
  std::filesystem::permissions(secrets(), std::filesystem::perms(0640));
  ASSERT_EQ(::chown(secrets().c_str(), ::getpwnam("nobody")->pw_uid, 0), 0);
  EXPECT_TRUE(load_config(path()).problems.empty()) << "it is its own";
}

TEST_F(ConfigFileTest, WhatTheMachineLacksIsAWarningOrAnErrorAndTheFileStaysRight) {
  LoadOptions options{.machine = [](const Config&) {
    return MachineFacts{.obstacles = {{.section = "port",
                                       .table = "access0",
                                       .key = "interface",
                                       .value = "\"access0\"",
                                       .wrong = "is missing",
                                       .remedy = "make it"}}};
  }};
  for (const bool must_start : {false, true}) {
    options.must_start = must_start;
    const ConfigResult result = load_config(path(), options);
    EXPECT_TRUE(result.config.has_value());
    EXPECT_FALSE(result.starts_here);
    EXPECT_EQ(problem(result), std::string("/adit.toml:3:13:") + (must_start ? "" : " warning:") +
                                   " port.interface: value \"access0\": is missing; make it");
    EXPECT_EQ(errors_of(result.problems).empty(), !must_start);
  }
}

TEST_F(ConfigFileTest, WhatUsersAreGrantedOfTheMachinesIsToldByTheirLine) {
  write("secrets",
        "alice * secret 10.9.0.7\nbob * secret 10.64.0.1\ncarol * secret 192.0.2.1\ndave * secret 10.9.0.8\n"
        "erin * secret * * 10.9.0.0/16\nfrank * secret * * 10.20.0.0/24,10.9.0.128/25\n"
        "grace * secret 10.70.0.1 * 10.8.0.0/16\n");
  const LoadOptions core0{.machine = [](const Config&) {
    return MachineFacts{
        .addresses = {{.interface = "core0",
                       .address = wire::Ipv4Address(10, 9, 0, 7),
                       .network = {.address = wire::Ipv4Address(10, 9, 0, 0), .length = 24}}}};
  }};
  const std::string begin = directory_.string() +
                            "/adit.toml:17:16: warning: chap-secrets.chap-secrets: value \"" + secrets() +
                            "\": ";
  const std::string refused = "; the user is refused; write another address, or * for one from the pool";
  const std::string longest =
      " shares addresses with 10.9.0.0/24, the network of core0; the longest prefix counts, and of equals "
      "the "
      "machine's; give subscribers a network of their own";
  std::string lines;
  for (const std::string& line :
       {"line 1: user 'alice': 10.9.0.7 is the machine's own: core0" + refused,
        "line 2: user 'bob': 10.64.0.1 is the machine's own: ip.gw-ip-address" + refused,
        "line 3: user 'carol': 192.0.2.1 is the machine's own: pptp.bind" + refused,
        std::string(
            "line 4: user 'dave': 10.9.0.8 is in 10.9.0.0/24, the network of core0; hosts there reach "
            "the user only by proxy ARP; give subscribers a network of their own"),
        "line 5: user 'erin': 10.9.0.0/16" + longest, "line 6: user 'frank': 10.9.0.128/25" + longest}) {
    lines += (lines.empty() ? "" : "\n") + begin + line;
  }
  EXPECT_EQ(test::lines_of(load_config(path(), core0)), lines);
  EXPECT_TRUE(load_config(path()).problems.empty()) << "of another machine nothing is known";
}

TEST_F(ConfigFileTest, SEC_12_WarnsOfAConfigWithSecretsThatEveryoneCanRead) {
  std::filesystem::permissions(path(), std::filesystem::perms(0644));
  EXPECT_TRUE(load_config(path()).problems.empty()) << "it has none";
  write("adit.toml", read_file(path()) + "[[radius-server]]\naddress = \"192.0.2.10\"\nsecret = \"s\"\n");
  const ConfigResult result = load_config(path());
  EXPECT_TRUE(result.config.has_value());
  ASSERT_EQ(result.problems.size(), 1U) << errors_of(result.problems);
  EXPECT_NE(result.problems[0].line.find(
                "has secrets and is open to every user of this machine (mode 0644); " + remedy(path())),
            std::string::npos)
      << result.problems[0].line;
}

TEST_F(ConfigFileTest, WarnsOfSecretsThatAStrangerOwns) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  ASSERT_EQ(::chown(secrets().c_str(), 54321, group_of_nobody()), 0);
  const ConfigResult result = load_config(path());
  EXPECT_EQ(problem(result), "/adit.toml:17:16: warning: chap-secrets.chap-secrets: value \"" + secrets() +
                                 "\": has secrets and belongs to user 54321; " + remedy(secrets()));
}

TEST_F(ConfigFileTest, WarnsOfSecretsThatAForeignGroupCanRead) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  ASSERT_EQ(::chown(secrets().c_str(), 0, 54321), 0);
  std::filesystem::permissions(secrets(), std::filesystem::perms(0640));
  const ConfigResult result = load_config(path());
  ASSERT_EQ(result.problems.size(), 2U) << "and nobody cannot read it";
  EXPECT_NE(result.problems[1].line.find("has secrets and is open to group 54321 (mode 0640); " +
                                         remedy(secrets())),
            std::string::npos)
      << result.problems[1].line;
}

TEST_F(ConfigFileTest, TheRemedyForAnAccountingSpoolLeavesItToItsWriter) {
  const std::string spool = directory_ / "spool";
  write("spool", "");
  std::filesystem::permissions(spool, std::filesystem::perms(0644));
  write("adit.toml", read_file(path()) + "[radius]\nspool = \"" + spool + "\"\n");
  const std::string line = problem(load_config(path()));
  EXPECT_NE(
      line.find("radius.spool: value \"" + spool +
                "\": has names and Class of subscribers and is open to every user of this machine (mode "
                "0644); do: chown nobody:nogroup " +
                spool + " && chmod 600 " + spool),
      std::string::npos)
      << line;
}

TEST_F(ConfigFileTest, AWrongLineOfChapSecretsIsToldAndCostsItsUserAlone) {
  write("secrets", "alice * secret *\nbob * se\"cret *\ncarol * secret *\n");
  const ConfigResult result = load_config(path());
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.users.users.size(), 2u);
  EXPECT_EQ(problem(result),
            "/adit.toml:17:16: warning: chap-secrets.chap-secrets: value \"" + secrets() +
                "\": line 2: user 'bob': a double quote is never closed; close it, or put a word that "
                "has one in single quotes, or set auth.chap-secrets-dialect = \"accel-ppp\", which can "
                "read the line");
}

TEST_F(ConfigFileTest, CarriesTheUsersAndSaysWhichLinesAreIgnored) {
  write("secrets", "alice * secret *\nbob here one\nalice * other *\ncarol elsewhere two\n");
  write("adit.toml", read_file(path()) + "[auth]\nchallenge-name = \"here\"\n");
  const ConfigResult result = load_config(path());
  EXPECT_EQ(result.users.users.size(), 2u);
  EXPECT_TRUE(result.users.users.find("bob"));
  ASSERT_EQ(result.users.notes.size(), 2u);
  ASSERT_EQ(result.problems.size(), 2u);
  EXPECT_NE(result.problems[0].line.find(
                "line 3: user 'alice': is on line 1, too, which counts, as it comes first; "
                "this line is ignored; remove one of them"),
            std::string::npos);
  EXPECT_NE(
      result.problems[1].line.find("line 4: user 'carol': is for another server, and this one is 'here': "
                                   "skipped; write * in the second column"),
      std::string::npos);
}

TEST_F(ConfigFileTest, ARunningProcessKeepsTheServerNameAndThePoolsThatItHas) {
  const std::string pool = "[[ip-pool]]\nname = \"gold\"\nranges = [\"10.70.0.0/24\"]\n";
  write("adit.toml", read_file(path()) + "[auth]\nchallenge-name = \"before\"\n");
  const ConfigResult running = load_config(path());
  ASSERT_TRUE(running.config);
  write("secrets", "alice before one\nbob after two\ncarol * three gold\n");
  std::string toml = read_file(path());
  write("adit.toml", toml.replace(toml.find("before"), 6, "after") + pool);
  const ConfigResult reread = load_config(path(), {.running = &*running.config});
  EXPECT_TRUE(reread.users.users.find("alice"));
  EXPECT_FALSE(reread.users.users.find("bob"));
  EXPECT_FALSE(reread.users.users.find("carol"));
  const ConfigResult next = load_config(path());
  EXPECT_FALSE(next.users.users.find("alice"));
  EXPECT_TRUE(next.users.users.find("bob"));
  EXPECT_TRUE(next.users.users.find("carol"));
}

// What says how chap-secrets are to be read goes with them: a reload takes both, and says so.
TEST_F(ConfigFileTest, AReloadReadsChapSecretsAsTheNewFileSays) {
  const std::string toml = read_file(path());
  write("secrets", "alice * one\n");
  ConfigResult running = load_config(path());
  ASSERT_TRUE(running.config);
  write("secrets", "alice * 8846F7EAEE8FB117AD06BDD830B7586C\nCORP\\bob * it's\n");
  write("adit.toml", toml + "encrypted = true\n[auth]\nchap-secrets-dialect = \"accel-ppp\"\n");
  ConfigResult reread = load_config(path(), {.running = &*running.config});
  ASSERT_TRUE(reread.config) << reread.problems[0].line;
  ASSERT_TRUE(reread.users.users.find("alice"));
  EXPECT_TRUE(reread.users.users.find("alice")->user.hash_only);
  RunningConfig sheet("adit.toml", std::move(running.sheet));
  int changes = 0;
  for (const ConfigChange& change : sheet.use(std::move(reread.sheet))) {
    EXPECT_EQ(change.effect, ReloadEffect::kNow) << change.name() << " is told to wait for the next start";
    ++changes;
  }
  EXPECT_EQ(changes, 2);
}

// `encrypted` before the passwords have become hashes.
TEST_F(ConfigFileTest, NoReloadLocksEverybodyOut) {
  const std::string toml = read_file(path());
  write("secrets", "alice * one\nbob * two\n");
  ConfigResult running = load_config(path());
  ASSERT_TRUE(running.config);
  write("adit.toml", toml + "encrypted = true\n");
  const ConfigResult refused = load_config(path(), {.running = &*running.config});
  EXPECT_FALSE(refused.config);
  EXPECT_NE(errors_of(refused.problems).find("has lines, and no user who can log in"), std::string::npos);
  EXPECT_TRUE(load_config(path()).config) << "a start has nobody to lose";
  running.config->auth_order = AuthOrder::kRadius;
  EXPECT_TRUE(load_config(path(), {.running = &*running.config}).config) << "nobody is asked there";
  running.config->auth_order = AuthOrder::kLocal;
  write("secrets", "# all are in RADIUS now\n");
  EXPECT_TRUE(load_config(path(), {.running = &*running.config}).config) << "emptied by intent";
}

TEST_F(ConfigFileTest, ChapSecretsAreReadInTheDialectThatIsSet) {
  write("secrets", "alice pptpd it's *\nCORP\\bob * secret *\n");
  const std::string toml = read_file(path());
  EXPECT_EQ(load_config(path()).users.users.size(), 1u) << "pppd";
  write("adit.toml", toml + "[auth]\nchap-secrets-dialect = \"accel-ppp\"\n");
  ConfigResult result = load_config(path());
  EXPECT_TRUE(result.users.users.find("alice"));
  EXPECT_TRUE(result.users.users.find("CORP\\bob"));
  write("secrets", "alice pptpd secret *\n");
  write("adit.toml", toml + "[auth]\nchap-secrets-dialect = \"poptop\"\n");
  result = load_config(path());
  EXPECT_TRUE(result.problems.empty()) << result.problems[0].line;
  EXPECT_EQ(result.users.users.size(), 1u);
  write("adit.toml", toml + "[auth]\nchap-secrets-dialect = \"mpd\"\n");
  EXPECT_NE(problem(load_config(path())).find("chap-secrets-dialect: value \"mpd\""), std::string::npos);
}

TEST_F(ConfigFileTest, EncryptedChapSecretsCannotServeChapMd5) {
  write("secrets", "User * 44EBBA8D5312B8D611474411F56989AE *\n");
  const auto with_methods = [&](const std::string& methods) {
    std::string toml = read_file(path());
    toml = toml.substr(0, toml.find("[auth]"));
    const std::size_t section = toml.find("[chap-secrets]\n") + std::string_view("[chap-secrets]\n").size();
    if (toml.find("encrypted") == std::string::npos) {
      toml.insert(section, "encrypted = true\n");
    }
    write("adit.toml", toml + "[auth]\nmethods = " + methods + "\n");
    return load_config(path());
  };
  const ConfigResult both = with_methods("[\"mschap-v2\", \"chap-md5\"]");
  EXPECT_EQ(both.users.users.size(), 1u);
  EXPECT_NE(problem(both).find("warning: auth.methods: value \"chap-md5\": needs passwords, and "
                               "chap-secrets.encrypted has their hashes alone; take it off the list"),
            std::string::npos)
      << problem(both);
  const ConfigResult alone = with_methods("[\"chap-md5\"]");
  EXPECT_FALSE(alone.config);
  EXPECT_NE(problem(alone).find("use \"mschap-v2\""), std::string::npos) << problem(alone);
  EXPECT_TRUE(with_methods("[\"mschap-v2\"]").problems.empty());
}

TEST_F(ConfigFileTest, APasswordsOwnFileIsReadAndItsAccessChecked) {
  const std::string file = directory_ / "hers";
  write("hers", "secret\n");
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  write("secrets", "eve * @" + file + " *\nfay * @/no/such/file *\n");
  const ConfigResult result = load_config(path());
  ASSERT_TRUE(result.config);
  EXPECT_TRUE(result.users.users.find("eve"));
  EXPECT_FALSE(result.users.users.find("fay"));
  ASSERT_EQ(result.problems.size(), 4u) << errors_of(result.problems);
  EXPECT_NE(result.problems[2].line.find(
                "line 2: user 'fay': the file that the third column names: No such file or "
                "directory; put the password there, readable for aditd"),
            std::string::npos)
      << result.problems[2].line;
  EXPECT_NE(result.problems[3].line.find(file +
                                         "\": has a password and is open to every user of this machine (mode "
                                         "0644); " +
                                         remedy(file)),
            std::string::npos)
      << result.problems[3].line;
}

TEST_F(ConfigFileTest, WarnsOfChapSecretsWithoutAUser) {
  write("secrets", "# nobody yet\n");
  const ConfigResult result = load_config(path());
  EXPECT_TRUE(result.config.has_value());
  EXPECT_NE(problem(result).find("has no user"), std::string::npos);
}

TEST_F(ConfigFileTest, ReadsDictionariesAndWhatTheyInclude) {
  const std::string rate =
      "[[radius-rate]]\nattribute = \"Acme-Rate\"\nform = \"kbit\"\ndirection = \"both\"\n";
  write("dictionary", "$INCLUDE acme\n$INCLUDE- none\n");
  write("acme", "VENDOR Acme 32473\nATTRIBUTE Acme-Rate 9 integer Acme\n");
  write("adit.toml", read_file(path()) + "[radius]\ndictionary = [\"" + (directory_ / "dictionary").string() +
                         "\"]\n" + rate);
  const ConfigResult result = load_config(path());
  ASSERT_TRUE(result.config) << result.problems[0].line;
  ASSERT_EQ(result.config->radius_rates.size(), 1U);
  EXPECT_EQ(result.config->radius_rates[0].number, 9);
  std::filesystem::remove(directory_ / "acme");
  std::filesystem::create_directory(directory_ / "acme");
  const std::string line = load_config(path()).problems.at(0).line;
  EXPECT_NE(line.find("dictionary:1: $INCLUDE \"acme\": is not a regular file; name a file"),
            std::string::npos)
      << line;
}

TEST_F(ConfigFileTest, SaysWhenThereIsNoSuchGroup) {
  write("adit.toml", read_file(path()) + "[cli]\ngroup = \"no-such-group-here\"\n");
  const ConfigResult result = load_config(path());
  EXPECT_FALSE(result.config.has_value());
  EXPECT_EQ(problem(result),
            "/adit.toml:19:9: cli.group: value \"no-such-group-here\": no such group on this machine; "
            "create it (groupadd --system), or leave the key out");
}

TEST_F(ConfigFileTest, SaysWhenThereIsNoSuchUser) {
  std::filesystem::permissions(secrets(), std::filesystem::perms(0600));
  std::string toml = read_file(path());
  write("adit.toml", toml.replace(toml.find("nobody"), 6, "no-such-user-here"));
  const ConfigResult result = load_config(path());
  EXPECT_FALSE(result.config.has_value());
  EXPECT_EQ(problem(result),
            "/adit.toml:15:8: core.user: value \"no-such-user-here\": no such user on this machine; "
            "create it (useradd --system), or leave the key out");
}

}  // namespace
}  // namespace adit::app
