import VaultModel

/// Turns an answer into a verdict by the provider's table of outcomes; the first row that fits decides.
///
/// Nothing of the key gets into a verdict. An answer that no row knows is no verdict on the key, nor is one that the
/// provider would not have written: a proxy's page, a captive portal's, an empty or a broken one. For concurrent use.
struct OutcomeReader: Sendable {
    let catalogue: Catalogue
    private let redaction: Redaction

    /// No wait that a provider asks for is believed beyond a day, in seconds.
    private static let longestWait = 86_400

    init(_ catalogue: Catalogue) {
        self.catalogue = catalogue
        redaction = Redaction(catalogue)
    }

    /// Judges what came of `call`.
    ///
    /// - Parameters:
    ///   - key: what was sent, so that it can be kept out of the verdict.
    ///   - params: of the key, for messages that name them.
    func read(
        _ answer: ProbeAnswer, to call: TestCall, of provider: Provider, key: RawSpan, params: [String: String] = [:],
        at now: Timestamp
    ) -> Verdict {
        let (response, status) = taken(answer, call)
        guard let row = row(for: status, response, of: provider) else {
            // Every table ends in a row for any status; without one nothing is known.
            return Verdict(
                code: .unverified, reason: "unexpected_status", message: "The key was not judged.", checkedAt: now)
        }
        let said = response?.message.map { redaction.redact($0, key: key) }.flatMap { $0.isEmpty ? nil : $0 }
        let wait = row.honorsRetryAfter ? response.flatMap { retryAfter($0, now) } : nil
        let words = [
            "provider": provider.name, "console_url": provider.consoleURL, "billing_url": provider.billingURL,
            "retry_after": wait.map { "\($0) seconds" } ?? "a while", "provider_message": said ?? "",
            "status": response.map { String($0.status) } ?? "none",
        ]
        // A 404 tells of an address, not of a key: whatever the table says, it is never a verdict on one.
        let code = response?.status == 404 ? VerdictCode.unverified : row.code
        let isError = response.map { $0.status >= 400 } ?? false
        return Verdict(
            code: code, reason: row.reason, message: row.message.filling(params.merging(words) { $1 }),
            tested: code.isAcceptance ? ["identity"] : [], checkedAt: now, httpStatus: response?.status,
            providerRequestID: response.flatMap { requestID($0, provider, key) }, retryAfter: wait,
            providerError: isError ? providerError(response, said, key) : nil,
            account: response.map { account($0, provider, key, isAccepted: code.isAcceptance) } ?? [:])
    }

    private func taken(_ answer: ProbeAnswer, _ call: TestCall) -> (ProviderAnswer?, OutcomeRow.Status) {
        switch answer {
        case .failure(.timeout): return (nil, .exactly(408))
        case .failure(.unreachable): return (nil, .network)
        case .failure(.tls): return (nil, .insecure)
        case .failure(.refused): return (nil, .refused)
        case .failure(.tooLarge): return (nil, .unexpectedBody)
        case .response(let status, let headers, let body):
            let response = ProviderAnswer(status: status, headers: headers, body: body)
            let isExpected = call.expects.map { response.json?.member(at: $0) != nil } ?? response.isStructured
            return (response, status == 200 && !isExpected ? .unexpectedBody : .exactly(status))
        }
    }

    // MARK: Rows

    /// The row that decides: the first that fits, unless it would judge the key by what is not the provider's word.
    private func row(
        for status: OutcomeRow.Status, _ answer: ProviderAnswer?, of provider: Provider
    ) -> OutcomeRow? {
        let rows = catalogue.outcomes(of: provider)
        let row = rows.first { fits($0, status, answer) }
        guard let row, row.code != .unverified, let answer, !isOwnWord(answer, of: provider) else { return row }
        return rows.first { $0.status == .unexpectedBody }
    }

    /// Whether the provider itself may have written the answer, and nobody on the way to it.
    private func isOwnWord(_ answer: ProviderAnswer, of provider: Provider) -> Bool {
        if answer.isStructured { return true }
        guard answer.status >= 400, answer.json == nil, let text = answer.message else { return false }
        return provider.plainTextErrors.contains { text.hasPrefix($0) }
    }

    private func fits(_ row: OutcomeRow, _ status: OutcomeRow.Status, _ answer: ProviderAnswer?) -> Bool {
        switch (row.status, status) {
        case (.any, _): break
        case (.hundreds(let wanted), .exactly(let status)): guard status / 100 == wanted else { return false }
        default: guard row.status == status else { return false }
        }
        let types = answer?.types ?? []
        if let wanted = row.type {
            let matches = { (type: String) in
                wanted.hasPrefix("*") ? type.hasSuffix(wanted.dropFirst()) : type == wanted
            }
            guard types.contains(where: matches) else { return false }
        }
        if let wanted = row.contains?.lowercased() {
            guard ([answer?.message].compactMap { $0 } + types).contains(where: { $0.lowercased().contains(wanted) })
            else { return false }
        }
        return row.where.map { holds($0, answer?.json) } ?? true
    }

    private func holds(_ condition: OutcomeRow.Condition, _ json: JSONValue?) -> Bool {
        guard let member = json?.member(at: condition.path) else { return false }
        if let equals = condition.equals, member != equals { return false }
        if let most = condition.atMost { return member.number.map { $0 <= most } ?? false }
        return true
    }

    // MARK: What is kept of an answer

    /// - Returns: the wait in whole seconds, from a number or an HTTP date (RFC 9110 §10.2.3).
    private func retryAfter(_ answer: ProviderAnswer, _ now: Timestamp) -> Int? {
        guard let text = answer.value("retry-after") else { return nil }
        let wait = Int(text) ?? HTTPDate.read(text).map { max(0, $0.seconds(since: now)) }
        return wait.flatMap { $0 < 0 ? nil : min($0, Self.longestWait) }
    }

    private func requestID(_ answer: ProviderAnswer, _ provider: Provider, _ key: RawSpan) -> String? {
        let header = provider.calls?.captures?.requestID.flatMap { answer.value($0) }
        return redaction.identifier(header ?? answer.json?["request_id"]?.text, key: key)
    }

    /// What the provider tells of the account; members of a body count only where it accepted the key.
    private func account(
        _ answer: ProviderAnswer, _ provider: Provider, _ key: RawSpan, isAccepted: Bool
    ) -> [String: String] {
        (provider.calls?.captures?.account ?? [:]).compactMapValues { place in
            let text: String? =
                switch place {
                case .header(let name): answer.value(name)
                case .body(let path): isAccepted ? answer.json?.member(at: path)?.plainText : nil
                }
            return redaction.identifier(text, key: key)
        }
    }

    private func providerError(_ answer: ProviderAnswer?, _ said: String?, _ key: RawSpan) -> ProviderError? {
        guard let answer, let said else { return nil }
        return ProviderError(
            type: redaction.identifier(answer.types.first, key: key) ?? "error", message: said)
    }
}
