import Synchronization
import VaultCrypto
import VaultModel
import VaultStore

/// The policies that hold, by project and provider; emptied on every change. Safe to use from any thread.
final class PolicyCache: Sendable {
    private struct Place: Hashable {
        let project: ProjectID
        let provider: ProviderID
    }

    private struct State {
        var policies: [Place: RotationPolicy] = [:]
        /// Grows with every change, so that a policy read before it is not remembered after it.
        var generation = 0
    }

    private let state = Mutex(State())

    var generation: Int { state.withLock(\.generation) }

    subscript(project: ProjectID, provider: ProviderID) -> RotationPolicy? {
        state.withLock { $0.policies[Place(project: project, provider: provider)] }
    }

    func remember(
        _ policy: RotationPolicy, for project: ProjectID, _ provider: ProviderID, readIn generation: Int
    ) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.policies.count >= 4096 { state.policies.removeAll(keepingCapacity: true) }
            state.policies[Place(project: project, provider: provider)] = policy
        }
    }

    func forget() {
        state.withLock { state in
            state.generation += 1
            state.policies.removeAll()
        }
    }
}

extension Vault {
    /// The policy that holds for a key: its provider's, else its project's, else the standard one.
    func policy(for key: KeyRecord, in transaction: ReadTransaction) throws -> RotationPolicy {
        try policy(project: key.projectID, provider: key.provider, in: transaction)
    }

    func policy(
        project: ProjectID, provider: ProviderID, in transaction: ReadTransaction
    ) throws -> RotationPolicy {
        if let known = policyCache[project, provider] { return known }
        // What a write transaction sees may be taken back, so it is not remembered.
        guard !(transaction is WriteTransaction) else { return try storedPolicy(project, provider, in: transaction) }
        // The caller's transaction may have begun before the last change: what is remembered is read in one that
        // began after the generation was.
        let generation = policyCache.generation
        let policy = try reading { fresh in try storedPolicy(project, provider, in: fresh) }
        policyCache.remember(policy, for: project, provider, readIn: generation)
        return policy
    }

    private func storedPolicy(
        _ project: ProjectID, _ provider: ProviderID, in transaction: ReadTransaction
    ) throws -> RotationPolicy {
        try believedPolicy(project, provider, in: transaction)?.policy
            ?? believedPolicy(project, nil, in: transaction)?.policy ?? .standard
    }

    /// The policy set at this very place; a row whose MAC does not fit acts as absent, and is noted.
    func believedPolicy(
        _ project: ProjectID, _ provider: ProviderID?, in transaction: ReadTransaction
    ) throws -> PolicyRecord? {
        guard let stored = try transaction.policy(project: project, provider: provider) else { return nil }
        guard try ConstantTime.areEqual(keyring.mac(of: stored.record), stored.mac) else {
            noteForgery(of: "policy", object: "\(project)", project: project)
            return nil
        }
        return stored.record
    }

    /// The project; a row whose MAC does not fit, or that was put back after its end, acts as absent, and is noted.
    func believedProject(_ id: ProjectID, in transaction: ReadTransaction) throws -> ProjectRecord? {
        guard let stored = try transaction.project(id) else { return nil }
        return try believed(stored, in: transaction)
    }

    func believed(_ stored: StoredProject, in transaction: ReadTransaction) throws -> ProjectRecord? {
        guard try ConstantTime.areEqual(keyring.mac(of: stored.record), stored.mac),
            try !transaction.hasEnded(stored.record.id)
        else {
            noteForgery(of: "project", object: "\(stored.record.id)", project: stored.record.id)
            return nil
        }
        return stored.record
    }
}
