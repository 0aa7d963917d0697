/// What there is help about; the raw value is what one types after `keystow`.
enum HelpTopic: String, Sendable, CaseIterable {
    case keystow = ""
    case serve
    case initialize = "init"
    case doctor
    case token
    case tokenCreate = "token create"
    case tokenList = "token list"
    case tokenRevoke = "token revoke"
    case keys
    case keysList = "keys list"
    case keysShow = "keys show"
    case keysCheck = "keys check"
    case keysQuarantine = "keys quarantine"
    case keysRelease = "keys release"
    case keysRevoke = "keys revoke"
    case keysStale = "keys stale"
    case connect
    case importKeys = "import"
    case rebind
    case rekey
    case recovery
    case recoveryNew = "recovery new"
    case recoveryUse = "recovery use"
    case audit
    case auditVerify = "audit verify"
    case auditExport = "audit export"
    case auditKey = "audit key"
    case backup
    case restore
    case version

    /// The commands, in the order in which one meets them.
    static let commands: [HelpTopic] = [
        .serve, .initialize, .token, .keys, .connect, .importKeys, .rebind, .rekey, .recovery, .audit, .backup,
        .restore,
        .doctor, .version,
    ]

    /// One line, in the list of commands.
    var summary: String {
        switch self {
        case .keystow: "a vault for the API keys that users bring"
        case .serve: "answer HTTP; on an empty data directory, make the vault first"
        case .initialize: "make a vault, and print its first tokens once"
        case .doctor: "look whether the vault, its machine and its surroundings are well"
        case .token: "create, list and revoke access tokens"
        case .tokenCreate: "make an access token, and print it once"
        case .tokenList: "list access tokens, without their secret part"
        case .tokenRevoke: "end an access token from the next request on"
        case .keys, .keysList, .keysShow, .keysCheck, .keysQuarantine, .keysRelease, .keysRevoke, .keysStale:
            keysSummary
        case .connect: "make a link by which a user saves a key, and print it"
        case .importKeys: "take keys from a file or the environment into the vault"
        case .rebind: "bind a provider's keys to the base URL that is configured for it now"
        case .rekey: "replace the KEK term or the master key of the running server, and watch"
        case .recovery, .recoveryNew, .recoveryUse: recoverySummary
        case .audit: "check and export the audit log"
        case .auditVerify: "prove that the audit log is as it was written, or name the first entry that is not"
        case .auditExport: "copy audit entries from the running server, as JSON lines"
        case .auditKey: "print the public key that the audit log's heads are signed with"
        case .backup: "have the running server make a backup, and keep it in a file"
        case .restore: "put a backup in place, or only look whether that can be done"
        case .version: "print the version"
        }
    }

    /// The page that `--help` prints.
    var page: String {
        let command = self == .keystow ? "keystow" : "keystow \(rawValue)"
        let parts = [
            "\(command): \(summary)", "Usage: \(usage)", details, settingsTable, "Examples:\n" + indented(examples),
            self == .keystow ? "`keystow COMMAND --help` tells more." : nil,
        ]
        return parts.compactMap { $0 }.joined(separator: "\n\n") + "\n"
    }

