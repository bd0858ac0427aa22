"""What the walk runs on: one machine with a private engine, a server, a link that can be cut, and an agent."""

import http.client
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

# How often a condition is looked at while it is waited for.
LOOK_EVERY_S = 0.02


class Failure(Exception):
    """A promise that did not hold."""


def eventually(seconds, what, condition):
    """The first true value of `condition`, and a failure naming `what` where there is none in time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(LOOK_EVERY_S)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class EngineConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("engine", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    """A Docker Engine of engine.sh, asked over its own API."""

    def __init__(self, script, directory):
        self.script, self.directory = script, directory
        self.socket = f"{directory}/docker.sock"

    def call(self, method, path, body=None, good=(200, 201, 204, 304)):
        connection = EngineConnection(self.socket)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json"} if body is not None else {})
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        if reply.status not in good:
            raise Failure(f"engine: {method} {path}: {reply.status} {text[:200]!r}")
        return text

    def get(self, path):
        return json.loads(self.call("GET", path))

    def answers(self):
        try:
            self.call("GET", "/_ping")
            return True
        except OSError:
            return False

    def inspect(self, name):
        """The container, or None."""
        text = self.call("GET", f"/containers/{name}/json", good=(200, 404))
        container = json.loads(text)
        return container if "Id" in container else None

    def identities(self):
        """Who runs since when: what must not change where nothing may be recreated or restarted."""
        found = {}
        for row in self.get("/containers/json?all=1"):
            container = self.inspect(row["Id"])
            if container:
                found[container["Name"]] = (container["Id"], container["State"]["StartedAt"])
        return found

    def events(self, since):
        """Everything the engine told since then, oldest first. It keeps the last 256."""
        text = self.call("GET", f"/events?since={since:.6f}&until={time.time():.6f}").decode()
        rows, decoder, at = [], json.JSONDecoder(), 0
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            row, at = decoder.raw_decode(text, at)
            rows.append(row)
        return rows

    def script_verb(self, verb):
        subprocess.run([self.script, verb, self.directory], check=True, capture_output=True)

    def namespace(self):
        """The network namespace the published ports are in."""
        pid = Path(self.directory, "pid").read_text().strip()
        return f"/proc/{pid}/ns/net"


class Link:
    """Stands between agent and server, can be cut and made long. It sees only ciphertext."""

    def __init__(self, server_port):
        self.server_port, self.is_cut, self.pairs = server_port, False, set()
        self.ended_by_server_at = None
        # How long every byte is under way, either direction.
        self.delay_s = 0.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            agent, _ = self.listener.accept()
            if self.is_cut:
                agent.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.server_port))
            except OSError:
                agent.close()
                continue
            pair = (agent, server)
            self.pairs.add(pair)
            threading.Thread(target=self.pump, args=(agent, server, pair), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, agent, pair), daemon=True).start()

    def pump(self, source, sink, pair):
        under_way = queue.Queue()
        threading.Thread(target=self.deliver, args=(under_way, sink, pair), daemon=True).start()
        try:
            while data := source.recv(65536):
                under_way.put((time.monotonic() + self.delay_s, data))
        except OSError:
            pass
        if source is pair[1] and pair in self.pairs:
            self.ended_by_server_at = time.monotonic()
        under_way.put((time.monotonic() + self.delay_s, b""))

    def deliver(self, under_way, sink, pair):
        """Sends what is due, in order; nothing at all says that the other side has ended."""
        try:
            while True:
                due, data = under_way.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    break
                sink.sendall(data)
        except OSError:
            pass
        self.end(pair)

    def end(self, pair):
        self.pairs.discard(pair)
        for end in pair:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def cut(self):
        self.is_cut = True
        for pair in list(self.pairs):
            self.end(pair)

    def mend(self):
        self.is_cut = False


class Program:
    """One of ours, in the background, with its log."""

    def __init__(self, command, log):
        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def running(self):
        return self.process.poll() is None

    def end(self, number=signal.SIGTERM):
        if self.running():
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired as late:
                self.process.kill()
                raise Failure(f"{self.log}: did not end within 20 s") from late
        return self.process.returncode


class Machine:
    """Everything of one walk below one directory."""

    def __init__(self, tree, build, directory):
        self.tree, self.programs, self.directory = Path(tree), Path(build, "apps"), Path(directory)
        self.build = Path(build)
        self.liar = self.build / "tests/e2e/liar"
        engine_directory = os.environ["SKERRY_ENGINE_DIR"]
        self.engine = Engine(f"{tree}/tests/integration/engine.sh", engine_directory)
        self.server_port = free_port()
        self.link = Link(self.server_port)
        self.server = self.agent = None
        self.state = self.directory / "agent"
        self.local_socket = f"{self.state}/agent.sock"
        self.environment = dict(os.environ, SKERRY_CONFIG=f"{directory}/config.yaml", SKERRY_SOCKET=self.local_socket,
                                NO_COLOR="1", DOCKER_HOST=f"unix://{self.engine.socket}")

    # --- the command line ---

    def run(self, *command, stdin=None, good=(0,)):
        done = subprocess.run([str(word) for word in command], input=stdin, env=self.environment, text=True,
                              capture_output=True, timeout=120, check=False)
        if good is not None and done.returncode not in good:
            raise Failure(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def skerry(self, *words, **options):
        return self.run(self.programs / "skerry", *words, **options).stdout

    def get(self, kind, name):
        return json.loads(self.skerry("get", kind, name, "-o", "json"))

    def told(self):
        """The newest events that the server has, newest first."""
        listed = json.loads(self.skerry("events", "--limit", "200", "-o", "json"))
        return listed["items"] if isinstance(listed, dict) else listed

    def at_the_site(self):
        """What the agent says over its local socket, or None where none answers."""
        done = self.run(self.programs / "skerry", "site", "status", "--json", good=None)
        return json.loads(done.stdout) if done.returncode == 0 else None

    # --- the programs ---

    def start_server(self):
        self.server = Program([self.programs / "skerryd", "--data", self.directory / "server", "--listen",
                               f"127.0.0.1:{self.server_port}"], self.directory / "skerryd.log")
        eventually(20, "skerryd accepts connections", self.server_accepts)

    def server_accepts(self):
        if not self.server.running():
            raise Failure("skerryd ended at its start")
        try:
            socket.create_connection(("127.0.0.1", self.server_port), 2).close()
            return True
        except OSError:
            return False

    def agent_command(self, verb, *flags):
        return [self.programs / "skerry-agent", verb, "--state", self.state, "--docker", self.engine.socket, *flags]

    def start_agent(self):
        self.agent = Program(self.agent_command("run", "--socket", self.local_socket), self.directory / "agent.log")

    def start_agent_in_empty_root(self):
        """With nothing but the program, its state and the engine's socket: no /proc, /dev, /etc, no library."""
        root = self.directory / "root"
        (root / "state").mkdir(parents=True)
        (root / "docker.sock").touch()
        shutil.copy(self.programs / "skerry-agent", root / "agent")
        mounts = (f"mount --bind {self.state} {root}/state && mount --bind {self.engine.socket} {root}/docker.sock && "
                  f"exec chroot {root} /agent run --state /state --docker /docker.sock --socket /state/agent.sock")
        self.agent = Program(["unshare", "--mount", "--propagation", "private", "sh", "-c", mounts],
                             self.directory / "agent.log")

    def is_linked(self):
        status = self.at_the_site()
        return bool(status and status["link"]["connected"])

    def page(self):
        """The service's own answer, or None."""
        done = self.run("nsenter", f"--net={self.engine.namespace()}", "curl", "-fsS", "--max-time", "2",
                        "http://127.0.0.1:8088/", good=None)
        return done.stdout if done.returncode == 0 else None

    def end(self):
        for program in (self.agent, self.server):
            if program and program.running():
                program.process.kill()
                program.process.wait()

    def logs(self):
        for name in ("skerryd.log", "agent.log"):
            path = self.directory / name
            if path.exists():
                yield name, path.read_text(errors="replace").splitlines()[-25:]
