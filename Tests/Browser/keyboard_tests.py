"""The whole story without a mouse."""

import fakes
from case import Case
from scenes import Visit, managing
from selenium.webdriver.common.keys import Keys

STOPS_AT_MOST = 80


class Keyboard(Case):
    def tab_to(self, back=False, **wanted):
        """Presses Tab until the focus is on what is wanted; every stop on the way must be seen to have it."""
        passed = []
        for _ in range(STOPS_AT_MOST):
            self.browser.press((Keys.SHIFT, Keys.TAB) if back else Keys.TAB)
            focus = self.page.focus
            if focus is None:
                continue
            passed.append(focus["id"] or focus["action"] or focus["value"] or focus["tag"])
            self.assertTrue(focus["visible"], f"a ring marks {focus}")
            self.assertTrue(focus["inWindow"], f"{focus} is scrolled to")
            if all(focus[name] == value for name, value in wanted.items()):
                return focus
        self.fail(f"Tab never comes to {wanted}; it passed {passed}")

    def test_from_the_link_to_a_saved_key_by_typing_and_Enter(self):
        link, secret = self.desk.link(), fakes.anthropic()
        self.page.open(link.url, "paste")
        self.tab_to(id="key")
        self.browser.press(*secret)
        self.browser.press(Keys.ENTER)
        self.page.until("saved", outcome="untested")
        self.assertEqual(self.page.focus["id"], "title", "the outcome is read first")
        self.assertEqual(self.desk.reveal(link.keys[0]["id"]), secret)
        self.tab_to(action="fund")
        self.browser.press(Keys.ENTER)
        self.page.until("saved", outcome="valid")
        self.assertNotIn("paste", self.page.inputs)

    def test_a_provider_is_chosen_with_the_arrows_and_the_key_saved_with_Space_on_the_button(self):
        link, secret = self.desk.link(providers=["anthropic", "openai", "groq"]), fakes.openai()
        self.page.open(link.url, "choose")
        self.tab_to(name="provider")
        self.browser.press(Keys.SPACE)
        self.page.until("paste")
        while self.page.focus["value"] != "openai":
            before = self.page.focus["value"]
            self.browser.press(Keys.ARROW_DOWN)
            self.browser.until(lambda: self.page.focus["value"] != before, "the arrow does not move on")
        self.tab_to(id="key")
        self.page.paste(secret)
        self.tab_to(id="save")
        self.browser.press(Keys.SPACE)
        self.page.until("saved")
        self.assertEqual([key["provider"] for key in link.keys], ["openai"])

    def test_the_key_is_shown_and_hidden_with_Space_and_keeps_what_was_typed(self):
        self.page.open(self.desk.link().url, "paste")
        self.tab_to(id="key")
        self.browser.press(*"sk-ant")
        self.tab_to(id="show")
        self.browser.press(Keys.SPACE)
        self.assertEqual(self.page.attribute("#key", "type"), "text")
        self.browser.press(Keys.SPACE)
        self.assertEqual((self.page.attribute("#key", "type"), self.page.field), ("password", "sk-ant"))

    def test_a_refusal_has_the_focus_and_the_way_on_is_reached_with_Tab(self):
        self.page.open(self.desk.link(providers=["anthropic", "openai", "groq"]).url, "choose")
        self.tab_to(name="provider")
        self.browser.press(Keys.SPACE)
        self.tab_to(id="key")
        self.page.paste(fakes.groq())
        self.page.until("refused", outcome="wrong_provider")
        self.browser.until(lambda: (self.page.focus or {}).get("id") == "title", "the refusal has not the focus")
        self.tab_to(action="save-as")
        self.browser.press(Keys.ENTER)
        self.page.until("saved")

    def test_an_empty_field_sent_with_Enter_is_spoken_of_and_keeps_the_focus(self):
        self.page.open(self.desk.link().url, "paste")
        self.tab_to(id="key")
        self.browser.forget()
        self.browser.press(Keys.ENTER)
        self.browser.until(lambda: self.page.says("#say"), "nothing is said")
        self.assertEqual(self.page.focus["id"], "key")
        self.assertEqual(self.calls_of_the_page(), [])

    def test_a_key_is_removed_and_the_question_before_it_can_be_left(self):
        link, _ = managing(Visit(self), "valid")
        self.tab_to(action="remove")
        self.browser.press(Keys.ENTER)
        self.page.until("remove")
        self.tab_to(action="cancel")
        self.browser.press(Keys.ENTER)
        self.page.until("manage")
        self.assertEqual(len(link.keys), 1)
        self.tab_to(action="remove")
        self.browser.press(Keys.SPACE)
        self.page.until("remove")
        self.tab_to(action="confirm-remove")
        self.browser.press(Keys.ENTER)
        self.page.until("manage")
        self.browser.until(lambda: link.keys == [], "the key is not removed")

    def test_the_focus_goes_round_and_is_caught_nowhere(self):
        self.page.open(self.desk.link(providers=["anthropic", "openai", "groq"]).url, "choose")
        for back in [False, True]:
            with self.subTest(back=back):
                self.tab_to(back, id="key")
                self.tab_to(back, id="language")
                self.tab_to(back, id="key")

    def test_a_focus_that_nothing_marks_is_noticed(self):
        self.browser.driver.get("about:blank")
        self.browser.driver.execute_script(
            "document.write('<!doctype html><style>*{outline:none!important}</style><button id=bare>x</button>')")
        self.browser.press(Keys.TAB)
        focus = self.page.focus
        self.assertEqual((focus["id"], focus["visible"]), ("bare", False))
