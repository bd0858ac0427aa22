#!/usr/bin/env python3
"""skerryd and the agent as processes: what only the programs themselves show. Usage: process.py BUILD"""

import http.client
import json
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from contextlib import closing
from pathlib import Path

from machine import Failure, Program, eventually, free_port

STACK = """apiVersion: skerry/v1
kind: Stack
metadata: {name: hello, labels: {count: "%d"}}
spec:
  targets: {sites: [nowhere]}
  compose: |
    services: {web: {image: "example.com/web:1"}}
"""


class TheServer(unittest.TestCase):
    programs = Path()

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="skerry-process."))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.port = free_port()
        self.log = self.directory / "skerryd.log"

    def launch(self, before="", flags=""):
        command = (f"{before} exec {self.programs}/skerryd --data {self.directory}/data"
                   f" --listen 127.0.0.1:{self.port} {flags}")
        server = Program(["sh", "-c", command], self.log)
        self.addCleanup(server.end, signal.SIGKILL)
        return server

    def start(self, before="", flags=""):
        server = self.launch(before, flags)
        eventually(20, "skerryd says that it has started", lambda: "server_started" in self.log.read_text())
        return server

    def connect(self):
        # Which server it is does not matter here.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=20)

    def sign_in(self):
        code = (self.directory / "data/setup-code").read_text().strip()
        connection = self.connect()
        connection.request("POST", "/api/v1/setup",
                           json.dumps({"code": code, "user": "ana", "password": "correct horse"}),
                           {"content-type": "application/json"})
        return json.load(connection.getresponse())["token"]

    def change_things(self, token, first, changed):
        """Commits something, again and again, until the server is gone."""
        connection = self.connect()
        headers = {"content-type": "application/yaml", "authorization": f"Bearer {token}"}
        try:
            for count in range(first, first + 1_000_000):
                connection.request("PUT", "/api/v1/stacks/hello", STACK % count, headers)
                answer = connection.getresponse()
                said = answer.read()
                if answer.status not in (200, 201):
                    raise Failure(f"{answer.status} {said[:300]!r}")
                changed.set()
        except (OSError, http.client.HTTPException):
            pass

    def test_ends_at_the_first_signal_though_it_is_busy(self):
        server = self.start()
        token, changed = self.sign_in(), threading.Event()
        busy = [threading.Thread(target=self.change_things, args=(token, each * 10_000_000, changed), daemon=True)
                for each in range(3)]
        for thread in busy:
            thread.start()
        self.assertTrue(changed.wait(20), self.log.read_text())
        self.assertEqual(server.end(signal.SIGTERM), 0)

    def ready(self, connection):
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def test_is_ready_until_it_ends(self):
        server, connection = self.start(), self.connect()
        eventually(20, "skerryd is ready", lambda: self.ready(connection) == 200)
        server.process.send_signal(signal.SIGTERM)
        eventually(20, "it says that it ends", lambda: self.ready(connection) == 503)
        self.assertEqual(server.process.wait(20), 0)

    def test_refuses_a_wrong_flag_as_a_wrong_command_line(self):
        for arguments, code in [(["--beat", "0"], 2), (["--bogus"], 2), (["--help"], 0)]:
            done = subprocess.run([self.programs / "skerryd", *arguments], capture_output=True, timeout=20, check=False)
            self.assertEqual(done.returncode, code, arguments)

    def test_does_not_start_without_the_store_of_its_keys(self):
        self.start().end(signal.SIGTERM)
        keys = {key.name: key.read_bytes() for key in (self.directory / "data/keys").iterdir()}
        for file in (self.directory / "data").glob("skerry.db*"):
            file.unlink()
        self.log.write_text("")
        server = self.launch()
        self.assertEqual(server.process.wait(20), 70)
        said = self.log.read_text()
        for word in ["store_lost", f"{self.directory}/data/skerry.db", "rollback", "backup", "--accept-lost-store"]:
            self.assertIn(word, said)
        self.assertFalse((self.directory / "data/skerry.db").exists())
        self.start(flags="--accept-lost-store").end(signal.SIGTERM)
        self.assertEqual(keys, {key.name: key.read_bytes() for key in (self.directory / "data/keys").iterdir()})

    def audit(self):
        done = subprocess.run([self.programs / "skerryd", "audit", "verify", "--data", self.directory / "data",
                               "--heads", self.log], capture_output=True, text=True, timeout=20, check=False)
        return done.returncode, done.stdout + done.stderr

    def tamper(self, sql):
        with closing(sqlite3.connect(self.directory / "data/skerry.db")) as store:
            store.executescript(sql)

    def test_tells_when_its_audit_chain_was_tampered_with(self):
        server = self.start()
        self.sign_in()
        code, said = self.audit()
        self.assertEqual(code, 0, said)
        server.end(signal.SIGTERM)
        code, said = self.audit()
        self.assertEqual(code, 0, said)
        self.assertRegex(said, "[1-9][0-9]* signed heads")

        self.tamper("UPDATE head SET rev = rev - 1, audit_hash = (SELECT previous FROM audit ORDER BY rev DESC LIMIT 1);"
                    "DELETE FROM audit WHERE rev = (SELECT max(rev) FROM audit)")
        code, said = self.audit()
        self.assertEqual((code, "is missing, and a signed head names it" in said), (1, True), said)

        self.tamper("UPDATE audit SET actor = 'user/eve' WHERE rev = 1")
        self.assertEqual(self.audit()[0], 1)
        self.start()
        eventually(20, "skerryd tells of the row", lambda: '"event":"audit_broken"' in self.log.read_text())

    def test_may_have_as_many_connections_as_the_system_allows(self):
        server = self.start("ulimit -S -n 256;")
        limits = Path(f"/proc/{server.process.pid}/limits").read_text()
        soft, hard = re.search(r"Max open files +(\S+) +(\S+)", limits).groups()
        self.assertEqual(soft, hard)
        self.assertGreater(int(soft), 256)


