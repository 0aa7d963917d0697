import VaultModel
import VaultService

/// A link for one user in the vault's oldest project, made where a server starts, so that its page can be tried.
struct TrialLink: ~Copyable {
    /// The address of the page, the link's token in its fragment.
    let url: WipedBuffer
    let expiresAt: Timestamp

    private static let lifetimeSeconds = 3600

    /// - Parameter base: what links begin with.
    init(for user: UserID, in vault: Vault, at base: String) async throws(VaultError) {
        let context = RequestContext(caller: .terminal)
        var request = ConnectSessionRequest(owner: user)
        request.projectID = try Self.oldestProject(of: vault, context)
        request.ttlSeconds = Self.lifetimeSeconds
        let minted = try await vault.createConnectSession(request, context)
        var url = WipedBuffer("\(base)/connect#")
        minted.text.withBytes { bytes in url.append(bytes) }
        self.url = url
        expiresAt = minted.record.expiresAt
    }

    /// Projects are listed newest first.
    private static func oldestProject(
        of vault: Vault, _ context: RequestContext
    ) throws(VaultError) -> ProjectID {
        var oldest: ProjectID?
        var cursor: String?
        repeat {
            let page = try vault.projects(limit: 200, cursor: cursor, context)
            oldest = page.items.last?.id ?? oldest
            cursor = page.nextCursor
        } while cursor != nil
        guard let oldest else { throw .notFound }
        return oldest
    }

    /// `{"connect":"…"}`: nothing in it needs an escape in JSON.
    func line() -> WipedBuffer {
        var line = WipedBuffer("{\"connect\":\"")
        url.withBytes { bytes in line.append(bytes) }
        line.append("\"}" as StaticString)
        return line
    }
}
