#!/usr/bin/python3
"""A server that is lost and put back from a backup older than its sites: restore.py TREE BUILD-DIRECTORY, below
`engine.sh with auto`.

Steps run in the order written, each on what the one before left.
"""

import json
import re
import shutil
import signal
import sys

from machine import Failure, eventually
from walk import WEB, Walk, run_on_a_machine

LATE = "late-web-1"


class Restore(Walk):
    def __init__(self, machine):
        super().__init__(machine, False)
        self.backup, self.keys = machine.directory / "backup.db", machine.directory / "keys-kept"
        self.data = machine.directory / "server"
        self.late = self.stack.replace("name: hello", "name: late").replace('"8088"', '"8089"')
        self.running = {}

    def skerryd(self, *words, **options):
        return self.machine.run(self.machine.programs / "skerryd", *words, **options)

    def restore(self, *words, **options):
        return self.machine.skerry("restore", *words, **options)

    def everything_is_back(self):
        """Each step stands on the one before; nothing is put right between them."""

    def a_backup_is_made_while_the_server_works(self):
        made = self.skerryd("backup", "create", self.backup, "--data", self.data).stdout
        if "1 sites, 1 stacks" not in made:
            raise Failure(f"backup create says {made!r}")
        shutil.copytree(self.data / "keys", self.keys)
        again = self.skerryd("backup", "create", self.backup, "--data", self.data, good=None)
        if again.returncode == 0:
            raise Failure("a second backup took the place of the first")
        if "is whole" not in self.skerryd("backup", "verify", self.backup).stdout:
            raise Failure("the backup is not called whole")

    def a_damaged_backup_is_told(self):
        damaged = self.machine.directory / "damaged.db"
        bytes_read = bytearray(self.backup.read_bytes())
        for at in range(len(bytes_read) // 2, len(bytes_read) // 2 + 4096):
            bytes_read[at] ^= 0xA5
        damaged.write_bytes(bytes_read)
        if self.skerryd("backup", "verify", damaged, good=None).returncode == 0:
            raise Failure("a damaged backup is called whole")

    def the_sites_go_on_after_it(self):
        self.apply(self.stack.replace("Hello from", "Later from"))
        self.apply(self.late)
        self.wait_healthy()
        eventually(30, "the later stack is Healthy", lambda: self.is_healthy("late"))
        eventually(5, "the later release answers", lambda: (self.machine.page() or "").startswith("Later from"))
        self.running = self.engine.identities()

    def the_server_is_lost(self):
        self.machine.server.end(signal.SIGKILL)
        shutil.rmtree(self.data)

    def a_restore_needs_its_keys_and_an_empty_place(self):
        words = ("backup", "restore", self.backup, "--data", self.data)
        done = self.skerryd(*words, good=None)
        if done.returncode == 0 or "assign.key" not in done.stderr:
            raise Failure(f"without keys: exit {done.returncode}: {done.stderr}")
        empty = self.machine.directory / "empty"
        done = self.skerryd("backup", "restore", "--data", empty, "--keys", self.keys, good=None)
        if done.returncode == 0 or (empty / "skerry.db").exists():
            raise Failure(f"a restore in place of no store: exit {done.returncode}: {done.stdout}{done.stderr}")
        said = self.skerryd(*words, "--keys", self.keys, "--dry-run").stdout
        if "changed nothing" not in said or (self.data / "skerry.db").exists():
            raise Failure(f"a dry run says {said!r} and leaves {list(self.data.iterdir())}")
        self.skerryd(*words, "--keys", self.keys)
        if self.skerryd(*words, "--keys", self.keys, good=None).returncode == 0:
            raise Failure("a restore took the place of a store")

    def tokens_from_before_open_nothing(self):
        self.machine.start_server()
        done = self.machine.run(self.machine.programs / "skerry", "get", "sites", good=None)
        if done.returncode == 0:
            raise Failure("a session from before the restore still works")
        self.sign_in()

    def sign_in(self):
        log = (self.machine.directory / "skerryd.log").read_text()
        pin = re.findall(r'"fingerprint":"([^"]+)"', log)[-1]
        url = f"https://127.0.0.1:{self.machine.server_port}"
        body = json.dumps({"user": "admin", "password": "walk-password-1"})
        answer = self.machine.run("curl", "-fsSk", "-H", "content-type: application/json", "--data-binary", "@-",
                                  f"{url}/api/v1/login", stdin=body).stdout
        self.machine.skerry("login", url, "--pin", pin, "--token-stdin", stdin=json.loads(answer)["token"])

    def the_site_is_taken_over_as_it_is(self):
        eventually(330, "the site is adopted", lambda: "since the restore: 0" in self.restore("status"))
        eventually(30, "the site took the new term", lambda: self.accepted_term() > 1)
        self.unchanged(self.running, "a restore")
        said = self.restore("status")
        if not re.search(r"hello +from the backup", said) or not re.search(r"late +unknown", said):
            raise Failure(f"restore status says\n{said}")
        codes = [reason["code"] for reason in self.site().get("reasons", [])]
        if "RestoreUndecided" not in codes:
            raise Failure(f"the site's reasons are {codes}")

    def accepted_term(self):
        floor = json.loads(self.machine.skerry("site", "floor", "--json"))
        return int(floor["term"])

    def the_same_backup_can_be_restored_twice(self):
        """A drill, or a second crash: the backup knows nothing of the first restore."""
        before = self.accepted_term()
        self.the_server_is_lost()
        self.skerryd("backup", "restore", self.backup, "--data", self.data, "--keys", self.keys)
        self.machine.start_server()
        self.sign_in()
        eventually(330, "the site is adopted again", lambda: "since the restore: 0" in self.restore("status"))
        eventually(30, "the site took a newer term", lambda: self.accepted_term() > before)
        self.unchanged(self.running, "a second restore")
        if not re.search(r"late +unknown", self.restore("status")):
            raise Failure(f"restore status says\n{self.restore('status')}")

    def nothing_changes_before_somebody_decides(self):
        done = self.machine.run(self.machine.programs / "skerry", "restore", "finish", good=None)
        if done.returncode == 0 or "undecided" not in done.stderr:
            raise Failure(f"restore finish: exit {done.returncode}: {done.stderr}")
        self.machine.server.end()
        self.machine.start_server()
        self.wait_linked()
        self.unchanged(self.running, "a restart of the restored server")

    def a_stack_follows_the_backup_once_accepted(self):
        self.restore("accept", "hello")
        eventually(30, "the release of the backup answers",
                   lambda: (self.machine.page() or "").startswith("Hello from"))
        after = self.engine.identities()
        if after["/" + LATE] != self.running["/" + LATE] or after["/" + WEB] == self.running["/" + WEB]:
            raise Failure(f"containers before {self.running}, after {after}")

    def an_unknown_stack_goes_only_when_asked_by_name(self):
        done = self.machine.run(self.machine.programs / "skerry", "restore", "accept", "late", good=None)
        if done.returncode == 0 or "--remove" not in done.stderr:
            raise Failure(f"restore accept late: exit {done.returncode}: {done.stderr}")
        self.machine.run(self.machine.programs / "skerry", "restore", "accept", "--all", good=(8,))
        if self.engine.inspect(LATE) is None:
            raise Failure("--all removed a stack that the server does not know")
        self.restore("accept", "late", "--remove")
        eventually(30, "the unknown stack is gone", lambda: self.engine.inspect(LATE) is None)

    def a_finished_restore_leaves_an_ordinary_server(self):
        self.restore("finish")
        if "no restore" not in self.restore("status"):
            raise Failure("the restore is not finished")
        self.apply(self.stack.replace("Hello from", "Again from"))
        self.wait_healthy()
        eventually(5, "the new release answers", lambda: (self.machine.page() or "").startswith("Again from"))

    STEPS = (
        Walk.a_file_becomes_a_healthy_service,
        a_backup_is_made_while_the_server_works,
        a_damaged_backup_is_told,
        the_sites_go_on_after_it,
        the_server_is_lost,
        a_restore_needs_its_keys_and_an_empty_place,
        tokens_from_before_open_nothing,
        the_site_is_taken_over_as_it_is,
        the_same_backup_can_be_restored_twice,
        nothing_changes_before_somebody_decides,
        a_stack_follows_the_backup_once_accepted,
        an_unknown_stack_goes_only_when_asked_by_name,
        a_finished_restore_leaves_an_ordinary_server,
    )


if __name__ == "__main__":
    sys.exit(run_on_a_machine(lambda machine: Restore(machine).run(), sys.argv[1:]))
