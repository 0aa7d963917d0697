"""The popup, opened by an app's page on an origin of its own."""

import fakes
from case import Case
from sites import Site

APP = """<!doctype html><html lang="en"><title>App</title><link rel="icon" href="data:,">
<script src="{vault}/connect.js"></script>
<button id="open">Connect</button><script>
window.heard = []; window.raw = [];
addEventListener("message", event => raw.push([event.origin, event.data]));
const token = new URLSearchParams(location.search).get("token");
window.connect = () => window.popup = Keystow.connect({{token,
  onSuccess: what => heard.push(["success", what]),
  onError: what => heard.push(["error", what]),
  onClose: what => heard.push(["close", what])}});
document.getElementById("open").onclick = connect;
if (location.search.includes("at_once")) connect();
</script>"""
# Opens the popup as the app would, and lies in wait for whatever it says.
STRANGER = """<!doctype html><html lang="en"><title>Stranger</title><link rel="icon" href="data:,">
<button id="open">Connect</button><script>
window.raw = [];
addEventListener("message", event => raw.push([event.origin, event.data]));
const token = new URLSearchParams(location.search).get("token");
document.getElementById("open").onclick = () => {{
  window.popup = open("{vault}/connect/popup#" + token, "_blank", "popup");
}};
</script>"""


