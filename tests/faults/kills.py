#!/usr/bin/python3
"""skerryd and skerry-agent killed and stopped at random moments: kills.py [--quick] BUILD [--server N] [--agent N]

A driver remembers what was acknowledged and checks it after every restart: 0 lost, 0 invented, ready within 2 s, no
program that ends by itself. The agent has no engine in most runs, so that a thousand fit; below `engine.sh with auto` a
tenth of them are on a real one, and what need not change must keep running. `--seed N` repeats the moments, as far as
two processes let it.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from driver import (RESTART_S, Failure, Server, Site, check_all, check_audit, eventually, hold, let, number,
                    percentile, start_writers)
from machine import Engine

# How long after the writers began, after a program's start, after a change of what the site shall run. Beyond these an
# operation has mostly ended.
KILL_WITHIN_S = (0.005, 0.15)
START_WITHIN_S = (0, 0.04)
TAKE_WITHIN_S = (0, 0.002)
APPLY_WITHIN_S = (0, 0.25)
# The kills that need not hit an operation.
IDLE_SHARE = 0.03
# The kills that hit a start.
START_SHARE = 0.2
STACK = "killed"
QUICK = {"server": 20, "agent": 50, "stops": (1, 2, 5)}
WHOLE = {"server": 300, "agent": 1000, "stops": (1, 2, 5, 10, 30, 60, 120)}
# So that stops of a minute and more outlast the server's patience of two and a half beats.
BEAT_S = 20


def wait(seconds):
    """Lets time pass; here that is the condition."""
    time.sleep(seconds)


class Table:
    def __init__(self):
        self.rows, self.broken = [], []

    def row(self, what, value):
        self.rows.append((what, value))
        print(f"  {what}: {value}", flush=True)

    def must(self, holds, what):
        if not holds:
            self.broken.append(what)
            print(f"  FAILED: {what}", flush=True)


def kill_server(server, kills, chance, table):
    """Under writers; a fifth of the kills come while it starts, some while nobody asks for anything."""
    print(f"skerryd: {kills} kills", flush=True)
    writers = start_writers(server)
    inside = starts = lost = invented = 0
    for _ in range(kills):
        is_start, is_idle = chance.random() < START_SHARE, chance.random() < IDLE_SHARE
        if is_start:
            let(writers)
            wait(chance.uniform(*KILL_WITHIN_S))
            server.kill()
            server.start()
            wait(chance.uniform(*START_WITHIN_S))
            starts += 1
        else:
            let(writers)
            wait(chance.uniform(*KILL_WITHIN_S))
            if is_idle:
                hold(writers)
        server.kill()
        hold(writers)
        inside += is_start or any(writer.unanswered for writer in writers)
        server.start()
        table.must(server.wait_ready() <= RESTART_S, f"ready within {RESTART_S} s")
        result = check_all(server, writers)
        lost, invented = lost + result[0], invented + result[1]
    for writer in writers:
        table.must(not writer.refusals, f"no writer is refused: {writer.refusals}")
    table.row("kills of skerryd, and of its start right after one", f"{kills}, {starts} of them twice")
    table.row("inside an operation", f"{100 * inside / max(1, kills):.0f} %")
    table.row("acknowledged changes", sum(writer.acknowledged for writer in writers))
    table.row("lost, invented", f"{lost}, {invented}")
    table.row("audit rows, one a change and no hole", check_audit(server, writers))
    table.row("start to ready", f"median {percentile(server.starts_s, 0.5) * 1000:.0f} ms, "
              f"most {max(server.starts_s) * 1000:.0f} ms")
    table.must(lost == 0 and invented == 0, "nothing lost, nothing invented")
    table.must(inside >= 0.9 * kills, "nine in ten kills hit an operation")
    return writers


class Killed:
    """An agent, and what it must still know after its next start."""

    # Bytes by which the stack is longer than it must be.
    padding = 0

    def __init__(self, server, site, chance, table):
        self.server, self.site, self.chance, self.table = server, site, chance, table
        self.count, self.floor, self.start, self.events = 0, ((0, 0), ""), 0, set()
        self.inside = self.servers_killed = 0
        self.answers_s = []

    def compose(self):
        text = str(self.count).ljust(self.padding, "x")
        return 'services: {web: {image: "example.com/web:1", environment: {COUNT: "%s"}}}' % text

    def change(self):
        self.count += 1
        self.server.put_stack(STACK, self.count, targets=self.site.name, compose=self.compose())

    def manifest(self):
        said = self.server.get(f"/sites/{self.site.name}")["status"].get("manifest", {})
        return number(said.get("desired")), number(said.get("accepted"))

    def has_taken_all(self):
        desired, accepted = self.manifest()
        return desired == accepted and desired != (0, 0)

    def kill_once(self):
        kind = self.chance.random()
        if kind < IDLE_SHARE:
            eventually(20, "the site has taken the newest", self.has_taken_all)
            self.note_spool()
            self.site.kill()
            return
        self.note_spool()
        self.change()
        if kind < 0.7:
            # While it starts, with something new waiting for it.
            self.site.kill()
            self.site.start()
            wait(self.chance.uniform(*START_WITHIN_S))
        else:
            wait(self.chance.uniform(*TAKE_WITHIN_S))
        with_server = self.chance.random() < 0.03
        if with_server:
            self.server.kill()
            self.servers_killed += 1
        still_running = self.site.program.running()
        self.site.kill()
        self.table.must(still_running, "the agent runs until it is killed")
        if with_server:
            self.server.start()
            self.server.wait_ready()
        # What it had not yet told of was under way.
        self.inside += not self.has_taken_all()

    def note_spool(self):
        spool = self.site.ask("spool")
        if spool:
            self.events |= {event["number"] for event in spool["events"]}

    def check(self):
        _, accepted = self.manifest()
        begin = time.monotonic()
        self.site.start()
        floor = self.site.told("floor")
        self.answers_s.append(time.monotonic() - begin)
        found, digest = (floor["term"], floor["seq"]), floor["digest"]
        desired, _ = self.manifest()
        must = self.table.must
        must(found >= self.floor[0], f"the floor never goes down: {self.floor[0]} to {found}")
        must(found != self.floor[0] or digest == self.floor[1], f"one number is one manifest: {found}")
        must(found >= accepted, f"what the site said it accepted is kept: {accepted}, has {found}")
        must(found <= desired, f"nothing was sent that the server did not keep: {found} above {desired}")
        must(floor["start"] > self.start, f"the start counter rises: {self.start} to {floor['start']}")
        must(not floor["lost"], "the floor is not lost")
        must(not (self.site.state / "ledger.damaged").exists(), "no kill damages the ledger")
        self.floor, self.start = (found, digest), floor["start"]

    def check_events(self):
        """Every event that was seen waiting is stored; each once; without a hole in any start."""
        eventually(60, "nothing waits in the spool", lambda: self.site.told("spool")["waiting"] == 0)
        stored = {}
        doubled = 0
        for event in self.server.all(f"/events?site={self.site.name}"):
            at = (int(event["start"]), int(event["seq"]))
            doubled += at in stored
            stored[at] = int(event.get("lostBefore", 0))
        lost = [event for event in self.events if number(event) not in stored]
        holes, last = 0, {}
        for start, seq in sorted(stored):
            holes += seq != last.get(start, 0) + 1 + stored[start, seq]
            last[start] = seq
        self.table.row("events stored, twice, lost, holes", f"{len(stored)}, {doubled}, {len(lost)}, {holes}")
        self.table.must(not (doubled or lost or holes), f"events are stored once and in order; lost {lost[:5]}")


def kill_agent(killed, kills, table):
    print(f"skerry-agent without an engine: {kills} kills", flush=True)
    killed.site.start()
    killed.change()
    eventually(30, "the first manifest is taken", killed.has_taken_all)
    for _ in range(kills):
        killed.kill_once()
        killed.check()
    eventually(30, "the newest manifest is taken", killed.has_taken_all)
    table.row("kills of skerry-agent, skerryd with it", f"{kills}, {killed.servers_killed}")
    table.row("inside an operation", f"{100 * killed.inside / max(1, kills):.0f} %")
    table.row("start to the local answer", f"median {percentile(killed.answers_s, 0.5) * 1000:.0f} ms, "
              f"most {max(killed.answers_s) * 1000:.0f} ms")
    table.must(max(killed.answers_s) <= RESTART_S, f"answers within {RESTART_S} s")
    table.must(killed.inside >= 0.9 * kills, "nine in ten kills hit an operation")
    killed.check_events()
    table.row("floor, start counter at the end", f"{killed.floor[0]}, {killed.start}")


class KilledWithEngine(Killed):
    """Beside a service that nobody changes: its container stays, and since when it runs."""

    engine = None

    def compose(self):
        life = "image: skerry-test:1, stop_signal: SIGKILL"
        return "services: {keep: {%s}, edit: {%s, environment: {COUNT: \"%d\"}}}" % (life, life, self.count)

    def kept(self):
        return self.engine.identities().get(f"/{STACK}-keep-1")

    def edited(self):
        found = self.engine.inspect(f"{STACK}-edit-1")
        return bool(found and found["State"]["Running"] and f"COUNT={self.count}" in found["Config"]["Env"])

    def is_healthy(self):
        status = self.site.ask("status")
        return bool(status and status["stacks"] and all(each["state"] == "Healthy" for each in status["stacks"]))


def kill_agent_with_engine(killed, kills, table):
    print(f"skerry-agent on a real engine: {kills} kills", flush=True)
    killed.site.start()
    killed.change()
    eventually(60, "the stack is Healthy", killed.is_healthy)
    before, containers_max = killed.kept(), 0
    for _ in range(kills):
        killed.site.wait_linked()
        killed.change()
        wait(killed.chance.uniform(*APPLY_WITHIN_S))
        is_done = killed.edited() and killed.has_taken_all()
        killed.inside += not is_done
        killed.site.kill()
        killed.check()
        containers_max = max(containers_max, len(killed.engine.identities()))
        table.must(killed.kept() == before, "the service that was not changed keeps its container and its start")
    killed.site.wait_linked()
    killed.change()
    eventually(60, "the newest release runs", killed.edited)
    eventually(60, "the stack is Healthy", killed.is_healthy)
    names = sorted(killed.engine.identities())
    table.must(names == [f"/{STACK}-edit-1", f"/{STACK}-keep-1"], f"nothing is there twice: {names}")
    journal = killed.site.told("journal")
    table.must(not any("quarantined" in each for each in journal["stacks"]), f"nothing is quarantined: {journal}")
    table.row("kills of skerry-agent on an engine", kills)
    table.row("inside an apply", f"{100 * killed.inside / max(1, kills):.0f} %")
    table.row("untouched service: container and start unchanged", "yes" if killed.kept() == before else "NO")
    killed.check_events()


def stop_both(server, site, killed, stops, table):
    """SIGSTOP, under writers and with something new for the site."""
    writers = start_writers(server)
    lost = invented = 0
    for seconds in stops:
        print(f"SIGSTOP for {seconds} s", flush=True)
        for program in (server.program, site.program):
            site.wait_linked(330)
            let(writers)
            wait(0.05)
            program.process.send_signal(signal.SIGSTOP)
            if program is site.program:
                killed.change()
            wait(seconds)
            program.process.send_signal(signal.SIGCONT)
            begin = time.monotonic()
            if program is server.program:
                killed.change()
            eventually(330, "the site takes the newest without a restart", killed.has_taken_all)
            who = "skerryd" if program is server.program else "skerry-agent"
            table.row(f"{who} stopped for {seconds} s: on to the newest manifest taken",
                      f"{time.monotonic() - begin:.1f} s")
            hold(writers)
            result = check_all(server, writers)
            lost, invented = lost + result[0], invented + result[1]
            table.must(server.program.running() and site.program.running(), "nobody ended")
    table.row("stops: acknowledged, lost, invented",
              f"{sum(writer.acknowledged for writer in writers)}, {lost}, {invented}")
    table.must(lost == 0 and invented == 0, "nothing lost, nothing invented by a stop")


def run(options, directory, table):
    chance = random.Random(options.seed)
    programs = Path(options.build, "apps").resolve()
    server = Server(programs, directory, "--beat", str(BEAT_S))
    sites = []
    try:
        server.start()
        server.wait_ready()
        server.sign_in()
        if options.server:
            kill_server(server, options.server, chance, table)
        site = Site(programs, directory, "site-1")
        sites.append(site)
        site.enrol(server)
        killed = Killed(server, site, chance, table)
        if options.agent:
            kill_agent(killed, options.agent, table)
        else:
            site.start()
        if options.stops:
            stop_both(server, site, killed, options.stops, table)
        site.kill()
        server.call("DELETE", f"/stacks/{STACK}")
        if options.engine and options.agent >= 10:
            KilledWithEngine.engine = Engine("", options.engine)
            other = Site(programs, directory, "site-2", docker=f"{options.engine}/docker.sock")
            sites.append(other)
            other.enrol(server)
            kill_agent_with_engine(KilledWithEngine(server, other, chance, table), options.agent // 10, table)
    finally:
        for one in (server, *sites):
            if one.program and one.program.running():
                one.program.process.send_signal(signal.SIGCONT)
                one.kill()


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--server", type=int)
    parser.add_argument("--agent", type=int)
    parser.add_argument("--no-stops", action="store_true")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    counts = QUICK if options.quick else WHOLE
    options.server = counts["server"] if options.server is None else options.server
    options.agent = counts["agent"] if options.agent is None else options.agent
    options.stops = () if options.no_stops else counts["stops"]
    options.engine = os.environ.get("SKERRY_ENGINE_DIR")
    return options


def main():
    options = read_options()
    print(f"seed {options.seed}", flush=True)
    directory, table = Path(tempfile.mkdtemp(prefix="skerry-kills.")), Table()
    try:
        run(options, directory, table)
    except Failure as failure:
        table.broken.append(str(failure))
    print("\nmeasured:")
    for what, value in table.rows:
        print(f"  {what}: {value}")
    for what in table.broken:
        print(f"FAILED: {what}")
    if table.broken:
        print(f"what is left: {directory}")
    else:
        shutil.rmtree(directory)
    return 1 if table.broken else 0


if __name__ == "__main__":
    sys.exit(main())
