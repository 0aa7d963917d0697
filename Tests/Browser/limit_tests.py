"""Vaults of their own: with the limits that hold by default, and gone."""

import contextlib

import fakes
from case import NO_NETWORK, Case
from desk import ConnectStage, Desk

REFUSED_CONNECTION = r"/connect\S* - Failed to load resource: net::ERR_CONNECTION_(REFUSED|RESET)"


class Limits(Case):
    @contextlib.contextmanager
    def own_vault(self, **settings):
        with ConnectStage(*self.programs, KEYSTOW_LOG="warning", **settings) as stage:
            desk = Desk(stage)
            self.origins.append(desk.url)
            self.tolerated += [REFUSED_CONNECTION, NO_NETWORK]
            try:
                yield desk
            finally:
                self.browser.close_tabs()
                self.tab = self.browser.open_tab(self.look)

    def test_too_many_test_calls_in_a_minute_say_so_and_store_nothing(self):
        with self.own_vault() as desk:
            user = desk.link().user
            for _ in range(5):
                desk.store(user, fakes.anthropic())
            link = desk.link(user=user)
            self.page.open(link.url, "paste")
            self.page.paste(fakes.anthropic())
            self.page.save()
            self.page.until("refused", outcome="validation_limit")
            self.assertEqual((len(link.keys), link.state), (5, "pending"))
            self.expect_accessible()

    def test_too_many_calls_with_one_link_say_so_and_lose_nothing(self):
        with self.own_vault() as desk:
            link, secret = desk.link(), fakes.anthropic()
            self.page.open(link.url, "paste")
            for _ in range(130):
                answer = link.call("GET", "/connect/session")
            self.assertEqual((answer.status, answer.code), (429, "rate_limited"))
            self.page.type(secret)
            self.page.save()
            self.page.until("refused", outcome="rate_limited")
            self.assertEqual(link.keys, [])
            self.expect_accessible()
            self.page.reload("unavailable")
            self.expect_accessible()

    def test_a_vault_that_goes_away_and_comes_back_loses_nothing_that_was_typed(self):
        with self.own_vault() as desk:
            link, secret = desk.link(), fakes.anthropic()
            self.page.open(link.url, "paste")
            self.page.type(secret)
            desk.stage.vault.environment["KEYSTOW_LISTEN"] = f"127.0.0.1:{desk.port}"
            desk.stage.vault.kill()
            self.page.save()
            self.page.until("refused", outcome="network")
            self.assertEqual(self.page.field, secret)
            self.expect_accessible()
            desk.stage.vault.start()
            self.page.act("retry")
            self.page.until("saved")
            desk = Desk(desk.stage)
            self.assertEqual([desk.reveal(key["id"]) for key in desk.keys(link.user)], [secret])

    def expect_accessible(self):
        name = self.sentence(self._testMethodName).replace(" ", "-")
        self.browser.screenshot(self.pictures / f"{name}.{self.page.outcome or self.page.state}.png")
        self.assertEqual(self.accessibility.violations(), [], "axe-core finds nothing")
