#!/usr/bin/python3
"""Plants one violation at a time in a small tree and proves that the rule finds it, at its line, and nothing else."""

import tempfile
import unittest
from pathlib import Path

import arch

ROOMS = (Path(arch.__file__).parent / "rooms.txt").read_text()


def tree(files):
    """A folder with the real rooms file, no exceptions to the sizes, and `files`."""
    folder = tempfile.TemporaryDirectory()
    for name, text in {"tests/arch/rooms.txt": ROOMS, "tests/arch/long_files.txt": "", **files}.items():
        path = Path(folder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def problems(rule, files):
    with tree(files) as root:
        return list(arch.RULES[rule](root))


class Gate(unittest.TestCase):
    def accepts(self, rule, files):
        self.assertEqual(problems(rule, files), [])

    def refuses(self, rule, files, *parts):
        found = problems(rule, files)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])


def including(room, header):
    mark = '"%s"' if "/" in header and header.split("/")[0] in ("os", "net", "agent", "server", "base", "cli") else "<%s>"
    return {f"{room}/a.cc": f"// A file.\n#include {mark % header}\n"}


class Rooms(Gate):
    def test_what_each_room_needs_is_accepted(self):
        for room, header in [("src/base", "string"), ("src/document", "protozero/pbf_reader.hpp"), ("src/os", "sys/epoll.h"),
                             ("src/os", "base/result.h"), ("src/trust", "openssl/evp.h"), ("src/net", "openssl/ssl.h"),
                             ("src/server/store", "sqlite3.h"), ("src/agent/uplink", "agent/ledger/ledger.h"),
                             ("apps", "agent/runtime/docker/docker.h"), ("src/resource", "skerry/api/v1/stack.pb.h")]:
            with self.subTest(room=room, header=header):
                self.accepts("rooms", including(room, header))

    def test_pure_rooms_never_include_os_or_net(self):
        for room in ("base", "document", "policy", "trust", "wire", "reconcile", "resource", "compose", "place"):
            for header in ("os/event_loop.h", "net/server.h", "unistd.h"):
                if (room, header) != ("base", "unistd.h"):
                    with self.subTest(room=room, header=header):
                        self.refuses("rooms", including(f"src/{room}", header), "a.cc:2:", "may not")

    def test_agent_rooms_stay_small(self):
        for room in ("ledger", "uplink", "reconciler", "local", "runtime/docker", "runtime/fake"):
            for header in ("sqlite3.h", "google/protobuf/message.h", "x.pb.h", "iostream", "mutex",
                           "net/client.h", "openssl/ssl.h"):
                with self.subTest(room=room, header=header):
                    self.refuses("rooms", including(f"src/agent/{room}", header), "may not")

    def test_server_agent_and_cli_never_include_each_other(self):
        for room, header in [("server/gateway", "agent/ledger/ledger.h"), ("agent/uplink", "server/store/store.h"),
                             ("cli", "server/store/store.h"), ("server/api", "cli/table.h"), ("cli", "agent/local/local.h"),
                             ("agent/local", "cli/table.h")]:
            with self.subTest(room=room, header=header):
                self.refuses("rooms", including(f"src/{room}", header), "may not include room")

    def test_concrete_drivers_are_for_programs_only(self):
        for room in ("agent/reconciler", "agent/uplink", "agent/local", "reconcile", "server/api"):
            for driver in ("docker", "fake"):
                with self.subTest(room=room, driver=driver):
                    self.refuses("rooms", including(f"src/{room}", f"agent/runtime/{driver}/driver.h"), f"runtime/{driver}")

    def test_each_outside_library_has_its_rooms(self):
        for room, header in [("server/planner", "yaml.h"), ("server/gateway", "argon2.h"),
                             ("server/auth", "sqlite3.h"), ("server/api", "sqlite3.h"), ("server/store", "openssl/evp.h"),
                             ("base", "openssl/sha.h"), ("document", "google/protobuf/message.h"), ("wire", "openssl/ssl.h"),
                             ("place", "yaml.h"), ("server/planner", "mutex"), ("client", "openssl/ssl.h")]:
            with self.subTest(room=room, header=header):
                self.refuses("rooms", including(f"src/{room}", header), "may not use")

    def test_an_unknown_dependency_is_refused(self):
        self.refuses("rooms", including("src/os", "zstd.h"), "must know it")
        self.refuses("rooms", including("src/os", "nlohmann/json.hpp"), "must know it")
        self.refuses("rooms", including("src/net", "boost/asio.hpp"), "must know it")

    def test_a_file_outside_every_room_is_refused(self):
        self.refuses("rooms", including("src/misc", "string"), "in no room")

    def test_a_misspelt_rooms_file_is_refused(self):
        with self.assertRaises(ValueError):
            arch.House("room base : bsae :")


