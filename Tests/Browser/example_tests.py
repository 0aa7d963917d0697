"""docs/examples/notes.py, as an app developer would run it."""

import os
import pathlib
import sys
import tempfile

import fakes
import servers
from case import Case

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/examples/notes.py"


class Example(Case):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="keystow-notes-")
        self.addCleanup(folder.cleanup)
        environment = os.environ | {
            "KEYSTOW_URL": self.desk.url, "KEYSTOW_TOKEN": self.desk.app.token, "PORT": "0",
            "ANTHROPIC_BASE_URL": self.desk.gate.url,
        }
        log = pathlib.Path(folder.name) / "notes.log"
        self.app = servers.Program([sys.executable, EXAMPLE], log, environment).start()
        self.addCleanup(self.app.kill)
        self.origins.append(self.app.url)
        self.tolerated.append(r"favicon.ico - Failed to load resource: the server responded with a status of 404")

    def sign_up(self):
        self.browser.driver.get(self.app.url + "/")
        self.page.element("[name=name]").send_keys("Ada")
        self.page.click("button")
        self.page.element("#connect")

    def test_a_user_signs_up_connects_a_key_by_popup_and_the_app_uses_it(self):
        secret = fakes.anthropic()
        self.sign_up()
        self.page.click("#connect")
        popup = self.browser.window(other_than=[self.tab])
        self.page.until("paste")
        self.assertIn("Ada", self.page.says("#account"))
        self.page.paste(secret)
        self.page.save()
        self.page.until("saved")
        if popup in self.browser.driver.window_handles:
            self.browser.driver.close()
        self.browser.driver.switch_to.window(self.tab)
        self.page.element("[name=question]").send_keys("What is a key?")
        before = self.desk.gate.count(secret)
        self.page.click("form[action='/ask'] button")
        self.browser.until(lambda: "Hello" in self.page.says("#message"), "the stand-in's answer is not shown")
        self.assertEqual(self.desk.gate.count(secret), before + 1, "the provider has seen one call with the key")

    def test_a_popup_that_is_closed_leaves_the_user_where_they_were(self):
        self.sign_up()
        self.page.click("#connect")
        self.browser.window(other_than=[self.tab])
        self.page.until("paste")
        self.browser.driver.close()
        self.browser.driver.switch_to.window(self.tab)
        self.page.element("#connect")
        self.assertNotIn("connected", self.page.text)
