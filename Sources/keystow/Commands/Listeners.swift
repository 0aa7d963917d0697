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

    /// Begins to listen; `tls` is not needed any more afterwards.
    init(_ configuration: Configuration, tls: TLSIdentity?, _ funnel: Funnel) throws(CommandFailure) {
        let (address, adminAddress) = (configuration.listen, configuration.adminListen)
        scheme = configuration.scheme
        let connections = DescriptorLimit.connections(of: DescriptorLimit.raise())
        if let adminAddress {
            let few = min(1_024, connections / 4)
            let callers = try Self.listen(
                on: address, configuration, .sharing(connections - few), tls, funnel.metrics, PublicSide(of: funnel))
            let admins = try Self.listen(on: adminAddress, configuration, .sharing(few), tls, funnel.metrics, funnel)
            self.address = address.on(callers.port)
            self.adminAddress = adminAddress.on(admins.port)
            runs = [{ try? await callers.run() }, { try? await admins.run() }]
        } else {
            let everyone = try Self.listen(
                on: address, configuration, .sharing(connections), tls, funnel.metrics, funnel)
            self.address = address.on(everyone.port)
            self.adminAddress = nil
            runs = [{ try? await everyone.run() }]
        }
    }

    private static func listen<R: Responder>(
        on address: ListenAddress, _ configuration: Configuration, _ limits: ServerLimits, _ tls: TLSIdentity?,
        _ metrics: Metrics, _ responder: R
    ) throws(CommandFailure) -> Listener<R> {
        do {
            let listener = try Listener(
                address: address.address, port: address.port, limits: limits, peers: configuration.peers, tls: tls,
                responder: responder)
            metrics.watch { [weak listener] in listener?.load ?? ListenerLoad() }
            return listener
        } catch .noTLS {
            throw CommandFailure(
                "this system's libmicrohttpd was built without TLS: let a proxy bring it", .unavailable)
        } catch .cannotStartTLS {
            throw CommandFailure("GnuTLS does not take the certificate and key of KEYSTOW_TLS_CERT", .configuration)
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

extension ServerLimits {
    /// The usual ones with so many places, of which one address has a quarter at most.
    static func sharing(_ connections: Int) -> ServerLimits {
        var limits = ServerLimits()
        limits.connections = connections
        limits.connectionsPerAddress = min(limits.connectionsPerAddress, connections / 4)
        return limits
    }
}
