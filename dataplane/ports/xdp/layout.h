/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the XDP program and the daemon that fills its maps: map names, keys and values.
 * Plain C, because it is compiled for BPF too. Addresses are in network byte order.
 * The kernel truncates map names to 15 characters; these are not longer. */
#ifndef ADIT_DATAPLANE_XDP_LAYOUT_H
#define ADIT_DATAPLANE_XDP_LAYOUT_H

#include <linux/types.h>

/* The program's name in the kernel; a program with any other name is not ours. */
#define ADIT_XDP_PROGRAM "adit_steer"

#define ADIT_XDP_PORT_MAP "port" /* array of one struct adit_xdp_port */
#define ADIT_XDP_LOCAL_MAP \
  "local_addresses" /* longest prefix match, as the next one: addresses to which clients send GRE */
#define ADIT_XDP_SUBSCRIBER_MAP \
  "subscribers" /* longest prefix match of struct adit_xdp_prefix -> one of the next */
#define ADIT_XDP_SUBSCRIBER6_MAP "subscribers6" /* the same of struct adit_xdp_prefix6 */

/* Whose a prefix is. The machine's own addresses and networks lie in subscribers' networks, and stay with the kernel. */
enum { ADIT_XDP_SUBSCRIBERS = 1, ADIT_XDP_MACHINES = 2 };

enum {
  ADIT_XDP_MAX_QUEUES = 64,
  ADIT_XDP_MAX_LOCAL = 1024,
  ADIT_XDP_MAX_PREFIXES = 1 << 20, /* of each family; not preallocated; room for one /32 per subscriber */
};

/* Bits of adit_xdp_port.role, as in dataplane::PortRole. All zero before configuration: everything passes. */
enum { ADIT_XDP_ACCESS = 1, ADIT_XDP_CORE = 2 };

struct adit_xdp_port {
  __u32 role;
  __u8 mac[6]; /* frames to another address are not ours: a flooding switch must not make us forward copies */
  __u8 padding[2];
};

struct adit_xdp_prefix {
  __u32 length;
  __u32 address;
};

struct adit_xdp_prefix6 {
  __u32 length;
  __u8 address[16];
};

#endif
