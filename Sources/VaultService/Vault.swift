import Synchronization
package import VaultCrypto
package import VaultModel
package import VaultProviders
package import VaultStore

/// What the vault does, whoever asks: the API's routes, the scheduler and the command line call the same methods.
///
/// **Trust.** The store holds sealed bytes and is not believed: every row that decides something carries a MAC,
/// and a key's row must not be older than its newest audit entry. Nothing is released or changed unless its
/// audit entry is durable first. All methods may be called concurrently; writes are serialised by the store.
package final class Vault: Sendable {
    package let instance: InstanceID
    package let catalogue: Catalogue
    package let configuration: VaultConfiguration
    let store: Store
    let doctor: KeyDoctor
    let probe: Probe
    let time: any TimeSource
    /// What it was opened with.
    package let masterKeys: MasterKeys
    /// `nil` once the vault has been sealed.
    let openKeyring: Mutex<Keyring?>
    let keyringTurn = Turn(
        refusing: .wrongState(
            detail: "Another change of the keyring is being made.", hint: "Try again when it has been answered."))
    /// Rung when there is a rekey to carry out.
    let rekeyBell = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let orders = Mutex(PendingOrders())
    let tokenCache = TokenCache()
    let policyCache = PolicyCache()
    let runningRequests = RunningRequests()
    let testCalls = TestCallSlots(limit: 16)
    let turns = SessionTurns()
    let health = ProviderHealth()
    let deferred = DeferredWrites()
    let reveals: RevealWatch
    let firstTokens: FirstTokens
    let censusCache = CensusCache()
    package let tallies: VaultTallies
    let anchor: Anchor
    /// `nil` while there is no anchor, and where the vault is only looked at.
    let anchorLock = Mutex<AnchorLock?>(nil)
    let signing = HeadSigning()
    let refusals = RefusalCounts()
    /// A second backup at the same time would need the same room again.
    let backupTurn = Turn(refusing: .overloaded)
    private let foundAtOpening = Mutex(AnchorCheck())

    package init(
        instance: InstanceID, keyring: Keyring, masterKeys: MasterKeys, store: Store, catalogue: Catalogue,
        probe: Probe, anchor: String, time: any TimeSource = SystemTime(),
        configuration: VaultConfiguration = VaultConfiguration()
    ) throws(VaultError) {
        self.instance = instance
        self.masterKeys = masterKeys
        self.store = store
        self.catalogue = catalogue
        self.configuration = configuration
        self.probe = probe
        self.time = time
        doctor = KeyDoctor(catalogue)
        reveals = RevealWatch(alarm: configuration.revealAlarm)
        openKeyring = Mutex(keyring)
        tallies = VaultTallies(catalogue.providers.map(\.id))
        firstTokens = FirstTokens(path: configuration.firstTokensFile)
        self.anchor = Anchor(path: anchor) { [observe = configuration.observe] isWritable in
            observe?(isWritable ? .anchorWritten : .anchorUnwritable)
        }
        try loadPendingOrders()
        try loadSuspicions()
    }

    /// The keys of the vault.
    ///
    /// - Throws: `sealed` when they have been forgotten.
    var keyring: Keyring {
        get throws(VaultError) {
            guard let keyring = openKeyring.withLock(\.self) else { throw .sealed }
            return keyring
        }
    }

    /// Which master key opened it.
    package var openedBy: MasterKeys.Opener { masterKeys.openedBy }

    /// Where signed heads are written, and whether they can be.
    package var anchorPath: String { anchor.path }
    package var isAnchorWritable: Bool { anchor.isWritable }

    /// What the anchor said when the vault was opened.
    var opening: AnchorCheck {
        get { foundAtOpening.withLock(\.self) }
        set { foundAtOpening.withLock { $0 = newValue } }
    }

    /// Whether requests can be served: unsealed, and the storage answers.
    package func readiness() throws(VaultError) {
        _ = try keyring
        _ = try read { transaction throws(StoreError) in try transaction.auditHead() }
    }

    /// Reads on the calling thread.
    func read<T>(_ body: (ReadTransaction) throws(StoreError) -> T) throws(VaultError) -> T {
        do {
            return try store.read(body)
        } catch {
            throw VaultError(error)
        }
    }

    /// Runs `body` on the writer, in its own savepoint, and returns when it is durable.
    ///
    /// If the request's answer is to be kept for a repetition, it is kept in the same transaction. What ends something
    /// is done also where the disk is full, and may run twice.
    /// Whatever `body` throws rolls back everything it did.
    func write<T: Sendable>(
        _ context: RequestContext? = nil, isEnding: Bool = false,
        _ body: @escaping @Sendable (WriteTransaction) throws -> T
    ) async throws(VaultError) -> T {
        let ticket = context?.ticket
        let written: (value: T, endings: [String], sequence: Int?)
        do {
            written = try await store.write(isEnding: isEnding) { transaction in
                let value = try body(transaction)
                try ticket?.keep(value, in: transaction)
                return (value, transaction.endings, transaction.lastAppended)
            }
        } catch {
            ticket?.forget()
            throw VaultError(thrown: error)
        }
        // What has ended stands in the anchor before anyone is told.
        await anchor(ended: written.endings)
        if let sequence = written.sequence, signing.isDue(at: sequence) { deferred.wake() }
        return written.value
    }

    /// Tells whoever runs the vault.
    func tell(_ notice: VaultNotice) { configuration.observe?(notice) }

    /// Closes the store; everything acknowledged is durable already.
    package func close() {
        store.close()
        anchorLock.withLock { $0 = nil }
    }
}
