# SPDX-License-Identifier: Apache-2.0
"""A link that reorders: the effect on a real client's TCP, with aditd's reorder window off and on."""
import contextlib

from harness.case import case, expect
from harness.dial import Dial
from harness.loss import TC
from harness.session import no_sessions

# One packet in ten is delayed by 10 ms, and the others overtake it. The guest's clock ticks every 10 ms.
REORDER = f"{TC} qdisc add dev eth0 root netem delay 10ms reorder 90%"
IN_ORDER = f"{TC} qdisc del dev eth0 root; true"


def config(mode):
    return {"ppp": {"mppe": "require"}, "pptp": {"reorder": mode, "reorder-timeout": 50}}


@contextlib.contextmanager
def reordering(guest):
    try:
        guest.run(REORDER, "reorder")
        yield
    finally:
        guest.run(IN_ORDER, "in-order")


def goodput(world, mode):
    """Mbit/s of upstream TCP through a link that reorders, and packets that came too late."""
    world.lab.serve(config(mode))
    dial = Dial(world.alice, mppe="128")
    dial.up()
    before = world.lab.adit("show", "drops")["drops"]["gre_late"]
    with reordering(world.alice):
        mbits = max(dial.link.iperf(seconds=4) for _ in range(3))
    late = world.lab.adit("show", "drops")["drops"]["gre_late"] - before
    dial.hang_up()
    no_sessions(world.lab)
    return mbits, late


@case(config("adaptive"))
def a_real_clients_tcp(world):
    off, late_off = goodput(world, "off")
    on, late_on = goodput(world, "adaptive")
    expect("late packets were put right", late_on * 4 < late_off, True)
    expect("TCP gains by it", on > 1.1 * off, True)
    return f"{off:.1f} Mbit/s with the window off ({late_off} late), {on:.1f} adaptive ({late_on} late): {on / off:.1f} times"
