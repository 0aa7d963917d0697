"""One Chromium for all tests: a tab and a look for each of them, and what the browser noted while it was open."""

import base64
import dataclasses
import json
import pathlib
import shutil

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

APPEARS_WITHIN = 25.0
PAGE_LOADS_WITHIN = 30.0


@dataclasses.dataclass(frozen=True)
class Look:
    """How the page is shown: what the user's system and window are like."""

    language: str = "en"
    scheme: str = "light"
    width: int = 1024
    motion: str = "no-preference"

    @property
    def name(self):
        return f"{self.language}-{self.scheme}-{self.width}"


class Browser:
    """Belongs to one thread."""

    def __init__(self, chromium=None, chromedriver=None):
        options = Options()
        options.binary_location = chromium or shutil.which("chromium")
        # Tests may run as root, and where there is no /dev/shm to speak of. No call leaves this machine.
        for argument in [
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "--hide-scrollbars",
            "--window-size=1024,800",
        ]:
            options.add_argument(argument)
        # chromedriver lets every popup through unless told otherwise; users' browsers do not.
        options.add_experimental_option("excludeSwitches", ["disable-popup-blocking", "enable-automation"])
        options.add_experimental_option("prefs", {"credentials_enable_service": False})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        service = Service(executable_path=chromedriver or shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(PAGE_LOADS_WITHIN)
        self.driver.set_script_timeout(PAGE_LOADS_WITHIN)
        self.first = self.driver.current_window_handle
        self.agent = self.driver.execute_script("return navigator.userAgent").replace("Headless", "")
        self.events = []
        self.messages = []
        self.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])

    def command(self, name, **parameters):
        """A command of the DevTools protocol, to the tab that is in front."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def open_tab(self, look=Look()):
        """A fresh tab in front, shown in this look; returns its handle."""
        self.driver.switch_to.new_window("tab")
        self.show(look)
        return self.driver.current_window_handle

    def show(self, look):
        """Changes the look of the tab in front; a page that is open is not loaded again."""
        self.command("Emulation.setFocusEmulationEnabled", enabled=True)
        accepted = {"en": "en-GB,en", "de": "de-AT,de,en"}.get(look.language, look.language)
        self.command("Emulation.setUserAgentOverride", userAgent=self.agent, acceptLanguage=accepted)
        self.command(
            "Emulation.setDeviceMetricsOverride", width=look.width, height=800, deviceScaleFactor=1, mobile=False)
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": look.scheme},
            {"name": "prefers-reduced-motion", "value": look.motion},
        ])

    def close_tabs(self):
        """Closes every tab and popup but the one that keeps the browser alive; forgets what was in the clipboard."""
        for handle in self.driver.window_handles:
            if handle != self.first:
                self.driver.switch_to.window(handle)
                self.driver.close()
        self.driver.switch_to.window(self.first)
        self.driver.delete_all_cookies()

    def until(self, condition, what, within=APPEARS_WITHIN):
        """Waits for `condition()` to hold; returns what it returned."""
        return WebDriverWait(self.driver, within, poll_frequency=0.03).until(lambda _: condition(), what)

    def window(self, other_than):
        """Waits for a window that is none of these, and brings it to the front."""
        known = set(other_than) | {self.first}
        handle = self.until(
            lambda: next((handle for handle in self.driver.window_handles if handle not in known), None),
            "no window was opened")
        self.driver.switch_to.window(handle)
        self.command("Emulation.setFocusEmulationEnabled", enabled=True)
        return handle

    def copy(self, text):
        """Puts `text` into the clipboard, with its line breaks."""
        fault = self.driver.execute_async_script(
            "const [text, done] = arguments;"
            "navigator.clipboard.writeText(text).then(() => done(null), error => done(String(error)))", text)
        if fault:
            raise AssertionError(f"the clipboard does not take it: {fault}")

    def press(self, *keys):
        """Presses and releases keys, wherever the focus is; those in one tuple together."""
        actions = webdriver.ActionChains(self.driver, duration=0)
        for key in keys:
            held = key if isinstance(key, tuple) else (key,)
            for part in held:
                actions.key_down(part)
            for part in reversed(held):
                actions.key_up(part)
        actions.perform()

    def paste(self):
        self.press((Keys.CONTROL, "v"))

    def screenshot(self, path):
        """The whole page, however long, as a PNG file."""
        taken = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    # What the browser noted

    def forget(self):
        """Begins a new account of what is noted."""
        self.events, self.messages = [], []
        self.driver.get_log("performance")
        self.driver.get_log("browser")

    def collect(self):
        for entry in self.driver.get_log("performance"):
            self.events.append(json.loads(entry["message"])["message"])
        self.messages += self.driver.get_log("browser")

    def requests(self):
        """Every request since `forget`, of every tab, as `(method, url, headers, body)`; `data:` is none."""
        self.collect()
        sent = [event["params"]["request"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [
            (request["method"], request["url"], request["headers"], request.get("postData", "")) for request in sent
            if request["url"].split(":")[0] not in {"data", "about", "blob", "chrome"}
        ]

    def bytes_received(self):
        """What came over the wire since `forget`, headers included, by URL."""
        self.collect()
        urls, sizes = {}, {}
        for event in self.events:
            parameters = event["params"]
            if event["method"] == "Network.requestWillBeSent":
                urls[parameters["requestId"]] = parameters["request"]["url"]
            elif event["method"] == "Network.loadingFinished" and parameters["requestId"] in urls:
                url = urls[parameters["requestId"]]
                sizes[url] = sizes.get(url, 0) + parameters["encodedDataLength"]
        return sizes

    def quit(self):
        self.driver.quit()