class Popup(Case):
    def setUp(self):
        super().setUp()
        self.app = self.site(APP, "127.0.0.1")

    def site(self, page, host):
        site = Site({"/": page.format(vault=self.desk.url)}, host)
        self.addCleanup(site.close)
        self.origins.append(site.origin)
        return site

    def open_popup(self, site, link, state="paste"):
        """Opens the app's page and clicks; the popup is in front afterwards."""
        self.browser.driver.get(f"{site.origin}/?token={link.token}")
        self.page.click("#open")
        popup = self.browser.window(other_than=[self.tab])
        self.page.until(state)
        return popup

    def in_app(self, script):
        """What a script says in the app's page; whatever is in front stays there."""
        front = self.browser.driver.current_window_handle
        self.browser.driver.switch_to.window(self.tab)
        try:
            return self.browser.driver.execute_script(script)
        finally:
            if front in self.browser.driver.window_handles:
                self.browser.driver.switch_to.window(front)

    def heard(self):
        return self.in_app("return window.heard")

    def until_heard(self, name):
        return self.browser.until(
            lambda: next((what for said, what in self.heard() if said == name), None), f"the app never heard of {name}")

    def test_the_app_hears_of_success_once_with_the_session_and_the_key_but_never_the_secret(self):
        link, secret = self.desk.link(origin=self.app.origin), fakes.anthropic()
        self.open_popup(self.app, link)
        self.page.paste(secret)
        self.page.save()
        self.page.until("saved")
        what = self.until_heard("success")
        key = link.keys[0]
        self.assertEqual(what["sessionId"], link.id)
        self.assertEqual(what["key"], {"id": key["id"], "provider": "anthropic", "hint": key["hint"]})
        self.in_app("popup.close()")
        self.browser.until(lambda: [name for name, _ in self.heard()] == ["success", "close"], "close comes last")
        raw = self.in_app("return raw")
        self.assertEqual({origin for origin, _ in raw}, {self.desk.url})
        self.assertNotIn(secret, str(raw))
        self.assertNotIn(link.token, str(raw))

    def test_the_app_hears_why_a_key_was_refused_and_the_popup_stays_open_for_another(self):
        link = self.desk.link(origin=self.app.origin)
        popup = self.open_popup(self.app, link)
        self.page.paste(fakes.anthropic("revoked"))
        self.page.save()
        self.page.until("refused", outcome="invalid_key")
        self.assertEqual(self.until_heard("error"), {"code": "invalid_key"})
        self.assertIn(popup, self.browser.driver.window_handles)
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("saved")
        self.assertEqual(self.until_heard("success")["sessionId"], link.id)

    def test_the_app_hears_that_the_user_closed_the_popup(self):
        link = self.desk.link(origin=self.app.origin)
        self.open_popup(self.app, link)
        self.browser.driver.close()
        self.browser.driver.switch_to.window(self.tab)
        self.browser.until(lambda: self.heard(), "the app never heard of it")
        self.assertEqual([name for name, _ in self.heard()], ["close"])
        self.assertEqual((link.keys, link.state), ([], "pending"))

    def test_after_closing_the_same_link_opens_again(self):
        link = self.desk.link(origin=self.app.origin)
        self.open_popup(self.app, link)
        self.browser.driver.close()
        self.browser.driver.switch_to.window(self.tab)
        self.browser.until(lambda: self.heard(), "the app never heard of it")
        self.page.click("#open")
        self.browser.window(other_than=[self.tab])
        self.page.until("paste")
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("saved")
        self.until_heard("success")

    def test_a_second_call_with_another_link_brings_the_open_popup_there(self):
        first, second = (self.desk.link(origin=self.app.origin) for _ in range(2))
        popup = self.open_popup(self.app, first)
        self.desk.app.call("DELETE", f"/v1/connect/sessions/{first.id}")
        self.in_app(
            f"Keystow.connect({{token: '{second.token}', onSuccess: what => heard.push(['second', what]),"
            "onClose: what => heard.push(['closed', what])})")
        self.browser.until(lambda: second.user in self.page.says("#account"), "the popup is still at the first link")
        self.assertEqual([name for name, _ in self.heard()], ["close"], "the first call is over")
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("saved")
        self.assertEqual(self.until_heard("second")["sessionId"], second.id)
        self.assertEqual((len(second.keys), first.keys), (1, []))
        self.assertIn(popup, self.browser.driver.window_handles)
        self.in_app("Keystow.connect({token: '%s'}).close()" % second.token)
        self.browser.until(lambda: self.heard()[-1][0] == "closed", "the app never heard that it was closed")

    def test_a_blocked_popup_is_an_error_that_the_app_hears(self):
        link = self.desk.link(origin=self.app.origin)
        self.browser.driver.get(f"{self.app.origin}/?token={link.token}&at_once")
        self.assertEqual(self.until_heard("error"), {"code": "popup_blocked"})
        self.assertEqual(len(self.browser.driver.window_handles), 2, "no window came up")

    def test_a_reload_of_the_popup_keeps_its_link_and_its_opener(self):
        link = self.desk.link(origin=self.app.origin)
        self.open_popup(self.app, link)
        self.assertNotIn(link.token, self.page.address)
        self.page.reload("paste")
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("saved")
        self.until_heard("success")

    def test_a_foreign_page_that_opens_the_popup_with_the_same_token_is_told_nothing(self):
        for host in ["127.0.0.1", "localhost"]:
            with self.subTest(host=host):
                stranger = self.site(STRANGER, host)
                # The browser's own word that it withheld what was not for this window.
                self.tolerated.append("Failed to execute 'postMessage' on 'DOMWindow': The target origin provided")
                self.stores_a_key_in_the_popup_of(stranger, self.desk.link(origin=self.app.origin))
                self.assertEqual([data for _, data in self.in_app("return raw")], ["the end"])

    def test_a_page_of_the_right_origin_that_opens_it_the_same_way_is_told(self):
        own = self.site(STRANGER, "127.0.0.1")
        self.stores_a_key_in_the_popup_of(own, self.desk.link(origin=own.origin))
        self.assertEqual(
            [data if data == "the end" else data["type"] for _, data in self.in_app("return raw")],
            ["keystow:ready", "keystow:error", "keystow:success", "the end"])

    def test_without_an_origin_in_the_session_nobody_is_told_anything(self):
        own = self.site(STRANGER, "127.0.0.1")
        self.stores_a_key_in_the_popup_of(own, self.desk.link())
        self.assertEqual([data for _, data in self.in_app("return raw")], ["the end"])

    def stores_a_key_in_the_popup_of(self, site, link):
        """A refusal first, then a success: everything that the page has to say."""
        self.browser.driver.switch_to.window(self.tab)
        popup = self.open_popup(site, link)
        self.page.paste(fakes.claude("oat01"))
        self.page.until("refused")
        self.page.paste(fakes.anthropic())
        self.page.until("paste")
        self.page.save()
        self.page.until("saved")
        self.browser.driver.switch_to.window(popup)
        # Messages between two windows keep their order: whatever the page had said would come before this one.
        self.browser.driver.execute_script("opener.postMessage('the end', '*')")
        self.browser.until(lambda: "the end" in str(self.in_app("return raw")), "the last message does not come")
        self.browser.driver.close()
        self.browser.driver.switch_to.window(self.tab)

    def test_after_success_a_button_closes_it(self):
        link = self.desk.link(origin=self.app.origin)
        popup = self.open_popup(self.app, link)
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("saved")
        self.assertEqual(self.accessibility.violations(), [])
        self.browser.screenshot(self.pictures / "popup-saved.png")
        self.page.act("close")
        self.browser.until(lambda: popup not in self.browser.driver.window_handles, "it stays")
        self.browser.driver.switch_to.window(self.tab)
        self.browser.until(lambda: [name for name, _ in self.heard()] == ["success", "close"], "close comes last")

    def test_a_page_without_an_opener_works_like_the_link(self):
        link = self.desk.link(origin=self.app.origin)
        self.page.open(link.popup_url, "paste")
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("saved")
        self.assertEqual(len(link.keys), 1)
