# SPDX-License-Identifier: Apache-2.0
"""The rows of wrong_test.py: each is one mistake, and what must be in the lines that it gets. To add one, add a row.

A configuration is that of daemon.py, right but for `edit`: what is appended to it, (old, new) for a part of it, or all of it as
octets. `code` is that of `aditd --check`: 0 good but for a warning, 1 wrong, 3 not on this machine. `says`: parts of the lines;
none: nothing is said. {work} is the test's directory."""
from typing import NamedTuple

from daemon import CONFIG


class Config(NamedTuple):
    what: str
    edit: object
    code: int
    says: tuple = ()
    files: dict = {}        # beside it: name -> content
    modes: dict = {}        # name -> mode
    gone: tuple = ()        # files that are not there
    starts: bool = True     # False: the test's DPDK arguments are not those that a start would have
    users: object = None    # that chap-secrets lets in

    def text(self, right):
        if isinstance(self.edit, bytes):
            return self.edit
        if isinstance(self.edit, str):
            return right + self.edit
        old, new = self.edit
        assert old in right, f"{self.what}: {old!r} is not in the configuration"
        return right.replace(old, new, 1)


def below(header, key):
    """The key below a header that is there already."""
    return f"[{header}]\n", f"[{header}]\n{key}\n"


def server(name="aaa1", address="127.0.0.1", secret='"one"', more=""):
    return f'[[radius-server]]\nname = "{name}"\naddress = "{address}"\nsecret = {secret}\n{more}'


WORKERS = "workers = 1"
POOL = "10.64.0.2-10.64.0.254"

