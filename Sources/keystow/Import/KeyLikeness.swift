import VaultModel
import VaultProviders

/// Says of a name from a file or a command line whether it may be a key in the wrong place.
struct KeyLikeness: Sendable {
    enum Finding: Sendable, Equatable {
        /// It may be shown and sent.
        case harmless
        /// It may be a name or one of the keys that look like nothing in particular: it is not shown.
        case doubtful
        /// It is a credential, whole or in part.
        case credential
    }

    let doctor: KeyDoctor

    func finding(in text: RawSpan) -> Finding {
        guard let examination = try? doctor.examine(text, chosen: nil) else { return .doubtful }
        let diagnosis = examination.diagnosis
        switch diagnosis.refusal {
        case nil, .oauthToken, .wrongKeyType, .truncated, .severalKeys, .wrongProvider: return .credential
        case .ambiguous, .masked: return .doubtful
        case .placeholder: return .harmless
        case .malformed:
            if diagnosis.provider != nil { return .doubtful }
            return diagnosis.kind == "too_long" || Self.holdsLongWord(text) ? .doubtful : .harmless
        }
    }

    func finding(in text: String) -> Finding { WipedBuffer(text).withBytes { finding(in: $0) } }

    /// Refuses a flag's value that is a credential, before it goes anywhere.
    func refuseCredential(_ text: String?, of flag: String) throws(CommandFailure) {
        guard let text, finding(in: text) == .credential else { return }
        throw CommandFailure("\(flag) is a credential; it now stands in your shell's history: revoke it", .usage)
    }

    /// Forty letters and digits in a row are more than names have.
    private static func holdsLongWord(_ text: RawSpan) -> Bool {
        var length = 0
        for index in 0..<text.byteCount {
            switch text[byte: index] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): length += 1
            default: length = 0
            }
            if length >= 40 { return true }
        }
        return false
    }
}
