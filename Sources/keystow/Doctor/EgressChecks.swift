import HTTPClient
import VaultModel
import VaultProviders

/// Whether providers can be reached from here: one request to each base URL's origin, without any key.
enum EgressChecks {
    enum Scope: Sendable, Equatable {
        case none
        case all
        case only([ProviderID])
    }

    struct Target: Sendable {
        let name: String
        let origin: String
        let isOverride: Bool
    }

    private enum Outcome: Sendable {
        /// With the `Date` of the answer, and when it came.
        case reached(Timestamp?, Timestamp)
        case failed(HTTPClientError)
    }

    /// How far off the clock may be, in seconds: with more, tokens of providers and certificates begin to fail.
    private static let tolerance = 30
    private static let patience = Duration.seconds(8)

    static func findings(
        _ configuration: Configuration, _ scope: Scope
    ) async throws(CommandFailure) -> [Finding] {
        guard scope != .none else { return [.note("egress", "left out, as asked (--offline)")] }
        let targets = try targets(configuration, scope)
        let client = try Configuration.client(longest: patience)
        defer { client.close() }
        let outcomes = await withTaskGroup(of: (Int, Outcome).self) { group in
            for (index, target) in targets.enumerated() {
                group.addTask { (index, await call(target, client)) }
            }
            return await group.reduce(into: [Int: Outcome]()) { $0[$1.0] = $1.1 }
        }
        var findings: [Finding] = []
        var skews: [Int] = []
        for (index, target) in targets.enumerated() {
            switch outcomes[index] {
            case .reached(let date, let now)?:
                if let date { skews.append(now.seconds(since: date)) }
            case .failed(let error)?:
                findings.append(
                    .warning("egress", "\(target.name) at \(target.origin): \(story(of: error))", advice(for: error)))
            case nil: break
            }
        }
        let reached = targets.count - findings.count
        if reached > 0 || targets.isEmpty {
            findings.insert(.ok("egress", "\(reached) of \(targets.count) providers answer"), at: 0)
        }
        // The one in the middle: a single provider may be wrong itself.
        if !skews.isEmpty {
            let skew = skews.sorted()[skews.count / 2]
            findings.append(
                abs(skew) <= tolerance
                    ? .ok("clock_skew", "the clock agrees with that of the providers")
                    : .warning(
                        "clock_skew",
                        "the clock is \(abs(skew)) s \(skew > 0 ? "ahead of" : "behind") that of the providers",
                        "keep it in step with NTP: chrony or systemd-timesyncd"))
        }
        return findings
    }

    /// The base URLs' origins that are called.
    static func targets(
        _ configuration: Configuration, _ scope: Scope
    ) throws(CommandFailure) -> [Target] {
        let catalogue = try configuration.catalogue()
        var targets: [Target] = []
        for provider in catalogue.providers {
            if case .only(let wanted) = scope, !wanted.contains(provider.id) { continue }
            let override = configuration.endpoints[provider.id]?.description
            // A base URL that needs a region or a resource of the user's leads nowhere by itself.
            guard let url = override ?? (provider.baseURL.contains("{") ? nil : provider.baseURL) else { continue }
            let origin = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3)
            targets.append(
                Target(name: provider.name, origin: origin.joined(separator: "/"), isOverride: override != nil))
        }
        if case .only(let wanted) = scope,
            let unknown = wanted.first(where: { id in !catalogue.providers.contains { $0.id == id } })
        {
            throw CommandFailure("the catalogue has no provider \(unknown)", .usage)
        }
        return targets
    }

    /// Any answer at all means that name, network, TLS and certificate are well.
    private static func call(_ target: Target, _ client: HTTPClient) async -> Outcome {
        let request = OutgoingRequest(
            .get, target.origin + "/", addressPolicy: target.isOverride ? .operatorChosen : .publicOnly,
            allowsLoopbackHTTP: target.isOverride, timeout: patience)
        do throws(HTTPClientError) {
            let answer = try await client.send(request)
            return .reached(answer.value("date").flatMap { HTTPDate.read($0) }, SystemTime().now())
        } catch .tooLarge {
            return .reached(nil, SystemTime().now())
        } catch {
            return .failed(error)
        }
    }

    private static func story(of error: HTTPClientError) -> String {
        switch error {
        case .resolve: "its name has no address"
        case .connect: "nobody answers there"
        case .tls: "no trusted TLS connection comes about"
        case .timeout: "no answer within \(patience.components.seconds) s"
        case .refusedAddress: "its name leads to an address that is not public"
        default: "no answer (\(error))"
        }
    }

    private static func advice(for error: HTTPClientError) -> String {
        switch error {
        case .resolve: "look at the name servers of this machine (/etc/resolv.conf)"
        case .tls: "look at the certificates of this machine (ca-certificates), the clock, and who stands between"
        case .refusedAddress: "where that is meant, name it with KEYSTOW_ENDPOINT_<PROVIDER>"
        default: "let port 443 out through the firewall; keys of this provider are stored as unverified until then"
        }
    }
}
