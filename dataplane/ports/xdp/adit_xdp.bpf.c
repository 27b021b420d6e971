/* SPDX-License-Identifier: Apache-2.0 */
/* The XDP program of a port that stays with the kernel: it redirects the packets for workers and passes
 * all others, so that ARP, ICMP, TCP/1723 and routing daemons stay in the kernel.
 *   access side: enhanced GRE (RFC 2637 §4.1) to an address that clients dial; plain GRE passes;
 *   core side:   IPv4 and IPv6 to a subscriber, but not to the machine itself, to a link or to a group.
 * Fails safe: before configuration, and when no AF_XDP socket listens (the daemon died), everything passes. */
#include <linux/bpf.h>  // first: the headers below lack its types

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "layout.h"

/* DPDK's net_af_xdp looks for a map of this name, and stores the socket of receive queue q at index q. */
struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, ADIT_XDP_MAX_QUEUES);
  __type(key, __u32);
  __type(value, __u32);
} xsks_map SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct adit_xdp_port);
} port SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, ADIT_XDP_MAX_LOCAL);
  __type(key, struct adit_xdp_prefix);
  __type(value, __u8);
} local_addresses SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, ADIT_XDP_MAX_PREFIXES);
  __type(key, struct adit_xdp_prefix);
  __type(value, __u8);
} subscribers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, ADIT_XDP_MAX_PREFIXES);
  __type(key, struct adit_xdp_prefix6);
  __type(value, __u8);
} subscribers6 SEC(".maps");

struct vlan_tag {
  __be16 tci;
  __be16 type;
};

struct gre_start {
  __be16 flags;
  __be16 protocol;
};

#define FRAGMENT_MASK bpf_htons(0x3fff) /* more-fragments bit and offset */
#define GRE_VERSION_MASK bpf_htons(0x0007)
#define GRE_VERSION_1 bpf_htons(0x0001)
#define GRE_PROTOCOL_PPP bpf_htons(0x880b)

static __always_inline int is_vlan(__be16 type) {
  return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

static __always_inline int same_mac(const __u8* a, const __u8* b) {
  return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3] && a[4] == b[4] && a[5] == b[5];
}

/* What is behind no, one or two VLAN tags, and its EtherType; or NULL. */
static __always_inline void* find_packet(struct ethhdr* eth, void* end, __be16* ethertype) {
  void* at = eth + 1;
  __be16 type = eth->h_proto;
#pragma unroll
  for (int tags = 0; tags < 2; ++tags) {
    if (is_vlan(type)) {
      struct vlan_tag* tag = at;
      if ((void*)(tag + 1) > end) {
        return 0;
      }
      type = tag->type;
      at = tag + 1;
    }
  }
  *ethertype = type;
  return at;
}

/* Every fragment of GRE counts: only the first has a GRE header, and the workers must see them all to reassemble. */
static __always_inline int is_enhanced_gre(struct iphdr* ip, void* end) {
  if (ip->protocol != IPPROTO_GRE) {
    return 0;
  }
  if (ip->frag_off & FRAGMENT_MASK) {
    return 1;
  }
  struct gre_start* gre = (void*)ip + ip->ihl * 4;
  return (void*)(gre + 1) <= end && (gre->flags & GRE_VERSION_MASK) == GRE_VERSION_1 &&
         gre->protocol == GRE_PROTOCOL_PPP;
}

static __always_inline int is_ours4(struct iphdr* ip, void* end, __u32 role) {
  if ((void*)(ip + 1) > end || ip->version != 4 || ip->ihl < 5) {
    return 0;
  }
  const struct adit_xdp_prefix host = {.length = 32, .address = ip->daddr};
  if (bpf_map_lookup_elem(&local_addresses, &host)) {
    return (role & ADIT_XDP_ACCESS) && is_enhanced_gre(ip, end);
  }
  if (!(role & ADIT_XDP_CORE)) {
    return 0;
  }
  const __u8* whose = bpf_map_lookup_elem(&subscribers, &host);
  return whose && *whose == ADIT_XDP_SUBSCRIBERS;
}

/* fe80::/10, ff00::/8: RFC 4291 §2.5.6, §2.7 */
static __always_inline int stays_on_link(const struct in6_addr* address) {
  const __u8 first = address->s6_addr[0];
  return first == 0xff || (first == 0xfe && (address->s6_addr[1] & 0xc0) == 0x80);
}

static __always_inline int is_ours6(struct ipv6hdr* ip, void* end, __u32 role) {
  if (!(role & ADIT_XDP_CORE) || (void*)(ip + 1) > end || ip->version != 6 || stays_on_link(&ip->daddr)) {
    return 0;
  }
  struct adit_xdp_prefix6 host = {.length = 128};
  __builtin_memcpy(host.address, &ip->daddr, sizeof host.address);
  const __u8* whose = bpf_map_lookup_elem(&subscribers6, &host);
  return whose && *whose == ADIT_XDP_SUBSCRIBERS;
}

SEC("xdp")
int adit_steer(struct xdp_md* context) {
  void* end = (void*)(long)context->data_end;
  struct ethhdr* eth = (void*)(long)context->data;
  const __u32 zero = 0;
  const struct adit_xdp_port* config = bpf_map_lookup_elem(&port, &zero);
  if (!config || config->role == 0 || (void*)(eth + 1) > end || !same_mac(eth->h_dest, config->mac)) {
    return XDP_PASS;
  }
  __be16 type = 0;
  void* packet = find_packet(eth, end, &type);
  if (!packet) {
    return XDP_PASS;
  }
  const int ours = type == bpf_htons(ETH_P_IP)     ? is_ours4(packet, end, config->role)
                   : type == bpf_htons(ETH_P_IPV6) ? is_ours6(packet, end, config->role)
                                                   : 0;
  return ours ? bpf_redirect_map(&xsks_map, context->rx_queue_index, XDP_PASS) : XDP_PASS;
}

/* No GPL-only helper is used. */
char program_license[] SEC("license") = "Apache-2.0";