    private var usage: String {
        switch self {
        case .keystow: "keystow COMMAND [FLAG]…"
        case .serve: "keystow serve [--connect USER] [FLAG]…"
        case .initialize: "keystow init [--recovery] [FLAG]…"
        case .doctor: "keystow doctor [--offline] [--provider ID]… [--json] [FLAG]…"
        case .token: "keystow token create | list | revoke [FLAG]…"
        case .tokenCreate:
            "keystow token create --kind adm|app [--project ID] [--name NAME] [--scopes SCOPE,…] [--expires-at TIME]"
        case .tokenList: "keystow token list [--project ID] [--json]"
        case .tokenRevoke: "keystow token revoke ID | NAME [--yes] [--json]"
        case .keys, .keysList, .keysShow, .keysCheck, .keysQuarantine, .keysRelease, .keysRevoke, .keysStale: keysUsage
        case .connect:
            "keystow connect --user NAME [--label TEXT] [--purpose store|replace|manage] [--key ID] [--providers ID,…]\n"
                + "                       [--return-url URL] [--origin ORIGIN] [--ttl TIME] [--locale LANGUAGE]\n"
                + "                       [--project ID] [--wait] [--json] [--token-file FILE]"
        case .importKeys:
            "keystow import FILE | - | --environment [--format env|toml|csv] [--user NAME] [--project ID] [--apply]\n"
                + "                      [--validation best_effort|required|skip] [--json]"
        case .rebind: "keystow rebind PROVIDER [--dry-run] [--json] [FLAG]…"
        case .rekey: "keystow rekey [--master | --status] [--no-wait] [--json] [--token-file FILE]"
        case .recovery, .recoveryNew, .recoveryUse: recoveryUsage
        case .audit: "keystow audit verify | export | key [FLAG]…"
        case .auditVerify:
            "keystow audit verify [--public-key KEY]… [--anchor FILE | --without-anchor] [--json] [--data-dir DIRECTORY]\n"
                + "       keystow audit verify --file FILE --public-key KEY… [--anchor FILE] [--json]"
        case .auditExport:
            "keystow audit export [--output FILE] [--after NUMBER] [--since TIME] [--until TIME] [--key ID]\n"
                + "                            [--token-id ID] [--action NAME] [--token-file FILE]"
        case .auditKey: "keystow audit key [--json] [--data-dir DIRECTORY]"
        case .backup: "keystow backup FILE [--force] [--json] [--token-file FILE]"
        case .restore:
            "keystow restore FILE [--dry-run] [--replace] [--older NUMBER] [--adopt] [--recovery-key-file FILE]\n"
                + "                       [--json] [FLAG]…"
        case .version: "keystow version [--json]"
        }
    }

