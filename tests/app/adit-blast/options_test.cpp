// SPDX-License-Identifier: Apache-2.0
// adit-blast's command line: every option, its defaults, and the line that each mistake gets, word for word.
#include "app/adit-blast/plan/options.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/adit-blast/plan/plan_schema.hpp"

namespace adit::app::blast {
namespace {

std::expected<Command, EarlyExit> parse_any(const std::string& words) {
  std::istringstream in(words);
  const std::vector<std::string> split{std::istream_iterator<std::string>(in), {}};
  std::vector<const char*> arguments;
  for (const std::string& word : split) {
    arguments.push_back(word.c_str());
  }
  return parse_options(arguments);
}

std::expected<Plan, EarlyExit> parse(const std::string& words) {
  auto command = parse_any(words);
  if (!command) {
    return std::unexpected(command.error());
  }
  return std::get<Plan>(std::move(*command));
}

const std::string kLeast = " --server 192.0.2.1 --access eth1 ";

Plan plan_of(const std::string& words) {
  auto plan = parse(words);
  EXPECT_TRUE(plan.has_value()) << words << ": " << plan.error().text;
  return plan ? *plan : Plan();
}

std::string error_of(const std::string& words) {
  const auto plan = parse(words);
  if (plan) {
    return "no error";
  }
  EXPECT_EQ(plan.error().code, kCannotRun) << words;
  return plan.error().text;
}

// A file of this process, gone at its end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_(std::filesystem::temp_directory_path() / ("blast_options_test." + std::to_string(::getpid()))) {
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class BlastOptions : public testing::Test {
 protected:
  BlastOptions() { ::unsetenv("ADIT_BLAST_PASSWORD"); }
  ~BlastOptions() override { ::unsetenv("ADIT_BLAST_PASSWORD"); }
};

TEST_F(BlastOptions, FewestMakeAGoodPlan) {
  const Plan plan = plan_of("set-up" + kLeast);
  EXPECT_EQ(plan.server, wire::Ipv4Address(192, 0, 2, 1));
  EXPECT_EQ(plan.tcp_port, 1723);
  EXPECT_FALSE(plan.clients_given);
  EXPECT_EQ(plan.profile, "plain");
  EXPECT_EQ(plan.user, "blast");
  EXPECT_EQ(plan.password, "blast");
  EXPECT_EQ(plan.auth, std::vector{LoginMethod{}});
  EXPECT_EQ(plan.mppe, control::MppePolicy::kPrefer);
  EXPECT_EQ(plan.access.interface, "eth1");
  EXPECT_EQ(plan.access.name, "access");
  EXPECT_EQ(plan.access.driver, dataplane::PortDriver::kAuto);
  EXPECT_EQ(plan.access.role, dataplane::PortRole::kAccess);
  EXPECT_FALSE(plan.core.has_value());
  EXPECT_EQ(plan.traffic, TrafficMode::kEcho);
  ASSERT_EQ(plan.phases.size(), 2U);
  EXPECT_EQ(plan.phases[0].kind, PhaseKind::kSetUp);
  EXPECT_EQ(plan.phases[0].calls, 1U);
  EXPECT_EQ(plan.phases[1].kind, PhaseKind::kTearDown);
}

TEST_F(BlastOptions, EachVerbSetsUpFirstAndTearsDownLast) {
  for (const auto& [verb, kind] :
       {std::pair("hold", PhaseKind::kHold), std::pair("traffic", PhaseKind::kTraffic),
        std::pair("churn", PhaseKind::kChurn), std::pair("storm", PhaseKind::kStorm),
        std::pair("throughput", PhaseKind::kThroughput)}) {
    const Plan plan = plan_of(verb + kLeast);
    ASSERT_EQ(plan.phases.size(), 3U) << verb;
    EXPECT_EQ(plan.phases[0].kind, PhaseKind::kSetUp);
    EXPECT_EQ(plan.phases[1].kind, kind);
    EXPECT_EQ(plan.phases[2].kind, PhaseKind::kTearDown);
  }
}

TEST_F(BlastOptions, TakeEveryOptionOfThePlan) {
  const Plan plan = plan_of(
      "set-up --server 192.0.2.1-192.0.2.4:1724 --server-pid 42 --clients 10.99.0.0/16 --profile windows "
      "--incoming --calling-number 0305551234 --called-number 555000 --user 1234 "
      "--password secret --auth mschap-v2,pap --mppe require --mppe-key-lengths 128,40 --mppc stateless "
      "--payload text --access eth1 "
      "--access-driver af_packet --core-address 198.51.100.9 --core eth2 --core-device "
      "net_memif0,role=client "
      "--core-driver dpdk --impair loss=1%,reorder=2% --seed 7 --json - --report r.html --quiet -- -l 0-1 "
      "--json -- x");
  EXPECT_EQ(plan.tcp_port, 1724);
  EXPECT_EQ(plan.servers, 4U);
  EXPECT_EQ(plan.server_pid, 42U);
  EXPECT_TRUE(plan.clients_given);
  EXPECT_EQ(plan.clients.length, 16);
  EXPECT_EQ(plan.profile, "windows");
  EXPECT_TRUE(plan.incoming);
  EXPECT_EQ(plan.calling_number, "0305551234");
  EXPECT_EQ(plan.called_number, "555000");
  EXPECT_EQ(plan.user, "1234");
  EXPECT_EQ(plan.password, "secret");
  EXPECT_EQ(plan.auth, (std::vector{LoginMethod{}, LoginMethod{control::AuthMethod::kPap}}));
  EXPECT_EQ(plan.mppe, control::MppePolicy::kRequire);
  EXPECT_EQ(plan.mppe_key_lengths, (std::vector{contract::MppeStrength::k128, contract::MppeStrength::k40}));
  EXPECT_EQ(plan.mppc, control::MppcPolicy::kStateless);
  EXPECT_EQ(plan.payload, Payload::kText);
  EXPECT_EQ(plan.access.driver, dataplane::PortDriver::kAfPacket);
  ASSERT_TRUE(plan.core.has_value());
  EXPECT_EQ(plan.core->interface, "eth2");
  EXPECT_EQ(plan.core->device, "net_memif0,role=client");
  EXPECT_EQ(plan.core->driver, dataplane::PortDriver::kDpdk);
  EXPECT_EQ(plan.core->role, dataplane::PortRole::kCore);
  EXPECT_EQ(plan.traffic, TrafficMode::kCore);
  EXPECT_DOUBLE_EQ(plan.impairment.loss, 0.01);
  EXPECT_EQ(plan.seed, 7U);
  EXPECT_EQ(plan.json_file, "-");
  EXPECT_EQ(plan.report_file, "r.html");
  EXPECT_TRUE(plan.quiet);
  EXPECT_EQ(plan.eal_args, (std::vector<std::string>{"-l", "0-1", "--json", "--", "x"}));
}

TEST_F(BlastOptions, TakeACertificate) {
  const std::string files = " --certificate a.pem --private-key a.key --ca ca.pem ";
  Plan plan = plan_of("set-up --auth eap-tls --mppe require" + files + kLeast);
  EXPECT_EQ(plan.auth, std::vector{kEapTls});
  EXPECT_EQ(plan.certificate_file, "a.pem");
  EXPECT_EQ(plan.private_key_file, "a.key");
  EXPECT_EQ(plan.ca_file, "ca.pem");
  EXPECT_EQ(plan.newest_tls, crypto::TlsVersion::kTls13);
  EXPECT_EQ(plan.user, "") << "the certificate's";
  plan = plan_of("set-up --auth eap-mschapv2,eap-tls --user user{} --tls-max-version 1.2" + files + kLeast);
  EXPECT_EQ(plan.auth, (std::vector{kEapMsChapV2, kEapTls}));
  EXPECT_EQ(plan.newest_tls, crypto::TlsVersion::kTls12);
  EXPECT_EQ(plan.user, "user{}");
}

TEST_F(BlastOptions, TakeIpv6) {
  Plan plan = plan_of(
      "traffic --ipv6 require --delegate --core-address 198.51.100.9 --core-address6 2001:db8:ffff::9 "
      "--family mixed" +
      kLeast);
  EXPECT_EQ(plan.ipv6, control::Ipv6Policy::kRequire);
  EXPECT_TRUE(plan.delegate);
  EXPECT_EQ(to_string(plan.core_address6), "2001:db8:ffff::9");
  EXPECT_EQ(plan.phases[1].families, Families::kMixed);
  plan = plan_of("traffic --ipv6 prefer --family ipv6" + kLeast);
  EXPECT_EQ(plan.phases[1].families, Families::kIpv6);
  EXPECT_EQ(plan_of("traffic" + kLeast).phases[1].families, Families::kIpv4);
  plan = plan_of("traffic --ipv6 prefer --no-ipv4" + kLeast);
  EXPECT_TRUE(plan.no_ipv4);
  EXPECT_EQ(plan.phases[1].families, Families::kIpv6);
}

TEST_F(BlastOptions, TakeEveryOptionOfAPhase) {
  Plan plan = plan_of(
      "churn --calls 100 --dial-rate 2.5 --concurrency 8 --for 3m --up 20kpps --size 512 --churn 5% "
      "--abrupt" +
      kLeast);
  EXPECT_EQ(plan.phases[0].calls, 100U);
  EXPECT_DOUBLE_EQ(plan.phases[0].dial_rate, 2.5);
  EXPECT_DOUBLE_EQ(plan.phases[1].dial_rate, 2.5);
  EXPECT_EQ(plan.phases[1].concurrency, 8U);
  EXPECT_EQ(plan.phases[1].duration, std::chrono::minutes(3));
  EXPECT_DOUBLE_EQ(plan.phases[1].up.per_second, 20e3);
  EXPECT_EQ(plan.phases[1].sizes.front().name, "512");
  EXPECT_DOUBLE_EQ(plan.phases[1].churn, 0.05);
  EXPECT_TRUE(plan.phases[1].abrupt);
  EXPECT_TRUE(plan.phases[2].abrupt);
  plan = plan_of(
      "throughput --trial 500ms --size 64,imix --loss-limit 0.1% --up 1Mpps --core-address 198.51.100.9 "
      "--down 0" +
      kLeast);
  EXPECT_EQ(plan.phases[1].duration, std::chrono::milliseconds(500));
  EXPECT_EQ(plan.phases[1].sizes.size(), 2U);
  EXPECT_DOUBLE_EQ(plan.phases[1].loss_limit, 0.001);
  EXPECT_EQ(plan.phases[1].down.unit, Rate::Unit::kPackets);
  EXPECT_EQ(plan.access.role, dataplane::PortRole::kBoth);
}

TEST_F(BlastOptions, OfferSensibleLoadWithoutBeingTold) {
  Plan plan = plan_of("traffic --calls 250" + kLeast);
  EXPECT_DOUBLE_EQ(plan.phases[1].up.per_second, 250);
  EXPECT_DOUBLE_EQ(plan.phases[1].down.per_second, 0);  // the echo answers
  plan = plan_of("traffic --calls 250 --core-address 198.51.100.9" + kLeast);
  EXPECT_DOUBLE_EQ(plan.phases[1].down.per_second, 250);
  plan = plan_of("throughput" + kLeast);
  EXPECT_EQ(plan.phases[1].up.unit, Rate::Unit::kMaximum);
  EXPECT_EQ(plan.phases[1].sizes.size(), 3U);
  EXPECT_DOUBLE_EQ(plan_of("hold" + kLeast).phases[1].up.per_second, 0);
}

TEST_F(BlastOptions, TheLastOfTwoCounts) {
  EXPECT_EQ(plan_of("set-up --calls 5 --calls=6" + kLeast).phases[0].calls, 6U);
}

TEST_F(BlastOptions, ADeviceNeedsNoDriver) {
  EXPECT_EQ(plan_of("set-up --access-device 0000:01:00.0" + kLeast).access.driver,
            dataplane::PortDriver::kDpdk);
}

TEST_F(BlastOptions, ThePasswordStaysOutOfArgv) {
  ::setenv("ADIT_BLAST_PASSWORD", "from the environment", 1);
  EXPECT_EQ(plan_of("set-up" + kLeast).password, "from the environment");
  EXPECT_EQ(plan_of("set-up --password mine" + kLeast).password, "mine");
  const TemporaryFile file("first line\r\nsecond\n");
  EXPECT_EQ(plan_of("set-up --password-file " + file.path() + kLeast).password, "first line");
  EXPECT_EQ(error_of("set-up --password mine --password-file " + file.path() + kLeast),
            "adit-blast: --password-file: value \"" + file.path() +
                "\": is there beside --password; keep one of them\n");
  EXPECT_EQ(error_of("set-up --password-file /nowhere/x" + kLeast),
            "adit-blast: --password-file: value \"/nowhere/x\": No such file or directory; create it, or "
            "name another\n");
  ::setenv("ADIT_BLAST_PASSWORD", "\n", 1);
  EXPECT_EQ(error_of("set-up" + kLeast),
            "adit-blast: ADIT_BLAST_PASSWORD: has a character that is not printable ASCII; write 0 to 255 "
            "printable "
            "ASCII characters\n");
}

TEST_F(BlastOptions, SEC_12_AnErrorNeverShowsThePassword) {
  EXPECT_EQ(
      error_of("set-up --password s\xff"
               "cret" +
               kLeast),
      "adit-blast: --password: has a character that is not printable ASCII; write 0 to 255 printable ASCII "
      "characters\n");
}

struct Mistake {
  std::string words;
  std::string text;  // behind "adit-blast: "
};

TEST_F(BlastOptions, EachMistakeGetsItsLine) {
  const std::string see = "; see adit-blast --help\n", see_set_up = "; see adit-blast set-up --help\n";
  const std::string verbs = "set-up, hold, traffic, churn, storm, throughput, run and compare";
  for (const auto& [words, text] : std::vector<Mistake>{
           {"", "do what? There are " + verbs + see},
           {"hodl", "\"hodl\": no such verb; did you mean hold? See adit-blast --help\n"},
           {"\x1b[2J", "\"\\x1b[2J\": no such verb; there are " + verbs + see},
           {"--server 192.0.2.1 set-up", "--server: stands before the verb; write options behind it" + see},
           {"set-up hold", "one verb at a time; a scenario has several phases; see adit-blast run --help\n"},
           {"set-up --sever=1",
            "--sever: no such option; did you mean --server? See adit-blast set-up --help\n"},
           {"set-up --frobnicate", "--frobnicate: no such option" + see_set_up},
           {"set-up stray", "\"stray\": belongs to no option" + see_set_up},
           {"set-up --up 1pps",
            "--up: means nothing to set-up, it belongs to: hold, traffic, churn, storm, throughput" +
                see_set_up},
           {"set-up --calls", "--calls: needs a value" + see_set_up},
           {"run", "run what? Name a scenario file; see adit-blast run --help\n"},
           {"compare a.json",
            "compare what? Name two files that --json wrote; see adit-blast compare --help\n"},
           {"compare a.json b.json --threshold much",
            "--threshold: value \"much\": is not a percentage; write a number from 0 up, like 5; see "
            "adit-blast "
            "compare --help\n"},
           {"compare a.json b.json c.json",
            "\"c.json\": belongs to no option; see adit-blast compare --help\n"},
           {"set-up --repeat 0" + kLeast,
            "--repeat: value \"0\": is out of range; write a number from 1 to 100\n"},
           {"run x --calls 5",
            "--calls: means nothing to run, whose scenario has [[phase]] tables for it; see adit-blast run "
            "--help\n"},
           {"set-up --access eth1", "--server: missing; name the address to dial, like \"192.0.2.1\"\n"},
           {"set-up --server 192.0.2.1",
            "--access: missing; name the interface that leads to the server, like \"eth1\"\n"},
           {"set-up --server host --access eth1",
            "--server: value \"host\": is not an IPv4 address; write \"192.0.2.1\" or \"192.0.2.1:1723\" (no "
            "names, no IPv6)\n"},
           {"set-up --server 192.0.2.9-192.0.2.1 --access eth1",
            "--server: value \"192.0.2.9-192.0.2.1\": has no last address behind its dash; write "
            "\"192.0.2.1-192.0.2.4\", 1024 addresses at most\n"},
           {"set-up --access a/b --server 192.0.2.1",
            "--access: value \"a/b\": is no name of a network interface; write one that `ip link` shows, "
            "like \"eth0\"\n"},
           {"set-up --calls 0" + kLeast,
            "--calls: value \"0\": is out of range; write a number from 1 to 10000000\n"},
           {"set-up --calls many" + kLeast,
            "--calls: value \"many\": is not a whole number; write a number from 1 to 10000000\n"},
           {"set-up --calls 65536" + kLeast,
            "--calls: value \"65536\": is more than 1 client address can dial; each has 65,535 TCP ports; "
            "give more with --clients, like \"10.99.0.0/16\"\n"},
           {"set-up --calls 140000 --clients 10.0.0.0/30" + kLeast,
            "--calls: value \"140000\": is more than 2 client addresses can dial; each has 65,535 TCP ports; "
            "give more with --clients, like \"10.99.0.0/16\"\n"},
           {"set-up --clients 10.99.0.1/16" + kLeast,
            "--clients: value \"10.99.0.1/16\": has bits beyond its length; write \"10.99.0.0/16\"\n"},
           {"set-up --profile window" + kLeast,
            "--profile: value \"window\": is not a choice here; did you mean \"windows\"? Else write "
            "\"plain\", \"windows\", \"pptp-linux\", \"mikrotik\" or \"android\"\n"},
           {"set-up --auth pap,chap" + kLeast,
            "--auth: value \"pap,chap\": is not a choice here; did you mean \"pap\"? Else write "
            "\"mschap-v2\", \"mschap-v1\", \"chap-md5\", \"pap\", \"eap-mschapv2\" or \"eap-tls\"\n"},
           {"set-up --mppe require --auth pap" + kLeast,
            "--mppe: value \"require\": cannot be had with these methods; add mschap-v2 to --auth: only "
            "MS-CHAP and EAP make keys\n"},
           {"set-up --auth eap-tls --certificate a.pem --ca ca.pem" + kLeast,
            "--private-key: missing; eap-tls needs --certificate, --private-key and --ca: name files in "
            "PEM\n"},
           {"set-up --ca ca.pem" + kLeast,
            "--ca: value \"ca.pem\": is of no use without eap-tls; add that to --auth, or leave it out\n"},
           {"set-up --auth eap-mschapv2 --tls-max-version 1.2" + kLeast,
            "--tls-max-version: value \"1.2\": is of no use without eap-tls; add that to --auth, or leave it "
            "out\n"},
           {"traffic --family mixed" + kLeast,
            "--family: value \"mixed\": needs calls with IPv6; write \"prefer\" or \"require\" for --ipv6\n"},
           {"traffic --family ipv6 --ipv6 prefer --core-address 198.51.100.9" + kLeast,
            "--family: value \"ipv6\": has nobody to send to; give --core-address6 beside --core-address\n"},
           {"set-up --no-ipv4" + kLeast,
            "--no-ipv4: value \"true\": is of no use without --ipv6; write \"prefer\" there, or leave it "
            "out\n"},
           {"traffic --ipv6 prefer --no-ipv4 --family mixed" + kLeast,
            "--family: value \"mixed\": needs calls with IPv4; write \"ipv6\", or leave out --no-ipv4\n"},
           {"set-up --delegate" + kLeast,
            "--delegate: value \"true\": is of no use without --ipv6; write \"prefer\" there, or leave it "
            "out\n"},
           {"set-up --core-address6 fe80::1 --ipv6 prefer" + kLeast,
            "--core-address6: value \"fe80::1\": is not a unicast address beyond a link; write one that a "
            "host "
            "anywhere can have\n"},
           {"set-up --calling-number 030" + kLeast,
            "--calling-number: value \"030\": is of no use without --incoming; bring calls in with it, or "
            "leave "
            "it out\n"},
           {"set-up --mppe-key-lengths 64" + kLeast,
            "--mppe-key-lengths: value \"64\": is not a key length of MPPE; write 40, 56 or 128\n"},
           {"set-up --mppc allow" + kLeast,
            "--mppc: value \"allow\": is not a choice here; write \"deny\" or \"stateless\"\n"},
           {"set-up --access-driver dpdk" + kLeast,
            "--access-driver: value \"dpdk\": has no device; name it with --access-device: a PCI address, or "
            "\"net_...\"\n"},
           {"set-up --access-driver af_xdp --access-device net_tap0" + kLeast,
            "--access-device: value \"net_tap0\": goes with the driver dpdk only; leave --access-driver out, "
            "or the device\n"},
           {"set-up --core eth2" + kLeast,
            "--core: value \"eth2\": is of no use without --core-address; give the address of ours that "
            "subscribers send to\n"},
           {"set-up --core eth1 --core-address 198.51.100.9" + kLeast,
            "--core: value \"eth1\": is the access port already; leave it out: the access port then plays "
            "the core as well\n"},
           {"set-up --core-device net_tap0 --core-address 198.51.100.9" + kLeast,
            "--core: missing; name the interface whose routes lead to the device\n"},
           {"set-up --core-driver dpdk" + kLeast,
            "--core-driver: value \"dpdk\": has no port; name it with --core, or leave the driver out\n"},
           {"set-up --core-address 192.0.2.1" + kLeast,
            "--core-address: value \"192.0.2.1\": is the server itself; choose one that the server routes to "
            "this machine\n"},
           {"traffic --up 5" + kLeast,
            "--up: value \"5\": is not a rate; write packets or bits a second of all calls together: "
            "\"20kpps\", \"1.5Mpps\", \"100Mbps\", \"max\", or 0 for none\n"},
           {"traffic --up 0" + kLeast,
            "--up: value \"0\": leaves nothing to send; write a rate above 0, like \"20kpps\"; or hold "
            "instead\n"},
           {"traffic --down 5pps" + kLeast,
            "--down: value \"5pps\": is of no use without --core-address; the server's echo answers what "
            "goes up; give ours, or leave it out\n"},
           {"traffic --size 63" + kLeast,
            "--size: value \"63\": is not a size; write octets of an inner IP packet from 64 to 1456, or "
            "\"imix\"\n"},
           {"traffic --size 64,512" + kLeast,
            "--size: value \"64,512\": is a list; only throughput takes several sizes; write one, or "
            "\"imix\"\n"},
           {"traffic --for soon" + kLeast,
            "--for: value \"soon\": is not a duration; write seconds as a number, or text like \"10s\", "
            "\"500ms\", \"2m\"\n"},
           {"churn --churn 5" + kLeast,
            "--churn: value \"5\": is not a percentage; write it with its sign, like \"5%\" or \"0.1%\"\n"},
           {"churn --dial-rate -1" + kLeast,
            "--dial-rate: value \"-1\": is out of range; write a number from 0 to 1000000\n"},
           {"throughput --loss-limit 101%" + kLeast,
            "--loss-limit: value \"101%\": is out of range; write \"0%\" to \"100%\"\n"},
           {"set-up --impair loss" + kLeast,
            "--impair: value \"loss\": is not an impairment; write "
            "\"loss=1%,duplicate=0.5%,reorder=2%,reorder-by=3\", or some of it\n"},
           {"set-up --json a --report a" + kLeast,
            "--report: value \"a\": is the JSON file already; write them to two files\n"},
           {"set-up --report -" + kLeast,
            "--report: value \"-\": cannot go to standard output; name a file, like \"report.html\"\n"},
           {"set-up --abrupt=perhaps" + kLeast,
            "a switch takes no value; leave out what follows its =" + see},
       }) {
    EXPECT_EQ(error_of(words), "adit-blast: " + text) << words;
  }
  EXPECT_EQ(error_of("run /nowhere/x.toml"),
            "/nowhere/x.toml: scenario: No such file or directory; create it, or name another\n");
}

TEST_F(BlastOptions, ARunTakesAScenarioAndArgvCountsMore) {
  const TemporaryFile file(
      "server = \"192.0.2.1\"\naccess = \"eth1\"\nseed = 5\npassword = \"from the file\"\n[[phase]]\nkind = "
      "\"set-up\"\ncalls = 7\n");
  Plan plan = plan_of("run " + file.path());
  EXPECT_EQ(plan.phases.at(0).calls, 7U);
  EXPECT_EQ(plan.password, "from the file");
  plan = plan_of("run " + file.path() + " --seed 6 --server 192.0.2.9 --password argv -- -l 0");
  EXPECT_EQ(plan.seed, 6U);
  EXPECT_EQ(plan.server, wire::Ipv4Address(192, 0, 2, 9));
  EXPECT_EQ(plan.password, "argv");
  EXPECT_EQ(plan.eal_args.size(), 2U);
  EXPECT_EQ(error_of("run " + file.path() + " --seed x --mppe require --auth pap"),
            "adit-blast: --seed: value \"x\": is not a whole number; write a number from 0 to "
            "9223372036854775807\n");
}

TEST_F(BlastOptions, HelpTeachesEveryOption) {
  const auto top = parse("--help");
  ASSERT_FALSE(top.has_value());
  EXPECT_EQ(top.error().code, kSuccess);
  for (const char* word : {"set-up", "hold", "traffic", "churn", "storm", "throughput", "run", "compare",
                           "Examples:", "Exit codes:", "ADIT_BLAST_PASSWORD", "-- goes to DPDK's EAL"}) {
    EXPECT_NE(top.error().text.find(word), std::string::npos) << word;
  }
  std::string all;
  for (const char* verb : {"set-up", "hold", "traffic", "churn", "storm", "throughput", "run", "compare"}) {
    const auto help = parse(verb + std::string(" --help"));
    ASSERT_FALSE(help.has_value());
    EXPECT_EQ(help.error().code, kSuccess);
    const std::string& text = help.error().text;
    EXPECT_NE(text.find("Usage: adit-blast " + std::string(verb)), std::string::npos);
    std::size_t examples = 0;
    for (std::size_t at = 0; (at = text.find("\n  adit-blast ", at)) != std::string::npos; ++at) {
      ++examples;
    }
    EXPECT_EQ(examples, 5U) << verb;
    all += text;
  }
  for (const std::string_view name : key_names()) {
    EXPECT_NE(all.find("  --" + std::string(name) + ' '), std::string::npos) << name;
  }
  EXPECT_NE(all.find("--concurrency N=256"), std::string::npos);
  EXPECT_EQ(parse("--version").error().text, "adit-blast " ADIT_VERSION "\n");
}

TEST_F(BlastOptions, ComparesTwoFiles) {
  const auto command = parse_any("compare a.json b.json");
  ASSERT_TRUE(command.has_value()) << command.error().text;
  const auto& options = std::get<CompareOptions>(*command);
  EXPECT_EQ(options.before, "a.json");
  EXPECT_EQ(options.after, "b.json");
  EXPECT_DOUBLE_EQ(options.threshold_percent, 10);
  for (const char* five : {"5", "5%"}) {
    const auto all =
        parse_any(std::string("compare a.json --html c.html b.json --json - --threshold ") + five);
    ASSERT_TRUE(all.has_value()) << all.error().text;
    EXPECT_DOUBLE_EQ(std::get<CompareOptions>(*all).threshold_percent, 5);
    EXPECT_EQ(std::get<CompareOptions>(*all).html_file, "c.html");
    EXPECT_EQ(std::get<CompareOptions>(*all).json_file, "-");
    EXPECT_EQ(std::get<CompareOptions>(*all).after, "b.json");
  }
}

TEST_F(BlastOptions, JsonIsFoundInArgumentsThatAreWrong) {
  const auto destination = [](std::vector<const char*> words) { return json_destination(words); };
  EXPECT_EQ(destination({"hodl", "--json", "-"}), "-");
  EXPECT_EQ(destination({"set-up", "--json=-", "--frobnicate"}), "-");
  EXPECT_EQ(destination({"set-up", "--json"}), "");
  EXPECT_EQ(destination({"set-up", "--", "--json", "-"}), "") << "EAL's";
}

TEST_F(BlastOptions, Repeats) {
  EXPECT_EQ(plan_of("set-up" + kLeast).repeat, 1U);
  EXPECT_EQ(plan_of("throughput --repeat 5" + kLeast).repeat, 5U);
}

}  // namespace
}  // namespace adit::app::blast
