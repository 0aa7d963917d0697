import VaultModel
import VaultService

/// Reads the program's arguments, without its own name.
enum CommandLineArguments {
    static func parse(_ arguments: [String]) throws(UsageFault) -> Command {
        guard let first = arguments.first else { return .help(.keystow) }
        let beforeEnd = arguments.prefix { $0 != "--" }
        if first == "help" { return .help(try topic(of: arguments.dropFirst())) }
        if beforeEnd.contains("--help") || beforeEnd.contains("-h") {
            return .help(try topic(of: beforeEnd.prefix { !$0.hasPrefix("-") }))
        }
        if first == "--version" { return .version(asJSON: false) }
        let rest = arguments.dropFirst()
        switch HelpTopic(rawValue: first) {
        case .serve:
            var form = ArgumentScanner.Form(valued: Set(Setting.ofServer.map(\.flag)))
            form.valued.insert(Setting.endpointFlag)
            form.valued.insert("--connect")
            form.repeatable = [Setting.endpointFlag]
            let scanned = try ArgumentScanner(rest, form: form, topic: .serve)
            let connect = try user(scanned, "--connect", topic: .serve)
            return .serve(try flags(scanned, topic: .serve), connect: connect)
        case .initialize:
            let form = ArgumentScanner.Form(valued: Set(Setting.ofVault.map(\.flag)), switches: ["--recovery"])
            let scanned = try ArgumentScanner(rest, form: form, topic: .initialize)
            return .initialize(
                try flags(scanned, topic: .initialize), withRecoveryKey: scanned.switches.contains("--recovery"))
        case .doctor:
            return try doctor(rest)
        case .token, .tokenCreate, .tokenList, .tokenRevoke: return .token(try token(rest))
        case .keys, .keysList, .keysShow, .keysCheck, .keysQuarantine, .keysRelease, .keysRevoke, .keysStale:
            return .keys(try keys(rest))
        case .connect: return .connect(try connecting(rest))
        case .importKeys: return .importKeys(try importing(rest))
        case .rebind: return .rebind(try rebinding(rest))
        case .rekey: return .rekey(try rekeying(rest))
        case .recovery, .recoveryNew, .recoveryUse: return .recovery(try recovering(rest))
        case .audit, .auditVerify, .auditExport, .auditKey: return .audit(try auditing(rest))
        case .backup: return .backup(try backingUp(rest))
        case .restore: return .restore(try restoring(rest))
        case .version:
            let scanned = try ArgumentScanner(rest, form: .init(switches: ["--json"]), topic: .version)
            return .version(asJSON: scanned.switches.contains("--json"))
        case .keystow, nil:
            let commands = HelpTopic.commands.map(\.rawValue) + ["help"]
            throw UsageFault(unknown: first, first.hasPrefix("-") ? "flag" : "command", among: commands, .keystow)
        }
    }

    private static func doctor(_ arguments: ArraySlice<String>) throws(UsageFault) -> Command {
        var form = ArgumentScanner.Form(valued: Set(Setting.ofServer.map(\.flag)), switches: ["--json", "--offline"])
        form.valued.formUnion([Setting.endpointFlag, "--provider"])
        form.repeatable = [Setting.endpointFlag, "--provider"]
        let scanned = try ArgumentScanner(arguments, form: form, topic: .doctor)
        let names = scanned.values["--provider"] ?? []
        let providers = names.compactMap { ProviderID($0) }
        guard providers.count == names.count else {
            throw UsageFault("--provider must be an id such as anthropic", .doctor)
        }
        let isOffline = scanned.switches.contains("--offline")
        guard !isOffline || names.isEmpty else {
            throw UsageFault("--offline and --provider contradict each other", .doctor)
        }
        return .doctor(
            try flags(scanned, topic: .doctor), asJSON: scanned.switches.contains("--json"),
            egress: isOffline ? .none : names.isEmpty ? .all : .only(providers))
    }

