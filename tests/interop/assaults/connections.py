# SPDX-License-Identifier: Apache-2.0
"""What a control connection can be filled with."""
from assaults.assault import assault


@assault("900 connections that send octet by octet")
def octets(field):
    return field.callers("--until", "sccrq", "--open", 900, "--octets", "--flood", "echo", "--burst", 4)


@assault("Echo-Requests without end, on 500 connections")
def echoes(field):
    return field.callers("--until", "sccrq", "--open", 500, "--flood", "echo")


@assault("Echo-Requests just below what a connection may send, on 900 connections")
def echoes_allowed(field):
    return field.callers("--until", "sccrq", "--open", 900, "--flood", "echo", "--burst", 1, "--messages", 900 * 150)


@assault("Set-Link-Info without end, on 500 calls")
def link_info(field):
    return field.callers("--until", "ocrq", "--open", 500, "--flood", "sli")


@assault("Outgoing-Call-Requests without end, on 500 connections", brief=True)
def calls(field):
    return field.callers("--until", "ocrq", "--open", 500, "--flood", "ocrq")


@assault("noise, from 10,000 addresses")
def noise(field):
    return field.callers("--until", "tcp", "--open", 500, "--flood", "noise", "--burst", 1, "--sources", 10_000)


@assault("connect and reset, from 10,000 addresses")
def resets(field):
    return field.callers("--until", "tcp", "--then", "reset", "--open", 500, "--sources", 10_000)
