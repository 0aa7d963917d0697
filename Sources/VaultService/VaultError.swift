package import VaultModel
import VaultStore
import VaultCrypto

/// Everything that can keep the vault from doing what it was asked; closed, so that the API maps each case.
///
/// Holds nothing of a secret and nothing of the input.
package enum VaultError: Error, Sendable {
    /// The caller is known, but may not do this.
    case insufficientScope(Scope)
    case missingToken
    case invalidToken
    case expiredToken
    /// Malformed, another project's or absent: one answer for all.
    case notFound
    /// A member of the request that cannot be; `detail` says what it must be.
    case invalidField(String, detail: String)
    case invalidCursor
    /// The key doctor refused the paste; no call was made.
    case refused(Diagnosis)
    /// The provider refused the key; nothing was stored.
    case rejected(Verdict, ProviderSummary)
    /// The provider did not let us judge, and the caller required a verdict; nothing was stored.
    case providerUnavailable(Verdict, ProviderSummary)
    /// The owner has stored the same secret already.
    case duplicate(KeyID)
    /// What was asked is not possible in the state that the thing is in.
    case wrongState(detail: String, hint: String)
    case versionConflict(detail: String)
    case idempotencyConflict(isRunning: Bool)
    case keyRevoked(KeyID)
    /// The connect link has done what it was for.
    case sessionUsed
    /// The connect link has ended without having been used.
    case sessionExpired(SessionEnd)
    case validationLimit(retryAfter: Int, detail: String)
    /// The vault's keys have been forgotten until the next start.
    case sealed
    /// The audit entry could not be written in time; nothing happened.
    case auditUnavailable
    /// The database did not answer; for a write the outcome is unknown.
    case storageUnavailable
    case storageFull
    /// Out of secure memory or of places for test calls; nothing happened.
    case overloaded
}

extension VaultError {
    init(_ error: StoreError) {
        switch error {
        case .full: self = .storageFull
        case .withdrawn, .auditDiverged: self = .auditUnavailable
        case .locked, .newerSchema, .changedMigration, .corrupt, .constraint, .unavailable, .closed:
            self = .storageUnavailable
        }
    }

    init(_ error: CryptoError) {
        switch error {
        case .heapExhausted: self = .overloaded
        case .generatorRepeats: self = .sealed
        default: self = .storageUnavailable
        }
    }

    /// The one place where what a transaction's body threw becomes an error of this floor.
    init(thrown error: any Error) {
        switch error {
        case let error as VaultError: self = error
        case let error as StoreError: self = VaultError(error)
        case let error as CryptoError: self = VaultError(error)
        case is SecretMemoryExhausted: self = .overloaded
        default: self = .storageUnavailable
        }
    }
}

/// How a connect link ended that was not used.
package enum SessionEnd: Sendable {
    case time
    /// Its app withdrew it.
    case withdrawn
    /// The key that it was to replace is gone.
    case keyGone
    /// Its project takes no keys of the providers any more that it was made for.
    case notTaken
}
