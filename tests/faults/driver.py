"""A skerryd under writers that remember what it acknowledged, and a site of it: what the fault runs share."""

import http.client
import json
import os
import random
import re
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from machine import Failure, Program, eventually, free_port  # noqa: E402

USER, PASSWORD = "ana", "correct horse"
# From the program's start to its first "ready".
RESTART_S = 2.0
WRITERS = 3
STACKS_OF_A_WRITER = 3

# What a broken connection is shown as; whether the request took effect is not known then.
Gone = (OSError, http.client.HTTPException)


def stack(name, count, targets="nowhere", compose=None):
    """A stack that says which change it is of; `padding` in the program makes it larger."""
    compose = compose or 'services: {web: {image: "example.com/web:1", environment: {COUNT: "%d"}}}' % count
    return json.dumps({"apiVersion": "skerry/v1", "kind": "Stack",
                       "metadata": {"name": name, "labels": {"count": str(count)}},
                       "spec": {"targets": {"sites": [targets]}, "compose": compose}})


class Server:
    """skerryd on a directory of its own, started as often as it takes."""

    def __init__(self, programs, directory, *flags, data=None, before=()):
        self.programs, self.directory, self.flags = Path(programs), Path(directory), flags
        self.data = Path(data or self.directory / "server")
        self.before = before
        self.port = free_port()
        self.log = self.directory / "skerryd.log"
        self.program, self.token, self.begun = None, None, 0.0
        self.starts_s = []

    def start(self, before=None):
        self.begun = time.monotonic()
        self.program = Program([*(self.before if before is None else before), self.programs / "skerryd", "--data",
                                self.data, "--listen", f"127.0.0.1:{self.port}", *self.flags], self.log)

    def wait_ready(self, limit=20.0):
        """Seconds from the start of the program."""
        eventually(limit, "skerryd is ready", self.is_ready)
        self.starts_s.append(time.monotonic() - self.begun)
        return self.starts_s[-1]

    def is_ready(self):
        if not self.program.running():
            raise Failure(f"skerryd ended by itself with {self.program.process.returncode}: {self.last_words()}")
        try:
            return self.call("GET", "/readyz", prefix="")[0] == 200
        except Gone:
            return False

    def last_words(self):
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-3:])

    def kill(self):
        self.program.process.kill()
        self.program.process.wait()

    def connect(self, timeout=20):
        # Which server it is does not matter here.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=timeout)

    def call(self, method, path, body=None, connection=None, prefix="/api/v1", **headers):
        """Status and text. A key of `headers` has - for _."""
        own = connection or self.connect()
        lines = {key.replace("_", "-"): value for key, value in headers.items()}
        if self.token:
            lines["authorization"] = f"Bearer {self.token}"
        if body is not None:
            lines["content-type"] = "application/json"
        try:
            own.request(method, prefix + path, body, lines)
            answer = own.getresponse()
            return answer.status, answer.read().decode()
        finally:
            if connection is None:
                own.close()

    def get(self, path):
        status, text = self.call("GET", path)
        if status != 200:
            raise Failure(f"GET {path}: {status} {text[:300]}")
        return json.loads(text)

    def put_stack(self, name, *words, **more):
        status, text = self.call("PUT", f"/stacks/{name}", stack(name, *words, **more))
        if status not in (200, 201):
            raise Failure(f"PUT {name}: {status} {text[:300]}")

    def all(self, path):
        """Every item of a list."""
        items, after = [], ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=1000{after}")
            items += page.get("items", [])
            following = page.get("page", {}).get("next")
            if not following:
                return items
            after = f"&cursor={following}"

    def sign_in(self):
        code = (self.data / "setup-code").read_text().strip()
        status, text = self.call("POST", "/setup", json.dumps({"code": code, "user": USER, "password": PASSWORD}))
        if status not in (200, 201):
            raise Failure(f"setup: {status} {text[:300]}")
        self.token = json.loads(text)["token"]

    def root(self):
        return self.said("root")

    def said(self, word):
        """What it said of itself at its last start."""
        return re.findall(f'"{word}":"([^"]+)"', self.log.read_text())[-1]

    def enrolment_token(self):
        """For one site, which needs no approval."""
        environment = dict(os.environ, SKERRY_SERVER=f"https://127.0.0.1:{self.port}", SKERRY_TOKEN=self.token,
                           SKERRY_PIN=self.said("fingerprint"), NO_COLOR="1")
        done = subprocess.run([self.programs / "skerry", "token", "create", "--site"], env=environment, text=True,
                              capture_output=True, timeout=30, check=False)
        if done.returncode != 0:
            raise Failure(f"token create: {done.stderr}")
        return re.search(r"token: (\S+)", done.stdout)[1]


