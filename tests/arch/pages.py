"""Pages that must not fall behind: promises need tests that exist, every code needs its line, and links lead somewhere.

Each rule yields lines "file:line: what is wrong, and what to do instead", as the rules of arch.py do.
"""

import re
from pathlib import Path

from tree import our_files, read, read_if_there

# --- promises ----------------------------------------------------------------------------------------------------------

# Each page, and the heading below which every row must be proved.
BY_HAND = "faults: "
PROMISES = {"docs/guarantees.md": "## Kept", "docs/threat-model.md": "## Stands today"}


def promises(root):
    """A row is a `###` heading; its paragraph "Proof:" names tests between backticks. What is run by hand is named beside
    them and is not enough."""
    proofs = Proofs(root)
    for page, kept in PROMISES.items():
        rows = list(rows_below(read_if_there(root, page), kept))
        if not rows:
            yield f"{page}:1: has no row below '{kept}'"
        for number, row, lines in rows:
            named = list(named_proofs(lines))
            if all(name.startswith(BY_HAND) for _, name in named):
                yield f"{page}:{number}: '{row}' names no test; a row without one stands under what is not promised yet"
            for line, name in named:
                problem = proofs.problem(name)
                if problem:
                    yield f"{page}:{line}: '{row}' names `{name}`, {problem}"


def rows_below(text, kept):
    """(line, heading, [(line, text)]) of each row below the heading `kept`."""
    is_kept, row = False, None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            is_kept = line == kept
        if line.startswith(("## ", "### ")):
            if row:
                yield row
            row = (number, line[4:], []) if is_kept and line.startswith("### ") else None
        elif row:
            row[2].append((number, line))
    if row:
        yield row


def named_proofs(lines):
    is_proof = False
    for number, line in lines:
        is_proof = line.strip() != "" and (is_proof or line.startswith("Proof:"))
        if is_proof:
            for name in re.findall(r"`([^`]+)`", line):
                yield number, name


class Proofs:
    """Every test there is, by the name that a page gives it."""

    def __init__(self, root):
        self.names = {}  # to what ctest calls the test, or the one that holds it
        self.add_cases(root)
        self.add_simulator(root)
        self.add_programs(root)
        self.red = [line.split()[0] for line in read_if_there(root, "tests/known-red.txt").splitlines()
                    if line.strip() and not line.startswith("#")]

    def problem(self, name):
        if name not in self.names:
            return "which is no test"
        known_red = any(re.fullmatch(red, case) for red in self.red for case in self.names[name])
        return "which tests/known-red.txt says is not run" if known_red else None

    def add_cases(self, root):
        """GoogleTest, in files that the folder's CMakeLists.txt builds; typed and parametrised ones by their plain name."""
        case = re.compile(r"^\s*(?:TYPED_TEST|TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*(\w+),\s*(\w+)", re.M)
        for name in our_files(root, ("_test.cc",)):
            match = re.fullmatch(r"tests/((?:unit|integration)/.*)/([^/]+)", name)
            if not match or match[2] not in read_if_there(root, f"tests/{match[1]}/CMakeLists.txt"):
                continue
            for suite, promise in case.findall(read(root, name)):
                if not promise.startswith("DISABLED_"):
                    self.names[f"{match[1]}/{suite}.{promise}"] = [f"{match[1]}/{suite}.{promise}"]

    def add_simulator(self, root):
        runs = re.findall(r"add_test\(NAME (sim/\w+)", read_if_there(root, "tests/sim/CMakeLists.txt"))
        for name in our_files(root, (".cc",)):
            if name.startswith("tests/sim/"):
                for promise in re.findall(r'Broken\{\s*"([^"]+)"', read(root, name)):
                    self.names[f"sim: {promise}"] = runs
        for fault in re.findall(r"std::uint32_t (\w+) = [1-9]", read_if_there(root, "tests/sim/faults.h")):
            self.names[f"sim fault: {fault}"] = runs

    def add_programs(self, root):
        for program in ("walk", "restore"):
            steps = re.search(r"STEPS = \((.*?)\)", read_if_there(root, f"tests/e2e/{program}.py"), re.S)
            for step in re.findall(r"[\w.]+", steps[1]) if steps else []:
                self.names[f"e2e/{program}: " + step.replace("_", " ")] = [f"e2e/{program}"]
        for case in re.findall(r"def test_(\w+)", read_if_there(root, "tests/e2e/process.py")):
            self.names["e2e/process: " + case.replace("_", " ")] = ["e2e/process"]
        for name in our_files(root, (".py",)):
            match = re.fullmatch(r"tests/faults/(\w+)\.py", name)
            if match and "__main__" in read(root, name):
                self.names[BY_HAND + match[1]] = []
        for gate in re.findall(r"add_test\(NAME (arch/\w+)", read_if_there(root, "tests/arch/CMakeLists.txt")):
            self.names[gate] = [gate]


