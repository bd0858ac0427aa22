#!/usr/bin/python3
"""How soon a site is as it should be, beside what the engine itself needs for it: reconcile.py [--times N] BUILD-DIRECTORY,
below `engine.sh with auto`. Both are measured in one run, in turns."""

import argparse
import statistics
import time

from measured_site import Site, eventually, median_ms, report, ten_services

NAME = "ten-s1-1"


def event_time(engine, begin, action, name):
    """When the engine told of it, by its own clock; None where it has not."""
    for event in engine.events(begin):
        if event["Type"] == "container" and event["Action"] == action and \
                event["Actor"]["Attributes"].get("name") == name:
            return event["timeNano"] / 1e9
    return None


def killed_to_running(engine):
    begin = time.time()
    engine.call("POST", f"/containers/{NAME}/kill")
    started = eventually(20, "it is started again", lambda: event_time(engine, begin, "start", NAME))
    return started - event_time(engine, begin, "die", NAME)


def engine_alone(engine, config):
    """Kill and start of a container that no agent knows."""
    engine.call("POST", "/containers/create?name=alone", config)
    try:
        engine.call("POST", "/containers/alone/start")
        begin = time.time()
        engine.call("POST", "/containers/alone/kill")
        engine.call("POST", "/containers/alone/start")
        return event_time(engine, begin, "start", "alone") - event_time(engine, begin, "die", "alone")
    finally:
        engine.call("DELETE", "/containers/alone?force=1")


def applied_to_running(site, number):
    """From the command to the engine's start of the new container."""
    text = ("apiVersion: skerry/v1\nkind: Stack\nmetadata: {name: one}\nspec:\n  targets: {selector: {}}\n  compose: |\n"
            "    services:\n      web:\n        image: skerry-hello:1\n        stop_grace_period: 1s\n"
            f"        environment: {{ROUND: \"{number}\"}}\n")
    begin = time.time()
    site.machine.skerry("apply", "-f", "-", stdin=text)
    started = eventually(30, "it runs", lambda: event_time(site.machine.engine, begin, "start", "one-web-1"))
    site.machine.skerry("wait", "stack/one", "--timeout", "1m")
    return started - begin


def made_by_hand(engine, config):
    begin = time.time()
    engine.call("POST", "/containers/create?name=alone", config)
    try:
        engine.call("POST", "/containers/alone/start")
        return event_time(engine, begin, "start", "alone") - begin
    finally:
        engine.call("DELETE", "/containers/alone?force=1")


def measure(build, times):
    with Site(build) as site:
        site.set_up()
        site.start_agent()
        eventually(20, "the agent is linked", site.machine.is_linked)
        site.apply(ten_services(), "ten")
        engine = site.machine.engine
        original = engine.inspect(NAME)
        config = dict(original["Config"], Labels={}, Hostname="alone", HostConfig=dict(original["HostConfig"], Mounts=None))
        killed, alone, applied, made = [], [], [], []
        for number in range(times):
            killed.append(killed_to_running(engine))
            site.machine.skerry("wait", "stack/ten", "--timeout", "1m")
            # A container that is killed again and again is started later each time; a healthy while ends that.
            alone.append(engine_alone(engine, config))
            applied.append(applied_to_running(site, number))
            made.append(made_by_hand(engine, config))
    over = statistics.median(killed) - statistics.median(alone)
    return [("killed to running", median_ms(killed), "ms", 1000), ("the engine alone: kill and start", median_ms(alone), "ms", None),
            ("over the engine's own time", over * 1000, "ms", 200), ("applied to running", median_ms(applied), "ms", None),
            ("the engine alone: create and start", median_ms(made), "ms", None)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("build")
    options = parser.parse_args()
    report("reconcile", measure(options.build, options.times))


if __name__ == "__main__":
    main()