class Writer(threading.Thread):
    """Changes its own stacks without a pause, and knows what each must be: as acknowledged, or as the one request
    without an answer wanted it."""

    def __init__(self, server, number, padding=0):
        super().__init__(daemon=True)
        self.server, self.number, self.padding = server, number, padding
        self.names = [f"writer-{number}-{each}" for each in range(STACKS_OF_A_WRITER)]
        self.held = dict.fromkeys(self.names)
        # Name, wanted value and idempotency key of the request that got no answer.
        self.unanswered = None
        self.changes = dict.fromkeys(self.names, 0)
        self.acknowledged, self.refusals = 0, {}
        self.random = random.Random(number)
        self.count, self.problem = 0, None
        self.may, self.stopped, self.is_ending = threading.Event(), threading.Event(), False
        self.stopped.set()

    def run(self):
        while self.may.wait() and not self.is_ending:
            self.stopped.clear()
            connection = self.server.connect()
            try:
                while self.may.is_set():
                    self.change(connection)
            except Gone:
                # The server is away; whoever killed it says when to go on.
                self.may.clear()
            except Failure as failure:
                self.problem = failure
                self.may.clear()
            finally:
                connection.close()
                self.stopped.set()

    def change(self, connection):
        name = self.random.choice(self.names)
        removes = self.held[name] is not None and self.random.random() < 0.2
        self.count += 1
        key = f"writer-{self.number}-{self.count}"
        self.unanswered = (name, None if removes else self.count, key)
        status, text = self.send(connection, *self.unanswered)
        if status in (200, 201, 204):
            self.took(name, self.unanswered[1])
            self.acknowledged += 1
        elif status in (429, 503, 507):
            self.refusals[status] = self.refusals.get(status, 0) + 1
            if self.padding:  # The disk is full: the answer is no, and nothing may have changed.
                self.may.clear()
        else:
            raise Failure(f"writer {self.number}: {status} {text[:300]}")
        self.unanswered = None

    def send(self, connection, name, value, key):
        if value is None:
            return self.server.call("DELETE", f"/stacks/{name}", connection=connection, idempotency_key=key)
        compose = None
        if self.padding:
            text = f"{value}-".ljust(self.padding, "x")
            compose = 'services: {web: {image: "example.com/web:1", environment: {FILLING: "%s"}}}' % text
        return self.server.call("PUT", f"/stacks/{name}", stack(name, value, compose=compose), connection=connection,
                                idempotency_key=key)

    def took(self, name, value):
        self.held[name] = value
        self.changes[name] += 1

    def wait_stopped(self, seconds=30):
        if not self.stopped.wait(seconds):
            raise Failure(f"writer {self.number} still waits for an answer")
        if self.problem:
            raise self.problem

    def check(self, connection):
        """What the server has against what it said. Returns lost and invented."""
        lost = invented = 0
        for name in self.names:
            found = self.found(connection, name)
            unsure = self.unanswered is not None and self.unanswered[0] == name
            if found == self.held[name]:
                if unsure and self.random.random() < 0.5:
                    self.retry(connection)
            elif unsure and found == self.unanswered[1]:
                self.took(name, found)
                if self.random.random() < 0.5:
                    self.answer_is_kept(connection)
            elif found is None or (self.held[name] is not None and found < self.held[name]):
                lost += 1
                print(f"    LOST: {name} was acknowledged as {self.held[name]}, is {found}", flush=True)
                self.held[name] = found
            else:
                invented += 1
                print(f"    INVENTED: {name} is {found}, was acknowledged as {self.held[name]}", flush=True)
                self.held[name] = found
        self.unanswered = None
        return lost, invented

    def found(self, connection, name):
        status, text = self.server.call("GET", f"/stacks/{name}", connection=connection)
        if status == 404:
            return None
        if status != 200:
            raise Failure(f"GET {name}: {status} {text[:300]}")
        return int(json.loads(text)["metadata"]["labels"]["count"])

    def retry(self, connection):
        """It did not happen, so under the same key it happens now."""
        status, text = self.send(connection, *self.unanswered)
        if status not in (200, 201, 204):
            raise Failure(f"a request retried under its key: {status} {text[:300]}")
        self.took(self.unanswered[0], self.unanswered[1])
        if self.found(connection, self.unanswered[0]) != self.unanswered[1]:
            raise Failure(f"a retried {self.unanswered} was acknowledged and is not there")

    def answer_is_kept(self, connection):
        """It happened, so under the same key it is answered and does not happen again; the audit is counted."""
        status, text = self.send(connection, *self.unanswered)
        if status not in (200, 201, 204):
            raise Failure(f"a request answered again under its key: {status} {text[:300]}")


