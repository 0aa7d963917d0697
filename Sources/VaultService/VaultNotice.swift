package import VaultModel

/// Something that whoever runs the vault should hear of at once. Ids and codes alone: nothing of a request.
package enum VaultNotice: Sendable {
    /// A pass of the scheduler ended early; it is tried again at the next one.
    case schedulerFailed(VaultError)
    /// The first pass that got to its end after one that did not.
    case schedulerRecovered
    /// One token revealed many keys in a short time.
    case revealSpike(TokenID)
    /// A provider refuses so many keys which it had accepted that its refusals are doubted.
    case providerSuspect(ProviderID)
    /// Test calls of a user or a project have stopped for a day.
    case checksStopped(ProjectID)
    /// A key whose row cannot be believed: somebody else wrote it, or put an older one back.
    case keyUndecryptable(KeyID)
    /// Another row that decides something does not carry the vault's mark: somebody else wrote it.
    case rowForged
    /// The vault is wrapped under the previous master key; that must stay configured until the vault is wrapped anew.
    case openedByPreviousMasterKey
    /// The offline recovery key would not open the vault any more: another has to be made.
    case recoveryKeyDamaged
    /// Signed heads and what has ended wait in memory until the anchor can be written.
    case anchorUnwritable
    case anchorWritten
    /// An anchor was begun though the log had so many entries: the one before it is lost, or never was.
    case anchorBegun(entry: Int)
    /// Others than who runs the vault may write the anchor.
    case anchorExposed
    /// Notes lie in the anchor that this vault did not write there; they are passed over.
    case anchorTampered(lines: Int)
    /// The audit log is not what was signed; nothing more of it is dropped.
    case auditTampered(entry: Int)
    /// A rekey ended early; it is gone on with at the scheduler's next pass.
    case rekeyFailed(VaultError)
    /// Every secret was moved to that term, but so many that do not open.
    case rekeyFinished(term: Int, failed: Int)
    /// Rows of the keyring did not open any more, and were written anew from memory.
    case keyringMended
    /// The keys were forgotten: nothing is answered until the next start.
    case keyringSealed
}
