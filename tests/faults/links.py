#!/usr/bin/python3
"""Sites on bad networks and with wrong parties: links.py [--quick] BUILD, below `engine.sh with auto`.

One skerryd, one private engine, and at the same time one real skerry-agent for each profile, each behind a proxy of its
own (proxy.cc). A profile that fails says so and the others go on; the table stands at the end. What must hold for each:
a half-open link is found within two beats, everything is as it shall be again without a restart, nobody but the server
is sent a token or anything of the site, and a workload that nobody changed keeps its container and its start.
"""

import argparse
import base64
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

from driver import Failure, Server, Site, free_port, number
from machine import Engine

# Two beats are what the kernel takes to give up a connection (60 s) and one beat.
BEAT_S = 60
# Between looks at a condition; a dozen sites share the processors.
LOOK_EVERY_S = 0.2
# For the look and the kernel's own timers.
SLACK_S = 5.0
# How often the server looks, and how long it waits for the other side to hang up.
GOODBYE_S = 35.0
# The cap of the agent's back-off, and a dial.
RELINKED_S = 330.0
WRONG_FOR_S = 8.0
CUTS_QUICK = (0, 1, 300, 1500, 3000, 5000)
CUTS_WHOLE = (0, 1, 5, 100, 300, 517, 800, 1100, 1500, 1800, 2200, 2600, 3000, 3500, 4000, 5000, 6000, 8000)
LAN = ("shape delay_ms=0.3 jitter_ms=0.1", "pass")
NETWORKS = {
    "lan": LAN,
    "3g": ("shape delay_ms=75 jitter_ms=25 loss=0.5 rate_kbit=1500", "pass"),
    "satellite": ("shape delay_ms=300 jitter_ms=25 loss=2 rate_kbit=2000", "pass"),
    "loss30": ("shape delay_ms=20 jitter_ms=5", "drop 30"),
}
COLUMNS = ("enrolled", "linked", "applied", "hole found by site", "by server", "relinked", "change taken", "note")


