package import VaultModel
import VaultProviders
import VaultStore

// What the doctor says on the page, which takes keys of some providers only.
extension Vault {
    /// The doctor for the page: no network, nothing stored. Knows which providers' keys the link takes.
    package func inspect(
        _ paste: borrowing WipedBuffer, chosen: ProviderID?, onPage context: RequestContext
    ) async throws(VaultError) -> Diagnosis {
        let session = try await keepOpen(try context.connectSession)
        return try judge(paste, chosen: chosen, try taken(by: session))
    }

    /// Whose keys a link takes.
    ///
    /// - Throws: `sessionExpired` when there are none any more.
    func taken(by session: ConnectSession) throws(VaultError) -> [ProviderID] {
        try reading { transaction in
            switch session.purpose {
            case .replace: return [try replaced(by: session, in: transaction).record.provider]
            case .manage: return catalogue.providers.map(\.id)
            case .store:
                guard let project = try believedProject(session.projectID, in: transaction) else {
                    throw VaultError.invalidToken
                }
                let taken = providers(of: session, in: project).map(\.id)
                guard !taken.isEmpty else { throw VaultError.sessionExpired(.notTaken) }
                return taken
            }
        }
    }

    /// What the doctor says where only keys of `providers` are taken: it asks about no other, and another's key is
    /// refused as such.
    func judge(
        _ paste: borrowing WipedBuffer, chosen: ProviderID?, _ providers: [ProviderID]
    ) throws(VaultError) -> Diagnosis {
        if let chosen, !providers.contains(chosen) {
            throw .invalidField("provider", detail: "This link takes no keys of that provider.")
        }
        let only = chosen ?? (providers.count == 1 ? providers.first : nil)
        var diagnosis = try examine(paste, chosen: only).diagnosis
        if diagnosis.refusal == .ambiguous {
            // Even where only one is left its user has to say so: the key could be of somebody whom we do not know.
            diagnosis.candidates = diagnosis.candidates.filter(providers.contains)
            if !diagnosis.candidates.isEmpty {
                diagnosis.hint = "Say which provider it belongs to: \(names(of: diagnosis.candidates))?"
            } else {
                diagnosis.refusal = .malformed
                diagnosis.kind = "unknown"
                diagnosis.message = "This does not look like a key of \(names(of: providers))."
                diagnosis.hint = "Copy the whole key again, with the copy button of its console."
            }
        }
        if diagnosis.isStorable, let found = diagnosis.provider, !providers.contains(found) {
            diagnosis.refusal = .wrongProvider
            diagnosis.message = "This is a key of \(summary(of: found).name), which is not taken here."
            diagnosis.hint = "Paste a key of \(names(of: providers))."
        }
        return diagnosis
    }

    private func names(of providers: [ProviderID]) -> String {
        let names = providers.map { summary(of: $0).name }
        guard names.count > 1, let last = names.last else { return names.joined() }
        return names.dropLast().joined(separator: ", ") + " or \(last)"
    }
}
