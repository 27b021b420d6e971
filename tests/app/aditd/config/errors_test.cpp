// SPDX-License-Identifier: Apache-2.0
// Every mistake in adit.toml that we could think of, and the lines that it gets, word for word: file, line and column,
// key, value, what is wrong, what to do. All mistakes of a file are told at once.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/app/aditd/config/config_kit.hpp"

namespace adit::app {
namespace {

using test::kGood;

std::string with(std::string_view more) {
  return std::string(kGood) + std::string(more);
}

// kGood less its [pptp], so that a test may write its own.
std::string without_pptp() {
  std::string toml(kGood);
  const std::size_t begin = toml.find("[pptp]");
  return toml.erase(begin, toml.find("[ip]") - begin);
}

// kGood less its [[port]]s.
std::string without_ports() {
  return std::string(kGood.substr(kGood.find("[pptp]")));
}

// Lines that parse_config gives for `toml`, joined.
std::string problems_of(std::string_view toml) {
  return test::lines_of(parse_config(toml, "t.toml"));
}

struct BadConfig {
  std::string_view name;
  std::string toml;
  std::string_view problems;  // all of them, in order
};

class BadConfigTest : public testing::TestWithParam<BadConfig> {};

TEST_P(BadConfigTest, GetsTheseLines) {
  const ConfigResult result = parse_config(GetParam().toml, "t.toml");
  EXPECT_FALSE(result.config.has_value());
  EXPECT_EQ(problems_of(GetParam().toml), GetParam().problems);
}

// clang-format off: it lays out a table of this length anew, whole, for each row that comes
const BadConfig kBadConfigs[] =
    {
        {"Empty", "",
         R"(t.toml: pptp.bind: missing or empty; list the addresses that clients dial: bind = ["192.0.2.1"]
t.toml: port.role: no [[port]] serves the access side; add one with role = "access", or give one role = "both"
t.toml: port.role: no [[port]] serves the core side; add one with role = "core", or give one role = "both"
t.toml: ip.gw-ip-address: missing; give our end of the links: gw-ip-address = "10.64.0.1"
t.toml: warning: ip-pool: there is no pool "default"; without one, only users with an address or a pool of their own can connect)"},
        {"SyntaxError", with("[pptp\n"),
         R"(t.toml:14:6: pptp: is not TOML: expected ']', saw '\n'; write [pptp] alone on its line)"},
        {"BracketsAlone", with("[["),
         R"(t.toml:14:3: ip-pool: is not TOML: encountered end-of-file; write the section's name in the brackets)"},
        {"ListNeverEnds", with("[auth]\nmethods = [\n\"pap\"\n\"chap-md5\"\n"),
         R"(t.toml:17:1: auth.methods: is not TOML: expected comma or closing ']', saw '"'; write methods = [...], with a comma between values)"},
        {"NoEquals", with("[core]\nworkers: 4\n"),
         R"(t.toml:15:8: core.workers: is not TOML: expected '=', saw ':'; write workers = and a value)"},
        {"KeyTwice", with("[core]\nworkers = 4\nworkers = 5\n"),
         R"(t.toml:16:11: core.workers: is not TOML: cannot redefine existing integer 'workers'; line 15 sets it; keep one of them)"},
        {"SomebodyElsesFile", "# ours\n[modules]\npptp\n",
         R"(t.toml:2:1: config file: is accel-ppp's accel-ppp.conf; `aditd --sample-config` prints a configuration, docs/from-accel-ppp.md has the keys of both side by side)"},
        {"Realm", with("[radius]\ndefault-realm = \"@example.net\"\n"),
         R"(t.toml:15:17: radius.default-realm: value "@example.net": is no realm; write what comes after the @, without blanks: "example.net")"},
        {"UnknownKey", with("[ppp]\nmpe = \"require\"\n"),
         R"(t.toml:15:1: ppp.mpe: no such key; did you mean mppe?)"},
        {"UnknownKeyNothingNear", with("[mss]\nwindow = 4\n"),
         R"(t.toml:15:1: mss.window: no such key; there are: clamp)"},
        {"KeyOfAnotherSection", with("[core]\nmax-starting = 4\n"),
         R"(t.toml:15:1: core.max-starting: no such key; it belongs to [common])"},
        {"KeyOutsideASection", "echo-interval = 4\n" + with(""),
         R"(t.toml:1:1: echo-interval: no such key outside a section; write it below [pptp])"},
        {"UnknownSection", with("[ppt]\n"), R"(t.toml:14:2: ppt: no such section; did you mean pptp?)"},
        {"UnknownSectionNothingNear", with("[kubernetes]\n"),
         R"(t.toml:14:2: kubernetes: no such section; there are: core, common, dpdk, port, pptp, ppp, auth, eap, chap-secrets, radius, radius-server, dae-client, radius-rate, ip, ip-pool, dns, wins, ipv6, ipv6-pool, mss, routes, shaper, cli, log)"},
        {"HostileKey", with("[ppp]\n\"a\\u001b[2J\\nb\" = 1\n"),
         R"(t.toml:15:1: ppp.a\x1b[2J\nb: no such key; there are: mru, mtu, min-mtu, accomp, pcomp, mppe, mppe-key-lengths, mppe-stateful, mppc, mppc-memory, timeout, max-configure, max-failure, max-terminate, lcp-echo-interval, lcp-echo-failure, lcp-timeout, setup-timeout)"},
        {"SectionIsAValue", "ppp = 3\n" + with(""),
         R"(t.toml:1:7: ppp: value 3: is not a section; write [ppp])"},
        {"PortIsATable",
         "[port]\ninterface = \"a\"\n[pptp]\nbind = [\"192.0.2.1\"]\n[ip]\ngw-ip-address = "
         "\"10.64.0.1\"\n",
         R"(t.toml:1:1: port: is not a list of tables; write [[port]] above each of them
t.toml: warning: ip-pool: there is no pool "default"; without one, only users with an address or a pool of their own can connect)"},
        {"SpelledBothWays", with("[ppp]\nmin-mtu = 600\nmin_mtu = 600\n"),
         R"(t.toml:16:1: ppp.min-mtu: is there twice, with - and with _; keep one of them)"},
        {"NumberIsText", with("[core]\nworkers = \"four\"\n"),
         R"(t.toml:15:11: core.workers: value "four": is not a whole number; write a number from 0 to 128, without quotes)"},
        {"NumberIsAFloat", with("[core]\nworkers = 1.5\n"),
         R"(t.toml:15:11: core.workers: value 1.5: is not a whole number; write a number from 0 to 128, without quotes)"},
        {"NumberTooLarge", with("[core]\nworkers = 129\n"),
         R"(t.toml:15:11: core.workers: value 129: is out of range; write a number from 0 to 128)"},
        {"NumberNegative", with("[ppp]\nmru = -1\n"),
         R"(t.toml:15:7: ppp.mru: value -1: is out of range; write a number from 128 to 1500)"},
        {"DurationIsAWord", with("[ppp]\ntimeout = \"soon\"\n"),
         R"(t.toml:15:11: ppp.timeout: value "soon": is not a duration; write seconds as a number, or text like "10s", "500ms", "2m")"},
        {"DurationOutOfRange", with("[ppp]\ntimeout = \"2m\"\n"),
         R"(t.toml:15:11: ppp.timeout: value "2m": is out of range; write 100ms to 60s)"},
        {"DurationOverflows", with("[ppp]\nsetup-timeout = \"99999999999999999999h\"\n"),
         R"(t.toml:15:17: ppp.setup-timeout: value "99999999999999999999h": is not a duration; write seconds as a number, or text like "10s", "500ms", "2m")"},
        {"DurationNegative", with("[ppp]\nsetup-timeout = -5\n"),
         R"(t.toml:15:17: ppp.setup-timeout: value -5: is not a duration; write seconds as a number, or text like "10s", "500ms", "2m")"},
        {"ChoiceMisspelt", with("[ppp]\nmppe = \"requier\"\n"),
         R"(t.toml:15:8: ppp.mppe: value "requier": is not a choice here; did you mean "require"? Else write "deny", "allow", "prefer" or "require")"},
        {"ChoiceIsABool", with("[ppp]\naccomp = true\n"),
         R"(t.toml:15:10: ppp.accomp: value true: is not a choice here; write "deny" or "allow")"},
        {"BoolIsText", with("[mss]\nclamp = \"yes\"\n"),
         R"(t.toml:15:9: mss.clamp: value "yes": is neither true nor false; write true or false, without quotes)"},
        {"AddressIsAName", with("[dns]\ndns1 = \"dns.example\"\n"),
         R"(t.toml:15:8: dns.dns1: value "dns.example": is not an IPv4 address; write four numbers in quotes, like "192.0.2.1")"},
        {"AddressWithZeros", with("[dns]\ndns1 = \"192.0.2.001\"\n"),
         R"(t.toml:15:8: dns.dns1: value "192.0.2.001": is not an IPv4 address; write four numbers in quotes, like "192.0.2.1")"},
        {"AddressIsMulticast", with("[dns]\ndns1 = \"224.0.0.1\"\n"),
         R"(t.toml:15:8: dns.dns1: value "224.0.0.1": is not a unicast address; write one that a host can have (0.0.0.0 cannot stand for all))"},
        {"BindAll", "[pptp]\nbind = [\"192.0.2.9\", \"0.0.0.0\"]\n" + without_pptp(),
         R"(t.toml:2:22: pptp.bind: value "0.0.0.0": is not a unicast address; write one that a host can have (0.0.0.0 cannot stand for all))"},
        {"BindIsNoList", "[pptp]\nbind = \"192.0.2.1\"\n" + without_pptp(),
         R"(t.toml:2:8: pptp.bind: value "192.0.2.1": is not a list; write ["192.0.2.1"])"},
        {"BindMissing", without_pptp(),
         R"(t.toml: pptp.bind: missing or empty; list the addresses that clients dial: bind = ["192.0.2.1"])"},
        {"BindEmpty", "[pptp]\nbind = []\n" + without_pptp(),
         R"(t.toml:2:8: pptp.bind: missing or empty; list the addresses that clients dial: bind = ["192.0.2.1"])"},
        {"BindTwice", "[pptp]\nbind = [\"192.0.2.1\", \"192.0.2.1\"]\n" + without_pptp(),
         R"(t.toml:2:22: pptp.bind: value "192.0.2.1": is there twice; list each address once)"},
        {"RangeBackwards", with("[[ip-pool]]\nname = \"b\"\nranges = [\"10.70.0.9-10.70.0.2\"]\n"),
         R"(t.toml:16:11: ip-pool.ranges: value "10.70.0.9-10.70.0.2": ends before it begins; write the lower address first)"},
        {"RangeIsAnAddressAndAWord", with("[[ip-pool]]\nname = \"b\"\nranges = [\"10.70.0.9-end\"]\n"),
         R"(t.toml:16:11: ip-pool.ranges: value "10.70.0.9-end": is not an address range; write "10.64.0.2-10.64.255.254", "10.64.0.2-254" or a prefix "10.64.0.0/16")"},
        {"PrefixWithHostBits", with("[[ip-pool]]\nname = \"b\"\nranges = [\"10.70.0.9/24\"]\n"),
         R"(t.toml:16:11: ip-pool.ranges: value "10.70.0.9/24": is not an address range; write "10.64.0.2-10.64.255.254", "10.64.0.2-254" or a prefix "10.64.0.0/16")"},
        {"RangeOverLoopback", with("[[ip-pool]]\nname = \"b\"\nranges = [\"126.0.0.1-128.0.0.1\"]\n"),
         R"(t.toml:16:11: ip-pool.ranges: value "126.0.0.1-128.0.0.1": holds addresses that no host can have; keep out of 0/8, 127/8 and 224/3)"},
        {"RangesOverlap", with("[[ip-pool]]\nname = \"b\"\nranges = [\"10.64.9.0/24\"]\n"),
         R"(t.toml:16:11: ip-pool.ranges: value "10.64.9.1-10.64.9.254": overlaps "10.64.0.2-10.64.255.254" of pool "default"; give every address to one pool)"},
        {"GatewayInPool", with("[[ip-pool]]\nname = \"b\"\nranges = [\"10.64.0.0-10.64.0.1\"]\n"),
         R"(t.toml:16:11: ip-pool.ranges: value "10.64.0.0-10.64.0.1": holds ip.gw-ip-address 10.64.0.1; leave that address out of the range)"},
        {"BindInPool", with("[[ip-pool]]\nname = \"b\"\nranges = [\"192.0.2.0/24\"]\n"),
         R"(t.toml:16:11: ip-pool.ranges: value "192.0.2.1-192.0.2.254": holds pptp.bind 192.0.2.1; leave that address out of the range)"},
        {"PoolTooLarge", with("[[ip-pool]]\nname = \"b\"\nranges = [\"20.0.0.0/8\"]\n"),
         R"(t.toml:12:1: ip-pool.ranges: have 16842747 addresses together; keep to 4194304 (a /10))"},
        {"PoolNameTwice", with("[[ip-pool]]\nranges = [\"10.70.0.0/24\"]\n"),
         R"(t.toml:14:1: ip-pool.name: value "default": is another pool's name already; give it a name of its own, or add the ranges to that pool)"},
        {"Ipv6Mode", with("[ipv6]\nmode = \"on\"\n"),
         R"(t.toml:15:8: ipv6.mode: value "on": is not a choice here; write "deny", "allow", "prefer" or "require")"},
        {"Ipv6GatewayGlobal", with("[ipv6]\ngw-link-local = \"2001:db8::1\"\n"),
         R"(t.toml:15:17: ipv6.gw-link-local: value "2001:db8::1": is not a link-local address; write one in quotes, like "fe80::1")"},
        {"Ipv6GatewayNone", with("[ipv6]\ngw-link-local = \"fe80::\"\n"),
         R"(t.toml:15:17: ipv6.gw-link-local: value "fe80::": is not a link-local address; write one in quotes, like "fe80::1")"},
        {"Ipv6GatewayElsewhereInSlash10", with("[ipv6]\ngw-link-local = \"fe80:1::1\"\n"),
         R"(t.toml:15:17: ipv6.gw-link-local: value "fe80:1::1": is not a link-local address; write one in quotes, like "fe80::1")"},
        {"RaIntervalShort", with("[ipv6]\nra-interval = 3\n"),
         R"(t.toml:15:15: ipv6.ra-interval: value 3: is out of range; write 4s to 1800s)"},
        {"RaIntervalLong", with("[ipv6]\nra-interval = 1801\n"),
         R"(t.toml:15:15: ipv6.ra-interval: value 1801: is out of range; write 4s to 1800s)"},
        {"RaLifetimeLong", with("[ipv6]\nra-lifetime = 9001\n"),
         R"(t.toml:15:15: ipv6.ra-lifetime: value 9001: is out of range; write 0s to 9000s)"},
        {"RaLifetimeBelowTheInterval", with("[ipv6]\nra-lifetime = \"5m\"\n"),
         R"(t.toml:15:15: ipv6.ra-lifetime: value "300s": is less than ipv6.ra-interval = 600s: clients would lose their default route between two advertisements; write three times the interval, or 0 for no default route)"},
        {"Ipv6DnsIpv4", with("[ipv6]\ndns = [\"192.0.2.53\"]\n"),
         R"(t.toml:15:8: ipv6.dns: value "192.0.2.53": is not an IPv6 address; write one in quotes, like "2001:db8:53::53")"},
        {"Ipv6DnsMulticast", with("[ipv6]\ndns = [\"2001:db8::53\", \"ff02::1\"]\n"),
         R"(t.toml:15:24: ipv6.dns: value "ff02::1": is not a unicast address beyond a link; write one that a host anywhere can have)"},
        {"Ipv6DnsTooMany",
         with("[ipv6]\ndns = [\"2001:db8::1\", \"2001:db8::2\", \"2001:db8::3\", \"2001:db8::4\", "
              "\"2001:db8::5\"]\n"),
         R"(t.toml:15:7: ipv6.dns: lists 5 servers; keep to 4)"},
        {"Ipv6DomainBlank", with("[ipv6]\ndomain = [\"example net\"]\n"),
         R"(t.toml:15:11: ipv6.domain: value "example net": is not a domain name; write letters, digits and hyphens between dots, like "example.net")"},
        {"Ipv6DomainEmptyLabel", with("[ipv6]\ndomain = [\"example..net\"]\n"),
         R"(t.toml:15:11: ipv6.domain: value "example..net": is not a domain name; write letters, digits and hyphens between dots, like "example.net")"},
        {"Ipv6DomainTooMany", with("[ipv6]\ndomain = [\"a\", \"b\", \"c\", \"d\", \"e\"]\n"),
         R"(t.toml:15:10: ipv6.domain: lists 5 domains; keep to 4)"},
        {"Ipv6KeyMisspelt", with("[ipv6]\ndns-servers = [\"2001:db8::53\"]\nra_intervall = 60\n"),
         R"(t.toml:15:1: ipv6.dns-servers: no such key; there are: mode, gw-link-local, ra-interval, ra-lifetime, dns, domain, dhcpv6
t.toml:16:1: ipv6.ra_intervall: no such key; did you mean ra-interval?)"},
        {"Ipv6PoolWithoutPrefix", with("[[ipv6-pool]]\nname = \"default\"\n"),
         R"(t.toml:14:1: ipv6-pool.prefix: missing; give it prefixes: prefix = "2001:db8:64::/48")"},
        {"Ipv6PoolHostBits", with("[[ipv6-pool]]\nprefix = \"2001:db8:64::1/48\"\n"), R"(t.toml:15:10: ipv6-pool.prefix: value "2001:db8:64::1/48": is not an IPv6 prefix; write one in quotes, like "2001:db8:64::/48", with nothing behind its length)"},
        {"Ipv6PoolOfIpv4", with("[[ipv6-pool]]\nprefix = \"10.0.0.0/8\"\n"),
         R"(t.toml:15:10: ipv6-pool.prefix: value "10.0.0.0/8": is not an IPv6 prefix; write one in quotes, like "2001:db8:64::/48", with nothing behind its length)"},
        {"Ipv6PoolMulticast", with("[[ipv6-pool]]\nprefix = \"ff0e::/48\"\n"),
         R"(t.toml:15:10: ipv6-pool.prefix: value "ff0e::/48": holds addresses that no host can have; keep out of ::/8, fe80::/10 and ff00::/8)"},
        {"Ipv6PoolLinkLocal", with("[[ipv6-pool]]\nprefix = \"fe80::/48\"\n"),
         R"(t.toml:15:10: ipv6-pool.prefix: value "fe80::/48": holds addresses that no host can have; keep out of ::/8, fe80::/10 and ff00::/8)"},
        {"Ipv6PoolOfEverything", with("[[ipv6-pool]]\nprefix = \"::/0\"\n"),
         R"(t.toml:15:10: ipv6-pool.prefix: value "::/0": holds addresses that no host can have; keep out of ::/8, fe80::/10 and ff00::/8)"},
        {"Ipv6PoolUse", with("[[ipv6-pool]]\nprefix = \"2001:db8::/48\"\nuse = \"pd\"\n"),
         R"(t.toml:16:7: ipv6-pool.use: value "pd": is not a choice here; write "link", "address" or "delegate")"},
        {"Ipv6LinkLength", with("[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\nlength = 56\n"),
         R"(t.toml:16:10: ipv6-pool.length: value 56: is no length with use = "link"; write 64, or leave it out)"},
        {"Ipv6AddressLength",
         with("[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\n[[ipv6-pool]]\nprefix = "
              "\"2001:db8:1::/64\"\nuse = \"address\"\nlength = 64\n"),
         R"(t.toml:19:10: ipv6-pool.length: value 64: is no length with use = "address"; write 128, or leave it out)"},
        {"Ipv6DelegatedLength",
         with("[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\n[[ipv6-pool]]\nprefix = "
              "\"2001:db8:1::/48\"\nuse = \"delegate\"\nlength = 47\n"),
         R"(t.toml:19:10: ipv6-pool.length: value 47: is no length with use = "delegate"; write 48 to 64: what a subscriber gets for the network behind it)"},
        {"Ipv6LengthBeyond", with("[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\nlength = 129\n"),
         R"(t.toml:16:10: ipv6-pool.length: value 129: is out of range; write a number from 0 to 128)"},
        {"Ipv6PoolLongerThanItsPrefixes",
         with("[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\n[[ipv6-pool]]\nprefix = "
              "\"2001:db8:1:1::/64\"\nuse = \"delegate\"\n"),
         R"(t.toml:16:1: ipv6-pool.length: value 56: is shorter than the pool's prefix 2001:db8:1:1::/64; give the pool a prefix that has room for several of that length)"},
        {"Ipv6PoolsOverlap",
         with("[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\n[[ipv6-pool]]\nprefix = "
              "\"2001:db8:64:ff00::/56\"\nuse = \"delegate\"\n"),
         R"(t.toml:17:10: ipv6-pool.prefix: value "2001:db8:64:ff00::/56": overlaps "2001:db8:64::/48" of pool "default" with use = "link"; give every prefix to one pool)"},
        {"Ipv6PoolsTheSame",
         with("[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\n[[ipv6-pool]]\nname = \"b\"\nprefix = "
              "\"2001:db8:64::/48\"\n"),
         R"(t.toml:18:10: ipv6-pool.prefix: value "2001:db8:64::/48": overlaps "2001:db8:64::/48" of pool "default" with use = "link"; give every prefix to one pool)"},
        {"Ipv6PoolNameTwice",
         with("[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\n[[ipv6-pool]]\nprefix = \"2001:db8:65::/48\"\n"),
         R"(t.toml:16:1: ipv6-pool.name: value "default": is the name of another pool with use = "link" already; give it a name of its own, or the other one a shorter prefix)"},
        {"Ipv6PoolNoTable", with("[ipv6-pool]\nprefix = \"2001:db8:64::/48\"\n"),
         R"(t.toml:14:1: ipv6-pool: is not a list of tables; write [[ipv6-pool]] above each of them)"},
        {"PoolWithoutRanges", with("[[ip-pool]]\nname = \"b\"\n"),
         R"(t.toml:14:1: ip-pool.ranges: missing or empty; give it addresses: ranges = ["10.64.0.2-10.64.255.254"])"},
        {"InterfaceTwice", with("[[port]]\ninterface = \"core0\"\n"),
         R"(t.toml:15:13: port.interface: value "core0": is another [[port]] already; make one [[port]] of them: role = "both" serves both sides; or give each a vlan)"},
        {"DeviceAndVlanTwice",
         with("[[port]]\nname = \"a\"\ndriver = \"dpdk\"\ndevice = \"0000:01:00.0\"\nvlan = 7\n"
              "[[port]]\nname = \"b\"\ndriver = \"dpdk\"\ndevice = \"0000:01:00.0\"\nvlan = \"7\"\n"),
         R"(t.toml:22:10: port.device: value "0000:01:00.0": is another [[port]] already; make one [[port]] of them: role = "both" serves both sides; or give each a vlan)"},
        {"VlanOfAKernelInterface", with("[[port]]\ninterface = \"eth9\"\nvlan = 7\n"),
         R"(t.toml:16:8: port.vlan: value "7": is used with driver = "dpdk" only; name the VLAN's own interface: interface = "eth0.100")"},
        {"VlanOutOfRange",
         with("[[port]]\nname = \"a\"\ndriver = \"dpdk\"\ndevice = \"net_null0\"\nvlan = 4095\n"),
         R"(t.toml:18:8: port.vlan: value 4095: is no VLAN; write an ID of 1 to 4094, or "200.100" for an outer tag and one inside it)"},
        {"VlanWithAnEmptyTag",
         with("[[port]]\nname = \"a\"\ndriver = \"dpdk\"\ndevice = \"net_null0\"\nvlan = \"200.\"\n"),
         R"(t.toml:18:8: port.vlan: value "200.": is no VLAN; write an ID of 1 to 4094, or "200.100" for an outer tag and one inside it)"},
        {"IsolateWithoutTheKernel",
         with("[[port]]\nname = \"a\"\ndriver = \"dpdk\"\ndevice = \"net_null0\"\nisolate = true\n"),
         R"(t.toml:18:11: port.isolate: value true: is for a device that the kernel drives too; set driver = "dpdk", and interface to the kernel's name of the device)"},
        {"DpdkPortWithoutANameForItsInterface",
         with("[[port]]\nname = \"the access side\"\ndriver = \"dpdk\"\ndevice = \"net_null0\"\n"),
         R"(t.toml:14:1: port.name: value "the access side": is no name for an interface, which the kernel's part needs; give the port a name of at most 15 characters: name = "wan")"},
        {"InterfaceNameTooLong", with("[[port]]\ninterface = \"averyveryverylongname\"\n"),
         R"(t.toml:15:13: port.interface: value "averyveryverylongname": is no name of a network interface; write one that `ip link` shows, like "eth0")"},
        {"InterfaceMissing", with("[[port]]\nrole = \"core\"\n"),
         R"(t.toml:14:1: port.interface: missing; name a kernel interface: interface = "eth0")"},
        {"DpdkWithoutDevice", with("[[port]]\ndriver = \"dpdk\"\n"),
         R"(t.toml:14:1: port.device: missing with driver = "dpdk"; name the device: a PCI address like "0000:01:00.0", or "net_...")"},
        {"DeviceWithoutDpdk", with("[[port]]\ninterface = \"eth9\"\ndevice = \"0000:01:00.0\"\n"),
         R"(t.toml:16:10: port.device: value "0000:01:00.0": is used with driver = "dpdk" only; set driver = "dpdk", or remove device)"},
        {"KeyLengthUnknown", with("[ppp]\nmppe-key-lengths = [128, 64]\n"),
         R"(t.toml:15:26: ppp.mppe-key-lengths: value 64: is not a key length of MPPE; write 40, 56 or 128, without quotes)"},
        {"KeyLengthIsText", with("[ppp]\nmppe-key-lengths = [\"128\"]\n"),
         R"(t.toml:15:21: ppp.mppe-key-lengths: value "128": is not a key length of MPPE; write 40, 56 or 128, without quotes)"},
        {"KeyLengthsAreNoList", with("[ppp]\nmppe-key-lengths = 128\n"),
         R"(t.toml:15:20: ppp.mppe-key-lengths: value 128: is not a list; write [128])"},
        {"KeyLengthsEmpty", with("[ppp]\nmppe-key-lengths = []\n"),
         R"(t.toml:15:20: ppp.mppe-key-lengths: value []: is empty; write [128], or set mppe = "deny")"},
        {"KeyLengthTwice", with("[ppp]\nmppe-key-lengths = [128, 128]\n"),
         R"(t.toml:15:26: ppp.mppe-key-lengths: value 128: is there twice; list each length once)"},
        {"StatefulIsABool", with("[ppp]\nmppe-stateful = true\n"),
         R"(t.toml:15:17: ppp.mppe-stateful: value true: is not a choice here; write "deny", "allow" or "prefer")"},
        {"MppeWithoutKeys", with("[ppp]\nmppe = \"require\"\n[auth]\nmethods = [\"chap-md5\"]\n"),
         R"(t.toml:15:8: ppp.mppe: value "require": needs keys, and "chap-md5" and "pap" of auth.methods make none; add "mschap-v2" to auth.methods, or set mppe = "deny")"},
        {"NoMethods", with("[auth]\nmethods = []\n"),
         R"(t.toml:15:11: auth.methods: value []: is empty; list at least one: ["mschap-v2"])"},
        {"MethodTwice", with("[auth]\nmethods = [\"mschap-v2\", \"mschap-v2\"]\n"),
         R"(t.toml:15:25: auth.methods: a method is there twice; list each once)"},
        {"MethodUnknown", with("[auth]\nmethods = [\"mschap-v2\", \"mschapv2\"]\n"),
         R"(t.toml:15:25: auth.methods: value "mschapv2": is not a choice here; did you mean "mschap-v2"? Else write "mschap-v2", "mschap-v1", "chap-md5", "pap" or "eap")"},
        {"EapWithoutServers", with("[auth]\nmethods = [\"eap\"]\n[eap]\nmode = \"radius\"\n"),
         R"(t.toml:17:8: eap.mode: value "radius": needs a RADIUS server, and auth.backend is "local"; set auth.backend = "radius", or mode = "local")"},
        {"EapWithoutAMethod", with("[auth]\nmethods = [\"eap\"]\n[eap]\nmethods = []\n"),
         R"(t.toml:17:11: eap.methods: value []: is empty; list at least one: ["mschapv2"])"},
        {"EapByCertificateWithRadius",
         with("[auth]\nmethods = [\"eap\"]\nbackend = \"radius\"\n[eap]\nmethods = [\"tls\"]\n"
              "[[radius-server]]\naddress = \"192.0.2.9\"\nsecret = \"testing123\"\n"),
         R"(t.toml:18:11: eap.methods: value "tls": cannot be put to a RADIUS server, and auth.backend is "radius"; set mode = "radius", for the server to do it, or auth.backend = "local")"},
        {"EapByCertificateWhileServersAnswer",
         with("[auth]\nmethods = [\"eap\"]\nbackend = \"radius-then-local\"\n[eap]\nmethods = [\"tls\"]\n"
              "[[radius-server]]\naddress = \"192.0.2.9\"\nsecret = \"testing123\"\n"),
         R"(t.toml:18:11: eap.methods: value "tls": cannot be put to a RADIUS server, and auth.backend is "radius-then-local"; set mode = "radius", for the server to do it, or auth.backend = "local")"},
        {"EapMethodTwice", with("[auth]\nmethods=[\"eap\"]\n[eap]\nmethods=[\"tls\",\"tls\"]\n"),
         R"(t.toml:17:16: eap.methods: a method is there twice; list each once)"},
        {"EapMethodUnknown", with("[eap]\nmethods = [\"peap\"]\n"),
         R"(t.toml:15:12: eap.methods: value "peap": is not a choice here; write "mschapv2" or "tls")"},
        {"EapTimeoutTooShort", with("[eap]\ntimeout = \"10s\"\n"),
         R"(t.toml:15:11: eap.timeout: value "10s": is out of range; write 60s to 600s)"},
        {"MinMtuAboveMtu", with("[ppp]\nmin-mtu = 1400\nmtu = 1300\n"),
         R"(t.toml:15:11: ppp.min-mtu: value 1400: is more than ppp.mtu = 1300; lower it to that or less)"},
        {"MtuBelowDefaultMinMtu", with("[ppp]\nmtu = 500\n"),
         R"(t.toml:15:7: ppp.min-mtu: value 576: is more than ppp.mtu = 500; lower it to that or less)"},
        {"RechallengeWithinTheTimeout", with("[auth]\ntimeout = 20\nrechallenge = 20\n"),
         R"(t.toml:16:15: auth.rechallenge: value "20s": is not longer than auth.timeout; raise it, or write 0)"},
        {"NameTooLong", with("[pptp2]\n[auth]\nchallenge-name = \"" + std::string(64, 'x') + "\"\n"),
         R"(t.toml:14:2: pptp2: no such section; did you mean pptp?
t.toml:16:18: auth.challenge-name: value "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...": has 64 characters; write 1 to 63 printable ASCII characters in quotes)"},
        {"NameNotAscii", with("[auth]\nchallenge-name = \"Zo\u00eb\"\n"),
         R"(t.toml:15:18: auth.challenge-name: value "Zoë": has a character that is not printable ASCII; write 1 to 63 printable ASCII characters in quotes)"},
        {"PoolNameThatHidesText", with("[[ip-pool]]\nname = \"go\u200bld\"\nranges = [\"10.70.0.0/24\"]\n"),
         R"(t.toml:15:8: ip-pool.name: value "go\u{200b}ld": has a character that is not printable; write 1 to 63 octets of printable UTF-8 in quotes)"},
        {"PoolNameTooLong", with("[[ip-pool]]\nname = \"" + std::string(64, 'x') + "\"\nranges = [\"10.70.0.0/24\"]\n"), R"(t.toml:15:8: ip-pool.name: value "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...": has 64 octets; write 1 to 63 octets of printable UTF-8 in quotes)"},
        {"RelativePath", with("[log]\nlog-file = \"adit.log\"\n"),
         R"(t.toml:15:12: log.log-file: value "adit.log": is not an absolute path; write it from / on)"},
        {"SocketPathTooLong", with("[cli]\nsocket = \"/" + std::string(200, 's') + "\"\n"),
         R"(t.toml:15:10: cli.socket: value "/sssssssssssssssssssssssssssssssssssssssssssssssssssssssssss...": has 201 octets; use a path of at most 107)"},
        {"EalTwoWords", with("[dpdk]\neal = [\"-l 0-3\"]\n"),
         R"(t.toml:15:8: dpdk.eal: value "-l 0-3": is more than one word; write each word in quotes of its own: ["-l", "0-3"])"},
        {"RateWithoutAnAttribute", with("[[radius-rate]]\nform = \"mikrotik\"\n"),
         R"(t.toml:14:1: radius-rate.attribute: missing; name the attribute that has a rate: attribute = "Mikrotik-Rate-Limit")"},
        {"RateWithoutAForm", with("[[radius-rate]]\nattribute = \"Filter-Id\"\n"),
         R"(t.toml:14:1: radius-rate.form: missing; say how the rate is written: "mikrotik", "cisco", "filter-id", "kbit" or "bit")"},
        {"RateFormMisspelt", with("[[radius-rate]]\nattribute = \"Filter-Id\"\nform = \"mikrotic\"\n"),
         R"(t.toml:16:8: radius-rate.form: value "mikrotic": is not a choice here; did you mean "mikrotik"? Else write "mikrotik", "cisco", "filter-id", "kbit" or "bit")"},
        {"RateWithoutADirection",
         with("[[radius-rate]]\nattribute = \"WISPr-Bandwidth-Max-Up\"\nform = \"bit\"\n"),
         R"(t.toml:14:1: radius-rate.direction: missing with form = "bit"; say which way it counts: direction = "down", "up" or "both")"},
        {"RateWithADirectionTooMany",
         with("[[radius-rate]]\nattribute = \"Filter-Id\"\nform = \"filter-id\"\ndirection = "
              "\"up\"\n"),
         R"(t.toml:17:13: radius-rate.direction: value "up": is used with form = "kbit" or "bit" only; remove it)"},
        {"RateOfAMisspeltAttribute",
         with("[[radius-rate]]\nattribute = \"Microtik-Rate-Limit\"\nform = \"mikrotik\"\n"),
         R"(t.toml:15:13: radius-rate.attribute: value "Microtik-Rate-Limit": is in no dictionary; did you mean "Mikrotik-Rate-Limit"?)"},
        {"RateOfAnAttributeInNoDictionary", with("[[radius-rate]]\nattribute = \"X\"\nform = \"mikrotik\"\n"),
         R"(t.toml:15:13: radius-rate.attribute: value "X": is in no dictionary; list the file that defines it below [radius]: dictionary = ["/etc/adit/dictionary.acme"])"},
        {"RateOfAHiddenAttribute",
         with("[[radius-rate]]\nattribute = \"User-Password\"\nform = \"mikrotik\"\n"),
         R"(t.toml:15:13: radius-rate.attribute: value "User-Password": is hidden, has a tag, or is part of another attribute; name one that stands in replies by itself)"},
        {"RateNumberOfAnAddress",
         with("[[radius-rate]]\nattribute = \"Framed-IP-Address\"\nform = \"kbit\"\ndirection = "
              "\"up\"\n"),
         R"(t.toml:16:8: radius-rate.form: value "kbit": does not read Framed-IP-Address, which is of type ipaddr; name one of type integer, short, byte, integer64 or string)"},
        {"RateTextOfANumber",
         with("[[radius-rate]]\nattribute = \"WISPr-Bandwidth-Max-Up\"\nform = \"cisco\"\n"),
         R"(t.toml:16:8: radius-rate.form: value "cisco": does not read WISPr-Bandwidth-Max-Up, which is of type integer; name one of type string, or use "kbit" or "bit" for numbers)"},
        {"RateKeyMisspelt",
         with("[[radius-rate]]\natribute = \"Filter-Id\"\nattribute = \"Filter-Id\"\nform = "
              "\"filter-id\"\n"),
         R"(t.toml:15:1: radius-rate.atribute: no such key; did you mean attribute?)"},
        {"ServerKeyMisspelt",
         with("[[radius-server]]\naddress = \"192.0.2.9\"\nsecret = \"x\"\nprioriti = 1\n"),
         R"(t.toml:17:1: radius-server.prioriti: no such key; did you mean priority?)"},
        {"AServerAsInAccelPppMayHoldItsSecret",
         "radius-server = \"192.0.2.10,testing123\"\n" + std::string(kGood),
         R"(t.toml:1:17: radius-server: is not a list of tables; write [[radius-server]] above each of them)"},
        {"AListOfServersMayHoldTheirSecrets",
         "dae-client = [{secret = \"testing123\"}, 1]\n" + std::string(kGood),
         R"(t.toml:1:14: dae-client: is not a list of tables; write [[dae-client]] above each of them)"},
        {"OtherSectionsAreShown", "port = \"eth0\"\n" + without_ports(),
         R"(t.toml:1:8: port: value "eth0": is not a list of tables; write [[port]] above each of them)"},
        {"DaeClientKeyMisspelt",
         with("[[dae-client]]\naddress = \"192.0.2.9\"\nsecret = \"x\"\nalow = [\"coa\"]\n"),
         R"(t.toml:17:1: dae-client.alow: no such key; did you mean allow?)"},
        {"DictionaryIsRelative", with("[radius]\ndictionary = [\"dictionary.acme\"]\n"),
         R"(t.toml:15:15: radius.dictionary: value "dictionary.acme": is not an absolute path; write it from / on)"},
        {"EveryMistakeIsReported",
         with("[ppp]\nmtu = 0\nmpe = 1\n[core]\nworkers = \"x\"\n[log]\nlevel = 7\n"),
         R"(t.toml:15:7: ppp.mtu: value 0: is out of range; write a number from 128 to 1500
t.toml:16:1: ppp.mpe: no such key; did you mean mppe?
t.toml:18:11: core.workers: value "x": is not a whole number; write a number from 0 to 128, without quotes
t.toml:20:9: log.level: value 7: is not a choice here; write "debug", "info", "warning" or "error")"},
};
// clang-format on

INSTANTIATE_TEST_SUITE_P(Config, BadConfigTest, testing::ValuesIn(kBadConfigs),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace adit::app
