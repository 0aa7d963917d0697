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

    /// Tests `key` at `endpoint`, the base URL that is configured for its provider.
    ///
    /// First the free call that proves that the provider knows it; then, with `fundingCheck`, one that costs its owner
    /// a few tokens and proves that the account can pay. When that second call brings nothing definite, what the first
    /// one proved stands.
    package func check(
        _ key: borrowing SecretBytes, of id: ProviderID, at endpoint: String, fundingCheck: Bool
    ) async -> Verdict {
        guard let provider = catalogue[id], let calls = provider.calls else { return untested("not_testable", id) }
        let identity = calls.identity
        let wantsFunding = fundingCheck && calls.funding != nil
        let path = wantsFunding ? identity.pathBeforeFunding ?? identity.path : identity.path
        guard let answer = await answer(to: identity, of: provider, path, endpoint, key) else {
            return untested("overloaded", id)
        }
        var verdict = judge(answer, to: identity, of: provider, key)
        guard verdict.code == .valid else { return verdict }
        guard wantsFunding, let funding = calls.funding else {
            verdict.message += " Not tested: credit."
            return verdict
        }
        guard let model = funding.models.flatMap({ self.model(in: answer, $0) }),
            let body = funding.body?.filling(["model": model]),
            let second = await self.answer(to: funding, of: provider, funding.path, endpoint, key, Array(body.utf8))
        else {
            verdict.message += " Credit could not be tested."
            return verdict
        }
        return combine(verdict, judge(second, to: funding, of: provider, key), provider)
    }

    /// - Returns: `nil` when there is no secure memory for the copy that goes out.
    private func answer(
        to call: TestCall, of provider: Provider, _ path: String, _ endpoint: String, _ key: borrowing SecretBytes,
        _ body: [UInt8] = []
    ) async -> ProbeAnswer? {
        guard let copy = try? key.withBytes({ bytes throws(SecretMemoryExhausted) in try SecretBytes(copying: bytes) })
        else { return nil }
        return await send(ProbeRequest(call, of: provider, path: path, endpoint: endpoint, secret: copy, body: body))
    }

    private func judge(
        _ answer: ProbeAnswer, to call: TestCall, of provider: Provider, _ key: borrowing SecretBytes
    ) -> Verdict {
        let now = time.now()
        return key.withBytes { reader.read(answer, to: call, of: provider, key: $0, at: now) }
    }

    private func untested(_ reason: String, _ id: ProviderID) -> Verdict {
        let name = catalogue[id]?.name ?? "this provider"
        let message =
            reason == "overloaded"
            ? "We are too busy to test the key now. It was not judged; we will try again."
            : "We cannot test keys of \(name) yet. The key was not judged."
        return Verdict(code: .unverified, reason: reason, message: message, checkedAt: time.now())
    }

    /// The model that costs least, as far as its name tells; only ids that need no escaping.
    private func model(in answer: ProbeAnswer, _ models: TestCall.Models) -> String? {
        guard case .response(_, _, let body) = answer else { return nil }
        let ids = JSONValue.read(body)?.member(at: models.list)?.items?.compactMap { $0[models.id]?.text } ?? []
        let plain = ids.filter { id in
            (1...100).contains(id.utf8.count)
                && id.utf8.allSatisfy { Alphabet.base64url.contains($0) || [0x2E, 0x2F, 0x3A, 0x40].contains($0) }
        }
        return plain.first { $0.contains(models.prefers) } ?? plain.last
    }

    /// What both calls together prove.
    private func combine(_ identity: Verdict, _ funding: Verdict, _ provider: Provider) -> Verdict {
        var verdict = funding
        switch funding.code {
        case .unverified:
            verdict = identity
            verdict.message += " Credit could not be tested: \(funding.message)"
            return verdict
        case .valid:
            verdict.message = "Key works. \(provider.name) accepted it and the account can pay."
            verdict.tested = ["identity", "funding"]
        case .validUnfunded: verdict.tested = ["identity", "funding"]
        case .validRestricted, .invalid, .oauthRejected, .wrongType: break
        }
        verdict.account.merge(identity.account) { later, _ in later }
        return verdict
    }
}
