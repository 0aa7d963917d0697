"""W05: whatever others put into what the page shows is text there."""

import urllib.parse

import fakes
from case import Case

POISON = [
    "<img src=x onerror=alert(1)>", "\"'><svg onload=alert(1)>", "javascript:alert(1)",
    "</title><script>alert(1)</script>", "{user} {project} ${alert(1)} {{7*7}}", "&lt;b&gt;&amp;",
]


class Injection(Case):
    def expect_text(self, poison, selector):
        self.assertIn(poison, self.page.says(selector))
        made = self.browser.driver.execute_script("""
            const made = "img:not(#logo), svg[onload], main script, main b, a[href^='javascript:' i]";
            return [...document.querySelectorAll(made)].map(one => one.outerHTML)""")
        self.assertEqual(made, [], "nothing was made of it")
        self.assertEqual(self.page.violations, [], "the content security policy had nothing to stop")
        self.assertFalse(self.page.is_too_wide)

    def test_W05_the_users_and_the_projects_names_are_shown_as_they_are(self):
        for poison in POISON:
            with self.subTest(poison=poison):
                desk = self.desk.in_project(poison)
                link = desk.link(user=f"ada {poison}", user_label=poison)
                self.page.open(link.url, "paste")
                for selector in ["#account", "#save", "header"]:
                    self.expect_text(poison, selector)
                self.page.paste(fakes.anthropic())
                self.page.save()
                self.page.until("saved")
                self.expect_text(poison, "#main")

    def test_W05_a_user_without_a_label_is_shown_by_a_harmless_id(self):
        for poison in POISON:
            with self.subTest(poison=poison):
                self.page.open(self.desk.link(user=poison, user_label=None).url, "paste")
                self.expect_text(poison, "#account")

    def test_W05_labels_of_keys_are_shown_as_they_are(self):
        user = self.desk.link().user
        for poison in POISON:
            self.desk.store(user, fakes.anthropic(), label=poison)
        self.page.open(self.desk.link(user=user, purpose="manage", providers=None).url, "manage")
        for poison in POISON:
            self.expect_text(poison, "#keys")

    def test_W05_a_return_address_is_a_web_address_or_refused(self):
        for address in [
            "javascript:alert(1)", "data:text/html,x", "http://elsewhere.example/", "//elsewhere.example", "\"'><svg>",
        ]:
            with self.subTest(address=address):
                answer = self.desk.app.post("/v1/connect/sessions", {"user_id": "ada", "return_url": address})
                self.assertEqual((answer.status, answer.code), (422, "invalid_field"))
        for tail in POISON:
            with self.subTest(tail=tail):
                address = "https://notes.example/back?to=" + tail
                answer = self.desk.app.post("/v1/connect/sessions", {"user_id": "ada", "return_url": address})
                self.assertIn(answer.status, [201, 422])
                if answer.status == 422:
                    address = "https://notes.example/back?to=" + urllib.parse.quote(tail)
                link = self.desk.link(return_url=address)
                self.page.open(link.url, "paste")
                self.page.paste(fakes.anthropic())
                self.page.save()
                self.page.until("saved")
                leads_to = self.page.attribute("[data-action=back]", "href")
                self.assertTrue(leads_to.startswith("https://notes.example/back"), leads_to)
                self.assertEqual(self.page.violations, [])

    def test_W05_what_is_pasted_is_never_shown(self):
        for poison in POISON:
            with self.subTest(poison=poison):
                self.page.open(self.desk.link().url, "paste")
                self.page.paste(poison + " PIECE-OF-THE-PASTE")
                self.page.until("refused")
                self.assertNotIn("PIECE-OF-THE-PASTE", self.page.text)
                self.assertEqual(self.page.violations, [])