# --- codes -------------------------------------------------------------------------------------------------------------

CODES_PAGE = "docs/user/troubleshooting.md"
CODE, REASON = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", r"(?:[A-Z][a-z0-9]+)+"

# Where a word that a person may be shown is first written down: a folder, and what stands around the word.
WORDS = [
    ("src/", rf'ErrorCode \w+\{{\s*"({CODE})"\s*\}}'),
    ("src/", rf'\.code = \{{"({CODE})"\}}'),
    ("apps/", rf'\.code = \{{"({CODE})"\}}'),
    ("src/server/gateway/", rf'(?:say_goodbye|refuse_enrolment)\("({CODE})"'),
    ("src/agent/uplink/", rf'\.code = "({CODE})"'),
    ("src/reconcile/", rf'(?:return |\{{|\? |: |say\(\s*WorkloadState::\w+,\s*|,\s{{2,}})"({REASON})"[,;\s]'),
    ("src/agent/reconciler/", rf'(?:\{{|\? |: )"({REASON})"[,\s]'),
    ("src/agent/", rf'\.code = "({REASON})"'),
    ("src/server/planner/", rf'\.code = "({REASON})"'),
    ("src/server/planner/", rf'hold\(\s*site,\s*"({REASON})"'),
    ("src/server/api/", rf'set_(?:code|reason)\("({REASON})"'),
]
# An event may be one of two, so all words of its statement count.
TELLING = re.compile(r"\b(?:emit|tell)\(\s*Event::Class::[^;]*;")
# For tests alone.
NOT_SHOWN = ("src/agent/runtime/fake/",)


def codes(root):
    page = read_if_there(root, CODES_PAGE)
    explained = {}
    for number, line in enumerate(page.splitlines(), 1):
        match = re.match(r"\| (`[^|]*`) \|", line)
        for word in re.findall(r"`([^`]+)`", match[1]) if match else []:
            explained[word] = number
    shown = shown_words(root)
    for word in sorted(shown.keys() - explained.keys()):
        yield f"{shown[word]}: `{word}` has no line in {CODES_PAGE}; say what it means and what to do"
    for word in sorted(explained.keys() - shown.keys()):
        yield f"{CODES_PAGE}:{explained[word]}: `{word}` is said by nothing any more; take the line out"


def shown_words(root):
    """Each word that the programs show, with where it stands first."""
    words = {}
    for name in our_files(root):
        if not name.startswith(("src/", "apps/")) or name.startswith(NOT_SHOWN):
            continue
        text = read(root, name)
        for folder, pattern in WORDS:
            if name.startswith(folder):
                for match in re.finditer(pattern, text):
                    words.setdefault(match[1], place(name, text, match.start(1)))
        for telling in TELLING.finditer(text) if name.startswith("src/agent/") else []:
            for word in re.finditer(rf'"({CODE})"', telling[0]):
                words.setdefault(word[1], place(name, text, telling.start() + word.start(1)))
    return words


def place(name, text, at):
    return f"{name}:{text.count(chr(10), 0, at) + 1}"


# --- links -------------------------------------------------------------------------------------------------------------


def links(root):
    """A link from one page to another file of the tree leads somewhere."""
    for name in our_files(root, (".md",)):
        for number, line in enumerate(read(root, name).splitlines(), 1):
            for target in re.findall(r"\]\((?!\w+:)([^)#\s]+)", line):
                if not (Path(root, name).parent / target).exists():
                    yield f"{name}:{number}: leads to {target}, which is not there"


RULES = {"promises": promises, "codes": codes, "links": links}