    private var details: String? {
        switch self {
        case .keystow:
            "Commands:\n"
                + indented(
                    Self.commands.map { pad($0.rawValue) + $0.summary } + [pad("help") + "this page, or a command's"])
                + "\n\nExit codes are those of sysexits.h: 64 usage, 65 data, 66 no input, 69 unavailable, 73 and 74 files, 75 in use, 77 permission, 78 configuration."
        case .serve:
            """
            Once it listens, it prints {"listening":"http://127.0.0.1:PORT"} on standard output. Ends well on
            SIGINT and SIGTERM: what is being answered is answered.

            With --connect USER it then makes a link by which USER can save a key in the oldest project, good for an
            hour and for one key, and prints it as {"connect":"…"}: to try the page with, not for a server whose
            output is kept.

            It does not start (78) with an audit log that is older than what stands signed in the anchor, or without
            the anchor that there was: somebody may have put back an old database. Where that was you, from a backup,
            --accept-rollback with the number that the refusal names says so. It is good for that one time; the audit
            log and the anchor keep that it was said, and what the anchor names as revoked is revoked again.
            """
        case .initialize:
            """
            Prints {"admin_token":…,"project_id":…,"app_token":…} on one line, once: only their HMACs are kept.
            Makes the master key too, unless one is given. Without that key nothing can be opened again: keep a
            copy of it apart from the data.

            With --recovery there is "recovery_key":… on that line too, an offline key that opens the vault when the
            master key is lost: `keystow recovery --help`.
            """
        case .doctor:
            """
            Changes nothing and takes no lock, so that it can be run beside a running server, as its user and with its
            settings. Each thing is ok, a note, a WARNING (it works, and could be safer) or a FAULT, with what to do.

            Every provider is called once, at its base URL's origin and without any key; --provider calls these alone,
            --offline none. --json prints {"check","level","ok","detail","advice"}, one a line; names of checks stay.

            Ends with 0 when there is no fault, else with 65.
            """
        case .token:
            "Commands:\n"
                + indented([Self.tokenCreate, .tokenList, .tokenRevoke].map { pad($0.rawValue) + $0.summary })
        case .tokenCreate:
            """
            The token alone on standard output, or with --json what the API answers; it is shown this once. An adm token
            is for the whole instance, an app token for one project. TIME is such as 2027-01-31T00:00:00Z.

            \(Self.whereTokensAre)
            """
        case .tokenList:
            """
            A table; with --json one object a line, as the API has it (GET /v1/tokens). Revoked tokens are not listed.

            \(Self.whereTokensAre)
            """
        case .tokenRevoke:
            """
            Shows the token and asks, unless --yes is given; where no terminal is, --yes is needed. NAME has to be one
            token's alone. Ends with 64 when nobody said yes or several have this name, 66 when there is no such token.

            \(Self.whereTokensAre)
            """
        case .keys, .keysList, .keysShow, .keysCheck, .keysQuarantine, .keysRelease, .keysRevoke, .keysStale:
            keysDetails
        case .connect:
            """
            The link, alone on standard output, opens a page for this one user (NAME is your app's own name for them;
            TEXT is what the page shows): whoever opens it can save a key in that user's name, so it belongs to them
            alone, and in no log. An admin's token needs --project, an app's has its own.

              store     save a key; the link works once (the default)
              replace   save another key in place of --key ID; the link works once
              manage    see, replace and remove the user's keys, until the link ends

            --providers offers these alone. --return-url is where the page leads back to, --origin the page that opens
            the link in a popup. --ttl is how long it holds: seconds, or such as 30m, 2h, 7d [30m]. --locale is the
            page's language; without it, the browser's.

            --wait stays until the link has ended and says how: 0 a key was saved, 75 the link expired, 65 it was
            cancelled, 130 Ctrl-C, which leaves the link as it is. --json prints what the server answered, and with
            --wait the session at its end on a second line. Else 64 what is asked for cannot be, 66 no such key or
            project, 69 no server, 77 a token that may not.
            """
        case .importKeys:
            """
            Without --apply nothing is stored and no provider is asked: the key doctor judges each key, and a table
            says what would happen. With --apply each key is tested with its provider and stored. Running it again is
            safe: keys that are there already are known.

              .env   the variables of the catalogue (ANTHROPIC_API_KEY …), and others whose value is surely a key
              TOML   [providers.NAME] api_key = "…"
              CSV    user_id,provider,key; a first line of names may change their order

            How a file is written is told by its name or its first lines, or by --format; - is standard input;
            --environment takes each provider's usual variable from this process's environment. --user says whose keys
            they are, where the file does not. An admin's token needs --project, an app's has its own.

            When the limits on test calls are reached it waits, for as long as five minutes; keys that would have to
            wait longer are left for another day. Ctrl-C stops after the key that is under way. Ends with 0 when all
            is stored, 65 when a key was refused, else 75 when one was left for later; 66 no file, 69 no server,
            77 a token that may not, 130 Ctrl-C.

            No key belongs on the command line. The file stays as it is: delete it afterwards.
            """
        case .rebind:
            """
            A key is bound to the origin at which it was proven, and no test call is made with it anywhere else. When
            KEYSTOW_ENDPOINT_<PROVIDER> was changed on purpose, this seals its keys anew for the new origin, where
            each is tested as soon as the server runs. Needs the server to be stopped, and the same settings that it
            is going to run with. Stopped half-way, it goes on where it was when it is called again.
            """
        case .rekey:
            """
            Begins a fresh KEK term and shows how every secret is moved to it, and then opened once, while the server goes
            on answering; the old term is destroyed at the end. Ctrl-C only stops watching: the server goes on, also after
            a restart. --status shows the newest rekey and changes nothing.

            --master seals the keyring under the master key that its configured source gives now: put the new key there
            first, or start the server with the new one and the old one as the previous. The secrets stay as they are, so
            that it takes no time. From then on the old master opens nothing but older backups: keep it as long as these.

            Speaks to the running server with an admin's token. Ends with 0 when all is moved, 65 when secrets were found
            that do not open (`keystow keys list --status undecryptable`), 64 while another change goes on, 69 no server,
            77 a token that may not, 130 Ctrl-C.
            """
        case .recovery, .recoveryNew, .recoveryUse: recoveryDetails
        case .audit:
            "Commands:\n"
                + indented([Self.auditVerify, .auditExport, .auditKey].map { pad($0.rawValue) + $0.summary })
        case .auditVerify:
            """
            Works without the master key, on the data directory, whether its server runs or not, or with --file on
            exported entries. It recomputes the hash chain, checks the notes in the anchor, and compares. 0: all is as
            it was written. 65: it is not, and the first bad entry is named.

            KEY is what `keystow audit key` printed when the vault was made: keep it elsewhere, and give it as
            --public-key "$(cat audit.key)". Without it the data directory's own key is believed, which proves less:
            whoever can write there may have put another one in its place. --file needs it.

            Without an anchor nothing outside the database speaks for it, and that is a fault; --without-anchor is for
            whoever has none, and says so.
            """
        case .auditExport:
            """
            Speaks to the running server with a token that may audit:read. One JSON object a line, oldest first, with
            the hash of each; before them a line that says where the chain stood, behind them the newest signed head,
            which is where it ends: so that `keystow audit verify --file` can prove the whole. What is picked out by
            key, token, action or --until is no chain and cannot be proven.

            With --output, a file that is there is continued after its last whole entry: after Ctrl-C or a lost
            connection, or a month later, call it again.
            """
        case .auditKey: "Give it to whoever is to check the log: `keystow audit verify --public-key`."
        case .backup:
            """
            Speaks to the running server with an admin's token that may keyring:write; requests are served meanwhile.
            The file is 0600 and there only when it is whole. It holds the whole database, sealed as it is, and no
            master key: keep that elsewhere, or the backup opens nothing. An older file of that name stays without
            --force.
            """
        case .restore:
            """
            Works on the data directory, which needs the server to be stopped, with the master key that opened the
            vault when the backup was made. First all of it is looked at: its hash, that it opens, that its manifest
            was made by the vault in it, SQLite's own check, the anchor, and whether each secret opens. Then the
            database is exchanged in one step; what the anchor names as revoked since is revoked again.

            --dry-run changes nothing, and can be run beside a server. --replace moves a vault that is there aside,
            and says where. --older, with the number that a refusal names, takes a backup of before what the anchor
            has signed. --adopt takes it where the data directory or the anchor is another vault's. With
            --recovery-key-file the recovery key opens the backup in place of the master key; what is put in place
            opens under the configured master key, a file that is not there being made. Ends with 65 when a secret does
            not open, and with 77, having done nothing, where the data directory is another user's.
            """
        case .version: nil
        }
    }