def start_writers(server, padding=0, count=WRITERS):
    writers = [Writer(server, number, padding) for number in range(count)]
    for writer in writers:
        writer.start()
    return writers


def let(writers):
    for writer in writers:
        writer.may.set()


def hold(writers):
    for writer in writers:
        writer.may.clear()
    for writer in writers:
        writer.wait_stopped()


def check_all(server, writers):
    connection = server.connect()
    try:
        results = [writer.check(connection) for writer in writers]
    finally:
        connection.close()
    return sum(lost for lost, _ in results), sum(invented for _, invented in results)


def check_audit(server, writers):
    """One row a change, none too many, and no hole in the numbers."""
    rows = server.all("/audit")
    revisions = sorted(int(row["revision"]) for row in rows)
    if revisions != list(range(revisions[0], revisions[0] + len(revisions))):
        raise Failure("the audit has a hole or a number twice")
    for writer in writers:
        for name in writer.names:
            written = sum(row.get("objectKind") == "Stack" and row.get("objectName") == name for row in rows)
            if written != writer.changes[name]:
                raise Failure(f"{name} was changed {writer.changes[name]} times, the audit has {written} rows of it")
    return len(rows)


class Site:
    """skerry-agent on a directory of its own."""

    def __init__(self, programs, directory, name, docker=None, address=None):
        self.programs, self.directory, self.name = Path(programs), Path(directory), name
        self.state = self.directory / f"{name}.state"
        self.docker = docker or f"{self.directory}/no-engine.sock"
        self.socket = f"{self.state}/agent.sock"
        self.log = self.directory / f"{name}.log"
        self.address = address
        self.program = None

    def command(self, verb, *flags):
        return [self.programs / "skerry-agent", verb, "--state", self.state, "--docker", self.docker, *flags]

    def enrol(self, server, address=None, seconds=60, token=None, root=None):
        self.address = address or self.address or f"127.0.0.1:{server.port}"
        self.state.mkdir(exist_ok=True)
        return subprocess.run(
            self.command("enrol", "--server", self.address, "--root", root or server.root(), "--name", self.name),
            input=(token or server.enrolment_token()).encode(), capture_output=True, timeout=seconds, check=True)

    def start(self):
        self.program = Program(self.command("run", "--socket", self.socket), self.log)

    def kill(self):
        self.program.process.kill()
        self.program.process.wait()

    def ask(self, verb):
        """What `skerry site VERB` says, or None where no agent answers."""
        done = subprocess.run([self.programs / "skerry", "site", verb, "--json", "--socket", self.socket], text=True,
                              capture_output=True, timeout=30, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def told(self, verb, seconds=20):
        def asked():
            if not self.program.running():
                raise Failure(f"the agent ended by itself with {self.program.process.returncode}: {self.last_words()}")
            return self.ask(verb)
        return eventually(seconds, f"{self.name} answers {verb}", asked)

    def last_words(self):
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-3:])

    def is_linked(self):
        status = self.ask("status")
        return bool(status and status["link"]["connected"])

    def wait_linked(self, seconds=30):
        eventually(seconds, f"{self.name} is linked", self.is_linked)


def number(text):
    """Of "1.42" or {"term": "1", "seq": "42"} or nothing."""
    if not text:
        return 0, 0
    if isinstance(text, str):
        term, seq = text.split(".")
        return int(term), int(seq)
    return int(text.get("term", 0)), int(text.get("seq", 0))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
