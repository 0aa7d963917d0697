import HTTPClient
package import HTTPServer
package import VaultAPI
import VaultModel
package import VaultProviders
package import VaultService

/// A real vault in a directory of its own, behind a real socket; only the clock and the provider are stood in for.
package final class RunningVault: Sendable {
    package let directory: TemporaryDirectory
    package let time: ManualTime
    package let vault: Vault
    package let port: UInt16
    package let adminToken: String
    package let appToken: String
    package let projectID: String
    /// What has been answered to ``call(_:_:_:token:headers:)``.
    package let seen = SeenAnswers()

    private init(
        directory: TemporaryDirectory, time: ManualTime, vault: Vault, port: UInt16, adminToken: String,
        appToken: String, projectID: String
    ) {
        self.directory = directory
        self.time = time
        self.vault = vault
        self.port = port
        self.adminToken = adminToken
        self.appToken = appToken
        self.projectID = projectID
    }

    /// What answers test calls.
    package enum Provider: Sendable {
        /// A function in place of the network.
        case function(Probe.Send)
        /// A server at this origin, called over real HTTP.
        case origin(String)
        /// Nobody: every call fails as unreachable.
        case unreachable
    }

    /// Whom every vault here names in its security.txt.
    package static let securityContact = "mailto:security@keys.example"

    /// Limits of time that no test runs into, however busy the machine is.
    package static var patient: ServerLimits {
        var limits = ServerLimits()
        limits.headerSeconds = 300
        limits.requestSeconds = 300
        limits.idleSeconds = 300
        return limits
    }

    /// Makes a vault, serves it, and stops it when `body` returns.
    ///
    /// `files` are added to the catalogue. Deferred writes and mass revocations run as in a server. The scheduler does not, so that nothing happens to a key
    /// between two steps of a test: whoever wants a pass calls `RotationScheduler(vault).pass()`. `observe` is told of every
    /// answer.
    package static func run<T>(
        provider: Provider = .unreachable, configuration: VaultConfiguration? = nil, rate: RequestRate? = nil,
        limitsFailures: Bool = true, limits: ServerLimits = RunningVault.patient,
        adding files: [(name: String, bytes: [UInt8])] = [], publicURL: String? = nil,
        observe: (@Sendable (AnsweredRequest) -> Void)? = nil, _ body: (RunningVault) async throws -> T
    ) async throws -> T {
        try await turnstile.pass {
            try await begin(
                provider: provider, configuration: configuration, rate: rate, limitsFailures: limitsFailures,
                limits: limits, files, publicURL, observe, body)
        }
    }

    private static let turnstile = Turnstile(width: 8)

    private static func begin<T>(
        provider: Provider, configuration: VaultConfiguration?, rate: RequestRate?, limitsFailures: Bool,
        limits: ServerLimits, _ files: [(name: String, bytes: [UInt8])], _ publicURL: String?,
        _ observe: (@Sendable (AnsweredRequest) -> Void)?, _ body: (RunningVault) async throws -> T
    ) async throws -> T {
        let directory = try TemporaryDirectory()
        let time = ManualTime()
        let location = VaultLocation(
            directory: directory.path + "/data", masterKey: .file(MasterKeyFile(path: directory.path + "/master.key")))
        let access = try await Vault.initialise(at: location, time: time)
        let tokens = (text(access.adminToken), text(access.appToken), "\(access.projectID)")
        return try await serve(
            location, directory, time, tokens, provider, configuration, rate, limitsFailures, limits, files, publicURL,
            observe, body)
    }

    /// Serves the same directory again, as after a restart; the first must have stopped.
    package func restarted<T>(
        provider: Provider = .unreachable, configuration: VaultConfiguration? = nil,
        _ body: (RunningVault) async throws -> T
    ) async throws -> T {
        let location = VaultLocation(
            directory: directory.path + "/data", masterKey: .file(MasterKeyFile(path: directory.path + "/master.key")))
        return try await Self.serve(
            location, directory, time, (adminToken, appToken, projectID), provider, configuration, nil, true,
            Self.patient, [], nil, nil, body)
    }

    private static func serve<T>(
        _ location: VaultLocation, _ directory: TemporaryDirectory, _ time: ManualTime,
        _ tokens: (String, String, String), _ provider: Provider, _ configuration: VaultConfiguration?,
        _ rate: RequestRate?, _ limitsFailures: Bool, _ limits: ServerLimits,
        _ files: [(name: String, bytes: [UInt8])], _ publicURL: String?,
        _ observe: (@Sendable (AnsweredRequest) -> Void)?, _ body: (RunningVault) async throws -> T
    ) async throws -> T {
        let catalogue = try Catalogue.embedded(adding: files)
        let client = try HTTPClient(version: "test")
        defer { client.close() }
        var configuration = configuration ?? VaultConfiguration(validationLimits: nil)
        // A busy machine is no reason to give up; whoever tests that a write is given up says when.
        if configuration.writePatience == VaultConfiguration().writePatience {
            configuration.writePatience = .seconds(300)
        }
        let probe: Probe
        switch provider {
        case .function(let send): probe = Probe(catalogue: catalogue, time: time, send: send)
        case .unreachable: probe = Probe(catalogue: catalogue, time: time) { _ in .failure(.unreachable) }
        case .origin(let text):
            configuration.endpoints[.anthropic] = text
            probe = Probe(catalogue: catalogue, client: client, time: time)
        }
        let vault = try Vault.open(
            at: location, configuration: configuration, catalogue: catalogue, probe: probe, time: time)
        defer { vault.close() }
        try await vault.settle()
        let site = PublicURL("", securityContact: securityContact)
        let metrics = Metrics(version: "test", startedAt: time.now())
        let funnel = Funnel(
            vault, hosts: AllowedHosts([]), site: site, rate: rate, limitsFailures: limitsFailures,
            metrics: metrics, time: time, observe: observe)
        let listener = try Listener(address: "127.0.0.1", port: 0, limits: limits, responder: funnel)
        metrics.watch { [weak listener] in listener?.load ?? ListenerLoad() }
        site.change(to: publicURL ?? "http://127.0.0.1:\(listener.port)")
        let running = RunningVault(
            directory: directory, time: time, vault: vault, port: listener.port, adminToken: tokens.0,
            appToken: tokens.1, projectID: tokens.2)
        let server = Task { try await listener.run() }
        let work = Task { await vault.runDeferredWrites() }
        let result: Result<T, any Error>
        do { result = .success(try await body(running)) } catch { result = .failure(error) }
        server.cancel()
        work.cancel()
        _ = try? await server.value
        await work.value
        return try result.get()
    }

    private static func text(_ secret: borrowing SecretBytes) -> String {
        secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes a request with a token, the app's unless another is given, and a JSON body.
    ///
    /// - Throws: also when the answer is not as the OpenAPI document says.
    package func call(
        _ method: String, _ target: String, _ json: String? = nil, token: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        var headers = headers + [("Authorization", "Bearer \(token ?? appToken)")]
        if json != nil { headers.append(("Content-Type", "application/json")) }
        // What a client sends for a call without a body: a length of nothing, but for GET.
        let nothing: [UInt8]? = method == "GET" ? nil : []
        let (port, bytes) = (port, json.map { Array($0.utf8) } ?? nothing)
        // The exchange blocks, so it gets a thread of its own.
        let answer = try await Threads.run { [headers] in
            try HTTPExchange.send(port: port, method, target, headers: headers, body: bytes)
        }
        seen.note(method, target, answer.status)
        let faults = Contract.published.faults(of: answer, to: method, target)
        guard faults.isEmpty else {
            throw TestKitFailure("\(method) \(target): not as documented: \(faults): \(answer.status) \(answer.text)")
        }
        return answer
    }

    /// Stores a key for `user` and returns its id.
    package func store(
        _ key: String, user: String = "user-1", validation: String = "skip"
    ) async throws -> String {
        let answer = try await call(
            "POST", "/v1/keys", #"{"user_id":"\#(user)","key":"\#(key)","validation":"\#(validation)"}"#)
        guard answer.status == 201, let id = answer.json["id"].string else {
            throw TestKitFailure("not stored: \(answer.status) \(answer.text)")
        }
        return id
    }
}
