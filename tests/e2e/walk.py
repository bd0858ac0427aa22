#!/usr/bin/python3
"""One site on a real engine, built programs only: walk.py [--long] TREE BUILD-DIRECTORY, below `engine.sh with auto`.

Steps run in the order written, each on what the one before left. A step that measures says what it measured and what
the limit is; the table stands at the end. Nothing sleeps: everything waits for a condition, with a deadline.
`--long` keeps the server away for three minutes instead of seconds.
"""

import calendar
import json
import re
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from machine import Engine, Failure, Machine, eventually

SITE = "shop-1"
WEB, VISITOR = "hello-web-1", "hello-visitor-1"
NETWORK = "hello_default"
# stop_grace_period of the example's services.
GRACE_S = 2.0
# From the engine's event to what puts it right; with a grace period before it where only a new container can.
REVERT_S = 1.0
REPLACE_S = REVERT_S + GRACE_S
# Beyond the engine's own time for the same deeds; a goal, and said, not a limit.
GOAL_S = 0.2
# Workloads come up by themselves within this, beside their own start.
COME_UP_S = 2.0
LONG_OUTAGE_S = 200.0
# The cap of the link's back-off, and 30 s: sessions of a walk are too short to start the count again.
RELINKED_S = 330.0


class Walk:
    def __init__(self, machine, is_long):
        self.machine, self.engine = machine, machine.engine
        # How long the server stays away, and how often containers are killed and edited meanwhile: so seldom that a
        # repair is not yet the next of a row.
        self.outage_s, self.outage_rounds = (LONG_OUTAGE_S, 3) if is_long else (5.0, 1)
        self.stack = Path(machine.tree, "examples/hello/stack.yaml").read_text()
        self.measured = []
        self.token = self.root = None

    def measure(self, what, seconds, limit=None):
        self.measured.append((what, seconds, limit))
        most = f" of at most {limit * 1000:.0f} ms" if limit else ""
        print(f"    {what}: {seconds * 1000:.0f} ms{most}", flush=True)
        if limit is not None and seconds > limit:
            raise Failure(f"{what} took {seconds:.3f} s, the limit is {limit} s")

    def apply(self, text):
        self.machine.skerry("apply", "-f", "-", stdin=text)

    def site(self):
        return self.machine.get("site", SITE)["status"]

    def is_healthy(self, stack="hello"):
        """What the server says: the newest release runs and is healthy."""
        done = self.machine.run(self.machine.programs / "skerry", "wait", f"stack/{stack}", "--timeout", "0", good=None)
        return done.returncode == 0

    def is_healthy_at_the_site(self):
        status = self.machine.at_the_site()
        return bool(status and status["stacks"] and all(stack["state"] == "Healthy" for stack in status["stacks"])
                    and not status["drift"] and not status["conditions"])

    def wait_healthy(self, seconds=30):
        eventually(seconds, "the stack is Healthy at the server", self.is_healthy)

    def wait_linked(self):
        eventually(RELINKED_S, "the agent is linked again", self.machine.is_linked)

    def unchanged(self, before, what):
        after = self.engine.identities()
        if after != before:
            raise Failure(f"{what}: containers changed\n  before {before}\n  after  {after}")

    def ids(self):
        return {name: identity for name, (identity, _) in self.engine.identities().items()}

    # --- the walk ---

    def a_machine_that_never_joined_says_how(self):
        machine = self.machine
        done = machine.run(machine.programs / "skerry-agent", "run", "--state", machine.directory / "alone",
                           "--docker", self.engine.socket, "--socket", machine.directory / "alone.sock", good=None)
        if done.returncode == 0 or "enrol" not in done.stderr:
            raise Failure(f"exit {done.returncode}: {done.stderr!r}")

    def a_file_becomes_a_healthy_service(self):
        machine = self.machine
        machine.start_server()
        code = eventually(10, "the set-up code is printed", self.setup_code)
        log = (machine.directory / "skerryd.log").read_text()
        pin = re.search(r'"fingerprint":"([^"]+)"', log)[1]
        machine.skerry("setup", f"https://127.0.0.1:{machine.server_port}", "--pin", pin,
                       stdin=f"{code}\nwalk-password-1\n")
        machine.run(machine.tree / "examples/hello/make-image.sh", machine.build / "examples/hello")
        self.token, self.root = self.new_token()
        begin = time.monotonic()
        machine.state.mkdir()
        machine.run(*machine.agent_command("enrol", *self.where_to(), "--name", SITE), stdin=self.token)
        self.measure("enrolled", time.monotonic() - begin)
        machine.start_agent()
        eventually(10, "the agent is linked", machine.is_linked)
        applied = time.monotonic()
        self.apply(self.stack)
        self.wait_healthy()
        self.measure("applied to Healthy at the server", time.monotonic() - applied)
        answer = eventually(5, "the service answers", machine.page)
        self.measure("token to the service's own answer", time.monotonic() - begin)
        if not answer.startswith(f"Hello from {SITE}"):
            raise Failure(f"the service answers {answer!r}")

    def setup_code(self):
        path = self.machine.directory / "server/setup-code"
        return path.read_text().strip() if path.exists() else None

    def new_token(self):
        printed = self.machine.skerry("token", "create", "--site")
        return re.search(r"token: (\S+)", printed)[1], re.search(r"--root (\S+)", printed)[1]

    def where_to(self):
        return "--server", f"127.0.0.1:{self.machine.link.port}", "--root", self.root

    def a_used_token_enrols_nobody_else(self):
        self.enrols_nobody("used", self.token)

    def a_corrupted_token_enrols_nobody(self):
        fresh, _ = self.new_token()
        self.enrols_nobody("corrupted", "wrong-" + fresh)

    def enrols_nobody(self, what, token):
        machine = self.machine
        done = machine.run(machine.programs / "skerry-agent", "enrol", *self.where_to(), "--state",
                           machine.directory / f"{what}-token", "--docker", self.engine.socket, stdin=token, good=None)
        if done.returncode == 0 or "token_refused" not in done.stderr:
            raise Failure(f"a {what} token: exit {done.returncode}: {done.stderr}")
        listed = machine.skerry("get", "sites", "-o", "name").split()
        if listed != [f"site/{SITE}"]:
            raise Failure(f"the sites are {listed}")

    def the_reason_chain_is_shown(self):
        shown = self.machine.skerry("describe", "stack/hello")
        for word in ("Healthy", SITE, "web", "visitor", "unpinned"):
            if word not in shown:
                raise Failure(f"describe does not say {word}:\n{shown}")

    def a_healthy_release_becomes_the_last_known_good(self):
        """Until then a difference is work that is still to be done, not drift."""
        eventually(30, "the journal names it", self.has_known_good)

    def has_known_good(self):
        (stack,) = json.loads(self.machine.skerry("site", "journal", "--json"))["stacks"]
        return stack.get("lastKnownGood") and not stack.get("applying")

    def a_foreign_volume_in_the_way_is_named(self):
        """The engine would hand out whatever volume has the name, whoever made it."""
        self.engine.call("POST", "/volumes/create", {"Name": "other_visits"})
        self.apply(self.stack.replace("name: hello", "name: other").replace('"8088"', '"8089"'))
        shown = eventually(10, "the volume is named", lambda: self.describes("stack/other", "other_visits"))
        if "VolumeFailed" not in shown or self.is_healthy("other") or self.engine.inspect("other-web-1"):
            raise Failure(f"a volume of somebody else was taken:\n{shown}")
        self.engine.call("DELETE", "/volumes/other_visits")
        eventually(30, "the stack is Healthy once the name is free", lambda: self.is_healthy("other"))
        self.machine.skerry("delete", "stack/other")
        eventually(30, "the stack is gone", lambda: self.engine.inspect("other-web-1") is None)
        self.wait_healthy()

    def describes(self, what, word):
        shown = self.machine.skerry("describe", what)
        return shown if word in shown else None

    # --- drift ---

    def event_between(self, begin, is_broken, is_mended):
        """The engine's own times of the first event that breaks and the first one after it that mends."""
        broken = None
        for event in self.engine.events(begin):
            if broken is None and is_broken(event):
                broken = event["timeNano"]
            elif broken is not None and is_mended(event):
                return broken / 1e9, event["timeNano"] / 1e9
        return None

    def is_event(self, action, name=WEB, kind="container"):
        def matches(event):
            found = (event["Type"], event["Action"], event["Actor"]["Attributes"].get("name"))
            return found == (kind, action, name)
        return matches

    def timed(self, what, deed, broken, mended):
        """How long it took from the engine's event to the one that mends."""
        begin = time.time()
        deed()
        times = eventually(15, f"{what}: put back", lambda: self.event_between(begin, broken, mended))
        return times[1] - times[0]

    def reverted(self, what, deed, between, limit, difference, own, times=1):
        """Does it `times` times; the middle one of the times counts, and each must be told.

        `own` names what the engine itself has to do for it, which is measured beside.
        """
        measured = []
        for _ in range(times):
            begin = time.time()
            measured.append(self.timed(what, deed, *between))
            self.wait_healthy()
            eventually(5, f"{what}: the service answers", self.machine.page)
            told = eventually(10, f"{what}: the event names {' '.join(difference)}",
                              lambda begin=begin: self.difference_since(begin, *difference))
        print(f"    told: {told['field']}: wanted {told['wanted']}, found {told['found']}")
        seconds = statistics.median(measured)
        alone = self.alone(own)
        self.measured.append((f"{what}: over the engine's own {alone * 1000:.0f} ms (goal {GOAL_S * 1000:.0f})",
                              seconds - alone, None))
        print(f"    {(seconds - alone) * 1000:.0f} ms over the engine's own {alone * 1000:.0f} ms (goal "
              f"{GOAL_S * 1000:.0f}); each: {', '.join(f'{each * 1000:.0f}' for each in measured)}")
        self.measure(f"{what}: put back after the engine's event", seconds, limit)

    def difference_since(self, begin, *difference):
        """That field, wanted and found value, as the server was told of them since."""
        wanted = dict(zip(("field", "wanted", "found"), difference))
        for event in self.machine.told():
            if stamp(event["at"]) < begin - 0.001 or event.get("stack") != "hello":
                continue
            for told in event.get("differences", []):
                if all(told.get(key) == value for key, value in wanted.items()):
                    return told
        return None

    def alone(self, own):
        """What no agent can go below: the engine's time for the same deeds, by hand on a container no agent knows."""
        config = self.stranger("own-time", "8090")

        def act(method, path, body=None):
            self.engine.call(method, path, body)

        def make():
            act("POST", "/containers/create?name=own-time", config)
            act("POST", "/containers/own-time/start")

        def start_again():
            act("POST", "/containers/own-time/kill")
            act("POST", "/containers/own-time/start")

        def make_again():
            act("DELETE", "/containers/own-time?force=1")
            make()

        def replace():
            act("POST", "/containers/own-time/stop")
            make_again()

        def connect_again():
            act("POST", f"/networks/{NETWORK}/disconnect", {"Container": "own-time", "Force": True})
            act("POST", f"/networks/{NETWORK}/connect", {"Container": "own-time"})

        started = self.is_event("start", "own-time")
        deed, *between = {
            "start": (start_again, self.is_event("die", "own-time"), started),
            "make": (make_again, self.is_event("destroy", "own-time"), started),
            "replace": (replace, self.is_event("kill", "own-time"), started),
            "connect": (connect_again, self.is_event("disconnect", NETWORK, "network"),
                        self.is_event("connect", NETWORK, "network")),
        }[own]
        make()
        try:
            return statistics.median(self.timed(own, deed, *between) for _ in range(3))
        finally:
            act("DELETE", "/containers/own-time?force=1")

    def stranger(self, name, port):
        """The web service's container as anybody could make it, without our labels."""
        original = self.engine.inspect(WEB)
        host = dict(original["HostConfig"], Binds=None, Mounts=None,
                    PortBindings={"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]})
        return dict(original["Config"], Labels={}, Hostname=name, HostConfig=host,
                    NetworkingConfig={"EndpointsConfig": {NETWORK: {}}})

    def a_kill_is_reverted(self):
        self.reverted("docker kill", lambda: self.engine.call("POST", f"/containers/{WEB}/kill"),
                      (self.is_event("die"), self.is_event("start")), REVERT_S, ("state", "running", "exited"),
                      own="start", times=3)

    def a_stop_is_reverted(self):
        self.reverted("docker stop", lambda: self.engine.call("POST", f"/containers/{WEB}/stop"),
                      (self.is_event("die"), self.is_event("start")), REVERT_S, ("state", "running", "exited"),
                      own="start", times=3)

    def a_removal_is_reverted(self):
        self.reverted("docker rm -f", lambda: self.engine.call("DELETE", f"/containers/{WEB}?force=1"),
                      (self.is_event("destroy"), self.is_event("start")), REVERT_S,
                      ("container", "running", "missing"), own="make", times=3)

    def limit_memory(self, name=WEB):
        self.engine.call("POST", f"/containers/{name}/update", {"Memory": 64 << 20, "MemorySwap": 64 << 20})

    def an_update_is_reverted(self):
        # The engine cannot take a limit away from a container, so a new one replaces it.
        self.reverted("docker update --memory", self.limit_memory, (self.is_event("update"), self.is_event("start")),
                      REPLACE_S, ("memory_limit_bytes", "none", str(64 << 20)), own="replace")
        if self.engine.inspect(WEB)["HostConfig"]["Memory"] != 0:
            raise Failure("the memory limit is still there")

    def a_disconnect_is_reverted(self):
        body = {"Container": WEB, "Force": True}
        self.reverted("docker network disconnect",
                      lambda: self.engine.call("POST", f"/networks/{NETWORK}/disconnect", body),
                      (self.is_event("disconnect", NETWORK, "network"), self.is_event("connect", NETWORK, "network")),
                      REVERT_S, (f"networks.{NETWORK}", "connected", "none"), own="connect")

    def a_container_replaced_by_hand_is_reverted(self):
        """Copied labels do not make it ours: what runs is compared, field by field."""
        original = self.engine.inspect(WEB)
        agent = self.machine.agent.process

        def replace():
            agent.send_signal(signal.SIGSTOP)
            self.engine.call("DELETE", f"/containers/{WEB}?force=1")
            config = dict(original["Config"], Env=["GREETING=Hello from a stranger"], HostConfig=original["HostConfig"],
                          NetworkingConfig={"EndpointsConfig": {NETWORK: {"Aliases": ["web"]}}})
            self.engine.call("POST", f"/containers/create?name={WEB}", config)
            self.engine.call("POST", f"/containers/{WEB}/start")
            agent.send_signal(signal.SIGCONT)

        strangers = []

        def is_stranger(event):
            if self.is_event("start")(event) and not strangers:
                strangers.append(event["Actor"]["ID"])
            return bool(strangers) and self.is_event("start")(event) and event["Actor"]["ID"] == strangers[0]

        self.reverted("a container replaced by hand", replace, (is_stranger, self.is_event("start")), REPLACE_S,
                      ("environment.GREETING", f"Hello from {SITE}", "Hello from a stranger"), own="replace")
        if not self.machine.page().startswith(f"Hello from {SITE}"):
            raise Failure("the stranger still answers")

    def report_mode_touches_nothing(self):
        before = self.engine.identities()
        self.apply(self.stack.replace("spec:\n", "spec:\n  drift: report\n", 1))
        eventually(10, "the site took the new manifest", self.has_taken_all)
        self.unchanged(before, "a change of the drift mode")
        self.is_only_listed(self.limit_memory, "memory_limit_bytes", "none", str(64 << 20))
        self.unchanged(before, "an update in report mode")
        self.is_only_listed(lambda: self.engine.call("POST", f"/containers/{WEB}/stop"), "state", "running", "exited")
        if self.engine.inspect(WEB)["State"]["Running"]:
            raise Failure("report mode started the container")
        self.apply(self.stack)
        self.wait_healthy()
        eventually(10, "no drift is listed any more", lambda: not self.site().get("drift"))
        if self.engine.inspect(WEB)["HostConfig"]["Memory"] != 0:
            raise Failure("enforce mode left the limit")

    def is_only_listed(self, deed, field, wanted, found):
        begin = time.time()
        deed()
        eventually(10, f"{field} is listed at the server", lambda: self.is_listed(field, wanted, found))
        eventually(10, f"{field} is told", lambda: self.difference_since(begin, field, wanted, found))

    def is_listed(self, *difference):
        return any((row["field"], row["wanted"], row["found"]) == difference for row in self.site().get("drift", []))

    def has_taken_all(self):
        manifest = self.site()["manifest"]
        return manifest["desired"] == manifest["accepted"]

    # --- documents that must be refused ---

    def wrong_documents_change_nothing(self):
        """From somebody with the server's keys on the server's port: older, another site's, broken, a second one."""
        machine, kept = self.machine, self.machine.directory / "kept"
        machine.run(machine.liar, "keep", machine.directory / "server", kept)
        self.apply(self.stack.replace("spec:\n", "spec:\n  drift: report\n", 1))
        eventually(10, "the site took a newer manifest", self.has_taken_all)
        self.apply(self.stack)
        eventually(10, "the site took the newest manifest", self.has_taken_all)
        self.wait_healthy()
        before, accepted, begin = self.engine.identities(), machine.at_the_site()["accepted"], time.time()
        if machine.at_the_site()["refusals"]:
            raise Failure(f"refused already: {machine.at_the_site()['refusals']}")
        machine.server.end()
        said = machine.run(machine.liar, "lie", machine.directory / "server", machine.server_port, kept).stdout.split()
        codes = ["bad_signature", "equivocation", "rollback", "wrong_audience"]
        status = machine.at_the_site()
        if said != codes or status["refusals"] != {code: 1 for code in codes}:
            raise Failure(f"refused {said}, counted {status['refusals']}")
        machine.start_server()
        self.wait_linked()
        eventually(10, "every refusal is told", lambda: set(map(reason_of, codes)) <= self.reasons_since(begin))
        self.unchanged(before, "four wrong documents")
        if machine.at_the_site()["accepted"] != accepted or not self.is_healthy():
            raise Failure("what was accepted is another manifest now")

    def reasons_since(self, begin):
        """The reasons of the events the server was told since."""
        return {event["reason"] for event in self.machine.told() if stamp(event["at"]) >= begin - 0.001}

    # --- without the server, the agent, the engine, the network ---

    def a_site_without_its_server_repairs_itself(self):
        before = self.engine.identities()
        self.machine.server.end()
        eventually(10, "the agent sees the link gone", lambda: not self.machine.is_linked())
        self.unchanged(before, "the server went away")
        begin, away = time.time(), time.monotonic()
        for number in range(1, self.outage_rounds + 1):
            self.repaired_without_a_server()
            due = away + self.outage_s * number / self.outage_rounds
            eventually(self.outage_s + 1, "the outage goes on", lambda due=due: time.monotonic() >= due)
        before = self.engine.identities()
        self.measure("the server was away", time.monotonic() - away)
        back = time.monotonic()
        self.machine.start_server()
        self.wait_linked()
        self.measure("linked again after the server's return", time.monotonic() - back, RELINKED_S)
        self.wait_healthy()
        for difference in (("state", "running", "exited"), ("memory_limit_bytes", "none", str(64 << 20))):
            eventually(10, f"{difference} is told", lambda: self.difference_since(begin, *difference))
        self.unchanged(before, "the server came back")

    def repaired_without_a_server(self):
        each = []
        for _ in range(3):
            each.append(self.timed("put back without a server",
                                   lambda: self.engine.call("POST", f"/containers/{WEB}/kill"),
                                   self.is_event("die"), self.is_event("start")))
            eventually(10, "Healthy at the site", self.is_healthy_at_the_site)
        self.measure("docker kill without a server: put back", statistics.median(each), REVERT_S)
        self.measure("docker update without a server: put back",
                     self.timed("put back without a server", lambda: self.limit_memory(VISITOR),
                                self.is_event("update", VISITOR), self.is_event("start", VISITOR)), REPLACE_S)
        eventually(10, "Healthy at the site", self.is_healthy_at_the_site)

    def a_killed_agent_leaves_everything_running(self):
        before = self.engine.identities()
        self.machine.agent.end(signal.SIGKILL)
        self.unchanged(before, "the agent was killed")
        self.engine.call("POST", f"/containers/{VISITOR}/kill")
        begin = time.time()
        self.machine.start_agent()
        started = eventually(10, "what ended meanwhile runs again", lambda: self.started_since(begin, VISITOR))
        self.measure("agent killed and back: its start to that of what had ended", started - begin, COME_UP_S)
        eventually(15, "the agent is linked again", self.machine.is_linked)
        self.wait_healthy()
        after = self.engine.identities()
        if after["/" + WEB] != before["/" + WEB] or after["/" + VISITOR][0] != before["/" + VISITOR][0]:
            raise Failure(f"the agent's return changed containers: {before} {after}")

    def started_since(self, begin, name):
        """When the container was started, or None where it does not run since then."""
        state = self.engine.inspect(name)["State"]
        return stamp(state["StartedAt"]) if state["Running"] and stamp(state["StartedAt"]) >= begin else None

    def the_agent_works_in_an_empty_root(self):
        before = self.engine.identities()
        self.machine.agent.end()
        self.machine.start_agent_in_empty_root()
        eventually(15, "the agent is linked", self.machine.is_linked)
        self.wait_healthy()
        self.unchanged(before, "the agent moved into an empty root")
        self.reverted("docker kill, agent in an empty root",
                      lambda: self.engine.call("POST", f"/containers/{WEB}/kill"),
                      (self.is_event("die"), self.is_event("start")), REVERT_S, ("state", "running", "exited"),
                      own="start", times=3)
        # Back before the engine goes: its next socket is not the one that is mounted there.
        before = self.engine.identities()
        self.machine.agent.end()
        self.machine.start_agent()
        eventually(15, "the agent is linked", self.machine.is_linked)
        self.unchanged(before, "the agent moved back")

    def an_engine_that_was_killed_gets_no_duplicates(self):
        before, begin = self.ids(), time.time()
        self.engine.script_verb("kill")
        eventually(10, "the agent says that the engine is down", lambda: self.has_condition("RuntimeDown"))
        self.come_up("engine killed and back", begin, lambda: self.engine.script_verb("start"))
        if self.ids() != before:
            raise Failure(f"containers changed: {before} {self.ids()}")
        after = self.engine.identities()
        self.wait_healthy()
        self.unchanged(after, "the report to the server")

    def has_condition(self, code):
        status = self.machine.at_the_site()
        return bool(status) and any(reason["code"] == code for reason in status["conditions"])

    def come_up(self, what, begin, start_engine):
        """From the engine's first answer: every workload's start, after the health check it waits for."""
        answered = []
        watcher = threading.Thread(target=lambda: answered.append(self.first_answer(Engine("", self.engine.directory))))
        watcher.start()
        start_engine()
        watcher.join()
        eventually(30, "Healthy at the site", self.is_healthy_at_the_site)
        healthy = time.time()
        web, visitor = self.started_since(begin, WEB), self.started_since(begin, VISITOR)
        passed = min(stamp(check["End"]) for check in self.engine.inspect(WEB)["State"]["Health"]["Log"]
                     if check["ExitCode"] == 0 and stamp(check["Start"]) >= web)
        if visitor < passed:
            raise Failure(f"{what}: the visitor did not wait until the web server was healthy")
        self.measure(f"{what}: the engine's first answer to the web server's start", web - answered[0], COME_UP_S)
        self.measure(f"{what}: the web server's first passed health check to the visitor's start", visitor - passed,
                     COME_UP_S)
        self.measure(f"{what}: the last start to Healthy at the site", healthy - max(visitor, passed), COME_UP_S)

    def a_cold_boot_without_a_network_starts_everything(self):
        """Everything stops; the agent starts first, with no engine and no server to be found."""
        machine, begin, ids = self.machine, time.time(), self.ids()
        machine.agent.end(signal.SIGKILL)
        machine.server.end()
        self.engine.script_verb("terminate")
        machine.start_agent()
        eventually(10, "the agent is up", machine.at_the_site)
        self.come_up("cold boot without a network", begin, lambda: self.engine.script_verb("start"))
        after = self.engine.identities()
        if self.ids() != ids:
            raise Failure("a cold boot recreated a container")
        machine.start_server()
        self.wait_linked()
        self.wait_healthy()
        self.unchanged(after, "the link came back")

    @staticmethod
    def first_answer(engine):
        eventually(30, "the engine answers", engine.answers)
        return time.time()

    def an_edit_made_while_offline_converges(self):
        """Only what the edit changes is replaced, and the first deed comes one round trip after the hello."""
        before, link = self.engine.identities(), self.machine.link
        link.cut()
        eventually(10, "the agent sees the link gone", lambda: not self.machine.is_linked())
        command = "command: [--visit, web]"
        self.apply(self.stack.replace(command, command + '\n        environment: {EDITED: "yes"}'))
        self.unchanged(before, "an edit while offline")
        begin, link.delay_s = time.time(), 0.5
        link.mend()
        self.wait_linked()
        linked = time.time()
        first, last = self.is_event("kill", VISITOR), self.is_event("start", VISITOR)
        times = eventually(10, "the edited service is replaced", lambda: self.event_between(begin, first, last))
        link.delay_s = 0.0
        round_trip = 2 * 0.5
        # It has to ask for the release, and nothing else: half a round trip more would be another one begun.
        self.measure("linked to the first deed of the edit, over a round trip of 1000 ms", times[0] - linked,
                     1.5 * round_trip)
        self.measure("the first deed of the edit to the new container's start", times[1] - times[0], REPLACE_S)
        self.wait_healthy()
        after = self.engine.identities()
        if after["/" + WEB] != before["/" + WEB]:
            raise Failure("the service that was not edited was restarted")
        if "EDITED=yes" not in self.engine.inspect(VISITOR)["Config"]["Env"]:
            raise Failure("the edit did not arrive")

    # --- keys ---

    def a_new_key_keeps_the_site(self):
        before, uid = self.engine.identities(), self.machine.get("site", SITE)["metadata"]["uid"]
        key = self.site()["keyId"]
        self.machine.skerry("site", "rekey")
        eventually(30, "the server knows the new key", lambda: self.site()["keyId"] != key)
        eventually(30, "the agent is linked with it", self.machine.is_linked)
        if self.machine.get("site", SITE)["metadata"]["uid"] != uid:
            raise Failure("a new key made a new site")
        self.unchanged(before, "a new key")

    def a_revocation_cuts_the_session_and_removes_nothing(self):
        before = self.engine.identities()
        # A site that does not hang up by itself is cut off.
        self.machine.agent.process.send_signal(signal.SIGSTOP)
        self.machine.link.ended_by_server_at = None
        begin = time.monotonic()
        self.machine.skerry("site", "revoke", SITE)
        ended = eventually(10, "the server ends the session", lambda: self.machine.link.ended_by_server_at)
        self.machine.agent.process.send_signal(signal.SIGCONT)
        self.measure("revoked to the session's end", ended - begin, 5.0)
        eventually(10, "the agent knows why the link is gone", self.is_told_of_the_revocation)
        self.unchanged(before, "a revocation")
        begin = time.time()
        self.engine.call("POST", f"/containers/{WEB}/kill")
        eventually(10, "a revoked site still repairs itself",
                   lambda: self.event_between(begin, self.is_event("die"), self.is_event("start")))
        if self.site()["enrolment"] != "Revoked":
            raise Failure("the server does not say that the site is revoked")

    def is_told_of_the_revocation(self):
        link = self.machine.at_the_site()["link"]
        return not link["connected"] and "revoked" in link.get("lastError", "")

    def everything_is_back(self):
        """A step that broke off may have left something stopped, cut or elsewhere."""
        self.machine.link.delay_s = 0.0
        self.machine.link.mend()
        if not self.engine.answers():
            self.engine.script_verb("start")
        if not self.machine.server.running():
            self.machine.start_server()
        self.machine.agent.end(signal.SIGKILL)
        self.machine.start_agent()
        self.wait_linked()

    STEPS = (
        a_machine_that_never_joined_says_how,
        a_file_becomes_a_healthy_service,
        a_used_token_enrols_nobody_else,
        a_corrupted_token_enrols_nobody,
        the_reason_chain_is_shown,
        a_healthy_release_becomes_the_last_known_good,
        a_foreign_volume_in_the_way_is_named,
        a_kill_is_reverted,
        a_stop_is_reverted,
        a_removal_is_reverted,
        an_update_is_reverted,
        a_disconnect_is_reverted,
        a_container_replaced_by_hand_is_reverted,
        report_mode_touches_nothing,
        wrong_documents_change_nothing,
        a_site_without_its_server_repairs_itself,
        a_killed_agent_leaves_everything_running,
        the_agent_works_in_an_empty_root,
        an_engine_that_was_killed_gets_no_duplicates,
        a_cold_boot_without_a_network_starts_everything,
        an_edit_made_while_offline_converges,
        a_new_key_keeps_the_site,
        a_revocation_cuts_the_session_and_removes_nothing,
    )

    def run(self):
        broken = []
        for step in self.STEPS:
            name = step.__name__.replace("_", " ")
            print(name, flush=True)
            try:
                step(self)
            except Failure as failure:
                # What comes after says more than where the walk first stumbled.
                print(f"    FAILED: {failure}", flush=True)
                broken.append(name)
                if step is Walk.a_file_becomes_a_healthy_service:
                    break
                self.everything_is_back()
        print("\nmeasured:")
        for what, seconds, limit in self.measured:
            print(f"  {seconds * 1000:8.0f} ms  {what}" + (f" (at most {limit * 1000:.0f})" if limit else ""))
        if broken:
            raise Failure("; ".join(broken))


def reason_of(code):
    """The reason by which the API shows an event's code: DriftReverted of drift_reverted."""
    return "".join(part.capitalize() for part in code.split("_"))


def stamp(text):
    """Seconds since 1970 of an RFC 3339 time with up to nine digits behind the point."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", text)
    whole = time.strptime(match[1] + " UTC", "%Y-%m-%dT%H:%M:%S %Z")
    return calendar.timegm(whole) + float(match[2] or 0)


def run_on_a_machine(walk, words):
    """Runs it on a machine of its own; the exit code. What a failed one leaves in its logs is shown."""
    directory = tempfile.mkdtemp(prefix="skerry-walk.")
    machine = Machine(*words, directory)
    try:
        walk(machine)
        return 0
    except (Failure, OSError, KeyError, TypeError, json.JSONDecodeError) as failure:
        print(f"FAILED: {type(failure).__name__}: {failure}")
        for name, lines in machine.logs():
            print(f"--- the end of {name}")
            print("\n".join(lines))
        return 1
    finally:
        machine.end()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    words = sys.argv[1:]
    is_long = words[0] == "--long"
    return run_on_a_machine(lambda machine: Walk(machine, is_long).run(), words[is_long:])


if __name__ == "__main__":
    sys.exit(main())
