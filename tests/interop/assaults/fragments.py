# SPDX-License-Identifier: Apache-2.0
"""Fragments of strangers: nothing of them may wait where a subscriber's would."""
from assaults.assault import IDENTIFICATION, SOURCE, assault, each_pass, gre, ipv4, random
from harness.ground import FOE

WHOLE = gre(1, bytes(1400))
FIRST = WHOLE[:800]


@assault("first fragments of GRE, the rest never comes; from 20 addresses", brief=True)
def first(field):
    return field.flood([ipv4("10.97.0.1", field.target.address, FIRST, offset=0x2000)],
                       each_pass(SOURCE, 4, 1, 20), random(IDENTIFICATION, 2))


@assault("the same from 10,000 addresses")
def first_many(field):
    return field.flood([ipv4("10.97.0.1", field.target.address, FIRST, offset=0x2000)],
                       each_pass(SOURCE, 4, 1, 10_000), random(IDENTIFICATION, 2))


@assault("seven fragments each of a packet whose first never comes")
def middles(field):
    packets = [ipv4(FOE, field.target.address, WHOLE[16 * at:16 * at + 16], offset=0x2000 | 2 * at, identification=7) for at in range(1, 8)]
    return field.flood(packets, each_pass(IDENTIFICATION, 2), each_pass(SOURCE, 4, 1, 20))


@assault("fragments that overlap, and whole packets in two")
def overlapping(field):
    packets = [ipv4(FOE, field.target.address, WHOLE[:48], offset=0x2000), ipv4(FOE, field.target.address, WHOLE[40:80], offset=0x2000 | 5),
               ipv4(FOE, field.target.address, WHOLE[48:], offset=6), ipv4(FOE, field.target.address, WHOLE[:8], offset=0x2000)]
    return field.flood(packets, each_pass(IDENTIFICATION, 2))
