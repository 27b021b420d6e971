// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/verbs.hpp"

namespace adit::app::blast {
namespace {

constexpr Verb kVerbs[] = {
    {"set-up", PhaseKind::kSetUp, "Dial calls as fast as they come up, or at a rate",
     "Examples:\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 65000\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1 --calls 5000 --dial-rate 500\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1 --profile windows --auth mschap-v2 --mppe "
     "require\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1 --calls 1000 --json - --quiet | jq .phases\n"},
    {"hold", PhaseKind::kHold, "Keep calls up, answer echoes, tell which are lost",
     "Examples:\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 1000 --for 5m\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 50000 --for 1h --server-pid $(pidof aditd)\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 100 --for 1m --impair loss=5%\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 100 --up 100pps --for 1m\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 10 --for 1m --profile mikrotik\n"},
    {"traffic", PhaseKind::kTraffic, "Pass packets at a rate, and verify every one",
     "Examples:\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --calls 100\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --calls 100 --up 20kpps --size 512 --for 30s\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --core eth2 --core-address 198.51.100.9 \\\n"
     "                     --up 50Mbps --down 200Mbps\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --impair loss=1%,reorder=2% --seed 7\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --mppe require --report traffic.html\n"},
    {"churn", PhaseKind::kChurn, "Hang up and dial anew while the others go on",
     "Examples:\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000 --churn 10% --for 5m\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000 --abrupt\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000 --up 5kpps --for 1m\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000 --server-pid $(pidof aditd)\n"},
    {"storm", PhaseKind::kStorm, "Dial again and again while the calls that are up go on",
     "Examples:\n"
     "  adit-blast storm --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 5000 --for 1m\n"
     "  adit-blast storm --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 1000 --callers 5000 "
     "\\\n"
     "                   --dial-rate 2000 --up 5kpps\n"
     "  adit-blast storm --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 100 --abrupt\n"
     "  adit-blast storm --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --server-pid $(pidof "
     "aditd)\n"
     "  adit-blast storm --server 192.0.2.1-192.0.2.4 --access eth1 --clients 10.99.0.0/16 --json "
     "storm.json\n"},
    {"throughput", PhaseKind::kThroughput, "Search the highest rate without loss, per frame size",
     "Examples:\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --calls 64\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --core eth2 --core-address 198.51.100.9\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --size 64,512,imix,1400 --trial 30s\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --loss-limit 0.1% --json throughput.json\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --up max --mppe deny\n"},
};

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

std::string verbs_in_words() {
  std::string text;
  for (const Verb& verb : kVerbs) {
    text += std::string(verb.name) + ", ";
  }
  return text + "run and compare";
}

const char* const kFooter =
    "All but compare set calls up first and tear them down last. `adit-blast VERB --help` lists its "
    "options.\n"
    "\n"
    "Examples:\n"
    "  adit-blast set-up --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 10000\n"
    "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 5000 --for 10m --server-pid $(pidof aditd)\n"
    "  adit-blast traffic --server 192.0.2.1 --access eth1 --calls 100 --up 20kpps --size 512 --for 30s\n"
    "  adit-blast throughput --server 192.0.2.1 --access eth1 --core eth2 --core-address 198.51.100.9\n"
    "  adit-blast run soak.toml --json soak.json --report soak.html\n"
    "  adit-blast compare before.json after.json\n"
    "\n"
    "Everything after -- goes to DPDK's EAL as it is; without it sensible arguments are chosen.\n"
    "Environment: ADIT_BLAST_PASSWORD is the calls' password.\n"
    "             ADIT_XDP_PROGRAM=FILE is the XDP program to load in place of the one that came with "
    "adit-blast.\n"
    "Exit codes: 0 success; 1 the run is not a success (it says why); 2 usage, or it could not start.\n"
    "With --json an error that keeps a run from starting is JSON, too: {\"error\": ..., \"exit_code\": 2}.\n";

const char* const kRunFooter =
    "A scenario is TOML with the same keys as the options: the plan's above, then a [[phase]] table for each "
    "phase,\n"
    "in order. An option here counts more than the file.\n"
    "\n"
    "  server = \"192.0.2.1\"\n"
    "  access = \"eth1\"\n"
    "  [[phase]]\n"
    "  kind = \"set-up\"      # set-up, hold, traffic, churn, storm, throughput, tear-down\n"
    "  calls = 10000\n"
    "  [[phase]]\n"
    "  kind = \"traffic\"\n"
    "  up = \"100kpps\"\n"
    "  for = \"1m\"\n"
    "\n"
    "Examples:\n"
    "  adit-blast run soak.toml\n"
    "  adit-blast run soak.toml --server 192.0.2.7 --seed 2\n"
    "  adit-blast run soak.toml --json soak.json --report soak.html\n"
    "  adit-blast run soak.toml --quiet --json - | jq .complaints\n"
    "  adit-blast run soak.toml -- -l 0-3 --file-prefix blast\n";

const char* const kCompareFooter =
    "A and B are files of --json, of the same scenario: what is measured is the same, where may differ. "
    "Medians are\n"
    "compared. Beyond the threshold a figure is better or worse; with --repeat in both it is noise if the "
    "runs of one\n"
    "of them differ by as much.\n"
    "\n"
    "Exit codes: 0 nothing is worse; 1 something is; 2 they cannot be compared (it says why).\n"
    "\n"
    "Examples:\n"
    "  adit-blast compare before.json after.json\n"
    "  adit-blast compare before.json after.json --threshold 5\n"
    "  adit-blast compare before.json after.json --html comparison.html\n"
    "  adit-blast compare before.json after.json --json - | jq '.quantities[] | select(.verdict == "
    "\"worse\")'\n"
    "  adit-blast throughput --server 192.0.2.1 --access eth1 --core-address 198.51.100.9 --repeat 5 --json "
    "a.json\n";

}  // namespace adit::app::blast
