"""Drives the connect page in a real Chromium, against the real vault and a stand-in for the providers.

    python3 Tests/Browser/run.py KEYSTOW KEYSTOW-SANDBOX [-k PART]... [--pictures FOLDER]

`-k` runs only the tests whose sentence contains PART. Prints a line for each test, then what failed, what was skipped
and why, and last `N passed, N failed, N skipped`. Ends with 1 when a test failed or none ran. Pictures of every state
are left in .build/browser.
"""

import argparse
import importlib
import pathlib
import shutil
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Harness")]

import servers  # noqa: E402
from accessibility import Accessibility  # noqa: E402
from browser import Browser  # noqa: E402
from case import Case  # noqa: E402
from desk import SETTINGS, ConnectStage, Desk  # noqa: E402


def sentence(test):
    return f"{type(test).__name__}: {Case.sentence(test._testMethodName)}"


class Report(unittest.TestResult):
    """A line for each test as it ends."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.bad = {}
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        how = "FAILED" if sentence(test) in self.bad else "skipped" if test in dict(self.skipped) else "ok"
        self.passed += how == "ok"
        print(f"{how:>7}  {time.monotonic() - self.began:5.1f} s  {sentence(test)}", flush=True)
        if how == "FAILED":
            print("\n".join("         " + line for line in self.bad[sentence(test)].splitlines()), flush=True)

    def addError(self, test, error):
        super().addError(test, error)
        self._note(test, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._note(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._note(test, error, subtest)

    def _note(self, test, error, subtest=None):
        place = f"{subtest._subDescription()} " if subtest is not None else ""
        told = place + self._exc_info_to_string(error, test)
        self.bad[sentence(test)] = self.bad.get(sentence(test), "") + told

    def close(self):
        for name in sorted(self.bad):
            print(f"failed: {name}")
        for test, reason in self.skipped:
            print(f"skipped: {sentence(test)}: {reason}")
        print(f"{self.passed} passed, {len(self.bad)} failed, {len(self.skipped)} skipped")
        return 1 if self.bad or not self.passed else 0


def chosen(parts):
    suite = unittest.TestSuite()
    loader = unittest.TestLoader()
    for path in sorted(HERE.glob("*_tests.py")):
        for group in loader.loadTestsFromModule(importlib.import_module(path.stem)):
            suite.addTests(test for test in group if not parts or any(part in sentence(test) for part in parts))
    return suite


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("keystow")
    arguments.add_argument("sandbox")
    arguments.add_argument("-k", action="append", default=[], metavar="PART")
    arguments.add_argument("--pictures", type=pathlib.Path, default=pathlib.Path(".build/browser"))
    given = arguments.parse_args()
    servers.stop_on_signals()
    report, began = Report(), time.monotonic()
    shutil.rmtree(given.pictures, ignore_errors=True)
    try:
        with ConnectStage(given.keystow, given.sandbox, **SETTINGS) as stage:
            browser = Browser()
            try:
                Case.browser, Case.desk, Case.pictures = browser, Desk(stage), given.pictures.resolve()
                Case.accessibility, Case.programs = Accessibility(browser), (given.keystow, given.sandbox)
                chosen(given.k).run(report)
            finally:
                browser.quit()
    except KeyboardInterrupt:
        print("\ninterrupted; everything was cleaned up", file=sys.stderr)
        return 130
    print(f"\n{time.monotonic() - began:.0f} s, pictures in {given.pictures}")
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
