# SPDX-License-Identifier: Apache-2.0
"""Rows of wrong_test.py: files of accel-ppp, poptop, pppd and FreeRADIUS, in foreign/, each given where somebody would give it. One
that is given for an adit.toml gets a single line."""
import pathlib

from wrong_cases import Config

FILES = pathlib.Path(__file__).parent / "foreign"


def taken_for(file, line, what, instead):
    return Config(f"{file} for an adit.toml", (FILES / file).read_bytes(), 1, (f":{line}:1: config file: is {what}; ", instead, "docs/from-accel-ppp.md"))


def secrets(file, dialect, users, *says):
    return Config(f"{file} for a chap-secrets, as {dialect}", f'[auth]\nchap-secrets-dialect = "{dialect}"\n[[ip-pool]]\nname = "town"\nranges = ["10.65.0.0/24"]\n',
                  0, says, files={"chap-secrets": (FILES / file).read_bytes()}, users=users)


def dictionary(file, code, *says):
    rate = '[[radius-rate]]\nattribute = "Acme-Rate-Down"\nform = "kbit"\ndirection = "down"\n'
    return Config(f"{file} for a dictionary", ("[radius]\n", rate + '[radius]\ndictionary = ["{work}/dictionary"]\n'), code, says,
                  files={"dictionary": (FILES / file).read_bytes()})


FOREIGN = [
    taken_for("accel-ppp.conf", 2, "accel-ppp's accel-ppp.conf", "`aditd --sample-config` prints a configuration"),
    taken_for("pptpd.conf", 2, "poptop's pptpd.conf", "remoteip an [[ip-pool]]"),
    taken_for("options.pptpd", 3, "pppd's options", "require-mppe-128 is [ppp] mppe"),
    taken_for("users", 2, "FreeRADIUS's users", "it stays with the RADIUS server"),
    taken_for("clients.conf", 2, "FreeRADIUS's clients.conf", "it stays with the RADIUS server"),
    taken_for("dictionary.acme", 2, "a FreeRADIUS dictionary", "name it below [radius] of a configuration: dictionary = "),
    taken_for("chap-secrets.pppd", 2, "a chap-secrets", "name it below [chap-secrets] of a configuration: chap-secrets = "),
    taken_for("chap-secrets.poptop", 3, "a chap-secrets", "name it below [chap-secrets] of a configuration: chap-secrets = "),
    Config("accel-ppp.conf with quotes for an adit.toml", (FILES / "accel-ppp.half-converted").read_bytes(), 1, (
        ":3:1: core.thread-count: no such key; it is called workers", ":4:1: core.log-error: no such key; write log-file below [log]",
        ":7:1: ppp.ccp: no such key; it is called mppe", ":14:1: pptp.mppe: no such key; it belongs to [ppp]", ":18:1: radius.server: no such key; write a table of its own: [[radius-server]]",
        ":19:1: radius.dae-server: no such key; write a table of its own: [[dae-client]]", ":21:1: radius.gw-ip-address: no such key; it belongs to [ip]",
        ":24:1: shaper.rate-limit: no such key; it is called rate", ":31:2: pppd-compat: no such section; remove it: ", ":34:2: connlimit: no such section; write max-connections-per-address",
        ": port.role: no [[port]] serves the access side; add one")),
    secrets("chap-secrets.accel-ppp", "accel-ppp", 5, "line 2: user 'anna': pppd reads the quote in the password as the start of quoted text, accel-ppp as a letter; here as accel-ppp",
            "line 3: user 'bert': pppd reads the backslash in the password as an escape", "line 7: user 'fritz': the fifth column is no rate; write kbit/s as 10240"),
    secrets("chap-secrets.accel-ppp", "pppd", 3, "line 2: user 'anna': a single quote is never closed; ", 'or set auth.chap-secrets-dialect = "accel-ppp", which can read the line',
            """line 3: user 'bert': is for the server 'pptpd', and this one is 'adit': skipped; set auth.chap-secrets-dialect = "poptop", or write * in the second column"""),
    secrets("chap-secrets.poptop", "poptop", 3, "line 5: user 'carla': pppd reads the # in the password as the start of a comment", "quote the word if the # belongs to it",
            "line 6: user 'dora': is for another server, and this one is 'adit': skipped; write * in the second column"),
    secrets("chap-secrets.poptop", "pppd", 0, """line 3: user 'anna': is for the server 'pptpd', and this one is 'adit': skipped; set auth.chap-secrets-dialect = "poptop\"""",
            "has no user who can log in; write a line for each: user * password *"),
    secrets("chap-secrets.pppd", "pppd", 3, "line 4: user 'carla': a double quote is never closed; close it", "line 5: has 2 of the columns: user server password [address]; ",
            "line 6: user '*': pppd reads the user * as anyone, accel-ppp as one of that name; here as pppd"),
    secrets("users", "pppd", 0, "is FreeRADIUS's users, not a chap-secrets; write a line for each user: user * password *"),
    secrets("users", "accel-ppp", 0, "is FreeRADIUS's users, not a chap-secrets; "),
    secrets("accel-ppp.conf", "accel-ppp", 0, "is accel-ppp's accel-ppp.conf, not a chap-secrets; "),
    secrets("pptpd.conf", "poptop", 0, "is poptop's pptpd.conf, not a chap-secrets; "),
    secrets("options.pptpd", "poptop", 0, "is pppd's options, not a chap-secrets; "),
    secrets("clients.conf", "pppd", 0, "is FreeRADIUS's clients.conf, not a chap-secrets; "),
    dictionary("dictionary.acme", 0),
    dictionary("dictionary.broken", 1, """:28:15: radius.dictionary: {work}/dictionary:4: no attribute's number: "one"; write 17, 0x11 or 241.1"""),
    dictionary("users", 1, ':28:15: radius.dictionary: {work}/dictionary:2: no keyword "anna"; there are ATTRIBUTE, VALUE, VENDOR'),
    dictionary("accel-ppp.conf", 1, '{work}/dictionary:2: no keyword "[modules]"; there are ATTRIBUTE, VALUE, VENDOR'),
]
