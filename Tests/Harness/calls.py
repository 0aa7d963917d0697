"""Calls of the vault's API over one connection that is kept open."""

import dataclasses
import http.client
import json

TIMEOUT = 40.0


class NoAnswer(Exception):
    """The connection ended before there was a whole answer: what was asked may or may not have been done."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    text: str

    @property
    def json(self):
        return json.loads(self.text) if self.text else None

    @property
    def code(self):
        """The problem's code, or an empty text for a success."""
        return self.json.get("code", "") if self.status >= 400 and self.text else ""

    @property
    def request_id(self):
        return self.headers.get("request-id", "")


class Client:
    """One caller with one token. Belongs to one thread."""

    def __init__(self, port, token, timeout=TIMEOUT):
        self.token = token
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def call(self, method, path, body=None, headers=()):
        """Sends a request and reads the whole answer.

        Raises NoAnswer when there is none; it is never sent a second time.
        """
        fields = {"Authorization": f"Bearer {self.token}"} | dict(headers)
        data = None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            fields["Content-Type"] = "application/json"
        try:
            self.connection.request(method, path, data, fields)
            response = self.connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise NoAnswer(type(error).__name__) from None
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, text)

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body=None):
        return self.call("POST", path, body)

    def pages(self, path):
        """Every object of a list, page by page."""
        cursor = ""
        while True:
            answer = self.get(f"{path}{'&' if '?' in path else '?'}limit=200{cursor}")
            if answer.status != 200:
                raise AssertionError(f"GET {path} answered {answer.status} {answer.code}")
            yield from answer.json["data"]
            if answer.json["next_cursor"] is None:
                return
            cursor = "&cursor=" + answer.json["next_cursor"]

    def close(self):
        self.connection.close()
