#!/usr/bin/python3
"""What one agent costs its machine: agent.py [--minutes N] BUILD-DIRECTORY, below `engine.sh with auto`.

Ten containers, five of them with health checks, the link in a network namespace of its own, no advice to the kernel
about memory. The window is 30 minutes; fewer say less about beats and scans, and the table names the window.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from measured_site import Site, counter, eventually, report, status_kib, ten_services

MIB = 1024.0
CGROUP = Path("/sys/fs/cgroup/memory/skerry-bench")
CGROUP_BYTES = 8 << 20
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def stripped_bytes(program):
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-s", "-o", copy.name, program], check=True)
        return os.stat(copy.name).st_size


def reading(pid, cable):
    return {"wakeups": counter(f"/proc/{pid}/status", "voluntary_ctxt_switches"),
            "written": counter(f"/proc/{pid}/io", "write_bytes"), "cpu": cpu_seconds(pid), "link": cable.bytes()}


def exchange(site):
    """Ten changes that the agent reports."""
    for round_ in range(10):
        site.machine.engine.call("POST", f"/containers/ten-s{round_}-1/kill")
        eventually(20, "it runs again", lambda name=f"ten-s{round_}-1": site.machine.engine.inspect(name)["State"]["Running"])
    site.machine.skerry("wait", "stack/ten", "--timeout", "1m")


def measure(build, minutes):
    rows = [("binary, stripped", stripped_bytes(Path(build) / "apps/skerry-agent") / 1e6, "MB", 6.0)]
    with Site(build) as site:
        site.set_up()
        rows.append(("start to linked", site.link_agent() * 1000, "ms", None))
        site.apply(ten_services(), "ten")
        exchange(site)
        pid = site.agent_pid()
        rows.append(("VmRSS", status_kib(pid, "VmRSS") / MIB, "MiB", 8.0))
        rows.append(("Private_Dirty", status_kib(pid, "Private_Dirty") / MIB, "MiB", None))
        before, begin = reading(pid, site.cable), time.monotonic()
        time.sleep(minutes * 60)
        passed, after = time.monotonic() - begin, reading(pid, site.cable)
        gone = {name: after[name] - before[name] for name in before}
        rows += [(f"VmRSS after {minutes} min", status_kib(pid, "VmRSS") / MIB, "MiB", 8.0),
                 ("wake-ups a minute", gone["wakeups"] / passed * 60, "", None),
                 ("processor", gone["cpu"] / passed * 100, "% of a core", 0.5),
                 ("written to disk a day", gone["written"] / passed * 86400 / 1024, "KiB", None),
                 ("on the link a day", gone["link"] / passed * 86400 / 1024, "KiB", None)]
    return rows


def in_a_small_cgroup(build):
    """The walk of a site inside 8 MiB, page cache included: what is reclaimed and never killed."""
    CGROUP.mkdir(exist_ok=True)
    (CGROUP / "memory.limit_in_bytes").write_text(str(CGROUP_BYTES))
    enter = ["sh", "-c", f'echo $$ > {CGROUP}/cgroup.procs && exec "$@"', "sh"]
    try:
        with Site(build, enter) as site:
            site.set_up()
            site.link_agent()
            site.apply(ten_services(), "ten")
            exchange(site)
            if not site.machine.agent.running():
                raise SystemExit("the agent did not survive in 8 MiB")
            most = int((CGROUP / "memory.max_usage_in_bytes").read_text())
            own = anonymous(CGROUP)
        return [("peak in an 8 MiB cgroup, cache included", most / 1024 / MIB, "MiB", 8.0),
                ("anonymous memory in it", own / 1024 / MIB, "MiB", None)]
    finally:
        CGROUP.rmdir()


def anonymous(cgroup):
    for line in (cgroup / "memory.stat").read_text().splitlines():
        name, value = line.split()
        if name == "rss":
            return int(value)
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("build")
    options = parser.parse_args()
    report("agent", measure(options.build, options.minutes) + in_a_small_cgroup(options.build))


if __name__ == "__main__":
    main()