class Coroutines(Gate):
    def body(self, line):
        return {"src/net/a.cc": "net::Task<int> story(std::string a) {\n  int n = 0;\n  %s\n  co_return n;\n}\n" % line}

    def test_names_moves_literals_and_calls_are_accepted(self):
        for line in ["co_await f(a, 1, std::move(b));", "SKERRY_CO_TRY(const auto x, co_await f(std::move(b)));",
                     "if (co_await f(a)) { x = c ? 1 : 2; }", "for (auto& x : xs) { co_await f(x[0]); }",
                     'co_await f("{ ? [");  // { ? [', "const Options o{.name = a}; co_await f(std::move(o));",
                     "auto work = [a] { return a; }; co_await run(std::move(work));", "else { co_await f(); }",
                     "auto g = [](int i) -> Task { co_await f(i); };", "co_await f(1'000'000);"]:
            with self.subTest(line=line):
                self.accepts("coroutines", self.body(line))

    def test_temporaries_gcc_12_frees_twice_are_refused(self):
        for line, what in [("co_await f([a] { return a; });", "a lambda"), ("co_await f(Opt{.name = a});", "a brace"),
                           ("co_await f({a, 1});", "a brace"), ("co_await f(c ? x : y);", "a ?:"),
                           ("g(Opt{.name = a}, co_await f());", "a brace"), ("auto x = c ? co_await f() : y;", "a ?:"),
                           ("g(Opt{.name = co_await f()});", "a brace"), ("g([a] { return a; }, co_await f());", "a brace"),
                           ("co_await spawn(ex, [n]() -> Task { return n; }, token);", "a lambda"),
                           ("SKERRY_CO_TRY(const auto x, co_await f(Opt{a}));", "a brace"),
                           ("SKERRY_CO_TRY(const auto x,\n co_await f(a,\n {b}));", "a brace")]:
            with self.subTest(line=line):
                self.refuses("coroutines", self.body(line), what, "src/net/a.cc:")


class ReadmesAndSizes(Gate):
    def test_a_room_without_a_readme_is_refused(self):
        self.refuses("readmes", {"src/os/CMakeLists.txt": ""}, "src/os", "README.md")
        self.accepts("readmes", {"src/os/CMakeLists.txt": "", "src/os/README.md": "The system."})
        self.refuses("readmes", {"apps/CMakeLists.txt": ""}, "apps:1", "README.md")

    def test_a_file_over_600_lines_is_refused_unless_listed_with_a_reason(self):
        self.accepts("sizes", {"src/os/a.cc": "\n" * 600})
        self.refuses("sizes", {"src/os/a.cc": "\n" * 601}, "601 lines")
        self.accepts("sizes", {"src/os/a.cc": "\n" * 601, "tests/arch/long_files.txt": "src/os/a.cc  one table\n"})
        self.refuses("sizes", {"src/os/a.cc": "\n" * 601, "tests/arch/long_files.txt": "src/os/a.cc\n"}, "601 lines")


class Promises(Gate):
    def site(self, proof, tests=None, more=None):
        """A tree with one row, and a test or two for it to name."""
        page = "# Page\n\n## Kept\n\n### G1 A row\n\nIt holds.\n\n%s\n\n## Not yet promised\n\n### G2 Another\n"
        threats = page.replace("## Kept", "## Stands today")
        return {"docs/guarantees.md": page % proof, "docs/threat-model.md": threats % "Proof: `sim: G1 it holds`",
                "tests/unit/os/CMakeLists.txt": "skerry_test(unit/os SOURCES a_test.cc)",
                "tests/unit/os/a_test.cc": tests or "TEST(Disk, Holds) {}\nTYPED_TEST(Typed, Holds) {}\n",
                "tests/sim/CMakeLists.txt": "add_test(NAME sim/first COMMAND sim_main)",
                "tests/sim/a.cc": 'throw Broken{"G1 it holds", name};',
                "tests/sim/faults.h": "std::uint32_t cut = 10;\nstd::uint32_t never = 0;\n",
                "tests/e2e/walk.py": "STEPS = (\n    a_kill_is_reverted,\n)\n",
                "tests/e2e/process.py": "def test_is_ready(self):\n",
                "tests/faults/kills.py": 'if __name__ == "__main__":\n', "tests/faults/driver.py": "",
                "tests/arch/CMakeLists.txt": "add_test(NAME arch/agent_binary COMMAND a)", **(more or {})}

    def test_every_kind_of_test_is_known(self):
        for name in ("unit/os/Disk.Holds", "unit/os/Typed.Holds", "sim: G1 it holds", "sim fault: cut", "arch/agent_binary",
                     "e2e/walk: a kill is reverted", "e2e/process: is ready"):
            with self.subTest(name=name):
                self.accepts("promises", self.site(f"Proof: `{name}`"))

    def test_what_is_run_by_hand_may_stand_beside(self):
        self.accepts("promises", self.site("Proof: `faults: kills` · `unit/os/Disk.Holds`"))

    def test_a_row_without_a_test_is_refused(self):
        for proof in ("", "Proof: soon.", "Proof: `faults: kills`", "It is said that `unit/os/Disk.Holds`."):
            with self.subTest(proof=proof):
                self.refuses("promises", self.site(proof), "docs/guarantees.md:5", "'G1 A row'", "no test")

    def test_a_test_that_is_not_there_is_refused(self):
        for name in ("unit/os/Disk.Hold", "unit/net/Disk.Holds", "sim: G1 it hold", "sim fault: never", "sim fault: uncut",
                     "e2e/walk: a kill", "e2e/process: ready", "arch/agent", "faults: driver", "Disk.Holds"):
            with self.subTest(name=name):
                self.refuses("promises", self.site(f"Proof: `unit/os/Disk.Holds` ·\n`{name}`"), "guarantees.md:10", name, "is no test")

    def test_a_test_that_does_not_run_is_refused(self):
        proof = "Proof: `unit/os/Disk.Holds`"
        self.refuses("promises", self.site(proof, "TEST(Disk, DISABLED_Holds) {}"), "is no test")
        self.refuses("promises", self.site(proof, more={"tests/unit/os/CMakeLists.txt": "skerry_test(unit/os SOURCES b_test.cc)"}),
                     "is no test")
        for red in ("unit/os/Disk.Holds", "unit/os/.*"):
            self.refuses("promises", self.site(proof, more={"tests/known-red.txt": f"# why\n{red}  it fails\n"}), "known-red")
        self.refuses("promises", self.site("Proof: `e2e/walk: a kill is reverted`",
                                           more={"tests/known-red.txt": "e2e/walk  it fails\n"}), "known-red")

    def test_a_page_without_rows_is_refused(self):
        self.refuses("promises", self.site("Proof: `sim fault: cut`", more={"docs/threat-model.md": "# Page\n"}),
                     "docs/threat-model.md:1", "no row")


