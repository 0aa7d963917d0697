"""What stands over every page, to the letter."""

import base64
import hashlib
import http.client
import re

from case import Case
from desk import ConnectStage
from sites import Site

POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# Those that are different each time, and those of the connection.
VARYING = {"date", "request-id", "connection", "content-length", "keep-alive", "transfer-encoding"}


class Headers(Case):
    maxDiff = None

    def fetch(self, method, path, port=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.desk.port, timeout=30)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def expected(self, text):
        def digest(pattern):
            inside = re.search(pattern, text, re.DOTALL).group(1)
            return base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()

        return {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": POLICY.format(
                script=digest(r'<script type="module">(.*?)</script>'), style=digest(r"<style>(.*?)</style>")),
            "referrer-policy": "no-referrer",
            "x-frame-options": "DENY",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "vary": "Accept-Encoding",
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }

    def test_W01_the_page_has_exactly_these_headers(self):
        status, headers, text = self.fetch("GET", "/connect")
        self.assertEqual(status, 200)
        found = {name: value for name, value in headers.items() if name not in VARYING}
        self.assertEqual(found, self.expected(text) | {"cross-origin-opener-policy": "same-origin"})

    def test_W01_the_popup_has_the_same_but_for_its_opener(self):
        status, headers, text = self.fetch("GET", "/connect/popup")
        self.assertEqual(status, 200)
        found = {name: value for name, value in headers.items() if name not in VARYING}
        self.assertEqual(found, self.expected(text))

    def test_W01_behind_https_browsers_are_told_to_stay_there(self):
        settings = {"KEYSTOW_PUBLIC_URL": "https://vault.example", "KEYSTOW_LOG": "warning"}
        with ConnectStage(*self.programs, **settings) as stage:
            for path in ["/connect", "/connect/popup"]:
                _, headers, text = self.fetch("GET", path, port=stage.vault.port, Host="vault.example")
                found = {name: value for name, value in headers.items() if name not in VARYING}
                found.pop("cross-origin-opener-policy", None)
                self.assertEqual(found, self.expected(text) | {"strict-transport-security": "max-age=31536000"})

    def test_W01_no_other_answer_is_a_page(self):
        token = self.desk.link().token
        for method, path in [
            ("GET", "/connect/session"), ("GET", "/connect/texts/en"), ("GET", "/connect.js"), ("GET", "/connect/"),
            ("GET", "/connect/nothing"), ("GET", "/nothing"), ("POST", "/connect"), ("GET", "/healthz"),
        ]:
            for headers in [{}, {"Authorization": f"Bearer {token}"}, {"Accept": "text/html"}]:
                with self.subTest(path=path, headers=list(headers)):
                    status, answered, text = self.fetch(method, path, **headers)
                    if answered.get("content-type", "").startswith("text/html"):
                        self.assertIn("frame-ancestors 'none'", answered.get("content-security-policy", ""))
                    self.assertEqual(answered.get("x-content-type-options"), "nosniff", (status, answered))
                    self.assertNotIn("set-cookie", answered)
                    self.assertNotIn("access-control-allow-origin", answered)

    def test_W01_a_page_of_somebody_elses_cannot_frame_it(self):
        framing = Site({"/": f'<!doctype html><title>Frame</title><link rel="icon" href="data:,">'
                             f'<iframe src="{self.desk.url}/connect"></iframe>'}, "localhost")
        self.addCleanup(framing.close)
        self.origins.append(framing.origin)
        self.tolerated.append("frame-ancestors|violates the following Content Security Policy|X-Frame-Options")
        self.browser.driver.get(framing.origin + "/")
        self.browser.driver.switch_to.frame(0)
        self.assertEqual(self.browser.driver.execute_script("return document.querySelectorAll('#main').length"), 0)
        self.browser.driver.switch_to.default_content()

    def test_the_page_says_without_scripts_that_it_needs_them(self):
        self.browser.command("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(self.browser.command, "Emulation.setScriptExecutionDisabled", value=False)
        self.browser.driver.get(self.desk.url + "/connect")
        shown = self.browser.driver.find_element("tag name", "noscript")
        self.assertIn("JavaScript", shown.text)
