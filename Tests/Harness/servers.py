"""Runs the real programs: the vault's server and the provider's stand-in, each in a process of its own."""

import contextlib
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

STARTS_WITHIN = 30.0
STOPS_WITHIN = 30.0


class NotStarted(Exception):
    """A program ended, or said nothing, where it should have listened."""


class Program:
    """A process that prints `{"listening":URL}` when it is ready.

    It is in a session of its own, so that Ctrl-C at the terminal reaches this script alone, which then stops it.
    What it writes to standard error goes to `log`.
    """

    def __init__(self, arguments, log, environment=None):
        self.arguments = [str(argument) for argument in arguments]
        self.environment = environment
        self.log = pathlib.Path(log)
        self.process = None
        self.url = None

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def spawn(self):
        """Starts the process without waiting for it to listen."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                env=self.environment, start_new_session=True)
        self.url = None

    def start(self):
        """Starts the process and returns when it listens."""
        self.spawn()
        line = self._first_line()
        try:
            self.url = json.loads(line)["listening"]
        except (ValueError, KeyError):
            self.kill()
            raise NotStarted(f"{self.arguments[0]} does not listen; its log ends: {self._end_of_log()}") from None
        return self

    def _first_line(self):
        out, line, end = self.process.stdout.fileno(), b"", time.monotonic() + STARTS_WITHIN
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([out], [], [], max(0.0, end - time.monotonic()))
            chunk = os.read(out, 4096) if ready else b""
            if not chunk:
                break
            line += chunk
        return line

    def _end_of_log(self):
        return self.log.read_text(errors="replace")[-600:].strip() or "(empty)"

    def kill(self):
        """kill -9, and nothing before it."""
        self._end(signal.SIGKILL)

    def stop(self, number=signal.SIGINT, within=STOPS_WITHIN):
        """Asks the process to stop; returns its exit code, or None after it had to be killed."""
        self.process.send_signal(number)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self._end(signal.SIGKILL)

    def _end(self, number):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait()
        self.process.stdout.close()

    @contextlib.contextmanager
    def frozen(self):
        """Stops the process in the middle of whatever it does, and lets it go on."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


class Stage:
    """A vault that is thrown away: a stand-in provider, a server, their files; a context manager."""

    def __init__(self, keystow, sandbox, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="keystow-"))
        self.data = self.folder / "data"
        self.provider = Program([pathlib.Path(sandbox).resolve()], self.folder / "sandbox.log")
        self.vault = Program(
            [pathlib.Path(keystow).resolve(), "serve"], self.folder / "keystow.log", self._environment(settings))
        self.tokens = None
        # Set where somebody should look at them afterwards.
        self.keeps_files = False

    def _environment(self, settings):
        """Nothing of Keystow's is inherited from whoever runs this."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KEYSTOW_")}
        mine = {"KEYSTOW_LISTEN": "127.0.0.1:0", "KEYSTOW_DATA_DIR": str(self.data)}
        return inherited | mine | settings

    def endpoints(self):
        """Where the vault finds the providers, once the stand-in listens."""
        return {"KEYSTOW_ENDPOINT_ANTHROPIC": self.provider.url}

    def __enter__(self):
        try:
            self.provider.start()
            self.vault.environment |= self.endpoints()
            self.vault.start()
            self.tokens = json.loads((self.data / "first-tokens.json").read_text())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends both programs and removes their files."""
        self.vault.kill()
        self.provider.kill()
        if not self.keeps_files:
            shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def snapshot(self):
        """A copy of the database as kill -9 would leave it now; the live files are not opened.

        The server stands still while its files are copied, so the copy is of one moment.
        """
        running = self.vault.process is not None and self.vault.process.poll() is None
        with tempfile.TemporaryDirectory(prefix="keystow-copy-") as folder:
            with self.vault.frozen() if running else contextlib.nullcontext():
                for name in ["vault.db", "vault.db-wal"]:
                    if (self.data / name).exists():
                        shutil.copy(self.data / name, folder)
            yield pathlib.Path(folder) / "vault.db"


def stop_on_signals():
    """Makes Ctrl-C and SIGTERM end this script through every `finally`; a second one does not disturb that."""

    def leave(*_):
        for number in [signal.SIGINT, signal.SIGTERM]:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in [signal.SIGINT, signal.SIGTERM]:
        signal.signal(number, leave)
