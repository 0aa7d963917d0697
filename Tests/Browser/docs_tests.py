"""The API's own page, at /docs: to read, without a script."""

from browser import Look
from case import Case

LOOKS = [Look(scheme=scheme, width=width) for scheme in ["light", "dark"] for width in [320, 1280]]


class Docs(Case):
    def open(self, look):
        self.browser.show(look)
        self.browser.driver.get(f"{self.desk.url}/docs")

    def run_script(self, script):
        return self.browser.driver.execute_script(script)

    def width(self):
        return self.run_script("return document.documentElement.scrollWidth")

    def lost_links(self):
        """Where links within the page lead, and nothing is."""
        return self.run_script(
            "return [...document.querySelectorAll('a[href^=\"#\"]')].map(link => link.getAttribute('href').slice(1))"
            ".filter(place => !document.getElementById(place))")

    def test_the_page_is_for_everybody_in_every_look_and_fits_a_narrow_window(self):
        for look in LOOKS:
            with self.subTest(look.name):
                self.open(look)
                self.assertEqual(self.accessibility.violations(), [])
                self.assertLessEqual(self.width(), look.width)

    def test_what_would_be_wrong_with_it_is_found(self):
        self.open(Look(width=320))
        self.run_script(
            "document.documentElement.removeAttribute('lang'); const text = document.querySelector('main p');"
            "text.style.color = '#ddd'; text.style.backgroundColor = '#fff'; text.style.width = '2000px';"
            "document.querySelector('main a').setAttribute('href', '#nowhere');")
        found = [violation.split(":")[0] for violation in self.accessibility.violations()]
        self.assertIn("html-has-lang", found)
        self.assertIn("color-contrast", found)
        self.assertGreater(self.width(), 320)
        self.assertEqual(self.lost_links(), ["nowhere"])

    def test_it_has_no_script_and_its_chapters_lead_to_places_on_it(self):
        self.open(Look())
        self.assertEqual(self.run_script("return document.scripts.length"), 0)
        self.assertEqual(self.lost_links(), [])
        self.assertGreater(self.run_script("return document.querySelectorAll('nav a').length"), 8)