CONFIGS = [
    # Values.
    Config("a word that is no choice", '[ppp]\nmppe = "requier"\n', 1,
           (':30:8: ppp.mppe: value "requier": is not a choice here; did you mean "require"?',)),
    Config("a unit that there is not", below("pptp", 'echo-interval = "60sec"'), 1,
           (':16:17: pptp.echo-interval: value "60sec": is not a duration; write seconds as a number, or text like "10s"',)),
    Config("kbit with a suffix", '[shaper]\nrate = "10M"\n', 1, (':30:8: shaper.rate: value "10M": is not a rate; write kbit/s: 10240',)),
    Config("a huge number", ("= 100\n", "= 99999999999\n"), 1,
           (":14:16: common.max-sessions: value 99999999999: is out of range; write a number from 1 to 4000000",)),
    Config("a number beyond all", ("= 100\n", "= 99999999999999999999\n"), 1,
           (":14:36: common.max-sessions: is not TOML: '99999999999999999999' is not representable", "; write a smaller number")),
    Config("a negative number", ("= 100\n", "= -5\n"), 1, (":14:16: common.max-sessions: value -5: is out of range; write a number from 1",)),
    Config("a number in quotes", (WORKERS, 'workers = "1"'), 1, (':11:11: core.workers: value "1": is not a whole number; ', "without quotes")),
    Config("a number with commas", ("= 100\n", "= 20,000\n"), 1,
           (":14:18: common.max-sessions: is not TOML: ", "; write the number without commas")),
    Config("yes for true", "[mss]\nclamp = yes\n", 1, (":30:9: mss.clamp: is not TOML: ", "; write true or false")),
    Config("a log level of accel-ppp", below("log", "level = 3"), 1,
           (':28:9: log.level: value 3: is not a choice here; write "debug", "info", "warning" or "error"',)),
    Config("a dialect that there is not", '[auth]\nchap-secrets-dialect = "accel"\n', 1,
           (':30:24: auth.chap-secrets-dialect: value "accel": is not a choice here; write "pppd", "poptop" or "accel-ppp"',)),
    Config("a realm with its @", below("radius", 'default-realm = "@example.net"'), 1,
           (':24:17: radius.default-realm: value "@example.net": is no realm; write what comes after the @',)),
    Config("an MTU of an Ethernet with giants", "[ppp]\nmtu = 9000\n", 1, (":30:7: ppp.mtu: value 9000: is out of range; write a number from 128 to 1500",)),
    Config("a server of a name", server(address="radius.example"), 1,
           (':31:11: radius-server.address: value "radius.example": is not an IPv4 address; write four numbers in quotes',)),
    Config("a bind address with its port", ('["198.18.0.1"]', '["198.18.0.1:1723"]'), 1,
           (':16:9: pptp.bind: value "198.18.0.1:1723": is not an IPv4 address; write four numbers',)),
    Config("all addresses", ('["198.18.0.1"]', '["0.0.0.0"]'), 1, (':16:9: pptp.bind: value "0.0.0.0": is not a unicast address; ',)),
    Config("a list that is none", ('["198.18.0.1"]', '"198.18.0.1"'), 1, (':16:8: pptp.bind: value "198.18.0.1": is not a list; write ["192.0.2.1"]',)),
    Config("a prefix length of 33", (POOL, "10.64.0.0/33"), 1, (':18:11: ip-pool.ranges: value "10.64.0.0/33": is not an address range; write ',)),
    Config("a prefix with host bits", (POOL, "10.64.0.5/24"), 1, (':18:11: ip-pool.ranges: value "10.64.0.5/24": is not an address range; ',)),
    Config("an empty secret", server(secret='""'), 1, (":32:10: radius-server.secret: is not a secret; write text of 1 to 255 characters",)),
    # Keys.
    Config("a key that there is not", '[ppp]\nmpe = "require"\n', 1, (":30:1: ppp.mpe: no such key; did you mean mppe?",)),
    Config("a key of another section", "[ppp]\nmax-starting = 5\n", 1, (":30:1: ppp.max-starting: no such key; it belongs to [common]",)),
    Config("a key of accel-ppp's", below("core", "thread-count = 4"), 1, (":11:1: core.thread-count: no such key; it is called workers",)),
    Config("a line of accel-ppp's", below("radius", "server=192.0.2.10,sesame,auth-port=1812"), 1,
           (":24:13: radius.server: is not TOML: ", "; write a table of its own: [[radius-server]]")),
    Config("a file to include", b'include = "/etc/adit/more.toml"\n' + CONFIG.encode(), 1,
           (":1:1: include: no such key outside a section; there are: core, ",)),
    Config("a key twice", (WORKERS, "workers = 1\nworkers = 2"), 1,
           (":12:11: core.workers: is not TOML: cannot redefine existing integer 'workers'; line 11 sets it; keep one of them",)),
    Config("a key twice, with _ and -", (WORKERS, "workers = 1\n[ppp]\nmin-mtu = 600\nmin_mtu = 600"), 1,
           (":14:1: ppp.min-mtu: is there twice, with - and with _; keep one of them",)),
    Config("a section twice", "[pptp]\nport = 1724\n", 1,
           (":29:1: pptp: is not TOML: cannot redefine existing table 'pptp'; line 15 has it; put the keys together",)),
    Config("a list of tables that is a table", ("[[port]]\n", "[port]\n"), 1,
           (":6:1: port: is not TOML: cannot redefine existing table 'port' as array-of-tables; line 2 has it; ", "[[port]]")),
    # Writing.
    Config("a quote that is not closed", ('"access1"', '"access1'), 1, (":3:21: port.interface: is not TOML: ", '; end the text with "')),
    Config("quotes of a word processor", ('"access1"', "\u201caccess1\u201d"), 1,
           (":3:13: port.interface: is not TOML: ", '; use straight quotes: interface = "..."')),
    Config("no quotes", ('"access1"', "access1"), 1, (":3:13: port.interface: is not TOML: ", '; write what is no number in quotes: interface = "..."')),
    Config("a colon for the =", (WORKERS, "workers: 1"), 1, (":11:8: core.workers: is not TOML: expected '=', saw ':'; write workers = and a value",)),
    Config("a comment of an INI file", (WORKERS, f"; one will do\n{WORKERS}"), 1, (":11:1: core: is not TOML: ", "; begin comments with #")),
    Config("a list that is not closed", ('["198.18.0.1"]', '["198.18.0.1"'), 1, ("pptp.bind: is not TOML: ", "; write bind = [...], with a comma between values")),
    Config("UTF-16", CONFIG.encode("utf-16"), 1, (":1:1: TOML: is not TOML: ", "; save it as plain text in UTF-8")),
    Config("a BOM and CRLF, which are right", b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode(), 0),
    # Keys that cannot work together.
    Config("logins by certificate without a certificate", '[auth]\nmethods = ["eap"]\n[eap]\nmethods = ["tls"]\n', 1,
           (':32:11: eap.certificate: is missing, and eap.methods has "tls"; name a file in PEM', "eap.private-key: is missing", "eap.ca: is missing")),
    Config("a certificate that is none", '[auth]\nmethods = ["eap"]\n[eap]\nmethods = ["tls"]\n' +
           "".join(f'{key} = "{{work}}/own.pem"\n' for key in ("certificate", "private-key", "ca")), 1,
           (':33:15: eap.certificate: value "', 'has no certificate in PEM; write PEM, as openssl does'), files={"own.pem": "none\n"}),
    Config("encryption without keys", '[ppp]\nmppe = "require"\n[auth]\nmethods = ["pap"]\n', 1,
           (':30:8: ppp.mppe: value "require": needs keys, ', '; add "mschap-v2" to auth.methods')),
    Config("RADIUS without a server", '[auth]\nbackend = "radius"\n', 1,
           (':30:11: auth.backend: value "radius": asks RADIUS, and there is no server; add a [[radius-server]]',)),
    Config("a login that ends before its servers answer", '[auth]\nbackend = "radius-then-local"\ntimeout = "2s"\n' + server(), 0,
           (':31:11: warning: radius.patience: value "3s": is not less than three quarters of auth.timeout = 2s', "; lower timeout, max-try or patience")),
    Config("a call that ends before its login", '[ppp]\nsetup-timeout = "5s"\nlcp-timeout = "4s"\n', 0,
           (':30:17: warning: ppp.setup-timeout: value "5s": is not more than auth.timeout = 10s: calls end before their verdict is due; raise it',)),
    Config("a connection that ends before its login", below("pptp", 'login-timeout = "8s"\nstart-timeout = "8s"\ncall-timeout = "7s"'), 0,
           (':16:17: warning: pptp.login-timeout: value "8s": is not more than auth.timeout = 10s', ':17:17: warning: pptp.start-timeout: value "8s": is not less than pptp.login-timeout = 8s')),
    Config("two tables of one server", server() + server("aaa2"), 0,
           (':35:11: warning: radius-server.address: value "127.0.0.1": with port 1812 is another [[radius-server]] already; make one of them',)),
    Config("two servers of one name", server() + server(address="127.0.0.2"), 0,
           (""":34:8: warning: radius-server.name: value "aaa1": is another [[radius-server]]'s name already; give it a name of its own""",)),
    Config("more sessions than connections", below("pptp", "max-connections = 10"), 0,
           (":16:19: warning: pptp.max-connections: value 10: is less than common.max-sessions = 100; each call has a connection",)),
    Config("a pool that has the gateway", (POOL, "10.64.0.0/24"), 1,
           (':18:11: ip-pool.ranges: value "10.64.0.1-10.64.0.254": holds ip.gw-ip-address 10.64.0.1; leave that address out of the range',)),
    Config("one interface for both sides", ('"core1"', '"access1"'), 1, (':7:13: port.interface: value "access1": is another [[port]] already; ',)),
    # The machine.
    Config("a pool in a network of the machine's own", (POOL, "198.19.0.2-198.19.0.200"), 0,
           (':18:10: warning: ip-pool.ranges: value "198.19.0.2-198.19.0.200": shares addresses with 198.19.0.0/24, the network of core1; ',)),
    Config("a foreign address to bind", ('"198.18.0.1"', '"198.18.9.9"'), 3,
           (':16:8: warning: pptp.bind: value "198.18.9.9": is no address of this machine; write one that `ip -4 address` shows',)),
    Config("an interface that there is not", ('"core1"', '"core9"'), 3,
           (':7:13: warning: port.interface: value "core9": there is no such interface on this machine; name one that `ip link` shows',)),
    Config("the loopback", ('"core1"', '"lo"'), 3,
           (""":7:13: warning: port.interface: value "lo": is this machine's loopback; name one that leads to clients or to the Internet""",)),
    Config("an interface that is down", ('"core1"', '"spare1"'), 0,
           (':7:13: warning: port.interface: value "spare1": is down; do: ip link set spare1 up',)),
    Config("a device that there is not", ('interface = "core1"\nrole = "core"\ndriver = "af_packet"', 'name = "c"\ndevice = "0000:99:00.0"\nrole = "core"\ndriver = "dpdk"'), 3,
           (':8:10: warning: port.device: value "0000:99:00.0": there is no such PCI device on this machine; name one that `dpdk-devbind.py',)),
    Config("more workers than CPUs", (WORKERS, "workers = 128"), 0,
           (":11:11: warning: core.workers: value 128: and the control thread share ", "; give more CPUs, or write 0"), starts=False),
    Config("an MRU of 1500", "[ppp]\nmru = 1500\n", 0,
           (":30:7: warning: ppp.mru: value 1500: does not fit a tunnel through access1, whose MTU is 1500; write 1460 or less",)),
    Config("no route to a server", server(address="192.0.2.10"), 3,
           (':31:11: warning: radius-server.address: value "192.0.2.10": this machine has no route to it; add one',)),
    Config("a user that there is not", ('user = "root"', 'user = "adite"'), 1, (':12:8: core.user: value "adite": no such user on this machine; create it',)),
    Config("a group that there is not", below("cli", 'group = "nobodyhere"'), 1, (':26:9: cli.group: value "nobodyhere": no such group on this machine; create it',)),
    # Files.
    Config("a socket in no directory", ("/adit.sock", "/no/where/adit.sock"), 3, (":26:10: warning: cli.socket: value ", "there is no directory {work}/no/where, ")),
    Config("a log that is a directory", ("/log/adit.log", "/log"), 3, (":28:12: warning: log.log-file: value ", "Is a directory; ")),
    Config("no chap-secrets", "", 1, (':22:16: chap-secrets.chap-secrets: value "{work}/chap-secrets": No such file or directory; create it',), gone=("chap-secrets",)),
    Config("chap-secrets for everybody", "", 0,
           (':22:16: warning: chap-secrets.chap-secrets: value "{work}/chap-secrets": has secrets and is open to every user of this machine (mode 0644); do: chown root:root',),
           modes={"chap-secrets": 0o644}),
    Config("secrets of servers for everybody", server(), 0,
           (': warning: config file: value "{work}/adit.toml": has secrets and is open to every user of this machine (mode 0644); do: ',), modes={"adit.toml": 0o644}),
    Config("chap-secrets with wrong lines", "", 0, (
        "line 2: has 1 of the columns: user server password [address]; ", "line 3: user 'carol': a double quote is never closed; close it",
        "line 4: user 'dave': the fourth column is no address that a subscriber can have; write one IPv4 address",
        "line 5: user 'erin': the fifth column is no rate; write kbit/s", "line 6: user 'frank': the sixth column lists no networks; write them as 10.20.0.0/24",
        "line 7: user 'gina': is for another server, and this one is 'adit': skipped; write * in the second column"), users=1,
        files={"chap-secrets": 'alice * one *\nbob\ncarol * "two\ndave * three 10.64.0.300\nerin * four * 10M\nfrank * five * 100 10.1.2.3/8\ngina srv six *\n'}),
    Config("nobody in chap-secrets", "", 0, (":22:16: warning: chap-secrets.chap-secrets: value ", "has no user who can log in; write a line for each"),
           files={"chap-secrets": "# nobody yet\n"}, users=0),
    Config("a dictionary that there is not", below("radius", 'dictionary = ["/no/dictionary"]'), 1, (":24:15: radius.dictionary: /no/dictionary: no such file; create it, or name another",)),
    Config("a dictionary with a wrong line", below("radius", 'dictionary = ["{work}/dictionary"]'), 1, (":24:15: radius.dictionary: {work}/dictionary:1: ATTRIBUTE has 1 words behind it; write ",),
           files={"dictionary": "ATTRIBUTE Acme-Rate\n"}),
    Config("no configuration", "", 1, (": config file: No such file or directory; create it, or name another with --config FILE",), gone=("adit.toml",)),
    Config("an empty configuration", b"", 1, (": pptp.bind: missing or empty; list the addresses that clients dial", ": port.role: no [[port]] serves the access side; add one", ": ip.gw-ip-address: missing; ")),
]


