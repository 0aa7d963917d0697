"""Every state and every outcome, in each language and look: reached as a user reaches it, and judged."""

import re

from browser import Look
from case import Case
from scenes import SCENES, Visit

# Between them each state is seen in light and in dark, on a desktop and at 320 pixels.
LOOKS = {"en": [("light", 1024), ("dark", 320)], "de": [("light", 320), ("dark", 1024)]}
CONTROL = """<!doctype html><html lang="en"><title>Control</title><main><h1>Control</h1>
<img src="data:,"><button></button><p style="color:#999;background:#aaa">pale</p></main>"""


class Gallery(Case):
    """A method for each scene and language is added below."""

    def look_at(self, scene, language):
        self.browser.show(Look(language))
        visit = Visit(self)
        scene.reach(visit)
        main = self.page.until(scene.state, outcome=scene.outcome)
        if scene.kind:
            self.assertEqual(main.get("kind"), scene.kind, "the kind of credential is known")
        if scene.state != "loading":
            self.expect_words_of(language)
        for scheme, width in LOOKS[language]:
            look = Look(language, scheme, width, motion="reduce")
            with self.subTest(look=look.name):
                self.browser.show(look)
                self.expect_well_shown(look)
                name = re.sub(r"[^a-z0-9]+", "-", scene.name.lower())
                self.browser.screenshot(self.pictures / f"{name}.{look.name}.png")
                self.assertEqual(self.accessibility.violations(), [], "axe-core finds nothing")
        self.expect_nothing_kept()
        self.assertEqual(self.page.violations, [], "the content security policy had nothing to stop")

    def expect_well_shown(self, look):
        self.assertFalse(self.page.is_too_wide, "nothing reaches over the edge")
        width, is_dark, motion = self.browser.driver.execute_script(
            "return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches,"
            " [...document.getAnimations()].filter(one => one.playState === 'running').length]")
        self.assertEqual((width, is_dark), (look.width, look.scheme == "dark"), "the look is the one asked for")
        self.assertEqual(motion, 0, "nothing moves for those who asked for that")
        background = self.browser.driver.execute_script("""
            const style = getComputedStyle(document.body).backgroundColor;
            const root = getComputedStyle(document.documentElement).backgroundColor;
            const colour = /, 0\\)|transparent/.test(style) ? root : style;
            const [red, green, blue] = colour.match(/[\\d.]+/g).map(Number);
            return /^color\\(/.test(colour) ? 255 * (red + green + blue) / 3 : (red + green + blue) / 3""")
        self.assertEqual(background < 100, look.scheme == "dark", "and the background follows it")

    def expect_words_of(self, language):
        """Each text is there in the language, whole, and no other language's stands in for it."""
        text = self.page.text
        self.assertEqual(self.page.language.split("-")[0], language, "the document says which language it is in")
        self.assertEqual(re.findall(r"\{[a-z_]+\}", text), [], "every place in a text is filled")
        self.assertNotRegex(text, r"\b(undefined|null|NaN|Invalid Date|\[object)\b", "no value is missing")
        texts, english = self.desk.texts(language), self.desk.texts("en")
        self.assertEqual([name for name in texts if "." in name and name in text], [], "no name stands for its text")
        if language != "en":
            foreign = [
                line for name, line in english.items()
                if len(line) > 12 and "{" not in line and texts[name] != line and line in text
            ]
            self.assertEqual(foreign, [], "no text is in English")
            self.assertNotRegex(text, r"\b(the|your|this key|was not|could not|we have)\b", "no English sentence")


def add(scene, language):
    def test(self):
        self.look_at(scene, language)

    name = f"test_{scene.name} ({language})"
    test.__name__ = name
    setattr(Gallery, name, test)


for scene in SCENES:
    for language in LOOKS:
        add(scene, language)


class Judges(Case):
    """The checks above do find what they look for."""

    def test_axe_core_finds_a_picture_without_words_a_button_without_a_name_and_pale_text(self):
        self.browser.driver.get("about:blank")
        self.browser.driver.execute_script("document.write(arguments[0])", CONTROL)
        found = {line.split(":")[0] for line in self.accessibility.violations()}
        self.assertLessEqual({"image-alt", "button-name", "color-contrast"}, found)

    def test_what_is_wider_than_the_window_is_too_wide(self):
        self.browser.show(Look(width=320))
        self.browser.driver.get("about:blank")
        self.browser.driver.execute_script("document.write('<!doctype html><p style=width:330px>wide')")
        self.assertTrue(self.page.is_too_wide)

    def test_an_error_of_a_script_is_heard(self):
        self.browser.driver.get(self.desk.url + "/connect")
        self.browser.driver.execute_script("setTimeout(() => { throw new Error('made for this test') })")
        with self.assertRaises(AssertionError):
            self.browser.until(lambda: self.heard_nothing(), "")
        self.browser.forget()

    def heard_nothing(self):
        self.expect_quiet()
        return False

    def test_W05_what_the_content_security_policy_stops_is_counted(self):
        self.page.open(self.desk.link().url)
        self.browser.driver.execute_script(
            "const picture = new Image(); picture.src = 'http://127.0.0.1:1/x.png'; document.body.append(picture)")
        self.browser.until(lambda: self.page.violations, "the witness saw nothing")
        self.assertIn("img-src", self.page.violations[0])
        self.tolerated.append("Content Security Policy")
        self.origins.append("http://127.0.0.1:1")
