import Synchronization
import VaultCrypto
package import VaultModel
import VaultProviders
import VaultStore

/// What the vault tells of itself in numbers. All of it is counted; no name of a user, project, key or token is here.
package struct VaultMeasurements: Sendable {
    package let keys: KeyCensus
    /// Keys that the scheduler should have looked at by now, and since when the first of them waits.
    package let overdueKeys: Int
    package let overdueSince: Timestamp?
    /// Keys that an order to revoke many names and that are not shredded yet, and when the oldest such order was given.
    package let keysToShred: Int
    package let oldestOrder: Timestamp?
    package let auditSequence: Int
    /// The newest entry under a signed head.
    package let auditSigned: Int
    package let isAnchorWritable: Bool
    /// Whether this process found the log not to be what was signed.
    package let isAuditTampered: Bool
    /// The current KEK term, when it was begun, and how many DEKs it has wrapped.
    package let term: Int
    package let termSince: Timestamp?
    package let termWraps: Int
    /// How far the newest rekey has come.
    package let rekey: RekeyProgress
    package let suspectProviders: [ProviderID]
    package let readersLent: Int
    package let readersIdle: Int
    package let writesWaiting: Int
    package let secureHeapBytes: Int
    package let secureHeapCapacity: Int
}

/// The keys of the vault, counted by what their rows say.
package struct KeyCensus: Sendable {
    /// One combination of provider and status.
    package struct Kind: Hashable, Sendable {
        /// `nil` where the catalogue does not know the row's.
        package let provider: ProviderID?
        package let status: KeyStatus

        package init(provider: ProviderID?, status: KeyStatus) {
            self.provider = provider
            self.status = status
        }
    }

    package private(set) var byKind: [Kind: Int] = [:]
    /// Keys that are not revoked; one with two reasons counts twice.
    package private(set) var byStaleReason: [StaleReason: Int] = [:]
    /// Keys that are not revoked, as in ``KeyStatistics/byStoredAt``.
    package private(set) var byAge = [Int](repeating: 0, count: KeyStatistics.ageEdges.count + 1)

    init(_ rows: [KeyCensusRow], knowing providers: Set<ProviderID>) {
        for row in rows {
            guard let status = KeyStatus(rawValue: row.status) else { continue }
            let provider = ProviderID(row.provider).flatMap { providers.contains($0) ? $0 : nil }
            byKind[Kind(provider: provider, status: status), default: 0] += row.count
            guard status != .revoked else { continue }
            for reason in StaleReason.allCases where row.staleReasons.contains(StaleReasons(reason)) {
                byStaleReason[reason, default: 0] += row.count
            }
            if byAge.indices.contains(row.ageBucket) { byAge[row.ageBucket] += row.count }
        }
    }
}

/// The last census: it reads every key, so that one serves for some seconds. Safe to use from any thread.
final class CensusCache: Sendable {
    private struct State {
        var taken: (census: KeyCensus, at: Timestamp)?
        var isTaking = false
    }

    /// How long one serves, in seconds.
    static let span = 10

    private let state = Mutex(State())

    /// The last one when it is fresh, or while another thread takes the next; else a new one.
    func census(
        at now: Timestamp, take: () throws(VaultError) -> KeyCensus
    ) throws(VaultError) -> KeyCensus {
        let kept = state.withLock { state -> KeyCensus? in
            if let taken = state.taken, state.isTaking || (taken.at <= now && now < taken.at + Self.span) {
                return taken.census
            }
            state.isTaking = true
            return nil
        }
        if let kept { return kept }
        defer { state.withLock { $0.isTaking = false } }
        let census = try take()
        state.withLock { $0.taken = (census, now) }
        return census
    }
}

extension Vault {
    /// The providers of the catalogue, in its order.
    package var providerIDs: [ProviderID] { catalogue.providers.map(\.id) }

    /// The time of day, by the vault's clock.
    package var now: Timestamp { time.now() }

    /// How the vault is at this moment; what is counted of keys may be ten seconds old.
    ///
    /// - Throws: `insufficientScope`; `storageUnavailable` when the database does not answer.
    package func measurements(_ context: RequestContext) throws(VaultError) -> VaultMeasurements {
        try context.require(.metricsRead)
        let now = time.now()
        let census = try censusCache.census(at: now) { () throws(VaultError) -> KeyCensus in
            let edges = KeyStatistics.ageEdges.map { now - $0 * 86_400 }
            let rows = try read { transaction throws(StoreError) in try transaction.keyCensus(edges: edges) }
            return KeyCensus(rows, knowing: Set(providerIDs))
        }
        let pending = orders.withLock(\.pending)
        let (overdue, toShred, sequence, term, rekey) = try read { transaction throws(StoreError) in
            var toShred = 0
            for order in pending { toShred += try transaction.countKeys(matching: order.effectiveFilter) }
            return (
                try transaction.overdue(at: now), toShred, try transaction.auditHead().sequence,
                try transaction.newestTerm(), try progress(in: transaction)
            )
        }
        let readers = store.readerLoad
        return VaultMeasurements(
            keys: census, overdueKeys: overdue.count, overdueSince: overdue.since, keysToShred: toShred,
            oldestOrder: pending.map(\.orderedAt).min(), auditSequence: sequence,
            auditSigned: signing.signedThrough, isAnchorWritable: anchor.isWritable,
            isAuditTampered: signing.tampered != nil, term: term?.number ?? 0, termSince: term?.createdAt,
            termWraps: term?.wraps ?? 0, rekey: rekey,
            suspectProviders: providerIDs.filter { health.isSuspect($0, at: now) }, readersLent: readers.lent,
            readersIdle: readers.idle, writesWaiting: store.waiting, secureHeapBytes: SecureHeap.bytesInUse,
            secureHeapCapacity: SecureHeap.capacity)
    }
}