class Command(NamedTuple):
    """`edit` of the configuration and `gone` file: as the command finds them, beside an aditd that runs with the right ones."""
    what: str
    words: list
    code: int
    err: tuple = ()
    out: tuple = ()
    input: str = ""
    user: object = None
    edit: tuple = ("", "")
    gone: str = ""
    socket: str = "{work}/adit.sock"

    def config(self, right):
        return right.replace(*self.edit, 1)


def adit(words):
    return ["adit", *words.split()]


def blast(words, verb="set-up"):
    return ["adit-blast", verb, "--server", "198.18.0.1", "--access", "access1", *words.split()]


COMMANDS = [
    Command("no command", adit(""), 2, ("adit: a command is missing: show, top, terminate, shaper, worker, port, test, events, trace, explain, reload or shutdown; see adit --help",)),
    Command("a command that there is not", adit("shw sessions"), 2, ("adit: no such command: shw; there are show, top, terminate, ",)),
    Command("a command without its group", adit("sessions"), 2, ("adit: no such command: sessions; did you mean show sessions?",)),
    Command("a thing that cannot be shown", adit("show sesions"), 2, ("adit: no such command: show sesions; there are sessions, session, stat, ",)),
    Command("an option that there is not", adit("show stat --jsn"), 2, ("adit: no such option: --jsn; ",)),
    Command("a word too many", adit("show stat all"), 2, ("adit: this belongs to no command: all; see adit --help",)),
    Command("nobody to terminate", adit("terminate username"), 2, ("adit: terminate username needs a value: Which (adit show sessions)",)),
    Command("a user without a call", adit("terminate username mallory"), 1, ("adit: no call has username mallory; adit show sessions lists them",), ("0 calls ended",)),
    Command("a session that there is not", adit("terminate sid 00ff"), 1, ("adit: no call has sid 00ff; adit show sessions",), ("0 calls ended",)),
    Command("no address", adit("terminate ip 10.64.0.300"), 4, ("adit: aditd refused: value is not an IP address: 10.64.0.300",)),
    Command("neither soft nor hard", adit("terminate all gently"), 2, ("adit: how: value gently is no choice; write soft or hard",)),
    Command("soft and hard", adit("terminate all hard soft"), 2, ("adit: this belongs to no command: soft",)),
    Command("a rate with a unit", adit("shaper change all 10M"), 4, ("adit: aditd refused: rate is not in kbit/s: 10M; write 10240, or 10240/2048 for down and up",)),
    Command("a negative rate", adit("shaper change all -- -5"), 4, ("adit: aditd refused: rate is not in kbit/s: -5; write 10240",)),
    Command("a rate for whom", adit("shaper change alice 1000"), 2, ("adit: by: value alice is no choice; write username, ip, sid or all",)),
    Command("a rate that is missing", adit("shaper change username alice"), 2, ("adit: write: shaper change username NAME RATE",)),
    Command("a worker that there is not", adit("worker idle 7"), 4, ("adit: aditd refused: there is no worker 7; adit show workers lists them",)),
    Command("the last worker", adit("worker idle 0"), 4, ("adit: aditd refused: the last worker in use cannot be idled; put another to use first",)),
    Command("a worker that is no number", adit("worker idle one"), 2, ("adit: worker: value one is wrong; write a whole number from 0",)),
    Command("a port that there is not", adit("port restart wan"), 4, ("adit: aditd refused: port 'wan' was not restarted: no such port; adit show ports lists them",)),
    Command("a login without a password", adit("test radius alice"), 2, ("adit: no password: set ADIT_TEST_PASSWORD, or write it as a line of standard input",)),
    Command("a login without a server", adit("test radius alice"), 1, (), ("no RADIUS server is configured for this",), input="one\n"),
    Command("a time that is none", adit("--timeout 0 show stat"), 2, ("adit: --timeout: value 0 is wrong; write a whole number from 1 to 3600",)),
    Command("no socket", adit("show stat"), 3, ("adit: cannot reach aditd at {work}/none.sock: No such file or directory; is it running?",), socket="{work}/none.sock"),
    Command("no socket, told to a script", adit("show stat --json"), 3, ("adit: cannot reach aditd",), ('"exit_code":3',), socket="{work}/none.sock"),
    Command("a socket that is another's", adit("show stat"), 3, ("adit: cannot reach aditd at {work}/adit.sock: Permission denied; run this as root, or as a member of the group that cli.group names",), user=65534),
    Command("a reload of a wrong file", adit("reload"), 4, ('adit: aditd refused: {work}/adit.toml:11:11: core.workers: value "x": is not a whole number; ',), edit=(WORKERS, 'workers = "x"')),
    Command("a reload of what is no TOML", adit("reload"), 4, ("adit: aditd refused: {work}/adit.toml:11:8: core.workers: is not TOML: ", "; write workers = and a value"), edit=(WORKERS, "workers: 1")),
    Command("a reload of no file", adit("reload"), 4, ("adit: aditd refused: {work}/adit.toml: config file: No such file or directory; create it",), gone="adit.toml"),
    Command("a reload without chap-secrets", adit("reload"), 4, ('adit: aditd refused: {work}/adit.toml:22:16: chap-secrets.chap-secrets: value "{work}/chap-secrets": No such file',), gone="chap-secrets"),
    Command("aditd: an option that there is not", ["aditd", "--chek"], 2, ("aditd: The following argument was not expected: --chek; see aditd --help",)),
    Command("aditd: beside another", ["aditd", "--config", "{work}/adit.toml", "--", "--no-huge", "--no-shconf", "-m", "448"], 2,
            ('aditd: cli.socket: value "{work}/adit.sock": another aditd answers there; stop it, or set another path',)),
    Command("blast: no verb", ["adit-blast"], 2, ("adit-blast: do what? There are set-up, hold, ",)),
    Command("blast: a verb that there is not", ["adit-blast", "setup"], 2, ('adit-blast: "setup": no such verb; did you mean set-up?',)),
    Command("blast: no server, no interface", ["adit-blast", "set-up"], 2, ("adit-blast: --server: missing; name the address", "adit-blast: --access: missing; name the interface")),
    Command("blast: an interface that there is not", blast("--access eth99"), 2, ("adit-blast: there is no interface eth99; name one that `ip link` shows with --access",)),
    Command("blast: a negative count", blast("--calls -5"), 2, ('adit-blast: --calls: value "-5": is out of range; write a number from 1 to 10000000',)),
    Command("blast: a unit that there is not", blast("--up 20kp", "traffic"), 2, ('adit-blast: --up: value "20kp": is not a rate; write packets or bits a second',)),
    Command("blast: two passwords", blast("--password a --password-file b"), 2, ('adit-blast: --password-file: value "b": is there beside --password; keep one of them',)),
    Command("blast: an option of another verb", blast("--for 5s"), 2, ("adit-blast: --for: means nothing to set-up, it belongs to: hold, ",)),
    Command("blast: results in no directory", blast("--json /no/where/x.json"), 2, ('adit-blast: --json: value "/no/where/x.json": cannot be written: No such file or directory; name a file in a directory that is there',)),
    Command("blast: two outputs in one place", blast("--json {work}/a --report {work}/a"), 2, ('adit-blast: --report: value "{work}/a": is the JSON file already; write them to two files',)),
    Command("blast: encryption without keys", blast("--mppe require --auth pap"), 2, ('adit-blast: --mppe: value "require": cannot be had with these methods; add mschap-v2 to --auth',)),
    Command("blast: a scenario that there is not", ["adit-blast", "run", "/no/such.toml"], 2, ("/no/such.toml: scenario: No such file or directory; create it",)),
    Command("blast: half a result", ["adit-blast", "compare", "{work}/half.json", "{work}/other.json"], 2, ("adit-blast: {work}/half.json: is not JSON, or not all of it; name a file that --json wrote",)),
    Command("blast: no result", ["adit-blast", "compare", "{work}/other.json", "{work}/other.json"], 2, ("adit-blast: {work}/other.json: is not a result of adit-blast; name a file that --json wrote",)),
    Command("blast: one of two results", ["adit-blast", "compare", "{work}/other.json"], 2, ("adit-blast: compare what? Name two files that --json wrote",)),
    Command("blast: a negative threshold", ["adit-blast", "compare", "{work}/other.json", "{work}/other.json", "--threshold", "-5"], 2, ('adit-blast: --threshold: value "-5": is not a percentage; write a number from 0 up',)),
]
