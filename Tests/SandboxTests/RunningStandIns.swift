import HTTPClient
import HTTPServer
import VaultModel
import VaultProviders

@testable import keystow_sandbox

/// The stand-ins behind a real socket, with what they recorded and a client to call them with.
struct RunningStandIns {
    let standIns: StandIns
    let lines: Lines
    let port: UInt16
    let catalogue: Catalogue
    let client: HTTPClient
    private let probe: Probe

    static func run(_ body: (RunningStandIns) async throws -> Void) async throws {
        let lines = Lines()
        let standIns = try StandIns(log: lines.log)
        var limits = ServerLimits()
        limits.stopSeconds = 0
        let listener = try Listener(address: "127.0.0.1", port: 0, limits: limits, responder: standIns)
        let serving = Task { try await listener.run() }
        let client = try HTTPClient(version: "test")
        defer {
            client.close()
            serving.cancel()
        }
        let catalogue = try Catalogue.embedded()
        try await body(
            RunningStandIns(
                standIns: standIns, lines: lines, port: listener.port, catalogue: catalogue, client: client,
                probe: Probe(catalogue: catalogue, client: client, time: SystemTime())))
    }

    /// Where `provider` is mounted: its id, then the path of its own base URL.
    func baseURL(of provider: Provider) -> String {
        let path = provider.baseURL.split(separator: "/", maxSplits: 2).dropFirst(2).map { "/" + $0 }.joined()
        return "http://127.0.0.1:\(port)/\(provider.id)" + path
    }

    /// What Keystow's probe makes of a key with `word`.
    ///
    /// - Parameters:
    ///   - baseURL: another than where the provider is mounted.
    ///   - inHexadecimal: how the word is spelled.
    func check(
        _ provider: Provider, _ word: String, funding: Bool = false, at baseURL: String? = nil,
        inHexadecimal: Bool = false
    ) async throws -> Verdict {
        let key = SpelledKey.key(of: provider.id.description, word, inHexadecimal: inHexadecimal)
        return await probe.check(
            try SecretBytes(copying: Array(key.utf8).span.bytes), of: provider.id,
            at: baseURL ?? self.baseURL(of: provider), fundingCheck: funding,
            params: ["region": "eu-central-1", "resource": "sample"])
    }

    /// The answer in its file that the last request got.
    var lastAnswer: Answer? {
        guard let last = lines.last else { return nil }
        let mount = standIns.all.first { last.path.hasPrefix("/\($0.id)/") }
        let route = mount?.routes.first { "/\(mount?.id ?? "")" + $0.path == last.path && $0.method == last.method }
        guard let mount, let route else { return nil }
        return mount.reply(last.outcome, route.name).answer
    }
}
