package import VaultModel

/// The master keys that an open vault was given: which of them opened it, and how the current one is had again.
///
/// Safe from any thread.
package final class MasterKeys: Sendable {
    /// Which one opened the vault.
    package enum Opener: Sendable, Equatable {
        case current
        /// The vault is to be wrapped anew under the current one, which opens nothing yet.
        case previous
        /// The offline recovery key: the current one is not needed, and may be gone.
        case recovery
    }

    package let openedBy: Opener
    private let source: MasterKeySource

    init(_ source: MasterKeySource, openedBy: Opener) {
        self.source = source
        self.openedBy = openedBy
    }

    /// The current master key: read again from a file or a program, which may give another one than at the start by
    /// now; else what was read then, which is kept in secure memory until ``forget()``.
    ///
    /// Blocks for ten seconds at most, so it is not for a thread that serves others.
    package func current() throws(OpeningError) -> SecretBytes { try source.read() }

    /// The same, and a fresh one where it is to lie in a file that is not there.
    func currentOrNew() throws(OpeningError) -> SecretBytes { try source.readOrCreate() }

    /// Overwrites what is kept. A key from a variable or a descriptor cannot be had again then.
    package func forget() { source.forget() }
}
