#!/usr/bin/python3
"""The architecture gates: arch.py RULE [ROOT], where RULE is rooms, coroutines, readmes, sizes,
mutants, promises, codes, links or all.

Each rule yields lines "file:line: what is wrong, and what to do instead". arch_test.py proves that each one finds a
planted violation.
"""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import pages
from tree import our_files, read

LINES_MAX = 600


# --- rooms -------------------------------------------------------------------------------------------------------------


class House:
    """rooms.txt: what each room may include."""

    def __init__(self, text):
        self.libraries, self.rooms = {}, {}
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            kind, rest = line.split(None, 1)
            if kind == "library":
                name, patterns = rest.split("=")
                self.libraries[name.strip()] = patterns.split()
            elif kind == "room":
                name, rooms, libraries = (part.strip() for part in rest.split(":"))
                self.rooms[name] = (set(rooms.split()), set(libraries.split()))
            else:
                raise ValueError(f"rooms.txt:{number}: a line starts with 'library' or 'room'")
        self.check_names()

    def check_names(self):
        for name, (rooms, libraries) in self.rooms.items():
            unknown = (rooms - self.rooms.keys() - {"*"}) | (libraries - self.libraries.keys())
            if unknown:
                raise ValueError(f"rooms.txt: room {name} names {', '.join(sorted(unknown))}, which no line defines")

    def room_of(self, path):
        """The room with the longest name that `path` lies in, or None."""
        rooms = [room for room in self.rooms if path.startswith(room + "/")]
        return max(rooms, key=len, default=None)

    def library_of(self, header):
        for name, patterns in self.libraries.items():
            if any(fnmatch.fnmatchcase(header, pattern) for pattern in patterns):
                return name
        return None


def is_standard(header):
    return re.fullmatch(r"[a-z_0-9]+", header) is not None


def rooms(root):
    house = House(read(root, "tests/arch/rooms.txt"))
    for name in our_files(root):
        if not name.startswith(("src/", "apps/")):
            continue
        room = house.room_of(name.removeprefix("src/"))
        if room is None:
            yield f"{name}:1: lies in no room of tests/arch/rooms.txt"
            continue
        for number, line in enumerate(read(root, name).splitlines(), 1):
            include = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
            if not include or (room == "apps" and (Path(root) / "apps" / include[1]).is_file()):
                continue
            problem = judge_include(house, room, include[1])
            if problem:
                yield f"{name}:{number}: {problem}"


def judge_include(house, room, header):
    may_rooms, may_libraries = house.rooms[room]
    library = house.library_of(header)
    target = house.room_of(header)
    if library is None and target is not None:
        allowed = target == room or target in may_rooms or "*" in may_rooms
        return None if allowed else f"room {room} may not include room {target}"
    if library is not None:
        return None if library in may_libraries else f"room {room} may not use {library} (<{header}>)"
    if is_standard(header):
        return None
    return f"<{header}> is no room's, no library's and no standard header; tests/arch/rooms.txt must know it"


# --- coroutines --------------------------------------------------------------------------------------------------------


def blank(text):
    """`text` with comments, strings and characters blanked out, so that offsets and lines stay."""
    pattern = re.compile(r'R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'
                         r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def coroutines(root):
    """GCC 12 destroys some temporaries of a co_await expression twice: aggregates and lambdas written inside it, and
    the results of ?:. So such an expression holds names, moves, literals and calls."""
    for name in our_files(root):
        text = blank(read(root, name))
        for match in re.finditer(r"\bco_await\b", text):
            found = bad_before(text, match.start()) or bad_after(text, match.end())
            if found:
                line = text.count("\n", 0, match.start()) + 1
                yield f"{name}:{line}: {found} in an expression with co_await; name it first, then std::move it in"


def bad_after(text, at):
    depth = 0
    for index in range(at, len(text)):
        char = text[index]
        if char in "([":
            if char == "[" and opens_lambda(text, index):
                return "a lambda"
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "{" and depth >= 0:
            return "a brace"
        elif char == "?":
            return "a ?:"
        elif char in ";}" or (char == "{" and depth < 0):
            return None
    return None


def bad_before(text, at):
    """Looks back to where the statement starts: a semicolon, a block's brace, or the brace of an initialiser."""
    depth = 0  # below zero: inside a parenthesis that opened before `at`
    for index in range(at - 1, -1, -1):
        char = text[index]
        if char == "[" and opens_lambda(text, index):
            return "a lambda"
        if char in ")]":
            depth += 1
        elif char in "([":
            depth -= 1
        elif char == "?":
            return "a ?:"
        elif char == "}" and (depth != 0 or text[index + 1:at].lstrip()[:1] in tuple(",.)-+*/&|=<>")):
            return "a brace"  # A block's brace is followed by the start of a statement.
        elif char == "{":
            return "a brace" if opens_initialiser(text, index) else None
        elif char in ";}":
            return None
    return None


def opens_lambda(text, index):
    """A `[` that follows no operand starts a lambda, not an index (attributes `[[` are not expressions)."""
    before = text[:index].rstrip()
    return text[index + 1:index + 2] != "[" and (not before or before[-1] in "(,={&|?:;" or before.endswith("return"))


def opens_initialiser(text, index):
    """A `{` after a name, `>`, `(`, `,` or `=` opens an initialiser; after `)`, `]` or a keyword it opens a block."""
    before = text[:index].rstrip()
    if not before or before[-1] in ")];{}:":
        return False
    if re.search(r"\b(else|do|try|const|noexcept|mutable|override|final|extern)$", before):
        return False
    head = re.split(r"[;{}]", before)[-1]
    return not re.search(r"->|\b(namespace|class|struct|union|enum)\b", head)


# --- readmes and sizes -------------------------------------------------------------------------------------------------


def readmes(root):
    house = House(read(root, "tests/arch/rooms.txt"))
    for room in house.rooms:
        name = room if room == "apps" else f"src/{room}"
        folder = Path(root) / name
        if (folder / "CMakeLists.txt").is_file() and not (folder / "README.md").is_file():
            yield f"{name}:1: has no README.md (what it is for, what it may use, where to start reading)"


def sizes(root):
    listed = set(re.findall(r"^(\S+)\s+\S", read(root, "tests/arch/long_files.txt"), re.M))
    for name in our_files(root):
        lines = len(read(root, name).splitlines())
        if lines > LINES_MAX and name not in listed:
            yield f"{name}:{lines}: {lines} lines, above {LINES_MAX}; split it by concern, or say why not in tests/arch/long_files.txt"


# --- mutants -----------------------------------------------------------------------------------------------------------


def mutants(root):
    """Each planted fault still applies; whether it is still caught is for `./dev mutants`."""
    for patch in sorted(Path(root).glob("tests/mutants/*.patch")):
        check = subprocess.run(["git", "apply", "--check", patch.relative_to(root)], cwd=root, capture_output=True, text=True)
        if check.returncode != 0:
            why = (check.stderr.strip().splitlines() or ["git says nothing"])[0]
            yield f"tests/mutants/{patch.name}:1: no longer applies ({why}); plant the same fault in what stands there now"


RULES = {"rooms": rooms, "coroutines": coroutines, "readmes": readmes, "sizes": sizes, "mutants": mutants, **pages.RULES}


def main(arguments):
    names = list(RULES) if arguments[0] == "all" else arguments[:1]
    root = arguments[1] if len(arguments) > 1 else str(Path(__file__).resolve().parents[2])
    problems = [problem for name in names for problem in RULES[name](root)]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["all"]))
