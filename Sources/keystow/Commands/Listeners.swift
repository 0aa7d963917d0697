import HTTPServer
import VaultAPI

/// What a server listens on: one address, and perhaps a second one for admins.
///
/// The second answers everything, the first then everything but admins' calls.
struct Listeners: Sendable {
    /// Where callers come in, with the port that it really has.
    let address: ListenAddress
    let adminAddress: ListenAddress?
    private let scheme: String
    private let runs: [@Sendable () async -> Void]

    /// Begins to listen.
    init(_ configuration: Configuration, _ funnel: Funnel) throws(CommandFailure) {
        let (address, adminAddress) = (configuration.listen, configuration.adminListen)
        scheme = configuration.scheme
        if let adminAddress {
            let callers = try Self.listen(on: address, configuration, PublicSide(of: funnel))
            let admins = try Self.listen(on: adminAddress, configuration, funnel)
            self.address = address.on(callers.port)
            self.adminAddress = adminAddress.on(admins.port)
            runs = [{ try? await callers.run() }, { try? await admins.run() }]
        } else {
            let everyone = try Self.listen(on: address, configuration, funnel)
            self.address = address.on(everyone.port)
            self.adminAddress = nil
            runs = [{ try? await everyone.run() }]
        }
    }

    private static func listen<R: Responder>(
        on address: ListenAddress, _ configuration: Configuration, _ responder: R
    ) throws(CommandFailure) -> Listener<R> {
        do {
            return try Listener(
                address: address.address, port: address.port, limits: ServerLimits(), peers: configuration.peers,
                responder: responder)
        } catch {
            throw CommandFailure("cannot listen on \(address): \(error)", .system)
        }
    }

    /// What is reached at `address`, as the beginning of a URL.
    var url: String { "\(scheme)://\(address)" }

    /// What tells that the server is ready, as one line of JSON.
    var line: String {
        let admin = adminAddress.map { ",\"admin\":\"\(scheme)://\($0)\"" } ?? ""
        return "{\"listening\":\"\(url)\"\(admin)}"
    }

    /// Answers until the task is cancelled, and then until what is being answered is done.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for run in runs { group.addTask { await run() } }
        }
    }
}
