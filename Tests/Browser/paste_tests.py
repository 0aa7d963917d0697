"""From opening the link to a stored key: what is asked of the user, and what leaves the browser."""

import fakes
from case import Case

HEAVIEST = 60 * 1024
REFUSED_IN_THE_PAGE = {
    "oauth_access_token": lambda: fakes.claude("oat01"),
    "oauth_refresh_token": lambda: fakes.claude("ort01"),
    "session_token": lambda: fakes.claude("sid01"),
    "credentials_file": lambda: '{"claudeAiOauth": {"accessToken": "x", "expiresAt": 1790000000000}}',
}


class Pasting(Case):
    def test_one_paste_and_one_click_lead_from_the_link_to_a_saved_key(self):
        link, secret = self.desk.link(), fakes.anthropic()
        self.page.open(link.url, "paste")
        self.page.paste(secret)
        self.page.save()
        self.page.until("saved", outcome="untested")
        self.assertEqual(self.acts(), ["paste", "click"])
        self.assertEqual(self.desk.reveal(link.keys[0]["id"]), secret, "byte for byte")

    def test_one_paste_and_one_click_are_enough_with_several_providers_too(self):
        link, secret = self.desk.link(providers=["anthropic", "openai", "groq"]), fakes.groq()
        self.page.open(link.url, "choose")
        self.page.paste(secret)
        self.page.save()
        self.page.until("saved")
        self.assertEqual(self.acts(), ["paste", "click"])
        self.assertEqual((link.keys[0]["provider"], self.desk.reveal(link.keys[0]["id"])), ("groq", secret))

    def acts(self):
        return [name for name in self.page.inputs if name != "keydown"]

    def test_a_key_may_be_typed(self):
        link, secret = self.desk.link(), fakes.anthropic()
        self.page.open(link.url, "paste")
        self.page.type(secret)
        self.page.save()
        self.page.until("saved")
        self.assertEqual(self.desk.reveal(link.keys[0]["id"]), secret)

    def test_a_key_wrapped_over_lines_between_quotes_is_stored_whole(self):
        link, secret = self.desk.link(), fakes.anthropic()
        self.page.open(link.url, "paste")
        self.page.paste(f'export ANTHROPIC_API_KEY="{secret[:52]}\n{secret[52:]}"\n')
        said = self.desk.texts("en")["cleaned.quotes"]
        self.browser.until(lambda: said in self.page.says("#say"), "nothing is said of the cleaning")
        self.page.save()
        self.page.until("saved")
        self.assertEqual(self.desk.reveal(link.keys[0]["id"]), secret)

    def test_another_providers_key_is_saved_there_where_the_user_agrees(self):
        link, secret = self.desk.link(providers=["anthropic", "openai", "groq"]), fakes.groq()
        self.page.open(link.url, "choose")
        self.page.choose("anthropic")
        self.page.until("paste")
        self.page.paste(secret)
        self.page.until("refused", outcome="wrong_provider")
        self.assertEqual(link.keys, [], "nothing is stored yet")
        self.page.click("[data-action='save-as'][data-provider='groq']")
        self.page.until("saved")
        self.assertEqual([key["provider"] for key in link.keys], ["groq"])

    def test_a_key_of_an_ambiguous_shape_is_saved_where_the_user_says(self):
        link, secret = self.desk.link(providers=["anthropic", "mistral", "together"]), fakes.without_prefix(32)
        self.page.open(link.url, "choose")
        self.page.paste(secret)
        self.page.until("refused", outcome="ambiguous")
        self.assertEqual((link.keys, self.desk.gate.count(secret)), ([], 0), "nobody is asked about it on a guess")
        self.page.click("[data-action='save-as'][data-provider='mistral']")
        self.page.until("refused", outcome="invalid_key")
        self.assertEqual(self.desk.gate.count(secret), 1, "Mistral, as the user said")

    def test_after_a_refusal_the_next_paste_is_taken(self):
        link, secret = self.desk.link(), fakes.anthropic()
        self.page.open(link.url, "paste")
        self.page.paste(fakes.claude("oat01"))
        self.page.until("refused", outcome="oauth_token_rejected")
        self.page.paste(secret)
        self.page.until("paste")
        self.page.save()
        self.page.until("saved")
        self.assertEqual(self.desk.reveal(link.keys[0]["id"]), secret)

    def test_it_says_for_whom_and_for_which_app_before_and_on_the_button(self):
        link = self.desk.link(user_label="ada@example.com", return_url="https://notes.example/back")
        self.page.open(link.url, "paste")
        project = self.desk.app.get("/v1/token").json
        account, button = self.page.says("#account"), self.page.says("#save")
        for text in [account, button]:
            self.assertIn("ada@example.com", text)
        self.assertIn("notes.example", account)
        self.assertTrue(project)

    def test_the_paid_test_is_priced_and_made_only_when_asked_for(self):
        link, secret = self.desk.link(), fakes.anthropic("nocredit")
        self.page.open(link.url, "paste")
        self.page.paste(secret)
        self.page.save()
        self.page.until("saved", outcome="untested")
        self.assertEqual(self.desk.gate.count(secret), 1)
        self.assertRegex(self.page.says("#main"), r"token", "its price is named")
        self.page.act("fund")
        self.page.until("saved", outcome="valid_unfunded")
        self.assertEqual(self.desk.gate.count(secret), 3)
        self.assertEqual(link.keys[0]["verdict"]["code"], "valid_unfunded")

    def test_the_apps_wish_for_a_language_goes_before_the_browsers(self):
        self.page.open(self.desk.link(locale="de").url, "paste")
        self.assertEqual(self.page.language, "de")

    def test_a_language_chosen_by_hand_stays_after_a_reload(self):
        self.page.open(self.desk.link().url, "paste")
        self.assertEqual(self.page.language, "en")
        self.page.click("#language")
        self.page.click("#language option[value=de]")
        self.browser.until(lambda: self.page.language == "de", "the language does not change")
        self.page.reload("paste")
        self.assertEqual(self.page.language, "de")

    def test_the_page_weighs_at_most_60_KB_in_either_language(self):
        for language in ["en", "de"]:
            with self.subTest(language=language):
                self.browser.driver.get("about:blank")
                self.browser.command("Network.clearBrowserCache")
                self.browser.forget()
                self.page.open(self.desk.link(locale=language).url, "paste")
                sizes = self.browser.bytes_received()
                self.assertIn(self.desk.url + "/connect", {url.split("#")[0] for url in sizes}, "the page is counted")
                self.assertLessEqual(sum(sizes.values()), HEAVIEST, sizes)
                print(f"  weight ({language}): {sum(sizes.values()):.0f} bytes in {len(sizes)} answers")


