import VaultModel

/// What holds of every call, in chapters: the documents begin with it.
enum Preface {
    static let title = "Keystow"
    static let summary = "A vault and onboarding service for users' own provider API keys."

    /// Paragraphs; code in backticks.
    static let chapters: [(title: String, paragraphs: [String])] = [
        (
            "Forms",
            [
                """
                JSON over HTTP, names in `snake_case`, times in RFC 3339 (UTC, milliseconds). An id is a prefix that says \
                what it names and 26 characters of base32: `key_…`, `prj_…`, `tok_…`, `cns_…`, `req_…`. A member or \
                parameter that a call does not know is refused; answers may get more members, which a client should pass over.
                """
            ]
        ),
        (
            "Callers",
            [
                """
                `Authorization: Bearer kst_…`, in the header alone. An `adm` token is an admin over the whole instance: \
                every scope but `keys:reveal`. An `app` token belongs to one project and sees nothing else. A `con` token is \
                that of a connect link, for the page's calls alone. `GET /v1/token` tells a caller who it is.
                """,
                "Scopes: " + Scope.allCases.map { "`\($0.rawValue)`" }.joined(separator: " ") + ".",
                """
                An id that is malformed, another project's or absent is one 404, byte for byte.
                """,
            ]
        ),
        (
            "Problems",
            [
                """
                A refusal is `application/problem+json` (RFC 9457) with a stable `code`, a `detail` that says what happened \
                and a `hint` that says what to do. `instance` is the request's id, which is also in the header `Request-Id` \
                of every answer. Nothing of the input is echoed.
                """,
                """
                Another method at a known path is 405 `method_not_allowed` with `Allow`; HEAD and OPTIONS too.
                """,
            ]
        ),
        (
            "Limits",
            [
                """
                Answers to a caller under a limit say how it stands: `RateLimit-Limit` calls in a span, \
                `RateLimit-Remaining` of them left, `RateLimit-Reset` seconds until the next span. Under one are connect \
                links, addresses whose tokens are refused, and every token where the operator sets a rate. Beyond it is 429 \
                with `Retry-After`, in seconds; 503 may carry that too.
                """
            ]
        ),
        (
            "Repetition",
            [
                """
                A call that takes `Idempotency-Key` can be repeated safely: the same key and body get the same answer for 24 \
                hours, with `Idempotent-Replayed: true` and null for a secret that is shown once. Another body under the \
                same key, or the first still running, is 409 `idempotency_conflict`. Only answers of success are kept.
                """
            ]
        ),
        (
            "Lists",
            [
                """
                Newest first, `limit` at a time. `next_cursor` is passed on as `cursor`, unchanged; it is good for the same \
                list and filters alone. Audit entries come oldest first and go on from `next_after`.
                """
            ]
        ),
    ]

    static var markdown: String {
        ([summary] + chapters.flatMap { ["## \($0.title)"] + $0.paragraphs }).joined(separator: "\n\n")
    }
}
