"""What a link is worth: reload, Back, two tabs, many at once."""

import concurrent.futures
import http.client
import threading

import fakes
from case import Case
from sites import Gateway


class Reloading(Case):
    def expect_no_token_in_the_address(self, link):
        self.assertNotIn(link.token, self.page.address)
        self.assertEqual(self.page.address.removeprefix(self.desk.url), "/connect")

    def test_the_token_leaves_the_address_at_once_and_the_page_outlives_a_reload(self):
        link = self.desk.link()
        self.page.open(link.url, "paste")
        self.expect_no_token_in_the_address(link)
        self.page.reload("paste")
        self.expect_no_token_in_the_address(link)
        self.page.reload("paste")
        asked = [url + str(headers.get("Referer", "")) for _, url, headers, _ in self.browser.requests()]
        self.assertEqual([url for url in asked if link.token in url.split("#")[0]], [], "no server is sent it in a URL")

    def test_a_reload_while_it_loads_loses_nothing(self):
        link = self.desk.link()
        self.browser.command("Fetch.enable", patterns=[{"urlPattern": "*/connect/session"}])
        self.page.open(link.url, "loading")
        self.expect_no_token_in_the_address(link)
        self.browser.command("Fetch.disable")
        self.page.reload("paste")
        self.expect_no_token_in_the_address(link)

    def test_a_reload_with_a_key_typed_empties_the_field_and_stores_nothing(self):
        link = self.desk.link()
        self.page.open(link.url, "paste")
        self.page.type(fakes.anthropic())
        self.page.reload("paste")
        self.assertEqual((self.page.field, link.keys), ("", []))

    def test_a_reload_during_the_check_loses_nothing_and_stores_nothing_twice(self):
        link, secret = self.desk.link(), fakes.anthropic("valid-slow")
        self.addCleanup(self.desk.gate.open)
        self.page.open(link.url, "paste")
        self.page.paste(secret)
        self.page.save()
        self.page.until("checking")
        self.assertTrue(self.desk.gate.until_held(), "the provider is being asked")
        self.page.reload("checking")
        self.expect_no_token_in_the_address(link)
        self.desk.gate.open()
        self.page.until("saved", "used")
        self.assertEqual([key["status"] for key in link.keys], ["active"])
        self.assertEqual(link.state, "completed")
        self.assertEqual(self.desk.gate.count(secret), 1, "the provider was asked once")

    def test_Back_during_the_check_and_forward_again_finds_the_key_saved_once(self):
        link, secret = self.desk.link(), fakes.anthropic("valid-slow")
        self.addCleanup(self.desk.gate.open)
        self.page.open(link.url, "paste")
        self.page.paste(secret)
        self.page.save()
        self.page.until("checking")
        self.assertTrue(self.desk.gate.until_held())
        self.browser.driver.back()
        self.browser.driver.forward()
        self.page.until("checking")
        self.desk.gate.open()
        self.page.until("saved", "used")
        self.assertEqual(len(link.keys), 1)
        self.assertEqual(self.desk.gate.count(secret), 1)

    def test_a_reload_after_saving_says_that_the_link_was_used(self):
        link = self.desk.link()
        self.page.open(link.url, "paste")
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("saved")
        self.page.reload("used", "saved")
        self.assertIn(link.keys[0]["hint"], self.page.text)
        self.assertFalse(self.page.shows("#key"))
        self.assertEqual(len(link.keys), 1)

    def test_Back_from_elsewhere_at_each_step_comes_back_to_where_the_user_was(self):
        link = self.desk.link()
        self.page.open(link.url, "paste")
        self.leave_and_come_back()
        self.page.until("paste")
        self.page.paste(fakes.claude("oat01"))
        self.page.until("refused")
        self.leave_and_come_back()
        self.page.until("paste", "refused")
        self.assertEqual(self.page.field, "")
        self.page.paste(fakes.anthropic())
        self.page.until("paste")
        self.page.save()
        self.page.until("saved")
        self.leave_and_come_back()
        self.page.until("saved", "used")
        self.assertEqual(len(link.keys), 1)

    def leave_and_come_back(self):
        self.browser.driver.get("about:blank")
        self.browser.driver.back()

    def test_a_refused_key_can_be_followed_by_a_reload_and_a_good_one(self):
        link = self.desk.link()
        self.page.open(link.url, "paste")
        self.page.paste(fakes.anthropic("revoked"))
        self.page.save()
        self.page.until("refused", outcome="invalid_key")
        self.page.reload("paste")
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("saved")
        self.assertEqual(len(link.keys), 1)

    def test_without_a_network_the_paste_is_kept_and_sent_when_it_is_back(self):
        link, secret = self.desk.link(), fakes.anthropic()
        self.tolerate_no_network()
        self.page.open(link.url, "paste")
        self.page.paste(secret)
        self.browser.until(lambda: self.page.says("#say"), "nothing is said of the paste")
        self.go_offline()
        self.page.save()
        self.page.until("refused", outcome="network")
        self.assertEqual((self.page.field, link.keys), (secret, []))
        self.go_offline(False)
        self.page.act("retry")
        self.page.until("saved")
        self.assertEqual([self.desk.reveal(key["id"]) for key in link.keys], [secret])


