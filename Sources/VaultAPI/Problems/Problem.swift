package import VaultModel

/// A refusal or failure as the caller gets it: `application/problem+json` (RFC 9457).
///
/// The one error that leaves this floor. It holds nothing of the request: `field` is a name of our own
/// (see ``echoable(_:)``), and all words are ours or a provider's documented or redacted ones.
package struct Problem: Error, Sendable, Equatable {
    package static let contentType = "application/problem+json"

    package var code: ProblemCode
    /// What happened.
    package var detail: String
    /// What to do next.
    package var hint: String
    package var isRetryable: Bool
    /// The member or parameter that is at fault.
    package var field: String?
    /// What kind of credential a refused paste is.
    package var kind: String?
    package var candidates: [ProviderID] = []
    package var detectedProvider: ProviderID?
    package var keyID: KeyID?
    /// Whole seconds; also the `Retry-After` header.
    package var retryAfter: Int?
    package var docsURL: String?
    package var providerError: ProviderError?
    /// `providerError` comes from documentation: no call was made.
    package var isQuoted = false
    /// For `method_not_allowed`: what the path takes, as the `Allow` header says it.
    package var allowedMethods: [String] = []
    /// Whether the refusal has been counted for the audit log.
    var isCounted = false

    /// A problem in the words that `code` has for people, where no others are given.
    package init(_ code: ProblemCode, detail: String? = nil, hint: String? = nil, field: String? = nil) {
        let wording = ProblemWording.of(code)
        self.code = code
        self.detail = detail ?? wording.detail
        self.hint = hint ?? wording.hint
        self.field = field
        isRetryable = code.isRetryable
        // What is full now may have room in a moment.
        if code == .overloaded { retryAfter = 1 }
    }

    /// What the key doctor refused; `nil` when it did not refuse.
    package init?(_ diagnosis: Diagnosis) {
        guard let refusal = diagnosis.refusal, let code = ProblemCode(rawValue: refusal.rawValue) else { return nil }
        self.init(code, detail: diagnosis.message, hint: diagnosis.hint.isEmpty ? nil : diagnosis.hint)
        kind = diagnosis.kind
        docsURL = diagnosis.docsURL
        candidates = diagnosis.candidates
        if refusal == .ambiguous { field = "provider" }
        if refusal == .wrongProvider { detectedProvider = diagnosis.provider }
        providerError = diagnosis.quotedError
        isQuoted = diagnosis.quotedError != nil
    }

    package var status: Int { code.status }
    package var title: String { ProblemWording.of(code).title }

    /// The problem's text, for the request named `instance`.
    package func json(instance: RequestID) -> WipedBuffer {
        var writer = JSONWriter(capacity: 768)
        write(to: &writer, instance: instance)
        return writer.finish()
    }

    func write(to writer: inout JSONWriter, instance: RequestID) {
        writer.beginObject()
        writer.member("type", "urn:keystow:problem:\(code.rawValue)")
        writer.member("title", title)
        writer.member("status", status)
        writer.member("code", code.rawValue)
        writer.member("detail", detail)
        if let field { writer.member("field", field) }
        if let kind { writer.member("kind", kind) }
        if !candidates.isEmpty { writer.member("candidates", candidates.map(\.description)) }
        if let detectedProvider { writer.member("detected_provider", detectedProvider.description) }
        if let keyID { writer.member("key_id", keyID.description) }
        writer.member("hint", hint)
        if let providerError { writer.member("provider_error", providerError) }
        if isQuoted { writer.member("quoted", true) }
        writer.member("retryable", isRetryable)
        if let retryAfter { writer.member("retry_after", retryAfter) }
        if let docsURL { writer.member("docs_url", docsURL) }
        writer.member("instance", instance.description)
        writer.endObject()
    }

    /// A name from the request as a `field`, when it cannot be anything but a name: 1 to 32 of `a-z` and `_`.
    ///
    /// No key has that form: a secret sent where a name belongs is not said back.
    static func echoable(_ name: String) -> String? {
        let isWord = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
        return isWord && (1...32).contains(name.utf8.count) ? name : nil
    }
}

extension JSONWriter {
    /// A provider's error object, its message cut to 200 characters.
    package mutating func member(_ name: StaticString, _ error: ProviderError) {
        beginObject(name)
        member("type", "error")
        beginObject("error")
        member("type", error.type)
        member("message", String(error.message.prefix(200)))
        endObject()
        endObject()
    }
}
