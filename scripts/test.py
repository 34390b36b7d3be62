#!/usr/bin/env python3
"""Runs every test and ends with one line that counts passed, failed and skipped.

A Rust test that prints a line beginning with SKIPPED counts as skipped, not as passed. So does an ignored one, unless
its reason says that it is no test of its own. Output of passing tests is left out. Needs the packages of tests/oracle/requirements.txt: `make test` brings them.
"""
import filecmp
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ORACLE = ["tests/oracle/ks1.py"]
# Who judges which stand-in for a cloud.
JUDGES = {"fake_kms": "judge_aws.py", "fake_vault": "judge_azure.py", "fake_gcp": "judge_gcp.py"}
GOLDEN = ROOT / "tests/golden/ks1"
# With the points at which crash tests stop the process; they are not in other builds.
CARGO_TEST = ["cargo", "test", "--workspace", "--features", "kms-providers/failpoints", "--locked"]


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list = field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.notes += other.notes

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main(arguments):
    parts = {"rust": rust, "oracle": oracle, "golden": golden, "headers": headers, "clouds": clouds}
    unknown = set(arguments) - set(parts)
    if unknown:
        sys.exit(f"test.py [{'] ['.join(parts)}]: no {', '.join(sorted(unknown))}")
    total, lines = Tally(), []
    for name in arguments or parts:
        say(f"== {name}")
        started = time.monotonic()
        tally = parts[name]()
        lines.append(f"{name:<8}{tally}  ({time.monotonic() - started:.0f} s)")
        total.add(tally)
    say("== summary", *total.notes, *lines, str(total))
    return 1 if total.failed or not total.passed else 0


def rust():
    """The workspace's tests, documentation examples included."""
    reader, tally = TestOutput(), Tally()
    run = start([*CARGO_TEST, "--no-fail-fast", "--", "--show-output"])
    for line in run.stdout:
        for shown in reader.read(line.rstrip("\n")):
            say(shown)
    tally.add(reader.tally)
    # A crate that does not compile, or a test process that dies, has no closing line to count.
    if run.wait() != 0 and tally.failed == 0:
        tally.failed = 1
        tally.notes.append("FAILED  cargo test, before its tests could be counted")
    return tally


def oracle():
    """The independent implementation against the published vectors and the laws of the format."""
    return counted([*ORACLE, "verify"], r"^(?P<passed>\d+) passed, (?P<failed>\d+) failed$")


def golden():
    """Golden files: every one opens, and those of the oracle come out the same when they are made anew."""
    tally = Tally()
    for folder in sorted(path.parent for path in GOLDEN.glob("*/manifest.json")):
        expected = r"^(?P<passed>\d+) files as expected, (?P<failed>\d+) failed\b"
        tally.add(counted([*ORACLE, "check", str(folder.relative_to(ROOT))], expected))
    tally.add(unchanged(GOLDEN / "oracle"))
    tally.add(read_by_the_page(GOLDEN / "oracle"))
    return tally


def headers():
    """Changed headers, judged by the crates and by the independent implementation: both must take the same ones."""
    with tempfile.TemporaryDirectory() as folder:
        judged = str(Path(folder) / "headers")
        write = [*CARGO_TEST, "--test", "mutants", "--", "--ignored", "--exact", "write_headers"]
        run = start(write, KEYSTRAND_HEADERS=judged, KEYSTRAND_MUTANTS="5000")
        output = run.stdout.read()
        if run.wait() != 0 or not os.path.exists(judged):
            say(output)
            return Tally(failed=1, notes=["FAILED  no headers were written to be judged"])
        run = start([sys.executable, "tests/oracle/headers.py", judged])
        output = run.stdout.read()
        say(output.splitlines()[-1] if output else "")
        if run.wait() == 0:
            return Tally(passed=1)
        say(output)
        return Tally(failed=1, notes=["FAILED  headers.py: the crates and the oracle differ"])