    private static func rebinding(_ arguments: ArraySlice<String>) throws(UsageFault) -> RebindCommand {
        var form = ArgumentScanner.Form(
            valued: Set(Setting.ofVault.map(\.flag)), switches: ["--dry-run", "--json"])
        form.valued.insert(Setting.endpointFlag)
        form.repeatable = [Setting.endpointFlag]
        form.words = 1...1
        let scanned = try ArgumentScanner(arguments, form: form, topic: .rebind)
        guard let provider = scanned.words.first.flatMap({ ProviderID($0) }) else {
            throw UsageFault("name a provider as in the catalogue, such as anthropic", .rebind)
        }
        return RebindCommand(
            provider: provider, isDryRun: scanned.switches.contains("--dry-run"),
            flags: try flags(scanned, topic: .rebind), asJSON: scanned.switches.contains("--json"))
    }

    private static func rekeying(_ arguments: ArraySlice<String>) throws(UsageFault) -> RekeyCommand {
        var form = ArgumentScanner.Form(switches: ["--master", "--status", "--no-wait", "--json"])
        form.valued = [Setting.url.flag, "--token-file"]
        let scanned = try ArgumentScanner(arguments, form: form, topic: .rekey)
        let (isMaster, isStatus) = (scanned.switches.contains("--master"), scanned.switches.contains("--status"))
        guard !isMaster || !isStatus else {
            throw UsageFault("--master and --status exclude each other", .rekey)
        }
        return RekeyCommand(
            act: isMaster ? .master : isStatus ? .status : .term, waits: !scanned.switches.contains("--no-wait"),
            flags: try flags(scanned, topic: .rekey), tokenFile: scanned.values["--token-file"]?.first,
            asJSON: scanned.switches.contains("--json"))
    }

    private static func token(_ arguments: ArraySlice<String>) throws(UsageFault) -> TokenCommand {
        guard let verb = arguments.first, !verb.hasPrefix("-") else {
            throw UsageFault("say what to do: create, list or revoke", .token)
        }
        guard let topic = HelpTopic(rawValue: "token \(verb)") else {
            throw UsageFault(unknown: verb, "token command", among: ["create", "list", "revoke"], .token)
        }
        var form = ArgumentScanner.Form(valued: Set(Setting.ofVault.map(\.flag)), switches: ["--json"])
        form.valued.formUnion([Setting.url.flag, "--token-file"])
        switch topic {
        case .tokenCreate: form.valued.formUnion(["--kind", "--name", "--project", "--scopes", "--expires-at"])
        case .tokenList: form.valued.insert("--project")
        default:
            form.words = 1...1
            form.switches.insert("--yes")
        }
        let scanned = try ArgumentScanner(arguments.dropFirst(), form: form, topic: topic)
        let act: TokenCommand.Act
        switch topic {
        case .tokenCreate: act = .create(try order(scanned))
        case .tokenList: act = .list(project: try project(scanned, topic: topic))
        default:
            guard let word = scanned.words.first, (1...100).contains(word.count), !word.hasControlCharacters else {
                throw UsageFault("name a token by its id or its name; `keystow token list` shows them", topic)
            }
            guard !word.hasPrefix("kst_") else {
                throw UsageFault(
                    "that looks like the token itself: name it by its id or its name, and revoke it", topic)
            }
            let name = TokenID(word).map { TokenName.id($0) } ?? .name(word)
            act = .revoke(name, isSure: scanned.switches.contains("--yes"))
        }
        return TokenCommand(
            act: act,
            flags: try flags(scanned, topic: topic),
            tokenFile: scanned.values["--token-file"]?.first,
            asJSON: scanned.switches.contains("--json")
        )
    }

