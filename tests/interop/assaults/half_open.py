# SPDX-License-Identifier: Apache-2.0
"""Connections that stop at a phase and stay: what is scarce must not be theirs."""
from assaults.assault import assault

MANY = ("--open", 15_000, "--sources", 10_000)


@assault("connections that say nothing, from one address")
def tcp_of_one(field):
    return field.callers("--until", "tcp", "--open", 5_000)


@assault("connections that say nothing, from 10,000 addresses")
def tcp(field):
    return field.callers("--until", "tcp", *MANY)


@assault("SCCRQ and no call, from 10,000 addresses")
def sccrq(field):
    return field.callers("--until", "sccrq", *MANY)


@assault("a call and no PPP, from 10 addresses")
def ocrq_of_10(field):
    return field.callers("--until", "ocrq", "--open", 15_000, "--sources", 10)


@assault("a call and no PPP, from 10,000 addresses", brief=True)
def ocrq(field):
    return field.callers("--until", "ocrq", *MANY)


@assault("LCP negotiated anew every second, never further, from 10 addresses", brief=True)
def lcp_loop(field):
    return field.callers("--until", "up", "--open", 3_000, "--sources", 10, "--again", 1)


@assault("LCP opens and the challenge stays unanswered, from 10,000 addresses")
def authentication(field):
    return field.callers("--until", "up", *MANY)
