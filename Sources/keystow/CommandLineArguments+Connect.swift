import VaultModel
import VaultService

extension CommandLineArguments {
    static func connecting(_ arguments: ArraySlice<String>) throws(UsageFault) -> ConnectCommand {
        let topic = HelpTopic.connect
        var form = ArgumentScanner.Form(switches: ["--wait", "--json"])
        form.valued = [
            Setting.url.flag, "--token-file", "--user", "--label", "--purpose", "--key", "--providers", "--return-url",
            "--origin", "--ttl", "--locale", "--project",
        ]
        let scanned = try ArgumentScanner(arguments, form: form, topic: topic)
        let command = ConnectCommand(
            order: try order(scanned, topic), waits: scanned.switches.contains("--wait"),
            flags: try flags(scanned, topic: topic), tokenFile: scanned.values["--token-file"]?.first,
            asJSON: scanned.switches.contains("--json"))
        guard !command.waits || command.order.purpose != .manage else {
            throw UsageFault("--wait is for a link that ends when a key is stored; one to manage keys does not", topic)
        }
        return command
    }

    private static func order(_ scanned: ArgumentScanner, _ topic: HelpTopic) throws(UsageFault) -> ConnectOrder {
        func text(_ flag: String) -> String? { scanned.values[flag]?.first }
        guard let user = try user(scanned, "--user", topic: topic) else {
            throw UsageFault("whose key? Give --user, your app's name for the user", topic)
        }
        guard let purpose = ConnectPurpose(rawValue: text("--purpose") ?? "store") else {
            throw UsageFault("--purpose must be store, replace or manage", topic)
        }
        var order = ConnectOrder(user: user, purpose: purpose)
        order.project = try project(scanned, topic: topic)
        (order.label, order.returnURL, order.locale) = (text("--label"), text("--return-url"), text("--locale"))
        if let text = text("--key") {
            guard let key = KeyID(text) else {
                throw UsageFault("--key must be a key's id, key_ and 26 characters: never the key itself", topic)
            }
            order.key = key
        }
        guard (order.key != nil) == (purpose == .replace) else {
            throw UsageFault("--key and --purpose replace belong together", topic)
        }
        if let text = text("--providers") {
            let names = text.split(separator: ",", omittingEmptySubsequences: false)
            guard let providers = ProviderID.all(names.map(String.init)) else {
                throw UsageFault("--providers must be ids such as anthropic,openai", topic)
            }
            order.providers = providers
        }
        if let text = text("--origin") {
            guard let origin = WebOrigin(text) else {
                throw UsageFault("--origin must be https://host[:port], or http:// on loopback", topic)
            }
            order.origin = origin
        }
        if let text = text("--ttl") {
            let span = 1...ConnectSessionRequest.longestSeconds
            let seconds = WholeNumber.parse(text, in: span) ?? Duration(written: text).flatMap(\.wholeSeconds)
            guard let seconds, span.contains(seconds) else {
                throw UsageFault("--ttl must be 1 to \(span.upperBound) seconds, or such as 30m, 2h or 7d", topic)
            }
            order.lifetimeSeconds = seconds
        }
        return order
    }
}

extension Duration {
    fileprivate var wholeSeconds: Int? {
        components.attoseconds == 0 ? Int(components.seconds) : nil
    }
}
