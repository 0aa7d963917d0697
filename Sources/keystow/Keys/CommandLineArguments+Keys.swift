import VaultModel

extension CommandLineArguments {
    static func keys(_ arguments: ArraySlice<String>) throws(UsageFault) -> KeysCommand {
        guard let verb = arguments.first, !verb.hasPrefix("-") else {
            throw UsageFault("say what to do: list, show, check, quarantine, release, revoke or stale", .keys)
        }
        guard let topic = HelpTopic(rawValue: "keys \(verb)") else {
            let verbs = HelpTopic.ofKeys.map { String($0.rawValue.dropFirst("keys ".count)) }
            throw UsageFault(unknown: verb, "keys command", among: verbs, .keys)
        }
        var form = ArgumentScanner.Form(valued: [Setting.url.flag, "--token-file"], switches: ["--json"])
        let selecting: Set = ["--user", "--provider", "--project"]
        switch topic {
        case .keysList:
            form.valued.formUnion(selecting.union(["--status", "--limit"]))
            form.switches.insert("--stale")
        case .keysStale:
            form.valued.formUnion(selecting.union(["--reason"]))
            form.switches.insert("--quiet")
        case .keysRevoke:
            form.valued.formUnion(selecting.union(["--created-before", "--reason", "--expect"]))
            form.switches.formUnion(["--all", "--yes", "--dry-run"])
            form.words = 0...largestCount
        default: form.words = 1...(topic == .keysShow ? 1 : largestCount)
        }
        let scanned = try ArgumentScanner(arguments.dropFirst(), form: form, topic: topic)
        return KeysCommand(
            act: try act(scanned, topic), flags: try flags(scanned, topic: topic),
            tokenFile: scanned.values["--token-file"]?.first, asJSON: scanned.switches.contains("--json"))
    }

    /// How many keys may be named; more are for a filter.
    private static let largestCount = 1000

    private static func act(_ scanned: ArgumentScanner, _ topic: HelpTopic) throws(UsageFault) -> KeysCommand.Act {
        switch topic {
        case .keysList:
            var selection = try selection(scanned, topic)
            selection.isStale = scanned.switches.contains("--stale")
            return .list(selection, limit: try number(scanned, "--limit", 1...1_000_000_000, topic))
        case .keysStale:
            return .stale(
                try selection(scanned, topic), reasons: try staleReasons(scanned, topic),
                isQuiet: scanned.switches.contains("--quiet"))
        case .keysRevoke: return try revocation(scanned, topic)
        case .keysCheck: return .change(.check, try keyIDs(scanned, topic))
        case .keysQuarantine: return .change(.quarantine, try keyIDs(scanned, topic))
        case .keysRelease: return .change(.release, try keyIDs(scanned, topic))
        default:
            guard let id = try keyIDs(scanned, topic).first else { throw UsageFault("which key?", topic) }
            return .show(id)
        }
    }

    private static func selection(_ scanned: ArgumentScanner, _ topic: HelpTopic) throws(UsageFault) -> KeySelection {
        var selection = KeySelection()
        selection.user = try user(scanned, "--user", topic: topic)
        selection.provider = try provider(scanned, topic)
        selection.project = try project(scanned, topic: topic)
        if let text = scanned.values["--status"]?.first {
            guard let status = KeyStatus(rawValue: text) else {
                throw UsageFault(unknown: text, "status", among: KeyStatus.allCases.map(\.rawValue), topic)
            }
            selection.status = status
        }
        return selection
    }

