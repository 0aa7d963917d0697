"""Every state and every outcome of the page, and how a user comes to each."""

import dataclasses
import typing

import fakes


@dataclasses.dataclass(frozen=True)
class Scene:
    name: str
    state: str
    outcome: str
    reach: typing.Callable
    kind: str = ""


class Visit:
    """What a scene needs at hand: the page, the app, and what is to be undone when it has been looked at."""

    def __init__(self, test):
        self.test = test
        self.page = test.page
        self.desk = test.desk
        self.browser = test.browser

    def open(self, *states, **wishes):
        link = self.desk.link(**wishes)
        self.page.open(link.url, *states)
        return link

    def saved(self, word="valid", outcome=None, **wishes):
        """One paste, one click."""
        link = self.open(**wishes)
        secret = fakes.anthropic(word)
        self.page.paste(secret)
        self.page.save()
        self.page.until("saved", outcome=outcome)
        return link, secret

    def pasted(self, text, **wishes):
        link = self.open("paste", **wishes)
        self.page.paste(text)
        return link

    def sent(self, text, **wishes):
        link = self.pasted(text, **wishes)
        self.page.save()
        return link


SCENES = []


def scene(name, state, outcome="", kind=""):
    def add(reach):
        SCENES.append(Scene(name, state, outcome, reach, kind))
        return reach

    return add


# Before anything is pasted

@scene("loading", "loading")
def loading(visit):
    visit.browser.command("Fetch.enable", patterns=[{"urlPattern": "*/connect/session"}])
    visit.test.addCleanup(visit.browser.command, "Fetch.disable")
    visit.page.open(visit.desk.link().url, "loading")


@scene("one provider", "paste")
def one_provider(visit):
    visit.open("paste")


@scene("choose of three providers", "choose")
def three_providers(visit):
    visit.open("choose", providers=["anthropic", "openai", "groq"])


@scene("choose of all providers", "choose")
def all_providers(visit):
    visit.open("choose", providers=None)


@scene("a provider chosen", "paste")
def chosen(visit):
    visit.open("choose", providers=["anthropic", "openai", "groq"])
    visit.page.choose("openai")


@scene("a long name, a return host", "paste")
def long_names(visit):
    visit.open(
        "paste", user_label="a-very-long-name-without-any-place-to-break-it-in-two-and-some-more@subdomain.example.com",
        return_url="http://127.0.0.1:9/somewhere")


@scene("recognised and cleaned", "paste")
def cleaned(visit):
    key = fakes.anthropic()
    visit.pasted(f'export ANTHROPIC_API_KEY="{key[:50]}\n{key[50:]}"')
    said = visit.desk.texts(visit.page.language)["cleaned.quotes"]
    visit.browser.until(lambda: said in visit.page.says("#say"), "nothing is said of the cleaning")


@scene("checking", "checking")
def checking(visit):
    visit.test.addCleanup(visit.desk.gate.open)
    visit.pasted(fakes.anthropic("valid-slow"))
    visit.page.save()
    visit.page.until("checking")


# Saved

@scene("saved, credit not tested", "saved", "untested")
def untested(visit):
    visit.saved()


@scene("saved, proven to pay", "saved", "valid")
def valid(visit):
    visit.saved()
    visit.page.act("fund")


@scene("saved, no credit", "saved", "valid_unfunded")
def unfunded(visit):
    visit.saved("billing")


@scene("saved, the paid test found no credit", "saved", "valid_unfunded")
def unfunded_after_test(visit):
    visit.saved("nocredit", outcome="untested")
    visit.page.act("fund")


@scene("saved, restricted", "saved", "valid_restricted")
def restricted(visit):
    visit.saved("restricted")


@scene("saved, could not be checked", "saved", "unverified")
def unverified(visit):
    visit.saved("overloaded")


@scene("saved, later found refused", "saved", "check_failed")
def check_failed(visit):
    _, secret = visit.saved("overloaded", outcome="unverified")
    visit.desk.gate.let(secret, fakes.anthropic("valid"))
    visit.page.act("check")
    visit.page.until("saved", outcome="untested")
    visit.desk.gate.let(secret, fakes.anthropic("revoked"))
    visit.page.act("fund")


@scene("saved, with a way back to the app", "saved", "untested")
def way_back(visit):
    visit.saved(return_url="http://127.0.0.1:9/settings")


