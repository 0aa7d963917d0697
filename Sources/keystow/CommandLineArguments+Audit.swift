import VaultCrypto
import VaultModel

extension CommandLineArguments {
    static func auditing(_ arguments: ArraySlice<String>) throws(UsageFault) -> AuditCommand {
        guard let verb = arguments.first, !verb.hasPrefix("-") else {
            throw UsageFault("say what to do: verify, export or key", .audit)
        }
        guard let topic = HelpTopic(rawValue: "audit \(verb)") else {
            throw UsageFault(unknown: verb, "audit command", among: ["verify", "export", "key"], .audit)
        }
        var form = ArgumentScanner.Form(switches: ["--json"])
        switch topic {
        case .auditVerify:
            form.valued = [Setting.dataDirectory.flag, "--anchor", "--file", "--public-key"]
            form.repeatable = ["--public-key"]
            form.switches.insert("--without-anchor")
        case .auditExport:
            form.switches = []
            form.valued = [
                Setting.url.flag, "--token-file", "--output", "--after", "--since", "--until", "--key", "--token-id",
                "--action",
            ]
        default: form.valued = [Setting.dataDirectory.flag]
        }
        let scanned = try ArgumentScanner(arguments.dropFirst(), form: form, topic: topic)
        let act: AuditCommand.Act
        switch topic {
        case .auditVerify: act = .verify(try check(scanned))
        case .auditExport: act = .export(try export(scanned))
        default: act = .key
        }
        return AuditCommand(
            act: act, flags: try flags(scanned, topic: topic), tokenFile: scanned.values["--token-file"]?.first,
            asJSON: scanned.switches.contains("--json"))
    }

    private static func check(_ scanned: ArgumentScanner) throws(UsageFault) -> AuditCheck {
        var check = AuditCheck(file: scanned.values["--file"]?.first, anchor: scanned.values["--anchor"]?.first)
        for text in scanned.values["--public-key"] ?? [] {
            guard let key = NoteKey(text) else {
                throw UsageFault("--public-key must be what `keystow audit key` prints", .auditVerify)
            }
            check.keys.append(key)
        }
        check.isWithoutAnchor = scanned.switches.contains("--without-anchor")
        if check.isWithoutAnchor, check.anchor != nil {
            throw UsageFault("--anchor and --without-anchor exclude each other", .auditVerify)
        }
        if check.file != nil, check.keys.isEmpty {
            throw UsageFault(
                "--file needs --public-key, what `keystow audit key` printed: a file's own key proves nothing",
                .auditVerify)
        }
        return check
    }

    private static func export(_ scanned: ArgumentScanner) throws(UsageFault) -> AuditExport {
        let topic = HelpTopic.auditExport
        var export = AuditExport(output: scanned.values["--output"]?.first)
        if let text = scanned.values["--after"]?.first {
            guard let after = WholeNumber.parse(text, in: 0...Int(Int32.max)) else {
                throw UsageFault("--after must be the number of an entry", topic)
            }
            export.after = after
        }
        export.since = try time(scanned, "--since")
        if let until = try time(scanned, "--until") { export.filters["until"] = "\(until)" }
        if let text = scanned.values["--key"]?.first {
            guard let key = KeyID(text) else {
                throw UsageFault("--key must be a key's id: key_ and 26 characters", topic)
            }
            export.filters["key_id"] = "\(key)"
        }
        if let text = scanned.values["--token-id"]?.first {
            guard let token = TokenID(text) else {
                throw UsageFault("--token-id must be a token's id: tok_ and 26 characters", topic)
            }
            export.filters["token_id"] = "\(token)"
        }
        if let text = scanned.values["--action"]?.first {
            guard let action = AuditAction(rawValue: text) else {
                throw UsageFault("--action must be one of the log's actions, such as key.revealed", topic)
            }
            export.filters["action"] = action.rawValue
        }
        return export
    }

    private static func time(_ scanned: ArgumentScanner, _ flag: String) throws(UsageFault) -> Timestamp? {
        guard let text = scanned.values[flag]?.first else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw UsageFault("\(flag) must be a time such as 2027-01-31T00:00:00Z", .auditExport)
        }
        return time
    }
}