class LostAnswers(Case):
    """A gateway in between answers 504 when the vault has done what it was asked for."""

    def setUp(self):
        super().setUp()
        self.gateway = Gateway(self.desk.port)
        self.addCleanup(self.gateway.close)
        self.origins.append(self.gateway.origin)

    def open(self, link, state):
        self.page.open(link.url.replace(self.desk.url, self.gateway.origin), state)

    def test_a_key_that_was_saved_is_called_saved(self):
        link, secret = self.desk.link(), fakes.anthropic()
        self.open(link, "paste")
        self.gateway.losing.append("/connect/keys")
        self.page.paste(secret)
        self.page.save()
        self.page.until("saved")
        self.assertEqual(self.gateway.losing, [], "the answer was lost")
        self.assertEqual([self.desk.reveal(key["id"]) for key in link.keys], [secret])

    def test_the_list_shows_what_became_of_a_replacement_and_of_a_removal(self):
        link = self.desk.link(purpose="manage", providers=None)
        old = self.desk.store(link.user, fakes.anthropic())
        self.open(link, "manage")
        self.gateway.losing += ["/rotate", "/revoke"]
        self.page.act("replace")
        self.page.until("paste")
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("manage")
        self.assertNotEqual(link.keys[0]["hint"], old["hint"], "it was replaced")
        self.assertIn(link.keys[0]["hint"], self.page.says("#keys"))
        self.assertIn("lost", self.page.says("#note"))
        self.page.act("remove")
        self.page.until("remove")
        self.page.act("confirm-remove")
        self.page.until("manage")
        self.browser.until(lambda: self.page.shows("#none"), "the list still shows the key")
        self.assertEqual((self.gateway.losing, link.keys), ([], []))


class Sharing(Case):
    def test_two_tabs_with_one_link_store_one_key_and_the_second_says_so(self):
        link, first, second = self.desk.link(), fakes.anthropic(), fakes.anthropic()
        self.page.open(link.url, "paste")
        other = self.browser.open_tab()
        self.page.watch()
        self.page.open(link.url, "paste")
        self.page.paste(second)
        self.browser.driver.switch_to.window(self.tab)
        self.page.paste(first)
        self.page.save()
        self.page.until("saved")
        self.browser.driver.switch_to.window(other)
        self.page.save()
        self.page.until("used")
        self.assertIn(link.keys[0]["hint"], self.page.text)
        self.assertEqual([self.desk.reveal(key["id"]) for key in link.keys], [first])
        self.assertEqual(self.desk.gate.count(second), 0, "the second key went nowhere")

    def test_a_second_tab_during_the_check_shows_the_progress_of_the_first(self):
        link, secret = self.desk.link(), fakes.anthropic("valid-slow")
        self.addCleanup(self.desk.gate.open)
        self.page.open(link.url, "paste")
        self.page.paste(secret)
        self.page.save()
        self.page.until("checking")
        self.assertTrue(self.desk.gate.until_held())
        self.browser.open_tab()
        self.page.open(link.url, "checking")
        self.desk.gate.open()
        self.page.until("saved", "used")
        self.browser.driver.switch_to.window(self.tab)
        self.page.until("saved")
        self.assertEqual(len(link.keys), 1)

    def test_twelve_posts_at_once_store_one_key(self):
        for round in range(5):
            with self.subTest(round=round):
                link = self.desk.link()
                secrets = [fakes.anthropic() for _ in range(12)]
                answers = self.at_once(link, [{"key": secret} for secret in secrets])
                codes = sorted((answer.status, answer.code) for answer in answers)
                self.assertEqual([code for code in codes if code[0] == 201], [(201, "")], codes)
                self.assertLessEqual(
                    set(codes), {(201, ""), (410, "session_used"), (409, "wrong_state"), (429, "validation_limit")})
                self.assertEqual(len(link.keys), 1)
                self.assertIn(self.desk.reveal(link.keys[0]["id"]), secrets)
                self.assertEqual((link.state, link.record["key_id"]), ("completed", link.keys[0]["id"]))

    def test_twelve_posts_of_one_key_at_once_store_it_once(self):
        link, secret = self.desk.link(), fakes.anthropic()
        answers = self.at_once(link, [{"key": secret}] * 12)
        self.assertEqual([answer.status for answer in answers].count(201), 1, [answer.status for answer in answers])
        self.assertEqual([self.desk.reveal(key["id"]) for key in link.keys], [secret])

    def at_once(self, link, bodies):
        barrier = threading.Barrier(len(bodies))

        def post(body):
            barrier.wait()
            return link.call("POST", "/connect/keys", body, {"Origin": self.desk.url})

        with concurrent.futures.ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(post, bodies))

    def test_W03_the_link_opened_a_hundred_times_by_scanners_is_still_usable(self):
        link = self.desk.link()
        connection = http.client.HTTPConnection("127.0.0.1", self.desk.port, timeout=30)
        for method in ["GET", "HEAD"] * 50:
            connection.request(method, "/connect", headers={"Purpose": "prefetch"})
            answer = connection.getresponse()
            answer.read()
            self.assertIn(answer.status, {"GET": [200], "HEAD": [200, 405]}[method])
        connection.close()
        for purpose in [{"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {}]:
            self.assertEqual(link.call("GET", "/connect/session", None, purpose).json["state"], "pending")
        self.assertEqual(link.state, "pending")
        self.page.open(link.url, "paste")
        self.page.paste(fakes.anthropic())
        self.page.save()
        self.page.until("saved")
        self.assertEqual(link.state, "completed")

    def test_W03_looking_at_the_page_and_at_a_paste_uses_nothing_up(self):
        link = self.desk.link()
        for _ in range(5):
            self.page.open(link.url, "paste")
            self.page.paste("YOUR_API_KEY")
            self.page.until("refused")
            self.browser.driver.get("about:blank")
        self.assertEqual(link.state, "pending")
