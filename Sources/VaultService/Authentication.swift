import Synchronization
import VaultCrypto
package import VaultModel
import VaultStore

/// Believed tokens by their lookup HMAC; emptied on every change of a token. Safe to use from any thread.
final class TokenCache: Sendable {
    private struct State {
        var tokens: [[UInt8]: TokenRecord] = [:]
        /// Grows with every change, so that a read begun before it is not remembered after it.
        var generation = 0
    }

    private let state = Mutex(State())

    var generation: Int { state.withLock(\.generation) }

    subscript(lookup: [UInt8]) -> TokenRecord? { state.withLock { $0.tokens[lookup] } }

    func remember(_ token: TokenRecord, readIn generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.tokens.count >= 65_536 { state.tokens.removeAll(keepingCapacity: true) }
            state.tokens[token.lookup] = token
        }
    }

    func forget() {
        state.withLock { state in
            state.generation += 1
            state.tokens.removeAll()
        }
    }

    /// Whether this use is the first in a while and worth writing down; remembers that it was.
    func noteUse(of token: TokenRecord, at now: Timestamp, every seconds: Int) -> Bool {
        state.withLock { state in
            guard var held = state.tokens[token.lookup] else { return false }
            if let last = held.lastUsedAt, now < last + seconds { return false }
            held.lastUsedAt = now
            state.tokens[token.lookup] = held
            return true
        }
    }
}

extension Vault {
    /// Who holds `token`, whose form and checksum the funnel has checked.
    ///
    /// - Throws: `invalidToken` when it is unknown, revoked or its row was not written by this vault;
    ///   `expiredToken`; `sealed`; `storageUnavailable`.
    package func caller(holding token: RawSpan) throws(VaultError) -> Caller {
        let record = try believedToken(lookup: try lookup(of: token))
        let now = time.now()
        guard record.revokedAt == nil else { throw .invalidToken }
        if let end = record.expiresAt, end <= now { throw .expiredToken }
        if tokenCache.noteUse(of: record, at: now, every: 60) { touch(record, at: now) }
        if record.kind == .admin { firstTokens.discard() }
        return Caller(
            tokenID: record.id, name: record.name, kind: .token(record.kind), projectID: record.projectID,
            scopes: record.scopes, expiresAt: record.expiresAt)
    }

    private func believedToken(lookup: [UInt8]) throws(VaultError) -> TokenRecord {
        if let known = tokenCache[lookup] { return known }
        let generation = tokenCache.generation
        let record = try reading { transaction in
            try transaction.token(lookup: lookup).flatMap { stored in try believed(stored, in: transaction) }
        }
        guard let record else { throw .invalidToken }
        tokenCache.remember(record, readIn: generation)
        return record
    }

    /// The token's record; a row whose MAC does not fit, or that was put back after the token's or its project's
    /// end, acts as absent, and is noted.
    func believed(_ stored: StoredToken, in transaction: ReadTransaction) throws -> TokenRecord? {
        let record = stored.record
        guard try ConstantTime.areEqual(keyring.mac(of: record), stored.mac),
            try record.revokedAt != nil || !transaction.hasEnded(record.id),
            try record.projectID.map({ try transaction.hasEnded($0) }) != true
        else {
            noteForgery(of: "token", object: "\(record.id)", project: record.projectID)
            return nil
        }
        return record
    }

    /// Writes down when a token was last used, to the minute; nobody waits for it.
    private func touch(_ token: TokenRecord, at now: Timestamp) {
        let id = token.id
        deferred.add { transaction in try transaction.touch(token: id, usedAt: now) }
    }
}

extension Vault {
    /// Who sends this `Authorization` header (RFC 6750 §2.1).
    ///
    /// - Throws: `missingToken` without a header; `invalidToken` for another scheme, or a token whose form or
    ///   checksum is wrong: that costs no look at the database.
    package func caller(bearing authorization: String?) throws(VaultError) -> Caller {
        try BearerHeader.lend(authorization, of: [.admin, .app]) { token throws(VaultError) in
            try caller(holding: token)
        }
    }
}
