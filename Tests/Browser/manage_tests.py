"""Replace and manage links: what a user sees of the own keys, and what becomes of them."""

import fakes
from case import Case
from scenes import Visit, managing, replacing


class Managing(Case):
    def test_each_key_is_listed_with_its_hint_and_when_it_was_last_revealed_and_never_whole(self):
        _, keys = managing(Visit(self), "valid", "billing", "overloaded")
        revealed, *others = keys
        for key in keys:
            item = f"li[data-key='{key['id']}']"
            self.assertIn(key["hint"], self.page.says(item))
            self.assertTrue(self.page.shows(item + " .status"))
        times = "return [...document.querySelectorAll(`li[data-key='${arguments[0]}'] time`)].map(one => one.dateTime)"
        read = self.desk.app.get(f"/v1/keys/{revealed['id']}").json["last_used_at"]
        self.assertIn(read, self.browser.driver.execute_script(times, revealed["id"]))
        for key in others:
            self.assertEqual(self.browser.driver.execute_script(times, key["id"]), [key["created_at"]])

    def test_other_users_keys_and_removed_ones_are_not_listed(self):
        visit = Visit(self)
        self.desk.store("somebody-else", fakes.anthropic())
        link, keys = managing(visit, "valid", "valid")
        self.desk.app.post(f"/v1/keys/{keys[0]['id']}/revoke", {})
        self.page.reload("manage")
        listed = self.browser.driver.execute_script(
            "return [...document.querySelectorAll('#keys > li')].map(one => one.dataset.key)")
        self.assertEqual(listed, [keys[1]["id"]])
        self.assertEqual(link.state, "pending", "a manage link is not used up")

    def test_a_key_is_replaced_and_the_list_shows_the_new_one(self):
        link, [key] = managing(Visit(self), "valid")
        secret = fakes.anthropic()
        self.page.act("replace")
        self.page.until("paste")
        self.page.paste(secret)
        self.page.save()
        main = self.page.until("saved", outcome="untested")
        self.assertEqual(main.get("replaced"), "true")
        self.assertEqual([(one["id"], one["version"]) for one in link.keys], [(key["id"], 2)])
        self.assertEqual(self.desk.reveal(key["id"]), secret)
        self.page.act("keys")
        self.page.until("manage")
        self.assertIn(link.keys[0]["hint"], self.page.says("#keys"))
        self.assertNotIn(key["hint"], self.page.says("#keys"))

    def test_replacing_can_be_left_and_changes_nothing(self):
        link, [key] = managing(Visit(self), "valid")
        self.page.act("replace")
        self.page.until("paste")
        self.page.click("#cancel")
        self.page.until("manage")
        self.assertEqual([one["version"] for one in link.keys], [1])
        self.assertEqual(self.page.field or "", "")

    def test_a_key_is_removed_only_after_a_second_word(self):
        link, keys = managing(Visit(self), "valid", "valid")
        self.page.click(f"li[data-key='{keys[0]['id']}'] [data-action=remove]")
        self.page.until("remove")
        self.assertEqual(len(link.keys), 2, "nothing has happened yet")
        self.page.act("confirm-remove")
        self.page.until("manage")
        self.browser.until(lambda: self.page.says("#note"), "nothing is said of it")
        self.assertEqual([one["id"] for one in link.keys], [keys[1]["id"]])
        self.assertFalse(self.page.shows(f"li[data-key='{keys[0]['id']}']"))
        self.page.reload("manage")
        self.assertFalse(self.page.shows(f"li[data-key='{keys[0]['id']}']"))

    def test_a_key_is_checked_again_in_the_list(self):
        user, secret = self.desk.link().user, fakes.anthropic("overloaded")
        key = self.desk.store(user, secret)
        self.desk.gate.let(secret, fakes.anthropic())
        self.page.open(self.desk.link(user=user, purpose="manage", providers=None).url, "manage")
        self.page.act("check")
        self.browser.until(lambda: self.desk.app.get(f"/v1/keys/{key['id']}").json["status"] == "active", "not checked")
        self.page.until("manage")
        self.browser.until(lambda: self.page.says("#note"), "nothing is said of it")

    def test_a_manage_link_works_again_and_again(self):
        link, _ = managing(Visit(self), "valid")
        for _ in range(3):
            self.browser.driver.get("about:blank")
            self.page.open(link.url, "manage")


class Replacing(Case):
    def test_it_says_which_key_is_replaced_and_swaps_it(self):
        link, key, _ = replacing(Visit(self))
        secret = fakes.anthropic()
        self.assertIn(key["hint"], self.page.text)
        self.page.paste(secret)
        self.page.save()
        main = self.page.until("saved")
        self.assertEqual(main.get("replaced"), "true")
        self.assertEqual([(one["id"], one["version"]) for one in link.keys], [(key["id"], 2)])
        self.assertEqual(self.desk.reveal(key["id"]), secret)
        self.assertEqual(link.state, "completed")

    def test_a_refused_key_leaves_the_old_one_working(self):
        link, key, old = replacing(Visit(self))
        self.page.paste(fakes.anthropic("revoked"))
        self.page.save()
        self.page.until("refused", outcome="invalid_key")
        self.assertEqual((self.desk.reveal(key["id"]), link.state), (old, "pending"))

    def test_an_outage_changes_nothing_and_trying_again_goes_on(self):
        link, key, old = replacing(Visit(self))
        secret = fakes.anthropic("overloaded")
        self.page.paste(secret)
        self.page.save()
        self.page.until("refused", outcome="provider_unavailable")
        self.assertEqual((self.desk.reveal(key["id"]), link.state), (old, "pending"))
        self.desk.gate.let(secret, fakes.anthropic())
        self.page.act("retry")
        self.page.until("saved")
        self.assertEqual(self.desk.reveal(key["id"]), secret)