@scene("already saved", "saved", "already_saved")
def already_saved(visit):
    link, secret = visit.saved()
    visit.open(user=link.user)
    visit.page.paste(secret)
    visit.page.save()


@scene("already saved, but stopped", "saved", "already_saved")
def already_stopped(visit):
    link, secret = visit.saved()
    visit.desk.app.post(f"/v1/keys/{link.keys[0]['id']}/quarantine", {})
    visit.open(user=link.user)
    visit.page.paste(secret)
    visit.page.save()


@scene("already saved, and replaced since", "saved", "already_saved")
def already_replaced(visit):
    link, secret = visit.saved()
    visit.desk.app.post(f"/v1/keys/{link.keys[0]['id']}/rotate", {"key": fakes.anthropic()})
    visit.open(user=link.user)
    visit.page.paste(secret)
    visit.page.save()


# Refused before anybody is asked

@scene("a Claude access token", "refused", "oauth_token_rejected", "oauth_access_token")
def access_token(visit):
    visit.pasted(fakes.claude("oat01"))


@scene("a Claude refresh token", "refused", "oauth_token_rejected", "oauth_refresh_token")
def refresh_token(visit):
    visit.pasted(fakes.claude("ort01"))


@scene("a Claude session token", "refused", "oauth_token_rejected", "session_token")
def session_token(visit):
    visit.pasted(fakes.claude("sid01"))


@scene("a file of Claude credentials", "refused", "oauth_token_rejected", "credentials_file")
def credentials_file(visit):
    visit.pasted('{"claudeAiOauth":{"expiresAt":1790000000000,"scopes":["user:inference"]}}')


@scene("another provider's sign-in token", "refused", "oauth_token_rejected")
def hugging_face_sign_in(visit):
    visit.pasted("hf_oauth_" + fakes.filler(60))


@scene("an admin key", "refused", "wrong_key_type", "admin_key")
def admin_key(visit):
    visit.pasted(fakes.claude("admin01"))


@scene("the shortened form", "refused", "masked_key")
def masked(visit):
    visit.pasted("sk-ant-" + "api03-R2D…wXAA")


@scene("sample text", "refused", "placeholder_key")
def placeholder(visit):
    visit.pasted("YOUR_API_KEY")


@scene("cut off", "refused", "truncated_key")
def truncated(visit):
    visit.pasted(fakes.anthropic()[:60])


@scene("two keys", "refused", "several_keys")
def several(visit):
    visit.pasted(fakes.anthropic() + "\n" + fakes.anthropic())


@scene("another provider's key, which the app does not want", "refused", "wrong_provider")
def wrong_provider(visit):
    visit.pasted(fakes.groq())


@scene("another provider's key, which the app takes too", "refused", "wrong_provider")
def wrong_provider_offered(visit):
    visit.open("choose", providers=["anthropic", "openai", "groq"])
    visit.page.choose("anthropic")
    visit.page.until("paste")
    visit.page.paste(fakes.groq())


@scene("a key of nobody knows which provider", "refused", "ambiguous")
def ambiguous(visit):
    visit.open("choose", providers=["anthropic", "mistral", "together"])
    visit.page.paste(fakes.without_prefix(32))


@scene("a web address", "refused", "malformed_key", "url")
def web_address(visit):
    visit.pasted("https://platform.claude.com/settings/keys")


@scene("an identifier", "refused", "malformed_key", "identifier")
def identifier(visit):
    visit.pasted("apikey_01Rj2N8SVvo6BePZj99NhmiT")


@scene("a changed character", "refused", "malformed_key", "foreign_character")
def foreign_character(visit):
    visit.pasted(fakes.anthropic().replace("api03-", "api03–"))


@scene("something else", "refused", "malformed_key", "unknown")
def something_else(visit):
    visit.pasted("correct horse battery staple")


# Refused by the provider, or by the vault

@scene("the provider does not know it", "refused", "invalid_key")
def invalid(visit):
    visit.sent(fakes.anthropic("revoked"))


@scene("the network fails", "refused", "network")
def network(visit):
    visit.test.tolerate_no_network()
    visit.pasted(fakes.anthropic())
    visit.page.until("paste")
    visit.test.go_offline()
    visit.page.save()


# Replace

def replacing(visit):
    user = visit.desk.link().user
    secret = fakes.anthropic()
    key = visit.desk.store(user, secret)
    return visit.open("paste", user=user, purpose="replace", key_id=key["id"], providers=None), key, secret


