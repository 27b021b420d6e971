# SPDX-License-Identifier: Apache-2.0
"""Passwords guessed at: the honest share the name that is guessed."""
from assaults.assault import assault

GUESS = ("--until", "up", "--then", "close", "--open", 500)


@assault("wrong MS-CHAPv2 responses, one call each, from one address")
def mschap_of_one(field):
    return field.callers(*GUESS, "--login", "wrong-mschap")


@assault("wrong MS-CHAPv2 responses, one call each, from 10,000 addresses", brief=True)
def mschap(field):
    return field.callers(*GUESS, "--login", "wrong-mschap", "--sources", 10_000)


@assault("wrong PAP passwords, from 10 addresses")
def pap(field):
    return field.callers(*GUESS, "--login", "wrong-pap", "--sources", 10)


@assault("wrong responses, LCP anew every second on the same call", auth={"methods": ["mschap-v2", "pap"], "max-failure": 100})
def anew(field):
    return field.callers("--until", "up", "--open", 500, "--sources", 10, "--login", "wrong-mschap", "--again", 1)
