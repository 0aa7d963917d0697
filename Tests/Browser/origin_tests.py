"""W02: other sites' pages and forms get nowhere, and use nothing up."""

import fakes
from case import Case
from sites import Site

FOREIGN = """<!doctype html><html lang="en"><title>Foreign</title><link rel="icon" href="data:,">
<form id="form" method="post" action="{vault}/connect/keys" enctype="{kind}" target="_self">
<input name='{{"key":"{key}","x":"' value='"}}'><input name="key" value="{key}">
<button id="send">Send</button></form>"""
FETCH = """
const [url, options, done] = arguments;
fetch(url, options).then(
  async answer => done([answer.type, answer.status, await answer.text()]), () => done(["failed", 0, ""]));
"""


class Origins(Case):
    def foreign(self, key="", kind="text/plain", host="localhost"):
        site = Site({"/": FOREIGN.format(vault=self.desk.url, key=key, kind=kind)}, host)
        self.addCleanup(site.close)
        self.origins.append(site.origin)
        self.tolerated += [r"/(connect|favicon)\S* - Failed to load resource", "CORS policy"]
        return site

    def expect_untouched(self, link):
        self.assertEqual((link.keys, link.state), ([], "pending"))

    def test_W02_a_form_on_another_site_stores_nothing(self):
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]:
            with self.subTest(kind=kind):
                link = self.desk.link()
                self.browser.driver.get(self.foreign(fakes.anthropic(), kind).origin + "/")
                self.page.click("#send")
                self.browser.until(lambda: self.page.address.startswith(self.desk.url), "the form was not sent")
                self.assertRegex(self.page.text, "foreign_origin|missing_token|invalid_token|unsupported_media_type")
                self.expect_untouched(link)

    def test_W02_a_foreign_page_that_has_the_token_is_refused_whatever_it_tries(self):
        for host in ["localhost", "127.0.0.1"]:
            link, secret = self.desk.link(), fakes.anthropic()
            site = self.foreign(host=host)
            self.browser.driver.get(site.origin + "/")
            authorised = {"Authorization": f"Bearer {link.token}"}
            for url, options in [
                ("/connect/session", {"headers": authorised}),
                ("/connect/session", {"mode": "no-cors"}),
                ("/connect/keys", {"method": "POST", "headers": authorised, "body": f'{{"key":"{secret}"}}'}),
                ("/connect/keys", {"method": "POST", "mode": "no-cors", "body": f'{{"key":"{secret}"}}'}),
                ("/connect/keys", {"method": "POST", "mode": "no-cors", "credentials": "include", "body": "key=x"}),
                ("/connect/inspect", {"method": "POST", "headers": authorised, "body": f'{{"key":"{secret}"}}'}),
            ]:
                with self.subTest(host=host, url=url, options=options.get("mode", "cors")):
                    kind, _, text = self.browser.driver.execute_async_script(FETCH, self.desk.url + url, options)
                    self.assertIn(kind, ["failed", "opaque"])
                    self.assertEqual(text, "")
            self.assertEqual(self.desk.gate.count(secret), 0)
            self.expect_untouched(link)

    def test_W02_the_pages_own_calls_succeed_the_same_way(self):
        link, secret = self.desk.link(), fakes.anthropic()
        self.page.open(link.url, "paste")
        kind, status, _ = self.browser.driver.execute_async_script(FETCH, self.desk.url + "/connect/keys", {
            "method": "POST", "headers": {"Authorization": f"Bearer {link.token}", "Content-Type": "application/json"},
            "body": f'{{"key":"{secret}"}}'})
        self.assertEqual((kind, status, len(link.keys)), ("basic", 201, 1))

    def test_W02_foreign_headers_are_refused_before_the_token_is_worth_anything(self):
        link, secret = self.desk.link(), fakes.anthropic()
        for headers in [
            {"Origin": "https://elsewhere.example"}, {"Origin": "null"},
            {"Origin": self.desk.url + ".elsewhere.example"},
            {"Origin": f"http://127.0.0.1:{self.desk.port + 1}"}, {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"}, {"Origin": self.desk.url, "Sec-Fetch-Site": "cross-site"},
            {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-origin"},
        ]:
            for method, path, body in [
                ("GET", "/connect/session", None), ("POST", "/connect/inspect", {"key": secret}),
                ("POST", "/connect/keys", {"key": secret}),
            ]:
                with self.subTest(headers=headers, path=path):
                    answer = link.call(method, path, body, headers)
                    self.assertEqual((answer.status, answer.code), (403, "foreign_origin"))
        self.assertEqual(self.desk.gate.count(secret), 0)
        self.expect_untouched(link)

    def test_W02_without_a_token_or_with_a_wrong_one_nothing_is_stored(self):
        link = self.desk.link()
        app, other = self.desk.app.token, link.token[:-8] + ("A" if link.token[-8] != "A" else "B") + link.token[-7:]
        for header in ["", "Bearer ", f"Bearer {other}", f"Bearer {app}", f"Basic {link.token}", link.token]:
            with self.subTest(header=header[:10]):
                answer = link.call("POST", "/connect/keys", {"key": fakes.anthropic()}, {"Authorization": header})
                self.assertIn(answer.status, [401, 403], answer.text)
        self.expect_untouched(link)