def until(seconds, what, condition):
    """Seconds until it held."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > seconds:
            raise Failure(f"not within {seconds:.0f} s: {what}")
        time.sleep(LOOK_EVERY_S)
    return time.monotonic() - begin


class Proxy:
    """proxy.cc, and what a wrong party in it heard."""

    def __init__(self, build, directory, name, server_port):
        self.port, self.heard_file = free_port(), directory / f"{name}.heard"
        self.process = subprocess.Popen([Path(build, "tests/faults/proxy"), str(self.port), str(server_port),
                                         self.heard_file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def tell(self, *lines):
        """Connections so far, bytes to the server, bytes from it."""
        for line in lines:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
            if not answer or answer.startswith("unknown"):
                raise Failure(f"the proxy does not take {line!r}")
        return tuple(int(word) for word in answer.split())

    def heard(self):
        return self.heard_file.read_bytes()

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


class Profile:
    """One site behind one proxy, with a stack of two services of which one is edited."""

    def __init__(self, run, name, settings=LAN):
        self.run, self.name, self.settings = run, name, settings
        self.server, self.engine = run.server, run.engine
        self.proxy = Proxy(run.build, run.directory, name, self.server.port)
        self.site = Site(run.programs, run.directory, name, docker=run.engine.socket,
                         address=f"127.0.0.1:{self.proxy.port}")
        self.stack, self.count, self.kept, self.pid = f"on-{name}", 0, None, None
        self.row = dict.fromkeys(COLUMNS, "")

    # --- what is done and seen ---

    def set_network(self):
        self.proxy.tell(*self.settings)

    def change(self):
        self.count += 1
        life = "image: skerry-test:1, stop_signal: SIGKILL"
        compose = 'services: {keep: {%s}, edit: {%s, environment: {COUNT: "%d"}}}' % (life, life, self.count)
        self.server.put_stack(self.stack, self.count, targets=self.name, compose=compose)

    def is_changed(self):
        found = self.engine.inspect(f"{self.stack}-edit-1")
        return bool(found and found["State"]["Running"] and f"COUNT={self.count}" in found["Config"]["Env"])

    def keep(self):
        found = self.engine.inspect(f"{self.stack}-keep-1")
        return (found["Id"], found["State"]["StartedAt"]) if found and found["State"]["Running"] else None

    def is_connected_at_the_server(self):
        return self.server.get(f"/sites/{self.name}")["status"].get("connected", False)

    def has_reported(self):
        manifest = self.server.get(f"/sites/{self.name}")["status"].get("manifest", {})
        return number(manifest.get("desired")) == number(manifest.get("accepted"))

    def note(self, column, seconds, limit=None):
        self.row[column] = f"{seconds:.1f}" if isinstance(seconds, float) else seconds
        if limit is not None and seconds > limit:
            raise Failure(f"{column} took {seconds:.1f} s, the limit is {limit:.0f}")

    # --- steps ---

    def join(self):
        self.set_network()
        begin = time.monotonic()
        self.site.enrol(self.server, seconds=300)
        self.note("enrolled", time.monotonic() - begin)
        self.site.start()
        self.pid = self.site.program.process.pid
        self.note("linked", until(RELINKED_S, "linked", self.site.is_linked))
        self.change()
        self.note("applied", until(120, "the stack runs", lambda: self.keep() and self.is_changed()))
        until(60, "the server knows", self.has_reported)
        self.kept = self.keep()

    def is_well_again(self):
        """Linked, what was changed meanwhile is done, by the same process, and the other workload was let be."""
        self.note("relinked", until(RELINKED_S, "linked again", self.site.is_linked))
        self.note("change taken", until(120, "the change runs", self.is_changed))
        until(60, "the server knows", self.has_reported)
        if not self.site.program.running() or self.site.program.process.pid != self.pid:
            raise Failure("the agent was restarted")
        if self.keep() != self.kept:
            raise Failure(f"an untouched container was changed: {self.kept} {self.keep()}")
        refusals = self.site.told("status")["refusals"]
        if refusals:
            raise Failure(f"documents were refused: {refusals}")

    def course(self):
        raise NotImplementedError

    def end(self):
        if self.site.program and self.site.program.running():
            self.site.kill()
        self.proxy.end()


class Network(Profile):
    def course(self):
        self.join()
        self.proxy.tell("hole")
        begin = time.monotonic()
        found = {}
        # Both sides look for themselves.
        watches = {"hole found by site": (lambda: not self.site.is_linked(), 2 * BEAT_S),
                   "by server": (lambda: not self.is_connected_at_the_server(), 2.5 * BEAT_S + GOODBYE_S)}
        while len(found) < len(watches) and time.monotonic() - begin < 3 * BEAT_S:
            for who, (is_found, _) in watches.items():
                if who not in found and is_found():
                    found[who] = time.monotonic() - begin
            time.sleep(LOOK_EVERY_S)
        self.change()
        if self.keep() != self.kept:
            raise Failure("the hole changed a workload")
        self.set_network()
        self.is_well_again()
        for who, (_, limit) in watches.items():
            if who not in found:
                raise Failure(f"a half-open link was not {who}")
            self.note(who, found[who], limit + SLACK_S)


class OnOff(Profile):
    """A network that is there and gone by turns; what is changed while it is gone comes when it is back."""

    def course(self):
        self.join()
        rounds, seconds = self.run.on_off
        late = []
        for _ in range(rounds):
            self.proxy.tell("hole")
            self.change()
            time.sleep(seconds)
            self.set_network()
            late.append(until(RELINKED_S, "the change runs once the network is back", self.is_changed))
            time.sleep(max(0.0, seconds - late[-1]))
        self.is_well_again()
        self.row["note"] = f"{rounds} x {seconds} s off; then done after {', '.join(f'{each:.1f}' for each in late)} s"


class Swallowed(Profile):
    """A middlebox that acknowledges for the server and is dead behind: TCP has nothing to notice."""

    def course(self):
        self.join()
        self.proxy.tell("swallow")
        begin = time.monotonic()
        self.note("by server", until(2.5 * BEAT_S + GOODBYE_S + SLACK_S, "the server finds it",
                                     lambda: not self.is_connected_at_the_server()))
        while self.site.is_linked() and time.monotonic() - begin < 3 * BEAT_S:
            time.sleep(LOOK_EVERY_S)
        is_found = not self.site.is_linked()
        self.row["hole found by site"] = f"{time.monotonic() - begin:.1f}" if is_found else "NOT FOUND"
        self.change()
        self.proxy.tell("server")
        self.is_well_again()
        self.row["note"] = "" if is_found else "known: beats go one way, and the middlebox acknowledges them"


class Cuts(Profile):
    """Every connection ends after its n-th byte."""

    def course(self):
        self.join()
        for size in self.run.cuts:
            self.change()
            ends = self.ends()
            self.site.kill()
            self.proxy.tell(f"cut {size}")
            self.site.start()
            # Dials at once at its start; what comes through before the cut may well be all there is.
            until(30, f"a connection was cut after {size} bytes",
                  lambda size=size, ends=ends: self.ends() > ends or self.is_done_before(size))
            if self.keep() != self.kept:
                raise Failure(f"a cut after {size} bytes changed a workload")
        self.pid = self.site.program.process.pid
        self.proxy.tell("server")
        self.change()
        self.is_well_again()
        floor = self.site.told("floor")
        self.row["note"] = f"{len(self.run.cuts)} places, floor {floor['term']}.{floor['seq']}"

    def ends(self):
        return self.site.log.read_text(errors="replace").count("link_closed")

    def is_done_before(self, size):
        return size > 3000 and self.site.is_linked() and self.is_changed()


class WrongParty(Profile):
    """Led to somebody else: nothing of the site and no token goes there, and later all is well."""

    def course(self):
        self.join()
        secrets = self.secrets()
        token = self.server.enrolment_token()
        self.lead_astray()
        stray = Site(self.run.programs, self.run.directory, f"{self.name}-stray", docker=self.engine.socket)
        self.enrol_astray(stray, token)
        self.change()
        time.sleep(WRONG_FOR_S)
        if self.site.is_linked():
            raise Failure("the site is linked with a wrong party")
        heard = self.heard()
        for what, secret in {**secrets, "the token": token.encode(), "a name": stray.name.encode()}.items():
            if secret in heard:
                raise Failure(f"the wrong party was sent {what}")
        self.proxy.tell(f"server {self.server.port}")
        self.is_well_again()
        # The token was shown to nobody and used by nobody.
        stray.enrol(self.server, address=f"127.0.0.1:{self.proxy.port}", token=token)
        self.row["note"] = f"heard {len(heard)} bytes{self.say(heard)}; nothing of the site, token still good"

    def lead_astray(self):
        self.proxy.tell(self.name)

    def heard(self):
        heard = self.proxy.heard()
        if not heard and self.name != "portal-tls":
            raise Failure("the wrong party was never asked, so this shows nothing")
        return heard

    def say(self, heard):
        if self.name != "stranger":
            return ""
        return f", each {' or '.join(sorted({frame.hex(' ') for frame in frames(heard)}))}"

    def enrol_astray(self, stray, token):
        stray.state.mkdir()
        process = subprocess.Popen(stray.command("enrol", "--server", f"127.0.0.1:{self.proxy.port}", "--root",
                                                 self.server.root(), "--name", stray.name),
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process.stdin.write(token.encode())
        process.stdin.close()
        try:
            process.wait(WRONG_FOR_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.returncode == 0:
            raise Failure("a site joined a wrong party")

    def secrets(self):
        uid = self.server.get(f"/sites/{self.name}")["metadata"]["uid"]
        pem = (self.site.state / "identity.key").read_text()
        der = base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
        # ECPrivateKey: version 1, then 32 bytes.
        at = der.index(bytes.fromhex("0201010420")) + 5
        return {"its private key": der[at:at + 32], "its id": uuid.UUID(uid).bytes, "its id as text": uid.encode(),
                "its name": self.name.encode() + b"\0"}


class OtherServer(WrongParty):
    """A wrong DNS answer: the name leads to the real server of another installation."""

    def lead_astray(self):
        self.proxy.tell(f"server {self.run.other.port}")

    def heard(self):
        sites = self.run.other.all("/sites")
        if sites:
            raise Failure(f"the other installation has sites: {sites}")
        connections, _, _ = self.proxy.tell("stats")
        if connections < 3:
            raise Failure("the other server was never asked, so this shows nothing")
        return (self.run.other.data / "skerry.db-wal").read_bytes() + (self.run.other.data / "skerry.db").read_bytes()

    def say(self, heard):
        return " of the other server's store searched"


def frames(heard):
    """The frames that a stranger was sent; each is shorter than 128 bytes here."""
    at = 0
    while at < len(heard):
        yield heard[at:at + 1 + heard[at]]
        at += 1 + heard[at]


class Run:
    def __init__(self, options, directory):
        self.build, self.directory = Path(options.build).resolve(), directory
        self.programs = self.build / "apps"
        self.on_off = (3, 20) if options.quick else (2, 300)
        self.cuts = CUTS_QUICK if options.quick else CUTS_WHOLE
        self.engine = Engine("", os.environ["SKERRY_ENGINE_DIR"])
        self.server = self.start(directory, "--beat", str(BEAT_S))
        (directory / "other").mkdir()
        self.other = self.start(directory / "other")
        self.profiles = [Network(self, name, settings) for name, settings in NETWORKS.items()]
        self.profiles += [OnOff(self, "on-off"), Cuts(self, "cuts"), Swallowed(self, "swallowed"),
                          WrongParty(self, "portal"), WrongParty(self, "portal-tls"), WrongParty(self, "stranger"),
                          OtherServer(self, "other-server")]
        if options.only:
            self.profiles = [profile for profile in self.profiles if profile.name in options.only]

    def start(self, directory, *flags):
        server = Server(self.programs, directory, *flags)
        server.start()
        server.wait_ready()
        server.sign_in()
        return server

    def all(self):
        threads = [threading.Thread(target=self.one, args=(profile,)) for profile in self.profiles]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.print_table()
        return not any(profile.row["note"].startswith("FAILED") for profile in self.profiles)

    @staticmethod
    def one(profile):
        try:
            profile.course()
            print(f"{profile.name}: done", flush=True)
        except Exception as failure:  # Whatever it is, the others go on and the table says it.
            words = getattr(failure, "stderr", None) or b""
            profile.row["note"] = f"FAILED: {type(failure).__name__}: {failure} {words[-300:]!r}"
            print(f"{profile.name}: {profile.row['note']}", flush=True)

    def print_table(self):
        print("\nseconds; beat", BEAT_S)
        print(f"{'profile':<13}" + "".join(f"{column:>19}" for column in COLUMNS[:-1]) + "  note")
        for profile in self.profiles:
            print(f"{profile.name:<13}" + "".join(f"{profile.row[column]:>19}" for column in COLUMNS[:-1]) +
                  f"  {profile.row['note']}")

    def end(self):
        for profile in self.profiles:
            profile.end()
        for server in (self.server, self.other):
            if server.program.running():
                server.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", help="one profile; may be given again")
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="skerry-links."))
    run = Run(options, directory)
    try:
        held = run.all()
    finally:
        run.end()
    if held:
        shutil.rmtree(directory)
    else:
        print(f"what is left: {directory}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
