"""A site to measure: a private engine, a server and an agent in a network namespace of its own, as the e2e tests make one."""

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TREE / "tests/e2e"))

from machine import Failure, Machine, Program, eventually  # noqa: E402 (the path is set just above)

# The namespace's ends of the one cable between agent and server.
SERVER_ADDRESS, AGENT_ADDRESS = "10.203.7.1", "10.203.7.2"


class Cable:
    """A network namespace that holds the agent; its counters see every byte of the link, headers included."""

    NAMESPACE, OUTER, INNER = "skerry-bench", "skb-outer", "skb-inner"

    def __init__(self):
        self.end()
        for words in (f"netns add {self.NAMESPACE}", f"link add {self.OUTER} type veth peer name {self.INNER}",
                      f"link set {self.INNER} netns {self.NAMESPACE}", f"addr add {SERVER_ADDRESS}/30 dev {self.OUTER}",
                      f"link set {self.OUTER} up", f"-n {self.NAMESPACE} addr add {AGENT_ADDRESS}/30 dev {self.INNER}",
                      f"-n {self.NAMESPACE} link set {self.INNER} up", f"-n {self.NAMESPACE} link set lo up"):
            subprocess.run(["ip", *words.split()], check=True)

    def bytes(self):
        """Received and sent by the server's end since it was made."""
        counters = Path(f"/sys/class/net/{self.OUTER}/statistics")
        return sum(int((counters / name).read_text()) for name in ("rx_bytes", "tx_bytes"))

    def end(self):
        subprocess.run(["ip", "netns", "del", self.NAMESPACE], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["ip", "link", "del", self.OUTER], stderr=subprocess.DEVNULL, check=False)


class Site:
    """The machine of a walk with its agent behind a cable. Use it as a context."""

    def __init__(self, build, before_agent=()):
        self.directory = Path(tempfile.mkdtemp(prefix="skerry-bench."))
        self.machine = Machine(TREE, build, self.directory)
        self.cable = Cable()
        # What is put before the agent's command, to start it somewhere else.
        self.before_agent = list(before_agent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.machine.end()
        self.cable.end()
        # The next site on this engine has another name and owns none of it.
        for row in self.machine.engine.get("/containers/json?all=1"):
            self.machine.engine.call("DELETE", f"/containers/{row['Id']}?force=1&v=1", good=(204, 404))
        self.machine.engine.call("POST", "/networks/prune")
        shutil.rmtree(self.directory, ignore_errors=True)

    def in_namespace(self, command):
        return [*self.before_agent, "ip", "netns", "exec", Cable.NAMESPACE, *map(str, command)]

    def start_server(self):
        machine = self.machine
        machine.server = Program([machine.programs / "skerryd", "--data", self.directory / "server", "--listen",
                                  f"0.0.0.0:{machine.server_port}"], self.directory / "skerryd.log")
        eventually(20, "skerryd accepts connections", machine.server_accepts)

    def set_up(self):
        """Server, admin, image and an enrolled agent that does not run yet."""
        machine = self.machine
        self.start_server()
        code = eventually(10, "the set-up code", lambda: self.read("server/setup-code"))
        pin = re.search(r'"fingerprint":"([^"]+)"', self.read("skerryd.log"))[1]
        machine.skerry("setup", f"https://127.0.0.1:{machine.server_port}", "--pin", pin,
                       stdin=f"{code}\nbench-password-1\n")
        machine.run(machine.tree / "examples/hello/make-image.sh", machine.build / "examples/hello")
        printed = machine.skerry("token", "create", "--site")
        token, root = re.search(r"token: (\S+)", printed)[1], re.search(r"--root (\S+)", printed)[1]
        machine.state.mkdir()
        machine.run(*self.in_namespace(machine.agent_command("enrol", "--server",
                                                             f"{SERVER_ADDRESS}:{machine.server_port}", "--root", root,
                                                             "--name", "bench")), stdin=token)

    def read(self, name):
        path = self.directory / name
        return path.read_text().strip() if path.exists() else None

    def start_agent(self):
        machine = self.machine
        machine.agent = Program(self.in_namespace(machine.agent_command("run", "--socket", machine.local_socket)),
                                self.directory / "agent.log")

    def link_agent(self):
        """Starts it; seconds until it is linked."""
        begin = time.monotonic()
        self.start_agent()
        eventually(20, "the agent is linked", self.machine.is_linked)
        return time.monotonic() - begin

    def apply(self, text, stack):
        self.machine.skerry("apply", "-f", "-", stdin=text)
        self.machine.skerry("wait", f"stack/{stack}", "--timeout", "2m")

    def agent_pid(self):
        """`ip netns exec` becomes the agent; a cgroup's shell becomes it, too."""
        return self.machine.agent.process.pid


def status_kib(pid, *names):
    """The sum of those lines of /proc/PID/smaps_rollup or status, in KiB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text() + Path(f"/proc/{pid}/status").read_text()
    return sum(int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1]) for name in names)


def counter(path, name):
    return int(re.search(rf"^{name}:\s+(\d+)", Path(path).read_text(), re.M)[1])


def ten_services():
    """Ten containers of one stack, five of them with a health check every 10 s."""
    services = []
    for number in range(10):
        lines = [f"      s{number}:", "        image: skerry-hello:1", "        stop_grace_period: 1s"]
        if number % 2 == 0:
            lines.append("        healthcheck: {test: [CMD, /hello, --health], interval: 10s, timeout: 2s}")
        services.append("\n".join(lines))
    return ("apiVersion: skerry/v1\nkind: Stack\nmetadata: {name: ten}\nspec:\n  targets: {selector: {}}\n"
            "  compose: |\n    services:\n" + "\n".join(services) + "\n")


def report(name, rows):
    """Prints a table and holds it against the committed baseline: name, value, unit, budget or None."""
    baseline_file = TREE / f"bench/baselines/{name}.json"
    baseline = json.loads(baseline_file.read_text()) if baseline_file.exists() else {}
    print(f"\n| {name} | measured | baseline | budget | |\n|---|---|---|---|---|")
    for what, value, unit, budget in rows:
        verdict = "" if budget is None else ("met" if value <= budget else "MISSED")
        print(f"| {what} | {value:,.1f} {unit} | {baseline.get(what, '')} | {'' if budget is None else budget} | {verdict} |")
    print(json.dumps({what: round(value, 1) for what, value, _, _ in rows}))


def median_ms(seconds):
    return statistics.median(seconds) * 1000


__all__ = ["Failure", "Site", "TREE", "counter", "eventually", "median_ms", "report", "status_kib", "ten_services"]
