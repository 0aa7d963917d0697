import VaultModel
import VaultService

private enum Field {
    static let target = Member.choice("target", KeyringTarget.allCases.map(\.rawValue))
        .means("The KEK term (without it), or the master key.", such: .text(KeyringTarget.term.rawValue))
}

enum KeyringRoutes {
    static let all: [Route] = [
        .returning(
            "GET", "/v1/keyring", .instance(.keyringWrite), "Show which keys the vault's secrets are sealed under.",
            successes: [.json(.keyring, 200, "The keyring, without any key.")], answer: Answer.keyring
        ) { call in
            try call.vault.keyringStanding(call.context)
        },
        .returning(
            "POST", "/v1/keyring/rotate", .instance(.keyringWrite), "Replace the KEK term or the master key.",
            shape: Shape(Field.target),
            successes: [.json(.keyring, 200, "The keyring as it is now; with a new term, a rekey has begun.")],
            refuses: [.wrongState], answer: Answer.keyring
        ) { call in
            let target = try call.body.optional(Field.target) { KeyringTarget(rawValue: $0) } ?? .term
            return try await call.vault.rotateKeyring(target, call.context)
        },
        .returning(
            "GET", "/v1/keyring/rekey", .instance(.keyringWrite), "Show how far the newest rekey has come.",
            successes: [.json(.rekey, 200, "Its progress.")],
            answer: { (progress: RekeyProgress) in .json(200) { $0.value(progress) } }
        ) { call in
            try call.vault.rekeyProgress(call.context)
        },
        Route(
            "POST", "/v1/keyring/seal", .instance(.keyringWrite), "Forget the vault's keys until the next start.",
            successes: [.done]
        ) { call in
            try await call.vault.seal(call.context)
            return .noContent
        }.with(refuses: [.wrongState]),
    ]
}

extension Answer {
    fileprivate static func keyring(_ standing: KeyringStanding) -> Answer { .json(200) { $0.value(standing) } }
}
