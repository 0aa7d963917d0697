"""The vault under test and its app: makes links, and looks at what came of them."""

import itertools
import json
import pathlib
import time
import urllib.parse
import urllib.request

import calls
import servers
from gate import Gate

SETTINGS = {
    "KEYSTOW_VALIDATION_LIMITS": "off", "KEYSTOW_RATE_LIMIT": "off", "KEYSTOW_SCHEDULER_INTERVAL": "1s",
    "KEYSTOW_LOG": "warning",
}
CATALOGUE = pathlib.Path(__file__).resolve().parent.parent.parent / "Sources/VaultProviders/Catalogue"


class ConnectStage(servers.Stage):
    """A vault whose calls to providers pass a gate: of each that can be on the page, so that none goes elsewhere."""

    def __init__(self, keystow, sandbox, **settings):
        super().__init__(keystow, sandbox, **settings)
        self.gate = None

    def endpoints(self):
        self.gate = Gate(self.provider.url)
        providers = [json.loads(path.read_text()) for path in CATALOGUE.glob("*.json")]
        paths = {
            one["id"]: urllib.parse.urlsplit(one["base_url"]).path for one in providers
            if "id" in one and one["keys"] and "params" not in one
        }
        return {f"KEYSTOW_ENDPOINT_{id.upper()}": f"{self.gate.url}/{id}{path}" for id, path in paths.items()}

    def close(self):
        super().close()
        if self.gate is not None:
            self.gate.close()


class Caller(calls.Client):
    """Speaks over a new connection where the server may have closed the old one, which it does after a minute."""

    def __init__(self, port, token):
        super().__init__(port, token)
        self.used = time.monotonic()

    def call(self, *what, **more):
        if time.monotonic() - self.used > 20:
            self.close()
        self.used = time.monotonic()
        return super().call(*what, **more)


class Link:
    """A connect session as the app got it."""

    def __init__(self, desk, user, made):
        self.desk = desk
        self.user = user
        self.id, self.token, self.url = made["id"], made["token"], made["url"]

    @property
    def popup_url(self):
        return self.url.replace("/connect#", "/connect/popup#")

    @property
    def record(self):
        return self.desk.app.get(f"/v1/connect/sessions/{self.id}").json

    @property
    def state(self):
        return self.record["state"]

    @property
    def keys(self):
        """The user's keys that are not revoked, newest first."""
        return [key for key in self.desk.keys(self.user) if key["status"] != "revoked"]

    def call(self, method, path, body=None, headers=()):
        """A call as the page makes it; over a connection of its own, so from any thread."""
        client = calls.Client(self.desk.port, self.token)
        try:
            return client.call(method, path, body, headers)
        finally:
            client.close()


class Desk:
    """What the app and the admin do. Belongs to one thread."""

    users = itertools.count(1)

    def __init__(self, stage):
        self.stage = stage
        self.gate = stage.gate
        self.port = stage.vault.port
        self.url = stage.vault.url
        self.app = Caller(self.port, stage.tokens["app_token"])
        self.admin = Caller(self.port, stage.tokens["admin_token"])

    def link(self, user=None, **wishes):
        """A new connect session; of a user nobody has used before, unless one is named."""
        user = user or f"ada-{next(self.users)}"
        wishes = {"user_id": user, "user_label": f"{user}@example.com", "providers": ["anthropic"]} | wishes
        wishes = {name: value for name, value in wishes.items() if value is not None}
        answer = self.app.post("/v1/connect/sessions", wishes)
        if answer.status != 201:
            raise AssertionError(f"no link: {answer.status} {answer.text}")
        return Link(self, user, answer.json)

    def store(self, user, key, **members):
        answer = self.app.post("/v1/keys", {"user_id": user, "key": key} | members)
        if answer.status != 201:
            raise AssertionError(f"not stored: {answer.status} {answer.text}")
        return answer.json

    def keys(self, user):
        return list(self.app.pages(f"/v1/keys?user_id={user}"))

    def reveal(self, id):
        return self.app.post(f"/v1/keys/{id}/reveal").json["key"]

    def in_project(self, name, **members):
        """A desk of an app in a project of its own."""
        project = self.admin.post("/v1/projects", {"name": name} | members)
        if project.status != 201:
            raise AssertionError(f"no project: {project.status} {project.text}")
        token = self.admin.post("/v1/tokens", {"project_id": project.json["id"], "kind": "app", "name": "app"})
        if token.status != 201:
            raise AssertionError(f"no token: {token.status} {token.text}")
        other = Desk(self.stage)
        other.app = Caller(self.port, token.json["token"])
        return other

    def texts(self, language):
        with urllib.request.urlopen(f"{self.url}/connect/texts/{language}") as answer:
            return json.loads(answer.read())