    private static let whereTokensAre = """
        Speaks to a running server, where KEYSTOW_URL (or --url) names one, with the token in KEYSTOW_TOKEN or
        in --token-file; otherwise works on the data directory, which needs the server to be stopped.
        """

    private var examples: [String] {
        switch self {
        case .keystow: ["keystow serve", "keystow token create --kind app --project prj_01jd0000000000000000000000"]
        case .serve:
            [
                "keystow serve", "keystow serve --listen :0 --data-dir ./somewhere", "keystow serve --connect ada",
                "KEYSTOW_LOG=debug keystow serve",
            ]
        case .initialize: ["keystow init --recovery --data-dir ./somewhere --master-key-file ./elsewhere/master.key"]
        case .doctor: ["keystow doctor", "keystow doctor --offline --json --data-dir ./somewhere"]
        case .token: ["keystow token create --kind adm", "keystow token list --json"]
        case .tokenCreate:
            [
                "keystow token create --kind adm --name ada",
                "keystow token create --kind app --project prj_01jd0000000000000000000000 --scopes keys:read,keys:reveal",
            ]
        case .tokenList: ["keystow token list --url http://127.0.0.1:8420 --token-file ./admin.token"]
        case .tokenRevoke: ["keystow token revoke tok_01jd0000000000000000000000", "keystow token revoke ada --yes"]
        case .keys, .keysList, .keysShow, .keysCheck, .keysQuarantine, .keysRelease, .keysRevoke, .keysStale:
            keysExamples
        case .connect:
            [
                "keystow connect --user user-42 --label ada@example.com --wait",
                "keystow connect --user user-42 --purpose replace --key key_01jd0000000000000000000000 --ttl 2h",
                "keystow connect --user user-42 --purpose manage --return-url https://notes.example/settings",
            ]
        case .importKeys:
            [
                "keystow import keys.csv", "keystow import keys.csv --apply --token-file ./app.token",
                "keystow import .env --user user-42 --validation required --apply",
                "keystow import --environment --user ada --project prj_01jd0000000000000000000000 --json",
            ]
        case .rebind:
            [
                "keystow rebind anthropic --dry-run",
                "KEYSTOW_ENDPOINT_OPENAI=https://gateway.example/openai/v1 keystow rebind openai",
            ]
        case .rekey: ["keystow rekey --token-file ./admin.token", "keystow rekey --status", "keystow rekey --master"]
        case .recovery, .recoveryNew, .recoveryUse: recoveryExamples
        case .audit: ["keystow audit verify", "keystow audit export --output audit.jsonl"]
        case .auditVerify:
            [
                "keystow audit verify", "keystow audit verify --anchor /mnt/other/anchor --json",
                "keystow audit verify --file audit.jsonl --public-key keystow/vlt_…",
            ]
        case .auditExport:
            [
                "keystow audit export --output audit.jsonl --token-file ./admin.token",
                "keystow audit export --action key.revealed --since 2026-11-01T00:00:00Z",
            ]
        case .auditKey: ["keystow audit key", "keystow audit key --json"]
        case .backup: ["keystow backup /mnt/backups/keystow.backup --token-file ./admin.token"]
        case .restore:
            [
                "keystow restore keystow.backup --dry-run", "keystow restore keystow.backup --replace",
                "keystow restore keystow.backup --dry-run --recovery-key-file /mnt/safe/recovery.key",
            ]
        case .version: ["keystow version --json"]
        }
    }

