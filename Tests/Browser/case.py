"""What every test of the page begins and ends with."""

import re
import unittest

from browser import Look
from page import Page

# What Chromium writes to the console for each refusal that a page is given, whatever the page makes of it.
REFUSAL = r"/connect/(session|inspect|keys\S*) - Failed to load resource: the server responded with a status of [45]"
NO_NETWORK = r"/connect\S* - Failed to load resource: net::ERR_INTERNET_DISCONNECTED"


class Case(unittest.TestCase):
    """A tab of its own; afterwards no error in any console, no request to anybody else, nothing stopped by the CSP."""

    # What the runner has made for all.
    browser = desk = accessibility = pictures = programs = None
    look = Look()

    @classmethod
    def sentence(cls, method):
        return method.removeprefix("test_").replace("_", " ")

    def setUp(self):
        self.browser.forget()
        self.tab = self.browser.open_tab(self.look)
        self.page = Page(self.browser)
        self.page.watch()
        # Origins that this test speaks to besides the vault, and what consoles may say.
        self.origins = []
        self.tolerated = [REFUSAL]
        self.addCleanup(self.browser.close_tabs)
        self.addCleanup(self.expect_quiet)

    def expect_quiet(self):
        self.browser.collect()
        said = [f"{entry['source']}: {entry['message']}" for entry in self.browser.messages]
        noise = [line for line in said if not any(re.search(pattern, line) for pattern in self.tolerated)]
        self.assertEqual(noise, [], "the consoles say nothing")
        homes = (self.desk.url + "/", *(origin + "/" for origin in self.origins))
        strangers = [url for _, url, _, _ in self.browser.requests() if not url.startswith(homes)]
        self.assertEqual(strangers, [], "nobody else is asked for anything")

    def tolerate_no_network(self):
        self.tolerated.append(NO_NETWORK)

    def go_offline(self, offline=True):
        """The tab in front has no network any more, until it is given back or closed."""
        self.browser.command(
            "Network.emulateNetworkConditions", offline=offline, latency=0, downloadThroughput=-1, uploadThroughput=-1)

    def calls_of_the_page(self):
        """What the page asked of the vault since the tab was opened, without the page itself and its texts."""
        return [
            f"{method} {url.removeprefix(self.desk.url)}" for method, url, _, _ in self.browser.requests()
            if "/connect/" in url and not url.split("#")[0].split("?")[0].endswith("/connect/popup")
            and "/connect/texts/" not in url
        ]

    def expect_nothing_kept(self):
        """No storage of the browser's holds anything of the page's."""
        kept = self.browser.driver.execute_script(
            "return [localStorage.length, sessionStorage.length, document.cookie.length]")
        self.assertEqual(kept, [0, 0, 0], "nothing in localStorage, in sessionStorage, in cookies")
        databases = self.browser.driver.execute_async_script(
            "const done = arguments[0];"
            "Promise.all([indexedDB.databases(), caches.keys()]).then(all => done(all.flat()))")
        self.assertEqual(databases, [], "no database and no cache")