    private static func revocation(
        _ scanned: ArgumentScanner, _ topic: HelpTopic
    ) throws(UsageFault) -> KeysCommand.Act {
        let reason = try reason(scanned, topic)
        let filters = ["--user", "--provider", "--project", "--created-before"].filter { scanned.values[$0] != nil }
        let isForAll = scanned.switches.contains("--all")
        let forMany =
            ["--expect"].filter { scanned.values[$0] != nil }
            + ["--dry-run"].filter(scanned.switches.contains)
        guard filters.isEmpty, !isForAll else {
            guard scanned.words.isEmpty else {
                throw UsageFault("name the keys, or say which ones by a filter: not both", topic)
            }
            guard filters.isEmpty || !isForAll else {
                throw UsageFault("--all and \(filters[0]) contradict each other; --all leaves out none", topic)
            }
            guard !scanned.switches.contains("--yes") else {
                throw UsageFault("--yes is not enough for many keys: say with --expect how many they are", topic)
            }
            var order = MassRevocationOrder(isForAll: isForAll, reason: reason)
            order.user = try user(scanned, "--user", topic: topic)
            order.provider = try provider(scanned, topic)
            order.project = try project(scanned, topic: topic)
            if let text = scanned.values["--created-before"]?.first {
                guard let time = Timestamp(rfc3339: text) else {
                    throw UsageFault("--created-before must be a time such as 2027-01-31T00:00:00Z", topic)
                }
                order.createdBefore = time
            }
            order.expected = try number(scanned, "--expect", 0...Int(Int32.max), topic)
            order.isDryRun = scanned.switches.contains("--dry-run")
            return .revokeMany(order)
        }
        guard forMany.isEmpty else { throw UsageFault("\(forMany[0]) is for a filter, not for named keys", topic) }
        guard !scanned.words.isEmpty else {
            throw UsageFault(
                "which keys? Name them, or say --user, --provider, --project, --created-before or --all", topic)
        }
        let isSure = scanned.switches.contains("--yes")
        return .change(.revoke(reason: reason, isSure: isSure), try keyIDs(scanned, topic))
    }

    /// Each key once, in the order given.
    private static func keyIDs(_ scanned: ArgumentScanner, _ topic: HelpTopic) throws(UsageFault) -> [KeyID] {
        var ids: [KeyID] = []
        for word in scanned.words {
            guard let id = KeyID(word) else {
                throw UsageFault(
                    "a key goes by its id, key_ and 26 characters, never by itself; `keystow keys list` shows it", topic
                )
            }
            if !ids.contains(id) { ids.append(id) }
        }
        return ids
    }

    private static func provider(_ scanned: ArgumentScanner, _ topic: HelpTopic) throws(UsageFault) -> ProviderID? {
        guard let text = scanned.values["--provider"]?.first else { return nil }
        guard let provider = ProviderID(text) else {
            throw UsageFault("--provider must be an id such as anthropic", topic)
        }
        return provider
    }

    private static func staleReasons(
        _ scanned: ArgumentScanner, _ topic: HelpTopic
    ) throws(UsageFault) -> [StaleReason] {
        guard let text = scanned.values["--reason"]?.first else { return [] }
        var reasons: [StaleReason] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let reason = StaleReason(rawValue: String(name)) else {
                throw UsageFault(unknown: String(name), "reason", among: StaleReason.allCases.map(\.rawValue), topic)
            }
            reasons.append(reason)
        }
        return reasons
    }

    /// Why something is done, for the audit log.
    private static func reason(_ scanned: ArgumentScanner, _ topic: HelpTopic) throws(UsageFault) -> String? {
        guard let text = scanned.values["--reason"]?.first else { return nil }
        guard (1...200).contains(text.count), !text.hasControlCharacters else {
            throw UsageFault("--reason must be 1 to 200 characters without control characters", topic)
        }
        return text
    }

    private static func number(
        _ scanned: ArgumentScanner, _ flag: String, _ range: ClosedRange<Int>, _ topic: HelpTopic
    ) throws(UsageFault) -> Int? {
        guard let text = scanned.values[flag]?.first else { return nil }
        guard let number = WholeNumber.parse(text, in: range) else {
            throw UsageFault("\(flag) must be a whole number from \(range.lowerBound)", topic)
        }
        return number
    }
}