@scene("replace", "paste")
def replace(visit):
    replacing(visit)


@scene("replaced", "saved", "untested")
def replaced(visit):
    replacing(visit)
    visit.page.paste(fakes.anthropic())
    visit.page.save()


@scene("replace with the same key", "refused", "duplicate_key")
def replace_with_the_same(visit):
    _, _, secret = replacing(visit)
    visit.page.paste(secret)
    visit.page.save()


@scene("replace during an outage", "refused", "provider_unavailable")
def replace_in_an_outage(visit):
    replacing(visit)
    visit.page.paste(fakes.anthropic("overloaded"))
    visit.page.save()


@scene("replace with another of one's keys", "refused", "duplicate_other")
def replace_with_another(visit):
    link, _, _ = replacing(visit)
    other = fakes.anthropic()
    visit.desk.store(link.user, other)
    visit.page.paste(other)
    visit.page.save()


@scene("replace a key that is gone", "expired")
def replace_what_is_gone(visit):
    link, key, _ = replacing(visit)
    visit.desk.app.post(f"/v1/keys/{key['id']}/revoke", {})
    visit.page.reload()


# Manage

def managing(visit, *words):
    user = visit.desk.link().user
    keys = [visit.desk.store(user, fakes.anthropic(word), label=f"key {word}") for word in words]
    for key in keys[:1]:
        visit.desk.reveal(key["id"])
    return visit.open("manage", user=user, purpose="manage", providers=None), keys


@scene("manage, no key yet", "manage")
def manage_none(visit):
    managing(visit)


@scene("manage", "manage")
def manage(visit):
    managing(visit, "valid", "billing", "overloaded")


@scene("manage, replace one", "paste")
def manage_replace(visit):
    managing(visit, "valid")
    visit.page.act("replace")


@scene("manage, replaced", "saved", "untested")
def manage_replaced(visit):
    managing(visit, "valid")
    visit.page.act("replace")
    visit.page.until("paste")
    visit.page.paste(fakes.anthropic())
    visit.page.save()


@scene("manage, remove one", "remove")
def manage_remove(visit):
    managing(visit, "valid")
    visit.page.act("remove")


@scene("manage, removed", "manage")
def manage_removed(visit):
    link, keys = managing(visit, "valid", "valid")
    visit.page.click(f"li[data-key='{keys[0]['id']}'] [data-action=remove]")
    visit.page.until("remove")
    visit.page.act("confirm-remove")
    visit.page.until("manage")
    visit.browser.until(lambda: len(link.keys) == 1, "the key is not removed")


# Links that are no good any more, and vaults that do not answer

@scene("used", "used", "untested")
def used(visit):
    link, _ = visit.saved()
    visit.browser.driver.get("about:blank")
    visit.page.open(link.url, "used")


@scene("used, and its key stopped since", "used", "quarantined")
def used_and_stopped(visit):
    link, _ = visit.saved()
    visit.desk.app.post(f"/v1/keys/{link.keys[0]['id']}/quarantine", {})
    visit.browser.driver.get("about:blank")
    visit.page.open(link.url, "used")


@scene("expired", "expired")
def expired(visit):
    link = visit.desk.link(ttl_seconds=1)
    visit.browser.until(lambda: link.state == "expired", "the link does not end")
    visit.page.open(link.url)


@scene("cancelled", "expired")
def cancelled(visit):
    link = visit.desk.link()
    visit.desk.app.call("DELETE", f"/v1/connect/sessions/{link.id}")
    visit.page.open(link.url)


@scene("unknown", "unknown")
def unknown(visit):
    url = visit.desk.link().url
    other = "b" if url[-10] != "b" else "c"
    visit.page.open(url[:-10] + other + url[-9:])


@scene("without a token", "unknown")
def no_token(visit):
    visit.page.open(visit.desk.url + "/connect")


@scene("offline", "offline")
def offline(visit):
    visit.test.tolerate_no_network()
    visit.browser.command("Network.enable")
    link = visit.desk.link()
    blocked = {"urlPattern": "*://*:*/connect/session", "block": True}
    visit.browser.command("Network.setBlockedURLs", urlPatterns=[blocked])
    visit.test.addCleanup(visit.browser.command, "Network.setBlockedURLs", urlPatterns=[])
    visit.page.open(link.url)