class TheAgent(unittest.TestCase):
    programs = Path()
    nobody = ["--server", "127.0.0.1:1", "--root", "a" * 64]

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="skerry-process."))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def start(self, log, *command):
        sockets = ["--docker", f"{self.directory}/none.sock", "--socket", f"{self.directory}/agent.sock"]
        agent = Program([*command, *sockets], self.directory / log)
        self.addCleanup(agent.end, signal.SIGKILL)
        eventually(20, "the agent dials", lambda: "link_closed" in (self.directory / log).read_text())
        return agent

    def test_changes_nothing_where_a_flag_is_wrong_or_missing(self):
        state = self.directory / "state"
        for arguments in [self.nobody[2:], self.nobody[:2], ["--server", ":", *self.nobody[2:]],
                          [*self.nobody, "--bogus", "x"]]:
            done = subprocess.run([self.programs / "skerry-agent", "enrol", *arguments, "--state", state],
                                  input=b"token", capture_output=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertFalse(state.exists(), arguments)

    def test_is_started_by_its_launcher_on_a_full_disk(self):
        disk, slot = self.directory / "disk", self.directory / "slots/a"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        slot.mkdir(parents=True)
        (slot / "skerry-agent").symlink_to(self.programs / "skerry-agent")
        (self.directory / "token").write_text("token")
        agent = self.start("enrol.log", self.programs / "skerry-agent", "enrol", *self.nobody, "--state", disk / "state",
                           "--token-file", self.directory / "token")
        agent.end(signal.SIGKILL)
        with self.assertRaises(OSError), open(disk / "rest", "wb", buffering=0) as rest:
            while True:
                rest.write(bytes(4096))
        for run in range(3):
            agent = self.start(f"run{run}.log", self.programs / "skerry-launch", disk / "state", slot.parent, "run",
                               "--state", disk / "state")
            self.assertTrue(agent.running())
            self.assertIn("disk_full", (self.directory / f"run{run}.log").read_text())
            agent.end(signal.SIGKILL)


if __name__ == "__main__":
    TheServer.programs = TheAgent.programs = Path(sys.argv.pop(1), "apps").resolve()
    unittest.main()
