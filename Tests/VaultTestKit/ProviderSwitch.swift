import Synchronization
package import VaultProviders

/// A provider whose answer to the next test call is set by the test. Safe to use from any thread.
package final class ProviderSwitch: Sendable {
    private struct State {
        var answer: ProbeAnswer
        var urls: [String] = []
        var isHolding = false
        var held: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    package init(_ answer: ProbeAnswer = .accepting) {
        state = Mutex(State(answer: answer))
    }

    /// What the next calls are answered.
    package func answers(_ answer: ProbeAnswer) { state.withLock { $0.answer = answer } }

    /// How many calls there were.
    package var calls: Int { urls.count }

    /// Where they went, in order.
    package var urls: [String] { state.withLock(\.urls) }

    /// Calls from now on wait for ``letGo()``.
    package func hold() { state.withLock { $0.isHolding = true } }

    /// Answers the calls that wait, and those to come.
    package func letGo() {
        let held = state.withLock { state in
            defer { state.held = [] }
            state.isHolding = false
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    package var provider: RunningVault.Provider {
        .function { request in
            let url = request.url
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    state.urls.append(url)
                    guard state.isHolding else { return true }
                    state.held.append(continuation)
                    return false
                }
                if goesOn { continuation.resume() }
            }
            return self.state.withLock(\.answer)
        }
    }
}

extension ProbeAnswer {
    /// Anthropic's answer to a key that works.
    package static let accepting = answer(200, #"{"data":[{"type":"model","id":"claude-haiku-4-5"}],"has_more":true}"#)
    /// Anthropic's answer to a key that it does not know.
    package static let refusing = answer(
        401, #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#)
    /// Anthropic's answer when it is too busy to judge.
    package static let overloaded = answer(
        529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)

    package static func answer(_ status: Int, _ json: String) -> ProbeAnswer {
        .response(status: status, headers: [("content-type", "application/json")], body: Array(json.utf8))
    }
}