class SignInTokens(Case):
    """The four kinds that Claude gives out are caught in the page itself."""

    def test_a_claude_sign_in_token_never_leaves_the_browser(self):
        for kind, made in REFUSED_IN_THE_PAGE.items():
            for wrap in ["{}", "Authorization: Bearer {}", "here it is: {}\nthank you"]:
                with self.subTest(kind=kind, wrap=wrap):
                    link, secret = self.desk.link(), wrap.format(made())
                    self.page.open(link.url, "paste")
                    self.browser.forget()
                    self.page.paste(secret)
                    self.page.until("refused", outcome="oauth_token_rejected")
                    self.assertEqual(self.page.main["kind"], kind)
                    self.assertEqual(self.page.field, "", "the field is empty at once")
                    self.assertEqual(self.browser.requests(), [], "not one request")
                    self.assertIn("OAuth authentication is currently not supported.", self.page.text)

    def test_it_does_not_leave_when_typed_and_sent_either(self):
        link = self.desk.link()
        self.page.open(link.url, "paste")
        self.browser.forget()
        self.page.type(fakes.claude("oat01"))
        self.page.save()
        self.page.until("refused", outcome="oauth_token_rejected")
        self.assertEqual(self.browser.requests(), [])

    def test_another_paste_is_a_request_and_counted(self):
        self.page.open(self.desk.link().url, "paste")
        self.browser.forget()
        self.page.paste("YOUR_API_KEY")
        self.page.until("refused", outcome="placeholder_key")
        self.assertEqual(self.calls_of_the_page(), ["POST /connect/inspect"])


class Field(Case):
    """W06 and W07."""

    def test_W07_the_fields_attributes_keep_what_is_pasted_to_the_page(self):
        self.page.open(self.desk.link().url, "paste")
        names = ["type", "autocomplete", "spellcheck", "autocapitalize", "name", "value"]
        self.assertEqual(
            [self.page.attribute("#key", name) for name in names], ["password", "off", "false", "none", None, None])

    def test_W07_it_shows_what_was_typed_only_while_asked_to(self):
        self.page.open(self.desk.link().url, "paste")
        for shown in [("text", "true"), ("password", "false")]:
            self.page.click("#show")
            found = self.page.attribute("#key", "type"), self.page.attribute("#show", "aria-pressed")
            self.assertEqual(found, shown)

    def test_W06_the_field_is_empty_after_sending_and_after_Back_and_nothing_is_kept(self):
        secret = fakes.anthropic()
        self.page.open(self.desk.link().url, "paste")
        self.page.paste(secret)
        self.page.save()
        self.page.until("saved")
        self.assertEqual(self.page.field, "")
        self.assertNotIn(secret, self.browser.driver.page_source)
        self.expect_nothing_kept()
        self.browser.driver.get("about:blank")
        self.browser.driver.back()
        self.page.until("used", "saved")
        self.assertIn(self.page.field, ["", None])
        self.assertNotIn(secret, self.browser.driver.page_source)

    def test_W06_what_was_typed_is_gone_after_leaving_and_coming_back(self):
        self.page.open(self.desk.link().url, "paste")
        self.page.type(fakes.anthropic())
        self.assertNotEqual(self.page.field, "")
        self.browser.driver.get("about:blank")
        self.browser.driver.back()
        self.page.until("paste")
        self.assertEqual(self.page.field, "")

    def test_W06_the_key_is_in_the_body_of_two_requests_at_most_and_in_no_address_or_header(self):
        secret = fakes.anthropic()
        self.page.open(self.desk.link().url, "paste")
        self.page.paste(secret)
        self.page.save()
        self.page.until("saved")
        requests = self.browser.requests()
        self.assertEqual([url for _, url, headers, _ in requests if secret in url + str(headers)], [])
        bodies = [url.removeprefix(self.desk.url) for _, url, _, body in requests if secret in body]
        self.assertLessEqual(set(bodies), {"/connect/inspect", "/connect/keys"})
        self.assertEqual(bodies.count("/connect/keys"), 1)
        self.assertNotIn("cookie", {name.lower() for _, _, headers, _ in requests for name in headers})
