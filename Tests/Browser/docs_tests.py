"""The API's own page, at /docs: to read, without a script."""

from browser import Look
from case import Case

LOOKS = [Look(scheme=scheme, width=width) for scheme in ["light", "dark"] for width in [320, 1280]]


class Docs(Case):
    def open(self, look):
        self.browser.show(look)
        self.browser.driver.get(f"{self.desk.url}/docs")

    def test_the_page_is_for_everybody_in_every_look_and_fits_a_narrow_window(self):
        for look in LOOKS:
            with self.subTest(look.name):
                self.open(look)
                self.assertEqual(self.accessibility.violations(), [])
                width = self.browser.driver.execute_script("return document.documentElement.scrollWidth")
                self.assertLessEqual(width, look.width)

    def test_it_has_no_script_and_its_chapters_lead_to_places_on_it(self):
        self.open(Look())
        self.assertEqual(self.browser.driver.execute_script("return document.scripts.length"), 0)
        lost = self.browser.driver.execute_script(
            "return [...document.querySelectorAll('a[href^=\"#\"]')].map(link => link.getAttribute('href').slice(1))"
            ".filter(place => !document.getElementById(place))")
        self.assertEqual(lost, [])
        links = self.browser.driver.execute_script("return document.querySelectorAll('nav a').length")
        self.assertGreater(links, 8)
