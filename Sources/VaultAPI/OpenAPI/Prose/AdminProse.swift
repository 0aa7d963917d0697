extension Prose {
    static let admin: [String: Prose] = [
        "POST /v1/projects": Prose(
            "createProject", "A project is a tenant: its apps see its own keys and nothing else."),
        "GET /v1/projects": Prose("listProjects", "An app with this scope sees its own alone."),
        "GET /v1/projects/{id}": Prose("getProject"),
        "PATCH /v1/projects/{id}": Prose("updateProject", "Only what is named changes; a list is replaced whole."),
        "DELETE /v1/projects/{id}": Prose("deleteProject", "With live keys in it, 409 `wrong_state`."),
        "POST /v1/tokens": Prose(
            "createToken",
            """
            A token mints only tokens whose scopes it has itself; an admin may also give `keys:reveal` to an app. Without \
            `scopes` an app gets `keys:read keys:write keys:reveal connect:write`. A repetition has null for the text.
            """),
        "GET /v1/tokens": Prose(
            "listTokens", "With when each was last used. The texts are nowhere: only an HMAC is kept."),
        "DELETE /v1/tokens/{id}": Prose("revokeToken", "Holds for the next request."),
        "GET /v1/token": Prose("whoAmI"),
        "GET /v1/projects/{id}/policy": Prose("getProjectPolicy", "The standard one where none was set."),
        "PUT /v1/projects/{id}/policy": Prose(
            "setProjectPolicy", "What is left out is as in the standard policy; null is never."),
        "GET /v1/projects/{id}/policy/{provider}": Prose("getProviderPolicy", "The project's where none was set."),
        "PUT /v1/projects/{id}/policy/{provider}": Prose(
            "setProviderPolicy", "What is left out is as in the standard policy; null is never."),
        "DELETE /v1/projects/{id}/policy/{provider}": Prose("deleteProviderPolicy"),
        "GET /v1/providers": Prose("listProviders", "With how to get a key of each, step by step."),
        "GET /v1/stats": Prose("countKeys", "An app's own project; an admin's all, or `project_id`."),
        "POST /v1/revoke": Prose(
            "revokeKeys",
            """
            Needs at least one filter, or `"all":true`. `dry_run` only counts; with `expect`, another count is 409 \
            `version_conflict`. From the moment of the answer every key named answers 410; shredding follows in batches and \
            survives a restart.
            """),
        "GET /v1/keyring": Prose(
            "getKeyring",
            "The master key seals the KEK terms, the current term seals a key of its own for each secret. Counts, no keys."
        ),
        "POST /v1/keyring/rotate": Prose(
            "rotateKeyring",
            """
            `term`: begins a fresh KEK term and moves every secret to it, while everything else is served; see \
            `GET /v1/keyring/rekey`. Older terms are destroyed as soon as nothing is sealed under them; it survives a restart, \
            and ends with every secret opened once. `master`: seals the keyring under the master key that its configured \
            source gives now, in one transaction; from then on the old one opens nothing. 409 `wrong_state` while a rekey is \
            running, or where the source still gives the master key in use.
            """),
        "GET /v1/keyring/rekey": Prose("getRekey", "`remaining` is 0 at the end unless some secrets do not open."),
        "POST /v1/keyring/seal": Prose(
            "sealVault",
            "From the answer on, every call but the static pages, `/healthz` and `/readyz` is 503 `sealed`."),
        "POST /v1/backup": Prose(
            "makeBackup",
            """
            The whole database as it is at one moment, sealed as it lies, and no master key. Requests are served \
            meanwhile; one backup is made at a time, and must be ready within the time for a request. `keystow backup` makes \
            this call and checks what comes; `keystow restore` takes the file.
            """),
        "GET /v1/audit/entries": Prose("listAuditEntries", "An app with this scope sees its own project's."),
        "GET /v1/audit/head": Prose(
            "getAuditHead", "What to write down elsewhere, so that nobody can take entries back."),
    ]
}
