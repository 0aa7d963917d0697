extension Prose {
    static let connect: [String: Prose] = [
        "POST /v1/connect/sessions": Prose(
            "createConnectSession",
            """
            The answer's `url` is where to send the user; what follows its `#` no server and no log sees. `purpose` is \
            `store` (one new key), `replace` (a new secret for `key_id`) or `manage` (look at this user's keys, replace and \
            remove them).
            """),
        "GET /v1/connect/sessions/{id}": Prose(
            "getConnectSession", "Poll it, or let the page tell your own: `state` and, once completed, `key_id`."),
        "DELETE /v1/connect/sessions/{id}": Prose(
            "cancelConnectSession",
            "The link no longer works. One that was used cannot be withdrawn: 409 `wrong_state`."),
    ]

    static let page: [String: Prose] = [
        "GET /connect": Prose("connectPage", "The same bytes for everybody; nothing is loaded from elsewhere."),
        "GET /connect/popup": Prose("connectPopup"),
        "GET /connect/texts/{locale}": Prose(
            "connectTexts", "A language that there is none of is answered in English."),
        "GET /connect.js": Prose(
            "connectScript",
            "Defines `Keystow.connect({token, onSuccess, onError, onClose})`, which opens `/connect/popup` and tells what came of it."
        ),
        "GET /connect/session": Prose(
            "getConnectPage", "After completion still 200, with `state: completed` and the key, until the link's end."),
        "POST /connect/inspect": Prose("inspectOnPage", "200 whatever it finds, as `POST /v1/inspect`."),
        "POST /connect/keys": Prose(
            "saveOnPage",
            "A duplicate completes the session with the key that is there: 200 and `already_saved`. A used link is 410 `session_used`, one past its end 410 `session_expired`."
        ),
        "POST /connect/keys/{id}/check": Prose("checkOnPage", "A few times for each link."),
        "POST /connect/keys/{id}/rotate": Prose("rotateOnPage", "Only with a link of purpose `manage`."),
        "POST /connect/keys/{id}/revoke": Prose("revokeOnPage", "Only with a link of purpose `manage`."),
    ]
}
