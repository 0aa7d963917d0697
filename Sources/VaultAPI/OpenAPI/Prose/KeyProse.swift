extension Prose {
    static let keys: [String: Prose] = [
        "POST /v1/keys": Prose(
            "createKey",
            """
            The key doctor cleans and judges the paste, the provider is asked whether it takes the key, and only then is it \
            sealed and stored. A refused paste stores nothing: 422 with what it is and what to do. The same key for the same \
            user a second time is 409 `duplicate_key`, before any test call.
            """),
        "GET /v1/keys": Prose(
            "listKeys", "An app sees its own project's keys; an admin all, or those of `project_id`."),
        "GET /v1/keys/{id}": Prose("getKey", "What the vault knows about the key. The secret is not in it."),
        "PATCH /v1/keys/{id}": Prose(
            "updateKey",
            "Only what is named changes; `tags` are replaced whole. With `If-Match`, 409 `version_conflict` when the record has changed since."
        ),
        "DELETE /v1/keys/{id}": Prose(
            "deleteKey", "The audit trail stays. To keep the record and end only the key, revoke it."),
        "POST /v1/keys/{id}/reveal": Prose(
            "revealKey",
            "The secret, after the audit log holds durably who got it and why. Never cached, never kept for a repetition."
        ),
        "POST /v1/keys/{id}/check": Prose(
            "checkKey",
            """
            Asks the provider now. An outage writes only `last_check`; a refusal makes the key `failing` when a second one \
            confirms it. `funding_check` also spends about eleven tokens of the user's to prove that the key can pay.
            """),
        "POST /v1/keys/{id}/rotate": Prose(
            "rotateKey",
            """
            The new key is judged and tested, then both are swapped in one transaction. The id stays, `version` grows, the \
            previous secret can be taken back within the grace time. A refused new key or an outage changes nothing.
            """),
        "POST /v1/keys/{id}/rollback": Prose(
            "rollbackKey", "Within the grace time after a rotation; later, 409 `wrong_state`."),
        "POST /v1/keys/{id}/quarantine": Prose(
            "quarantineKey", "It is not handed out until it is released. Nothing of it is lost."),
        "POST /v1/keys/{id}/release": Prose(
            "releaseKey", "Only a quarantined key can be released; else 409 `wrong_state`."),
        "POST /v1/keys/{id}/revoke": Prose(
            "revokeKey",
            "The secret is shredded in the same transaction and never comes back. The record stays, to say so; a second time answers the same."
        ),
        "GET /v1/keys/{id}/versions": Prose("listKeyVersions", "One for each secret that the key has had."),
        "GET /v1/keys/{id}/events": Prose("listKeyEvents", "Its entries in the audit log, also after it was revoked."),
        "DELETE /v1/users/{user_id}": Prose(
            "deleteUserKeys", "In the caller's project; an admin names one by `project_id`."),
        "POST /v1/inspect": Prose(
            "inspectPaste",
            "Says what a paste is and whether it could be stored; 200 whatever it finds. `Idempotency-Key` is ignored."),
    ]
}
