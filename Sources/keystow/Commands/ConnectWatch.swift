import HTTPClient
import VaultModel

/// Asks the server every second what has become of a link, until it has ended.
struct ConnectWatch {
    /// The session's.
    let id: String
    let time: any TimeSource
    /// The signal that asked to stop.
    let stopSignal: @Sendable () -> Int32?
    /// Told each answer that says that nothing has happened yet.
    let watch: (RemoteSession) -> Void

    enum Ending {
        /// The session as it is now, and as the server wrote it.
        case ended(RemoteSession, [UInt8])
        case interrupted(Int32)
    }

    /// After how many answers in a row that did not come, or said that the server is not well, it gives up.
    private static let patience = 30

    /// - Throws: when there is nothing more to be learned from the server.
    func run(_ vault: borrowing RemoteVault) async throws(CommandFailure) -> Ending {
        var failures = 0
        while true {
            do throws(CommandFailure) {
                let reply = try await vault.fetch("/v1/connect/sessions/\(id)")
                let session = try reply.understood(as: RemoteSession.self)
                guard session.state == .pending else { return .ended(session, reply.body) }
                failures = 0
                watch(session)
            } catch {
                failures += 1
                guard error.code == .unavailable || error.code == .temporary, failures < Self.patience else {
                    throw error
                }
            }
            if let signal = stopSignal() { return .interrupted(signal) }
            try? await time.sleep(for: .seconds(1))
            if let signal = stopSignal() { return .interrupted(signal) }
        }
    }
}

/// A connect session as the server tells it, its members named as in the API.
struct RemoteSession: Decodable {
    let state: ConnectState
    let key_id: String?
    let expires_at: String

    var exitCode: ExitCode {
        switch state {
        case .completed: .ok
        case .pending, .expired: .temporary
        case .cancelled: .dataFault
        }
    }

    /// How it ended, in a sentence.
    func story(of user: String) -> String {
        switch state {
        case .completed: "\(user) has saved a key: \(key_id ?? "its id is not told")"
        case .expired: "the link has expired: \(user) has saved no key with it"
        case .cancelled: "the link was cancelled: \(user) has saved no key with it"
        case .pending: "the link still works, until \(expires_at)"
        }
    }
}

extension ConnectState: Decodable {}
