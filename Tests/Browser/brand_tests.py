"""A project's logo and colour, on the page that its users see."""

import base64

from browser import Look
from case import Case

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#7a1fa2"/></svg>'
LOGO = "data:image/svg+xml;base64," + base64.b64encode(SVG.encode()).decode()
# A script in a logo must not run: the page shows it as an image.
HOSTILE = "data:image/svg+xml;base64," + base64.b64encode(
    SVG.replace("<rect", "<script>parent.document.title = 'run'</script><rect onload=\"alert(1)\"").encode()).decode()


class Brand(Case):
    def open(self, **brand):
        self.page.open(self.desk.in_project("Notes", **brand).link().url, "paste")

    def looks(self):
        return self.browser.driver.execute_script(
            "const logo = document.getElementById('logo'), save = getComputedStyle(document.getElementById('save'));"
            "return [logo.checkVisibility() && logo.complete ? logo.naturalWidth : 0, save.backgroundColor, save.color]")

    def test_the_logo_is_shown_and_the_button_has_the_colour_with_white_on_it(self):
        self.open(logo=LOGO, accent_color="#7A1FA2")
        self.browser.until(lambda: self.looks()[0] == 40, "the logo is not there")
        for scheme in ["light", "dark"]:
            self.browser.show(Look("en", scheme))
            self.assertEqual(self.looks()[1:], ["rgb(122, 31, 162)", "rgb(255, 255, 255)"])
            self.assertEqual(self.accessibility.violations(), [])
        self.assertIn("Notes", self.page.says("#app"))

    def test_without_them_the_page_has_its_own_colour_and_no_empty_image(self):
        self.open()
        self.assertEqual(self.looks(), [0, "rgb(31, 79, 216)", "rgb(255, 255, 255)"])

    def test_W05_a_logo_with_a_script_is_an_image_and_nothing_more(self):
        self.open(logo=HOSTILE)
        self.assertNotEqual(self.browser.driver.title, "run")
        self.assertEqual(self.page.violations, [])

    def test_a_colour_on_which_white_cannot_be_read_is_refused_with_what_was_measured(self):
        answer = self.desk.admin.post("/v1/projects", {"name": "Pale", "accent_color": "#ffd54f"})
        self.assertEqual((answer.status, answer.json["field"]), (422, "accent_color"))
        self.assertRegex(answer.json["detail"], r"\d\.\d+:1")
