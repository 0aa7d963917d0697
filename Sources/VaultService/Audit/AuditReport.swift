package import VaultCrypto

/// What was found when an audit log was checked.
package struct AuditReport: Sendable {
    /// The keys that signatures were checked with.
    package var keys: [NoteKey] = []
    /// Whether the first of these were told from outside.
    package var hasGivenKeys = false
    package var hasAnchor = false
    /// Behind which entry the chain begins that was followed; 0 but for a log of which entries were dropped.
    package var base = 0
    /// Of what was dropped, how many entries are kept.
    package var kept = 0
    /// Of what was dropped, how many entries are still to be deleted.
    package var awaitingDeletion = 0
    /// The last entry that is known to be as it was written.
    package var last = 0
    package var headsAgreed = 0
    package var newestHead: Int?
    /// Lines of the anchor where a note begins that no key signed: a forgery.
    package var forgedLines: [Int] = []
    /// Lines of the anchor where a signed note begins that was not written there: a copy of one.
    package var copiedLines: [Int] = []
    /// Lines of the anchor where a piece of a note begins, as an interrupted write leaves it.
    package var tornLines: [Int] = []
    /// How often an older database was taken back with an operator's consent, and another anchor begun.
    package var rollbacks = 0
    package var restarts = 0
    /// The first entry whose time is earlier than that of one before it, by over a minute: no fault, a wrong clock.
    package var firstSkew: Int?
    package var finding: AuditFinding?

    package init() {}

    /// Nothing is wrong.
    package var isWell: Bool { finding == nil && forgedLines.isEmpty && copiedLines.isEmpty }

    /// Takes over what the anchor's notes are worth.
    package mutating func take(_ chain: AnchorChain) {
        hasAnchor = chain.tip != nil
        keys = chain.keys
        forgedLines = chain.forgedLines
        copiedLines = chain.copiedLines
        tornLines = chain.tornLines
        rollbacks = chain.rollbacks
        restarts = chain.restarts
    }

    /// Takes over what came of following the entries.
    package mutating func take(_ verifier: consuming AuditVerifier) {
        finding = finding ?? verifier.finish()
        last = verifier.proven
        headsAgreed = verifier.headsAgreed
        firstSkew = verifier.firstSkew
    }
}
