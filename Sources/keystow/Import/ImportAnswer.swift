import VaultModel

/// What an answer of the server's means for the key that was asked about, and for those after it.
enum ImportAnswer: Sendable {
    case settled(ImportOutcome, RemoteDiagnosis?)
    /// To be asked again after so many seconds; why, if that is too long.
    case wait(Int, ImportRefusal)
    case ended(ImportEnding)

    init(_ reply: RemoteVault.Reply, isDryRun: Bool) {
        if isDryRun, reply.status == 200, let diagnosis = reply.decoded(as: RemoteDiagnosis.self) {
            self = .settled(diagnosis.refusal.map { .refused($0) } ?? .storable, diagnosis)
            return
        }
        if !isDryRun, reply.status == 201 {
            let key = reply.decoded(as: RemoteKey.self)
            let diagnosis = key.map { RemoteDiagnosis(provider: $0.provider) }
            self = .settled(.stored(key.flatMap { KeyID($0.id) }), diagnosis)
            return
        }
        guard let problem = reply.problem else {
            self = .ended(.connectionLost("the server answered \(reply.status) in words that are not this API's"))
            return
        }
        self.init(problem, status: reply.status, retryAfter: reply.retryAfter)
    }

    private init(_ problem: RemoteProblem, status: Int, retryAfter: Int?) {
        let refusal = ImportRefusal(code: problem.code, message: problem.detail, hint: problem.hint)
        let diagnosis = RemoteDiagnosis(kind: problem.kind, provider: problem.detected_provider)
        switch (status, problem.code) {
        case (401, _), (403, _): self = .ended(.notAllowed("\(problem.detail) \(problem.hint)"))
        case (404, _): self = .ended(.noProject)
        case (409, "duplicate_key"): self = .settled(.alreadyThere(problem.key_id.flatMap { KeyID($0) }), nil)
        // The attempt before this one is still running: its answer will be this one's too.
        case (409, "idempotency_conflict") where problem.retryable: self = .wait(retryAfter ?? 1, refusal)
        case (429, _), (503, "overloaded"): self = .wait(max(1, retryAfter ?? 1), refusal)
        // The vault is well, but the provider is not: the next key may be another provider's.
        case (503, "provider_unavailable"): self = .settled(.postponed(refusal), diagnosis)
        case (500..., _): self = .ended(.vaultUnavailable("\(problem.detail) \(problem.hint)"))
        default: self = .settled(.refused(refusal), diagnosis)
        }
    }
}

/// What the key doctor says; members named as in the API.
struct RemoteDiagnosis: Decodable, Sendable {
    var kind: String?
    var provider: String?
    var storable: Bool?
    var code: String?
    var message: String?
    var hint: String?

    /// `nil` when the key may be stored.
    var refusal: ImportRefusal? {
        guard storable != true else { return nil }
        return ImportRefusal(code: code ?? "malformed_key", message: message ?? "", hint: hint ?? "")
    }
}

/// A key that was stored, as far as it matters here.
private struct RemoteKey: Decodable {
    let id: String
    let provider: String
}
