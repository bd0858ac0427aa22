#!/usr/bin/python3
"""One site on a real engine, built programs only: walk.py SOURCE-TREE BUILD-DIRECTORY, below `engine.sh with auto`.

Steps run in the order written, each on what the one before left. A step that measures says what it measured and what
the limit is; the table stands at the end. Nothing sleeps: everything waits for a condition, with a deadline.
"""

import calendar
import json
import re
import shutil
import signal
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
REVERT_S = 1.0


class Walk:
    def __init__(self, machine):
        self.machine, self.engine = machine, machine.engine
        self.stack = Path(machine.tree, "examples/hello/stack.yaml").read_text()
        self.measured = []
        # How long the engine itself takes from a container's end to its start; a busy machine is no fault of ours.
        self.engine_s = 0.0

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

    def is_healthy(self):
        """What the server says: the newest release runs and is healthy."""
        done = self.machine.run(self.machine.programs / "skerry", "wait", "stack/hello", "--timeout", "0", good=None)
        return done.returncode == 0

    def is_healthy_at_the_site(self):
        status = self.machine.at_the_site()
        return bool(status and status["stacks"] and all(stack["state"] == "Healthy" for stack in status["stacks"])
                    and not status["drift"] and not status["conditions"])

    def wait_healthy(self, seconds=30):
        eventually(seconds, "the stack is Healthy at the server", self.is_healthy)

    def unchanged(self, before, what):
        after = self.engine.identities()
        if after != before:
            raise Failure(f"{what}: containers changed\n  before {before}\n  after  {after}")

    # --- the walk ---

    def a_file_becomes_a_healthy_service(self):
        machine = self.machine
        machine.start_server()
        code = eventually(10, "the set-up code is printed", self.setup_code)
        log = (machine.directory / "skerryd.log").read_text()
        pin = re.search(r'"fingerprint":"([^"]+)"', log)[1]
        machine.skerry("setup", f"https://127.0.0.1:{machine.server_port}", "--pin", pin,
                       stdin=f"{code}\nwalk-password-1\n")
        machine.run(machine.tree / "examples/hello/make-image.sh", machine.build / "examples/hello")
        printed = machine.skerry("token", "create", "--site")
        token, root = re.search(r"token: (\S+)", printed)[1], re.search(r"--root (\S+)", printed)[1]
        begin = time.monotonic()
        machine.state.mkdir()
        machine.run(*machine.agent_command("enrol", "--server", f"127.0.0.1:{machine.link.port}", "--root", root,
                                           "--name", SITE), stdin=token)
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

    def a_used_token_enrols_nobody_else(self):
        machine = self.machine
        printed = machine.skerry("token", "create", "--site")
        root = re.search(r"--root (\S+)", printed)[1]
        wrong = "wrong-" + re.search(r"token: (\S+)", printed)[1]
        other = machine.directory / "other"
        flags = ["--server", f"127.0.0.1:{machine.link.port}", "--root", root, "--state", other, "--docker",
                 self.engine.socket]
        done = machine.run(machine.programs / "skerry-agent", "enrol", *flags, stdin=wrong, good=None)
        if done.returncode == 0:
            raise Failure("a wrong token enrolled a site")
        listed = machine.skerry("get", "sites", "-o", "name").split()
        if listed != [f"site/{SITE}"]:
            raise Failure(f"the sites are {listed}")

    def the_reason_chain_is_shown(self):
        shown = self.machine.skerry("describe", "stack/hello")
        for word in ("Healthy", SITE, "web", "visitor", "unpinned"):
            if word not in shown:
                raise Failure(f"describe does not say {word}:\n{shown}")

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

    def reverted(self, what, deed, broken, mended, limit):
        begin = time.time()
        deed()
        times = eventually(15, f"{what}: put back", lambda: self.event_between(begin, broken, mended))
        self.measure(f"{what}: put back after the engine's event", times[1] - times[0],
                     max(limit, self.engine_s + limit / 2))
        self.wait_healthy()
        self.page_answers(what)
        difference = eventually(10, f"{what}: the event is told", lambda: self.difference_since(begin))
        print(f"    told: {difference['field']}: wanted {difference['wanted']!r}, found {difference['found']!r}")

    def page_answers(self, what):
        eventually(5, f"{what}: the service answers", self.machine.page)

    def difference_since(self, begin):
        """The first difference the server was told of something that happened since. What is gone was found empty."""
        for event in self.machine.told():
            if stamp(event["at"]) < begin - 0.001 or event.get("stack") != "hello":
                continue
            for difference in event.get("differences", []):
                if difference.get("field") and difference.get("wanted"):
                    return dict(difference, found=difference.get("found", ""))
        return None

    def the_engine_alone_is_measured(self):
        """A stop and a start by hand while the agent is held still: the time that no agent can go below."""
        begin = time.time()
        self.machine.agent.process.send_signal(signal.SIGSTOP)
        self.engine.call("POST", f"/containers/{WEB}/stop")
        self.engine.call("POST", f"/containers/{WEB}/start")
        self.machine.agent.process.send_signal(signal.SIGCONT)
        broken, mended = self.is_event("die"), self.is_event("start")
        times = eventually(10, "the engine's events", lambda: self.event_between(begin, broken, mended))
        self.engine_s = times[1] - times[0]
        self.measure("the engine's own time from a container's end to its start", self.engine_s)
        self.wait_healthy()

    def a_kill_is_reverted(self):
        self.reverted("docker kill", lambda: self.engine.call("POST", f"/containers/{WEB}/kill"),
                      self.is_event("die"), self.is_event("start"), REVERT_S)

    def a_stop_is_reverted(self):
        self.reverted("docker stop", lambda: self.engine.call("POST", f"/containers/{WEB}/stop"),
                      self.is_event("die"), self.is_event("start"), REVERT_S)

    def a_removal_is_reverted(self):
        self.reverted("docker rm -f", lambda: self.engine.call("DELETE", f"/containers/{WEB}?force=1"),
                      self.is_event("destroy"), self.is_event("start"), REVERT_S)

    def an_update_is_reverted(self):
        limits = {"Memory": 64 << 20, "MemorySwap": 64 << 20}
        # The engine cannot take a limit away from a running container, so a new one replaces it.
        self.reverted("docker update --memory", lambda: self.engine.call("POST", f"/containers/{WEB}/update", limits),
                      self.is_event("update"), self.is_event("start"), REVERT_S + GRACE_S)
        if self.engine.inspect(WEB)["HostConfig"]["Memory"] != 0:
            raise Failure("the memory limit is still there")

    def a_disconnect_is_reverted(self):
        web = self.engine.inspect(WEB)["Id"]
        body = {"Container": web, "Force": True}
        self.reverted("docker network disconnect",
                      lambda: self.engine.call("POST", f"/networks/{NETWORK}/disconnect", body),
                      self.is_event("disconnect", NETWORK, "network"), self.is_event("connect", NETWORK, "network"),
                      REVERT_S + GRACE_S)

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

        self.reverted("a container replaced by hand", replace, is_stranger, self.is_event("start"), REVERT_S + GRACE_S)
        if not self.machine.page().startswith(f"Hello from {SITE}"):
            raise Failure("the stranger still answers")

    def report_mode_touches_nothing(self):
        before = self.engine.identities()
        self.apply(self.stack.replace("spec:\n", "spec:\n  drift: report\n", 1))
        eventually(10, "the site took the new manifest", self.has_taken_all)
        self.unchanged(before, "a change of the drift mode")
        begin = time.time()
        self.engine.call("POST", f"/containers/{WEB}/stop")
        listed = eventually(10, "the drift is listed at the server", lambda: self.site().get("drift"))
        print(f"    listed: {listed[0]['field']}: wanted {listed[0]['wanted']!r}, found {listed[0].get('found')!r}")
        eventually(10, "the drift is told", lambda: self.difference_since(begin))
        if self.engine.inspect(WEB)["State"]["Running"]:
            raise Failure("report mode started the container")
        self.apply(self.stack)
        self.wait_healthy()
        eventually(10, "no drift is listed any more", lambda: not self.site().get("drift"))

    def has_taken_all(self):
        manifest = self.site()["manifest"]
        return manifest["desired"] == manifest["accepted"]

    # --- without the server, the agent, the engine, the network ---

    def a_site_without_its_server_repairs_itself(self):
        before = self.engine.identities()
        self.machine.server.end()
        eventually(10, "the agent sees the link gone", lambda: not self.machine.is_linked())
        self.unchanged(before, "the server went away")
        begin = time.time()
        self.engine.call("POST", f"/containers/{VISITOR}/kill")
        broken, mended = self.is_event("die", VISITOR), self.is_event("start", VISITOR)
        times = eventually(10, "put back without a server", lambda: self.event_between(begin, broken, mended))
        self.measure("docker kill without a server: put back", times[1] - times[0],
                     max(REVERT_S, self.engine_s + REVERT_S / 2))
        eventually(10, "Healthy at the site", self.is_healthy_at_the_site)
        before = self.engine.identities()
        back = time.monotonic()
        self.machine.start_server()
        eventually(60, "the agent is linked again", self.machine.is_linked)
        self.measure("linked again after the server's return", time.monotonic() - back)
        self.wait_healthy()
        eventually(10, "what happened meanwhile is told", lambda: self.difference_since(begin))
        self.unchanged(before, "the server came back")

    def a_killed_agent_leaves_everything_running(self):
        before = self.engine.identities()
        self.machine.agent.end(signal.SIGKILL)
        self.unchanged(before, "the agent was killed")
        self.machine.start_agent()
        eventually(15, "the agent is linked again", self.machine.is_linked)
        self.wait_healthy()
        self.unchanged(before, "the agent started again")

    def the_agent_works_in_an_empty_root(self):
        before = self.engine.identities()
        self.machine.agent.end()
        self.machine.start_agent_in_empty_root()
        eventually(15, "the agent is linked", self.machine.is_linked)
        self.wait_healthy()
        self.unchanged(before, "the agent moved into an empty root")
        self.reverted("docker kill, agent in an empty root",
                      lambda: self.engine.call("POST", f"/containers/{WEB}/kill"),
                      self.is_event("die"), self.is_event("start"), REVERT_S)
        before = self.engine.identities()
        self.machine.agent.end()
        self.machine.start_agent()
        eventually(15, "the agent is linked", self.machine.is_linked)
        self.unchanged(before, "the agent moved back")

    def an_engine_that_was_killed_gets_no_duplicates(self):
        before = {name: identity for name, (identity, _) in self.engine.identities().items()}
        self.engine.script_verb("kill")
        eventually(10, "the agent says that the engine is down", lambda: self.has_condition("RuntimeDown"))
        self.engine.script_verb("start")
        begin = time.monotonic()
        eventually(30, "Healthy at the site", self.is_healthy_at_the_site)
        self.measure("engine killed and back: to Healthy", time.monotonic() - begin)
        after = {name: identity for name, (identity, _) in self.engine.identities().items()}
        if before != after:
            raise Failure(f"containers changed: {before} {after}")
        self.wait_healthy()

    def has_condition(self, code):
        status = self.machine.at_the_site()
        return bool(status) and any(reason["code"] == code for reason in status["conditions"])

    def a_cold_boot_without_a_network_starts_everything(self):
        """Everything stops; the agent starts first, with no engine and no server to be found."""
        machine = self.machine
        machine.agent.end(signal.SIGKILL)
        machine.server.end()
        ids = {name: identity for name, (identity, _) in self.engine.identities().items()}
        self.engine.script_verb("terminate")
        machine.start_agent()
        eventually(10, "the agent is up", machine.at_the_site)
        answered = []
        watcher = threading.Thread(target=lambda: answered.append(self.first_answer(Engine("", self.engine.directory))))
        watcher.start()
        self.engine.script_verb("start")
        watcher.join()
        eventually(30, "Healthy at the site", self.is_healthy_at_the_site)
        self.measure("cold boot without a network: to Healthy", time.time() - answered[0])
        web = self.engine.inspect(WEB)
        self.measure("cold boot: engine's first answer to the first workload's start",
                     stamp(web["State"]["StartedAt"]) - answered[0], 2.0)
        after = self.engine.identities()
        if {name: identity for name, (identity, _) in after.items()} != ids:
            raise Failure("a cold boot recreated a container")
        machine.start_server()
        eventually(60, "the agent is linked again", machine.is_linked)
        self.wait_healthy()
        self.unchanged(after, "the link came back")

    @staticmethod
    def first_answer(engine):
        eventually(30, "the engine answers", engine.answers)
        return time.time()

    def an_edit_made_while_offline_converges(self):
        """Only what the edit changes is replaced."""
        before = self.engine.identities()
        self.machine.link.cut()
        eventually(10, "the agent sees the link gone", lambda: not self.machine.is_linked())
        command = "command: [--visit, web]"
        self.apply(self.stack.replace(command, command + '\n        environment: {EDITED: "yes"}'))
        self.unchanged(before, "an edit while offline")
        self.machine.link.mend()
        eventually(60, "the agent is linked again", self.machine.is_linked)
        begin = time.monotonic()
        self.wait_healthy()
        self.measure("linked to converged on the edit made while offline", time.monotonic() - begin)
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
        self.machine.link.ended_by_server_at = None
        begin = time.monotonic()
        self.machine.skerry("site", "revoke", SITE)
        ended = eventually(10, "the server ends the session", lambda: self.machine.link.ended_by_server_at)
        self.measure("revoked to the session's end", ended - begin, 5.0)
        eventually(10, "the agent sees the link gone", lambda: not self.machine.is_linked())
        self.unchanged(before, "a revocation")
        begin = time.time()
        self.engine.call("POST", f"/containers/{WEB}/kill")
        eventually(10, "a revoked site still repairs itself",
                   lambda: self.event_between(begin, self.is_event("die"), self.is_event("start")))
        if self.site()["enrolment"] != "Revoked":
            raise Failure("the server does not say that the site is revoked")

    STEPS = (
        a_file_becomes_a_healthy_service,
        a_used_token_enrols_nobody_else,
        the_reason_chain_is_shown,
        the_engine_alone_is_measured,
        a_kill_is_reverted,
        a_stop_is_reverted,
        a_removal_is_reverted,
        an_update_is_reverted,
        a_disconnect_is_reverted,
        a_container_replaced_by_hand_is_reverted,
        report_mode_touches_nothing,
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
                if step is self.STEPS[0]:
                    break
        print("\nmeasured:")
        for what, seconds, limit in self.measured:
            print(f"  {seconds * 1000:8.0f} ms  {what}" + (f" (at most {limit * 1000:.0f})" if limit else ""))
        if broken:
            raise Failure("; ".join(broken))


def stamp(text):
    """Seconds since 1970 of an RFC 3339 time with up to nine digits behind the point."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", text)
    whole = time.strptime(match[1] + " UTC", "%Y-%m-%dT%H:%M:%S %Z")
    return calendar.timegm(whole) + float(match[2] or 0)


def main():
    directory = tempfile.mkdtemp(prefix="skerry-walk.")
    machine = Machine(sys.argv[1], sys.argv[2], directory)
    try:
        Walk(machine).run()
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


if __name__ == "__main__":
    sys.exit(main())