def clouds():
    """The stand-ins for clouds, driven by the vendors' own clients and held against the vendors' own models."""
    python = ROOT / ".venv-clouds/bin/python"
    if not python.exists():
        return Tally(skipped=1, notes=["SKIPPED  clouds: their clients are not installed; `make test` installs them"])
    build = ["cargo", "build", "--locked", "-p", "keystrand-fakes", "--message-format", "json"]
    built = subprocess.run(build, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    programs = [message["executable"] for message in messages if message.get("executable")]
    programs = {Path(program).stem: program for program in programs}
    if built.returncode != 0 or set(programs) != set(JUDGES):
        return Tally(failed=1, notes=["FAILED  the stand-ins for clouds do not build, or not each has a judge"])
    tally = Tally()
    for name, judge in JUDGES.items():
        expected = r"^(?P<passed>\d+) passed, (?P<failed>\d+) failed$"
        tally.add(counted([f"tests/clouds/{judge}", programs[name]], expected, python))
    return tally


def unchanged(folder):
    with tempfile.TemporaryDirectory() as made:
        run = start([sys.executable, *ORACLE, "golden", made])
        output = run.stdout.read()
        names = sorted(path.name for path in folder.iterdir())
        if run.wait() != 0 or names != sorted(os.listdir(made)):
            say(output)
            return Tally(failed=1, notes=[f"FAILED  {folder}: not the files that the oracle makes"])
        changed = [name for name in names if not filecmp.cmp(folder / name, Path(made) / name, shallow=False)]
    say(f"{folder.relative_to(ROOT)}: {len(names)} files made anew, {len(changed)} differ")
    return Tally(1, 0) if not changed else Tally(0, 1, notes=[f"FAILED  changed golden files: {', '.join(changed)}"])


def read_by_the_page(folder):
    """The smallest reader that the format page allows, on the cases that it knows."""
    tally = Tally()
    for case in json.loads((folder / "manifest.json").read_text())["cases"]:
        kek = case["keks"][0]
        simple = case["kind"] == 1 and case["suite"] == 1 and case["layout"] == "attached" and case["schemes"][0] == 1
        if not simple or case["required_context"] or not kek["kid"].startswith("local:") or "hidden" in case["name"]:
            continue
        command = [sys.executable, "tests/oracle/open_ks1.py", str(folder / case["file"]), kek["key_hex"]]
        run = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True)
        if run.returncode == 0 and is_plaintext(run.stdout, case):
            tally.passed += 1
        else:
            tally.add(Tally(failed=1, notes=[f"FAILED  open_ks1.py {case['file']}: {run.stderr.decode()}"]))
    say(f"tests/oracle/open_ks1.py: {tally.passed} passed, {tally.failed} failed")
    return tally if tally.passed else Tally(failed=1, notes=["FAILED  open_ks1.py: no case was found for it"])


def is_plaintext(found, case):
    if "plaintext_hex" in case:
        return found.hex() == case["plaintext_hex"]
    return (len(found), hashlib.sha256(found).hexdigest()) == (case["length"], case["plaintext_sha256"])


def counted(command, closing_line, python=sys.executable):
    """Runs a Python program whose last matching line says how many checks passed and failed."""
    run = start([str(python), *command])
    output = run.stdout.read()
    found = [match for match in (re.match(closing_line, line) for line in output.splitlines()) if match]
    tally = Tally(int(found[-1]["passed"]), int(found[-1]["failed"])) if found else Tally()
    if run.wait() != 0 and tally.failed == 0 or tally.passed == 0:
        tally.failed += 1
    if tally.failed:
        tally.notes.append(f"FAILED  {' '.join(command)}")
        say(output)
    say(f"{' '.join(command)}: {tally.passed} passed, {tally.failed} failed")
    return tally


class TestOutput:
    """Reads what `cargo test -- --show-output` prints, and passes on what a person wants to see."""

    RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;")
    SECTION = re.compile(r"^---- (.+) stdout ----$")
    IGNORED = re.compile(r"^test (.+) \.\.\. ignored(.*)$")
    # Ignored, and yet no test that was left out: a part of another one, a tool, a measurement.
    NO_TEST = re.compile(r"run by|child process|makes|writes|measurement")

    def __init__(self):
        self.tally = Tally()
        self.begin()

    def begin(self):
        """The next test program."""
        self.hidden, self.test, self.skipped, self.no_tests = False, None, set(), 0

    def read(self, line):
        if result := self.RESULT.match(line):
            passed, failed, ignored = map(int, result.groups())
            skipped = len(self.skipped)
            self.tally.add(Tally(passed - skipped, failed, ignored + skipped - self.no_tests))
            self.begin()
            return [line]
        if section := self.SECTION.match(line):
            self.test = section[1]
        elif line in ("successes:", "failures:"):
            self.hidden = line == "successes:"
            self.test = None
        elif ignored := self.IGNORED.match(line):
            if self.NO_TEST.search(ignored[2]):
                self.no_tests += 1
            else:
                self.tally.notes.append(f"SKIPPED {ignored[1]}: ignored{ignored[2]}")
        elif self.hidden and self.test and line.startswith("SKIPPED"):
            self.skipped.add(self.test)
            self.tally.notes.append(f"{line}  [{self.test}]")
            return [line]
        return [] if self.hidden or not line else [line]


def start(command, **environment):
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", env=os.environ | environment)


def say(*lines):
    print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
