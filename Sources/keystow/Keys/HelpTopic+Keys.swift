/// What there is help about under `keystow keys`.
extension HelpTopic {
    static let ofKeys: [HelpTopic] = [
        .keysList, .keysShow, .keysCheck, .keysQuarantine, .keysRelease, .keysRevoke, .keysStale,
    ]

    var keysSummary: String {
        switch self {
        case .keysList: "list keys, newest first"
        case .keysShow: "all about one key: its versions, and what happened to it last"
        case .keysCheck: "test keys with their providers now"
        case .keysQuarantine: "stop keys until they are released"
        case .keysRelease: "let quarantined keys work again"
        case .keysRevoke: "end keys for ever, those named or all that a filter names"
        case .keysStale: "list keys that should be replaced, and end with 1 if there is one"
        default: "see to the keys of a running server: list, test, stop and end them"
        }
    }

    var keysUsage: String {
        switch self {
        case .keysList:
            "keystow keys list [--user NAME] [--provider ID] [--status STATUS] [--stale] [--project ID] [--limit NUMBER]\n"
                + "                         [--json] [--token-file FILE]"
        case .keysShow: "keystow keys show KEY [--json] [--token-file FILE]"
        case .keysCheck: "keystow keys check KEY… [--json] [--token-file FILE]"
        case .keysQuarantine: "keystow keys quarantine KEY… [--json] [--token-file FILE]"
        case .keysRelease: "keystow keys release KEY… [--json] [--token-file FILE]"
        case .keysRevoke:
            "keystow keys revoke KEY… [--reason TEXT] [--yes] [--json] [--token-file FILE]\n"
                + "       keystow keys revoke --user NAME | --provider ID | --project ID | --created-before TIME | --all\n"
                + "                           [--reason TEXT] [--dry-run] [--expect NUMBER] [--json] [--token-file FILE]"
        case .keysStale:
            "keystow keys stale [--reason REASON,…] [--user NAME] [--provider ID] [--project ID] [--quiet] [--json]\n"
                + "                          [--token-file FILE]"
        default: "keystow keys list | show | check | quarantine | release | revoke | stale [FLAG]…"
        }
    }

    var keysDetails: String {
        switch self {
        case .keysList:
            """
            A table: on a terminal as wide as that, with color unless NO_COLOR is set; elsewhere whole. Names and labels
            are shown so that nothing in them can pass for something else: what is not plainly visible stands as \\u{…}.
            STATUS is active, unverified, failing, quarantined, revoked, expired or undecryptable.

            --json prints one object a line, as the API has it (GET /v1/keys): for scripts, since columns may change.

            \(Self.keysCodes)
            """
        case .keysShow:
            """
            --json prints {"key":…,"versions":[…],"events":[…]} on one line, with the last \(KeyEvents.count) events, oldest first.

            \(Self.keysCodes)
            """
        case .keysCheck:
            """
            One test call for each key, counted against the limits on them; prints what came of it as soon as it is known.
            --json prints each key as the API has it, or {"id":…,"problem":{…}}, one a line.

            Ends with 0 when every key works, 65 when one does not or cannot pay or be tested as it is, 75 when a provider
            gave no definite answer or a limit is reached, 66 when there is no such key.
            \(Self.keysCodes)
            """
        case .keysQuarantine, .keysRelease:
            """
            A quarantined key is handed out to nobody and keeps its secret; it is tested on, and can be released.
            --json prints each key as the API has it, or {"id":…,"problem":{…}}, one a line.

            Ends with 65 when a key's state does not allow it, 66 when there is no such key; the other keys are done.
            \(Self.keysCodes)
            """
        case .keysRevoke:
            """
            Final: the secret is shredded, the record stays, and the user has to paste a key again. The provider goes on
            taking the key: revoke it in its console too. TEXT goes into the audit log.

            Keys that are named are shown and asked about, unless --yes is given. Where no terminal is, --yes is needed.

            With a filter they are counted first; to go on, the number has to be typed, or given with --expect. What is
            stored after the count is left alone, and when there are more or fewer of the others by then, nothing is
            revoked. Filters given together all have to fit; --all is every key of the instance, or of the project of an
            app's token. --dry-run only counts, and says by what filter exactly these are named. From the answer on every
            one of these keys is refused; the shredding that follows survives a restart.
            --json prints {"dry_run":…,"revoked":…}, and "created_before" beside a count.

            Ends with 64 when nobody said yes, 65 when there are more or fewer keys, 66 when there is no such key.
            \(Self.keysCodes)
            """
        case .keysStale:
            """
            A stale key still works. REASON is age (older than the rotation policy allows), expiring, unused, check_failed
            (its provider refused it) or leaked. For cron: --quiet prints nothing. --json prints one object a line, as the
            API has it.

            Ends with 0 when no key is stale, 1 when one is.
            \(Self.keysCodes)
            """
        default:
            "Commands:\n" + Self.ofKeys.map { "  " + Self.padded($0.rawValue) + $0.summary }.joined(separator: "\n")
                + "\n\nAn admin's token sees every project, an app's its own. No key is ever shown: KEY is a key's id."
        }
    }

    private static let keysCodes = """
        Else 64 wrong usage, 69 no server, 74 nobody takes what is printed, 77 a token that may not, 78 a wrong
        configuration, 130 Ctrl-C, after the key that is under way.
        """

    private static func padded(_ word: String) -> String {
        word + String(repeating: " ", count: max(2, 18 - word.count))
    }

    var keysExamples: [String] {
        let key = "key_01jd0000000000000000000000"
        return switch self {
        case .keysList:
            [
                "keystow keys list", "keystow keys list --status failing --provider anthropic",
                "keystow keys list --user user-42 --json | jq -r .id",
            ]
        case .keysShow: ["keystow keys show \(key)"]
        case .keysCheck: ["keystow keys check \(key)"]
        case .keysQuarantine: ["keystow keys quarantine \(key)"]
        case .keysRelease: ["keystow keys release \(key)"]
        case .keysRevoke:
            [
                "keystow keys revoke \(key) --reason leaked", "keystow keys revoke --user user-42 --dry-run",
                "keystow keys revoke --provider groq --created-before 2027-01-31T00:00:00Z",
                "keystow keys revoke --user user-42 --reason left --expect 3",
            ]
        case .keysStale:
            ["keystow keys stale", "keystow keys stale --reason age,leaked --quiet || echo look at the keys"]
        default: ["keystow keys list --stale", "keystow keys revoke \(key)"]
        }
    }
}
