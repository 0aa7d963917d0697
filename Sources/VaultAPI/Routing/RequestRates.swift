import Synchronization
import VaultModel

/// How often one address was refused a token in the last minute. Safe to use from any thread.
///
/// Bounded: beyond 65,536 addresses the table starts anew.
final class FailureLimit: Sendable {
    private struct Window {
        var start: Timestamp
        var count: Int
    }

    private let perMinute: Int?
    private let windows = Mutex<[String: Window]>([:])

    init(perMinute: Int?) {
        self.perMinute = perMinute
    }

    /// Counts a refusal, and says how the address stands; `nil` where nothing is limited.
    func count(_ address: String, at now: Timestamp) -> RateStanding? {
        guard let perMinute else { return nil }
        return windows.withLock { windows in
            var window = windows[address] ?? Window(start: now, count: 0)
            // One that begins later than now is of a clock that has been set back since.
            if now >= window.start + 60 || now < window.start { window = Window(start: now, count: 0) }
            // Once over, it stays just over, so that no number grows without end.
            window.count = min(window.count, perMinute) + 1
            if windows[address] == nil, windows.count >= 65_536 { windows.removeAll() }
            windows[address] = window
            let reset = max(1, (window.start + 60).seconds(since: now))
            return RateStanding(limit: perMinute, count: window.count, reset: reset)
        }
    }
}

/// So many calls in every span.
package struct RequestRate: Sendable, Equatable {
    let calls: Int
    let milliseconds: Int

    package init(calls: Int, milliseconds: Int) {
        self.calls = calls
        self.milliseconds = max(milliseconds, 1)
    }
}

/// How often each caller calls, counted in fixed windows. Safe to use from any thread.
final class CallerRate<Name: Hashable & Sendable>: Sendable {
    private struct State {
        var window: Int64 = 0
        var calls: [Name: Int] = [:]
    }

    private let rate: RequestRate
    private let state = Mutex(State())

    init(_ rate: RequestRate) {
        self.rate = rate
    }

    /// Counts a request, and says how its caller stands.
    func count(_ caller: Name, at now: Timestamp) -> RateStanding {
        let span = Int64(rate.milliseconds)
        return state.withLock { state in
            let window = now.milliseconds / span
            if state.window != window { state = State(window: window) }
            state.calls[caller, default: 0] += 1
            let reset = max(1, Int((window + 1) * span - now.milliseconds + 999) / 1000)
            return RateStanding(limit: rate.calls, count: state.calls[caller, default: 0], reset: reset)
        }
    }
}

/// The values of `Host` that are answered: loopback names and those the operator names, with any port.
package struct AllowedHosts: Sendable {
    private let names: Set<String>

    /// - Parameter names: host names or addresses without a port; IPv6 ones in brackets.
    package init(_ names: [String]) {
        self.names = Set(names.map { $0.lowercased() }).union(["localhost", "127.0.0.1", "[::1]"])
    }

    func contain(_ host: String) -> Bool {
        let host = host.lowercased()
        guard let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") else { return names.contains(host) }
        let port = host[host.index(after: colon)...]
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port), number > 0 else {
            return false
        }
        return names.contains(String(host[..<colon]))
    }
}
