# SPDX-License-Identifier: Apache-2.0
"""A wire that loses packets, at the guest's end: its kernel has netem, whether or not the host's does."""
import contextlib

# By path: the guest's shell is busybox, with its own tc and ip.
TC, IP = "/usr/sbin/tc", "/usr/sbin/ip"
UP = f"{TC} qdisc add dev eth0 root netem loss {{percent}}%"
# netem works on outgoing packets, so incoming ones are redirected through ifb0, which its module creates.
DOWN = f"""set -e
{IP} link set ifb0 up
{TC} qdisc add dev ifb0 root netem loss {{percent}}%
{TC} qdisc add dev eth0 ingress
{TC} filter add dev eth0 ingress matchall action mirred egress redirect dev ifb0"""
REPAIR = f"""{TC} qdisc del dev eth0 root
{TC} qdisc del dev eth0 ingress
{TC} qdisc del dev ifb0 root
{IP} link set ifb0 down
true"""


@contextlib.contextmanager
def loss(guest, up=0, down=0):
    """Loses these percentages of the packets from and to the guest, within this block."""
    try:
        if up:
            guest.run(UP.format(percent=up), "loss-up")
        if down:
            guest.run(DOWN.format(percent=down), "loss-down")
        yield
    finally:
        guest.run(REPAIR, "no-loss")