    private static func importing(_ arguments: ArraySlice<String>) throws(UsageFault) -> ImportCommand {
        let topic = HelpTopic.importKeys
        var form = ArgumentScanner.Form(switches: ["--environment", "--apply", "--json"], words: 0...1)
        form.valued = [Setting.url.flag, "--token-file", "--format", "--user", "--project", "--validation"]
        let scanned = try ArgumentScanner(arguments, form: form, topic: topic)
        let source: ImportSource
        switch (scanned.words.first, scanned.switches.contains("--environment")) {
        case (nil, true): source = .environment
        case ("-"?, false): source = .standardInput
        case (let path?, false): source = .file(path)
        default: throw UsageFault("say what to import: a file, - for standard input, or --environment", topic)
        }
        var format: ImportFormat?
        if let text = scanned.values["--format"]?.first {
            format = ImportFormat(rawValue: text)
            guard format != nil, source != .environment else {
                throw UsageFault("--format must be env, toml or csv, and is for files", topic)
            }
        }
        var validation: Validation?
        if let text = scanned.values["--validation"]?.first {
            validation = Validation(rawValue: text)
            guard validation != nil else {
                throw UsageFault("--validation must be best_effort, required or skip", topic)
            }
        }
        return ImportCommand(
            source: source, format: format, user: try user(scanned, "--user", topic: topic),
            project: try project(scanned, topic: topic),
            isApplied: scanned.switches.contains("--apply"), validation: validation,
            flags: try flags(scanned, topic: topic), tokenFile: scanned.values["--token-file"]?.first,
            asJSON: scanned.switches.contains("--json"))
    }

    private static func order(_ scanned: ArgumentScanner) throws(UsageFault) -> TokenOrder {
        let topic = HelpTopic.tokenCreate
        let kind = scanned.values["--kind"]?.first.flatMap { TokenKind(rawValue: $0) }
        guard let kind, kind == .admin || kind == .app else { throw UsageFault("--kind must be adm or app", topic) }
        let project = try project(scanned, topic: topic)
        guard (project != nil) == (kind == .app) else {
            let need = kind == .app ? "an app token needs --project" : "an adm token is for the whole instance"
            throw UsageFault(need, topic)
        }
        var scopes: Scopes?
        if let text = scanned.values["--scopes"]?.first {
            var found: [Scope] = []
            for name in text.split(separator: ",", omittingEmptySubsequences: false) {
                guard let scope = Scope(rawValue: String(name)) else {
                    throw UsageFault(unknown: String(name), "scope", among: Scope.allCases.map(\.rawValue), topic)
                }
                found.append(scope)
            }
            scopes = Scopes(found)
        }
        var expiresAt: Timestamp?
        if let text = scanned.values["--expires-at"]?.first {
            guard let time = Timestamp(rfc3339: text) else {
                throw UsageFault("--expires-at must be a time such as 2027-01-31T00:00:00Z", topic)
            }
            expiresAt = time
        }
        let name = scanned.values["--name"]?.first ?? "made at the terminal"
        guard (1...100).contains(name.count), !name.hasControlCharacters else {
            throw UsageFault("--name must be 1 to 100 characters without control characters", topic)
        }
        return TokenOrder(kind: kind, name: name, project: project, scopes: scopes, expiresAt: expiresAt)
    }

    static func user(
        _ scanned: ArgumentScanner, _ flag: String, topic: HelpTopic
    ) throws(UsageFault) -> UserID? {
        guard let text = scanned.values[flag]?.first else { return nil }
        guard let user = UserID(text) else {
            throw UsageFault("\(flag) must be 1 to 200 bytes without control characters", topic)
        }
        return user
    }

    static func project(_ scanned: ArgumentScanner, topic: HelpTopic) throws(UsageFault) -> ProjectID? {
        guard let text = scanned.values["--project"]?.first else { return nil }
        guard let id = ProjectID(text) else {
            throw UsageFault("--project must be a project's id: prj_ and 26 characters", topic)
        }
        return id
    }

    static func flags(_ scanned: ArgumentScanner, topic: HelpTopic) throws(UsageFault) -> SettingFlags {
        var flags = SettingFlags()
        for setting in Setting.allCases { flags.values[setting] = scanned.values[setting.flag]?.first }
        for text in scanned.values[Setting.endpointFlag] ?? [] {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw UsageFault("--endpoint must be PROVIDER=URL", topic) }
            flags.endpoints.append(.init(provider: String(parts[0]), url: String(parts[1])))
        }
        return flags
    }

    private static func topic(of words: ArraySlice<String>) throws(UsageFault) -> HelpTopic {
        guard let first = words.first else { return .keystow }
        if words.count > 1, let topic = HelpTopic(rawValue: words.prefix(2).joined(separator: " ")) { return topic }
        guard let topic = HelpTopic(rawValue: first) else {
            throw UsageFault(unknown: first, "command", among: HelpTopic.commands.map(\.rawValue), .keystow)
        }
        return topic
    }
}
