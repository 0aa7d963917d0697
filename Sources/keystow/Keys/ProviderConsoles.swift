import VaultModel

/// Where keys are revoked at their providers.
enum ProviderConsoles {
    private struct Providers: Decodable {
        struct Provider: Decodable {
            let id: String
            let name: String
            let console_url: String?
        }

        let data: [Provider]
    }

    private struct Statistics: Decodable {
        let by_provider: [String: Int]
    }

    /// One line for each provider that is meant: the one that is named, else all of whom the vault has keys.
    static func links(
        of provider: ProviderID?, project: ProjectID?, _ vault: borrowing RemoteVault
    ) async throws(CommandFailure) -> [String] {
        var wanted: Set<String> = []
        if let provider {
            wanted = [provider.description]
        } else {
            let query = project.map { "?project_id=\($0)" } ?? ""
            let counts = try await vault.fetch("/v1/stats\(query)").understood(as: Statistics.self)
            wanted = Set(counts.by_provider.filter { $0.value > 0 }.keys)
        }
        let known = try await vault.fetch("/v1/providers").understood(as: Providers.self).data
        return known.filter { wanted.contains($0.id) }.map { "\($0.name): \($0.console_url ?? "–")" }
    }
}
