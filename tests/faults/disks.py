#!/usr/bin/python3
"""Disks that fail under the built programs: disks.py [--quick] BUILD

Full: server and agent each on a small tmpfs of which all but a few pages are taken. Broken: skerryd under a library that
fails its n-th call that changes a file, for each n of a start and ten changes, with EIO and with ENOSPC. The agent is
static, so no library comes between; its n-th call is failed by the simulator and the ledger's own tests, and here its disk
is full. Whatever happens, nothing that was acknowledged is lost, nothing is invented, and once the disk is well everything
goes on. Needs root for the tmpfs.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from driver import Failure, Server, Site, check_all, check_audit, eventually, hold, let, stack, start_writers
from kills import RESTART_S, STACK, Killed, Table, wait

ERRORS = {"EIO": 5, "ENOSPC": 28}
# Bytes that are left when the disk counts as full.
LEFT = (0, 4096, 65536, 1 << 20)
# What tells a supervisor to start it again.
EXIT_RECOVER = 70
# Every how many calls one is failed.
STRIDE_QUICK, STRIDE_WHOLE = 8, 1
CHANGES = 10


class SmallDisk:
    """A tmpfs, with a file that takes what is free."""

    def __init__(self, path, size_mb):
        self.path, self.ballast = Path(path), Path(path, "ballast")
        self.path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", self.path], check=True)

    def fill(self, left):
        with open(self.ballast, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
            file.truncate(max(0, file.tell() - left))

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def remove(self):
        subprocess.run(["umount", "--lazy", self.path], check=True)


def full_server(programs, directory, table):
    print("skerryd on a full disk", flush=True)
    disk = SmallDisk(directory / "server-disk", 48)
    server = Server(programs, directory, data=disk.path / "data")
    lost = invented = ended = 0
    try:
        server.start()
        server.wait_ready()
        server.sign_in()
        writers = start_writers(server, padding=20_000)
        let(writers)
        eventually(20, "writers write", lambda: sum(writer.acknowledged for writer in writers) > 20)
        for left in LEFT:
            hold(writers)
            disk.fill(left)
            refused = sum(sum(writer.refusals.values()) for writer in writers)
            ended += not write_until_full(server, writers, refused)
            if not server.program.running():
                server.start()
                print(f"    {left} bytes left: it ended; started again on the full disk", flush=True)
            result = starts_or_says_why(server, disk)
            hold(writers)
            result = check_all(server, writers)
            lost, invented = lost + result[0], invented + result[1]
            # A kill while the disk is full, then a start on it.
            server.kill()
            server.start()
            starts_or_says_why(server, disk)
            disk.free()
            before = sum(writer.acknowledged for writer in writers)
            let(writers)
            eventually(30, "changes are taken again once there is room",
                       lambda before=before, writers=writers: takes_again(writers, before))
            hold(writers)
            result = check_all(server, writers)
            lost, invented = lost + result[0], invented + result[1]
        refusals = {}
        for writer in writers:
            for status, count in writer.refusals.items():
                refusals[status] = refusals.get(status, 0) + count
        table.row("skerryd on a full disk: acknowledged, refused by status",
                  f"{sum(writer.acknowledged for writer in writers)}, {refusals}")
        table.row("skerryd on a full disk: lost, invented, ended by itself", f"{lost}, {invented}, {ended}")
        table.must(lost == 0 and invented == 0, "a full disk loses nothing")
        table.must(ended == 0, "skerryd runs on while its disk is full")
        table.row("audit rows after it, one a change and no hole", check_audit(server, writers))
    finally:
        if server.program and server.program.running():
            server.kill()
        disk.remove()


def write_until_full(server, writers, refused):
    """Whether the server still runs once each writer was refused."""
    let(writers)

    def all_stopped():
        return not server.program.running() or not any(writer.may.is_set() for writer in writers)
    eventually(60, "the writers are refused", all_stopped)
    return server.program.running()


def starts_or_says_why(server, disk):
    """It must be ready on a full disk; where it is not, room is made and it must be then."""
    try:
        return server.wait_ready()
    except Failure as failure:
        print(f"    does not start on a full disk: {failure}", flush=True)
        disk.free()
        server.start()
        return server.wait_ready()


def takes_again(writers, before):
    for writer in writers:
        if writer.problem:
            raise writer.problem
    let(writers)
    return sum(writer.acknowledged for writer in writers) > before + 5


def full_agent(programs, directory, table):
    print("skerry-agent on a full disk", flush=True)
    disk = SmallDisk(directory / "site-disk", 8)
    server = Server(programs, directory)
    site = Site(programs, directory, "site-1")
    site.state = disk.path / "state"
    site.socket = f"{directory}/agent.sock"
    try:
        server.start()
        server.wait_ready()
        server.sign_in()
        site.enrol(server)
        site.start()
        killed = Killed(server, site, None, table)
        killed.change()
        eventually(30, "the first manifest is taken", killed.has_taken_all)
        for left in LEFT:
            site.wait_linked(330)
            disk.fill(left)
            said = site.log.read_text().count("disk_full")
            killed.padding = 300_000
            killed.change()
            if left < killed.padding:
                eventually(20, f"it says that its disk is full ({left} bytes left)",
                           lambda said=said: site.log.read_text().count("disk_full") > said)
            # Small ones again, for which there is room once what is dead is gone.
            killed.padding = 0
            for _ in range(30):
                killed.change()
            table.must(site.program.running(), f"the agent runs on while its disk is full ({left} bytes left)")
            floor = site.told("floor")
            table.must((floor["term"], floor["seq"]) >= killed.floor[0], "the floor never goes down")
            site.kill()
            killed.check()
            disk.free()
            killed.change()
            eventually(330, "the newest manifest is taken once there is room", killed.has_taken_all)
        table.row("skerry-agent on a full disk: times, floor at the end", f"{len(LEFT)}, {killed.floor[0]}")
        killed.check_events()
    finally:
        for one in (site, server):
            if one.program and one.program.running():
                one.kill()
        disk.remove()


class Broken:
    """One skerryd after the other over copies of one store; in each one call fails."""

    def __init__(self, build, programs, directory, table):
        self.library = Path(build, "tests/faults/libbad_disk.so").resolve()
        self.programs, self.directory, self.table = programs, Path(directory), table
        self.made = self.directory / "made"
        self.token = None

    def make(self):
        self.directory.mkdir()
        server = Server(self.programs, self.directory, data=self.made)
        server.start()
        server.wait_ready()
        server.sign_in()
        self.token = server.token
        server.put_stack("before", 1)
        server.kill()

    def before(self, at, error, data):
        return ("env", f"LD_PRELOAD={self.library}", f"BAD_DISK_AT={at}", f"BAD_DISK_ERROR={error}",
                f"BAD_DISK_BELOW={data}", f"BAD_DISK_COUNT={self.directory}/count")

    def run(self, at, error):
        """What was acknowledged under a failing call, then checked without it. Returns how it went."""
        data = self.directory / "data"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.made, data)
        server = Server(self.programs, self.directory, data=data)
        server.token = self.token
        server.start(self.before(at, error, data))
        acknowledged, unanswered, refused = self.change(server)
        ended = self.ended_by_itself(server, unanswered)
        self.table.must(ended in (None, EXIT_RECOVER), f"call {at}, errno {error}: it ended with {ended}")
        server.start()
        took = server.wait_ready()
        self.table.must(took <= RESTART_S, f"call {at}: ready within {RESTART_S} s after it, took {took:.2f} s")
        lost, invented = self.judge(server, acknowledged, unanswered)
        server.kill()
        return lost, invented, ended is not None, refused

    @staticmethod
    def ended_by_itself(server, unanswered):
        """The exit code, or None where it ran on until it was told to end, and then did so in order."""
        if unanswered:
            eventually(10, "a server that hangs up has ended", lambda: not server.program.running())
        if not server.program.running():
            return server.program.process.returncode
        return server.program.end() or None

    def change(self, server):
        acknowledged, unanswered, refused = {"before": 1}, None, 0
        try:
            server.wait_ready()
            for count in range(1, CHANGES + 1):
                name = f"stack-{count % 4}"
                unanswered = (name, count)
                status, _ = server.call("PUT", f"/stacks/{name}", stack(name, count))
                if status in (200, 201):
                    acknowledged[name] = count
                elif status == 500:
                    break  # Neither yes nor no: it ends and may find the change whole in its log.
                else:
                    refused += 1
                unanswered = None
        except (Failure, OSError):
            pass
        return acknowledged, unanswered, refused

    @staticmethod
    def judge(server, acknowledged, unanswered):
        found = {item["metadata"]["name"]: int(item["metadata"]["labels"]["count"])
                 for item in server.all("/stacks")}
        lost = invented = 0
        for name in acknowledged.keys() | found.keys():
            if found.get(name) == acknowledged.get(name) or (name, found.get(name)) == unanswered:
                continue
            if found.get(name, 0) < acknowledged.get(name, 0):
                lost += 1
            else:
                invented += 1
            print(f"    {name}: acknowledged {acknowledged.get(name)}, is {found.get(name)}", flush=True)
        return lost, invented


def broken_server(build, programs, directory, stride, table):
    print("skerryd on a disk whose n-th call fails", flush=True)
    broken = Broken(build, programs, directory / "broken", table)
    broken.make()
    broken.run(0, 0)
    calls = int((broken.directory / "count").read_text())
    table.row("calls that change a file, in a start, ten changes and an end", calls)
    table.must(calls > 30, "the library sees the calls")
    for name, error in ERRORS.items():
        lost = invented = ended = refused = runs = 0
        for at in range(1, calls + 1, stride):
            result = broken.run(at, error)
            lost, invented = lost + result[0], invented + result[1]
            ended, refused, runs = ended + result[2], refused + result[3], runs + 1
        table.row(f"{name}: runs, ended by itself, requests refused, lost, invented",
                  f"{runs}, {ended}, {refused}, {lost}, {invented}")
        table.must(lost == 0 and invented == 0, f"{name} loses nothing")


def main():
    words = sys.argv[1:]
    stride = STRIDE_QUICK if "--quick" in words else STRIDE_WHOLE
    build = [word for word in words if not word.startswith("--")][0]
    programs = Path(build, "apps").resolve()
    directory, table = Path(tempfile.mkdtemp(prefix="skerry-disks.")), Table()
    for what in (lambda: full_server(programs, directory, table), lambda: full_agent(programs, directory, table),
                 lambda: broken_server(build, programs, directory, stride, table)):
        try:
            what()
        except Failure as failure:
            table.broken.append(str(failure))
            print(f"  FAILED: {failure}", flush=True)
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
