// SPDX-License-Identifier: Apache-2.0
#include "app/host/host_ports.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "app/host/netlink/interface_reader.hpp"

namespace adit::app {
namespace {

TEST(HostPorts, ProgramIsFoundInTheBuildDirectory) {
  const auto program = find_xdp_program("");
  ASSERT_TRUE(program) << program.error();
  EXPECT_TRUE(program->ends_with("/dataplane/ports/xdp/adit_xdp.o")) << *program;
}

TEST(HostPorts, WantedProgramMustExist) {
  const auto program = find_xdp_program("/nowhere/adit_xdp.o");
  ASSERT_FALSE(program);
  EXPECT_NE(program.error().find("/nowhere/adit_xdp.o"), std::string::npos);
}

TEST(HostPorts, InterfaceMustExist) {
  dataplane::PortSettings settings;
  settings.name = "wan";
  for (const std::string interface : {"nonesuch0", "longer-than-a-name-may-be"}) {
    settings.interface = interface;
    const auto opened = open_host_ports(std::vector{settings}, 1);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().find("'wan'"), std::string::npos) << opened.error();
    EXPECT_NE(opened.error().find(interface), std::string::npos) << opened.error();
  }
}

TEST(HostPorts, InterfaceThatDoesNotExistIsToldInTheKernelsWords) {
  const auto read = read_kernel_interface("nonesuch0");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), "interface 'nonesuch0': No such device");
}

TEST(HostPorts, LoopbackIsRead) {
  const auto read = read_kernel_interface("lo");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->name, "lo");
  EXPECT_EQ(read->ifindex, 1U);
  EXPECT_EQ(read->vlan_id, 0U);
  EXPECT_TRUE(read->vrf.empty());
}

}  // namespace
}  // namespace adit::app
