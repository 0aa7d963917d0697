import VaultCrypto
import VaultModel

// What decides something is under a row MAC: the table's name, the row's id and every such column, in
// canonical form. Whoever edits a row without the index root cannot make it believable again.

extension Keyring {
    /// - Parameter params: the names of those of its parameters that decide where it is sent.
    func mac(of key: KeyRecord, params: [String]) throws(CryptoError) -> [UInt8] {
        var row = CanonicalBytes()
        row.append("keys")
        row.append(key.id.bytes)
        row.append(key.projectID.bytes)
        row.append(key.owner.utf8)
        row.append(key.provider.description)
        row.append(key.endpoint)
        row.append(key.status.rawValue)
        row.append(key.quarantineReason?.rawValue ?? "")
        row.append(optional: key.expiresAt.map { Int($0.milliseconds) })
        row.append(key.currentVersion)
        row.append(optional: key.previousVersion)
        row.append(key.lastVersion)
        row.append(optional: key.previousUntil.map { Int($0.milliseconds) })
        row.append(key.blindIndex)
        row.append(Int(key.createdAt.milliseconds))
        row.append(Int(key.versionStoredAt.milliseconds))
        row.append(key.revision)
        // A row without any has the MAC that it had before they counted.
        for name in params.sorted() {
            guard let value = key.params[name] else { continue }
            row.append(name)
            row.append(value)
        }
        return try rowMAC(row.bytes)
    }

    func mac(of token: TokenRecord) throws(CryptoError) -> [UInt8] {
        var row = CanonicalBytes()
        row.append("tokens")
        row.append(token.id.bytes)
        row.append(token.lookup)
        row.append(token.projectID?.bytes ?? [])
        row.append(token.kind.rawValue)
        row.append(token.scopes.rawValue)
        row.append(token.name)
        row.append(optional: token.expiresAt.map { Int($0.milliseconds) })
        row.append(optional: token.revokedAt.map { Int($0.milliseconds) })
        return try rowMAC(row.bytes)
    }

    func mac(of session: ConnectSession) throws(CryptoError) -> [UInt8] {
        var row = CanonicalBytes()
        row.append("connect_sessions")
        row.append(session.id.bytes)
        row.append(session.lookup)
        row.append(session.projectID.bytes)
        row.append(session.owner.utf8)
        row.append(optional: session.userLabel)
        row.append(session.purpose.rawValue)
        row.append(session.keyID?.bytes ?? [])
        row.append(session.providers.count)
        for provider in session.providers { row.append(provider.description) }
        row.append(optional: session.returnURL)
        row.append(optional: session.origin)
        row.append(Int(session.createdAt.milliseconds))
        row.append(Int(session.givenEnd.milliseconds))
        row.append(Int(session.expiresAt.milliseconds))
        row.append(session.state.rawValue)
        row.append(optional: session.endedAt.map { Int($0.milliseconds) })
        return try rowMAC(row.bytes)
    }

    func mac(of project: ProjectRecord) throws(CryptoError) -> [UInt8] {
        var row = CanonicalBytes()
        row.append("projects")
        row.append(project.id.bytes)
        row.append(project.name)
        row.append(project.allowedOrigins.count)
        for origin in project.allowedOrigins { row.append(origin) }
        row.append(project.allowedProviders.count)
        for provider in project.allowedProviders { row.append(provider.description) }
        row.append(optional: project.revealGrantedAt.map { Int($0.milliseconds) })
        row.append(project.revision)
        // Each with its name; a row without them has the MAC that it had before there was a place for them.
        for (name, value) in [("logo", project.logo?.description), ("accent_color", project.accentColor?.description)] {
            guard let value else { continue }
            row.append(name)
            row.append(value)
        }
        return try rowMAC(row.bytes)
    }

    func mac(of record: PolicyRecord) throws(CryptoError) -> [UInt8] {
        let policy = record.policy
        var row = CanonicalBytes()
        row.append("policies")
        row.append(record.projectID.bytes)
        row.append(record.provider?.description ?? "")
        row.append(optional: policy.maxAgeSeconds)
        row.append(policy.warnBeforeSeconds.count)
        for span in policy.warnBeforeSeconds { row.append(span) }
        row.append(optional: policy.unusedAfterSeconds)
        row.append(optional: policy.recheckEverySeconds)
        row.append(optional: policy.confirmFailureAfterSeconds)
        row.append(policy.graceSeconds)
        row.append(optional: policy.quarantineAfterSeconds)
        row.append(record.revision)
        return try rowMAC(row.bytes)
    }

    func mac(of order: RevocationOrder) throws(CryptoError) -> [UInt8] {
        var row = CanonicalBytes()
        row.append("revocations")
        row.append(order.id.bytes)
        row.append(order.filter.projectID?.bytes ?? [])
        row.append(order.filter.provider?.description ?? "")
        row.append(order.filter.owner?.utf8 ?? [])
        row.append(optional: order.filter.createdBefore.map { Int($0.milliseconds) })
        row.append(Int(order.orderedAt.milliseconds))
        row.append(optional: order.completedAt.map { Int($0.milliseconds) })
        return try rowMAC(row.bytes)
    }
}

extension CanonicalBytes {
    /// A text that may be absent, which is not the same as an empty one.
    fileprivate mutating func append(optional text: String?) {
        append(text == nil ? 0 : 1)
        append(text ?? "")
    }
}