    /// The settings that the command takes, as flags and variables.
    private var settingsTable: String? {
        let settings: [Setting]
        switch self {
        case .serve, .doctor: settings = Setting.ofServer + Setting.masterKeys
        case .initialize, .rebind, .restore, .recoveryNew, .recoveryUse: settings = Setting.ofVault + Setting.masterKeys
        case .tokenCreate, .tokenList, .tokenRevoke: settings = Setting.ofVault + Setting.masterKeys + [.url, .token]
        case .keysList, .keysShow, .keysCheck, .keysQuarantine, .keysRelease, .keysRevoke, .keysStale, .connect,
            .importKeys, .rekey, .auditExport, .backup:
            settings = [.url, .token]
        case .auditVerify, .auditKey: settings = [.dataDirectory]
        case .keystow, .token, .keys, .recovery, .audit, .version: return nil
        }
        var lines: [String] = []
        for setting in settings where !Setting.notInThisVersion.contains(setting) {
            let isFlag = !Setting.secret.contains(setting)
            lines.append((isFlag ? "\(setting.flag) \(setting.placeholder), " : "") + setting.rawValue)
            lines.append("    " + setting.summary + (setting.defaultText.map { " [\($0)]" } ?? ""))
        }
        if self == .serve || self == .doctor || self == .rebind {
            lines.append("\(Setting.endpointFlag) PROVIDER=URL, \(Setting.endpointPrefix)<PROVIDER>")
            lines.append("    base URL in place of a provider's own (http:// on loopback only)")
        }
        return "Settings, a flag over its variable [default]:\n" + indented(lines)
    }

    func indented(_ lines: [String]) -> String { lines.map { "  " + $0 }.joined(separator: "\n") }

    func pad(_ word: String) -> String { word + String(repeating: " ", count: max(2, 16 - word.count)) }
}