class Codes(Gate):
    def site(self, source, page, name="src/os/codes.h"):
        return {name: source, "docs/user/troubleshooting.md": page}

    def test_every_word_that_is_shown_needs_its_line(self):
        line = "| `%s` | means | do |\n"
        for name, source, word in [
                ("src/os/codes.h", 'ErrorCode timed_out{"timed_out"};', "timed_out"),
                ("src/os/codes.h", 'ErrorCode timed_out{\n    "timed_out"};', "timed_out"),
                ("apps/a.cc", '{.code = {"flag_missing"}}', "flag_missing"),
                ("src/server/gateway/a.cc", 'say_goodbye("silent", "too long", 0);', "silent"),
                ("src/agent/core/a.cc", 'tell(Event::Class::change,\n  {.code = is_up ? "runtime_up" : "paused"});', "paused"),
                ("src/agent/core/a.cc", 'conditions.push_back({.code = "Stale"});', "Stale"),
                ("src/reconcile/a.cc", 'say(WorkloadState::failed,\n  "Dead", "it is");', "Dead"),
                ("src/reconcile/a.cc", 'say(a ? WorkloadState::failed : b,\n    "CrashLoop",\n    how);', "CrashLoop"),
                ("src/server/planner/a.cc", 'hold(site, "Adopting", "not yet")', "Adopting"),
                ("src/server/api/a.cc", 'reason.set_code("NotReported");', "NotReported")]:
            with self.subTest(source=source):
                known = "".join(line % each for each in ("runtime_up",) if f'"{each}"' in source)
                self.accepts("codes", self.site(source, known + line % word, name))
                self.refuses("codes", self.site(source, known, name), name, f"`{word}`", "has no line")

    def test_words_of_a_row_and_a_column_are_told_apart(self):
        source = 'ErrorCode a{"one_word"};\nErrorCode b{"two_words"};'
        self.accepts("codes", self.site(source, "| `one_word`, `two_words` | see `three_words` |\n"))
        self.refuses("codes", self.site(source, "| `one_word` | see `two_words` |\n"), "`two_words`")

    def test_a_line_of_what_nothing_says_is_refused(self):
        self.refuses("codes", self.site("", "| `gone` | means | do |\n"), "troubleshooting.md:1", "`gone`")
        self.refuses("codes", self.site('ErrorCode a{"gone"};', "| `gone` | means | do |\n", "src/agent/runtime/fake/codes.h"),
                     "`gone`")


class Links(Gate):
    def test_a_link_to_what_is_not_there_is_refused(self):
        page = "See [one](b.md), [two](../README.md#there), [three](https://example.com/c.md) and [four](#below).\n"
        self.accepts("links", {"docs/a.md": page, "docs/b.md": "", "README.md": ""})
        self.refuses("links", {"docs/a.md": page, "README.md": ""}, "docs/a.md:1", "b.md")
        self.refuses("links", {"docs/a.md": page, "docs/b.md": ""}, "docs/a.md:1", "../README.md")


class Mutants(Gate):
    PATCH = "--- a/src/base/a.cc\n+++ b/src/base/a.cc\n@@ -1,2 +1 @@\n int a;\n-int b;\n"

    def test_a_patch_that_applies_is_accepted(self):
        self.accepts("mutants", {"src/base/a.cc": "int a;\nint b;\n", "tests/mutants/lost.patch": self.PATCH})

    def test_a_patch_whose_place_is_gone_is_refused(self):
        self.refuses("mutants", {"src/base/a.cc": "int a;\nint c;\n", "tests/mutants/lost.patch": self.PATCH},
                     "lost.patch:1:", "no longer applies")


if __name__ == "__main__":
    unittest.main()
