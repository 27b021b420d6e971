# SPDX-License-Identifier: Apache-2.0
"""Whoever dials, hangs up and dials again: every call ID, every address of a pool, in quarantine."""
from assaults.assault import assault

CALLS = ("--until", "ocrq", "--then", "close", "--open", 500)
LOGINS = ("--until", "up", "--then", "close", "--login", "pap", "--open", 200)
SMALL_POOL = {"ip-pool": [{"name": "default", "ranges": ["10.64.0.2-10.64.3.254"]}]}  # twice what the honest need


@assault("SCCRQ, OCRQ, close, again: from one address")
def ids_of_one(field):
    return field.callers(*CALLS)


@assault("the same from 10 addresses")
def ids_of_10(field):
    return field.callers(*CALLS, "--sources", 10)


@assault("the same from 10,000 addresses")
def ids_of_10_000(field):
    return field.callers(*CALLS, "--sources", 10_000)


@assault("calls that are kept, as many as one address gets")
def ids_kept(field):
    return field.callers("--until", "ocrq", "--open", 8_000)


@assault("log in, log out, again, on a pool of 1,021 addresses: from one address", **SMALL_POOL)
def pool_of_one(field):
    return field.callers(*LOGINS)


@assault("the same from 10 addresses", **SMALL_POOL)
def pool_of_10(field):
    return field.callers(*LOGINS, "--sources", 10)


@assault("the same from 10,000 addresses", brief=True, **SMALL_POOL)
def pool_of_10_000(field):
    return field.callers(*LOGINS, "--sources", 10_000)
