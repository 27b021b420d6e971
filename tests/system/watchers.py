# SPDX-License-Identifier: Apache-2.0
"""What looks at an aditd, started by tests: adit-exporter, a Prometheus, a browser; each on loopback, with a directory of its own,
and ended with the test. Not a test itself."""
import base64
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

TIMEOUT = 40  # seconds to wait for what must come; a loaded machine is slow


def until(what, probe, seconds=TIMEOUT):
    deadline = time.monotonic() + seconds
    while not (result := probe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: never")
        time.sleep(0.1)
    return result


def end(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Exporter:
    """`words`: options beside --listen. It tells the port that it found."""

    def __init__(self, program, *words):
        self.process = subprocess.Popen([program, "--listen", "127.0.0.1:0", *map(str, words)], stderr=subprocess.PIPE, text=True)
        self.told = []
        for line in self.process.stderr:
            self.told.append(line)
            if "http://" in line:
                self.port = int(line.rsplit(":", 1)[1].rstrip("/\n"))
                break
        else:
            raise AssertionError(f"adit-exporter ended: {self.told}")
        self.url = f"http://127.0.0.1:{self.port}"
        os.set_blocking(self.process.stderr.fileno(), False)

    def get(self, path, method="GET", **headers):
        """(status, headers, text)"""
        request = urllib.request.Request(self.url + path, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:
                return reply.status, reply.headers, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)

    def resident_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024

    def complaints(self):
        return self.process.stderr.read() or ""

    def close(self):
        end(self.process)
        self.process.stderr.close()


class Prometheus:
    """Scrapes `target` each second, and has the rules."""

    def __init__(self, target, rules):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="adit-prometheus-"))
        with socket.socket() as any_port:
            any_port.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % any_port.getsockname()[1]
        (self.place / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "adit", "static_configs": [{"targets": [target]}]}]}))
        self.log = open(self.place / "log", "w+")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.place}/prometheus.yml", f"--storage.tsdb.path={self.place}/data",
             f"--web.listen-address={self.address}", "--log.level=warn"], stdout=self.log, stderr=self.log)

    def ask(self, path, **words):
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(words)}", timeout=5) as reply:
                return json.load(reply)["data"]
        return None

    def query(self, text):
        with urllib.request.urlopen(f"http://{self.address}/api/v1/query?{urllib.parse.urlencode({'query': text})}") as reply:
            return json.load(reply)["data"]["result"]

    def close(self):
        end(self.process)
        self.log.close()
        shutil.rmtree(self.place)


class Browser:
    """A headless Chromium by its DevTools protocol over pipes, which needs no library. A page is a session of it."""

    def __init__(self):
        self.place = tempfile.mkdtemp(prefix="adit-chromium-")
        its_in, self.out = os.pipe()
        self.into, its_out = os.pipe()
        # It reads 3 and writes 4, so that no other may be one of these.
        its_in, its_out = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (its_in, its_out))
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{its_in} 4>&{its_out}', "bash", "chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--disable-extensions", "--mute-audio",
             "--hide-scrollbars", f"--user-data-dir={self.place}", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(its_in, its_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(its_in)
        os.close(its_out)
        self.buffer, self.next, self.events, self.targets = b"", 0, [], {}  # targets: of open pages

    def read(self, deadline):
        while b"\0" not in self.buffer:
            if time.monotonic() > deadline:
                raise AssertionError("Chromium does not answer")
            part = os.read(self.into, 1 << 20)
            if not part:
                raise AssertionError("Chromium ended")
            self.buffer += part
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, session=None, **params):
        self.next += 1
        message = {"id": self.next, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + TIMEOUT
        while (reply := self.read(deadline)).get("id") != self.next:
            self.events.append(reply)
        if "error" in reply:
            raise AssertionError(f"{method}: {reply['error']}")
        return reply["result"]

    def open(self, url, width, height, phone=False, dark=False):
        target = self.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable", session)
        self.call("Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone)
        self.call("Emulation.setEmulatedMedia", session, features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", session, url=url)
        self.targets[session] = target
        return session

    def leave(self, session):
        self.call("Target.closeTarget", targetId=self.targets.pop(session))

    def run(self, session, script):
        result = self.call("Runtime.evaluate", session, expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def screenshot(self, session, path):
        """All of the page, however long."""
        data = self.call("Page.captureScreenshot", session, captureBeyondViewport=True)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def errors(self):
        """Of all pages: exceptions, console.error(), and what the browser itself logs (a policy that was violated)."""
        wrong = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown" or (method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning")) or (
                    method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning")):
                wrong.append(params)
        return wrong

    def close(self):
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGTERM)  # of its own session: itself and what it started
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.out)
        os.close(self.into)
        shutil.rmtree(self.place, ignore_errors=True)
