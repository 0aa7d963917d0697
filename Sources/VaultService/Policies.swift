import VaultCrypto
package import VaultModel
import VaultProviders
import VaultStore

extension Vault {
    /// The policy that holds at this place, set or inherited.
    package func policy(
        project: ProjectID, provider: ProviderID?, _ context: RequestContext
    ) throws(VaultError) -> RotationPolicy {
        try context.require(.policyWrite)
        return try reading { transaction in
            _ = try visibleProject(project, context, in: transaction)
            if let provider {
                try requireKnown(provider)
                return try policy(project: project, provider: provider, in: transaction)
            }
            return try believedPolicy(project, nil, in: transaction)?.policy ?? .standard
        }
    }

    /// Sets the policy at this place; the scheduler then looks at every key it concerns.
    package func setPolicy(
        _ policy: RotationPolicy, project: ProjectID, provider: ProviderID?, _ context: RequestContext
    ) async throws(VaultError) -> RotationPolicy {
        try await changePolicy(project, provider, context, reason: "set") { transaction, keyring in
            let revision = (try transaction.policy(project: project, provider: provider)?.record.revision ?? 0) + 1
            let record = PolicyRecord(projectID: project, provider: provider, policy: policy, revision: revision)
            try transaction.put(record, mac: keyring.mac(of: record))
            return policy
        }
    }

    /// Returns a provider's keys to the policy of the project.
    package func deletePolicy(
        project: ProjectID, provider: ProviderID, _ context: RequestContext
    ) async throws(VaultError) -> Deleted {
        try await changePolicy(project, provider, context, reason: "inherited") { transaction, _ in
            try transaction.deletePolicy(project: project, provider: provider)
            return Deleted()
        }
    }

    private func changePolicy<T: Sendable>(
        _ project: ProjectID, _ provider: ProviderID?, _ context: RequestContext, reason: String,
        _ change: @escaping @Sendable (WriteTransaction, Keyring) throws -> T
    ) async throws(VaultError) -> T {
        try context.require(.policyWrite)
        defer { policyCache.forget() }
        return try await write(context) { [self] transaction in
            _ = try visibleProject(project, context, in: transaction)
            if let provider { try requireKnown(provider) }
            let result = try change(transaction, keyring)
            try transaction.put(Rescan(projectID: project, provider: provider, after: nil))
            _ = try transaction.append(
                AuditEntry(
                    at: time.now(), actor: context.caller, action: .policyChanged,
                    object: provider.map { "\(project)/\($0)" } ?? "\(project)", projectID: project,
                    requestID: context.requestID, reason: reason))
            return result
        }
    }

    private func requireKnown(_ provider: ProviderID) throws(VaultError) {
        guard catalogue[provider] != nil else { throw .notFound }
    }
}
