// SPDX-License-Identifier: Apache-2.0
// Which arguments EAL gets on which machine, and that the operator's own win. EAL itself is not started.
#include "app/host/eal.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace adit::app {
namespace {

std::string joined(const EalArguments& arguments) {
  std::string text = " ";
  for (const std::string& argument : arguments.argv) {
    text += argument + " ";
  }
  return text;
}

bool has(const EalArguments& arguments, const std::string& words) {
  return joined(arguments).find(" " + words + " ") != std::string::npos;
}

TEST(Eal, ControlGetsTheFirstCpuAndWorkersTheOthers) {
  const auto arguments = eal_arguments({}, {.cpus = {2, 5, 7}, .free_huge_mb = 4096, .pid = 9});
  EXPECT_TRUE(has(arguments, "--lcores 2@2,5@5,7@7 --main-lcore 2")) << joined(arguments);
  EXPECT_TRUE(has(arguments, "--file-prefix=adit-9"));
  EXPECT_TRUE(arguments.notes.empty());
}

TEST(Eal, FewerWorkersThanCpus) {
  const auto arguments =
      eal_arguments({.workers = 1}, {.cpus = {0, 1, 2, 3}, .free_huge_mb = 4096, .pid = 9});
  EXPECT_TRUE(has(arguments, "--lcores 0@0,1@1 --main-lcore 0")) << joined(arguments);
}

TEST(Eal, OneCpuIsSharedAndSaid) {
  const auto arguments = eal_arguments({}, {.cpus = {3}, .free_huge_mb = 4096, .pid = 9});
  EXPECT_TRUE(has(arguments, "--lcores 0@3,1@3 --main-lcore 0")) << joined(arguments);
  ASSERT_EQ(arguments.notes.size(), 1U);
  EXPECT_NE(arguments.notes[0].find("share 1 CPU"), std::string::npos) << arguments.notes[0];
}

TEST(Eal, MoreWorkersThanCpusAreNumberedAsTheyCome) {
  const auto arguments = eal_arguments({.workers = 3}, {.cpus = {0, 1}, .free_huge_mb = 4096, .pid = 9});
  EXPECT_TRUE(has(arguments, "--lcores 0@0,1@1,2@1,3@1")) << joined(arguments);
  EXPECT_EQ(arguments.notes.size(), 1U);
}

TEST(Eal, LcoreIdsStayBelowDpdksLimit) {
  const auto arguments = eal_arguments({}, {.cpus = {127, 128}, .free_huge_mb = 4096, .pid = 9});
  EXPECT_TRUE(has(arguments, "--lcores 0@127,1@128 --main-lcore 0")) << joined(arguments);
}

TEST(Eal, HugepagesAreUsedWhenEnoughAreFree) {
  const auto with = eal_arguments({.memory_mb = 512}, {.cpus = {0, 1}, .free_huge_mb = 512, .pid = 9});
  EXPECT_TRUE(has(with, "--in-memory"));
  EXPECT_FALSE(has(with, "--no-huge"));
  const auto without = eal_arguments({.memory_mb = 512}, {.cpus = {0, 1}, .free_huge_mb = 511, .pid = 9});
  EXPECT_TRUE(has(without, "--no-huge --no-shconf -m 512")) << joined(without);
  EXPECT_FALSE(has(without, "--in-memory")) << "EAL refuses both together";
  ASSERT_EQ(without.notes.size(), 1U);
  EXPECT_NE(without.notes[0].find("vm.nr_hugepages=256"), std::string::npos);
}

TEST(Eal, HugepagesAreUsedAsTheOperatorSays) {
  const auto with = [](Hugepages hugepages, std::uint64_t free_mb) {
    return eal_arguments({.memory_mb = 512, .hugepages = hugepages},
                         {.cpus = {0, 1}, .free_huge_mb = free_mb, .pid = 9});
  };
  EXPECT_TRUE(has(with(Hugepages::kNever, 4096), "--no-huge"));
  EXPECT_FALSE(has(with(Hugepages::kNever, 4096), "--in-memory"));
  EXPECT_TRUE(with(Hugepages::kNever, 0).notes.empty()) << "as was asked for";
  EXPECT_TRUE(has(with(Hugepages::kRequire, 512), "--in-memory"));
  EXPECT_EQ(with(Hugepages::kRequire, 512).refusal, "");
  EXPECT_EQ(
      with(Hugepages::kRequire, 511).refusal,
      "hugepages are required, of which 512 MB are wanted and 511 MB are free; reserve them with: sysctl "
      "vm.nr_hugepages=256");
  EXPECT_EQ(with(Hugepages::kIfEnough, 0).refusal, "");
}

TEST(Eal, OnlyNamedPciDevicesAreTouched) {
  const HostFacts host{.cpus = {0, 1}, .free_huge_mb = 4096, .pid = 9};
  EXPECT_TRUE(has(eal_arguments({}, host), "--no-pci --iova-mode=va"));
  EalOptions options;
  options.pci_devices = {"0000:01:00.0", "0000:01:00.1"};
  const auto named = eal_arguments(options, host);
  EXPECT_TRUE(has(named, "-a 0000:01:00.0 -a 0000:01:00.1"));
  EXPECT_FALSE(has(named, "--no-pci"));
}

TEST(Eal, TheOperatorsArgumentsWin) {
  const HostFacts host{.cpus = {0, 1}, .free_huge_mb = 0, .pid = 9};
  const auto given = [&](std::vector<std::string> user) {
    EalOptions options;
    options.user_args = std::move(user);
    const auto arguments = eal_arguments(options, host);
    EXPECT_EQ(arguments.argv.back(), options.user_args.back()) << "they stand last";
    return joined(arguments);
  };
  EXPECT_EQ(given({"-l", "0,1"}).find("--lcores"), std::string::npos);
  EXPECT_EQ(given({"-l0,1"}).find("--lcores"), std::string::npos);
  EXPECT_EQ(given({"--lcores=0@0,1@0"}).find("--main-lcore"), std::string::npos);
  EXPECT_EQ(given({"--in-memory"}).find("--no-huge"), std::string::npos);
  EXPECT_EQ(given({"-m", "64"}).find("-m 512"), std::string::npos);
  EXPECT_NE(given({"-m", "64"}).find("--no-huge"), std::string::npos);
  EXPECT_EQ(given({"--allow=0000:02:00.0"}).find("--no-pci"), std::string::npos);
  EXPECT_EQ(given({"--file-prefix", "edge"}).find("--file-prefix="), std::string::npos);
  EXPECT_EQ(given({"--log-level=*:debug"}).find("warning"), std::string::npos);
  EXPECT_NE(given({"--legacy"}).find("--lcores"), std::string::npos)
      << "a prefix of an option is not that option";
}

TEST(Eal, PciDevicesAreToldFromVirtualOnes) {
  EXPECT_TRUE(is_pci_device("0000:01:00.0"));
  EXPECT_TRUE(is_pci_device("01:00.1,rxq_pkt_pad_en=1"));
  EXPECT_FALSE(is_pci_device("net_tap0,iface=wan0"));
  EXPECT_FALSE(is_pci_device("0000:01:00"));
  EXPECT_FALSE(is_pci_device(""));
}

TEST(Eal, ThisMachineHasACpu) {
  const HostFacts host = read_host_facts();
  EXPECT_FALSE(host.cpus.empty());
  EXPECT_TRUE(std::ranges::is_sorted(host.cpus));
  EXPECT_NE(host.pid, 0U);
}

TEST(Eal, SEC_12_NoCoreAndNoDebuggerGetsTheKeys) {
  const auto dumpable = [] {
    forbid_core_dumps();
    _exit(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
  };
  EXPECT_EXIT(dumpable(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace adit::app
