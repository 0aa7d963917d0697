package import VaultModel

/// Proves keys by calling their provider, and explains what came of it.
///
/// Never throws: an outage is a verdict too, `unverified`. No retry: who asked decides when to ask again. For
/// concurrent use.
package struct Probe: Sendable {
    package typealias Send = @Sendable (consuming ProbeRequest) async -> ProbeAnswer

    private let catalogue: Catalogue
    private let reader: OutcomeReader
    private let time: any TimeSource
    private let send: Send

    package init(catalogue: Catalogue, time: any TimeSource, send: @escaping Send) {
        self.catalogue = catalogue
        reader = OutcomeReader(catalogue)
        self.time = time
        self.send = send
    }

    /// Tests `key` at `baseURL`, the one that is configured for its provider, filled with the key's `params`.
    ///
    /// First the free call that proves that the provider knows it; then, with `fundingCheck`, one that costs its owner
    /// a few tokens and proves that the account can pay. When that second call brings nothing definite, what the first
    /// one proved stands.
    package func check(
        _ key: borrowing SecretBytes, of id: ProviderID, at baseURL: String, fundingCheck: Bool,
        params: [String: String] = [:]
    ) async -> Verdict {
        guard let provider = catalogue[id], let calls = provider.calls else { return untested("not_testable", id) }
        let place = Place(provider: provider, baseURL: baseURL, params: params)
        let identity = calls.identity
        let wantsList = fundingCheck && calls.funding?.models.map { $0.path == nil } ?? false
        let path = wantsList ? identity.pathBeforeFunding ?? identity.path : identity.path
        guard let answer = await answer(to: identity, path, at: place, key) else { return untested("overloaded", id) }
        var verdict = judge(answer, to: identity, at: place, key)
        guard verdict.code == .valid else { return verdict }
        if identity.provesFunding { return paying(verdict, provider) }
        guard fundingCheck else {
            verdict.message += " Not tested: credit."
            return verdict
        }
        guard let funding = calls.funding else {
            verdict.message += " Credit could not be tested: there is no call at \(provider.name) that would show it."
            return verdict
        }
        guard let model = await model(for: funding, after: answer, to: identity, at: place, key),
            let second = await self.answer(
                to: funding, funding.path.filling(["model": model]), at: place, key,
                funding.body?.filling(["model": model]).bytes ?? [])
        else {
            verdict.message += " Credit could not be tested."
            return verdict
        }
        return combine(verdict, judge(second, to: funding, at: place, key), provider)
    }

    /// Where the calls of one check go.
    private struct Place {
        let provider: Provider
        let baseURL: String
        let params: [String: String]

        /// Whether that is where the catalogue says, and not an override of the operator's.
        var isCatalogue: Bool { (try? provider.endpoint(params: params))?.baseURL == baseURL }
    }

    /// - Returns: `nil` when there is no secure memory for the copy that goes out.
    private func answer(
        to call: TestCall, _ path: String, at place: Place, _ key: borrowing SecretBytes, _ body: [UInt8]? = nil
    ) async -> ProbeAnswer? {
        guard let copy = try? key.withBytes({ bytes throws(SecretMemoryExhausted) in try SecretBytes(copying: bytes) })
        else { return nil }
        return await send(
            ProbeRequest(
                call, path: path, at: place.baseURL, isToCatalogue: place.isCatalogue, secret: copy,
                body: body ?? call.body?.bytes ?? []))
    }

    private func judge(
        _ answer: ProbeAnswer, to call: TestCall, at place: Place, _ key: borrowing SecretBytes
    ) -> Verdict {
        let now = time.now()
        return key.withBytes {
            reader.read(answer, to: call, of: place.provider, key: $0, params: place.params, at: now)
        }
    }

    private func untested(_ reason: String, _ id: ProviderID) -> Verdict {
        let name = catalogue[id]?.name ?? "this provider"
        let message =
            reason == "overloaded"
            ? "We are too busy to test the key now. It was not judged; we will try again."
            : "We know no call that would test a key of \(name). The key was not judged."
        return Verdict(code: .unverified, reason: reason, message: message, checkedAt: time.now())
    }

    // MARK: The funding call

    /// The model that a funding call is to name: from the answer to the identity call, or from a call of its own.
    private func model(
        for funding: TestCall, after answer: ProbeAnswer, to identity: TestCall, at place: Place,
        _ key: borrowing SecretBytes
    ) async -> String? {
        guard let models = funding.models else { return nil }
        guard let path = models.path else { return Self.model(in: answer, models) }
        let listing = TestCall(listing: path, like: identity)
        guard let list = await self.answer(to: listing, path, at: place, key) else { return nil }
        return Self.model(in: list, models)
    }

    /// The model that costs least, as far as its name tells; only ids that need no escaping.
    private static func model(in answer: ProbeAnswer, _ models: TestCall.Models) -> String? {
        guard case .response(200, _, let body) = answer else { return nil }
        let ids = JSONValue.read(body)?.member(at: models.list)?.items?.compactMap { $0[models.id]?.text } ?? []
        let fit = ids.filter { id in
            (1...100).contains(id.utf8.count)
                && id.utf8.allSatisfy { Alphabet.base64url.contains($0) || [0x2E, 0x2F, 0x3A, 0x40].contains($0) }
                && !id.contains("..") && !models.avoids.contains { id.contains($0) }
        }
        for word in models.prefers {
            if let id = fit.first(where: { $0.contains(word) }) { return id }
        }
        return fit.last
    }

    /// What both calls together prove.
    private func combine(_ identity: Verdict, _ funding: Verdict, _ provider: Provider) -> Verdict {
        var verdict = funding
        switch funding.code {
        case .unverified:
            verdict = identity
            verdict.message += " Credit could not be tested: \(funding.message)"
            return verdict
        case .valid: verdict = paying(funding, provider)
        case .validUnfunded: verdict.tested = ["identity", "funding"]
        case .validRestricted, .invalid, .oauthRejected, .wrongType: break
        }
        verdict.account.merge(identity.account) { later, _ in later }
        return verdict
    }

    private func paying(_ verdict: Verdict, _ provider: Provider) -> Verdict {
        var verdict = verdict
        verdict.message = "Key works. \(provider.name) accepted it and the account can pay."
        verdict.tested = ["identity", "funding"]
        return verdict
    }
}
