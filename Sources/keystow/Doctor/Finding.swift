import VaultAPI
import VaultModel

/// What the doctor found out about one thing.
struct Finding: Sendable, Equatable {
    /// How much it matters; only a fault means that all is not well.
    enum Level: String, Sendable, CaseIterable {
        /// As it should be.
        case ok
        /// Worth knowing, nothing to be done.
        case note
        /// It works, and could be safer.
        case warning
        /// It does not work, or others can get at what is not theirs.
        case fault

        var style: Terminal.Style {
            switch self {
            case .ok: .green
            case .note: .dim
            case .warning: .yellow
            case .fault: .red
            }
        }
    }

    /// For machines: stable, in snake_case.
    let check: String
    let level: Level
    /// What is.
    let detail: String
    /// What to do; with every warning and fault.
    let advice: String?

    static func ok(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, level: .ok, detail: detail, advice: nil)
    }

    static func note(_ check: String, _ detail: String, _ advice: String? = nil) -> Finding {
        Finding(check: check, level: .note, detail: detail, advice: advice)
    }

    static func warning(_ check: String, _ detail: String, _ advice: String) -> Finding {
        Finding(check: check, level: .warning, detail: detail, advice: advice)
    }

    static func fault(_ check: String, _ detail: String, _ advice: String) -> Finding {
        Finding(check: check, level: .fault, detail: detail, advice: advice)
    }

    /// One object on one line.
    var json: String {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("check", check)
        writer.member("level", level.rawValue)
        writer.member("ok", level != .fault)
        writer.member("detail", detail)
        writer.member("advice", advice)
        writer.endObject()
        let text = writer.finish().withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        }
        return HarmlessText.json(text.utf8)
    }

    /// For people: a line, and a second one with what to do.
    func lines(on terminal: Terminal) -> [String] {
        let word = level == .fault || level == .warning ? level.rawValue.uppercased() : level.rawValue
        let name = check.map { $0 == "_" ? " " : String($0) }.joined()
        let first = terminal.styled(word, level.style) + String(repeating: " ", count: 9 - word.count) + name
        let padding = String(repeating: " ", count: max(1, 18 - name.count))
        return [first + padding + HarmlessText.sentence(detail)]
            + (advice.map { [String(repeating: " ", count: 27) + "→ " + HarmlessText.sentence($0)] } ?? [])
    }
}
