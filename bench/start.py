#!/usr/bin/python3
"""How soon programs are of use: start.py [--times N] BUILD-DIRECTORY, below `engine.sh with auto`."""

import argparse
import signal
import time

from measured_site import Site, eventually, median_ms, report, ten_services


def server_ready(site):
    begin = time.monotonic()
    site.start_server()
    return time.monotonic() - begin


def relinked(site):
    """After a restart of the server, by the agent's own back-off."""
    begin = time.monotonic()
    eventually(330, "the agent is linked again", site.machine.is_linked)
    return time.monotonic() - begin


def measure(build, times):
    ready, after_kill, linked, again = [], [], [], []
    with Site(build) as site:
        site.set_up()
        site.link_agent()
        site.apply(ten_services(), "ten")
        for _ in range(times):
            site.machine.agent.end(signal.SIGKILL)
            linked.append(site.link_agent())
        for _ in range(times):
            site.machine.server.end(signal.SIGTERM)
            ready.append(server_ready(site))
            again.append(relinked(site))
        for _ in range(times):
            site.machine.server.end(signal.SIGKILL)
            after_kill.append(server_ready(site))
            relinked(site)
    return [("skerryd, clean", median_ms(ready), "ms", 2000), ("skerryd, after kill -9", median_ms(after_kill), "ms", 2000),
            ("agent, start to linked", median_ms(linked), "ms", None),
            ("agent, linked again after a server's restart", median_ms(again), "ms", None)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("build")
    options = parser.parse_args()
    report("start", measure(options.build, options.times))


if __name__ == "__main__":
    main()
