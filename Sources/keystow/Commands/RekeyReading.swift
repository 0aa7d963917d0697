/// How far a rekey has come, as `GET /v1/keyring/rekey` answers it.
struct RekeyReading: Codable, Sendable, Equatable {
    enum State: String, Codable, Sendable {
        case none, rewrapping, verifying, finished
    }

    let state: State
    let from_term: Int?
    let to_term: Int?
    let done: Int
    let remaining: Int
    let failed: Int
    let verified: Int

    var isRunning: Bool { state == .rewrapping || state == .verifying }

    var sentence: String {
        guard let to_term else { return "there has been no rekey" }
        let failures =
            failed == 0 ? "" : "; \(Self.secrets(failed)) do not open: `keystow keys list --status undecryptable`"
        switch state {
        case .rewrapping: return "term \(to_term): \(done) of \(Self.secrets(done + remaining)) moved\(failures)"
        case .verifying: return "term \(to_term): all moved; \(verified) opened\(failures)"
        case .none, .finished: return "term \(to_term): \(Self.secrets(done)) moved, \(verified) opened\(failures)"
        }
    }

    /// One line, its members named as in the API.
    var json: String {
        "{\"state\":\"\(state.rawValue)\",\"from_term\":\(from_term.map(String.init) ?? "null"),"
            + "\"to_term\":\(to_term.map(String.init) ?? "null"),\"done\":\(done),\"remaining\":\(remaining),"
            + "\"failed\":\(failed),\"verified\":\(verified)}"
    }

    private static func secrets(_ count: Int) -> String { count == 1 ? "1 secret" : "\(count) secrets" }
}

/// What is shown of a rekey while it runs: how much, how fast, how long to go.
struct RekeyBar {
    private var began: (at: ContinuousClock.Instant, done: Int, state: RekeyReading.State)?

    /// The line for `reading`, which was made at `now`.
    mutating func line(_ reading: RekeyReading, at now: ContinuousClock.Instant = .now) -> String {
        let isMoving = reading.state == .rewrapping
        let done = isMoving ? reading.done : reading.verified
        let total = isMoving ? reading.done + reading.remaining : max(reading.done, reading.verified)
        if began?.state != reading.state { began = (now, done, reading.state) }
        let width = 24
        let filled = total == 0 ? width : done * width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        var line = "\(isMoving ? "moving " : "opening") [\(bar)] \(done) of \(total)"
        if let began, now > began.at, done > began.done {
            let rate = Double(done - began.done) / (began.at.duration(to: now) / .seconds(1))
            line += ", \(Int(rate)) a second, \(Int((Double(total - done) / rate).rounded(.up))) s left"
        }
        return reading.failed == 0 ? line : line + "; \(reading.failed) do not open"
    }
}
