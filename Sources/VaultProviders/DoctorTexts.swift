import VaultModel

/// What the key doctor says: what happened, whose side it is on, what to do. Nothing here holds a piece of a paste.
struct DoctorTexts {
    typealias Text = (message: String, hint: String)

    /// The provider whose key it should be: the one chosen, else the one it looks like.
    let provider: Provider?

    private var makeOne: String {
        provider.map { "Create a new key at \($0.consoleURL) and copy it whole." }
            ?? "Create a new key in your provider's console and copy it whole."
    }

    private var copyAgain: String {
        provider.map { "Copy the key again at \($0.consoleURL), with the copy button." }
            ?? "Copy the key again, with the copy button of your provider's console."
    }

    func storable(_ kind: String) -> Text {
        let name = provider?.name ?? "known"
        if kind.hasSuffix("_future") {
            return (
                "This looks like a \(name) API key of a generation that is newer than we know.",
                "The test call decides."
            )
        }
        return ("This looks like \(name.isVowelFirst ? "an" : "a") \(name) API key.", "")
    }

    /// What the catalogue says of a refused credential, else what is true of all of its kind.
    func refused(_ credential: RefusedCredential, isOwn: Bool) -> Text {
        let fill = { (text: String) in provider?.fill(text) ?? text }
        let general: Text =
            switch credential.category {
            case .signIn:
                (
                    "This is a sign-in token, not an API key. We did not store it or send it anywhere.",
                    provider.map { "Create an API key at \($0.consoleURL) and paste that instead." }
                        ?? "Create an API key in your provider's console and paste that instead."
                )
            case .wrongType:
                ("This is a credential of another kind, not an API key. We did not store it.", makeOne)
            case .identifier: identifier
            }
        guard isOwn else { return general }
        return (credential.message.map(fill) ?? general.message, credential.hint.map(fill) ?? general.hint)
    }

    var masked: Text {
        (
            "This is the shortened form the console shows after creation (with … or *). "
                + "The full key is shown only once, when it is created.", makeOne
        )
    }

    var placeholder: Text { ("This looks like sample text, not a real key.", makeOne) }

    func truncated(_ got: Int, _ want: Int?) -> Text {
        switch want {
        case let want? where got >= want:
            (
                "The key does not end as such keys do: something else was copied with it, or a part is missing.",
                copyAgain
            )
        case let want?: ("The key looks cut off: \(got) characters instead of \(want).", copyAgain)
        case nil: ("The key looks cut off: \(got) characters are too few.", copyAgain)
        }
    }

    var several: Text { ("You pasted more than one key.", "Paste one key at a time.") }

    func wrongProvider(detected: Provider, chosen: String) -> Text {
        (
            "This is \(detected.name.isVowelFirst ? "an" : "a") \(detected.name) key, but you chose \(chosen).",
            "Save it under \(detected.name), or paste a key of \(chosen)."
        )
    }

    func ambiguous(_ names: [String]) -> Text {
        (
            "Keys of several providers look like this, so we cannot tell whose it is.",
            "Say which provider it belongs to, for instance \(names.joined(separator: " or "))."
        )
    }

    var url: Text {
        ("This is a web address.", "Open it, create a key there, and paste the key itself.")
    }

    var identifier: Text { ("This is an identifier, not a secret key.", makeOne) }

    var accountID: Text { ("This is an organization or account ID, not a key.", makeOne) }

    func foreign(_ scalar: UInt32?, at position: Int) -> Text {
        let hex = scalar.map { String($0, radix: 16, uppercase: true) } ?? ""
        let point = scalar == nil ? "not UTF-8" : "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        return (
            "The key contains a character that keys never contain (\(point) at position \(position)). "
                + "A chat app may have changed a hyphen or quote.", copyAgain
        )
    }

    var tooLong: Text { ("The pasted text is too long to be a key.", "Paste only the key.") }

    func tooLong(_ got: Int, _ want: Int?) -> Text {
        (
            want.map { "This is longer than a key: \(got) characters instead of \($0)." }
                ?? "This is longer than a key.",
            copyAgain
        )
    }

    var empty: Text { ("There is no key in what you pasted.", makeOne) }

    var unknown: Text {
        guard let provider else {
            return (
                "This does not look like a key of a provider that we know.",
                "Copy the whole key, or choose its provider first."
            )
        }
        let start = provider.keys.first.flatMap { $0.prefix.isEmpty ? nil : String(decoding: $0.prefix, as: UTF8.self) }
        return (
            "This does not look like \(provider.name.isVowelFirst ? "an" : "a") \(provider.name) key.",
            (start.map { "Keys of \(provider.name) begin with \($0). " } ?? "") + makeOne
        )
    }
}

extension String {
    /// Whether it is spoken with a vowel first, so that it takes `an`.
    fileprivate var isVowelFirst: Bool { first.map { "AEIOUx".contains($0) } ?? false }
}
