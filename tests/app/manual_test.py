#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pages of the manual and the completions, as the programs make them: manual_test.py ADIT ADITD ADIT-BLAST ADIT-EXPORTER"""
import subprocess
import sys
import tempfile

ADIT, ADITD, BLAST, EXPORTER = sys.argv[1:5]


def output(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, **more).stdout


def page(program, option, *has):
    roff = output(program, option)
    # -W error: a missing date is a warning.
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "error"], input=roff, capture_output=True, text=True, check=False, timeout=60)
    assert lint.returncode == 0, lint.stdout + lint.stderr
    text = output("mandoc", "-T", "ascii", "-O", "width=80", input=roff)
    shown = "".join(char for at, char in enumerate(text) if char != "\b" and text[at + 1:at + 2] != "\b")
    for words in has:
        assert words in " ".join(shown.split()), f"{program} {option} does not say {words!r}:\n{shown}"


def bash(program, *words):
    """What bash offers for the last of `words`."""
    name = program.rsplit("/", 1)[-1]
    line = " ".join(f"'{word}'" for word in (name, *words))
    script = (f'source <("{program}" --completion bash); COMP_WORDS=({line}); COMP_CWORD={len(words)}; '
              f'_{name.replace("-", "_")}; echo "${{COMPREPLY[@]}}"')
    return output("bash", "-u", "-c", script).split()


def zsh(program, *words):
    """The same of zsh, whose _describe gets an array of WORD:TEXT."""
    name = program.rsplit("/", 1)[-1]
    line = " ".join(f"'{word}'" for word in (name, *words))
    with tempfile.NamedTemporaryFile("w", suffix=".zsh") as file:
        file.write(output(program, "--completion", "zsh"))
        file.flush()
        script = (f'_describe() {{ print -l -- ${{(P)3}} }}; _files() {{ print FILES }}; words=({line}); CURRENT={len(words) + 1}; '
                  f'source {file.name}')
        return [row.split(":", 1)[0] for row in output("zsh", "-f", "-c", script).splitlines()]


def offers(what, found, has, has_not):
    for word in has:
        assert word in found, f"{what}: {word} is not offered, {found} are"
    for word in has_not:
        assert word not in found, f"{what}: {word} is offered"


page(ADIT, "--manual", "NAME adit - query and control a running aditd", "terminate username value [how]", "-s --socket PATH",
     "ADIT_SOCKET", "EXIT CODES", "show sessions", "adit shaper change username alice 10240/2048")
page(ADITD, "--manual", "NAME aditd - a kernel-bypass PPTP concentrator", "protect nobody's secrets", "--check", "EXIT CODES", "EXAMPLES")
page(ADITD, "--manual-of-config", "[[port]]", "down-burst-factor", "[auth]", "Default:")
page(BLAST, "--manual", "compare", "--threshold PERCENT=10", "dials many PPTP clients")
page(EXPORTER, "--manual", "NAME adit-exporter - aditd's metrics for Prometheus", "--listen ADDRESS:PORT", "/metrics")

for shell in (bash, zsh):
    offers(shell, shell(ADIT, ""), ["show", "terminate", "shutdown", "--json"], ["sessions", "hard"])
    offers(shell, shell(ADIT, "--socket", "/x", "show", ""), ["sessions", "stat"], ["terminate"])
    offers(shell, shell(ADIT, "terminate", "username", "alice", ""), ["hard", "soft"], ["username"])
    offers(shell, shell(ADITD, ""), ["--check", "--sample-config"], ["--manual"])
    offers(shell, shell(EXPORTER, ""), ["--listen", "--sessions"], ["--manual"])
    offers(shell, shell(BLAST, "compare", ""), ["--threshold"], ["compare"])
offers("bash", bash(ADIT, "show", "se"), ["sessions"], ["stat"])
assert zsh(ADIT, "--socket", "") == ["FILES"]
print("the manual and the completions are as they should be")
