import VaultModel

/// Where the audit log ends, kept in memory between groups so that a log that was cut or rewritten behind
/// our back is not extended.
///
/// Belongs to the writer's thread.
final class AuditHead {
    typealias Position = ChainPosition

    /// The end as the running item sees it.
    private(set) var position: Position
    /// The end after the last commit that succeeded.
    private var committed: Position
    /// The end that a commit of unknown outcome may have left.
    private var possible: Position?

    init(_ stored: Position) {
        position = stored
        committed = stored
    }

    /// Begins a group.
    ///
    /// - Throws: ``StoreError/auditDiverged`` when the stored end is not the one that this process left.
    func begin(stored: Position) throws(StoreError) {
        guard stored == committed || stored == possible else { throw .auditDiverged }
        committed = stored
        possible = nil
        position = stored
    }

    func advance(to hash: [UInt8]) { position = Position(sequence: position.sequence + 1, hash: hash) }

    /// Goes back to where an item began whose savepoint was rolled back.
    func rewind(to earlier: Position) { position = earlier }

    func commit() { committed = position }

    /// A commit failed: the next group finds the end as it was or as it would have been.
    func commitFailed() {
        possible = position
        position = committed
    }
}
